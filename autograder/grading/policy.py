"""What a course makes of its results: late days, several submissions, checks that do not count or count on top.

Stored results stay as they are; a policy is applied where they are shown or exported.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from autograder.course import Course, UnknownUnit, find_unit, load_unit
from autograder.grading.results import Result
from autograder.schema import BadFile, convert, read_toml_table

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Days = Annotated[float, msgspec.Meta(ge=0, le=3650)]
Hours = Annotated[float, msgspec.Meta(ge=0, le=8760)]
TABLES = ("keep", "late", "extensions")  # names in a policy's file that are no unit's


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one unit: when it is due, which checks count nothing, and which count on top of the points to be had."""

    due: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    drop: tuple[str, ...] = ()
    bonus: tuple[str, ...] = ()


class Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lateness costs: `per_day` of the points for each day begun after the due time, `at_most` in all."""

    grace_hours: Hours = 0.0
    per_day: Share = 0.0
    at_most: Share = 1.0


@dataclass(frozen=True)
class Policy:
    """The rules of a course. Without a file: every check counts, nothing is late, the best submission is kept.

    extensions: (student, unit) → days.
    """

    keep: str = "best"
    late: Late = Late()  # noqa: RUF009 (frozen)
    units: Mapping[str, Rules] = field(default_factory=dict)
    extensions: Mapping[tuple[str, str], float] = field(default_factory=dict)


@dataclass(frozen=True)
class Grade:
    """What counts of a result: points after the policy, those to be had, and in words what the policy did."""

    result: Result
    points: float
    max_points: float
    words: str = ""


def read_policy(course: Course, path: Path) -> Policy:
    """Read the policy in a TOML file. Its tables are units, `late` and `extensions`. Raises `BadFile`."""
    written = _with_whole_names(course, read_toml_table(path), str(path))
    # a data class with one key for each unit, so that each is checked and a misspelt one is told the nearest
    units = [(unit, Rules, Rules()) for unit in course.units]
    kind = msgspec.defstruct(
        "PolicyFile",
        [
            ("keep", Literal["best", "last"], "best"),
            ("late", Late, Late()),
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
        (student, unit): days for student, by_unit in read.extensions.items() for unit, days in by_unit.items()
    }
    return Policy(read.keep, read.late, rules, extensions)


def _with_whole_names(course: Course, written: dict[str, Any], where: str) -> dict[str, Any]:
    """Write out the names of units, which may be shortened, as keys and within `extensions`. Raises `BadFile`."""
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

    known: other names that could have been meant. Raises `BadFile` for an unknown unit, or one that is named twice.
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
            raise BadFile(f"{where}: `{names[unit]}` and `{name}` are the same unit. Write one table for it.")
        whole[unit], names[unit] = value, name
    return whole


def _known_checks(course: Course, unit: str, rules: Rules, where: str) -> None:
    """Refuse names of checks that the unit does not have. Raises `BadFile`, naming the nearest."""
    if not (rules.drop or rules.bonus):
        return
    checks = [check.name for check in load_unit(course, unit).checks]
    for kind, names in (("drop", rules.drop), ("bonus", rules.bonus)):
        for name in names:
            if name not in checks:
                near = get_close_matches(name, checks, 1, 0.4)
                hint = f"Did you mean `{near[0]}`?" if near else f"Known checks: {', '.join(checks)}."
                raise BadFile(f"{where}: `{unit}.{kind}`: there is no check `{name}`. {hint}")


def grades(results: Sequence[Result], policy: Policy) -> list[Grade]:
    """One grade for each student and unit, by unit and student: the best or the last of the results there are."""
    of: dict[tuple[str, str], list[Grade]] = {}
    for result in results:
        of.setdefault((result.unit, result.lms_name), []).append(grade_of(result, policy))
    order = {"best": lambda g: (g.points, g.result.submitted), "last": lambda g: (g.result.submitted, g.points)}
    return [max(of[place], key=order[policy.keep]) for place in sorted(of)]


def grade_of(result: Result, policy: Policy) -> Grade:
    """What a result counts under a policy."""
    rules = policy.units.get(result.unit, Rules())
    counted = [verdict for verdict in result.verdicts if verdict.name not in rules.drop]
    points = sum(verdict.earned for verdict in counted)
    most = sum(verdict.points for verdict in counted if verdict.name not in rules.bonus)
    days = _days_late(result, rules, policy)
    lost = min(days * policy.late.per_day, policy.late.at_most)
    words = [f"{days} {'day' if days == 1 else 'days'} late, {lost:.0%} taken off"] if days else []
    words += [f"{name} does not count" for name in rules.drop] + [f"{name} counts on top" for name in rules.bonus]
    return Grade(result, round(points * (1 - lost), 2), round(most, 2), "; ".join(words))


def _days_late(result: Result, rules: Rules, policy: Policy) -> int:
    """Days begun since the due time, an extension added; 0 within the hours of grace."""
    if rules.due is None or not result.submitted:
        return 0
    due = rules.due + timedelta(days=policy.extensions.get((result.lms_name, result.unit), 0.0))
    late = datetime.fromisoformat(result.submitted) - due
    return 0 if late <= timedelta(hours=policy.late.grace_hours) else math.ceil(late / timedelta(days=1))
