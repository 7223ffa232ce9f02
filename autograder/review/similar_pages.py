"""Pairs and groups of alike answers as pages, side by side, and as a table. Nothing on them is a
verdict.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from markupsafe import Markup

from autograder.grading.results import write_whole
from autograder.report import code
from autograder.report.exports import as_csv
from autograder.report.pages import environment
from autograder.review.answers import Answer, Exercise, UnitAnswers
from autograder.review.fingerprints import fingerprints
from autograder.review.similar import Alike

BARS = 20


@dataclass(frozen=True)
class Listed:
    """A piece of an answer: where it stands, and its lines as HTML, each with whether others here
    have it too.
    """

    place: str
    first: int
    lines: list[tuple[Markup, bool]]


@dataclass(frozen=True)
class Bar:
    """How many answers have their most alike one from `low` to `high`."""

    low: float
    high: float
    count: int


def write_similar(found: Sequence[tuple[UnitAnswers, Sequence[Alike]]], folder: Path) -> Path:
    """Write the pages and the table below a folder; the path of the first page."""
    pages = dict(_pages(found))
    for address, page in pages.items():
        write_whole(folder / address, page())
    for path in folder.rglob("*.html"):  # of an earlier time
        if path.relative_to(folder).as_posix() not in pages:
            path.unlink()
    write_whole(folder / "similar.csv", _csv(found).rstrip("\n"))
    return folder / "index.html"


def pair_address(exercise: Exercise, number: int) -> str:
    """Where the page of a pair lies."""
    return f"{exercise.unit}/{exercise.check or 'all'}/pair{number:03}.html"


def group_address(exercise: Exercise, number: int) -> str:
    """Where the page of a group lies."""
    return f"{exercise.unit}/{exercise.check or 'all'}/group{number:03}.html"


def _pages(
    found: Sequence[tuple[UnitAnswers, Sequence[Alike]]],
) -> Iterator[tuple[str, Callable[[], str]]]:
    addresses = {"pair_address": pair_address, "group_address": group_address, "bars": bars}
    yield "index.html", partial(_render, "similar.html", found=found, **addresses)
    for unit, reports in found:
        for report in reports:
            for number, pair in enumerate(report.pairs, 1):
                address = pair_address(report.exercise, number)
                yield address, partial(_side_by_side, unit, report, (pair.one, pair.other), pair)
            for number, group in enumerate(report.groups, 1):
                yield (
                    group_address(report.exercise, number),
                    partial(_side_by_side, unit, report, group, None),
                )


def _render(name: str, **facts: Any) -> str:
    return environment().get_template(name).render(live="", **facts)


def _side_by_side(unit: UnitAnswers, report: Alike, students: Sequence[str], pair: Any) -> str:
    answers = {answer.student: answer for answer in unit.answers if answer.student in students}
    theirs = [answers[student] for student in students if student in answers]
    held = Counter(
        number
        for answer in theirs
        for number in unit.numbers(report.exercise, answer) - report.common
    )
    shared = frozenset(number for number, count in held.items() if count > 1)
    listings = {
        answer.student: list(_listed(unit, report.exercise, answer, shared)) for answer in theirs
    }
    return _render("side_by_side.html", exercise=report.exercise, listings=listings, pair=pair)


def _listed(
    unit: UnitAnswers, exercise: Exercise, answer: Answer, shared: frozenset[int]
) -> Iterator[Listed]:
    """The pieces of an answer to an exercise, with the lines marked that hold a shared part."""
    prints = fingerprints([piece.text for piece in answer.pieces])
    shown = {id(piece) for piece in unit.of(exercise, answer)}
    for piece, found in zip(answer.pieces, prints, strict=True):
        if id(piece) not in shown:
            continue
        at = {
            line for one in found if one.number in shared for line in range(one.first, one.last + 1)
        }
        lines = enumerate(code.lines(piece), 1)
        yield Listed(
            piece.place, piece.first, [(Markup(line), number in at) for number, line in lines]
        )


def bars(report: Alike) -> list[Bar]:
    """How the shares of each answer's nearest are distributed, in steps of a twentieth."""
    counts = Counter(min(BARS - 1, int(share * BARS)) for share in report.nearest)
    return [Bar(step / BARS, (step + 1) / BARS, counts[step]) for step in range(BARS)]


HEAD: tuple[str, ...] = (
    "unit",
    "exercise",
    "one",
    "other",
    "share alike",
    "parts alike",
    "parts of one",
    "parts of the other",
)
HEAD += ("equal wrong answers", "how rare these are", "stands out", "page")


def _csv(found: Sequence[tuple[UnitAnswers, Sequence[Alike]]]) -> str:
    rows: list[Sequence[str | float]] = [HEAD]
    for _, reports in found:
        for report in reports:
            exercise = report.exercise
            for number, pair in enumerate(report.pairs, 1):
                row = (
                    exercise.unit,
                    exercise.check or "all",
                    pair.one,
                    pair.other,
                    round(pair.share, 3),
                    *pair.parts,
                )
                wrong = ("; ".join(pair.wrong), round(pair.rarity, 3))
                rows.append(
                    (*row, *wrong, "yes" if pair.stands_out else "", pair_address(exercise, number))
                )
    return as_csv(rows)
