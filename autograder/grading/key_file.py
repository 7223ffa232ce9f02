"""Keys as files: arrays and text, no code.

A key is one safetensors file. Its arrays are named `check|expected|array` and
`check|mistake|array`; an array of text is stored as the bytes of a JSON text. Its metadata hold, by
check: the loss of training, the shapes of the solution's arrays, which of them are the same on
another seed, which are text, for each mistake the description and how it failed, for small changes
of the solution the function and the error, and for pairs of mistakes the ids; for both, prints of
their answers and a digest of the code that these come from. An array of a mistake that equals the
solution's is left out, and so are the trained weights.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import starmap
from pathlib import Path
from types import MappingProxyType

import msgspec
import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from autograder.check import Answer, Arrays, Check, Error, Failure, is_text
from autograder.course import Unit
from autograder.errors import UserError
from autograder.judging import (
    CheckKey,
    Key,
    Mistake,
    PlainKey,
    deviation,
    error_words,
    kind_of_error,
)
from autograder.judging.key import pair_of_mistakes
from autograder.judging.prints import (
    NO_CHANGES,
    TAG,
    UNCHANGED,
    WIDTH,
    ChangedAnswers,
    SmallChange,
)
from autograder.question import FUNCTIONS
from autograder.sandbox.inside.wire import pack_text, unpack_text
from autograder.slip import Slip

FORMAT = "4"
# separator in the names of arrays
SMALL_CHANGES, PAIRS, PLACES, PRINTS = "small changes", "pairs", "places", "prints"
EXPECTED = "expected"  # in the name of an array: it belongs to the solution
# Fractions of the judge's tolerance: another style of a right answer uses 0.2, another key 0.2
# more, mistakes begin at 1.9. Between AVX-512, AVX2 and SSE answers move by 0.05, the mistakes'
# too, and losses by 0.07.
SAME = 0.2
# fraction of the solution's largest value, in float32: processors differ by 1e-7 if a mistake
# cancels it
LAST_BITS = 1e-6


class NoKey(UserError):
    """A unit has no public key; the text says how to make it."""


class NothingPlanted(UserError):
    """No mistakes can be planted, or they do not match the solution; the text says why."""


class _StoredMistake(msgspec.Struct):
    """A mistake in the metadata."""

    id: str
    text: str
    keeps: float
    failure: Failure
    error: str
    function: str


class _StoredCheck(msgspec.Struct):
    """The metadata of one entry of a key."""

    loss: float | None
    shapes: dict[str, tuple[int, ...]]
    constant: list[str]
    mistakes: list[_StoredMistake]
    small_changes: list[tuple[str, str, Slip]] = []  # id, function and error of each
    made_of: str = ""  # the digest of the code behind the small changes
    pairs: list[str] = []  # the ids of each pair of mistakes
    pairs_made_of: str = ""  # the same digest of the pairs


def save_key(path: Path, key: Key) -> None:
    """Write a key."""
    arrays: Arrays = {}
    stored: dict[str, _StoredCheck] = {}
    for entry, known in key.items():
        arrays.update(_arrays_of(entry, known))
        stored[entry] = _StoredCheck(
            loss=known.loss,
            shapes={name: array.shape for name, array in known.expected.arrays.items()},
            constant=sorted(known.constant),
            mistakes=list(starmap(_stored_mistake, known.mistakes)),
            small_changes=[
                (change.id, change.function, change.slip) for change in known.small_changes.changes
            ],
            made_of=known.small_changes.made_of,
            pairs=[pair.id for pair in known.mistake_pairs.changes],
            pairs_made_of=known.mistake_pairs.made_of,
        )
    texts = [name for name, array in arrays.items() if is_text(array)]
    metadata = {
        "format": FORMAT,
        "key": json.dumps(msgspec.to_builtins(stored)),
        "text": json.dumps(texts),
    }
    packed = {name: _packed(array) for name, array in arrays.items()}
    path.parent.mkdir(exist_ok=True, parents=True)
    # `save_file` makes a file readable only by its owner, but students read keys
    path.write_bytes(save(packed, metadata))


def _array_name(entry: str, whose: str, array: str) -> str:
    return f"{entry}|{whose}|{array}"


def _arrays_of(entry: str, known: CheckKey) -> Arrays:
    """Return the stored arrays of a key's entry, by their names in the file."""
    arrays: Arrays = {}
    expected = known.expected.arrays
    if known.loss is None:
        for name, array in expected.items():
            arrays[_array_name(entry, EXPECTED, name)] = array
    for mistake, mistaken in known.mistakes:
        if mistaken.failure:
            continue
        for name, array in mistaken.arrays.items():
            if not _is_equal(array, expected.get(name)):
                arrays[_array_name(entry, mistake.id, name)] = array
    arrays.update(_arrays_of_variants(entry, SMALL_CHANGES, known.small_changes))
    arrays.update(_arrays_of_variants(entry, PAIRS, known.mistake_pairs))
    return arrays


