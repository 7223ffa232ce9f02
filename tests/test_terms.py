"""One term a thing: what docs/terms.md says not to write stands in no text of the course."""

import re

import pytest
from this_course import COURSE, ROOT

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
