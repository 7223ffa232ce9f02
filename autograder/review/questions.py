"""Questions about a student's own code: if one line were another, which arrays would change?

The true answer is found by running their code as it is and with the change, both in the sandbox, on
two seeds. A question is asked only where both seeds agree, so that its answer does not hang on the
numbers that were drawn.
"""

import ast
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import libcst as cst
import numpy as np

from autograder.authoring.mutants import Mutant, mutants, other_names
from autograder.check import Answer, Check, Failure, is_text, shape_in_letters
from autograder.grading.results import digest
from autograder.parsing import parse
from autograder.report.code import exercises, parts
from autograder.report.definitions import Definition, read_definitions
from autograder.review.effects import FACTOR, ROWS, SAME, SIGN, Effect, effect
from autograder.sandbox.client import Server

TRIED = 60  # changes of one submission that are run, at most
ENOUGH = 4  # times as many good ones as are asked, to choose from
SECONDS = 0.5  # of processor time for a changed line: one that takes longer is no question
# failures after which the next check can be asked: the worker has ended after the others
ENDED = frozenset({Failure.NONE, Failure.RAISED})
LONGEST, DEEPEST = 20_000, 60  # characters of a definition, and how deep its parts may be nested
LEAST_LINES = 3  # of a function: a change of a single line leaves nothing to find out


@dataclass(frozen=True)
class AskedArray:
    """An array of the experiment.

    shape: in words, as it is. effect: what the change does to it.
    """

    name: str
    shape: str
    effect: Effect


@dataclass(frozen=True)
class Question:
    """One change of one line, and what it does.

    definition: the student's, in which it stands. line: its number, counted as in the file.
    before, after: the line as it is, and as it would be.
    raised: the error, where there is one; then no array changes.
    source: the whole submission with the change, seeds: on which it was run; so that anybody can
    run it again.
    """

    unit: str
    check: str
    title: str
    definition: Definition
    line: int
    before: str
    after: str
    arrays: tuple[AskedArray, ...]
    raised: str
    source: bytes
    seeds: tuple[int, int]

    @property
    def level(self) -> int:
        """How hard it is, from 0 to 3.

        An error or one change of everything is easy, a part that stays is hard.
        """
        if self.raised:
            return 0
        kinds = {array.effect.kind for array in self.arrays}
        changed = kinds - {SAME}
        if not changed:
            return 2
        level = 1
        if SAME in kinds:
            level += 1
        if len(changed) > 1 or changed & {ROWS, SIGN, FACTOR}:
            level += 1
        return level


def questions(server: Server, source: bytes, name: str, number: int, seed: int) -> list[Question]:
    """Return questions about a submission, from easy to hard.

    source, name: the file's bytes, and what it is called. number: how many; there are fewer where
    the code gives no more. seed: of the choice and of the experiments.
    """
    draw = random.Random(f"{seed} {server.unit.name} {digest(source)}")
    seeds = (draw.randrange(2**31), draw.randrange(2**31))
    maker = _Maker(server, source, name, seeds)
    changes = list(maker.changes())
    draw.shuffle(changes)
    pool: list[Question] = []
    for change in changes[:TRIED]:
        question = maker.question(change)
        if question:
            pool.append(question)
        levels = {one.level for one in pool}
        if len(pool) >= ENOUGH * number and {0, 1} < levels:  # easy ones and harder ones
            break
    return _chosen(pool, number)


@dataclass(frozen=True)
class _Change:
    """A change that could be asked about: of a definition, in a check's experiment."""

    check: Check
    definition: Definition
    mutant: Mutant


