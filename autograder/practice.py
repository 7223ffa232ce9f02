"""What a student's own machine can check: the public seed's key, and experiments run where the student works.

A key holds arrays and words, no code. Nothing here is confined or official.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from autograder import __version__
from autograder.checking import (
    Answer,
    Check,
    CheckKey,
    Key,
    Mistake,
    Unit,
    Verdict,
    close,
    judge,
    judge_loss,
    not_made,
    not_reached,
    unmet,
)
from autograder.data import NoData, corpus
from autograder.journal import Circumstances, Result, digest
from autograder.worker import describe, run_experiment

PUBLIC_SEED = 731
KEYS = Path(__file__).parent / "keys"


def practice_result(unit: str, path: Path, verdicts: Sequence[Verdict], quick: bool) -> Result:
    """Verdicts of the public seed as a result that can be exported; it is not official, and its student is `course`."""
    try:
        text = corpus().name
    except NoData:
        text = ""
    facts = Circumstances(__version__, "", PUBLIC_SEED, text, quick, official=False)
    seconds = sum(verdict.seconds for verdict in verdicts)
    return Result("course", unit, digest(path.read_bytes()), facts, tuple(verdicts), seconds)


class NoKey(Exception):
    """A unit has no public key; the text says how to make it."""


def save_key(path: Path, key: Key) -> None:
    """Write a key: arrays by check and mistake, and as metadata the order, the words and the losses."""
    arrays: dict[str, np.ndarray] = {}
    facts: dict[str, Any] = {}
    for name, known in key.items():
        expected = known.expected.arrays
        kept = {} if known.loss is not None else {f"{name}|expected|{n}": a for n, a in expected.items()}
        shapes = {n: list(a.shape) for n, a in expected.items()}
        mistakes = []
        for mistake, its in known.mistakes:
            kept |= {f"{name}|{mistake.id}|{n}": a for n, a in its.arrays.items() if not _equal(a, expected.get(n))}
            words = {"id": mistake.id, "text": mistake.text, "keeps": mistake.keeps}
            mistakes.append(words | {"failure": its.failure, "message": its.message})
        arrays |= kept
        facts[name] = {"loss": known.loss, "shapes": shapes, "mistakes": mistakes}
    path.parent.mkdir(exist_ok=True)
    packed = {n: np.ascontiguousarray(a).reshape(a.shape) for n, a in arrays.items()}
    save_file(packed, path, {"key": json.dumps(facts)})


def _equal(one: np.ndarray, other: np.ndarray | None) -> bool:
    return other is not None and one.shape == other.shape and np.array_equal(one, other, equal_nan=True)


def load_key(path: Path) -> dict[str, CheckKey]:
    """Read a key. Raises `NoKey`."""
    if not path.is_file():
        raise NoKey(f"There is no key for {path.stem}. Make it with `autograder build`.")
    with safe_open(path, "np") as file:
        facts = json.loads(file.metadata()["key"])
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
    return {name: _check_key(name, known, arrays) for name, known in facts.items()}


def _check_key(name: str, known: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> CheckKey:
    expected = {n: arrays.get(f"{name}|expected|{n}", np.empty(shape)) for n, shape in known["shapes"].items()}
    mistakes = []
    for words in known["mistakes"]:
        its = {n: arrays.get(f"{name}|{words['id']}|{n}", array) for n, array in expected.items()}
        answer = Answer({} if words["failure"] else its, words["failure"], words["message"])
        mistakes.append((Mistake(words["id"], words["text"], words["keeps"]), answer))
    return CheckKey(Answer(expected), tuple(mistakes), known["loss"])


def same_key(one: Key, other: Key) -> bool:
    """Whether two keys agree by value: another processor may differ in the last bits."""
    if one.keys() != other.keys():
        return False
    return all(_same_check_key(one[name], other[name]) for name in one)


def _same_check_key(one: CheckKey, other: CheckKey) -> bool:
    words = [[(m.id, m.text, m.keeps, its.failure) for m, its in key.mistakes] for key in (one, other)]
    if words[0] != words[1] or abs((one.loss or 0) - (other.loss or 0)) > 1e-3:
        return False
    answers = [[key.expected, *(its for _, its in key.mistakes)] for key in (one, other)]
    return one.loss is not None or all(close(a, b, 1e-5) for a, b in zip(*answers, strict=True))


class Live:
    """The names that a running script or notebook has defined. Raises `Missing` for others."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names

    def __getattr__(self, name: str) -> Any:
        from autograder.solution import missing

        if name in self._names:
            return self._names[name]
        raise missing(name, [n for n in self._names if not n.startswith("_")])


def practise(
    unit: Unit, wanted: Sequence[Check], implementation: Any, step: Callable[..., object] = lambda *_: None
) -> list[Verdict]:
    """The verdicts of some checks, in this process and on the public seed; what they need is run before them.

    `step(verdict, check's key, answer)` is called after each; the answer of a training check is its `loss`.
    """
    key, done = load_key(KEYS / f"{unit.name}.safetensors"), dict[str, Verdict]()
    needed = {name for check in wanted for name in check.needs}
    for _ in unit.checks:
        needed |= {name for check in unit.checks if check.name in needed for name in check.needs}
    asked = {check.name for check in wanted}
    for check in unit.checks:
        if check.name in asked | needed:
            done[check.name], known, answer = _verdict(unit, check, key, implementation, done)
            if check.name in asked:
                step(done[check.name], known, answer)
    return [verdict for name, verdict in done.items() if name in asked]


def _verdict(
    unit: Unit, check: Check, key: Key, implementation: Any, done: Mapping[str, Verdict]
) -> tuple[Verdict, CheckKey, Answer]:
    known, answer = CheckKey(Answer()), Answer()
    if lacking := unmet(check, done):
        return not_reached(check, lacking), known, answer
    if not check.measure:
        known, answer = key[check.name], run_experiment(check, implementation, PUBLIC_SEED)
        return judge(check, known, answer, unit.sizes, lambda: not_made(key, done)), known, answer
    try:
        text = check.data() if check.data else corpus()
    except (NoData, ImportError) as error:
        return judge(check, known, Answer(failure="no data", message=str(error)), unit.sizes), known, answer
    if f"{check.name}@{text.name}" not in key:
        why = f"the key has no figure for the corpus `{text.name}`. An author adds it with `autograder build`."
        return judge(check, known, Answer(failure="no key", message=why), unit.sizes), known, answer
    known, answer = key[f"{check.name}@{text.name}"], run_experiment(check, implementation, PUBLIC_SEED, text.train)
    if (verdict := judge(check, known, answer, unit.sizes)).status != "passed":
        return verdict, known, answer
    try:
        loss = check.measure(implementation, answer.arrays, text.held_out)
    except Exception as error:
        answer = Answer(failure="raised", message=describe(error))
        return judge(check, known, answer, unit.sizes), known, answer
    return judge_loss(check, known, loss), known, Answer({"loss": np.array(loss)})
