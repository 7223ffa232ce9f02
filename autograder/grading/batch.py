"""A class: from files of submissions to results on disk."""

import ast
import atexit
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from autograder import __version__
from autograder.check import Answer, Corpus
from autograder.course import Course, NoCourse, Unit, find_course, load_unit, read_course
from autograder.data import unit_data
from autograder.grading.cluster import Cluster
from autograder.grading.keys import build_key, checks_to_run, solution_of
from autograder.grading.one import grade_one
from autograder.grading.results import (
    Circumstances,
    Result,
    digest,
    is_same,
    only_writer,
    read_result,
    result_path,
    run_facts,
    still_passed,
    write_result,
    write_whole,
)
from autograder.grading.submissions import Submitted, read_file, time_of
from autograder.judging import CheckKey, Key, Verdict, judge
from autograder.sandbox.client import Server, ServerGone

log = logging.getLogger("autograder")


@dataclass(frozen=True)
class Run:
    """How a class is graded.

    jobs: how many submissions at a time.
    quick: leave out the checks that train.
    unsafe: grade where submissions cannot be confined; nothing is official then.
    cluster: the address of a Dask scheduler.
    submitted: where the submissions lie, noted for pages that are made later.
    """

    out: Path
    seed: int
    jobs: int = 1
    quick: bool = False
    unsafe: bool = False
    cluster: str = ""
    submitted: Path | None = None


def choose_seed(out: Path, asked: int | None) -> int:
    """Choose the seed asked for, else the one of the run that this folder holds, else a fresh secret one."""
    if asked is not None:
        return asked
    recorded = run_facts(out).get("seed")
    return int(recorded) if recorded else secrets.randbits(31)


def refuse_course_within(course: Course, submitted: Path) -> None:
    """Refuse a course that lies inside what is graded: it could be a student's. Raises `NoCourse`."""
    if course.folder.is_relative_to(submitted.resolve()):
        raise NoCourse(
            f"The course {course.folder} lies inside {submitted}, which is to be graded: a submission could have "
            "brought it. Keep the course elsewhere, and name it: --course FOLDER."
        )


def grade_class(
    course: Course, submitted: Sequence[Submitted], run: Run, step: Callable[[Result], None] = lambda _: None
) -> None:
    """Grade submissions in parallel; each result is written as it comes and handed to `step`.

    What an earlier run into the same folder has graded under the same circumstances is read back. Raises
    `CannotConfine` where submissions cannot be confined, `Busy` when another run writes to the folder, `NoCluster`.
    """
    with only_writer(run.out), Cluster(run.cluster) if run.cluster else nullcontext() as cluster:
        facts = f"seed {run.seed}\nsubmissions {len(submitted)}\ncourse {course.folder}"
        facts += f"\nsubmitted {run.submitted.resolve()}" if run.submitted else ""
        write_whole(run.out / "run.txt", facts)
        for unit in dict.fromkeys(entry.unit for entry in submitted):
            grader = _ClassGrader(load_unit(course, unit), run, cluster)
            try:
                with ThreadPoolExecutor(grader.jobs, "worker") as pool:
                    for result in pool.map(grader.grade, [entry for entry in submitted if entry.unit == unit]):
                        step(result)
            finally:
                close_servers()


@dataclass(frozen=True)
class GradingContext:
    """What the submissions of a unit are graded against: plain data, which another machine can be given.

    course: the course's folder; where another machine has none there, it has one by its own `$AUTOGRADER_COURSE`.
    material: digest of what the grades rest on; a server that was started for another is not asked.
    data: what checks that train are given, by check; empty where they are left out.
    """

    course: str
    unit: str
    material: str
    seed: int
    key: Key
    data: Mapping[str, Corpus]
    unsafe: bool

    def grade(self, source: bytes, name: str, passed: Mapping[str, Verdict]) -> list[Verdict]:
        """Grade one submission in a worker of this thread's server; once more in a new one where that dies."""
        for _ in range(2):
            server = _server(self)
            try:
                return grade_one(server, source, name, self.seed, self.key, self.data, passed)
            except ServerGone as error:
                why = str(error)
                server.close()
                del _mine.server
        why = f"{why} Twice, with this submission: it was given up. Remove its result to have it graded again."
        return _not_run(_unit_at(self.course, self.unit), self.data, Answer(failure="killed", message=why))


def _unit_at(folder: str, name: str) -> Unit:
    """Load a unit of the course in a folder; on a machine that has no such folder, of that machine's own course."""
    course = read_course(Path(folder)) if Path(folder).is_dir() else find_course()
    return load_unit(course, name)


def _not_run(unit: Unit, data: Mapping[str, Corpus], answer: Answer) -> list[Verdict]:
    """The verdicts of a submission whose every check failed in the same way."""
    return [judge(check, CheckKey(Answer()), answer, {}) for check in checks_to_run(unit, data)]


_mine = threading.local()  # the server of the thread that grades
_started: list[Server] = []


def _server(context: GradingContext) -> Server:
    """This thread's server: a new one where the last served another unit, or other material."""
    wanted = (context.course, context.unit, context.material, context.unsafe)
    if getattr(_mine, "server", None) and _mine.serves != wanted:
        _mine.server.close()
        del _mine.server
    if not hasattr(_mine, "server"):
        unit = _unit_at(context.course, context.unit)
        _mine.server, _mine.serves = Server(unit, context.unsafe, solution_of(unit).stub), wanted
        _started.append(_mine.server)
    server: Server = _mine.server
    return server


