"""What a student's own machine can check: experiments run where the student works, on the public
seed.

Nothing here is confined or official.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from autograder import __version__
from autograder.check import Answer, Check, Corpus, Failure
from autograder.course import MissingPackage, Unit
from autograder.data import NoData, corpus, training_data
from autograder.grading.carrying import Early, Follows, carried_by_file, told_as_following
from autograder.grading.key_file import load_key
from autograder.grading.provenance import Provenance
from autograder.grading.results import Result, digest
from autograder.judging import (
    CheckKey,
    Key,
    PlainKey,
    Verdict,
    excluded_by,
    judge,
    judge_loss,
    key_name,
    not_reached,
    unmet,
)
from autograder.practice.first_wrong import with_first_wrong
from autograder.practice.limits import Tell, last_resort, within_limits
from autograder.sandbox.inside.causes import explain_error
from autograder.sandbox.inside.runner import Stopped, describe, run_experiment


def practice_result(unit: Unit, path: Path, verdicts: Sequence[Verdict], quick: bool) -> Result:
    """Verdicts of the public seed as a result that can be exported; it is not official, and its
    student is `course`.
    """
    try:
        text = corpus(unit.course).name
    except NoData:
        text = ""
    provenance = Provenance(seed=unit.course.public_seed, quick=quick, corpus=text, kit=__version__)
    seconds = sum(verdict.seconds for verdict in verdicts)
    return Result(
        "course", unit.name, digest(path.read_bytes()), provenance, tuple(verdicts), seconds
    )


class Live:
    """The names that a running script or notebook has defined. Raises `Missing` for others."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names

    def __getattr__(self, name: str) -> Any:
        from autograder.sandbox.inside.submission import missing

        if name in self._names:
            return self._names[name]
        raise missing(name, [n for n in self._names if not n.startswith("_")])


def practise(
    unit: Unit,
    wanted: Sequence[Check],
    implementation: Any,
    step: Callable[..., object] = lambda *_: None,
    tell: Tell = lambda *_: None,
    alone: bool = False,
) -> list[Verdict]:
    """Run some checks in this process and on the public seed; what they need is run before them.

    step: called with each verdict, the check's key and the answer; the answer of a training check
    is its `loss`.
    tell: called with the name of a check that is under way and its seconds so far: when it begins,
    and then
        each second from another thread.
    alone: whether nothing is lost where this process has to be ended with a check.
    """
    key = load_key(unit.course.key(unit.name))
    done, early = dict[str, Verdict](), Early()
    asked = {check.name for check in wanted}
    needed = _all_needed(unit, wanted)
    for check in unit.checks:
        if check.name in asked | needed:
            with last_resort(check) if alone else nullcontext():
                done[check.name], known, answer = _verdict(
                    unit, check, key, implementation, done, early, tell
                )
            if check.name in asked:
                step(done[check.name], known, answer)
    return [verdict for name, verdict in done.items() if name in asked]


def _all_needed(unit: Unit, wanted: Sequence[Check]) -> set[str]:
    """The names of the checks that some need, and those that these need in turn."""
    needed = {name for check in wanted for name in check.needs}
    for check in reversed(unit.checks):  # a check can only need one that stands before it
        if check.name in needed:
            needed |= set(check.needs)
    return needed


Practised = tuple[Verdict, CheckKey, Answer]


def _verdict(
    unit: Unit,
    check: Check,
    key: Key,
    implementation: Any,
    done: Mapping[str, Verdict],
    early: Early,
    tell: Tell,
) -> Practised:
    lacking, not_made = unmet(check, done), excluded_by(key, done)
    ways = early.before(lacking) if lacking and not check.measure else []
    if lacking and not ways:
        return not_reached(check, lacking), PlainKey(Answer()), Answer()
    tell(check.name, 0.0)
    if check.measure:
        return _trained(unit, check, key, implementation, tell)
    known = key[check.name]
    explain = partial(explain_error, unit.experiments)
    run = partial(
        run_experiment,
        check,
        implementation,
        unit.course.public_seed,
        unit.experiments.reset,
        None,
        explain,
    )
    if lacking:
        follows = Follows(
            check, known, partial(carried_by_file, key), ways, lacking, unit.sizes, not_made
        )
        if not follows.can_be_judged():
            return not_reached(check, lacking), PlainKey(Answer()), Answer()
        answer = within_limits(check, unit.limits, run, tell)
        following = follows.judge(answer)
        early.follow(check, following)
        return told_as_following(following, lacking), known, answer
    answer = within_limits(check, unit.limits, run, tell)
    verdict = judge(check, known, answer, unit.sizes, not_made)
    if verdict.status != "passed":
        early.add(check, known, answer, not_made)
    return with_first_wrong(verdict, check, known, answer), known, answer


def _trained(unit: Unit, check: Check, key: Key, implementation: Any, tell: Tell) -> Practised:
    """Train, and measure the loss on held-out text here: nobody hides it from anybody."""
    nothing = PlainKey(Answer())
    try:
        text = training_data(unit.course, check)
    except (NoData, MissingPackage) as error:
        return (
            judge(check, nothing, Answer(failure=Failure.NO_DATA, message=str(error)), unit.sizes),
            nothing,
            Answer(),
        )
    name = key_name(check, text)
    if name not in key:
        why = (
            f"the key has no figure for the corpus `{text.name}`. An author adds it with "
            "`autograder build`."
        )
        return (
            judge(check, nothing, Answer(failure=Failure.NO_KEY, message=why), unit.sizes),
            nothing,
            Answer(),
        )
    known, seed = key[name], unit.course.public_seed
    explain = partial(explain_error, unit.experiments)
    run = partial(
        run_experiment, check, implementation, seed, unit.experiments.reset, text.train, explain
    )
    answer = within_limits(check, unit.limits, run, tell)
    verdict = judge(check, known, answer, unit.sizes)
    if verdict.status != "passed":
        return verdict, known, answer
    measured = within_limits(
        check, unit.limits, partial(_measured, check, implementation, answer, text), tell
    )
    if measured.failure:
        return judge(check, known, measured, unit.sizes), known, measured
    loss = float(measured.arrays["loss"])
    verdict = judge_loss(check, known, loss, loss_unit=unit.loss_unit(check))
    return verdict, known, measured


def _measured(check: Check, implementation: Any, answer: Answer, text: Corpus) -> Answer:
    """The held-out loss of trained weights, measured by the student's own functions, as an
    answer.
    """
    assert check.measure
    try:
        return Answer(
            {"loss": np.array(check.measure(implementation, answer.arrays, text.held_out))}
        )
    except Stopped:
        return Answer(failure=Failure.STOPPED)
    except Exception as error:
        return Answer(failure=Failure.RAISED, message=describe(error, check))
