"""The feedback on answers with two mistakes at once: does it name one of them, and truly?

    python benchmarks/two_slips.py [UNIT …] [--pairs N] [--read]

Random pairs run on one exact seed: of a solution's known mistakes that first lose points in the
same check, and of fresh ones (benchmarks/fresh_mistakes/UNIT.txt) in the same function. A file
counts as explained, partly or wholly, if the first failed check gives the cause of some of its
wrong arrays, or of all; as untrue if it names a known mistake that was not made. *Singly* is the
feedback before pairs of known mistakes were candidates. --read prints the feedback.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import argparse
import ast
import random
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from unittest.mock import patch

from at_hand import COURSE, unit
from fresh_mistakes import COLUMNS, SEED, Changes, base_and_slips, column, itself

from autograder.authoring.feedback_coverage import findings_of, first_failed
from autograder.course import Unit, find_unit
from autograder.finding import FindingKind
from autograder.grading.key_file import load_key
from autograder.grading.keys import solution_of
from autograder.grading.listed import listed_in_key
from autograder.grading.made_key import MadeCheckKey, MadeKey
from autograder.grading.one import grade_one
from autograder.grading.store import AnswerStore
from autograder.judging import Verdict
from autograder.judging.prints import NO_CHANGES
from autograder.sandbox.client import Server
from autograder.source.edits import edits_of_mistakes, fit_together, with_edits

UNITS = ["unit2_unrolled_rnn", "unit3_scan", "unit4_manual_gradients"]


@dataclass(frozen=True)
class TwoSlips:
    """A script with two mistakes. texts: both descriptions, if they are known mistakes."""

    title: str
    script: str
    texts: tuple[str, ...] = ()


def pairs_of_listed(measured: Unit) -> list[TwoSlips]:
    """Pair the known mistakes that first lose points in the same check."""
    solution = solution_of(measured)
    edits = edits_of_mistakes(solution)
    first_check: dict[str, str] = {}
    texts: dict[str, str] = {}
    for name, known in load_key(measured.course.key(measured.name)).items():
        for mistake, _ in known.mistakes:
            first_check.setdefault(mistake.id, name)
            texts[mistake.id] = mistake.text
    pairs = []
    for one, other in combinations(first_check, 2):
        both = [edits[one], edits[other]]
        if first_check[one] == first_check[other] and fit_together(both):
            title = f"{one} {other}: {texts[one]} / {texts[other]}"
            script = with_edits(solution.plain(), both)
            pairs.append(TwoSlips(title, script, (texts[one], texts[other])))
    return pairs


def pairs_of_fresh(measured: Unit) -> list[TwoSlips]:
    """Pair the fresh mistakes in the same function."""
    plain = solution_of(measured).plain()
    text, slips = base_and_slips(measured.name)
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    pairs = []
    for function in functions:
        code = ast.get_source_segment(text, function)
        assert code
        inside = [slip for slip in slips if all(old in code for old, _ in slip[1])]
        for (one, first), (other, second) in combinations(inside, 2):
            changed = apply_both(code, first, second)
            if changed:
                answer = text.replace(code, changed)
                pairs.append(TwoSlips(f"{one} / {other}", f"{plain}\n\n# %%\n{answer}"))
    return pairs


def apply_both(code: str, first: Changes, second: Changes) -> str:
    """Plant two mistakes in a function's code; return "" if they change the same lines."""
    for old, new in first:
        code = code.replace(old, new)
    for old, new in second:
        if old not in code:
            return ""
        code = code.replace(old, new)
    return code


def is_untrue(pair: TwoSlips, verdicts: list[Verdict]) -> bool:
    """Return whether the first failed check names a known mistake that was not made."""
    failed = first_failed(verdicts)
    if failed is None or not pair.texts:
        return False
    return any(not set(finding.mistakes) <= set(pair.texts) for finding in findings_of(failed))


