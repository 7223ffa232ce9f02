"""Code that `nothing.py` appends to a solution: functions that return without computing.

It is read as text, because the kit cannot be imported beside a submission. On the public seed each
function computes, and its results are stored, call by call. On any other seed it does not run: it
returns zeros, ones, the stored values, or arguments of the same form, in turn for each run of the
check.
"""

import copy as _copy
import sys as _sys
from types import FrameType as _FrameType
from types import GeneratorType as _GeneratorType
from typing import Any

# function, check, number of the call → its result on the public seed
_kept: dict[tuple[str, str, int], Any] = {}
# check → the frame of its experiment, for each run
_askings: dict[str, list[_FrameType]] = {}
# function, frame of the experiment → its number of calls there
_calls: dict[tuple[str, _FrameType], int] = {}


def _emptied(name: str, right: Any, kinds: list[str], public_seed: int) -> Any:
    """Make a replacement of `right` that computes on the public seed only.

    name: `function` or `Class.method`. kinds: the return values on other seeds, one per run.
    """

    def function(*arguments: Any, **named: Any) -> Any:
        asking = _asking()
        check = asking.f_locals["check"].name
        seed = asking.f_locals["seed"]
        here = (name, asking)
        number = _calls.get(here, 0)
        _calls[here] = number + 1
        call = (name, check, number)
        if seed == public_seed:
            result = right(*arguments, **named)
            return _keep(call, result)
        turn = _askings[check].index(asking) - 1  # the first was on the public seed
        without_self = arguments[1:] if "." in name else arguments
        given = [*without_self, *named.values()]
        return _in_place_of(_kept.get(call), kinds[turn], given)

    return function


def _keep(call: tuple[str, str, int], result: Any) -> Any:
    """Store a copy of a call's result, and return that; a generator is run to its end."""
    if isinstance(result, _GeneratorType):
        values = list(result)
        _kept[call] = _copied(values)
        return iter(values)
    _kept[call] = _copied(result)
    return result


def _emptied_start(right: Any, public_seed: int) -> Any:
    """Make a replacement of the `__init__` `right` that does nothing on other seeds.

    The attributes that `right` sets are no guess.
    """

    def start(self: Any, *arguments: Any, **named: Any) -> None:
        seed = _asking().f_locals["seed"]
        if seed == public_seed:
            right(self, *arguments, **named)
            return
        for owner in type(self).__mro__:
            if vars(owner).get("__init__") is right:
                super(owner, self).__init__()  # type: ignore[arg-type]

    return start


def _asking() -> _FrameType:
    """Return the frame of the calling experiment; any code may inspect frames."""
    frame = _sys._getframe()
    while frame.f_back and frame.f_code.co_name != "run_experiment":
        frame = frame.f_back
    check = frame.f_locals["check"].name
    seen = _askings.setdefault(check, [])
    if frame not in seen:
        seen.append(frame)
    return frame


def _copied(value: Any) -> Any:
    """Copy a value so that no later step changes the copy."""
    if isinstance(value, dict):
        copy = {}
        for name, part in value.items():
            copy[name] = _copied(part)
        return copy
    if isinstance(value, list | tuple):
        parts = [_copied(part) for part in value]
        return type(value)(parts)
    if hasattr(value, "detach"):
        return value.detach().clone()
    return _copy.deepcopy(value)


def _in_place_of(kept: Any, kind: str, arguments: list[Any]) -> Any:
    """Return a value of some kind in place of a call's result.

    kept: its result on the public seed. arguments: of the call.
    """
    if kind == "public":
        return _copied(kept)
    if kind == "input":
        given = []
        for argument in arguments:
            given.append(argument)
            given.extend(_parts(argument))
        return _argument_like(kept, given)
    number = 1 if kind == "ones" else 0
    return _filled(kept, number)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list | tuple):
        return list(value)
    return []


def _argument_like(kept: Any, given: list[Any]) -> Any:
    """Choose for each part of a stored result the first unused argument of its form.

    If no argument has its form, take the first argument.
    """
    if isinstance(kept, dict):
        return {name: _argument_like(part, given) for name, part in kept.items()}
    if isinstance(kept, tuple):
        return tuple(_argument_like(part, given) for part in kept)
    for place, value in enumerate(given):
        if _has_form(value, kept):
            return given.pop(place)
    if not given:
        return None
    return given[0]


def _has_form(value: Any, other: Any) -> bool:
    """Return whether two values are of one type, and of one shape where they have shapes."""
    if type(value) is not type(other):
        return False
    shape = getattr(value, "shape", None)
    other_shape = getattr(other, "shape", None)
    return bool(shape == other_shape)


def _filled(value: Any, number: int) -> Any:
    """Make something of the same form that holds one number, or one letter."""
    if isinstance(value, dict):
        return {name: _filled(part, number) for name, part in value.items()}
    if isinstance(value, list | tuple):
        parts = [_filled(part, number) for part in value]
        return type(value)(parts)
    if isinstance(value, str):
        letter = "ab"[number]
        return letter * len(value)
    if isinstance(value, bool | int | float):
        return type(value)(number)
    if hasattr(value, "shape"):
        return value * 0 + number
    return None
