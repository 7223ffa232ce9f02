"""A student's progress: checks passed, hints given, and the last feedback.

It is stored in `.autograder.json` in the course's folder.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import msgspec
import numpy as np

from autograder.check import Answer, Failure, is_text
from autograder.course import Course, UnknownUnit
from autograder.errors import UserError
from autograder.finding import FindingKind
from autograder.grading.key_file import load_key
from autograder.grading.results import CannotWrite, held_alone, read_patiently, write_whole
from autograder.judging import Remark, Verdict
from autograder.report.terminal import in_one_line
from autograder.sandbox.inside.cells import cells

FILE = ".autograder.json"
LOCK = ".autograder.lock"  # held while the file is read and rewritten
_COMMENT = re.compile("^# ?", re.M)  # before each line of text in a script
_DETAILS = re.compile(r"<summary>(.*?)</summary>(.*?)</details>", re.S)
MOST_HINTS = 5  # for a check whose exercise does not have more


class Progress(msgspec.Struct, frozen=True):
    """A student's progress in one unit.

    passed: the names of checks that passed.
    hints: by check, the number of hints given.
    at_hand: the check that a student works on, the first that failed in the last run.
    seen: by check, the feedback of its last failed run.
    named: by check, the known mistakes that this feedback named, in their author's words.
    wrong: by check, the arrays that were wrong then, if it ran to its end.
    slips: by check, the small change of the student's own file with which it passes, in words,
    until a hint has said it.
    """

    passed: tuple[str, ...] = ()
    hints: dict[str, int] = {}
    at_hand: str = ""
    seen: dict[str, str] = {}
    named: dict[str, tuple[str, ...]] = {}
    wrong: dict[str, tuple[str, ...]] = {}
    slips: dict[str, str] = {}


@cache
def outline(course: Course, unit: str) -> dict[str, bool]:
    """Return a unit's checks in order, each with whether it trains.

    They are read from the key, so that no package need be imported.
    """
    checks = {}
    for entry in load_key(course.key(unit)):  # of a check that trains: `NAME@CORPUS`
        name, at, _ = entry.partition("@")
        checks[name] = bool(at)
    return checks


class CannotRead(UserError):
    """The file of progress exists, and cannot be read."""


Change = Callable[[Progress], Progress]


@dataclass
class _Known:
    """This process's copy of a file of progress, for times when it cannot be accessed.

    read: its content, by unit; None before the first reading. not_written: changes that could not
    be written, by unit; another command may have written there since.
    """

    read: dict[str, Progress] | None = None
    not_written: list[tuple[str, Change]] = field(default_factory=list)


@cache
def _known(path: Path) -> _Known:
    return _Known()


def _stored(course: Course) -> dict[str, Progress]:
    """Return the progress of each unit worked on, the last one last. Raises `CannotRead`."""
    path = course.folder / FILE
    known = _known(path)
    try:
        known.read = _read_in_turn(path)
    except CannotRead:
        if known.read is None:
            raise
    return _changed(known.read, known.not_written)


def _changed(
    stored: dict[str, Progress], changes: Sequence[tuple[str, Change]]
) -> dict[str, Progress]:
    """Return the progress after some changes, the last changed unit last."""
    after = stored.copy()
    for unit, change in changes:
        before = after.pop(unit, Progress())
        after[unit] = change(before)
    return after


def _read_in_turn(path: Path) -> dict[str, Progress]:
    """Read a file of progress while no other process writes it. Raises `CannotRead`.

    On Windows the file is missing for a moment while a new one replaces it.
    """
    try:
        with held_alone(path.with_name(LOCK)):
            return _read(path)
    except CannotWrite:  # the folder is read-only, so no process writes there
        return _read(path)


def _read(path: Path) -> dict[str, Progress]:
    """Read a file of progress, waiting for another program. Raises `CannotRead`."""
    try:
        content = read_patiently(path)
        return msgspec.json.decode(content, type=dict[str, Progress])
    except (FileNotFoundError, msgspec.MsgspecError):  # missing, or damaged by hand: start again
        return {}
    except OSError as error:
        raise CannotRead(
            f"{path} cannot be read: {error.strerror}. Close the program that has it open."
        ) from error


def _change(course: Course, unit: str, change: Change) -> str:
    """Change a unit's progress. Return "", or a warning if it cannot be written.

    In that case it is written the next time. Changes by another command stay: nobody else writes
    between our reading and our writing. A file that cannot be read now is not replaced, because it
    holds the progress of other units.
    """
    path = course.folder / FILE
    known = _known(path)
    known.not_written.append((unit, change))
    try:
        with held_alone(course.folder / LOCK):
            after = _changed(_read(path), known.not_written)
            in_one_line = msgspec.json.encode(after)
            text = msgspec.json.format(in_one_line, indent=1)
            write_whole(path, text.decode())
    except (CannotRead, CannotWrite) as error:
        return f"Your progress is not saved: {error}"
    known.not_written.clear()
    return ""


def _of(course: Course, unit: str) -> Progress:
    stored = _stored(course)
    return stored.get(unit, Progress())


def to_do(course: Course, unit: str) -> list[str]:
    """Return the checks that have not passed, in order."""
    passed = _of(course, unit).passed
    return _left(course, unit, passed)


def _left(course: Course, unit: str, passed: Collection[str]) -> list[str]:
    """Return the checks of a unit that are not among those that passed, in order."""
    left = []
    for name in outline(course, unit):
        if name not in passed:
            left.append(name)
    return left


def save_progress(course: Course, unit: str, folder: Path, verdicts: Sequence[Verdict]) -> str:
    """Record which checks pass now, if the file lies in the course's `assignments/`.

    A file elsewhere may be another's. Return "", or a warning if nothing can be recorded.
    folder: the file's.
    """
    if folder.resolve() != course.assignments:
        return ""
    tried = [verdict for verdict in verdicts if _was_tried_in_vain(verdict)]

    def note(before: Progress) -> Progress:
        passed = _passed_now(course, unit, before, verdicts)
        at_hand = "" if before.at_hand in passed else before.at_hand
        if tried:
            at_hand = tried[0].name
        seen = before.seen.copy()
        named = before.named.copy()
        wrong = before.wrong.copy()
        slips = before.slips.copy()
        for verdict in verdicts:
            seen.pop(verdict.name, None)
            named.pop(verdict.name, None)
            wrong.pop(verdict.name, None)
            slips.pop(verdict.name, None)
        for verdict in tried:
            seen[verdict.name] = _message(verdict)
            named[verdict.name] = _mistakes(verdict)
            if not verdict.failure:
                wrong[verdict.name] = _arrays(verdict)
        return Progress(
            passed=passed,
            hints=before.hints,
            at_hand=at_hand,
            seen=seen,
            named=named,
            wrong=wrong,
            slips=slips,
        )

    return _change(course, unit, note)


def keep_slip(course: Course, unit: str, folder: Path, check: str, words: str) -> str:
    """Store the beginning of a check's next hint, if the file lies in `assignments/`.

    A file elsewhere may be another's. Return "", or a warning if it is lost.
    folder: the file's. words: of the small change with which the check passes.
    """
    if folder.resolve() != course.assignments:
        return ""

    def keep(before: Progress) -> Progress:
        return msgspec.structs.replace(before, slips=before.slips | {check: words})

    return _change(course, unit, keep)


def _was_tried_in_vain(verdict: Verdict) -> bool:
    """Return whether a check ran on a written exercise, and failed."""
    if verdict.is_done or verdict.status == "not_reached":
        return False
    return verdict.failure != Failure.STUB


def _passed_now(
    course: Course, unit: str, before: Progress, verdicts: Sequence[Verdict]
) -> tuple[str, ...]:
    """Return the checks that passed now, or before if they did not run, in the unit's order."""
    passed = set(before.passed)
    for verdict in verdicts:
        if verdict.is_done:
            passed.add(verdict.name)
        else:
            passed.discard(verdict.name)
    in_order = outline(course, unit)
    return tuple(name for name in in_order if name in passed)


