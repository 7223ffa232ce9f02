"""Findings in English: the only module that makes a sentence of a finding.

No code reads these sentences.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from autograder.check import Amount, shape_in_letters
from autograder.finding import (
    Axis,
    ChangeFound,
    ChosenRows,
    Content,
    Finding,
    FindingKind,
    Look,
    LookKind,
    Loss,
    Mending,
    Number,
    Operation,
    OperationKind,
    Part,
    Relation,
    RelationKind,
    Replied,
    RowsKind,
    RowsThere,
    Shapes,
    Side,
    ValuesKind,
    WrongRows,
)
from autograder.judging.verdict import Remark
from autograder.slip import PARTS, Slip, SlipKind

# a known mistake is stated as a fact about values or an error, because other code may give the same
VALUES_ARE = "your values match this known mistake"
TWO_MISTAKES = "your values match two known mistakes made at once"
ERROR_IS = "your error matches this known mistake"
AND = " And: "  # between the descriptions of two mistakes
TWO_ANSWERS = (
    "this check ran twice and got two different answers; the one that earns less counts. Does your "
    "code draw random numbers, or use something that an earlier exercise leaves behind?"
)


def remark_on(finding: Finding) -> Remark:
    """Return a finding as a remark, with its sentence."""
    is_text = finding.look is not None and finding.look.kind is LookKind.TEXT
    return Remark(
        text=sentence(finding),
        arrays=finding.arrays,
        finding=finding,
        literal=is_text or finding.kind in WRITTEN_BY_STUDENTS,
    )


def remarks_on(findings: Iterable[Finding]) -> tuple[Remark, ...]:
    """Return findings as remarks."""
    return tuple(remark_on(finding) for finding in findings)


def sentence(finding: Finding) -> str:
    """Return a finding as a sentence."""
    said = SAYS[finding.kind](finding)
    if finding.mending:
        return f"{said} {what_mended(finding.mending)}"
    return said


# ---- known mistakes, and errors


def _mistake(finding: Finding) -> str:
    return f"{VALUES_ARE}: {AND.join(finding.mistakes)}"


def _two_mistakes(finding: Finding) -> str:
    """Say that two known mistakes together give the values; name the one that is sure, or both."""
    words = AND.join(finding.mistakes)
    if len(finding.mistakes) > 1:
        return f"{TWO_MISTAKES}: {words}"
    return f"{TWO_MISTAKES}. One of them: {words}"


def _mistake_of_error(finding: Finding) -> str:
    return f"{ERROR_IS}: {AND.join(finding.mistakes)}"


def _error(finding: Finding) -> str:
    return finding.message


def _still_counts(finding: Finding) -> str:
    """Say that right arrays, returned before something failed, earn their points."""
    if len(finding.arrays) == 1:
        return f"`{finding.arrays[0]}` is right and keeps its points."
    return f"{quoted(finding.arrays)} are right and keep their points."


# ---- answers to questions

NOT_AS_PREDICTED = (
    "The result differs: run the example and compare. Any prediction earns the point."
)
WRITTEN_BY_STUDENTS = (FindingKind.ANSWERED, FindingKind.RECORDED)


def _answered(finding: Finding) -> str:
    """Say what the answer to a question was, and that it is wrong."""
    replied = finding.replied or Replied()
    you = "You predicted" if replied.is_prediction else "You answered"
    told = f"{you}: {replied.words or 'nothing that counts'}."
    if replied.is_explained:
        return told
    if replied.is_prediction:
        return f"{told} {NOT_AS_PREDICTED}"
    return f"{told} That is not right."


def _wrong_part(finding: Finding) -> str:
    return AND.join(finding.mistakes)


def _recorded(finding: Finding) -> str:
    """Say that an answer was recorded, and that practice does not judge it."""
    replied = finding.replied or Replied()
    if replied.by_hand:
        return f"Your answer has {replied.words}. A person reads it and gives the points."
    if replied.is_prediction:
        return (
            f"Your prediction is: {replied.words}. Any prediction earns the point in grading. "
            "Run the example and compare."
        )
    return f"Your answer is: {replied.words}. It is judged when you have handed it in."


# ---- a whole check


def quoted(names: Sequence[str]) -> str:
    """Write names of checks: "`a`, `b` and `c`"."""
    *firsts, last = (f"`{name}`" for name in names)
    return f"{', '.join(firsts)} and {last}" if firsts else last


def _waits(finding: Finding) -> str:
    """Say which checks have to pass first."""
    these = "this" if len(finding.names) == 1 else "these"
    listed = ", ".join(f"`{name}`" for name in finding.names)
    return f"Do {these} first: {listed}."


def _not_judged(finding: Finding) -> str:
    """Say on which checks a check depends that a grade does not judge."""
    return f"Not judged: it needs {quoted(finding.names)}, which did not pass."


MOST_RIGHT = 3  # number of arrays that are named as right


def _are_right(finding: Finding) -> str:
    """Say which arrays are right: one or more, the first ones by name."""
    more = len(finding.names) - MOST_RIGHT
    if more <= 0:
        return f"{quoted(finding.names)} {_are(finding.names)} right."
    first = ", ".join(f"`{name}`" for name in finding.names[:MOST_RIGHT])
    return f"{first} and {more} more are right."


def _hidden(finding: Finding) -> str:
    """Say that earlier mistakes hide whether an answer is right."""
    before = _are_wrong(finding.names)
    return f"{before}, so this one cannot be checked yet. Correct that first."


def _right_after(finding: Finding) -> str:
    """Say that an answer is right, given the wrong answer that it builds on."""
    return f"{_consistent(finding)}, so it earns its points."


def _right_after_in_part(finding: Finding) -> str:
    """Say which points such an answer earns if an early mistake makes some arrays say nothing."""
    return (
        f"{_consistent(finding)}. It earns only some of the points: because of the earlier "
        "mistake, wrong code would return the same values in the other arrays."
    )


def _consistent(finding: Finding) -> str:
    them = "them" if len(finding.names) > 1 else "it"
    return f"{_are_wrong(finding.names)}. This one is consistent with {them}"


def _carried(finding: Finding) -> str:
    """Say that an answer was judged with earlier mistakes carried forward."""
    return (
        f"your error in {quoted(finding.names)} costs nothing here: the solution that this is "
        "compared with has it, too."
    )


def _carried_in_part(finding: Finding) -> str:
    """Say the same if the earlier mistakes make some arrays say nothing."""
    return (
        f"the solution that this is compared with has your error in {quoted(finding.names)}, too. "
        "Only some values can earn points: because of that error, wrong code would return the same "
        "in the others."
    )


def _read_plainly(finding: Finding) -> str:
    """Say that remarks compare with the right answer, though points follow carried mistakes."""
    return (
        f"{_are_wrong(finding.names)}, and your points allow for that. The remarks below compare "
        "with the right answer, because that shows more of what went wrong here."
    )


def _are_wrong(needed: Sequence[str]) -> str:
    answers = "answers" if len(needed) > 1 else "answer"
    return f"your {answers} to {quoted(needed)} {_are(needed)} wrong"


def _are(names: Sequence[str]) -> str:
    return "are" if len(names) > 1 else "is"


def _loss_is_another(finding: Finding) -> str:
    """Say by how much a held-out loss misses the solution's, and where to look."""
    loss = _loss_of(finding)
    unit = f" {loss.unit}" if loss.unit else ""
    return (
        f"held-out loss {loss.found}{unit}; ours on the same seed, batches and initial weights "
        f"{loss.ours}. They should agree within {loss.within}. {_where_to_look(finding)}"
    )


