"""Finds similar answers, exercise by exercise. It orders pairs to look at, and judges nobody.

Code that half the class, the stub or our solution shares is ignored; a part that few share counts
most. Only students whose answers share something rare are compared, found by an index from
fingerprint to students, never all pairs of a class. All attempts of two students are compared, and
the most similar two are their pair; which code half the class has is judged by the latest ones.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, pairwise, product
from math import log2
from statistics import quantiles
from typing import TypeVar

from autograder.grading.results import Result
from autograder.judging import Verdict
from autograder.review.answers import Exercise, FingerprintedFile, UnitAnswers, latest_first

# answers that share a part: up to this number all pairs are examined, of more each with its most
# likely
FEW = 12

# a share is unusual above the median by this many times the spread of the lower half
SPREADS = 5
LEAST_SPREAD = 0.05  # the least spread, for shares that hardly differ
FEWEST = 4  # answers needed to determine what is usual
ALWAYS = 0.9  # a share above it stands out, however many of the class share as much
# near-equal answers have at least this many parts, and share at least this fraction of them
LEAST_PARTS = 12
NEARLY_EQUAL = 0.8
# of our solution of a unit, the least that a file must have to be one of its copies
PART_OF_UNIT = 1 / 3
PIVOTS = 16  # answers that all others are compared with, to find a group of half the class
LEAST_GROUP = 3  # students; two are a pair

Mark = TypeVar("Mark", bound=Hashable)
Marks = frozenset[Hashable]  # fingerprints of code, or wrong answers
# check → student → wrong answers that no known mistake explains
WrongAnswers = Mapping[str, Mapping[str, frozenset[str]]]


@dataclass(frozen=True)
class Pair:
    """Two similar answers to an exercise, of two students.

    one, other: the names of the answers: see `FingerprintedFile.called`.
    share: from 0 to 1, the weighted common part of their own code, rare parts counting most.
    parts: the number of parts that both have, and that each has; common code is left out.
    wrong: wrong arrays that both computed equally, in their latest files, and no known mistake
    explains.
    rarity: of these, from 0, if the whole class did, to nearly 1, if only these two did.
    stands_out: whether it is far above what is usual in this class, or the whole files are equal.
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
        """Return the sort key of pairs: equal code, and how rare equal wrong answers are."""
        return self.share + self.rarity


@dataclass(frozen=True)
class Alike:
    """The findings on one exercise.

    answers: the number of this year's students. groups: of answers, by their names.
    nearest: for each student of this year, the share with the most similar answer.
    own_nothing: who wrote only common code: the stub's, our solution's, or half the class's; but
    not whom `as_ours` lists.
    ours: who wrote nearly our solution, at most under other names; of the unit, at least a third.
    ours_before: the earlier attempts that are nearly our solution, by their names.
    fence: shares above it stand out from `nearest`. common: ignored fingerprints.
    """

    exercise: Exercise
    answers: int
    pairs: tuple[Pair, ...]
    groups: tuple[tuple[str, ...], ...]
    nearest: tuple[float, ...]
    own_nothing: tuple[str, ...]
    ours: tuple[str, ...]
    ours_before: tuple[str, ...]
    fence: float
    common: frozenset[int]

    @property
    def all_ours(self) -> tuple[str, ...]:
        """Return the names of all answers that are nearly our solution."""
        return (*self.ours, *self.ours_before)


@dataclass(frozen=True)
class AsOurs:
    """A student whose code is our solution, at most under other names.

    answer: the name of the student's answer. exercises: in which it is. points: of these exercises.
    unit: whether that is said of the whole file; then short exercises count, too. whole: whether it
    has nearly all of our solution.
    """

    student: str
    answer: str
    exercises: tuple[Exercise, ...]
    points: float
    unit: bool = False
    whole: bool = False


