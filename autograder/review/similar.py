"""Finds who wrote alike, exercise by exercise. It orders pairs to look at, and judges nobody.

What half the class shares, the stub and our solution say nothing; a part that few share says most.
Only answers that share something rare are compared, found by an index from fingerprint to answers,
never all pairs of a class.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from math import log2
from statistics import quantiles
from typing import TypeVar

from autograder.grading.results import Result
from autograder.judging import Verdict
from autograder.review.answers import Exercise, UnitAnswers

# answers that share a part: of so few all pairs are looked at, of more each with its most likely
FEW = 12

# a share is unusual above the middle by so many times the spread of the lower half
SPREADS = 5
LEAST_SPREAD = 0.05  # what counts as the spread where shares hardly differ
FEWEST = 4  # answers that say what is usual
ALWAYS = 0.9  # a share above it stands out, however many of the class share as much
# near-equal answers have at least so many parts, and share at least this fraction of them
LEAST_PARTS = 12
NEARLY_EQUAL = 0.8
PIVOTS = 16  # answers that each other one is held against, to find a group of half the class
LEAST_GROUP = 3  # students; two are a pair

Mark = TypeVar("Mark", bound=Hashable)
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
    stands_out: whether it is far above what answers of this class have in common, or the whole
    files are equal.
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
        """Return what pairs are sorted by: equal code, and how rare equal wrong answers are."""
        return self.share + self.rarity

    def is_within(self, students: Sequence[str]) -> bool:
        """Say whether both answers are of some students."""
        return self.one in students and self.other in students


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
    found = []
    for exercise in unit.exercises:
        found.append(_exercise(unit, exercise, wrong, most))
    return found


def _exercise(unit: UnitAnswers, exercise: Exercise, wrong: WrongAnswers, most: int) -> Alike:
    """Compare the answers to one exercise."""
    now: dict[str, frozenset[int]] = {}
    earlier: dict[str, frozenset[int]] = {}
    for answer in unit.answers:
        marks = unit.numbers(exercise, answer)
        if marks:
            answers_of_year = earlier if answer.year else now
            answers_of_year[answer.student] = marks
    most_wrote = _from_one_source({who: marks - unit.public for who, marks in now.items()})
    counted = {who: marks for who, marks in now.items() if who not in most_wrote[1:]}
    common = _common(list(counted.values())) | unit.public
    own = {student: marks - common for student, marks in (now | earlier).items()}
    code = _Own(own, count_as_one=most_wrote)
    errors = _own_errors(exercise, wrong)
    pairs = []
    for one, other in _candidates(code) | _candidates(errors):
        if one in earlier and other in earlier:
            continue
        pairs.append(_pair(code, errors, one, other))
    nearest = _nearest(now, pairs)
    fence = _fence(nearest.values())
    pairs = [_marked(pair, fence, unit) for pair in pairs]
    # those of half the class last: as a group they are one line, as pairs they hide all others
    pairs.sort(key=lambda pair: (pair.is_within(most_wrote), -pair.order, pair.one, pair.other))
    own_nothing = [student for student in nearest if not code.of(student)]
    return Alike(
        exercise=exercise,
        answers=len(nearest),
        pairs=tuple(pairs[:most]),
        groups=_groups(pair for pair in pairs if pair.stands_out),
        nearest=tuple(sorted(nearest.values())),
        own_nothing=tuple(sorted(own_nothing)),
        fence=fence,
        common=common,
    )


def _marked(pair: Pair, fence: float, unit: UnitAnswers) -> Pair:
    """Mark a pair that stands out: by its share, or since the whole files are equal."""
    is_equal = unit.are_equal(pair.one, pair.other)
    return replace(pair, stands_out=is_equal or pair.share > fence)


def _common(found: Sequence[frozenset[int]]) -> frozenset[int]:
    """Return what more than half of some answers have."""
    half = max(2, len(found) / 2)
    holders = count_holders(found)
    common = [mark for mark, count in holders.items() if count > half]
    return frozenset(common)


def _from_one_source(found: Mapping[str, frozenset[int]]) -> tuple[str, ...]:
    """Return who wrote nearly equally, where they are more than half of the class; else nobody.

    They count as one answer: else what they share would be common, and alike to nothing. found:
    this year's answers. A group of half the class holds nearly surely one of a few answers, which
    are looked at.
    """
    step = max(1, len(found) // PIVOTS)
    pivots = list(found.values())[::step]
    for pivot in pivots:
        group = [who for who, marks in found.items() if _are_nearly_equal(pivot, marks)]
        if len(group) > max(LEAST_GROUP, len(found) / 2):
            return tuple(sorted(group))
    return ()


def _are_nearly_equal(one: frozenset[int], other: frozenset[int]) -> bool:
    """Say whether two answers of some length have nearly all of their parts in common."""
    either = len(one | other)
    return min(len(one), len(other)) >= LEAST_PARTS and len(one & other) >= NEARLY_EQUAL * either


def count_holders(found: Iterable[frozenset[Mark]]) -> Counter[Mark]:
    """Return how many students have each mark. found: the marks of each."""
    holders = Counter[Mark]()
    for marks in found:
        holders.update(marks)
    return holders


class _Own:
    """What is each student's own, with a weight for each mark: the rarer, the heavier."""

    def __init__(self, marks: Mapping[str, Marks], count_as_one: Sequence[str] = ()) -> None:
        """Count who has which marks. marks: student → marks. count_as_one: who count as one."""
        self.marks = marks
        counted = {who: own for who, own in marks.items() if who not in count_as_one}
        together = frozenset[Hashable]().union(*(marks[who] for who in count_as_one))
        holders = count_holders([*counted.values(), together])
        everyone = max(2, len(counted) + bool(count_as_one)) + 1
        self._most = log2(everyone)  # the weight of what one student has
        self._weights = {}
        for mark, count in holders.items():
            self._weights[mark] = log2(everyone / count)

    def of(self, student: str) -> Marks:
        """Return a student's marks; none where the student has no answer."""
        nothing: Marks = frozenset()
        return self.marks.get(student, nothing)

    def weight(self, marks: Iterable[Hashable]) -> float:
        """Return the weight of marks together."""
        weights = [self._weights[mark] for mark in marks]
        return sum(weights)

    def rarity(self, marks: Iterable[Hashable]) -> float:
        """Return how rare the rarest of these marks is, from 0 to nearly 1."""
        weights = [self._weights[mark] for mark in marks]
        heaviest = max(weights, default=0.0)
        return heaviest / self._most


