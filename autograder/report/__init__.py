"""Verdicts made readable: terminal and pages."""

import re
from html import escape

from autograder.judging import Remark

# controls, and what changes the direction or hides: text of others that would not look like what it is
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    """Text in which a character that no reader would see is written as its number: `\\x1b`."""
    return _UNSEEN.sub(lambda found: ascii(found[0])[1:-1], text)


def html(text: str) -> str:
    """Text as HTML: escaped, what stands between backticks as code, and `*so*` with emphasis."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(visible(text)))
    return re.sub(r"(?<![\w*])\*(\w+)\*(?![\w*])", r"<em>\1</em>", text)


def remark_html(remark: Remark) -> str:
    """A remark's text as HTML; one that quotes an answer literally, character by character."""
    return escape(visible(remark.text)) if remark.literal else html(remark.text)
