"""Findings as data: `explaining/words.py` says them in English.

A finding is about wrong arrays of a check, or about the whole check. No code reads its words back:
findings are compared, joined and counted as the data here. Results on disk store them without empty
fields, so whatever may be empty has that as its default.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from autograder.check import Amount, Error
from autograder.slip import Slip

# ---- small changes, and two mistakes at once


@dataclass(frozen=True)
class ChangeFound:
    """Small changes of a right answer; each gives an answer's values.

    functions: that contain them, sorted; empty where that would not help a student.
    slips: the error of each, sorted. are_of_several: whether they are in several functions.
    """

    functions: tuple[str, ...] = ()
    slips: tuple[Slip, ...] = ()
    are_of_several: bool = False


@dataclass(frozen=True)
class Mending:
    """Small changes of a student's file; with each a check passes.

    function: that contains them. place: the line, as "line 41"; "" if it is uncertain.
    statement: the code there. slips: the error that each undoes; none if that is uncertain.
    leaves_out: whether each only removes a part of that line, which the check may not test.
    """

    function: str = ""
    place: str = ""
    statement: str = ""
    slips: tuple[Slip, ...] = ()
    leaves_out: bool = False


# ---- relations to the expected values

Axis = str | int  # an axis by its letter, or by its number if it has none


class OperationKind(StrEnum):
    """An operation on an array."""

    NOTHING = "values"
    # the same numbers in other positions
    REVERSED = "reversed"
    MOVED_ON = "moved on"
    MOVED_BACK = "moved back"
    SORTED = "sorted"
    AXES_EXCHANGED = "axes exchanged"
    OTHER_AXES = "axes in another order"
    RESHAPED = "reshaped"
    LAID_OUT = "laid out"
    # another shape
    FIRST_TWICE = "first twice"
    LAST_TWICE = "last twice"
    WITHOUT_AXES_OF_1 = "without axes of size 1"
    ONE_MORE_AXIS = "one more axis of size 1"
    FLAT = "flat"
    # one number for each row
    SUM = "sum"
    MEAN = "mean"
    LARGEST = "largest"
    SMALLEST = "smallest"
    FIRST = "first"
    LAST = "last"
    # the same at each position of the row
    SUM_IN_EACH_PLACE = "sum in each place"
    MEAN_IN_EACH_PLACE = "mean in each place"
    LARGEST_IN_EACH_PLACE = "largest in each place"
    # functions of rows
    SOFTMAX = "softmax"
    LOG_SOFTMAX = "logarithm of the softmax"
    SHARE_OF_SUM = "share of the sum"
    SHARE_OF_LENGTH = "share of the length"
    FROM_MEAN = "distance from the mean"
    FROM_LARGEST = "distance from the largest"
    STANDARDISED = "distance from the mean in standard deviations"
    RUNNING_SUM = "running sum"
    RUNNING_SUM_FROM_END = "running sum from the end"
    STEP_TO_NEXT = "step from one to the next"
    # functions of single numbers
    SQUARE = "square"
    ROOT = "root"
    LOGARITHM = "logarithm"
    EXPONENTIAL = "exponential"
    WITHOUT_SIGN = "without sign"
    CUT_BELOW_0 = "cut below 0"
    TANH = "tanh"
    SIGMOID = "sigmoid"
    ONE_LESS = "1 less"
    INVERSE = "inverse"
    CUBE = "cube"
    ROUNDED = "rounded"
    ROUNDED_DOWN = "rounded down"
    TRUNCATED = "truncated"
    SIGN = "sign"


@dataclass(frozen=True)
class Operation:
    """One operation on an array. axes: along which. place: of an added axis."""

    kind: OperationKind
    axes: tuple[Axis, ...] = ()
    place: int = 0


NOTHING_DONE = Operation(OperationKind.NOTHING)


@dataclass(frozen=True)
class Number:
    """A number as it is written: "1/5", with its meaning, "B = 5".

    formula: in letters, as "V / (V − 1)", if it is not a size itself.
    """

    figures: str
    known: tuple[str, ...] = ()
    formula: str = ""

    def negative(self) -> "Number":
        """Return the number with a minus."""
        return replace(self, figures=f"−{self.figures}")


class RowsKind(StrEnum):
    """Which rows along an axis are wrong."""

    FIRST = "first"
    LAST = "last"
    ALL_BUT_FIRST = "all but the first"
    ALL_BUT_LAST = "all but the last"
    IN_A_ROW = "in a row"
    NUMBERED = "numbered"


@dataclass(frozen=True)
class WrongRows:
    """Rows that are wrong. numbers: the count at an end, the first and last of a range, or all."""

    kind: RowsKind
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Part:
    """Rows of a longer array, at equal steps from a start.

    start: the number of the first one. step: from each to the next.
    after: the rows left out after the last one, if the step is 1.
    """

    start: int
    step: int = 1
    after: int = 0


@dataclass(frozen=True)
class ChosenRows:
    """The numbers of missing rows, and of repeated ones."""

    missing: tuple[int, ...] = ()
    doubled: tuple[int, ...] = ()
    in_another_order: bool = False


class RelationKind(StrEnum):
    """How a wrong array is made from the expected one, or another fact about its values."""

    CHANGED = "changed"  # the expected values, with an operation or a factor
    CHANGED_BACK = "changed back"  # the expected values come from the answer's by the operation
    ANOTHER_ARRAY = "another array"
    ARRAY_ADDED = "another array added"
    ARRAY_TAKEN_AWAY = "another array taken away"
    EXCHANGED = "exchanged"  # two arrays
    ADDED = "added"
    TAKEN_AWAY = "taken away"
    ADD_UP_TO = "add up to"  # the same difference or combination with the expected value everywhere
    SAME_DIFFERENCE_ALONG = "same difference along"
    SAME_FACTOR_ALONG = "same factor along"
    # most values are right
    RIGHT_BUT_FOR_ROWS = "right but for rows"
    RIGHT_BUT_FOR_ONE_OF_EACH_ROW = "right but for one of each row"
    FACTOR_BUT_FOR_ONE_OF_EACH_ROW = "factor but for one of each row"
    RIGHT_BUT_WHERE = "right but where"
    RIGHT_BUT_AT_BORDER = "right but at the border"
    RIGHT_IN_BLOCK = "right in a block"  # the crossing of some rows and some columns
    RIGHT_BUT_ON_DIAGONAL = "right but on the diagonal"
    RIGHT_ON_DIAGONAL = "right on the diagonal"
    RIGHT_WHERE = "right where"
    RIGHT_BUT_WHERE_ANOTHER_IS = "right but where another is"
    RIGHT_OR_0 = "right or 0"
    RIGHT_OR_MORE = "right or more"  # a constant difference wherever it is wrong
    RIGHT_OR_LESS = "right or less"
    SIGNS = "signs"
    ZEROS_AND_ONES_EXCHANGED = "0 and 1 exchanged"
    # of rows
    LEFT_OUT = "left out"
    LONGER = "longer"
    ROWS = "rows"
    IN_ANOTHER_ORDER = "in another order"
    # within the array
    HALF_PRECISION = "half precision"
    SINGLE_PRECISION = "single precision"
    EMPTY = "empty"
    ALL_EQUAL = "all equal"
    EQUAL_AS_EXPECTED = "all equal, and others expected"  # and the expected values are equal, too
    NOTHING_BUT_0 = "nothing but 0"
    THE_SAME_ALONG = "the same along"
    ADDS_UP_ELSEWHERE = "adds up along another axis"


class ValuesKind(StrEnum):
    """Kinds of expected values, or of another array's."""

    ZERO = "0"
    NEGATIVE = "negative"
    POSITIVE = "positive"
    LARGEST = "largest"
    SMALLEST = "smallest"
    NAN = "NaN"
    LARGER = "larger"
    SMALLER = "smaller"


