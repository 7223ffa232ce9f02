"""Questions about a student's own code: one line of theirs is changed, which arrays change, and
how?

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
from autograder.report.code import exercises, parts
from autograder.report.definitions import Piece, pieces
from autograder.review.effects import SAME, Effect, effect
from autograder.sandbox.client import Server
from autograder.sandbox.inside.cells import parse_quietly

TRIED = 60  # changes of one submission that are run, at most
ENOUGH = 4  # times as many good ones as are asked, to choose from
SECONDS = 0.5  # of processor time for a changed line: one that takes longer is no question
# failures after which the next check can be asked: the worker has ended after the others
ENDED = frozenset({Failure.NONE, Failure.RAISED})
LONGEST, DEEPEST = 20_000, 60  # characters of a definition, and how deep its parts may be nested
LEAST_LINES = 3  # of a function: a change of a single line leaves nothing to find out


@dataclass(frozen=True)
class AskedArray:
    """An array of the experiment: its name, its shape in words as it is, and what the change does
    to it.
    """

    name: str
    shape: str
    effect: Effect


@dataclass(frozen=True)
class Question:
    """One change of one line, and what it does.

    piece: the student's definition in which it stands. line: its number, counted as the piece's
    lines are. before, after: the line as it is, and as it would be. raised: the error, where there
    is one; then no array changes.
    source: the whole submission with the change, seeds: on which it was run; so that anybody can
    run it again.
    """

    unit: str
    check: str
    title: str
    piece: Piece
    line: int
    before: str
    after: str
    arrays: tuple[AskedArray, ...]
    raised: str
    source: bytes
    seeds: tuple[int, int]

    @property
    def level(self) -> int:
        """How hard it is, from 0: an error or one change of everything is easy, a part that stays
        is hard.
        """
        if self.raised:
            return 0
        kinds = [array.effect.kind for array in self.arrays]
        changed = [kind for kind in kinds if kind != SAME]
        if not changed:
            return 2
        return (
            1
            + (SAME in kinds)
            + (len(set(changed)) > 1 or bool({"rows", "sign", "factor"} & set(changed)))
        )


def questions(server: Server, source: bytes, name: str, number: int, seed: int) -> list[Question]:
    """Ask about a submission: `number` questions, from easy to hard, or fewer where its code gives
    no more.

    source, name: the file's bytes, and what it is called. seed: of the choice and of the
    experiments.
    """
    draw = random.Random(f"{seed} {server.unit.name} {digest(source)}")
    maker = _Maker(server, source, name, (draw.randrange(2**31), draw.randrange(2**31)))
    changes = list(maker.changes())
    draw.shuffle(changes)
    pool: list[Question] = []
    for change in changes[:TRIED]:
        if question := maker.question(change):
            pool.append(question)
        if len(pool) >= ENOUGH * number and {0, 1} < {one.level for one in pool}:
            break
    return _chosen(pool, number)


@dataclass(frozen=True)
class _Change:
    """A change that could be asked about: of a piece, in a check's experiment."""

    check: Check
    piece: Piece
    mutant: Mutant


class _Maker:
    """Runs one submission as it is and with changes."""

    def __init__(self, server: Server, source: bytes, name: str, seeds: tuple[int, int]) -> None:
        self._server, self._source, self._name, self._seeds = server, source, name, seeds
        self._as_it_is: dict[str, list[Answer]] = {}

    def changes(self) -> Iterator[_Change]:
        """Every small change of what the student wrote, for each check whose experiment runs it and
        gets an answer.
        """
        unit = self._server.unit
        found = pieces(self._source)
        asked, given = exercises(unit.course.stub(unit.name).read_text(encoding="utf-8"))
        names = other_names(unit)
        for check in unit.checks:
            if check.measure or not asked.get(check.name):
                continue
            for piece in parts(found, asked[check.name], given):
                if (
                    _is_long_enough(piece)
                    and with_text(self._source, piece, piece.text)
                    and self._answers(check)
                ):
                    yield from (_Change(check, piece, mutant) for mutant in _mutants(piece, names))

    def _answers(self, check: Check) -> Sequence[Answer]:
        """What the submission answers as it is, on both seeds; nothing where it does not."""
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
        """The question of a change; None where it would be no good one."""
        source = with_text(self._source, change.piece, change.mutant.script)
        if source is None:
            return None
        changed = self._run(source, change.check)
        told = _told(self._answers(change.check), changed, self._server.unit.sizes)
        if told is None:
            return None
        arrays, raised = told
        if (
            not raised
            and all(array.effect.kind == SAME for array in arrays)
            and not self._is_reached(change)
        ):
            return None
        mutant, piece = change.mutant, change.piece
        left_out = mutant.after in ("pass", "(nothing)")
        return Question(
            unit=self._server.unit.name,
            check=change.check.name,
            title=change.check.title,
            piece=piece,
            line=piece.first + mutant.line - 1,
            before=mutant.before,
            after="" if left_out else _tidy(mutant.after),
            arrays=arrays,
            raised=raised,
            source=source,
            seeds=self._seeds,
        )

    def _is_reached(self, change: _Change) -> bool:
        """Whether the experiment comes to the changed line: an error in its place would be seen."""
        lines = change.piece.text.split("\n")
        old = lines[change.mutant.line - 1]
        lines[change.mutant.line - 1] = f"{old[: len(old) - len(old.lstrip())]}raise RuntimeError"
        text = "\n".join(lines)
        source = with_text(self._source, change.piece, text) if _parses(text) else None
        return bool(source) and all(
            answer.failure == Failure.RAISED for answer in self._run(source or b"", change.check)
        )


