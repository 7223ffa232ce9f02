"""The file of a policy, `policy.toml`, and the table of partners that it may name."""

import csv
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from itertools import pairwise
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import msgspec

from autograder.course import Course, UnknownUnit, find_unit, load_unit
from autograder.errors import first_of, visible
from autograder.grading.arithmetic import exact, interpolated, percent
from autograder.grading.policy import (
    Dates,
    Days,
    Early,
    Late,
    Policy,
    Rules,
    Share,
    Total,
    deadline,
    first_time,
    with_partners,
)
from autograder.grading.results import Result
from autograder.grading.roster import Roster, called, sections_among, sections_in
from autograder.schema import BadFile, at_the_top, convert, read_toml_table

Address = Annotated[str, msgspec.Meta(pattern=r"^([^\s@?&]+@[^\s@?&]+)?$")]
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
    "sections",
    "extra_time",
    "excused",
)
MOST_SHARE = 2.0  # of a check's points by cut-offs: some courses give 105 %, nobody gives 10000 %
USUAL_LETTER = re.compile("[A-F][*+−–-]?")
SIGNS = "*+ -−–"  # from the best; a space for none
Factor = Annotated[float, msgspec.Meta(ge=1, le=10)]


def read_policy(course: Course, path: Path) -> Policy:
    """Read the policy in a TOML file: the rules for all units, and a table for each unit.

    Raises `BadFile`.
    """
    written = _with_whole_names(course, read_toml_table(path), str(path))
    read: Any = convert(written, _kind_of_file(course), str(path))
    units = {unit: getattr(read, unit) for unit in course.units if unit in written}
    _refuse_keys_as_letters(read.total, str(path))
    _refuse_bonus_without_days(written, str(path))
    for unit, rules in units.items():
        _refuse_unknown_checks(course, unit, rules, str(path))
        _refuse_dropped_bonus(unit, rules, str(path))
        _refuse_shares_out_of_range(unit, rules, str(path))
        _refuse_reversed_cutoffs(unit, rules, str(path))
    extensions = {}
    for student, by_unit in read.extensions.items():
        for unit, days in by_unit.items():
            extensions[student, unit] = days
    partners = read_partners(course, path.parent / read.partners) if read.partners else {}
    return Policy(
        keep=read.keep,
        carried=read.carried,
        late=read.late,
        units=units,
        extensions=extensions,
        sections=read.sections,
        extra_time=read.extra_time,
        excused=_excused(course, read.excused, str(path)),
        early=read.early,
        total=read.total,
        partners=partners,
        regrades=read.regrades,
        show_solutions=read.show_solutions,
    )


def _excused(
    course: Course, written: Mapping[str, Sequence[str]], where: str
) -> dict[str, frozenset[str]]:
    """Return the units that each student is excused from, with whole names. Raises `BadFile`."""
    excused = {}
    for student, names in written.items():
        try:
            excused[student] = frozenset(find_unit(course, name) for name in names)
        except UnknownUnit as error:
            raise BadFile(f"{where}: `excused.{student}`: {error}") from None
    return excused


def _kind_of_file(course: Course) -> type[msgspec.Struct]:
    """Return the data class of the file: with a key for each unit, so that each is checked.

    The message about a misspelt key has the nearest right one.
    """
    units = [(unit, Rules, Rules()) for unit in course.units]
    return msgspec.defstruct(
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
            ("sections", dict[str, dict[str, Dates]], {}),
            ("extra_time", dict[str, Factor], {}),
            ("excused", dict[str, list[str]], {}),
            *units,
        ],
        forbid_unknown_fields=True,
    )