@dataclass(frozen=True)
class Relation:
    """How a wrong array is made from the expected ones; equal if the same is true.

    operation, factor: applied to the array that the kind names.
    arrays: the other arrays that it names. axes: along which it holds.
    expected_axes: of the expected values. numbers: one for each position along these axes.
    counts: the number of values, and the total.
    values: the kind of the expected values concerned. found: wrong values in figures.
    expected: expected values in figures; "" if they are not shown.
    """

    kind: RelationKind
    operation: Operation = NOTHING_DONE
    factor: Number | None = None
    arrays: tuple[str, ...] = ()
    axes: tuple[Axis, ...] = ()
    expected_axes: tuple[Axis, ...] = ()
    numbers: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    values: ValuesKind | None = None
    found: str = ""
    expected: str = ""
    wrong_rows: WrongRows | None = None
    part: Part | None = None
    chosen: ChosenRows | None = None
    of_rows: bool = False

    @property
    def is_plain(self) -> bool:
        """Return whether values are those of an array without an operation."""
        return self.operation == NOTHING_DONE and self.factor is None


# ---- how wrong arrays look


class LookKind(StrEnum):
    """How a wrong array looks."""

    MISSING = "missing"
    TOO_LARGE = "too large"
    OTHER_CONTENT = "other content"
    OTHER_SHAPE = "other shape"
    TEXT = "text"
    NOT_FINITE = "not finite"
    UNMEASURABLE = "unmeasurable"
    OWN_WORDS = "own words"  # the author's words for this array
    WRONG_VALUES = "wrong values"


