"""What a student's own machine can check: experiments run where the student works, on the public seed.

Nothing here is confined or official.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograder import __version__
from autograder.check import Answer, Check
from autograder.course import Unit
from autograder.data import NoData, corpus
from autograder.grading.key_file import KEYS, load_key
from autograder.grading.results import Circumstances, Result, digest
from autograder.judging import CheckKey, Key, Verdict, judge, judge_loss, not_made, not_reached, unmet
from autograder.sandbox.inside.runner import describe, run_experiment

PUBLIC_SEED = 731


def practice_result(unit: str, path: Path, verdicts: Sequence[Verdict], quick: bool) -> Result:
    """Verdicts of the public seed as a result that can be exported; it is not official, and its student is `course`."""
    try:
        text = corpus().name
    except NoData:
        text = ""
    facts = Circumstances(__version__, "", PUBLIC_SEED, text, quick, official=False)
    seconds = sum(verdict.seconds for verdict in verdicts)
    return Result("course", unit, digest(path.read_bytes()), facts, tuple(verdicts), seconds)


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
    unit: Unit, wanted: Sequence[Check], implementation: Any, step: Callable[..., object] = lambda *_: None
) -> list[Verdict]:
    """The verdicts of some checks, in this process and on the public seed; what they need is run before them.

    `step(verdict, check's key, answer)` is called after each; the answer of a training check is its `loss`.
    """
    key, done = load_key(KEYS / f"{unit.name}.safetensors"), dict[str, Verdict]()
    needed = {name for check in wanted for name in check.needs}
    for _ in unit.checks:
        needed |= {name for check in unit.checks if check.name in needed for name in check.needs}
    asked = {check.name for check in wanted}
    for check in unit.checks:
        if check.name in asked | needed:
            done[check.name], known, answer = _verdict(unit, check, key, implementation, done)
            if check.name in asked:
                step(done[check.name], known, answer)
    return [verdict for name, verdict in done.items() if name in asked]


def _verdict(
    unit: Unit, check: Check, key: Key, implementation: Any, done: Mapping[str, Verdict]
) -> tuple[Verdict, CheckKey, Answer]:
    known, answer = CheckKey(Answer()), Answer()
    if lacking := unmet(check, done):
        return not_reached(check, lacking), known, answer
    if not check.measure:
        known, answer = key[check.name], run_experiment(check, implementation, PUBLIC_SEED)
        return judge(check, known, answer, unit.sizes, lambda: not_made(key, done)), known, answer
    try:
        text = check.data() if check.data else corpus()
    except (NoData, ImportError) as error:
        return judge(check, known, Answer(failure="no data", message=str(error)), unit.sizes), known, answer
    if f"{check.name}@{text.name}" not in key:
        why = f"the key has no figure for the corpus `{text.name}`. An author adds it with `autograder build`."
        return judge(check, known, Answer(failure="no key", message=why), unit.sizes), known, answer
    known, answer = key[f"{check.name}@{text.name}"], run_experiment(check, implementation, PUBLIC_SEED, text.train)
    if (verdict := judge(check, known, answer, unit.sizes)).status != "passed":
        return verdict, known, answer
    try:
        loss = check.measure(implementation, answer.arrays, text.held_out)
    except Exception as error:
        answer = Answer(failure="raised", message=describe(error))
        return judge(check, known, answer, unit.sizes), known, answer
    return judge_loss(check, known, loss), known, Answer({"loss": np.array(loss)})
