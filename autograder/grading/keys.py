"""Keys: the answers of the solution and of each of its known mistakes on one seed.

The key of a seed is made by the same server and the same experiments as the grades: the solution
and each of its known mistakes run as if they were submissions.
"""

import ast
import io
import math
import tokenize
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from autograder.check import Answer, Check, Corpus, Failure, is_to_be_repaired
from autograder.course import Unit
from autograder.errors import UserError
from autograder.grading import mistake_pairs
from autograder.grading.key_file import SAME
from autograder.grading.mistake_pairs import pairs_to_be_tried, try_pairs
from autograder.grading.provenance import modules_of_checks
from autograder.grading.small_changes import SOLUTION as SOLUTION
from autograder.grading.small_changes import (
    ChangedScripts,
    changed_scripts,
    code_digest,
    run_scripts,
    to_be_tried,
    try_changes,
)
from autograder.judging import (
    CheckKey,
    Key,
    Mistake,
    PlainKey,
    constant_arrays,
    furthest,
    is_right,
    key_name,
)
from autograder.parsing import parse
from autograder.sandbox.client import Server
from autograder.sandbox.inside.cells import names_bound
from autograder.sandbox.worker import Worker
from autograder.source.addons import names_of_addons
from autograder.source.edits import edits_of_mistakes
from autograder.source.markers import BEGIN, END
from autograder.source.solution import Solution, plain_text, read_solution_file


class BrokenSolution(UserError):
    """A solution does not answer its own check; the text says which, and what happened."""


Names = frozenset[str] | None  # names of definitions; None if they are unknown

NEAR = 2 * SAME  # in tolerances: a mistake this near to one may pass on another processor
TOGETHER = 50  # variants of the solution in one process
TRIES = 3  # of a mistake whose answer may be late because of the machine
NOTHING_STORED: Key = MappingProxyType({})


def solution_of(unit: Unit) -> Solution:
    """Read the solution of a unit.

    Raises `NoCourse` in a student's copy, which has none; `BadSource`.
    """
    return read_solution_file(unit.course.solution_there(unit.name))


def plain_solution(unit: Unit) -> str:
    """Return the solution of a unit without its mistakes, unparsed."""
    return plain_text(_solution_text(unit))


def _solution_text(unit: Unit) -> str:
    path = unit.course.solution_there(unit.name)
    return path.read_text(encoding="utf-8")


def checks_to_run(unit: Unit, data: Container[str]) -> list[Check]:
    """List a unit's checks in order: exact ones, and training ones whose names are in `data`."""
    checks = []
    for check in unit.checks:
        if not check.measure or check.name in data:
            checks.append(check)
    return checks


def all_needed(check: Check, checks: Mapping[str, Check]) -> set[str]:
    """Return the checks that one needs, directly or not."""
    needed = set(check.needs)
    for name in check.needs:
        needed |= all_needed(checks[name], checks)
    return needed


def other_seed(seed: int) -> int:
    """Return the second seed by which constant arrays are recognised."""
    return seed + 1


