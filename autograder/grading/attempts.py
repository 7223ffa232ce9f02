"""Several submissions of one student to one unit: none replaces another.

`GRADES/<unit>/<student>.json` is the result of the latest. Those of earlier files are kept in
`GRADES/<unit>/earlier/<student>/`, each named by its file's checksum, so that a policy can count
the best one, and a file that is submitted again is not graded again.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from autograder.course import Course
from autograder.errors import UserError, visible
from autograder.grading.hand_in import (
    EARLIER,
    HandIn,
    is_collected,
    read_record,
    record_of,
    record_path,
)
from autograder.grading.results import (
    Result,
    read_result,
    result_path,
    run_facts,
    stored_results,
    write_result_to,
)
from autograder.grading.submissions import Submitted


def with_records(course: Course, folder: Path, found: Sequence[Submitted]) -> list[Submitted]:
    """Add the records of `collect` to submissions, and put the earlier attempts before them.

    Raises `OneNumberTwice`.
    """
    if not is_collected(folder):
        return list(found)
    earlier: list[Submitted] = []
    latest: list[Submitted] = []
    for entry in found:
        if entry.path is None:
            latest.append(_without_a_file(entry, folder))
            continue
        unit_folder = entry.path.parent
        record = record_of(folder, unit_folder)
        latest.append(replace(entry, record=record))
        earlier.extend(_earlier(entry, unit_folder.parent))
    refuse_one_number_twice([_numbered_submission(entry) for entry in latest])
    return [*earlier, *latest]


class OneNumberTwice(UserError):
    """Two names in one unit have the same number on a platform, so they are one student."""


# platforms whose download gives each student a number, and where each has another name
NUMBERED = {"canvas": "Canvas", "moodle": "Moodle"}


class Numbered(NamedTuple):
    """The name of a unit's submission, and the record of its student."""

    unit: str
    name: str
    record: HandIn | None


def _numbered_submission(entry: Submitted) -> Numbered:
    return Numbered(entry.unit, entry.known_as or entry.student, entry.record)


def refuse_results_of_one_number(
    results: Iterable[Result], found: Iterable[Submitted] = ()
) -> None:
    """Refuse results of one student under two names, whose points would count twice.

    found: submissions to be graded beside these results.
    Raises `OneNumberTwice`.
    """
    numbered = [Numbered(one.unit, one.lms_name, one.hand_in) for one in results]
    numbered += [_numbered_submission(entry) for entry in found]
    refuse_one_number_twice(numbered)


def refuse_one_number_twice(numbered: Iterable[Numbered]) -> None:
    """Refuse two names with the same number in one unit. Raises `OneNumberTwice`."""
    first: dict[tuple[str, str, str], str] = {}
    twice = []
    for unit, name, record in numbered:
        if record is None or record.source not in NUMBERED or not record.id:
            continue
        before = first.setdefault((unit, record.source, record.id), name)
        if before != name:
            platform = NUMBERED[record.source]
            both = " and ".join(sorted((before, name)))
            twice.append(f"  {unit}: {both}, number {record.id} of {platform}")
    if not twice:
        return
    lines = [
        "One student stands here under two names, and would count twice:",
        *dict.fromkeys(visible(line) for line in twice),
        "If the submissions have a folder for both names, run `collect` again with --roster and "
        "the table of the class from the same assignment: it moves both into one folder.",
        "If they have a folder for one name only, run `autograder grade` again: it moves the "
        "results of the other name, and the points by hand.",
        "If neither helps, delete the results of one name below the folder of results, and write "
        "the other name in adjustments.toml there.",
    ]
    raise OneNumberTwice("\n".join(lines))


def _without_a_file(entry: Submitted, folder: Path) -> Submitted:
    """Add the record of a submission without a gradable file."""
    student = entry.known_as or entry.student
    record = record_of(folder, folder / student / entry.unit)
    if record is None or not record.file:
        return entry
    name = record.file.rpartition("/")[2]
    why = f": {record.why}" if record.why else ""
    unit = entry.unit
    note = (
        f"the submission, {name}, cannot be graded{why}. Submit {unit}.py or {unit}.ipynb itself."
    )
    return replace(entry, record=record, note=note)


def _earlier(entry: Submitted, student_folder: Path) -> Iterable[Submitted]:
    """Yield the attempts before a submission, as `collect` laid them out."""
    attempts = student_folder / EARLIER / entry.unit
    for attempt in sorted(attempts.glob("*")):
        path = _file_of(attempt, entry.unit)
        if path:
            record = read_record(record_path(attempt))
            yield replace(entry, path=path, record=record, earlier=True)


def _file_of(attempt: Path, unit: str) -> Path | None:
    """Return a unit's script or notebook in the folder of an attempt; None if there is none."""
    for suffix in (".py", ".ipynb"):
        path = attempt / f"{unit}{suffix}"
        if path.is_file():
            return path
    return None


