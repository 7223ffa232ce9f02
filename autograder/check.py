"""What a check is, and what an answer to it looks like.

A check is an experiment: (implementation, seed) → named arrays. It never compares and holds no
answer. The same experiment is run on a submission, on our solution, and on our solution with each
known mistake in it.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from hashlib import sha256
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.errors import BadSource, SourceFault, UserError
from autograder.question import Question
from autograder.question import choice as choice
from autograder.question import choices as choices
from autograder.question import number as number
from autograder.question import planted as planted
from autograder.question import shape as shape
from autograder.question import short as short
from autograder.question import sign as sign
from autograder.question import written as written

if TYPE_CHECKING:
    from autograder.kinds import figure as figure
    from autograder.kinds import frame as frame
    from autograder.kinds import printed as printed
    from autograder.kinds import raised as raised
    from autograder.kinds import rows as rows

Arrays = dict[str, np.ndarray]
KINDS = ("figure", "frame", "printed", "raised", "rows")  # of `autograder.kinds`, for experiments


def __getattr__(name: str) -> Any:
    if name in KINDS:
        return getattr(import_module("autograder.kinds"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@dataclass(frozen=True)
class Corpus:
    """The data that a check trains on: its name, the training part, and the held-out part.

    Both parts are text, whatever they represent: a table is sent as lines of numbers.
    """

    name: str
    train: str
    held_out: str


@dataclass(frozen=True)
class Check:
    """One experiment and its points.

    `experiment(implementation, seed)` returns named arrays. A check that trains has `measure`: its
    experiment also receives a training text and returns trained weights, and `measure(solution,
    weights, held_out_text)` returns their loss, where the submission does not run.

    needs: names of the checks that must have passed before.
    data: `data(find)` returns a `Corpus`, where `find(name)` is the path of a dataset's file. It is
    called where no submission runs. A function `data(find, seed)` also receives the seed, and can
    draw the held-out part. Without it a check trains on the corpus of the role `corpus`.
    corpus: a role of `[corpora]` in course.toml; empty for the first.
    within: the largest difference of a loss from the solution's on the same seed.
    free: whether the weights may come from anywhere and have any number, and the points follow the
    loss: all of them for one as low as the solution's, none for one that is `within` above it.
    tolerance: by array, as a fraction of its largest value, if it is not the judge's own.
    atol: by array, an additional tolerance as a number.
    costs: arrays that cost points if they are wrong and earn none, as constant ones do: an argument
    as it is after the call, or what is right for a function that returns its argument.
    words: by array, the text on wrong values that no known mistake explains.
    seconds: of CPU time; see `Limits`.
    kept: the reason for a check although others catch every wrong variant that it catches.
    question: the kind of the experiment's one answer, which is the same on every seed. The
    experiment returns what the student's function does.
    letters: those of the unit's sizes that the experiment uses; None if its code says so.
    slips: errors in its definition; a unit of such a check is not loaded.
    """

    name: str
    points: float
    experiment: Callable[..., Arrays]
    needs: tuple[str, ...] = ()
    measure: Callable[..., float] | None = None
    data: Callable[..., Corpus] | None = None
    corpus: str = ""
    within: float = 0.0
    free: bool = False
    tolerance: Mapping[str, float] = field(default_factory=dict)
    atol: Mapping[str, float] = field(default_factory=dict)
    costs: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 5.0
    kept: str = ""
    question: Question | None = None
    letters: tuple[str, ...] | None = None
    slips: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Return the experiment's first paragraph in one line, as students read it."""
        docstring = cleandoc(self.experiment.__doc__ or self.name)
        first_paragraph, *_ = docstring.split("\n\n")
        words = first_paragraph.split()
        return " ".join(words)