def _message(verdict: Verdict) -> str:
    """Return a remark, its arrays, and the first wrong number.

    It is the first remark, or one with a small change that was found.
    """
    if not verdict.remarks:
        return ""
    remark, *_ = sorted(verdict.remarks, key=_says_little)
    message = f"{in_one_line(remark)} {remark.example}"
    return message.strip()


def _says_little(remark: Remark) -> int:
    """Return 0 for a small change that was found, and 2 for a word on an earlier error."""
    finding = remark.finding
    if finding and finding.mending:
        return 0
    return 2 if finding and finding.kind in CARRIED else 1


CARRIED = (FindingKind.CARRIED, FindingKind.CARRIED_IN_PART)


def _mistakes(verdict: Verdict) -> tuple[str, ...]:
    """Return the known mistakes that remarks name, in their author's words."""
    mistakes: list[str] = []
    for remark in verdict.remarks:
        mistakes.extend(remark.mistakes)
    return tuple(mistakes)


def _arrays(verdict: Verdict) -> tuple[str, ...]:
    """Return the arrays of remarks."""
    arrays: list[str] = []
    for remark in verdict.remarks:
        arrays.extend(remark.arrays)
    return tuple(arrays)


def check_at_hand(course: Course, unit: str) -> str | None:
    """Return the check that a student works on; None if all pass.

    It is the one that failed last, or else the first that has not passed.
    """
    left = to_do(course, unit)
    at_hand = _of(course, unit).at_hand
    if at_hand in left:
        return at_hand
    return left[0] if left else None


