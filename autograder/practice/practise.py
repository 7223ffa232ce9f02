"""Practice on a student's own machine: experiments on the public seed.

No code here is confined, and no result is official.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from autograder import __version__
from autograder.check import Answer, Check, Corpus, Failure
from autograder.course import MissingPackage, Unit
from autograder.data import NoData, corpus, training_data
from autograder.explaining.explain import explained_failure, explained_loss, with_findings
from autograder.finding import Finding, FindingKind, Replied
from autograder.grading.judge import Judge, carried_by_file
from autograder.grading.key_file import NoKey, load_key
from autograder.grading.provenance import Provenance
from autograder.grading.results import Result, digest
from autograder.judging import (
    CheckKey,
    Key,
    PlainKey,
    Remark,
    Standard,
    Verdict,
    judge,
    judge_loss,
    key_name,
    let_in,
    mistakes_like,
    recorded,
)
from autograder.practice.first_wrong import with_first_wrong
from autograder.practice.imports import imports_not_graded
from autograder.practice.limits import Tell, last_resort, within_limits
from autograder.sandbox.inside.causes import explain_error
from autograder.sandbox.inside.runner import Stopped, failed, run_experiment

# failures of checks that took too long or too much
SLOW = (Failure.TIMEOUT, Failure.KILLED, Failure.STOPPED)


def practice_result(unit: Unit, path: Path, verdicts: Sequence[Verdict], quick: bool) -> Result:
    """Return verdicts of the public seed as a result that can be exported.

    It is not official, and its student is `course`.
    """
    try:
        text = corpus(unit.course).name
    except NoData:
        text = ""
    provenance = Provenance(
        seed=unit.course.public_seed,
        quick=quick,
        corpus=text,
        kit=__version__,
    )
    submission = path.read_bytes()
    return Result(
        student="course",
        unit=unit.name,
        sha256=digest(submission),
        provenance=provenance,
        verdicts=tuple(verdicts),
        seconds=sum(verdict.seconds for verdict in verdicts),
    )


class Live:
    """The names that a running script or notebook has defined. Raises `Missing` for others."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.namespace = names

    def __getattr__(self, name: str) -> Any:
        from autograder.sandbox.inside.submission import missing

        if name in self.namespace:
            return self.namespace[name]
        public = [known for known in self.namespace if not known.startswith("_")]
        raise missing(name, public)


@dataclass(frozen=True)
class Practised:
    """The outcome of one check: its verdict, its key, and the judged answer.

    answer: for a check that trains, its `loss`.
    """

    verdict: Verdict
    known: CheckKey
    answer: Answer


def _without_answer(verdict: Verdict) -> Practised:
    nothing = Answer()
    return Practised(verdict, PlainKey(nothing), nothing)


def _is_only_recorded(check: Check) -> bool:
    """Return whether a check is a question whose answer is in no public key."""
    return check.question is not None and not check.question.feedback


def _failed(check: Check, answer: Answer) -> Practised:
    """Return the outcome of a check that ended early, without a basis of comparison."""
    judgement = judge(check, Standard(Answer()), answer)
    findings = explained_failure(judgement, answer)
    return _without_answer(with_findings(judgement.verdict(), findings))


def practise(
    unit: Unit,
    wanted: Sequence[Check],
    implementation: Any,
    step: Callable[[Practised], object] = lambda _: None,
    tell: Tell = lambda *_: None,
    alone: bool = False,
) -> list[Verdict]:
    """Run some checks in this process on the public seed, after the checks that they need.

    step: called with each finished check of `wanted`.
    tell: called with the name of a running check and its seconds so far: at its beginning, and then
    each second from another thread.
    alone: whether nothing is lost if this process has to be ended with a check.
    """
    key = load_key(unit.course.key(unit.name))
    practice = _Practice(unit, implementation, key, tell)
    asked = {check.name for check in wanted}
    to_run = asked | _all_needed(unit, wanted)
    for check in unit.checks:
        if check.name not in to_run:
            continue
        practice.fetch(check)
        with last_resort(check) if alone else nullcontext():
            practised = practice.run(check)
        earlier = practice.that_may_rule_out(check, practised)
        for one in earlier:
            with last_resort(one) if alone else nullcontext():
                practice.run(one)
        if earlier:
            practised = practice.judge_again(check, practised)
        if check.name in asked:
            step(practised)
    verdicts = []
    for name, verdict in practice.verdicts.items():
        if name in asked:
            verdicts.append(verdict)
    return verdicts


