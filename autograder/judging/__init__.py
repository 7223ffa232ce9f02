"""The judge: compares an answer to a check with the solution's and with those of known mistakes.

`compare` says how far two arrays differ, `explain` which known mistakes were made, `describe` what
can be said of all else. `scoring` makes points and remarks of it, `training` those of checks that
train. The data classes that all of them speak of are in `verdict`.
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
from autograder.judging.explain import (
    Explanation,
    error_words,
    excluded_by,
    explanations_of,
    kind_of_error,
    mistakes_that_raise,
    small_changes_of,
)
from autograder.judging.scoring import judge, none_excluded, not_reached, points_earned, unmet
from autograder.judging.training import judge_loss, row_cosine
from autograder.judging.verdict import (
    CheckKey,
    Excluded,
    Key,
    Known,
    Mistake,
    PlainKey,
    Remark,
    Status,
    Verdict,
    key_name,
    own_words,
)

__all__ = [
    "TOLERANCE",
    "CheckKey",
    "Excluded",
    "Explanation",
    "Key",
    "Known",
    "Mistake",
    "PlainKey",
    "Remark",
    "Status",
    "Verdict",
    "agree",
    "constant_arrays",
    "deviation",
    "error_words",
    "excluded_by",
    "explanations_of",
    "furthest",
    "is_right",
    "judge",
    "judge_loss",
    "key_name",
    "kind_of_error",
    "mistakes_that_raise",
    "none_excluded",
    "not_reached",
    "own_words",
    "points_earned",
    "row_cosine",
    "same_answer",
    "same_bits",
    "scale_of",
    "small_changes_of",
    "unmet",
    "wrong_arrays",
    "wrong_places",
]
