"""What the solution answers with each of its small changes: computed once a seed, kept as prints.

A worker runs one change after another, with the walls of a submission. Only changes in definitions
that the check runs are tried. When a key is made each has half a second; which of them answer is
kept with the key, by id, and a grade runs just these and waits for them. The same is done of right
answers in other styles, for words only: a slip there may give values that none gives in the
solution.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np

from autograder import slip
from autograder.check import Answer, Arrays, Check, Failure
from autograder.course import Unit
from autograder.judging import agree, prints
from autograder.judging.prints import ChangedAnswers, SmallChange, is_exact, print_of
from autograder.parsing import parse
from autograder.sandbox.client import Server
from autograder.sandbox.inside.cells import names_bound
from autograder.slip import Slip
from autograder.source import edits
from autograder.source import small_changes as source
from autograder.source.addons import names_of_addons
from autograder.source.edits import Edit
from autograder.source.small_changes import small_changes

SOLUTION = "solution.py"  # what a script of ours is called
SECONDS = 0.5  # of processor time for one change: one that loops for ever ends there
# the same of those that follow one that was late: where one loops for ever, so do its neighbours
SECONDS_ONCE_LATE = 0.15
MOST = 300  # changes that are tried of one check; of more, as many evenly spread
MOST_OF_STYLES = 1200  # the same of all styles together
# the slip of a change, and what its script is made from, by the change's id
ChangedScripts = dict[str, tuple[SmallChange, Edit]]
WRITTEN_IN = tuple(map(Path, (source.__file__, edits.__file__, prints.__file__, slip.__file__)))


@cache
def code_digest() -> str:
    """Return a checksum of the code that makes small changes and their prints."""
    whole = sha256()
    for path in WRITTEN_IN:
        whole.update(path.read_bytes())
    return whole.hexdigest()


def changed_scripts(unit: Unit, plain: str, name: str = "change") -> ChangedScripts:
    """Return all small changes of a unit's solution, by id, with what their scripts are made of.

    plain: a script whose regions are changed. name: what ids begin with.
    """
    pairs, axis_functions = names_of_addons(unit)
    found: ChangedScripts = {}
    # a number tells nothing of the solution, and other prose around it changes none
    for number, change in enumerate(small_changes(plain, pairs, axis_functions)):
        identity = f"{name} {number}"
        found[identity] = SmallChange(identity, change.function, change.slip), change
    return found


def changes_of_style(unit: Unit, plain: str, name: str, script: str) -> ChangedScripts:
    """Return the small changes of what a style writes otherwise, by id, which begins with its name.

    plain: the solution's script. script: the style's, with a region. Of a helper, which other files
    lack, the name is left out.
    """
    known: set[str] = set()
    for node in parse(plain).body:
        known.update(names_bound(node))
    changes = changed_scripts(unit, script, name)
    for identity, (change, edit) in changes.items():
        if _top(edit.function) not in known:
            changes[identity] = replace(change, function=""), edit
    return changes


def _top(function: str) -> str:
    """Return `Class` of `Class.method`, and a plain name as it is."""
    top, _, _ = function.partition(".")
    return top


class Scripted(Protocol):
    """An edited script."""

    @property
    def script(self) -> str:
        """The script with the edits made."""


Tried = Sequence[tuple[SmallChange, Scripted]]
TriedChanges = Sequence[tuple[SmallChange, Edit]]


def to_be_tried(scripts: ChangedScripts, ran: frozenset[str] | None) -> Tried:
    """Return the changes in definitions that a check runs; of very many, some.

    ran: the names of those definitions, None where they are not known.
    """
    reached = _reached(scripts, ran)
    return some(reached, MOST)


def styles_to_be_tried(
    styles: Mapping[str, tuple[ChangedScripts, frozenset[str] | None]],
) -> dict[str, Tried]:
    """Return the same of several styles, each with the names of the definitions that run."""
    reached: dict[str, TriedChanges] = {}
    for name, (changes, ran) in styles.items():
        reached[name] = _reached(changes, ran)
    total = sum(map(len, reached.values()))
    share = min(1.0, MOST_OF_STYLES / max(1, total))
    tried: dict[str, Tried] = {}
    for name, of_style in reached.items():
        tried[name] = _of_some_lines(of_style, share)
    return tried


def _of_some_lines(reached: TriedChanges, share: float) -> Tried:
    """Choose a share of the lines, evenly spread, and all changes of each.

    Changes that give the same values mostly stand in one line. So all of them are seen, or none,
    and no kind is reported if others fit as well.
    """
    by_line: dict[int, list[tuple[SmallChange, Edit]]] = {}
    for change, edit in reached:
        of_line = by_line.setdefault(edit.line, [])
        of_line.append((change, edit))
    chosen = []
    for number, line in enumerate(sorted(by_line), 1):
        if int(number * share) > int((number - 1) * share):
            chosen.extend(by_line[line])
    return chosen


def _reached(scripts: ChangedScripts, ran: frozenset[str] | None) -> TriedChanges:
    reached = []
    for change, edit in scripts.values():
        if is_reached(edit.function, ran):
            reached.append((change, edit))
    return reached


def is_reached(function: str, ran: frozenset[str] | None) -> bool:
    """Return whether a definition is among those that ran; True where these are not known."""
    return ran is None or _top(function) in ran


def some(reached: Tried, most: int) -> Tried:
    """Choose so many changes at most, evenly spread."""
    step = math.ceil(len(reached) / most)
    return reached[:: max(1, step)]


def try_changes(
    server: Server,
    check: Check,
    seed: int,
    plain: str,
    expected: Answer,
    tried: Tried,
) -> ChangedAnswers:
    """Run changes of a solution, and keep prints of the answers that the judge tells from its own.

    Those that do not end soon are left out: which of them answer is found out here.

    plain: the solution's script. expected: its answer.
    """
    return told_apart(check, expected, answers_of(server, check, seed, plain, tried, SECONDS))


def run_listed(
    server: Server,
    check: Check,
    seed: int,
    plain: str,
    expected: Answer,
    listed: Tried,
) -> ChangedAnswers | None:
    """Run changes that are known to answer. None where one of them is late or killed.

    plain, expected: as of `try_changes`.
    """
    answers = []
    for change, answer in answers_of(server, check, seed, plain, listed, check.seconds):
        if answer.failure in (Failure.TIMEOUT, Failure.KILLED):
            return None
        answers.append((change, answer))
    return told_apart(check, expected, answers)


def told_apart(
    check: Check, expected: Answer, answers: Iterable[tuple[SmallChange, Answer]]
) -> ChangedAnswers:
    """Keep prints of the answers that the judge tells from the solution's."""
    names = tuple(expected.arrays)
    changes: list[SmallChange] = []
    rows: list[np.ndarray] = []
    for change, answer in answers:
        if answer.failure:
            continue
        row = _row(check, expected, answer)
        if row.any():
            changes.append(change)
            rows.append(row)
    shape = (len(rows), len(names), prints.WIDTH)
    of_all = np.array(rows).reshape(shape)
    return ChangedAnswers(tuple(changes), names, of_all)


