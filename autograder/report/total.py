"""The final table of a course: each student's units, the total by weight, and a letter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from autograder.grading.arithmetic import Weighed, dropped, exact, letter, rounded, total
from autograder.grading.policy import Grade, Policy


@dataclass(frozen=True)
class Row:
    """A student's row.

    shares: of each unit that counts for this class. left_out: those that do not count for them.
    """

    student: str
    shares: Mapping[str, Fraction]
    left_out: frozenset[str]
    total: Fraction
    letter: str


def final_rows(grades: Sequence[Grade], policy: Policy, students: Sequence[str] = ()) -> list[Row]:
    """Return one row for each student.

    A unit that anybody handed in counts for everybody, and is 0 for who did not. students: more of
    them, who may have handed in nothing.
    """
    by_place = {(grade.result.lms_name, grade.result.unit): grade for grade in grades}
    units = sorted({unit for _, unit in by_place})
    everybody = sorted({student for student, _ in by_place} | set(students))
    rows = []
    for student in everybody:
        of_units = {unit: by_place.get((student, unit)) for unit in units}
        rows.append(_row(student, of_units, policy))
    return rows


def _row(student: str, units: Mapping[str, Grade | None], policy: Policy) -> Row:
    shares = {unit: _share(grade) for unit, grade in units.items()}
    counted = {}
    for unit, share in shares.items():
        weight = exact(policy.rules(unit).weight)
        if weight:
            counted[unit] = Weighed(share, weight)
    drop_lowest = policy.total.drop_lowest
    whole = total(counted, drop_lowest)
    return Row(
        student=student,
        shares=shares,
        left_out=frozenset(dropped(counted, drop_lowest)) | (shares.keys() - counted.keys()),
        total=whole,
        letter=letter(whole, policy.total.letters),
    )


def _share(grade: Grade | None) -> Fraction:
    if grade is None or not grade.max_points:
        return Fraction(0)
    return grade.exact_points / exact(grade.max_points)


def final_table(rows: Sequence[Row], heads: Mapping[str, str]) -> list[Sequence[str | float]]:
    """Return the rows as a table, in percent; what is left out is in brackets.

    heads: unit → the heading of its column.
    """
    units = list(rows[0].shares) if rows else []
    head = ("student", *(f"{heads[unit]} (%)" for unit in units), "total (%)", "letter")
    table: list[Sequence[str | float]] = [head]
    for row in rows:
        cells: list[str | float] = [row.student]
        for unit in units:
            percent = rounded(100 * row.shares[unit])
            cells.append(f"({percent:g})" if unit in row.left_out else percent)
        table.append((*cells, rounded(100 * row.total), row.letter))
    return table