def check(
    points: Any = None, needs: Any = (), **options: Any
) -> Callable[[Callable[..., Arrays]], Check]:
    """Make an experiment a `Check` worth `points`. The options are the fields of `Check`.

    Errors in them are found when the module is loaded.
    """

    def make(experiment: Callable[..., Arrays]) -> Check:
        name = experiment.__name__
        slips = list(slips_of_options({"points": points, "needs": needs, **options}))
        if slips:
            return Check(name, 0.0, experiment, slips=tuple(slips))
        needed = [needs] if isinstance(needs, Check) else needs
        names = tuple(check.name for check in needed)
        return Check(name, points, experiment, names, **options)

    if isinstance(points, FunctionType):  # for `@check` without brackets
        slips = ("write `@check(points=…)`",)
        return Check(points.__name__, 0.0, points, slips=slips)  # type: ignore[return-value]
    return make


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _are_names(value: Any) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(name, str) for name in value)


def _is_table_of(is_value: Callable[[Any], bool]) -> Callable[[Any], bool]:
    def is_table(table: Any) -> bool:
        if not isinstance(table, Mapping):
            return False
        return all(isinstance(name, str) and is_value(value) for name, value in table.items())

    return is_table


def _are_checks(value: Any) -> bool:
    if isinstance(value, Check):
        return True
    return isinstance(value, tuple | list) and all(isinstance(one, Check) for one in value)


def _is_string(value: Any) -> bool:
    return isinstance(value, str)


# option → its type, and an example
_OPTIONS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "points": (_is_number, "points=2"),
    "needs": (_are_checks, "needs=other_check, without quotes, or needs=[one, other]"),
    "measure": (lambda value: value is None or callable(value), "measure=function"),
    "data": (lambda value: value is None or callable(value), "data=function"),
    "corpus": (_is_string, 'corpus="role"'),
    "within": (_is_number, "within=0.01"),
    "free": (lambda value: isinstance(value, bool), "free=True"),
    "tolerance": (_is_table_of(_is_number), 'tolerance={"array": 0.1}'),
    "atol": (_is_table_of(_is_number), 'atol={"array": 0.01}'),
    "costs": (_are_names, 'costs=("array",)'),
    "words": (_is_table_of(_is_string), 'words={"array": "what wrong values mean"}'),
    "seconds": (_is_number, "seconds=10"),
    "kept": (_is_string, 'kept="why it is there"'),
    "question": (
        lambda value: value is None or (isinstance(value, Question) and not value.fault),
        'question=choice("up", "down")',
    ),
    "letters": (lambda value: value is None or _are_names(value), 'letters=("T", "B")'),
}


# options of a check that make no sense for a question
NOT_OF_QUESTIONS = (
    *("measure", "data", "corpus", "within", "free"),
    *("tolerance", "atol", "costs", "words"),
)


def slips_of_options(options: Mapping[str, Any]) -> Iterator[str]:
    """Yield the errors in the options of a check, and the right form of each."""
    for option, value in options.items():
        if option not in _OPTIONS:
            near = get_close_matches(option, _OPTIONS, n=1)
            hint = f"Did you mean `{near[0]}`?" if near else f"There are: {', '.join(_OPTIONS)}."
            yield f"a check has no option `{option}`. {hint}"
            continue
        is_right, example = _OPTIONS[option]
        if isinstance(value, Question) and value.fault:
            yield f"{value.fault}."
            continue
        if option == "points" and value is None:
            yield f"a check needs points, as in `{example}`."
        elif not is_right(value):
            yield f"`{option}={_short(value)}` should be as in `{example}`."
    if options.get("question"):
        for option in NOT_OF_QUESTIONS:
            if option in options:
                yield f"a question has no `{option}`. Tolerances stand in `number(rtol=…, atol=…)`."


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 30 else f"{text[:29]}…"


def named(names: str, *values: Any) -> Arrays:
    """Name values in order: `named("sum mean", total, average)`.

    A single tuple or dict may contain all of them. Named values count even if the experiment raises
    an exception later on.
    Raises `TypeError` if the number of values differs, or a value is not an array of numbers.
    """
    wanted = names.split()
    if len(values) == 1:
        (value,) = values
        if isinstance(value, Unanswered):
            return {}
        if len(wanted) > 1:
            values = _spread(value, wanted)
    if len(values) != len(wanted):
        all_names = ", ".join(wanted)
        raise TypeError(f"expected {len(wanted)} values ({all_names}), found {len(values)}")
    noted = _noted.get({})
    arrays = {}
    for name, value in zip(wanted, values, strict=True):
        if not isinstance(value, Unanswered):
            array = as_array(name, value)
            arrays[name] = array
            noted[name] = array
    return arrays


