"""Writes the lesson's results: docs/lesson.md, a page of tables, and its three plots.

It is given outcomes, the rows of `lesson.py` as trained, and knows nothing of models.
"""

import os
import platform
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import torch
from lesson import COURSE, SAME, SEED, B, E, H, Outcome, T, text_bytes

from autograder.data import corpus

matplotlib.use("agg")


def write(outcomes: list[Outcome], minutes: float, docs: Path) -> None:
    """The page and its plots."""
    draw(outcomes, docs / "lesson")
    (docs / "lesson.md").write_text(page(outcomes, minutes), encoding="utf-8")


def page(outcomes: list[Outcome], minutes: float) -> str:
    """docs/lesson.md."""
    return "\n".join(
        [
            "# The lesson's figures, and ours",
            "",
            "We trained each model of the lesson again in the lesson's way, with torch and NumPy instead of Keras 1 and Theano.",
            "`autograder reproduce` writes this page; `autograder reproduce --quick` compares early epochs and writes nothing.",
            "Most figures are training losses in nats, the mean over an epoch while training.",
            "Rows of online training show the summed error of a sequence of 8 characters, as a mean over a thousand sequences.",
            "MovieLens rows show the mean squared error on validation ratings, without the L2 penalty.",
            "",
            *markdown(
                ["model", "lesson", "ours", "difference in %", "why"],
                [outcome.cells() for outcome in outcomes],
            ),
            "",
            "† The lesson did not print this figure; we corrected the fault in its model and ran it ourselves.",
            "",
            "## Loss by position",
            "",
            "The lesson's row is its model of 8 outputs with zero input, after 12 epochs.",
            "",
            *markdown(["model", *map(str, range(1, T + 1))], list(by_position(outcomes))),
            "",
            "![Loss by position](lesson/positions.svg)",
            "",
            "A window that starts from zeros sees one character at its first position and eight at its last.",
            "With batches that continue, all positions see the whole past; with the lesson's batches, the first state comes from another place in the text.",
            "",
            "## Loss by epoch, and the online error",
            "",
            "![Loss by epoch](lesson/epochs.svg)",
            "",
            "Dots are the lesson's.",
            "",
            "![Error per thousand](lesson/online.svg)",
            "",
            "## Settings",
            "",
            "Initial weights as in Keras 1: glorot uniform, biases zero, embeddings uniform(−0.05, 0.05), forget bias one; Adam with ε 1e-8.",
            f"E {E}, H {H}, batches of {B}, {T} steps.",
            "The text is read in bytes, as Python 2 did.",
            f"If a row names no optimizer: {SAME}.",
            "",
            *markdown(
                ["model", "epochs or thousands", "settings", "seconds"],
                [
                    [
                        o.row.name,
                        str(o.epochs),
                        o.row.settings.removeprefix(f"{SAME}; "),
                        f"{o.seconds:.0f}" if o.found else "–",
                    ]
                    for o in outcomes
                ],
            ),
            "",
            "## This run",
            "",
            *markdown(["", ""], [[*fact] for fact in facts(minutes)]),
            "",
        ]
    )


def markdown(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


EIGHT = [2.4773, 2.3021, 2.0788, 1.9015, 1.8239, 1.7680, 1.7770, 1.7498]


def by_position(outcomes: list[Outcome]) -> Iterator[list[str]]:
    yield ["the lesson", *(f"{loss:.3f}" for loss in EIGHT)]
    for outcome in with_positions(outcomes):
        yield [outcome.row.name, *(f"{loss:.3f}" for loss in outcome.found.positions)]


def with_positions(outcomes: list[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.found and len(outcome.found.positions) == T]


def facts(minutes: float) -> Iterator[tuple[str, str]]:
    yield (
        "command",
        f"`autograder reproduce`: {minutes:.0f} minutes, at most two processes of one thread each",
    )
    yield "machine", f"{processor()}, {os.cpu_count()} cores, {platform.system()}"
    yield (
        "libraries",
        f"Python {platform.python_version()}, torch {torch.__version__}, NumPy {np.__version__}",
    )
    yield "seed", f"{SEED} for every model"
    yield "corpus", f"`{corpus(COURSE).name}`, {len(text_bytes()):,} bytes"


def processor() -> str:
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.is_file() else []
    return next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )


def draw(outcomes: list[Outcome], folder: Path) -> None:
    """The three plots."""
    matplotlib.rcParams["svg.hashsalt"] = "lesson"
    folder.mkdir(parents=True, exist_ok=True)
    trained = [outcome for outcome in outcomes if outcome.found]
    per_character = [
        o for o in trained if o.found.positions and o.row.name != "8 outputs, zero input"
    ]
    plots = {
        "epochs": (epochs_plot, per_character),
        "positions": (positions_plot, with_positions(outcomes)),
        "online": (
            online_plot,
            [o for o in trained if "online" in o.row.name or "by hand" in o.row.name],
        ),
    }
    for name, (plot, chosen) in plots.items():
        figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
        plot(axes, chosen)
        axes.legend(fontsize="small")
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
        plt.close(figure)


def curves(axes: plt.Axes, chosen: list[Outcome]) -> None:
    """Ours as lines, the lesson's as dots."""
    for outcome in chosen:
        curve, dots = outcome.found.curve, outcome.row.lesson
        (line,) = axes.plot(range(1, len(curve) + 1), curve, label=outcome.row.name)
        axes.plot(list(dots), list(dots.values()), "o", color=line.get_color(), markersize=4)


def epochs_plot(axes: plt.Axes, chosen: list[Outcome]) -> None:
    curves(axes, chosen)
    axes.set(xlabel="epoch", ylabel="training loss in nats a character", ylim=(1.2, 4.5))


def positions_plot(axes: plt.Axes, chosen: list[Outcome]) -> None:
    axes.plot(range(1, T + 1), EIGHT, "o", color="0.3", label="the lesson, 8 outputs")
    for outcome in chosen:
        axes.plot(range(1, T + 1), outcome.found.positions, label=outcome.row.name)
    axes.set(xlabel="position in the window", ylabel="training loss in nats, last epoch")


def online_plot(axes: plt.Axes, chosen: list[Outcome]) -> None:
    curves(axes, chosen)
    axes.set(xlabel="thousands of sequences", ylabel="error of a sequence of 8, in nats")
