"""Keys: the answers of the solution and of each of its known mistakes on one seed.

The key of a seed is made by the same server and the same experiments as the grades: the solution
and each of its known mistakes are run as if they were submissions.
"""

import ast
import platform
import threading
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from autograder.check import Answer, Check, Corpus, Failure
from autograder.course import Unit
from autograder.errors import UserError
from autograder.grading.carrying import Carried, Mistakes
from autograder.grading.provenance import computing_digest, experiments_digest, versions
from autograder.grading.small_changes import (
    as_arrays,
    changed_scripts,
    code_digest,
    from_arrays,
    to_be_tried,
    try_changes,
)
from autograder.grading.store import AnswerStore, Made, address
from autograder.judging import CheckKey, Known, Mistake, PlainKey, agree, constant_arrays, key_name
from autograder.relations.small_changes import NO_CHANGES, ChangedAnswers, SmallChange
from autograder.sandbox.client import Server, Worker
from autograder.sandbox.inside.cells import names_bound
from autograder.source.solution import Solution, read_solution


class BrokenSolution(UserError):
    """A solution does not answer its own check; the text says which, and what happened."""


SOLUTION = "solution.py"  # how the solution's file is called where it runs


def solution_of(unit: Unit) -> Solution:
    """Read the solution of a unit. Raises `NoCourse` where the course has none, as a student's
    copy.
    """
    return read_solution(unit.course.solution_there(unit.name).read_text(encoding="utf-8"))


def checks_to_run(unit: Unit, data: Container[str]) -> list[Check]:
    """List a unit's checks in order, of those that train the ones whose names are in `data`."""
    return [check for check in unit.checks if not check.measure or check.name in data]


def other_seed(seed: int) -> int:
    """The seed that tells which arrays of the solution's answer on `seed` are the same on every
    seed.
    """
    return seed + 1


def build_key(
    server: Server, seed: int, data: Mapping[str, Sequence[Corpus]]
) -> dict[str, PlainKey]:
    """Run the solution on a seed and on another one, and each known mistake.

    Raises `BrokenSolution` where a check's answer is the same on both seeds.

    A mistake is asked of those checks that run the definition in which it stands.
    data: what checks that train are run on, by check, the solution alone; a check without any is
    left out.
    """
    unit, solution = server.unit, solution_of(server.unit)
    keys, names = _solution_answers(server, solution, seed, data)
    spoilt = spoilt_names(solution)
    for mistake, _, _ in solution.mistakes:
        with server.worker(solution.with_mistake(mistake.id).encode(), SOLUTION) as worker:
            for check in checks_to_run(unit, data=()):
                if cannot_spoil(spoilt.get(mistake.id), names[check.name]):
                    continue
                answer, known = worker.ask(check, seed), keys[check.name]
                if loses_points(check, known.expected, answer):
                    keys[check.name] = replace(known, mistakes=(*known.mistakes, (mistake, answer)))
    return keys


Names = frozenset[str] | None  # of definitions; None where they are not known


def cannot_spoil(spoilt: Names, ran: Names) -> bool:
    """Whether what a mistake spoils is none of the definitions that ran, as far as both are
    known.
    """
    return spoilt is not None and ran is not None and not spoilt & ran


def _solution_answers(
    server: Server, solution: Solution, seed: int, data: Mapping[str, Sequence[Corpus]]
) -> tuple[dict[str, PlainKey], dict[str, Names]]:
    """The keys of a solution, without mistakes; and by check the names of its definitions that
    ran.
    """
    plain = solution.plain().encode()
    keys: dict[str, PlainKey] = {}
    names: dict[str, Names] = {}
    for check in checks_to_run(server.unit, data):
        texts: Sequence[Corpus | None] = data[check.name] if check.measure else [None]
        for text in texts:
            with server.worker(plain, SOLUTION) as worker:
                worker.tell_names = True
                expected = worker.ask(check, seed, text=text.train if text else None)
                names[check.name] = worker.names_run
                loss = measure(worker, check, seed, expected, text) if text else None
                again = None if check.measure else worker.ask(check, other_seed(seed))
            refuse_failure(server.unit, check, expected)
            constant = (
                frozenset() if again is None else _constant(server.unit, check, expected, again)
            )
            keys[key_name(check, text)] = PlainKey(expected, (), loss, constant)
            refuse_constant(server.unit, check, keys[key_name(check, text)])
    return keys, names


def _constant(unit: Unit, check: Check, expected: Answer, again: Answer) -> frozenset[str]:
    """The arrays of the solution's answer that are the same on another seed. Raises
    `BrokenSolution`.
    """
    refuse_failure(unit, check, again)
    return constant_arrays(check, expected, again)


