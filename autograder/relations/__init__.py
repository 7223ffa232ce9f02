"""Relations: how wrong arrays are made from the expected ones, found without a list of mistakes.

A relation is a fact, as "your values are the expected ones × 5, and B = 5", and no guess at what
somebody did. Each kind has a prior, and all priors together are at most 1. A relation is reported
if an unrelated array would fit it with a chance of at most `CHANCE`
times its prior; so all of them together speak of such an array with a chance of at most `CHANCE`.
Factors and terms are given as numbers where they have a letter or a short name, and expected values
never: what is said on a secret seed gives no answer away. A relation is data
(`autograder/finding.py`), and `explaining/words.py` says it.
"""

from autograder.judging.chance import CHANCE
from autograder.relations.letters import Letters, letters_of
from autograder.relations.search import find_relations

__all__ = [
    "CHANCE",
    "Letters",
    "find_relations",
    "letters_of",
]
