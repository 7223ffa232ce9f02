"""How good the grader is, as a page: docs/grader.md, from the proofs that `autograder validate` has
made and from solutions/bounds.toml, which `autograder calibrate` has written.
"""

import platform
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.authoring.bounds import Bound, read_bounds
from autograder.authoring.calibrate import FAR, FEW, NEAR
from autograder.authoring.mutants import equivalents
from autograder.authoring.validate import Proof
from autograder.course import Course, load_unit
from autograder.grading.results import write_whole
from autograder.report.terminal import number


def grader_page(course: Course, proofs: Sequence[Proof], jobs: int, minutes: float) -> Path:
    """Write docs/grader.md and its plot; the page's path."""
    bounds = read_bounds(course)
    facts = {
        "proofs": proofs,
        "first": proofs[0],
        "jobs": jobs,
        "minutes": minutes,
        "bounds": bounds,
    }
    facts |= {"short": course.short, "loss_unit": course.about.words.loss, "notes": _notes(course)}
    facts |= {
        "near": NEAR,
        "far": FAR,
        "few": FEW,
        "machine": f"{platform.system()} {platform.machine()}",
    }
    facts |= {"number": number, "small": _small, "figure": _figure, "kept": partial(_kept, course)}
    facts["equivalents"] = lambda name: equivalents(load_unit(course, name))
    facts["versions"] = _versions(course)
    loader = PackageLoader("autograder.authoring")
    pages = Environment(
        loader=loader, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    text = pages.get_template("grader.md").render(facts)
    write_whole(path := course.folder / "docs" / "grader.md", text.rstrip("\n"))
    if bounds:
        plot(course, bounds, path.with_suffix("") / "bounds.svg")
    return path


def plot(course: Course, bounds: Sequence[Bound], path: Path) -> None:
    """Both distributions of each check and corpus beside its bound, as an SVG that is the same each
    time.
    """
    import matplotlib
    from matplotlib.figure import Figure

    figure = Figure((10, 0.42 * len(bounds) + 1.2), layout="constrained")
    axes, least, most = figure.subplots(), 1e-7, 20

    def dots(at: float, distances: Iterable[float], marker: str, color: str, label: str) -> None:
        shown = [min(max(abs(d), least), most) for d in distances]
        axes.plot(
            shown,
            [at] * len(shown),
            marker,
            color=color,
            alpha=0.6,
            label="" if at > 0.5 else label,
        )

    for row, bound in enumerate(bounds):
        nearest = [min(map(abs, its)) for its in bound.wrong.values()]
        within = (d for d in nearest if d <= bound.within)
        dots(
            row - 0.17,
            (d for its in bound.right.values() for d in its),
            "o",
            "#0072b2",
            "right answers",
        )
        dots(row + 0.17, bound.beyond, "x", "#d55e00", "mistakes, the nearest of their seeds")
        dots(row + 0.17, within, "x", "#8a8a8a", "mistakes that exact checks catch")
        axes.vlines(
            bound.within,
            row - 0.4,
            row + 0.4,
            "black",
            linewidth=2,
            label="" if row else "the bound",
        )
    axes.set(xscale="log", xlim=(least / 2, 30), ylim=(len(bounds) - 0.4, -0.6))
    axes.set_xlabel(
        f"distance from our held-out loss, same seed (at the edges {least:g} and less, {most} and "
        "more)"
    )
    axes.set_yticks(
        range(len(bounds)), [f"{course.short(b.unit)} {b.check}, {b.data}" for b in bounds]
    )
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    path.parent.mkdir(exist_ok=True)
    with matplotlib.rc_context({"svg.hashsalt": "bounds"}):
        figure.savefig(path, metadata={"Date": None})


def _figure(value: Any) -> str:
    return (
        str(value)
        if isinstance(value, str)
        else f"{value:.4f}"
        if value >= 1e-4 or not value
        else f"{value:.0e}"
    )


def _small(chance: float) -> str:
    return f"{chance:.0e}" if chance >= 1e-9 else "under 1e-09"


def _kept(course: Course, proof: Proof) -> Iterator[tuple[str, str]]:
    """The checks that catch no mutant alone, and why they are kept."""
    return (
        (c.name, c.kept) for c in load_unit(course, proof.unit).checks if not proof.alone[c.name]
    )


def _notes(course: Course) -> str:
    """What the course's author adds to the page by hand: `solutions/grader-notes.md`."""
    path = course.folder / "solutions" / "grader-notes.md"
    return path.read_text(encoding="utf-8").rstrip("\n") if path.is_file() else ""


def _versions(course: Course) -> str:
    """The versions of what the units' experiments compute with."""
    packages = {
        "numpy",
        *(name for unit in course.units for name in load_unit(course, unit).packages),
    }
    return ", ".join(f"{name} {version(name)}" for name in sorted(packages))
