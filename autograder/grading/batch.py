"""A class: from files of submissions to results on disk."""

import ast
import atexit
import logging
import secrets
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from autograder.check import Answer, Corpus, Failure
from autograder.course import Course, NoCourse, Unit, find_course, read_course
from autograder.data import unit_data
from autograder.errors import UserError, one_line
from autograder.grading.attempts import keep, stored_for
from autograder.grading.cluster import Cluster
from autograder.grading.keys import MadeKey, checks_to_run, solution_of
from autograder.grading.one import Postponed, grade_one
from autograder.grading.outline import outline_unit
from autograder.grading.provenance import helpers, provenance_of, without_notes
from autograder.grading.results import (
    Result,
    digest,
    only_writer,
    run_facts,
    still_passed,
    why_graded,
    write_whole,
)
from autograder.grading.store import AnswerStore, default_path
from autograder.grading.submissions import Submitted, read_file, time_of
from autograder.judging import PlainKey, Verdict, judge
from autograder.sandbox.client import Server, ServerGone, refuse_without_walls
from autograder.version import __version__

log = logging.getLogger("autograder")


@dataclass(frozen=True)
class Run:
    """How a class is graded.

    jobs: how many submissions at a time.
    quick: leave out the checks that train.
    unsafe: grade where submissions cannot be confined; nothing is official then.
    cluster: the address of a Dask scheduler.
    submitted: where the submissions lie, noted for pages that are made later.
    stamped: whether what collected them has written `timestamp.txt` beside each.
    store: the file of answers that were made before; the user's own where it is not given.
    """

    out: Path
    seed: int
    jobs: int = 1
    quick: bool = False
    unsafe: bool = False
    cluster: str = ""
    submitted: Path | None = None
    store: Path | None = None
    stamped: bool = False


def choose_seed(out: Path, asked: int | None) -> int:
    """Choose the seed asked for, else the one of the run that this folder holds, else a fresh
    secret one.
    """
    if asked is not None:
        return asked
    recorded = run_facts(out).get("seed")
    return int(recorded) if recorded else secrets.randbits(31)


def refuse_course_within(course: Course, submitted: Path) -> None:
    """Refuse a course that lies inside what is graded: it could be a student's. Raises
    `NoCourse`.
    """
    if course.folder.is_relative_to(submitted.resolve()):
        raise NoCourse(
            f"The course {course.folder} lies inside {submitted}, which is to be graded: a "
            "submission could have "
            "brought it. Keep the course elsewhere, and name it: --course FOLDER."
        )


@dataclass
class Tally:
    """What a run did with the submissions of one unit, counted."""

    unit: str
    read_back: int = 0
    graded: Counter[str] = field(default_factory=Counter)  # why → how many
    answers_made: int = 0  # of the solution and its mistakes, that were not in the store

    def summary(self) -> str:
        """Say what was read back, what was graded and why."""
        why = ", ".join(f"{count} {reason}" for reason, count in self.graded.most_common())
        parts = [f"{self.read_back} read back"] if self.read_back else []
        parts += [f"graded: {why}"] if why else []
        parts += (
            [f"{self.answers_made} answers of the solution and its mistakes made"]
            if self.answers_made
            else []
        )
        return f"{self.unit}: {'; '.join(parts)}"


def grade_class(
    course: Course,
    submitted: Sequence[Submitted],
    run: Run,
    step: Callable[[Result], None] = lambda _: None,
) -> list[Tally]:
    """Grade submissions in parallel; each result is written as it comes and handed to `step`.

    What an earlier run into the same folder has graded under the same circumstances is read back;
    where nothing else is to be done, no server is started and no key made. Raises `CannotConfine`
    where submissions cannot be confined,
    `Busy` when another run writes to the folder, `NoCluster`.
    """
    tallies = []
    with only_writer(run.out), Cluster(run.cluster) if run.cluster else nullcontext() as cluster:
        facts = f"seed {run.seed}\nsubmissions {len(submitted)}\ncourse {course.folder}"
        facts += f"\nsubmitted {run.submitted.resolve()}" if run.submitted else ""
        write_whole(run.out / "run.txt", facts)
        for unit in dict.fromkeys(entry.unit for entry in submitted):
            grader = _ClassGrader(outline_unit(course, unit), run, cluster)
            try:
                for result in grader.grade_all([e for e in submitted if e.unit == unit]):
                    step(result)
            finally:
                tallies.append(grader.finished())
                close_servers()
    return tallies


