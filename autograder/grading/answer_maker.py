"""Answers of the solution, of its mistakes and of right styles, each computed once and stored.

The parts of a key are made of them: see `made_key`.
"""

import platform
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from functools import cached_property

from autograder.check import Answer, Check, Corpus
from autograder.course import Unit
from autograder.grading.emptied import KINDS, Exercises, emptied
from autograder.grading.keys import (
    SOLUTION,
    Names,
    cannot_spoil,
    loses_points,
    may_be_the_machines_doing,
    measure_ours,
    other_seed,
    solution_of,
    spoilt_names,
)
from autograder.grading.listed import NotAnswered
from autograder.grading.mistake_pairs import scripts_of_pairs
from autograder.grading.provenance import computing_digest, experiments_digest, versions
from autograder.grading.small_changes import (
    ChangedScripts,
    Tried,
    as_arrays,
    changed_scripts,
    changes_of_style,
    code_digest,
    from_arrays,
    joined,
    run_listed,
    run_scripts,
    styles_to_be_tried,
    try_changes,
)
from autograder.grading.store import AnswerStore, Made, address
from autograder.grading.styles import marked_styles
from autograder.judging import Mistake, constant_arrays
from autograder.judging.prints import NO_CHANGES, ChangedAnswers
from autograder.sandbox.client import Server, ServerGone
from autograder.sandbox.worker import Worker
from autograder.source.edits import Edit, edits_of_mistakes, fit_together, with_edits


