"""Verdicts for people: terminal and pages."""

import re
from dataclasses import replace
from html import escape

from autograder.errors import visible
from autograder.judging import Remark


def html(text: str) -> str:
    """Return text as HTML: escaped, between backticks as code, and `*so*` with emphasis."""
    escaped = escape(visible(text))
    with_code = re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)
    return re.sub(r"(?<![\w*])\*(\w+)\*(?![\w*])", r"<em>\1</em>", with_code)


def markdown(text: str) -> str:
    """Return text so that Markdown shows it verbatim.

    Everything that could be markup, or make an address a link, becomes an entity. A backslash
    before a character would not suffice: an address that becomes a link takes the backslash with
    it. A backslash becomes a character that looks like it, because pages with formulas interpret
    what begins with one.
    """
    line = visible(text).replace("\n", " ").strip()
    line = line.replace("\\", "∖")
    return _MARKUP.sub(_entity, line)


# possible markup, and the dot of `www.`, which makes an address a link
_MARKUP = re.compile(r"[^\w\s.,;()'∖-]|_|(?<=[wW]{3})\.")


def _entity(found: re.Match[str]) -> str:
    character = found[0]
    return f"&#{ord(character)};"


def remark_markdown(remark: Remark) -> str:
    """Return a remark's text as Markdown.

    Code between backticks and `*emphasis*` are kept, unless the text quotes an answer.
    """
    if remark.literal:
        return markdown(remark.text)
    return _with_code(visible(remark.text))


def arrays_markdown(remark: Remark) -> str:
    """Return the arrays of a remark as Markdown."""
    return _with_code(visible(arrays_named(remark)))


def _with_code(text: str) -> str:
    """Return text as Markdown that keeps code between backticks and `*emphasis*`."""
    line = ""
    end = 0  # the content of `line`
    for ours in _OURS.finditer(text):
        line += _with_spaces(text[end : ours.start()])
        line += ours[0]
        end = ours.end()
    return line + _with_spaces(text[end:])


# code, of characters that are no markup anywhere, and emphasis
_OURS = re.compile(r"`[\w .,:;()\[\]{}=+*/%'|@^~-]+`|(?<![\w*])\*[^\W_]+\*(?![\w*])")


def _with_spaces(text: str) -> str:
    """Return a part of a line as Markdown, with its surrounding spaces."""
    words = text.strip()
    if not words:
        return text
    before, _, after = text.partition(words)
    return f"{before}{markdown(words)}{after}"


def as_next_sentence(remark: Remark) -> Remark:
    """Return a remark that follows a sentence, with a capital, unless it quotes an answer."""
    begins_with_a_word = re.match(r"[a-z]+[ ,:]", remark.text)
    if remark.literal or not begins_with_a_word:
        return remark
    return replace(remark, text=remark.text[0].upper() + remark.text[1:])


MOST_NAMED = 3


def arrays_named(remark: Remark) -> str:
    """Return the arrays of a remark: three of them, and the number of the rest.

    "" if it has none, or if its text names them all.
    """
    if all(f"`{name}`" in remark.text for name in remark.arrays):
        return ""
    names = [f"`{name}`" for name in remark.arrays[:MOST_NAMED]]
    named = ", ".join(names)
    more = len(remark.arrays) - len(names)
    if more:
        named += f" and {more} more"
    return f"({named})"


def remark_html(remark: Remark) -> str:
    """Return a remark's text as HTML; one that quotes an answer, character by character."""
    if remark.literal:
        return escape(visible(remark.text))
    return html(remark.text)
