"""The layout that `collect` writes for `grade`: each attempt of a student, beside its record.

The latest attempt lies where `grade` looks, the others in `earlier/`.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from autograder.grading.hand_in import EARLIER, LIST, HandIn, read_record, record_path
from autograder.grading.results import digest, replace_file
from autograder.intake.folder_names import folder_name
from autograder.intake.items import utc_of_seconds
from autograder.intake.units import SUFFIXES

RECEIPT = ("student", "name", "email", "unit", "attempt", "handed in", "file", "sha256")


@dataclass(frozen=True)
class Attempt:
    """One submission's record and bytes.

    is_time_given: whether its time is from a table or an API, and not from the source itself.
    """

    record: HandIn
    content: bytes
    suffix: str
    is_time_given: bool = False


@dataclass(frozen=True)
class Retimed:
    """A file that was there before, with its time then ("" if unknown) and the one given now."""

    before: str
    now: str


@dataclass(frozen=True)
class AttemptsAtUnit:
    """All attempts of a student at a unit, by time, the latest last.

    fresh: the number of new ones. retimed: those before that are given another time now.
    with_old_time: the times given to new files that earlier, different files have.
    comes_back: whether a file came again that was not the latest, so that the latest stays.
    """

    student: str
    unit: str
    attempts: Sequence[Attempt]
    fresh: int
    retimed: Sequence[Retimed] = ()
    with_old_time: Sequence[str] = ()
    comes_back: bool = False

    @property
    def latest(self) -> HandIn:
        """Return the record of the attempt that `grade` finds first."""
        return self.attempts[-1].record


def with_those_before(
    into: Path,
    student: str,
    unit: str,
    fresh: Sequence[Attempt],
    adopted: Sequence[Attempt] = (),
) -> AttemptsAtUnit:
    """Return the existing and the new attempts, by time, numbered.

    Equal files are one attempt, with its earliest known time.
    adopted: the student's attempts from folders of other names, which are older.
    """
    first_of: dict[str, Attempt] = {}  # checksum → the first attempt of that file
    for attempt in (*adopted, *attempts_in(into, student, unit)):
        _add(first_of, attempt)
    before = dict(first_of)
    retimed = _retimed(before, fresh)
    for attempt in sorted(fresh, key=_order):
        _add(first_of, attempt)
    attempts = list(first_of.values())
    all_have_times = all(attempt.record.submitted for attempt in attempts)
    if all_have_times:
        attempts.sort(key=_order)
    count = len(attempts) - len(before)
    earlier = [attempt.record for attempt in before.values()]
    document = _ungraded_before(into, student, unit)
    new = [attempt for attempt in fresh if attempt.record.sha256 not in before]
    if document:
        earlier.append(document)
        skipped = _skipped_before(into)
        new = [attempt for attempt in new if attempt.record.file not in skipped]
    old = _given_old_times(earlier, new)
    if document and _is_earlier(document, fresh):
        begun = msgspec.structs.replace(attempts[0].record, begun=document.submitted)
        attempts[0] = replace(attempts[0], record=begun)
    back = bool(attempts) and _comes_back([each.record for each in fresh], before, attempts[-1])
    return AttemptsAtUnit(student, unit, _numbered(attempts), count, retimed, old, back)


def _is_earlier(document: HandIn, fresh: Sequence[Attempt]) -> bool:
    """Return whether a file that cannot be graded came before these, and is none of them."""
    if not fresh or any(each.record.file == document.file for each in fresh):
        return False
    return all("" < document.submitted < each.record.submitted for each in fresh)


def _comes_back(fresh: Sequence[HandIn], before: Collection[str], latest: Attempt) -> bool:
    """Return whether a file may have been handed in again, after the latest.

    fresh: what came now. before: the checksums of what had come. Without times, an old download may
    as well have been collected again.
    """
    now = latest.record
    later = [each for each in fresh if each.submitted > now.submitted]
    if any(each.sha256 != now.sha256 for each in later):
        return True
    came_now = {each.sha256 for each in fresh}
    untimed = {each.sha256 for each in fresh if not each.submitted}
    return now.sha256 not in came_now and not untimed.isdisjoint(before)


def _given_old_times(before: Sequence[HandIn], fresh: Sequence[Attempt]) -> list[str]:
    """List the times given to new files that those of before have."""
    known = {record.submitted for record in before}
    old = []
    for attempt in fresh:
        time = attempt.record.submitted if attempt.is_time_given else ""
        if time in known - {""}:
            old.append(time)
    return old


def _ungraded_before(into: Path, student: str, unit: str) -> HandIn | None:
    """Return the record of somebody who had handed in only files that cannot be graded."""
    folder = into / student / unit
    return None if file_in(folder, unit) else read_record(record_path(folder))


def _skipped_before(into: Path) -> set[str]:
    """Return the files that earlier runs skipped: those may be taken now, with --unit."""
    path = into / LIST
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    return {line.partition(": ")[0] for line in text.splitlines()}


def _retimed(before: Mapping[str, Attempt], fresh: Sequence[Attempt]) -> list[Retimed]:
    """List the files of before whose time was unknown, or differs from the one given now."""
    retimed = []
    for attempt in fresh:
        known = before.get(attempt.record.sha256)
        now = attempt.record.submitted
        if known and attempt.is_time_given and now and now != known.record.submitted:
            retimed.append(Retimed(known.record.submitted, now))
    return retimed


def _add(first_of: dict[str, Attempt], attempt: Attempt) -> None:
    """Add an attempt; if its file exists already, add only its time, if it is better.

    It is better if none was known. A given time, which no student can change, is better if it is
    the earlier one; a later one may be that of the same file submitted again. A platform's mark
    that it is late comes with the time.
    """
    sha256 = attempt.record.sha256
    known = first_of.get(sha256, attempt)
    submitted = known.record.submitted or attempt.record.submitted
    if attempt.is_time_given and attempt.record.submitted:
        submitted = min(submitted, attempt.record.submitted)
    is_its_time = bool(submitted) and submitted == attempt.record.submitted
    late = known.record.late or (is_its_time and attempt.record.late)
    record = msgspec.structs.replace(known.record, submitted=submitted, late=late)
    first_of[sha256] = replace(known, record=record)


def _numbered(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Number attempts in order, from 1.

    If a source says that an attempt is a later one, its number is the source's: the source did not
    contain those before it.
    """
    numbered = []
    last = 0
    for attempt in attempts:
        last = max(last + 1, attempt.record.attempt)
        record = msgspec.structs.replace(attempt.record, attempt=last)
        numbered.append(replace(attempt, record=record))
    return numbered