class Content(StrEnum):
    """The kind of an array's content."""

    EMPTY = "empty"
    TEXT = "text"
    NUMBERS = "numbers"
    NUMBER = "number"


@dataclass(frozen=True)
class Shapes:
    """Two shapes that differ.

    letters: of the expected one, each with its size. found_has_letters: whether the letters may
    also be used for the shape found.
    """

    found: tuple[int, ...] = ()
    expected: tuple[int, ...] = ()
    letters: tuple[tuple[str, int], ...] = ()
    found_has_letters: bool = False


@dataclass(frozen=True)
class RowsThere:
    """The number of expected rows that an answer lacks, of how many, and the number of others.

    of_rows: whether they are rows; otherwise they are single values.
    """

    missing: int
    expected: int
    others: int
    of_rows: bool = True


class Side(StrEnum):
    """How all wrong values of an array differ from the expected ones."""

    TOO_LARGE = "too large"
    TOO_SMALL = "too small"
    ONE_TOO_LARGE = "one too large"  # of integers, as the next two
    ONE_TOO_SMALL = "one too small"
    OFF_BY_ONE = "off by one"  # up or down
    NAN = "NaN"  # where a number is expected
    NUMBER = "number"  # where NaN is expected
    OTHER_ORDER = "other order"  # of texts, as the next two
    WHITE_SPACE = "white space"
    CAPITALS = "capitals"
    TRUE = "true"  # and should be false
    FALSE = "false"
    ALL_TRUE = "all true"  # not only the wrong ones
    ALL_FALSE = "all false"


@dataclass(frozen=True)
class Look:
    """How wrong arrays look.

    shapes: if they differ. contents, amounts: the array's, and the expected one's.
    text: the first difference, the array's and the expected one's, quoted; index: its position.
    counts: for each array the number of wrong values, and the total.
    side: how all wrong values differ; None if they differ in several ways.
    from_border: the number of rows or columns within which all wrong ones are; 0 if that says
    nothing.
    moved: by how many rows and columns all values are moved, except near the border; () if not.
    beside_mistake: whether a known mistake explains other arrays, and not these.
    rows: of a list, or of a table, that is too long or too short.
    of_table: whether the arrays are columns of a table. words: the author's own.
    """

    kind: LookKind
    shapes: Shapes | None = None
    contents: tuple[Content, ...] = ()
    amounts: tuple[Amount, ...] = ()
    text: tuple[str, ...] = ()
    index: tuple[int, ...] = ()
    counts: tuple[tuple[int, int], ...] = ()
    rows: RowsThere | None = None
    of_table: bool = False
    words: str = ""
    side: Side | None = None
    from_border: int = 0
    moved: tuple[int, ...] = ()
    beside_mistake: bool = False


