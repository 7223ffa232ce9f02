"""List every message that a person can meet: what the engine prints or raises, the help of its
commands, its pages, the lines and words of checks, and the words of known mistakes.

python tools/messages.py            # one message a line, each behind its file and line
python tools/messages.py --long     # only those that are hard to read: over 35 words in a sentence

It reads code and runs none. A part of a message that is filled in later is shown as `{}`.
"""

import argparse
import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENGINE = ROOT / "autograder"
LEAST_WORDS = 3  # anything shorter is a name, a key or a format
LONG = 35  # words
NO_PROSE = re.compile(
    r"^[\W\d_]*$|^SELECT |^CREATE |^INSERT |^DELETE |^DROP |^PRAGMA |\\n {4}|^[\w./-]+$"
    r"|\(\?[P:]|\\[dsSwWb(]"  # a regular expression
)
MISTAKE = re.compile(r"^ *# mistake")
WORDS_OF_MISTAKE = re.compile(r"^ *#   (.+)$")


@dataclass(frozen=True)
class MessageFound:
    """A message and its place. path: from the repository's root."""

    path: str
    line: int
    text: str

    def sentences(self) -> list[str]:
        """Split it at the ends of sentences."""
        return re.split(r"(?<=[.!?:]) +", self.text)


def messages(root: Path = ROOT) -> Iterator[MessageFound]:
    """Yield the messages of the engine, then those of the course."""
    for path in sorted(ENGINE.rglob("*.py")):
        if "tests" not in path.parts and "templates" not in path.parts:
            yield from of_code(path)
    for path in sorted((root / "checks").glob("*.py")):
        yield from of_code(path)
    for path in sorted((root / "solutions").glob("unit*.py")):
        yield from of_mistakes(path)


def of_code(path: Path) -> Iterator[MessageFound]:
    """Yield the texts of a module: strings of several words, docstrings of commands and checks."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    read_by_people = set()
    docstrings = set()
    inside: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                docstrings.add(first.value)
                if _is_shown(node):
                    read_by_people.add(first.value)
        if isinstance(node, ast.JoinedStr):
            inside.update(ast.walk(node))
            inside.discard(node)
    for node in ast.walk(tree):
        if node in inside or (node in docstrings and node not in read_by_people):
            continue
        text = _text_of(node)
        if text is not None and _is_prose(text):
            name = path.relative_to(ROOT).as_posix()
            yield MessageFound(name, node.lineno, " ".join(text.split()))  # type: ignore[attr-defined]


def _is_shown(node: ast.AST) -> bool:
    """Return whether a docstring is shown to people: that of a command or of a check."""
    decorators = getattr(node, "decorator_list", [])
    names = " ".join(ast.unparse(decorator) for decorator in decorators)
    return bool(re.search(r"\bcommand\b|\bcheck\(|\bgroup\b", names))


def _text_of(node: ast.AST) -> str | None:
    """Return a string, with `{}` for parts that are filled in; None if it is no string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = []
        for part in node.values:
            parts.append(str(part.value) if isinstance(part, ast.Constant) else "{}")
        return "".join(parts)
    return None


def _is_prose(text: str) -> bool:
    """Return whether a string consists of words."""
    words = re.findall(r"[A-Za-z]{2,}", text)
    return len(words) >= LEAST_WORDS and not NO_PROSE.search(text)


def of_mistakes(path: Path) -> Iterator[MessageFound]:
    """Yield a unit's description of each known mistake."""
    words: list[str] = []
    begun = 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        found = WORDS_OF_MISTAKE.match(line)
        if begun and found:
            words.append(found[1])
            continue
        if words:
            yield MessageFound(path.relative_to(ROOT).as_posix(), begun, " ".join(words))
        words = []
        begun = number if MISTAKE.match(line) else 0


def main() -> None:
    """Print the list."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--long", action="store_true", help="only those with a long sentence")
    options = parser.parse_args()
    for message in messages():
        longest = max(len(sentence.split()) for sentence in message.sentences())
        if not options.long or longest > LONG:
            print(f"{message.path}:{message.line}: {message.text}")


if __name__ == "__main__":
    main()