_noted: ContextVar[Arrays] = ContextVar("arrays that an experiment has named so far")


@contextmanager
def noting(arrays: Arrays | None = None) -> Iterator[Arrays]:
    """While this runs, record what `named` names: it is kept even if the experiment ends early.

    arrays: the record; an exception that it raises ends the experiment.
    """
    if arrays is None:
        arrays = {}
    token = _noted.set(arrays)
    try:
        yield arrays
    finally:
        _noted.reset(token)


class Unanswered:
    """Represents the return value of a function that raised an exception.

    Anything computed from it is the same again. Raises the exception when its value is needed.
    """

    def __init__(self, error: Exception) -> None:
        self._error = error

    @property
    def error(self) -> Exception:
        """Return the exception that was raised."""
        return self._error

    def _itself(self, *_: Any, **__: Any) -> "Unanswered":
        return self

    __getattr__ = __getitem__ = __call__ = _itself
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = (
        _itself
    )
    __matmul__ = __rmatmul__ = __pow__ = __rpow__ = __mod__ = __neg__ = __abs__ = _itself
    __lt__ = __le__ = __gt__ = __ge__ = _itself

    def _raise(self, *_: Any, **__: Any) -> Any:
        raise self._error

    __iter__ = __len__ = __bool__ = __float__ = __int__ = __index__ = __array__ = _raise


def _spread(value: Any, wanted: Sequence[str]) -> tuple[Any, ...]:
    all_names = ", ".join(wanted)
    if isinstance(value, Mapping):
        missing = [repr(name) for name in wanted if name not in value]
        if missing:
            lacking = ", ".join(missing)
            raise TypeError(f"the result has no {lacking}; it needs {all_names}")
        return tuple(value[name] for name in wanted)
    if isinstance(value, tuple | list):
        return tuple(value)
    kind = type(value).__name__
    raise TypeError(f"expected {len(wanted)} values ({all_names}), found one {kind}")


def as_array(name: str, value: Any) -> np.ndarray:
    """Turn a value into an array of numbers, or of text for a string or lists of strings.

    A tensor is detached. Integers beyond 64 bits are written out: see `is_long`.
    Raises `TypeError` for anything else, also for a value with labels, which would be lost: `frame`
    compares them.
    """
    labelled = _with_labels(name, value)
    if labelled:
        raise TypeError(labelled)
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    try:
        array = np.array(value)
    except Exception as error:
        raise TypeError(_no_numbers(name, value)) from error
    if array.dtype.kind == "U" and _is_text(value):
        return array
    if _may_be_long(array, value):
        array = _of_long(value, array)
        if is_text(array):
            return array
    if array.dtype.kind not in "fiub":
        raise TypeError(_no_numbers(name, value))
    if array.dtype.itemsize > 8:
        raise TypeError(f"`{name}` holds {array.dtype} numbers; return float64 or float32")
    return array


def _with_labels(name: str, value: Any) -> str:
    """Say what to do with a table or a column with labels; "" for anything else."""
    if isinstance(value, list | tuple) and value:
        return _with_labels(f"{name}[0]", value[0])
    package = type(value).__module__.partition(".")[0]
    kind = type(value).__name__
    if package not in ("pandas", "polars") or not hasattr(value, "to_numpy"):
        return ""
    told = f"`{name}` is a {kind}, but should be an array"
    if not hasattr(value, "columns"):
        return (
            f"`{name}` is a {kind}, but should have no labels, because they are not compared: "
            f"convert it with `.to_numpy()`, or take one number out of it, as with `.iloc[0]`."
        )
    columns = ", ".join(f"`{column}`" for column in list(value.columns)[:8])
    return (
        f"{told} of numbers or of text, because labels are not compared: convert a column with "
        f"`.to_numpy()`. It has {columns}."
    )