class _Maker:
    """Runs one submission as it is and with changes."""

    def __init__(self, server: Server, source: bytes, name: str, seeds: tuple[int, int]) -> None:
        self._server = server
        self._source = source
        self._name = name
        self._seeds = seeds
        self._as_it_is: dict[str, list[Answer]] = {}

    def changes(self) -> Iterator[_Change]:
        """Yield every small change of what the student wrote that an experiment may come to.

        That is of each check whose experiment gets an answer from the code as it is.
        """
        unit = self._server.unit
        found = read_definitions(self._source)
        asked, given = exercises(unit.course.stub(unit.name).read_text(encoding="utf-8"))
        names = other_names(unit)
        for check in unit.checks:
            if check.measure or not asked.get(check.name):
                continue
            for definition in parts(found, asked[check.name], given):
                if not self._can_be_asked_about(definition, check):
                    continue
                for mutant in _mutants(definition, names):
                    yield _Change(check, definition, mutant)

    def _can_be_asked_about(self, definition: Definition, check: Check) -> bool:
        """Say whether a definition is long enough, can be replaced in the file, and runs."""
        if not _is_long_enough(definition):
            return False
        if not with_text(self._source, definition, definition.text):
            return False
        return bool(self._answers(check))

    def _answers(self, check: Check) -> Sequence[Answer]:
        """Return what the submission answers as it is, on both seeds; nothing where it does not."""
        if check.name not in self._as_it_is:
            self._as_it_is[check.name] = self._run(self._source, check)
        answers = self._as_it_is[check.name]
        return [] if any(answer.failure for answer in answers) else answers

    def _run(self, source: bytes, check: Check) -> list[Answer]:
        quick = replace(check, seconds=min(SECONDS, check.seconds))
        answers: list[Answer] = []
        with self._server.worker(source, self._name) as worker:
            for seed in self._seeds:
                answers.append(worker.ask(quick, seed))
                if answers[-1].failure not in ENDED:  # it hangs: once is enough
                    break
        return answers

    def question(self, change: _Change) -> Question | None:
        """Return the question of a change; None where it would be no good one."""
        source = with_text(self._source, change.definition, change.mutant.script)
        if source is None:
            return None
        changed = self._run(source, change.check)
        told = _told(self._answers(change.check), changed, self._server.unit.sizes)
        if told is None:
            return None
        arrays, raised = told
        has_no_effect = not raised and all(array.effect.kind == SAME for array in arrays)
        if has_no_effect and not self._is_reached(change):
            return None
        mutant = change.mutant
        definition = change.definition
        left_out = mutant.after in ("pass", "(nothing)")
        return Question(
            unit=self._server.unit.name,
            check=change.check.name,
            title=change.check.title,
            definition=definition,
            line=definition.first + mutant.line - 1,
            before=mutant.before,
            after="" if left_out else _tidy(mutant.after),
            arrays=arrays,
            raised=raised,
            source=source,
            seeds=self._seeds,
        )

    def _is_reached(self, change: _Change) -> bool:
        """Say whether the experiment comes to the changed line.

        An error in its place would be seen then.
        """
        lines = change.definition.text.split("\n")
        at = change.mutant.line - 1
        indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        lines[at] = f"{indent}raise RuntimeError"
        text = "\n".join(lines)
        if not _parses(text):
            return False
        source = with_text(self._source, change.definition, text)
        if not source:
            return False
        answers = self._run(source, change.check)
        return all(answer.failure == Failure.RAISED for answer in answers)


def _parses(text: str) -> bool:
    try:
        return bool(parse(text))
    except SyntaxError:
        return False


def _tidy(line: str) -> str:
    """Return a line without the brackets that a change has put around a single name or call."""
    tidied = re.sub(r"(?<![\w\])])\(([\w.\[\]\"']+(?:\([^()]*\))?)\)", r"\1", line)
    try:
        is_the_same = ast.dump(parse(tidied)) == ast.dump(parse(line))
    except SyntaxError:  # the head of a loop or a condition
        return line
    return tidied if is_the_same else line


def _is_long_enough(definition: Definition) -> bool:
    if not definition.is_function:
        return False
    lines = [line.strip() for line in definition.text.split("\n")]
    code = [line for line in lines if line and not line.startswith("#")]
    return len(code) > LEAST_LINES


def _mutants(definition: Definition, names: Mapping[str, str]) -> list[Mutant]:
    """The changes of a definition's body, of one line each; none where it does not parse."""
    if not _is_plain(definition.text):
        return []
    body = set(range(2, definition.text.count("\n") + 2))
    try:
        found = mutants(definition.text, names, body)
    except (cst.ParserSyntaxError, RecursionError):
        return []
    lines = definition.text.split("\n")
    return [one for one in found if one.before and one.before == lines[one.line - 1].strip()]