def _parses(text: str) -> bool:
    try:
        return bool(parse_quietly(text))
    except SyntaxError:
        return False


def _tidy(line: str) -> str:
    """A line without the brackets around a single name or call that a change has put there."""
    tidied = re.sub(r"(?<![\w\])])\(([\w.\[\]\"']+(?:\([^()]*\))?)\)", r"\1", line)
    try:
        return tidied if ast.dump(parse_quietly(tidied)) == ast.dump(parse_quietly(line)) else line
    except SyntaxError:  # the head of a loop or a condition
        return line


def _is_long_enough(piece: Piece) -> bool:
    lines = [
        line for line in piece.text.split("\n") if line.strip() and not line.strip().startswith("#")
    ]
    return piece.is_function and len(lines) > LEAST_LINES


def _mutants(piece: Piece, names: Mapping[str, str]) -> list[Mutant]:
    """The changes of a definition's body, of one line each; none where it does not parse."""
    if not _is_plain(piece.text):
        return []
    body = set(range(2, piece.text.count("\n") + 2))
    try:
        found = mutants(piece.text, names, body)
    except (cst.ParserSyntaxError, RecursionError):
        return []
    lines = piece.text.split("\n")
    return [one for one in found if one.before and one.before == lines[one.line - 1].strip()]


def _is_plain(text: str) -> bool:
    """Whether code parses and is no longer or deeper than people write: a deep one would end
    libcst, and us with it.
    """
    if len(text) > LONGEST:
        return False
    try:
        level: list[ast.AST] = [parse_quietly(text)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return not level


def with_text(source: bytes, piece: Piece, text: str) -> bytes | None:
    """A submission with another text in a piece's place; None where the piece does not stand there
    as it was read.
    """
    if piece.place == "line":
        whole = source.decode("utf-8-sig").replace("\r\n", "\n")
        return _replaced(whole, piece, text).encode() if _stands(whole, piece) else None
    book = json.loads(source)
    cell = book["cells"][int(piece.place.split()[1].rstrip(",")) - 1]
    written = "".join(cell["source"])
    if not _stands(written, piece):
        return None
    cell["source"] = _replaced(written, piece, text)
    return json.dumps(book).encode()


def _stands(whole: str, piece: Piece) -> bool:
    lines = whole.split("\n")[piece.first - 1 :]
    return "\n".join(lines[: piece.text.count("\n") + 1]) == piece.text


def _replaced(whole: str, piece: Piece, text: str) -> str:
    lines = whole.split("\n")
    lines[piece.first - 1 : piece.first + piece.text.count("\n")] = text.split("\n")
    return "\n".join(lines)


def _told(
    before: Sequence[Answer], after: Sequence[Answer], sizes: Mapping[str, int]
) -> tuple[tuple[AskedArray, ...], str] | None:
    """What a change does to each array, or the error that it raises, where both seeds agree; else
    None.
    """
    failures = [answer.failure for answer in after]
    if not ENDED.issuperset(failures):  # it hangs, or was stopped
        return None
    if all(failure == Failure.RAISED for failure in failures):
        was = before[0].arrays.items()
        return tuple(
            AskedArray(name, _shape(array, sizes), Effect(SAME)) for name, array in was
        ), after[0].message
    if any(failures):  # on some numbers only
        return None
    arrays = []
    for name, array in before[0].arrays.items():
        found = [
            effect(b.arrays[name], a.arrays[name])
            for b, a in zip(before, after, strict=True)
            if name in a.arrays
        ]
        if len(found) < 2 or not found[0] or not found[1] or not _agree(found[0], found[1]):
            return None
        arrays.append(AskedArray(name, _shape(array, sizes), found[0]))
    return tuple(arrays), ""


def _shape(array: np.ndarray, sizes: Mapping[str, int]) -> str:
    if array.dtype == bool and not array.shape:
        return "yes or no"
    return "text" if is_text(array) and not array.shape else shape_in_letters(array.shape, sizes)


def _agree(one: Effect, other: Effect) -> bool:
    return (one.kind, one.rows, one.shape) == (other.kind, other.rows, other.shape)


def _chosen(pool: Sequence[Question], number: int) -> list[Question]:
    """From easy to hard: of each part of the pool, in that order, one about a check and a line that
    are still new.
    """
    left = sorted(pool, key=lambda question: question.level)
    chosen: list[Question] = []
    asked, lines = Counter[str](), set[tuple[str, int]]()
    seen = set[tuple[int, bool]]()
    for turn in range(number):
        rest = number - turn
        free = [
            one
            for one in left
            if (one.piece.place, one.line) not in lines and not _repeats(one, seen)
        ]
        if not free:
            break
        part = free[: max(1, len(free) // rest)] if rest > 1 else free[-max(1, len(free) // 3) :]
        best = min(part, key=lambda one: (asked[one.check], -one.level))
        chosen.append(best)
        asked[best.check] += 1
        lines.add((best.piece.place, best.line))
        seen.add(_sort(best))
        left = [one for one in left if one.level >= best.level]
    return chosen


def _sort(question: Question) -> tuple[int, bool]:
    nothing = all(array.effect.kind == SAME for array in question.arrays)
    return question.level, bool(question.raised) or nothing


def _repeats(question: Question, seen: set[tuple[int, bool]]) -> bool:
    """Whether it would be the second that raises an error, or the second in which nothing
    changes.
    """
    sort = _sort(question)
    return sort[1] and sort in seen
