"""Verdicts made readable: terminal and pages."""

import re
from html import escape


def html(text: str) -> str:
    """Text as HTML: escaped, and what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
