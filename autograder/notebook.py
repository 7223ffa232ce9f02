"""An exercise's last line, in a script or a notebook; and the number that nbgrader reads."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.text import Text

from autograder.checking import Unit, UnknownUnit, Verdict, find_unit, load_unit
from autograder.practice import Live, practise
from autograder.progress import is_own, keep
from autograder.report import html
from autograder.report.pictures import picture
from autograder.report.terminal import console, number, verdict_lines

STYLE = "border-left:4px solid {};padding:.3em .8em;margin:.2em 0"
COLOURS = {"passed": "#1a7f37", "partial": "#9a6700", "not_reached": "#6e7781"}


class Score(float):
    """Points earned: the number that nbgrader reads as the cell's last value, with the report that people see."""

    verdict: Verdict
    picture = ""

    def __repr__(self) -> str:
        return number(self)

    def _repr_html_(self) -> str:
        verdict = self.verdict
        remarks = "".join(
            f"<br>{html(', '.join(r.arrays) + ': ' if r.arrays else '')}{html(r.text)}" for r in verdict.remarks
        )
        words = (
            f"<b>{verdict.status.replace('_', ' ')}, {number(verdict.earned)} of {number(verdict.points)} points</b>"
        )
        style = STYLE.format(COLOURS.get(verdict.status, "#cf222e"))
        practice = "<br><small>Practice, on the public seed. A grade comes from a seed that nobody has seen.</small>"
        return f'<div style="{style}">{words} · {html(verdict.title)}{remarks}{self.picture}{practice}</div>'


def unit(name: str) -> Callable[[str], Score]:
    """`check = unit("unit4_manual_gradients")`, then `check("clipping")` as an exercise's last line.

    It runs that check on what the calling script or notebook has defined, on the public seed. In a script it prints
    the verdict. Raises `UnknownUnit` for a unit or check that does not exist.
    """
    loaded: list[Unit] = []

    def check(name_of_check: str) -> Score:
        if not loaded:
            loaded.append(load_unit(find_unit(name)))
        checks = {check.name: check for check in loaded[0].checks}
        if name_of_check not in checks:
            raise UnknownUnit(f"There is no check `{name_of_check}` in {name}. There is: {', '.join(checks)}.")
        namespace = sys._getframe(1).f_globals
        seen: list[Any] = []
        (verdict,) = practise(loaded[0], [checks[name_of_check]], Live(namespace), lambda *all: seen.extend(all))
        if is_own(Path(namespace.get("__file__", "notebook")).parent):
            keep(loaded[0].name, [verdict])
        score = Score(verdict.earned)
        score.verdict = verdict
        if _in_kernel():
            score.picture = picture(checks[name_of_check], *seen)
        else:
            console().print(verdict_lines(verdict), soft_wrap=True)
        return score

    return check


def _in_kernel() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


@contextmanager
def example(what: str) -> Iterator[None]:
    """A demonstration that uses the exercises above it: where they are not ready, it says so and the script goes on."""
    try:
        yield
    except Exception as error:
        unwritten = isinstance(error, NotImplementedError | NameError)
        why = "an exercise above is not written yet" if unwritten else f"{error!r}"
        console().print(Text.assemble((f"Left out, as {why}: ", "bold yellow"), what), soft_wrap=True)
