"""Questions about a student's own code: which arrays would change with another line?

The answer is found by running the code unchanged and with the change, both in the sandbox, on three
seeds. A question is asked only if all of them agree, so that its answer does not depend on the
random numbers, and never if the change raises an error, because that says nothing about the arrays.
Related work on questions about learners' code: Lehtinen et al., arXiv 2306.16267.
"""

import ast
import inspect
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, zip_longest

import numpy as np

from autograder.check import Answer, Check, Failure, is_text, shape_in_letters
from autograder.grading.results import digest
from autograder.judging import most_bytes
from autograder.parsing import parse
from autograder.report.code import exercises, parts
from autograder.review.effects import Effect, EffectKind, effect
from autograder.sandbox.client import Server
from autograder.sandbox.definitions import Definition, read_definitions
from autograder.sandbox.inside.cells import text_of
from autograder.slip import SlipKind
from autograder.source.addons import names_of_addons
from autograder.source.changed_lines import changed_lines
from autograder.source.edits import Edit
from autograder.source.small_changes import (
    TAKES_AXIS,
    Names,
    Source,
    changes_of,
    in_each_others_place,
    variables_of,
)

TRIED = 60  # maximum of changes of one submission that run
ENOUGH = 4  # multiple of the wanted number of good questions, to choose from
SECONDS = 0.5  # CPU time for a changed line: a slower one gives no question
# failures after which the next check can run: after the others the worker has ended
ENDED = frozenset({Failure.NONE, Failure.RAISED})
LONGEST = 20_000  # characters of a definition
MOST_MADE = 1000  # changes of a function
# small changes unsuitable for a question: a person would not write them, or their effect is obvious
NOT_ASKED = frozenset(
    {
        *(SlipKind.VARIABLE, SlipKind.ENTRY, SlipKind.WITH),
        *(SlipKind.TWO_MISSING, SlipKind.TWO_TOO_MANY),
    }
)
NOTHING_FOR_OPTION = "**{}"  # the replacement of a left-out option
HARDEST = 3  # the last question is among the hardest: one in this number
DRAWS = 3  # number of seeds on which an answer has to be the same
MOST_ARRAYS = 6  # of a question
LEAST_LINES = 3  # lines of a function: shorter ones leave nothing to find out


@dataclass(frozen=True)
class AskedArray:
    """An array of the experiment.

    shape: in words, unchanged. effect: of the change on it.
    """

    name: str
    shape: str
    effect: Effect


@dataclass(frozen=True)
class VivaQuestion:
    """One change of one line, and its effects.

    experiment: the code of the check, which says what each array is.
    definition: the student's, with the line. line: its number, counted as in the file.
    before, after: the line unchanged, and changed.
    source: the whole submission with the change, seeds: those it ran on; so that anybody can run it
    again.
    """

    unit: str
    check: str
    title: str
    experiment: str
    definition: Definition
    line: int
    before: str
    after: str
    arrays: tuple[AskedArray, ...]
    source: bytes
    seeds: tuple[int, ...]

    @property
    def level(self) -> int:
        """Return its difficulty, from 1 to 3.

        A change of everything is easy, an unchanged part is hard.
        """
        kinds = {array.effect.kind for array in self.arrays}
        changed = kinds - {EffectKind.SAME}
        if not changed:
            return 2
        level = 1
        if EffectKind.SAME in kinds:
            level += 1
        if len(changed) > 1 or changed & {EffectKind.ROWS, EffectKind.SIGN, EffectKind.FACTOR}:
            level += 1
        return level

    @property
    def changes_nothing(self) -> bool:
        """Return whether the change changes no array: one such question is enough."""
        return _changes_nothing(self.arrays)


def _changes_nothing(arrays: Sequence[AskedArray]) -> bool:
    kinds = {array.effect.kind for array in arrays}
    return kinds <= {EffectKind.SAME}


def questions(
    server: Server, source: bytes, name: str, number: int, seed: int
) -> list[VivaQuestion]:
    """Return questions about a submission, from easy to hard.

    source, name: the file's bytes, and its name. number: of questions; there are fewer if the code
    gives no more. seed: of the choice and of the experiments.
    """
    draw = random.Random(f"{seed} {server.unit.name} {digest(source)}")
    seeds = tuple(draw.randrange(2**31) for _ in range(DRAWS))
    maker = _Maker(server, source, name, seeds)
    changes = list(maker.changes())
    draw.shuffle(changes)
    pool: list[VivaQuestion] = []
    for change in _in_turn(changes)[:TRIED]:
        question = maker.question(change)
        if question:
            pool.append(question)
        levels = {question.level for question in pool}
        has_easy_and_harder = {1} < levels
        if has_easy_and_harder and len(pool) >= ENOUGH * number:
            break
    return _chosen(pool, number)


