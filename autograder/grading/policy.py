"""What a course makes of its results: late days, several submissions, checks that do not count or count on top.

Stored results stay as they are; a policy is applied where they are shown or exported.
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from autograder.course import find_unit, load_unit
from autograder.grading.results import Result


class BadPolicy(Exception):
    """The policy's file cannot be used; the text says where and what to write instead."""


@dataclass(frozen=True)
class Rules:
    """Of one unit: when it is due, which checks count nothing, and which count on top of the points to be had."""

    due: datetime | None = None
    drop: tuple[str, ...] = ()
    bonus: tuple[str, ...] = ()


@dataclass(frozen=True)
class Late:
    """What lateness costs: `per_day` of the points for each day begun after the due time, `at_most` in all."""

    grace_hours: float = 0.0
    per_day: float = 0.0
    at_most: float = 1.0


@dataclass(frozen=True)
class Policy:
    """The rules of a course. Without a file: every check counts, nothing is late, the best submission is kept."""

    keep: str = "best"
    late: Late = Late()
    units: Mapping[str, Rules] = field(default_factory=dict)
    extensions: Mapping[tuple[str, str], float] = field(default_factory=dict)  # (student, unit) → days


@dataclass(frozen=True)
class Grade:
    """What counts of a result: points after the policy, those to be had, and in words what the policy did."""

    result: Result
    points: float
    max_points: float
    words: str = ""


def read_policy(path: Path) -> Policy:
    """The policy in a TOML file. Raises `BadPolicy`; `OSError` where there is no such file."""
    try:
        return _policy(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise BadPolicy(f"{path}: {error}") from None


def _policy(written: dict[str, Any]) -> Policy:
    keep, late, extensions = written.pop("keep", "best"), written.pop("late", {}), written.pop("extensions", {})
    if keep not in ("best", "last"):
        raise ValueError(f'keep = {keep!r}. Of several submissions a course keeps the "best" or the "last".')
    _known(late, Late.__dataclass_fields__, "[late]")
    for name, value in late.items():
        if type(value) not in (int, float) or value < 0 or (name != "grace_hours" and value > 1):
            raise ValueError(f"{name} = {value!r}: wanted is a number, hours or a share from 0 to 1.")
    units = {_unit(name): _rules(name, rules) for name, rules in written.items()}
    days = {(s, _unit(name)): _days(s, n) for s, its in extensions.items() for name, n in its.items()}
    return Policy(keep, Late(**late), units, days)


def _unit(name: str) -> str:
    try:
        return find_unit(name)
    except Exception as error:
        raise ValueError(f"{error} A table of the file is a unit, or `late`, or `extensions`.") from None


def _rules(name: str, written: Any) -> Rules:
    if not isinstance(written, dict):
        raise ValueError(f"{name} = {written!r}: a unit is a table, [{name}].")
    _known(written, Rules.__dataclass_fields__, f"[{name}]")
    due = written.get("due")
    if due is not None and not (isinstance(due, datetime) and due.tzinfo):
        raise ValueError(f"[{name}] due = {due}: wanted is a time with its zone, as 2026-12-01T23:59:00+01:00.")
    checks = [check.name for check in load_unit(_unit(name)).checks]
    for kind in ("drop", "bonus"):
        _known(written.get(kind, ()), checks, f"[{name}] {kind}")
    return Rules(due, tuple(written.get("drop", ())), tuple(written.get("bonus", ())))


def _days(student: str, days: Any) -> float:
    if type(days) not in (int, float) or not 0 <= days < math.inf:
        raise ValueError(f"[extensions] {student}: {days!r} is no number of days.")
    return float(days)


def _known(written: Any, names: Any, where: str) -> None:
    if not isinstance(written, dict | list | tuple):
        raise ValueError(f"{where}: {written!r} is neither a table nor a list.")
    for name in written:
        if name not in names:
            near = get_close_matches(str(name), names, 1, 0.4)
            raise ValueError(f"{where}: `{name}` is not known. " + (f"Did you mean `{near[0]}`?" if near else ""))


def grades(results: Sequence[Result], policy: Policy) -> list[Grade]:
    """One grade for each student and unit, by unit and student: the best or the last of the results there are."""
    of: dict[tuple[str, str], list[Grade]] = {}
    for result in results:
        of.setdefault((result.unit, result.student), []).append(grade_of(result, policy))
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
    due = rules.due + timedelta(days=policy.extensions.get((result.student, result.unit), 0.0))
    late = datetime.fromisoformat(result.submitted) - due
    return 0 if late <= timedelta(hours=policy.late.grace_hours) else math.ceil(late / timedelta(days=1))
