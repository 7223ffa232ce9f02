"""Pages of similar pairs and groups, side by side, and their table; judging nobody."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Any

from autograder.grading.results import write_whole
from autograder.report.exports import as_csv
from autograder.report.names import Names
from autograder.report.pages import (
    CodeBlock,
    code_block,
    environment,
    remove_other_pages,
    without_names,
)
from autograder.report.pseudonyms import Renaming
from autograder.report.summary import Bar
from autograder.review.answers import Exercise, FingerprintedFile, UnitAnswers
from autograder.review.fingerprints import Fingerprint, fingerprints
from autograder.review.similar import (
    Alike,
    AsOurs,
    Pair,
    as_ours,
    count_holders,
    usual_ways,
)
from autograder.sandbox.definitions import Definition

BARS = 20

# each unit, and its findings, exercise by exercise
Found = Sequence[tuple[UnitAnswers, Sequence[Alike]]]


def write_similar(
    found: Found,
    folder: Path,
    renaming: Renaming | None = None,
    names: Names = MappingProxyType({}),
) -> Path:
    """Write the pages and the tables below a folder; return the path of the first page.

    renaming: removes students' names from their code, if they have random names. names: of the
    students on pages.
    """
    pages = dict(_pages(found, renaming, names))
    for address, page in pages.items():
        write_whole(folder / address, page())
    remove_other_pages(folder, pages)
    table = _csv(found, names)
    write_whole(folder / "similar.csv", table.rstrip("\n"))
    copies = _csv_of_ours(found, names)
    write_whole(folder / "our-solution.csv", copies.rstrip("\n"))
    return folder / "index.html"


def pair_address(exercise: Exercise, number: int) -> str:
    """Return the address of a pair's page."""
    folder = _folder_of(exercise)
    return f"{folder}/pair{number:03}.html"


def group_address(exercise: Exercise, number: int) -> str:
    """Return the address of a group's page."""
    folder = _folder_of(exercise)
    return f"{folder}/group{number:03}.html"


def address_of_ours(unit: str, number: int) -> str:
    """Return the address of the page on a student whose code is our solution."""
    return f"{unit}/ours{number:03}.html"


def _folder_of(exercise: Exercise) -> str:
    check = exercise.check or "all"
    return f"{exercise.unit}/{check}"


def _pages(
    found: Found, renaming: Renaming | None, names: Names
) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield the address of each page, and its maker."""
    functions = {
        "pair_address": pair_address,
        "group_address": group_address,
        "address_of_ours": address_of_ours,
        "bars": bars,
        "as_ours": as_ours,
        "usual_ways": usual_ways,
    }
    index = partial(_render, "similar.html", found=found, names=names, **functions)
    yield "index.html", index
    for unit, reports in found:
        for number, one in enumerate(as_ours(unit, reports), 1):
            beside = _BesideOurs(unit, one, renaming, names)
            yield address_of_ours(unit.unit, number), beside.render
        for report in reports:
            yield from _pages_of_exercise(unit, report, renaming, names)


def _pages_of_exercise(
    unit: UnitAnswers, report: Alike, renaming: Renaming | None, names: Names
) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield a page for each pair and each group of an exercise."""
    exercise = report.exercise
    for number, pair in enumerate(report.pairs, 1):
        address = pair_address(exercise, number)
        both = (pair.one, pair.other)
        page = _SideBySide(unit, report, both, pair, renaming, names)
        yield address, page.render
    for number, group in enumerate(report.groups, 1):
        address = group_address(exercise, number)
        page = _SideBySide(unit, report, group, None, renaming, names)
        yield address, page.render


def _render(name: str, **variables: Any) -> str:
    template = environment().get_template(name)
    return template.render(live="", **variables)


@dataclass(frozen=True)
class _SideBySide:
    """The data of a page that shows some students' answers to an exercise side by side.

    answers: their names. pair: of two, what they have in common.
    """

    unit: UnitAnswers
    report: Alike
    answers: Sequence[str]
    pair: Pair | None
    renaming: Renaming | None
    names: Names

    def render(self) -> str:
        """Return the page."""
        exercise = self.report.exercise
        by_name = {answer.called: answer for answer in self.unit.answers}
        answers = [by_name[name] for name in self.answers if name in by_name]
        shared = self._shared(answers)
        listings = []
        for answer in answers:
            definitions = self.unit.of(exercise, answer)
            blocks = _listing(answer, definitions, shared, self.renaming)
            listings.append((answer.called, blocks))
        return _render(
            "side_by_side.html",
            home=f"../../index.html#{exercise.unit}-{exercise.check or 'all'}",
            title=f"{exercise.unit}: {exercise.title}",
            ours="",
            listings=listings,
            pair=self.pair,
            names=self.names,
        )

    def _shared(self, answers: Sequence[FingerprintedFile]) -> set[int]:
        """Return the fingerprints that more than one of these students has."""
        exercise = self.report.exercise
        found: dict[str, frozenset[int]] = {}
        for answer in answers:
            own = self.unit.numbers(exercise, answer) - self.report.common
            found[answer.student] = found.get(answer.student, frozenset()) | own
        holders = count_holders(found.values())
        return {number for number, count in holders.items() if count > 1}


