"""One term a thing: what docs/terms.md says not to write stands in no text that people read."""

import re

import pytest
from this_course import COURSE, ROOT, tool

pytestmark = pytest.mark.lint

TERMS = ROOT / "docs" / "terms.md"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def names_to_avoid(page):
    """Yield what the last column of each table of a page names, in small letters."""
    for line in page.split("\n"):
        if not line.startswith("| "):
            continue
        *_, last_cell = line.strip("|").split(" | ")
        for name in last_cell.strip(" |").split(";"):
            if name not in ("", "not"):
                yield name.strip(" |").lower()


AVOIDED = list(names_to_avoid(TERMS.read_text(encoding="utf-8")))


def prose(text):
    """Return a text on one line, in small letters, without code between ticks."""
    return " ".join(re.sub(r"`[^`\n]*`", "", text).split()).lower()


def found_in(text):
    """Return which names to avoid stand in a text."""
    text = prose(text)
    return [name for name in AVOIDED if re.search(rf"\b{re.escape(name)}\b", text)]


def test_the_page_of_terms_is_read():
    """Some of each table, so that a change of the page's form is noticed."""
    assert {"processor", "common norm", "whoever", "all the same"} <= set(AVOIDED)
    assert found_in("Whoever computes the common\nnorm of `processor`") == [
        "common norm",
        "whoever",
    ]


@pytest.mark.parametrize("unit", COURSE.units)
def test_a_unit_uses_one_term_a_thing(unit):
    """Its text, hints, docstrings and remarks: all of a script but its marks of comments."""
    script = COURSE.solution(unit).read_text(encoding="utf-8")
    assert found_in(re.sub(r"^\s*# ?", "", script, flags=re.MULTILINE)) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_of_docs_uses_one_term_a_thing(path):
    if path != TERMS:
        assert found_in(path.read_text(encoding="utf-8")) == []


@pytest.fixture(scope="module")
def messages():
    """All that the engine prints or raises, its help, and what checks and mistakes say."""
    return list(tool("messages").messages())


def test_messages_titles_of_checks_and_help_use_one_term_a_thing(messages):
    """Students meet them more often than the texts."""
    wrong = {}
    for message in messages:
        found = found_in(message.text)
        if found:
            wrong[f"{message.path}:{message.line}"] = found
    assert wrong == {}


def test_each_kind_of_message_is_collected(messages):
    """A line of a check, words of an array, a mistake's words, an error, and a command's help."""
    texts = " ".join(message.text for message in messages)
    for part in (
        "`softmax_d` is the Jacobian of softmax",
        "the ids should be a tensor.",
        "All products p_i p_j are `np.outer(p, p)`.",
        "Run the command inside a course's folder",
        "Check a unit or a file on the public seed",
    ):
        assert part in texts, part


def test_course_toml_uses_one_term_a_thing():
    assert found_in((ROOT / "course.toml").read_text(encoding="utf-8")) == []
