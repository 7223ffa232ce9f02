"""A unit as grading needs it, without importing the packages of its checks.

Importing a unit's experiments may take longer than grading a file, and the grading process runs
none of them. The facts about the checks are read once by importing them, and cached by the digest
of their files.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from autograder.check import (
    Check,
    Corpus,
    Experiments,
    Limits,
    UnitSettings,
    names_in_experiment,
)
from autograder.course import Course, Unit, load_unit
from autograder.data import is_drawn
from autograder.grading.provenance import checks_digest
from autograder.grading.results import CannotWrite, write_whole
from autograder.grading.store import private_folder
from autograder.question import Question
from autograder.relations import letters_of


class _CheckKept(msgspec.Struct, frozen=True):
    """The cached facts on a check.

    names: in the code of its experiment. trains, has_data: whether it has the functions `measure`
    and `data`. is_drawn: whether `data` takes the seed.
    """

    name: str
    points: float
    title: str
    needs: tuple[str, ...]
    names: tuple[str, ...]
    trains: bool
    has_data: bool
    is_drawn: bool
    free: bool
    corpus: str
    within: float
    tolerance: dict[str, float]
    atol: dict[str, float]
    costs: tuple[str, ...]
    words: dict[str, str]
    seconds: float
    kept: str
    question: Question | None
    letters: tuple[str, ...]


class _Outline(msgspec.Struct, frozen=True):
    """The cached facts on a unit."""

    checks: tuple[_CheckKept, ...]
    packages: tuple[str, ...]
    sizes: dict[str, int]
    limits: Limits


def outline_unit(course: Course, name: str) -> Unit:
    """Load a unit whose functions import its experiments when they are called.

    Raises as `load_unit` does.
    """
    version = checks_digest(course, name)[:32]
    folder = private_folder("units")
    path = folder / f"{name}-{version}.json" if folder else None
    outline = _stored(path) if path else None
    if outline is None:
        outline = _outline_of(load_unit(course, name))
        if path:
            _store(path, outline)
    checks = [_check(course, name, kept) for kept in outline.checks]
    settings = UnitSettings(outline.packages, outline.sizes, outline.limits)
    experiments = Experiments(tuple(checks), settings)
    return Unit(course, name, experiments)


def _store(path: Path, outline: _Outline) -> None:
    """Cache an outline, if possible."""
    text = msgspec.json.encode(outline).decode()
    with suppress(CannotWrite):
        write_whole(path, text)


def _stored(path: Path) -> _Outline | None:
    """Read the cached outline; None if there is no readable one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Outline)
    except (OSError, msgspec.MsgspecError):
        return None


def _outline_of(unit: Unit) -> _Outline:
    checks = [
        _CheckKept(
            name=check.name,
            points=check.points,
            title=check.title,
            needs=check.needs,
            names=tuple(sorted(names_in_experiment(check.experiment))),
            trains=check.measure is not None,
            has_data=check.data is not None,
            is_drawn=is_drawn(check),
            free=check.free,
            corpus=check.corpus,
            within=check.within,
            tolerance=dict(check.tolerance),
            atol=dict(check.atol),
            costs=check.costs,
            words=dict(check.words),
            seconds=check.seconds,
            kept=check.kept,
            question=check.question,
            letters=letters_of(check, unit.sizes).names,
        )
        for check in unit.checks
    ]
    return _Outline(tuple(checks), unit.packages, unit.sizes, unit.limits)


def _check(course: Course, unit: str, kept: _CheckKept) -> Check:
    """Make a check whose functions are imported when they are called."""

    def later(function: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            loaded = load_unit(course, unit)
            checks = {check.name: check for check in loaded.checks}
            whole = checks[kept.name]
            return getattr(whole, function)(*arguments)

        return call

    def drawn(find: Callable[..., Path], seed: int) -> Corpus:
        corpus: Corpus = later("data")(find, seed)
        return corpus

    experiment: Any = later("experiment")
    experiment.__doc__ = kept.title  # a check takes its title from it
    experiment.names_in_code = kept.names
    data: Callable[..., Corpus] = drawn if kept.is_drawn else later("data")
    return Check(
        name=kept.name,
        points=kept.points,
        experiment=experiment,
        needs=kept.needs,
        measure=later("measure") if kept.trains else None,
        data=data if kept.has_data else None,
        free=kept.free,
        corpus=kept.corpus,
        within=kept.within,
        tolerance=kept.tolerance,
        atol=kept.atol,
        costs=kept.costs,
        words=kept.words,
        seconds=kept.seconds,
        kept=kept.kept,
        question=kept.question,
        letters=kept.letters,
    )