def _loss_and_ours(finding: Finding) -> str:
    """Say a held-out loss beside the solution's, and how points depend on it."""
    loss = _loss_of(finding)
    unit = f" {loss.unit}" if loss.unit else ""
    if not math.isfinite(float(loss.found)):
        return (
            "the held-out loss of these weights cannot be computed. Test that each weight is a "
            "finite number, and that there are as many as the check asks for."
        )
    return (
        f"held-out loss {loss.found}{unit}; ours on the same split {loss.ours}. A loss as low as "
        f"ours earns all points, and one that is {loss.within} higher none."
    )


def _other_origin(finding: Finding) -> str:
    """Say that weights were not trained from the given ones on the given batches."""
    return (
        f"held-out loss {_loss_of(finding).found}, as ours, but these weights were not trained "
        "from the given initial weights on the given batches. Train those."
    )


def _loss_of(finding: Finding) -> Loss:
    assert finding.loss is not None
    return finding.loss


def _where_to_look(finding: Finding) -> str:
    """Ask what may be wrong with training, except what earlier checks have shown to be right."""
    if not finding.names:
        return "Does every step use its own batch and the newest weights?"
    return (
        f"{quoted(finding.names)} passed, so look for mistakes that show only in a longer run or "
        "at other sizes. Does training end early? Is something done in some steps only? Is a "
        "number written into the code?"
    )


def _two_answers(finding: Finding) -> str:
    return TWO_ANSWERS


# ---- small errors

