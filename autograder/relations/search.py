"""The search for relations: which fit a wrong array, and which of them feedback names.

Each search yields what fits, with the probability of a chance fit. The choice is made over all
wrong arrays of a check together, so that two numbers with one factor count as evidence of it.
"""

import math
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autograder.finding import Relation, RelationKind
from autograder.judging import chance as evidence
from autograder.judging.chance import CHANCE
from autograder.relations import arithmetic, places, rows
from autograder.relations.case import Array, Arrays, Case, Fitting
from autograder.relations.letters import Letters

SHARED = (  # relations that several arrays of a check have for one reason
    RelationKind.CHANGED,
    RelationKind.ADDED,
    RelationKind.TAKEN_AWAY,
    RelationKind.RIGHT_OR_0,
    RelationKind.RIGHT_BUT_AT_BORDER,
)
OF_EACH = -3.0  # log10 of the probability for each array, if one relation is reported for several
MOST_SHARED = 200  # entries of an array that may have the relation of another one
MOST = 100_000  # larger arrays are not searched
# nor are those with more entries than this multiple of the expected ones plus this number
MOST_TIMES, MOST_MORE = 16, 512

NUMBERS = "fiu"  # dtypes of searched arrays

NO_VALUES = Fitting(Relation(RelationKind.EMPTY), prior=1.0, chance_log10=-math.inf)

Search = Callable[[Case], Iterator[Fitting]]
SEARCHES_OF_NUMBERS: tuple[Search, ...] = (  # these need a number in each entry
    arithmetic.made_of_expected,
    arithmetic.undone_to_expected,
    arithmetic.made_of_others,
    arithmetic.same_term_everywhere,
    arithmetic.same_sum_everywhere,
    arithmetic.same_along_axes,
    places.but_for_one_in_each_row,
    rows.part_of_the_other,
    rows.in_another_order,
    rows.chosen_rows,
    places.adds_up_along_another_axis,
    places.in_lower_precision,
    places.same_everywhere,
)
SEARCHES_OF_SHARED: tuple[Search, ...] = (  # these find what `SHARED` names
    arithmetic.made_of_expected,
    arithmetic.same_term_everywhere,
    places.right_but_in_places,
    places.right_but_at_the_border,
)
SEARCHES: tuple[Search, ...] = (
    rows.right_but_for_rows,
    places.right_but_in_places,
    places.right_but_at_the_border,
    places.right_in_a_block,
    places.right_but_on_a_diagonal,
    places.wrong_where_values_are,
)


def find_relations(
    right: Arrays, found: Arrays, wrong: Sequence[str], letters: Letters
) -> dict[str, Relation]:
    """Find relations of wrong arrays to the expected ones: by array, if it has one.

    right: the expected arrays of a check. found: those of an answer.
    wrong: the names of those that are wrong.
    """
    expected: dict[str, Array] = {}
    for name, array in right.items():
        if _is_searched(array):
            expected[name] = array.astype(np.float64)
    by_array: dict[str, list[Fitting]] = {}
    cases: dict[str, Case | None] = {}
    searched = [name for name in wrong if name in expected and name in found]
    for name in searched:
        is_whole = _are_whole(right[name]) and _are_whole(found[name])
        by_array[name], cases[name] = _search(name, expected, found[name], letters, is_whole)
    chosen = _exchanged(_choose(by_array))
    chosen |= _as_others(chosen, cases)
    columns = _with_the_same_rows(chosen, right, found, letters)
    for name in wrong:
        if name not in chosen and name in columns:
            chosen[name] = columns[name]
    return chosen


def _with_the_same_rows(
    chosen: Mapping[str, Relation], right: Arrays, found: Arrays, letters: Letters
) -> dict[str, Relation]:
    """Find arrays whose rows are chosen and ordered like those of one with a known relation.

    Columns of a table are ordered alike. A column of few numbers, or of text, would not suffice
    alone.
    """
    alike: dict[str, Relation] = {}
    for name, relation in chosen.items():
        taken = rows.rows_taken(relation, right[name], found[name], letters)
        if taken is None:
            continue
        for other, column in right.items():
            answered = found.get(other)
            if answered is None or len(column.shape) != 1 or len(column) != len(right[name]):
                continue
            if _are_equal(column[taken], answered):
                alike.setdefault(other, relation)
    return alike


def _are_equal(one: Array, other: Array) -> bool:
    """Return whether two arrays of text are equal, or two of numbers up to rounding."""
    if one.shape != other.shape:
        return False
    if one.dtype.kind in NUMBERS and other.dtype.kind in NUMBERS:
        return evidence.fits(one.astype(np.float64), other.astype(np.float64))
    return np.array_equal(one, other)


def _as_others(
    chosen: Mapping[str, Relation], cases: Mapping[str, Case | None]
) -> dict[str, Relation]:
    """Find arrays without a relation that have the one of another array, though it may be chance.

    In a picture of two colours, few numbers are × 1/8; beside a picture of noise that is, too, it
    is one fact.
    """
    known = set(map(_without_counts, chosen.values()))
    alike: dict[str, Relation] = {}
    for name, case in cases.items():
        if not known or case is None or name in chosen:
            continue
        if max(case.right.size, case.found.size) > MOST_SHARED:
            continue  # a large array has evidence of its own
        with np.errstate(all="ignore"):
            for search in SEARCHES_OF_SHARED if _has_numbers_to_compare(case) else ():
                for one in search(case):
                    is_shared = one.relation.kind in SHARED
                    if is_shared and _without_counts(one.relation) in known:
                        alike.setdefault(name, one.relation)
    return alike


def _without_counts(relation: Relation) -> Relation:
    return replace(relation, counts=())


