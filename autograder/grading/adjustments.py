"""Points by hand: what a person adds to a grade, with why and who. They lie in a file of their own,
`adjustments.toml`.

They are applied where grades are shown and exported; stored results stay as they are, and so
grading again loses none.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import msgspec

from autograder.course import Course, UnknownUnit, find_unit, load_unit
from autograder.grading.arithmetic import exact
from autograder.grading.results import Result, write_whole
from autograder.judging import Remark, Verdict
from autograder.schema import BadFile, read_toml

FILE = "adjustments.toml"
Words = Annotated[str, msgspec.Meta(min_length=1)]


class Adjustment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a person says of one check of a student, of a line of a rubric, or of a whole unit.

    points: are added. to: the points are these, whatever they were. factor: the points are
    multiplied by it. One of
        the three.
    check, line: a check of the unit, or a line of a rubric that no check grades; neither is the
    whole unit.
    """

    student: Words
    unit: Words
    words: Words
    who: Words
    check: str = ""
    line: str = ""
    points: Annotated[float, msgspec.Meta(ge=-1000, le=1000)] | None = None
    to: Annotated[float, msgspec.Meta(ge=0, le=1000)] | None = None
    factor: Annotated[float, msgspec.Meta(ge=0, le=10)] | None = None


class AdjustmentsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in `adjustments.toml`."""

    adjustment: list[Adjustment] = []


def read_adjustments(
    course: Course, path: Path, students: Collection[str]
) -> tuple[Adjustment, ...]:
    """Read a file of adjustments; none where there is no file.

    students: who is known. Raises `BadFile` for an unknown student, unit or check, with the nearest
    name.
    """
    if not path.is_file():
        return ()
    written = read_toml(path, AdjustmentsFile).adjustment
    return tuple(
        checked_adjustment(course, one, f"{path}: adjustment {n}", students)
        for n, one in enumerate(written, 1)
    )


def all_adjustments(
    course: Course, folders: Sequence[Path], results: Sequence[Result]
) -> tuple[Adjustment, ...]:
    """The adjustments that lie beside results, in the folders that `grade` wrote. Raises
    `BadFile`.
    """
    students = {result.lms_name for result in results}
    return tuple(
        one for folder in folders for one in read_adjustments(course, folder / FILE, students)
    )


def checked_adjustment(
    course: Course, one: Adjustment, where: str, students: Collection[str]
) -> Adjustment:
    """An adjustment with the whole name of its unit.

    where: how an error begins. Raises `BadFile` for what there is not, and for more or less than
    one change.
    """
    if one.student not in students:
        raise BadFile(
            f"{where}: there is no result of `{one.student}`. "
            f"{_nearest(one.student, students, 'students')}"
        )
    try:
        unit = find_unit(course, one.unit)
    except UnknownUnit as error:
        raise BadFile(f"{where}: {error}") from None
    checks = [check.name for check in load_unit(course, unit).checks]
    if one.check and one.check not in checks:
        raise BadFile(
            f"{where}: {unit} has no check `{one.check}`. {_nearest(one.check, checks, 'checks')}"
        )
    if one.check and one.line:
        raise BadFile(f"{where}: write `check` or `line`, not both.")
    if sum(value is not None for value in (one.points, one.to, one.factor)) != 1:
        raise BadFile(
            f"{where}: write one of `points` (to add), `to` (to set) and `factor` (to multiply by)."
        )
    return msgspec.structs.replace(one, unit=unit)


def _nearest(name: str, known: Collection[str], kind: str) -> str:
    near = get_close_matches(name, known, 1, 0.4)
    return (
        f"Did you mean `{near[0]}`?" if near else f"Known {kind}: {', '.join(sorted(known)[:10])}."
    )


def append_adjustment(path: Path, one: Adjustment) -> None:
    """Write an adjustment below those that a file holds, whose text and comments stay. Raises
    `CannotWrite`.
    """
    before = path.read_text(encoding="utf-8").rstrip() if path.is_file() else ""
    write_whole(path, f"{before}\n\n{as_toml(one)}".strip())


def append_new(path: Path, several: Sequence[Adjustment]) -> int:
    """Write those adjustments that a file does not hold yet as the last of their kind; how many.
    Raises `BadFile`.
    """
    known = read_toml(path, AdjustmentsFile).adjustment if path.is_file() else []
    last = {_kind(one): one for one in known}
    fresh = [one for one in several if last.get(_kind(one)) != one]
    for one in fresh:
        append_adjustment(path, one)
    return len(fresh)


def _kind(one: Adjustment) -> tuple[str, ...]:
    """What an adjustment is about, and who made it with which words: a later one of the same kind
    is its new value.
    """
    return (one.student, one.unit, one.check, one.line, one.who, one.words)


def as_toml(one: Adjustment) -> str:
    """An adjustment as it stands in the file."""
    lines = [
        f"{name} = {_value(value)}"
        for name, value in msgspec.structs.asdict(one).items()
        if value not in ("", None)
    ]
    return "\n".join(["[[adjustment]]", *lines])


def _value(value: str | float) -> str:
    """A value in TOML: text is written as in JSON, but for one character that only TOML wants
    escaped.
    """
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


# ---- applying them


def adjusted(result: Result, adjustments: Sequence[Adjustment]) -> Result:
    """A result with what was said of its checks and of lines of a rubric; another object where
    anything was.
    """
    verdicts = {verdict.name: verdict for verdict in result.verdicts}
    mine = [one for one in of_result(result, adjustments) if not _is_factor_of_unit(one)]
    for one in mine:
        name = one.check or one.line or "by hand"
        verdict = verdicts.get(name) or Verdict(
            name, one.line or "points by hand", 0.0, 0.0, "passed"
        )
        verdicts[name] = _with(verdict, one)
    return replace(result, verdicts=tuple(verdicts.values())) if mine else result


def said_of_checks(result: Result, adjustments: Sequence[Adjustment]) -> list[str]:
    """What was said by hand of single checks and of lines of a rubric."""
    mine = [one for one in of_result(result, adjustments) if not _is_factor_of_unit(one)]
    said = []
    for one in mine:
        about = one.check or one.line or "points"
        said.append(f"{about} {change_in_words(one)} by hand ({one.who}): {one.words}")
    return said


def unit_factor(result: Result, adjustments: Sequence[Adjustment]) -> tuple[Fraction, list[str]]:
    """By what all points of a result are multiplied, and why."""
    factor, words = Fraction(1), []
    for one in of_result(result, adjustments):
        if _is_factor_of_unit(one) and one.factor is not None:
            factor *= exact(one.factor)
            words.append(f"× {one.factor:g} by hand ({one.who}): {one.words}")
    return factor, words


def of_result(result: Result, adjustments: Sequence[Adjustment]) -> list[Adjustment]:
    """The adjustments of a student's unit."""
    return [one for one in adjustments if (one.student, one.unit) == (result.lms_name, result.unit)]


def _is_factor_of_unit(one: Adjustment) -> bool:
    return one.factor is not None and not one.check and not one.line


def change_in_words(one: Adjustment) -> str:
    """Say what an adjustment does to points: `+1.5`, `set to 2` or `× 0.9`."""
    if one.to is not None:
        return f"set to {one.to:g}"
    return f"× {one.factor:g}" if one.factor is not None else f"{one.points:+g}"


def _with(verdict: Verdict, one: Adjustment) -> Verdict:
    earned = exact(verdict.earned)
    if one.to is not None:
        earned = exact(one.to)
    elif one.factor is not None:
        earned *= exact(one.factor)
    else:
        earned += exact(one.points or 0)
    remark = Remark(f"{change_in_words(one)} by hand ({one.who}): {one.words}", literal=True)
    return replace(verdict, earned=float(earned), remarks=(*verdict.remarks, remark))
