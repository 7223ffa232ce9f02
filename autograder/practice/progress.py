"""How far a student has come: checks passed, hints given, and what was last seen.

It is kept in `.autograder.json` in the course's folder.
"""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec

from autograder.check import Failure
from autograder.course import Course, UnknownUnit
from autograder.grading.key_file import load_key
from autograder.grading.results import write_whole
from autograder.judging import Remark, Verdict
from autograder.sandbox.inside.cells import cells

FILE = ".autograder.json"
MOST_HINTS = 5  # for a check; after them it is time to ask somebody


class Progress(msgspec.Struct, frozen=True):
    """Of one unit: the names of checks that passed, how many hints were given for each, and what
    was last seen.

    at_hand: the check that a student works at, the first that failed when checks last ran.
    seen: by check, what it said when it last ran and did not pass.
    """

    passed: tuple[str, ...] = ()
    hints: dict[str, int] = {}
    at_hand: str = ""
    seen: dict[str, str] = {}


@cache
def outline(course: Course, unit: str) -> dict[str, bool]:
    """A unit's checks in order, each with whether it trains; read from the key, so that no package
    need be imported.
    """
    return {entry.split("@")[0]: "@" in entry for entry in load_key(course.key(unit))}


def _stored(course: Course) -> dict[str, Progress]:
    """What is kept of each unit worked on, the last one last."""
    try:
        return msgspec.json.decode((course.folder / FILE).read_bytes(), type=dict[str, Progress])
    except (OSError, msgspec.MsgspecError):  # not there, or spoilt by hand: begin anew
        return {}


def _store(course: Course, unit: str, progress: Progress) -> None:
    stored = _stored(course)
    stored.pop(unit, None)
    text = msgspec.json.format(msgspec.json.encode(stored | {unit: progress}), indent=1)
    write_whole(course.folder / FILE, text.decode())


def _of(course: Course, unit: str) -> Progress:
    return _stored(course).get(unit, Progress())


def to_do(course: Course, unit: str) -> list[str]:
    """The checks that have not passed, in order."""
    passed = _of(course, unit).passed
    return [name for name in outline(course, unit) if name not in passed]


def save_progress(course: Course, unit: str, folder: Path, verdicts: Sequence[Verdict]) -> None:
    """Note which checks pass now, if the file lies in the course's `assignments/`: elsewhere it may
    be another's.
    """
    if folder.resolve() != course.assignments:
        return
    now = {verdict.name: verdict.status == "passed" for verdict in verdicts}
    before, names = _of(course, unit), outline(course, unit)
    passed = tuple(name for name in names if now.get(name, name in before.passed))
    failed = [verdict for verdict in verdicts if verdict.status not in ("passed", "not_reached")]
    tried = [verdict.name for verdict in failed if verdict.failure != Failure.STUB]
    at_hand = next(iter(tried), before.at_hand if before.at_hand not in passed else "")
    seen = {name: words for name, words in before.seen.items() if name not in now}
    seen |= {verdict.name: _words(verdict) for verdict in failed if verdict.failure != Failure.STUB}
    _store(course, unit, Progress(passed, before.hints, at_hand, seen))


def _words(verdict: Verdict) -> str:
    """What a verdict says first: its arrays, the remark, and the first wrong number."""
    remark = next(iter(verdict.remarks), Remark(""))
    arrays = f"{', '.join(remark.arrays)}: " if remark.arrays else ""
    return f"{arrays}{remark.text} {remark.example}".strip()


def check_at_hand(course: Course, unit: str) -> str | None:
    """The check that a student works at: the one that failed last, or else the first to do; None
    where all pass.
    """
    left = to_do(course, unit)
    at_hand = _of(course, unit).at_hand
    return at_hand if at_hand in left else next(iter(left), None)


def last_seen(course: Course, unit: str, check: str) -> str:
    """What a check said when it last ran and did not pass; empty where it did, or has not run."""
    return _of(course, unit).seen.get(check, "")


def overview(course: Course) -> list[tuple[str, int, int]]:
    """Each unit with how many checks passed, of how many."""
    counts = [(unit, len(outline(course, unit))) for unit in course.units]
    return [(unit, of - len(to_do(course, unit)), of) for unit, of in counts]


def current_unit(course: Course) -> str:
    """The unit to go on with: the last one worked on, or else the first, that still has checks to
    pass.
    """
    last = [unit for unit in _stored(course) if unit in course.units][-1:]
    return next((unit for unit in [*last, *course.units] if to_do(course, unit)), course.units[-1])


def hint(course: Course, unit: str, check: str, source: bytes) -> str:
    """Give the next step of help with a check; after the last, all of them. Raises
    `UnknownUnit`.
    """
    checks = outline(course, unit)
    if check not in checks:
        raise UnknownUnit(
            f"There is no check `{check}` in {unit}. Known checks: {', '.join(checks)}."
        )
    helps = _helps(course, unit, check, source)
    if not helps:
        return f"There is no hint for `{check}`. Its text says what is asked for."
    before = _of(course, unit)
    asked = before.hints.get(check, 0)
    steps = [f"{number} of {len(helps)}: {text}" for number, text in enumerate(helps, 1)]
    if asked >= len(helps):
        return "\n".join([f"These were all the hints for `{check}`:", *steps])
    hints = before.hints | {check: asked + 1}
    _store(course, unit, msgspec.structs.replace(before, hints=hints))
    return steps[asked]


def _helps(course: Course, unit: str, check: str, source: bytes) -> list[str]:
    """The steps of help with a check: the folded hints of its exercise, then what people get wrong
    there.
    """
    if outline(course, unit)[check]:
        return [course.about.words.training_hint]
    told = last_seen(course, unit, check)
    slips = [
        f"A slip that people make here: {slip}"
        for slip in _slips(course, unit, check)
        if slip not in told
    ]
    return [*_folded(check, source), *slips][:MOST_HINTS]


def _folded(check: str, source: bytes) -> list[str]:
    """Summaries and texts of the `<details>` of the exercise above a check's line, in turn."""
    parts: list[str] = []
    for cell in cells(source):
        if cell.code and f'check("{check}")' in cell.text:
            return parts
        if not cell.code:
            _, exercise, text = re.sub("^# ?", "", cell.text, flags=re.M).rpartition("**Exercise**")
            found = re.findall(r"<summary>(.*?)</summary>(.*?)</details>", text, re.S)
            parts = ([] if exercise else parts) + [part.strip() for pair in found for part in pair]
    return []


def _slips(course: Course, unit: str, check: str) -> list[str]:
    """What the known mistakes say that this check sees and none before it."""
    seen, mine = set[str](), list[str]()
    for entry, known in load_key(course.key(unit)).items():
        mine += [
            mistake.text
            for mistake, _ in known.mistakes
            if entry == check and mistake.id not in seen
        ]
        seen |= {mistake.id for mistake, _ in known.mistakes}
    return list(dict.fromkeys(mine))