def _no_numbers(name: str, value: Any) -> str:
    """Describe a value that is no array of numbers; for a list, its wrong part."""
    if isinstance(value, np.ndarray) and value.ndim and value.dtype.kind == "O":
        return _no_numbers_in_objects(name, value)
    if not isinstance(value, list | tuple):
        return f"`{name}` should be a number or an array of numbers, found {type(value).__name__}"
    for part in value:
        if getattr(part, "requires_grad", False):
            told = f"`{name}` should hold numbers, but it holds tensors"
            if part.ndim:
                return f"{told}: combine them into one with `stack`."
            return (
                f"{told}, and each keeps its graph in memory: keep the number, as in "
                "`append(loss.item())`."
            )
    for i, part in enumerate(value):
        try:
            as_array(f"{name}[{i}]", part)
        except TypeError as error:
            return str(error)
    shapes = sorted({np.shape(part) for part in value})
    if len(shapes) > 1 and not any(isinstance(part, str) for part in value):
        told = " and ".join(shape_in_letters(shape, {}) for shape in shapes[:2])
        return f"`{name}` should hold parts of one shape, and two of them are {told}."
    return f"`{name}` should hold numbers, but it mixes them with text."


def _no_numbers_in_objects(name: str, array: np.ndarray) -> str:
    """Describe the wrong part of an array of objects, for example a returned value."""
    try:
        as_array(name, array.tolist())
    except TypeError as error:
        return str(error)
    if array.size and _is_text(array.tolist()):
        return f"`{name}` is an array of objects that holds text. Convert it with `astype(str)`."
    return (
        f"`{name}` is an array of objects. It should be numeric: convert it with `astype(float)`."
    )


def type_in_words(value: Any) -> str:
    """Return the type of a value for a sentence: "a Series", "an Axes", "None"."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return "an array"
    kind = type(value).__name__
    article = "an" if kind[:1] in "AEIOUaeiou" else "a"
    return f"{article} {kind}"


def _is_text(value: Any) -> bool:
    """Return whether a value is a string, an array of strings, or lists of such only."""
    if isinstance(value, list | tuple):
        return all(_is_text(part) for part in value)
    if isinstance(value, np.ndarray):
        return is_text(value)
    return isinstance(value, str)


def is_text(array: np.ndarray) -> bool:
    """Return whether an array holds strings, not numbers."""
    return array.dtype.kind == "U"


# ---- integers that need more than 64 bits

WHOLE = "int "  # before each number, so that no text is mistaken for one
MOST_BITS = 3000  # longer ones are written as their size and a checksum
LARGEST = 2.0**63


def is_long(array: np.ndarray) -> bool:
    """Return whether an array holds integers, one or more beyond 64 bits.

    They are sent and compared as text, so exactly: each is `WHOLE`, then the number.
    """
    if not is_text(array) or not array.size:
        return False
    return all(text.startswith(WHOLE) for text in array.ravel().tolist())


def _may_be_long(array: np.ndarray, value: Any) -> bool:
    """Return whether NumPy made objects, or floats, of possible integers."""
    if array.dtype.kind == "O":
        return True
    if array.dtype != np.float64 or not isinstance(value, list | tuple) or not array.size:
        return False
    return bool(np.abs(array).max() >= LARGEST)


def _of_long(value: Any, array: np.ndarray) -> np.ndarray:
    """Write out integers, one or more beyond 64 bits; return `array` for all others.

    Among floats they become floats.
    """
    try:
        numbers = np.array(value, dtype=object)
    except ValueError:
        return array
    parts = numbers.ravel().tolist()
    whole = [int(part) for part in parts if isinstance(part, int | np.integer)]
    if not any(map(_is_long, whole)):
        return array
    if len(whole) == len(parts):
        if array.dtype.kind == "f" and min(whole) >= 0 and max(whole) < 2**64:
            return numbers.astype(np.uint64)
        texts = [_written_out(number) for number in whole]
        return np.array(texts, dtype=str).reshape(numbers.shape)
    if all(isinstance(part, int | float | np.number) for part in parts):
        floats = [_as_float(part) for part in parts]
        return np.array(floats).reshape(numbers.shape)
    return array


def _is_long(number: int) -> bool:
    return not -(2**63) <= number < 2**63


def _written_out(number: int) -> str:
    bits = number.bit_length()
    if bits <= MOST_BITS:
        return f"{WHOLE}{number}"
    checksum = sha256(f"{number:x}".encode()).hexdigest()
    sign = "-" if number < 0 else ""
    return f"{WHOLE}{sign}2**{bits - 1} or more, {checksum[:16]}"


def _as_float(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


class Watched:
    """A submission whose functions are watched: do they leave their arguments unchanged?

    It replaces the submission in an experiment, as in `net = Watched(net)`, and `same_after(net)`
    is the result. It compares numbers, texts, arrays, tensors and tables, also inside a list, set
    or dict; of a tensor also whether a gradient is required, and whether one is stored. It does not
    look into objects of other classes. Classes are returned unwrapped.
    """

    def __init__(self, submission: Any) -> None:
        self._submission = submission
        self._same = True

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._submission, name)
        if callable(found) and not isinstance(found, type):
            return self.hand_to(found)
        return found

    def hand_to(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function, or a model of the submission's, that is watched, too."""

        def watched(*arguments: Any, **options: Any) -> Any:
            before = _copied((arguments, options))
            result = function(*arguments, **options)
            if not _is_same(before, (arguments, options)):
                self._same = False
            return result

        if isinstance(function, FunctionType):  # and nothing that replaces a missing value
            watched.__name__ = function.__name__
        return watched


