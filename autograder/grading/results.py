"""Results on disk: one JSON file per submission, written whole or not at all."""

import errno
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from autograder.errors import UserError
from autograder.grading.arithmetic import exact, rounded
from autograder.grading.hand_in import HandIn
from autograder.grading.provenance import Provenance, differences
from autograder.judging import Verdict


class Busy(UserError):
    """Another run writes to the same folder."""


class CannotWrite(UserError):
    """A file cannot be written; the text says which and why."""


NO_FILE = "No file was handed in."  # the note of a student with only manual points


@dataclass(frozen=True)
class Result:
    """The verdicts of one submission, and their provenance.

    sha256: of the file's bytes.
    note: what could not be read of the submission.
    submitted: when, ISO 8601 in UTC.
    hand_in: the record of `collect`.
    known_as: the student's name on the LMS, if no file can have it.
    handed_in_by: the partner who submitted, for a result that counts for another student, too.
    Only results under a policy have it; no file does.
    """

    student: str
    unit: str
    sha256: str
    provenance: Provenance
    verdicts: tuple[Verdict, ...]
    seconds: float
    note: str = ""
    submitted: str = ""
    hand_in: HandIn | None = None
    known_as: str = ""
    handed_in_by: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """Return the unit and the student: a class has one latest result for each pair."""
        return self.unit, self.student

    @property
    def lms_name(self) -> str:
        """Return the student's name on the LMS; `student` is the name in files and pages."""
        return self.known_as or self.student

    @property
    def score(self) -> float:
        """Return the points earned."""
        earned = sum(verdict.earned for verdict in self.verdicts)
        return rounded(exact(earned))

    @property
    def max_score(self) -> float:
        """Return the points of all checks that ran or should have."""
        points = sum(verdict.points for verdict in self.verdicts)
        return rounded(exact(points))

    @property
    def is_incomplete(self) -> bool:
        """Return whether it is no grade: something stopped the run, and the next one repeats it."""
        return bool(self.note) and not self.sha256 and self.note != NO_FILE

    @property
    def checksum(self) -> str:
        """Return the sha256 of the graded file; empty if it could not be read."""
        return "" if self.sha256 == _OF_NOTHING else self.sha256

    @property
    def is_changed_since_collected(self) -> bool:
        """Return whether the graded file is not the one that `collect` took."""
        taken = self.hand_in.sha256 if self.hand_in else ""
        return bool(taken and self.checksum) and taken != self.checksum


def digest(content: bytes) -> str:
    """Return the sha256 of a submission's bytes."""
    return hashlib.sha256(content).hexdigest()


_OF_NOTHING = digest(b"")


def result_path(out: Path, unit: str, student: str) -> Path:
    """Return the path of a result."""
    return out / unit / f"{student}.json"


FORMAT = 2


class _Record(msgspec.Struct, frozen=True):
    """A result as stored in its file. Keys that this version does not know are skipped."""

    student: str
    unit: str
    submission_sha256: str
    seconds: float
    checks: tuple[Verdict, ...]
    format: int = 1
    provenance: Provenance | None = None
    score: float = 0.0
    max_score: float = 0.0
    note: str = ""
    submitted: str = ""
    hand_in: HandIn | None = None
    known_as: str = ""
    # for format 1, which had no provenance
    kit: str = ""
    seed: int = 0
    corpus: str = ""
    quick: bool = False
    official: bool = False
    walls: tuple[str, ...] = ()

    def made_by(self) -> Provenance:
        """Return the provenance of the result.

        For format 1 only a part is known, which equals no present engine.
        """
        if self.provenance:
            return self.provenance
        return Provenance(
            seed=self.seed,
            quick=self.quick,
            corpus=self.corpus,
            official=self.official,
            kit=self.kit,
            walls=self.walls,
        )


OF_FORMAT_1 = ("kit", "seed", "corpus", "quick", "official", "walls")


def write_result(out: Path, result: Result) -> None:
    """Write a result; a reader sees the whole file or none. Raises `CannotWrite`."""
    path = result_path(out, result.unit, result.student)
    write_result_to(path, result)