def _wrong_answers(results: Sequence[Result]) -> WrongAnswers:
    """Return the wrong answers that no known mistake explains, on the seed of most results."""
    found: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)
    seeds = Counter(result.provenance.seed for result in results)
    most = max(seeds.values(), default=0)
    for result in results:
        seed = result.provenance.seed
        if seeds[seed] < most:
            continue
        for verdict in result.verdicts:
            found[verdict.name][result.student] = _unexplained(verdict)
    return found


def _unexplained(verdict: Verdict) -> frozenset[str]:
    """Return the arrays of each remark that names no mistake, with the group of equal answers."""
    groups = set()
    for remark in verdict.remarks:
        if remark.group:
            arrays = ", ".join(remark.arrays)
            groups.add(f"{arrays} {remark.group}")
    return frozenset(groups)


def _own_errors(exercise: Exercise, wrong: WrongAnswers) -> _Own:
    """Return each student's unexplained wrong answers to an exercise; of a unit, to all checks."""
    errors: dict[str, set[Hashable]] = defaultdict(set)
    for check, students in wrong.items():
        if exercise.check and exercise.check != check:
            continue
        for student, groups in students.items():
            for group in groups:
                errors[student].add(f"{check}: {group}")
    own = {}
    for student, marks in errors.items():
        own[student] = frozenset(marks)
    return _Own(own)


def _candidates(own: _Own) -> set[tuple[str, str]]:
    """Return the pairs that share a mark.

    Of a mark that few have, all pairs; of one that many have, neighbours in an order in which those
    with like marks stand beside each other.
    """

    def by_first_mark(student: str) -> tuple[str, str]:
        marks = [str(mark) for mark in own.marks[student]]
        first = min(marks, default="")
        return first, student

    in_order = sorted(own.marks, key=by_first_mark)
    holders: dict[Hashable, list[str]] = defaultdict(list)
    for student in in_order:
        for mark in own.marks[student]:
            holders[mark].append(student)
    found: set[tuple[str, str]] = set()
    for students in holders.values():
        are_few = len(students) <= FEW
        pairs = combinations(students, 2) if are_few else pairwise(students)
        for pair in pairs:
            one, other = sorted(pair)
            found.add((one, other))
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
    does not move it, so that copies do not hide each other; where more than half of the class has
    copied, a bound does not let it rise.
    """
    values = list(shares)
    if len(values) < FEWEST:
        return ALWAYS
    low, middle, _ = quantiles(values, n=4)
    spread = max(middle - low, LEAST_SPREAD)
    return min(ALWAYS, middle + SPREADS * spread)


def _groups(pairs: Iterable[Pair]) -> tuple[tuple[str, ...], ...]:
    """Return the groups of students whom pairs link, the largest first."""
    group_of: dict[str, frozenset[str]] = {}
    for pair in pairs:
        joined = frozenset[str]()
        for student in (pair.one, pair.other):
            joined |= group_of.get(student, {student})
        for student in joined:
            group_of[student] = joined
    groups = []
    for members in set(group_of.values()):
        if len(members) >= LEAST_GROUP:
            groups.append(tuple(sorted(members)))
    groups.sort(key=lambda members: (-len(members), members))
    return tuple(groups)