def same_after(watched: Watched) -> Arrays:
    """Return the flag `same_after`: whether every call so far left its arguments unchanged."""
    return named("same_after", watched._same)


@dataclass(frozen=True)
class _Copy:
    """The recorded state of an array or tensor.

    requires_grad, has_grad: of a tensor, whether it requires a gradient, and whether it has one.
    """

    numbers: Any
    requires_grad: bool = False
    has_grad: bool = False


@dataclass(frozen=True)
class _AsItWas:
    """A number, a text, a set, or a copy of a table: what `==` or `equals` compares."""

    value: Any


PLAIN = (bool, int, float, complex, str, bytes)


def _is_table(value: Any) -> bool:
    """Return whether a value is a DataFrame, Series or Index of pandas."""
    package, _, _ = type(value).__module__.partition(".")
    return package == "pandas" and hasattr(value, "equals")


def _copied(value: Any) -> Any:
    """Copy the watched parts of an argument; None represents all others."""
    if isinstance(value, PLAIN):
        return _AsItWas(value)
    if isinstance(value, set | frozenset | bytearray):
        return _AsItWas(value.copy())
    if _is_table(value):
        return _AsItWas(value.copy())
    if isinstance(value, Mapping):
        return {name: _copied(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(part) for part in value]
    if isinstance(value, np.ndarray):
        return _Copy(value.copy())
    if hasattr(type(value), "detach"):  # a stand-in for a missing answer raises for any attribute
        numbers = value.detach().clone()
        has_grad = value.is_leaf and value.grad is not None
        return _Copy(numbers, value.requires_grad, has_grad)
    return None


def _is_same(before: Any, value: Any) -> bool:
    """Return whether an argument equals its copy by `_copied`."""
    if isinstance(before, dict):
        if not isinstance(value, Mapping) or before.keys() != value.keys():
            return False
        return all(_is_same(before[name], value[name]) for name in before)
    if isinstance(before, list):
        if not isinstance(value, list | tuple) or len(before) != len(value):
            return False
        pairs = zip(before, value, strict=True)
        return all(_is_same(one, other) for one, other in pairs)
    if isinstance(before, _Copy):
        now = _copied(value)
        return isinstance(now, _Copy) and _is_same_array(before, now)
    if isinstance(before, _AsItWas):
        return _is_same_plain(before.value, value)
    return True


def _is_same_plain(before: Any, now: Any) -> bool:
    """Return whether a number, a text, a set or a table is as before; NaN equals itself."""
    if type(before) is not type(now):
        return False
    if _is_table(before):
        return bool(before.equals(now))
    return before is now or bool(before == now) or bool(before != before and now != now)


def _is_same_array(before: _Copy, now: _Copy) -> bool:
    if now.requires_grad != before.requires_grad:
        return False
    if now.has_grad != before.has_grad:
        return False
    if now.numbers.shape != before.numbers.shape:
        return False
    is_equal = now.numbers == before.numbers
    are_nan = (now.numbers != now.numbers) & (before.numbers != before.numbers)
    return bool((is_equal | are_nan).all())


@dataclass(frozen=True)
class Limits:
    """The resources of one submission.

    A unit that needs more says so in its `UnitSettings`, a check by `seconds=`.
    """

    megabytes: int = 1024  # of address space beyond the server's
    kilobytes: int = 5 << 10  # of a submission's file, so that it cannot carry large data
    patience: float = 4.0  # wall clock of a check, as a multiple of its `seconds` of CPU time
    seconds: float = 600.0  # wall clock of all checks together
    # seconds in which a check neither computes nor is queued for a processor
    waiting: float = 3.0
    # the same for all checks together; after that a check may wait for half a second
    waiting_in_all: float = 8.0


@dataclass(frozen=True)
class UnitSettings:
    """The settings of all checks of a unit. A module of checks that needs any of them has one.

    packages: distributions that a submission may import, beyond the standard library.
    sizes: letter → its size, so that shapes can be shown in letters; all differ.
    limits: of one submission.
    warm: called once before any submission is read, to save each of them the time.
    """

    packages: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    limits: Limits = Limits()
    warm: Callable[[], object] | None = None


@dataclass(frozen=True)
class Raised:
    """An exception of a student's, with the facts for finding its cause.

    text: the exception's own. line: the student's own line, and `part` the expression that was
    running.
    function: the text of the function around it. values: the variables there.
    sizes: letter → size, of the letters that the check has.
    """

    text: str
    line: str = ""
    part: str = ""
    function: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)

    def shape(self, shape: Sequence[int]) -> str:
        """Write a shape in the check's letters: `(T, B) = (6, 3)`."""
        return shape_in_letters(shape, self.sizes)


