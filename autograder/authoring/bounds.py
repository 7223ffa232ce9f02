"""The bound of a training check lies between right answers in other styles and mistakes.

`solutions/bounds.toml` stores what `autograder calibrate` measured: a `Bound` for each training
check and corpus. A distance is that of a held-out loss from our solution's on the same seed.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import msgspec
import tomli_w

from autograder.authoring.validation_report import counted
from autograder.course import Course
from autograder.grading.results import write_whole
from autograder.schema import read_toml, read_toml_table

MAX_RIGHT_FAILS = 1e-4  # the probability with which a right answer may end beyond its bound
FIGURES = 4  # significant figures in the file

HEAD = (
    "# Written by `autograder calibrate`. Distances of held-out losses from our solution's on the "
    "same seeds."
)


@dataclass
class Bound:
    """The measurements of a training check on one corpus.

    within: the bound itself. ours: the losses of our solution, one per seed. right, wrong: the
    distances of each style, and of each mistake that leaves weights of the right shapes.
    reached: the mistakes that pass the checks which this one needs; in a grade the others never
    train.
    """

    unit: str
    check: str
    data: str
    within: float
    versions: str
    ours: list[float]
    right: dict[str, list[float]]
    wrong: dict[str, list[float]]
    reached: list[str]

    @property
    def loss(self) -> tuple[float, float]:
        """Return the mean and the standard deviation of our loss."""
        losses = self.ours
        mean = fmean(losses)
        if len(losses) < 2:
            return mean, math.nan
        return mean, stdev(losses)

    @property
    def furthest(self) -> float:
        """Return the largest distance of a right answer."""
        sizes: list[float] = []
        for distances in self.right.values():
            sizes.extend(map(abs, distances))
        return max(sizes, default=math.nan)

    @property
    def differing(self) -> list[str]:
        """Return the styles that end elsewhere than ours on some seed: the others prove nothing."""
        differing = []
        for style, distances in self.right.items():
            if any(distances):
                differing.append(style)
        return differing

    def spread(self, style: str) -> float:
        """Return the root of a style's mean squared distance."""
        distances = self.right[style]
        squares = [distance**2 for distance in distances]
        return math.sqrt(fmean(squares))

    @property
    def right_fails(self) -> tuple[float, str]:
        """Return the largest probability that a right answer ends beyond the bound, and its style.

        It is that of Student's t with the style's spread and as many degrees of freedom as seeds.
        """
        chances = []
        for style, distances in self.right.items():
            spread = self.spread(style)
            seeds = len(distances)
            chance = _chance_beyond(self.within, spread, degrees=seeds)
            chances.append((chance, style))
        return max(chances, default=(math.nan, ""))

    @property
    def beyond(self) -> list[float]:
        """Return the least distance of each mistake that is beyond the bound on every seed."""
        beyond = []
        for distances in self.wrong.values():
            nearest = _least(distances)
            if nearest > self.within:
                beyond.append(nearest)
        return beyond

    @property
    def passing(self) -> list[str]:
        """Return the mistakes that would be graded as passed.

        They train differently from our solution, end within the bound, and no check catches them.
        """
        passing = []
        for name in self.reached:
            distances = self.wrong[name]
            differs = any(distances)
            if differs and _least(distances) <= self.within:
                passing.append(name)
        return passing

    @property
    def ok(self) -> bool:
        """Return whether the bound fails every mistake and hardly ever a right answer."""
        chance, _ = self.right_fails
        if self.passing:
            return False
        if not self.differing:
            return False
        return chance < MAX_RIGHT_FAILS

    def summary(self) -> str:
        """Say in a line what the bound lies between, then which mistakes it lets pass."""
        sign = "✓" if self.ok else "✗"
        chance, style = self.right_fails
        beyond = self.beyond
        where = f"{self.unit}, {self.check} on {self.data}"
        right = f"right answers end at most {self.furthest:.1g} from the solution"
        differing = (
            f"{len(self.differing)} of {len(self.right)} alternative solutions end elsewhere"
        )
        wrong = f"{len(beyond)} of {counted(len(self.wrong), 'mistake')} end beyond the bound"
        nearest = f", at {min(beyond):.2g} or more" if beyond else ""
        lines = [f"{sign} {where}, bound {self.within}: {right}; {wrong}{nearest}; {differing}"]
        if chance >= MAX_RIGHT_FAILS:
            lines.append(f"    a right answer like `{style}` fails with probability {chance:.0e}")
        for name in self.passing:
            lines.append(f"    passes: {name}")
        return "\n".join(lines)


def _least(distances: Sequence[float]) -> float:
    return min(map(abs, distances))


def _chance_beyond(within: float, spread: float, degrees: int) -> float:
    """Return the two tails of Student's t beyond a bound; 1 if some training left no weights."""
    from scipy.stats import t  # type: ignore[import-untyped]  # slow to import, needed only here

    if not math.isfinite(spread):
        return 1.0
    if spread == 0:
        return 0.0
    return 2 * float(t.sf(within / spread, degrees))


# ---- the file


class _BoundsFile(msgspec.Struct, frozen=True):
    """The content of `solutions/bounds.toml`."""

    bound: list[Bound] = []


def read_bounds(course: Course) -> list[Bound]:
    """Read solutions/bounds.toml in its order; return nothing if there is no such file."""
    path = _path(course)
    if not path.is_file():
        return []
    return read_toml(path, _BoundsFile, finite=False).bound  # a loss may be infinite


def save_bounds(course: Course, bounds: Sequence[Bound]) -> None:
    """Write bounds into solutions/bounds.toml in place of those of the same check and corpus.

    All other entries keep their figures.
    """
    path = _path(course)
    entries = []
    if path.is_file():
        entries = read_toml_table(path, finite=False).get("bound", [])
    for bound in bounds:
        entries.append(_rounded(_entry(bound)))
    latest = {}
    for entry in entries:
        place = (entry["unit"], entry["check"], entry["data"])
        latest[place] = entry
    in_order = [latest[place] for place in sorted(latest)]
    toml = tomli_w.dumps({"bound": in_order})
    text = f"{HEAD}\n\n{_lists_in_lines(toml)}"
    write_whole(path, text.rstrip("\n"))


def _path(course: Course) -> Path:
    return course.folder / "solutions" / "bounds.toml"


def _entry(bound: Bound) -> dict[str, Any]:
    """Return a bound as it is written to the file, with values computed before rounding."""
    entry = asdict(bound)
    entry["mean"], entry["spread"] = bound.loss
    entry["right_fails"], _ = bound.right_fails
    return entry


def _rounded(value: Any) -> Any:
    """Round numbers to four significant figures, in lists and tables too."""
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    if isinstance(value, float):
        written = f"{value:.{FIGURES}g}"
        return float(written)
    return value


def _lists_in_lines(toml: str) -> str:
    """Put each list of numbers on one line, so that each line is a style or a mistake."""

    def in_one_line(found: re.Match[str]) -> str:
        numbers = " ".join(found[1].split())
        without_last_comma = numbers.rstrip(",")
        return f"[{without_last_comma}]"

    return re.sub(r"\[\n((?: +[\w.+-]+,\n)+)\]", in_one_line, toml)
