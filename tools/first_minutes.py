"""Time the first minutes of a student, an instructor and an author, each from an empty folder.

python tools/first_minutes.py [student instructor author] [--without-index]

Each goes the way that is written for them: a student by the README of a release, to the first ✓; an
instructor by this repository's README, to a sample class that is graded; an author by
docs/author.md, to a course of their own that is proved. Nothing is in any cache: pip fetches all it
installs, and data is fetched. What people read and write takes no time here.

--without-index: leave out further package indexes, where they cannot be reached.
"""

import argparse
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.authoring.release import release
from autograder.authoring.wheel import pack_wheel
from autograder.course import Course, read_course
from autograder.source.solution import read_solution

ROOT = Path(__file__).resolve().parents[1]
INDEX = re.compile(r" --extra-index-url=\S+")


@dataclass(frozen=True)
class Typed:
    """A command that somebody types.

    folder: where, below the empty one. until: output after which the command may continue by
    itself.
    codes: valid exit codes.
    """

    command: str
    folder: str = "."
    until: str = ""
    codes: Sequence[int] = (0,)


def student(course: Course, place: Path, without_index: bool) -> Iterator[Typed]:
    """Yield what a student types, by the README of a release, to the first ✓."""
    work = place / "course"
    release(course, work)
    text = (work / "README.md").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    first_lines = lines[:3]  # for Linux and macOS
    if without_index:
        first_lines = [INDEX.sub("", line) for line in first_lines]
    make, install, where = first_lines
    yield Typed(make, "course")
    yield Typed(f". .venv/bin/activate && {install}", "course")
    yield Typed(f". .venv/bin/activate && {where}", "course", until="autograder watch")
    unit = course.units[0]
    solution = read_solution(course.solution(unit).read_text(encoding="utf-8"))
    (work / "assignments" / f"{unit}.py").write_text(solution.plain(), encoding="utf-8")
    check = f". .venv/bin/activate && autograder check {course.short(unit)} --quick"
    yield Typed(check, "course", until="✓")


def instructor(course: Course, place: Path, without_index: bool) -> Iterator[Typed]:
    """Yield what an instructor types, by this repository's README, to a sample class."""
    yield Typed(f"git clone --quiet '{course.folder}' kit")
    yield Typed("make demo", "kit")


def author(course: Course, place: Path, without_index: bool) -> Iterator[Typed]:
    """Yield what an author types, by docs/author.md, to a course of their own."""
    wheel = pack_wheel(place).name
    activate = ". .venv/bin/activate && "
    yield Typed("python3 -m venv .venv")
    yield Typed(f'{activate}pip install "./{wheel}[authoring]"')
    yield Typed(f"{activate}autograder new lines")
    within = ". ../.venv/bin/activate && "
    yield Typed(f"{within}autograder build", "lines")
    yield Typed(f"{within}autograder check", "lines", codes=(1,))
    yield Typed(f"{within}autograder validate", "lines")
    yield Typed(f"{within}pytest -q", "lines")


WAYS = {"student": student, "instructor": instructor, "author": author}


def time_step(step: Typed, place: Path, variables: dict[str, str]) -> tuple[float, float]:
    """Run a step. Return its seconds on the clock and of CPUs. Raises `SystemExit`."""
    began = time.perf_counter()
    used = _seconds_of_processors()
    process = subprocess.Popen(
        ["bash", "-c", step.command],
        cwd=place / step.folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    printed = []
    seconds = None
    for line in process.stdout:
        printed.append(line)
        if step.until and step.until in line and seconds is None:
            seconds = time.perf_counter() - began
    code = process.wait()
    if code not in step.codes or (step.until and seconds is None):
        raise SystemExit(f"{step.command} ended with {code}:\n{''.join(printed)}")
    if seconds is None:
        seconds = time.perf_counter() - began
    return seconds, _seconds_of_processors() - used


def _seconds_of_processors() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def with_empty_caches(folder: Path) -> dict[str, str]:
    """Return variables that give empty caches and no active environment."""
    left_out = ("COURSE_DATA", "VIRTUAL_ENV", "AUTOGRADER_COURSE")
    variables = {name: value for name, value in os.environ.items() if name not in left_out}
    own = str(Path(sys.prefix) / "bin")
    paths = [path for path in os.environ["PATH"].split(os.pathsep) if path != own]
    variables["PATH"] = os.pathsep.join(paths)
    return variables | {"XDG_CACHE_HOME": str(folder / "cache"), "PIP_NO_CACHE_DIR": "1"}


def time_way(name: str, course: Course, without_index: bool) -> None:
    """Go one way, and print the seconds of each step."""
    print(f"{name}:", flush=True)
    scratch = Path(tempfile.mkdtemp(prefix="first minutes "))
    try:
        place = scratch / "empty"
        place.mkdir()
        variables = with_empty_caches(scratch)
        in_all = of_processors = 0.0
        for step in WAYS[name](course, place, without_index):
            seconds, used = time_step(step, place, variables)
            in_all += seconds
            of_processors += used
            print(f"  {seconds:6.1f} s  {used:6.1f} s  {step.command}", flush=True)
        print(f"  {in_all:6.1f} s  {of_processors:6.1f} s  in all", flush=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def main() -> None:
    """Go the ways that the command line names."""
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("ways", nargs="*", default=list(WAYS), choices=[*WAYS, []])
    parser.add_argument("--without-index", action="store_true", help="no further package index")
    options = parser.parse_args()
    load, *_ = os.getloadavg()
    now = datetime.now(UTC)
    machine = f"{platform.machine()}, {os.cpu_count()} processors, load {load:.1f}"
    print(f"{now:%d %B %Y}; {machine}; Python {platform.python_version()}")
    print("on the clock, of processors, what is typed:")
    course = read_course(ROOT)
    for name in options.ways:
        time_way(name, course, options.without_index)


if __name__ == "__main__":
    main()