@dataclass(frozen=True)
class GradingContext:
    """What the submissions of a unit are graded against: plain data, which another machine can be
    given.

    course: the course's folder; where another machine has none there, it has one by its own
    `$AUTOGRADER_COURSE`.
    unit_digest: of the solution and the checks; a server that was started for others is not asked.
    store: the file of answers that were made before; the user's own where it is empty.
    """

    course: str
    unit: str
    unit_digest: str
    seed: int
    quick: bool
    unsafe: bool
    store: str = ""

    def grade(
        self, source: bytes, name: str, passed: Mapping[str, Verdict], hurry: bool = False
    ) -> "Graded":
        """Grade one submission in a worker of this thread's server; once more if that dies.

        hurry: whether others stand in line. Raises `Postponed` then for one that waits.
        """
        key, data = _key(self)
        before = key.computed
        for _ in range(2):
            server = _server(self)
            try:
                verdicts = grade_one(server, source, name, self.seed, key, data, passed, hurry)
                return Graded(verdicts, tuple(server.walls), key.computed - before)
            except ServerGone as error:
                why = str(error)
                server.close()
                del _mine.server
        why = (
            f"{why} Twice, with this submission: it was given up. Remove its result to have it "
            "graded again."
        )
        verdicts = _not_run(
            unit_at(self.course, self.unit), data, Answer(failure=Failure.KILLED, message=why)
        )
        return Graded(verdicts, tuple(server.walls))


@dataclass(frozen=True)
class Graded:
    """The verdicts of one submission, the walls it ran behind, and how many answers had to be made
    for its key.
    """

    verdicts: list[Verdict]
    walls: tuple[str, ...] = ()
    answers_made: int = 0


def unit_at(folder: str, name: str) -> Unit:
    """Load a unit of the course in a folder; on a machine that has no such folder, of that
    machine's own course.
    """
    course = read_course(Path(folder)) if Path(folder).is_dir() else find_course()
    return outline_unit(course, name)


def _not_run(unit: Unit, data: Container[str], answer: Answer) -> list[Verdict]:
    """The verdicts of a submission whose every check failed in the same way."""
    return [judge(check, PlainKey(Answer()), answer, {}) for check in checks_to_run(unit, data)]


_mine = threading.local()  # the server of the thread that grades
_started: list[Server] = []
_keys: dict[
    GradingContext, tuple[MadeKey, Mapping[str, Corpus]]
] = {}  # of this process, for all its threads
_turn = threading.Lock()


def _server(context: GradingContext) -> Server:
    """This thread's server, started anew where the last one served another unit, or this one before
    it changed.
    """
    wanted = (context.course, context.unit, context.unit_digest, context.unsafe)
    if getattr(_mine, "server", None) and _mine.serves != wanted:
        _mine.server.close()
        del _mine.server
    if not hasattr(_mine, "server"):
        unit = unit_at(context.course, context.unit)
        _mine.server, _mine.serves = Server(unit, context.unsafe, solution_of(unit).stub), wanted
        _started.append(_mine.server)
    server: Server = _mine.server
    return server


def _key(context: GradingContext) -> tuple[MadeKey, Mapping[str, Corpus]]:
    """The key that all threads of this process share, and what checks that train are given. Nothing
    is made yet.
    """
    with _turn:
        if context not in _keys:
            unit = unit_at(context.course, context.unit)
            data: Mapping[str, Corpus] = {} if context.quick else unit_data(unit)
            store = AnswerStore(Path(context.store) if context.store else default_path())
            _keys[context] = (
                MadeKey(unit, context.seed, data, store, partial(_server, context)),
                data,
            )
        return _keys[context]


