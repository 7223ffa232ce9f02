"""What a small change of a program does, as data: `explaining/words.py` says it in English.

A change of a right answer makes a slip; a change of wrong code takes one back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType


class SlipKind(StrEnum):
    """A kind of slip."""

    LISTED = "listed"  # of a known mistake, which has words of its author's
    # something that is missing, or too much: of these `is_too_much` says which
    TERM = "term"
    FACTOR = "factor"
    DIVISION = "division"
    MATRIX_PRODUCT = "matrix product"
    POWER = "power"
    SQUARE = "square"
    REMAINDER = "remainder"
    MINUS = "minus"
    INVERSION = "inversion"
    PART_OF_CONDITION = "part of a condition"
    SLICE_BEGINNING = "beginning of a slice"
    SLICE_END = "end of a slice"
    SLICE_STEP = "step of a slice"
    CALL = "call"
    OPTION = "option"
    WITH = "with"
    LINE = "line"
    # something in the place of something else
    REPLACED = "replaced"
    ARGUMENT_FOR_RESULT = "argument for result"
    ONE_FOR_DIVIDEND = "one for dividend"
    ZERO_FOR_NUMBER = "zero for number"
    NUMBER_FOR_ZERO = "number for zero"
    END_FOR_BEGINNING = "end for beginning"
    BEGINNING_FOR_END = "beginning for end"
    VARIABLE = "variable"
    ENTRY = "entry"
    # too much or too little by a known amount
    TWICE = "twice"
    HALF = "half"
    TRANSPOSE_MISSING = "transpose missing"
    TRANSPOSE_TOO_MANY = "transpose too many"
    TWO_MISSING = "factor of 2 missing"
    TWO_TOO_MANY = "factor of 2 too many"
    OFF_BY_ONE = "off by one"
    AXIS_NOT_KEPT = "axis not kept"
    APPLIED_TO_TOO_MUCH = "applied to too much"
    APPLIED_TO_TOO_LITTLE = "applied to too little"
    # another number, place or order
    AXIS = "axis"
    INDEX = "index"
    NUMBER = "number"
    EXPONENT = "exponent"
    DIVISOR = "divisor"
    STEP_OF_SLICE = "another step of a slice"
    BOUND_OF_SLICE = "bound of a slice"
    STEP_OF_LOOP = "step of a loop"
    BOUND_OF_LOOP = "bound of a loop"
    NEGATED = "negated condition"
    SIDES_SWAPPED = "sides swapped"
    ARGUMENTS_SWAPPED = "arguments swapped"
    VALUES_SWAPPED = "values swapped"
    LINES_SWAPPED = "lines swapped"


# kinds of what may be missing or too much
PARTS = frozenset(
    {
        *(SlipKind.TERM, SlipKind.FACTOR, SlipKind.DIVISION, SlipKind.MATRIX_PRODUCT),
        *(SlipKind.POWER, SlipKind.SQUARE, SlipKind.REMAINDER, SlipKind.MINUS, SlipKind.INVERSION),
        *(SlipKind.PART_OF_CONDITION, SlipKind.SLICE_BEGINNING, SlipKind.SLICE_END),
        *(SlipKind.SLICE_STEP, SlipKind.CALL, SlipKind.OPTION, SlipKind.WITH, SlipKind.LINE),
    }
)
_PAIRS = (
    (SlipKind.TWICE, SlipKind.HALF),
    (SlipKind.TRANSPOSE_MISSING, SlipKind.TRANSPOSE_TOO_MANY),
    (SlipKind.TWO_MISSING, SlipKind.TWO_TOO_MANY),
    (SlipKind.APPLIED_TO_TOO_MUCH, SlipKind.APPLIED_TO_TOO_LITTLE),
    (SlipKind.END_FOR_BEGINNING, SlipKind.BEGINNING_FOR_END),
    (SlipKind.ZERO_FOR_NUMBER, SlipKind.NUMBER_FOR_ZERO),
)
# the kind of slip that a change makes → the kind that it takes back; of others it is the same
_TAKES_BACK: Mapping[SlipKind, SlipKind] = MappingProxyType(
    {
        **dict(_PAIRS),
        **{other: one for one, other in _PAIRS},
        SlipKind.ONE_FOR_DIVIDEND: SlipKind.DIVISOR,
    }
)


@dataclass(frozen=True, order=True)
class Slip:
    """One slip.

    names: of what is replaced, what stands there and what should; of others the name of what is
    missing, too much or swapped, where it has one.
    option: the keyword argument in which it stands, "" elsewhere.
    is_too_much: of a part, that it is there and should not be.
    """

    kind: SlipKind
    names: tuple[str, ...] = ()
    option: str = ""
    is_too_much: bool = False

    @property
    def leaves_out(self) -> bool:
        """Whether something is missing."""
        if self.kind is SlipKind.ARGUMENT_FOR_RESULT:
            return True
        return self.kind in PARTS and not self.is_too_much

    def taken_back(self) -> "Slip":
        """Return the slip that a change mends, where this is the one that the change makes.

        Example: a change that puts `+` in the place of `-` mends that `-` stands where `+` should.
        """
        if self.kind is SlipKind.REPLACED:
            there, wanted = self.names
            return replace(self, names=(wanted, there))
        if self.kind is SlipKind.ARGUMENT_FOR_RESULT:
            return Slip(SlipKind.CALL, self.names, is_too_much=True)
        if self.kind in PARTS:
            return replace(self, is_too_much=not self.is_too_much)
        kind = _TAKES_BACK.get(self.kind, self.kind)
        return replace(self, kind=kind)


def replaced(there: str, wanted: str, option: str = "") -> Slip:
    """Return the slip that one name or sign stands where another should."""
    return Slip(SlipKind.REPLACED, (there, wanted), option)


LISTED = Slip(SlipKind.LISTED)
