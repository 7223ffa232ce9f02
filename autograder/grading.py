"""Keys, a unit, a class: from files of submissions to results in the journal.

The key of a seed is made by the same server and the same experiments as the grades: the solution and each of its known
mistakes are run as if they were submissions.
"""

import ast
import atexit
import logging
import os
import re
import secrets
import stat
import threading
import time
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType

import numpy as np

from autograder import __version__, journal
from autograder.checking import (
    Answer,
    Check,
    CheckKey,
    Key,
    Unit,
    Verdict,
    judge,
    judge_loss,
    load_unit,
    not_made,
    not_reached,
    unit_names,
    unmet,
)
from autograder.cluster import Cluster
from autograder.data import Corpus, corpus, root
from autograder.journal import Circumstances, Result
from autograder.sandbox import Server, ServerGone, Worker
from autograder.solution import Solution, read_solution

MAX_FILE = 5 << 20  # bytes of a submission
MAX_FILES = 100_000  # in one zip
MAX_TOTAL = 2 << 30  # bytes of all files of a zip
MAX_NAME = 120  # bytes of a student's name


log = logging.getLogger("autograder")


class NothingToGrade(Exception):
    """The folder is missing, empty or not laid out as submissions; the text says what was looked for."""


@dataclass(frozen=True)
class Submitted:
    """One student's file for one unit: where it lies, or why it cannot be read."""

    student: str
    unit: str
    path: Path | None
    note: str = ""


def solution_of(unit: str) -> Solution:
    """The solution's script of a unit. Raises `FileNotFoundError` where the course has no solutions."""
    return read_solution((root() / "solutions" / f"{unit}.py").read_text(encoding="utf-8"))


def wanted_checks(unit: Unit, quick: bool) -> list[Check]:
    """A unit's checks in order; without those that train where `quick`."""
    return [check for check in unit.checks if not (quick and check.measure)]


# ---- keys


def build_key(server: Server, seed: int, corpora: Sequence[Corpus], quick: bool = False) -> dict[str, CheckKey]:
    """Run the solution and each known mistake on a seed. Training checks run once per corpus, the solution alone."""
    unit, solution = server.unit, solution_of(server.unit.name)
    plain = solution.plain().encode()
    keys: dict[str, CheckKey] = {}
    for check in wanted_checks(unit, quick):
        for text in [check.data()] if check.data else corpora if check.measure else [None]:
            with server.worker(plain, "solution.py") as worker:
                expected = worker.ask(check, seed, text=text.train if text else None)
                loss = measure(worker, check, seed, expected, text) if text else None
            if expected.failure:
                raise ValueError(f"the solution of {unit.name} does not answer `{check.name}`: {expected.message}")
            keys[check.name + (f"@{text.name}" if text else "")] = CheckKey(expected, (), loss)
    for mistake, _, _ in solution.mistakes:
        with server.worker(solution.with_mistake(mistake.id).encode(), "solution.py") as worker:
            for check in wanted_checks(unit, quick=True):
                answer, known = worker.ask(check, seed), keys[check.name]
                if judge(check, CheckKey(known.expected), answer, unit.sizes).status != "passed":
                    keys[check.name] = CheckKey(known.expected, (*known.mistakes, (mistake, answer)))
    return keys


def measure(worker: Worker, check: Check, seed: int, answer: Answer, text: Corpus) -> float:
    """The held-out loss of trained weights, in nats a character, by the solution that `worker` runs; NaN where none."""
    measured = worker.ask(check, seed, "measure", answer.arrays, text.held_out)
    loss = measured.arrays.get("loss", np.array(np.nan))
    return float(loss) if loss.size == 1 else float("nan")


# ---- one submission


def grade_one(
    server: Server,
    source: bytes,
    name: str,
    seed: int,
    key: Key,
    text: Corpus,
    quick: bool,
    passed: Mapping[str, Verdict] = MappingProxyType({}),
) -> list[Verdict]:
    """The verdicts of one submission, check by check; held-out text goes to our solution's worker.

    `passed`: verdicts of an earlier run that hold still.
    """
    verdicts: dict[str, Verdict] = {}
    with server.worker(source, name) as worker:
        for check in wanted_checks(server.unit, quick):
            if (lacking := unmet(check, verdicts)) or check.name in passed:
                verdicts[check.name] = not_reached(check, lacking) if lacking else passed[check.name]
                continue
            began = time.perf_counter()
            data = check.data() if check.data else text
            known = key[check.name + (f"@{data.name}" if check.measure else "")]
            judged = partial(judge, check, known, sizes=server.unit.sizes, ruled_out=partial(not_made, key, verdicts))
            answer, verdict = _tried(worker, check, seed, data.train if check.measure else None, judged)
            if check.measure and verdict.status == "passed":
                plain = solution_of(server.unit.name).plain().encode()
                with server.worker(plain, "solution.py") as ours:
                    verdict = judge_loss(check, known, measure(ours, check, seed, answer, data), answer.arrays)
            verdicts[check.name] = replace(verdict, seconds=round(time.perf_counter() - began, 4))
    return list(verdicts.values())


