"""A student's own code on a page: which part of it a check asks for, and that part as HTML. It is
read, never run.
"""

import ast
import re
from collections.abc import Collection, Iterable, Sequence
from html import escape
from keyword import kwlist

from autograder.errors import visible
from autograder.report.definitions import Piece

MAX_SHOWN = 64 << 10  # characters of code at a check; an honest file has fewer in all
# one expression without nested repeats, so that no text makes it slow; a page for each of 1,000
# students leaves a millisecond for what takes Pygments twenty
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
    """The names that each check's exercise asks for, and all names that the stub gives a
    student.
    """
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
    """The pieces that define what is asked for, and the student's own helpers that these use, as
    they stand.

    Of pieces on the same lines one, and `MAX_SHOWN` characters in all, so that no file makes a page
    slow or huge.
    """
    binding: dict[str, list[Piece]] = {}
    for piece in found:
        for name in piece.names:
            binding.setdefault(name, []).append(piece)
    functions = {name for piece in found if piece.is_function for name in piece.names} - set(given)
    shown, left = dict[tuple[str, int, str], Piece](), MAX_SHOWN
    names = list(asked)
    for name in names:  # which grows
        for piece in binding.pop(name, ()):
            lines = piece.place, piece.first, piece.text
            if lines not in shown and len(piece.text) <= left:
                shown[lines] = piece
                left -= len(piece.text)
                names += sorted(functions & set(re.findall(r"\w+", piece.text)))
    return [piece for piece in found if shown.get((piece.place, piece.first, piece.text)) is piece]


def lines_of_mistake(text: str, mistake: str) -> set[int]:
    """Which lines of a student's code are a known mistake's, counted from 0, whatever their
    variables are called.

    mistake: its lines, as they stand in the solution. A line of fewer than four words and signs is
    none to go by, and so is one that fits several places.
    """
    own = text.split("\n")
    wanted = [line for line in re.split(r"[;\n]", mistake) if len(_shape(line)) >= 4]
    found = set[int]()
    for line in wanted:
        same = [i for i, each in enumerate(own) if _words(each) == _words(line)]
        alike = [i for i, each in enumerate(own) if _shape(each) == _shape(line)]
        fitting = same or alike
        found |= set(fitting) if len(fitting) == 1 else set()
    return found


def _words(line: str) -> list[str]:
    """The words and signs of a line of code, its comment left out."""
    return re.findall(r"\w+|[^\s\w]", line.partition("#")[0])


def _shape(line: str) -> list[str]:
    """The words and signs of a line, with a number for each name of a variable: equal for lines
    that do the same.
    """
    words = _words(line)
    names = dict[str, str]()
    shape = []
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        is_name = (
            word.isidentifier() and word not in kwlist and before != "." and after not in ("(", ".")
        )
        shape.append(names.setdefault(word, f"name {len(names)}") if is_name else word)
    return shape


def lines(piece: Piece, without_comments: bool = False) -> list[str]:
    """The lines of a piece as HTML, escaped, with comments, strings, numbers and keywords in
    spans.
    """
    out, end, text = list[str](), 0, visible(piece.text)
    for token in _TOKENS.finditer(text):
        if kind := token.lastgroup:
            shown = "" if without_comments and kind == "comment" else token[0]
            out += [escape(text[end : token.start()]), *_span(kind, shown)]
            end = token.end()
    return "".join([*out, escape(text[end:])]).split("\n")


def _span(kind: str, text: str) -> Iterable[str]:
    """A token in a span of its kind, line by line."""
    yield "\n".join(
        f'<span class="{kind}">{escape(line)}</span>' if line else "" for line in text.split("\n")
    )