def last_seen(course: Course, unit: str, check: str) -> str:
    """Return a check's last feedback, "" if it passed then or has not run.

    It is forgotten then, until the check runs again: repeating it once is enough.
    """
    seen = _of(course, unit).seen.get(check, "")
    if seen:
        _change(course, unit, partial(_without_seen, check=check))
    return seen


def _without_seen(before: Progress, check: str) -> Progress:
    seen = before.seen.copy()
    seen.pop(check, None)
    return msgspec.structs.replace(before, seen=seen)


def overview(course: Course) -> list[tuple[str, int, int]]:
    """Return each unit with the number of passed checks, and of all."""
    stored = _stored(course)
    units = []
    for unit in course.units:
        progress = stored.get(unit, Progress())
        count = len(outline(course, unit))
        left = len(_left(course, unit, progress.passed))
        units.append((unit, count - left, count))
    return units


def current_unit(course: Course) -> str:
    """Return the unit to go on with.

    It is the last one worked on, if it still has checks to pass, or else the first such unit.
    """
    units = course.units
    worked_on = [unit for unit in _stored(course) if unit in units]
    last_worked_on = worked_on[-1:]
    for unit in (*last_worked_on, *units):
        if to_do(course, unit):
            return unit
    return units[-1]


WITHOUT_HELP = "If they do not help, read the exercise again, or ask your tutor if you have one."


def hint(course: Course, unit: str, check: str, source: bytes) -> str:
    """Return the next step of help with a check; after the last, all of them.

    source: of the script or notebook.
    Raises `UnknownUnit`.
    """
    checks = outline(course, unit)
    if check not in checks:
        known = ", ".join(checks)
        raise UnknownUnit(f"There is no check `{check}` in {unit}. Known checks: {known}.")
    before = _of(course, unit)
    words = before.slips.get(check)
    if words:
        warning = _change(course, unit, partial(_without_slip, check=check))
        return f"in your own code: {words}\n{warning}".rstrip()
    helps = helps_with(course, unit, check, source)
    if not helps:
        return f"There is no hint for `{check}`. Read the text of its exercise again."
    count = len(helps)
    steps = []
    for number, text in enumerate(helps, 1):
        steps.append(f"{number} of {count}: {text}")
    asked = before.hints.get(check, 0)
    if asked >= count:
        heading = f"These are all the hints for `{check}` again:"
        return "\n".join([heading, *steps, WITHOUT_HELP])
    warning = _change(course, unit, partial(_with_a_hint_more, check=check))
    return f"{steps[asked]}\n{warning}".rstrip()


