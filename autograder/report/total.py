"""The final table of a course: each student's units, the total by weight, and a letter."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from autograder.errors import first_of, visible
from autograder.grading.arithmetic import Weighed, dropped, exact, letter, rounded, total
from autograder.grading.policy import Grade, Policy

SEVERAL = 5


@dataclass(frozen=True)
class Row:
    """A student's row.

    shares: of each unit that counts for this class. left_out: those that do not count for the
    student. excused: those of them that the policy excuses the student from. total: None if no unit
    counts for the student.
    """

    student: str
    shares: Mapping[str, Fraction]
    left_out: frozenset[str]
    excused: frozenset[str]
    total: Fraction | None
    letter: str


def final_rows(grades: Sequence[Grade], policy: Policy, students: Sequence[str] = ()) -> list[Row]:
    """Return one row for each student.

    A unit that one student submitted counts for all, and is 0 for those who did not. A unit without
    a maximum, as when each check is dropped or on top, does not count.
    students: further ones, who may have submitted nothing.
    """
    by_student: dict[str, dict[str, Grade]] = {}
    for student in students:
        by_student[student] = {}
    units = set()
    for grade in grades:
        unit = grade.result.unit
        units.add(unit)
        by_unit = by_student.setdefault(grade.result.lms_name, {})
        by_unit[unit] = grade
    without = units_without_maximum(grades)
    rows = []
    for student, by_unit in sorted(by_student.items()):
        of_units = {unit: by_unit.get(unit) for unit in sorted(units)}
        rows.append(_row(student, of_units, policy, without))
    return rows


def units_without_maximum(grades: Sequence[Grade]) -> list[str]:
    """List the units in which nobody can have points, or only points on top."""
    most: dict[str, float] = {}
    for grade in grades:
        unit = grade.result.unit
        most[unit] = max(grade.max_points, most.get(unit, 0.0))
    return sorted(unit for unit, points in most.items() if not points)


def units_of_few(grades: Sequence[Grade], policy: Policy) -> list[str]:
    """Warn of units that few have handed in and that count for all, as after a wrong file's name.

    Few are one of five, or a tenth of more, of those who have handed in anything and are not
    excused.
    """
    of_units: dict[str, set[str]] = {}
    for grade in grades:
        of_units.setdefault(grade.result.unit, set()).add(grade.result.lms_name)
    everyone = set().union(*of_units.values())
    lines = []
    for unit, students in sorted(of_units.items()):
        excused = {each for each in everyone if unit in policy.excused.get(each, ())}
        most = len(everyone - excused)
        is_few = most >= SEVERAL and (len(students) == 1 or 10 * len(students) <= most)
        if is_few and policy.rules(unit).weight and unit not in units_without_maximum(grades):
            lines.append(
                f"Warning: {unit} counts in everybody's total, and only {len(students)} of "
                f"{most} handed it in: {visible(first_of(sorted(students)))}. If it should not "
                f"count, write `weight = 0` below [{unit}] in the policy."
            )
    return lines


def weights_in_words(grades: Sequence[Grade], policy: Policy) -> str:
    """Say how much each unit weighs in the total; "" if fewer than two count."""
    without = units_without_maximum(grades)
    units = sorted({grade.result.unit for grade in grades}.difference(without))
    weights = {unit: exact(policy.rules(unit).weight) for unit in units}
    whole = sum(weights.values(), Fraction(0))
    if len(units) < 2 or not whole:
        return ""
    parts = [f"{unit} {float(100 * weight / whole):.3g}%" for unit, weight in weights.items()]
    return f"In the total, these units weigh: {', '.join(parts)}."


def too_few_to_drop(grades: Sequence[Grade], policy: Policy) -> str:
    """Say that the policy drops as many units as count, or more; "" if it does not."""
    units = {grade.result.unit for grade in grades}.difference(units_without_maximum(grades))
    counted = [unit for unit in units if policy.rules(unit).weight]
    drop_lowest = policy.total.drop_lowest
    if not drop_lowest or drop_lowest < len(counted):
        return ""
    units_count = "1 unit counts" if len(counted) == 1 else f"{len(counted)} units count"
    return (
        f"The policy has `drop_lowest = {drop_lowest}`, and {units_count} so far. A student's best "
        "unit always stays, and makes the whole total."
    )


def _row(
    student: str, units: Mapping[str, Grade | None], policy: Policy, without: Collection[str]
) -> Row:
    """Return the row of a student.

    units: each unit of the class, with the student's grade. without: those without a maximum.
    """
    shares = {unit: _share(grade) for unit, grade in units.items()}
    excused = policy.excused.get(student, frozenset()) & shares.keys()
    counted = {}
    for unit, share in shares.items():
        weight = exact(policy.rules(unit).weight)
        if weight and unit not in excused.union(without):
            counted[unit] = Weighed(share, weight)
    drop_lowest = policy.total.drop_lowest
    whole = total(counted, drop_lowest)
    without_weight = shares.keys() - counted.keys()
    return Row(
        student=student,
        shares=shares,
        left_out=frozenset(dropped(counted, drop_lowest)) | without_weight,
        excused=excused,
        total=whole if counted else None,
        letter=letter(whole, policy.total.letters) if counted else "",
    )


def _share(grade: Grade | None) -> Fraction:
    """Return the share of its points that a grade has; 0 without a grade."""
    return grade.share if grade else Fraction(0)


def final_table(rows: Sequence[Row], heads: Mapping[str, str]) -> list[Sequence[str | float]]:
    """Return the rows as a table, in percent; `105 left out` or `excused` does not count.

    heads: unit → the heading of its column.
    """
    units = list(rows[0].shares) if rows else []
    columns = [f"{heads[unit]} (%)" for unit in units]
    head = ("student", *columns, "total (%)", "letter")
    table: list[Sequence[str | float]] = [head]
    for row in rows:
        percents = [_percent(row, unit) for unit in units]
        whole = "" if row.total is None else rounded(100 * row.total)
        cells = (row.student, *percents, whole, row.letter)
        table.append(cells)
    return table


def _percent(row: Row, unit: str) -> str | float:
    if unit in row.excused:
        return "excused"
    percent = rounded(100 * row.shares[unit])
    if unit in row.left_out:
        return f"{percent:g} left out"  # text, because a spreadsheet would read (105) as −105
    return percent