def alike(unit: UnitAnswers, most: int) -> list[Alike]:
    """Compare the answers of a unit, exercise by exercise; keep the first `most` pairs of each."""
    wrong = _wrong_answers(unit.results)
    found = []
    for exercise in unit.exercises:
        found.append(_exercise(unit, exercise, wrong, most))
    listed = {one.student: one for one in as_ours(unit, found)}
    return [_without(report, listed) for report in found]


def _without(report: Alike, listed: Mapping[str, AsOurs]) -> Alike:
    """Take those whose code is our solution out of those with nothing of their own."""

    def is_listed(student: str) -> bool:
        one = listed.get(student)
        return one is not None and (one.unit or report.exercise in one.exercises)

    own_nothing = [student for student in report.own_nothing if not is_listed(student)]
    return replace(report, own_nothing=tuple(own_nothing))


def as_ours(unit: UnitAnswers, reports: Sequence[Alike]) -> list[AsOurs]:
    """Return whose code is our solution: first whole units, then by points.

    An exercise that most others write as we do is no evidence: see `usual_ways`. Of a student's
    attempts, the one with the most of our solution is listed; of equal ones, the latest.
    reports: on this unit, as `alike` returns them.
    """
    files = _copied_files(reports)
    usual = usual_ways(reports)
    single = [one for one in reports if one.exercise.check and one.exercise not in usual]
    exercises_of: dict[str, list[Exercise]] = {}
    for report in single:
        for name in report.all_ours:
            exercises_of.setdefault(name, []).append(report.exercise)
    best: dict[str, AsOurs] = {}
    for answer in sorted(unit.answers, key=latest_first):
        if answer.year:
            continue
        if answer.called in files:
            one = _copied_file(unit, answer)
        else:
            exercises = tuple(exercises_of.get(answer.called, ()))
            points = sum(exercise.points for exercise in exercises)
            one = AsOurs(answer.student, answer.called, exercises, points)
        if one.exercises:
            best[one.student] = min(best.get(one.student, one), one, key=_most_of_ours)
    return sorted(best.values(), key=_most_of_ours)


def _most_of_ours(one: AsOurs) -> tuple[bool, float, str]:
    """Return the sort key that puts those with the most of our solution first."""
    return not one.whole, -one.points, one.student


def _copied_files(reports: Sequence[Alike]) -> set[str]:
    """Return the names of answers that are nothing but our solution."""
    of_unit = [report for report in reports if not report.exercise.check]
    return {answer for report in of_unit for answer in report.all_ours}


def _copied_file(unit: UnitAnswers, answer: FingerprintedFile) -> AsOurs:
    """Return which exercises of such a file are our solution's.

    An exercise that is too small to have parts counts as ours if the rest of the file is ours.
    """
    of_unit, *single = (*unit.exercises, *unit.short)
    whole = _are_ours(unit.written(of_unit, answer), unit.written(of_unit, unit.ours), NEARLY_EQUAL)
    exercises = []
    for exercise in single:
        ours = unit.written(exercise, unit.ours)
        theirs = unit.written(exercise, answer)
        is_ours = _are_ours(theirs, ours, NEARLY_EQUAL) if ours else whole
        if is_ours and exercise.points:
            exercises.append(exercise)
    points = sum(exercise.points for exercise in exercises)
    return AsOurs(answer.student, answer.called, tuple(exercises), points, unit=True, whole=whole)


def usual_ways(reports: Sequence[Alike]) -> dict[Exercise, int]:
    """Return the exercises that most students write as we do, with the number of these students.

    Those whose whole file is our solution are not counted, and neither are earlier attempts.
    reports: on one unit.
    """
    of_unit = [report for report in reports if not report.exercise.check]
    files = {student for report in of_unit for student in report.ours}
    found = {}
    for report in reports:
        others = set(report.ours) - files
        half = (report.answers - len(files)) / 2
        if report.exercise.check and len(others) > max(LEAST_GROUP, half):
            found[report.exercise] = len(others)
    return found