def _without_slip(before: Progress, check: str) -> Progress:
    slips = before.slips.copy()
    slips.pop(check, None)
    return msgspec.structs.replace(before, slips=slips)


def _with_a_hint_more(before: Progress, check: str) -> Progress:
    asked = before.hints.get(check, 0)
    return msgspec.structs.replace(before, hints=before.hints | {check: asked + 1})


def helps_with(course: Course, unit: str, check: str, source: bytes) -> list[str]:
    """Return the steps of help with a check.

    First come the folded hints of its exercise, then common mistakes, unless the check has just
    named one.
    """
    trains = outline(course, unit)[check]
    if trains:
        return [course.about.words.training_hint]
    folded = _folded(check, source)
    named = _of(course, unit).named.get(check, ())
    slips = []
    for slip in slips_that_may_be_made(course, unit, check):
        if slip not in named:
            slips.append(f"A common mistake here: {slip}")
    left_for_slips = max(1, MOST_HINTS - len(folded))  # no question stays without its answer
    return folded + slips[:left_for_slips]


def _folded(check: str, source: bytes) -> list[str]:
    """Return the folded hints of the exercise above a check's line: summaries and texts in turn."""
    hints: list[str] = []
    for cell in cells(source):
        if cell.code and f'check("{check}")' in cell.text:
            return hints
        if not cell.code:
            text = _COMMENT.sub("", cell.text)
            _, exercise, text = text.rpartition("**Exercise**")
            if exercise:
                hints = []
            for summary, below in _DETAILS.findall(text):
                hints.append(_as_question(summary.strip()))
                hints.append(below.strip())
    return []


def _as_question(summary: str) -> str:
    """Return a hint's summary; one that describes a symptom asks whether the reader sees it."""
    return summary if summary.endswith("?") else f'Do you see this? "{summary}"'


def slips_that_may_be_made(course: Course, unit: str, check: str) -> list[str]:
    """Return the descriptions of the known mistakes that may have been made.

    This check shows them and no earlier one does, no passed check would have shown them, and what
    was right in the last run does not rule them out.
    """
    key = load_key(course.key(unit))
    progress = _of(course, unit)
    passed = [key[name] for name in progress.passed if name in key]
    wrong = progress.wrong.get(check)
    seen_before = set()
    slips: list[str] = []
    for entry, known in key.items():
        for mistake, mistaken in known.mistakes:
            if entry != check:
                seen_before.add(mistake.id)
                continue
            if mistake.id in seen_before or mistake.text in slips:
                continue
            if any(other.spoilt_by(mistake) for other in passed):
                continue
            if wrong and _is_excluded(known.expected, mistaken, wrong):
                continue
            slips.append(mistake.text)
        if entry == check:
            break
    return slips


def _is_excluded(expected: Answer, mistaken: Answer, wrong: Sequence[str]) -> bool:
    """Return whether a mistake would have ended the check, or changed an array that is right.

    wrong: the arrays that are not right.
    """
    if mistaken.failure:
        return True
    for name, want in expected.arrays.items():
        if name not in wrong and _differ(want, mistaken.arrays.get(name)):
            return True
    return False


def _differ(want: np.ndarray, got: np.ndarray | None) -> bool:
    """Return whether an array clearly differs from another."""
    if got is None or want.shape != got.shape:
        return True
    if is_text(want) or is_text(got):
        return not np.array_equal(want, got)
    return not np.allclose(want, got, rtol=CLEARLY, atol=CLEARLY, equal_nan=True)


CLEARLY = 1e-2  # a smaller difference may count as right