def _nothing() -> None:
    """Do nothing."""


def _no_seed(seed: int) -> None:
    """Do nothing with a seed."""


def _no_cause(raised: Raised) -> str:
    """Return no cause of an exception."""
    return ""


@dataclass(frozen=True)
class Addon:
    """The functions that an add-on may offer for a package: a module has one, as `ADDON`.

    course.toml names the module beside the package: `addon = "some.module"`.

    reset: called with a seed before each experiment, to put the package into the same state.
    warm: called once, so that the package's imports are done before any submission.
    undo: removes what an earlier check left; only in workers.
    namespaces: modules and classes, by name, that each check must find unchanged; likewise.
    explain: returns the cause of an exception and what to do; "" if it is unknown.
    counterparts: pairs of functions that people confuse, for small changes.
    axis_functions: functions and methods all of whose integers, by position, are axes.
    """

    reset: Callable[[int], None] = _no_seed
    warm: Callable[[], None] = _nothing
    undo: Callable[[], None] = _nothing
    namespaces: tuple[str, ...] = ()
    explain: Callable[[Raised], str] = _no_cause
    counterparts: tuple[tuple[str, str], ...] = ()
    axis_functions: tuple[str, ...] = ()


def addon_in(module: str) -> Addon:
    """Import a module and return its add-on. Raises `UserError` if it has none."""
    addon = getattr(import_module(module), "ADDON", None)
    if not isinstance(addon, Addon):
        raise UserError(
            f"The add-on {module} has no `ADDON`. Write `ADDON = Addon(reset=…, …)` in it, with "
            "`Addon` of `autograder.check`."
        )
    return addon