def _tried(
    worker: Worker, check: Check, seed: int, text: str | None, judged: Callable[..., Verdict]
) -> tuple[Answer, Verdict]:
    """Ask a check and judge the answer. Checks share a process while they pass; one that does not pass where others ran
    before is asked again in a process of its own, so that what they changed or used up costs it nothing. What known
    mistakes explain to the last array was their doing.
    """
    answer = worker.ask(check, seed, text=text)
    verdict = judged(answer=answer)
    explained = verdict.remarks and all(remark.mistake for remark in verdict.remarks)
    if verdict.status == "passed" or explained or worker.asked < 2 or answer.failure in ("stub", "missing", "broken"):
        return answer, verdict
    worker.renew()
    answer = worker.ask(check, seed, text=text)
    return answer, judged(answer=answer)


# ---- a class


def find_submissions(folder: Path, unit: str | None = None) -> list[Submitted]:
    """What lies below `SUBMITTED/<student>/<unit>/<unit>.py` (or `.ipynb`), or flat as `<student>.py` where `unit` is
    given. Links are not followed. Raises `NothingToGrade`.
    """
    if not folder.is_dir():
        raise NothingToGrade(f"There is no folder {folder}. Name the folder that holds one folder for each student.")
    units, found = [unit] if unit else unit_names(), dict[tuple[str, str], Submitted]()
    for entry in sorted(os.scandir(folder), key=lambda e: (not e.is_dir(), not e.name.endswith(".py"), e.name)):
        if entry.is_dir(follow_symlinks=False):
            for name in units:
                if submitted := _in_folder(entry.name, name, Path(entry.path)):
                    found.setdefault((entry.name, name), submitted)
        elif unit and entry.name.endswith((".py", ".ipynb")):
            student = entry.name.rsplit(".", 1)[0]
            found.setdefault((student, unit), Submitted(student, unit, Path(entry.path)))
    if not found:
        looked = f"{folder}/<student>/{unit or '<unit>'}/{unit or '<unit>'}.py or .ipynb"
        flat = "" if unit else " For a flat folder of <student>.py say which unit with --unit."
        raise NothingToGrade(f"No submission found. Looked for {looked}.{flat}")
    names = plain_names({student for student, _ in found})
    plain = [replace(entry, student=names[entry.student]) for entry in found.values()]
    return sorted(plain, key=lambda submitted: (submitted.unit, submitted.student))


def plain_names(names: Iterable[str]) -> dict[str, str]:
    """Students' names as files can be called and pages show them. One that was changed ends in a checksum, and so does
    one that looks changed, or that some file systems take for another's: they fold case and Unicode's forms.
    """
    folded = Counter(unicodedata.normalize("NFKC", name).casefold() for name in set(names))
    return {name: _plain_name(name, folded[unicodedata.normalize("NFKC", name).casefold()] == 1) for name in set(names)}


def _plain_name(name: str, alone: bool) -> str:
    clean = "".join(c if c.isprintable() and c not in "/\\" else "_" for c in unicodedata.normalize("NFC", name))
    if alone and clean == name and len(name.encode()) <= MAX_NAME and not re.search("~[0-9a-f]{16}$", name):
        return name
    short = clean.encode()[: MAX_NAME - 17].decode(errors="ignore")
    return f"{short}~{journal.digest(os.fsencode(name))[:16]}"


def _in_folder(student: str, unit: str, folder: Path) -> Submitted | None:
    try:
        if not (folder / unit).is_dir() or (folder / unit).is_symlink():
            return None
        for suffix in (".py", ".ipynb"):
            if os.path.lexists(path := folder / unit / f"{unit}{suffix}"):
                return Submitted(student, unit, path)
    except OSError as error:
        return Submitted(student, unit, None, f"the folder cannot be read ({error.strerror}).")
    return Submitted(student, unit, None, f"no {unit}.py or {unit}.ipynb in the folder {student}/{unit}.")


def read_file(path: Path) -> bytes:
    """The bytes of a submission's file. Raises `ValueError`, in words, for a link, a pipe, or one that is too large."""
    if path.is_symlink():
        raise ValueError(f"{path.name} is no plain file. Submit the file itself.")
    at = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(at, "rb") as file:
        if not stat.S_ISREG(os.fstat(at).st_mode):
            raise ValueError(f"{path.name} is no plain file. Submit the file itself.")
        content = file.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise ValueError(f"{path.name} is over {MAX_FILE >> 20} MB. Clear the outputs and save it.")
    return content


def time_of(path: Path) -> str:
    """When a submission was handed in, ISO 8601 in UTC: nbgrader's `timestamp.txt` beside it, else its file's time."""
    try:
        text = read_file(path.with_name("timestamp.txt")).decode().strip()
        return datetime.fromisoformat(text.replace(" UTC", "+00:00")).astimezone(UTC).isoformat(timespec="seconds")
    except (OSError, ValueError, OverflowError):
        return datetime.fromtimestamp(path.lstat().st_mtime, UTC).isoformat(timespec="seconds")


