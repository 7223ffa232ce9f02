"""What is found, in English: of a whole check, of small changes, and of what mends a file.

Nothing reads these sentences back.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from autograder.check import Check
from autograder.explaining.finding import ChangeFound, Mending
from autograder.slip import PARTS, Slip, SlipKind

# a known mistake is told as a fact about values, or about an error: other code may give the same
VALUES_ARE = "your values are those of this mistake"
TWO_MISTAKES = "your values are those of two mistakes at once"
ERROR_IS = "your error is that of this mistake"
TWO_ANSWERS = (
    "asked once more, in a new process, this check got another answer. The one that earns less "
    "counts. Chance, or something that an earlier exercise leaves behind, decides what is returned."
)


def values_are(words: str) -> str:
    """Say that an answer's values are those of a known mistake. words: the mistake's own."""
    return f"{VALUES_ARE}: {words}"


def two_mistakes_are(words: str) -> str:
    """Say that an answer's values are those of two known mistakes. words: those of both."""
    return f"{TWO_MISTAKES}: {words}"


def one_of_two_is(words: str) -> str:
    """Say the same where only one of them is known. words: its own."""
    return f"{TWO_MISTAKES}. One of them: {words}"


def error_is(words: str) -> str:
    """Say that an answer's error is that of a known mistake. words: the mistake's own."""
    return f"{ERROR_IS}: {words}"


def quoted(names: Sequence[str]) -> str:
    """Write names of checks: "`a` and `b`"."""
    return " and ".join(f"`{name}`" for name in names)


def waits_for(needed: Sequence[str]) -> str:
    """Say which checks have to pass first."""
    these = "this" if len(needed) == 1 else "these"
    return f"Do {these} first: {', '.join(f'`{name}`' for name in needed)}."


def still_counts(count: int) -> str:
    """Say that arrays which were named beside a failure earn their points."""
    return "right, and it counts." if count == 1 else "right, and they count."


def are_right(names: Sequence[str]) -> str:
    """Say which arrays are right. names: one or more."""
    return f"{quoted(names)} {'are' if len(names) > 1 else 'is'} right."


def hidden_by(needed: Sequence[str]) -> str:
    """Say that earlier mistakes hide whether an answer is right."""
    return f"{_are_wrong(needed)}, and nobody can tell yet whether what follows is right."


def right_after(needed: Sequence[str]) -> str:
    """Say that an answer is right but for what came before it."""
    return f"{_are_wrong(needed)}; what follows is right, and it counts."


def judged_after(needed: Sequence[str]) -> str:
    """Say that an answer was judged with earlier mistakes carried forward."""
    return f"judged with what is wrong in {quoted(needed)} carried forward."


def read_plainly(needed: Sequence[str]) -> str:
    """Say that remarks compare with the right answer, though points carry mistakes forward."""
    return (
        f"{_are_wrong(needed)}, and your points take that into account. The remarks below compare "
        "with the right answer, which explains more of your values."
    )


def _are_wrong(needed: Sequence[str]) -> str:
    return f"{quoted(needed)} before this {'are' if len(needed) > 1 else 'is'} wrong"


def loss_is_another(check: Check, loss: float, ours: float, loss_unit: str) -> str:
    """Say by how much a held-out loss misses the solution's, and where to look."""
    unit = f" {loss_unit}" if loss_unit else ""
    return (
        f"held-out loss {loss:.4f}{unit}; ours on the same seed, batches and first weights "
        f"{ours:.4f}. They should agree within {check.within:g}. {_where_to_look(check)}"
    )


def other_origin(loss: float) -> str:
    """Say that weights were not trained from those and on the batches that were given."""
    return (
        f"held-out loss {loss:.4f}, as ours, but these weights did not come from the first weights "
        "and the batches that were given. Train those."
    )


def _where_to_look(check: Check) -> str:
    """Ask what may be wrong with training, as far as the checks before have not shown it right."""
    if not check.needs:
        return "Does every step use its own batch and the newest weights?"
    return (
        f"What {quoted(check.needs)} asked is right, so look for what shows only in a longer run "
        "or at other sizes: does training end early, is something done in some steps only, is a "
        "number written into the code?"
    )


# ---- slips