@dataclass(frozen=True)
class Experiments:
    """The checks of a unit in order, its settings, and the add-ons of its packages."""

    checks: tuple[Check, ...]
    settings: UnitSettings
    addons: tuple[Addon, ...] = ()

    def reset(self, seed: int) -> None:
        """Bring random numbers into the same state before each experiment, whatever ran before."""
        np.random.seed(seed % 2**32)
        for addon in self.addons:
            addon.reset(seed)

    def warm(self) -> None:
        """Do once what would otherwise be done for each submission."""
        for addon in self.addons:
            addon.warm()
        if self.settings.warm:
            self.settings.warm()


class Failure(StrEnum):
    """Why a check was not answered completely. Results, keys and frames store the values."""

    NONE = ""
    STUB = "stub"  # a function is not written yet
    MISSING = "missing"  # the submission has no such name
    RAISED = "raised"  # an exception was raised
    BROKEN = "broken"  # the submission could not be loaded
    TIMEOUT = "timeout"
    KILLED = "killed"  # the worker ended, or its reply could not be read
    STOPPED = "stopped"  # stopped at a limit of a student's own machine, before it is known which
    UNREAD = "unread"  # the file could not be read
    NO_DATA = "no data"  # the check's training data is not available here
    NO_KEY = "no key"  # there is no answer to compare with


@dataclass(frozen=True)
class Amount:
    """The size of an array's content: a number of numbers, or of characters."""

    count: int
    of_text: bool = False


@dataclass(frozen=True)
class TooLarge:
    """The record of an array that is far larger than expected: its shape, and its size."""

    shape: tuple[int, ...]
    amount: Amount


@dataclass(frozen=True)
class Error:
    """The exception that ended an answer.

    words: its type and its own text, as "ValueError: shapes differ".
    place: the student's line, as "line 3" or "cell 2, line 3"; "" if none is theirs.
    function: the student's function that raised it; "" if none of theirs did.
    in_check: the failing line of the checks, as "checks/lines.py line 3", else "". A worker reports
    it, and nothing stores it.
    """

    words: str = ""
    place: str = ""
    function: str = ""
    in_check: str = ""


NO_ERROR = Error()


@dataclass(frozen=True)
class Answer:
    """The reply to one check.

    arrays: what the experiment returned; after a failure, what it had named before.
    failure: why it ended early, with `message` in words.
    error: the exception that ended it, if one did. Judging compares it, and never reads `message`.
    too_large: arrays that were dropped, since they are far larger than the expected ones.
    """

    arrays: Arrays = field(default_factory=dict)
    failure: Failure = Failure.NONE
    message: str = ""
    too_large: Mapping[str, TooLarge] = field(default_factory=dict)
    error: Error = NO_ERROR


def load_experiments(folder: Path, unit: str, addons: Mapping[str, str]) -> Experiments:
    """Load a unit's module from `folder`, the folder `checks` of a course.

    addons: package → the module that is its add-on.
    Raises `BadSource` if options of checks are wrong.
    """
    checks = []
    all_settings = []
    module = import_checks(folder, unit)
    for value in vars(module).values():
        if isinstance(value, Check):
            checks.append(value)
        elif isinstance(value, UnitSettings):
            all_settings.append(value)
    _refuse_slips(folder / f"{unit}.py", checks)
    settings = all_settings[0] if all_settings else UnitSettings()
    found = []
    for package in settings.packages:
        if package in addons:
            found.append(addon_in(addons[package]))
    return Experiments(tuple(checks), settings, tuple(found))


def _refuse_slips(file: Path, checks: Iterable[Check]) -> None:
    slips = []
    for check in checks:
        line = check.experiment.__code__.co_firstlineno
        for text in check.slips:
            slips.append(SourceFault(line, f"`{check.name}`: {text}"))
    if slips:
        raise BadSource({str(file): slips})