def write_result_to(path: Path, result: Result) -> None:
    """Write a result into a file. Raises `CannotWrite`."""
    record = _Record(
        student=result.student,
        unit=result.unit,
        submission_sha256=result.sha256,
        format=FORMAT,
        provenance=result.provenance,
        seconds=round(result.seconds, 4),
        note=result.note,
        submitted=result.submitted,
        hand_in=result.hand_in,
        known_as=result.known_as,
        checks=result.verdicts,
        score=result.score,
        max_score=result.max_score,
    )
    fields = msgspec.to_builtins(record)
    for check in fields["checks"]:
        for remark in check["remarks"]:
            found = remark.pop("finding", None)
            if found:
                remark["finding"] = without_empty(found)
    for name in OF_FORMAT_1:
        del fields[name]
    if result.hand_in is None:
        del fields["hand_in"]
    text = json.dumps(fields, indent=1, ensure_ascii=False)
    write_whole(path, text)


def without_empty(value: object) -> object:
    """Return plain data without empty entries: those have their default."""
    if isinstance(value, dict):
        inner = {name: without_empty(entry) for name, entry in value.items()}
        return {name: entry for name, entry in inner.items() if entry not in EMPTY}
    if isinstance(value, list | tuple):
        return [without_empty(entry) for entry in value]
    return value


EMPTY: tuple[object, ...] = (None, "", [])


def write_whole(path: Path, text: str) -> None:
    """Replace a file by new text and a newline atomically. Raises `CannotWrite`."""
    # surrogateescape: a path in the text may not be valid UTF-8
    replace_file(path, (text + "\n").encode("utf-8", "surrogateescape"))


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file's content atomically. Raises `CannotWrite`."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # not synced: a file damaged by a power cut cannot be read back and is graded again
        part.write_bytes(content)
        _put_in_place(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise CannotWrite(f"{path} cannot be written: {error.strerror}.") from error


# seconds between two attempts on a file that another program has locked: on Windows nobody else can
# then read or replace it
PAUSES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)  # for a file system without locks
MOST_WAITED = 10.0  # seconds, for a lock that another process holds for some milliseconds


def _put_in_place(part: Path, path: Path) -> None:
    """Move a file over another one, waiting for a program that has it open for a moment."""
    for pause in PAUSES:
        try:
            os.replace(part, path)
            return
        except PermissionError:
            is_read_only = path.exists() and not os.access(path, os.W_OK)
            if is_read_only:
                raise
        time.sleep(pause)
    os.replace(part, path)


def read_patiently(path: Path) -> bytes:
    """Read a file, waiting for another program that has it locked for a moment.

    Raises `OSError`.
    """
    for pause in PAUSES:
        with suppress(PermissionError):
            return path.read_bytes()
        time.sleep(pause)
    return path.read_bytes()


@contextmanager
def held_alone(lock: Path) -> Iterator[None]:
    """Hold a lock, an empty file, while the files that it protects are read and written again.

    Others wait for their turn, some seconds at most. The system releases the lock of a process that
    ends. Raises `CannotWrite`.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(open(lock, "a"))
            _wait_for(file.fileno())
        except OSError as error:
            raise CannotWrite(f"{lock} cannot be locked: {error.strerror}.") from error
        yield  # on Windows, too, closing the file releases it


def _wait_for(descriptor: int) -> None:
    """Lock an open file, waiting for its turn. Raises `OSError`.

    Some network file systems have no locks; there no process waits.
    """
    ends = time.monotonic() + MOST_WAITED
    while True:
        try:
            _lock(descriptor)
            return
        except OSError as error:
            if error.errno in NO_LOCKS:
                return
            if time.monotonic() > ends:
                raise
        time.sleep(PAUSES[0])


def _lock(descriptor: int) -> None:
    """Lock an open file. Raises `OSError` if another process holds it."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        try:
            import fcntl
        except ModuleNotFoundError:  # a system without locks, such as Python in a browser
            return
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def read_result(path: Path) -> Result | None:
    """Read a result; None if it is missing or incomplete."""
    unreadable = (OSError, ValueError, RecursionError, msgspec.MsgspecError)
    try:
        record = _decoded(path.read_bytes())
    except unreadable:
        return None
    return Result(
        student=record.student,
        unit=record.unit,
        sha256=record.submission_sha256,
        provenance=record.made_by(),
        verdicts=record.checks,
        seconds=record.seconds,
        note=record.note,
        submitted=record.submitted,
        hand_in=record.hand_in,
        known_as=record.known_as,
    )


