"""The fixture course of the engine's tests, and helpers that grade it."""

import json
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from autograder.course import load_unit, read_course
from autograder.grading.keys import build_key, origin_of_small_changes, plain_solution, solution_of
from autograder.grading.listed import listed_of
from autograder.tests import commands

ROOT = Path(__file__).resolve().parents[2]
COURSE = read_course(Path(__file__).parent / "fixture_course")
UNIT = "numbers_and_sums"
WORDS = "words"
SEED = 5


def unit(name=UNIT):
    """Load a unit of the fixture course."""
    return load_unit(COURSE, name)


def listed(of, server):
    """Return what the key of a unit would list for each check, if it were built now."""
    seed = of.course.public_seed
    origin = origin_of_small_changes(of, plain_solution(of), seed)
    key = build_key(server, seed, data={}, for_a_file=True)
    return {name: listed_of(known, origin) for name, known in key.items()}


def run_command(*arguments, cwd=COURSE.folder, **environment):
    """Run the real command in a separate process, in the fixture course."""
    return commands.run_command(*arguments, cwd=cwd, **environment)


def submit(folder, student, script, name=UNIT):
    """Write a student's script where `grade` looks for it; return its path."""
    path = folder / student / name / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
    return path


def timeless(path):
    """Return a stored result without its times."""
    record = json.loads(path.read_text())
    return {
        **record,
        "seconds": 0,
        "submitted": "",
        "checks": [{**check, "seconds": 0} for check in record["checks"]],
    }


def check(name="doubling", **changed):
    """Return a check of the unit with some of its fields changed."""
    return replace(next(check for check in unit().checks if check.name == name), **changed)


@cache
def solved(mistake="", name=UNIT):
    """Return the solution as a student would write it, with a known mistake if one is named."""
    solution = solution_of(unit(name))
    return solution.with_mistake(mistake) if mistake else solution.plain()


def half_solved():
    """Return a script whose last exercise is not written yet."""
    return solved() + "\ndef fit(*_):\n    raise NotImplementedError()\n"


def write_course(folder, name, experiments, solution, packages=None, text=""):
    """Write a course of one unit into a folder; return the unit.

    packages: package → its add-on, or "". text: the contents of the course's corpus.
    """
    checks = folder / "checks"
    solutions = folder / "solutions"
    dataset = folder / "datasets" / "text"
    for part in (checks, solutions, dataset):
        part.mkdir(parents=True)
    settings = [
        "format = 1",
        'title = "A small course"',
        "public_seed = 1",
        f'units = ["{name}"]',
        "[corpora]",
        'texts = ["text"]',
    ]
    for package, addon in (packages or {}).items():
        settings += [f"[packages.{package}]", f'install = "{package}"', f'addon = "{addon}"']
    checksum = sha256(text.encode()).hexdigest()
    manifest = [
        'title = "Text"',
        'file = "text.txt"',
        "held_out = 0.25",
        f'sha256 = "{checksum}"',
    ]
    (folder / "course.toml").write_text("\n".join(settings))
    (checks / f"{name}.py").write_text(textwrap.dedent(experiments))
    (solutions / f"{name}.py").write_text(textwrap.dedent(solution))
    (dataset / "text.txt").write_text(text)
    (dataset / "manifest.toml").write_text("\n".join(manifest))
    return load_unit(read_course(folder), name)


def with_calls(unit):
    """Append the calls of a unit's checks to its solution; a build requires them."""
    script = unit.course.solution(unit.name)
    lines = ["# %%", "import autograder", f'check = autograder.unit("{unit.name}")']
    lines += [f'check("{check.name}")' for check in unit.checks]
    text = script.read_text()
    script.write_text("\n".join([text, "", *lines, ""]))
    return unit


def inside(server, code, seconds=5):
    """Run code as the body of `double` in a worker.

    Return the answer, with its result as `doubled`.
    """
    body = textwrap.indent(textwrap.dedent(code), "    ")
    script = f"def double(x):\n    import numpy as np\n{body}"
    with server.worker(script.encode(), "attack.py") as worker:
        return worker.ask(check(seconds=seconds), 1)


def refused(server, code):
    """Evaluate each line, an expression, in a worker; return those that the kernel allowed."""
    attempts = [line.strip() for line in code.strip().splitlines()]
    answer = inside(
        server,
        f"""
        import os, socket, ctypes, resource, signal, mmap, sys, _thread, importlib
        held = []
        for attempt in {attempts!r}:
            try:
                eval(attempt)
                held.append(False)
            except (OSError, ImportError, ValueError, RuntimeError, MemoryError):
                held.append(True)
        return np.array(held)
        """,
    )
    assert not answer.failure, answer.message
    tried = zip(attempts, answer.arrays["doubled"], strict=True)
    return [attempt for attempt, held in tried if not held]


def write_class(folder, number, slow=False):
    """Write the submissions of `number` students: correct, half written, mistaken, another style.

    slow: each submission sleeps for a while, so that a test can act while the run is under way.
    """
    style = COURSE.folder / "solutions" / "styles" / UNIT / "loops.py"
    scripts = [solved(), half_solved(), solved("m01"), solved() + style.read_text()]
    pause = "\nimport time\n_quick = double\n"
    pause += "def double(x):\n    time.sleep(0.04)\n    return _quick(x)\n"
    for i in range(number):
        submit(folder, f"student{i:04}", scripts[i % len(scripts)] + (pause if slow else ""))
    return folder


def results(out):
    """Return the stored results of the unit below a folder, by file, without times."""
    return {path.name: timeless(path) for path in sorted((out / UNIT).glob("*.json"))}


def start(*arguments, **options):
    """Start a Python module in the course's folder without output."""
    command = [sys.executable, "-m", *map(str, arguments)]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=COURSE.folder, **silent, **options)


def copy_course(folder):
    """Copy the fixture course, so that a test can change it; return its folder."""
    shutil.copytree(
        COURSE.folder, folder, ignore=shutil.ignore_patterns("__pycache__", ".autograder.json")
    )
    return folder
