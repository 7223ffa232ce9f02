"""A course's rules for its results: late days, several submissions, partners, manual points.

There are also checks that do not count, or count on top. Stored results do not change; a policy is
applied where they are shown or exported. The order is: points by cut-offs and manual points,
dropped checks, the bonus for being early, a manual factor, the deduction for lateness.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Annotated

import msgspec

from autograder.grading.adjustments import (
    Adjustment,
    adjusted,
    of_result,
    said_of_checks,
    unit_factor,
)
from autograder.grading.arithmetic import exact, interpolated, percent, rounded
from autograder.grading.results import NO_FILE, Result
from autograder.grading.submissions import plain_names
from autograder.judging import Remark, Verdict

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Days = Annotated[float, msgspec.Meta(ge=0, le=3650)]
Hours = Annotated[float, msgspec.Meta(ge=0, le=8760)]
Weight = Annotated[float, msgspec.Meta(ge=0)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Cutoffs = Annotated[list[tuple[float, float]], msgspec.Meta(min_length=2)]
DAY_AND_HOUR = "%d %B %Y %H:%M %Z"
NEVER = datetime.max.replace(tzinfo=UTC)  # units without a due time come last


class Dates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The dates of one unit for a section of the class; others are as for the whole class.

    due, begun, handed_out: see `Rules`.
    """

    due: Moment | None = None
    begun: Moment | None = None
    handed_out: Moment | None = None


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of one unit.

    due: the deadline.
    handed_out: when students received it; extra time is counted from then.
    begun: when something must have been submitted; see `Late.not_begun`.
    weight: in the total.
    drop, bonus: the checks that count nothing, and those that count on top.
    cutoffs: for checks that train, the share of points at a held-out loss: pairs (loss, share),
    linear in between.
    """

    due: Moment | None = None
    begun: Moment | None = None
    handed_out: Moment | None = None
    weight: Weight = 1.0
    drop: tuple[str, ...] = ()
    bonus: tuple[str, ...] = ()
    cutoffs: dict[str, Cutoffs] = {}


class Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The deduction for lateness.

    per_day: the share of the points deducted for each day begun after the due time and
    `grace_hours`; `at_most` in all.
    slack_days: free days. Each student has this many for all units together, used in the order of
    due times, at most `slack_each` for one unit, and none if they change no points.
    not_begun: the share deducted if nothing was submitted by the unit's `begun`.
    """

    grace_hours: Hours = 0.0
    per_day: Share = 0.0
    at_most: Share = 1.0
    slack_days: Annotated[int, msgspec.Meta(ge=0)] = 0
    slack_each: Annotated[int, msgspec.Meta(ge=0)] = 3650
    not_begun: Share = 0.0


