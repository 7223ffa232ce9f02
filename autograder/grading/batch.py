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
from pathlib import Path

from autograder import __version__
from autograder.check import Answer
from autograder.course import Unit, load_unit, root, unit_names
from autograder.data import Corpus, corpus
from autograder.grading.cluster import Cluster
from autograder.grading.keys import build_key, solution_of, wanted_checks
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
    """How a class is graded."""

    out: Path
    seed: int
    jobs: int = 1
    quick: bool = False
    unsafe: bool = False
    cluster: str = ""  # the address of a Dask scheduler
    submitted: Path | None = None  # noted for pages that are made later


def choose_seed(out: Path, asked: int | None) -> int:
    """The seed asked for, else the one of the run that this folder holds, else a fresh secret one."""
    recorded = run_facts(out).get("seed")
    return asked if asked is not None else int(recorded) if recorded else secrets.randbits(31)


def grade_class(submitted: Sequence[Submitted], run: Run, step: Callable[[Result], None] = lambda _: None) -> None:
    """Grade submissions in parallel; each result is journaled as it comes and handed to `step`.

    What an earlier run into the same folder has graded under the same circumstances is read back. Raises
    `CannotConfine` where submissions cannot be confined, `Busy` when another run writes to the folder, `NoCluster`.
    """
    with only_writer(run.out), Cluster(run.cluster) if run.cluster else nullcontext() as cluster:
        facts = f"seed {run.seed}\nsubmissions {len(submitted)}"
        facts += f"\nsubmitted {run.submitted.resolve()}" if run.submitted else ""
        write_whole(run.out / "run.txt", facts)
        for unit in dict.fromkeys(entry.unit for entry in submitted):
            desk = _Desk(unit, run, cluster)
            try:
                with ThreadPoolExecutor(desk.jobs, "worker") as pool:
                    for result in pool.map(desk.grade, [entry for entry in submitted if entry.unit == unit]):
                        step(result)
            finally:
                close_servers()


@dataclass(frozen=True)
class Terms:
    """What the submissions of a unit are graded against: plain data, which another machine can be given."""

    unit: str
    seed: int
    key: Key
    text: Corpus
    quick: bool
    unsafe: bool

    def verdicts(self, source: bytes, name: str, passed: Mapping[str, Verdict]) -> list[Verdict]:
        """Grade one submission in a worker of this thread's server; once more in a new one where that dies."""
        for _ in range(2):
            server = _server(self)
            try:
                return grade_one(server, source, name, self.seed, self.key, self.text, self.quick, passed)
            except ServerGone as error:
                why = str(error)
                server.close()
                del _mine.server
        why = f"{why} Twice, with this submission: it was given up. Remove its result to have it graded again."
        return _not_run(load_unit(self.unit), self.quick, Answer(failure="killed", message=why))


def _not_run(unit: Unit, quick: bool, answer: Answer) -> list[Verdict]:
    """The verdicts of a submission whose every check failed in the same way."""
    return [judge(check, CheckKey(Answer()), answer, {}) for check in wanted_checks(unit, quick)]


_mine = threading.local()  # the server of the thread that grades
_started: list[Server] = []


def _server(terms: Terms) -> Server:
    server: Server | None = getattr(_mine, "server", None)
    if server and (server.unit.name, server.unsafe) != (terms.unit, terms.unsafe):
        server.close()
        server = None
    if server is None:
        server = _mine.server = Server(terms.unit, terms.unsafe, solution_of(terms.unit).stub)
        _started.append(server)
    return server


@atexit.register
def close_servers() -> None:
    """End the servers that this process has started for grading."""
    while _started:
        _started.pop().close()


def material(unit: str) -> str:
    """The sha256 of what a grade depends on beside the submission: the unit's solution, its checks, their helpers."""
    checks = sorted((root() / "checks").glob("*.py"))
    files = [path for path in checks if path.stem == unit or path.stem not in unit_names()]
    return digest(b"".join(path.read_bytes() for path in (root() / "solutions" / f"{unit}.py", *files)))


def materials(unit: str) -> dict[str, str]:
    """By check the sha256 of what a pass rests on: its experiment, what all experiments share, the solution. Known
    mistakes are no part of it.
    """
    path = root() / "checks" / f"{unit}.py"
    helpers = [other.read_text("utf-8") for other in sorted(path.parent.glob("*.py")) if other.stem not in unit_names()]
    lines, own = path.read_text("utf-8").split("\n"), dict[str, str]()
    for node in ast.parse("\n".join(lines)).body:
        if isinstance(node, ast.FunctionDef) and node.name in {check.name for check in load_unit(unit).checks}:
            first, last = node.decorator_list[0].lineno - 1, node.end_lineno or 0
            own[node.name] = "\n".join(lines[first:last])
            lines[first:last] = [""] * (last - first)
    common = "\n".join([solution_of(unit).plain(), *helpers, *filter(None, lines)])
    return {name: digest(f"{common}\n{experiment}".encode()) for name, experiment in own.items()}


class _Desk:
    """Reads submissions of a unit, has them graded here or on a cluster, and journals the results."""

    def __init__(self, name: str, run: Run, cluster: Cluster | None) -> None:
        self.run, self.unit = run, load_unit(name)
        with Server(name, run.unsafe) as server:
            key = build_key(server, run.seed, [corpus()], run.quick)
            walls = tuple(server.walls)
        terms = Terms(name, run.seed, key, corpus(), run.quick, run.unsafe)
        self.circumstances = Circumstances(
            __version__, material(name), run.seed, terms.text.name, run.quick, not run.unsafe, walls
        )
        self.jobs, self.ask, self.materials = run.jobs, terms.verdicts, materials(name)
        if cluster:
            cluster.must_agree(material, name)
            self.jobs, self.ask = 2 * cluster.threads(), cluster.sharing(Terms.verdicts, terms)

    def grade(self, entry: Submitted) -> Result:
        """The result of one submission: read back where it is there, else graded and written."""
        try:
            source = read_file(entry.path) if entry.path else b""
        except (OSError, ValueError) as error:
            note = getattr(error, "strerror", None)
            words = f"the file cannot be read ({note})." if note else str(error)
            entry, source = replace(entry, path=None, note=words), b""
        sha256 = digest(source)
        stored = read_result(result_path(self.run.out, entry.unit, entry.student))
        if stored and is_same(stored, sha256, self.circumstances):
            return stored
        log.info("%s, %s: begun", entry.student, entry.unit)
        began = time.perf_counter()
        passed = still_passed(stored, sha256, self.circumstances, self.materials)
        unread = Answer(failure="unread", message=entry.note)
        verdicts = (
            self.ask(source, entry.path.name, passed) if entry.path else _not_run(self.unit, self.run.quick, unread)
        )
        verdicts = [replace(verdict, material=self.materials[verdict.name]) for verdict in verdicts]
        seconds = time.perf_counter() - began
        facts = (entry.student, entry.unit, sha256, self.circumstances, tuple(verdicts), seconds, entry.note)
        result = Result(*facts, time_of(entry.path) if entry.path else "")
        write_result(self.run.out, result)
        log.info("%s, %s: %g points in %.3f s", entry.student, entry.unit, result.score, seconds)
        return result
