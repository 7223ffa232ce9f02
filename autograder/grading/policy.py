"""What a course makes of its results: late days, several submissions, partners, checks that do not
count or count on top, points by hand.

Stored results stay as they are; a policy is applied where they are shown or exported. In this
order: points by cut-offs and by hand, dropped checks, the bonus for being early, a factor by hand,
what lateness costs.
"""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from autograder.course import Course, UnknownUnit, find_unit, load_unit
from autograder.grading.adjustments import (
    Adjustment,
    adjusted,
    of_result,
    said_of_checks,
    unit_factor,
)
from autograder.grading.arithmetic import exact, interpolated, percent, rounded
from autograder.grading.results import Result
from autograder.grading.roster import Roster
from autograder.judging import Remark, Verdict
from autograder.schema import BadFile, convert, read_toml_table

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Days = Annotated[float, msgspec.Meta(ge=0, le=3650)]
Hours = Annotated[float, msgspec.Meta(ge=0, le=8760)]
Weight = Annotated[float, msgspec.Meta(ge=0)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Address = Annotated[str, msgspec.Meta(pattern=r"^([^\s@?&]+@[^\s@?&]+)?$")]
Cutoffs = Annotated[list[tuple[float, float]], msgspec.Meta(min_length=2)]
TABLES = (
    "keep",
    "carried",
    "late",
    "early",
    "total",
    "partners",
    "regrades",
    "show_solutions",
    "extensions",
)


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one unit: when it is due, what it weighs in the total, which checks count nothing, and
    which on top.

    begun: by when something must have been handed in; see `Late.not_begun`.
    cutoffs: of checks that train, the share of points at a held-out loss: pairs (loss, share),
    linear in between.
    """

    due: Moment | None = None
    begun: Moment | None = None
    weight: Weight = 1.0
    drop: tuple[str, ...] = ()
    bonus: tuple[str, ...] = ()
    cutoffs: dict[str, Cutoffs] = {}


class Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lateness costs: `per_day` of the points for each day begun after the due time, `at_most`
    in all.

    slack_days: of each student, for all units together: days that cost nothing, used in the order
    of due times, at most
    `slack_each` for one unit. not_begun: the share that is lost where nothing was handed in by the
    unit's `begun`.
    """

    grace_hours: Hours = 0.0
    per_day: Share = 0.0
    at_most: Share = 1.0
    slack_days: Annotated[int, msgspec.Meta(ge=0)] = 0
    slack_each: Annotated[int, msgspec.Meta(ge=0)] = 3650
    not_begun: Share = 0.0


class Early(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What handing in at least so many `days` before the due time brings: a `bonus`, as a share of
    the points.
    """

    days: Days = 0.0
    bonus: Share = 0.0


class Total(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The total of a course: how many of a student's lowest units are left out, and from which
    share which letter.
    """

    drop_lowest: Annotated[int, msgspec.Meta(ge=0)] = 0
    letters: dict[str, Share] = {}


@dataclass(frozen=True)
class Policy:
    """The rules of a course. Without a file: every check counts, nothing is late, the best
    submission is kept.

    carried: the share that counts of points which rest on an early mistake that was carried
    forward.
    extensions: (student, unit) → days. partners: unit → groups of students whose hand-ins count for
    all of them.
    regrades: the address that students may write to, from a link at each check.
    show_solutions: whether a page of feedback shows the course's solution of what passed.
    """

    keep: str = "best"
    carried: float = 1.0
    late: Late = Late()  # noqa: RUF009 (frozen)
    units: Mapping[str, Rules] = field(default_factory=dict)
    extensions: Mapping[tuple[str, str], float] = field(default_factory=dict)
    early: Early = Early()  # noqa: RUF009 (frozen)
    total: Total = Total()  # noqa: RUF009 (frozen)
    partners: Mapping[str, Sequence[frozenset[str]]] = field(default_factory=dict)
    adjustments: tuple[Adjustment, ...] = ()
    regrades: str = ""
    show_solutions: bool = False


@dataclass(frozen=True)
class Grade:
    """What counts of a result: points after the policy, those to be had, and in words what the
    policy did.

    exact_points: the same points before they were rounded. slack: the slack days that were used.
    by_hand: what was given by hand, of which `words` holds what is about the whole unit.
    """

    result: Result
    points: float
    max_points: float
    words: str = ""
    exact_points: Fraction = Fraction(0)
    slack: int = 0
    by_hand: tuple[Adjustment, ...] = ()

    @property
    def all_words(self) -> str:
        """What the policy did, and what was given by hand for single checks, in one line."""
        of_checks = said_of_checks(self.result, self.by_hand)
        return "; ".join(filter(None, (self.words, *of_checks)))


def read_policy(course: Course, path: Path) -> Policy:
    """Read the policy in a TOML file. Its tables are units, `late` and `extensions`. Raises
    `BadFile`.
    """
    written = _with_whole_names(course, read_toml_table(path), str(path))
    # a data class with one key for each unit, so that each is checked and a misspelt one is told
    # the nearest
    units = [(unit, Rules, Rules()) for unit in course.units]
    kind = msgspec.defstruct(
        "PolicyFile",
        [
            ("keep", Literal["best", "last"], "best"),
            ("carried", Share, 1.0),
            ("late", Late, Late()),
            ("early", Early, Early()),
            ("total", Total, Total()),
            ("partners", str, ""),
            ("regrades", Address, ""),
            ("show_solutions", bool, False),
            ("extensions", dict[str, dict[str, Days]], {}),
            *units,
        ],
        forbid_unknown_fields=True,
    )
    read: Any = convert(written, kind, str(path))
    rules = {unit: getattr(read, unit) for unit in course.units if unit in written}
    for unit, its in rules.items():
        _known_checks(course, unit, its, str(path))
    extensions = {
        (student, unit): days
        for student, by_unit in read.extensions.items()
        for unit, days in by_unit.items()
    }
    partners = read_partners(course, path.parent / read.partners) if read.partners else {}
    return Policy(
        keep=read.keep,
        carried=read.carried,
        late=read.late,
        units=rules,
        extensions=extensions,
        early=read.early,
        total=read.total,
        partners=partners,
        regrades=read.regrades,
        show_solutions=read.show_solutions,
    )


def read_partners(course: Course, path: Path) -> dict[str, list[frozenset[str]]]:
    """Read groups from a CSV file: a head, then in each row a unit and the students of one group.
    Raises `BadFile`.
    """
    groups: dict[str, list[frozenset[str]]] = {}
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))[1:]
    except (OSError, ValueError, csv.Error) as error:
        raise BadFile(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}."
        ) from None
    for number, row in enumerate(rows, 2):
        cells = [cell.strip() for cell in row if cell.strip()]
        if not cells:
            continue
        try:
            unit = find_unit(course, cells[0])
        except UnknownUnit as error:
            raise BadFile(f"{path}, line {number}: {error}") from None
        its = groups.setdefault(unit, [])
        twice = sorted({student for group in its for student in group} & set(cells[1:]))
        if twice:
            raise BadFile(
                f"{path}, line {number}: {twice[0]} is in two groups of {unit}. Keep one row."
            )
        if len(cells) < 3:
            raise BadFile(
                f"{path}, line {number}: a group has two students or more: `{unit},ada,grace`."
            )
        its.append(frozenset(cells[1:]))
    return groups