def import_checks(folder: Path, unit: str) -> ModuleType:
    """Import a unit's module of experiments from the folder `checks` of a course.

    Its package is named by a checksum of the folder and of its files: nothing else can be imported
    in its place, the checks of two courses can be loaded side by side, and changed ones are loaded
    again. Modules of the folder import each other as `from .other import …`.
    """
    location = str(folder.resolve())
    checksum = sha256(location.encode())
    for path in sorted(folder.glob("*.py")):
        checksum.update(path.read_bytes())
    digest = checksum.hexdigest()
    package = f"checks_{digest[:12]}"
    if package not in sys.modules:
        holder = ModuleType(package)
        holder.__path__ = [str(folder)]
        sys.modules[package] = holder
    return import_module(f"{package}.{unit}")


def names_used(check: Check) -> frozenset[str]:
    """Return the letters that a check says it uses, else the names in its code.

    Its code is its own and that of the functions of its module.
    """
    if check.letters is not None:
        return frozenset(check.letters)
    return names_in_experiment(check.experiment)


def functions_of_questions(checks: Iterable[Check]) -> set[str]:
    """Return the functions that only questions use: their return values are answers."""
    asked: set[str] = set()
    others: set[str] = set()
    for check in checks:
        names = names_in_experiment(check.experiment)
        if check.question:
            asked |= names
        else:
            others |= names
    return asked - others


def is_to_be_repaired(check: Check, checks: Iterable[Check]) -> bool:
    """Return whether a check runs a function with a planted mistake for students to find.

    Feedback on it searches for no small change, which would be the mistake.
    """
    if check.question:
        return False
    functions = {one.question.function for one in checks if one.question} - {""}
    return not functions.isdisjoint(names_in_experiment(check.experiment))


DEPTH = 4  # depth to which calls of a check are followed


@cache
def names_in_experiment(experiment: Callable[..., Any]) -> frozenset[str]:
    """Return the names in the code of an experiment, and of functions beside it that it calls.

    A lazily imported one lists them itself: `names_in_code`.
    """
    kept = getattr(experiment, "names_in_code", None)
    return frozenset(_names(experiment, DEPTH) if kept is None else kept)


def _names(function: Any, depth: int) -> set[str]:
    """Return the names in a function's code, and in that of functions beside it that it calls.

    depth: how far calls are followed.
    """
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return set()
    own_names = _names_in(code)
    names = set(own_names)
    if depth:
        for name in own_names:
            called = function.__globals__.get(name)
            if isinstance(called, FunctionType) and _are_together(called, function):
                names |= _names(called, depth - 1)
    return names


def _are_together(one: FunctionType, other: FunctionType) -> bool:
    """Return whether two functions belong to one package."""
    package, *_ = one.__module__.split(".")
    other_package, *_ = other.__module__.split(".")
    return package == other_package


def _names_in(code: CodeType) -> set[str]:
    names = {*code.co_names, *code.co_varnames}
    for part in code.co_consts:
        if isinstance(part, CodeType):
            names |= _names_in(part)
    return names


def shape_in_letters(
    shape: Sequence[int], sizes: Mapping[str, int], one_more: Sequence[int] = ()
) -> str:
    """Write a shape in letters and in numbers: `(T, B, H) = (6, 3, 9)`.

    one_more: sizes that a shape may exceed by one, written as `T+1`, but not beside that letter
    itself. A shape with any other size is written in numbers.
    """
    if not shape:
        return "a single number"
    names = {}
    for letter, size in sizes.items():
        if size in one_more and size not in shape:
            names[size + 1] = f"{letter}+1"
    for letter, size in sizes.items():
        names[size] = letter
    numbers = _tuple([str(size) for size in shape])
    for size in shape:
        if size not in names:
            return numbers
    letters = _tuple([names[size] for size in shape])
    return f"{letters} = {numbers}"


def _tuple(parts: Sequence[str]) -> str:
    """Write parts as Python writes a tuple: a single one keeps its comma."""
    joined = ", ".join(parts)
    if len(parts) == 1:
        return f"({joined},)"
    return f"({joined})"