def _order(attempt: Attempt) -> tuple[str, int]:
    """Sort attempts by their time."""
    record = attempt.record
    return record.submitted, record.attempt


def attempts_in(into: Path, student: str, unit: str) -> list[Attempt]:
    """Read the attempts that an earlier run wrote, the latest last."""
    attempts = []
    for folder in attempt_folders(into, student, unit):
        attempt = _attempt_in(folder, student, unit)
        if attempt:
            attempts.append(attempt)
    return attempts


def attempt_folders(into: Path, student: str, unit: str) -> list[Path]:
    """List the possible folders of a student's attempts at a unit, the latest last."""
    earlier = into / student / EARLIER / unit
    folders = [path for path in earlier.glob("*") if path.is_dir()]
    folders.sort(key=lambda path: (len(path.name), path.name))  # 2 before 10
    return [*folders, into / student / unit]


def _attempt_in(folder: Path, student: str, unit: str) -> Attempt | None:
    """Read the attempt in a folder; None if there is none."""
    path = file_in(folder, unit)
    if path is None:
        return None
    record = read_record(record_path(folder)) or _put_by_hand(student, path)
    return Attempt(record, path.read_bytes(), path.suffix)


def file_in(folder: Path, unit: str) -> Path | None:
    """Return the script or notebook in the folder of an attempt; None if there is none."""
    for suffix in SUFFIXES:
        path = folder / f"{unit}{suffix}"
        if path.is_file():
            return path
    return None


def _put_by_hand(student: str, path: Path) -> HandIn:
    """Make the record of a file that a person, not `collect`, put there."""
    return HandIn(
        source="hand",
        student=student,
        submitted=utc_of_seconds(path.stat().st_mtime),
        sha256=digest(path.read_bytes()),
    )


def has_any(into: Path, student: str, unit: str = "") -> bool:
    """Say whether an earlier run has laid out anything of a student, or of their unit."""
    folder = into / folder_name(student)
    return any(folder.glob(f"{unit or '*'}.json"))


def lay_out(place: AttemptsAtUnit, into: Path) -> None:
    """Write the earlier attempts, then the latest where `grade` looks."""
    folder = into / place.student
    earlier = folder / EARLIER / place.unit
    *before, latest = place.attempts
    for attempt in before:
        number = str(attempt.record.attempt)
        _write_attempt(earlier / number, place.unit, attempt)
    _write_attempt(folder / place.unit, place.unit, latest)


def lay_out_ungraded(student: str, unit: str, record: HandIn, into: Path) -> None:
    """Record that a student submitted only ungradable files, unless a file of theirs exists.

    The unit's folder is empty, and its record lies beside it. A known time of the same file stays,
    if this run knows none.
    """
    if attempts_in(into, student, unit):
        return
    folder = into / student / unit
    before = _ungraded_before(into, student, unit)
    if before and before.file == record.file and not record.submitted:
        late = before.late or record.late
        record = msgspec.structs.replace(record, submitted=before.submitted, late=late)
    folder.mkdir(parents=True, exist_ok=True)
    content = msgspec.json.encode(record)
    replace_file(record_path(folder), msgspec.json.format(content, indent=1))


def add_to_list(into: Path, lines: Sequence[str]) -> None:
    """Append a run's skipped files to those of earlier runs."""
    if not lines:
        return
    path = into / LIST
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    text = "\n".join([f"# {now}", *lines, "", ""])
    replace_file(path, (before + text).encode("utf-8", "replace"))


def receipts(into: Path) -> list[tuple[str, ...]]:
    """List each file in a folder that `collect` wrote, with its time and checksum.

    The first row has the headings.
    """
    rows: list[tuple[str, ...]] = [RECEIPT]
    for path in sorted([*into.glob("*/*.json"), *into.glob(f"*/{EARLIER}/*/*.json")]):
        record = read_record(path)
        if record is None or not record.sha256:
            continue
        unit = path.parent.name if path.parent.parent.name == EARLIER else path.stem
        who = (record.student, record.name, record.email)
        what = (record.submitted, record.file, record.sha256)
        rows.append((*who, unit, str(record.attempt), *what))
    return rows


def _write_attempt(folder: Path, unit: str, attempt: Attempt) -> None:
    """Write an attempt's file and its record into a folder, replacing its content."""
    for suffix in SUFFIXES:
        if suffix != attempt.suffix:
            other = folder / f"{unit}{suffix}"
            other.unlink(missing_ok=True)
    path = folder / f"{unit}{attempt.suffix}"
    replace_file(path, attempt.content)
    record = msgspec.json.encode(attempt.record)
    replace_file(record_path(folder), msgspec.json.format(record, indent=1))
    if attempt.record.submitted:
        submitted = datetime.fromisoformat(attempt.record.submitted)
        seconds = submitted.astimezone(UTC).timestamp()
        os.utime(path, (seconds, seconds))
