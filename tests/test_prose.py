"""The docs have one sentence per line, so that a diff shows whole sentences."""

import re
from itertools import pairwise

import pytest
from markdown_it import MarkdownIt
from this_course import ROOT

pytestmark = pytest.mark.lint

PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("[bt]e*s/README.md"))]
PAGES += sorted((ROOT / "docs").rglob("*.md"))

# What may hold a full stop that ends no sentence: code, link targets, tags, comments.
NOT_PROSE = re.compile(r"`+[^`]*`+|\]\([^)]*\)|<[^>]*>")
# A full stop, closing quotes or brackets, a space, and a possible beginning ("¤" is code).
SENTENCE_END = re.compile(r"""([.!?][)"'*_\]”]*) (?=["'(*_\[“¤]*[A-Z0-9¤<])""")
NO_SENTENCE_END = re.compile(r"(\b(e\.g|i\.e|cf|vs|al|No|Fig|[A-Z])\.|^\d+\.)$")


def sentences(text):
    """Split a paragraph, which may be several lines, into its sentences."""
    text = " ".join(text.split("\n"))
    prose = NOT_PROSE.sub(lambda found: "¤" * len(found[0]), text)
    parts, begin = [], 0
    for found in SENTENCE_END.finditer(prose):
        if not NO_SENTENCE_END.search(prose[begin : found.start() + 1]):
            parts.append(text[begin : found.end(1)])
            begin = found.end()
    return [*parts, text[begin:]]


def paragraphs(page):
    """Yield each paragraph of a page: the number of its first line, from 0, and its text.

    Rows of links, tables, code and headings are no paragraphs.
    """
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    for opening, inline in pairwise(tokens):
        if opening.type == "paragraph_open" and " · " not in inline.content:
            yield opening.map[0], inline.content


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_sentence_has_a_line_of_its_own(path):
    """README, CONTRIBUTING and docs have one sentence per line; the message shows the fix."""
    for line, text in paragraphs(path.read_text(encoding="utf-8")):
        wanted = "\n".join(sentences(text))
        assert text == wanted, f"{path.name}:{line + 1}: one sentence a line, as\n\n{wanted}"


def test_a_sentence_ends_where_a_reader_ends_it():
    """A sentence does not end inside code, links, numbers or abbreviations.

    It ends after closing quotes and brackets.
    """
    two_in_one = "A file, e.g. `a. B`, has 1.5 [lines](x. Y). (So it\nis.) `Next` follows: 2 of 3."
    assert sentences(two_in_one) == [
        "A file, e.g. `a. B`, has 1.5 [lines](x. Y).",
        "(So it is.)",
        "`Next` follows: 2 of 3.",
    ]
