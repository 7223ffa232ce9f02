"""An exercise's last line, in a script or a notebook, and the number that nbgrader reads."""

import os
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from rich.text import Text

from autograder import data
from autograder.check import Answer, Check, Corpus
from autograder.course import Course, NoCourse, Unit, UnknownUnit, find_course, find_unit, load_unit
from autograder.judging import scale_of, wrong_places
from autograder.practice.examples import picture_folder, save_figures
from autograder.practice.first_wrong import first_wrong
from autograder.practice.planted import function_to_repair
from autograder.practice.practise import Live, Practised, practise
from autograder.practice.progress import save_progress
from autograder.report import arrays_named, html, remark_html
from autograder.report.terminal import (
    UnderWay,
    console,
    earned_in_practice,
    status_in_practice,
    verdict_lines,
)
from autograder.streams import let_everything_through

NUMBERS = "biuf"  # kinds of arrays that are drawn
MOST_PICTURED = 300  # numbers of an array that is still drawn


class Score(float):
    """Points earned, with the report that people see.

    nbgrader reads the number as the cell's last value.
    """

    report = ""

    def __repr__(self) -> str:
        return f"{float(self):.10g}"

    def _repr_html_(self) -> str:
        return self.report


class CheckedUnit:
    """Checks the exercises of a unit: the object `check` of a script."""

    def __init__(self, name: str) -> None:
        """Load nothing before the first check is requested."""
        self._name = name
        self._loaded: list[Unit] = []

    def _unit(self, namespace: Mapping[str, Any]) -> Unit:
        if not self._loaded:
            course = course_around(namespace)
            full_name = find_unit(course, self._name)
            self._loaded.append(load_unit(course, full_name))
        return self._loaded[0]

    def with_mistake(self, function: str, name: str) -> str:
        """Return a function of the unit with one mistake in it, which depends on the name.

        function: one that students have to repair. name: of the student. Each line of code ends
        with its number, as a comment.
        Raises `UnknownUnit` for a function without planted mistakes.
        """
        unit = self._unit(sys._getframe(1).f_globals)
        return function_to_repair(unit, function, name)

    def __call__(self, name_of_check: str) -> Score:
        """Run a check on the definitions of the calling script or notebook; show the verdict."""
        namespace = sys._getframe(1).f_globals
        unit = self._unit(namespace)
        checks = {check.name: check for check in unit.checks}
        if name_of_check not in checks:
            known = ", ".join(checks)
            raise UnknownUnit(
                f"There is no check `{name_of_check}` in {self._name}. Known checks: {known}."
            )
        wanted = checks[name_of_check]
        found = _practised(unit, wanted, namespace)
        verdict = found.verdict
        script = Path(namespace.get("__file__", "notebook"))
        warning = save_progress(unit.course, unit.name, script.parent, [verdict])
        if warning:  # not to stderr, for which nbgrader deducts points
            console().print(warning, style="yellow", soft_wrap=True, markup=False)
        score = Score(verdict.earned)
        if _in_kernel():
            score.report = report_of(wanted, found)
        else:
            console().print(verdict_lines(verdict), soft_wrap=True)
        return score


def unit(name: str) -> CheckedUnit:
    """Make the function that checks an exercise.

    Write `check = unit("sorting")` once, then `check("merging")` as the last line of an exercise.
    It runs that check on the definitions of the calling script or notebook, on the public seed. In
    a script it prints the verdict. Raises `UnknownUnit` for a unit or check that does not exist.
    """
    let_everything_through()
    return CheckedUnit(name)


def _practised(unit: Unit, check: Check, namespace: Mapping[str, Any]) -> Practised:
    """Run a check on a script's or notebook's definitions, and show its running time."""
    found: list[Practised] = []
    can_be_cleared = _in_kernel() or sys.stdout.isatty()
    under_way = UnderWay(sys.stdout, can_be_cleared, after=1.0)
    implementation = Live(namespace)
    with _no_stderr():
        practise(unit, [check], implementation, found.append, under_way.tell)
    under_way.clear()
    return found[0]


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
    """Return the first available corpus of a role. Raises `NoData`."""
    caller = sys._getframe(1)
    course = course_around(caller.f_globals)
    return data.corpus(course, role)


def dataset(name: str, part: str = "") -> Path:
    """Return the path of a dataset's file, or of another part of it, fetched if necessary.

    Raises `NoData`.
    """
    caller = sys._getframe(1)
    course = course_around(caller.f_globals)
    return data.find(course, name, part)


def report_of(check: Check, found: Practised) -> str:
    """Return a verdict as HTML.

    Below its remarks is the first wrong array beside the expected one, or the loss beside ours.
    """
    environment = Environment(
        loader=PackageLoader("autograder.report"), autoescape=True, trim_blocks=True
    )
    environment.globals["points"] = earned_in_practice
    environment.globals["status"] = status_in_practice
    # both escape their arguments
    environment.globals["ticks"] = lambda text: Markup(html(text))
    environment.globals["arrays_named"] = arrays_named
    environment.globals["told_in"] = lambda remark: Markup(remark_html(remark))
    shown: dict[str, Any] = {}
    if not check.measure:
        shown = _first_wrong_array(check, found)
    else:
        shown["ours"] = found.known.loss
        shown["within"] = check.within
        shown["free"] = check.free
        loss = found.answer.arrays.get("loss")
        if loss is not None and np.isfinite(loss):
            shown["loss"] = float(loss)
    template = environment.get_template("cell.html")
    return template.render(shown, verdict=found.verdict)