def _with_whole_names(course: Course, written: dict[str, Any], where: str) -> dict[str, Any]:
    """Write out the names of units, which may be shortened: as keys, and within some tables.

    These are `extensions` and `sections`. Raises `BadFile`.
    """
    tables: dict[str, Any] = {}
    units: dict[str, Any] = {}
    for name, value in written.items():
        group = tables if name in TABLES else units
        group[name] = value
    for kind in ("extensions", "sections"):
        table = tables.get(kind)
        if not isinstance(table, dict):
            continue
        whole = {}
        for key, by_unit in table.items():
            there = f"{where}: `{kind}.{key}`"
            whole[key] = _of_units(course, by_unit, there)
        tables[kind] = whole
    rules = _of_units(course, units, where, known=TABLES)
    return {**tables, **rules}


def _of_units(course: Course, by_unit: Any, where: str, known: Sequence[str] = ()) -> Any:
    """Write out the names of units in a table; another value is left unchanged.

    known: other possible names.
    Raises `BadFile` for an unknown unit, or a repeated one.
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
            if name in TABLES:
                words = at_the_top(name, value)
            raise BadFile(f"{where}: {words}") from None
        if unit in whole:
            raise BadFile(
                f"{where}: `{names[unit]}` and `{name}` are the same unit. Write one table for it."
            )
        whole[unit] = value
        names[unit] = name
    return whole


def _refuse_keys_as_letters(total: Total, where: str) -> None:
    """Refuse letters that are called like keys of the policy, which stand below the wrong table.

    Raises `BadFile`.
    """
    keys = set(TABLES)
    for kind in (Total, Late, Early, Rules):
        keys.update(kind.__struct_fields__)
    for name in total.letters:
        if name in keys:
            raise BadFile(
                f"{where}: `{name}` stands below [total.letters], and would be a letter. Write it "
                "above that line, in the table that it belongs to."
            )


def _refuse_bonus_without_days(written: Mapping[str, Any], where: str) -> None:
    """Refuse a bonus for everything that is in time: `days` was forgotten. Raises `BadFile`."""
    early = written.get("early", {})
    if early.get("bonus") and "days" not in early:
        raise BadFile(
            f"{where}: [early] has `bonus` and no `days`. Write how many days before the due time "
            "earn it; `days = 0` gives it to everybody who is in time."
        )


def _refuse_unknown_checks(course: Course, unit: str, rules: Rules, where: str) -> None:
    """Refuse names of checks that the unit does not have. Raises `BadFile`, naming the nearest."""
    named: Mapping[str, Sequence[str]] = {
        "drop": rules.drop,
        "bonus": rules.bonus,
        "cutoffs": tuple(rules.cutoffs),
    }
    if not any(named.values()):
        return
    checks = [check.name for check in load_unit(course, unit).checks]
    for kind, names in named.items():
        for name in names:
            if name in checks:
                continue
            near = get_close_matches(name, checks, 1, 0.4)
            hint = f"Did you mean `{near[0]}`?" if near else f"Known checks: {', '.join(checks)}."
            raise BadFile(f"{where}: `{unit}.{kind}`: there is no check `{name}`. {hint}")


def _refuse_dropped_bonus(unit: str, rules: Rules, where: str) -> None:
    """Refuse a check that counts nothing and on top. Raises `BadFile`."""
    both = [f"`{name}`" for name in rules.drop if name in rules.bonus]
    if both:
        raise BadFile(
            f"{where}: `{unit}.drop` and `{unit}.bonus` both name {', '.join(both)}. What is "
            "dropped counts nothing, what is a bonus counts on top. Remove it from one of them."
        )


def _refuse_shares_out_of_range(unit: str, rules: Rules, where: str) -> None:
    """Refuse cut-offs with a share that nobody means, such as 100 for 100 %. Raises `BadFile`."""
    for check, cutoffs in rules.cutoffs.items():
        for loss, share in cutoffs:
            if not 0 <= share <= MOST_SHARE:
                raise BadFile(
                    f"{where}: `{unit}.cutoffs.{check}`: loss {loss:g} earns a share of {share:g}, "
                    "and shares go from 0 to 1: write 100 % as 1.0."
                )


def _refuse_reversed_cutoffs(unit: str, rules: Rules, where: str) -> None:
    """Refuse cut-offs by which a higher loss earns more. Raises `BadFile`."""
    for check, cutoffs in rules.cutoffs.items():
        for low, high in pairwise(sorted(cutoffs)):
            if high[1] > low[1] or high[0] == low[0]:
                raise BadFile(
                    f"{where}: `{unit}.cutoffs.{check}`: loss {high[0]:g} earns {high[1]:g} and "
                    f"loss {low[0]:g} earns {low[1]:g}. Write pairs [loss, share] with rising "
                    "losses and falling shares, such as [[0.8, 1.0], [0.9, 0.0]]."
                )


def letters_out_of_order(policy: Policy) -> list[str]:
    """Warn if a better letter does not need a higher share of the total.

    The first two that are out of order are named.
    """
    shares = policy.total.letters
    for better, worse in pairwise(_from_the_best(shares)):
        if shares[better] <= shares[worse]:
            return [
                f"Warning: the policy's `total.letters` are out of order: {visible(better)} begins "
                f"at {percent(exact(shares[better]))} and {visible(worse)} at "
                f"{percent(exact(shares[worse]))}. Write them from the best to the worst, with "
                "falling shares."
            ]
    return []


def _from_the_best(shares: Mapping[str, float]) -> list[str]:
    """Return letters from the best to the worst, as far as their order is certain.

    With A and B, these are A to F with their signs; without, C and D may be *credit* and
    *distinction*. Other names stand in the order of the file, which may begin with the worst.
    """
    usual = [name for name in shares if USUAL_LETTER.fullmatch(name)]
    if "A" in usual and "B" in usual:
        return sorted(usual, key=_letter_and_sign)
    as_written = list(shares)
    is_rising = bool(shares) and shares[as_written[0]] < shares[as_written[-1]]
    return as_written[::-1] if is_rising else as_written


def _letter_and_sign(name: str) -> tuple[str, int]:
    return name[0], SIGNS.index(name[1:] or " ")


def cutoffs_above_the_maximum(policy: Policy) -> list[str]:
    """Warn of each check whose cut-offs give more than its points."""
    lines = []
    for unit, rules in policy.units.items():
        for check, cutoffs in rules.cutoffs.items():
            loss, share = min(cutoffs)
            if share > 1:
                lines.append(
                    f"Warning: the policy's `{unit}.cutoffs.{check}` gives {percent(exact(share))} "
                    f"of the points at a loss of {loss:g}. If you do not mean more than the "
                    "maximum, write a share from 0 to 1."
                )
    return lines


def cutoffs_below_ours(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of each check whose first cut-off our own solution does not reach.

    Our loss depends on the seed; the lowest in these results counts.
    """
    lines = []
    for unit, rules in policy.units.items():
        for check, cutoffs in rules.cutoffs.items():
            ours = _our_losses(results, unit, check)
            if not (ours and cutoffs):
                continue
            best = min(ours)
            first, most = min(cutoffs)
            share = interpolated(best, cutoffs)
            if share < exact(most):
                lines.append(
                    f"Warning: the policy's `{unit}.cutoffs.{check}` gives {percent(exact(most))} "
                    f"of the points at a loss of {first:g}, and our solution's is {best:.4g} here, "
                    f"which earns {percent(share)}. Set the first cut-off above our loss."
                )
    return lines


