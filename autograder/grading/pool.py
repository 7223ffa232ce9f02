"""A pool of secret seeds with their keys: for graders that see one file at a time, each in a
container of its own.

Without it, each grading would make the parts of a key that it needs anew. The pool holds answers:
it belongs where the solutions are.
"""

import secrets
from collections.abc import Callable
from pathlib import Path

from autograder.check import Check
from autograder.course import Course, Unit, load_unit
from autograder.data import unit_data
from autograder.errors import UserError
from autograder.grading.keys import MadeKey, checks_to_run, solution_of
from autograder.grading.store import AnswerStore
from autograder.sandbox.client import Server


class NoPool(UserError):
    """A pool cannot be used; the text says why and what to do."""


def fill_pool(
    course: Course, units: tuple[str, ...], path: Path, seeds: int, say: Callable[[str], object]
) -> None:
    """Make the whole keys of some units on so many secret seeds, each seed for all of them, and
    keep them in a file.

    say: called with a line for each key.
    """
    store = AnswerStore(path)
    try:
        for seed in [secrets.randbits(31) for _ in range(seeds)]:
            for name in units:
                made = _make_whole_key(load_unit(course, name), seed, store)
                store.add_seed(name, seed)
                say(f"{name}: a key of {made} answers")
    finally:
        store.close()


def _make_whole_key(unit: Unit, seed: int, store: AnswerStore) -> int:
    """Make every part of a key that a file needs in which one known mistake is made; how many
    answers that took.

    A second mistake in what follows from the first has its answers made when it is met: there are
    too many pairs.
    """
    with Server(unit, stub=solution_of(unit).stub) as server:
        key = MadeKey(unit, seed, unit_data(unit), store, lambda: server)
        for entry in key:
            _ = key[entry].expected, key[entry].constant, key[entry].mistakes
        for check in checks_to_run(unit, data=()):
            _carry_each_forward(key, check)
        return key.computed


def _carry_each_forward(key: MadeKey, check: Check) -> None:
    """Make what a check is compared with after each known mistake that spoils a check which it
    needs.
    """
    early = {mistake.id for needed in check.needs for mistake, _ in key[needed].mistakes}
    for mistake in sorted(early):
        if carried := key.carry(check, frozenset({mistake})):
            _ = carried.key.expected, carried.key.constant


def draw_seed(path: Path, units: list[str]) -> int:
    """Draw a seed of which the pool holds the keys of all these units. Raises `NoPool`."""
    if not path.is_file():
        raise NoPool(
            f"There is no {path}. Make it with `autograder build --gradescope FOLDER --seeds 32`."
        )
    store = AnswerStore(path)
    try:
        common = set.intersection(*(set(store.seeds(unit)) for unit in units)) if units else set()
    finally:
        store.close()
    if not common:
        raise NoPool(f"{path} holds no seed for {', '.join(units)}. Make it anew with these units.")
    return secrets.choice(sorted(common))
