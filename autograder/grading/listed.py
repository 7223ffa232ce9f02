"""The ids in a unit's key, fixed for all machines: which variants of the solution answer.

Points depend on the solution's answers with a known mistake or a small change in it. The building
of the key determines which of these answer, and stores that. A grade runs exactly those on its own
seed: a late one is caused by the machine, and nothing is judged without it.
"""

from dataclasses import dataclass

from autograder.course import Unit
from autograder.errors import UserError
from autograder.grading.key_file import NoKey, load_key
from autograder.grading.keys import (
    may_be_the_machines_doing,
    origin_of_small_changes,
    plain_solution,
)
from autograder.judging import CheckKey


class NotAnswered(UserError):
    """Our solution, or a listed variant of it, did not answer. The submission is graded again."""


@dataclass(frozen=True)
class Listed:
    """The ids of known mistakes and small changes that answer one check.

    endless: the ids of known mistakes that did not answer when the key was built; None if no key
    says it. pairs: of two known mistakes at once, for feedback only.
    """

    mistakes: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    pairs: frozenset[str] = frozenset()
    endless: frozenset[str] | None = None


NOTHING_LISTED = Listed()


def listed_in_key(unit: Unit) -> dict[str, Listed]:
    """Return the content of the unit's key by check, as ids; nothing if there is no key.

    From a key for another solution no small change is listed: their ids are numbers.
    """
    try:
        key = load_key(unit.course.key(unit.name))
    except NoKey:
        return {}
    plain = plain_solution(unit)
    origin = origin_of_small_changes(unit, plain, unit.course.public_seed)
    return {name: listed_of(known, origin) for name, known in key.items()}


def listed_of(known: CheckKey, origin: str) -> Listed:
    """Return the ids in one check's key. origin: of the present solution's small changes."""
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
