"""Relations: how wrong arrays are made from the expected ones, found without a list of mistakes.

A relation is a fact, as "your values are the expected ones × 5, and B = 5", and not a guess at what
somebody did. Each kind has a prior, and the priors sum to at most 1. A relation is reported if an
unrelated array would fit it with a probability of at most `CHANCE` times its prior; so the total
probability of a report on such an array is at most `CHANCE`. Factors and terms are given as numbers
if they have a letter or a short name, and expected values never: feedback on a secret seed gives no
answer away. A relation is data (`autograder/finding.py`), and `explaining/words.py` says it.
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
