"""Plant faults in the engine, one at a time, in a copy: which layer of the tests catches each?

Writes docs/faults.md.

    python benchmarks/faults.py            all of them: about half an hour on one core
    python benchmarks/faults.py WORD …     those whose description or file contains one of these

For each fault the tests nearest to the broken code run; they pass without it. They run as in `make
test` and, if that finds nothing, as in `make proofs`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARTS: tuple[str, ...] = (
    "autograder",
    "checks",
    "solutions",
    "assignments",
    "datasets",
    "docs",
    "tests",
    "tools",
)
PARTS += ("drawings", "benchmarks", "requirements")
FILES = ("pyproject.toml", "README.md", "course.toml", "conftest.py", "LICENSE", "LICENSE-text.md")
LAYERS = {"make test": "not (proof or lint or figures)", "make proofs": "proof"}
MISSED = "**missed**"
UNKNOWN = "**unknown: the tests fail without it**"


@dataclass(frozen=True)
class Fault:
    """A change of the engine's source, and the tests that should notice.

    file: below `autograder/`. tests: arguments of pytest, the first a file below one of the two
    folders of tests.
    """

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
        "test_judging",
    ),
    Fault(
        "a tolerance a thousand times too wide",
        "judging/compare.py",
        "TOLERANCE = 1e-3",
        "TOLERANCE = 1.0",
        "test_judging",
    ),
    Fault(
        "an array that is missing counts as right",
        "judging/compare.py",
        "    if want is None or got is None:\n        return math.inf\n",
        "    if want is None or got is None:\n        return 0.0\n",
        "test_judging",
    ),
    Fault(
        "NaN counts as right",
        "judging/compare.py",
        "    if math.isnan(difference):\n        return math.inf\n",
        "    if math.isnan(difference):\n        return 0.0\n",
        "test_judging",
    ),
    Fault(
        "integers are compared with a tolerance",
        "judging/compare.py",
        "    allowed = 0.0 if want.dtype.kind in EXACT_KINDS else tolerance",
        "    allowed = tolerance",
        "test_judging",
    ),
    Fault(
        "text is right whatever it says",
        "judging/compare.py",
        "return np.array_equal(want, got)",
        "return True",
        "test_kinds",
    ),
    Fault(
        "a check that fails early counts as an error, whatever ended it",
        "judging/points.py",
        'return STATUS_OF_FAILURE.get(self.failure, "error")',
        'return "error"',
        "test_one",
    ),
    Fault(
        "a check runs though what it needs has failed",
        "judging/points.py",
        "    return not_passed\n",
        "    return []\n",
        "test_one",
    ),
    Fault(
        "a mistake is named though it would have spoilt an array that is right",
        "grading/judge.py",
        "return any(key[name].spoilt_by(mistake) for name in passed)",
        "return False",
        "test_judging",
    ),
    Fault(
        "a stored result is read back for another submission",
        "grading/results.py",
        "    if stored.sha256 != sha256:",
        "    if not stored.sha256:",
        "test_results",
    ),
    Fault(
        "every run has the same secret seed",
        "grading/batch.py",
        "recorded or secrets.token_hex(16)",
        "recorded or 731",
        "test_cli -k fresh_seed",
    ),
    Fault(
        "all units of a class have one seed",
        "grading/batch.py",
        'digest(f"{self.seed} {unit}".encode())',
        'digest(f"{self.seed}".encode())',
        "test_cli -k seed_of_its_own",
    ),
    Fault(
        "half a point is rounded down",
        "grading/arithmetic.py",
        "(numerator / denominator).quantize(last_place, ROUND_HALF_UP)",
        '(numerator / denominator).quantize(last_place, "ROUND_HALF_DOWN")',
        "test_arithmetic",
    ),
    Fault(
        "of dropped units the best one goes",
        "grading/arithmetic.py",
        "    return set(lowest_first[:count])",
        "    return set(lowest_first[-count:])",
        "test_arithmetic",
    ),
    Fault(
        "the first of several submissions counts, not the best",
        "grading/policy.py",
        "            grade.share,\n            grade.exact_points,\n",
        "            -grade.share,\n            -grade.exact_points,\n",
        "test_policy",
    ),
    Fault(
        "slack days are used twice",
        "grading/policy.py",
        "        left -= counted.slack\n",
        "",
        "test_arithmetic",
    ),
    Fault(
        "a partner's mail address is that of who handed in",
        "grading/policy.py",
        'hand_in, student=partner, name="", email="",',
        'hand_in, student=partner, name="",',
        "test_exports",
    ),
    Fault(
        "links in a folder of submissions are followed",
        "grading/submissions.py",
        "return entry.is_dir(follow_symlinks=False)",
        "return entry.is_dir()",
        "test_submissions",
    ),
    Fault(
        "a zip may hold any kind of compression",
        "grading/submissions.py",
        "UNPACKED_IN_PIECES = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)",
        "UNPACKED_IN_PIECES = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)",
        "test_submissions",
    ),
    Fault(
        "the result of a file that was handed in before is overwritten",
        "grading/attempts.py",
        "        write_result_to(before_aside, before)\n",
        "        pass\n",
        "test_attempts",
    ),
    Fault(
        "a record that a student wrote is believed",
        "grading/hand_in.py",
        "    return mark.is_file()",
        "    return True",
        "test_attempts",
    ),
    Fault(
        "an answer ahead of its question is taken",
        "sandbox/worker.py",
        'is_ours = message.fields.get("token") == self._token',
        "is_ours = True",
        "test_client -k ahead_of",
    ),
    Fault(
        "a missing layer of the sandbox is not noticed",
        "sandbox/client.py",
        "            if not was_refused:\n",
        "            if was_refused is None:\n",
        "test_confinement -k fallen_wall",
    ),
    Fault(
        "a submission sees the environment of who grades",
        "sandbox/client.py",
        '        environment = {\n            "PATH": "/usr/bin:/bin",',
        '        environment = {\n            **os.environ,\n            "PATH": "/usr/bin:/bin",',
        "test_server",
    ),
    Fault(
        "what a package needs cannot be read",
        "sandbox/readable.py",
        "        queue += _required_names(distribution.requires or ())\n",
        "",
        "test_readable",
    ),
    Fault(
        "a worker may write files",
        "sandbox/inside/confinement.py",
        "        resource.RLIMIT_FSIZE: 0,",
        "        resource.RLIMIT_FSIZE: 1 << 30,",
        "test_confinement",
    ),
    Fault(
        "a worker has no seccomp filter",
        "sandbox/inside/confinement.py",
        "    seccomp.enter(walls.filter)\n",
        "",
        "test_confinement",
    ),
    Fault(
        "a frame of any length is read",
        "sandbox/inside/wire.py",
        "    if not LENGTH_BYTES <= len(file) <= MAX_FRAME:",
        "    if not LENGTH_BYTES <= len(file):",
        "test_wire",
    ),
    Fault(
        "a text over the wire has no limit",
        "sandbox/inside/wire.py",
        "    if packed.nbytes > MAX_TEXT:\n",
        "    if False:\n",
        "test_wire test_door",
    ),
    Fault(
        "the error for a missing name does not say the nearest",
        "sandbox/inside/submission.py",
        "    if near:\n        (nearest,) = near",
        "    if False:\n        (nearest,) = near",
        "test_submission",
    ),
    Fault(
        "every second known mistake is dropped",
        "source/solution.py",
        "    return Solution(text, tuple(mistakes))",
        "    return Solution(text, tuple(mistakes[::2]))",
        "test_solution",
    ),
    Fault(
        "the stub shows the solution",
        "source/solution.py",
        "            elif not inside:\n",
        "            else:\n",
        "test_solution",
    ),
    Fault(
        "a mistake outside of a solution is let through",
        "source/markers.py",
        '        below = self.lines[number] if number < len(self.lines) else ""\n        if not self.began:',
        '        below = self.lines[number] if number < len(self.lines) else ""\n        if False:',
        "test_markers",
    ),
    Fault(
        "a module of checks that others import is not given away",
        "authoring/imports.py",
        '            waiting.append(course.checks / f"{name}.py")\n',
        "            pass\n",
        "test_given",
    ),
    Fault(
        "a bound that a right answer fails is no fault",
        "authoring/bounds.py",
        "MAX_RIGHT_FAILS = 1e-4",
        "MAX_RIGHT_FAILS = 1.0",
        "test_calibrate",
    ),
    Fault(
        "a dataset's checksum is not compared",
        "data.py",
        "        elif _sha256(path) not in right:",
        "        elif False:",
        "test_data",
    ),
    Fault(
        "the error for an unknown key does not say the nearest",
        "schema.py",
        "    if near:\n        advice",
        "    if False:\n        advice",
        "test_schema",
    ),
    Fault(
        "a sign that a console lacks ends the command",
        "streams.py",
        "        stream.reconfigure(encoding=encoding, errors=HANDLER)\n",
        "        stream.reconfigure(encoding=encoding)\n",
        "test_streams",
    ),
    Fault(
        "a new release takes the place of what a student wrote",
        "practice/merging.py",
        "            kept.append(len(lines) + 1)\n        lines.extend(place.ours)",
        "            kept.append(len(lines) + 1)\n        lines.extend(place.theirs)",
        "test_folder",
    ),
    Fault(
        "`check` runs a check without those that it needs",
        "practice/practise.py",
        "    to_run = asked | _all_needed(unit, wanted)\n",
        "    to_run = asked\n",
        "test_practise",
    ),
    Fault(
        "practice says nothing of packages that a grade does not have",
        "practice/practise.py",
        "        if practised.verdict.earned:\n            practised = self._with_imports",
        "        if False:\n            practised = self._with_imports",
        "test_practise",
    ),
    Fault(
        "a cell of a gradebook may be a formula",
        "report/exports.py",
        '        return f"\'{text}"\n',
        "        return text\n",
        "test_exports",
    ),
    Fault(
        "a request for a regrade names the folder and not the student",
        "report/regrade.py",
        'f"Student: {result.lms_name}"',
        'f"Student: {result.student}"',
        "test_regrades",
    ),
    Fault(
        "pages show a name instead of the folder's",
        "grading/roster.py",
        '    return f"{name} ({student})"',
        "    return name",
        "test_round_trip",
    ),
    Fault(
        "equal files of one student are several attempts",
        "intake/laid_out.py",
        "    first_of[sha256] = replace(known, record=record)\n",
        "    first_of[str(attempt)] = replace(known, record=record)\n",
        "test_collect",
    ),
    Fault(
        "Canvas's mark of a late file is overlooked",
        "intake/canvas.py",
        '        late=bool(match["late"]),',
        "        late=False,",
        "test_collect",
    ),
    Fault(
        "numbers of a copy change with the names that a student chose",
        "review/fingerprints.py",
        "                    self.variables.add(name)\n                case ast.Attribute",
        "                    pass\n                case ast.Attribute",
        "test_similar",
    ),
    Fault(
        "the public key is of another seed",
        "authoring/build.py",
        "            server, unit.course.public_seed, all_unit_data(unit), for_a_file",
        "            server, unit.course.public_seed + 1, all_unit_data(unit), for_a_file",
        "test_folder test_material -k up_to_date",
    ),
    Fault(
        "pytest collects the module of a unit's checks as a script",
        "integrations/pytest_plugin.py",
        ' or path.parent.name == "checks":',
        ":",
        "test_practise",
    ),
    Fault(
        "a check of nbgrader's notebook can be edited",
        "integrations/nbgrader_bridge.py",
        '        "locked": is_check,',
        '        "locked": False,',
        "test_nbgrader_bridge",
    ),
    Fault(
        "an early mistake's words stand on a check that passed after it",
        "explaining/explain.py",
        "    if following.has_passed:\n        return []\n",
        "",
        "test_carrying",
    ),
    Fault(
        "of a failure the known mistake is not named",
        "explaining/explain.py",
        "    if have_one_text(judgement.raised):\n",
        "    if False:\n",
        "test_judging",
    ),
    Fault(
        "reversed arrays are not recognized",
        "relations/changes.py",
        "    reverse = partial(np.flip, axis=axis)\n",
        "    reverse = partial(np.roll, shift=2, axis=axis)\n",
        "test_relations",
    ),
    Fault(
        "a submission's seed of torch lasts to the next check",
        "torch/__init__.py",
        "    torch.manual_seed(seed)\n    torch.set_grad_enabled(True)",
        "    torch.set_grad_enabled(True)",
        "test_torch",
    ),
    Fault(
        "torch's own recurrent layers are within reach",
        "torch/operators.py",
        "            _replace(aten, ready_made, refuse)\n",
        "",
        "test_torch",
    ),
    Fault(
        "an error that a person can mend ends in a traceback",
        "cli/base.py",
        "            raise Refused(visible(str(error))) from error\n",
        "            raise\n",
        "test_cli",
    ),
)


def files_of(fault: Fault) -> list[str]:
    """Return the paths of a fault's test files, and the further arguments of pytest."""
    names, _, selected = fault.tests.partition(" -k ")
    found = []
    for name in names.split():
        places = [f"{folder}/{name}.py" for folder in ("autograder/tests", "tests")]
        found += [place for place in places if (ROOT / place).is_file()]
    return [*found, *(["-k", selected] if selected else [])]


