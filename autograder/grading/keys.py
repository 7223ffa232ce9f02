"""Keys: the answers of the solution and of each of its known mistakes on one seed.

The key of a seed is made by the same server and the same experiments as the grades: the solution
and each of its known mistakes are run as if they were submissions.
"""

import ast
import math
import platform
import threading
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from autograder.check import Answer, Arrays, Check, Corpus, Failure
from autograder.course import Unit
from autograder.errors import UserError
from autograder.grading.carrying import Carried, Mistakes
from autograder.grading.key_file import SAME
from autograder.grading.provenance import computing_digest, experiments_digest, versions
from autograder.grading.small_changes import (
    ChangedScripts,
    Tried,
    as_arrays,
    changed_scripts,
    changes_of_style,
    code_digest,
    from_arrays,
    is_reached,
    joined,
    styles_to_be_tried,
    to_be_tried,
    try_changes,
)
from autograder.grading.store import AnswerStore, Made, address
from autograder.grading.styles import marked_styles
from autograder.judging import (
    CheckKey,
    Known,
    Mistake,
    PlainKey,
    agree,
    constant_arrays,
    furthest,
    is_right,
    key_name,
)
from autograder.parsing import parse
from autograder.relations.handed_on import read_answer
from autograder.relations.prints import KnownValues
from autograder.relations.small_changes import NO_CHANGES, ChangedAnswers, SmallChange
from autograder.relations.unused import KnownNames
from autograder.sandbox.client import Server
from autograder.sandbox.inside.cells import names_bound
from autograder.sandbox.inside.values import PRINTS
from autograder.sandbox.worker import Worker
from autograder.source.edits import Edit, edits_of_mistakes, fit_together, with_edits
from autograder.source.solution import Solution, read_solution


class BrokenSolution(UserError):
    """A solution does not answer its own check; the text says which, and what happened."""


NEAR = 2 * SAME  # in tolerances: a mistake so near to one may pass on another processor
TOGETHER = 50  # variants of the solution that one process answers for
PATIENCE = 3  # times the time of a check that a right answer has while its values are noted
SOLUTION = "solution.py"  # how the solution's file is called where it runs


def solution_of(unit: Unit) -> Solution:
    """Read the solution of a unit. Raises `NoCourse` in a student's copy, which has none."""
    path = unit.course.solution_there(unit.name)
    text = path.read_text(encoding="utf-8")
    return read_solution(text)


def checks_to_run(unit: Unit, data: Container[str]) -> list[Check]:
    """List a unit's checks in order: exact ones, and those that train whose names are in `data`."""
    checks = []
    for check in unit.checks:
        if not check.measure or check.name in data:
            checks.append(check)
    return checks


def other_seed(seed: int) -> int:
    """Return the seed that, beside `seed`, tells which arrays are the same on every seed."""
    return seed + 1


def build_key(
    server: Server,
    seed: int,
    data: Mapping[str, Sequence[Corpus]],
    for_a_file: bool = False,
) -> dict[str, PlainKey]:
    """Make the key of a unit on a seed: run the solution, and each known mistake in it.

    A mistake is asked of those exact checks that run the definition in which it stands.
    data: for each check that trains, the corpora that the solution is trained on. A check without
    any is left out.
    for_a_file: the key is to be the same on every processor, and to hold what small changes answer.
    Raises `BrokenSolution` where the solution fails, or answers the same on another seed; and for a
    file where a mistake stands so near the tolerance that rounding decides whether it is listed.
    """
    plain = solution_of(server.unit).plain()
    script = plain.encode()
    keys: dict[str, PlainKey] = {}
    names: dict[str, Names] = {}
    for check in checks_to_run(server.unit, data):
        if not check.measure:
            keys[check.name], names[check.name] = _exact_key(server, script, check, seed)
            continue
        for text in data[check.name]:
            name = key_name(check, text)
            keys[name] = _trained_key(server, script, check, seed, text)
    _add_mistakes(keys, server, seed, names, refuse_near=for_a_file)
    if for_a_file:
        _add_small_changes(keys, server, seed, names)
    return keys


Names = frozenset[str] | None  # of definitions; None where they are not known


