"""A student's own code on a page: the part of a check, as HTML; it is parsed and never run."""

import ast
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from keyword import kwlist

from autograder.errors import visible
from autograder.parsing import parse
from autograder.sandbox.definitions import Definition

MAX_SHOWN = 64 << 10  # characters of code at a check; an honest file has fewer
# one expression without nested repeats, so that no text makes it slow; pages for 1,000 students
# leave a millisecond each for what takes Pygments twenty
_TOKENS = re.compile(
    r"""(?P<comment>\#.*)
    |(?P<string>(?:\b[bfruBFRU]{1,2})?(?:
        \"{3}[\s\S]*?(?:\"{3}|\Z)
        |'{3}[\s\S]*?(?:'{3}|\Z)
        |"(?:\\.|[^"\\\n])*"?
        |'(?:\\.|[^'\\\n])*'?
    ))
    |(?P<number>\b\d[\w.]*)
    |(?P<keyword>\b(?:"""
    + "|".join(kwlist)
    + r""")\b)
    |\w+""",
    re.X,
)


def exercises(stub: str) -> tuple[dict[str, set[str]], set[str]]:
    """Return the names that each check asks for, and all names in the stub's given code.

    A check asks for what is unwritten since the check before it.
    """
    asked: dict[str, set[str]] = {}
    given: set[str] = set()
    not_written: set[str] = set()
    for node in parse(stub).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                given.add(name)
                if "NotImplementedError" in ast.unparse(node):
                    not_written.add(name)
            case ast.Expr(ast.Call(ast.Name("check"), [ast.Constant(str(check))])):
                asked[check] = not_written
                not_written = set()
    return asked, given


def names_of_exercises(asked: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return, for each check, the names of its exercise, which can have several checks in a row.

    asked: as `exercises` returns it.
    """
    found = {}
    names: set[str] = set()
    for check, of_check in asked.items():
        names = of_check or names
        found[check] = names
    return found


class OwnCode:
    """A submission's definitions by the names that they bind, and the student's own helpers."""

    def __init__(self, found: Sequence[Definition], given: Collection[str]) -> None:
        """Take the definitions.

        found: in the order of the file. given: names that the stub gives.
        """
        self._found = found
        self._defining: dict[str, list[Definition]] = {}
        helpers: set[str] = set()
        for definition in found:
            for name in definition.names:
                of_name = self._defining.setdefault(name, [])
                of_name.append(definition)
            if definition.is_function:
                helpers |= definition.names
        self._helpers = helpers - set(given)

    def parts(self, asked: Collection[str]) -> list[Definition]:
        """Return the requested definitions, and the helpers that they use.

        They come in the order of the file. Of definitions on the same lines there is one, and at
        most `MAX_SHOWN` characters in all, so that no file makes a page slow or huge.
        """
        shown: dict[tuple[int | None, int, str], Definition] = {}
        left = MAX_SHOWN
        names = list(asked)
        looked_up: set[str] = set()
        for name in names:  # the list grows by helpers
            if name in looked_up:
                continue
            looked_up.add(name)
            for definition in self._defining.get(name, ()):
                lines = _lines_of(definition)
                if lines in shown or len(definition.text) > left:
                    continue
                shown[lines] = definition
                left -= len(definition.text)
                names += sorted(self._helpers & definition.words)
        if not shown:
            return []
        return [each for each in self._found if shown.get(_lines_of(each)) is each]


def parts(
    found: Sequence[Definition], asked: Collection[str], given: Collection[str]
) -> list[Definition]:
    """Return the requested definitions, and the helpers that they use: see `OwnCode`.

    given: names that the stub gives.
    """
    return OwnCode(found, given).parts(asked)


def _lines_of(definition: Definition) -> tuple[int | None, int, str]:
    """Return the common text of all definitions on the same lines."""
    return definition.cell, definition.first, definition.text


def lines_of_mistake(text: str, mistake: str) -> set[int]:
    """Return which lines of a student's code are a known mistake's, counted from 0.

    The names of variables do not matter. mistake: its lines, as they stand in the solution. A line
    of fewer than four tokens matches nothing, nor does one that fits several places.
    """
    found = set()
    for line in re.split(r"[;\n]", mistake):
        wanted = _line(line)
        if len(wanted.words) < LEAST_WORDS:
            continue
        own = _lines_of_text(text)
        fitting = [index for index, each in enumerate(own) if each.words == wanted.words]
        if not fitting:
            fitting = [index for index, each in enumerate(own) if each.shape == wanted.shape]
        if len(fitting) == 1:
            found.add(fitting[0])
    return found


LEAST_WORDS = 4  # of a line that differs from others


@dataclass(frozen=True)
class _CodeLine:
    """A line of code as its tokens, and as its shape."""

    words: list[str]
    shape: list[str]


def _line(text: str) -> _CodeLine:
    return _CodeLine(_words(text), _shape(text))


@lru_cache(maxsize=1)  # one text is compared with many known mistakes
def _lines_of_text(text: str) -> list[_CodeLine]:
    return [_line(line) for line in text.split("\n")]


def _words(line: str) -> list[str]:
    """Return the tokens of a line of code, without its comment."""
    code, _, _ = line.partition("#")
    return re.findall(r"\w+|[^\s\w]", code)


def _shape(line: str) -> list[str]:
    """Return the tokens of a line with a number for each variable: equal for equal computations."""
    words = _words(line)
    before = ["", *words]
    after = [*words[1:], ""]
    numbers: dict[str, str] = {}  # variable → its replacement
    shape = []
    for word, left, right in zip(words, before, after, strict=False):
        if _is_variable(word, left, right):
            number = f"name {len(numbers)}"
            word = numbers.setdefault(word, number)
        shape.append(word)
    return shape


def _is_variable(word: str, left: str, right: str) -> bool:
    """Return whether a word is a variable's name, by the tokens on both sides."""
    if word in kwlist or not word.isidentifier():
        return False
    is_attribute = left == "."
    is_called = right in ("(", ".")
    return not is_attribute and not is_called


def lines(definition: Definition, without_comments: bool = False) -> list[str]:
    """Return the lines of a definition as HTML, escaped."""
    return html_lines(definition.text, without_comments)


def html_lines(code: str, without_comments: bool = False) -> list[str]:
    """Return the lines of code as HTML, escaped.

    Comments, strings, numbers and keywords are in spans.
    """
    text = visible(code)
    html = ""
    end = 0  # the content of `html`
    for token in _TOKENS.finditer(text):
        kind = token.lastgroup
        if not kind:
            continue
        html += escape(text[end : token.start()])
        if not (without_comments and kind == "comment"):
            html += _span(kind, token[0])
        end = token.end()
    html += escape(text[end:])
    return html.split("\n")


def _span(kind: str, text: str) -> str:
    """Return a token in spans of its kind, one for each line."""
    spans = []
    for line in text.split("\n"):
        if line:
            spans.append(f'<span class="{kind}">{escape(line)}</span>')
        else:
            spans.append("")
    return "\n".join(spans)
