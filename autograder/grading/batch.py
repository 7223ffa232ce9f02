"""A class: from files of submissions to results on disk."""

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
from functools import cached_property
from pathlib import Path

from autograder.check import Answer, Failure
from autograder.course import Course, NoCourse, Unit
from autograder.data import unit_data
from autograder.errors import UserError, one_line
from autograder.grading.attempts import keep, stored_for
from autograder.grading.cluster import Cluster
from autograder.grading.context import (
    Graded,
    GradingContext,
    close_servers,
    not_run,
    unit_at,
)
from autograder.grading.hand_in import names_to_sign_with
from autograder.grading.listed import NotAnswered
from autograder.grading.materials import check_materials
from autograder.grading.one import NOTHING, Postponed
from autograder.grading.other_unit import names_asked, names_by_unit, note_on
from autograder.grading.outline import outline_unit
from autograder.grading.provenance import provenance_of, without_notes
from autograder.grading.results import (
    Result,
    digest,
    only_writer,
    run_facts,
    still_passed,
    why_graded,
    write_whole,
)
from autograder.grading.submissions import Submitted, read_file, time_of, too_large
from autograder.judging import Verdict
from autograder.question import is_name_of
from autograder.sandbox.client import refuse_without_walls
from autograder.sandbox.definitions import why_unread
from autograder.version import __version__

LONGEST_ERROR = 300  # characters of an internal error in a submission's note
GIVEN_UP = "given up"
INCOMPLETE = "incomplete, since other programs used the CPU: run it again"
BUSY = (
    "it is incomplete: other programs used the CPU, so a check was stopped. Run "
    "`autograder grade` once more, with a smaller -j or on a quieter machine."
)

log = logging.getLogger("autograder")


@dataclass(frozen=True)
class Run:
    """How a class is graded.

    seed: a number that all units take, or a secret from which the seed of each unit is derived.
    jobs: submissions at a time.
    quick: leave out the checks that train.
    unsafe: grade where submissions cannot be confined; no result is official then.
    cluster: the address of a Dask scheduler.
    submitted: the folder of the submissions, stored for later pages.
    stamped: whether their collector wrote `timestamp.txt` beside each; None if nobody said so, and
    then results keep their times.
    store: the file of earlier answers; by default the user's own.
    any_name: whether the students' names are unknown, so that any name in a file is accepted.
    others_keep_theirs: whether a file that has a result keeps its seed.
    """

    out: Path
    seed: int | str
    jobs: int = 1
    quick: bool = False
    unsafe: bool = False
    cluster: str = ""
    submitted: Path | None = None
    store: Path | None = None
    stamped: bool | None = None
    any_name: bool = False
    others_keep_theirs: bool = False

    def seed_of(self, unit: str) -> int:
        """Return the seed of a unit, below 2³¹.

        A submission knows the seed that it is graded on and can write it into its feedback. The
        seeds of other units do not follow from it.
        """
        if isinstance(self.seed, int):
            return self.seed
        return int(digest(f"{self.seed} {unit}".encode())[:8], 16) >> 1


def choose_seed(out: Path, asked: int | None, new: bool = False) -> int | str:
    """Choose the requested seed, else what the last run into this folder used, else a secret.

    new: draw another one than the last run's.
    """
    if asked is not None:
        return asked
    recorded = "" if new else run_facts(out).get("seed", "")
    if recorded.isdigit() and int(recorded) < 2**31:
        return int(recorded)
    return recorded or secrets.token_hex(16)


def refuse_course_within(course: Course, submitted: Path) -> None:
    """Refuse a course inside the submissions: it could be a student's.

    Raises `NoCourse`.
    """
    if course.folder.is_relative_to(submitted.resolve()):
        raise NoCourse(
            f"The course {course.folder} lies inside {submitted}, so a student could have handed "
            "it in. Keep the course elsewhere, and name it: --course FOLDER."
        )


class OutWithin(UserError):
    """Results would be written among the submissions."""


def refuse_out_within(out: Path, submitted: Path) -> None:
    """Refuse to write results into what is graded: the next run would take a folder for a student.

    Raises `OutWithin`.
    """
    if out.resolve().is_relative_to(submitted.resolve()):
        raise OutWithin(
            f"--out {out} lies inside {submitted}, so that the next run would take its folders for "
            "students. Name a folder elsewhere."
        )