def _with_whole_names(course: Course, written: dict[str, Any], where: str) -> dict[str, Any]:
    """Write out the names of units, which may be shortened, as keys and within `extensions`. Raises
    `BadFile`.
    """
    tables = {name: value for name, value in written.items() if name in TABLES}
    units = {name: value for name, value in written.items() if name not in TABLES}
    extensions = tables.get("extensions")
    if isinstance(extensions, dict):
        tables["extensions"] = {
            student: _of_units(course, by_unit, f"{where}: `extensions.{student}`")
            for student, by_unit in extensions.items()
        }
    by_unit: dict[str, Any] = _of_units(course, units, where, known=TABLES)
    return tables | by_unit


def _of_units(course: Course, by_unit: Any, where: str, known: Sequence[str] = ()) -> Any:
    """Write out the names of units in a table; what is no table is left as it is.

    known: other names that could have been meant. Raises `BadFile` for an unknown unit, or one that
    is named twice.
    """
    if not isinstance(by_unit, dict):
        return by_unit
    whole: dict[str, Any] = {}
    names: dict[str, str] = {}
    for name, value in by_unit.items():
        try:
            unit = find_unit(course, name)
        except UnknownUnit as error:
            near = get_close_matches(name, known, 1, 0.6)
            words = f"there is no key `{name}`. Did you mean `{near[0]}`?" if near else str(error)
            raise BadFile(f"{where}: {words}") from None
        if unit in whole:
            raise BadFile(
                f"{where}: `{names[unit]}` and `{name}` are the same unit. Write one table for it."
            )
        whole[unit], names[unit] = value, name
    return whole


