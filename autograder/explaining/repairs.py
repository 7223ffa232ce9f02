"""Which small change repairs a wrong answer: tried on the submission itself, as the last resort.

A runner runs the submission with one change after another: in the sandbox during a grade, in the
student's own process in practice. A change after which the check passes, and no passed check fails,
shows what was wrong. A worker's reply may be forged; it can add words to a remark, and nothing
more.
"""

import ast
import math
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from itertools import chain, islice
from typing import Protocol

import numpy as np

from autograder.check import Answer, Check, Failure, is_text, is_to_be_repaired, names_in_experiment
from autograder.course import Unit
from autograder.explaining.words import remark_on
from autograder.finding import Certainty, Mending
from autograder.judging import (
    TOLERANCE,
    Key,
    Remark,
    Verdict,
    is_right,
    most_bytes,
    scale_of,
    wrong_arrays,
    wrong_places,
)
from autograder.judging import chance as evidence
from autograder.judging.compare import share_allowed
from autograder.sandbox.definitions import Script, script_of
from autograder.slip import SlipKind
from autograder.source.addons import names_of_addons
from autograder.source.edits import Edit
from autograder.source.places_moved import places_moved
from autograder.source.restorations import Around, calls_in, restorations
from autograder.source.small_changes import (
    TAKES_AXIS,
    Editable,
    Names,
    Source,
    changes_of,
    in_each_others_place,
)

MOST = 1000  # changes tried on one submission
MOST_MADE = 1000  # changes in one function
MOST_CHANGED = 400  # changes in all functions together
MOST_PASSED_OVER = 20_000  # changes made and not tried
MOST_AFTERWARDS = 40  # tried after the check has passed with one
MOST_SURE = 8  # successful changes that are confirmed
OTHER_SEEDS = 4  # seeds on which the check has to pass, too: some values come out right by chance
SECONDS_OF_ONE = 0.5  # CPU time of one change (s)
SECONDS_OF_A_CHECK = 2.0  # CPU time of a check (s) when a repair is confirmed
# seconds on the clock for one search: a slow check gets fewer attempts, and a file with
# intentionally slow changes does not hold up the others
MOST_SECONDS = 8.0
# changes of a line, and of a function, that may loop for ever: after one more it is left alone
MOST_LATE_IN_LINE, MOST_LATE = 1, 8
MOST_NODES = 5000  # nodes in the syntax tree of a function: larger ones are not changed
MOST_BYTES = 20_000  # characters in the code of a function: each change may hold much of it
MOST_WORDS = 3  # errors that feedback names: more are no diagnosis
# tolerances by which a repair may be off in the mean over all seeds, for numbers with a wide
# tolerance, as random ones have: wrong ones may pass on each seed
MOST_OFF = 1 / 3
# log10 of the expected number of changes that pass by chance: the limit if those that pass are in
# several lines, and if they are in one
OF_SEVERAL_LINES, OF_ONE_LINE = -5.0, -1.0
# number of wrong values: one alone would reveal the expected value
FEWEST = 2
NO_TEXTS = np.zeros(0, dtype=np.str_)
WITH_BODY = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.AsyncFor, ast.While),
    *(ast.If, ast.With, ast.AsyncWith, ast.Match, ast.Try, ast.TryStar),
)


@dataclass(frozen=True)
class Expected:
    """A check with the solution's answer to it."""

    check: Check
    answer: Answer

    def is_met_by(self, answer: Answer) -> bool:
        """Return whether an answer is right; false if the solution has no answer."""
        return not self.answer.failure and is_right(self.check, self.answer, answer)


class Runner(Protocol):
    """Runs a script, and variants of it: a worker of the sandbox, or practice itself."""

    def ask(
        self, check: Check, seed: int, *, source: bytes | None = None, most_bytes: int
    ) -> Answer:
        """Answer a check by a script. source: another script, which runs from now on."""