def _in_turn(changes: Sequence["_Askable"]) -> list["_Askable"]:
    """Take a change of each definition in turn: one of thousands of terms crowds out no other."""
    of_definition: dict[Definition, list[_Askable]] = {}
    for change in changes:
        of_definition.setdefault(change.definition, []).append(change)
    rows = zip_longest(*of_definition.values())
    return [change for row in rows for change in row if change]


@dataclass(frozen=True)
class _Askable:
    """A candidate for a question: a change in a definition, in a check's experiment."""

    check: Check
    definition: Definition
    edit: Edit


class _Maker:
    """Runs one submission unchanged and with changes."""

    def __init__(self, server: Server, source: bytes, name: str, seeds: tuple[int, ...]) -> None:
        self._server = server
        self._source = source
        self._name = name
        self._seeds = seeds
        self._as_it_is: dict[str, list[Answer]] = {}

    def changes(self) -> Iterator[_Askable]:
        """Yield every small change of the student's code that an experiment may run.

        It covers each check whose experiment gets an answer from the unchanged code.
        """
        unit = self._server.unit
        stub = unit.course.stub(unit.name).read_text(encoding="utf-8")
        asked, given = exercises(stub)
        found = read_definitions(self._source)
        pairs, axis_functions = names_of_addons(unit)
        names = in_each_others_place(pairs)
        takes_axis = TAKES_AXIS.union(axis_functions)
        for check in unit.checks:
            if check.measure or check.question or not asked.get(check.name):
                continue
            for definition in parts(found, asked[check.name], given):
                if self._can_be_asked_about(definition, check):
                    source = Source(definition.text, takes_axis)
                    for edit in _edits(source, names):
                        yield _Askable(check, definition, edit)

    def _can_be_asked_about(self, definition: Definition, check: Check) -> bool:
        """Return whether a definition is long enough, can be replaced in the file, and runs."""
        if not _is_long_enough(definition):
            return False
        if not with_text(self._source, definition, definition.text):
            return False
        return bool(self._answers(check))

    def _answers(self, check: Check) -> Sequence[Answer]:
        """Return the unchanged submission's answers on each seed; nothing if there is none."""
        answers = self._as_it_is.get(check.name)
        if answers is None:
            answers = self._run(self._source, check)
            self._as_it_is[check.name] = answers
        if any(answer.failure for answer in answers):
            return []
        return answers

    def _run(self, source: bytes, check: Check) -> list[Answer]:
        """Return a file's answers on each seed, up to the first that ends its worker."""
        seconds = min(SECONDS, check.seconds)
        quick = replace(check, seconds=seconds)
        answers: list[Answer] = []
        with self._server.worker(source, self._name) as worker:
            for seed in self._seeds:
                answer = worker.ask(quick, seed, most_bytes=most_bytes({}))
                answers.append(answer)
                if answer.failure not in ENDED:  # it hangs: once is enough
                    break
        return answers

    def question(self, change: _Askable) -> VivaQuestion | None:
        """Return the question on a change; None if it would not be a good one."""
        if not _program(change.edit.script):
            return None
        source = with_text(self._source, change.definition, change.edit.script)
        if source is None:
            return None
        before = self._answers(change.check)
        after = self._run(source, change.check)
        asked = _asked_arrays(before, after, self._server.unit.sizes)
        if not asked:
            return None
        if _changes_nothing(asked) and not self._is_reached(change):
            return None
        definition = change.definition
        lines = changed_lines(change.edit)
        written = changed_lines(_tidy(change.edit)).after
        if written == lines.before:
            return None
        return VivaQuestion(
            unit=self._server.unit.name,
            check=change.check.name,
            title=change.check.title,
            experiment=_code_of(change.check),
            definition=definition,
            line=definition.first + lines.number - 1,
            before=lines.before,
            after="" if written == "pass" else written,
            arrays=tuple(varied(asked)),
            source=source,
            seeds=self._seeds,
        )

    def _is_reached(self, change: _Askable) -> bool:
        """Return whether the experiment reaches the changed line.

        An error in its place would show.
        """
        lines = change.definition.text.split("\n")
        index = change.edit.line
        code = lines[index].lstrip()
        indent = lines[index].removesuffix(code)
        lines[index] = f"{indent}raise RuntimeError"
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
        parse(text)
    except SyntaxError:
        return False
    return True