def _add_mistakes(
    keys: dict[str, PlainKey],
    server: Server,
    seed: int,
    names: Mapping[str, Names],
    refuse_near: bool,
) -> None:
    """Add to the keys of exact checks the known mistakes that lose points there.

    names: check → the names of the solution's definitions that it runs.
    refuse_near: raise `BrokenSolution` for a mistake that stands near the tolerance.
    """
    solution = solution_of(server.unit)
    spoilt = spoilt_names(solution)
    asked = []
    for mistake, _, _ in solution.mistakes:
        script = solution.with_mistake(mistake.id).encode()
        for check in checks_to_run(server.unit, data=()):
            if not cannot_spoil(spoilt.get(mistake.id), names[check.name]):
                asked.append(_Asked(check, mistake, script))
    plain = solution.plain().encode()
    for one, answer in _answers_of_variants(server, plain, asked, seed):
        check = one.check
        known = keys[check.name]
        if refuse_near:
            _refuse_near_tolerance(server.unit, check, one.mistake, known.expected, answer)
        if loses_points(check, known.expected, answer):
            mistakes = (*known.mistakes, (one.mistake, answer))
            keys[check.name] = replace(known, mistakes=mistakes)


class _Asked(NamedTuple):
    """A check that is asked of the solution with a mistake in it."""

    check: Check
    mistake: Mistake
    script: bytes


def _answers_of_variants(
    server: Server, plain: bytes, asked: Sequence[_Asked], seed: int
) -> Iterator[tuple[_Asked, Answer]]:
    """Yield each of the checks that are asked, with its answer.

    Some are answered in one process, one after another: to begin one for each takes longer than
    most experiments do. An answer that did not come is asked again in a process of its own.
    plain: the solution's script.
    """
    for first in range(0, len(asked), TOGETHER):
        with server.worker(plain, SOLUTION) as worker:
            for one in asked[first : first + TOGETHER]:
                answer = worker.ask(one.check, seed, source=one.script)
                if _may_be_the_machines_doing(answer):
                    answer = _answer_alone(server, one, seed)
                yield one, answer


def _answer_alone(server: Server, asked: _Asked, seed: int) -> Answer:
    with server.worker(asked.script, SOLUTION) as worker:
        return worker.ask(asked.check, seed)


def _add_small_changes(
    keys: dict[str, PlainKey], server: Server, seed: int, names: Mapping[str, Names]
) -> None:
    """Add to the keys of exact checks what small changes of the solution answer.

    names: check → the names of the solution's definitions that it runs.
    """
    plain = solution_of(server.unit).plain()
    scripts = changed_scripts(server.unit, plain)
    for check in checks_to_run(server.unit, data=()):
        known = keys[check.name]
        ran = names[check.name]
        tried = to_be_tried(scripts, ran)
        changed = try_changes(server, check, seed, plain, known.expected, tried)
        keys[check.name] = replace(known, small_changes=changed)


def cannot_spoil(spoilt: Names, ran: Names) -> bool:
    """Return whether a mistake stands in no definition that ran, as far as both are known."""
    if spoilt is None or ran is None:
        return False
    return spoilt.isdisjoint(ran)


def _exact_key(server: Server, script: bytes, check: Check, seed: int) -> tuple[PlainKey, Names]:
    """Make the key of an exact check, without mistakes, and name the definitions that ran.

    Raises `BrokenSolution`.
    """
    with server.worker(script, SOLUTION) as worker:
        worker.tell_names = True
        expected = worker.ask(check, seed)
        names = worker.names_run
        again = worker.ask(check, other_seed(seed))
    refuse_failure(server.unit, check, expected)
    refuse_failure(server.unit, check, again)
    constant = constant_arrays(check, expected, again)
    key = PlainKey(expected, constant=constant)
    refuse_constant(server.unit, check, key)
    return key, names


def _trained_key(server: Server, script: bytes, check: Check, seed: int, text: Corpus) -> PlainKey:
    """Make the key of a check that trains: the weights, and their loss. Raises `BrokenSolution`."""
    with server.worker(script, SOLUTION) as worker:
        expected = worker.ask(check, seed, text=text.train)
        refuse_failure(server.unit, check, expected)
        loss = measure_ours(worker, server.unit, check, seed, expected, text)
    return PlainKey(expected, loss=loss)


_AfterMistakes = tuple[str, Mistakes]  # a check, and the mistakes that were made before it