def copy_to(folder: Path) -> None:
    """Copy the parts of this project that the tests read."""
    ignore = shutil.ignore_patterns("__pycache__")
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=ignore)
    for name in FILES:
        shutil.copy(ROOT / name, folder)


def passes(folder: Path, tests: tuple[str, ...], marks: str) -> bool:
    """Return whether tests pass in a copy; true if none has these marks."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", marks]
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*command, *tests], cwd=folder, env=environment, capture_output=True, text=True
    )
    if done.returncode not in (0, 1, 2, 5):
        raise ValueError(f"{' '.join(tests)}: the tests did not run\n{done.stdout[-2000:]}")
    return done.returncode in (0, 5)


def caught_by(fault: Fault, folder: Path, pass_without: Callable[..., bool]) -> str:
    """Plant a fault in a copy. Return the layer of the tests that catches it.

    pass_without: whether a layer's tests pass in the unchanged copy; otherwise the result is
    unknown.
    """
    tests = tuple(files_of(fault))
    path = folder / "autograder" / fault.file
    text = path.read_text(encoding="utf-8")
    for layer, marks in LAYERS.items():
        if not pass_without(tests, marks):
            return UNKNOWN
        path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
        try:
            if not passes(folder, tests, marks):
                return layer
        finally:
            path.write_text(text, encoding="utf-8")
    return MISSED


def main() -> None:
    words = sys.argv[1:]
    faults = [
        fault
        for fault in FAULTS
        if not words or any(word in f"{fault.what} {fault.file}" for word in words)
    ]
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_to(folder)
        pass_without = cache(lambda tests, marks: passes(folder, tests, marks))
        for fault in faults:
            layer = caught_by(fault, folder, pass_without)
            rows.append(f"| {fault.what} | `{fault.file}` | `{fault.tests}` | {layer} |")
            print(rows[-1], flush=True)
    if not words:
        write_page(rows)
    sys.exit(any(MISSED in row or UNKNOWN in row for row in rows))


def write_page(rows: list[str]) -> None:
    """Write docs/faults.md."""
    counts = [
        f"`{layer}` catches {sum(row.endswith(f'| {layer} |') for row in rows)}" for layer in LAYERS
    ]
    page = (
        "# Faults planted in the engine\n\n"
        "Written by `python benchmarks/faults.py`: each fault is put into a copy of the engine, and "
        "the tests named beside it run, which pass without it.\n"
        f"Of {len(rows)} faults {', '.join(counts)}.\n\n"
    )
    page += "| fault | in | tests | caught by |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
    (ROOT / "docs" / "faults.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
