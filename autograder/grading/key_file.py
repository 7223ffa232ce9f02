"""Keys as files: arrays and words, no code.

A key is one safetensors file. Its arrays are called `check|expected|array` and
`check|mistake|array`; an array of text is stored as the bytes of a JSON text. Its metadata hold, by
check: the loss that training reached, the shapes of the solution's arrays, which of them are the
same on another seed, which are text, and of each mistake the words and how it failed. An array of a
mistake that equals the solution's is left out, and so are the weights that training ends with.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from autograder.check import Answer, Arrays, Check, Failure, is_text
from autograder.course import Unit
from autograder.errors import UserError
from autograder.judging import CheckKey, Key, Mistake, PlainKey, deviation, kind_of_error
from autograder.sandbox.inside.wire import pack_text, unpack_text

FORMAT = "2"
# Of what the judge tolerates: another style of a right answer uses 0.2, another key 0.2 more,
# mistakes begin at 1.9. Between AVX-512, AVX2 and SSE answers move by 0.05, the mistakes' too, and
# losses by 0.07.
SAME = 0.2
# of the solution's largest value, in float32: processors differ by 1e-7 where a mistake cancels it
LAST_BITS = 1e-6


class NoKey(UserError):
    """A unit has no public key; the text says how to make it."""


def save_key(path: Path, key: Key) -> None:
    """Write a key."""
    arrays: Arrays = {}
    facts: dict[str, Any] = {}
    for name, known in key.items():
        expected = known.expected.arrays
        if known.loss is None:
            arrays |= {f"{name}|expected|{n}": array for n, array in expected.items()}
        mistakes = []
        for mistake, its in known.mistakes:
            for n, array in ({} if its.failure else its.arrays).items():
                if not _equal(array, expected.get(n)):
                    arrays[f"{name}|{mistake.id}|{n}"] = array
            words = {"id": mistake.id, "text": mistake.text, "keeps": mistake.keeps}
            mistakes.append(words | {"failure": its.failure, "message": _without_quotes(its)})
        shapes = {n: list(array.shape) for n, array in expected.items()}
        constant = sorted(known.constant)
        facts[name] = {
            "loss": known.loss,
            "shapes": shapes,
            "constant": constant,
            "mistakes": mistakes,
        }
    metadata = {
        "format": FORMAT,
        "key": json.dumps(facts),
        "text": json.dumps([n for n, array in arrays.items() if is_text(array)]),
    }
    path.parent.mkdir(exist_ok=True, parents=True)
    packed = {n: _packed(array) for n, array in arrays.items()}
    # `save_file` writes for its owner alone, and students read keys
    path.write_bytes(save(packed, metadata))


def _without_quotes(its: Answer) -> str:
    """How a mistake failed: where, and no more than tells the kind; the rest of it may quote the
    mistake's line.
    """
    place, colon, _ = its.message.partition(": ")
    return f"{place}: {kind_of_error(its)}" if colon else kind_of_error(its)


def _packed(array: np.ndarray) -> np.ndarray:
    return pack_text(array) if is_text(array) else np.ascontiguousarray(array).reshape(array.shape)


def _equal(one: np.ndarray, other: np.ndarray | None) -> bool:
    if other is None or one.shape != other.shape:
        return False
    return bool(np.array_equal(one, other, equal_nan=not (is_text(one) or is_text(other))))


def load_key(path: Path) -> dict[str, CheckKey]:
    """Read a key. Raises `NoKey`, also for one of another format."""
    if not path.is_file():
        raise NoKey(f"There is no key for {path.stem}. Make it with `autograder build`.")
    with safe_open(path, "np") as file:
        metadata = file.metadata()
        if (found := metadata.get("format", "1")) != FORMAT:
            raise NoKey(
                f"The key of {path.stem} is of format {found}, and this version reads format "
                f"{FORMAT}. Get the "
                "course's files anew; an author makes the key anew with `autograder build`."
            )
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
    for name in json.loads(metadata.get("text", "[]")):
        arrays[name] = unpack_text(arrays[name])
    return {
        name: _check_key(name, known, arrays) for name, known in json.loads(metadata["key"]).items()
    }


def _check_key(name: str, known: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> CheckKey:
    expected = {}
    for n, shape in known["shapes"].items():
        stored = arrays.get(f"{name}|expected|{n}")
        # of trained weights there is the shape alone
        expected[n] = np.zeros(shape) if stored is None else stored
    mistakes = []
    for words in known["mistakes"]:
        failure = Failure(words["failure"])
        its = {n: arrays.get(f"{name}|{words['id']}|{n}", array) for n, array in expected.items()}
        answer = Answer({} if failure else its, failure, words["message"])
        mistakes.append((Mistake(words["id"], words["text"], words["keeps"]), answer))
    return PlainKey(Answer(expected), tuple(mistakes), known["loss"], frozenset(known["constant"]))


def same_key(unit: Unit, one: Key, other: Key) -> bool:
    """Whether the judge cannot tell two keys of a unit apart: another processor rounds
    differently.
    """
    if one.keys() != other.keys():
        return False
    checks = {check.name: check for check in unit.checks}
    return all(_same_check_key(checks[name.split("@")[0]], one[name], other[name]) for name in one)


def _same_check_key(check: Check, one: CheckKey, other: CheckKey) -> bool:
    if _words(one) != _words(other) or one.constant != other.constant:
        return False
    if check.measure:
        shapes = [
            {name: array.shape for name, array in key.expected.arrays.items()}
            for key in (one, other)
        ]
        return (
            shapes[0] == shapes[1]
            and abs((one.loss or 0) - (other.loss or 0)) <= SAME * check.within
        )
    answers = zip(_answers(one), _answers(other), strict=True)
    return all(_same_answer(check, a, b, one.expected) for a, b in answers)


def _words(key: CheckKey) -> list[tuple[Mistake, Failure, str]]:
    """Of each mistake what is not a number: its words, and how it failed."""
    return [(mistake, its.failure, kind_of_error(its)) for mistake, its in key.mistakes]


def _answers(key: CheckKey) -> list[Answer]:
    return [key.expected, *(its for _, its in key.mistakes)]


def _same_answer(check: Check, one: Answer, other: Answer, solution: Answer) -> bool:
    if (
        one.failure and other.failure
    ):  # how it failed is compared with the words, and a key holds no more of it
        return True
    if one.arrays.keys() != other.arrays.keys():
        return False
    for name, array in one.arrays.items():
        if array.dtype.kind != other.arrays[name].dtype.kind:
            return False
        if deviation(check, name, one, other) > SAME and not _same_but_for_last_bits(
            name, one, other, solution
        ):
            return False
    return True


def _same_but_for_last_bits(name: str, one: Answer, other: Answer, solution: Answer) -> bool:
    """Whether an array is the same on the scale of the solution's: what a mistake cancels out
    leaves only rounding.
    """
    a, b, ours = (answer.arrays[name] for answer in (one, other, solution))
    if a.dtype.kind != "f" or a.shape != b.shape:
        return False
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(a.astype(np.float64) - b).max(initial=0.0)
        return bool(apart <= LAST_BITS * np.abs(ours).max(initial=0.0) < np.inf)
