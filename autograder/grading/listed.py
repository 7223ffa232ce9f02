"""What a unit's key lists by id, once for all machines: which variants of the solution answer.

Points rest on what the solution answers with a known mistake or a small change in it. Which of
these answer is found out when the key is made, and stored with it. A grade runs just those on its
own seed: one that is late there is the machine's doing, and nothing is judged with less.
"""

from dataclasses import dataclass

from autograder.course import Unit
from autograder.grading.key_file import NoKey, load_key
from autograder.grading.keys import (
    may_be_the_machines_doing,
    origin_of_small_changes,
    plain_solution,
)
from autograder.judging import CheckKey


class NotAnswered(Exception):
    """A listed variant of the solution did not answer. The submission is graded again."""


@dataclass(frozen=True)
class Listed:
    """What a key lists of one check: the ids of known mistakes and small changes that answer.

    endless: the ids of known mistakes that did not answer when the key was made; None where no key
    says it. pairs: of two known mistakes at once, for words only.
    """

    mistakes: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    pairs: frozenset[str] = frozenset()
    endless: frozenset[str] | None = None


NOTHING_LISTED = Listed()


def listed_in_key(unit: Unit) -> dict[str, Listed]:
    """Return, by check, what the unit's key lists; nothing where there is no key.

    Of a key that was made for another solution no small change is listed: their ids are numbers.
    """
    try:
        key = load_key(unit.course.key(unit.name))
    except NoKey:
        return {}
    plain = plain_solution(unit)
    origin = origin_of_small_changes(unit, plain, unit.course.public_seed)
    return {name: listed_of(known, origin) for name, known in key.items()}


def listed_of(known: CheckKey, origin: str) -> Listed:
    """Return what the key of one check lists. origin: of the small changes of today's solution."""
    answering = set()
    endless = set()
    for mistake, mistaken in known.mistakes:
        if may_be_the_machines_doing(mistaken):
            endless.add(mistake.id)
        else:
            answering.add(mistake.id)
    changes: set[str] = set()
    if known.small_changes.made_of == origin:
        changes.update(change.id for change in known.small_changes.changes)
    pairs = frozenset(pair.id for pair in known.mistake_pairs.changes)
    return Listed(frozenset(answering), frozenset(changes), pairs, frozenset(endless))