def _known_checks(course: Course, unit: str, rules: Rules, where: str) -> None:
    """Refuse names of checks that the unit does not have. Raises `BadFile`, naming the nearest."""
    if not (rules.drop or rules.bonus or rules.cutoffs):
        return
    checks = [check.name for check in load_unit(course, unit).checks]
    for kind, names in (
        ("drop", rules.drop),
        ("bonus", rules.bonus),
        ("cutoffs", tuple(rules.cutoffs)),
    ):
        for name in names:
            if name not in checks:
                near = get_close_matches(name, checks, 1, 0.4)
                hint = (
                    f"Did you mean `{near[0]}`?" if near else f"Known checks: {', '.join(checks)}."
                )
                raise BadFile(f"{where}: `{unit}.{kind}`: there is no check `{name}`. {hint}")


def unknown_students(policy: Policy, results: Sequence[Result], roster: Roster | None) -> str:
    """Say which students a policy names that nobody is, each with the nearest; empty where all are
    somebody.

    With a roster that is an error of the policy's; without one, a student may not have handed in
    yet. Raises `BadFile`.
    """
    known = {name for result in results for name in (result.student, result.lms_name)}
    known |= set(roster.students if roster else ())
    strangers = sorted({student for student, _ in policy.extensions} - known)
    told = []
    for student in strangers:
        near = get_close_matches(student, known, 1, 0.6)
        told.append(f"`{student}`{f' (did you mean `{near[0]}`?)' if near else ''}")
    if not told:
        return ""
    words = f"the policy's `extensions` name nobody of this class: {', '.join(told)}."
    if roster:
        raise BadFile(words[0].upper() + words[1:])
    return f"Warning: {words}"


def grades(results: Sequence[Result], policy: Policy) -> list[Grade]:
    """One grade for each student and unit, by unit and student: the best or the last of the results
    there are.

    results: of one student and unit in the order in which they were handed in, which decides
    between two of one second. Slack days are used unit by unit, in the order in which the units are
    due.
    """
    of: dict[str, dict[str, list[Result]]] = {}
    for result in (*results, *_of_partners(results, policy)):
        of.setdefault(result.lms_name, {}).setdefault(result.unit, []).append(result)
    found = [grade for units in of.values() for grade in _of_student(units, policy)]
    return sorted(found, key=lambda grade: (grade.result.unit, grade.result.lms_name))


def _of_partners(results: Sequence[Result], policy: Policy) -> Iterator[Result]:
    """For each other student of a group, the results that one of them has."""
    for result in results:
        for group in policy.partners.get(result.unit, ()):
            if result.lms_name in group:
                others = sorted(group - {result.lms_name})
                yield from (replace(result, student=other, known_as="") for other in others)


def _of_student(units: Mapping[str, Sequence[Result]], policy: Policy) -> Iterator[Grade]:
    order = {
        "best": lambda grade: (grade.exact_points, -grade.slack, grade.result.submitted),
        "last": lambda grade: grade.result.submitted,
    }
    left = policy.late.slack_days
    far = datetime.max.replace(tzinfo=UTC)
    for unit in sorted(units, key=lambda unit: (policy.units.get(unit, Rules()).due or far, unit)):
        first = min((result.submitted for result in units[unit] if result.submitted), default="")
        free = min(left, policy.late.slack_each)
        possible = [grade_of(result, policy, free, first) for result in units[unit]]
        # `max` keeps the first of equals, and of two hand-ins in one second the later stands last
        counted = max(reversed(possible), key=order[policy.keep])
        left -= counted.slack
        yield counted


