"""Plant faults in the kit itself, one at a time, in a copy: do its own tests catch each?

Writes docs/faults.md.

python benchmarks/faults.py. About five minutes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Fault:
    """A change of the kit's source, and the tests that should notice."""

    what: str
    file: str
    old: str
    new: str
    tests: str


FAULTS = (
    Fault(
        "the judge ignores shape",
        "judging/compare.py",
        "    if want.shape != got.shape:\n        return math.inf\n",
        "    if want.shape != got.shape:\n        return 0.0\n",
        "autograder/tests/test_judging.py",
    ),
    Fault(
        "a tolerance a thousand times too wide",
        "judging/compare.py",
        "TOLERANCE = 1e-3",
        "TOLERANCE = 1.0",
        "autograder/tests/test_judging.py",
    ),
    Fault(
        "the public key from another seed",
        "authoring/build.py",
        "build_key(server, unit.course.public_seed,",
        "build_key(server, unit.course.public_seed + 1,",
        "tests/test_material.py -k up_to_date",
    ),
    Fault(
        "every second known mistake is dropped",
        "source/solution.py",
        "    return Solution(text, tuple(mistakes))",
        "    return Solution(text, tuple(mistakes[::2]))",
        "autograder/tests/test_solution.py",
    ),
    Fault(
        "an array that is missing counts as right",
        "judging/compare.py",
        "    if want is None or got is None:\n        return math.inf\n",
        "    if want is None or got is None:\n        return 0.0\n",
        "autograder/tests/test_judging.py",
    ),
    Fault(
        "NaN counts as right",
        "judging/compare.py",
        "return math.inf\n        finite",
        "return 0.0\n        finite",
        "autograder/tests/test_judging.py",
    ),
    Fault(
        "integers are compared with a tolerance",
        "judging/compare.py",
        "if want.dtype.kind in EXACT_KINDS:",
        "if False:",
        "autograder/tests/test_judging.py",
    ),
    Fault(
        "a mistake is named though it would have spoilt an array that is right",
        "grading/judge.py",
        "return any(key[name].spoilt_by(mistake) for name in passed)",
        "return False",
        "autograder/tests/test_judging.py",
    ),
    Fault(
        "a check runs though what it needs has failed",
        "judging/points.py",
        "    return not_passed\n",
        "    return []\n",
        "tests/test_material.py -k stub_nothing",
    ),
    Fault(
        "a stored result is read back for another submission",
        "grading/results.py",
        "    if stored.sha256 != sha256:",
        "    if not stored.sha256:",
        "tests/test_golden.py -k reads_back",
    ),
    Fault(
        "every run has the same secret seed",
        "grading/batch.py",
        "else secrets.randbits(31)",
        "else 731",
        "autograder/tests/test_cli.py -k fresh_seed",
    ),
    Fault(
        "an answer ahead of its question is taken",
        "sandbox/worker.py",
        'if message.fields.get("token") == self._token:',
        "if True:",
        "autograder/tests/test_client.py -k ahead_of",
    ),
    Fault(
        "the stub shows the solution",
        "source/solution.py",
        "            elif not inside:\n",
        "            else:\n",
        "autograder/tests/test_solution.py",
    ),
    Fault(
        "a fallen wall is not noticed",
        "sandbox/client.py",
        "for name, was_refused in refused.items() if not was_refused]",
        "for name, was_refused in refused.items() if was_refused is None]",
        "autograder/tests/test_confinement.py -k fallen_wall",
    ),
)


def passes(fault: Fault, folder: Path, plant: bool) -> bool:
    """Return whether the fault's tests pass in a copy of the kit, with it or without."""
    for part in ("autograder", "checks", "solutions", "assignments", "datasets", "docs", "tests"):
        shutil.copytree(ROOT / part, folder / part)
    for part in ("pyproject.toml", "README.md", "course.toml", "conftest.py"):
        shutil.copy(ROOT / part, folder)
    path = folder / "autograder" / fault.file
    text = path.read_text(encoding="utf-8")
    times = text.count(fault.old)
    if times != 1:
        raise ValueError(f"{fault.file} holds {fault.old!r} {times} times")
    if plant:
        planted = text.replace(fault.old, fault.new)
        path.write_text(planted, encoding="utf-8")
    name, *selected = fault.tests.split(" ", 2)
    command = [sys.executable, "-m", "pytest", "-q", "-x", name, *selected]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise ValueError(f"{fault.what}: the tests did not run\n{done.stdout[-2000:]}")
    return done.returncode == 0


def main() -> None:
    rows = []
    for fault in FAULTS:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            if not passes(fault, Path(one), plant=False):
                raise ValueError(f"{fault.tests} fails without a fault")
            caught = not passes(fault, Path(other), plant=True)
        rows.append(
            f"| {fault.what} | `{fault.file}` | `{fault.tests}` | "
            f"{'caught' if caught else '**missed**'} |"
        )
        print(rows[-1], flush=True)
    page = (
        "# Faults planted in the kit\n\nWritten by `python benchmarks/faults.py`: each fault is "
        "put into a copy of the kit, and the tests named beside it, which pass without it, "
        "run.\n\n"
    )
    page += "| fault | in | tests | |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
    (ROOT / "docs" / "faults.md").write_text(page, encoding="utf-8")
    sys.exit(any("missed" in row for row in rows))


if __name__ == "__main__":
    main()
