"""TOML that people write, and parsed content from elsewhere, read into data classes.

An error names the file, the key, what was expected there, and the nearest valid key.
"""

import json
import math
import re
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from autograder.errors import UserError

T = TypeVar("T")
SIMILAR = 0.4  # of 1, by difflib: keys nearer than this may be intended


class BadFile(UserError):
    """A file has invalid content; the text says where, and what was expected."""


def read_toml(path: Path, kind: type[T], finite: bool = True) -> T:
    """Read a TOML file into a data class. Raises `BadFile`.

    finite: whether to refuse `inf` and `nan`, which nobody means in a file of settings.
    """
    return convert(_parsed(path, finite), kind, str(path))


def read_toml_table(path: Path, finite: bool = True) -> dict[str, Any]:
    """Read a TOML file without conversion. Raises `BadFile`. finite: as in `read_toml`."""
    table: dict[str, Any] = _parsed(path, finite)
    return table


def _parsed(path: Path, finite: bool) -> dict[str, Any]:
    text = ""
    try:
        text = path.read_text(encoding="utf-8-sig")  # Notepad begins a file with a mark
        content = tomllib.loads(text)
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadFile(f"{path}: it is not in UTF-8. Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise BadFile(f"{path}: {error}{_advice(str(error), text)}") from None
    except (ValueError, RecursionError) as error:
        raise BadFile(f"{path}: {error}") from None
    for names, value in _numbers(content, []):
        if finite and not math.isfinite(value):
            raise BadFile(f"{path}: {_as_written(names)}expected a finite number, found {value}.")
    return content


def _numbers(content: Any, names: list[str]) -> Iterator[tuple[list[str], float]]:
    """Yield each float of parsed content, with its path."""
    if isinstance(content, float):
        yield names, content
    elif isinstance(content, dict):
        for key, value in content.items():
            yield from _numbers(value, [*names, key])
    elif isinstance(content, list):
        for index, value in enumerate(content):
            yield from _numbers(value, [*names, f"[{index}]"])


def _advice(error: str, text: str) -> str:
    """Return the line of an error of syntax and, if it can be known, what to write instead."""
    place = re.search(r"\(at line (\d+)", error)
    if not place:
        return ""
    line = text.split("\n")[int(place[1]) - 1].strip()
    advice = f". The line is `{line}`"
    table = re.fullmatch(r"\[([\w.-]+?)\.([^\]\"']*@[^\]\"']*)\]", line)
    if table:
        return f'{advice}. Write an address between quotes: `[{table[1]}."{table[2]}"]`.'
    key = re.fullmatch(r"([^\s=\"']*@[^\s=\"']*)\s*=(.*)", line)
    if key:
        return f'{advice}. Write an address between quotes: `"{key[1]}" ={key[2]}`.'
    time = re.search(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)$", line)
    if time:
        return f"{advice}. Write a time as `{time[1]}T{time[2]}:00+01:00`, with your time zone."
    return f"{advice}."


def as_toml_value(value: object) -> str:
    """Write a text, a number, a list of texts, or a table of these as a value of TOML.

    Text is written as in JSON, except for one character that only TOML escapes.
    """
    if isinstance(value, dict):
        entries = [f"{as_toml_value(key)} = {as_toml_value(each)}" for key, each in value.items()]
        return "{ " + ", ".join(entries) + " }"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def convert(content: Any, kind: type[T], where: str) -> T:
    """Turn parsed content into a data class. Raises `BadFile`, whose text begins with `where`."""
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise BadFile(f"{where}: {_in_words(str(error), content, kind)}") from None


def _in_words(error: str, content: Any, kind: type) -> str:
    """Turn a validation error of msgspec into a sentence with the key as written in the file."""
    message, _, place = error.partition(" - at `$")
    steps = re.findall(r"\.([^.\[\]]+)|\[(\.\.\.|\d+)\]", place.rstrip("`"))
    names = _written_out([name or f"[{index}]" for name, index in steps], content, kind, error)
    at = _as_written(names)
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", message)
    if unknown:
        is_stray = names and ANY_KEY not in names and unknown[1] in _fields(kind, [])
        if is_stray:
            return f"{at}{at_the_top(unknown[1], _at(content, [*names, unknown[1]]))}"
        return f"{at}{_unknown_key(unknown[1], _fields(kind, names))}"
    if _is_stray_entry(names, kind):
        *above, last = names
        return f"{_as_written(above)}{at_the_top(last, _at(content, names))}"
    missing = re.fullmatch(r"Object missing required field `(.*)`", message)
    if missing:
        return f"{at}the key `{missing[1]}` is missing."
    invalid = re.fullmatch("Invalid enum value (.*)", message, re.S)
    if invalid:
        choices = " or ".join(repr(choice) for choice in _choices(kind, names))
        return f"{at}expected {choices}, found {invalid[1]}."
    return f"{at}{_plain(message)}"


def _as_written(names: list[str]) -> str:
    """Return the beginning of a sentence on the key at the path `names`; "" for the whole file."""
    key = ".".join(names).replace(".[", "[")
    return f"`{key}`: " if key else ""


def at_the_top(key: str, value: Any) -> str:
    """Say where a key of the whole file belongs that stands below a table: TOML's usual slip."""
    if isinstance(value, dict):
        return f"`{key}` is a table of its own: write `[{key}]`."
    return f"`{key}` belongs at the top of the file, before the first [table]."


def _is_stray_entry(names: list[str], kind: type) -> bool:
    """Return whether a wrong entry of a table with any keys is called as a plain key of the file.

    The file's tables do not count: a unit is one, and may also be an entry elsewhere.
    """
    *above, last = names or [""]
    if not above or ANY_KEY in names or last not in _fields(kind, []):
        return False
    holds_any_key = isinstance(_type_at(kind, above), msgspec.inspect.DictType)
    return holds_any_key and not _is_table(_type_at(kind, [last]))


def _is_table(info: Any) -> bool:
    return isinstance(info, msgspec.inspect.DictType) or hasattr(info, "fields")


def _unknown_key(key: str, known: list[str]) -> str:
    advice = f"Known keys: {', '.join(known)}."
    near = get_close_matches(key, known, n=1, cutoff=SIMILAR)
    if near:
        advice = f"Did you mean `{near[0]}`?"
    return f"there is no key `{key}`. {advice}"


ANY_KEY = "[...]"  # msgspec's notation for a key of a table that may have any


def _written_out(names: list[str], content: Any, kind: type, error: str) -> list[str]:
    """Return names with each `ANY_KEY` replaced by the wrong key.

    It is the first key whose table gives the same error without the others.
    """
    names = list(names)
    for place, name in enumerate(names):
        above = names[:place]
        table = _at(content, above)
        if name != ANY_KEY or not isinstance(table, dict):
            continue
        for key in table:
            if _error_with(content, above, key, kind) == error:
                names[place] = key
                break
    return names


def _at(content: Any, names: list[str]) -> Any:
    """Return the value in parsed content at the path `names`."""
    for name in names:
        content = content[_index(name)] if isinstance(content, list) else content[name]
    return content


def _index(name: str) -> int:
    """Return the index of a list entry, which is written `[3]`."""
    return int(name[1:-1])


def _error_with(content: Any, names: list[str], key: str, kind: type) -> str:
    """Return the error if the table at `names` has no other key; "" if there is none."""
    try:
        msgspec.convert(_only(content, names, key), kind)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def _only(content: Any, names: list[str], key: str) -> Any:
    """Return a copy of parsed content in which the table at `names` has one key."""
    if not names:
        return {key: content[key]}
    name, *below = names
    copy = content.copy()
    place = _index(name) if isinstance(content, list) else name
    copy[place] = _only(content[place], below, key)
    return copy


_TYPES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "date": "a date",
    "datetime": "a date and time with its zone, as 2026-12-01T23:59:00+01:00",
}