def _all_needed(unit: Unit, wanted: Sequence[Check]) -> set[str]:
    """Return the names of the checks that some need, and of those that these need in turn."""
    needed: set[str] = set()
    for check in wanted:
        needed.update(check.needs)
    for check in reversed(unit.checks):  # a check can only need an earlier one
        if check.name in needed:
            needed.update(check.needs)
    return needed


@dataclass
class _Practice:
    """One run of checks of a unit, in order.

    key: the unit's public key.
    """

    unit: Unit
    implementation: Any
    key: Key
    tell: Tell

    @cached_property
    def judge(self) -> Judge:
        """Return the judge of the answers, which it takes one after the other."""
        carry = partial(carried_by_file, self.key)
        return Judge(self.key, self.unit.sizes, carry)

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """Return the verdicts on the checks that have run."""
        return self.judge.verdicts

    def run(self, check: Check) -> Practised:
        """Run a check after those that it needs, as far as they allow it."""
        practised = self._run(check)
        if practised.verdict.earned:
            practised = self._with_imports(check, practised)
        self.verdicts[check.name] = practised.verdict
        return practised

    def fetch(self, check: Check) -> None:
        """Fetch the data of a check that trains, so that its seconds do not include a download."""
        if check.measure and not self.judge.lacking(check):
            with suppress(NoData, MissingPackage):  # the check says it
                training_data(self.unit.course, check)

    def that_may_rule_out(self, check: Check, practised: Practised) -> list[Check]:
        """Return the earlier checks that may rule out a mistake that a wrong answer resembles.

        A run of all checks has run them before: so one check by itself says and counts the same.
        """
        is_judged = not (check.measure or check.question or self.judge.lacking(check))
        if not is_judged or practised.verdict.is_done:
            return []
        known, answer = practised.known, practised.answer
        alike = mistakes_like(check, known.expected, known.mistakes, answer)
        found = []
        for earlier in self.unit.checks:
            if earlier is check:
                break
            if earlier.name in self.verdicts or earlier.measure or earlier.question:
                continue
            in_key = self.key.get(earlier.name)
            if in_key and any(in_key.spoilt_by(mistake) for mistake in alike):
                found.append(earlier)
        return found

    def judge_again(self, check: Check, practised: Practised) -> Practised:
        """Judge an answer again, now that earlier checks have run."""
        judged = self._judged(check, practised.known, practised.answer)
        if judged.verdict.earned:
            judged = self._with_imports(check, judged)
        self.verdicts[check.name] = judged.verdict
        return judged

    def _with_imports(self, check: Check, practised: Practised) -> Practised:
        """Report the imports of a check that earns points here and that a grade lacks."""
        missing = imports_not_graded(self.unit, check, self.implementation.namespace)
        if not missing:
            return practised
        told = ", ".join(f"`{name}`" for name in missing)
        packages = "".join(f", {name}" for name in self.unit.packages)
        remark = Remark(
            f"{told} is not available in grading. Import only the standard library{packages}."
        )
        verdict = practised.verdict
        return replace(practised, verdict=replace(verdict, remarks=(*verdict.remarks, remark)))

    def _run(self, check: Check) -> Practised:
        lacking = self.judge.lacking(check)
        if lacking:
            return self._run_carried(check, lacking)
        self.tell(check.name, 0.0)
        if check.measure:
            return self._train(check)
        known = self._known(check)
        if _is_only_recorded(check):
            return self._record(check)
        return self._judged(check, known, self._answer(check, known))

    def _judged(self, check: Check, known: CheckKey, answer: Answer) -> Practised:
        judged = self.judge.judge(check, known, answer)
        if not judged.judgement.is_right:
            self.judge.note(judged)
        verdict = self.judge.explain(judged)
        shown = with_first_wrong(verdict, check, known, answer)
        return Practised(shown, known, answer)

    def _known(self, check: Check) -> CheckKey:
        """Return a check's part of the key. Raises `NoKey` if the key is older than the check."""
        if check.name not in self.key:
            raise NoKey(
                f"The key of {self.unit.name} does not have the check `{check.name}` yet. Run "
                "`autograder build`."
            )
        return self.key[check.name]

    def _record(self, check: Check) -> Practised:
        """Record an answer that no key here contains, without saying whether it is right."""
        question = check.question
        assert question
        experiments = self.unit.experiments
        explain = partial(explain_error, experiments)
        seed = self.unit.course.public_seed
        run = partial(
            run_experiment, check, self.implementation, seed, experiments.reset, None, explain
        )
        answer = within_limits(check, self.unit.limits, run, self.tell)
        if answer.failure:
            return _failed(check, answer)
        given = question.text(check.name, answer.arrays)
        replied = Replied(given, question.predict, by_hand=question.by_hand)
        finding = Finding(FindingKind.RECORDED, replied=replied)
        return _without_answer(with_findings(recorded(check, given), [finding]))

    def _run_carried(self, check: Check, lacking: Sequence[str]) -> Practised:
        """Run a check with earlier mistakes carried forward, if their consequences are known.

        lacking: the checks that it needs and that have not passed.
        """
        known = None if check.measure else self._known(check)
        follows = self.judge.follows(check, known, lacking) if known else None
        # one that needs a check which took too long would take as long again, at each save
        is_slow = any(self.judge.verdicts[name].failure in SLOW for name in lacking)
        questions = {one.name for one in self.unit.checks if one.question}
        is_run = follows or not (check.question or is_slow or questions.intersection(lacking))
        if known is None or not is_run:
            return _without_answer(self.judge.waiting(check, lacking))
        if follows is None:
            self.tell(check.name, 0.0)
            answer = self._answer(check, known)
            right = self.judge.right_or_none(check, known, answer)
            return Practised(right or self.judge.waiting(check, lacking), known, answer)
        self.tell(check.name, 0.0)
        if _is_only_recorded(check):
            return self._record(check)
        answer = self._answer(check, known)
        verdict = self.judge.judge_following(follows, answer)
        kinds = {one.finding.kind for one in verdict.remarks if one.finding}
        key = known if FindingKind.READ_PLAINLY in kinds else follows.carried.key
        return Practised(verdict, key, answer)

    def _train(self, check: Check) -> Practised:
        """Train, and measure the held-out loss in this process, in which nothing is secret."""
        unit = self.unit
        try:
            text = training_data(unit.course, check)
        except (NoData, MissingPackage) as error:
            return self._not_trained(check, Failure.NO_DATA, str(error))
        name = key_name(check, text)
        if name not in self.key:
            return self._not_trained(
                check,
                Failure.NO_KEY,
                f"the key has no figure for the corpus `{text.name}`. An author adds it with "
                "`autograder build`.",
            )
        known = self.key[name]
        answer = self._answer(check, known, text.train)
        judged = self.judge.judge(check, known, answer)
        if not judged.judgement.is_right:
            return Practised(self.judge.explain(judged), known, answer)
        measure = partial(_measured, check, self.implementation, answer, text)
        measured = within_limits(check, unit.limits, measure, self.tell)
        if measured.failure:
            judged = self.judge.judge(check, known, measured)
            return Practised(self.judge.explain(judged), known, measured)
        loss = float(measured.arrays["loss"])
        judgement = judge_loss(check, known.expected, known.loss, loss)
        findings = explained_loss(judgement, unit.loss_unit(check))
        return Practised(with_findings(judgement.verdict(), findings), known, measured)

    def _not_trained(self, check: Check, failure: Failure, message: str) -> Practised:
        """Return the outcome of a check that cannot be trained here, with the reason."""
        return _failed(check, Answer(failure=failure, message=message))

    def _answer(self, check: Check, key: CheckKey, text: str | None = None) -> Answer:
        """Run an experiment within its limits. text: the argument of a check that trains.

        A value far larger than the key's is dropped, as in a grade.
        """
        experiments = self.unit.experiments
        run = partial(
            run_experiment,
            check,
            self.implementation,
            self.unit.course.public_seed,
            experiments.reset,
            text,
            partial(explain_error, experiments),
        )
        answer = within_limits(check, self.unit.limits, run, self.tell)
        return let_in(answer, key.expected.arrays, check.free)


def _measured(check: Check, implementation: Any, answer: Answer, text: Corpus) -> Answer:
    """Measure the held-out loss of trained weights by the student's own functions."""
    assert check.measure
    try:
        loss = check.measure(implementation, answer.arrays, text.held_out)
        return Answer({"loss": np.array(loss)})
    except Stopped:
        return Answer(failure=Failure.STOPPED)
    except Exception as error:
        return failed(error, check)
