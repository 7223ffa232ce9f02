"""Finds who wrote alike, exercise by exercise. It orders pairs for a person to look at, and judges
nobody.

What half the class shares, the stub and our solution say nothing; a part that few share says most.
Only answers that share something rare are compared, found by an index from fingerprint to answers,
never all pairs of a class.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from math import log2
from statistics import quantiles

from autograder.grading.results import Result
from autograder.review.answers import Exercise, UnitAnswers

# answers that share a part: all of their pairs are looked at, of more of them each with its
# likeliest
FEW = 12

# how many times the lower half's spread is still usual, and what counts as the least
SPREADS, LEAST_SPREAD = (
    5,
    0.05,
)


@dataclass(frozen=True)
class Pair:
    """Two answers to an exercise that are alike.

    share: from 0 to 1, how much of what is theirs both have, what is rare counting most.
    parts: how many parts of the code both have, and how many each has; what is common is left out.
    wrong: wrong arrays that both computed alike and no known mistake explains; `rarity` is from 0,
    where all of the
        class did, to nearly 1, where only these two did.
    stands_out: whether it is far above what answers of this class have in common.
    """

    one: str
    other: str
    share: float
    parts: tuple[int, int, int]
    wrong: tuple[str, ...] = ()
    rarity: float = 0.0
    stands_out: bool = False

    @property
    def order(self) -> float:
        """What pairs are sorted by: the share of equal code, and how rare their equal wrong answers
        are.
        """
        return self.share + self.rarity


@dataclass(frozen=True)
class Alike:
    """What was found for one exercise.

    nearest: of each answer of this year, the share with the answer that is most like it.
    own_nothing: who wrote nothing but what is common: the stub's, our solution's, or half the
    class's.
    fence: shares above it stand out from `nearest`. common: fingerprints that say nothing.
    """

    exercise: Exercise
    answers: int
    pairs: tuple[Pair, ...]
    groups: tuple[tuple[str, ...], ...]
    nearest: tuple[float, ...]
    own_nothing: tuple[str, ...]
    fence: float
    common: frozenset[int]


def alike(unit: UnitAnswers, most: int) -> list[Alike]:
    """Compare the answers of a unit, exercise by exercise; of the pairs the first `most` of
    each.
    """
    wrong = _wrong_answers(unit.results)
    return [_exercise(unit, exercise, wrong, most) for exercise in unit.exercises]


@dataclass(frozen=True)
class _Own:
    """What is each student's own: student → fingerprints, with the weight of each fingerprint."""

    marks: Mapping[str, frozenset[Hashable]]
    weights: Mapping[Hashable, float]

    def weight(self, marks: Iterable[Hashable]) -> float:
        return sum(self.weights[mark] for mark in marks)


def _exercise(
    unit: UnitAnswers,
    exercise: Exercise,
    wrong: Mapping[str, Mapping[str, frozenset[str]]],
    most: int,
) -> Alike:
    found = {answer.student: unit.numbers(exercise, answer) for answer in unit.answers}
    found = {student: marks for student, marks in found.items() if marks}
    earlier = {answer.student for answer in unit.answers if answer.earlier}
    common = (
        _common([marks for student, marks in found.items() if student not in earlier]) | unit.public
    )
    own = _weighed({student: marks - common for student, marks in found.items()})
    errors = _own_errors(exercise, wrong)
    candidates = _candidates(own.marks) | _candidates(errors.marks)
    pairs = [_pair(own, errors, *pair) for pair in candidates if not set(pair) <= earlier]
    nearest = _nearest(own.marks.keys() - earlier, pairs)
    fence = _fence(nearest.values())
    pairs = [replace(pair, stands_out=pair.share > fence) for pair in pairs]
    pairs.sort(key=lambda pair: (-pair.order, pair.one, pair.other))
    return Alike(
        exercise=exercise,
        answers=len(found.keys() - earlier),
        pairs=tuple(pairs[:most]),
        groups=tuple(_groups(pair for pair in pairs if pair.stands_out)),
        nearest=tuple(sorted(nearest.values())),
        own_nothing=tuple(
            sorted(
                student
                for student, marks in own.marks.items()
                if not marks and student not in earlier
            )
        ),
        fence=fence,
        common=common,
    )


def _common(found: Sequence[frozenset[int]]) -> frozenset[int]:
    """What more than half of this year's class has."""
    seen = Counter(mark for marks in found for mark in marks)
    return frozenset(mark for mark, count in seen.items() if count > max(2, len(found) / 2))