OURS = "our solution"  # in place of a student


@dataclass(frozen=True)
class _BesideOurs:
    """The data of a page that shows a student's code beside our solution."""

    unit: UnitAnswers
    one: AsOurs
    renaming: Renaming | None
    names: Names

    def render(self) -> str:
        """Return the page."""
        (answer,) = (one for one in self.unit.answers if one.called == self.one.answer)
        shared = set[int]()
        for exercise in self.one.exercises:
            theirs = self.unit.written(exercise, answer)
            shared |= theirs & self.unit.written(exercise, self.unit.ours)
        listings = [
            (answer.called, self._listing(answer, shared, self.renaming)),
            (OURS, self._listing(self.unit.ours, shared, None)),
        ]
        return _render(
            "side_by_side.html",
            home=f"../index.html#{self.unit.unit}-ours",
            title=f"{self.unit.unit}: our solution",
            ours=OURS,
            listings=listings,
            pair=None,
            names=self.names,
        )

    def _listing(
        self, answer: FingerprintedFile, shared: Set[int], renaming: Renaming | None
    ) -> list[CodeBlock]:
        definitions = []
        for exercise in self.one.exercises:
            definitions += self.unit.of(exercise, answer)
        return _listing(answer, definitions, shared, renaming)


def _listing(
    answer: FingerprintedFile,
    to_show: Sequence[Definition],
    shared: Set[int],
    renaming: Renaming | None,
) -> list[CodeBlock]:
    """Return some definitions of an answer, with the lines of shared parts marked."""
    texts = [definition.text for definition in answer.definitions]
    shown = {id(definition) for definition in to_show}
    blocks = []
    for definition, prints in zip(answer.definitions, fingerprints(texts), strict=True):
        if id(definition) in shown:
            marked = _lines_of(prints, shared, definition.first)
            named = without_names(definition, renaming) if renaming else definition
            blocks.append(code_block(named, marked, without_comments=renaming is not None))
    return blocks


def _lines_of(prints: Sequence[Fingerprint], shared: Set[int], first: int) -> set[int]:
    """Return the lines of a definition that contain a shared part.

    first: the number of the definition's first line.
    """
    lines = set[int]()
    for part in prints:
        if part.number in shared:
            before = first - 1
            lines.update(range(before + part.first, before + part.last + 1))
    return lines


def bars(report: Alike) -> list[Bar]:
    """Return the distribution of the answers' nearest shares, in steps of a twentieth."""
    counts = Counter[int]()
    for share in report.nearest:
        step = int(share * BARS)
        counts[min(step, BARS - 1)] += 1
    bars = []
    for step in range(BARS):
        bar = Bar(low=step / BARS, high=(step + 1) / BARS, count=counts[step])
        bars.append(bar)
    return bars


EQUAL = "equal files"  # instead of an exercise
HEAD = (
    "unit",
    "exercise",
    "one",
    "other",
    "share alike",
    "parts alike",
    "parts of one",
    "parts of the other",
    "equal wrong answers",
    "how rare these are",
    "stands out",
    "page",
)


def _csv(found: Found, names: Names) -> str:
    """Return the table of all pairs."""
    rows: list[Sequence[str | float]] = [HEAD]
    for unit, reports in found:
        for students in unit.equal:
            for one, other in combinations(students, 2):
                named = (names.get(one, one), names.get(other, other))
                rows.append((unit.unit, EQUAL, *named, 1, "", "", "", "", "", "yes", "index.html"))
        for report in reports:
            for number, pair in enumerate(report.pairs, 1):
                row = _row(report.exercise, number, pair, names)
                rows.append(row)
    return as_csv(rows)


HEAD_OF_OURS = ("unit", "student", "nearly all", "exercises", "points", "maximum")


def _csv_of_ours(found: Found, names: Names) -> str:
    """Return the table of those whose code is our solution."""
    rows: list[Sequence[str | float]] = [HEAD_OF_OURS]
    for unit, reports in found:
        for one in as_ours(unit, reports):
            whole = "yes" if one.whole else ""
            checks = "; ".join(exercise.check for exercise in one.exercises)
            name = names.get(one.answer, one.answer)
            rows.append((unit.unit, name, whole, checks, one.points, unit.maximum))
    return as_csv(rows)


def _row(exercise: Exercise, number: int, pair: Pair, names: Names) -> Sequence[str | float]:
    """Return a pair as a row of the table, in the order of `HEAD`."""
    return (
        exercise.unit,
        exercise.check or "all",
        names.get(pair.one, pair.one),
        names.get(pair.other, pair.other),
        round(pair.share, 3),
        *pair.parts,
        "; ".join(pair.wrong),
        round(pair.rarity, 3),
        "yes" if pair.stands_out else "",
        pair_address(exercise, number),
    )