@dataclass
class Tally:
    """The counts of a run for the submissions of one unit.

    graded: reason for grading → number.
    answers_made: answers of the solution and its mistakes that were not in the store.
    """

    unit: str
    read_back: int = 0
    graded: Counter[str] = field(default_factory=Counter)
    answers_made: int = 0

    @property
    def done(self) -> int:
        """Return the number of submissions that another run does not grade again."""
        again = self.graded[INCOMPLETE] + self.graded[GIVEN_UP]
        return self.read_back + self.graded.total() - again

    def summary(self) -> str:
        """Say what was read back, what was graded and why."""
        parts = []
        if self.read_back:
            parts.append(f"{self.read_back} read back")
        if self.graded:
            reasons = []
            for reason, count in self.graded.most_common():
                reasons.append(f"{count} {reason}")
            parts.append(f"graded: {', '.join(reasons)}")
        if self.answers_made:
            parts.append(f"{self.answers_made} reference outputs computed")
        return f"{self.unit}: {'; '.join(parts)}"


class RunInterrupted(KeyboardInterrupt):
    """A run was interrupted. done: the number of submissions with a final result, all written."""

    def __init__(self, done: int) -> None:
        super().__init__()
        self.done = done


def grade_class(
    course: Course,
    submitted: Sequence[Submitted],
    run: Run,
    step: Callable[[Result], None] = lambda _: None,
) -> list[Tally]:
    """Grade submissions in parallel; write each result as it comes and pass it to `step`.

    Results that an earlier run into the same folder made under the same circumstances are reused;
    if nothing else is to be done, no server starts and no key is made.
    Raises `CannotConfine` if submissions cannot be confined, `Busy` if another run writes to the
    folder, `NoCluster`; for a `KeyboardInterrupt`, `RunInterrupted`.
    """
    by_unit: dict[str, list[Submitted]] = {}
    for entry in submitted:
        of_unit = by_unit.setdefault(entry.unit, [])
        of_unit.append(entry)
    tallies: list[Tally] = []
    try:
        with (
            only_writer(run.out),
            Cluster(run.cluster) if run.cluster else nullcontext() as cluster,
        ):
            facts = _facts(course, run, submissions=len(submitted))
            write_whole(run.out / "run.txt", facts)
            for name, entries in by_unit.items():
                unit = outline_unit(course, name)
                tally = Tally(name)
                tallies.append(tally)
                for seed, of_seed in _by_seed(run, name, entries).items():
                    grader = _ClassGrader(unit, run, seed, cluster, tally)
                    try:
                        for result in grader.grade_all(of_seed):
                            step(result)
                    finally:
                        close_servers()
    except KeyboardInterrupt:
        raise RunInterrupted(sum(tally.done for tally in tallies)) from None
    return tallies


def _by_seed(run: Run, unit: str, entries: Sequence[Submitted]) -> dict[int, list[Submitted]]:
    """Sort a unit's submissions by the seed that each is graded on, those of the run's own first.

    If others keep theirs, an unchanged file has the seed of its result.
    """
    own = run.seed_of(unit)
    found: dict[int, list[Submitted]] = {own: []}
    for entry in entries:
        seed = own
        if run.others_keep_theirs:
            sha256 = _read(entry).sha256
            stored = stored_for(run.out, entry, sha256).result
            if stored and stored.sha256 == sha256:
                seed = stored.provenance.seed
        found.setdefault(seed, []).append(entry)
    return {seed: of_seed for seed, of_seed in found.items() if of_seed}


def _facts(course: Course, run: Run, submissions: int) -> str:
    """Store facts about a run for those who read its results: see `run_facts`."""
    lines = [
        f"seed {run.seed}",
        f"submissions {submissions}",
        f"course {course.folder}",
    ]
    if run.submitted:
        lines.append(f"submitted {run.submitted.resolve()}")
    if run.others_keep_theirs:
        lines.append("renewed yes")
    if run.stamped or (run.stamped is None and "stamped" in run_facts(run.out)):
        lines.append("stamped yes")
    return "\n".join(lines)


def provenance_at(folder: str, name: str, seed: int, quick: bool, official: bool) -> str:
    """Return what a grade on this machine would be made with, for comparison."""
    unit = unit_at(folder, name)
    provenance = provenance_of(unit, seed, quick, official, __version__)
    return repr(without_notes(provenance))


@dataclass(frozen=True)
class _FileRead:
    """A submission's content; empty if it cannot be read, with the reason in the entry."""

    entry: Submitted
    source: bytes

    @cached_property
    def sha256(self) -> str:
        """Return the digest of the content."""
        return digest(self.source)


