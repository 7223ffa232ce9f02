"""Files read into data classes: an error points at the mistake in the file."""

from typing import Annotated

import msgspec
import pytest

from autograder.errors import UserError
from autograder.schema import BadFile, convert, read_toml, read_toml_table


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table within a table."""

    weight: Annotated[float, msgspec.Meta(ge=0)]
    colour: str = "red"


class Whole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole file."""

    title: str
    count: int = 0
    done: bool = False
    names: list[str] = []
    part: Part | None = None
    parts: dict[str, Part] = {}
    row: list[Part] = []


def refused(text, folder):
    """Return the error message for a TOML file with this text, without its path."""
    path = folder / "file.toml"
    path.write_text(text)
    with pytest.raises(BadFile) as error:
        read_toml(path, Whole)
    assert str(error.value).startswith(f"{path}: ")
    return str(error.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title = 3", "`title`: expected text, found a whole number."),
        ("title = 'a'\ncount = 'b'", "`count`: expected a whole number, found text."),
        ("title = 'a'\ncount = 1.5", "`count`: expected a whole number, found a number."),
        ("title = 'a'\ndone = 1", "`done`: expected true or false, found a whole number."),
        ("title = 'a'\nnames = 'b'", "`names`: expected a list, found text."),
        ("title = 'a'\nnames = ['b', 3]", "`names[1]`: expected text, found a whole number."),
        ("title = 'a'\npart = 3", "`part`: expected a table, found a whole number."),
        ("title = 'a'\n[part]\nweight = 'b'", "`part.weight`: expected a number, found text."),
        (
            "title = 'a'\n[part]\nweight = nan",
            "`part.weight`: expected a finite number, found nan.",
        ),
        (
            "title = 'a'\n[[row]]\nweight = inf",
            "`row[0].weight`: expected a finite number, found inf.",
        ),
        ("count = 1", "the key `title` is missing."),
        ("title = 'a'\n[part]\ncolour = 'b'", "`part`: the key `weight` is missing."),
        ("titel = 'a'", "there is no key `titel`. Did you mean `title`?"),
        (
            "title = 'a'\nzzz = 1",
            "there is no key `zzz`. Known keys: title, count, done, names, part, parts, row.",
        ),
        (
            "title = 'a'\n[part]\nweight = 1\ncolor = 'b'",
            "`part`: there is no key `color`. Did you mean `colour`?",
        ),
        (
            "title = 'a'\n[parts.b]\nwait = 1",
            "`parts.b`: there is no key `wait`. Did you mean `weight`?",
        ),
        (
            "title = 'a'\n[part]\nweight = 1\ncount = 1",
            "`part`: `count` belongs at the top of the file, before the first [table].",
        ),
        (
            "title = 'a'\n[[row]]\nweight = 1\ncount = 1",
            "`row[0]`: `count` belongs at the top of the file, before the first [table].",
        ),
        (
            "title = 'a'\n[parts]\ncount = 1",
            "`parts`: `count` belongs at the top of the file, before the first [table].",
        ),
        (
            "title = 'a'\n[part]\nweight = 1\n[part.parts.b]\nweight = 1",
            "`part`: `parts` is a table of its own: write `[parts]`.",
        ),
        (
            "title = 'a'\n[parts.part]\nweight = 'b'",
            "`parts.part.weight`: expected a number, found text.",
        ),
        (
            "title = 'a'\n[parts]\npart = 1",
            "`parts.part`: expected a table, found a whole number.",
        ),
        (
            "title = 'a'\n[[row]]\nwait = 1",
            "`row[0]`: there is no key `wait`. Did you mean `weight`?",
        ),
    ],
)
def test_a_mistake_is_told_with_its_key_and_what_was_expected(tmp_path, text, words):
    """The message names the key and the expected type in everyday words.

    For an unknown key it gives the nearest one, or all of them. A key of the whole file that stands
    below a table belongs at the top: a frequent slip in TOML.
    """
    assert refused(text, tmp_path) == words


def test_a_file_that_is_no_toml_is_told_with_the_place(tmp_path):
    """A file that is not TOML is reported with the place, in the words of Python's parser."""
    assert "line 2" in refused("title = 'a'\ncount = = 3", tmp_path)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"title = 'a\0'", b"a = " + b"[" * 100_000])
def test_whatever_the_bytes_the_file_is_named(tmp_path, content):
    """The file is named whatever its bytes: no UTF-8, control characters, endless nesting."""
    (tmp_path / "file.toml").write_bytes(content)
    with pytest.raises(BadFile, match=r"file\.toml: "):
        read_toml(tmp_path / "file.toml", Whole)
    with pytest.raises(BadFile, match=r"file\.toml: "):
        read_toml_table(tmp_path / "file.toml")


def test_a_file_that_cannot_be_read_is_told_why(tmp_path):
    """A file that is missing or a folder is reported with that reason."""
    with pytest.raises(BadFile, match=r"nowhere\.toml cannot be read: No such file or directory\."):
        read_toml(tmp_path / "nowhere.toml", Whole)
    with pytest.raises(BadFile, match=r"cannot be read: Is a directory\."):
        read_toml(tmp_path, Whole)


def test_what_is_right_is_read(tmp_path):
    """An integer is accepted as a number, and a table can be read unconverted."""
    (tmp_path / "a.toml").write_text("title = 'é'\n[parts.b]\nweight = 2\n")
    wanted = Whole("é", parts={"b": Part(2.0)})
    assert read_toml(tmp_path / "a.toml", Whole) == wanted
    assert read_toml_table(tmp_path / "a.toml") == {"title": "é", "parts": {"b": {"weight": 2}}}


def test_content_from_elsewhere_is_told_by_where_it_stands():
    """An error in content from elsewhere names its origin, and commands show it as a sentence."""
    with pytest.raises(
        UserError, match=r"^a policy: `count`: expected a whole number, found text\."
    ):
        convert({"title": "a", "count": "b"}, Whole, "a policy")


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("[extensions.eva@x.edu]", '`[extensions."eva@x.edu"]`'),
        ("eva@x.edu = 1.5", '`"eva@x.edu" = 1.5`'),
        ("due = 2026-11-03 23:59", "`2026-11-03T23:59:00+01:00`, with your time zone"),
        ("title = ", "The line is `title =`."),
    ],
)
def test_a_line_that_is_no_toml_is_shown_with_advice(tmp_path, line, advice):
    """An error of syntax shows the line and, for an address or a time, how to write it."""
    said = refused(f"title = 'a'\n{line}\n", tmp_path)
    assert f"The line is `{line.strip()}`." in said
    assert advice in said
