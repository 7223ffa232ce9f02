"""Pairs of known mistakes in the solution at once: which are tried, and their answers.

Two mistakes may give values that neither gives alone. A pair is one more variant of the solution:
it runs and is stored as small changes are, for feedback only. A mistake that a needed check shows
is left out, since that check has to pass before.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import combinations, product, starmap

from autograder.check import Answer, Check
from autograder.grading.small_changes import SECONDS, Tried, answers_of, some, told_apart
from autograder.judging import PlainKey, agree
from autograder.judging.key import ids_of_pair, pair_of_mistakes
from autograder.judging.prints import ChangedAnswers, SmallChange
from autograder.sandbox.client import Server
from autograder.source.edits import Edit, edits_of_mistakes, with_edits
from autograder.source.solution import Solution

MOST = 600  # pairs to try for one check; of more, as many evenly spread
_WORDS_AND_SIGNS = re.compile(r"\w+|\s+|.")


@dataclass(frozen=True)
class Together:
    """A script with several edits at once."""

    text: str
    edits: Sequence[Edit]

    @property
    def script(self) -> str:
        """Return the script with the edits made."""
        return with_edits(self.text, self.edits)


def pairs_to_be_tried(
    solution: Solution, check: Check, needed: Iterable[str], keys: Mapping[str, PlainKey]
) -> Tried:
    """Return the pairs of mistakes that lose points at a check; of very many, some.

    needed: the checks that it needs, directly or not.
    keys: by check, with the mistakes that lose points there.
    """
    shown_before: set[str] = set()
    for name in needed:
        shown_before.update(_ids(keys[name]))
    own = [identity for identity in _ids(keys[check.name]) if identity not in shown_before]
    pairs = [f"{one} {other}" for one, other in combinations(own, 2)]
    return some(scripts_of_pairs(solution, pairs), MOST)


def _ids(key: PlainKey) -> list[str]:
    return [mistake.id for mistake, _ in key.mistakes]


def scripts_of_pairs(solution: Solution, pairs: Iterable[str]) -> Tried:
    """Return pairs, by their ids, with their scripts; impossible pairs are left out."""
    plain = solution.plain()
    parts = {}
    for identity, edit in edits_of_mistakes(solution).items():
        parts[identity] = _in_parts(edit)
    scripts = []
    for pair in map(pair_of_mistakes, pairs):
        if not parts.keys() >= set(ids_of_pair(pair)):
            continue
        one, other = (parts[identity] for identity in ids_of_pair(pair))
        if all(starmap(_are_apart, product(one, other))):
            scripts.append((pair, Together(plain, [*one, *other])))
    return scripts


def _in_parts(edit: Edit) -> list[Edit]:
    """Split an edit into the tokens that it changes: another one may change others beside them."""
    old = _WORDS_AND_SIGNS.findall(edit.replaced)
    new = _WORDS_AND_SIGNS.findall(edit.code)
    parts = []
    for kind, first, last, new_first, new_last in SequenceMatcher(None, old, new).get_opcodes():
        if kind == "equal":
            continue
        start = edit.start + _bytes_in(old[:first])
        end = edit.start + _bytes_in(old[:last])
        parts.append(replace(edit, start=start, end=end, code="".join(new[new_first:new_last])))
    return parts


def _bytes_in(parts: Iterable[str]) -> int:
    return len("".join(parts).encode())


def _are_apart(one: Edit, other: Edit) -> bool:
    """Return whether two edits do not touch, so that their order does not matter."""
    return one.end < other.start or other.end < one.start


def try_pairs(
    server: Server, check: Check, seed: int, plain: str, key: PlainKey, tried: Tried
) -> ChangedAnswers:
    """Run pairs of mistakes; store prints of those with an array that neither mistake gives alone.

    plain: the solution's script. key: of the check, with each mistake's answer.
    """
    alone = {mistake.id: answer for mistake, answer in key.mistakes}
    answers = answers_of(server, check, seed, plain, tried, SECONDS)
    return told_apart(check, key.expected, _giving_more(check, key.expected, alone, answers))


def _giving_more(
    check: Check,
    expected: Answer,
    alone: Mapping[str, Answer],
    answers: Iterator[tuple[SmallChange, Answer]],
) -> Iterator[tuple[SmallChange, Answer]]:
    for pair, answer in answers:
        known = [expected, *(alone[identity] for identity in ids_of_pair(pair))]
        if not all(_is_in_one(check, name, known, answer) for name in expected.arrays):
            yield pair, answer


def _is_in_one(check: Check, name: str, known: Sequence[Answer], answer: Answer) -> bool:
    """Return whether an array equals that of one of the known answers."""
    return any(agree(check, name, one, answer) for one in known)