class MadeKey(Mapping[str, CheckKey]):
    """The key of a unit on one seed, of which each part is made when it is asked for, and kept in a
    store.

    Threads may share it: what two of them ask for at once is made once.
    """

    def __init__(
        self,
        unit: Unit,
        seed: int,
        data: Mapping[str, Corpus],
        store: AnswerStore,
        server: Callable[[], Server],
    ) -> None:
        """Make nothing yet.

        data: what checks that train are given, by check. server: gives a server of the unit.
        """
        self._checks = {check.name: check for check in checks_to_run(unit, data)}
        self._data = data
        self._entries: dict[str, MadeCheckKey] = {}
        self._maker = AnswerMaker(unit, seed, store, server)
        self._public = AnswerMaker(unit, unit.course.public_seed, store, server)
        self._carried: dict[tuple[str, Mistakes], Carried | None] = {}
        self._public_keys: dict[tuple[str, Mistakes], MadeCheckKey] = {}
        self._lock = threading.RLock()

    @property
    def computed(self) -> int:
        """How many answers were not in the store, and had to be computed."""
        return self._maker.computed + self._public.computed

    def carry(self, check: Check, made: Mistakes) -> Carried | None:
        """What a check is compared with where known mistakes were made before.

        Which arrays still tell something then is found out on the public seed, once for all runs.
        """
        with self._lock:
            if (check.name, made) not in self._carried:
                self._carried[check.name, made] = self._made_carried(check, made)
            return self._carried[check.name, made]

    def _made_carried(self, check: Check, made: Mistakes) -> Carried | None:
        if check.measure or not self._maker.fit_together(made):
            return None
        needed = [self._public_key(self._checks[name]) for name in all_needed(check, self._checks)]
        telling = telling_arrays(
            check, self._public_key(check), self._public_key(check, made), needed
        )
        key = MadeCheckKey(self._maker, check, None, made)
        return Carried(key, telling) if telling and not key.expected.failure else None

    def _public_key(self, check: Check, made: Mistakes = frozenset()) -> "MadeCheckKey":
        if (check.name, made) not in self._public_keys:
            self._public_keys[check.name, made] = MadeCheckKey(self._public, check, None, made)
        return self._public_keys[check.name, made]

    def close(self) -> None:
        """Close the store."""
        self._maker.close()

    def __getitem__(self, entry: str) -> "MadeCheckKey":
        check = self._checks[entry.split("@")[0]]
        with self._lock:
            if entry not in self._entries:
                text = self._data[check.name] if check.measure else None
                self._entries[entry] = MadeCheckKey(self._maker, check, text)
            return self._entries[entry]

    def __contains__(self, entry: object) -> bool:
        return str(entry).split("@")[0] in self._checks

    def __iter__(self) -> Iterator[str]:
        return (key_name(check, self._data.get(name)) for name, check in self._checks.items())

    def __len__(self) -> int:
        return len(self._checks)


def all_needed(check: Check, checks: Mapping[str, Check]) -> set[str]:
    """The names of the checks that one needs, and of those that these need in turn."""
    return {*check.needs}.union(*(all_needed(checks[name], checks) for name in check.needs))