def _weighed(own: Mapping[str, frozenset[Hashable]]) -> _Own:
    holders = Counter(mark for marks in own.values() for mark in marks)
    everyone = max(2, len(own))
    return _Own(own, {mark: log2((everyone + 1) / count) for mark, count in holders.items()})


def _wrong_answers(results: Sequence[Result]) -> dict[str, dict[str, frozenset[str]]]:
    """Check → student → wrong answers that no known mistake explains, on the seed of most
    results.
    """
    found: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    seeds = Counter(result.provenance.seed for result in results)
    for result in results:
        if seeds[result.provenance.seed] < max(seeds.values()):
            continue
        for verdict in result.verdicts:
            groups = [
                f"{', '.join(remark.arrays)} {remark.group}"
                for remark in verdict.remarks
                if remark.group
            ]
            found[verdict.name][result.student] = frozenset(groups)
    return found


def _own_errors(exercise: Exercise, wrong: Mapping[str, Mapping[str, frozenset[str]]]) -> _Own:
    """The unexplained wrong answers of each student to an exercise; of a whole unit, to all of its
    checks.
    """
    of: dict[str, set[Hashable]] = defaultdict(set)
    for check, students in wrong.items():
        if exercise.check in ("", check):
            for student, groups in students.items():
                of[student] |= {f"{check}: {group}" for group in groups}
    return _weighed({student: frozenset(groups) for student, groups in of.items()})


def _candidates(own: Mapping[str, frozenset[Hashable]]) -> set[tuple[str, str]]:
    """Pairs that share something: where few do all of them, else each with those whose marks are
    most like its own.
    """
    # like marks, like order
    order = {student: min(map(str, marks), default="") for student, marks in own.items()}
    index: dict[Hashable, list[str]] = defaultdict(list)
    for student in sorted(own, key=lambda student: (order[student], student)):
        for mark in own[student]:
            index[mark].append(student)
    found: set[tuple[str, str]] = set()
    for holders in index.values():
        pairs = combinations(holders, 2) if len(holders) <= FEW else pairwise(holders)
        found |= {(min(pair), max(pair)) for pair in pairs}
    return found


def _pair(own: _Own, errors: _Own, one: str, other: str) -> Pair:
    first, second = own.marks.get(one, frozenset()), own.marks.get(other, frozenset())
    both = first & second
    rarest = log2(len(own.marks) + 2)  # who has little of their own is alike by little
    share = own.weight(both) / ((own.weight(first) + own.weight(second)) / 2 + rarest)
    wrong = errors.marks.get(one, frozenset()) & errors.marks.get(other, frozenset())
    most = log2(max(2, len(errors.marks)) + 1)
    rarity = max((errors.weights[mark] / most for mark in wrong), default=0.0)
    words = sorted(str(mark).rpartition(" ")[0] for mark in wrong)
    return Pair(one, other, share, (len(both), len(first), len(second)), tuple(words), rarity)


def _nearest(students: Iterable[str], pairs: Sequence[Pair]) -> dict[str, float]:
    """Student → the share with the answer that is most like theirs."""
    nearest = dict.fromkeys(students, 0.0)
    for pair in pairs:
        for student in (pair.one, pair.other):
            if student in nearest:
                nearest[student] = max(nearest[student], pair.share)
    return nearest


def _fence(shares: Iterable[float]) -> float:
    """How far up a share is usual in this class: from its middle, several times as far as its lower
    half spreads.

    The upper half does not move it, so that copies do not hide each other.
    """
    values = list(shares)
    if len(values) < 4:
        return 1.0
    low, middle, _ = quantiles(values, n=4)
    return min(1.0, middle + SPREADS * max(middle - low, LEAST_SPREAD))


def _groups(pairs: Iterable[Pair]) -> Iterator[tuple[str, ...]]:
    """Students who are linked by pairs, three or more, the largest group first."""
    group: dict[str, set[str]] = {}
    for pair in pairs:
        joined = group.get(pair.one, {pair.one}) | group.get(pair.other, {pair.other})
        for student in joined:
            group[student] = joined
    different = {id(members): members for members in group.values()}.values()
    for members in sorted(different, key=lambda members: (-len(members), min(members))):
        if len(members) > 2:
            yield tuple(sorted(members))
