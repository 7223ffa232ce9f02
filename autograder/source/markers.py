"""Finds lines of a solution's script that are almost a marker or a mistake.

An unnoticed error gives answers away: code outside two markers is given to students. So anything
that resembles a marker must be one exactly, or is refused.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise

from autograder.errors import SourceFault

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
MISTAKE = re.compile(r"^(\s*)# mistake(?: \(keeps ([\d.]+)\))?: (.*)$")
WORDS_OF_A_MISTAKE = re.compile(r"\s*#   ")

_CELL = re.compile(r"# %%(.*)")
_COMMENT = re.compile(r"(#+)\s*(.*)")
_WORD = re.compile(r"[^\W\d_]+")
_EXERCISE = re.compile(r"# \*\*Exercise\*\*")
_DEFINED = re.compile(r"\s*(?:async )?(?:def|class) (\w+)")
ALIKE = 0.75  # of 1, by difflib: words nearer than this may be intended
MOST_WORDS = 3  # in a comment that may be intended as a marker; longer ones are prose
OPENERS = ("begin", "start", "end", "stop")
HOW_TO_WRITE_A_MISTAKE = "`# mistake: CODE` or `# mistake (keeps 0.5): CODE`"


def slips_of_markers(text: str) -> list[SourceFault]:
    """Find the errors in the markers and the mistakes of a solution's script."""
    return sorted(_MarkerReader(text).slips)


class _MarkerReader:
    """Reads a script line by line, and records its errors.

    began: the line number of the open marker; 0 if there is none.
    """

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.slips: list[SourceFault] = []
        self.began = 0
        self.has_code = False  # whether the open region contains code so far
        self.in_text = False  # whether the cell is a text cell
        self.in_mistake = False
        self._read()

    def _note(self, number: int, text: str) -> None:
        self.slips.append(SourceFault(number, text))

    def _read(self) -> None:
        for number, line in enumerate(self.lines, 1):
            if self.in_mistake and WORDS_OF_A_MISTAKE.match(line):
                continue
            self.in_mistake = False
            self._read_line(number, line.strip())
        if self.began:
            self._note_open()

    def _read_line(self, number: int, line: str) -> None:
        cell = _CELL.match(line)
        if cell:
            if self.began:
                self._note_open()
            self.began = 0
            self.in_text = "[markdown]" in cell[1] or "[md]" in cell[1]
        elif line == BEGIN:
            if self.began:
                self._note_open()
            self.began = number
            self.has_code = False
        elif line == END:
            self._end(number)
        elif MISTAKE.match(line):
            self._read_mistake(number)
        else:
            self._read_other(number, line)

    def _note_open(self) -> None:
        self._note(
            self.began, f"`{BEGIN}` has no `{END}` in its cell. Write one below the solution."
        )

    def _end(self, number: int) -> None:
        if not self.began:
            self._note(number, f"`{END}` has no `{BEGIN}` above it. Write one above the solution.")
        elif not self.has_code:
            self._note(
                number,
                f"nothing stands between `{BEGIN}` and `{END}`. Move the solution between them: "
                "students get all that stands outside.",
            )
        self.began = 0

    def _read_mistake(self, number: int) -> None:
        self.in_mistake = True
        below = self.lines[number] if number < len(self.lines) else ""
        if not self.began:
            self._note(
                number,
                "this mistake stands outside of a solution, where students can read it. Move it "
                f"between `{BEGIN}` and `{END}`, below the line that it replaces.",
            )
        elif not self.has_code:
            self._note(
                number,
                "this mistake stands above the code. Move it below the line that it replaces.",
            )
        found = MISTAKE.match(self.lines[number - 1])
        if found and not _is_share(found[2] or "0"):
            self._note(number, f"`(keeps {found[2]})`: a mistake keeps a share below 1.")
        if not WORDS_OF_A_MISTAKE.match(below):
            self._note(
                number,
                "this mistake has no words. Write below it what was done, why it is wrong and what "
                "to do, each line behind `#` and three spaces.",
            )

    def _read_other(self, number: int, line: str) -> None:
        if line and not line.startswith("#"):
            self.has_code = True
        for comment in _comments(line):
            marker = _marker_meant(comment)
            if marker:
                self._note(
                    number,
                    f"`{comment}` looks like a marker but is none. Write `{marker}` there, "
                    "on a line of its own.",
                )
            elif self._may_be_a_mistake(comment):
                self._note(
                    number,
                    f"`{_short(comment)}` looks like a mistake but is none. Write "
                    f"{HOW_TO_WRITE_A_MISTAKE}.",
                )

    def _may_be_a_mistake(self, comment: str) -> bool:
        """Return whether a comment that is no mistake may be intended as one.

        In a solution this is any that begins with such a word. Elsewhere it must have a colon, too.
        """
        if self.in_text:
            return False
        _, words = _parts(comment)
        first = _WORD.match(words)
        if not first or not _is_alike(first[0], ("mistake",)):
            return False
        return (
            bool(self.began) or re.match(r"\s*(\([^)]*\))?\s*:", words[first.end() :]) is not None
        )


