"""What `nothing.py` puts at the end of a solution: functions that give what they did not work out.

It is read as text, since nothing of the kit can be imported beside a submission. On the public seed
each function computes, and what it gives is kept, call by call. On any other seed nothing of it
runs: it gives zeros, ones, what was kept, or arguments in the form of it, in turn each time that
the check is asked.
"""

import copy as _copy
import sys as _sys
from types import FrameType as _FrameType
from types import GeneratorType as _GeneratorType
from typing import Any

_kept: dict[
    tuple[str, str, int], Any
] = {}  # function, check, number of the call → what it gave on the public seed
_askings: dict[
    str, list[_FrameType]
] = {}  # check → the frames of the experiments, of each asking one
_calls: dict[tuple[str, _FrameType], int] = {}  # function, asking → how often it was called


def _emptied(name: str, right: Any, kinds: list[str], public_seed: int) -> Any:
    """A function in the place of `right` that computes on the public seed alone."""

    def function(*arguments: Any, **named: Any) -> Any:
        asking = _asking()
        check, number = asking.f_locals["check"].name, _calls.get((name, asking), 0)
        _calls[name, asking] = number + 1
        if asking.f_locals["seed"] != public_seed:
            turn = _askings[check].index(asking) - 1  # the first was on the public seed
            given = arguments[1:] if "." in name else arguments  # of a method without `self`
            return _in_place_of(
                _kept.get((name, check, number)), kinds[turn], [*given, *named.values()]
            )
        result = right(*arguments, **named)
        if isinstance(result, _GeneratorType):
            result = list(result)
            _kept[name, check, number] = _copied(result)
            return iter(result)
        _kept[name, check, number] = _copied(result)
        return result

    return function


def _emptied_start(right: Any, public_seed: int) -> Any:
    """An `__init__` in the place of `right` that makes nothing: the parts of a class that has them
    are no guess.
    """

    def start(self: Any, *arguments: Any, **named: Any) -> None:
        if _asking().f_locals["seed"] == public_seed:
            right(self, *arguments, **named)
            return
        (owner,) = [one for one in type(self).__mro__ if vars(one).get("__init__") is right]
        super(owner, self).__init__()  # type: ignore[arg-type]

    return start


def _asking() -> _FrameType:
    """The experiment that calls; frames tell it, as they would anybody who looks."""
    frame = _sys._getframe()
    while frame.f_back and frame.f_code.co_name != "run_experiment":
        frame = frame.f_back
    seen = _askings.setdefault(frame.f_locals["check"].name, [])
    if frame not in seen:
        seen.append(frame)
    return frame


def _copied(value: Any) -> Any:
    """A copy that no later step changes."""
    if isinstance(value, dict):
        return {name: _copied(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([_copied(part) for part in value])
    return value.detach().clone() if hasattr(value, "detach") else _copy.deepcopy(value)


def _in_place_of(kept: Any, kind: str, arguments: list[Any]) -> Any:
    if kind == "public":
        return _copied(kept)
    if kind == "input":
        return _argument_like(
            kept, [part for given in arguments for part in (given, *_parts(given))]
        )
    return _filled(kept, int(kind == "ones"))


def _parts(value: Any) -> list[Any]:
    values = value.values() if isinstance(value, dict) else value
    return list(values) if isinstance(value, dict | list | tuple) else []


def _argument_like(kept: Any, given: list[Any]) -> Any:
    """Of each part the first argument of its form that no part before has; else the first argument
    of all.
    """
    if isinstance(kept, dict):
        return {name: _argument_like(part, given) for name, part in kept.items()}
    if isinstance(kept, tuple):
        return tuple(_argument_like(part, given) for part in kept)
    for place, value in enumerate(given):
        if type(value) is type(kept) and getattr(value, "shape", None) == getattr(
            kept, "shape", None
        ):
            return given.pop(place)
    return given[0] if given else None


def _filled(value: Any, number: int) -> Any:
    """Something of the same form that holds one number, or one letter."""
    if isinstance(value, dict):
        return {name: _filled(part, number) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([_filled(part, number) for part in value])
    if isinstance(value, str):
        return "ab"[number] * len(value)
    if isinstance(value, bool | int | float):
        return type(value)(number)
    return value * 0 + number if hasattr(value, "shape") else None
