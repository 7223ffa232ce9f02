"""A pool of secret seeds with their keys, for graders that see one file at a time.

There, each grading runs in its own container. Without the pool, it would compute again the parts of
a key that it needs. The pool holds answers: it belongs with the solutions.
"""

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.check import Check
from autograder.course import Course, Unit, load_unit
from autograder.data import unit_data
from autograder.errors import UserError
from autograder.grading.keys import checks_to_run, solution_of
from autograder.grading.listed import listed_in_key
from autograder.grading.made_key import MadeKey
from autograder.grading.store import AnswerStore
from autograder.judging import CheckKey
from autograder.sandbox.client import Server


class NoPool(UserError):
    """A pool cannot be used; the text says why and what to do."""


def fill_pool(
    course: Course, units: tuple[str, ...], path: Path, seeds: int, say: Callable[[str], object]
) -> None:
    """Make the whole keys of some units on secret seeds, and store them in a file.

    seeds: their number; each holds keys for all of the units.
    say: called with a line for each key.
    """
    store = AnswerStore(path)
    try:
        for _ in range(seeds):
            seed = secrets.randbits(31)
            for name in units:
                made = _make_whole_key(load_unit(course, name), seed, store)
                store.add_seed(name, seed)
                say(f"{name}: a key of {made} answers")
    finally:
        store.close()


def _make_whole_key(unit: Unit, seed: int, store: AnswerStore) -> int:
    """Make everything that a file with one known mistake needs of a key; count the answers.

    The answers of a second mistake that follows the first are computed on demand: there are too
    many pairs.
    """
    with Server(unit, stub=solution_of(unit).stub) as server:
        key = MadeKey(unit, seed, unit_data(unit, seed), store, lambda: server, listed_in_key(unit))
        for entry in key:
            _make(key[entry])
            _ = key[entry].mistakes
        for check in checks_to_run(unit, data=()):
            _carry_each_forward(key, check)
        key.end_processes()
        return key.computed


def _carry_each_forward(key: MadeKey, check: Check) -> None:
    """Compute a check's basis of comparison after each known mistake in a check that it needs."""
    early = set()
    for needed in check.needs:
        for mistake, _ in key[needed].mistakes:
            early.add(mistake.id)
    for mistake_id in sorted(early):
        carried = key.carry(check, frozenset({mistake_id}))
        if carried:
            _make(carried.key)


def _make(key: CheckKey) -> None:
    """Compute and store the solution's answer and its constant arrays."""
    _ = key.expected
    _ = key.constant


def _common_seeds(path: Path, units: Sequence[str]) -> set[int]:
    """Return the seeds for which a pool holds the keys of all these units."""
    store = AnswerStore(path)
    try:
        by_unit = [set(store.seeds(unit)) for unit in units]
    finally:
        store.close()
    if not by_unit:
        return set()
    return set.intersection(*by_unit)


def draw_seed(path: Path, units: list[str]) -> int:
    """Draw a seed for which the pool holds the keys of all these units. Raises `NoPool`."""
    if not path.is_file():
        raise NoPool(
            f"There is no {path}. Make it with `autograder build --gradescope FOLDER --seeds 32`."
        )
    common = _common_seeds(path, units)
    if not common:
        raise NoPool(
            f"{path} holds no seed for {', '.join(units)}. Make it again with these units."
        )
    return secrets.choice(sorted(common))