def build_key(
    server: Server,
    seed: int,
    data: Mapping[str, Sequence[Corpus]],
    for_a_file: bool = False,
    stored: Key = NOTHING_STORED,
) -> dict[str, PlainKey]:
    """Make the key of a unit on a seed: run the solution, and each known mistake in it.

    A mistake runs in those exact checks that use the definition around it.
    data: for each check that trains, the corpora that the solution is trained on. A check without
    any is left out.
    for_a_file: whether the key has to be the same on every processor, and to hold the answers of
    small changes and pairs of mistakes.
    stored: the present key of the file; the answers of its variants are reused if they come from
    the same code.
    Raises `BrokenSolution` if the solution fails, or gives the same answer on another seed; and for
    a file if a mistake is so near the tolerance that rounding decides whether it is listed.
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
        _add_small_changes(keys, server, seed, names, stored)
        _add_pairs(keys, server, seed, stored)
    return keys


def _add_mistakes(
    keys: dict[str, PlainKey],
    server: Server,
    seed: int,
    names: Mapping[str, Names],
    refuse_near: bool,
) -> None:
    """Add to the keys of exact checks the known mistakes that lose points there.

    names: check → the names of the solution's definitions that it runs.
    refuse_near: whether to raise `BrokenSolution` for a mistake near the tolerance.
    """
    solution = solution_of(server.unit)
    spoilt = spoilt_names(solution)
    asked = []
    for mistake, _, _ in solution.mistakes:
        script = solution.with_mistake(mistake.id)
        for check in checks_to_run(server.unit, data=()):
            if not cannot_spoil(spoilt.get(mistake.id), names[check.name]):
                asked.append(_AskedOfMistake(check, mistake, script))
    plain = solution.plain()
    for one, answer in _answers_of_variants(server, plain, asked, seed, sure=refuse_near):
        check = one.check
        known = keys[check.name]
        if refuse_near:
            _refuse_near_tolerance(server.unit, check, one.mistake, known.expected, answer)
        if loses_points(check, known.expected, answer):
            mistakes = (*known.mistakes, (one.mistake, answer))
            keys[check.name] = replace(known, mistakes=mistakes)


class _AskedOfMistake(NamedTuple):
    """A check that runs on the solution with a mistake in it."""

    check: Check
    mistake: Mistake
    script: str


def _answers_of_variants(
    server: Server, plain: str, asked: Sequence[_AskedOfMistake], seed: int, sure: bool
) -> Iterator[tuple[_AskedOfMistake, Answer]]:
    """Yield each of the given checks, with its answer.

    Several run in one process. One without an answer runs again in a process of its own.
    plain: the solution's script. sure: as in `answer_alone`.
    """
    for first in range(0, len(asked), TOGETHER):
        together = asked[first : first + TOGETHER]
        scripts = [(one.check, one.script) for one in together]
        answers = run_scripts(server, plain, scripts, seed)
        for (answer, _), one in zip(answers, together, strict=True):
            check = one.check
            if may_be_the_machines_doing(answer):
                what = f"the mistake `{one.mistake.code}`"
                yield one, answer_alone(server, check, one.script, seed, what, sure)
            else:
                yield one, answer


def answer_alone(
    server: Server, check: Check, script: str, seed: int, what: str, sure: bool
) -> Answer:
    """Return what a script of ours answers in a process of its own; ask again if it is late.

    what: what the script is, for the error.
    sure: whether the answer goes into a file, and neither a busy machine nor a slow disk may write
    there that it comes too late. Raises `BrokenSolution` if others use the processor each time.
    """
    for _ in range(TRIES):
        with server.worker(script.encode(), SOLUTION) as worker:
            answer = worker.ask(check, seed)
            doubtful = sure and may_be_the_machines_doing(answer)
            if not worker.crowded and not doubtful:
                return answer
    if sure and worker.crowded:
        raise BrokenSolution(
            f"{server.unit.name}: {check.name}: other programs use the CPUs, so that {what} has no "
            "answer in time. Build again when they have ended."
        )
    return answer


def _add_small_changes(
    keys: dict[str, PlainKey],
    server: Server,
    seed: int,
    names: Mapping[str, Names],
    stored: Key,
) -> None:
    """Add to the keys of exact checks the answers of small changes of the solution.

    names: check → the names of the solution's definitions that it runs.
    stored: as in `build_key`.
    """
    plain = plain_solution(server.unit)
    made_of = origin_of_small_changes(server.unit, plain, seed)
    scripts: ChangedScripts | None = None
    for check in checks_to_run(server.unit, data=()):
        if check.question or is_to_be_repaired(check, server.unit.checks):
            continue
        known = keys[check.name]
        if check.name in stored:
            changed = stored[check.name].small_changes
            if changed.made_of == made_of:
                keys[check.name] = replace(known, small_changes=changed)
                continue
        if scripts is None:
            scripts = changed_scripts(server.unit, plain)
        tried = to_be_tried(scripts, names[check.name])
        changed = try_changes(server, check, seed, plain, known.expected, tried)
        changed = replace(changed, made_of=made_of)
        keys[check.name] = replace(known, small_changes=changed)


def _add_pairs(keys: dict[str, PlainKey], server: Server, seed: int, stored: Key) -> None:
    """Add to the keys of exact checks the answers of pairs of known mistakes.

    stored: as in `build_key`.
    """
    solution = solution_of(server.unit)
    plain = solution.plain()
    codes = [edit.code for edit in edits_of_mistakes(solution).values()]
    origin = origin_of_small_changes(server.unit, plain, seed)
    how_chosen = Path(mistake_pairs.__file__).read_text(encoding="utf-8")
    made_of = sha256(f"{origin}{codes}{how_chosen}".encode()).hexdigest()
    checks = {check.name: check for check in checks_to_run(server.unit, data=())}
    for name, check in checks.items():
        if check.question or is_to_be_repaired(check, server.unit.checks):
            continue
        known = keys[name]
        if name in stored and stored[name].mistake_pairs.made_of == made_of:
            pairs = stored[name].mistake_pairs
        else:
            tried = pairs_to_be_tried(solution, check, all_needed(check, checks), keys)
            pairs = try_pairs(server, check, seed, plain, known, tried)
        keys[name] = replace(known, mistake_pairs=replace(pairs, made_of=made_of))


def for_students(unit: Unit, key: Key) -> dict[str, CheckKey]:
    """Return a key without answers to questions, except those that practice gives feedback on.

    A question has few possible answers. A student who has the key could try each of them, even if
    the key stores only a hash.
    """
    questions = {check.name: check.question for check in unit.checks if check.question}
    given: dict[str, CheckKey] = {}
    for entry, known in key.items():
        question = questions.get(entry)
        is_hidden = question is not None and not question.feedback
        given[entry] = PlainKey(Answer()) if is_hidden else known
    return given


def origin_of_small_changes(unit: Unit, plain: str, seed: int) -> str:
    """Return the digest of the code from which small changes' answers come.

    It covers the code of the solution and of the experiments, and the modules that make the changes
    and their prints. Comments, such as a script's prose, do not count. No other part of the engine
    counts: `make figures` verifies that they are still the same.
    plain: the solution's script.
    """
    texts = [plain]
    for path in modules_of_checks(unit.course, unit.name):
        texts.append(path.read_text(encoding="utf-8"))
    parts = [code_digest(), str(names_of_addons(unit)), str(seed)]
    parts += map(_without_comments, texts)
    return sha256("\0".join(parts).encode()).hexdigest()


def _without_comments(script: str) -> str:
    """Return a script without blank lines and comments, except markers of its regions."""
    left_out = set()
    stream = io.StringIO(script)
    for token in tokenize.generate_tokens(stream.readline):
        if token.type not in (tokenize.COMMENT, tokenize.NL) or token.string in (BEGIN, END):
            continue
        number, column = token.start
        before = token.line[:column]
        if not before.strip():
            left_out.add(number)
    kept = []
    for number, line in enumerate(script.split("\n"), 1):
        if number not in left_out:
            kept.append(line)
    return "\n".join(kept)


def cannot_spoil(spoilt: Names, ran: Names) -> bool:
    """Return whether no definition that ran contains a mistake, as far as both are known."""
    if spoilt is None or ran is None:
        return False
    return spoilt.isdisjoint(ran)


def _exact_key(server: Server, script: bytes, check: Check, seed: int) -> tuple[PlainKey, Names]:
    """Make the key of an exact check, without mistakes, and return the definitions that ran.

    Raises `BrokenSolution`.
    """
    with server.worker(script, SOLUTION) as worker:
        worker.tell_names = True
        expected = worker.ask(check, seed)
        names = worker.names_run
        if check.question:
            refuse_failure(server.unit, check, expected)
            return PlainKey(expected), names
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


def may_be_the_machines_doing(answer: Answer) -> bool:
    """Return whether an answer is late or killed. Such an answer is not stored."""
    return answer.failure in (Failure.TIMEOUT, Failure.KILLED)


def spoilt_names(solution: Solution) -> dict[str, frozenset[str]]:
    """Map each mistake, by its id, to the names bound by the definition around it.

    A mistake outside definitions is left out.
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


