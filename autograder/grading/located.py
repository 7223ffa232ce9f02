"""Where a wrong answer's values part from right ones: asked last, when the verdicts stand.

It is asked in a process of its own, of checks whose wrong numbers nothing else explains; and in
another one it is tried which small change mends the first of them. What comes back can add words to
a remark, and nothing more.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from autograder.check import Answer, Arrays, Check, names_in_experiment
from autograder.grading import repairs
from autograder.grading.keys import plain_solution
from autograder.grading.repairs import Wrong, repaired
from autograder.grading.small_changes import names_of_addons
from autograder.judging import Key, Remark, Verdict
from autograder.relations.handed_on import handed_on, read_answer, unfilled
from autograder.relations.prints import KnownValues
from autograder.relations.records import read_records
from autograder.relations.unused import forgotten, read_unused
from autograder.relations.unused import in_words as names_in_words
from autograder.relations.values import KIND, Run, first_not_finite, in_words, locate
from autograder.sandbox.client import Server
from autograder.sandbox.inside.values import VALUES
from autograder.sandbox.worker import printable

MOST_CHECKS = 3  # of a submission, that are asked
SECONDS = 2.0  # of processor time that one may take
# the values of right answers to a check; None where they are not known
ValuesOf = Callable[[Check], KnownValues | None]


def no_values(check: Check) -> KnownValues | None:
    """Know no values."""
    return None


@dataclass(frozen=True)
class Asked:
    """A submission that was graded: its file, the seed of its experiments, and its answers.

    key: what the answers were compared with.
    """

    server: Server
    source: bytes
    name: str
    seed: int
    answers: Mapping[str, Answer]
    key: Key

    def repaired(self, check: Check, passed: Sequence[Check], found: "Where") -> str:
        """Say which small change mends its answer to a check; "" where none is found.

        passed: the other checks that have passed.
        """
        with suppress(Exception):  # what is known already is told
            pairs, axis_functions = names_of_addons(self.server.unit)
            wrong = Wrong(
                server=self.server,
                source=self.source,
                seed=self.seed,
                expected=self._expected(check),
                answer=self.answers[check.name],
                passed=[self._expected(other) for other in passed],
                pairs=pairs,
                axis_functions=axis_functions,
                right=plain_solution(self.server.unit),
            )
            # of a function that handles no numbers nothing was noted: it may have run
            others = sorted(names_in_experiment(check.experiment))
            return repaired(wrong, found.line, [*found.functions, *others])
        return ""

    def _expected(self, check: Check) -> repairs.Expected:
        return repairs.Expected(check, self.key[check.name].expected)

    def values(self, check: Check) -> Answer:
        """Ask a process of its own which values expressions take in a check."""
        quick = replace(check, seconds=min(check.seconds, SECONDS))
        with self.server.worker(self.source, self.name) as worker:
            return worker.ask(quick, self.seed, VALUES)


def with_located(
    asked: Asked,
    values_of: ValuesOf,
    verdicts: Mapping[str, Verdict],
    checks: Sequence[Check],
) -> dict[str, Verdict]:
    """Add to remarks that explain nothing where the submission's values part from right ones.

    checks: those that may be asked again. Whatever happens here, the verdicts stand.
    """
    told = dict(verdicts)
    unexplained = []
    for check in checks:
        verdict = verdicts[check.name]
        if check.measure or verdict.failure:
            continue
        if any(_explain_nothing(check, verdict.remarks)):
            unexplained.append(check)
    if not unexplained or values_of is no_values:
        return told
    # where the server has ended, the next submission finds out; and what a submission sends in the
    # place of values may be anything
    with suppress(Exception):
        for check in unexplained[:MOST_CHECKS]:
            known = values_of(check)
            if known is None:
                break
            answer = asked.values(check)
            if answer.failure:  # it would be late again
                break
            verdict = verdicts[check.name]
            found = where(answer.arrays, known, *_unexplained(check, verdict))
            words = ""
            # the first that fails shows the mistake; the others mostly follow from it
            if check is unexplained[0] and not verdict.two_answers:
                words = asked.repaired(check, _passed(checks, verdicts), found)
            if words:
                told[check.name] = _told(check, verdict, words, repairs.KIND)
            elif found.words:
                told[check.name] = _told(check, verdict, found.words, KIND)
    return told


def _passed(checks: Sequence[Check], verdicts: Mapping[str, Verdict]) -> list[Check]:
    """Return the exact checks that have passed."""
    return [
        check for check in checks if not check.measure and verdicts[check.name].status == "passed"
    ]


@dataclass(frozen=True)
class Where:
    """What is known of how wrong values came about.

    words: "" where nothing is. line: of a statement whose value may be the first wrong one, as
    "line 41"; "" where that is not known. functions: those that ran, `f` or `Class.method`, the
    most suspicious first.
    """

    words: str = ""
    line: str = ""
    functions: Sequence[str] = ()


def where(
    arrays: Arrays, known: KnownValues, wrong: Collection[str], first: Collection[str] = ()
) -> Where:
    """Say what is known of how wrong values came about.

    It is where they part from right ones; else where NaN or infinity comes from, a right value that
    was handed on in a wrong place, memory that nobody has filled, or names whose values are never
    read or lost.

    arrays: what was noted of the submission, which may be forged.
    wrong: the arrays that nothing explains. first: those of the first remark on them.
    """
    records = read_records(arrays)
    if records is None:
        return Where()
    run = Run(records, known)
    functions = run.functions_by_suspicion()
    found = locate(run)
    line = found.line if found else ""
    if found and found.is_first:
        words = in_words(found)
    else:
        words = _without_place(arrays, run, known, wrong, first or wrong)
    return Where(words, line, functions)


def _without_place(
    arrays: Arrays, run: Run, known: KnownValues, wrong: Collection[str], first: Collection[str]
) -> str:
    """Say what is known of wrong values where no expression is the first that has one."""
    records = run.records
    answer = read_answer(arrays)
    if any(name in answer and not np.isfinite(answer[name]).all() for name in first):
        words = first_not_finite(run)
        if words:
            return words
    words = handed_on(run, answer, wrong)
    if words:
        return words
    words = unfilled(records, known.names.functions)
    if words:
        return words
    unused = forgotten(read_unused(arrays), records.functions_run(), known.names)
    return names_in_words(unused) if unused else ""


def _explain_nothing(check: Check, remarks: Sequence[Remark]) -> list[bool]:
    """Return of each remark whether it only says how wrong numbers look.

    Text is quoted as it is, and an author's own words say enough.
    """
    own_words = set(check.words.values())
    found = []
    for remark in remarks:
        is_explained = bool(remark.mistake or remark.relation or remark.literal)
        is_explained = is_explained or remark.text in own_words
        found.append(bool(remark.arrays) and not is_explained)
    return found


def _unexplained(check: Check, verdict: Verdict) -> tuple[list[str], Collection[str]]:
    """Return the arrays that no remark explains, and those of the first such remark."""
    arrays: list[str] = []
    first: Collection[str] = ()
    explain_nothing = _explain_nothing(check, verdict.remarks)
    for remark, explains_nothing in zip(verdict.remarks, explain_nothing, strict=True):
        if explains_nothing:
            arrays.extend(remark.arrays)
            first = first or remark.arrays
    return arrays, first


def _told(check: Check, verdict: Verdict, found: str, kind: str) -> Verdict:
    """Add what was found, in words, to the first remark that explains nothing.

    kind: what the remark calls this relation.
    """
    remarks = list(verdict.remarks)
    place = _explain_nothing(check, remarks).index(True)
    remark = remarks[place]
    words = printable(found)
    remarks[place] = replace(remark, text=f"{remark.text} {words}", relation=kind)
    return replace(verdict, remarks=tuple(remarks))