def _tidy(edit: Edit) -> Edit:
    """Return the edit as a person would write it, without needless brackets."""
    if edit.code == NOTHING_FOR_OPTION:
        return _without_option(edit)
    wanted = _program(edit.script)
    tidied = edit
    start = edit.code.find("(")
    while start >= 0:
        shorter = _without_brackets(tidied, start)
        if shorter and _program(shorter.script) == wanted:
            tidied = shorter
            start = tidied.code.find("(", start)
        else:
            start = tidied.code.find("(", start + 1)
    return tidied


def _program(script: str) -> str:
    """Return a script without its layout; "" if it does not parse, or is too deep for us."""
    try:
        return ast.dump(parse(script))
    except (SyntaxError, RecursionError, MemoryError):
        return ""


def _without_option(edit: Edit) -> Edit:
    """Remove an option, with a comma beside it in its line."""
    text = edit.text.encode()
    before = text[: edit.start].rstrip(b" ")
    behind = text[edit.end :]
    if before.endswith(b","):
        return replace(edit, start=len(before) - 1, code="")
    without_comma = behind.removeprefix(b",").lstrip(b" ")
    return replace(edit, end=len(text) - len(without_comma), code="")


def _without_brackets(edit: Edit, start: int) -> Edit | None:
    """Remove the bracket at a position in an edit's code, and the one that closes it."""
    open_brackets = 0
    for place in range(start, len(edit.code)):
        character = edit.code[place]
        open_brackets += (character == "(") - (character == ")")
        if not open_brackets:
            code = edit.code[:start] + edit.code[start + 1 : place] + edit.code[place + 1 :]
            return replace(edit, code=code)
    return None


def _is_long_enough(definition: Definition) -> bool:
    """Return whether a definition is a function, or a class, of more than a few lines of code."""
    if not definition.is_function:
        return False
    code = 0
    for line in definition.text.split("\n"):
        written = line.strip()
        if written and not written.startswith("#"):
            code += 1
    return code > LEAST_LINES