class _ClassGrader:
    """Reads a unit's submissions, grades them here or on a cluster, and writes the results."""

    def __init__(
        self, unit: Unit, run: Run, seed: int, cluster: Cluster | None, tally: Tally
    ) -> None:
        """Determine what grades depend on; start and make nothing before it is needed.

        tally: counts what is graded.
        """
        self._run = run
        self._unit = unit
        self._trained: Container[str] = () if run.quick else unit_data(unit)
        here = provenance_of(unit, seed, run.quick, not run.unsafe, __version__)
        self._provenance = replace(here, any_name=run.any_name)
        self._materials = check_materials(unit)
        self._names = names_by_unit(unit.course)
        self._asked = names_asked(unit.course, unit.name)
        self._tally = tally
        self._lock = threading.Lock()
        context = GradingContext(
            course=str(unit.course.folder),
            unit=unit.name,
            unit_digest=self._provenance.unit,
            seed=seed,
            quick=run.quick,
            unsafe=run.unsafe,
            store=str(run.store or ""),
        )
        self.jobs = run.jobs
        self._hurry = cluster is None  # a cluster has room for waiting submissions
        self._ask: Callable[..., Graded] = context.grade
        if cluster:
            official = not run.unsafe
            cluster.must_agree(provenance_at, context.course, unit.name, seed, run.quick, official)
            self.jobs = 2 * cluster.threads()
            self._ask = cluster.sharing(GradingContext.grade, context)
        elif not run.unsafe:
            refuse_without_walls()

    def grade_all(self, entries: Sequence[Submitted]) -> Iterator[Result]:
        """Grade in parallel. Results come in order of completion, those that wait last.

        Those that others crowded out are graded at the end, one at a time.
        """
        slow: list[tuple[Submitted, Mapping[str, Verdict]]] = []
        crowded: list[tuple[Submitted, Mapping[str, Verdict]]] = []
        with ThreadPoolExecutor(self.jobs, "worker") as pool:
            try:
                under_way = {}
                for entry in entries:
                    under_way[pool.submit(self.grade, entry, self._hurry)] = entry
                for done in as_completed(under_way):
                    try:
                        yield done.result()
                    except Postponed as postponed:
                        waiting = crowded if postponed.crowded else slow
                        waiting.append((under_way[done], postponed.verdicts))
                yield from pool.map(self._grade_postponed, slow)
                yield from map(self._grade_postponed, crowded)
            finally:
                pool.shutdown(cancel_futures=True)

    def _grade_postponed(self, postponed: tuple[Submitted, Mapping[str, Verdict]]) -> Result:
        entry, earlier = postponed
        return self.grade(entry, earlier=earlier)

    def grade(
        self, entry: Submitted, hurry: bool = False, earlier: Mapping[str, Verdict] = NOTHING
    ) -> Result:
        """Grade one submission. Return the stored result if nothing it depends on has changed.

        An error of the submission becomes its own result, in words; only an error that a person can
        fix ends the run. hurry: whether others are queued. Then it raises `Postponed` for a
        submission that waits.
        earlier: its verdicts until then.
        """
        try:
            return self._grade(entry, hurry, earlier)
        except NotAnswered as error:
            return self._given_up(entry, error)
        except (UserError, Postponed):
            raise
        except Exception as error:
            lines = [one_line(line) for line in traceback.format_exc().splitlines()]
            log.info("%s, %s: given up\n%s", entry.student, entry.unit, "\n".join(lines))
            return self._given_up(entry, error)

    def _grade(self, entry: Submitted, hurry: bool, earlier: Mapping[str, Verdict]) -> Result:
        began = time.perf_counter()
        file = _read(entry)
        found = stored_for(self._run.out, file.entry, file.sha256)
        why = why_graded(found.result, file.sha256, self._provenance)
        if found.result and not why and self._is_another_unread(file, found.result):
            why = "again (another file that cannot be read)"
        if found.result and not why and _is_known_by(found.result, self._names_of(entry)):
            why = "again (the student's names)"
        if found.result and not why:
            return self._read_back(file.entry, found.result, found.in_place)
        log.info("%s, %s: begun", entry.student, entry.unit)
        unread = self._why_unread(file)
        try:
            graded = self._graded(file, unread, found.result, hurry, earlier)
        except Postponed:
            log.info("%s, %s: waits, and is graded after the others", entry.student, entry.unit)
            raise
        submitted = _time_of(file.entry, self._run.stamped)
        note = unread or note_on(self._names, self._asked, entry.unit, file.source)
        entry = replace(file.entry, note=note or file.entry.note)
        result = self._result(entry, graded, file.sha256, submitted)
        if graded.incomplete:
            why = INCOMPLETE
            result = replace(result, sha256="", note=BUSY)  # without it, it is graded again
        seconds = time.perf_counter() - began
        result = replace(result, seconds=seconds)
        keep(self._run.out, file.entry, result)
        with self._lock:
            self._tally.graded[why] += 1
            self._tally.answers_made += graded.answers_made
        told = (entry.student, entry.unit, result.score, result.seconds)
        log.info("%s, %s: %g points in %.3f s", *told)
        return result

    def _read_back(self, entry: Submitted, stored: Result, in_place: bool) -> Result:
        """Reuse a stored result, with what became known about its file since then.

        That is the record of `collect`, or the collector's time.
        """
        with self._lock:
            self._tally.read_back += 1
        result = replace(stored, hand_in=entry.record or stored.hand_in)
        if entry.record or self._run.stamped is not None:
            submitted = _time_of(entry, self._run.stamped)
            result = replace(result, submitted=submitted)
        if result != stored or not in_place:
            keep(self._run.out, entry, result)
        return result

    def _is_another_unread(self, file: _FileRead, stored: Result) -> bool:
        """Return whether a file without content has another reason than the one graded before.

        All of them have one checksum.
        """
        return not file.source and self._why_unread(file) != stored.note

    def _why_unread(self, file: _FileRead) -> str:
        """Say why no check can run a file; "" if one can."""
        if file.entry.path is None:
            return file.entry.note
        name = one_line(file.entry.path.name)
        return too_large(name, file.source, self._unit.limits.kilobytes) or why_unread(file.source)

    def _graded(
        self,
        file: _FileRead,
        unread: str,
        stored: Result | None,
        hurry: bool,
        earlier: Mapping[str, Verdict],
    ) -> Graded:
        """Grade a submission, except for checks that it has passed in a stored result.

        unread: why no check can run it.
        """
        if unread or file.entry.path is None:
            return self._unread(unread)
        name = file.entry.path.name
        passed = still_passed(stored, file.sha256, self._provenance, self._materials)
        names = self._names_of(file.entry)
        return self._ask(file.source, name, passed, hurry, dict(earlier), names)

    def _names_of(self, entry: Submitted) -> list[str]:
        """Return all names of a file's student; none if any name is accepted."""
        if self._run.any_name:
            return []
        names = names_to_sign_with(entry.student, entry.known_as, entry.record)
        return [*names, *entry.names]

    def _unread(self, note: str) -> Graded:
        """Make the verdicts of a submission that did not run; the note says why."""
        answer = Answer(failure=Failure.UNREAD, message=note)
        verdicts = not_run(self._unit, self._trained, answer)
        return Graded(verdicts)

    def _given_up(self, entry: Submitted, error: Exception) -> Result:
        """Record that grading a submission failed by an internal error.

        The result has no checksum, so that the submission is graded again.
        """
        error_words = one_line(f"{type(error).__name__}: {error}")
        what = error_words[:LONGEST_ERROR]
        note = f"it could not be graded ({what}). Run `autograder grade` once more; see --verbose."
        result = self._result(replace(entry, note=note), self._unread(note))
        # an attempt replaced by a later one gets a result once it can be graded
        if not entry.earlier:
            keep(self._run.out, entry, result)
        with self._lock:
            self._tally.graded[GIVEN_UP] += 1
        return result

    def _result(
        self, entry: Submitted, graded: Graded, sha256: str = "", submitted: str = ""
    ) -> Result:
        verdicts = []
        for verdict in graded.verdicts:
            verdicts.append(replace(verdict, material=self._materials[verdict.name]))
        return Result(
            student=entry.student,
            unit=entry.unit,
            sha256=sha256,
            provenance=replace(self._provenance, walls=graded.walls),
            verdicts=tuple(verdicts),
            seconds=0.0,
            note=entry.note,
            submitted=submitted,
            hand_in=entry.record,
            known_as=entry.known_as,
        )


def _is_known_by(stored: Result, names: Sequence[str]) -> bool:
    """Return whether a name that was another's in a stored result is one of the student's now.

    A roster that came later says so.
    """
    return any(verdict.whose and is_name_of(verdict.whose, names) for verdict in stored.verdicts)


def _time_of(entry: Submitted, stamped: bool | None) -> str:
    """Return the time of a submission from the record of `collect`, else from files beside it.

    If `collect` recorded no time, it is unknown.
    """
    if entry.record:
        return entry.record.submitted
    return time_of(entry.path, bool(stamped)) if entry.path else ""


def _read(entry: Submitted) -> _FileRead:
    """Read a submission's file."""
    if entry.path is None:
        return _FileRead(entry, b"")
    try:
        content = read_file(entry.path)
        if content.strip():
            return _FileRead(entry, content)
        words = why_unread(content)
    except OSError as error:
        words = f"the file cannot be read ({error.strerror})."
    except ValueError as error:
        words = str(error)
    return _FileRead(replace(entry, path=None, note=one_line(words)), b"")