def loses_points(check: Check, expected: Answer, answer: Answer) -> bool:
    """Return whether an answer to an exact check is wrong."""
    return not is_right(check, expected, answer)


def _refuse_near_tolerance(
    unit: Unit, check: Check, mistake: Mistake, expected: Answer, answer: Answer
) -> None:
    """Refuse a mistake whose listing depends on a processor's rounding.

    Raises `BrokenSolution`.
    """
    if answer.failure:
        return
    apart = furthest(check, expected, answer)
    if abs(apart - 1) < NEAR:
        raise BrokenSolution(
            f"In `{check.name}` of {unit.name} the mistake “{mistake.text}” differs from the "
            f"solution by {apart:.2f} of the tolerance, so rounding decides whether it loses "
            "points. Change the experiment so that it differs by far; or set a smaller tolerance "
            "if it should lose points, a larger one if not."
        )


def refuse_failure(unit: Unit, check: Check, answer: Answer) -> None:
    """Refuse a solution that does not answer its own check. Raises `BrokenSolution`.

    An error in the check's own code is reported as such.
    """
    if answer.error.in_check:
        raise BrokenSolution(
            f"The check `{check.name}` of {unit.name} itself fails, in {answer.error.in_check}: "
            f"{answer.error.words}."
        )
    if answer.failure:
        raise BrokenSolution(
            f"The solution of {unit.name} does not answer `{check.name}`: {answer.message}"
        )


def refuse_constant(unit: Unit, check: Check, key: PlainKey) -> None:
    """Refuse a check whose arrays are all independent of the seed. Raises `BrokenSolution`."""
    if check.measure:
        return
    all_arrays = key.expected.arrays.keys()
    if key.constant >= all_arrays:
        raise BrokenSolution(
            f"All answers to `{check.name}` of {unit.name} are the same on every seed, so a file "
            "that solves nothing can return them. Let the inputs depend on the seed."
        )


def measure(worker: Worker, check: Check, seed: int, answer: Answer, text: Corpus) -> float:
    """Measure the held-out loss of trained weights by the solution that `worker` runs.

    NaN if there is none.
    """
    measured = _measured(worker, check, seed, answer, text)
    return _only_number(measured)


def measure_ours(
    worker: Worker, unit: Unit, check: Check, seed: int, answer: Answer, text: Corpus
) -> float:
    """Measure the held-out loss of the weights that the solution itself has trained.

    Raises `BrokenSolution` if there is none.
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
