"""One check of the whole class side by side, with a form at each answer for manual points.

Only `report --serve` shows these pages. A form's data becomes an adjustment in `adjustments.toml`.
Several people may grade at once, at one server or at several: a form holds a checksum of the points
by hand that its person saw, and if there are others now, they are shown, and the person is asked.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from autograder.course import Course
from autograder.errors import UserError
from autograder.grading.adjustments import (
    EVERYONE,
    FILE,
    LOCK,
    Adjustment,
    adjustment_files,
    append_adjustment,
    as_toml,
    checked_adjustment,
    checksum_of,
    given_for,
    points_with,
    read_adjustments,
    refuse_said_twice,
    refuse_unknown_way,
    remove_adjustment,
    students_of,
    who_has_too_many,
)
from autograder.grading.attempts import comparable, earlier_results
from autograder.grading.results import Result, digest, held_alone
from autograder.grading.roster import called, roster_beside
from autograder.grading.ways_wrong import begins_so, is_wrong_so, ways_wrong
from autograder.judging import Verdict
from autograder.report.names import names_of_students
from autograder.report.pages import CodeBlock, SubmittedBytes, environment, listing_of
from autograder.report.regrade import verdict_of
from autograder.report.summary import by_unit
from autograder.schema import BadFile, convert

FOLDER = "by-hand/"  # the address of these pages
KINDS = ("points", "to", "factor")
TO_ALLOW = "tick `beyond the check's points`"
COMMENT = "comment"  # the kind that changes no points
FIELDS = ("student", "made", "kind", "value", "words", "who", "above", "undo", "seen", "file")


class BadForm(UserError):
    """A form's data cannot be an adjustment; the text says why."""


class Meanwhile(BadForm):
    """Somebody else has changed the points since the form was shown.

    adjustment: the one in the form. present: the points by hand that there are now. fields: of a
    form that gives the same nevertheless.
    """

    def __init__(
        self, adjustment: Adjustment, present: Sequence[Adjustment], fields: Mapping[str, str]
    ) -> None:
        self.adjustment = adjustment
        self.present = present
        self.fields = fields
        said = "; ".join(one.said for one in present) or "none"
        super().__init__(f"Points by hand have changed meanwhile. Now there are: {said}.")


class NotTaken(UserError):
    """A form was not taken; the text says why. fields: as sent, so that nobody types them again."""

    def __init__(self, why: str, fields: Mapping[str, str]) -> None:
        self.fields = fields
        super().__init__(why)


Asked = Meanwhile | NotTaken
# the maker of a page: for the person whose name is in its forms, or "", and with what to ask them
Maker = Callable[[str, Asked | None], str]


def by_hand_pages(
    course: Course, grades: Path, results: Sequence[Result], source: SubmittedBytes | None
) -> Iterator[tuple[str, Maker]]:
    """Yield the pages by address: one for each check of each unit, and one that links to them."""
    units = by_unit(results)
    checks = {unit: _titles(of_unit) for unit, of_unit in units.items()}
    students = students_of(results, roster_beside(grades))
    not_passed = {unit: _not_passed(of_unit) for unit, of_unit in units.items()}
    index = partial(
        _render,
        "checks_by_hand.html",
        checks=checks,
        not_passed=not_passed,
        file=grades / FILE,
    )
    yield f"{FOLDER}index.html", lambda who, asked: index()
    for unit, titles in checks.items():
        for check, title in titles.items():
            page = _Page(
                course=course,
                grades=grades,
                results=units[unit],
                students=students,
                source=source,
                unit=unit,
                check=check,
                title=title,
            )
            yield f"{FOLDER}{unit}/{check}.html", page.render


def _titles(results: Sequence[Result]) -> dict[str, str]:
    """Return the titles of a unit's checks by name."""
    titles = {}
    for result in results:
        for verdict in result.verdicts:
            titles[verdict.name] = verdict.title
    return titles


def _not_passed(results: Sequence[Result]) -> Counter[str]:
    """Count, for each check of a unit, the answers that did not pass it."""
    verdicts = [verdict for result in results for verdict in result.verdicts]
    return Counter(verdict.name for verdict in verdicts if not verdict.is_done)


def _render(name: str, **variables: Any) -> str:
    template = environment().get_template(name)
    return template.render(live="", form=True, checksum_of=checksum_of, **variables)


@dataclass(frozen=True)
class AnswerShown:
    """A page's data on one student. by_hand: the adjustments of this check."""

    student: str
    verdict: Verdict
    listing: Sequence[CodeBlock]
    by_hand: Sequence[Adjustment]


@dataclass(frozen=True)
class WrongInOneWay:
    """Those whose answers to a check are wrong in one way. by_hand: their common adjustments.

    made: the way. students: as the page names them. example: one of the answers.
    """

    made: str
    students: Sequence[str]
    by_hand: Sequence[Adjustment]
    example: AnswerShown