class AnswerMaker:
    """Answers of the solution and of its mistakes on one seed.

    They are read from the store, or computed and stored there.
    """

    def __init__(
        self, unit: Unit, seed: int, store: AnswerStore, server: Callable[[], Server]
    ) -> None:
        self.unit = unit
        self.solution = solution_of(unit)
        self.computed = 0  # answers that were not in the store
        self._seed = seed
        self._store = store
        self._server = server
        self._spoils = spoilt_names(self.solution)
        self._edits_of_mistakes = edits_of_mistakes(self.solution)
        self._rests_on = _circumstances(unit)
        self._changes_of_styles: dict[str, ChangedScripts] = {}
        self._process = SolutionProcess(self.solution.plain(), server)

    def end_process(self) -> None:
        """End the process that answers as the solution. The next question starts another."""
        self._process.end()

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def cannot_spoil(self, mistake: Mistake, ran: Names) -> bool:
        """Return whether no definition that ran contains a mistake."""
        spoilt = self._spoils.get(mistake.id)
        return cannot_spoil(spoilt, ran)

    def made(self, check: Check, script: str, text: Corpus | None = None) -> Made:
        """Return our script's answer to a check, and the loss if the check trains."""
        return self._made(check, script, text, self._seed)

    def all_made(self, check: Check, scripts: Iterable[str]) -> dict[str, Made]:
        """Return the answers of our scripts to an exact check, by script.

        One process runs all that are not in the store, one after another: starting a process for
        each takes longer than most experiments. A script without an answer is left out.
        """
        answers: dict[str, Made] = {}
        lacking: dict[str, str] = {}  # script → address of its answer
        for script in scripts:
            where = self._address(check, script, None, self._seed)
            found = self._store.get(where)
            if found:
                answers[script] = found
            else:
                lacking[script] = where
        if lacking:
            answers |= self._run_all(check, lacking)
        return answers

    def _run_all(self, check: Check, scripts: Mapping[str, str]) -> dict[str, Made]:
        """Run scripts in one process, and store their answers. scripts: each with its address."""
        answers: dict[str, Made] = {}
        plain = self.solution.plain()
        asked = [(check, script) for script in scripts]
        ran = run_scripts(self._server(), plain, asked, self._seed, tell_names=True)
        for (answer, names), (script, where) in zip(ran, scripts.items(), strict=True):
            if not may_be_the_machines_doing(answer):
                answers[script] = Made(answer, None, names)
                self.computed += 1
                self._store.put(where, answers[script])
        return answers

    def emptied(self, check: Check, made: Collection[str], wanted: Exercises) -> list[Answer]:
        """Return the solution's answers with mistakes and with emptied exercises.

        There is one answer for each kind of return value. Points depend on it, so each has a
        submission's time limit: on a slow machine both would be late.
        """
        computes_on = other_seed(self._seed)
        script = self.script(made)
        answers = []
        with self._server().worker(script.encode(), SOLUTION) as worker:
            for kind in KINDS:
                variant = emptied(script, wanted, computes_on, [kind])
                where = self._address(check, variant, None, self._seed)
                found = self._store.get(where)
                if found is None:
                    answer = worker.ask(check, computes_on, source=variant.encode())
                    if not may_be_the_machines_doing(answer):
                        answer = worker.ask(check, self._seed)
                    found = Made(answer)
                    self.computed += 1
                    if not may_be_the_machines_doing(answer):
                        self._store.put(where, found)
                answers.append(found.answer)
        return answers

    def constant(self, check: Check, script: str, expected: Answer) -> frozenset[str]:
        """Return the arrays of a script's answer that are equal on another seed.

        Returns all of them if it gives no answer there. Raises `NotAnswered` if the solution is
        late.
        """
        other = other_seed(self._seed)
        again = self._made(check, script, None, other).answer
        if may_be_the_machines_doing(again) and script == self.solution.plain():
            raise NotAnswered(f"our solution did not answer `{check.name}` in time")
        if again.failure:
            return frozenset(expected.arrays)
        return constant_arrays(check, expected, again)

    @cached_property
    def changed_scripts(self) -> ChangedScripts:
        """Return all small changes of the solution, by id, each with its edit."""
        return changed_scripts(self.unit, self.solution.plain())

    @cached_property
    def styles(self) -> dict[str, str]:
        """Return the right answers in other styles, by name, as scripts with a region."""
        return marked_styles(self.unit, self.solution.plain())

    def changes_of_style(self, name: str) -> ChangedScripts:
        """Return the small changes of a style, which take some tenths of a second to make."""
        if name not in self._changes_of_styles:
            plain = self.solution.plain()
            made = changes_of_style(self.unit, plain, name, self.styles[name])
            self._changes_of_styles[name] = made
        return self._changes_of_styles[name]

    def changed(self, check: Check, solution: Made, listed: Collection[str]) -> ChangedAnswers:
        """Return the solution's answers to an exact check with each of some small changes.

        listed: their ids.
        Raises `NotAnswered` if one of them is late.
        """
        in_order = [self.changed_scripts[identity] for identity in sorted(listed, key=_number)]
        ids = [change.id for change, _ in in_order]
        return self._all_listed(check, solution, in_order, "small changes", *ids)

    def in_pairs(self, check: Check, solution: Made, listed: Iterable[str]) -> ChangedAnswers:
        """Return the same of some pairs of known mistakes."""
        pairs = scripts_of_pairs(self.solution, sorted(listed))
        # in full they would fill the memory
        scripts = [address(edited.script) for _, edited in pairs]
        return self._all_listed(check, solution, pairs, "pairs of mistakes", *scripts)

    def _all_listed(
        self, check: Check, solution: Made, listed: Tried, *rests_on: str
    ) -> ChangedAnswers:
        """Return the answers of listed variants of the solution, from the store or computed."""
        if not listed:
            return NO_CHANGES

        def made() -> ChangedAnswers:
            plain = self.solution.plain()
            server = self._server()
            found = run_listed(server, check, self._seed, plain, solution.answer, listed)
            if found is None:
                raise NotAnswered(
                    f"our solution with a small change did not answer `{check.name}` in time"
                )
            return found

        return self._kept(made, check, *rests_on)

    def changed_in_styles(self, check: Check, solution: Made) -> ChangedAnswers:
        """Return the same for right answers in other styles; helpers are not named."""

        def made() -> ChangedAnswers:
            reached = {}
            for name, answered in self._right_styles(check, solution).items():
                reached[name] = self.changes_of_style(name), answered.names
            parts = []
            for name, tried in styles_to_be_tried(reached).items():
                parts.append(self._tried(check, self.styles[name], solution.answer, tried))
            return joined(tuple(solution.answer.arrays), parts)

        return self._kept(made, check, "small changes of styles", *self.styles.values())

    def _right_styles(self, check: Check, solution: Made) -> dict[str, Made]:
        """Return the answers of styles, by name; a style that loses points here is left out."""
        answers = self.all_made(check, self.styles.values())
        right = {}
        for name, script in self.styles.items():
            answered = answers.get(script)
            if answered and not loses_points(check, solution.answer, answered.answer):
                right[name] = answered
        return right

    def _tried(self, check: Check, script: str, expected: Answer, tried: Tried) -> ChangedAnswers:
        return try_changes(self._server(), check, self._seed, script, expected, tried)

    def _kept(
        self, make: Callable[[], ChangedAnswers], check: Check, *rests_on: str
    ) -> ChangedAnswers:
        """Find changed answers in the store; otherwise make and store them."""
        circumstances = address(*self._rests_on, str(self._seed))
        plain = self.solution.plain()
        where = address(circumstances, check.name, plain, *rests_on, code_digest())
        found = self._store.get(where)
        if found:
            return from_arrays(found.answer.arrays)
        made = make()
        self.computed += 1
        in_arrays = Answer(as_arrays(made))
        self._store.put(where, Made(in_arrays))
        return made

    def script_of_change(self, identity: str) -> str:
        """Return the script of a small change of the solution or of a style."""
        changes = self.changed_scripts
        if identity not in changes:
            style, _, _ = identity.rpartition(" ")
            changes = self.changes_of_style(style)
        _, edit = changes[identity]
        return edit.script

    def fit_together(self, made: Iterable[str]) -> bool:
        """Return whether known mistakes and small changes, by their ids, can be combined."""
        edits = self._edits(made)
        return fit_together(edits)

    def script(self, made: Collection[str]) -> str:
        """Return the solution's script with known mistakes and small changes in it."""
        are_known_mistakes = self._edits_of_mistakes.keys() >= set(made)
        if made and are_known_mistakes:
            return self.solution.with_mistake(*made)
        plain = self.solution.plain()
        return with_edits(plain, self._edits(made))

    def _edits(self, made: Iterable[str]) -> list[Edit]:
        edits = []
        for identity in made:
            if identity in self._edits_of_mistakes:
                edits.append(self._edits_of_mistakes[identity])
            else:
                _, change = self.changed_scripts[identity]
                edits.append(change)
        return edits

    def _made(self, check: Check, script: str, text: Corpus | None, seed: int) -> Made:
        where = self._address(check, script, text, seed)
        found = self._store.get(where)
        if found:
            return found
        made = None
        if text is None and script == self._process.script:
            made = self._process.made(check, seed)
        if made is None:
            made = self._made_by_itself(check, script, text, seed)
        self.computed += 1
        if not may_be_the_machines_doing(made.answer):
            self._store.put(where, made)
        return made

    def _made_by_itself(self, check: Check, script: str, text: Corpus | None, seed: int) -> Made:
        """Run a script of ours in a separate process."""
        server = self._server()
        with server.worker(script.encode(), SOLUTION) as worker:
            worker.tell_names = True
            train = text.train if text else None
            answer = worker.ask(check, seed, text=train)
            names = worker.names_run
            loss = None
            if text and not answer.failure:
                loss = measure_ours(worker, self.unit, check, seed, answer, text)
        return Made(answer, loss, names)

    def _address(self, check: Check, script: str, text: Corpus | None, seed: int) -> str:
        """Return the store's address of a script's answer."""
        trained_on = [text.name, text.train, text.held_out] if text else []
        circumstances = address(*self._rests_on, str(seed))
        return address(circumstances, check.name, script, *trained_on)