class MadeKey(Mapping[str, CheckKey]):
    """The key of a unit on one seed. Each part is made when it is asked for, and kept in a store.

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

        data: for each check that trains, the corpus it is given.
        server: gives a server of the unit, when one is needed.
        """
        self._checks = {check.name: check for check in checks_to_run(unit, data)}
        self._data = data
        self._entries: dict[str, MadeCheckKey] = {}
        public_seed = unit.course.public_seed
        self._maker = AnswerMaker(unit, seed, store, server)
        self._public = AnswerMaker(unit, public_seed, store, server)
        self._carried: dict[_AfterMistakes, Carried | None] = {}
        self._public_keys: dict[_AfterMistakes, MadeCheckKey] = {}
        self._known_values: dict[tuple[str, str | None], KnownValues] = {}
        self._lock_of_values = threading.Lock()
        self._lock = threading.RLock()

    @property
    def computed(self) -> int:
        """Return how many answers were not in the store, and had to be computed."""
        return self._maker.computed + self._public.computed

    def carry(self, check: Check, made: Mistakes) -> Carried | None:
        """Return what a check is compared with where mistakes were made before it.

        Which arrays still tell something then is found out on the public seed, once for all runs.
        """
        place = (check.name, made)
        with self._lock:
            if place not in self._carried:
                self._carried[place] = self._made_carried(check, made)
            return self._carried[place]

    def known_values(self, check: Check, without: str | None = None) -> KnownValues:
        """Return the values that occur in right answers to an exact check: ours and all styles'.

        without: the name of a style that is left out, "" for our solution.
        """
        place = (check.name, without)
        with self._lock_of_values:  # one of its own: they may take seconds to make
            if place not in self._known_values:
                solution = self._maker.made(check, self._maker.script(()))
                runs = self._maker.values_of_right_answers(check, solution, without)
                prints = [arrays["prints"] for arrays in runs]
                answer = read_answer(runs[0]) if runs else {}
                self._known_values[place] = KnownValues.of(prints, KnownNames.of(runs), answer)
            return self._known_values[place]

    def _made_carried(self, check: Check, made: Mistakes) -> Carried | None:
        if check.measure or not self._maker.fit_together(made):
            return None
        key = MadeCheckKey(self._maker, check, None, made)
        if key.expected.failure:
            return None
        plain = self._public_key(check)
        carried = self._public_key(check, made)
        needed = []
        for name in all_needed(check, self._checks):
            needed.append(self._public_key(self._checks[name]))
        telling = telling_arrays(check, plain, carried, needed)
        return Carried(key, telling)

    def _public_key(self, check: Check, made: Mistakes = frozenset()) -> "MadeCheckKey":
        place = (check.name, made)
        key = self._public_keys.get(place)
        if key is None:
            key = MadeCheckKey(self._public, check, None, made)
            self._public_keys[place] = key
        return key

    def close(self) -> None:
        """Close the store."""
        self._maker.close()

    def __getitem__(self, entry: str) -> "MadeCheckKey":
        check = self._checks[_check_of(entry)]
        with self._lock:
            key = self._entries.get(entry)
            if key is None:
                text = self._data[check.name] if check.measure else None
                key = MadeCheckKey(self._maker, check, text)
                self._entries[entry] = key
            return key

    def __contains__(self, entry: object) -> bool:
        return _check_of(str(entry)) in self._checks

    def __iter__(self) -> Iterator[str]:
        for name, check in self._checks.items():
            text = self._data.get(name)
            yield key_name(check, text)

    def __len__(self) -> int:
        return len(self._checks)


def _check_of(entry: str) -> str:
    """Return the name of the check that an entry of a key is of: see `key_name`."""
    name, _, _ = entry.partition("@")
    return name


def all_needed(check: Check, checks: Mapping[str, Check]) -> set[str]:
    """Name the checks that one needs, and those that these need in turn."""
    needed = set(check.needs)
    for name in check.needs:
        needed |= all_needed(checks[name], checks)
    return needed


