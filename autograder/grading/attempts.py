"""Several hand-ins of one student at one unit: none replaces another.

`GRADES/<unit>/<student>.json` is the result of the latest. Those of earlier files are kept in
`GRADES/<unit>/earlier/<student>/`, each called by its file's checksum, so that a policy can count
the best one, and a file that comes back is not graded again.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.course import Course
from autograder.errors import UserError
from autograder.grading.hand_in import EARLIER, is_collected, read_record, record_of, record_path
from autograder.grading.results import (
    Result,
    digest,
    read_result,
    result_path,
    stored_results,
    write_result_to,
)
from autograder.grading.submissions import Submitted

EMPTY = digest(b"")  # of a file that could not be read: no attempt that could count


def with_records(course: Course, folder: Path, found: Sequence[Submitted]) -> list[Submitted]:
    """Add to submissions what `collect` noted of them, and the attempts before them that it
    kept.
    """
    if not is_collected(folder):
        return list(found)
    known = [
        replace(entry, record=record_of(folder, entry.path.parent)) if entry.path else entry
        for entry in found
    ]
    return [*(each for entry in known for each in _earlier(entry)), *known]


def _earlier(entry: Submitted) -> Iterable[Submitted]:
    """The attempts before a submission, as `collect` laid them out."""
    if not entry.path:
        return
    for attempt in sorted((entry.path.parents[1] / EARLIER / entry.unit).glob("*")):
        for suffix in (".py", ".ipynb"):
            if (path := attempt / f"{entry.unit}{suffix}").is_file():
                record = read_record(record_path(attempt))
                yield replace(entry, path=path, record=record, earlier=True)
                break


def earlier_path(out: Path, unit: str, student: str, sha256: str) -> Path:
    """Where the result of a file lies that is no longer a student's latest."""
    return out / unit / EARLIER / student / f"{sha256[:16]}.json"


@dataclass(frozen=True)
class Stored:
    """A result that was found for a submission, and whether it lies where the submission's is
    looked for.
    """

    result: Result | None
    in_place: bool


def stored_for(out: Path, entry: Submitted, sha256: str) -> Stored:
    """Find the result of a file, wherever it lies; of a changed file, that of the student's
    latest.
    """
    latest = read_result(result_path(out, entry.unit, entry.student))
    if latest and latest.sha256 == sha256:
        return Stored(latest, in_place=not entry.earlier)
    same = read_result(earlier_path(out, entry.unit, entry.student, sha256))
    if same and same.sha256 == sha256:
        return Stored(same, in_place=entry.earlier)
    return Stored(None if entry.earlier else latest, in_place=True)


def keep(out: Path, entry: Submitted, result: Result) -> None:
    """Write a result: of the latest hand-in where it is looked for, with the one before it put
    aside.

    Raises `CannotWrite`.
    """
    latest = result_path(out, entry.unit, entry.student)
    aside = earlier_path(out, entry.unit, entry.student, result.sha256)
    if entry.earlier:
        write_result_to(aside, result)
        return
    before = read_result(latest)
    if before and before.sha256 not in (result.sha256, EMPTY, ""):
        write_result_to(earlier_path(out, entry.unit, entry.student, before.sha256), before)
    write_result_to(latest, result)
    if aside.is_file():  # it is the latest again
        aside.unlink()


def earlier_results(out: Path) -> list[Result]:
    """The results of hand-ins that are not their student's latest, by unit, student and time."""
    found = [read_result(path) for path in sorted(out.glob(f"*/{EARLIER}/*/*.json"))]
    return sorted(filter(None, found), key=lambda r: (r.unit, r.student, r.submitted))


def all_attempts(out: Path) -> list[Result]:
    """The results of all hand-ins below a folder, as far as they can be compared."""
    latest = stored_results(out)
    return [*comparable(earlier_results(out), latest), *latest]


def comparable(earlier: Sequence[Result], latest: Sequence[Result]) -> list[Result]:
    """Earlier results without those of another kind than the student's latest: without training, or
    unconfined.
    """
    kinds = {(r.unit, r.student): kind(r) for r in latest}
    return [r for r in earlier if kinds.get((r.unit, r.student)) == kind(r)]


def kind(result: Result) -> tuple[bool, bool]:
    """How whole a result is: whether it left out training, and whether it was confined."""
    return result.provenance.quick, result.provenance.official


class WouldReplace(UserError):
    """Whole results lie where others would be written."""


def refuse_lesser(out: Path, units: Collection[str], quick: bool, unsafe: bool) -> None:
    """Refuse to write results without training, or unconfined, over whole ones. Raises
    `WouldReplace`.
    """
    there = [r for r in stored_results(out) if r.unit in units]
    for asked, option, what in (
        (quick, "--quick", [r for r in there if not r.provenance.quick]),
        (unsafe, "--unsafe", [r for r in there if r.provenance.official]),
    ):
        if asked and what:
            words = (
                f"{out} holds {len(what)} results that were graded without {option}, and they "
                "would be replaced."
            )
            raise WouldReplace(f"{words} Name another --out.")


class Mixed(UserError):
    """Results that cannot be compared would stand in one table."""


def refuse_mixed(results: Sequence[Result]) -> None:
    """Refuse results of a unit of which some left out training, or were not confined. Raises
    `Mixed`.
    """
    kinds: dict[str, dict[tuple[bool, bool], list[Result]]] = {}
    for result in results:
        kinds.setdefault(result.unit, {}).setdefault(kind(result), []).append(result)
    for unit, its in kinds.items():
        if len(its) > 1:
            counts = ", ".join(
                f"{len(some)} {kind_in_words(some[0]) or 'whole'}" for some in its.values()
            )
            raise Mixed(
                f"{unit}: {counts}. They cannot be compared: grade all in the same way, into one "
                "--out each."
            )


def kind_in_words(result: Result) -> str:
    """Say what a result is not: empty for one with all checks, graded confined."""
    quick, official = kind(result)
    words = ["without training"] if quick else []
    words += [] if official else ["not official"]
    return ", ".join(words)


def better_before(
    latest: Sequence[Result], earlier: Sequence[Result]
) -> list[tuple[Result, Result]]:
    """Pairs of a student's latest result and the best earlier one, where that has more points."""
    best: dict[tuple[str, str], Result] = {}
    for result in earlier:
        place = (result.unit, result.student)
        if place not in best or result.score > best[place].score:
            best[place] = result
    pairs = [(now, best.get((now.unit, now.student))) for now in latest]
    return [
        (now, was) for now, was in pairs if was and kind(was) == kind(now) and was.score > now.score
    ]