@dataclass(frozen=True)
class _Page:
    """The data for the page of one check.

    results: of its unit. students: the whole class, whom adjustments may name.
    """

    course: Course
    grades: Path
    results: Sequence[Result]
    students: Set[str]
    source: SubmittedBytes | None
    unit: str
    check: str
    title: str

    def render(self, who: str, asked: Asked | None) -> str:
        """Return the page, with the present manual points. who, asked: as of a `Maker`."""
        trouble = []
        known: list[Adjustment] = []
        elsewhere: dict[Adjustment, str] = {}
        for path in adjustment_files(self.grades):
            try:
                read = read_adjustments(self.course, path, self.students)
            except BadFile as error:
                trouble.append(str(error))
                continue
            known += read
            if path.name != FILE:
                elsewhere |= dict.fromkeys(read, path.name)
        answers = []
        for result in self.results:
            answer = self._answer(result, known)
            if answer:
                answers.append(answer)
        groups = self._groups(known, answers)
        answers.sort(key=lambda answer: (answer.verdict.earned, answer.student))
        return _render(
            "by_hand.html",
            who=who,
            meanwhile=asked if isinstance(asked, Meanwhile) else None,
            untyped=_fields(b""),
            not_taken=asked if isinstance(asked, NotTaken) else None,
            known_subjects={*self.students, *(group.made for group in groups)},
            elsewhere=elsewhere,
            seen=partial(self._seen, known),
            file_of=partial(_file_of, self.results, self.unit, self.check),
            answers=answers,
            groups=groups,
            everyone=EVERYONE,
            comments=self._comments(known),
            trouble="; ".join(trouble),
            unit=self.unit,
            check=self.check,
            title=self.title,
            names=self._names(),
            others=sorted(self.students - {result.lms_name for result in self.results}),
        )

    def _groups(
        self, known: Sequence[Adjustment], answers: Sequence[AnswerShown]
    ) -> list[WrongInOneWay]:
        """List the ways in which two or more answers are wrong, or that have an adjustment.

        The most common one is first.
        """
        alike: dict[str, list[AnswerShown]] = {}
        for answer in answers:
            for way in ways_wrong(answer.verdict):
                alike.setdefault(way, []).append(answer)
        groups = []
        for way, theirs in alike.items():
            who = [answer.student for answer in theirs]
            given = [one for one in known if self._is_for_all(one) and begins_so(way, one.made)]
            if len(who) > 1 or given:
                groups.append(WrongInOneWay(way, who, given, theirs[0]))
        return sorted(groups, key=lambda group: -len(group.students))

    def _seen(self, known: Sequence[Adjustment], student: str, made: str) -> str:
        """Return the checksum for a form: see `_checksum`."""
        return _checksum(_present(known, self.results, student, self.unit, self.check, made))

    def _is_for_all(self, one: Adjustment) -> bool:
        """Return whether an adjustment is for all whose answer to this check is wrong in a way."""
        is_here = (one.unit, one.check) == (self.unit, self.check)
        return is_here and one.student == EVERYONE and bool(one.made)

    def _comments(self, known: Sequence[Adjustment]) -> list[str]:
        """List the reasons that were written in this unit, those on this check first."""
        here = [one.words for one in known if (one.unit, one.check) == (self.unit, self.check)]
        near = [one.words for one in known if one.unit == self.unit]
        return list(dict.fromkeys([*here, *near]))

    def _names(self) -> dict[str, str]:
        """Return the students' names on this page, by their names on the LMS."""
        roster = roster_beside(self.grades)
        names = names_of_students(roster.students.values()) if roster else {}
        for result in self.results:
            if result.hand_in:
                names[result.lms_name] = called(result.lms_name, result.hand_in.name)
        return names

    def _answer(self, result: Result, known: Sequence[Adjustment]) -> AnswerShown | None:
        """Return the page's data on a result; None if it has no such check."""
        verdict = verdict_of(result, self.check)
        if verdict is None:
            return None
        student = result.lms_name
        content = self.source(result) if self.source else None
        listing = listing_of(self.course, result, content)
        return AnswerShown(
            student=student,
            verdict=verdict,
            listing=listing.get(self.check, []),
            by_hand=given_for(known, result, self.check),
        )


def _present(
    known: Sequence[Adjustment],
    results: Sequence[Result],
    student: str,
    unit: str,
    check: str,
    made: str,
) -> list[Adjustment]:
    """Return the points by hand, without comments, that somebody has for a check.

    student, made: whom a form is for: one student, or all whose answer is wrong in that way.
    """
    of_unit = [result for result in results if result.unit == unit]
    if student == EVERYONE:
        meant = [result for result in of_unit if is_wrong_so(result, check, made)]
    else:
        meant = [result for result in of_unit if result.lms_name == student]
    present = []
    for one in known:
        is_here = (one.unit, one.check) == (unit, check) and one.points != 0
        is_theirs = one.student == student != EVERYONE or any(map(one.is_for, meant))
        if is_here and is_theirs:
            present.append(one)
    return present


