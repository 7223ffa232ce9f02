"""Files that people and machines write, read into data classes: TOML and JSON, with errors that lead to the mistake.

An error names the file, the key, what was expected there, and the nearest key that there is.
"""

import json
import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from autograder.errors import UserError

T = TypeVar("T")


class BadFile(UserError):
    """A file does not hold what it should; the text says where, and what was expected."""


def read_toml(path: Path, kind: type[T]) -> T:
    """Read a TOML file into a data class. Raises `BadFile`."""
    return convert(_parsed(path, tomllib.loads), kind, str(path))


def read_toml_table(path: Path) -> dict[str, Any]:
    """Read a TOML file as it stands. Raises `BadFile`."""
    table: dict[str, Any] = _parsed(path, tomllib.loads)
    return table


def read_json(path: Path, kind: type[T]) -> T:
    """Read a JSON file into a data class. Raises `BadFile`."""
    return convert(_parsed(path, json.loads), kind, str(path))


def _parsed(path: Path, parse: Any) -> Any:
    try:
        return parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise BadFile(f"{path}: {error}") from None


def convert(content: Any, kind: type[T], where: str) -> T:
    """Turn parsed content into a data class. Raises `BadFile`, which begins with `where`."""
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise BadFile(f"{where}: {_in_words(str(error), kind)}") from None


def _in_words(error: str, kind: type) -> str:
    """Say a validation error of msgspec as a sentence with the key as it stands in the file."""
    message, _, place = error.partition(" - at `$")
    steps = re.findall(r"\.([^.\[\]]+)|\[(\.\.\.|\d+)\]", place.rstrip("`"))
    names = [name or f"[{index}]" for name, index in steps]
    key = ".".join(names).replace(".[", "[")
    at = f"`{key}`: " if key else ""
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", message):
        known = _fields(kind, names)
        near = get_close_matches(unknown[1], known, 1, 0.4)
        advice = f"Did you mean `{near[0]}`?" if near else f"Known keys: {', '.join(known)}."
        return f"{at}there is no key `{unknown[1]}`. {advice}"
    if missing := re.fullmatch(r"Object missing required field `(.*)`", message):
        return f"{at}the key `{missing[1]}` is missing."
    return f"{at}{_plain(message)}"


_TYPES = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "array": "a list"}
_TYPES |= {"object": "a table", "datetime": "a date and time"}


def _plain(message: str) -> str:
    """Name types as people do: "Expected `str`, got `int`" → "expected text, found a whole number.\""""
    message = message.replace("got", "found", 1)
    message = re.sub(r"`([\w |]+)`", lambda m: " or ".join(_TYPES.get(t, t) for t in m[1].split(" | ")), message)
    return message[0].lower() + message[1:] + "."


def _fields(kind: Any, names: list[str]) -> list[str]:
    """The keys that a table may have: of `kind`, or of what stands in it at the path `names`."""
    info = msgspec.inspect.type_info(kind)
    for name in names:
        if isinstance(info, msgspec.inspect.UnionType):
            info = next((one for one in info.types if hasattr(one, "fields")), info)
        if isinstance(info, msgspec.inspect.StructType | msgspec.inspect.DataclassType):
            info = next((field.type for field in info.fields if field.encode_name == name), info)
        elif isinstance(info, msgspec.inspect.DictType):
            info = info.value_type
        elif hasattr(info, "item_type"):
            info = info.item_type
    if isinstance(info, msgspec.inspect.UnionType):
        info = next((one for one in info.types if hasattr(one, "fields")), info)
    return [field.encode_name for field in getattr(info, "fields", ())]