class AnswerMaker:
    """Answers of the solution and of its mistakes on one seed.

    They are found in the store, or computed and kept there.
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

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def cannot_spoil(self, mistake: Mistake, ran: Names) -> bool:
        """Return whether a mistake stands in none of the definitions that ran."""
        spoilt = self._spoils.get(mistake.id)
        return cannot_spoil(spoilt, ran)

    def made(self, check: Check, script: str, text: Corpus | None = None) -> Made:
        """Return what a script of ours answers to a check, and the loss where it trains."""
        return self._made(check, script, text, self._seed)

    def all_made(self, check: Check, scripts: Iterable[str]) -> dict[str, Made]:
        """Return, by script, what scripts of ours answer to an exact check.

        One process runs all that are not in the store, one after another: to begin one for each
        takes longer than most experiments do. A script whose answer did not come is left out.
        """
        answers: dict[str, Made] = {}
        lacking: dict[str, str] = {}  # script → where its answer is kept
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
        """Run scripts in one process, and keep their answers. scripts: each with its address."""
        answers: dict[str, Made] = {}
        plain = self.solution.plain()
        with self._server().worker(plain.encode(), SOLUTION) as worker:
            worker.tell_names = True
            for script, where in scripts.items():
                answer = worker.ask(check, self._seed, source=script.encode())
                if not _may_be_the_machines_doing(answer):
                    answers[script] = Made(answer, None, worker.names_run)
                    self.computed += 1
                    self._store.put(where, answers[script])
        return answers

    def constant(self, check: Check, script: str, expected: Answer) -> frozenset[str]:
        """Name the arrays of a script's answer that are the same on another seed.

        All of them, where it does not answer there.
        """
        other = other_seed(self._seed)
        again = self._made(check, script, None, other).answer
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
        """Return the small changes of a style. They take some tenths of a second to make."""
        if name not in self._changes_of_styles:
            plain = self.solution.plain()
            made = changes_of_style(self.unit, plain, name, self.styles[name])
            self._changes_of_styles[name] = made
        return self._changes_of_styles[name]

    def changed(self, check: Check, solution: Made) -> ChangedAnswers:
        """Return what the solution answers to an exact check with each small change it reaches."""

        def made() -> ChangedAnswers:
            tried = to_be_tried(self.changed_scripts, solution.names)
            return self._tried(check, self.solution.plain(), solution.answer, tried)

        return self._kept(made, check, "small changes")

    def changed_in_styles(self, check: Check, solution: Made) -> ChangedAnswers:
        """Return the same of right answers in other styles; of helpers no name is told."""

        def made() -> ChangedAnswers:
            answers = self.all_made(check, self.styles.values())
            reached = {}
            for name, script in self.styles.items():
                answered = answers.get(script)
                if answered and not loses_points(check, solution.answer, answered.answer):
                    reached[name] = self.changes_of_style(name), answered.names
            parts = []
            for name, tried in styles_to_be_tried(reached).items():
                parts.append(self._tried(check, self.styles[name], solution.answer, tried))
            return joined(tuple(solution.answer.arrays), parts)

        return self._kept(made, check, "small changes of styles", *self.styles.values())

    def values_of_right_answers(
        self, check: Check, solution: Made, without: str | None = None
    ) -> list[Arrays]:
        """Return the prints of what expressions are in our solution and in right styles, and names.

        without: the name of a style that is left out, "" for our solution.
        """
        right = {"": self.solution.plain()}
        answers = self.all_made(check, self.styles.values())
        for name, script in self.styles.items():
            answered = answers.get(script)
            if answered and not loses_points(check, solution.answer, answered.answer):
                right[name] = script
        if without is not None:
            right.pop(without, None)
        return self._prints(check, right.values())

    def _prints(self, check: Check, scripts: Iterable[str]) -> list[Arrays]:
        """Return the prints of what expressions are in scripts of ours, where they came in time.

        Of each script with the names that it reads.
        """
        circumstances = address(*self._rests_on, str(self._seed))
        patient = replace(check, seconds=check.seconds * PATIENCE)
        runs = []
        plain = self.solution.plain()
        with self._server().worker(plain.encode(), SOLUTION) as worker:
            for script in scripts:
                where = address(circumstances, check.name, script, PRINTS)
                found = self._store.get(where)
                if found is None:
                    source = script.encode()
                    answer = worker.ask(patient, self._seed, PRINTS, source=source)
                    if answer.failure:
                        continue
                    found = Made(answer)
                    self.computed += 1
                    self._store.put(where, found)
                runs.append(found.answer.arrays)
        return runs

    def _tried(self, check: Check, script: str, expected: Answer, tried: Tried) -> ChangedAnswers:
        return try_changes(self._server(), check, self._seed, script, expected, tried)

    def _kept(
        self, make: Callable[[], ChangedAnswers], check: Check, *rests_on: str
    ) -> ChangedAnswers:
        """Find changed answers in the store; else make them, and keep them there."""
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
        """Return whether known mistakes and small changes, by their ids, can be made at once."""
        edits = self._edits(made)
        return fit_together(edits)

    def script(self, made: Collection[str]) -> str:
        """Return the solution's script with known mistakes and small changes made."""
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
                edits.append(change.edit)
        return edits

    def _made(self, check: Check, script: str, text: Corpus | None, seed: int) -> Made:
        where = self._address(check, script, text, seed)
        found = self._store.get(where)
        if found:
            return found
        server = self._server()
        with server.worker(script.encode(), SOLUTION) as worker:
            worker.tell_names = True
            train = text.train if text else None
            answer = worker.ask(check, seed, text=train)
            names = worker.names_run
            loss = None
            if text and not answer.failure:
                loss = measure_ours(worker, self.unit, check, seed, answer, text)
        made = Made(answer, loss, names)
        self.computed += 1
        if not _may_be_the_machines_doing(answer):
            self._store.put(where, made)
        return made

    def _address(self, check: Check, script: str, text: Corpus | None, seed: int) -> str:
        """Return where the store keeps what a script answers."""
        trained_on = [text.name, text.train, text.held_out] if text else []
        circumstances = address(*self._rests_on, str(seed))
        return address(circumstances, check.name, script, *trained_on)


