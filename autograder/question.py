"""The kinds of questions: a choice, several, a number, a shape, a few words, a planted mistake.

A question is a check whose right answer is the same on every seed. The student's return value is
read into arrays beside the submission, with an error that says what was expected; outside, invalid
arrays count as no answer. No code here holds an answer.
"""

import ast
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any

import numpy as np

from autograder.parsing import parse

MOST_OPTIONS = 26
LONGEST = 200  # characters of a short answer
LONGEST_WRITTEN = 20_000  # characters of a text for a person
MOST_AXES = 8  # axes of a shape
LONGEST_FUNCTION = 1000  # lines of a function with a planted mistake
# names of the arrays of a question that asks for a planted mistake
WHOSE = "handed in as"  # in an answer: the name that the student gives
FUNCTIONS = "functions with a mistake"  # in the public key
ROUNDING = 1e-6  # a fraction of a number by which every right answer may differ
_OPTION = re.compile(r"[^\s|`](?:[^\n|`]{0,38}[^\s|`])?")  # it names an array, too

Arrays = Mapping[str, np.ndarray]


class Kind(StrEnum):
    """The kind of an answer."""

    CHOICE = "choice"
    CHOICES = "choices"
    NUMBER = "number"
    SHAPE = "shape"
    SHORT = "short"
    WRITTEN = "written"
    PLANTED = "planted"


@dataclass(frozen=True)
class Question:
    """A question, and how its answer is compared with the right one.

    options: of a choice. rtol, atol, significant: the tolerance of a number: as a fraction of the
    right one, as a number, and half a unit in the last of this many significant figures; they add
    up.
    feedback: whether practice says if an answer is right. The public key then holds it.
    predict: whether every answer earns the points, and pages say which were right.
    function: the one with a planted mistake.
    fault: an error in the question's definition.
    """

    kind: Kind
    options: tuple[str, ...] = ()
    rtol: float = ROUNDING
    atol: float = 0.0
    significant: int = 0
    feedback: bool = False
    predict: bool = False
    fault: str = ""
    function: str = ""

    @property
    def by_hand(self) -> bool:
        """Return whether a person reads the answer, and gives the points."""
        return self.kind is Kind.WRITTEN

    # ---- beside the submission

    def read(self, name: str, value: Any) -> dict[str, np.ndarray]:
        """Make arrays of a return value: `name`, or a truth value for each option of several.

        Raises `TypeError` for an invalid answer, with what a valid one is.
        """
        if self.kind is Kind.CHOICE:
            return {name: np.array(self._option("the answer", value))}
        if self.kind is Kind.CHOICES:
            chosen = self._chosen(value)
            return {option: np.array(option in chosen) for option in self.options}
        if self.kind is Kind.NUMBER:
            return {name: np.array(_number(value))}
        if self.kind is Kind.SHAPE:
            return {name: _shape(value)}
        if self.kind is Kind.WRITTEN:
            return {name: np.array(_text("the answer", value, LONGEST_WRITTEN))}
        if self.kind is Kind.PLANTED:
            whose, line = _name_and_line(value)
            return {name: np.array(_line(line)), WHOSE: np.array(_short("the name", whose))}
        return {name: np.array(_short("the answer", value))}

    def _option(self, what: str, value: Any) -> str:
        for option in self.options:
            if isinstance(value, str | int | np.integer) and _is_same(str(value), option):
                return option
        raise TypeError(f"{what} should be one of {self._listed()}. It is {_found(value)}.")

    def _chosen(self, value: Any) -> Collection[str]:
        if isinstance(value, str) or not isinstance(value, Collection):
            raise TypeError(
                f"the answer should be a set of some of {self._listed()}. It is {_found(value)}."
            )
        return {self._option("each part of the answer", part) for part in value}

    def _listed(self) -> str:
        return ", ".join(f'"{option}"' for option in self.options)

    # ---- on the trusted side

    def text(self, name: str, arrays: Arrays) -> str:
        """Write an answer in a few words; "" if the arrays are no answer to this question."""
        if self.kind is Kind.CHOICES:
            return self._text_of_choices(arrays)
        array = arrays.get(name)
        if array is None:
            return ""
        if self.kind is Kind.SHAPE:
            is_shape = array.dtype.kind in "iu" and array.ndim == 1 and array.size <= MOST_AXES
            return str(tuple(array.tolist())) if is_shape else ""
        if array.ndim:
            return ""
        if self.kind is Kind.PLANTED:
            is_line = array.dtype.kind in "iu" and 1 <= array <= LONGEST_FUNCTION
            return f"line {array}" if is_line else ""
        if self.kind is Kind.NUMBER:
            return f"{float(array):.6g}" if array.dtype.kind in "fiu" else ""
        text = str(array)
        if self.kind is Kind.CHOICE:
            return text if text in self.options else ""
        if array.dtype.kind != "U":
            return ""
        return f"{len(text.split())} words" if self.by_hand else text[:LONGEST]

    def _text_of_choices(self, arrays: Arrays) -> str:
        chosen = []
        for option in self.options:
            array = arrays.get(option)
            if array is None or array.dtype.kind != "b" or array.ndim:
                return ""
            if array:
                chosen.append(option)
        return ", ".join(chosen) or "none"

    def share(self, expected: Arrays, found: Arrays) -> float:
        """Return the share of the points for several choices.

        Each right option that is chosen earns its part of 1, and each wrong one costs its part: so
        choosing all options, or none, earns nothing.
        """
        right = self._chosen_in(expected)
        wrong = set(self.options) - right
        chosen = self._chosen_in(found)
        earned = _share_of(right, chosen)
        cost = _share_of(wrong, chosen)
        return max(0.0, earned - cost)

    def _chosen_in(self, arrays: Arrays) -> set[str]:
        """Return the options that an answer chooses."""
        return {option for option in self.options if option in arrays and arrays[option].any()}

    def allowed(self, expected: float) -> float:
        """Return the tolerance of a number."""
        size = abs(expected)
        allowed = self.rtol * size + self.atol
        if self.significant and size:
            last_digit = math.floor(math.log10(size)) + 1 - self.significant
            allowed += 0.5 * 10.0**last_digit
        return allowed