def joined(names: Sequence[str], parts: Iterable[ChangedAnswers]) -> ChangedAnswers:
    """Put the changed answers of several scripts together. names: of the check's arrays."""
    changes: list[SmallChange] = []
    rows = [np.zeros((0, len(names), prints.WIDTH))]
    for part in parts:
        changes.extend(part.changes)
        rows.append(part.prints)
    return ChangedAnswers(tuple(changes), tuple(names), np.concatenate(rows))


def answers_of(
    server: Server,
    check: Check,
    seed: int,
    plain: str,
    tried: Tried,
    limit: float,
) -> Iterator[tuple[SmallChange, Answer]]:
    """Yield each change with what the solution answers with it, in so many seconds at most.

    Those that follow one that was late have less time.
    """

    def asked() -> Iterator[tuple[Check, str]]:
        for _, edit in tried:
            yield replace(check, seconds=min(limit, check.seconds)), edit.script

    answers = run_scripts(server, plain, asked(), seed)
    for (answer, _), (change, _) in zip(answers, tried, strict=True):
        if answer.failure == Failure.TIMEOUT:
            limit = SECONDS_ONCE_LATE
        yield change, answer


def run_scripts(
    server: Server,
    first: str,
    asked: Iterable[tuple[Check, str]],
    seed: int,
    tell_names: bool = False,
) -> Iterator[tuple[Answer, frozenset[str] | None]]:
    """Yield what scripts of ours answer, with the definitions that ran if these are known.

    One process runs them, one after another: to begin one for each takes longer than most
    experiments do. The next is asked for only when the answer before is there.
    first: the script that the process begins with. asked: checks, each with a script.
    """
    with server.worker(first.encode(), SOLUTION) as worker:
        worker.tell_names = tell_names
        for check, script in asked:
            answer = worker.ask(check, seed, source=script.encode())
            yield answer, worker.names_run


def _row(check: Check, expected: Answer, answer: Answer) -> np.ndarray:
    """Return the prints of an answer's arrays, (arrays, WIDTH); 0 where it is as the solution's."""
    row = np.zeros((len(expected.arrays), prints.WIDTH))
    for number, name in enumerate(expected.arrays):
        if not agree(check, name, expected, answer):
            found = answer.arrays.get(name)
            must_be_exact = is_exact(expected.arrays[name])
            row[number] = print_of(found, must_be_exact)
    return row


def as_arrays(changed: ChangedAnswers) -> Arrays:
    """Write changed answers as arrays, for the store."""
    changes = changed.changes
    return {
        "ids": _texts(change.id for change in changes),
        "functions": _texts(change.function for change in changes),
        "slips": _texts(msgspec.json.encode(change.slip).decode() for change in changes),
        "arrays": _texts(changed.arrays),
        "prints": changed.prints,
    }


def _texts(texts: Iterable[str]) -> np.ndarray:
    return np.array(list(texts), dtype=np.str_)


def from_arrays(arrays: Arrays) -> ChangedAnswers:
    """Read changed answers that the store holds."""
    ids: list[str] = arrays["ids"].tolist()
    functions: list[str] = arrays["functions"].tolist()
    slips = [msgspec.json.decode(text, type=Slip) for text in arrays["slips"].tolist()]
    changes = []
    for row in zip(ids, functions, slips, strict=True):
        changes.append(SmallChange(*row))
    names: list[str] = arrays["arrays"].tolist()
    return ChangedAnswers(tuple(changes), tuple(names), arrays["prints"])