# opens a runner of a script
Open = Callable[[bytes], AbstractContextManager[Runner]]


@dataclass(frozen=True)
class GradedFile:
    """A student's judged file of a unit.

    open, source, seed, right: as in `Wrong`.
    answers: its own, by check. key: the basis of comparison.
    """

    unit: Unit
    open: Open
    source: bytes
    seed: int
    answers: Mapping[str, Answer]
    key: Key
    right: str = ""


@dataclass(frozen=True)
class Mended:
    """A check that passes with a small change of the file."""

    check: str
    found: Mending


@dataclass(frozen=True)
class Wrong:
    """A submission with a wrong answer to a check.

    open: returns a runner of it and of its changes.
    passed: the other checks that have passed so far.
    pairs, axis_functions: as in `small_changes`.
    right: the script of a right answer, whose calls may be missing in this one.
    """

    open: Open
    source: bytes
    seed: int
    expected: Expected
    answer: Answer
    passed: Sequence[Expected] = ()
    pairs: Sequence[Sequence[str]] = ()
    axis_functions: Sequence[str] = ()
    right: str = ""


def mended(
    file: GradedFile, checks: Sequence[Check], verdicts: Mapping[str, Verdict]
) -> Mended | None:
    """Search for a small change of a file that repairs its first unexplained answer.

    Returns None if there is no such answer, or if no tried change repairs it. It may take seconds.
    checks: those that were requested.
    """
    check = unexplained(checks, verdicts, file.unit.checks)
    if check is None:
        return None
    wrong = _wrong_answer(file, check, checks, verdicts)
    found = mending(wrong, sorted(names_in_experiment(check.experiment)))
    return Mended(check.name, found) if found else None


def _wrong_answer(
    file: GradedFile, check: Check, checks: Sequence[Check], verdicts: Mapping[str, Verdict]
) -> Wrong:
    passed = []
    for other in checks:
        if other.measure or other.question:  # a wrong prediction has passed, and is no evidence
            continue
        if verdicts[other.name].status == "passed":
            passed.append(Expected(other, file.key[other.name].expected))
    pairs, axis_functions = names_of_addons(file.unit)
    return Wrong(
        open=file.open,
        source=file.source,
        seed=file.seed,
        expected=Expected(check, file.key[check.name].expected),
        answer=file.answers[check.name],
        passed=passed,
        pairs=pairs,
        axis_functions=axis_functions,
        right=file.right,
    )


def unexplained(
    checks: Sequence[Check], verdicts: Mapping[str, Verdict], of_unit: Sequence[Check]
) -> Check | None:
    """Return the first check with unexplained wrong numbers; None if there is none.

    The others mostly follow from the first. A check of an exercise that asks to repair a function
    is skipped.
    of_unit: all checks of the unit.
    """
    for check in checks:
        verdict = verdicts[check.name]
        if check.measure or check.question or verdict.failure:
            continue
        if is_to_be_repaired(check, of_unit):
            continue
        if any(_only_looks(remark) for remark in verdict.remarks):
            return None if verdict.two_answers else check
    return None


def _only_looks(remark: Remark) -> bool:
    """Return whether a remark only says how wrong numbers look."""
    return remark.finding is not None and remark.finding.only_looks


def with_mending(verdict: Verdict, found: Mending) -> Verdict:
    """Add a repair to the first remark that only says how wrong numbers look."""
    remarks = []
    is_left = True
    for remark in verdict.remarks:
        if is_left and remark.finding and remark.finding.only_looks:
            certainty = Certainty.SURE if len(found.slips) == 1 else Certainty.OPEN
            finding = replace(remark.finding, certainty=certainty, mending=found, place=found.place)
            remark = replace(remark_on(finding), example=remark.example)
            is_left = False
        remarks.append(remark)
    return replace(verdict, remarks=tuple(remarks))


