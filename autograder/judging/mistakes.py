"""Finds the known mistakes that give the submission's own wrong arrays.

A mistake that was made shows wherever it changes something. So a mistake was not made if it would
have changed an array that is right, or failed a check that passed, however well it fits elsewhere.
"""

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autograder.check import Answer, Check, Failure
from autograder.judging.compare import agree, is_of_mistake, wrong_arrays
from autograder.judging.key import KnownMistakes, Mistake

if TYPE_CHECKING:
    from autograder.judging.points import Standard

# `mm: ` in "RuntimeError: mm: …": some versions of a library begin with the failed operation
_OPERATION = re.compile(r"^(\w+Error: )[a-z_]+: ")
# a number, a name or a shape in an error's text, which makes it unlikely in another line
_DETAIL = re.compile(r"""[\d'"`]""")
KIND_LENGTH = 40  # characters of an error's text that give its kind
WORDS_LENGTH = 200  # characters that are compared: longer texts are cut where a cause follows


@dataclass(frozen=True)
class Candidate:
    """A known mistake that agrees with the submission on some of the wrong arrays.

    spoils: arrays on which the mistake differs from the solution.
    matches: those of them that are wrong and equal in the submission.
    """

    mistake: Mistake
    spoils: frozenset[str]
    matches: frozenset[str]

    @property
    def matches_all(self) -> bool:
        """Return whether the submission equals the mistake in all arrays that it spoils."""
        return self.matches == self.spoils


@dataclass(frozen=True)
class Explanation:
    """Mistakes that are the same program for a check, and the wrong arrays that they explain.

    is_sure: whether the submission equals the mistakes in all arrays where these differ from the
    solution.
    """

    mistakes: tuple[Mistake, ...]
    arrays: tuple[str, ...]
    is_sure: bool


def explained_arrays(explanations: Iterable[Explanation]) -> set[str]:
    """Return the arrays that some mistake explains."""
    explained: set[str] = set()
    for explanation in explanations:
        explained.update(explanation.arrays)
    return explained


def explain_wrong(
    check: Check, standard: "Standard", answer: Answer, wrong: Sequence[str]
) -> list[Explanation]:
    """Explain wrong arrays by known mistakes, as far as possible."""
    all_wrong = frozenset(wrong)
    candidates = []
    for candidate in _candidates(check, standard.expected, standard.mistakes, answer, all_wrong):
        if candidate.mistake.id not in standard.ruled_out:
            candidates.append(candidate)
    return _explain(candidates, wrong)


def answers_listed(
    check: Check, standard: "Standard", answer: Answer, wrong: Sequence[str]
) -> Iterator[Explanation]:
    """Yield the known mistakes that are a wrong answer to a question, or parts of it.

    Those that explain most arrays come first, and each array is explained once.
    """
    listed = []
    for mistake, mistaken in standard.mistakes:
        spoils = wrong_arrays(check, standard.expected, mistaken)
        same = [name for name in spoils if agree(check, name, mistaken, answer)]
        if not mistaken.failure and spoils == same:
            listed.append(Explanation((mistake,), tuple(spoils), is_sure=True))
    listed.sort(key=lambda explanation: -len(explanation.arrays))
    left = set(wrong)
    for explanation in listed:
        if left.issuperset(explanation.arrays):
            left.difference_update(explanation.arrays)
            yield explanation


def mistakes_like(
    check: Check, expected: Answer, mistakes: KnownMistakes, answer: Answer
) -> list[Mistake]:
    """List the known mistakes that match an answer, so that judging may use them.

    They give a wrong array and spoil no right one, or end with the same error. Only for these has
    to be known whether a passed check rules them out.
    """
    if answer.failure and answer.failure is not Failure.STUB:
        return raising_alike(mistakes, answer)
    wrong = frozenset(wrong_arrays(check, expected, answer))
    candidates = _candidates(check, expected, mistakes, answer, wrong)
    return [candidate.mistake for candidate in candidates]


def _candidates(
    check: Check, expected: Answer, mistakes: KnownMistakes, answer: Answer, wrong: frozenset[str]
) -> Iterator[Candidate]:
    """Yield the mistakes that agree with an answer on a wrong array and spoil no right one."""
    for mistake, mistaken in mistakes:
        if mistaken.failure:
            continue
        agreeing = {
            name for name in wrong if is_of_mistake(check, name, expected, mistaken, answer)
        }
        if not agreeing:
            continue
        spoils = frozenset(wrong_arrays(check, expected, mistaken))
        if spoils <= wrong:
            matches = spoils & agreeing
            yield Candidate(mistake, spoils, matches)


