"""The feedback on wrong answers written without a list: benchmarks/fresh_mistakes/UNIT.txt.

    python benchmarks/fresh_mistakes.py [UNIT …] [--read] [--without]

They were written from the students' text, before their author read the solutions' known mistakes. A
file holds one right answer, called `base`, and then wrong ones, each as its changes: lines `- …`
that are replaced by the lines `+ …` below them. One exact seed, one to two minutes a unit. --read
prints the feedback on each, for a person to read. --without leaves small changes of the solution
out, as before they existed.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unittest.mock import patch

from at_hand import COURSE, unit

from autograder.authoring.feedback_coverage import diagnosis_of, first_failed
from autograder.course import Unit, find_unit
from autograder.grading.keys import solution_of
from autograder.grading.listed import listed_in_key
from autograder.grading.made_key import MadeCheckKey, MadeKey
from autograder.grading.one import grade_one
from autograder.grading.store import AnswerStore
from autograder.judging import Verdict
from autograder.judging.prints import NO_CHANGES
from autograder.sandbox.client import Server

SEED = 6000  # the seed of benchmarks/told.py
ANSWERS = Path(__file__).parent / "fresh_mistakes"
UNITS = [name for name in COURSE.units if (ANSWERS / f"{name}.txt").exists()]
COLUMNS = (
    "named",
    "related",
    "small change",
    "two mistakes",
    "repaired",
    "own words",
    "error",
    "neither",
    "passes",
)


Changes = list[tuple[str, str]]  # old lines and their replacement


def base_and_slips(name: str) -> tuple[str, list[tuple[str, Changes]]]:
    """Return the right answer of a unit, and each wrong one as its title and its changes."""
    text = (ANSWERS / f"{name}.txt").read_text()
    _, *parts = re.split(r"^#= (.*)\n", text, flags=re.M)
    titles, texts = parts[::2], parts[1::2]
    assert titles[0] == "base"
    slips = []
    for title, edits in zip(titles[1:], texts[1:], strict=True):
        changes = []
        for old, new in re.findall(r"^- (.*)\n\+ (.*)$", edits, flags=re.M):
            changes.append((old.replace("\\n", "\n"), new.replace("\\n", "\n")))
        slips.append((title, changes))
    return texts[0], slips


def answers(name: str) -> Iterator[tuple[str, str]]:
    """Yield the wrong answers of a unit, each with its title; `base` is right."""
    base, slips = base_and_slips(name)
    yield "base", base
    for title, changes in slips:
        changed = base
        for old, new in changes:
            assert old in changed, (name, title, old)
            changed = changed.replace(old, new)
        assert changed != base, (name, title)
        yield title, changed


def column(measured: Unit, verdicts: list[Verdict]) -> str:
    """Return how the first failed check diagnoses an answer."""
    return diagnosis_of(verdicts) or "passes"


def itself(server: Server) -> Server:
    return server


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("units", nargs="*", default=UNITS)
    parser.add_argument("--read", action="store_true")
    parser.add_argument("--without", action="store_true")
    asked = parser.parse_args()
    if asked.without:
        for changes in ("small_changes", "style_changes"):
            patch.object(MadeCheckKey, changes, NO_CHANGES).start()
    print("unit", *COLUMNS, "of those that answer", sep=" | ")
    for name in asked.units:
        measured = unit(find_unit(COURSE, name))
        counts: Counter[str] = Counter()
        plain = solution_of(measured).plain()
        store = AnswerStore(None)
        with Server(measured, stub=solution_of(measured).stub) as server:
            key = MadeKey(
                measured, SEED, {}, store, partial(itself, server), listed_in_key(measured)
            )
            for title, answer in answers(measured.name):
                script = f"{plain}\n\n# %%\n{answer}"
                verdicts = grade_one(
                    server, script.encode(), "submission.py", SEED, key, {}, mend=True
                )
                told = column(measured, verdicts)
                if title == "base":
                    assert told == "passes", verdicts
                    continue
                counts[told] += 1
                if asked.read:
                    print(f"{told}: {title}")
                    failed = first_failed(verdicts)
                    if failed:
                        for remark in failed.remarks[:4]:
                            arrays = ", ".join(remark.arrays)[:60]
                            print(f"    {failed.name} {arrays}: {remark.text}")
        answered = sum(counts.values()) - counts["error"] - counts["passes"]
        explained = sum(counts[one] for one in COLUMNS[:5])
        print(
            measured.name,
            *(counts[one] for one in COLUMNS),
            f"{explained / answered:.1%} of {answered}",
            sep=" | ",
            flush=True,
        )


if __name__ == "__main__":
    main()
