"""One term per thing: no text that people read uses a word that docs/terms.md avoids."""

import re

import pytest
from this_course import COURSE, ROOT, tool

pytestmark = pytest.mark.lint

TERMS = ROOT / "docs" / "terms.md"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def names_to_avoid(page):
    """Yield the words in the last column of each table of a page, in lower case."""
    for line in page.split("\n"):
        if not line.startswith("| "):
            continue
        *_, last_cell = line.strip("|").split(" | ")
        for name in last_cell.strip(" |").split(";"):
            if name not in ("", "not"):
                yield name.strip(" |").lower()


AVOIDED = list(names_to_avoid(TERMS.read_text(encoding="utf-8")))


def prose(text):
    """Return a text on one line, in lower case, without code between backticks."""
    return " ".join(re.sub(r"`[^`\n]*`", "", text).split()).lower()


def found_in(text):
    """Return which words to avoid occur in a text."""
    text = prose(text)
    return [name for name in AVOIDED if re.search(rf"\b{re.escape(name)}\b", text)]


def test_the_page_of_terms_is_read():
    """Words from each table are read, so that a change of the page's form is noticed."""
    assert {"processor", "common norm", "whoever", "all the same"} <= set(AVOIDED)
    assert found_in("Whoever computes the common\nnorm of `processor`") == [
        "common norm",
        "whoever",
    ]


@pytest.mark.parametrize("unit", COURSE.units)
def test_a_unit_uses_one_term_a_thing(unit):
    """A unit's script avoids those words: text, hints, docstrings and remarks."""
    script = COURSE.solution(unit).read_text(encoding="utf-8")
    assert found_in(re.sub(r"^\s*# ?", "", script, flags=re.MULTILINE)) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_of_docs_uses_one_term_a_thing(path):
    if path != TERMS:
        assert found_in(path.read_text(encoding="utf-8")) == []


@pytest.fixture(scope="module")
def messages():
    """Return all texts that the engine prints or raises, with those of checks and mistakes."""
    return list(tool("messages").messages())


def test_messages_titles_of_checks_and_help_use_one_term_a_thing(messages):
    """Messages, titles of checks and help avoid those words, because students read them most."""
    wrong = {}
    for message in messages:
        found = found_in(message.text)
        if found:
            wrong[f"{message.path}:{message.line}"] = found
    assert wrong == {}


def test_each_kind_of_message_is_collected(messages):
    """Each kind of message is collected: check, `words`, mistake, error, help."""
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
