"""Go a student's way through a release with some Python, and keep what each command prints.

python tools/students_way.py PYTHON RELEASE KEPT [--solved FOLDER] [--units unit4 …]

PYTHON: a Python with the kit and what the units need, such as `FOLDER/py` of tools/windows.py, on
any system. RELEASE: what `autograder build --release` wrote; a copy of it is worked in. KEPT: a
folder for what each command prints. FOLDER: solutions; with it the units are checked solved, too.
Each command runs with pipes, and is to end as it should, without a traceback and in UTF-8.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TIMEOUT = 600  # seconds for one command


@dataclass(frozen=True)
class Step:
    """A command, its expected ending, and its expected output.

    name: of the file that keeps the output. codes: valid exit codes.
    """

    name: str
    arguments: Sequence[str]
    codes: Sequence[int] = (0,)
    words: str = ""


def steps(units: Sequence[str], files: Sequence[Path], solved: bool) -> Iterator[Step]:
    """Yield the commands of a student for some units, whose scripts are `files`."""
    autograder = ("-m", "autograder")
    yield Step("overview", autograder, words="autograder watch")
    yield Step("help", (*autograder, "--help"), words="Students:")
    yield Step("doctor", (*autograder, "doctor"), codes=(0, 1), words="Python")
    yield Step("data", (*autograder, "data", "--no-fetch"), codes=(0, 1))
    for unit, file in zip(units, files, strict=True):
        code = 0 if solved else 1
        words = "✓" if solved else "·"
        checked = (*autograder, "check", unit, "--quick")
        yield Step(f"{unit}-check", checked, (code,), words)
        yield Step(f"{unit}-json", (*checked, "--json"), (code,), '"format": 1')
        yield Step(f"{unit}-hint", (*autograder, "hint", unit))
        if not solved:  # otherwise it runs every example, which takes minutes
            yield Step(f"{unit}-script", (file.as_posix(),), words="·")


def take(step: Step, python: str, course: Path, kept: Path) -> list[str]:
    """Run a command in the course, and keep its output. Return its errors."""
    command = [python, *step.arguments]
    done = subprocess.run(
        command,
        cwd=course,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TIMEOUT,
        check=False,
    )
    (kept / f"{step.name}.txt").write_bytes(done.stdout)
    problems = []
    if done.returncode not in step.codes:
        problems.append(f"ended with {done.returncode}, not {step.codes}")
    try:
        printed = done.stdout.decode("utf-8")
    except UnicodeDecodeError:
        return [*problems, "printed what is not UTF-8"]
    if "Traceback" in printed:
        problems.append("printed a traceback")
    if step.words not in printed:
        problems.append(f"did not print {step.words!r}")
    return problems


def go(
    python: str, release: Path, kept: Path, units: Sequence[str], solutions: Path | None
) -> bool:
    """Run every step, print how each ended, and return whether all are right."""
    all_right = True
    with tempfile.TemporaryDirectory() as scratch:
        course = Path(scratch) / "Zoë's course"
        shutil.copytree(release, course)
        files = []
        for unit in units:
            (file,) = (course / "assignments").glob(f"{unit}*.py")
            if solutions:
                shutil.copy(solutions / file.name, file)
            files.append(file.relative_to(course))
        for step in steps(units, files, solved=solutions is not None):
            problems = take(step, python, course, kept)
            all_right = all_right and not problems
            print(f"{step.name}: {'; '.join(problems) or 'right'}", flush=True)
    return all_right


def main() -> None:
    """Go the way that the command line names; exit with 1 if something is wrong."""
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("python")
    parser.add_argument("release", type=Path)
    parser.add_argument("kept", type=Path)
    parser.add_argument("--solved", type=Path, metavar="FOLDER", help="solutions of the units")
    parser.add_argument("--units", nargs="+", default=["unit4"])
    options = parser.parse_args()
    program = Path(options.python)
    python = str(program.absolute()) if program.exists() else options.python
    stubs = options.kept / "stubs"
    stubs.mkdir(parents=True, exist_ok=True)
    right = go(python, options.release, stubs, options.units, None)
    if options.solved:
        solved = options.kept / "solved"
        solved.mkdir(exist_ok=True)
        right = go(python, options.release, solved, options.units, options.solved) and right
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