def _decoded(content: bytes) -> _Record:
    """Decode a result, without findings that this version does not know.

    Their text is kept beside them. Raises `ValueError` and `RecursionError`.
    """
    if OF_FLAT_REMARKS in content:
        content = _with_findings(content)
    try:
        return msgspec.json.decode(content, type=_Record)
    except msgspec.ValidationError:
        fields = json.loads(content)
    with suppress(KeyError, TypeError, AttributeError):
        for remark in _remarks(fields):
            remark.pop("finding", None)
    return msgspec.convert(fields, type=_Record)


# remarks of earlier versions hold parts of the finding, mostly in its place
OF_FLAT_REMARKS = b'"mistake":'


def _with_findings(content: bytes) -> bytes:
    """Give remarks of an earlier version their finding, as far as they contain it."""
    fields = json.loads(content)
    with suppress(KeyError, TypeError, AttributeError):
        for remark in _remarks(fields):
            if not remark.get("finding"):
                remark["finding"] = _finding_of_flat(remark)
    return json.dumps(fields).encode()


def _finding_of_flat(remark: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the finding of a remark of an earlier version; None if it has none."""
    words = remark.get("words")
    parts = {
        "arrays": remark.get("arrays", []),
        "mistakes": [words] if words else [],
        "code": remark.get("mistake", ""),
        "group": remark.get("group", ""),
        "place": remark.get("place", ""),
    }
    if not any(part for name, part in parts.items() if name != "arrays"):
        return None
    return {"kind": "mistake" if parts["code"] else "look", **parts}


def _remarks(fields: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the remarks of a result as stored in its file."""
    for check in fields["checks"]:
        yield from check["remarks"]


def why_graded(stored: Result | None, sha256: str, provenance: Provenance) -> str:
    """Say why a submission is graded; empty if a stored result is valid."""
    if stored is None:
        return "new"
    if not stored.sha256:  # an earlier run gave it up
        return "once more"
    if stored.sha256 != sha256:
        return "handed in again"
    changed = differences(stored.provenance, provenance)
    return f"again ({', '.join(changed)})" if changed else ""


def still_passed(
    stored: Result | None, sha256: str, provenance: Provenance, materials: Mapping[str, str]
) -> dict[str, Verdict]:
    """Return a stored result's passes that still hold, by check, though others have changed.

    materials: for each check, the digest of what a pass depends on.
    """
    if stored is None or stored.sha256 != sha256:
        return {}
    but_for_the_unit = replace(stored.provenance, unit=provenance.unit)
    if differences(but_for_the_unit, provenance):
        return {}
    passed = {}
    for verdict in stored.verdicts:
        if verdict.status == "passed" and verdict.material == materials.get(verdict.name):
            passed[verdict.name] = verdict
    return passed


def other_corpora(before: Iterable[Result], after: Iterable[Result]) -> list[str]:
    """Say for which units training used a different corpus than last time."""
    corpora_before = _corpora(before)
    lines = []
    for unit, corpus in _corpora(after).items():
        last = corpora_before.get(unit)
        if corpus and last and last != corpus:
            lines.append(f"{unit}: trained on {corpus}; last time it was {last}")
    return lines


def _corpora(results: Iterable[Result]) -> dict[str, str]:
    """Return unit → the corpora that its checks trained on."""
    corpora = {}
    for result in results:
        corpora[result.unit] = result.provenance.corpus
    return corpora


def run_facts(out: Path) -> dict[str, str]:
    """Read the facts in `run.txt` of the run into a folder.

    They are its seed, the number of submissions, and their folder.
    """
    path = out / "run.txt"
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return {}
    noted = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        noted[name] = value
    return noted


def stored_results(out: Path) -> Sequence[Result]:
    """Read all results below a folder, by unit and student."""
    found = []
    for path in sorted(out.glob("*/*.json")):
        result = read_result(path)
        if result:
            found.append(result)
    return found


@contextmanager
def only_writer(out: Path) -> Iterator[None]:
    """Lock the folder for this run. Raises `Busy` if another run has it."""
    import fcntl  # only Unix has it; reading and writing results works everywhere

    try:
        out.mkdir(parents=True, exist_ok=True)
        lock_file = open(out / ".lock", "w")  # noqa: SIM115 (it is closed below)
    except OSError as error:
        raise CannotWrite(f"{out} cannot be written: {error.strerror}.") from error
    with lock_file as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy(
                f"Another run is writing to {out}. Wait for it, or choose another --out."
            ) from None
        for part in out.rglob(".*.part"):  # left by a killed run
            part.unlink()
        yield
