"""Keys as files: arrays and words, no code."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from autograder.check import Answer
from autograder.course import root
from autograder.judging import CheckKey, Key, Mistake, close

KEYS = root() / "assignments" / "keys"


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