def mending(wrong: Wrong, functions: Iterable[str]) -> Mending | None:
    """Search for a small change that repairs an answer; None if no tried change does.

    functions: those that may have run, `f`, `Class` or `Class.method`, in the order of changing.
    Unknown names are skipped.
    """
    script = script_of(wrong.source)
    chance = _chance_of_passing_log10(wrong)
    if script is None or chance > OF_ONE_LINE:
        return None
    search = _Search(wrong)
    if not search.fails(script.text):  # its answer is random
        return None
    found: list[Edit] = []
    tried = groups_of_changes(script, functions, wrong.pairs, wrong.axis_functions, wrong.right)
    for changes in tried:
        found = search.mending_among(changes)
        if found:
            break
    if not found:
        return None
    source = Source(script.text, frozenset())
    likely = _most_likely(found, source)
    by_chance = chance + math.log10(search.tried)
    lines = {repair.line for repair in likely}
    most = OF_ONE_LINE if len(lines) == 1 else OF_SEVERAL_LINES
    if by_chance > most:
        return None
    return _known_of(likely, script, source)


def _chance_of_passing_log10(wrong: Wrong) -> float:
    """Bound the probability that any answer is right by chance, given this wrong one.

    Returns its logarithm to base 10, 0 if too few values are wrong. The positions of wrong values
    play no part.
    """
    check, expected = wrong.expected.check, wrong.expected.answer
    chance = 0.0
    telling: set[float | str] = set()
    for name in wrong_arrays(check, expected, wrong.answer):
        right = expected.arrays[name]
        if is_text(right):
            answered = wrong.answer.arrays.get(name)
            if answered is None or not is_text(answered):
                answered = NO_TEXTS
            texts = _wrong_texts(right, answered)
            chance += evidence.chance_of_text_log10(answered, right)
            telling.update(texts)
            continue
        places = wrong_places(check, name, expected, wrong.answer)
        numbers = right[places] if places.shape == right.shape else right.ravel()
        numbers = numbers.astype(float)
        numbers = numbers[np.isfinite(numbers)]
        tolerance = share_allowed(check, name, right) * scale_of(right)
        chance += evidence.chance_log10(numbers + tolerance, numbers)
        telling.update(numbers.tolist())
    return chance if len(telling) >= FEWEST else 0.0


def _wrong_texts(right: np.ndarray, answered: np.ndarray) -> list[str]:
    """Return the expected texts of the wrong entries: all, if the shape differs."""
    if answered.shape != right.shape:
        texts: list[str] = right.ravel().tolist()
        return texts
    is_wrong = right != answered
    texts = right[is_wrong].ravel().tolist()
    return texts


def groups_of_changes(
    script: Script,
    functions: Iterable[str],
    pairs: Sequence[Sequence[str]] = (),
    axis_functions: Sequence[str] = (),
    right: str = "",
) -> Iterator[Iterator[Edit]]:
    """Yield groups of changes, in the order in which they are tried.

    First come changes of all functions, then insertions of what may be missing. The arguments are
    as in `mending` and `Wrong`.
    """
    source = Source(script.text, TAKES_AXIS.union(axis_functions))
    names = in_each_others_place(pairs)
    by_name = _by_name(source)
    definitions = _named(functions, by_name)
    calls = calls_in(definitions, source)
    of_file = calls_in(chain.from_iterable(by_name.values()), source)
    for call in (*of_file, *_calls_of(right)):
        if call not in calls:
            calls.append(call)
    changes = (_changes(definition, source, names) for definition in definitions)
    yield islice(chain.from_iterable(changes), MOST_CHANGED)
    put_back = (restorations(definition, source, calls) for definition in definitions)
    yield chain.from_iterable(put_back)


