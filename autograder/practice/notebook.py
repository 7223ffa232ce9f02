"""An exercise's last line, in a script or a notebook; and the number that nbgrader reads."""

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from rich.text import Text

from autograder import data
from autograder.check import Answer, Check, Corpus
from autograder.course import Course, NoCourse, Unit, UnknownUnit, find_course, find_unit, load_unit
from autograder.judging import CheckKey, Verdict
from autograder.practice.first_wrong import first_wrong, wrong_places
from autograder.practice.practise import Live, practise
from autograder.practice.progress import save_progress
from autograder.report import html, remark_html
from autograder.report.terminal import UnderWay, console, earned_in_practice, verdict_lines

MOST = 300  # numbers of an array that is still a picture


class Score(float):
    """Points earned: the number that nbgrader reads as the cell's last value, with the report that
    people see.
    """

    report = ""

    def __repr__(self) -> str:
        return f"{float(self):.10g}"

    def _repr_html_(self) -> str:
        return self.report


def unit(name: str) -> Callable[[str], Score]:
    """Make the function that checks an exercise: `check = unit("sorting")`, then `check("merging")`
    as its last line.

    It runs that check on what the calling script or notebook has defined, on the public seed. In a
    script it prints the verdict. Raises `UnknownUnit` for a unit or check that does not exist.
    """
    loaded: list[Unit] = []

    def check(name_of_check: str) -> Score:
        namespace = sys._getframe(1).f_globals
        if not loaded:
            course = course_around(namespace)
            loaded.append(load_unit(course, find_unit(course, name)))
        unit = loaded[0]
        checks = {check.name: check for check in unit.checks}
        if name_of_check not in checks:
            raise UnknownUnit(
                f"There is no check `{name_of_check}` in {name}. Known checks: {', '.join(checks)}."
            )
        seen: list[Any] = []
        under_way = UnderWay(sys.stdout, _in_kernel() or sys.stdout.isatty(), after=1.0)
        with _no_stderr():
            practise(
                unit,
                [checks[name_of_check]],
                Live(namespace),
                lambda *found: seen.extend(found),
                under_way.tell,
            )
        under_way.clear()
        verdict: Verdict = seen[0]
        save_progress(
            unit.course, unit.name, Path(namespace.get("__file__", "notebook")).parent, [verdict]
        )
        score = Score(verdict.earned)
        if _in_kernel():
            score.report = _report(checks[name_of_check], *seen)
        else:
            console().print(verdict_lines(verdict), soft_wrap=True)
        return score

    return check


def course_around(namespace: Mapping[str, Any]) -> Course:
    """Find the course that a running script or notebook belongs to. Raises `NoCourse`.

    It is the one that `$AUTOGRADER_COURSE` names, else the one around the script, else around the
    current folder.
    """
    script = namespace.get("__file__")
    with suppress(NoCourse):
        return find_course(start=Path(script).parent if script else None)
    return find_course()


def corpus(role: str = "") -> Corpus:
    """The first corpus of a role that can be had here. Raises `NoData`."""
    return data.corpus(course_around(sys._getframe(1).f_globals), role)


def dataset(name: str, part: str = "") -> Path:
    """The path of a dataset's file, or of another part of it; fetched if need be. Raises
    `NoData`.
    """
    return data.find(course_around(sys._getframe(1).f_globals), name, part)


def _report(check: Check, verdict: Verdict, known: CheckKey, answer: Answer) -> str:
    """The verdict as HTML: remarks; the first wrong array beside the expected one, or the loss
    beside ours.
    """
    environment = Environment(
        loader=PackageLoader("autograder.report"), autoescape=True, trim_blocks=True
    )
    # escaped by `html`
    environment.globals.update(points=earned_in_practice, ticks=lambda text: Markup(html(text)))
    environment.globals["told_in"] = lambda remark: Markup(remark_html(remark))  # escaped there
    facts: dict[str, Any] = {"ours": known.loss, "within": check.within}
    if not check.measure:
        names = [
            name for remark in verdict.remarks for name in remark.arrays if name in answer.arrays
        ]
        facts = next(
            (found for name in names if (found := _wrong(name, check, known.expected, answer))), {}
        )
        if any(remark.example for remark in verdict.remarks):
            facts.pop("words", None)  # which stand below their remarks
    elif np.isfinite(loss := answer.arrays.get("loss", np.array(np.nan))):
        facts["loss"] = float(loss)
    return environment.get_template("cell.html").render(facts, verdict=verdict)


def _wrong(name: str, check: Check, expected: Answer, answer: Answer) -> dict[str, Any]:
    """Where an array is wrong: the first place, and for a picture rows of shares of the largest
    expected value.
    """
    words = first_wrong(name, check, expected, answer)
    if not words:
        return {}  # the remark says what is wrong
    want, got = expected.arrays[name].astype(float), answer.arrays[name].astype(float)
    if not want.ndim or want.size > MOST:
        return {"words": words}
    scale = np.abs(want[np.isfinite(want)]).max(initial=0.0) or 1.0
    rows = [(grid.reshape(-1, want.shape[-1]) / scale).tolist() for grid in (want, got)]
    places = np.argwhere(wrong_places(name, check, expected, answer).reshape(-1, want.shape[-1]))
    return {"words": words, "maps": rows, "dots": places.tolist()}


def _in_kernel() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


@contextmanager
def _no_stderr() -> Iterator[None]:
    """In a kernel, what a submission writes to stderr is ordinary output: for a warning there
    nbgrader gives 0.
    """
    if not _in_kernel():
        yield
        return
    # the kernel's; log handlers may hold it, so its name is changed, under which it sends
    stream: Any = sys.stderr
    name, kept = getattr(stream, "name", ""), os.dup(2)
    stream.flush()
    os.dup2(1, 2)
    try:
        with suppress(
            AttributeError
        ):  # of a submission's own stream, which the kernel does not send
            stream.name = "stdout"
        yield
    finally:
        stream.flush()
        with suppress(AttributeError):
            stream.name = name
        os.dup2(kept, 2)
        os.close(kept)


@contextmanager
def example(what: str) -> Iterator[None]:
    """A demonstration that uses the exercises above it: where they are not ready, it says so and
    the script goes on.
    """
    try:
        yield
    except Exception as error:
        unwritten = isinstance(error, NotImplementedError | NameError)
        why = "an exercise above is not written yet" if unwritten else _failure(error)
        console().print(
            Text.assemble((f"Left out, as {why}: ", "bold yellow"), what), soft_wrap=True
        )


def _failure(error: Exception) -> str:
    """Say which line of a demonstration failed, what it called, and what happened there."""
    words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first is the engine's own
    if not frames:
        return words
    script = frames[0].filename
    theirs = [
        frame for frame in frames if frame.filename == script or "ipykernel" in frame.filename
    ]
    first, last = theirs[0], theirs[-1]
    if len(theirs) == 1:
        return f"line {first.lineno} fails: {words}"
    return (
        f"line {first.lineno} calls `{theirs[1].name}`, which fails in line {last.lineno}: {words}"
    )
