"""The file of a policy, `policy.toml`, and the table of partners that it may name."""

import csv
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import msgspec

from autograder.course import Course, UnknownUnit, find_unit, load_unit
from autograder.errors import visible
from autograder.grading.policy import (
    DAY_AND_HOUR,
    Dates,
    Days,
    Early,
    Late,
    Policy,
    Rules,
    Share,
    Total,
    units_of,
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
        has_empty_partners=bool(read.partners) and not partners,
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


def refuse_extra_time_from_nowhere(policy: Policy, results: Sequence[Result]) -> None:
    """Refuse extra time without a start, in the units that have results. Raises `BadFile`."""
    if not policy.extra_time:
        return
    for unit in units_of(results):
        for dates in policy.rules_of_sections(unit):
            if dates.due and dates.handed_out is None:
                raise BadFile(
                    "The policy's `extra_time` multiplies the time from handing out to the due "
                    f"time. Write `handed_out`, a time before `due`, for {unit}."
                )
            if dates.due and dates.handed_out and dates.handed_out >= dates.due:
                raise BadFile(
                    f"The policy's `handed_out` for {unit}, {dates.handed_out:{DAY_AND_HOUR}}, is "
                    f"not before its `due`, {dates.due:{DAY_AND_HOUR}}. Check the dates and times "
                    "of both."
                )


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
    except UnicodeDecodeError:
        raise BadFile(f"{path} is not in UTF-8. Save it as *CSV UTF-8*.") from None
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
    if any("@" in cell for cell in (first, *others)):
        return True
    try:
        find_unit(course, first.strip())
    except UnknownUnit:
        return False
    return not any(map(HEADING.match, others))


def units_without_times(results: Sequence[Result]) -> frozenset[str]:
    """Return the units without any submission time."""
    timed = {result.unit for result in results if result.submitted}
    return frozenset({result.unit for result in results} - timed)


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