def _exercise(unit: UnitAnswers, exercise: Exercise, wrong: WrongAnswers, most: int) -> Alike:
    """Compare the answers to one exercise."""
    found = _answers_to(unit, exercise)
    now = {
        name: found.marks[name]
        for name, answer in found.answers.items()
        if not (answer.year or answer.attempt)
    }
    public = unit.public
    most_wrote = _from_one_source({who: marks - public for who, marks in now.items()})
    counted = {who: marks for who, marks in now.items() if who not in most_wrote[1:]}
    common = _common(list(counted.values())) | public
    code = _Own({name: marks - common for name, marks in found.marks.items()}, found, most_wrote)
    errors = _own_errors(exercise, wrong)
    pairs = []
    for one, other in _candidates(code) | _candidates(errors):
        of_two = list(_pairs_of(found, code, errors, one, other))
        if of_two:
            pairs.append(max(of_two, key=lambda pair: pair.share))  # of equal ones the latest
    nearest = _nearest(found, now, pairs)
    fence = _fence(nearest.values())
    pairs = [_marked(pair, fence, unit, found) for pair in pairs]

    def turn(pair: Pair) -> tuple[bool, float, str, str]:
        # those of half the class last: as a group they are one line, as pairs they hide all others
        are_of_most = {found.student(pair.one), found.student(pair.other)}.issubset(most_wrote)
        return are_of_most, -pair.order, pair.one, pair.other

    pairs.sort(key=turn)
    own_nothing = [student for student in nearest if not code.of(student)]
    return Alike(
        exercise=exercise,
        answers=len(nearest),
        pairs=tuple(pairs[:most]),
        groups=_groups(found, [pair for pair in pairs if pair.stands_out]),
        nearest=tuple(sorted(nearest.values())),
        own_nothing=tuple(sorted(own_nothing)),
        ours=tuple(sorted(_who_wrote_ours(unit, exercise, latest=True))),
        ours_before=tuple(sorted(_who_wrote_ours(unit, exercise, latest=False))),
        fence=fence,
        common=common,
    )


@dataclass(frozen=True)
class _Answers:
    """The different answers to an exercise, and the fingerprints of each, by the answers' names."""

    answers: Mapping[str, FingerprintedFile]
    marks: Mapping[str, frozenset[int]]

    def student(self, name: str) -> str:
        """Return whose answer it is; a name without an answer is a student's."""
        return self.answers[name].student if name in self.answers else name

    def is_of_earlier_year(self, name: str) -> bool:
        """Return whether it is an answer of an earlier year."""
        return name in self.answers and bool(self.answers[name].year)

    def of(self, student: str) -> list[str]:
        """Return the names of a student's answers, the latest first."""
        return self._by_student.get(student, [student])

    @cached_property
    def _by_student(self) -> dict[str, list[str]]:
        by_student: dict[str, list[str]] = {}
        for name, answer in self.answers.items():
            by_student.setdefault(answer.student, []).append(name)
        return by_student


def _answers_to(unit: UnitAnswers, exercise: Exercise) -> _Answers:
    """Return the answers to an exercise, of equal ones of a student the latest."""
    answers: dict[str, FingerprintedFile] = {}
    marks: dict[str, frozenset[int]] = {}
    seen: set[tuple[str, frozenset[int]]] = set()
    for answer in sorted(unit.answers, key=latest_first):
        found = unit.numbers(exercise, answer)
        if found and (answer.student, found) not in seen:
            seen.add((answer.student, found))
            answers[answer.called] = answer
            marks[answer.called] = found
    return _Answers(answers, marks)


def _pairs_of(
    found: _Answers, code: "_Own", errors: "_Own", student: str, another: str
) -> Iterator[Pair]:
    """Yield the pairs of two students' answers, the latest first; none of two earlier years."""
    wrong = errors.of(student) & errors.of(another)
    for one, other in product(found.of(student), found.of(another)):
        if not (found.is_of_earlier_year(one) and found.is_of_earlier_year(other)):
            yield _pair(code, errors, wrong, one, other)