@dataclass
class Told:
    """How pairs of one kind are diagnosed: by column, and the number of true explanations.

    partly, wholly: the pairs with some and with all wrong arrays explained; singly: the same
    without pairs of known mistakes.
    """

    counts: Counter[str] = field(default_factory=Counter)
    untrue: int = 0
    partly: int = 0
    wholly: int = 0
    singly_partly: int = 0
    singly_wholly: int = 0

    def row(self) -> list[object]:
        """Return the figures of a table's row."""
        of_columns = [self.counts[column] for column in COLUMNS]
        answered = sum(of_columns) - self.counts["error"] - self.counts["passes"]
        numbers = (self.singly_partly, self.partly, self.singly_wholly, self.wholly)
        shares = [f"{number / answered:.1%}" for number in numbers]
        return [*of_columns, self.untrue, answered, *shares]


SHARES = ("partly, singly", "partly", "wholly, singly", "wholly")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("units", nargs="*", default=UNITS)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--read", action="store_true")
    asked = parser.parse_args()
    print("unit", "of", *COLUMNS, "untrue", "that answer", *SHARES, sep=" | ")
    for name in asked.units:
        measured = unit(find_unit(COURSE, name))
        solution = solution_of(measured)
        with Server(measured, stub=solution.stub) as server:
            listed = listed_in_key(measured)
            store = AnswerStore(None)
            key = MadeKey(measured, SEED, {}, store, partial(itself, server), listed)
            for kind, pairs in (
                ("listed", pairs_of_listed(measured)),
                ("fresh", pairs_of_fresh(measured)),
            ):
                drawn = random.Random(SEED).sample(pairs, min(asked.pairs, len(pairs)))
                told = Told()
                for pair in drawn:
                    count(told, pair, server, key, asked.read)
                print(measured.name, kind, *told.row(), sep=" | ", flush=True)
            key.close()


def count(told: Told, pair: TwoSlips, server: Server, key: MadeKey, read: bool) -> None:
    """Grade a pair and count its diagnosis; again without pairs if one of these was named."""
    verdicts = graded(pair, server, key)
    how = column(server.unit, verdicts)
    told.counts[how] += 1
    told.untrue += is_untrue(pair, verdicts)
    partly, wholly = explained(pair, verdicts)
    told.partly += partly
    told.wholly += wholly
    if read:
        show(pair, verdicts, f"{how}{' UNTRUE' * is_untrue(pair, verdicts)}")
    failed = first_failed(verdicts)
    kinds = {finding.kind for finding in findings_of(failed)} if failed else set()
    if FindingKind.TWO_MISTAKES in kinds:
        with patch.object(MadeCheckKey, "mistake_pairs", NO_CHANGES):
            verdicts = graded(pair, server, key)
        partly, wholly = explained(pair, verdicts)
    told.singly_partly += partly
    told.singly_wholly += wholly


def explained(pair: TwoSlips, verdicts: list[Verdict]) -> tuple[bool, bool]:
    """Return whether the first failed check truly explains some wrong array, and all of them."""
    failed = first_failed(verdicts)
    if failed is None or is_untrue(pair, verdicts):
        return False, False
    if failed.failure:  # for an error, a known mistake that raises the same one
        is_named = any(finding.mistakes for finding in findings_of(failed))
        return is_named, is_named
    says_why = [finding.explains for finding in findings_of(failed) if finding.arrays]
    return any(says_why), all(says_why)


def graded(pair: TwoSlips, server: Server, key: MadeKey) -> list[Verdict]:
    return grade_one(server, pair.script.encode(), "submission.py", SEED, key, {}, mend=True)


def show(pair: TwoSlips, verdicts: list[Verdict], told: str) -> None:
    """Print the first failed check's feedback on a pair."""
    print(f"{told}: {pair.title}")
    failed = first_failed(verdicts)
    if failed:
        for remark in failed.remarks:
            arrays = ", ".join(remark.arrays)[:60]
            print(f"    {failed.name} {arrays}: {remark.text}")


if __name__ == "__main__":
    main()