MOST_KINDS = 2  # number of errors to report; more are no diagnosis
LONGEST_QUOTE = 60  # characters of a student's code to show
# operators that may be exchanged between two right answers
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
# further missing parts, and the text for a superfluous one
MISSING = {
    SlipKind.REMAINDER: ("a remainder is not taken", "a remainder is taken"),
    SlipKind.SLICE_BEGINNING: ("a slice has no beginning", "a slice has a beginning"),
    SlipKind.SLICE_END: ("a slice has no end", "a slice has an end"),
    SlipKind.SLICE_STEP: ("a slice has no step", "a slice has a step"),
}
SENTENCE: Mapping[SlipKind, str] = {
    SlipKind.REPLACED: "`{}` stands where `{}` should",
    SlipKind.ARGUMENT_FOR_RESULT: "an argument of `{}` stands where its result should",
    SlipKind.ONE_FOR_DIVIDEND: "what should be divided is missing, as if it were 1",
    SlipKind.ZERO_FOR_NUMBER: "0 stands where another number should",
    SlipKind.NUMBER_FOR_ZERO: "a number stands where 0 should",
    SlipKind.END_FOR_BEGINNING: "a slice takes the end instead of the beginning",
    SlipKind.BEGINNING_FOR_END: "a slice takes the beginning instead of the end",
    SlipKind.VARIABLE: "one variable stands where another should",
    SlipKind.ENTRY: "the wrong key or column is used",
    SlipKind.TWICE: "a number is twice as large as it should be",
    SlipKind.HALF: "a number is half as large as it should be",
    SlipKind.TRANSPOSE_MISSING: "a transpose is missing",
    SlipKind.TRANSPOSE_TOO_MANY: "there is a transpose too many",
    SlipKind.TWO_MISSING: "a factor of 2 is missing",
    SlipKind.TWO_TOO_MANY: "there is a factor of 2 too many",
    SlipKind.OFF_BY_ONE: "a value is off by one",
    SlipKind.AXIS_NOT_KEPT: "an axis is not kept",
    SlipKind.APPLIED_TO_TOO_MUCH: "`{}` should apply to less of the expression",
    SlipKind.APPLIED_TO_TOO_LITTLE: "`{}` should apply to more of the expression",
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
    """Return the text of a small error, to follow a colon: "`+` stands where `-` should"."""
    if slip.kind in MISSING:
        is_missing, is_too_much = MISSING[slip.kind]
        return is_too_much if slip.is_too_much else is_missing
    if slip.kind in PARTS:
        part = _part_in_words(slip)
        return f"{part} should not be there" if slip.is_too_much else f"{part} is left out"
    sentence = SENTENCE[slip.kind].format(*slip.names)
    if slip.option:
        return f"in the option `{slip.option}`, {sentence}"
    return sentence


def _part_in_words(slip: Slip) -> str:
    """Say what is missing or superfluous, by its name if it has one."""
    if slip.names:
        return NAMED_PART[slip.kind].format(*slip.names)
    return PART[slip.kind]


def slips_in_words(slips: Iterable[Slip]) -> str:
    """Return the text of several possible errors."""
    return _any_of({slip_in_words(slip) for slip in slips})


def _any_of(words: Collection[str]) -> str:
    return ", or ".join(sorted(words))


def _either_way(slip: Slip) -> str:
    """Return the text of an error, and that it may be the other way round if it may.

    A right answer may add what another one subtracts.
    """
    words = slip_in_words(slip)
    if slip.kind is SlipKind.REPLACED and set(slip.names) in OPPOSITES:
        return f"{words}, or the other way round"
    return words


def _small_change(finding: Finding) -> str:
    """Say that a small change of a right answer gives an answer's values."""
    found = finding.change or ChangeFound()
    text = "your values are those of a right answer with one small mistake"
    if found.functions:
        functions = " or in ".join(f"`{name}`" for name in found.functions)
        text = f"{text} in {functions}"
    words = {_either_way(slip) for slip in found.slips}
    most = 1 if found.are_of_several else MOST_KINDS
    return f"{text}: {_any_of(words)}." if 0 < len(words) <= most else f"{text}."


# ---- repairs of a file


def where_mended(found: Mending) -> str:
    """Say where a small change makes a check pass, without the end of the sentence.

    Example: "This check passes with one small change in `fit` (line 41, where you wrote
    `y = a - b`)".
    """
    what = "without a part of" if found.leaves_out else "with one small change in"
    text = f"This check passes {what} `{found.function}`"
    if found.place:
        text = f"{text} ({found.place}, where you wrote {code_quoted(found.statement)})"
    if found.leaves_out:
        text = f"{text}. Look for what should not be there"
    return text


def where_mended_in_practice(found: Mending) -> str:
    """Say where a small change makes a check pass, and that the line is uncertain if it is."""
    where = f"{where_mended(found)}."
    return where if found.place else f"{where} Its line is not certain."


def what_mended(found: Mending) -> str:
    """Say where a small change makes a check pass, and which error it undoes if that is sure.

    Example: "This check passes with one small change in `fit` (line 41, where you wrote
    `y = a - b`): `-` stands where `+` should."
    """
    where = where_mended(found)
    return f"{where}: {slips_in_words(found.slips)}." if found.slips else f"{where}."


def code_quoted(text: str) -> str:
    """Return a student's code between backticks, in one line, without backticks inside.

    Long code is cut in the middle: two versions of a line mostly differ at their ends.
    """
    lines = (line.strip() for line in text.splitlines())
    in_one_line = " ".join(filter(None, lines)).replace("`", "'")
    if len(in_one_line) > LONGEST_QUOTE:
        half = LONGEST_QUOTE // 2
        in_one_line = f"{in_one_line[:half]}…{in_one_line[-half:]}"
    return f"`{in_one_line}`"


# ---- how wrong arrays look

CONTENT = {
    Content.EMPTY: "an empty list",
    Content.TEXT: "text",
    Content.NUMBERS: "numbers",
    Content.NUMBER: "a number",
}
ONE_NUMBER = (1, 1)  # the counts of an array with a single wrong number


def _look(finding: Finding) -> str:
    look = finding.look
    assert look is not None
    if len(set(look.counts)) > 1 and len(look.counts) == len(finding.arrays):
        return _wrong_values_of_each(finding.arrays, look)
    return LOOKS[look.kind](look)


def _missing(look: Look) -> str:
    return "is missing from the result."


def _too_large(look: Look) -> str:
    """Say how large an array is that was dropped because of its size."""
    found, expected = look.amounts
    wanted = f"{expected.count:,}" if found.of_text == expected.of_text else _amount(expected)
    text = f"your answer is far too large: {_amount(found)}, and {wanted} are expected."
    return f"{text} Shape {_two_shapes(look.shapes)}" if look.shapes else text


def _amount(amount: Amount) -> str:
    """Say how much an array holds: "1,200 numbers", "35 characters"."""
    return f"{amount.count:,} {'characters' if amount.of_text else 'numbers'}"


def _other_content(look: Look) -> str:
    found, expected = look.contents
    yours = "your values are" if found is Content.NUMBERS else "your value is"
    return f"{yours} {CONTENT[found]}, and should be {CONTENT[expected]}."


def _other_shape(look: Look) -> str:
    assert look.shapes is not None
    said = f"the shape is wrong: {_two_shapes(look.shapes)}"
    if look.of_table:
        (found,), (expected,) = look.shapes.found, look.shapes.expected
        said = f"your table has {_counted(found, 'row')}, and {expected} are expected."
    return f"{said} {_which_are_there(look.rows)}" if look.rows else said


def _counted(number: int, noun: str) -> str:
    """Write a number with its noun: "1 row", "3 rows"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _which_are_there(rows: RowsThere) -> str:
    """Say which expected rows are present, and how many others."""
    what = "rows" if rows.of_rows else "values"
    if not rows.missing:
        return f"All {rows.expected} expected {what} are there, and {rows.others} more."
    are = "is" if rows.missing == 1 else "are"
    said = f"{rows.missing} of the {rows.expected} expected {what} {are} missing"
    if not rows.others:
        return f"{said}; all others are there, in some order."
    are = "is" if rows.others == 1 else "are"
    return f"{said}, and {rows.others} of yours {are} not expected."


def _two_shapes(shapes: Shapes) -> str:
    """Say two shapes, in the letters that the check uses."""
    letters = dict(shapes.letters)
    letters_of_found = letters if shapes.found_has_letters else {}
    wanted = shape_in_letters(shapes.expected, letters)
    found = shape_in_letters(shapes.found, letters_of_found, one_more=shapes.expected)
    return f"{found} found, {wanted} expected."


def _text(look: Look) -> str:
    """Say the first difference of a text: "expected 'A. L.', found 'A.L.'."."""
    found, expected = look.text
    said = f"expected {expected}, found {found}"
    if look.index:
        said = f"at {''.join(f'[{number}]' for number in look.index)} {said}"
    for differ, size in look.counts:
        said = f"{said}; {differ} of {size} differ"
    in_common = OF_TEXTS.get(look.side) if look.side else None
    return f"{said}. {in_common}." if in_common else f"{said}."


OF_TEXTS: Mapping[Side, str] = {
    Side.OTHER_ORDER: "All are the expected ones, in another order",
    Side.WHITE_SPACE: "Only white space differs",
    Side.CAPITALS: "Only capitals differ",
}


def _not_finite(look: Look) -> str:
    ((strange, size),) = look.counts
    return f"NaN or infinity in {strange} of {size} places."


def _unmeasurable(look: Look) -> str:
    return "cannot be measured."


def _own_words(look: Look) -> str:
    return look.words


def _wrong_values(look: Look) -> str:
    """Say how many values are wrong, in one array or in each of several."""
    different = [*dict.fromkeys(look.counts)]
    beside = f" {BESIDE_MISTAKE}" if look.beside_mistake else ""
    if different == [ONE_NUMBER]:
        these = "this number is wrong." if len(look.counts) == 1 else "these numbers are wrong."
        return f"{these}{beside}"
    counts = [f"{wrong} of {size}" for wrong, size in different]
    where = f"{', '.join(counts)} places"
    if len(look.counts) > len(different) == 1:
        where = f"{where} each"
    return f"wrong values in {where}{_sides(look)}.{beside}"


BESIDE_MISTAKE = "The mistake named above does not explain this."
SIDES: Mapping[Side, str] = {
    Side.TOO_LARGE: "all of them are too large",
    Side.TOO_SMALL: "all of them are too small",
    Side.ONE_TOO_LARGE: "each of them is 1 too large",
    Side.ONE_TOO_SMALL: "each of them is 1 too small",
    Side.OFF_BY_ONE: "each of them is off by 1, up or down",
    Side.NAN: "all of them are NaN, where a number is expected",
    Side.NUMBER: "all of them are numbers, where NaN is expected",
    Side.TRUE: "all of them are True and should be False",
    Side.FALSE: "all of them are False and should be True",
    Side.ALL_TRUE: "your values are all True",
    Side.ALL_FALSE: "your values are all False",
}


def _sides(look: Look) -> str:
    """Say on which side all wrong values are, and how near to the border."""
    if look.moved and look.side is None:
        return f": they are the expected ones, {_moved(look.moved)}, except at the border"
    told = []
    if look.side is not None:
        told.append(SIDES[look.side])
    if look.from_border:
        lines = "row or column" if look.from_border == 1 else f"{look.from_border} rows or columns"
        told.append(f"they are all in the first or last {lines}")
    return f": {', and '.join(told)}" if told else ""


def _moved(steps: Sequence[int]) -> str:
    """Say by how many rows and columns a matrix is moved: "moved down by 1 and right by 2"."""
    down, across = steps
    told = []
    if down:
        told.append(f"{'down' if down > 0 else 'up'} by {abs(down)}")
    if across:
        told.append(f"{'right' if across > 0 else 'left'} by {abs(across)}")
    return f"moved {' and '.join(told)}"


def _wrong_values_of_each(arrays: Sequence[str], look: Look) -> str:
    """Say how many values of each array are wrong, if the counts differ."""
    counts = []
    for name, (wrong, size) in zip(arrays, look.counts, strict=True):
        counts.append(f"{wrong} of {size} in `{name}`")
    beside = f" {BESIDE_MISTAKE}" if look.beside_mistake else ""
    return f"wrong values: {', '.join(counts)}{_sides(look)}.{beside}"


LOOKS: Mapping[LookKind, Callable[[Look], str]] = {
    LookKind.MISSING: _missing,
    LookKind.TOO_LARGE: _too_large,
    LookKind.OTHER_CONTENT: _other_content,
    LookKind.OTHER_SHAPE: _other_shape,
    LookKind.TEXT: _text,
    LookKind.NOT_FINITE: _not_finite,
    LookKind.UNMEASURABLE: _unmeasurable,
    LookKind.OWN_WORDS: _own_words,
    LookKind.WRONG_VALUES: _wrong_values,
}


# ---- relations

RIGHT, YOURS = "the expected ones", "your values"  # the names of the two arrays in feedback
# `{}` stands for the array, `{along}` for the axes
OPERATION: Mapping[OperationKind, str] = {
    OperationKind.NOTHING: "{}",
    OperationKind.REVERSED: "{} reversed{along}",
    OperationKind.MOVED_ON: "{} moved on by one{along}",
    OperationKind.MOVED_BACK: "{} moved back by one{along}",
    OperationKind.SORTED: "{} sorted{along}",
    OperationKind.AXES_EXCHANGED: "{} with {axes} swapped",
    OperationKind.OTHER_AXES: "{} with the axes in another order, ({listed})",
    OperationKind.RESHAPED: (
        "{} in another shape, with the numbers in the order in which `reshape` or `view` leaves "
        "them"
    ),
    OperationKind.LAID_OUT: (
        "{} laid out in another order, as `reshape` or `view` does it and a transpose does not"
    ),
    OperationKind.FIRST_TWICE: "{} with the first{along} twice",
    OperationKind.LAST_TWICE: "{} with the last{along} twice",
    OperationKind.WITHOUT_AXES_OF_1: "{} without axes of size 1",
    OperationKind.ONE_MORE_AXIS: "{} with one more axis, of size 1, at place {place}",
    OperationKind.FLAT: "{} in one long row",
    OperationKind.SUM: "the sum{along} of {}",
    OperationKind.MEAN: "the mean{along} of {}",
    OperationKind.LARGEST: "the largest{along} of {}",
    OperationKind.SMALLEST: "the smallest{along} of {}",
    OperationKind.FIRST: "the first{along} of {}",
    OperationKind.LAST: "the last{along} of {}",
    OperationKind.SUM_IN_EACH_PLACE: "the sum{along} of {}, in each place",
    OperationKind.MEAN_IN_EACH_PLACE: "the mean{along} of {}, in each place",
    OperationKind.LARGEST_IN_EACH_PLACE: "the largest{along} of {}, in each place",
    OperationKind.SOFTMAX: "the softmax{along} of {}",
    OperationKind.LOG_SOFTMAX: "the logarithm of the softmax{along} of {}",
    OperationKind.SHARE_OF_SUM: "the share of the sum{along} of {}",
    OperationKind.SHARE_OF_LENGTH: "the share of the length{along} of {}",
    OperationKind.FROM_MEAN: "the distance from the mean{along} of {}",
    OperationKind.FROM_LARGEST: "the distance from the largest{along} of {}",
    OperationKind.STANDARDISED: "the distance from the mean in standard deviations{along} of {}",
    OperationKind.RUNNING_SUM: "the running sum{along} of {}",
    OperationKind.RUNNING_SUM_FROM_END: "the running sum from the end{along} of {}",
    OperationKind.STEP_TO_NEXT: "the step from one to the next{along} of {}",
    OperationKind.SQUARE: "the square of {}",
    OperationKind.ROOT: "the root of {}",
    OperationKind.LOGARITHM: "the logarithm of {}",
    OperationKind.EXPONENTIAL: "the exponential of {}",
    OperationKind.WITHOUT_SIGN: "the size of {}, without a sign",
    OperationKind.CUT_BELOW_0: "{}, with 0 instead of negative numbers",
    OperationKind.TANH: "the tanh of {}",
    OperationKind.SIGMOID: "the sigmoid of {}",
    OperationKind.ONE_LESS: "1 less {}",
    OperationKind.INVERSE: "1 divided by {}",
    OperationKind.CUBE: "the cube of {}",
    OperationKind.ROUNDED: "{}, rounded",
    OperationKind.ROUNDED_DOWN: "{}, rounded down",
    OperationKind.TRUNCATED: "{}, without what follows the point",
    OperationKind.SIGN: "the sign of {}",
}
WHERE_EXPECTED = {
    ValuesKind.ZERO: "0 is expected",
    ValuesKind.NEGATIVE: "a negative number is expected",
    ValuesKind.POSITIVE: "a positive number is expected",
    ValuesKind.LARGEST: "the largest number is expected",
    ValuesKind.SMALLEST: "the smallest number is expected",
    ValuesKind.NAN: "NaN is expected",
}
IN_PLACES = {"": "", "nan": ", they are NaN", "inf": ", they are infinite"}
ORDINAL = {2: "second", 3: "third"}


def _relation(finding: Finding) -> str:
    """Say a relation, with the shapes or the author's words on the array."""
    assert finding.relation is not None
    said = relation_in_words(finding.relation)
    look = finding.look
    if look and look.shapes:
        return f"{said}: {_two_shapes(look.shapes)}"
    if look and look.words:
        return f"{said}. {look.words}"
    return f"{said}."


def relation_in_words(relation: Relation) -> str:
    """Say a relation, without the end of the sentence: "your values are the expected ones × 5"."""
    return RELATIONS[relation.kind](relation)


def _axis(axis: Axis) -> str:
    return axis if isinstance(axis, str) else f"axis {axis}"


def _axes(axes: Sequence[Axis]) -> str:
    """Name axes: "T and B"."""
    return " and ".join(_axis(axis) for axis in axes)


def _along(axes: Sequence[Axis]) -> str:
    """Say along which axis, or over which: " along T"; "" where there is only one."""
    if len(axes) > 1:
        return f" over {_axes(axes)}"
    return f" along {_axes(axes)}" if axes else ""


def _each(axes: Sequence[Axis]) -> str:
    """Name all places along axes: "each T and B", or "each place along axis 0"."""
    have_letters = all(isinstance(axis, str) for axis in axes)
    return f"each {_axes(axes)}" if have_letters else f"each place along {_axes(axes)}"


def _number(number: Number) -> str:
    """Write a number with its meaning: "5, and B = 5"."""
    said = number.figures
    if number.known:
        said = f"{said}, and {', '.join(number.known)}"
    return f"{said}: {number.formula}" if number.formula else said


def _times(factor: Number | None) -> str:
    return f" × {_number(factor)}" if factor else ""


def _done_to(array: str, operation: Operation) -> str:
    """Say the operation on an array."""
    return OPERATION[operation.kind].format(
        array,
        along=_along(operation.axes),
        axes=_axes(operation.axes),
        listed=", ".join(_axis(axis) for axis in operation.axes),
        place=operation.place,
    )


def _made_of(array: str, relation: Relation) -> str:
    made = _done_to(array, relation.operation)
    if relation.factor and relation.operation.kind is not OperationKind.NOTHING:
        made = f"({made})"  # otherwise the square might be read as that of the product
    return f"{made}{_times(relation.factor)}"


def _expected_of(relation: Relation) -> str:
    return f"those expected of {quoted(relation.arrays)}"


def _changed(relation: Relation) -> str:
    return f"your values are {_made_of(RIGHT, relation)}"


def _changed_back(relation: Relation) -> str:
    return f"what is expected is {_made_of(YOURS, relation)}"


def _another_array(relation: Relation) -> str:
    return f"your values are {_made_of(_expected_of(relation), relation)}"


def _array_added(relation: Relation) -> str:
    return f"your values are {RIGHT} plus {_made_of(_expected_of(relation), relation)}"


def _array_taken_away(relation: Relation) -> str:
    return f"your values are {RIGHT} less {_made_of(_expected_of(relation), relation)}"


def _exchanged(relation: Relation) -> str:
    return f"{quoted(relation.arrays)} are swapped"


def _added(relation: Relation) -> str:
    return f"your values are {RIGHT} + {_term(relation)}"


def _taken_away(relation: Relation) -> str:
    return f"your values are {RIGHT} − {_term(relation)}"


def _add_up_to(relation: Relation) -> str:
    return f"each of your values and the expected one add up to {_term(relation)}"


def _term(relation: Relation) -> str:
    assert relation.factor is not None
    return _number(relation.factor)


def _same_difference_along(relation: Relation) -> str:
    each = _each(relation.axes)
    said = f"for {each} your values differ from {RIGHT} by the same numbers"
    return f"{said}{_listed(relation)}"


def _same_factor_along(relation: Relation) -> str:
    said = f"for {_each(relation.axes)} your values are {RIGHT} times the same numbers"
    return f"{said}{_listed(relation)}"


def _listed(relation: Relation) -> str:
    return f": {', '.join(relation.numbers)}" if relation.numbers else ""


def _right_but_for_rows(relation: Relation) -> str:
    assert relation.wrong_rows is not None
    right = _done_to(RIGHT, relation.operation)
    along = _along(relation.axes)
    only = ONLY_RIGHT.get(relation.wrong_rows.kind)
    if only:
        return f"only the {only} of your values{along} are {right}; all others are wrong"
    return f"your values are {right}, {_but_for(relation.wrong_rows, along)}"


ONLY_RIGHT = {RowsKind.ALL_BUT_FIRST: "first", RowsKind.ALL_BUT_LAST: "last"}


def _but_for(rows: WrongRows, along: str) -> str:
    """Say which rows are wrong."""
    if rows.kind in (RowsKind.FIRST, RowsKind.LAST):
        (count,) = rows.numbers
        return f"except for {_at_end(rows.kind.value, count)}{along}"
    if rows.kind is RowsKind.IN_A_ROW:
        first, last = rows.numbers
        return f"except for numbers {first} to {last}{along}, counted from 0"
    numbers = ", ".join(map(str, rows.numbers))
    number = "number" if len(rows.numbers) == 1 else "numbers"
    return f"except for {number} {numbers}{along}, counted from 0"


def _at_end(which: str, count: int) -> str:
    """Name rows at an end: "the first", "the last 3"."""
    return f"the {which}" if count == 1 else f"the {which} {count}"


def _right_but_for_one_of_each_row(relation: Relation) -> str:
    return f"your values are {RIGHT}, except in one place of each row{_along(relation.axes)}"


def _factor_but_for_one_of_each_row(relation: Relation) -> str:
    along = _along(relation.axes)
    return f"in each row{along}, all values except one are off by the same factor"


def _right_but_where(relation: Relation) -> str:
    assert relation.values is not None
    where = WHERE_EXPECTED[relation.values]
    what = IN_PLACES.get(relation.found, f", they are {relation.found}")
    return f"your values are {RIGHT}, except where {where}{what}"


def _right_but_at_border(relation: Relation) -> str:
    return (
        f"your values are {RIGHT}, except at the border: all wrong ones are in the first or last "
        f"{'row' if relation.axes else 'row or column'}{_along_any(relation.axes)}"
    )


def _right_in_block(relation: Relation) -> str:
    """Say where two axes meet: "where numbers 0 and 1 along H meet numbers 0 to 4 along W"."""
    first, second = relation.numbers
    one, other = relation.axes
    return (
        f"your values are {RIGHT} only where {_of_numbers(first)} along {_axis(one)} meet "
        f"{_of_numbers(second)} along {_axis(other)}, counted from 0"
    )


def _of_numbers(numbers: str) -> str:
    """Write "number 3" or "numbers 0 to 4"."""
    return f"number {numbers}" if numbers.isdigit() else f"numbers {numbers}"


def _along_any(axes: Sequence[Axis]) -> str:
    """Say along which of several axes: " along T or B"."""
    return f" along {' or '.join(map(_axis, axes))}" if axes else ""


def _right_but_on_diagonal(relation: Relation) -> str:
    return f"your values are {RIGHT}, except on {_diagonal(relation)}"


def _right_on_diagonal(relation: Relation) -> str:
    return f"your values are {RIGHT} on {_diagonal(relation)}, and wrong elsewhere"


def _diagonal(relation: Relation) -> str:
    """Name the diagonal of two axes: "the diagonal along T and B"."""
    along = " and ".join(map(_axis, relation.axes))
    return f"the diagonal along {along}" if along else "the diagonal"


def _right_where(relation: Relation) -> str:
    if relation.values is ValuesKind.LARGER:
        return "your values are right where the expected ones are large, and wrong where small"
    return "your values are right where the expected ones are small, and wrong where large"


def _right_but_where_another_is(relation: Relation) -> str:
    others = _expected_of(relation)
    return f"your values are {RIGHT}, except where {others} are {relation.values}"


def _right_or_0(relation: Relation) -> str:
    wrong, size = relation.counts
    return f"your values are {RIGHT}, except for 0 in {wrong} of {size} places"


def _right_or_more(relation: Relation) -> str:
    return _right_or_off(relation, "large")


def _right_or_less(relation: Relation) -> str:
    return _right_or_off(relation, "small")


def _right_or_off(relation: Relation, how: str) -> str:
    wrong, size = relation.counts
    return f"your values are {RIGHT}, but {wrong} of {size} are too {how} by {_term(relation)}"


def _signs(relation: Relation) -> str:
    wrong, size = relation.counts
    return f"your values are {RIGHT}, with the other sign in {wrong} of {size} places"


def _zeros_and_ones_exchanged(relation: Relation) -> str:
    return "your values are 0 where 1 is expected, and 1 where 0 is expected"


def _left_out(relation: Relation) -> str:
    return f"your values are {_part_of(RIGHT, relation)}"


def _longer(relation: Relation) -> str:
    return f"what is expected is {_part_of(YOURS, relation)}"


def _part_of(array: str, relation: Relation) -> str:
    """Say which rows of an array a part is."""
    part, along = relation.part, _along(relation.axes)
    assert part is not None
    if part.step == 1:
        return f"{array} without {_ends_of(part)}{along}"
    which = ORDINAL.get(part.step, f"{part.step}th")
    beginning = f", from number {part.start} on, counted from 0" if part.start else ""
    return f"each {which} of {array}{along}{beginning}"


def _ends_of(part: Part) -> str:
    """Say what a part leaves out at both ends."""
    left_out = []
    if part.start:
        left_out.append(_at_end("first", part.start))
    if part.after:
        left_out.append(_at_end("last", part.after))
    return " and ".join(left_out)


def _rows(relation: Relation) -> str:
    assert relation.chosen is not None
    what = "rows" if relation.of_rows else "values"
    return f"your {what}{_along(relation.axes)} are {RIGHT}, {_which(relation.chosen)}"


def _which(chosen: ChosenRows) -> str:
    """Say which rows are missing or repeated."""
    said = []
    if chosen.missing:
        said.append(f"without {_numbered(chosen.missing)}")
    if chosen.doubled:
        said.append(f"with {_numbered(chosen.doubled)} more than once")
    order = " and in another order" if chosen.in_another_order else ""
    return f"{' and '.join(said)} (counted from 0){order}"


def _numbered(numbers: Sequence[int]) -> str:
    """Write "number 3", or "numbers 3 and 8"."""
    *firsts, last = map(str, numbers)
    if not firsts:
        return f"number {last}"
    return f"numbers {', '.join(firsts)} and {last}"


def _in_another_order(relation: Relation) -> str:
    rows = f"with rows{_along(relation.axes)} " if relation.of_rows else ""
    return f"your values are {RIGHT}, {rows}in another order"


def _half_precision(relation: Relation) -> str:
    return f"your values are {RIGHT} in half precision, `float16`"


def _single_precision(relation: Relation) -> str:
    return f"your values are {RIGHT} in single precision, `float32`"


def _empty(relation: Relation) -> str:
    return "there are no values"


def _all_equal(relation: Relation) -> str:
    return f"all your values are {relation.found or 'the same'}"


def _equal_as_expected(relation: Relation) -> str:
    others = relation.expected or "another number"
    return f"{_all_equal(relation)}, and all expected ones are {others}"


def _nothing_but_0(relation: Relation) -> str:
    return "your value is 0" if relation.counts == (1,) else "both your values are 0"


def _the_same_along(relation: Relation) -> str:
    return f"your values are the same for {_each(relation.axes)}"


def _adds_up_elsewhere(relation: Relation) -> str:
    where = f"along {_axes(relation.axes)}" if relation.axes else "over the whole array"
    expected = f"along {_axes(relation.expected_axes)}"
    return f"your values add up to 1 {where}, but should add up to 1 {expected}"


RELATIONS: Mapping[RelationKind, Callable[[Relation], str]] = {
    RelationKind.CHANGED: _changed,
    RelationKind.CHANGED_BACK: _changed_back,
    RelationKind.ANOTHER_ARRAY: _another_array,
    RelationKind.ARRAY_ADDED: _array_added,
    RelationKind.ARRAY_TAKEN_AWAY: _array_taken_away,
    RelationKind.EXCHANGED: _exchanged,
    RelationKind.ADDED: _added,
    RelationKind.TAKEN_AWAY: _taken_away,
    RelationKind.ADD_UP_TO: _add_up_to,
    RelationKind.SAME_DIFFERENCE_ALONG: _same_difference_along,
    RelationKind.SAME_FACTOR_ALONG: _same_factor_along,
    RelationKind.RIGHT_BUT_FOR_ROWS: _right_but_for_rows,
    RelationKind.RIGHT_BUT_FOR_ONE_OF_EACH_ROW: _right_but_for_one_of_each_row,
    RelationKind.FACTOR_BUT_FOR_ONE_OF_EACH_ROW: _factor_but_for_one_of_each_row,
    RelationKind.RIGHT_BUT_WHERE: _right_but_where,
    RelationKind.RIGHT_BUT_AT_BORDER: _right_but_at_border,
    RelationKind.RIGHT_IN_BLOCK: _right_in_block,
    RelationKind.RIGHT_BUT_ON_DIAGONAL: _right_but_on_diagonal,
    RelationKind.RIGHT_ON_DIAGONAL: _right_on_diagonal,
    RelationKind.RIGHT_WHERE: _right_where,
    RelationKind.RIGHT_BUT_WHERE_ANOTHER_IS: _right_but_where_another_is,
    RelationKind.RIGHT_OR_0: _right_or_0,
    RelationKind.RIGHT_OR_MORE: _right_or_more,
    RelationKind.RIGHT_OR_LESS: _right_or_less,
    RelationKind.SIGNS: _signs,
    RelationKind.ZEROS_AND_ONES_EXCHANGED: _zeros_and_ones_exchanged,
    RelationKind.LEFT_OUT: _left_out,
    RelationKind.LONGER: _longer,
    RelationKind.ROWS: _rows,
    RelationKind.IN_ANOTHER_ORDER: _in_another_order,
    RelationKind.HALF_PRECISION: _half_precision,
    RelationKind.SINGLE_PRECISION: _single_precision,
    RelationKind.EMPTY: _empty,
    RelationKind.ALL_EQUAL: _all_equal,
    RelationKind.EQUAL_AS_EXPECTED: _equal_as_expected,
    RelationKind.NOTHING_BUT_0: _nothing_but_0,
    RelationKind.THE_SAME_ALONG: _the_same_along,
    RelationKind.ADDS_UP_ELSEWHERE: _adds_up_elsewhere,
}
SAYS: Mapping[FindingKind, Callable[[Finding], str]] = {
    FindingKind.MISTAKE: _mistake,
    FindingKind.TWO_MISTAKES: _two_mistakes,
    FindingKind.SMALL_CHANGE: _small_change,
    FindingKind.RELATION: _relation,
    FindingKind.LOOK: _look,
    FindingKind.ANSWERED: _answered,
    FindingKind.WRONG_PART: _wrong_part,
    FindingKind.RECORDED: _recorded,
    FindingKind.MISTAKE_OF_ERROR: _mistake_of_error,
    FindingKind.ERROR: _error,
    FindingKind.STILL_COUNTS: _still_counts,
    FindingKind.ARE_RIGHT: _are_right,
    FindingKind.WAITS: _waits,
    FindingKind.NOT_JUDGED: _not_judged,
    FindingKind.HIDDEN: _hidden,
    FindingKind.RIGHT_AFTER: _right_after,
    FindingKind.RIGHT_AFTER_IN_PART: _right_after_in_part,
    FindingKind.CARRIED_IN_PART: _carried_in_part,
    FindingKind.CARRIED: _carried,
    FindingKind.READ_PLAINLY: _read_plainly,
    FindingKind.LOSS: _loss_is_another,
    FindingKind.LOSS_AND_OURS: _loss_and_ours,
    FindingKind.ORIGIN: _other_origin,
    FindingKind.TWO_ANSWERS: _two_answers,
}