def _may_be_the_machines_doing(answer: Answer) -> bool:
    """Return whether an answer is late or killed. Such a one is not kept."""
    return answer.failure in (Failure.TIMEOUT, Failure.KILLED)


def _circumstances(unit: Unit) -> tuple[str, ...]:
    """Return what an answer depends on beside the script, the check, the seed and the corpus."""
    packages = []
    for name, version in versions(unit).items():
        if name != "python":
            packages.append(f"{name} {version}")
    return computing_digest(), experiments_digest(unit), platform.machine(), *packages


def spoilt_names(solution: Solution) -> dict[str, frozenset[str]]:
    """Map each mistake, by its id, to the names that the definition binds in which it is made.

    A mistake that stands in no definition is left out.
    """
    names_on_line: dict[int, frozenset[str]] = {}
    for node in parse(solution.text).body:
        names = frozenset(names_bound(node))
        if names:
            names_on_line.update(dict.fromkeys(_lines_of(node), names))
    spoilt: dict[str, frozenset[str]] = {}
    for mistake, first_line, _ in solution.mistakes:
        if first_line in names_on_line:
            spoilt[mistake.id] = names_on_line[first_line]
    return spoilt


def _lines_of(node: ast.stmt) -> range:
    """Return the numbers of a statement's lines, with those of its decorators."""
    first = node.lineno
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    for decorator in decorators:
        first = min(first, decorator.lineno)
    last = node.end_lineno or node.lineno
    return range(first, last + 1)