def _is_share(text: str) -> bool:
    try:
        return float(text) < 1
    except ValueError:
        return False


def _comments(line: str) -> Iterator[str]:
    """Yield the possible comments in a line: all of it, or the part after its code."""
    if line.startswith("#"):
        yield line
        return
    _, mark, rest = line.rpartition("###")
    if mark:
        yield mark + rest


def _parts(comment: str) -> tuple[str, str]:
    """Split a comment into its marks and its words; a comment in a comment counts as one."""
    marks, words = "", comment
    while found := _COMMENT.fullmatch(words.strip()):
        marks = marks or found[1]
        words = found[2]
    return marks, words


def _marker_meant(comment: str) -> str:
    """Return the marker that a comment may be intended as, or ""."""
    marks, text = _parts(comment)
    words = _WORD.findall(text)
    if len(words) <= MOST_WORDS:
        joined = "".join(words).lower()
        for opener in OPENERS:
            if _ratio(joined, f"{opener}solution") >= 0.85:
                return _marker(opener)
    for first, second in pairwise(words):
        opener = _is_alike(first, OPENERS)
        if not opener or not _is_alike(second, ("solution",)):
            continue
        is_shouted = first.isupper() and second.isupper()
        if len(words) <= MOST_WORDS or len(marks) > 1 or is_shouted:
            return _marker(opener)
    is_alone = len(words) == 1 and len(marks) == 3
    if is_alone and words[0].lower() in (*OPENERS, "solution"):
        return _marker(words[0].lower())
    return ""


def _is_marker_or_like_one(line: str) -> bool:
    return line == BEGIN or any(_marker_meant(comment) for comment in _comments(line))


def _marker(opener: str) -> str:
    return END if opener in ("end", "stop") else BEGIN


def _is_alike(word: str, wanted: Sequence[str]) -> str:
    """Return the wanted word that a word is nearest to, "" if none is near."""
    nearest = max(wanted, key=lambda other: _ratio(word.lower(), other))
    return nearest if _ratio(word.lower(), nearest) >= ALIKE else ""


@lru_cache(maxsize=1 << 14)  # a script repeats its words
def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _short(comment: str) -> str:
    return comment if len(comment) <= 40 else f"{comment[:39]}…"


def slips_of_exercises(text: str) -> list[SourceFault]:
    """Find exercises without a solution between markers, and a script without any marker."""
    lines = text.split("\n")
    if not any(_is_marker_or_like_one(line.strip()) for line in lines):
        return [
            SourceFault(
                0,
                f"there is no `{BEGIN}`, so students would get all of it. Put each solution "
                f"between `{BEGIN}` and `{END}`.",
            )
        ]
    slips = []
    heads = [number for number, line in enumerate(lines, 1) if _EXERCISE.match(line)]
    for head, end in pairwise([*heads, len(lines) + 1]):
        part = lines[head : end - 1]
        if any(_is_marker_or_like_one(line.strip()) for line in part):
            continue
        defined = next((found[1] for line in part if (found := _DEFINED.match(line))), "")
        of_what = f" of `{defined}`" if defined else ""
        slips.append(
            SourceFault(
                head,
                f"the exercise{of_what} has no `{BEGIN}`, so students would get its solution. Put "
                f"it between `{BEGIN}` and `{END}`.",
            )
        )
    return slips