def _arrays_of_variants(entry: str, whose: str, changed: ChangedAnswers) -> Arrays:
    """Return the prints of what variants spoil, and their positions: variant and array.

    whose: the name of the variants.
    """
    if not changed.changes:
        return {}
    tags = changed.prints[:, :, TAG]  # (changes, arrays)
    places = np.argwhere(tags != UNCHANGED)  # (prints that are stored, 2)
    numbers, arrays = places.T
    return {
        _array_name(entry, whose, PLACES): places.astype(np.int16),
        _array_name(entry, whose, PRINTS): changed.prints[numbers, arrays],
    }


def _stored_mistake(mistake: Mistake, mistaken: Answer) -> _StoredMistake:
    return _StoredMistake(
        id=mistake.id,
        text=mistake.text,
        keeps=mistake.keeps,
        failure=mistaken.failure,
        error=error_words(mistaken),
        function=mistaken.error.function,
    )


def _packed(array: np.ndarray) -> np.ndarray:
    if is_text(array):
        return pack_text(array)
    return np.ascontiguousarray(array).reshape(array.shape)


def _is_equal(one: np.ndarray, other: np.ndarray | None) -> bool:
    """Return whether two arrays are equal to the last bit; NaN equals NaN."""
    if other is None or one.shape != other.shape:
        return False
    are_numbers = not is_text(one) and not is_text(other)
    return np.array_equal(one, other, equal_nan=are_numbers)


def load_key(path: Path) -> Key:
    """Return the key in a file. Raises `NoKey`, also for one of another format.

    An unchanged file is read once.
    """
    if not path.is_file():
        raise NoKey(f"There is no key for {path.stem}. Make it with `autograder build`.")
    state = path.stat()
    return _read_key(path.resolve(), state.st_mtime_ns, state.st_size)


def functions_in_key(unit: Unit, check: Check) -> list[str]:
    """Return the functions with a mistake in a unit's key for a check.

    Raises `NoKey`; `NothingPlanted` if it has none.
    """
    known = load_key(unit.course.key(unit.name)).get(check.name)
    functions = known.expected.arrays.get(FUNCTIONS) if known else None
    if functions is None:
        raise NothingPlanted(
            f"The key of {unit.name} holds no functions for `{check.name}`. An author makes it "
            "again with `autograder build`."
        )
    found: list[str] = functions.tolist()
    return found


@lru_cache(maxsize=8)
def _read_key(path: Path, modified: int, size: int) -> Key:
    """Read the key in a file with this modification time (in nanoseconds) and size in bytes."""
    with safe_open(path, "np") as file:
        metadata = file.metadata()
        found = metadata.get("format", "1")
        if found != FORMAT:
            raise NoKey(
                f"The key of {path.stem} is of format {found}, and this version reads format "
                f"{FORMAT}. Get the course's files again; an author makes the key again with "
                "`autograder build`."
            )
        names = file.keys()
        arrays = {name: file.get_tensor(name) for name in names}
    for name in json.loads(metadata.get("text", "[]")):
        arrays[name] = unpack_text(arrays[name])
    stored = msgspec.json.decode(metadata["key"], type=dict[str, _StoredCheck])
    keys = {entry: _check_key(entry, known, arrays) for entry, known in stored.items()}
    return MappingProxyType(keys)


def _check_key(entry: str, known: _StoredCheck, arrays: Mapping[str, np.ndarray]) -> CheckKey:
    expected: Arrays = {}
    for name, shape in known.shapes.items():
        stored = arrays.get(_array_name(entry, EXPECTED, name))
        # for trained weights there is only the shape
        expected[name] = np.zeros(shape) if stored is None else stored
    mistakes = []
    for one in known.mistakes:
        mistaken: Arrays = {}
        if not one.failure:
            for name, array in expected.items():
                mistaken[name] = arrays.get(_array_name(entry, one.id, name), array)
        error = Error(one.error, function=one.function)
        answer = Answer(mistaken, one.failure, error=error)
        mistake = Mistake(
            id=one.id,
            text=one.text,
            keeps=one.keeps,
        )
        mistakes.append((mistake, answer))
    changes = tuple(starmap(SmallChange, known.small_changes))
    pairs = tuple(map(pair_of_mistakes, known.pairs))
    return PlainKey(
        Answer(expected),
        tuple(mistakes),
        known.loss,
        frozenset(known.constant),
        _variants(entry, SMALL_CHANGES, known, changes, known.made_of, arrays),
        mistake_pairs=_variants(entry, PAIRS, known, pairs, known.pairs_made_of, arrays),
    )


def _variants(
    entry: str,
    whose: str,
    known: _StoredCheck,
    changes: tuple[SmallChange, ...],
    made_of: str,
    arrays: Mapping[str, np.ndarray],
) -> ChangedAnswers:
    if not changes:
        return replace(NO_CHANGES, made_of=made_of)
    names = tuple(known.shapes)
    places = arrays[_array_name(entry, whose, PLACES)]
    stored = arrays[_array_name(entry, whose, PRINTS)]
    prints = np.zeros((len(changes), len(names), WIDTH))
    numbers_of_changes, numbers_of_arrays = places.T
    prints[numbers_of_changes, numbers_of_arrays] = stored
    return ChangedAnswers(changes, names, prints, made_of)