def _is_plain(text: str) -> bool:
    """Say whether code parses and is no longer or deeper than people write.

    A deep one would end libcst, and us with it.
    """
    if len(text) > LONGEST:
        return False
    try:
        level: list[ast.AST] = [parse(text)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return not level


def with_text(source: bytes, definition: Definition, text: str) -> bytes | None:
    """Return a submission with another text in a definition's place.

    None where the definition does not stand there as it was read.
    """
    if definition.place == "line":
        whole = source.decode("utf-8-sig").replace("\r\n", "\n")
        return _replaced(whole, definition, text).encode() if _stands(whole, definition) else None
    book = json.loads(source)
    cell = book["cells"][int(definition.place.split()[1].rstrip(",")) - 1]
    written = "".join(cell["source"])
    if not _stands(written, definition):
        return None
    cell["source"] = _replaced(written, definition, text)
    return json.dumps(book).encode()


def _stands(whole: str, definition: Definition) -> bool:
    lines = whole.split("\n")[definition.first - 1 :]
    return "\n".join(lines[: definition.text.count("\n") + 1]) == definition.text


def _replaced(whole: str, definition: Definition, text: str) -> str:
    lines = whole.split("\n")
    lines[definition.first - 1 : definition.first + definition.text.count("\n")] = text.split("\n")
    return "\n".join(lines)


def _told(
    before: Sequence[Answer], after: Sequence[Answer], sizes: Mapping[str, int]
) -> tuple[tuple[AskedArray, ...], str] | None:
    """Return what a change does to each array, and the error that it raises, if any.

    None where the two seeds do not agree, or where the changed code was stopped.
    """
    failures = [answer.failure for answer in after]
    if not ENDED.issuperset(failures):  # it hangs, or was stopped
        return None
    if all(failure == Failure.RAISED for failure in failures):
        arrays = before[0].arrays.items()
        unchanged = [AskedArray(name, _shape(array, sizes), Effect(SAME)) for name, array in arrays]
        return tuple(unchanged), after[0].message
    if any(failures):  # on some numbers only
        return None
    asked = []
    for name, array in before[0].arrays.items():
        found = _effect_on_both(name, before, after)
        if found is None:
            return None
        asked.append(AskedArray(name, _shape(array, sizes), found))
    return tuple(asked), ""


def _effect_on_both(name: str, before: Sequence[Answer], after: Sequence[Answer]) -> Effect | None:
    """Return what a change does to an array; None where it is not the same on both seeds."""
    found = []
    for old, new in zip(before, after, strict=True):
        if name not in new.arrays:
            return None
        found.append(effect(old.arrays[name], new.arrays[name]))
    first, second = found
    if first is None or second is None or not _agree(first, second):
        return None
    return first


def _shape(array: np.ndarray, sizes: Mapping[str, int]) -> str:
    """Say the shape of an array; of a single answer, what it is."""
    if array.shape:
        return shape_in_letters(array.shape, sizes)
    if array.dtype == bool:
        return "yes or no"
    return "text" if is_text(array) else shape_in_letters(array.shape, sizes)


def _agree(one: Effect, other: Effect) -> bool:
    return (one.kind, one.rows, one.shape) == (other.kind, other.rows, other.shape)


def _chosen(pool: Sequence[Question], number: int) -> list[Question]:
    """Choose from easy to hard, about checks and lines that are still new."""
    left = sorted(pool, key=lambda question: question.level)
    chosen: list[Question] = []
    for turn in range(number):
        lines = {_line_of(one) for one in chosen}
        seen = {_sort(one) for one in chosen}
        free = [one for one in left if _line_of(one) not in lines and not _repeats(one, seen)]
        if not free:
            break
        to_choose = number - turn
        if to_choose > 1:
            part = free[: max(1, len(free) // to_choose)]  # the easier ones
        else:
            part = free[-max(1, len(free) // 3) :]  # the last is among the hardest
        asked = Counter(one.check for one in chosen)
        best = min(part, key=lambda one: (asked[one.check], -one.level))
        chosen.append(best)
        left = [one for one in left if one.level >= best.level]
    return chosen


def _line_of(question: Question) -> tuple[str, int]:
    return question.definition.place, question.line


def _sort(question: Question) -> tuple[int, bool]:
    nothing = all(array.effect.kind == SAME for array in question.arrays)
    return question.level, bool(question.raised) or nothing


def _repeats(question: Question, seen: set[tuple[int, bool]]) -> bool:
    """Say whether it would be the second that raises an error, or in which nothing changes."""
    level, is_all_or_nothing = _sort(question)
    return is_all_or_nothing and (level, is_all_or_nothing) in seen