@atexit.register
def close_servers() -> None:
    """End the servers that this process has started for grading."""
    while _started:
        _started.pop().close()


def material(unit: Unit) -> str:
    """Digest what a grade depends on beside the submission: the unit's solution, its checks and their helpers."""
    files = [unit.course.solution(unit.name), unit.course.checks / f"{unit.name}.py", *_helpers(unit.course)]
    return digest(b"".join(path.read_bytes() for path in files))


def material_at(folder: str, name: str) -> str:
    """Digest what grades of a unit depend on, on the machine where this is called."""
    return material(_unit_at(folder, name))


def _helpers(course: Course) -> list[Path]:
    """The modules of a course's folder `checks` that are no unit's."""
    return [path for path in sorted(course.checks.glob("*.py")) if path.stem not in course.units]


def check_materials(unit: Unit) -> dict[str, str]:
    """For each check, digest what a pass rests on: its experiment, what all experiments share, the solution.

    Known mistakes are no part of it.
    """
    lines = (unit.course.checks / f"{unit.name}.py").read_text("utf-8").split("\n")
    own: dict[str, str] = {}
    names = {check.name for check in unit.checks}
    for node in ast.parse("\n".join(lines)).body:
        if isinstance(node, ast.FunctionDef) and node.name in names:
            first, last = node.decorator_list[0].lineno - 1, node.end_lineno or 0
            own[node.name] = "\n".join(lines[first:last])
            lines[first:last] = [""] * (last - first)
    helpers = [path.read_text("utf-8") for path in _helpers(unit.course)]
    common = "\n".join([solution_of(unit).plain(), *helpers, *filter(None, lines)])
    return {name: digest(f"{common}\n{experiment}".encode()) for name, experiment in own.items()}


class _ClassGrader:
    """Reads submissions of a unit, has them graded here or on a cluster, and writes the results."""

    def __init__(self, unit: Unit, run: Run, cluster: Cluster | None) -> None:
        self._run, self._unit = run, unit
        self._data = {} if run.quick else unit_data(unit)
        folder = str(unit.course.folder)
        with Server(unit, run.unsafe) as server:
            key = build_key(server, run.seed, {name: [text] for name, text in self._data.items()})
            walls = tuple(server.walls)
        rests_on = material(unit)
        context = GradingContext(
            course=folder,
            unit=unit.name,
            material=rests_on,
            seed=run.seed,
            key=key,
            data=self._data,
            unsafe=run.unsafe,
        )
        self._materials = check_materials(unit)
        self._circumstances = Circumstances(
            kit=__version__,
            material=rests_on,
            seed=run.seed,
            corpus=_corpora(unit, self._data),
            quick=run.quick,
            official=not run.unsafe,
            walls=walls,
            course=unit.course.title,
            course_folder=folder,
        )
        self.jobs = run.jobs
        self._ask: Callable[[bytes, str, Mapping[str, Verdict]], list[Verdict]] = context.grade
        if cluster:
            cluster.must_agree(partial(material_at, folder), unit.name)
            self.jobs, self._ask = 2 * cluster.threads(), cluster.sharing(GradingContext.grade, context)

    def grade(self, entry: Submitted) -> Result:
        """Grade one submission. Return the stored result if nothing it depends on has changed."""
        try:
            source = read_file(entry.path) if entry.path else b""
        except (OSError, ValueError) as error:
            note = getattr(error, "strerror", None)
            words = f"the file cannot be read ({note})." if note else str(error)
            entry, source = replace(entry, path=None, note=words), b""
        sha256 = digest(source)
        stored = read_result(result_path(self._run.out, entry.unit, entry.student))
        if stored and is_same(stored, sha256, self._circumstances):
            return stored
        log.info("%s, %s: begun", entry.student, entry.unit)
        began = time.perf_counter()
        passed = still_passed(stored, sha256, self._circumstances, self._materials)
        verdicts = self._verdicts(entry, source, passed)
        result = Result(
            student=entry.student,
            unit=entry.unit,
            sha256=sha256,
            circumstances=self._circumstances,
            verdicts=tuple(replace(verdict, material=self._materials[verdict.name]) for verdict in verdicts),
            seconds=time.perf_counter() - began,
            note=entry.note,
            submitted=time_of(entry.path) if entry.path else "",
        )
        write_result(self._run.out, result)
        log.info("%s, %s: %g points in %.3f s", entry.student, entry.unit, result.score, result.seconds)
        return result

    def _verdicts(self, entry: Submitted, source: bytes, passed: Mapping[str, Verdict]) -> list[Verdict]:
        if entry.path is None:
            return _not_run(self._unit, self._data, Answer(failure="unread", message=entry.note))
        return self._ask(source, entry.path.name, passed)


def _corpora(unit: Unit, data: Mapping[str, Corpus]) -> str:
    """The names of the course's corpora that a unit's checks train on; data of a check's own is always the same."""
    names = {data[check.name].name for check in unit.checks if check.name in data and not check.data}
    return ", ".join(sorted(names))
