"""Compare our engine with `nbgrader autograde`: cost per submission, and a hundred mutilations.

Both grade the same notebooks in one run, with one thread per process. The figures are the CPU time
of all processes, and seconds on the clock, the median of three. nbgrader grades one submission at a
time, ours as many as there are cores. Writes the tables of docs/measurements/nbgrader.md. `--cost`
leaves the mutilations out, and writes nothing.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
# imported modules are compiled once, as on a working machine
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import platform
import re
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from at_hand import solution
from mutilations import exact, fill, mutilated

UNIT = "unit4_manual_gradients"
RUNS, COPIES = 3, 10
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
CLASS_COST = Path(__file__).with_name("class_cost.py")


def run(*arguments: object, cwd: Path = ROOT, check: bool = True) -> str:
    """Run Python with some arguments; return what it printed."""
    command = [sys.executable]
    command.extend(str(argument) for argument in arguments)
    environment = dict(os.environ)
    environment["PATH"] = PATH
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    if check:
        assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


def processor_time(act: Callable[[], object]) -> float:
    """Return the CPU time (s) of what `act` starts and waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    act()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def on_the_clock(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def submit(folder: Path, student: str, text: str) -> None:
    (folder / student / UNIT).mkdir(parents=True)
    (folder / student / UNIT / f"{UNIT}.ipynb").write_text(text)


def twelve(release: Path) -> list[str]:
    """Make notebooks of the exact checks: a correct one, and eleven with a known mistake each."""
    ours = solution(UNIT)
    scripts = [ours.plain()]
    every = len(ours.mistakes) // 11
    for mistake, _, _ in ours.mistakes[::every]:
        scripts.append(ours.with_mistake(mistake.id))
    notebooks = []
    for script in scripts[:12]:
        book = exact(fill(release, script))
        notebooks.append(nbformat.writes(book))
    return notebooks


def new_course(scratch: Path) -> Path:
    run("-m", "autograder", "nbgrader", course := scratch / "course")
    run("-m", "nbgrader", "generate_assignment", UNIT, cwd=course)
    with open(course / "nbgrader_config.py", "a") as config:
        config.write("c.ExecutePreprocessor.timeout = 20\n")
    return course


@dataclass(frozen=True)
class Seconds:
    """Seconds for all twelve submissions and for one more, theirs and ours."""

    theirs: float
    ours: float
    their_next: float
    our_next: float


def cost(course: Path, scratch: Path) -> list[tuple[str, ...]]:
    """Return rows of a table of medians.

    Seconds of all twelve and of one more submission, theirs and ours, and the ratio.
    """
    books = twelve(course / "release" / UNIT / f"{UNIT}.ipynb")
    for number, text in enumerate(books):
        submit(course / "submitted", f"s{number:02}", text)
        for copy in range(COPIES):
            submit(scratch / "many", f"s{number:02}-{copy}", text)

    def autograde(*which: str) -> None:
        run("-m", "nbgrader", "autograde", UNIT, "--force", *which, cwd=course)

    def grade(folder: Path, jobs: int) -> str:
        shutil.rmtree(scratch / "out", ignore_errors=True)
        return run(CLASS_COST, folder, scratch / "out", jobs)

    def ours(folder: Path) -> float:
        return float(grade(folder, 1).split("seconds")[1].split()[0])

    def clocked(folder: Path) -> float:
        return on_the_clock(lambda: grade(folder, os.cpu_count() or 1))

    autograde()  # one run first, so that files are cached and the gradebook exists
    ways = {
        "CPU time": (processor_time, ours),
        f"on the clock, {os.cpu_count()} cores": (on_the_clock, clocked),
    }
    found: dict[str, list[Seconds]] = {what: [] for what in ways}
    for _ in range(RUNS):
        for what, (of_theirs, of_ours) in ways.items():
            theirs = of_theirs(autograde)
            theirs_of_one = of_theirs(lambda: autograde("--student", "s00"))
            twelve_of_us = of_ours(course / "submitted")
            many_of_us = of_ours(scratch / "many")
            their_next = (theirs - theirs_of_one) / 11
            our_next = (many_of_us - twelve_of_us) / (12 * COPIES - 12)
            found[what].append(Seconds(theirs, twelve_of_us, their_next, our_next))
    rows = []
    for what, seconds in found.items():
        rows += rows_of_medians(what, seconds)
    return rows


def rows_of_medians(what: str, seconds: list[Seconds]) -> list[tuple[str, ...]]:
    """Return the two rows of one measurement."""
    theirs = statistics.median(each.theirs for each in seconds)
    ours = statistics.median(each.ours for each in seconds)
    their_next = statistics.median(each.their_next for each in seconds)
    our_next = statistics.median(each.our_next for each in seconds)
    whole = (
        f"twelve submissions, start and key included, {what}",
        f"{theirs:.2f} s",
        f"{ours:.2f} s",
        f"{theirs / ours:.0f}",
    )
    one_more = (
        f"one more submission, {what}",
        f"{1000 * their_next:.0f} ms",
        f"{1000 * our_next:.1f} ms",
        f"{their_next / our_next:.0f}",
    )
    return [whole, one_more]


EACH = """
import sys
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log
from traitlets.config.loader import PyFileConfigLoader
for student in sys.argv[2:]:
    config = PyFileConfigLoader("nbgrader_config.py").load_config()
    config.CourseDirectory.assignment_id, config.CourseDirectory.student_id = sys.argv[1], student
    done = capture_log(Autograde(coursedir=CourseDirectory(config=config), config=config))
    print("" if done["success"] else f"for student '{student}'", flush=True)
"""


def mutilations(course: Path, scratch: Path) -> list[tuple[str, str, str]]:
    """Return for each mutilation its name, our points, and nbgrader's or why there are none."""
    release = course / "release" / UNIT / f"{UNIT}.ipynb"
    book = exact(fill(release, solution(UNIT).plain()))
    submitted = course / "submitted"
    shutil.rmtree(submitted, ignore_errors=True)
    students = {}
    for name, text in mutilated(nbformat.writes(book)):
        students[name] = name[:3]
        submit(submitted, students[name], text)
    run(CLASS_COST, submitted, scratch / "mutilated", 1)
    # one at a time: metadata of an old version ends `nbgrader autograde` for the whole class
    printed = run("-c", EACH, UNIT, *students.values(), cwd=course)
    rows = []
    for name, student in students.items():
        result = (scratch / "mutilated" / UNIT / f"{student}.json").read_text()
        score = re.search(r'"score": ([\d.]+)', result)
        assert score
        ours = f"{float(score[1]):g}"
        rows.append((name, ours, theirs_of(course, student, printed)))
    return rows


def theirs_of(course: Path, student: str, printed: str) -> str:
    """Return nbgrader's points for a student, or "refused" if it graded nothing."""
    if f"for student '{student}'" in printed:
        return "refused"
    query = """select sum(coalesce(auto_score, 0)) from grade
        join submitted_notebook on submitted_notebook.id = grade.notebook_id
        join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id where student_id = ?"""
    with closing(sqlite3.connect(course / "gradebook.db")) as gradebook:
        (points,) = gradebook.execute(query, [student]).fetchone()
    return f"{points or 0:g}"


def replace_between(page: str, mark: str, text: str) -> str:
    """Put text between two comments of a page, `<!-- mark -->` and `<!-- end of mark -->`."""
    begin = f"<!-- {mark} -->"
    end = f"<!-- end of {mark} -->"
    before = page.split(begin)[0]
    after = page.split(end)[1]
    return f"{before}{begin}\n{text}\n{end}{after}"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        course = new_course(Path(folder))
        costs = cost(course, Path(folder))
        table = ["| | `nbgrader autograde` | `autograder grade` | ratio |", "|---|---|---|---|"]
        table += ["| " + " | ".join(cells) + " |" for cells in costs]
        print("\n".join(table), flush=True)
        if "--cost" in sys.argv:
            return
        rows = mutilations(course, Path(folder))
    page = (ROOT / "docs" / "measurements" / "nbgrader.md").read_text()
    table += ["", f"{platform.machine()}, Python {platform.python_version()}."]
    page = replace_between(page, "cost", "\n".join(table))
    full = sum(theirs == "31" for _, _, theirs in rows)
    table = [
        (
            f"Of 31 points.\nFull marks: ours {sum(ours == '31' for _, ours, _ in rows)} of 100, "
            f"nbgrader's {full}."
        ),
        "",
    ]
    table += ["| mutilation | ours | nbgrader's autograde |", "|---|---|---|"]
    table += [f"| {name} | {ours} | {theirs} |" for name, ours, theirs in rows]
    (ROOT / "docs" / "measurements" / "nbgrader.md").write_text(
        replace_between(page, "mutilations", "\n".join(table))
    )


if __name__ == "__main__":
    main()