def _plain(message: str) -> str:
    """Return a message of msgspec with everyday names for types.

    Example: "Expected `str`, got `int`" becomes "expected text, found a whole number".
    """
    message = message.replace("got", "found", 1)
    message = message.replace(" | null`", "`")  # TOML has no null
    message = message.replace(" with a timezone component", "")  # this is in `_TYPES`
    message = message.replace("Invalid RFC3339 encoded datetime", "Expected `datetime`, found text")
    message = re.sub(r"`([\w |]+)`", _in_plain_words, message)
    return message[0].lower() + message[1:] + "."


def _in_plain_words(types: re.Match[str]) -> str:
    names = types[1].split(" | ")
    return " or ".join(_TYPES.get(name, name) for name in names)


def _fields(kind: type, names: list[str]) -> list[str]:
    """Return the keys that a table at the path `names` of `kind` may have."""
    return [field.encode_name for field in getattr(_type_at(kind, names), "fields", ())]


def _choices(kind: type, names: list[str]) -> list[Any]:
    """Return the allowed values at the path `names`, if they are listed."""
    return list(getattr(_type_at(kind, names), "values", ()))


def _type_at(kind: type, names: list[str]) -> Any:
    """Return msgspec's information on the type in `kind` at the path `names`."""
    info: Any = msgspec.inspect.type_info(kind)
    for name in names:
        info = _type_below(_without_union(info), name)
    return _without_union(info)


def _without_union(info: Any) -> Any:
    """Return the table among the types of a union, if there is one."""
    if isinstance(info, msgspec.inspect.UnionType):
        for one in info.types:
            if hasattr(one, "fields"):
                return one
    return info


def _type_below(info: Any, name: str) -> Any:
    """Return the type of a key of a table, or of the entries of a list."""
    if isinstance(info, msgspec.inspect.StructType | msgspec.inspect.DataclassType):
        for field in info.fields:
            if field.encode_name == name:
                return field.type
    elif isinstance(info, msgspec.inspect.DictType):
        return info.value_type
    elif hasattr(info, "item_type"):
        return info.item_type
    return info