# ---- findings


class FindingKind(StrEnum):
    """The kind of a finding."""

    # of arrays
    MISTAKE = "mistake"
    TWO_MISTAKES = "two mistakes"
    SMALL_CHANGE = "small change"
    RELATION = "relation"
    LOOK = "look"
    # of an answer to a question
    ANSWERED = "answered"
    WRONG_PART = "wrong part"  # the author has words for it
    RECORDED = "recorded"  # it was given, and practice does not judge it
    # of an answer that ended early
    MISTAKE_OF_ERROR = "mistake of the error"
    ERROR = "error"
    STILL_COUNTS = "still counts"
    # of a check
    ARE_RIGHT = "are right"
    WAITS = "waits"
    NOT_JUDGED = "not judged"
    HIDDEN = "hidden"
    RIGHT_AFTER = "right after"
    RIGHT_AFTER_IN_PART = "right after in part"  # some arrays would hide other mistakes
    CARRIED_IN_PART = "carried in part"  # the same, where something else is wrong
    CARRIED = "carried"
    READ_PLAINLY = "read plainly"
    LOSS = "loss"
    LOSS_AND_OURS = "loss and ours"
    ORIGIN = "origin"
    TWO_ANSWERS = "two answers"


class Certainty(StrEnum):
    """How much a finding explains."""

    SURE = "sure"  # the cause of the values or the error: anything else fits by chance only
    OPEN = "open"  # the same, but several changes fit
    NONE = "none"  # only what was seen


@dataclass(frozen=True)
class Loss:
    """The loss of trained weights, held out, the solution's, and the allowed difference.

    All are texts, for a loss may be no number. unit: of the loss, in words.
    """

    found: str
    ours: str
    within: str
    unit: str = ""


@dataclass(frozen=True)
class Replied:
    """The answer to a question, in words; "" if nothing valid was given.

    is_explained: whether the author's words on its error follow. by_hand: whether a person gives
    the points.
    """

    words: str = ""
    is_prediction: bool = False
    is_explained: bool = False
    by_hand: bool = False


@dataclass(frozen=True)
class Finding:
    """A finding on wrong arrays, or on a whole check.

    arrays: that it is about. mistakes: the known mistakes that it names, in their author's words.
    code: the line of the known mistake, if it is one.
    names: of checks that it refers to, or of right arrays.
    mending: a small change of the student's file with which the check passes, found afterwards.
    place: the line of the submission that it names, as "line 3". message: of an error.
    group: the same for equal wrong values that no known mistake explains.
    """

    kind: FindingKind
    arrays: tuple[str, ...] = ()
    certainty: Certainty = Certainty.NONE
    mistakes: tuple[str, ...] = ()
    code: str = ""
    change: ChangeFound | None = None
    relation: Relation | None = None
    look: Look | None = None
    mending: Mending | None = None
    error: Error | None = None
    message: str = ""
    loss: Loss | None = None
    replied: Replied | None = None
    names: tuple[str, ...] = ()
    place: str = ""
    group: str = ""

    @property
    def explains(self) -> bool:
        """Return whether it gives the cause of values or of an error."""
        return self.certainty is not Certainty.NONE

    @property
    def only_looks(self) -> bool:
        """Return whether it only says how wrong numbers look.

        Text is quoted as it is, and an author's own words are sufficient.
        """
        if self.explains or self.look is None:
            return False
        return self.look.kind not in (LookKind.TEXT, LookKind.OWN_WORDS)