def _by_name(source: Source) -> Mapping[str, Sequence[Editable]]:
    """Return the functions of moderate size by their names, `f` or `Class.method`.

    Those of a top-level `lambda` have the name "": code there runs without another name.
    """
    found: dict[str, list[Editable]] = {}
    of_lambdas: list[Editable] = []
    for name, tree in source.functions():
        if not _is_small(tree, source):
            continue
        definition = Editable(name, tree, list(ast.walk(tree)))
        if isinstance(tree, ast.FunctionDef):
            found[name] = [definition]  # of several with one name the last one counts
        else:
            of_lambdas.append(definition)
    return {**found, "": of_lambdas}


@lru_cache(8)
def _calls_of(script: str) -> Sequence[Around]:
    """Return the calls in functions of a right answer, the same for all submissions."""
    source = Source(script, frozenset())
    return calls_in(chain.from_iterable(_by_name(source).values()), source)


def _named(functions: Iterable[str], by_name: Mapping[str, Sequence[Editable]]) -> list[Editable]:
    """List the definitions of some names, each once; for a class all methods."""
    methods: dict[str, list[Editable]] = {}
    for name, definitions in by_name.items():
        of_class, dot, _ = name.partition(".")
        if dot:
            methods.setdefault(of_class, []).extend(definitions)
    found: dict[int, Editable] = {}
    for name in functions:
        for definition in (*by_name.get(name, ()), *methods.get(name, ())):
            found[id(definition)] = definition
    return [*found.values()]


def _is_small(tree: ast.AST, source: Source) -> bool:
    start, end = source.span(tree)
    if end - start > MOST_BYTES:
        return False
    nodes = islice(ast.walk(tree), MOST_NODES + 1)
    return sum(1 for _ in nodes) <= MOST_NODES


def _changes(definition: Editable, source: Source, names: Names) -> Iterator[Edit]:
    """Yield the small changes of a definition, those first that leave nothing out.

    Each has the error that it undoes.
    """
    yield from places_moved(definition, source)
    leaving_out: list[Edit] = []
    for change in islice(changes_of(definition, source, names, MOST_MADE), MOST_MADE):
        mending = replace(change, slip=change.slip.taken_back())
        if not change.slip.leaves_out:
            yield mending
        elif change.replaced.count("self.") <= change.code.count("self."):
            leaving_out.append(mending)  # otherwise the part may be wrong elsewhere
    yield from leaving_out