class SolutionProcess:
    """A process that answers exact checks as the solution, one after another.

    Starting a process for each check takes longer than most experiments. It starts with the first
    question. Threads may share it: they take turns.
    """

    def __init__(self, script: str, server: Callable[[], Server]) -> None:
        """Start nothing yet. server: returns the server of the present thread."""
        self.script = script
        self._server = server
        self._of_server: Server | None = None
        self._worker: Worker | None = None
        self._turn = threading.Lock()

    def made(self, check: Check, seed: int) -> Made | None:
        """Return the answer, or None if its process was late or killed: then it is ended."""
        with self._turn:
            worker = self._worker_of(self._server())
            try:
                answer = worker.ask(check, seed)
            except ServerGone:
                self._end()
                raise
            if may_be_the_machines_doing(answer):
                self._end()
                return None
            return Made(answer, None, worker.names_run)

    def _worker_of(self, server: Server) -> Worker:
        if self._worker is None or server is not self._of_server:
            self._end()
            self._worker = server.worker(self.script.encode(), SOLUTION)
            self._worker.tell_names = True
            self._of_server = server
        return self._worker

    def end(self) -> None:
        """End the process, if there is one."""
        with self._turn:
            self._end()

    def _end(self) -> None:
        if self._worker is not None:
            with suppress(ServerGone):  # a server that has ended has ended its workers
                self._worker.renew()
        self._worker = None


def _number(identity: str) -> int:
    """Return the number in the id of a small change of the solution."""
    _, _, number = identity.rpartition(" ")
    return int(number)


def _circumstances(unit: Unit) -> tuple[str, ...]:
    """Return what an answer depends on, apart from script, check, seed and corpus."""
    # of Python the minor version: 3.12 adds up otherwise, and words some errors otherwise
    packages = ["python {}.{}".format(*platform.python_version_tuple())]
    for name, version in versions(unit).items():
        if name != "python":
            packages.append(f"{name} {version}")
    return computing_digest(), experiments_digest(unit), platform.machine(), *packages