def earlier_path(out: Path, unit: str, student: str, sha256: str) -> Path:
    """Return the path of a result whose file is no longer a student's latest."""
    name = f"{sha256[:16]}.json"
    return out / unit / EARLIER / student / name


@dataclass(frozen=True)
class Stored:
    """A stored result for a submission.

    in_place: whether it lies at the submission's usual path.
    """

    result: Result | None
    in_place: bool


def stored_for(out: Path, entry: Submitted, sha256: str) -> Stored:
    """Find the result of a file, wherever it lies; for a changed file, the student's latest one."""
    latest_path = result_path(out, entry.unit, entry.student)
    latest = read_result(latest_path)
    if latest and latest.sha256 == sha256:
        return Stored(latest, in_place=not entry.earlier)
    same_path = earlier_path(out, entry.unit, entry.student, sha256)
    same = read_result(same_path)
    if same and same.sha256 == sha256:
        return Stored(same, in_place=entry.earlier)
    if entry.earlier:
        return Stored(None, in_place=True)
    return Stored(latest, in_place=True)


def keep(out: Path, entry: Submitted, result: Result) -> None:
    """Write a result: the latest submission's at the usual path, moving the previous one away.

    One of an earlier submission that is incomplete is not written: it is graded again.
    Raises `CannotWrite`.
    """
    latest = result_path(out, entry.unit, entry.student)
    aside = earlier_path(out, entry.unit, entry.student, result.sha256)
    if entry.earlier:
        if result.sha256:
            write_result_to(aside, result)
        return
    before = read_result(latest)
    if before and before.checksum not in (result.sha256, ""):
        before_aside = earlier_path(out, entry.unit, entry.student, before.sha256)
        if not before_aside.is_file():  # as that submission's own result, which may know its time
            write_result_to(before_aside, before)
    write_result_to(latest, result)
    if aside.is_file():  # it is the latest again
        aside.unlink()


def earlier_results(out: Path) -> list[Result]:
    """Read the results of submissions that are not their student's latest, in order of time."""
    found = []
    paths = out.glob(f"*/{EARLIER}/*/*.json")
    for path in sorted(paths):
        result = read_result(path)
        if result and result.sha256:  # an earlier version kept incomplete ones, too
            found.append(result)
    return sorted(found, key=lambda result: (*result.place, result.submitted))


def of_another_unit_now(out: Path, submitted: Path) -> list[Path]:
    """List results of files that a collected folder now has as another unit's of the student.

    out: the folder of results. submitted: that of the submissions.
    """
    stored = {result_path(out, one.unit, one.student): one for one in stored_results(out)}
    for one in earlier_results(out):
        stored[earlier_path(out, one.unit, one.student, one.sha256)] = one
    collected = _collected(submitted)
    left = []
    for path, result in stored.items():
        by_unit = collected.get(result.lms_name, {})
        units = {unit for unit, sums in by_unit.items() if result.sha256 in sums}
        if units and result.unit not in units:
            left.append(path)
    return left


def without_file_now(
    out: Path, submitted: Path, there: Collection[tuple[str, str]]
) -> dict[Path, Result]:
    """Return the results of a unit whose files are no longer in a collected folder, by path.

    out: the folder of results. there: the student and the unit of each file in `submitted`. If it
    lacks half of a unit's or more, it is a part of the class, as a section is.
    """
    gone: dict[Path, Result] = {}
    if not is_collected(submitted):
        return gone
    stored = [one for one in stored_results(out) if one.sha256]
    for unit in sorted({unit for _, unit in there}):
        of_unit = [one for one in stored if one.unit == unit]
        lacking = [one for one in of_unit if (one.student, unit) not in there]
        if 2 * len(lacking) < len(of_unit):
            gone |= {result_path(out, unit, one.student): one for one in lacking}
    return gone


def not_graded_yet(out: Path) -> list[str]:
    """List the students' files that were collected after the class was graded into a folder.

    Only units with results count. Nothing is listed if the submissions were not collected, or lie
    elsewhere now, or cannot be read.
    """
    graded: dict[tuple[str, str], set[str]] = {}
    for result in (*stored_results(out), *earlier_results(out)):
        sums = graded.setdefault((result.lms_name, result.unit), set())
        sums.add(result.sha256)
        if result.hand_in and result.sha256:  # of a blank file, this one differs
            sums.add(result.hand_in.sha256)
    units = {unit for _, unit in graded}
    submitted = Path(run_facts(out).get("submitted", ""))
    try:
        collected = _collected(submitted) if submitted.is_absolute() else {}
    except OSError:
        return []
    waiting = []
    for student, by_unit in sorted(collected.items()):
        for unit in sorted(units.intersection(by_unit)):
            if by_unit[unit] - graded.get((student, unit), set()):
                waiting.append(f"{student}, {unit}")
    return waiting


