"""Judging: from an answer and its basis of comparison to points.

`door` drops oversized values, `compare` measures how far two arrays differ, `mistakes` finds known
mistakes that give the wrong arrays, `points` the points of an answer, `training` the same for
checks that train, and `carry` for checks that depend on wrong ones; `prints` holds the answers of
small changes of a solution, and `variants` compares an answer with each that the key lists.
Everything here is a pure function of data: no process, no clock, no search and no sentence. The
text of an exception is data, and compared. `explaining` writes the feedback.
"""

from autograder.judging.compare import (
    TOLERANCE,
    agree,
    constant_arrays,
    deviation,
    furthest,
    is_right,
    same_answer,
    same_bits,
    scale_of,
    wrong_arrays,
    wrong_places,
)
from autograder.judging.door import let_in, most_bytes
from autograder.judging.key import CheckKey, Key, KnownMistakes, Mistake, PlainKey, key_name
from autograder.judging.mistakes import (
    Explanation,
    error_words,
    kind_of_error,
    mistakes_like,
)
from autograder.judging.points import (
    Judgement,
    Standard,
    arrays_kept,
    judge,
    not_reached,
    recorded,
    unmet,
)
from autograder.judging.training import LossJudgement, judge_loss, row_cosine
from autograder.judging.verdict import Remark, Status, Verdict

__all__ = [
    "TOLERANCE",
    "CheckKey",
    "Explanation",
    "Judgement",
    "Key",
    "KnownMistakes",
    "LossJudgement",
    "Mistake",
    "PlainKey",
    "Remark",
    "Standard",
    "Status",
    "Verdict",
    "agree",
    "arrays_kept",
    "constant_arrays",
    "deviation",
    "error_words",
    "furthest",
    "is_right",
    "judge",
    "judge_loss",
    "key_name",
    "kind_of_error",
    "let_in",
    "mistakes_like",
    "most_bytes",
    "not_reached",
    "recorded",
    "row_cosine",
    "same_answer",
    "same_bits",
    "scale_of",
    "unmet",
    "wrong_arrays",
    "wrong_places",
]
