"""Grade right answers on other instruction sets, kernels of BLAS and orders of floats.

The key is made as it is here. Then the solution and each of its other styles answer every exact
check while the numerical libraries compute as on another processor. No right answer may lose a
point on a student's ARM or an old laptop.

    python benchmarks/kernels.py [UNIT …]
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
from at_hand import COURSE, unit

from autograder.authoring.validate import lost, plain_key, styles
from autograder.course import find_unit
from autograder.grading.keys import checks_to_run, solution_of
from autograder.grading.one import grade_one
from autograder.sandbox import client
from autograder.sandbox.client import Server

SEED = 8100  # no other command uses it


def numpys_own() -> str:
    """Return the instruction sets that this NumPy chooses among, which can be switched off."""
    from numpy._core import _multiarray_umath as core  # type: ignore[attr-defined]

    chosen = [name for name in core.__cpu_dispatch__ if core.__cpu_features__.get(name)]
    return " ".join(chosen)


# OPENBLAS_CORETYPE: NumPy's BLAS; MKL_CBWR: torch's; ATEN_CPU_CAPABILITY: torch itself
PROCESSORS: Mapping[str, Mapping[str, str]] = {
    "of 2008, without AVX": {
        "OPENBLAS_CORETYPE": "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": numpys_own(),
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_CBWR": "COMPATIBLE",
    },
    "of 2011, with AVX": {"OPENBLAS_CORETYPE": "Sandybridge", "MKL_CBWR": "AVX"},
    "of 2013, with AVX2": {
        "OPENBLAS_CORETYPE": "Haswell",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_CBWR": "AVX2",
    },
}
NAMES = {name for variables in PROCESSORS.values() for name in variables}


@contextmanager
def computing_as(variables: Mapping[str, str]) -> Iterator[None]:
    """Make workers that start now compute as another processor does."""
    passed_on = client.PASSED_ON
    client.PASSED_ON = tuple({*passed_on, *NAMES})  # type: ignore[assignment]
    before = {name: os.environ.get(name) for name in variables}
    os.environ |= variables
    try:
        yield
    finally:
        client.PASSED_ON = passed_on
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def answered(server: Server) -> dict[tuple[str, str], np.ndarray]:
    """Return the solution's arrays as they are computed now, by check and name."""
    arrays = {}
    script = solution_of(server.unit).plain().encode()
    with server.worker(script, "solution.py") as worker:
        for check in checks_to_run(server.unit, data=()):
            for array, values in worker.ask(check, SEED).arrays.items():
                arrays[check.name, array] = values
    return arrays


def losses(name: str) -> Iterator[str]:
    """Grade the right answers of a unit on each processor. Yield losses of points; print a line."""
    measured = unit(name)
    with Server(measured) as server:
        checks = checks_to_run(measured, data=())
        key = plain_key(server, checks, SEED)
        here = answered(server)
    answers = {"the solution": solution_of(measured).plain(), **styles(measured)}
    for processor, variables in PROCESSORS.items():
        count = 0
        with computing_as(variables), Server(measured) as server:
            there = answered(server)
            for style, script in answers.items():
                verdicts = grade_one(server, script.encode(), "answer.py", SEED, key, data={})
                found = lost(verdicts)
                if found:
                    count += 1
                    yield f"{name}, {processor}, {style}: {found}"
        differ = sum(not np.array_equal(here[place], there[place]) for place in here)
        print(
            f"{name}, a processor {processor}: {differ} of {len(here)} arrays differ in their last "
            f"bits; {count} of {len(answers)} right answers lose points",
            flush=True,
        )


def main() -> None:
    """Grade the units that the command line names, or all."""
    found: list[str] = []
    for name in sys.argv[1:] or COURSE.units:
        found.extend(losses(find_unit(COURSE, name)))
    print(f"NumPy {np.__version__}")
    print("\n".join(found) or "No right answer loses a point.")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