def same_key(unit: Unit, one: Key, other: Key) -> bool:
    """Return whether the judge cannot distinguish two keys of a unit."""
    return not difference(unit, one, other)


def difference(unit: Unit, one: Key, other: Key) -> str:
    """Say where two keys of a unit differ first; "" where the judge cannot distinguish them.

    Another processor rounds differently, and so its key differs in the last bits. For small changes
    and for pairs of mistakes, the digests of their code are compared.
    """
    lacking = sorted(one.keys() ^ other.keys())
    if lacking:
        return f"only one of the two keys has `{lacking[0]}`"
    checks = {check.name: check for check in unit.checks}
    for entry in one:
        name, _, _ = entry.partition("@")
        found = _difference_of_entry(checks[name], one[entry], other[entry])
        if found:
            return f"`{entry}`: {found}"
    return ""


def _difference_of_entry(check: Check, one: CheckKey, other: CheckKey) -> str:
    """Say where two keys of a check differ first; "" where they do not."""
    words, other_words = _words(one), _words(other)
    for (mistake, failed, error), row in zip(words, other_words, strict=False):
        if row[0] != mistake:
            return f"another mistake stands where {_quoted(mistake)} stood"
        if row[1:] != (failed, error):
            was, now = _ending(failed, error), _ending(*row[1:])
            return f"{_quoted(mistake)} gave {was}, and now {now}"
    if len(words) != len(other_words):
        return f"it had {len(words)} mistakes, now {len(other_words)}"
    if one.constant != other.constant:
        return "other arrays are the same on each seed"
    if check.measure:
        return _difference_of_training(check, one, other)
    solution = one.expected
    if not _is_same_answer(check, solution, other.expected, solution):
        return "the expected answer has changed"
    for (mistake, mistaken), (_, other_mistaken) in zip(one.mistakes, other.mistakes, strict=True):
        if not _is_same_answer(check, mistaken, other_mistaken, solution):
            return f"the answer of {_quoted(mistake)} has changed"
    if one.small_changes.made_of != other.small_changes.made_of:
        return "the code behind its small changes has changed"
    if one.mistake_pairs.made_of != other.mistake_pairs.made_of:
        return "the code behind its pairs of mistakes has changed"
    return ""


def _quoted(mistake: Mistake) -> str:
    return f"the mistake “{mistake.text}”"


def _ending(failure: Failure, error: str) -> str:
    """Say how an answer ended. error: what was raised, if anything was."""
    if not failure:
        return "an answer"
    return f"none ({failure}: {error})" if error else f"none ({failure})"


def _words(key: CheckKey) -> list[tuple[Mistake, Failure, str]]:
    """List for each mistake what is not a number: its description, and how it failed."""
    words = []
    for mistake, mistaken in key.mistakes:
        words.append((mistake, mistaken.failure, kind_of_error(mistaken)))
    return words


def _difference_of_training(check: Check, one: CheckKey, other: CheckKey) -> str:
    """Say where two keys of a check that trains differ; "" for equal shapes and near losses."""
    if _shapes(one.expected) != _shapes(other.expected):
        return "the shapes of the trained weights have changed"
    loss = one.loss or 0
    other_loss = other.loss or 0
    if abs(loss - other_loss) > SAME * check.within:
        return f"the loss was {loss:.4f}, now {other_loss:.4f}"
    return ""


def _shapes(answer: Answer) -> dict[str, tuple[int, ...]]:
    shapes = {}
    for name, array in answer.arrays.items():
        shapes[name] = array.shape
    return shapes


def _is_same_answer(check: Check, one: Answer, other: Answer, solution: Answer) -> bool:
    """Return whether the judge cannot distinguish two answers.

    solution: the first key's answer of the solution.
    """
    # how it failed is compared with the text, and a key holds no more of it
    if one.failure and other.failure:
        return True
    if one.arrays.keys() != other.arrays.keys():
        return False
    for name, array in one.arrays.items():
        other_array = other.arrays[name]
        if array.dtype.kind != other_array.dtype.kind:
            return False
        if deviation(check, name, one, other) <= SAME:
            continue
        if not _is_same_but_for_last_bits(array, other_array, solution.arrays[name]):
            return False
    return True


def _is_same_but_for_last_bits(one: np.ndarray, other: np.ndarray, solution: np.ndarray) -> bool:
    """Return whether two arrays are equal on the scale of the solution's.

    Where a mistake cancels it, only rounding is left.
    """
    if one.dtype.kind != "f" or one.shape != other.shape:
        return False
    with np.errstate(invalid="ignore", over="ignore"):
        difference = one.astype(np.float64) - other
        apart = _largest(difference)
        scale = _largest(solution)
    if not math.isfinite(scale):
        return False
    return apart <= LAST_BITS * scale


def _largest(array: np.ndarray) -> float:
    """Return the size of an array's largest entry; 0 for an empty one."""
    sizes = np.abs(array)
    return float(sizes.max(initial=0.0))
