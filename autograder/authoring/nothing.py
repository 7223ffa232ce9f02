"""What files earn that solve nothing.

Exercises of a solution, one at a time or all at once, are emptied: their functions give zeros,
ones, their arguments, or what the right ones gave on the public seed. A check that is about one
exercise gives nothing where that is emptied, one about several never all; and where all are emptied
no check gives anything. An early mistake that is carried forward earns such a file nothing more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from autograder.check import Check, Failure
from autograder.course import Unit
from autograder.grading.emptied import KINDS, SECONDS, Exercises, emptied, exercises, exercises_of
from autograder.grading.judge import Follows, Judge, points_of
from autograder.grading.keys import SOLUTION, Names, checks_to_run, solution_of
from autograder.grading.made_key import MadeKey
from autograder.judging import Key, Mistake
from autograder.sandbox.client import Server

ALL = "every exercise"


@dataclass(frozen=True)
class Emptied:
    """What a check gave to a file in which an exercise, or all of them, gave `kind`.

    about: whether the check's experiment speaks of that exercise; alone: and of no other.
    """

    exercise: str
    kind: str
    check: str
    earned: float
    points: float
    about: bool
    alone: bool

    @property
    def too_much(self) -> bool:
        """Return whether that is more than what was left is worth."""
        if self.alone:
            return self.earned > 0
        if self.about:
            return self.earned >= self.points
        return False

    def __str__(self) -> str:
        earned = f"{self.earned:g} of {self.points:g}"
        given = f"{self.check} gives {earned}"
        emptied = f"{self.exercise} gives {self.kind}"
        return f"{given} where {emptied}"


def try_nothing(server: Server, seed: int, key: Key) -> Iterator[Emptied]:
    """Grade files that solve nothing, and such as leave one exercise out.

    Questions are left out: a guess may be right. seed: one that is not public.
    """
    unit = server.unit
    checks = [check for check in checks_to_run(unit, data=()) if not check.question]
    wanted = exercises(solution_of(unit))
    if not wanted:
        return  # what is to be written stands in no function, so none can be emptied
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
    """Ask checks of a file in which some exercises are emptied.

    First on the public seed, where they compute; then once for each kind.
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
                    about=exercise in about,
                    alone=all_emptied or about == {exercise},
                )
                if answer.failure in (Failure.TIMEOUT, Failure.KILLED):
                    break  # what was kept ended with the process


@dataclass(frozen=True)
class EmptiedAfter:
    """What a check gave to a file with an early mistake in which exercises gave `kind`.

    before: what it gives to that file without the mistake.
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
        emptied = " and ".join(self.exercises)
        return (
            f"{self.check} gives {self.earned:g} where {emptied} gives {self.kind}, "
            f"after `{self.mistake.code}`, and {self.before:g} without that mistake"
        )


def try_after_mistakes(unit: Unit, key: MadeKey, each: int = 1) -> Iterator[EmptiedAfter]:
    """Grade files with an early mistake, which is carried forward, and an exercise that is emptied.

    key: of a seed that is not public. each: of the early mistakes of a check one in so many.
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
