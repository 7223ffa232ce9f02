"""The search for relations: which fit a wrong array, and which of them is told.

Each search yields what fits, with the chance that anything would fit. The choice is made over all
wrong arrays of a check together, so that two numbers with one factor count as evidence of it.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from autograder.relations import arithmetic, evidence, places, rows
from autograder.relations.case import Array, Arrays, Case, Found, Relation
from autograder.relations.letters import Letters

# of an array that has nothing to do with the expected one: that any relation at all is told
CHANCE = 1e-6
OF_EACH = -3.0  # log10 of the chance of each array, where several are told of one relation
MOST = 100_000  # larger arrays are not searched
EXCHANGED = "exchanged"  # the kind of two arrays that changed places

NO_VALUES = Found(Relation("empty", "there are no values."), prior=1.0, chance_log10=-math.inf)

Search = Callable[[Case], Iterator[Found]]
SEARCHES_OF_NUMBERS: tuple[Search, ...] = (  # which need a number in each place
    arithmetic.made_of_expected,
    arithmetic.undone_to_expected,
    arithmetic.made_of_others,
    arithmetic.same_term_everywhere,
    arithmetic.same_along_axes,
    rows.part_of_the_other,
    rows.in_another_order,
    places.in_lower_precision,
    places.same_everywhere,
)
SEARCHES: tuple[Search, ...] = (rows.right_but_for_rows, places.right_but_in_places)

Fits = dict[str, Found]  # array → how one relation fits it


def find_relations(
    right: Arrays, found: Arrays, wrong: Sequence[str], letters: Letters
) -> dict[str, Relation]:
    """Find relations of wrong arrays to the expected ones: by array, of those that have one.

    right: the expected arrays of a check. found: those of an answer.
    wrong: the names of those that are wrong.
    """
    expected = {}
    for name, array in right.items():
        if _is_searched(array):
            expected[name] = array.astype(np.float64)
    by_array: dict[str, list[Found]] = {}
    for name in wrong:
        if name in expected and name in found:
            by_array[name] = _search(name, expected, found[name], letters)
    return _exchanged(_choose(by_array))


def _search(name: str, expected: Arrays, found: Array, letters: Letters) -> list[Found]:
    """Find what fits one wrong array, whether or not it could be chance."""
    if not found.size:
        return [NO_VALUES]
    if not _is_searched(found):
        return []
    others = {other: array for other, array in expected.items() if other != name}
    case = Case(expected[name], found.astype(np.float64), others, letters)
    with np.errstate(all="ignore"):
        return list(_fitting(case))


def _is_searched(array: Array) -> bool:
    return array.dtype.kind in "fiu" and 0 < array.size <= MOST


def _fitting(case: Case) -> Iterator[Found]:
    """Yield the relations that fit and that are unlikely to fit anything."""
    if not np.isfinite(case.right).all():
        return
    if _is_hopeless(case):
        yield from places.same_everywhere(case)
        return
    searches = SEARCHES
    if np.isfinite(case.found).all():
        searches = SEARCHES_OF_NUMBERS + SEARCHES
    for search in searches:
        for one in search(case):
            if one.chance_log10 <= OF_EACH:
                yield one


def _is_hopeless(case: Case) -> bool:
    """Whether even a perfect fit would say too little, as of a few small integers."""
    of_found = evidence.chance_log10(case.found, case.found)
    of_right = evidence.chance_log10(case.right, case.right)
    return min(of_found, of_right) > OF_EACH


# ---- the choice


def _choose(by_array: Mapping[str, Sequence[Found]]) -> dict[str, Relation]:
    """Choose for each array one of the relations that cannot be chance, or none.

    The relation that `_preference` prefers is told of all arrays that it fits; then the next one,
    of those that are left.
    """
    left = [fits for fits in _by_relation(by_array) if not _could_be_chance(fits)]
    chosen: dict[str, Relation] = {}
    while left:
        best = max(left, key=_preference)
        for name, one in best.items():
            chosen[name] = one.relation
        left = _without_arrays(left, chosen)
    return chosen


def _by_relation(by_array: Mapping[str, Sequence[Found]]) -> list[Fits]:
    """Collect the arrays that one relation fits: those of which the same is said."""
    by_text: dict[str, Fits] = {}
    for name, found in by_array.items():
        for one in found:
            by_text.setdefault(one.relation.text, {})[name] = one
    return list(by_text.values())


def _without_arrays(relations: Sequence[Fits], arrays: Mapping[str, Relation]) -> list[Fits]:
    """Take arrays out; what is left of a relation stays if that cannot be chance."""
    left = []
    for fits in relations:
        others = {name: one for name, one in fits.items() if name not in arrays}
        if others and not _could_be_chance(others):
            left.append(others)
    return left


def _could_be_chance(fits: Fits) -> bool:
    """Whether arrays that have nothing to do with the expected ones could fit a relation."""
    prior = max(one.prior for one in fits.values())
    chance = sum(one.chance_log10 for one in fits.values())
    return chance > math.log10(CHANCE * prior)


def _preference(fits: Fits) -> tuple[bool, int, int, float]:
    """Rank a relation: holding everywhere, fitting many arrays, little fitted, most likely."""
    found = list(fits.values())
    holds_everywhere = all(one.relation.whole for one in found)
    fitted = sum(one.fitted for one in found)
    prior = max(one.prior for one in found)
    return holds_everywhere, len(found), -fitted, prior


def _exchanged(relations: dict[str, Relation]) -> dict[str, Relation]:
    """Say of two arrays, each of which has the values of the other, that they changed places."""
    told = dict(relations)
    for one, relation in relations.items():
        other = relation.of
        if other in relations and relations[other].of == one:
            first, second = sorted((one, other))
            text = f"`{first}` and `{second}` have changed places."
            told[one] = Relation(EXCHANGED, text, of=other)
    return told
