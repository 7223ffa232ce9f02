"""What a check is, and what an answer to it looks like.

A check is an experiment: (implementation, seed) → named arrays. It never compares and holds no answer. The same
experiment is run on a submission, on our solution, and on our solution with each known mistake in it.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Check:
    """One experiment and what it is worth.

    `experiment(implementation, seed)` returns named arrays. A training check's experiment is also given the training
    text and returns trained weights; `measure(solution, weights, held_out_text)` then gives their loss, and runs
    where the submission does not. `needs` names the checks that must have passed before. A check that does not train on
    the corpus has `data()`, called where no submission runs, which gives texts with `.name .train .held_out`.
    """

    name: str
    points: float
    experiment: Callable[..., Arrays]
    needs: tuple[str, ...] = ()
    measure: Callable[..., float] | None = None
    data: Callable[[], Any] | None = None
    within: float = 0.0  # nats that a loss may differ from our solution's on the same seed
    tolerance: Mapping[str, float] = field(default_factory=dict)  # by array, where it is not TOLERANCE
    words: Mapping[str, str] = field(
        default_factory=dict
    )  # by array: what to say of wrong values that nothing explains
    seconds: float = 5.0  # of processor time; see `Limits`

    @property
    def title(self) -> str:
        """The first line of the experiment's docstring: what a student reads."""
        return (self.experiment.__doc__ or self.name).strip().splitlines()[0]


def check(
    points: float, needs: Check | Iterable[Check] = (), **options: Any
) -> Callable[[Callable[..., Arrays]], Check]:
    """Make an experiment a `Check` worth `points`. The options are the fields of `Check`."""
    needed = (needs,) if isinstance(needs, Check) else tuple(needs)

    def make(experiment: Callable[..., Arrays]) -> Check:
        return Check(experiment.__name__, points, experiment, tuple(n.name for n in needed), **options)

    return make


def named(names: str, *values: Any) -> Arrays:
    """Name values in order: `named("loss dlogits", loss, dlogits)`; one tuple or dict may stand for all of them.

    Raises `TypeError` when the number of values is another, or a value is not an array of numbers.
    """
    wanted = names.split()
    if len(values) == 1 and len(wanted) > 1:
        values = _spread(values[0], wanted)
    if len(values) != len(wanted):
        raise TypeError(f"expected {len(wanted)} values ({', '.join(wanted)}), found {len(values)}")
    return {name: as_array(name, value) for name, value in zip(wanted, values, strict=True)}


def _spread(value: Any, wanted: Sequence[str]) -> tuple[Any, ...]:
    if isinstance(value, Mapping):
        missing = [name for name in wanted if name not in value]
        if missing:
            raise TypeError(f"the result has no {', '.join(map(repr, missing))}; it needs {', '.join(wanted)}")
        return tuple(value[name] for name in wanted)
    if isinstance(value, tuple | list):
        return tuple(value)
    raise TypeError(f"expected {len(wanted)} values ({', '.join(wanted)}), found one {type(value).__name__}")


def as_array(name: str, value: Any) -> np.ndarray:
    """`value` as an array of numbers; a tensor is detached. Raises `TypeError` for anything else."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    try:
        array = np.array(value)
    except Exception as error:
        raise TypeError(f"`{name}` should be an array of numbers, found {type(value).__name__}") from error
    if array.dtype.kind not in "fiub":
        raise TypeError(f"`{name}` should be an array of numbers, found {type(value).__name__}")
    if array.dtype.itemsize > 8:
        raise TypeError(f"`{name}` holds {array.dtype} numbers; return float64 or float32")
    return array


@dataclass(frozen=True)
class Limits:
    """What one submission may use. A unit that needs more has `LIMITS = Limits(…)`, a check `seconds=`."""

    megabytes: int = 1024  # of address space beyond the server's
    patience: float = 4.0  # wall clock of a check, in multiples of its `seconds` of processor time
    seconds: float = 600.0  # wall clock of all checks together


@dataclass(frozen=True)
class Answer:
    """What came back for one check: arrays, or else the kind of failure and its words."""

    arrays: Arrays = field(default_factory=dict)
    failure: str = ""  # "", stub, missing, raised, timeout, killed
    message: str = ""


def import_checks(folder: Path, unit: str) -> ModuleType:
    """Import a unit's module of experiments from the folder `checks` of a course.

    Its package is called by a checksum of the folder: nothing else can be imported in its place, and the checks of two
    courses can be loaded side by side. Modules of the folder import each other as `from .other import …`.
    """
    package = f"checks_{sha256(str(folder.resolve()).encode()).hexdigest()[:12]}"
    if package not in sys.modules:
        sys.modules[package] = holder = ModuleType(package)
        holder.__path__ = [str(folder)]
    return import_module(f"{package}.{unit}")
