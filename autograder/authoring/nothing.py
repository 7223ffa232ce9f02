"""The points of files that solve nothing.

Exercises of a solution, one at a time or all at once, are emptied: their functions return zeros,
ones, their arguments, or the right values on the public seed. A check about a single exercise must
give nothing if that exercise is emptied, and one about several must not give everything. If all are
emptied, no check may give anything. An early mistake that is carried forward must not earn such a
file more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from autograder.check import Answer, Check, Failure
from autograder.course import Unit
from autograder.grading.emptied import KINDS, SECONDS, Exercises, emptied, exercises, exercises_of
from autograder.grading.judge import Follows, Judge, points_of
from autograder.grading.keys import SOLUTION, Names, checks_to_run, solution_of
from autograder.grading.made_key import MadeKey
from autograder.judging import CheckKey, Key, Mistake, wrong_arrays
from autograder.sandbox.client import Server

ALL = "every exercise"
# what an emptied function returns, in words
RETURNED = {
    "zeros": "zeros",
    "ones": "ones",
    "public": "its values on the public seed",
    "input": "its arguments",
}


@dataclass(frozen=True)
class Emptied:
    """The points of a check for a file in which an exercise, or all of them, returned `kind`.

    right: the arrays that earned. about: whether the check's experiment uses that exercise; alone:
    and no other.
    """

    exercise: str
    kind: str
    check: str
    earned: float
    points: float
    right: tuple[str, ...]
    about: bool
    alone: bool

    @property
    def too_much(self) -> bool:
        """Return whether the points exceed the worth of the remaining exercises."""
        if self.alone:
            return self.earned > 0
        if self.about:
            return self.earned >= self.points
        return False

    def __str__(self) -> str:
        listed = ", ".join(f"`{name}`" for name in self.right)
        earned_for = f": for {listed}" if listed else ""
        return (
            f"check `{self.check}` gives {self.earned:g} of {self.points:g} points though "
            f"{_named([self.exercise])} only returns {RETURNED[self.kind]}{earned_for}"
        )


def _named(exercises: Sequence[str]) -> str:
    """Return exercises' names for a message: `f` and `g`."""
    return " and ".join(name if name == ALL else f"`{name}`" for name in exercises)


def try_nothing(server: Server, seed: int, key: Key) -> Iterator[Emptied]:
    """Grade files that solve nothing, and files that leave one exercise out.

    Questions are left out, because a guess may be right. seed: a secret one.
    """
    unit = server.unit
    checks = [check for check in checks_to_run(unit, data=()) if not check.question]
    wanted = exercises(solution_of(unit))
    if not wanted:
        return  # what students write is in no function, so nothing can be emptied
    ran = _names_run(server, checks, seed)
    yield from _try(server, seed, key, checks, wanted)
    for name, functions in wanted.items():
        running = []
        for check in checks:
            names = ran[check.name]
            if names is None or name in names:
                running.append(check)
        yield from _try(server, seed, key, running, {name: functions})


def _names_run(server: Server, checks: Sequence[Check], seed: int) -> dict[str, Names]:
    """Return the names of the solution's definitions that each check runs."""
    script = solution_of(server.unit).plain().encode()
    names: dict[str, Names] = {}
    with server.worker(script, SOLUTION) as worker:
        worker.tell_names = True
        for check in checks:
            worker.ask(check, seed)
            names[check.name] = worker.names_run
    return names


def _try(
    server: Server, seed: int, key: Key, checks: Sequence[Check], wanted: Exercises
) -> Iterator[Emptied]:
    """Run checks on a file in which some exercises are emptied.

    The first run on the public seed computes normally; then one run follows for each kind.
    """
    unit = server.unit
    public_seed = unit.course.public_seed
    all_emptied = len(wanted) > 1
    exercise = ALL if all_emptied else next(iter(wanted))
    script = emptied(solution_of(unit).plain(), wanted, public_seed)
    with server.worker(script.encode(), SOLUTION) as worker:
        for check in checks:
            about = exercises_of(check, unit)
            limited = replace(check, seconds=SECONDS)
            worker.ask(limited, public_seed)
            for kind in KINDS:
                answer = worker.ask(limited, seed)
                earned = points_of(check, key[check.name], answer)
                yield Emptied(
                    exercise=exercise,
                    kind=kind,
                    check=check.name,
                    earned=earned,
                    points=check.points,
                    right=_earning(check, key[check.name], answer),
                    about=exercise in about,
                    alone=all_emptied or about == {exercise},
                )
                if answer.failure in (Failure.TIMEOUT, Failure.KILLED):
                    break  # the process with the stored values has ended


def _earning(check: Check, known: CheckKey, answer: Answer) -> tuple[str, ...]:
    """Return the arrays of an answer that earn points."""
    wrong = wrong_arrays(check, known.expected, answer)
    none = known.constant.union(wrong)
    return tuple(name for name in known.expected.arrays if name not in none)


@dataclass(frozen=True)
class EmptiedAfter:
    """The points of a check for a file with an early mistake in which exercises returned `kind`.

    before: its points for that file without the mistake.
    """

    exercises: tuple[str, ...]
    kind: str
    check: str
    mistake: Mistake
    earned: float
    before: float

    @property
    def too_much(self) -> bool:
        """Return whether the mistake earned points."""
        return self.earned > self.before

    def __str__(self) -> str:
        return (
            f"check `{self.check}` gives {self.earned:g} points after the mistake "
            f"`{self.mistake.code}` though {_named(self.exercises)} only returns "
            f"{RETURNED[self.kind]}, and {self.before:g} without that mistake"
        )


def try_after_mistakes(unit: Unit, key: MadeKey, each: int = 1) -> Iterator[EmptiedAfter]:
    """Grade files with an early mistake, which is carried forward, and an emptied exercise.

    key: of a secret seed. each: the step by which the early mistakes of a check are sampled.
    """
    for check in checks_to_run(unit, data=()):
        known = key[check.name]
        early = list(_early_mistakes(check, key))
        for mistake, needed in early[::each]:
            made = frozenset({mistake.id})
            carried = key.carry(check, made)
            if carried is None:
                continue
            follows = Follows(check, known, {made: carried}, carried, needed)
            for tried in key.emptied(check, made):
                before = points_of(check, known, tried.before)
                verdict = Judge(key, unit.sizes).judge_following(follows, tried.after)
                yield EmptiedAfter(
                    tried.exercises, tried.kind, check.name, mistake, verdict.earned, before
                )


def _early_mistakes(check: Check, key: MadeKey) -> Iterator[tuple[Mistake, list[str]]]:
    """Yield the known mistakes that spoil checks which one needs, each with these."""
    spoilt: dict[str, list[str]] = {}
    mistakes: dict[str, Mistake] = {}
    for name in check.needs:
        for mistake, _ in key[name].mistakes:
            mistakes[mistake.id] = mistake
            spoilt.setdefault(mistake.id, []).append(name)
    for identity, mistake in mistakes.items():
        yield mistake, spoilt[identity]
