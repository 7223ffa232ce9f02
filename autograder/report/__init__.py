"""Verdicts made readable: terminal and pages."""

import re
from html import escape

from autograder.errors import visible
from autograder.judging import Remark


def html(text: str) -> str:
    """Text as HTML: escaped, what stands between backticks as code, and `*so*` with emphasis."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(visible(text)))
    return re.sub(r"(?<![\w*])\*(\w+)\*(?![\w*])", r"<em>\1</em>", text)


def markdown(text: str) -> str:
    """Return text that Markdown shows as it is.

    All that could be markup, or make an address a link, is an entity.

    A backslash before a character would not do: an address that is made a link takes the backslash
    with it. A backslash becomes a sign that looks like it, since pages with formulas run what
    begins with one.
    """
    line = visible(text).replace("\n", " ").strip().replace("\\", "∖")
    return re.sub(r"[^\w\s.,;()'∖-]|_|(?<=[wW]{3})\.", lambda found: f"&#{ord(found[0])};", line)


def remark_markdown(remark: Remark) -> str:
    """Return a remark's text as Markdown.

    Code between backticks and `*so*` are kept, unless the text quotes an answer.
    """
    if remark.literal:
        return markdown(remark.text)
    parts = _OURS.split(visible(remark.text))  # every second one is code or emphasis
    return "".join(part if number % 2 else _with_spaces(part) for number, part in enumerate(parts))


# of code, signs that are no markup anywhere
_OURS = re.compile(r"(`[\w .,:;()\[\]{}=+*/%'|@^~-]+`|(?<![\w*])\*[^\W_]+\*(?![\w*]))")


def _with_spaces(text: str) -> str:
    """A part of a line as Markdown, with the spaces around it."""
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before}{markdown(text)}{after}" if text.strip() else text


def remark_html(remark: Remark) -> str:
    """A remark's text as HTML; one that quotes an answer literally, character by character."""
    return escape(visible(remark.text)) if remark.literal else html(remark.text)