def cutoffs_without_loss(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of cut-offs for a check that has points and no loss, where they have no effect."""
    lines = []
    for unit, rules in policy.units.items():
        for check in rules.cutoffs:
            verdicts = [
                verdict
                for result in results
                for verdict in result.verdicts
                if (result.unit, verdict.name) == (unit, check)
            ]
            has_points = any(verdict.earned for verdict in verdicts)
            if has_points and not any(verdict.loss for verdict in verdicts):
                lines.append(
                    f"Warning: the policy's `{unit}.cutoffs.{check}` has no effect: this check "
                    "compares no loss. Name the check that trains."
                )
    return lines


def _our_losses(results: Sequence[Result], unit: str, check: str) -> list[float]:
    """Return our solution's held-out losses, which are beside those of submissions."""
    found = []
    for result in results:
        for verdict in result.verdicts:
            is_meant = (result.unit, verdict.name) == (unit, check)
            if is_meant and len(verdict.loss) > 1 and isfinite(verdict.loss[1]):
                found.append(verdict.loss[1])
    return found


def refuse_extra_time_from_nowhere(policy: Policy, results: Sequence[Result]) -> None:
    """Refuse extra time without a start, in the units that have results. Raises `BadFile`."""
    if not policy.extra_time:
        return
    for unit in _units_of(results):
        for dates in policy.rules_of_sections(unit):
            if dates.due and (dates.handed_out is None or dates.handed_out >= dates.due):
                raise BadFile(
                    "The policy's `extra_time` multiplies the time from handing out to the due "
                    f"time. Write `handed_out`, a time before `due`, for {unit}."
                )


def handed_out_long_before_due(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of units handed out long before they are due, as with a wrong year in `handed_out`.

    Extra time multiplies the days between.
    """
    if not policy.extra_time:
        return []
    lines = []
    for unit in _units_of(results):
        for dates in policy.rules_of_sections(unit):
            if not (dates.due and dates.handed_out):
                continue
            days = dates.due - dates.handed_out
            if days > NEARLY_A_YEAR:
                lines.append(
                    f"Warning: {unit} was handed out {dates.handed_out.day} "
                    f"{dates.handed_out:%B %Y}, {days.days} days before it was due, and "
                    "`extra_time` multiplies these days. Check the year and month of "
                    "`handed_out`."
                )
                break
    return lines


def _units_of(results: Sequence[Result]) -> list[str]:
    """Return the units that have results, in order."""
    return sorted({result.unit for result in results})


def with_sections(policy: Policy, roster: Roster | None) -> Policy:
    """Return a policy that knows each student's sections, by the roster.

    Raises `BadFile` without a roster, and for a section without students.
    """
    if not policy.sections:
        return policy
    sections_of = {}
    named: dict[str, None] = {}
    for name, student in roster.students.items() if roster else ():
        named.update(dict.fromkeys(sections_in(student.section)))
        theirs = sections_among(student.section, policy.sections)
        named.update(dict.fromkeys(theirs))
        sections_of[name] = theirs
    if not named:
        raise BadFile(
            "The policy has `sections`, and no roster says who is in which. Give `collect` or "
            "`grade` a --roster with a column `section`."
        )
    used = {section for of_student in sections_of.values() for section in of_student}
    unused = _strangers(set(policy.sections) - used, set(named))
    if unused:
        raise BadFile(f"The policy's `sections` name some that nobody is in: {unused}.")
    return replace(policy, sections_of=sections_of)


def without_section(policy: Policy, results: Sequence[Result], roster: Roster | None) -> str:
    """Warn of students without a section, in units with dates by section.

    If more have none than have one, the others are meant to have the unit's own dates.
    """
    dated = frozenset().union(*policy.sections.values())
    units = sorted(dated.intersection(result.unit for result in results))
    known = roster.students if roster else {}
    names: dict[str, str] = {}
    without: set[str] = set()
    for result in with_partners(results, policy):
        if result.unit not in units:
            continue
        student = known.get(result.lms_name)
        name = student.name if student else _name(result)
        names[result.lms_name] = called(result.lms_name, name)
        if not (student and sections_in(student.section)):
            without.add(result.lms_name)
    if not without or 2 * len(without) > len(names):
        return ""
    verb = "has" if len(units) == 1 else "have"
    who = "; ".join(names[student] for student in sorted(without))
    return visible(
        f"Warning: {', '.join(units)} {verb} dates by section, and the roster has no section for "
        f"{who}. Only dates outside [sections] count for them. Add the missing sections to the "
        "roster, and give it to `collect` or `grade` as --roster."
    )


def read_partners(course: Course, path: Path) -> dict[str, list[frozenset[str]]]:
    """Read groups from a CSV file: a head, then in each row a unit and the students of one group.

    Raises `BadFile`.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        lines = text.splitlines()
        delimiter = max(",;\t", key="".join(lines[:1]).count)
        rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadFile(f"{path} cannot be read: {reason}.") from None
    if not any(map(any, rows)):
        raise BadFile(
            f"{path} is empty. Write a heading, `unit,student,student`, and below it a row for "
            "each group; or remove `partners` from the policy."
        )
    if rows and len(rows[0]) > 1 and _is_group(course, *rows[0]):
        raise BadFile(
            f"{path}, line 1: `{','.join(rows[0])}` is a group, and the first line is the heading. "
            "Write `unit,student,student` above it."
        )
    groups: dict[str, list[frozenset[str]]] = {}
    for number, row in enumerate(rows[1:], 2):
        cells = [cell.strip() for cell in row if cell.strip()]
        if not cells:
            continue
        where = f"{path}, line {number}"
        unit, *students = cells
        try:
            unit = find_unit(course, unit)
        except UnknownUnit as error:
            raise BadFile(f"{where}: {error}") from None
        of_unit = groups.setdefault(unit, [])
        taken = frozenset[str]().union(*of_unit)
        twice = sorted(taken.intersection(students))
        if twice:
            raise BadFile(f"{where}: {twice[0]} is in two groups of {unit}. Keep one row.")
        if len(set(students)) < 2:
            raise BadFile(f"{where}: a group has two students or more: `{unit},ada,grace`.")
        of_unit.append(frozenset(students))
    return groups


HEADING = re.compile(r"\s*(students?|partners?|members?|names?)\d*\b", re.I)


def _is_group(course: Course, first: str, *others: str) -> bool:
    """Return whether the first line of a table of partners is a group, and no heading."""
    try:
        find_unit(course, first.strip())
    except UnknownUnit:
        return False
    return not any(map(HEADING.match, others))


def units_without_times(results: Sequence[Result]) -> frozenset[str]:
    """Return the units without any submission time."""
    timed = {result.unit for result in results if result.submitted}
    return frozenset({result.unit for result in results} - timed)


def lateness_not_counted(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Say of each unit with a due time for which submissions its late rules have no effect.

    These are all, if no submission has a time; else those that a platform marked as late, without
    a time.
    """
    lines = []
    for unit in _units_of(results):
        if not any(rules.due for rules in policy.rules_of_sections(unit)):
            continue
        late = [
            one
            for one in results
            if one.unit == unit and one.hand_in and one.hand_in.late and not one.submitted
        ]
        names = sorted({called(one.lms_name, _name(one)) for one in late})
        sources = sorted({one.hand_in.source.capitalize() for one in late if one.hand_in})
        marked = f"{' and '.join(sources)} marked {len(names)} as late"
        if unit in policy.untimed:
            line = f"Warning: {unit}: no submission has a time, so late days were not counted."
            line += f" {marked}: {'; '.join(names)}." if late else ""
        elif late:
            line = f"Warning: {unit}: {marked} whose times are missing, so nothing was taken off: "
            line += f"{'; '.join(names)}."
        else:
            continue
        lines.append(visible(f"{line} {KEEP_LATENESS}"))
    return lines


def early_not_counted(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Say of each unit with a due time whose files have no time, so that none can be early."""
    if not policy.early.bonus:
        return []
    lines = []
    for unit in _units_of(results):
        of_unit = [one for one in results if one.unit == unit and one.sha256]
        without = [one for one in of_unit if not one.submitted]
        if not without or not policy.rules(unit).due:
            continue
        names = sorted({called(one.lms_name, _name(one)) for one in without})
        lines.append(
            visible(
                f"Warning: {unit}: {len(names)} of those who handed in have no time, so no bonus "
                f"for early work was added for them: {first_of(names)}. {KEEP_EARLINESS}"
            )
        )
    return lines


def late_before_due(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of files that a platform marked as late, with a time that is before the due time.

    One of the two is wrong, such as a time in a table. The platform may not know days of extension
    and dates by section, so a late mark on a file within them may be right.
    """
    names: dict[tuple[str, str], set[str]] = {}
    for result in results:
        record = result.hand_in
        both = (policy.rules_of(result.lms_name, result.unit), policy.rules(result.unit))
        due_times = [rules.due for rules in both if rules.due]
        if not (record and record.late and due_times and result.submitted):
            continue
        if datetime.fromisoformat(result.submitted) <= min(due_times):
            whose = names.setdefault((result.unit, record.source.capitalize()), set())
            whose.add(called(result.lms_name, _name(result)))
    lines = []
    for (unit, source), students in sorted(names.items()):
        lines.append(
            visible(
                f"Warning: {unit}: {source} marked {len(students)} as late whose times are before "
                f"the due time, so nothing was taken off: {'; '.join(sorted(students))}. Check "
                "`due` here and there, and the times given with --times-from."
            )
        )
    return lines


def unmarked_after_due(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of files that Canvas did not mark as late, with a time after the student's due time.

    One of the two is wrong, such as a time in a table, or Canvas does not know a date or days of
    grace. If Canvas marked nobody, its assignment may have no due time.
    """
    if not policy.late.per_day:
        return []
    grace = timedelta(hours=policy.late.grace_hours)
    marked: set[str] = set()
    names: dict[str, set[str]] = {}
    for result in results:
        record = result.hand_in
        if not record or record.source != "canvas":
            continue
        if record.late:
            marked.add(result.unit)
            continue
        own = deadline(result.lms_name, result.unit, policy)
        if own and result.submitted and datetime.fromisoformat(result.submitted) > own.due + grace:
            names.setdefault(result.unit, set()).add(called(result.lms_name, _name(result)))
    lines = []
    for unit in sorted(marked & names.keys()):
        whose = sorted(names[unit])
        lines.append(
            visible(
                f"Warning: {unit}: Canvas did not mark {len(whose)} as late whose times are after "
                f"the due time, and they count as late: {'; '.join(whose)}. Check `due` here and "
                "there, and the times given with --times-from."
            )
        )
    return lines


def late_by_files_alone(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of files that are late by their own time, where no system says when they came.

    results: without those whose time nbgrader wrote.
    """
    if not policy.late.per_day:
        return []
    names: dict[str, set[str]] = {}
    for result in results:
        own = deadline(result.lms_name, result.unit, policy)
        is_own_time = not result.hand_in or result.hand_in.source == "folder"
        if own and result.submitted and result.checksum and is_own_time:
            late = datetime.fromisoformat(result.submitted) - own.due
            if late > timedelta(hours=policy.late.grace_hours):
                names.setdefault(result.unit, set()).add(called(result.lms_name, _name(result)))
    lines = []
    for unit, students in sorted(names.items()):
        whose = sorted(students)
        lines.append(
            visible(
                f"Warning: {unit}: {len(whose)} are late by the time of the file itself, which "
                f"copying or unpacking changes: {first_of(whose)}. `collect` reads the times of a "
                "platform, and `grade --timestamps` those of nbgrader."
            )
        )
    return lines


def units_never_late(policy: Policy, results: Sequence[Result]) -> str:
    """Say which units have results and no due time, if the policy takes off for being late.

    Also say that a policy with other keys of [late] takes nothing off.
    """
    if not policy.late.per_day:
        if policy.late.not_begun or policy.late == Late():
            return ""
        return (
            "Warning: the policy's [late] has no `per_day`, so nothing is taken off for being "
            "late. Write `per_day = 0.1`, as for 10 % a day."
        )
    never = []
    for unit in _units_of(results):
        if not any(rules.due for rules in policy.rules_of_sections(unit)):
            never.append(unit)
    if not never:
        return ""
    tables = ", ".join(f"[{unit}]" for unit in never)
    return (
        f"Warning: the policy has [late] and no due time for {', '.join(never)}, so nothing is "
        f"taken off there for being late. Write `due` below {tables}."
    )


def due_far_from_files(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of units due long before or after all their files, as with a wrong year in `due`.

    Those with other dates, as of a section, are judged by themselves, if they are two or more. Of
    five or more, a day is long.
    """
    lines = []
    for unit in _units_of(results):
        of_dates: dict[datetime, list[Result]] = {}
        for result in results:
            due = policy.rules_of(result.lms_name, unit).due
            if result.unit == unit and due:
                of_dates.setdefault(due, []).append(result)
        for due, those in sorted(of_dates.items()):
            students = {result.lms_name for result in those if result.submitted}
            if students and (len(of_dates) == 1 or len(students) > 1):
                line = _far_from_files(due, those, policy)
                lines += [f"Warning: {unit} was due {line}"] if line else []
    return lines


def _far_from_files(due: datetime, results: Sequence[Result], policy: Policy) -> str:
    """Say when something was due that is far from all its files; "" if it is not.

    results: of those for whom it was due then. Only the late ones may have a time.
    """
    delays = []
    for result in results:
        own = deadline(result.lms_name, result.unit, policy)
        if own and result.submitted:
            delays.append(datetime.fromisoformat(result.submitted) - own.due)
    least, most = min(delays), max(delays)
    when = f"{due.day} {due:%B %Y}"
    students = {result.lms_name for result in results}
    are_several = len(students) >= SEVERAL and 2 * len(delays) > len(results)
    if least > LONG_AFTER or (are_several and least > A_DAY):
        days = f"{least.days} day" if least.days == 1 else f"{least.days} days"
        return f"{when}, and the first of its files came {days} later. {CHECK_DUE}"
    if -most > LONG_BEFORE:
        days = f"{(-most).days} days"
        return f"{when}, and the last of its files came {days} earlier. {CHECK_DUE}"
    return ""


CHECK_DUE = "Check the day, month and year of `due`."
SEVERAL = 5
A_DAY = timedelta(days=1)


def dates_out_of_order(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of a unit whose dates do not follow each other: handed out, begun, due."""
    lines = []
    for unit in _units_of(results):
        for dates in policy.rules_of_sections(unit):
            named = {"handed_out": dates.handed_out, "begun": dates.begun, "due": dates.due}
            written = [(name, time) for name, time in named.items() if time]
            for (first, before), (second, after) in pairwise(written):
                if before > after:
                    lines.append(
                        f"Warning: {unit}: `{first}`, {before:{DAY_AND_HOUR}}, is after "
                        f"`{second}`, {after:{DAY_AND_HOUR}}. Check the dates and times of both."
                    )
    return list(dict.fromkeys(lines))


DAY_AND_HOUR = "%d %B %Y %H:%M %Z"


def nobody_begun(policy: Policy, results: Sequence[Result]) -> list[str]:
    """Warn of units in which everybody loses points for not having begun, if they are several."""
    if not policy.late.not_begun:
        return []
    lines = []
    for unit in _units_of(results):
        of_students: dict[str, list[Result]] = {}
        for result in results:
            if result.unit == unit and result.sha256:
                of_students.setdefault(result.lms_name, []).append(result)
        begun = {student: policy.rules_of(student, unit).begun for student in of_students}
        have_not = []
        for student, theirs in of_students.items():
            first, needed = first_time(theirs), begun[student]
            if first and needed and datetime.fromisoformat(first) > needed:
                have_not.append(needed)
        if len(have_not) >= SEVERAL and len(have_not) == len(of_students):
            lines.append(
                f"Warning: {unit}: nobody handed in anything by `begun`, "
                f"{max(have_not):%d %B %Y}. Check its day, month and year; or collect what was "
                "there then."
            )
    return lines


LONG_AFTER = timedelta(days=60)
NEARLY_A_YEAR = timedelta(days=330)
LONG_BEFORE = timedelta(days=180)  # some hand in a term's last unit in its first weeks

KEEP_LATENESS = (
    "Take points off for lateness on the platform, or collect again with the times: of Canvas by "
    "--times-from, of Moodle by --roster and its worksheet. Then run `grade`."
)


KEEP_EARLINESS = (
    "Collect again with the times: of Canvas by --times-from, of Moodle by --roster and its "
    "worksheet. Then run `grade`."
)


def _name(result: Result) -> str:
    return result.hand_in.name if result.hand_in else ""


def unknown_students(
    policy: Policy, results: Sequence[Result], roster: Roster | None, listed: Collection[str] = ()
) -> str:
    """List the unknown students that a policy names, each with the nearest name; empty if none.

    With a roster they are an error of the policy, and `BadFile` is raised. Without one, a student
    may not have submitted yet, and a partner need not. listed: students by another list, such as a
    gradebook's; then a partner is known, too.
    """
    known = {result.lms_name for result in results}.union(listed)
    units = {result.unit for result in results}
    on_pages = {result.student: result.lms_name for result in results}
    extended = {student for student, _ in policy.extensions}
    slower = set(policy.extra_time)
    excused = set(policy.excused)
    partners: set[str] = set()
    for groups in policy.partners.values():
        partners.update(*groups)
    if roster is None:
        by_table = {"extensions": extended, "extra_time": slower, "excused": excused}
        by_table["partners"] = partners if listed else _doubtful_partners(policy, units, known)
        known |= partners - by_table["partners"]
        told = _strangers(set().union(*by_table.values()), known, None, on_pages)
        if not told:
            return ""
        tables = " and ".join(f"`{table}`" for table, named in by_table.items() if named)
        return f"Warning: the policy's {tables} name students who are not in this class: {told}."
    known.update(roster.students)
    for kind, named in (
        ("extensions", extended),
        ("extra_time", slower),
        ("excused", excused),
        ("partners", partners),
    ):
        told = _strangers(named, known, roster, on_pages)
        if told:
            raise BadFile(
                f"The policy's `{kind}` name students who are not in this class: {told}. Correct "
                "the names, or add the students to the roster."
            )
    return ""


def _doubtful_partners(policy: Policy, units: Collection[str], known: Collection[str]) -> set[str]:
    """Return unknown partners that may be misspelt, in units that have results.

    They are like somebody who is in no group of the unit, or nobody of their group is known. Others
    may be right: a partner need not hand in anything. Of numbers each is like another.
    """
    doubtful: set[str] = set()
    for unit in sorted(units & policy.partners.keys()):
        groups = policy.partners[unit]
        others = [student.casefold() for student in set(known).difference(*groups)]
        for group in groups:
            strangers = group.difference(known)
            if strangers == group:
                doubtful |= group
            for student in strangers:
                name = student.casefold()
                near = get_close_matches(name, others, 1, NEAR_NAME)
                is_a_number = near and NUMERAL.sub("", near[0]) == NUMERAL.sub("", name)
                if name in others or (near and not is_a_number):
                    doubtful.add(student)
    return doubtful


NUMERAL = re.compile(r"\d")
NEAR_NAME = 0.8  # of two names of this likeness one may be the other, misspelt


def _strangers(
    named: set[str],
    known: set[str],
    roster: Roster | None = None,
    on_pages: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """List the unknown names, each with the student whom pages or the roster call so.

    Else with the nearest. on_pages: the students by their names in files and on pages.
    """
    told = []
    for student in sorted(named - known):
        same = roster.students_called(student) if roster else []
        same = [on_pages[student]] if student in on_pages else same
        near = same or get_close_matches(student, known, 1, 0.6)
        hint = f" (did you mean {' or '.join(f'`{one}`' for one in near)}?)" if near else ""
        told.append(f"`{student}`{hint}")
    return ", ".join(told)