# ---- functions for authors


def choice(*options: str, feedback: bool = False, predict: bool = False) -> Question:
    """Ask for one of some options."""
    question = Question(Kind.CHOICE, options, feedback=feedback, predict=predict)
    return replace(question, fault=_fault_of_options(options))


def choices(*options: str, feedback: bool = False, predict: bool = False) -> Question:
    """Ask for all right options as a set; some options are right, and some are not."""
    question = Question(Kind.CHOICES, options, feedback=feedback, predict=predict)
    return replace(question, fault=_fault_of_options(options))


def sign(feedback: bool = False, predict: bool = False) -> Question:
    """Ask whether something is negative, zero or positive."""
    return choice("negative", "zero", "positive", feedback=feedback, predict=predict)


def number(
    rtol: float = ROUNDING,
    atol: float = 0.0,
    significant: int = 0,
    feedback: bool = False,
    predict: bool = False,
) -> Question:
    """Ask for a number.

    rtol: its tolerance, as a fraction of the right one. atol: the same as a number.
    significant: the number of significant figures that must be right.
    """
    fault = ""
    if not isinstance(significant, int) or significant < 0 or min(rtol, atol) < 0:
        fault = "`number` takes whole figures and no negative tolerance: `number(significant=3)`"
    return Question(Kind.NUMBER, (), rtol, atol, significant, feedback, predict, fault)


def shape(feedback: bool = False, predict: bool = False) -> Question:
    """Ask for the shape of an array, a tuple of whole numbers."""
    return Question(Kind.SHAPE, feedback=feedback, predict=predict)


def short(feedback: bool = False, predict: bool = False) -> Question:
    """Ask for one or a few words; blanks and capitals do not count."""
    return Question(Kind.SHORT, feedback=feedback, predict=predict)


def written() -> Question:
    """Ask for a text that a person reads and grades."""
    return Question(Kind.WRITTEN)


def planted(function: str) -> Question:
    """Ask for the line of a mistake in a function; each student gets another mistake.

    function: the one that students have to repair. The experiment returns the student's name and
    the number of the line.
    """
    fault = ""
    if not isinstance(function, str) or not function.isidentifier():
        fault = '`planted` takes the name of a function: `planted("running_mean")`'
    return Question(Kind.PLANTED, fault=fault, function=function)


def drawn(functions: Sequence[str], name: str) -> str:
    """Draw a student's function with a mistake.

    Capitals, accents and apostrophes do not count, as in `is_name_of`. If functions are added or
    removed, most names keep theirs; if a docstring is reworded, all do.
    """
    folded = " ".join(_words_of_name(name))

    def place(function: str) -> str:
        code = _without_docstring(function)
        return sha256(f"{folded}\0{code}".encode()).hexdigest()

    return min(functions, key=place)


def _without_docstring(function: str) -> str:
    (node,) = parse(function).body
    lines = function.split("\n")
    match node:
        case ast.FunctionDef(body=[ast.Expr(ast.Constant(str())) as docstring, *_]):
            last = docstring.end_lineno or docstring.lineno
            del lines[docstring.lineno - 1 : last]
    return "\n".join(lines)