def _explain(candidates: Sequence[Candidate], wrong: Sequence[str]) -> list[Explanation]:
    """Assign wrong arrays to known mistakes, the mistake that explains most of them first.

    Example: `dx` and `dW` are wrong; mistake A spoils both, B spoils `dx` only. A explains both.
    Several may remain if they are the same program for this check; if they only overlap, their
    arrays stay unexplained.
    """
    explanations = []
    left = frozenset(wrong)
    beyond = left - _all_matches(candidates)  # if this is not empty, several mistakes were made
    best = _explaining_most(candidates, left)
    while best:
        rivals = _rivals(best, left, beyond)
        if _are_same_program(rivals, left):
            explanations.append(_explanation_by(rivals, left, wrong))
        left -= _all_matches(rivals)
        best = _explaining_most(candidates, left)
    return explanations


def _all_matches(candidates: Sequence[Candidate]) -> set[str]:
    matches: set[str] = set()
    for candidate in candidates:
        matches.update(candidate.matches)
    return matches


def _explaining_most(candidates: Sequence[Candidate], left: frozenset[str]) -> list[Candidate]:
    """Return the candidates that match most of the remaining arrays, if any does."""
    counts = [len(candidate.matches & left) for candidate in candidates]
    most = max(counts, default=0)
    if not most:
        return []
    both = zip(candidates, counts, strict=True)
    return [candidate for candidate, count in both if count == most]


def _rivals(
    best: Sequence[Candidate], left: frozenset[str], beyond: frozenset[str]
) -> list[Candidate]:
    """Return the first of some candidates, and those that explain some of the same arrays.

    A candidate that matches all it spoils comes first, and beats those that should have spoilt
    more. But if arrays are wrong that no candidate explains (`beyond`), another mistake may have
    changed those, too.
    """
    first = _first_full_match(best)
    explained = first.matches & left
    rivals = [candidate for candidate in best if candidate.matches & explained]
    if not first.matches_all:
        return rivals
    return [rival for rival in rivals if rival.matches_all or rival.spoils & beyond]


def _first_full_match(candidates: Sequence[Candidate]) -> Candidate:
    """Return the first candidate that matches all it spoils; the first of all if none does."""
    for candidate in candidates:
        if candidate.matches_all:
            return candidate
    return candidates[0]


def _explanation_by(
    rivals: Sequence[Candidate], left: frozenset[str], wrong: Sequence[str]
) -> Explanation:
    """Return the explanation by mistakes that are the same program for this check."""
    explained = rivals[0].matches & left
    return Explanation(
        mistakes=tuple(rival.mistake for rival in rivals),
        arrays=tuple(name for name in wrong if name in explained),
        is_sure=any(rival.matches_all for rival in rivals),
    )


def _are_same_program(rivals: Sequence[Candidate], left: frozenset[str]) -> bool:
    """Return whether candidates match and spoil the same: the check cannot distinguish them."""
    programs = set()
    for rival in rivals:
        matches = rival.matches & left
        programs.add((matches, rival.spoils))
    return len(programs) == 1


def mistakes_that_raise(
    mistakes: KnownMistakes, answer: Answer, ruled_out: Container[str]
) -> list[Mistake]:
    """Find the known mistakes that raise the error which ended an answer."""
    if answer.failure != Failure.RAISED:
        return []
    possible = []
    for mistake in raising_alike(mistakes, answer):
        if mistake.id not in ruled_out:
            possible.append(mistake)
    return possible


def raising_alike(mistakes: KnownMistakes, answer: Answer) -> list[Mistake]:
    """Find the known mistakes that raise the same error with the same text.

    In a grade both texts come from one library on one machine. Type and function would not suffice:
    in one function many mistakes raise the same type. Shapes and names in the text count. The line
    of the error does not, nor the text on its cause. Many lines raise a text without any such
    detail: then the function has to be the same, and also for an index that is too large.
    """
    error = error_words(answer)
    function = answer.error.function
    # an index beyond the end has numbers of the check: many lines raise it
    has_detail = bool(_DETAIL.search(error)) and not error.startswith("IndexError")
    found = []
    for mistake, mistaken in mistakes:
        if mistaken.failure != Failure.RAISED:
            continue
        is_alike = error_words(mistaken) == error
        if is_alike and (has_detail or mistaken.error.function == function):
            found.append(mistake)
    return found


def kind_of_error(answer: Answer) -> str:
    """Return the type of an exception and the start of its text, without its place."""
    return error_words(answer)[:KIND_LENGTH]


def error_words(answer: Answer) -> str:
    """Return the type of an exception and its own text, without an operation's name.

    It does not include the place of the error.
    """
    own = _OPERATION.sub(r"\1", answer.error.words)
    return own[:WORDS_LENGTH]