class MadeCheckKey:
    """The key of one check, of which each answer is made when it is asked for."""

    def __init__(
        self, maker: AnswerMaker, check: Check, text: Corpus | None, made: Mistakes = frozenset()
    ) -> None:
        """Make nothing yet.

        text: what a check that trains is given.
        made: known mistakes or small changes that are made throughout, so that each other one is
        one more.
        """
        self._maker = maker
        self._check = check
        self._text = text
        self._always = made
        self._lock = threading.RLock()
        self._of_solution: Made | None = None
        self._constant: frozenset[str] | None = None
        self._of_mistakes: dict[str, Answer] = {}
        self._spoils: dict[str, bool] = {}
        self._small_changes: ChangedAnswers | None = None
        self._style_changes: ChangedAnswers | None = None

    def _solution(self) -> Made:
        with self._lock:
            if self._of_solution is None:
                script = self._maker.script(self._always)
                self._of_solution = self._maker.made(self._check, script, self._text)
                if not self._always:
                    refuse_failure(self._maker.unit, self._check, self._of_solution.answer)
            return self._of_solution

    @property
    def expected(self) -> Answer:
        """Return the solution's answer. Raises `BrokenSolution`."""
        return self._solution().answer

    @property
    def loss(self) -> float | None:
        """Return the loss that the solution's training reached."""
        return self._solution().loss

    @property
    def constant(self) -> frozenset[str]:
        """Name the arrays that the solution answers alike on another seed."""
        if self._check.measure:
            return frozenset()
        with self._lock:
            if self._constant is None:
                script = self._maker.script(self._always)
                self._constant = self._maker.constant(self._check, script, self.expected)
            return self._constant

    @property
    def mistakes(self) -> Known:
        """Return the known mistakes that lose points here, each with its answer."""
        if self._check.measure:
            return ()
        listed = [mistake for mistake, _, _ in self._maker.solution.mistakes]
        self.make_ahead(listed)
        known = []
        for mistake in listed:
            if self.spoilt_by(mistake):
                known.append((mistake, self.answer_of(mistake)))
        return known

    @property
    def small_changes(self) -> ChangedAnswers:
        """Return what the solution answers with one small change in it."""
        if self._check.measure or self._always:
            return NO_CHANGES
        with self._lock:
            if self._small_changes is None:
                self._small_changes = self._maker.changed(self._check, self._solution())
            return self._small_changes

    @property
    def style_changes(self) -> ChangedAnswers:
        """Return what right answers in other styles answer with one small change in them."""
        if self._check.measure or self._always:
            return NO_CHANGES
        with self._lock:
            if self._style_changes is None:
                self._style_changes = self._maker.changed_in_styles(self._check, self._solution())
            return self._style_changes

    def _spoilt_by_change(self, change: SmallChange) -> bool:
        if self._check.measure or not self._may_reach(change):
            return False
        if change.id not in self._spoils:
            script = self._maker.script_of_change(change.id)
            made = self._maker.made(self._check, script)
            self._spoils[change.id] = loses_points(self._check, self.expected, made.answer)
        return self._spoils[change.id]

    def _may_reach(self, change: SmallChange) -> bool:
        """Return whether a change may stand in a definition that runs; of a style it may."""
        if change.id not in self._maker.changed_scripts:
            return True
        return is_reached(change.function, self._solution().names)

    def spoilt_by(self, mistake: Mistake | SmallChange) -> bool:
        """Return whether a mistake or a small change loses points here.

        One in a definition that does not run here changes nothing.
        """
        if isinstance(mistake, SmallChange):
            return self._spoilt_by_change(mistake)
        if not self._may_spoil(mistake):
            return False
        if mistake.id not in self._spoils:
            answer = self.answer_of(mistake)
            self._spoils[mistake.id] = loses_points(self._check, self.expected, answer)
        return self._spoils[mistake.id]

    def _may_spoil(self, mistake: Mistake) -> bool:
        """Return whether a known mistake can be made in a definition that runs here."""
        if self._check.measure:
            return False
        ran = self._solution().names
        return not self._maker.cannot_spoil(mistake, ran) and self.fits(mistake)

    def make_ahead(self, mistakes: Iterable[Mistake]) -> None:
        """Make what the solution answers with each of these mistakes in it, all in one process."""
        with self._lock:
            scripts = {}
            for mistake in mistakes:
                if mistake.id not in self._of_mistakes and self._may_spoil(mistake):
                    scripts[mistake.id] = self._script_with(mistake)
            answers = self._maker.all_made(self._check, scripts.values())
            for identity, script in scripts.items():
                if script in answers:
                    self._of_mistakes[identity] = answers[script].answer

    def _script_with(self, mistake: Mistake) -> str:
        return self._maker.script([*self._always, mistake.id])

    def fits(self, mistake: Mistake) -> bool:
        """Return whether a mistake can be made beside those that are made throughout."""
        if mistake.id in self._always:
            return False
        together = {*self._always, mistake.id}
        return self._maker.fit_together(together)

    def answer_of(self, mistake: Mistake) -> Answer:
        """Return what the solution answers with a known mistake in it."""
        with self._lock:
            answer = self._of_mistakes.get(mistake.id)
            if answer is None:
                script = self._script_with(mistake)
                answer = self._maker.made(self._check, script).answer
                self._of_mistakes[mistake.id] = answer
            return answer


