"""The lines of a program that an edit changes, as a person reads them."""

from dataclasses import dataclass

from autograder.source.edits import Edit


@dataclass(frozen=True)
class ChangedLines:
    """The lines that differ.

    number: of the first of them, from 1. before, after: stripped, in one line.
    """

    number: int
    before: str
    after: str


def changed_lines(edit: Edit) -> ChangedLines:
    """Return the lines that an edit changes, without equal ones around them."""
    text = edit.text.encode()
    start = text.rfind(b"\n", 0, edit.start) + 1
    end = text.find(b"\n", edit.end)
    if end < 0:
        end = len(text)
    head = text[start : edit.start].decode()
    tail = text[edit.end : end].decode()
    before = f"{head}{edit.replaced}{tail}".split("\n")
    after = f"{head}{edit.code}{tail}".split("\n")
    number = edit.line + 1
    while before and after and before[0] == after[0]:
        del before[0], after[0]
        number += 1
    while before and after and before[-1] == after[-1]:
        del before[-1], after[-1]
    return ChangedLines(number, _in_one_line(before), _in_one_line(after))


def _in_one_line(lines: list[str]) -> str:
    stripped = [line.strip() for line in lines]
    return " ".join(stripped)