def _file_of(results: Sequence[Result], unit: str, check: str, student: str) -> str:
    """Return a checksum of what a page shows of a student's answer; "" without a result."""
    for result in results:
        verdict = verdict_of(result, check) if result.unit == unit else None
        if verdict and result.lms_name == student:
            return digest(f"{result.sha256} {verdict.earned}".encode())[:16]
    return ""


def _checksum(present: Sequence[Adjustment]) -> str:
    """Return a checksum of points by hand; "" if there are none."""
    return digest("\n".join(map(as_toml, present)).encode())[:16] if present else ""


def take_form(
    course: Course, grades: Path, results: Sequence[Result], address: str, body: bytes
) -> str:
    """Append a form's data to the adjustments, or remove one; return the page to show.

    address: of the page with the form. Other processes may do the same.
    Raises `Meanwhile`, `NotTaken`.
    """
    try:
        with held_alone(grades / LOCK):
            return _take_form(course, grades, results, address, body)
    except Meanwhile:
        raise
    except UserError as error:
        raise NotTaken(str(error), _fields(body)) from error


def _take_form(
    course: Course, grades: Path, results: Sequence[Result], address: str, body: bytes
) -> str:
    unit, _, check = address.removeprefix(FOLDER).removesuffix(".html").partition("/")
    sent = _fields(body)
    if sent["undo"]:
        if not remove_adjustment(course, grades / FILE, sent["undo"]):
            raise BadForm("It is no longer in the file.")
        return address
    kind = sent["kind"]
    if kind not in (*KINDS, COMMENT):
        raise BadForm("Say whether points are added, set or multiplied, or that it is a comment.")
    change = {"points": 0.0} if kind == COMMENT else {kind: _number(sent["value"])}
    words = sent["words"].strip()
    who = sent["who"].strip()
    written = {
        "student": sent["student"],
        "unit": unit,
        "check": check,
        "made": sent["made"],
        **change,
        "words": words,
        "who": who,
        "above": bool(sent["above"]),
    }
    if not words or not who:
        raise BadForm("Say why, and who you are: the student reads both.")
    if sent["file"] not in ("", _file_of(results, unit, check, sent["student"])):
        raise BadForm("The answer has changed since you opened the page. Look at it again below.")
    adjustment = convert(written, Adjustment, "the form")
    students = students_of(results, roster_beside(grades))
    adjustment = checked_adjustment(course, adjustment, "the form", students, TO_ALLOW)
    refuse_unknown_way(adjustment, "the form", results)
    before = read_adjustments(course, grades / FILE, students)
    if adjustment.counts_twice and adjustment in before:
        raise BadForm("The same is in the file already. To give it once more, write other words.")
    known = list(before)
    for path in adjustment_files(grades):
        known += read_adjustments(course, path, students) if path.name != FILE else ()
    present = _present(known, results, adjustment.student, unit, check, adjustment.made)
    if present[-1:] == [adjustment] or (adjustment.points == 0 and adjustment in before):
        return address  # a double click
    if adjustment.points != 0 and sent["seen"] != _checksum(present):
        raise Meanwhile(adjustment, present, sent | {"seen": _checksum(present)})
    refuse_said_twice(course, adjustment, grades / FILE)
    if not adjustment.above:
        _refuse_out_of_range([*known, adjustment], results)
        earlier = comparable(earlier_results(grades), results)
        if who_has_too_many(adjustment, known, earlier):
            raise BadForm(
                "Points by hand are for each submission of the student, and an earlier one would "
                f"then have more than its maximum. To give them nevertheless, {TO_ALLOW}."
            )
    append_adjustment(grades / FILE, adjustment)
    return address


def _refuse_out_of_range(adjustments: Sequence[Adjustment], results: Sequence[Result]) -> None:
    """Ask for confirmation if a check would have less than 0, or more than its points.

    Raises `BadForm`.
    """
    *_, last = adjustments
    for result in results:
        if not last.is_for(result):
            continue
        points = points_with(result, adjustments, last)
        if not 0 <= points.earned <= points.most:
            raise BadForm(
                f"With {last.change}, {result.lms_name} would have {float(points.earned):g} of "
                f"{float(points.most):g} points. To give them nevertheless, {TO_ALLOW}."
            )


def name_in(body: bytes) -> str:
    """Return the name that a person wrote into a form; "" if there is none."""
    return _fields(body)["who"].strip()


def _fields(body: bytes) -> dict[str, str]:
    """Return the fields of a form; empty ones if they are missing."""
    fields = dict.fromkeys(FIELDS, "")
    text = body.decode("utf-8", "replace")
    with suppress(ValueError):  # more fields than a form of ours has
        fields.update(parse_qsl(text, keep_blank_values=True, max_num_fields=len(FIELDS)))
    return fields


def _number(text: str) -> float:
    """Read a number, with a comma or a dot. Raises `BadForm`."""
    if not text.strip():
        raise BadForm("There is no number. Write for example 1.5 or -2.")
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise BadForm(f"`{text}` is no number. Write for example 1.5 or -2.") from None