def _collected(submitted: Path) -> dict[str, dict[str, set[str]]]:
    """Return the checksums of all files that `collect` put into a folder: by student, by unit."""
    found: dict[str, dict[str, set[str]]] = {}
    if not is_collected(submitted):
        return found
    attempts = [(path.parent.name, path.stem, path) for path in submitted.glob("*/*.json")]
    for path in submitted.glob(f"*/{EARLIER}/*/*.json"):
        attempts.append((path.parents[2].name, path.parent.name, path))
    for student, unit, path in attempts:
        record = read_record(path)
        if record and record.sha256:
            by_unit = found.setdefault(student, {})
            by_unit.setdefault(unit, set()).add(record.sha256)
    return found


def all_attempts(out: Path) -> list[Result]:
    """Read the results of all submissions below a folder, as far as they can be compared."""
    latest = stored_results(out)
    earlier = comparable(earlier_results(out), latest)
    return [*earlier, *latest]


def comparable(earlier: Sequence[Result], latest: Sequence[Result]) -> list[Result]:
    """Leave out earlier results that are less whole than the student's latest."""
    kinds = {result.place: kind(result) for result in latest}
    found = []
    for result in earlier:
        if kinds.get(result.place) == kind(result):
            found.append(result)
    return found


class Wholeness(NamedTuple):
    """How whole a result is: whether it left out training, and whether it was confined."""

    quick: bool
    official: bool


def kind(result: Result) -> Wholeness:
    """Say how whole a result is."""
    made_by = result.provenance
    return Wholeness(made_by.quick, made_by.official)


class WouldReplace(UserError):
    """Whole results exist where lesser ones would be written."""


def refuse_lesser(
    out: Path, units: Collection[str], quick: bool, unsafe: bool, public_seed: int | None = None
) -> None:
    """Refuse to write results without training, unconfined or on the public seed over whole ones.

    public_seed: the seed of this run, if it is the one that students know. Raises `WouldReplace`.
    """
    without_quick = 0
    without_unsafe = 0
    on_a_secret_seed = 0
    for result in stored_results(out):
        if units and result.unit not in units:
            continue
        if not result.provenance.quick:
            without_quick += 1
        if result.provenance.official:
            without_unsafe += 1
        if result.provenance.seed != public_seed:
            on_a_secret_seed += 1
    if quick and without_quick:
        raise _would_replace(out, without_quick, "--quick")
    if unsafe and without_unsafe:
        raise _would_replace(out, without_unsafe, "--unsafe")
    if public_seed is not None and on_a_secret_seed:
        raise _would_replace(out, on_a_secret_seed, f"the public seed, --seed {public_seed}")


def _would_replace(out: Path, whole: int, option: str) -> WouldReplace:
    return WouldReplace(
        f"{out} holds {whole} results that were graded without {option}, and they would be "
        "replaced. Name another --out."
    )


class Mixed(UserError):
    """Results that cannot be compared would appear in one table."""


def refuse_mixed(results: Sequence[Result]) -> None:
    """Refuse results of a unit if only some are whole. Raises `Mixed`."""
    by_unit: dict[str, Counter[str]] = {}
    for result in results:
        counts = by_unit.setdefault(result.unit, Counter())
        counts[kind_in_words(result) or "whole"] += 1
    for unit, counts in by_unit.items():
        if len(counts) > 1:
            told = [f"{number} {words}" for words, number in counts.items()]
            raise Mixed(
                f"{unit}: {', '.join(told)}. They cannot be compared: grade all in the same way, "
                "into one --out each."
            )


def refuse_two_platforms(results: Sequence[Result]) -> None:
    """Refuse results of files from two platforms that share no student: each may be two.

    Raises `Mixed`.
    """
    students: dict[str, set[str]] = {}
    for result in results:
        if result.hand_in and result.hand_in.source in NUMBERED:
            of_platform = students.setdefault(NUMBERED[result.hand_in.source], set())
            of_platform.add(result.lms_name)
    if len(students) > 1 and not set.intersection(*students.values()):
        told = [f"{len(who)} of {platform}" for platform, who in sorted(students.items())]
        raise Mixed(
            f"These are results of students of two platforms: {', '.join(told)}. Nobody has the "
            "same name on both, so a person could have two rows. Export the results of each "
            "platform by themselves."
        )


def kind_in_words(result: Result) -> str:
    """Say how a result is incomplete: empty for one with all checks, graded confined."""
    words = []
    if result.provenance.quick:
        words.append("without training")
    if not result.provenance.official:
        words.append("not official")
    return ", ".join(words)


def better_before(
    latest: Sequence[Result], earlier: Sequence[Result]
) -> list[tuple[Result, Result]]:
    """Pair a student's latest result with the best earlier one, if that has more points."""
    best: dict[tuple[str, str], Result] = {}
    for result in earlier:
        before = best.get(result.place)
        if before is None or result.score > before.score:
            best[result.place] = result
    pairs = []
    for now in latest:
        before = best.get(now.place)
        if before and before.score > now.score and kind(before) == kind(now):
            pairs.append((now, before))
    return pairs
