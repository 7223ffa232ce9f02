"""Runs a solution before its key is made: does it answer every check, and twice equally?

A solution that draws its own random numbers gives another answer in each run on one seed. A key is
made once and used for a term, so the solution has to give the same answer each time. Students may
draw random numbers, if the check tolerates it.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from autograder.authoring.replay import draws_of_its_own
from autograder.check import Answer, Check, is_text
from autograder.errors import BadSource, SourceFault
from autograder.grading.keys import SOLUTION, checks_to_run, solution_of
from autograder.judging import deviation
from autograder.judging.compare import scale_of, share_allowed
from autograder.sandbox.client import Server
from autograder.sandbox.own_code import author_server

ROUNDING = 1e-6  # fraction of an array's largest value; smaller differences are rounding
OTHER_ORDER = "1"  # a hash seed that orders sets of strings otherwise
RUNS = 8  # number of runs by which noise is measured
# standard deviations between two right draws: exceeded by less than one in a million
FAR = 5.0


# text of an experiment's own error → what its author may have meant
HINTS = {
    "has no attribute 'items'": 'An experiment returns arrays by name: `named("name", value)`.',
    "but should be an array": '`frame("name", table)` compares a table with its labels.',
    "AssertionError": (
        'Remove the assertion, and return the values: `named("name", value)`. The engine compares '
        "them."
    ),
}


def refuse_unsteady(server: Server) -> None:
    """Run a unit's solution twice on the public seed.

    Raises `BadSource` with all checks that it does not answer, or answers in two ways.
    """
    unit = server.unit
    script = solution_of(unit).plain().encode()
    checks = checks_to_run(unit, data=())
    first, second = (_answers(server, script, checks) for _ in range(2))
    _refuse_unanswered(server, checks, first)
    noisy = [check for check in checks if _differing(check, first, second)]
    if not noisy:
        _refuse_order_of_sets(server, script, checks, first)
        return
    runs = [first, second]
    while len(runs) < RUNS:
        runs.append(_answers(server, script, noisy))
    slips = []
    for check in noisy:
        answers = [run[check.name] for run in runs]
        own = draws_of_its_own(unit, check)
        for name in _differing(check, first, second):
            slips.append(_slip(check, _words_of_check(name) if own else _words(name, answers)))
    raise BadSource({_file(server): slips})


def _refuse_order_of_sets(
    server: Server, script: bytes, checks: Sequence[Check], first: Mapping[str, Answer]
) -> None:
    """Raise `BadSource` for text that depends on the order of a set, which differs in processes.

    first: the answers in the order that all grades use.
    """
    of_text = []
    for check in checks:
        if any(is_text(array) for array in first[check.name].arrays.values()):
            of_text.append(check)
    if not of_text:
        return
    with author_server(server.unit, hash_seed=OTHER_ORDER) as other_server:
        other = _answers(other_server, script, of_text)
    slips = []
    for check in of_text:
        if other[check.name].failure:
            continue
        for name in _differing(check, first, other):
            slips.append(
                _slip(
                    check,
                    f"`{name}` depends on the order of a set, which differs from process to "
                    "process. Sort what comes from a set, in the check.",
                )
            )
    if slips:
        raise BadSource({_file(server): slips})


def _refuse_unanswered(
    server: Server, checks: Sequence[Check], answers: Mapping[str, Answer]
) -> None:
    """Raise `BadSource` with each check that the solution does not answer, and why."""
    slips = []
    for check in checks:
        answer = answers[check.name]
        if not answer.failure:
            continue
        told = f"the solution does not answer it: {answer.message or answer.failure}"
        if answer.error.in_check:
            told = f"the check itself fails, in {answer.error.in_check}: {answer.error.words}."
        for words, hint in HINTS.items():
            if words in answer.message:
                told = f"{told.rstrip('.')}. {hint}"
        slips.append(_slip(check, told))
    if slips:
        raise BadSource({_file(server): slips})


def _slip(check: Check, text: str) -> SourceFault:
    return SourceFault(check.experiment.__code__.co_firstlineno, f"`{check.name}`: {text}")


def _file(server: Server) -> str:
    unit = server.unit
    return str(unit.course.checks / f"{unit.name}.py")


def _answers(server: Server, script: bytes, checks: Sequence[Check]) -> dict[str, Answer]:
    """Return the solution's answers to checks, in a separate process, on the public seed."""
    seed = server.unit.course.public_seed
    with server.worker(script, SOLUTION) as worker:
        return {check.name: worker.ask(check, seed) for check in checks}


def _differing(
    check: Check, first: Mapping[str, Answer], second: Mapping[str, Answer]
) -> list[str]:
    """Return the arrays of a check that differ in two runs by more than rounding."""
    one = first[check.name]
    other = second[check.name]
    differing = []
    for name, array in one.arrays.items():
        in_tolerances = deviation(check, name, one, other)
        if not in_tolerances:
            continue
        tolerance = 1.0 if is_text(array) else share_allowed(check, name, array)
        if not tolerance or in_tolerances * tolerance > ROUNDING:
            differing.append(name)
    return differing


def _words_of_check(name: str) -> str:
    """Say that an array varies because its check draws random numbers, and what to do."""
    return (
        f"`{name}` differs from run to run on one seed, because the check draws numbers of its "
        "own. Let it draw all of them from one generator that is made of `seed`, such as "
        "`random.Random(seed)` or `np.random.default_rng(seed)`."
    )


def _words(name: str, answers: Sequence[Answer]) -> str:
    """Say that an array varies, by how much, and what to do."""
    told = f"`{name}` differs from run to run on one seed, so the solution draws numbers of its own"
    remedy = (
        "Let it draw from `np.random.default_rng(1)`, or pass it a generator: each run must give "
        "the values of the key."
    )
    if any(name not in answer.arrays for answer in answers):
        return f"{told}. Some runs do not have it at all. {remedy}"
    noise = _noise([answer.arrays[name] for answer in answers])
    if not noise:
        return f"{told}. {remedy}"
    wide = math.sqrt(2) * FAR * noise
    places = 1 - math.floor(math.log10(wide))
    tolerance = math.ceil(wide * 10**places) / 10**places
    return (
        f"{told}. Values vary by {noise:.2g} of the largest (standard deviation of {RUNS} runs). "
        f"{remedy} If students draw numbers of their own, right answers need "
        f'`tolerance={{"{name}": {tolerance:g}}}`.'
    )


def _noise(arrays: Sequence[np.ndarray]) -> float:
    """Return the largest standard deviation of an entry, as a fraction of the largest value.

    It is 0 for text, and for arrays of several shapes.
    """
    first, *others = arrays
    if is_text(first) or any(other.shape != first.shape for other in others):
        return 0.0
    if not first.size:
        return 0.0
    deviations = np.std(np.stack(arrays).astype(float), axis=0, ddof=1)
    share = float(np.nanmax(deviations)) / scale_of(first)
    return share if math.isfinite(share) else 0.0
