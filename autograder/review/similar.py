"""Finds who wrote alike, exercise by exercise. It orders pairs to look at, and judges nobody.

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

# answers that share a part: of so few all pairs are looked at, of more each with its most likely
FEW = 12

# a share is unusual above the middle by so many times the spread of the lower half
SPREADS = 5
LEAST_SPREAD = 0.05  # what counts as the spread where shares hardly differ
FEWEST = 4  # answers that say what is usual
LEAST_GROUP = 3  # students; two are a pair

Marks = frozenset[Hashable]  # fingerprints of code, or wrong answers
# check → student → wrong answers that no known mistake explains
WrongAnswers = Mapping[str, Mapping[str, frozenset[str]]]


@dataclass(frozen=True)
class Pair:
    """Two answers to an exercise that are alike.

    share: from 0 to 1, how much of what is theirs both have, what is rare counting most.
    parts: how many parts of the code both have, and how many each has; what is common is left out.
    wrong: wrong arrays that both computed alike and no known mistake explains.
    rarity: of these, from 0, where all of the class did, to nearly 1, where only these two did.
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
        """What pairs are sorted by: equal code, and how rare their equal wrong answers are."""
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
    """Compare the answers of a unit, exercise by exercise; keep the first `most` pairs of each."""
    wrong = _wrong_answers(unit.results)
    return [_exercise(unit, exercise, wrong, most) for exercise in unit.exercises]


def _exercise(unit: UnitAnswers, exercise: Exercise, wrong: WrongAnswers, most: int) -> Alike:
    found: dict[str, frozenset[int]] = {}
    of_this_year = []
    earlier = set()
    for answer in unit.answers:
        marks = unit.numbers(exercise, answer)
        if not marks:
            continue
        found[answer.student] = marks
        if answer.year:
            earlier.add(answer.student)
        else:
            of_this_year.append(marks)
    common = _common(of_this_year) | unit.public
    code = _Own({student: marks - common for student, marks in found.items()})
    errors = _own_errors(exercise, wrong)
    pairs = []
    for one, other in _candidates(code) | _candidates(errors):
        if one in earlier and other in earlier:
            continue
        pairs.append(_pair(code, errors, one, other))
    nearest = _nearest(found.keys() - earlier, pairs)
    fence = _fence(nearest.values())
    pairs = [replace(pair, stands_out=pair.share > fence) for pair in pairs]
    pairs.sort(key=lambda pair: (-pair.order, pair.one, pair.other))
    own_nothing = [student for student in nearest if not code.of(student)]
    return Alike(
        exercise=exercise,
        answers=len(nearest),
        pairs=tuple(pairs[:most]),
        groups=tuple(_groups(pair for pair in pairs if pair.stands_out)),
        nearest=tuple(sorted(nearest.values())),
        own_nothing=tuple(sorted(own_nothing)),
        fence=fence,
        common=common,
    )


def _common(found: Sequence[frozenset[int]]) -> frozenset[int]:
    """Return what more than half of this year's class has."""
    holders = Counter(mark for marks in found for mark in marks)
    half = max(2, len(found) / 2)
    return frozenset(mark for mark, count in holders.items() if count > half)


class _Own:
    """What is each student's own, with a weight for each mark: the rarer, the heavier."""

    def __init__(self, marks: Mapping[str, Marks]) -> None:
        """marks: student → marks."""
        self.marks = marks
        holders = Counter(mark for own in marks.values() for mark in own)
        self._everyone = max(2, len(marks))
        self._weights = {
            mark: log2((self._everyone + 1) / count) for mark, count in holders.items()
        }

    def of(self, student: str) -> Marks:
        """Return a student's marks; none where the student has no answer."""
        return self.marks.get(student, frozenset())

    def weight(self, marks: Iterable[Hashable]) -> float:
        """Return the weight of marks together."""
        return sum(self._weights[mark] for mark in marks)

    def rarity(self, marks: Iterable[Hashable]) -> float:
        """Return how rare the rarest of these marks is, from 0 to nearly 1."""
        heaviest = max((self._weights[mark] for mark in marks), default=0.0)
        return heaviest / log2(self._everyone + 1)


