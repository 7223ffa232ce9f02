"""A student's own code on a page: which part of it a check asks for, and that part as HTML. It is read, never run."""

import ast
import re
from collections.abc import Collection, Iterable, Sequence
from html import escape
from keyword import kwlist

from autograder.report import visible
from autograder.solution import Piece

# one expression without nested repeats, so that no text makes it slow; a page for each of 1,000 students leaves a
# millisecond for what takes Pygments twenty
_TOKENS = re.compile(
    r"""(?P<comment>\#.*)
    |(?P<string>(?:\b[bfruBFRU]{1,2})?(?:\"{3}[\s\S]*?(?:\"{3}|\Z)|'{3}[\s\S]*?(?:'{3}|\Z)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))
    |(?P<number>\b\d[\w.]*)
    |(?P<keyword>\b(?:"""
    + "|".join(kwlist)
    + r""")\b)
    |\w+""",
    re.X,
)


def exercises(stub: str) -> tuple[dict[str, set[str]], set[str]]:
    """The names that each check's exercise asks for, and all names that the stub gives a student."""
    asked: dict[str, set[str]] = {}
    given, waiting = set[str](), set[str]()
    for node in ast.parse(stub).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                given.add(name)
                if "NotImplementedError" in ast.unparse(node):
                    waiting.add(name)
            case ast.Expr(ast.Call(ast.Name("check"), [ast.Constant(str(check))])):
                asked[check], waiting = waiting, set()
    return asked, given


def parts(found: Sequence[Piece], asked: Collection[str], given: Collection[str]) -> list[Piece]:
    """The pieces that define what is asked for, and the student's own helpers that these use, as they stand."""
    shown, names = dict[Piece, None](), list(asked)
    for name in names:  # which grows
        for piece in found:
            if name in piece.names and piece not in shown:
                shown[piece] = None
                used = set(re.findall(r"\w+", piece.text)) - set(given) - set(names)
                names += [other for one in found if one.is_function for other in one.names & used]
    return [piece for piece in found if piece in shown]


def lines(piece: Piece, without_comments: bool = False) -> list[str]:
    """The lines of a piece as HTML, escaped, with comments, strings, numbers and keywords in spans."""
    out, end, text = list[str](), 0, visible(piece.text)
    for token in _TOKENS.finditer(text):
        if kind := token.lastgroup:
            shown = "" if without_comments and kind == "comment" else token[0]
            out += [escape(text[end : token.start()]), *_span(kind, shown)]
            end = token.end()
    return "".join([*out, escape(text[end:])]).split("\n")


def _span(kind: str, text: str) -> Iterable[str]:
    """A token in a span of its kind, line by line."""
    yield "\n".join(f'<span class="{kind}">{escape(line)}</span>' if line else "" for line in text.split("\n"))