def grade_of(result: Result, policy: Policy, slack: int = 0, first: str = "") -> Grade:
    """What a result counts under a policy.

    slack: how many slack days the student may use for it. first: when they first handed in anything
    for the unit.
    """
    rules = policy.units.get(result.unit, Rules())
    known = adjusted(_by_cutoffs(_carried(result, policy), rules), policy.adjustments)
    counted = [verdict for verdict in known.verdicts if verdict.name not in rules.drop]
    points = sum((exact(verdict.earned) for verdict in counted), Fraction(0))
    most = sum(
        (exact(verdict.points) for verdict in counted if verdict.name not in rules.bonus),
        Fraction(0),
    )
    steps = [
        _early(result, rules, policy),
        _by_hand(result, policy),
        _not_begun(first or result.submitted, rules, policy),
        late := _late(result, rules, policy, slack),
    ]
    for step in steps:
        points *= step.factor
    points = max(points, Fraction(0))
    words = [step.words for step in steps if step.words]
    if result.hand_in and result.hand_in.late and not result.submitted:
        words.append(
            f"marked late by {result.hand_in.source}, which does not say by how much: nothing was "
            "taken off"
        )
    if policy.carried < 1 and any(verdict.carried for verdict in result.verdicts):
        words.append(f"{policy.carried:.0%} of what follows early mistakes counts")
    words += [f"{name} does not count" for name in rules.drop] + [
        f"{name} counts on top" for name in rules.bonus
    ]
    return Grade(
        result=known,
        points=rounded(points),
        max_points=rounded(most),
        words="; ".join(words),
        exact_points=points,
        slack=late.slack,
        by_hand=tuple(of_result(result, policy.adjustments)),
    )


@dataclass(frozen=True)
class _Step:
    """Something that a policy does to the points of a unit: by what it multiplies them, and why."""

    factor: Fraction = Fraction(1)
    words: str = ""
    slack: int = 0


def _carried(result: Result, policy: Policy) -> Result:
    """The result with what counts of points that rest on early mistakes."""
    if policy.carried == 1:
        return result
    lost = 1 - exact(policy.carried)
    counted = [
        replace(v, earned=float(exact(v.earned) - lost * exact(v.carried))) for v in result.verdicts
    ]
    return replace(result, verdicts=tuple(counted))


def _by_cutoffs(result: Result, rules: Rules) -> Result:
    """The result with points by cut-offs for checks that train and have reached a loss."""
    if not rules.cutoffs:
        return result
    return replace(
        result, verdicts=tuple(_by_its_cutoffs(verdict, rules) for verdict in result.verdicts)
    )


def _by_its_cutoffs(verdict: Verdict, rules: Rules) -> Verdict:
    if verdict.name not in rules.cutoffs or not verdict.loss or not math.isfinite(verdict.loss[0]):
        return verdict
    share = interpolated(verdict.loss[0], rules.cutoffs[verdict.name])
    remark = Remark(
        f"{percent(share)} of the points by the cut-offs, at a loss of {verdict.loss[0]:.4g}."
    )
    return replace(
        verdict, earned=float(exact(verdict.points) * share), remarks=(*verdict.remarks, remark)
    )


def _early(result: Result, rules: Rules, policy: Policy) -> _Step:
    if not (policy.early.bonus and rules.due and result.submitted):
        return _Step()
    before = rules.due - datetime.fromisoformat(result.submitted)
    if before < timedelta(days=policy.early.days):
        return _Step()
    return _Step(1 + exact(policy.early.bonus), f"early, {policy.early.bonus:.0%} added")


def _by_hand(result: Result, policy: Policy) -> _Step:
    factor, words = unit_factor(result, policy.adjustments)
    return _Step(factor, "; ".join(words))


def _not_begun(first: str, rules: Rules, policy: Policy) -> _Step:
    lost = policy.late.not_begun
    if not (lost and rules.begun and first) or datetime.fromisoformat(first) <= rules.begun:
        return _Step()
    return _Step(
        1 - exact(lost), f"nothing was handed in by {rules.begun:%d %B}, {lost:.0%} taken off"
    )


def _late(result: Result, rules: Rules, policy: Policy, slack: int) -> _Step:
    days = _days_late(result, rules, policy)
    used = min(days, slack)
    lost = min((days - used) * exact(policy.late.per_day), exact(policy.late.at_most))
    if not days:
        return _Step()
    words = f"{days} {'day' if days == 1 else 'days'} late"
    words += f", {used} of them slack" if used else ""
    return _Step(1 - lost, f"{words}, {float(lost):.0%} taken off", used)


def _days_late(result: Result, rules: Rules, policy: Policy) -> int:
    """Days begun since the due time, an extension added; 0 within the hours of grace."""
    if rules.due is None or not result.submitted:
        return 0
    due = rules.due + timedelta(days=policy.extensions.get((result.lms_name, result.unit), 0.0))
    late = datetime.fromisoformat(result.submitted) - due
    return (
        0
        if late <= timedelta(hours=policy.late.grace_hours)
        else math.ceil(late / timedelta(days=1))
    )