MOST_KINDS = 2  # of slip that are named; more would be no diagnosis
LONGEST_QUOTE = 60  # characters of a student's code
# signs of which a right answer may have one where another right answer has the other
OPPOSITES = ({"+", "-"}, {"*", "/"}, {"<", ">"}, {"<=", ">="}, {"+=", "-="}, {"*=", "/="})
PART = {
    SlipKind.TERM: "a term",
    SlipKind.FACTOR: "a factor",
    SlipKind.DIVISION: "a division",
    SlipKind.MATRIX_PRODUCT: "a product with a matrix",
    SlipKind.POWER: "a power",
    SlipKind.SQUARE: "a square",
    SlipKind.MINUS: "a minus",
    SlipKind.INVERSION: "a `~`",
    SlipKind.PART_OF_CONDITION: "a part of a condition",
    SlipKind.CALL: "a call",
    SlipKind.WITH: "a `with`",
    SlipKind.LINE: "a line",
}
NAMED_PART = {SlipKind.CALL: "`{}`", SlipKind.OPTION: "the option `{}`", SlipKind.WITH: "`with {}`"}
# what else is missing, and what is said where it is too much
MISSING = {
    SlipKind.REMAINDER: ("a remainder is not taken", "a remainder is taken"),
    SlipKind.SLICE_BEGINNING: ("a slice has no beginning", "a slice has a beginning"),
    SlipKind.SLICE_END: ("a slice has no end", "a slice has an end"),
    SlipKind.SLICE_STEP: ("a slice has no step", "a slice has a step"),
}
SENTENCE: Mapping[SlipKind, str] = {
    SlipKind.REPLACED: "`{}` stands where `{}` should",
    SlipKind.ARGUMENT_FOR_RESULT: "an argument of `{}` stands where its result should",
    SlipKind.ONE_FOR_DIVIDEND: "1 stands in the place of what is divided",
    SlipKind.ZERO_FOR_NUMBER: "0 stands in the place of a number",
    SlipKind.NUMBER_FOR_ZERO: "a number stands where 0 should",
    SlipKind.END_FOR_BEGINNING: "a slice takes the end in place of the beginning",
    SlipKind.BEGINNING_FOR_END: "a slice takes the beginning in place of the end",
    SlipKind.VARIABLE: "one variable stands in the place of another",
    SlipKind.ENTRY: "the wrong entry of a dict is used",
    SlipKind.TWICE: "a number is twice as large as it should be",
    SlipKind.HALF: "a number is half as large as it should be",
    SlipKind.TRANSPOSE_MISSING: "a transpose is missing",
    SlipKind.TRANSPOSE_TOO_MANY: "there is a transpose too many",
    SlipKind.TWO_MISSING: "a factor of 2 is missing",
    SlipKind.TWO_TOO_MANY: "there is a factor of 2 too many",
    SlipKind.OFF_BY_ONE: "a value is off by one",
    SlipKind.AXIS_NOT_KEPT: "an axis is not kept",
    SlipKind.AXIS: "a function works along the wrong axis",
    SlipKind.INDEX: "an index is wrong",
    SlipKind.NUMBER: "a number is wrong",
    SlipKind.EXPONENT: "an exponent is wrong",
    SlipKind.DIVISOR: "a divisor is wrong",
    SlipKind.STEP_OF_SLICE: "the step of a slice is wrong",
    SlipKind.BOUND_OF_SLICE: "a slice begins or ends at the wrong place",
    SlipKind.STEP_OF_LOOP: "the step of a loop is wrong",
    SlipKind.BOUND_OF_LOOP: "a loop begins or ends at the wrong place",
    SlipKind.NEGATED: "a condition is inverted",
    SlipKind.SIDES_SWAPPED: "the two sides of a `{}` are swapped",
    SlipKind.ARGUMENTS_SWAPPED: "two arguments of `{}` are swapped",
    SlipKind.VALUES_SWAPPED: "two values are swapped",
    SlipKind.LINES_SWAPPED: "two lines are in the wrong order",
}


def slip_in_words(slip: Slip) -> str:
    """Say what a slip is, as what follows a colon: "`+` stands where `-` should"."""
    if slip.kind in MISSING:
        is_missing, is_too_much = MISSING[slip.kind]
        return is_too_much if slip.is_too_much else is_missing
    if slip.kind in PARTS:
        part = NAMED_PART[slip.kind].format(*slip.names) if slip.names else PART[slip.kind]
        return f"{part} is too much" if slip.is_too_much else f"{part} is left out"
    option = f"in the option `{slip.option}`, " if slip.option else ""
    return option + SENTENCE[slip.kind].format(*slip.names)


def slips_in_words(slips: Iterable[Slip]) -> str:
    """Say several slips of which any may be the one."""
    words = {slip_in_words(slip) for slip in slips}
    return ", or ".join(sorted(words))


def _either_way(slip: Slip) -> str:
    """Say a slip, and that it may be the other way round where it may.

    A right answer may add what another one takes away.
    """
    words = slip_in_words(slip)
    if slip.kind is SlipKind.REPLACED and set(slip.names) in OPPOSITES:
        return f"{words}, or the other way round"
    return words


def small_change(found: ChangeFound) -> str:
    """Say that a small change of a right answer gives an answer's values."""
    text = "your values are those of a right answer but for one small change"
    if found.functions:
        text = f"{text} in {_code(found.functions)}"
    words = {_either_way(slip) for slip in found.slips}
    if not words or len(words) > MOST_KINDS or (len(words) > 1 and found.are_of_several):
        return f"{text}."
    return f"{text}: {', or '.join(sorted(words))}."


def _code(names: Collection[str]) -> str:
    return " or in ".join(f"`{name}`" for name in sorted(names))


# ---- what mends a file


def where_mended(found: Mending) -> str:
    """Say where a small change lets a check pass, without an end of the sentence.

    Example: "This check passes with one small change in `fit` (line 41: `y = a - b`)".
    """
    text = f"This check passes with one small change in `{found.function}`"
    if found.place:
        text = f"{text} ({found.place}: {code_quoted(found.statement)})"
    return text


def what_mended(found: Mending) -> str:
    """Say where a small change lets a check pass, and which slip it takes back where that is sure.

    Example: "This check passes with one small change in `fit` (line 41: `y = a - b`): `-` stands
    where `+` should."
    """
    where = where_mended(found)
    return f"{where}: {slips_in_words(found.slips)}." if found.slips else f"{where}."


def code_quoted(text: str) -> str:
    """Return code of a student's between backticks, in one line, without what would end them.

    What is long is cut in its middle: two parts of one line mostly differ in their ends.
    """
    in_one_line = " ".join(text.split()).replace("`", "'")
    if len(in_one_line) > LONGEST_QUOTE:
        half = LONGEST_QUOTE // 2
        in_one_line = f"{in_one_line[:half]}…{in_one_line[-half:]}"
    return f"`{in_one_line}`"