def _who_wrote_ours(unit: UnitAnswers, exercise: Exercise, latest: bool) -> list[str]:
    """Return which of this year's answers are nearly our solution, if it is of some length.

    latest: those of latest attempts, or all before.
    """
    ours = unit.written(exercise, unit.ours)
    least = NEARLY_EQUAL if exercise.check else PART_OF_UNIT
    names = []
    for answer in unit.answers:
        if answer.year or latest == bool(answer.attempt):
            continue
        theirs = unit.written(exercise, answer)
        if len(theirs & ours) >= LEAST_PARTS and _are_ours(theirs, ours, least):
            names.append(answer.called)
    return names


def _are_ours(theirs: frozenset[int], ours: frozenset[int], least: float) -> bool:
    """Return whether code has nearly nothing but our solution. least: the fraction of that."""
    both = len(theirs & ours)
    return both >= max(1, NEARLY_EQUAL * len(theirs), least * len(ours))


def _marked(pair: Pair, fence: float, unit: UnitAnswers, found: _Answers) -> Pair:
    """Mark a pair that stands out: by its share, or because whole files of the two are equal."""
    are_equal = unit.have_equal_files(found.student(pair.one), found.student(pair.other))
    return replace(pair, stands_out=are_equal or pair.share > fence)


def _common(found: Sequence[frozenset[int]]) -> frozenset[int]:
    """Return what more than half of some answers have."""
    half = max(2, len(found) / 2)
    holders = count_holders(found)
    common = [mark for mark, count in holders.items() if count > half]
    return frozenset(common)


