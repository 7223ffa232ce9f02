"""Finds solutions that draw numbers of their own: on one seed each run gives another answer.

A key is made once and compared with for a term, so the solution has to give the same answer each
time. Students may draw as they like, where the check tolerates it.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from autograder.check import Answer, Check, is_text
from autograder.errors import BadSource, Slip
from autograder.grading.keys import SOLUTION, checks_to_run, solution_of
from autograder.judging import deviation
from autograder.judging.compare import TOLERANCE, scale_of
from autograder.sandbox.client import Server

ROUNDING = 1e-6  # of an array's largest value: what differs by less on one machine is rounding
RUNS = 8  # by which noise is measured, where there is some
# standard deviations between two draws that are right: passed by less than one in a million
FAR = 5.0


def refuse_noise(server: Server) -> None:
    """Run a unit's solution twice on the public seed.

    Raises `BadSource` where the answers differ.
    """
    unit = server.unit
    script = solution_of(unit).plain().encode()
    checks = checks_to_run(unit, data=())
    first, second = (_answers(server, script, checks) for _ in range(2))
    noisy = [check for check in checks if _differing(check, first, second)]
    if not noisy:
        return
    runs = [first, second]
    while len(runs) < RUNS:
        runs.append(_answers(server, script, noisy))
    slips = []
    for check in noisy:
        line = check.experiment.__code__.co_firstlineno
        answers = [run[check.name] for run in runs]
        for name in _differing(check, first, second):
            slips.append(Slip(line, f"`{check.name}`: {_words(name, answers)}"))
    raise BadSource({str(unit.course.checks / f"{unit.name}.py"): slips})


def _answers(server: Server, script: bytes, checks: Sequence[Check]) -> dict[str, Answer]:
    """Ask checks of the solution, in a process of its own, on the public seed."""
    seed = server.unit.course.public_seed
    with server.worker(script, SOLUTION) as worker:
        return {check.name: worker.ask(check, seed) for check in checks}


def _differing(
    check: Check, first: Mapping[str, Answer], second: Mapping[str, Answer]
) -> list[str]:
    """Return the arrays of a check that differ in two runs by more than rounding."""
    one = first[check.name]
    other = second[check.name]
    if one.failure or other.failure:
        return []  # which the key tells
    differing = []
    for name in one.arrays:
        tolerance = check.tolerance.get(name, TOLERANCE)
        if deviation(check, name, one, other) * tolerance > ROUNDING:
            differing.append(name)
    return differing


def _words(name: str, answers: Sequence[Answer]) -> str:
    """Say of an array that it is another each time, by how much, and what to do."""
    told = f"`{name}` is another in each run on one seed, so the solution draws numbers of its own"
    remedy = (
        "Let it draw from `np.random.default_rng(1)`, or hand a generator in; a key is compared "
        "with for a term."
    )
    noise = _noise([answer.arrays[name] for answer in answers])
    if not noise:
        return f"{told}. {remedy}"
    wide = math.sqrt(2) * FAR * noise
    places = 1 - math.floor(math.log10(wide))
    tolerance = math.ceil(wide * 10**places) / 10**places
    return (
        f"{told}: it varies by {noise:.2g} of its largest value (standard deviation of {RUNS} "
        f"runs). {remedy} Right answers of students who draw pass all but never with "
        f'`tolerance={{"{name}": {tolerance:g}}}`.'
    )


def _noise(arrays: Sequence[np.ndarray]) -> float:
    """Return the largest standard deviation of an entry, as a share of the largest value.

    0 for text, and for arrays of several shapes.
    """
    first, *others = arrays
    if is_text(first) or any(other.shape != first.shape for other in others):
        return 0.0
    if not first.size:
        return 0.0
    deviations = np.std(np.stack(arrays).astype(float), axis=0, ddof=1)
    share = float(np.nanmax(deviations)) / scale_of(first)
    return share if math.isfinite(share) else 0.0