def _first_wrong_array(check: Check, found: Practised) -> dict[str, Any]:
    """Return the template's data on the first wrong array of a remark."""
    remarks = found.verdict.remarks
    answer = found.answer
    shown: dict[str, Any] = {}
    for remark in remarks:
        for name in remark.arrays:
            if not shown and name in answer.arrays:
                shown = wrong_array(name, check, found.known.expected, answer)
    if any(remark.example for remark in remarks):
        shown.pop("words", None)  # they are below their remarks
    return shown


def wrong_array(name: str, check: Check, expected: Answer, answer: Answer) -> dict[str, Any]:
    """Return the template's data on a wrong array; nothing if the remark says it all.

    words: the first wrong entry. For numbers in one shape also maps: of the expected and of the
    found array, rows of numbers as fractions of the largest expected one; and dots: row and column
    of each wrong number.
    """
    words = first_wrong(name, check, expected, answer)
    if not words:
        return {}
    want, got = expected.arrays[name], answer.arrays[name]
    are_numbers = want.dtype.kind in NUMBERS and got.dtype.kind in NUMBERS
    if want.shape != got.shape or not (are_numbers and want.ndim) or want.size > MOST_PICTURED:
        return {"words": words}
    want, got = want.astype(float), got.astype(float)
    wrong = wrong_places(check, name, expected, answer)
    scale = scale_of(want)
    expected_rows = _rows(want / scale)
    found_rows = _rows(got / scale)
    dots = np.argwhere(_rows(wrong))
    return {
        "words": words,
        "maps": [expected_rows.tolist(), found_rows.tolist()],
        "dots": dots.tolist(),
    }


def _rows(array: np.ndarray) -> np.ndarray:
    """Return an array as rows along its last axis."""
    length = array.shape[-1]
    return array.reshape(-1, length)


def _in_kernel() -> bool:
    ipython = sys.modules.get("IPython")
    get_shell = getattr(ipython, "get_ipython", None)
    if get_shell is None:
        return False
    return hasattr(get_shell(), "kernel")


@contextmanager
def _no_stderr() -> Iterator[None]:
    """In a kernel, turn output on stderr into ordinary output.

    nbgrader gives 0 points for a warning on stderr.
    """
    if not _in_kernel():
        yield
        return
    # the kernel's stream. Log handlers may hold it, so it is not replaced; it is sent under its
    # name, which changes. A submission's own stream may accept no name, and is not sent.
    stream: Any = sys.stderr
    name = getattr(stream, "name", "")
    stderr = os.dup(2)
    stream.flush()
    os.dup2(1, 2)
    try:
        with suppress(AttributeError):
            stream.name = "stdout"
        yield
    finally:
        stream.flush()
        with suppress(AttributeError):
            stream.name = name
        os.dup2(stderr, 2)
        os.close(stderr)


@contextmanager
def example(what: str) -> Iterator[None]:
    """Mark an example that uses the exercises above it.

    If they are not ready, it says so and the script goes on. In a script without a display, it
    prints the files of its pictures.
    what: the example's subject.
    """
    caller = sys._getframe(2).f_globals  # below the context manager's own frame
    let_everything_through()
    try:
        yield
    except Exception as error:
        why = _failure(error)
        if isinstance(error, NotImplementedError):
            why = "an exercise above is not written yet"
        elif isinstance(error, NameError) and error.name:
            why = f"`{error.name}` is missing (an exercise or example above makes it)"
        line = Text.assemble((f"Example skipped because {why}: ", "bold yellow"), what)
        console().print(line, soft_wrap=True)
    if caller.get("__name__") == "__main__" and not _in_kernel():
        _tell_unseen_pictures(what)


def _tell_unseen_pictures(what: str) -> None:
    """If figures cannot be shown, write them to files, print the paths, and close them."""
    plt = sys.modules.get("matplotlib.pyplot")
    if plt is None or plt.get_backend().lower() != "agg":  # matplotlib's choice without a display
        return
    name = re.sub(r"\W+", "-", what)
    for path in save_figures(_pictures_of_this_run(), name):
        console().print(f"picture: {path}", soft_wrap=True, markup=False, highlight=False)
    plt.close("all")


@cache
def _pictures_of_this_run() -> Path:
    return picture_folder()


def _failure(error: Exception) -> str:
    """Say which line of an example failed, what it called, and what happened there."""
    description = type(error).__name__
    if str(error):
        description += f": {error}"
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first frame is the engine's own
    if not frames:
        return description
    script = frames[0].filename
    theirs = []
    for frame in frames:
        if frame.filename == script or "ipykernel" in frame.filename:
            theirs.append(frame)
    first, *below = theirs
    if not below:
        return f"line {first.lineno} fails: {description}"
    called = below[0].name
    last = below[-1]
    return f"line {first.lineno} calls `{called}`, which fails in line {last.lineno}: {description}"