class _Search:
    """Tries changes of a submission, at most `MOST`. tried: their number."""

    def __init__(self, wrong: Wrong) -> None:
        self.tried = 0
        self._wrong = wrong
        self._late: Counter[str] = Counter()  # number of timeouts among changes of a function
        self._late_in_line: Counter[int] = Counter()
        self._left = MOST  # number of further tries
        self._ends = time.monotonic() + MOST_SECONDS
        self._seen: set[bytes] = set()
        self._right_answers: dict[int, Expected] = {}  # by seed

    def _is_late(self) -> bool:
        return time.monotonic() > self._ends

    def fails(self, script: str) -> bool:
        """Return whether a script gives an answer, and a wrong one."""
        with self._wrong.open(script.encode()) as runner:
            check = self._wrong.expected.check
            answer = self._ask(runner, check, self._wrong.seed, SECONDS_OF_A_CHECK)
        return not answer.failure and not self._wrong.expected.is_met_by(answer)

    def mending_among(self, changes: Iterator[Edit]) -> list[Edit]:
        """Return the changes with which the check passes and no other check fails.

        They are confirmed in separate processes and on other seeds.
        """
        found: list[Edit] = []
        for repair in self._passing_among(changes):
            if len(found) < MOST_SURE and self._passes_all(repair):
                found.append(repair)
        if not found:
            self._left = max(0, MOST - self.tried)
        return found

    def _passing_among(self, changes: Iterator[Edit]) -> list[Edit]:
        """Return the changes with which the check passes.

        After the first success, few others are tried, and all in its line.
        """
        passing: list[Edit] = []
        passed_over = 0
        with self._wrong.open(self._wrong.source) as runner:
            for change in changes:
                if self._is_over(passing) or passed_over > MOST_PASSED_OVER:
                    break
                if not self._may_be_tried(change, passing):
                    passed_over += 1
                elif self._is_new(change) and not puts_into_itself(change):
                    if not self._passes(change, runner):
                        continue
                    if not passing:
                        self._left = min(self._left, MOST_AFTERWARDS)
                    passing.append(change)
        return passing

    def _is_over(self, passing: Sequence[Edit]) -> bool:
        """Return whether the search is over. passing: the successful changes so far."""
        is_used_up = not self._left and not passing
        return is_used_up or self._is_late()

    def _may_be_tried(self, change: Edit, passing: Sequence[Edit]) -> bool:
        """Return whether a change is tried: if few tries are left, only beside a successful one."""
        if self._late[change.function] > MOST_LATE:
            return False
        if self._late_in_line[change.line] > MOST_LATE_IN_LINE:
            return False
        if self._left:
            return True
        return bool(passing) and change.line == passing[0].line

    def _is_new(self, change: Edit) -> bool:
        """Return whether no earlier change made the same script, and record this one."""
        digest = sha256(change.script.encode()).digest()
        if digest in self._seen:
            return False
        self._seen.add(digest)
        return True

    def _passes(self, change: Edit, runner: Runner) -> bool:
        """Try a change: return whether the check passes with it."""
        self.tried += 1
        self._left = max(0, self._left - 1)
        expected = self._wrong.expected
        script = change.script.encode()
        answer = self._ask(runner, expected.check, self._wrong.seed, SECONDS_OF_ONE, script)
        if answer.failure == Failure.TIMEOUT:
            self._late[change.function] += 1
            self._late_in_line[change.line] += 1
        return expected.is_met_by(answer)

    def _passes_all(self, repair: Edit) -> bool:
        wrong = self._wrong
        if script_of(repair.script.encode()) is None:  # otherwise an earlier definition would run
            return False
        on_own_seed = ((wrong.seed, expected) for expected in (wrong.expected, *wrong.passed))
        answers: list[tuple[Expected, Answer]] = []
        with wrong.open(repair.script.encode()) as runner:
            for seed, expected in chain(on_own_seed, self._on_other_seeds()):
                if self._is_late():
                    return False
                answer = self._ask(runner, expected.check, seed, SECONDS_OF_A_CHECK)
                if not expected.is_met_by(answer):
                    return False
                if expected.check is wrong.expected.check:
                    answers.append((expected, answer))
        return not is_off_on_the_mean(wrong.expected.check, answers)

    def _on_other_seeds(self) -> Iterator[tuple[int, Expected]]:
        """Yield other seeds with the right answer's values there; none if it is unknown."""
        wrong = self._wrong
        check = wrong.expected.check
        if not wrong.right:
            return
        if not self._right_answers:
            with wrong.open(wrong.right.encode()) as runner:
                for seed in range(wrong.seed + 1, wrong.seed + 1 + OTHER_SEEDS):
                    answer = self._ask(runner, check, seed, SECONDS_OF_A_CHECK)
                    self._right_answers[seed] = Expected(check, answer)
        yield from self._right_answers.items()

    def _ask(
        self, runner: Runner, check: Check, seed: int, most: float, script: bytes | None = None
    ) -> Answer:
        """Run a check with a limit of seconds, on another script if one is given."""
        seconds = min(most, check.seconds)
        quick = replace(check, seconds=seconds)
        most_in_reply = most_bytes(self._wrong.expected.answer.arrays)
        return runner.ask(quick, seed, source=script, most_bytes=most_in_reply)


# a list inside itself: NumPy reads it until memory is full
INTO_ITSELF = re.compile(
    r"\b(\w+)(?:\.(?:append|appendleft|insert)\((?:[^()]*, *)?|\[[^\]]*\] *= *)\1\b(?![.\[(])"
)