def is_name_of(name: str, names: Iterable[str]) -> bool:
    """Return whether a name is one of a student's, or the part of an address before the @.

    Capitals, accents, apostrophes, blanks and the order of its words do not count: "lovelace, ada"
    is "Ada Lovelace", and "Soren Obrien" is "Søren O’Brien". A middle name may be left out.
    """
    known = list(names)
    known += [one.partition("@")[0] for one in known if one.find("@") > 0]
    return any(_are_one_name(_words_of_name(name), _words_of_name(own)) for own in known)


def _are_one_name(words: Sequence[str], own: Sequence[str]) -> bool:
    """Return whether two names are one. Each further way to write one draws another mistake."""
    is_split_otherwise = "".join(words) == "".join(own)
    if is_split_otherwise and (len(words) <= len(own) or len(own) == 1):
        return True
    left = Counter(own)
    left.subtract(words)
    return len(words) > 1 and min(left.values()) >= 0


# letters that Unicode does not take apart, as people write them without the key; apostrophes
_PLAIN_LETTERS = str.maketrans(
    {"đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ø": "o", "ŧ": "t", "þ": "th"}
    | {"æ": "ae", "œ": "oe", "ə": "e", "’": "", "‘": "", "'": "", "`": "", "ʼ": ""}
)


def _words_of_name(name: str) -> list[str]:
    folded = _folded_name(name.replace(",", " "))
    return folded.translate(_PLAIN_LETTERS).split()


def _folded_name(name: str) -> str:
    """Return a name in the form for comparison; letters lose their accents."""
    parts = unicodedata.normalize("NFKD", name)
    return _folded("".join(part for part in parts if not unicodedata.combining(part)))


def _fault_of_options(options: tuple[str, ...]) -> str:
    if not 2 <= len(options) <= MOST_OPTIONS:
        return f"a choice has 2 to {MOST_OPTIONS} options, and this one has {len(options)}"
    for option in options:
        if not isinstance(option, str) or not _OPTION.fullmatch(option):
            return (
                f"the option {option!r} should be a text of 1 to 40 characters in one line, "
                "without | and backticks"
            )
    if len({_folded(option) for option in options}) < len(options):
        return "two options are the same but for capitals and blanks"
    return ""


def _share_of(options: set[str], chosen: set[str]) -> float:
    """Return the chosen fraction of some options; 0 of none."""
    hits = options & chosen
    return len(hits) / max(1, len(options))


# ---- how values are read


def _folded(text: str) -> str:
    """Return a text without capitals and repeated blanks."""
    return " ".join(text.casefold().split())


def _composed(text: str) -> str:
    """Return a text whose letters and their accents are one character, where there is one."""
    return unicodedata.normalize("NFC", text)


def _is_same(one: str, other: str) -> bool:
    return _folded(_composed(one)) == _folded(_composed(other))


def _number(value: Any) -> float:
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if is_number and not isinstance(value, np.complexfloating):
        with suppress(OverflowError):  # an integer may be too large for a float
            if math.isfinite(value):
                return float(value)
    raise TypeError(f"the answer should be a number. It is {_found(value)}.")


def _name_and_line(value: Any) -> tuple[Any, Any]:
    if isinstance(value, tuple) and len(value) == 2:
        return value
    raise TypeError(f"the answer should be a name and the number of a line. It is {_found(value)}.")


def _line(value: Any) -> int:
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if is_whole and 1 <= value <= LONGEST_FUNCTION:
        return int(value)
    raise TypeError(f"the answer should be the number of a line. It is {_found(value)}.")


def _shape(value: Any) -> np.ndarray:
    sizes = list(value) if isinstance(value, tuple | list) else [value]
    if not all(map(_is_size, sizes)):
        raise TypeError(f"the answer should be a shape, as (3, 4). It is {_found(value)}.")
    if len(sizes) > MOST_AXES:
        raise TypeError(f"the answer should be a shape of at most {MOST_AXES} numbers.")
    return np.array(sizes, dtype=np.int64)


def _is_size(value: Any) -> bool:
    """Return whether a value may be the size of an axis."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        return False
    return bool(value >= 0)


def _short(what: str, value: Any) -> str:
    return _folded(_composed(_text(what, value, LONGEST)))


def _text(what: str, value: Any, longest: int) -> str:
    if isinstance(value, str) and not value.strip():
        raise TypeError(f"{what} is empty. Write it between the quotes.")
    if not isinstance(value, str):
        raise TypeError(f"{what} should be a text. It is {_found(value)}.")
    if len(value) > longest:
        raise TypeError(f"{what} should have at most {longest} characters; it has {len(value)}.")
    return value


def _found(value: Any) -> str:
    """Quote an invalid answer, or give its type if it is no simple value."""
    if type(value) in (str, int, float, bool, tuple, list, set, type(None)):
        with suppress(ValueError):  # Python refuses to write an integer of more than 4,300 figures
            text = repr(value)
            return text if len(text) <= 40 else f"{text[:39]}…"
    return f"of type {type(value).__name__}"
