"""Results on disk: one JSON file a submission, written whole or not at all."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

import msgspec

from autograder.errors import UserError
from autograder.judging import Verdict


class Busy(UserError):
    """Another run writes to the same folder."""


class CannotWrite(UserError):
    """A file cannot be written; the text says which and why."""


@dataclass(frozen=True)
class Circumstances:
    """What a grade depends on beside the submission's bytes.

    kit: the version of the autograder.
    material: digest of the unit's solution and checks.
    corpus: what checks that train were trained on; empty where none was.
    walls: what confined the submission.
    course, course_folder: the course's title, and where it lay; noted, and compared with nothing.
    """

    kit: str
    material: str
    seed: int
    corpus: str
    quick: bool
    official: bool
    walls: tuple[str, ...] = ()
    course: str = ""
    course_folder: str = ""


@dataclass(frozen=True)
class Result:
    """The verdicts of one submission, and under which circumstances they were reached."""

    student: str
    unit: str
    sha256: str
    circumstances: Circumstances
    verdicts: tuple[Verdict, ...]
    seconds: float
    note: str = ""  # what could not be read of the submission
    submitted: str = ""  # when, ISO 8601 in UTC

    @property
    def score(self) -> float:
        """Points earned."""
        return round(sum(verdict.earned for verdict in self.verdicts), 2)

    @property
    def max_score(self) -> float:
        """Points of all checks that ran or should have."""
        return round(sum(verdict.points for verdict in self.verdicts), 2)


def digest(content: bytes) -> str:
    """The sha256 of a submission's bytes."""
    return hashlib.sha256(content).hexdigest()


def result_path(out: Path, unit: str, student: str) -> Path:
    """Where a result lies."""
    return out / unit / f"{student}.json"


class _Record(msgspec.Struct, frozen=True):
    """A result as it stands in its file. Keys that this version does not know are passed over."""

    student: str
    unit: str
    submission_sha256: str
    kit: str
    material: str
    seed: int
    corpus: str
    quick: bool
    official: bool
    walls: tuple[str, ...]
    seconds: float
    note: str
    submitted: str
    checks: tuple[Verdict, ...]
    course: str = ""
    course_folder: str = ""
    score: float = 0.0
    max_score: float = 0.0


def write_result(out: Path, result: Result) -> None:
    """Write a result; a reader sees the whole file or none. Raises `CannotWrite`."""
    record = _Record(
        student=result.student,
        unit=result.unit,
        submission_sha256=result.sha256,
        **vars(result.circumstances),
        seconds=round(result.seconds, 4),
        note=result.note,
        submitted=result.submitted,
        checks=result.verdicts,
        score=result.score,
        max_score=result.max_score,
    )
    text = json.dumps(msgspec.to_builtins(record), indent=1, ensure_ascii=False)
    write_whole(result_path(out, result.unit, result.student), text)


def write_whole(path: Path, text: str) -> None:
    """Replace a file by new text at one moment. Raises `CannotWrite`."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "w", encoding="utf-8") as file:
            file.write(text + "\n")  # not synced: what a power cut spoils cannot be read back and is graded again
        os.replace(part, path)
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written: {error.strerror}.") from error


def read_result(path: Path) -> Result | None:
    """Read a result; None where there is none that is whole."""
    try:
        record = msgspec.json.decode(path.read_bytes(), type=_Record)
    except (OSError, msgspec.MsgspecError):
        return None
    circumstances = Circumstances(**{field.name: getattr(record, field.name) for field in fields(Circumstances)})
    return Result(
        student=record.student,
        unit=record.unit,
        sha256=record.submission_sha256,
        circumstances=circumstances,
        verdicts=record.checks,
        seconds=record.seconds,
        note=record.note,
        submitted=record.submitted,
    )


def is_same(result: Result | None, sha256: str, circumstances: Circumstances) -> bool:
    """Whether a stored result answers the same question, so that it need not be asked again."""
    if result is None or result.sha256 != sha256:
        return False
    return _compared(result.circumstances) == _compared(circumstances)


def _compared(circumstances: Circumstances) -> Circumstances:
    """The circumstances without what is only noted."""
    return replace(circumstances, walls=(), course="", course_folder="")


def still_passed(
    result: Result | None, sha256: str, circumstances: Circumstances, materials: Mapping[str, str]
) -> dict[str, Verdict]:
    """The checks that a stored result has passed and that need not be asked again, though others have changed since."""
    if result is None or not is_same(result, sha256, replace(circumstances, material=result.circumstances.material)):
        return {}
    return {v.name: v for v in result.verdicts if v.status == "passed" and v.material == materials.get(v.name)}


def run_facts(out: Path) -> dict[str, str]:
    """What the run into a folder noted in `run.txt`: its seed, how many submissions, and where they lie."""
    try:
        lines = (out / "run.txt").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return {name: value for name, _, value in (line.partition(" ") for line in lines)}


def stored_results(out: Path) -> Sequence[Result]:
    """All results below a folder, by unit and student."""
    found = [read_result(path) for path in sorted(out.glob("*/*.json"))]
    return [result for result in found if result]


@contextmanager
def only_writer(out: Path) -> Iterator[None]:
    """Hold the folder for this run. Raises `Busy` when another run does."""
    import fcntl  # Unix alone; reading and writing results works anywhere

    try:
        out.mkdir(parents=True, exist_ok=True)
        lock_file = open(out / ".lock", "w")  # noqa: SIM115 (it is closed below)
    except OSError as error:
        raise CannotWrite(f"{out} cannot be written: {error.strerror}.") from error
    with lock_file as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy(f"Another run is writing to {out}. Wait for it, or choose another --out.") from None
        for part in out.rglob(".*.part"):  # of a run that was killed
            part.unlink()
        yield