def _search(
    name: str, expected: Arrays, found: Array, letters: Letters, is_whole: bool
) -> tuple[list[Fitting], Case | None]:
    """Find what fits one wrong array, whether or not it could be chance; return its case, too.

    The case is None if nothing is searched. is_whole: as in a `Case`.
    """
    if not found.size:
        return [NO_VALUES], None
    if not _is_searched(found) or found.size > MOST_TIMES * expected[name].size + MOST_MORE:
        return [], None
    others = {other: array for other, array in expected.items() if other != name}
    case = Case(expected[name], found.astype(np.float64), others, letters, is_whole)
    with np.errstate(all="ignore"):
        fitting = _fitting(case)
        return [one for one in fitting if one.chance_log10 <= OF_EACH], case


def _are_whole(array: Array) -> bool:
    """Return whether an array holds only integers, or floats that are exact integers."""
    if array.dtype.kind in "iu":
        return True
    if array.dtype.kind != "f" or not array.size or not array.flat[0].is_integer():
        return False
    exact = 2.0 ** (np.finfo(array.dtype).nmant + 1)  # integers up to this have no rounding
    return evidence.largest(array) < exact and np.array_equal(array, np.round(array))


def _is_searched(array: Array) -> bool:
    if array.dtype.kind not in NUMBERS:
        return False
    return 0 < array.size <= MOST


def _fitting(case: Case) -> Iterator[Fitting]:
    """Yield the relations that fit."""
    if np.isinf(case.right).any():
        return
    yield from places.zeros_and_ones_exchanged(case)
    if _is_hopeless(case):
        yield from places.same_everywhere(case)
        return
    if _has_numbers_to_compare(case):
        for search in SEARCHES_OF_NUMBERS:
            yield from search(case)
    for search in SEARCHES:
        yield from search(case)


def _has_numbers_to_compare(case: Case) -> bool:
    """Return whether a wrong array is numeric, with NaN only where some is expected."""
    if np.isinf(case.found).any():
        return False
    is_nan_expected = np.isnan(case.right).any()
    return bool(is_nan_expected or not np.isnan(case.found).any())


def _is_hopeless(case: Case) -> bool:
    """Return whether even a perfect fit would be too weak, as for a few small integers."""
    of_found = evidence.chance_log10(case.found, case.found)
    of_right = evidence.chance_log10(case.right, case.right)
    return min(of_found, of_right) > OF_EACH


# ---- the choice


@dataclass(frozen=True)
class _RelationOfArrays:
    """One relation and the arrays that it fits.

    fits: array → how the relation fits it.
    """

    fits: Mapping[str, Fitting]

    @property
    def found(self) -> Collection[Fitting]:
        """Return its fit for each array."""
        return self.fits.values()

    @property
    def prior(self) -> float:
        """Return the relation's prior probability."""
        return max(one.prior for one in self.found)

    @property
    def could_be_chance(self) -> bool:
        """Return whether it could fit arrays unrelated to the expected ones."""
        chance = sum(one.chance_log10 for one in self.found)
        most = math.log10(CHANCE * self.prior)
        return chance > most

    @property
    def preference(self) -> tuple[bool, int, int, float]:
        """Rank it: holding everywhere, fitting many arrays, few parameters, most likely."""
        holds_everywhere = all(one.whole for one in self.found)
        arrays = len(self.fits)
        fitted = sum(one.fitted for one in self.found)
        return holds_everywhere, arrays, -fitted, self.prior

    def without(self, arrays: Container[str]) -> "_RelationOfArrays":
        """Remove arrays."""
        left = {}
        for name, one in self.fits.items():
            if name not in arrays:
                left[name] = one
        return _RelationOfArrays(left)


def _choose(by_array: Mapping[str, Sequence[Fitting]]) -> dict[str, Relation]:
    """Choose for each array one of the relations that cannot be chance, or none.

    The preferred relation is reported for all arrays that it fits; then the next one, for the rest.
    """
    left = _that_cannot_be_chance(_by_relation(by_array))
    chosen: dict[str, Relation] = {}
    while left:
        best = max(left, key=lambda shared: shared.preference)
        for name, one in best.fits.items():
            chosen[name] = one.relation
        left = _that_cannot_be_chance(shared.without(chosen) for shared in left)
    return chosen


def _by_relation(by_array: Mapping[str, Sequence[Fitting]]) -> list[_RelationOfArrays]:
    """Collect the arrays that one relation fits."""
    by_relation: dict[Relation, dict[str, Fitting]] = {}
    for name, found in by_array.items():
        for one in found:
            fits = by_relation.setdefault(one.relation, {})
            fits[name] = one
    return [_RelationOfArrays(fits) for fits in by_relation.values()]


def _that_cannot_be_chance(relations: Iterable[_RelationOfArrays]) -> list[_RelationOfArrays]:
    """Choose the relations that fit an array and would not fit an unrelated one."""
    kept = []
    for shared in relations:
        if shared.fits and not shared.could_be_chance:
            kept.append(shared)
    return kept


def _exchanged(relations: Mapping[str, Relation]) -> dict[str, Relation]:
    """Find arrays that swapped their values, among those with another one's."""
    exchanged = dict(relations)
    for one, relation in relations.items():
        other = _whose_values(relation)
        if other and _whose_values(relations.get(other)) == one:
            both = tuple(sorted((one, other)))
            exchanged[one] = Relation(RelationKind.EXCHANGED, arrays=both)
    return exchanged


def _whose_values(relation: Relation | None) -> str:
    """Return the other array with these expected values; "" if there is none."""
    if relation is None or relation.kind is not RelationKind.ANOTHER_ARRAY:
        return ""
    return relation.arrays[0] if relation.is_plain else ""
