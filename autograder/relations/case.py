"""The input and the output of a search: a wrong array beside the expected one, and a relation."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autograder.finding import Relation
from autograder.judging import chance as evidence
from autograder.judging.chance import differ
from autograder.relations.letters import Letters

ROUNDING = 1e-9  # relative tolerance of an integer computed as a float

Array = np.ndarray
Arrays = Mapping[str, Array]


@dataclass(frozen=True)
class Fitting:
    """A relation that fits an array.

    prior: its prior probability.
    chance_log10: the probability that it fits an unrelated array, as its logarithm to base 10.
    fitted: the number of parameters taken from the wrong array.
    whole: whether it holds for every entry.
    """

    relation: Relation
    prior: float
    chance_log10: float
    fitted: int = 0
    whole: bool = True


@dataclass(frozen=True)
class Case:
    """A wrong array, the expected one, the other expected ones, and the letters of the check.

    is_whole: whether both hold nothing but integers, which have no rounding.
    """

    right: Array
    found: Array
    others: Arrays
    letters: Letters
    is_whole: bool = False

    @property
    def same_shape(self) -> bool:
        """Return whether the wrong array has the shape of the expected one."""
        return self.right.shape == self.found.shape

    @cached_property
    def wrong(self) -> Array:
        """Return where entries of an array of the right shape are wrong."""
        return self.differ(self.right, self.found)

    def differ(self, one: Array, other: Array) -> Array:
        """Return where two arrays of one shape differ; integers must be equal."""
        if not self.is_whole:
            return differ(one, other)
        rounding = ROUNDING * np.maximum(1, np.abs(other))
        differs: Array = np.abs(other - one) > rounding
        return differs

    def fits(self, predicted: Array, found: Array) -> bool:
        """Return whether two arrays of one shape are equal: up to rounding, and integers exactly.

        Beside a large integer a difference of 1 would count as rounding.
        """
        return evidence.fits(predicted, found) and not (
            self.is_whole and self.differ(predicted, found).any()
        )

    def rules_out(self, predicted: Array) -> bool:
        """Return whether the wrong array is only near to the prediction, and has to equal it."""
        return self.is_whole and bool(self.differ(predicted, self.found).any())

    def chance_log10(self, predicted: Array, fitted: int = 0) -> float:
        """Bound the probability that the wrong array is as predicted; its logarithm to base 10.

        In an array of the right shape only entries that are predicted to be wrong are evidence.
        predicted: of the wrong array's shape.
        fitted: the number of parameters taken from the wrong array.
        """
        if not self.same_shape:
            return evidence.chance_log10(predicted, self.found, fitted)
        telling = self.differ(self.right, predicted)
        found = self.found[telling]
        of_places = evidence.chance_of_places_log10(telling)
        of_values = evidence.chance_log10(predicted[telling], found, fitted)
        return of_places + of_values
