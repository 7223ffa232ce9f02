"""Judging: from an answer and what it is compared with to points.

`door` drops what is too large to be looked at, `compare` says how far two arrays differ, `mistakes`
which known mistakes give what is wrong, `points` what an answer earns, `training` the same of
checks that train, and `carry` of checks that follow wrong ones; `prints` holds what small changes
of a solution answer, and `variants` compares an answer with each that the key lists. Everything
here is a pure function of data: no process, no clock, no search and no sentence. The words of an
exception are data, and compared. `explaining` finds what to say.
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