class Early(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bonus for submitting at least this many `days` before the due time.

    bonus: a share of the points.
    """

    days: Days = 0.0
    bonus: Share = 0.0


class Total(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The total of a course.

    drop_lowest: the number of a student's lowest units that are left out.
    letters: letter → its least share.
    """

    drop_lowest: Annotated[int, msgspec.Meta(ge=0)] = 0
    letters: dict[str, Share] = {}


@dataclass(frozen=True)
class Policy:
    """The rules of a course.

    Without a file every check counts, nothing is late, and the best submission is kept.
    carried: the share that counts of points which depend on an early mistake that was carried
    forward.
    extensions: (student, unit) → days.
    sections: section → unit → its dates there.
    sections_of: student → the sections in the roster, of those in `sections`.
    extra_time: student → the factor of the time from release to the due time.
    excused: student → the units that do not count in the student's total.
    partners: unit → groups of students whose submissions count for all of them.
    has_empty_partners: whether the table of partners has no groups.
    untimed: units without any submission time, for which lateness is unknown.
    regrades: the address for students' requests, from a link at each check.
    show_solutions: whether a page of feedback shows the course's solution of passed exercises.
    """

    keep: str = "best"
    carried: float = 1.0
    late: Late = Late()  # noqa: RUF009 (frozen)
    units: Mapping[str, Rules] = field(default_factory=dict)
    extensions: Mapping[tuple[str, str], float] = field(default_factory=dict)
    sections: Mapping[str, Mapping[str, Dates]] = field(default_factory=dict)
    sections_of: Mapping[str, Sequence[str]] = field(default_factory=dict)
    extra_time: Mapping[str, float] = field(default_factory=dict)
    excused: Mapping[str, frozenset[str]] = field(default_factory=dict)
    early: Early = Early()  # noqa: RUF009 (frozen)
    total: Total = Total()  # noqa: RUF009 (frozen)
    partners: Mapping[str, Sequence[frozenset[str]]] = field(default_factory=dict)
    has_empty_partners: bool = False
    adjustments: tuple[Adjustment, ...] = ()
    untimed: frozenset[str] = frozenset()
    regrades: str = ""
    show_solutions: bool = False

    @property
    def holds_only_points_by_hand(self) -> bool:
        """Return whether no rule differs from the default."""
        return self == Policy(adjustments=self.adjustments, untimed=self.untimed)

    def rules(self, unit: str) -> Rules:
        """Return the rules of a unit."""
        return self.units.get(unit, Rules())

    def rules_of_sections(self, unit: str) -> list[Rules]:
        """Return the rules of a unit, and then with the dates of each section that has its own."""
        rules = self.rules(unit)
        with_own = [by_unit[unit] for by_unit in self.sections.values() if unit in by_unit]
        return [rules, *(_with_dates(rules, dates) for dates in with_own)]

    def rules_of(self, student: str, unit: str) -> Rules:
        """Return the rules of a unit with the dates of a student's section.

        Of several sections the one counts in which the unit is due last.
        """
        rules = self.rules(unit)
        in_sections = []
        for section in self.sections_of.get(student, ()):
            dates = self.sections[section].get(unit)
            in_sections.append(_with_dates(rules, dates) if dates else rules)
        return max(in_sections, key=lambda each: each.due or NEVER, default=rules)


def _with_dates(rules: Rules, dates: Dates) -> Rules:
    """Return rules with a section's own dates."""
    return msgspec.structs.replace(
        rules,
        due=dates.due or rules.due,
        begun=dates.begun or rules.begun,
        handed_out=dates.handed_out or rules.handed_out,
    )


@dataclass(frozen=True)
class Deadline:
    """A unit's due time for one student; why: the reason for a difference from the class's."""

    due: datetime
    why: tuple[str, ...] = ()

    @property
    def date(self) -> str:
        """Return its day, month and year."""
        return f"{self.due.day} {self.due:%B %Y}"

    @property
    def words(self) -> str:
        """Say the time, and why it is the student's own."""
        time = _time_in_words(self.due)
        return f"due {time} ({', '.join(self.why)})" if self.why else f"due {time}"

    def handed_in(self, result: Result) -> str:
        """Say when a file was handed in, in the zone of the due time; empty where not known."""
        if not result.submitted:
            return ""
        submitted = datetime.fromisoformat(result.submitted)
        return _time_in_words(submitted.astimezone(self.due.tzinfo))


def _time_in_words(time: datetime) -> str:
    return f"{time.day} {time:%B, %H:%M %Z}"


def deadline(student: str, unit: str, policy: Policy) -> Deadline | None:
    """Return a unit's due time for a student; None if it has none.

    First the section's dates count, then extra time, then days of extension.
    """
    rules = policy.rules_of(student, unit)
    due = rules.due
    if due is None:
        return None
    why = []
    if due != policy.rules(unit).due:
        why.append("the date of the section")
    factor = policy.extra_time.get(student, 1.0)
    if factor != 1 and rules.handed_out:
        due = rules.handed_out + factor * (due - rules.handed_out)
        why.append(f"time × {factor:g}")
    days = policy.extensions.get((student, unit), 0.0)
    if days:
        due += timedelta(days=days)
        why.append(f"{days:g} days of extension" if days != 1 else "1 day of extension")
    return Deadline(due, tuple(why))


@dataclass(frozen=True)
class Line:
    """A line of the sum from the points of the checks to those that count.

    points: the number after it.
    """

    words: str
    points: Fraction

    @property
    def shown(self) -> float:
        """Return the points for display."""
        return rounded(self.points)


@dataclass(frozen=True)
class Grade:
    """The points of a result that count, and the maximum.

    words: the effects of the policy, and the manual points for the whole unit.
    tally: the sum that leads to the points, from those of all checks; one line if nothing was
    changed.
    exact_points: the same points before rounding.
    slack: the slack days that were used. days_late: after the student's own due time.
    due: when it was due for the student, in words; "" where it has no due time. handed_in: when it
    came, in the same zone.
    by_hand: what was given by hand, also for single checks.
    most: the maximum with all that counts on top: bonus checks, and the bonus for being early.
    stored: the result as it lies in its file. possible: what each hand-in of the student at the
    unit counts, and each of a partner, by time; this one too.
    """

    result: Result
    points: float
    max_points: float
    words: str = ""
    exact_points: Fraction = Fraction(0)
    slack: int = 0
    by_hand: tuple[Adjustment, ...] = ()
    tally: tuple[Line, ...] = ()
    days_late: int = 0
    due: str = ""
    handed_in: str = ""
    most: float = 0.0
    stored: Result | None = None
    possible: tuple["Grade", ...] = ()

    @property
    def share(self) -> Fraction:
        """Return the share of the points to be had; 0 where there are none."""
        if not self.max_points:
            return Fraction(0)
        return self.exact_points / exact(self.max_points)

    @property
    def all_words(self) -> str:
        """Describe the policy's effects, and the manual points for single checks, in one line."""
        said = said_of_checks(self.result, self.by_hand)
        if self.words:
            said = [self.words, *said]
        return "; ".join(said)


# ---- which submission counts


def grades(results: Sequence[Result], policy: Policy) -> list[Grade]:
    """Make one grade for each student and unit, by unit and student.

    results: of one student and unit in the order of submission, which decides between two in one
    second. Slack days are used unit by unit, in the order of due times.
    """
    by_student: dict[str, list[Result]] = {}
    for result in with_partners(results, policy):
        of_student = by_student.setdefault(result.lms_name, [])
        of_student.append(result)
    found: list[Grade] = []
    for of_student in by_student.values():
        found.extend(_of_student(of_student, policy))
    return sorted(found, key=_unit_and_student)


def _unit_and_student(grade: Grade) -> tuple[str, str]:
    return grade.result.unit, grade.result.lms_name


def with_partners(results: Sequence[Result], policy: Policy | None) -> list[Result]:
    """Add to results those that count for the submitters' partners."""
    found = list(results)
    if policy is None:
        return found
    files = {result.lms_name: result.student for result in results}
    for groups in policy.partners.values():
        new = frozenset().union(*groups) - files.keys()
        files |= plain_names(new, files.values())
    for result in results:
        for partner in _partners_of(result, policy):
            found.append(_in_name_of(partner, files[partner], result))
    return found


def _partners_of(result: Result, policy: Policy) -> list[str]:
    """List the other students of the submitters' groups; none without a file of the student."""
    student = result.lms_name
    partners: set[str] = set()
    if result.handed_in_by or result.note == NO_FILE:  # points by hand belong to one student
        return []
    for group in policy.partners.get(result.unit, ()):
        if student in group:
            partners |= group
    partners.discard(student)
    return sorted(partners)


def _in_name_of(partner: str, file: str, result: Result) -> Result:
    """Return a result as a partner's, without the LMS's data on the submitter.

    file: the partner's name in files and pages.
    """
    hand_in = result.hand_in
    if hand_in:
        hand_in = msgspec.structs.replace(
            hand_in, student=partner, name="", email="", id="", login="", sis=""
        )
    known_as = "" if file == partner else partner
    return replace(
        result, student=file, known_as=known_as, hand_in=hand_in, handed_in_by=result.student
    )


def _of_student(results: Sequence[Result], policy: Policy) -> Iterator[Grade]:
    """Yield a student's grade for each unit, in the order of due times."""
    by_unit: dict[str, list[Result]] = {}
    for result in results:
        of_unit = by_unit.setdefault(result.unit, [])
        of_unit.append(result)
    student = results[0].lms_name
    due_first = sorted(
        by_unit, key=lambda unit: (policy.rules_of(student, unit).due or NEVER, unit)
    )
    left = policy.late.slack_days
    for unit in due_first:
        free = min(left, policy.late.slack_each)
        counted = _of_unit(by_unit[unit], policy, free)
        left -= counted.slack
        yield counted


def _of_unit(results: Sequence[Result], policy: Policy, free: int) -> Grade:
    """Return the grade of one student for one unit; `free` slack days may be used for it."""
    first = first_time(results)
    possible = [grade_of(result, policy, free, first) for result in results]
    chosen = _chosen(possible, policy.keep)
    if all(result.submitted for result in results):
        possible.sort(key=lambda grade: grade.result.submitted)
    return replace(chosen, possible=tuple(possible))


def units_of(results: Sequence[Result]) -> list[str]:
    """Return the units that have results, in order."""
    return sorted({result.unit for result in results})


def first_time(results: Sequence[Result]) -> str:
    """Return when a student's first file for a unit was handed in; "" if that is not known.

    It may be one without a time, or one that was replaced before anybody collected it.
    """
    documents = [result.hand_in.begun for result in results if result.hand_in]
    times = [begun for begun in documents if begun]
    first = min(results, key=lambda result: result.submitted)
    is_first = not first.hand_in or first.hand_in.attempt <= 1
    if first.submitted and (is_first or times):
        times.append(first.submitted)
    return min(times, default="")


def _chosen(possible: Sequence[Grade], keep: str) -> Grade:
    """Choose the best of some grades, or the last.

    The best has the largest share: a unit's points may have changed between two rounds.
    """
    latest_first = possible[::-1]  # `max` keeps the first of equals
    if keep == "last":
        if all(grade.result.submitted for grade in possible):
            return max(latest_first, key=lambda grade: grade.result.submitted)
        # in the order in which they were graded; whether a partner's came later is not known
        own = [grade for grade in latest_first if not grade.result.handed_in_by]
        return (own or latest_first)[0]
    return max(
        latest_first,
        key=lambda grade: (
            grade.share,
            grade.exact_points,
            -grade.slack,
            grade.result.submitted,
        ),
    )


# ---- what a submission counts


def grade_of(result: Result, policy: Policy, slack: int = 0, first: str | None = None) -> Grade:
    """Return what a result counts under a policy.

    slack: the number of slack days that the student may use for it.
    first: the time of the student's first submission to the unit; "" if it is not known, None if
    it is this one.
    """
    rules = policy.rules_of(result.lms_name, result.unit)
    tally = [Line("all checks", _earned(result))]
    known = _with_carried(result, policy)
    tally.append(Line(f"{policy.carried:.0%} of follow-through credit", _earned(known)))
    for name in rules.cutoffs:
        known = _with_cutoffs(known, rules, name)
        tally.append(Line(f"cut-offs of {name}", _earned(known)))
    known = adjusted(known, policy.adjustments, rules.drop)
    tally.append(Line("by hand", _earned(known)))
    points = Fraction(0)
    most = Fraction(0)
    on_top = Fraction(0)
    for verdict in known.verdicts:
        if verdict.name in rules.drop:
            continue
        points += exact(verdict.earned)
        if verdict.name in rules.bonus:
            on_top += exact(verdict.points)
        else:
            most += exact(verdict.points)
    if rules.drop:
        tally.append(Line(f"without {', '.join(rules.drop)}", points))
    own = deadline(result.lms_name, result.unit, policy)
    steps = [
        _early(result, rules, policy),
        _by_hand(result, policy),
        _not_begun(result.submitted if first is None else first, rules, policy),
    ]
    before_late = points * math.prod(step.factor for step in steps)
    late = _late(result, own, policy, slack, has_points=before_late > 0)
    steps.append(late)
    for step in steps:
        points *= step.factor
        tally.append(Line(step.short or step.words, points))
    points = max(points, Fraction(0))
    tally.append(Line("never below nothing", points))
    return Grade(
        result=known,
        points=rounded(points),
        max_points=rounded(most),
        most=rounded((most + on_top) * _early_factor(result, rules, policy)),
        words="; ".join(_words(result, policy, steps)),
        exact_points=points,
        slack=late.slack,
        by_hand=tuple(of_result(result, policy.adjustments)),
        tally=tuple(_changes(tally)),
        days_late=late.days,
        due=own.words if own else "",
        handed_in=own.handed_in(result) if own else "",
        stored=result,
    )


def _early_factor(result: Result, rules: Rules, policy: Policy) -> Fraction:
    """Return the most by which being early can multiply the points of a result."""
    can_be_early = bool(rules.due and result.submitted)
    return 1 + exact(policy.early.bonus) if can_be_early else Fraction(1)


def _earned(result: Result) -> Fraction:
    """Return the points of all checks of a result."""
    return sum((exact(verdict.earned) for verdict in result.verdicts), Fraction(0))


def _changes(tally: Sequence[Line]) -> list[Line]:
    """Return the first line, and those that change the points."""
    kept = [tally[0]]
    for line in tally[1:]:
        if line.points != kept[-1].points:
            kept.append(line)
    return kept


@dataclass(frozen=True)
class _PolicyStep:
    """A step of a policy for a unit's points: the factor, and the reason.

    short: the text in a line of the sum, if the reason is given elsewhere. days: the days of
    lateness.
    """

    factor: Fraction = Fraction(1)
    words: str = ""
    slack: int = 0
    short: str = ""
    days: int = 0


def _words(result: Result, policy: Policy, steps: Sequence[_PolicyStep]) -> list[str]:
    """Describe the policy's effects on a result."""
    words = []
    if result.handed_in_by:
        words.append(handed_in_by(result.handed_in_by))
    for step in steps:
        if step.words:
            words.append(step.words)
    if policy.carried < 1 and any(verdict.carried for verdict in result.verdicts):
        words.append(f"{policy.carried:.0%} of follow-through credit counts")
    rules = policy.rules(result.unit)
    for name in rules.drop:
        words.append(f"{name} does not count")
    for name in rules.bonus:
        words.append(f"{name} counts on top")
    return words


def handed_in_by(partner: str) -> str:
    """Say who submitted a partner's result."""
    return f"handed in by {partner}"


def _with_carried(result: Result, policy: Policy) -> Result:
    """Keep the counting share of the points that depend on early mistakes."""
    if policy.carried == 1:
        return result
    lost = 1 - exact(policy.carried)
    verdicts = []
    for verdict in result.verdicts:
        earned = exact(verdict.earned) - lost * exact(verdict.carried)
        verdicts.append(replace(verdict, earned=float(earned)))
    return replace(result, verdicts=tuple(verdicts))


def _with_cutoffs(result: Result, rules: Rules, name: str) -> Result:
    """Give points by cut-offs for a check that trains and has a loss."""
    verdicts = []
    for verdict in result.verdicts:
        is_meant = verdict.name == name
        verdicts.append(_by_cutoffs(verdict, rules.cutoffs[name]) if is_meant else verdict)
    return replace(result, verdicts=tuple(verdicts))


def _by_cutoffs(verdict: Verdict, cutoffs: Cutoffs) -> Verdict:
    if not verdict.loss:
        return verdict
    loss = verdict.loss[0]
    if not math.isfinite(loss):
        return verdict
    share = interpolated(loss, cutoffs)
    earned = exact(verdict.points) * share
    remark = Remark(f"{percent(share)} of the points by the cut-offs, at a loss of {loss:.4g}.")
    remarks = (*verdict.remarks, remark)
    return replace(verdict, earned=float(earned), remarks=remarks)


def _early(result: Result, rules: Rules, policy: Policy) -> _PolicyStep:
    bonus = policy.early.bonus
    if not (bonus and rules.due and result.submitted):
        return _PolicyStep()
    needed = timedelta(days=policy.early.days)
    before_due = rules.due - datetime.fromisoformat(result.submitted)
    if before_due < needed:
        return _PolicyStep()
    factor = 1 + exact(bonus)
    return _PolicyStep(factor, f"early, {bonus:.0%} added")


def _by_hand(result: Result, policy: Policy) -> _PolicyStep:
    factor, words = unit_factor(result, policy.adjustments)
    return _PolicyStep(factor, "; ".join(words), short=f"× {float(factor):g} by hand")


def _not_begun(first: str, rules: Rules, policy: Policy) -> _PolicyStep:
    """Deduct points if nothing was submitted by `begun`.

    first: when the first file was submitted; "" if that is not known, which takes nothing off.
    """
    lost = policy.late.not_begun
    if not (lost and rules.begun and first):
        return _PolicyStep()
    first_time = datetime.fromisoformat(first)
    if first_time <= rules.begun:
        return _PolicyStep()
    factor = 1 - exact(lost)
    words = f"nothing was handed in by {rules.begun:%d %B}, {lost:.0%} taken off"
    return _PolicyStep(factor, words)


def _late(
    result: Result, own: Deadline | None, policy: Policy, slack: int, has_points: bool
) -> _PolicyStep:
    """Deduct points for lateness; `slack` days of it are free.

    own: the student's due time. If it differs from the class's, it is mentioned once that is over.
    has_points: whether there is anything to deduct.
    """
    if result.note == NO_FILE:
        return _PolicyStep()
    if not result.submitted:
        is_nobodys_known = result.unit in policy.untimed
        return _PolicyStep(words="" if is_nobodys_known else _time_not_known(result, own))
    if own is None:
        return _PolicyStep()
    submitted = datetime.fromisoformat(result.submitted)
    days = _days_after(own.due, submitted, policy)
    due_for_all = policy.rules(result.unit).due
    if not days:
        if submitted > own.due:
            hours = f"{policy.late.grace_hours:g}"
            unit = "hour" if hours == "1" else "hours"
            return _PolicyStep(words=f"in time, within {hours} {unit} of grace: {own.words}")
        is_over = due_for_all is not None and _days_after(due_for_all, submitted, policy) > 0
        return _PolicyStep(words=f"in time: {own.words}" if own.why and is_over else "")
    used = min(days, slack)
    lost = _lost(days - used, policy)
    if not has_points or lost == _lost(days, policy):
        used = 0  # kept for another unit
    unit = "day" if days == 1 else "days"
    words = f"{days} {unit} late"
    if used:
        covered = "covered by slack" if used == days else f"{used} of them slack"
        words += f", {covered}"
    elif slack:
        words += ", no slack day used, as none would change the points"
    elif policy.late.slack_days:
        words += ", no slack day left"
    words += f", {float(lost):.0%} taken off" if lost else ", nothing taken off"
    if own.why:
        words += f", {own.words}"
    return _PolicyStep(1 - lost, words, used, days=days)


def _lost(days: int, policy: Policy) -> Fraction:
    """Return the share of the points deducted for a number of days."""
    return min(days * exact(policy.late.per_day), exact(policy.late.at_most))


def _time_not_known(result: Result, own: Deadline | None) -> str:
    """Say that lateness costs nothing because the time of a submission is unknown.

    own: the student's due time. Without one there is nothing to say, nor of a file that Canvas,
    which marks late ones, did not mark.
    """
    if result.hand_in and result.hand_in.late:
        return (
            f"marked late by {result.hand_in.source}, which does not say by how much: nothing was "
            "taken off"
        )
    if own is None or (result.hand_in and result.hand_in.source == "canvas"):
        return ""
    return "when it was handed in is not known: nothing was taken off for being late"


def _days_after(due: datetime, submitted: datetime, policy: Policy) -> int:
    """Count the days begun since the grace hours after a due time ended."""
    grace = timedelta(hours=policy.late.grace_hours)
    late = submitted - due - grace
    days = late / timedelta(days=1)
    return max(0, math.ceil(days))