class AnswerMaker:
    """Answers of the solution and of its mistakes on one seed: found in the store, or computed and
    kept there.
    """

    def __init__(
        self, unit: Unit, seed: int, store: AnswerStore, server: Callable[[], Server]
    ) -> None:
        self.unit, self.solution = unit, solution_of(unit)
        self._spoils = spoilt_names(self.solution)
        self.computed = 0  # answers that were not in the store
        self._seed, self._store, self._server = seed, store, server
        packages = [
            f"{name} {version}" for name, version in versions(unit).items() if name != "python"
        ]
        self._rests_on = (
            computing_digest(),
            experiments_digest(unit),
            platform.machine(),
            *packages,
        )

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def cannot_spoil(self, mistake: Mistake, ran: Names) -> bool:
        """Whether a mistake stands in none of the definitions that ran."""
        return cannot_spoil(self._spoils.get(mistake.id), ran)

    def made(self, check: Check, script: str, text: Corpus | None = None) -> Made:
        """What a script of ours answers to a check; of one that trains, also the loss that its
        weights reach.
        """
        return self._made(check, script, text, self._seed)

    def constant(self, check: Check, script: str, expected: Answer) -> frozenset[str]:
        """The arrays of a script's answer that are the same on another seed; all where it does not
        answer there.
        """
        again = self._made(check, script, None, other_seed(self._seed)).answer
        return (
            frozenset(expected.arrays) if again.failure else constant_arrays(check, expected, again)
        )

    @cached_property
    def changed_scripts(self) -> dict[str, tuple[SmallChange, str]]:
        """All small changes of the solution, by id, each with its script."""
        return changed_scripts(self.unit, self.solution.plain())

    def changed(self, check: Check, solution: Made) -> ChangedAnswers:
        """What the solution answers to an exact check with each small change that it reaches."""
        plain = self.solution.plain()
        rests_on = address(*self._rests_on, str(self._seed))
        where = address(rests_on, check.name, plain, "small changes", code_digest())
        if found := self._store.get(where):
            return from_arrays(found.answer.arrays)
        tried = to_be_tried(self.changed_scripts, solution.names)
        made = try_changes(self._server(), check, self._seed, plain, solution.answer, tried)
        self.computed += 1
        self._store.put(where, Made(Answer(as_arrays(made))))
        return made

    def fit_together(self, made: Iterable[str]) -> bool:
        """Whether known mistakes stand in different statements, so that all of them can be made at
        once.
        """
        places = sorted(
            (first, last)
            for mistake, first, last in self.solution.mistakes
            if mistake.id in {*made}
        )
        return all(last < first for (_, last), (first, _) in pairwise(places))

    def script(self, made: Iterable[str]) -> str:
        """The solution's script with known mistakes made."""
        return self.solution.with_mistake(*made) if made else self.solution.plain()

    def _made(self, check: Check, script: str, text: Corpus | None, seed: int) -> Made:
        trained_on = [text.name, text.train, text.held_out] if text else []
        where = address(address(*self._rests_on, str(seed)), check.name, script, *trained_on)
        if found := self._store.get(where):
            return found
        with self._server().worker(script.encode(), SOLUTION) as worker:
            worker.tell_names = True
            answer = worker.ask(check, seed, text=text.train if text else None)
            names = worker.names_run
            loss = measure(worker, check, seed, answer, text) if text else None
        made = Made(answer, loss, names)
        self.computed += 1
        # a late or killed answer may have been the machine's doing
        if answer.failure not in (Failure.TIMEOUT, Failure.KILLED):
            self._store.put(where, made)
        return made


def spoilt_names(solution: Solution) -> dict[str, frozenset[str]]:
    """For each mistake, by its id, the names of the definition in which it is made.

    One that stands in no definition is left out.
    """
    statements = [node for node in ast.parse(solution.text).body if any(names_bound(node))]
    spoilt: dict[str, frozenset[str]] = {}
    for mistake, first, _ in solution.mistakes:
        for node in statements:
            start = min(
                [node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))]
            )
            if start <= first <= (node.end_lineno or node.lineno):
                spoilt[mistake.id] = frozenset(names_bound(node))
    return spoilt


class MadeCheckKey:
    """The key of one check, of which the solution's answer and each mistake's are made when they
    are asked for.
    """

    def __init__(
        self, maker: AnswerMaker, check: Check, text: Corpus | None, made: Mistakes = frozenset()
    ) -> None:
        """Make nothing yet.

        made: known mistakes that are made in the solution throughout, so that each other is one
        more.
        """
        self._maker, self._check, self._text, self._always = maker, check, text, made
        self._lock = threading.RLock()
        self._of_solution: Made | None = None
        self._constant: frozenset[str] | None = None
        self._of_mistakes: dict[str, Answer] = {}
        self._spoils: dict[str, bool] = {}
        self._small_changes: ChangedAnswers | None = None

    def _solution(self) -> Made:
        with self._lock:
            if self._of_solution is None:
                self._of_solution = self._maker.made(
                    self._check, self._maker.script(self._always), self._text
                )
                if not self._always:
                    refuse_failure(self._maker.unit, self._check, self._of_solution.answer)
            return self._of_solution

    @property
    def expected(self) -> Answer:
        """The solution's answer. Raises `BrokenSolution`."""
        return self._solution().answer

    @property
    def loss(self) -> float | None:
        """The loss that the solution's training reached."""
        return self._solution().loss

    @property
    def constant(self) -> frozenset[str]:
        """The arrays that the solution answers alike on another seed."""
        with self._lock:
            if self._constant is None:
                script, exact = self._maker.script(self._always), not self._check.measure
                self._constant = (
                    self._maker.constant(self._check, script, self.expected)
                    if exact
                    else frozenset()
                )
            return self._constant

    @property
    def mistakes(self) -> Known:
        """The known mistakes that lose points here, each with its answer."""
        if self._check.measure:
            return ()
        known = [
            mistake for mistake, _, _ in self._maker.solution.mistakes if self.spoilt_by(mistake)
        ]
        return [(mistake, self.answer_of(mistake)) for mistake in known]

    @property
    def small_changes(self) -> ChangedAnswers:
        """What the solution answers with one small change in it."""
        if self._check.measure or self._always:
            return NO_CHANGES
        with self._lock:
            if self._small_changes is None:
                self._small_changes = self._maker.changed(self._check, self._solution())
            return self._small_changes

    def _spoilt_by_change(self, change: SmallChange) -> bool:
        names = self._solution().names
        is_reached = names is None or change.function.split(".")[0] in names
        if self._check.measure or not is_reached:
            return False
        if change.id not in self._spoils:
            _, script = self._maker.changed_scripts[change.id]
            answer = self._maker.made(self._check, script).answer
            self._spoils[change.id] = loses_points(self._check, self.expected, answer)
        return self._spoils[change.id]

    def spoilt_by(self, mistake: Mistake | SmallChange) -> bool:
        """Whether a mistake or a small change loses points here.

        One in a definition that does not run here changes nothing.
        """
        if isinstance(mistake, SmallChange):
            return self._spoilt_by_change(mistake)
        names = self._solution().names
        if (
            self._check.measure
            or self._maker.cannot_spoil(mistake, names)
            or not self.fits(mistake)
        ):
            return False
        if mistake.id not in self._spoils:
            self._spoils[mistake.id] = loses_points(
                self._check, self.expected, self.answer_of(mistake)
            )
        return self._spoils[mistake.id]

    def fits(self, mistake: Mistake) -> bool:
        """Whether a mistake is none of those that are always made, and can be made beside them."""
        return mistake.id not in self._always and self._maker.fit_together(
            {*self._always, mistake.id}
        )

    def answer_of(self, mistake: Mistake) -> Answer:
        """What the solution answers with a known mistake in it."""
        with self._lock:
            if mistake.id not in self._of_mistakes:
                script = self._maker.script([*self._always, mistake.id])
                self._of_mistakes[mistake.id] = self._maker.made(self._check, script).answer
            return self._of_mistakes[mistake.id]


