"""A class's results of one unit together: checks, known mistakes, equal wrong answers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

from autograder.errors import visible
from autograder.grading.hand_in import names_of_hand_in
from autograder.grading.results import Result
from autograder.grading.ways_wrong import WrongValues, mistakes_made, wrong_values
from autograder.judging import Verdict
from autograder.question import is_name_of

ENDED = ("killed", "timeout", "error")


@dataclass(frozen=True)
class CheckSummary:
    """The results of a check.

    passed, partial, failed, not_reached: numbers of submissions. share: the mean share of its
    points. seconds, longest: the median and the longest time.
    """

    name: str
    title: str
    passed: int
    partial: int
    failed: int
    not_reached: int
    share: float
    seconds: float
    longest: float


@dataclass(frozen=True)
class Bar:
    """The number of values from `low` to under `high`; the last bar includes the largest."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Group:
    """Students with the same remark, or with equal wrong arrays that no known mistake explains."""

    check: str
    text: str
    students: tuple[str, ...]


def by_unit(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Return the results of each unit, by the units' names."""
    units: dict[str, list[Result]] = {}
    for result in results:
        of_unit = units.setdefault(result.unit, [])
        of_unit.append(result)
    return dict(sorted(units.items()))


def checks(results: Sequence[Result]) -> list[CheckSummary]:
    """Return a summary of each check of a unit, in order."""
    by_check: dict[str, list[Verdict]] = {}
    for result in results:
        for verdict in result.verdicts:
            verdicts = by_check.setdefault(verdict.name, [])
            verdicts.append(verdict)
    return [_summary(verdicts) for verdicts in by_check.values()]


def _summary(verdicts: Sequence[Verdict]) -> CheckSummary:
    """Return the summary of one check's verdicts."""
    statuses = [verdict.status for verdict in verdicts]
    passed = statuses.count("passed")
    partial = statuses.count("partial")
    not_reached = statuses.count("not_reached")
    recorded = statuses.count("recorded")  # a person grades them
    seconds = [verdict.seconds for verdict in verdicts if verdict.status != "not_reached"]
    if not seconds:
        seconds = [0.0]
    shares = [verdict.earned / verdict.points for verdict in verdicts]
    return CheckSummary(
        name=verdicts[0].name,
        title=verdicts[0].title,
        passed=passed,
        partial=partial,
        failed=len(verdicts) - passed - partial - not_reached - recorded,
        not_reached=not_reached,
        share=sum(shares) / len(shares),
        seconds=median(seconds),
        longest=max(seconds),
    )


def distribution(results: Sequence[Result], most: int = 15) -> list[Bar]:
    """Return the distribution of points, in at most this many bars of an integer width."""
    top = max(result.max_score for result in results)
    width = max(1, ceil(top / most))
    last = ceil(top / width) - 1
    counts = Counter[int]()
    for result in results:
        bar = int(result.score // width)
        counts[min(bar, last)] += 1
    bars = []
    for bar in range(last + 1):
        low = bar * width
        high = low + width
        bars.append(Bar(low, high, counts[bar]))
    return bars


# ---- answers to questions


@dataclass(frozen=True)
class Given:
    """An answer to a question, and its number of submissions. agrees: it is the right one."""

    text: str
    agrees: bool
    count: int


@dataclass(frozen=True)
class QuestionSummary:
    """A class's answers to a question, the most common first. answered: number of submissions."""

    name: str
    title: str
    answered: int
    given: tuple[Given, ...]


def answers(results: Sequence[Result]) -> list[QuestionSummary]:
    """Return the answers to each question of a unit, in order."""
    titles: dict[str, str] = {}
    counts: dict[str, Counter[tuple[str, bool]]] = {}
    for result in results:
        for verdict in result.verdicts:
            if verdict.given and verdict.status != "recorded":
                titles[verdict.name] = verdict.title
                of_check = counts.setdefault(verdict.name, Counter())
                of_check[verdict.given, verdict.agrees] += 1
    summaries = []
    for name, of_check in counts.items():
        given = [Given(text, agrees, count) for (text, agrees), count in of_check.most_common()]
        summary = QuestionSummary(name, titles[name], of_check.total(), tuple(given))
        summaries.append(summary)
    return summaries


# ---- submissions to look at

SLOWER = 3.0  # multiple of the usual time of those who passed a check
LEAST_SECONDS = 0.3  # a faster check is not slow


def to_look_at(results: Sequence[Result]) -> list[tuple[Result, str]]:
    """Return the submissions that a person should look at, and why.

    Those could not be read, raised an error, hung or were stopped in a check, gave two answers to
    one question, took far longer for a check than those who passed it, or bear another's name.
    """
    usual = _usual_seconds(results)
    others_names = {result.place: words for result, words in bearing_another_name(results)}
    found = []
    for result in results:
        reasons = _reasons(result, usual)
        if result.place in others_names:
            reasons.append(others_names[result.place])
        if reasons:
            found.append((result, "; ".join(reasons)))
    return found


def _usual_seconds(results: Sequence[Result]) -> dict[str, float]:
    """Return check → the median seconds of those who passed it."""
    of_passed: dict[str, list[float]] = {}
    for result in results:
        for verdict in result.verdicts:
            if verdict.status == "passed":
                seconds = of_passed.setdefault(verdict.name, [])
                seconds.append(verdict.seconds)
    usual = {}
    for name, seconds in of_passed.items():
        usual[name] = median(seconds)
    return usual


def _reasons(result: Result, usual: Mapping[str, float]) -> list[str]:
    """Say why a submission should be looked at; nothing if it need not be."""
    reasons = [result.note] if result.note else _endings(result.verdicts)
    two = two_answers(result)
    if two:
        reasons.append(f"two different answers to the same question in {two}")
    for verdict in result.verdicts:
        if verdict.name not in usual:
            continue
        usually = usual[verdict.name]
        if verdict.seconds > max(SLOWER * usually, LEAST_SECONDS):
            took = f"{verdict.name} took {verdict.seconds:.1f} s with reruns and waiting"
            reasons.append(f"{took}, usually {usually:.2g} s")
    return reasons


def two_answers(result: Result) -> str:
    """Return the checks with two answers of a submission; empty for none."""
    names = [verdict.name for verdict in result.verdicts if verdict.two_answers]
    return ", ".join(names)


def bearing_another_name(results: Sequence[Result]) -> list[tuple[Result, str]]:
    """Return the submissions whose file bears the name of another student, and say whose it is."""
    found = []
    for result in results:
        names = dict.fromkeys(verdict.whose for verdict in result.verdicts if verdict.whose)
        for name in names:
            owners = [one.lms_name for one in results if is_name_of(name, _names_of(one))]
            others = sorted({*owners} - {result.lms_name})
            if others:
                whose = visible(", ".join(others))
                found.append((result, f'the name in the file, "{name}", is that of {whose}'))
    return found


def bearing_unknown_name(results: Sequence[Result]) -> list[Result]:
    """Return the submissions whose file bears a name that nobody of the class is known by."""
    of_others = {result.place for result, _ in bearing_another_name(results)}
    found = []
    for result in results:
        bears = any(verdict.whose for verdict in result.verdicts)
        if bears and result.place not in of_others:
            found.append(result)
    return found


def _names_of(result: Result) -> list[str]:
    """Return all words that the student of a result is known to be called by."""
    return names_of_hand_in(result.student, result.known_as, result.hand_in)


def _endings(verdicts: Sequence[Verdict]) -> list[str]:
    """Say in which checks a submission was stopped, hung or failed, by kind."""
    found = []
    for status in ENDED:
        names = [verdict.name for verdict in verdicts if verdict.status == status]
        if names:
            found.append(f"{status} in {', '.join(names)}")
    return found


# ---- groups of students


def mistakes(results: Sequence[Result]) -> list[Group]:
    """Return the known mistakes that were made, the most common first."""
    check_of: dict[str, str] = {}
    students: dict[str, dict[str, None]] = {}  # description of a mistake → who made it, in order
    for result in results:
        for verdict in result.verdicts:
            for text in mistakes_made(verdict):
                check_of.setdefault(text, verdict.name)
                who = students.setdefault(text, {})
                who[result.student] = None
    groups = []
    for text, who in students.items():
        groups.append(Group(check_of[text], text, tuple(who)))
    return _largest_first(groups)


def unnamed(results: Sequence[Result]) -> list[Group]:
    """Return groups of two or more with equal wrong arrays that no known mistake explains.

    Each may be a mistake worth listing.
    """
    equal: dict[WrongValues, list[str]] = {}
    for result in results:
        for verdict in result.verdicts:
            wrong = wrong_values(verdict)
            if wrong.arrays:
                students = equal.setdefault(wrong, [])
                students.append(result.student)
    groups = []
    for wrong, students in equal.items():
        if len(students) > 1:
            groups.append(Group(wrong.check, wrong.text, tuple(students)))
    return _largest_first(groups)


def _largest_first(groups: list[Group]) -> list[Group]:
    groups.sort(key=lambda group: -len(group.students))
    return groups
