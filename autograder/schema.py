"""Files that people and machines write, read into data classes: TOML and JSON, with errors that
lead to the mistake.

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
        raise BadFile(f"{where}: {_in_words(str(error), content, kind)}") from None


def _in_words(error: str, content: Any, kind: type) -> str:
    """Say a validation error of msgspec as a sentence with the key as it stands in the file."""
    message, _, place = error.partition(" - at `$")
    steps = re.findall(r"\.([^.\[\]]+)|\[(\.\.\.|\d+)\]", place.rstrip("`"))
    names = _written_out([name or f"[{index}]" for name, index in steps], content, kind, error)
    key = ".".join(names).replace(".[", "[")
    at = f"`{key}`: " if key else ""
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", message):
        known = _fields(kind, names)
        near = get_close_matches(unknown[1], known, 1, 0.4)
        advice = f"Did you mean `{near[0]}`?" if near else f"Known keys: {', '.join(known)}."
        return f"{at}there is no key `{unknown[1]}`. {advice}"
    if missing := re.fullmatch(r"Object missing required field `(.*)`", message):
        return f"{at}the key `{missing[1]}` is missing."
    if invalid := re.fullmatch("Invalid enum value (.*)", message, re.S):
        return f"{at}expected {' or '.join(map(repr, _choices(kind, names)))}, found {invalid[1]}."
    return f"{at}{_plain(message)}"


ANY_KEY = "[...]"  # how msgspec writes a key of a table that may have any


def _written_out(names: list[str], content: Any, kind: type, error: str) -> list[str]:
    """Replace each `ANY_KEY` by the first key whose value alone gives the same error."""
    names = list(names)
    for place, name in enumerate(names):
        table = _at(content, names[:place])
        if name == ANY_KEY and isinstance(table, dict):
            faulty = [
                key for key in table if _error_with(content, names[:place], key, kind) == error
            ]
            names[place] = faulty[0] if faulty else name
    return names


def _at(content: Any, names: list[str]) -> Any:
    for name in names:
        content = content[int(name[1:-1])] if isinstance(content, list) else content[name]
    return content


def _error_with(content: Any, names: list[str], key: str, kind: type) -> str:
    """The error where the table at `names` has one key alone; empty where there is none."""
    try:
        msgspec.convert(_only(content, names, key), kind)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def _only(content: Any, names: list[str], key: str) -> Any:
    """Parsed content in which the table at `names` has one key alone."""
    if not names:
        return {key: content[key]}
    name, *others = names
    if isinstance(content, list):
        index = int(name[1:-1])
        return [*content[:index], _only(content[index], others, key), *content[index + 1 :]]
    return content | {name: _only(content[name], others, key)}


_TYPES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
}
_TYPES |= {"object": "a table", "date": "a date"}
_TYPES |= {"datetime": "a date and time with its zone, as 2026-12-01T23:59:00+01:00"}


def _plain(message: str) -> str:
    """Name types as people do: "Expected `str`, got `int`" → "expected text, found a whole
    number.\"
    """
    message = message.replace("got", "found", 1).replace(" | null`", "`")  # TOML has no null
    message = message.replace(" with a timezone component", "")  # which is in `_TYPES`
    message = re.sub(
        r"`([\w |]+)`", lambda m: " or ".join(_TYPES.get(t, t) for t in m[1].split(" | ")), message
    )
    return message[0].lower() + message[1:] + "."


def _fields(kind: type, names: list[str]) -> list[str]:
    """The keys that a table may have: of `kind`, or of what stands in it at the path `names`."""
    return [field.encode_name for field in getattr(_type_at(kind, names), "fields", ())]


def _choices(kind: type, names: list[str]) -> list[Any]:
    """The values that may stand at the path `names`, where they are listed."""
    return list(getattr(_type_at(kind, names), "values", ()))


def _type_at(kind: type, names: list[str]) -> Any:
    """What msgspec knows of the type that stands in `kind` at the path `names`."""
    info: Any = msgspec.inspect.type_info(kind)
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
    return info