def telling_arrays(
    check: Check, plain: MadeCheckKey, carried: MadeCheckKey, needed: Sequence[MadeCheckKey]
) -> frozenset[str]:
    """The arrays of a check that still tell what it is there for where known mistakes were made
    before it.

    Each shows a known mistake that none of the checks shows which are needed, and shows all that it
    shows of these beside the early mistakes too.
    carried: the check's key with the early mistakes made.
    """
    if carried.expected.failure:
        return frozenset()
    own = [
        m
        for m, _ in plain.mistakes
        if carried.fits(m) and not any(key.spoilt_by(m) for key in needed)
    ]
    return frozenset(
        name for name in plain.expected.arrays if _tells(name, check, plain, carried, own)
    )


def _tells(
    name: str, check: Check, plain: MadeCheckKey, carried: MadeCheckKey, own: Sequence[Mistake]
) -> bool:
    shown = [m for m in own if _shows(name, check, plain, m)]
    return bool(shown) and all(_shows(name, check, carried, m) for m in shown)


def _shows(name: str, check: Check, key: MadeCheckKey, mistake: Mistake) -> bool:
    """Whether a mistake changes an array."""
    its = key.answer_of(mistake)
    return bool(its.failure) or not agree(check, name, key.expected, its)


def loses_points(check: Check, expected: Answer, answer: Answer) -> bool:
    """Whether an answer to an exact check is wrong anywhere; nothing is said of it, which would
    take time.
    """
    return bool(answer.failure) or not all(
        agree(check, name, expected, answer) for name in expected.arrays
    )


def refuse_failure(unit: Unit, check: Check, answer: Answer) -> None:
    """Refuse a solution that does not answer its own check. Raises `BrokenSolution`."""
    if answer.failure:
        raise BrokenSolution(
            f"The solution of {unit.name} does not answer `{check.name}`: {answer.message}"
        )


def refuse_constant(unit: Unit, check: Check, key: PlainKey) -> None:
    """Refuse a check none of whose arrays depends on the seed. Raises `BrokenSolution`."""
    if not check.measure and key.constant >= key.expected.arrays.keys():
        raise BrokenSolution(
            f"All that `{check.name}` of {unit.name} returns is the same on every seed, and a "
            "file that solves nothing "
            "can send it. Let what it asks depend on the seed."
        )


def measure(worker: Worker, check: Check, seed: int, answer: Answer, text: Corpus) -> float:
    """Measure the held-out loss of trained weights by the solution that `worker` runs; NaN where
    there is none.
    """
    measured = worker.ask(check, seed, "measure", answer.arrays, text.held_out)
    loss = measured.arrays.get("loss", np.array(np.nan))
    return float(loss) if loss.size == 1 else float("nan")
