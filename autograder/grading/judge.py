"""Judges one submission check by check: points first, and then feedback.

A grade and practice go through the same steps. `Judge` collects from a key what decides about an
answer, which may take experiments on our own solution; `judging` computes the points; and
`explaining` finds what was wrong.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.check import Answer, Check, Failure
from autograder.explaining.explain import (
    explained,
    explained_better,
    explained_following,
    explains_all,
    not_judged,
    waiting,
    with_findings,
)
from autograder.finding import Finding
from autograder.judging import (
    CheckKey,
    Judgement,
    Key,
    Mistake,
    PlainKey,
    Standard,
    Verdict,
    is_right,
    judge,
    mistakes_like,
    not_reached,
    unmet,
)
from autograder.judging.carry import (
    Carried,
    Following,
    Mistakes,
    after_mistakes,
    all_ways,
    common,
    judge_following,
    still_right,
    ways_of,
)
from autograder.judging.key import Excluded, none_excluded
from autograder.judging.prints import SmallChange
from autograder.judging.variants import WrongAnswer, changes_that_explain

# a check and the mistakes made before it → its basis of comparison; None if the solution cannot
# contain all of them, or gives no answer then
Carry = Callable[[Check, Mistakes], Carried | None]


def carry_nothing(*_: object) -> Carried | None:
    """Carry nothing forward."""
    return None


def carried_by_file(key: Key, check: Check, made: Mistakes) -> Carried | None:
    """Return the public key's data on a check after one early mistake: the answer with it.

    Unlike grading, it cannot diagnose further mistakes if the early one changes what is expected,
    nor see which arrays are still informative. It holds no answers of small changes.
    """
    listed = {mistake.id for known in key.values() for mistake, _ in known.mistakes}
    if len(made) > 1 or not made <= listed:
        return None
    known = key[check.name]
    for mistake, mistaken in known.mistakes:
        if mistake.id in made:
            if mistaken.failure:
                return None
            with_it = PlainKey(mistaken, constant=known.constant)
            return Carried(with_it, frozenset(mistaken.arrays))
    return Carried(known, frozenset(known.expected.arrays))  # it changes nothing here


def excluded_by(key: Key, verdicts: Mapping[str, Verdict]) -> Excluded:
    """Return a function that says whether a mistake would have failed a check that passed.

    The passed checks are looked up each time, because verdicts are added meanwhile.
    """

    def excluded(mistake: Mistake | SmallChange) -> bool:
        passed = []
        for name, verdict in verdicts.items():
            if verdict.status == "passed" and name in key:
                passed.append(name)
        return any(key[name].spoilt_by(mistake) for name in passed)

    return excluded


def standard_for(check: Check, key: CheckKey, answer: Answer, excluded: Excluded) -> Standard:
    """Return the basis of comparison of an answer: known mistakes only if something is wrong.

    excluded: called only for the mistakes that the answer resembles; it may run experiments.
    """
    if _tells_nothing(check, answer):
        return Standard(Answer())
    expected = key.expected
    if check.measure or is_right(check, expected, answer):
        return Standard(expected)
    mistakes = key.mistakes
    alike = mistakes_like(check, expected, mistakes, answer)
    ruled_out = frozenset(mistake.id for mistake in alike if excluded(mistake))
    return Standard(expected, mistakes, key.constant, ruled_out)


def points_of(check: Check, key: CheckKey, answer: Answer) -> float:
    """Return the points that an answer to an exact check earns by itself."""
    standard = standard_for(check, key, answer, none_excluded)
    return judge(check, standard, answer).earned


def _tells_nothing(check: Check, answer: Answer) -> bool:
    """Return whether an answer ended in a way that needs no comparison."""
    if check.measure:
        return bool(answer.failure)
    return answer.failure not in (Failure.NONE, Failure.RAISED) and not answer.arrays


@dataclass(frozen=True)
class Judged:
    """An answer to a check, its basis of comparison, and its points."""

    check: Check
    key: CheckKey
    answer: Answer
    standard: Standard
    judgement: Judgement


@dataclass(frozen=True)
class Follows:
    """A check that needs wrong ones, and the basis of comparison of its answer.

    possible: the possible explanations of the wrong ones, each with the check's basis of comparison
    then. carried: what these have in common. needed: the checks that are wrong.
    """

    check: Check
    key: CheckKey
    possible: Mapping[Mistakes, Carried]
    carried: Carried
    needed: Sequence[str]


@dataclass
class Judge:
    """Judges the answers of one submission, in the order of a unit's checks.

    key: of the unit. sizes: letter → size, for shapes in words. carry: the basis of comparison of a
    check after early mistakes. verdicts: of the checks so far; the caller adds to them.
    """

    key: Key
    sizes: Mapping[str, int]
    carry: Carry = carry_nothing
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    _wrong: dict[str, Judged] = field(default_factory=dict)
    _ways: dict[str, list[Mistakes]] = field(default_factory=dict)
    _follows_from: dict[str, Sequence[str]] = field(default_factory=dict)  # of right work

    @property
    def excluded(self) -> Excluded:
        """Return a function that says whether a passed check rules a mistake out."""
        return excluded_by(self.key, self.verdicts)

    def lacking(self, check: Check) -> list[str]:
        """Return the checks that this one needs and that have not passed."""
        return unmet(check, self.verdicts)

    def judge(self, check: Check, key: CheckKey, answer: Answer) -> Judged:
        """Judge an answer: its points."""
        standard = standard_for(check, key, answer, self.excluded)
        judgement = judge(check, standard, answer)
        return Judged(check, key, answer, standard, judgement)

    def explain(self, judged: Judged) -> Verdict:
        """Return the verdict on a judged answer, with what was wrong."""
        return with_findings(judged.judgement.verdict(), self._findings(judged))

    def _findings(self, judged: Judged) -> list[Finding]:
        return explained(
            judged.judgement,
            judged.standard,
            judged.key,
            judged.answer,
            self.sizes,
            self.excluded,
        )

    def note(self, judged: Judged) -> None:
        """Record an answer that failed: checks that need it may still be judged."""
        if not judged.check.measure:
            self._wrong[judged.check.name] = judged

    def follows(self, check: Check, key: CheckKey, needed: Sequence[str]) -> Follows | None:
        """Return the basis of comparison of a check that needs wrong ones; None if it is unknown.

        key: of the check, without earlier mistakes.
        """
        if check.measure:
            return None
        possible = {}
        for made in all_ways([self._ways_of(name) for name in needed]):
            carried = self.carry(check, made)
            if carried:
                possible[made] = carried
        together = common(check, possible)
        if together is None:
            return None
        return Follows(check, key, possible, together, needed)

    def judge_following(self, follows: Follows, answer: Answer) -> Verdict:
        """Judge and explain the answer to a check that depends on wrong ones."""
        following = self._judged_following(follows, answer)
        findings = self._findings_following(follows, following, answer)
        return with_findings(following.verdict(), findings)

    def right_or_none(self, check: Check, key: CheckKey, answer: Answer) -> Verdict | None:
        """Return the verdict on an answer that is right though the check needs wrong ones."""
        following = still_right(check, key.expected, answer)
        return following.verdict() if following else None

    def _judged_following(self, follows: Follows, answer: Answer) -> Following:
        """Judge it: its points, and what later checks depend on."""
        check = follows.check
        following = still_right(check, follows.key.expected, answer)
        if following is None:
            carried = follows.carried
            plain = standard_for(check, carried.key, answer, self.excluded)
            all_of_it = Standard(
                plain.expected, plain.mistakes, carried.key.constant, plain.ruled_out
            )
            standard = after_mistakes(all_of_it, carried)
            earning = frozenset(follows.key.expected.arrays) - follows.key.constant
            following = judge_following(check, earning, standard, carried, follows.possible, answer)
        if following.ways:
            self._ways[check.name] = list(following.ways)
        if following.judgement.is_right:
            self._follows_from[check.name] = follows.needed
        return following

    def _findings_following(
        self, follows: Follows, following: Following, answer: Answer
    ) -> Sequence[Finding]:
        """Find what was wrong, with or without carried mistakes: whichever reading says more."""
        findings = explained_following(
            following, follows.carried.key, follows.needed, answer, self.sizes, self.excluded
        )
        if following.judgement.is_right or following.is_hidden or explains_all(findings):
            return findings
        plainly = self._findings(self.judge(follows.check, follows.key, answer))
        return explained_better(findings, plainly, follows.needed)

    def waiting(self, check: Check, needed: Sequence[str]) -> Verdict:
        """Return practice's verdict on a check that is not run: what to do first."""
        return with_findings(not_reached(check), waiting(self._at_fault(needed)))

    def not_judged(self, check: Check, needed: Sequence[str]) -> Verdict:
        """Return a grade's verdict on a check that is not run: which others did not pass."""
        return with_findings(not_reached(check), not_judged(self._at_fault(needed)))

    def _at_fault(self, needed: Iterable[str]) -> list[str]:
        """Return the checks that are wrong themselves, without those that follow from them."""
        at_fault = []
        for name in needed:
            before = self._follows_from.get(name)
            at_fault += self._at_fault(before) if before else [name]
        return list(dict.fromkeys(at_fault))

    def _ways_of(self, name: str) -> list[Mistakes]:
        """List the possible explanations of a wrong answer.

        They are computed when a later check needs them: small changes take time to make.
        """
        if name in self._wrong:
            self._ways[name] = self._found_ways(self._wrong.pop(name))
        return self._ways.get(name, [])

    def _found_ways(self, wrong: Judged) -> list[Mistakes]:
        ways = ways_of(wrong.judgement)
        if ways or wrong.judgement.failure:
            return ways
        names = wrong.judgement.wrong
        answer = WrongAnswer(wrong.standard.expected.arrays, wrong.answer.arrays, names, names)
        changes = changes_that_explain(wrong.key.small_changes, answer, self.excluded)
        return [frozenset({change.id}) for change in changes]