@atexit.register
def close_servers() -> None:
    """End the servers that this process has started for grading, and forget the keys."""
    while _started:
        _started.pop().close()
    while _keys:
        _, (key, _) = _keys.popitem()
        key.close()
    if hasattr(_mine, "server"):
        del _mine.server


def provenance_at(folder: str, name: str, seed: int, quick: bool, official: bool) -> str:
    """Say by what a grade would be made on the machine where this is called, in a form that can be
    compared.
    """
    provenance = provenance_of(unit_at(folder, name), seed, quick, official, __version__)
    return repr(without_notes(provenance))


def check_materials(unit: Unit) -> dict[str, str]:
    """For each check, digest what a pass rests on: its experiment, what all experiments share, the
    solution.

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
    shared = [path.read_text("utf-8") for path in helpers(unit.course)]
    common = "\n".join([solution_of(unit).plain(), *shared, *filter(None, lines)])
    return {name: digest(f"{common}\n{experiment}".encode()) for name, experiment in own.items()}


class _ClassGrader:
    """Reads submissions of a unit, has them graded here or on a cluster, and writes the results."""

    def __init__(self, unit: Unit, run: Run, cluster: Cluster | None) -> None:
        """Find out what grades depend on; nothing is started or made before a submission needs
        it.
        """
        self._run, self._unit = run, unit
        self._trained: Container[str] = () if run.quick else unit_data(unit)
        self._provenance = provenance_of(unit, run.seed, run.quick, not run.unsafe, __version__)
        self._materials = check_materials(unit)
        self._tally = Tally(unit.name)
        self._lock = threading.Lock()
        folder = str(unit.course.folder)
        context = GradingContext(
            course=folder,
            unit=unit.name,
            unit_digest=self._provenance.unit,
            seed=run.seed,
            quick=run.quick,
            unsafe=run.unsafe,
            store=str(run.store or ""),
        )
        self.jobs = run.jobs
        self._hurry = not cluster  # which has room for those that wait
        self._ask: Callable[[bytes, str, Mapping[str, Verdict], bool], Graded] = context.grade
        if not run.unsafe and not cluster:
            refuse_without_walls()
        if cluster:
            cluster.must_agree(
                provenance_at, folder, unit.name, run.seed, run.quick, not run.unsafe
            )
            self.jobs, self._ask = (
                2 * cluster.threads(),
                cluster.sharing(GradingContext.grade, context),
            )

    def finished(self) -> Tally:
        """What was done."""
        return self._tally

    def grade_all(self, entries: Sequence[Submitted]) -> Iterator[Result]:
        """Grade in parallel. Results come in the order in which they end, those that wait last."""
        slow = []
        with ThreadPoolExecutor(self.jobs, "worker") as pool:
            try:
                under_way = {
                    pool.submit(self.grade, entry, self._hurry): entry for entry in entries
                }
                for done in as_completed(under_way):
                    try:
                        yield done.result()
                    except Postponed:
                        slow.append(under_way[done])
                yield from pool.map(self.grade, slow)
            finally:
                pool.shutdown(cancel_futures=True)

    def grade(self, entry: Submitted, hurry: bool = False) -> Result:
        """Grade one submission. Return the stored result if nothing it depends on has changed.

        Whatever goes wrong with it is its own result, in words; only what a person can mend ends
        the run. hurry: whether others stand in line. Raises `Postponed` then for one that waits.
        """
        try:
            return self._grade(entry, hurry)
        except (UserError, Postponed):
            raise
        except Exception as error:
            lines = traceback.format_exc().splitlines()
            log.info(
                "%s, %s: given up\n%s", entry.student, entry.unit, "\n".join(map(one_line, lines))
            )
            return self._given_up(entry, error)

    def _grade(self, entry: Submitted, hurry: bool) -> Result:
        began = time.perf_counter()
        entry, source = _read(entry)
        sha256 = digest(source)
        submitted = _time_of(entry, self._run.stamped)
        there = stored_for(self._run.out, entry, sha256)
        stored = there.result
        why = why_graded(stored, sha256, self._provenance)
        if stored and not why:
            with self._lock:
                self._tally.read_back += 1
            return self._read_back(entry, stored, there.in_place, submitted)
        log.info("%s, %s: begun", entry.student, entry.unit)
        passed = still_passed(stored, sha256, self._provenance, self._materials)
        try:
            graded = self._graded(entry, source, passed, hurry)
        except Postponed:
            log.info("%s, %s: waits, and is graded after the others", entry.student, entry.unit)
            raise
        result = self._result(entry, sha256, graded, time.perf_counter() - began, submitted)
        keep(self._run.out, entry, result)
        with self._lock:
            self._tally.graded[why] += 1
            self._tally.answers_made += graded.answers_made
        log.info(
            "%s, %s: %g points in %.3f s", entry.student, entry.unit, result.score, result.seconds
        )
        return result

    def _read_back(
        self, entry: Submitted, stored: Result, in_place: bool, submitted: str
    ) -> Result:
        """Take a stored result as it is, with what `collect` has noted of its file since, or the
        collector's time.
        """
        known = entry.record or stored.hand_in
        when = submitted if entry.record or self._run.stamped else stored.submitted
        result = replace(stored, hand_in=known, submitted=when)
        if result != stored or not in_place:
            keep(self._run.out, entry, result)
        return result

    def _given_up(self, entry: Submitted, error: Exception) -> Result:
        """Record that grading a submission failed by a fault of ours. It has no checksum, so it is
        graded again.
        """
        what = one_line(f"{type(error).__name__}: {error}")[:300]
        note = f"it could not be graded ({what}). Run `autograder grade` once more; see --verbose."
        graded = Graded(
            _not_run(self._unit, self._trained, Answer(failure=Failure.UNREAD, message=note))
        )
        result = self._result(replace(entry, note=note), "", graded, 0.0, "")
        if (
            not entry.earlier
        ):  # an attempt that a later one has replaced has a result once it can be graded
            keep(self._run.out, entry, result)
        with self._lock:
            self._tally.graded["given up"] += 1
        return result

    def _result(
        self, entry: Submitted, sha256: str, graded: Graded, seconds: float, submitted: str
    ) -> Result:
        return Result(
            student=entry.student,
            unit=entry.unit,
            sha256=sha256,
            provenance=replace(self._provenance, walls=graded.walls),
            verdicts=tuple(
                replace(verdict, material=self._materials[verdict.name])
                for verdict in graded.verdicts
            ),
            seconds=seconds,
            note=entry.note,
            submitted=submitted,
            hand_in=entry.record,
            known_as=entry.known_as,
        )

    def _graded(
        self, entry: Submitted, source: bytes, passed: Mapping[str, Verdict], hurry: bool
    ) -> Graded:
        if entry.path is None:
            return Graded(
                _not_run(
                    self._unit, self._trained, Answer(failure=Failure.UNREAD, message=entry.note)
                )
            )
        return self._ask(source, entry.path.name, passed, hurry)


def _time_of(entry: Submitted, stamped: bool) -> str:
    """When a submission was handed in: what `collect` noted, which may be nothing; else what lies
    beside the file.
    """
    if entry.record:
        return entry.record.submitted
    return time_of(entry.path, stamped) if entry.path else ""


def _read(entry: Submitted) -> tuple[Submitted, bytes]:
    """The bytes of a submission's file; where it cannot be read, none, and the submission with
    words that say why.
    """
    if entry.path is None:
        return entry, b""
    try:
        return entry, read_file(entry.path)
    except OSError as error:
        words = f"the file cannot be read ({error.strerror})."
    except ValueError as error:
        words = str(error)
    return replace(entry, path=None, note=one_line(words)), b""