def _edits(source: Source, names: Names) -> Iterator[Edit]:
    """Yield the changes of a definition's body that suit a question, each in one line.

    There are none if it does not parse, or is longer than people write.
    """
    if len(source.text) > LONGEST or "\r" in source.text:  # a new line for Python only
        return
    try:
        lines = range(2, source.text.count("\n") + 2)
        functions = list(source.definitions(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for function in functions:
        variables = variables_of(function.tree)
        for edit in islice(changes_of(function, source, names), MOST_MADE):
            is_of_one_line = "\n" not in edit.replaced and "\n" not in edit.code
            if not is_of_one_line or edit.slip.kind in NOT_ASKED:
                continue
            if edit.slip.kind != SlipKind.CALL or _leaves_a_value(edit, variables):
                yield edit


def _leaves_a_value(edit: Edit, variables: set[str]) -> bool:
    """Return whether a call is removed whole, or leaves a value: `np` of `np.sum(x)` is none."""
    try:
        (left,) = parse(edit.code).body
    except (SyntaxError, RecursionError, MemoryError):
        return False
    if not isinstance(left, ast.Expr):  # `pass`
        return True
    owner = left.value
    while isinstance(owner, ast.Attribute):
        owner = owner.value
    if not isinstance(owner, ast.Name):
        return True
    return owner.id in variables and edit.code != "(self)"


def with_text(source: bytes, definition: Definition, text: str) -> bytes | None:
    """Return a submission with another text in place of a definition.

    None if the definition is not at the recorded position.
    """
    if definition.cell is None:
        whole = text_of(source).replace("\r\n", "\n")
        changed = _replaced(whole, definition, text)
        return None if changed is None else changed.encode()
    notebook = json.loads(source)
    cell = notebook["cells"][definition.cell - 1]
    changed = _replaced("".join(cell["source"]), definition, text)
    if changed is None:
        return None
    cell["source"] = changed
    return json.dumps(notebook).encode()


def _replaced(whole: str, definition: Definition, text: str) -> str | None:
    """Return a script or a cell with a text in place of a definition; None if that is missing."""
    lines = whole.split("\n")
    first = definition.first - 1
    own_lines = definition.text.split("\n")
    behind = first + len(own_lines)
    if lines[first:behind] != own_lines:
        return None
    lines[first:behind] = text.split("\n")
    return "\n".join(lines)


def _asked_arrays(
    before: Sequence[Answer], after: Sequence[Answer], sizes: Mapping[str, int]
) -> list[AskedArray]:
    """Return a change's effect on each array, without arrays of true or false.

    There is none if the seeds do not agree, or if the changed code raises an error or was stopped.
    """
    if any(answer.failure for answer in after):
        return []
    asked = []
    for name, array in before[0].arrays.items():
        if array.dtype == bool and not array.shape:
            continue
        found = _effect_on_all(name, before, after)
        if found is None:
            return []
        asked.append(AskedArray(name, _shape(array, sizes), found))
    return asked


def _effect_on_all(name: str, before: Sequence[Answer], after: Sequence[Answer]) -> Effect | None:
    """Return a change's effect on an array; None if it differs between seeds."""
    found = []
    for old, new in zip(before, after, strict=True):
        if name not in new.arrays:
            return None
        found.append(effect(old.arrays[name], new.arrays[name]))
    first, *others = found
    if first is None:
        return None
    agree = all(other is not None and _agree(first, other) for other in others)
    return first if agree else None


def varied(asked: Sequence[AskedArray]) -> list[AskedArray]:
    """Choose a few arrays, in order: first one for each effect, then others."""
    first_of = {array.effect.kind: array for array in reversed(asked)}
    first_ones = list(first_of.values())
    others = [array for array in asked if array not in first_ones]
    kept = [*first_ones, *others][:MOST_ARRAYS]
    return [array for array in asked if array in kept]


def _code_of(check: Check) -> str:
    """Return the code of a check's experiment, without its decorators."""
    lines = inspect.getsource(check.experiment).split("\n")
    for number, line in enumerate(lines):
        if line.startswith("def "):
            return "\n".join(lines[number:]).strip()
    return ""


def _shape(array: np.ndarray, sizes: Mapping[str, int]) -> str:
    """Return the shape of an array in words; of a text, that it is one."""
    if is_text(array) and not array.shape:
        return "text"
    return shape_in_letters(array.shape, sizes)


def _agree(one: Effect, other: Effect) -> bool:
    """Return whether two effects are the same to a student: numbers may differ."""
    if one.kind != other.kind:
        return False
    if one.rows != other.rows:
        return False
    return one.shape == other.shape


def _chosen(pool: Sequence[VivaQuestion], number: int) -> list[VivaQuestion]:
    """Choose from easy to hard, preferring new checks and lines."""
    left = sorted(pool, key=lambda question: question.level)
    chosen: list[VivaQuestion] = []
    for turn in range(number):
        free = [question for question in left if _is_new(question, chosen)]
        if not free:
            break
        best = _next(free, chosen, number - turn)
        chosen.append(best)
        left = [question for question in left if question.level >= best.level]
    return chosen


def _is_new(question: VivaQuestion, chosen: Sequence[VivaQuestion]) -> bool:
    """Return whether a question is about another line than those chosen, and differs in effect.

    Only one question without any change is asked.
    """
    for other in chosen:
        if _line_of(other) == _line_of(question):
            return False
        if other.changes_nothing and question.changes_nothing:
            return False
    return True


def _next(
    free: Sequence[VivaQuestion], chosen: Sequence[VivaQuestion], to_choose: int
) -> VivaQuestion:
    """Return the next question, on the check with the fewest questions so far.

    free: the new ones, from easy to hard. to_choose: the number still to be chosen.
    """
    if to_choose > 1:
        easier = max(1, len(free) // to_choose)
        candidates = free[:easier]
    else:
        hardest = max(1, len(free) // HARDEST)
        candidates = free[-hardest:]
    times_asked = Counter(question.check for question in chosen)
    return min(candidates, key=lambda one: (times_asked[one.check], -one.level))


def _line_of(question: VivaQuestion) -> tuple[int | None, int]:
    cell = question.definition.cell
    return cell, question.line