def _wrong_answers(results: Sequence[Result]) -> WrongAnswers:
    """Return the wrong answers that no known mistake explains, on the seed of most results."""
    found: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    seeds = Counter(result.provenance.seed for result in results)
    for result in results:
        if seeds[result.provenance.seed] < max(seeds.values()):
            continue
        for verdict in result.verdicts:
            groups = set()
            for remark in verdict.remarks:
                if remark.group:
                    groups.add(f"{', '.join(remark.arrays)} {remark.group}")
            found[verdict.name][result.student] = frozenset(groups)
    return found


def _own_errors(exercise: Exercise, wrong: WrongAnswers) -> _Own:
    """Return each student's unexplained wrong answers to an exercise; of a unit, to all checks."""
    errors: dict[str, set[Hashable]] = defaultdict(set)
    for check, students in wrong.items():
        if exercise.check and exercise.check != check:
            continue
        for student, groups in students.items():
            for group in groups:
                errors[student].add(f"{check}: {group}")
    return _Own({student: frozenset(groups) for student, groups in errors.items()})


def _candidates(own: _Own) -> set[tuple[str, str]]:
    """Return the pairs that share a mark.

    Of a mark that few have, all pairs; of one that many have, neighbours in an order in which those
    with like marks stand beside each other.
    """
    first_mark = {}
    for student, marks in own.marks.items():
        first_mark[student] = min(map(str, marks), default="")
    holders: dict[Hashable, list[str]] = defaultdict(list)
    for student in sorted(own.marks, key=lambda student: (first_mark[student], student)):
        for mark in own.marks[student]:
            holders[mark].append(student)
    found: set[tuple[str, str]] = set()
    for students in holders.values():
        pairs = combinations(students, 2) if len(students) <= FEW else pairwise(students)
        for one, other in pairs:
            found.add((min(one, other), max(one, other)))
    return found


def _pair(code: _Own, errors: _Own, one: str, other: str) -> Pair:
    first = code.of(one)
    second = code.of(other)
    both = first & second
    mean_weight = (code.weight(first) + code.weight(second)) / 2
    # added, so that who has little of their own is not alike by that little
    rarest = log2(len(code.marks) + 2)
    wrong = errors.of(one) & errors.of(other)
    without_group = [str(mark).rpartition(" ")[0] for mark in wrong]
    return Pair(
        one=one,
        other=other,
        share=code.weight(both) / (mean_weight + rarest),
        parts=(len(both), len(first), len(second)),
        wrong=tuple(sorted(without_group)),
        rarity=errors.rarity(wrong),
    )


def _nearest(students: Iterable[str], pairs: Sequence[Pair]) -> dict[str, float]:
    """Return student → the share with the answer that is most like theirs."""
    nearest = dict.fromkeys(students, 0.0)
    for pair in pairs:
        for student in (pair.one, pair.other):
            if student in nearest:
                nearest[student] = max(nearest[student], pair.share)
    return nearest


def _fence(shares: Iterable[float]) -> float:
    """Return how far up a share is usual in this class.

    That is several times as far above the middle as the lower half spreads below it. The upper half
    does not move it, so that copies do not hide each other.
    """
    values = list(shares)
    if len(values) < FEWEST:
        return 1.0
    low, middle, _ = quantiles(values, n=4)
    return min(1.0, middle + SPREADS * max(middle - low, LEAST_SPREAD))


def _groups(pairs: Iterable[Pair]) -> Iterator[tuple[str, ...]]:
    """Yield the groups of students whom pairs link, the largest first."""
    group: dict[str, set[str]] = {}
    for pair in pairs:
        joined = group.get(pair.one, {pair.one}) | group.get(pair.other, {pair.other})
        for student in joined:
            group[student] = joined
    different = {id(members): members for members in group.values()}.values()
    for members in sorted(different, key=lambda members: (-len(members), min(members))):
        if len(members) >= LEAST_GROUP:
            yield tuple(sorted(members))