def puts_into_itself(change: Edit) -> bool:
    """Return whether a change puts something into itself, as `rows.append(rows)`."""
    text = change.text.encode()
    _, _, before = text[: change.start].rpartition(b"\n")
    after, _, _ = text[change.end :].partition(b"\n")
    line = f"{before.decode()}{change.code}{after.decode()}"
    return bool(INTO_ITSELF.search(line))


def is_off_on_the_mean(check: Check, answers: Sequence[tuple[Expected, Answer]]) -> bool:
    """Return whether answers that are right on each seed are all off to one side.

    answers: to one check, each with the expected one.
    """
    for name in {**check.tolerance, **check.atol}:
        off = []
        for expected, answer in answers:
            right = expected.answer.arrays.get(name)
            if right is None or is_text(right):
                continue
            share = share_allowed(check, name, right)
            if share > TOLERANCE:
                allowed = share * scale_of(right)
                off.append((answer.arrays[name] - right.astype(float)) / allowed)
        shapes = {array.shape for array in off}
        if len(shapes) != 1:
            continue
        mean = np.nan_to_num(np.mean(off, axis=0))  # NaN in the right place
        if np.abs(mean).max(initial=0.0) > MOST_OFF:
            return True
    return False


def _lines_of_statement(tree: ast.Module, line: int) -> Collection[int]:
    """Return the lines of the innermost statement without a body that stands on a line."""
    found = range(line, line + 1)
    for node in ast.walk(tree):  # outer statements come first
        if isinstance(node, ast.stmt) and not isinstance(node, WITH_BODY):
            last = node.end_lineno or node.lineno
            if node.lineno <= line <= last:
                found = range(node.lineno, last + 1)
    return found


def _most_likely(found: Sequence[Edit], source: Source) -> Sequence[Edit]:
    """Leave out repairs that may only hide an error, if others undo it.

    They are changes of a condition, swaps of two lines, and removals in another line than a repair
    that removes nothing.
    """
    direct = [repair for repair in found if not _keeps_from_running(repair, source)]
    lines = {repair.line for repair in direct if not repair.slip.is_too_much}
    beside = [repair for repair in direct if repair.line in lines]
    return beside or direct or found


def _keeps_from_running(repair: Edit, source: Source) -> bool:
    """Return whether a repair changes a condition or swaps two lines."""
    if repair.slip.kind is SlipKind.LINES_SWAPPED:
        return True
    return any(start <= repair.start and repair.end <= end for start, end in source.conditions)


def _known_of(found: Sequence[Edit], script: Script, source: Source) -> Mending | None:
    """Return what is known from the successful changes, with the error that each undoes.

    Names no line if changes in several lines succeed, or if one may only avoid the error: a
    condition may keep the wrong line from running. Names no error if the check passes without a
    part of a line that it may not test. Returns None for changes in several functions, and for
    several changes that each only keep something from running.
    """
    functions = {repair.function for repair in found}
    if len(functions) > 1:
        return None
    (function,) = functions
    lines = {repair.line + 1 for repair in found}
    slips = sorted({repair.slip for repair in found})
    if len(slips) > 1 and all(_keeps_from_running(repair, source) for repair in found):
        return None  # any of them suffices, so the error may be anywhere
    may_go_round = any(_keeps_from_running(repair, source) for repair in found)
    if len(lines) > 1 or may_go_round:
        return Mending(function)
    (line,) = lines
    told: Collection[int] = (line,)
    if any("\n" in repair.replaced for repair in found):
        told = _lines_of_statement(source.tree, line)
    code = script.text.split("\n")
    statement = " ".join(code[number - 1].strip() for number in told)
    place = script.places[min(told)]
    if all(repair.slip.is_too_much for repair in found):
        return Mending(function, place, statement, leaves_out=True)
    if len(slips) > MOST_WORDS:
        return Mending(function, place, statement)
    return Mending(function, place, statement, tuple(slips))