def telling_arrays(
    check: Check, plain: MadeCheckKey, carried: MadeCheckKey, needed: Sequence[MadeCheckKey]
) -> frozenset[str]:
    """Name the arrays of a check that still tell what it is there for after early mistakes.

    Each such array shows a known mistake that none of the needed checks shows, and what it shows of
    such mistakes it shows beside the early ones too.
    plain, carried: the check's key without the early mistakes, and with them made.
    needed: the keys of the checks that this one needs.
    """
    if carried.expected.failure:
        return frozenset()
    listed = [mistake for mistake, _ in plain.mistakes]
    for key in needed:
        key.make_ahead(listed)
    own = []
    for mistake in listed:
        shown_before = any(key.spoilt_by(mistake) for key in needed)
        if carried.fits(mistake) and not shown_before:
            own.append(mistake)
    carried.make_ahead(own)
    telling = []
    for name in plain.expected.arrays:
        shown = [mistake for mistake in own if _shows(name, check, plain, mistake)]
        if shown and all(_shows(name, check, carried, mistake) for mistake in shown):
            telling.append(name)
    return frozenset(telling)


def _shows(name: str, check: Check, key: MadeCheckKey, mistake: Mistake) -> bool:
    """Return whether a mistake changes an array."""
    mistaken = key.answer_of(mistake)
    if mistaken.failure:
        return True
    return not agree(check, name, key.expected, mistaken)


def loses_points(check: Check, expected: Answer, answer: Answer) -> bool:
    """Return whether an answer to an exact check is wrong."""
    return not is_right(check, expected, answer)


def _refuse_near_tolerance(
    unit: Unit, check: Check, mistake: Mistake, expected: Answer, answer: Answer
) -> None:
    """Refuse a mistake that would be listed or not as a processor rounds.

    Raises `BrokenSolution`.
    """
    if answer.failure:
        return
    apart = furthest(check, expected, answer)
    if abs(apart - 1) < NEAR:
        raise BrokenSolution(
            f"`{check.name}` of {unit.name} sees the mistake “{mistake.text}” by {apart:.2f} of "
            "what it tolerates: how a processor rounds would decide whether it is a mistake. Let "
            "the check ask more, so that it differs by far, or tolerate more."
        )


def refuse_failure(unit: Unit, check: Check, answer: Answer) -> None:
    """Refuse a solution that does not answer its own check. Raises `BrokenSolution`."""
    if answer.failure:
        raise BrokenSolution(
            f"The solution of {unit.name} does not answer `{check.name}`: {answer.message}"
        )


def refuse_constant(unit: Unit, check: Check, key: PlainKey) -> None:
    """Refuse a check none of whose arrays depends on the seed. Raises `BrokenSolution`."""
    if check.measure:
        return
    all_arrays = key.expected.arrays.keys()
    if key.constant >= all_arrays:
        raise BrokenSolution(
            f"All that `{check.name}` of {unit.name} returns is the same on every seed, and a "
            "file that solves nothing can send it. Let what it asks depend on the seed."
        )


def measure(worker: Worker, check: Check, seed: int, answer: Answer, text: Corpus) -> float:
    """Measure the held-out loss of trained weights by the solution that `worker` runs.

    NaN where it gives none.
    """
    measured = _measured(worker, check, seed, answer, text)
    return _only_number(measured)


def measure_ours(
    worker: Worker, unit: Unit, check: Check, seed: int, answer: Answer, text: Corpus
) -> float:
    """Measure the held-out loss of weights that the solution itself has trained.

    Raises `BrokenSolution` where there is none.
    """
    measured = _measured(worker, check, seed, answer, text)
    loss = _only_number(measured)
    if math.isnan(loss):
        reason = measured.message or "it returned no number."
        raise BrokenSolution(
            f"The loss of what the solution of {unit.name} trains in `{check.name}` cannot be "
            f"measured on {text.name}: {reason}"
        )
    return loss


def _measured(worker: Worker, check: Check, seed: int, answer: Answer, text: Corpus) -> Answer:
    return worker.ask(check, seed, "measure", answer.arrays, text.held_out)


def _only_number(measured: Answer) -> float:
    loss = measured.arrays.get("loss")
    if loss is None or loss.size != 1:
        return math.nan
    return float(loss)