def _from_one_source(found: Mapping[str, frozenset[int]]) -> tuple[str, ...]:
    """Return who wrote nearly equal answers, if they are more than half of the class.

    Otherwise nobody. They count as one answer: else their shared code would count as common. found:
    this year's answers. A group of half the class almost surely contains one of a few answers,
    which are examined.
    """
    step = max(1, len(found) // PIVOTS)
    pivots = list(found.values())[::step]
    for pivot in pivots:
        group = [who for who, marks in found.items() if _are_nearly_equal(pivot, marks)]
        if len(group) > max(LEAST_GROUP, len(found) / 2):
            return tuple(sorted(group))
    return ()


def _are_nearly_equal(one: frozenset[int], other: frozenset[int]) -> bool:
    """Return whether two answers of some length share nearly all of their parts."""
    either = len(one | other)
    return min(len(one), len(other)) >= LEAST_PARTS and len(one & other) >= NEARLY_EQUAL * either


def count_holders(found: Iterable[frozenset[Mark]]) -> Counter[Mark]:
    """Return the number of students with each mark. found: the marks of each."""
    holders = Counter[Mark]()
    for marks in found:
        holders.update(marks)
    return holders


class _Own:
    """Each answer's own marks, weighted: the fewer students have one, the heavier.

    by_student: student → the marks of all answers.
    """

    def __init__(
        self,
        marks: Mapping[str, Marks],
        found: "_Answers | None" = None,
        count_as_one: Sequence[str] = (),
    ) -> None:
        """Count the students with each mark.

        marks: of each answer. found: whose it is; else each is a student's. count_as_one: a group.
        """
        self.marks = marks
        self.by_student: dict[str, Marks] = {}
        for name, own in marks.items():
            student = found.student(name) if found else name
            self.by_student[student] = self.by_student.get(student, frozenset()) | own
        counted = {who: own for who, own in self.by_student.items() if who not in count_as_one}
        together = frozenset[Hashable]().union(*(self.by_student[who] for who in count_as_one))
        holders = count_holders([*counted.values(), together])
        everyone = max(2, len(counted) + bool(count_as_one)) + 1
        self._most = log2(everyone)  # the weight of a mark that one student has
        self._weights = {}
        for mark, count in holders.items():
            self._weights[mark] = log2(everyone / count)

    def of(self, answer: str) -> Marks:
        """Return an answer's marks; none if there is no such answer."""
        nothing: Marks = frozenset()
        return self.marks.get(answer, nothing)

    def weight(self, marks: Iterable[Hashable]) -> float:
        """Return the total weight of marks."""
        weights = [self._weights[mark] for mark in marks]
        return sum(weights)

    def rarity(self, marks: Iterable[Hashable]) -> float:
        """Return the rarity of the rarest of these marks, from 0 to nearly 1."""
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
    """Return each student's unexplained wrong answers to an exercise; for a unit, to all checks."""
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
    """Return the pairs of students that share a mark.

    For a rare mark these are all pairs; for a common one, neighbours in an order that puts students
    with similar marks beside each other.
    """

    def by_first_mark(student: str) -> tuple[str, str]:
        marks = [str(mark) for mark in own.by_student[student]]
        first = min(marks, default="")
        return first, student

    in_order = sorted(own.by_student, key=by_first_mark)
    holders: dict[Hashable, list[str]] = defaultdict(list)
    for student in in_order:
        for mark in own.by_student[student]:
            holders[mark].append(student)
    found: set[tuple[str, str]] = set()
    for students in holders.values():
        are_few = len(students) <= FEW
        pairs = combinations(students, 2) if are_few else pairwise(students)
        for pair in pairs:
            one, other = sorted(pair)
            found.add((one, other))
    return found


def _pair(code: _Own, errors: _Own, wrong: Marks, one: str, other: str) -> Pair:
    """Compare two answers. wrong: the wrong answers that both students have."""
    first = code.of(one)
    second = code.of(other)
    both = first & second
    mean_weight = (code.weight(first) + code.weight(second)) / 2
    # added, so that students with little own code are not similar by that little
    rarest = log2(len(code.by_student) + 2)
    without_group = [str(mark).rpartition(" ")[0] for mark in wrong]
    return Pair(
        one=one,
        other=other,
        share=code.weight(both) / (mean_weight + rarest),
        parts=(len(both), len(first), len(second)),
        wrong=tuple(sorted(without_group)),
        rarity=errors.rarity(wrong),
    )


def _nearest(found: _Answers, students: Iterable[str], pairs: Sequence[Pair]) -> dict[str, float]:
    """Return student → the share with the most similar answer."""
    nearest = dict.fromkeys(students, 0.0)
    for pair in pairs:
        for name in (pair.one, pair.other):
            student = found.student(name)
            if student in nearest:
                nearest[student] = max(nearest[student], pair.share)
    return nearest


def _fence(shares: Iterable[float]) -> float:
    """Return the upper limit of a usual share in this class.

    It is several times as far above the median as the lower half spreads below it. The upper half
    does not affect it, so that copies do not hide each other; if more than half of the class has
    copied, a bound keeps it from rising.
    """
    values = list(shares)
    if len(values) < FEWEST:
        return ALWAYS
    low, middle, _ = quantiles(values, n=4)
    spread = max(middle - low, LEAST_SPREAD)
    return min(ALWAYS, middle + SPREADS * spread)


def _groups(found: _Answers, pairs: Sequence[Pair]) -> tuple[tuple[str, ...], ...]:
    """Return the groups of answers whose students are linked by pairs, the largest first."""
    group_of: dict[str, frozenset[str]] = {}
    answers: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        joined = frozenset[str]()
        for name in (pair.one, pair.other):
            student = found.student(name)
            answers[student].add(name)
            joined |= group_of.get(student, {student})
        for student in joined:
            group_of[student] = joined
    groups = []
    for students in set(group_of.values()):
        if len(students) >= LEAST_GROUP:
            members = [name for student in students for name in answers[student]]
            groups.append(tuple(sorted(members)))
    groups.sort(key=lambda members: (-len(members), members))
    return tuple(groups)