def graded_files(folder: Path) -> Callable[[Result], bytes | None]:
    """Finds the file below `folder` that a result is of: its bytes, or None where they are not those graded."""

    @cache
    def paths(unit: str) -> dict[str, Path | None]:
        return {entry.student: entry.path for entry in find_submissions(folder, unit)}

    def file_of(result: Result) -> bytes | None:
        try:
            path = paths(result.unit).get(result.student)
            content = read_file(path) if path else b""
        except (OSError, ValueError, NothingToGrade):
            return None
        return content if journal.digest(content) == result.sha256 else None

    return file_of


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a zip of submissions into an empty folder: plain files below it alone, within limits.

    Raises `NothingToGrade` for a path out of the folder, a link, or more than the limits.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            entries = packed.infolist()
            if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_TOTAL:
                raise NothingToGrade(f"{archive} holds more than {MAX_FILES} files or {MAX_TOTAL >> 30} GB.")
            for entry in entries:
                target = (folder / entry.filename).resolve()
                odd = "\0" in entry.filename or not target.is_relative_to(folder.resolve())
                odd |= entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others unpack at once
                if odd or (entry.external_attr >> 16) & 0o170000 == 0o120000 or entry.file_size > MAX_FILE:
                    raise NothingToGrade(
                        f"{archive} holds {entry.filename!r}: a link, too large, or out of the folder."
                    )
                packed.extract(entry, folder)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise NothingToGrade(f"{archive} is no zip file that can be read: {error}.") from None
    return folder


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
    recorded = journal.facts(out).get("seed")
    return asked if asked is not None else int(recorded) if recorded else secrets.randbits(31)


def grade_class(submitted: Sequence[Submitted], run: Run, step: Callable[[Result], None] = lambda _: None) -> None:
    """Grade submissions in parallel; each result is journaled as it comes and handed to `step`.

    What an earlier run into the same folder has graded under the same circumstances is read back. Raises
    `CannotConfine` where submissions cannot be confined, `Busy` when another run writes to the folder, `NoCluster`.
    """
    with journal.only_writer(run.out), Cluster(run.cluster) if run.cluster else nullcontext() as cluster:
        facts = f"seed {run.seed}\nsubmissions {len(submitted)}"
        facts += f"\nsubmitted {run.submitted.resolve()}" if run.submitted else ""
        journal.write_whole(run.out / "run.txt", facts)
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
    checks = sorted((Path(__file__).parent / "checks").glob("*.py"))
    files = [path for path in checks if path.stem == unit or path.stem not in unit_names()]
    return journal.digest(b"".join(path.read_bytes() for path in (root() / "solutions" / f"{unit}.py", *files)))


def materials(unit: str) -> dict[str, str]:
    """By check the sha256 of what a pass rests on: its experiment, what all experiments share, the solution. Known
    mistakes are no part of it.
    """
    path = Path(__file__).parent / "checks" / f"{unit}.py"
    helpers = [other.read_text("utf-8") for other in sorted(path.parent.glob("*.py")) if other.stem not in unit_names()]
    lines, own = path.read_text("utf-8").split("\n"), dict[str, str]()
    for node in ast.parse("\n".join(lines)).body:
        if isinstance(node, ast.FunctionDef) and node.name in {check.name for check in load_unit(unit).checks}:
            first, last = node.decorator_list[0].lineno - 1, node.end_lineno or 0
            own[node.name] = "\n".join(lines[first:last])
            lines[first:last] = [""] * (last - first)
    common = "\n".join([solution_of(unit).plain(), *helpers, *filter(None, lines)])
    return {name: journal.digest(f"{common}\n{experiment}".encode()) for name, experiment in own.items()}


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
        sha256 = journal.digest(source)
        stored = journal.read(journal.path_of(self.run.out, entry.unit, entry.student))
        if stored and journal.is_same(stored, sha256, self.circumstances):
            return stored
        log.info("%s, %s: begun", entry.student, entry.unit)
        began = time.perf_counter()
        passed = journal.still_passed(stored, sha256, self.circumstances, self.materials)
        unread = Answer(failure="unread", message=entry.note)
        verdicts = (
            self.ask(source, entry.path.name, passed) if entry.path else _not_run(self.unit, self.run.quick, unread)
        )
        verdicts = [replace(verdict, material=self.materials[verdict.name]) for verdict in verdicts]
        seconds = time.perf_counter() - began
        facts = (entry.student, entry.unit, sha256, self.circumstances, tuple(verdicts), seconds, entry.note)
        result = Result(*facts, time_of(entry.path) if entry.path else "")
        journal.write(self.run.out, result)
        log.info("%s, %s: %g points in %.3f s", entry.student, entry.unit, result.score, seconds)
        return result
