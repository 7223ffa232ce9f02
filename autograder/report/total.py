"""The final table of a course: each student's units, the total by weight, and a letter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from autograder.grading.arithmetic import Weighed, dropped, exact, letter, rounded, total
from autograder.grading.policy import Grade, Policy, Rules


@dataclass(frozen=True)
class Row:
    """A student's row: the shares of the units that count for this class, and which of them are
    left out.
    """

    student: str
    shares: Mapping[str, Fraction]
    left_out: frozenset[str]
    total: Fraction
    letter: str


def final_rows(grades: Sequence[Grade], policy: Policy, students: Sequence[str] = ()) -> list[Row]:
    """One row for each student. A unit that anybody handed in counts for everybody: 0 for who did
    not.

    students: more of them, who may have handed in nothing.
    """
    points = {(grade.result.lms_name, grade.result.unit): grade for grade in grades}
    units = sorted({grade.result.unit for grade in grades})
    everybody = sorted({grade.result.lms_name for grade in grades} | set(students))
    return [
        _row(student, {unit: points.get((student, unit)) for unit in units}, policy)
        for student in everybody
    ]


def _row(student: str, units: Mapping[str, Grade | None], policy: Policy) -> Row:
    weighed = {
        unit: Weighed(_share(grade), exact(policy.units.get(unit, Rules()).weight))
        for unit, grade in units.items()
    }
    counted = {unit: each for unit, each in weighed.items() if each.weight}
    whole = total(counted, policy.total.drop_lowest)
    left_out = frozenset(dropped(counted, policy.total.drop_lowest)) | (
        weighed.keys() - counted.keys()
    )
    shares = {unit: each.share for unit, each in weighed.items()}
    return Row(student, shares, left_out, whole, letter(whole, policy.total.letters))


def _share(grade: Grade | None) -> Fraction:
    if grade is None or not grade.max_points:
        return Fraction(0)
    return grade.exact_points / exact(grade.max_points)


def final_table(rows: Sequence[Row]) -> list[Sequence[str | float]]:
    """The rows as a table, in percent; what is left out is in brackets."""
    units = list(rows[0].shares) if rows else []
    table: list[Sequence[str | float]] = [
        ("student", *(f"{unit} (%)" for unit in units), "total (%)", "letter")
    ]
    for row in rows:
        shown = [rounded(100 * row.shares[unit]) for unit in units]
        cells = [
            f"({value:g})" if unit in row.left_out else value
            for unit, value in zip(units, shown, strict=True)
        ]
        table.append((row.student, *cells, rounded(100 * row.total), row.letter))
    return table
