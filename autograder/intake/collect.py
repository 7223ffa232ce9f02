"""Lays out what a source holds as `grade` reads it, with records beside files; nothing is lost.

First everything is planned; `--dry-run` ends there. Attempts that are there already are kept: the
latest lies where `grade` looks, the others in `earlier/`.
"""

import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath

import msgspec

from autograder.course import Course
from autograder.grading.hand_in import EARLIER, MARK, HandIn, is_collected, read_record, record_path
from autograder.grading.results import CannotWrite, digest
from autograder.grading.roster import FILE as ROSTER
from autograder.grading.roster import Roster, Student, merged, roster_beside
from autograder.intake.found import Found, Source
from autograder.intake.items import CannotCollect, Contents, Left, content_of, listed, shown
from autograder.intake.sources import recognize
from autograder.intake.units import is_script, unit_named, unit_within

LONGEST = 100  # bytes of a folder's name
SUFFIXES = (".py", ".ipynb")


@dataclass(frozen=True)
class Attempt:
    """One hand-in's record and bytes."""

    record: HandIn
    content: bytes
    suffix: str


@dataclass(frozen=True)
class Place:
    """All attempts of a student at a unit, by time, the latest last.

    fresh: how many were not there before.
    """

    student: str
    unit: str
    attempts: Sequence[Attempt]
    fresh: int

    @property
    def latest(self) -> HandIn:
        """The record of the attempt that `grade` finds first."""
        return self.attempts[-1].record


@dataclass
class Plan:
    """What collecting would do.

    places: what is written. left: what is not taken. unknown: who is in no roster. missing: who is
    in the roster and handed in nothing.
    """

    source: Source
    places: list[Place] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    missing: list[Student] = field(default_factory=list)
    roster: Roster | None = None


@dataclass(frozen=True)
class Wish:
    """What a person asks for.

    into: where to. unit, kind: of which unit and kind the source is, where it does not say.
    """

    into: Path
    unit: str = ""
    kind: str = ""


def plan(course: Course, contents: Contents, wish: Wish, roster: Roster | None = None) -> Plan:
    """Plan what becomes of each file of a source.

    Raises `CannotCollect` where nothing in it is a hand-in.
    """
    _refuse_foreign(wish.into)
    source, items = recognize(
        contents.items, lambda name: bool(unit_named(course, name)), wish.kind, contents.zipped
    )
    whole = _as_folders(merged(roster_beside(wish.into), roster))
    made = Plan(source, left=list(contents.left), roster=whole)
    naming = _Naming(wish.into, source.name, whole)
    candidates: dict[tuple[str, str], list[_Candidate]] = {}
    for found in source.read(items, contents.name):
        one = found if isinstance(found, Left) else _candidate(course, wish, naming, found)
        if isinstance(one, Left):
            made.left.append(one)
        else:
            candidates.setdefault((one.student, one.unit), []).append(one)
    for (student, unit), those in sorted(candidates.items()):
        fresh, beside = _one_of_each(course, those, source)
        made.left += beside
        if fresh:
            made.places.append(_with_those_before(wish.into, student, unit, fresh))
    if not made.places:
        raise CannotCollect(_nothing(made))
    made.unknown = sorted(naming.unknown)
    if whole:
        made.missing = _missing(whole, made.places, wish.into)
    return made


def _missing(roster: Roster, places: Sequence[Place], into: Path) -> list[Student]:
    """Return who has handed in nothing, now or before."""
    without = roster.without(place.student for place in places)
    return [each for each in without if not _has_any(into, each.student)]


def _as_folders(roster: Roster | None) -> Roster | None:
    """Return the roster with each student called as their folder."""
    if roster is None:
        return None
    return Roster(
        replace(each, student=folder_name(each.student)) for each in roster.students.values()
    )


def _refuse_foreign(into: Path) -> None:
    if into.exists() and not into.is_dir():
        raise CannotCollect(f"{into} is a file. Name a folder.")
    if into.is_dir() and any(into.iterdir()) and not is_collected(into):
        raise CannotCollect(f"{into} holds files that `collect` did not write. Name a new folder.")


def _unit_of(course: Course, found: Found) -> str:
    """Return the unit by the file's name, else by a folder's, else by what the source says."""
    folders = found.item.parts[1:-1]
    for name in (PurePath(found.name).stem, *reversed(folders)):
        unit = unit_named(course, name)
        if unit:
            return unit
    return unit_within(course, [found.hint])


def _no_unit(course: Course) -> str:
    short = ", ".join(course.short(unit) for unit in course.units)
    return f"its name says of no unit ({short}). With --unit UNIT all files are of that one"


def _nothing(made: Plan) -> str:
    looked = "\n".join(f"  {shown(each.place)}: {each.why}" for each in made.left[:5])
    return f"Nothing in it is a hand-in, read as {made.source.title}.\n{looked}".rstrip()


@dataclass(frozen=True)
class _Candidate:
    found: Found
    student: str
    known: Student | None
    unit: str

    def rank(self, course: Course) -> tuple[bool, bool, bool, str]:
        """Return a key that sorts the best first.

        That is called exactly like the unit, or else nearly so, and a script before a notebook.
        """
        path = PurePath(self.found.name)
        exact = path.stem == self.unit
        near = unit_named(course, path.stem) == self.unit
        return not exact, not near, path.suffix.casefold() != ".py", self.found.item.place


def _candidate(course: Course, wish: Wish, naming: "_Naming", found: Found) -> _Candidate | Left:
    """Return whose hand-in a file may be, or why it can be none."""
    if not is_script(found.name):
        return Left(found.item.place, "no .py or .ipynb")
    unit = wish.unit or _unit_of(course, found)
    if not unit:
        return Left(found.item.place, _no_unit(course))
    student, known = naming.folder_of(found)
    return _Candidate(found, student, known, unit)


def _one_of_each(
    course: Course, those: Sequence[_Candidate], source: Source
) -> tuple[list[Attempt], list[Left]]:
    """Return one file of each hand-in, and what was left beside it."""
    hand_ins: dict[str, list[_Candidate]] = {}
    for one in those:
        hand_ins.setdefault(one.found.together, []).append(one)
    fresh: list[Attempt] = []
    left: list[Left] = []
    for files in hand_ins.values():
        best, *others = sorted(files, key=lambda one: one.rank(course))
        if others and _nobody_knows(course, best, others[0]):
            names = ", ".join(shown(one.found.name) for one in files)
            why = f"which of {names} is {best.unit}? Call one of them so"
            left += [Left(one.found.item.place, why) for one in files]
            continue
        why = f"beside {shown(best.found.name)}, which is taken as {best.unit}"
        left += [Left(one.found.item.place, why) for one in others]
        try:
            fresh.append(_attempt(best, source))
        except (OSError, ValueError) as error:
            left.append(Left(best.found.item.place, getattr(error, "strerror", None) or str(error)))
    return _without_given(course, those[0].unit, fresh, source, left)


def _nobody_knows(course: Course, best: _Candidate, second: _Candidate) -> bool:
    """Say whether neither of two files of one kind is called like the unit, nor nearly so."""
    _, is_named_otherwise, is_notebook, _ = best.rank(course)
    _, *kind_of_second, _ = second.rank(course)
    return is_named_otherwise and kind_of_second == [is_named_otherwise, is_notebook]


def _without_given(
    course: Course, unit: str, fresh: list[Attempt], source: Source, left: list[Left]
) -> tuple[list[Attempt], list[Left]]:
    """Leave out what is as it was given: in a clone every unit's file lies there from the start."""
    stub = course.stub(unit)
    if source.name not in ("classroom50", "github") or not stub.is_file():
        return fresh, left
    given = digest(stub.read_bytes())
    changed = []
    for one in fresh:
        if one.record.sha256 == given:
            left.append(Left(one.record.file, "as it was given"))
        else:
            changed.append(one)
    return changed, left


def _attempt(one: _Candidate, source: Source) -> Attempt:
    """Read a file, and note what the source and the roster know of it."""
    found = one.found
    content = content_of(found.item)
    who = found.who
    known = one.known or Student("")
    record = HandIn(
        source=source.name,
        student=one.student,
        name=shown(known.name or who.name),
        email=shown(who.email or known.email),
        id=shown(who.id or known.id),
        login=shown(who.login or known.login),
        sis=shown(who.sis or known.sis),
        submission=shown(found.submission),
        file=shown(found.item.place),
        submitted=found.submitted,
        late=found.late,
        attempt=max(found.attempt, 1),
        sha256=digest(content),
    )
    return Attempt(record, content, PurePath(found.name).suffix.casefold())


@dataclass
class _Naming:
    """What students' folders are called: by the roster, else by the source.

    No two people share one. taken: folded name → the name, and whose it is.
    """

    into: Path
    source: str
    roster: Roster | None
    unknown: set[str] = field(default_factory=set)
    taken: dict[str, tuple[str, str]] = field(default_factory=dict)

    def folder_of(self, found: Found) -> tuple[str, Student | None]:
        """Return the name of the folder of who handed in, and who that is in the roster."""
        who = found.who
        person = f"{self.source} {who.id or who.login or who.email or who.sis or who.name}"
        known = None
        if self.roster:
            known = self.roster.find(
                name=who.name, email=who.email, id=who.id, login=who.login, sis=who.sis
            )
        if known:
            return self._alone(folder_name(known.student), person, ""), known
        wanted = folder_name(who.called)
        name = self._alone(wanted, person, self._held(wanted))
        if self.roster:
            self.unknown.add(name)
        return name, None

    def _alone(self, name: str, person: str, held_by: str) -> str:
        """Return the name, or one with a checksum of the person where another has it already."""
        key = unicodedata.normalize("NFKC", name).casefold()
        first, owner = self.taken.setdefault(key, (name, held_by or person))
        if owner == person:
            return first
        other = f"{name}~{digest(person.encode())[:8]}"
        self.taken[other.casefold()] = (other, person)
        return other

    def _held(self, name: str) -> str:
        """Return whose folder of this name an earlier run wrote, from the same kind of source.

        Empty where none did.
        """
        records = map(read_record, sorted((self.into / name).glob("*.json")))
        for record in records:
            if record and record.source == self.source:
                number = record.id or record.login or record.email or record.sis or record.name
                return f"{record.source} {number}"
        return ""


def folder_name(text: str) -> str:
    """Return a name as a folder can be called on any system and a page can show it."""
    plain = "".join(map(_letter_of_a_folder, unicodedata.normalize("NFC", text).strip()))
    plain = re.sub(r"^[.\s]+|[.\s]+$", "_", plain) or "_"
    encoded = plain.encode()
    if len(encoded) > LONGEST:
        checksum = digest(text.encode("utf-8", "replace"))[:8]
        short = encoded[: LONGEST - len("~") - len(checksum)].decode(errors="ignore")
        plain = f"{short}~{checksum}"
    if plain.partition(".")[0].casefold() in RESERVED:
        return f"_{plain}"
    if plain.casefold() == EARLIER:
        return f"{plain}_"
    return plain


def _letter_of_a_folder(letter: str) -> str:
    return letter if letter.isprintable() and letter not in REFUSED_LETTERS else "_"


REFUSED_LETTERS = '/\\:*?"<>|'  # by some system or other
# what Windows calls no file, with any suffix
RESERVED = {"con", "prn", "aux", "nul"}
RESERVED |= {f"{device}{number}" for device in ("com", "lpt") for number in range(10)}


def _with_those_before(into: Path, student: str, unit: str, fresh: Sequence[Attempt]) -> Place:
    """Return the attempts that are there and the fresh ones, by time, numbered.

    Equal files are one attempt.
    """
    whole: dict[str, Attempt] = {}  # checksum → the first attempt of that file
    for one in attempts_in(into, student, unit):
        whole.setdefault(one.record.sha256, one)
    before = len(whole)
    for one in sorted(fresh, key=_order):
        whole.setdefault(one.record.sha256, one)
    attempts = list(whole.values())
    if all(one.record.submitted for one in attempts):
        attempts.sort(key=_order)
    return Place(student, unit, _numbered(attempts), len(whole) - before)


def _numbered(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Number attempts in their order, from 1.

    Where a source says that an attempt is a later one, the number is the source's: those before it
    were not in what it gave.
    """
    numbered = []
    last = 0
    for one in attempts:
        last = max(last + 1, one.record.attempt)
        numbered.append(replace(one, record=msgspec.structs.replace(one.record, attempt=last)))
    return numbered


def _order(one: Attempt) -> tuple[str, int]:
    return one.record.submitted, one.record.attempt


def attempts_in(into: Path, student: str, unit: str) -> list[Attempt]:
    """Read the attempts that an earlier run has laid out, the latest last."""
    earlier = into / student / EARLIER / unit
    folders = [path for path in earlier.glob("*") if path.is_dir()]
    folders.sort(key=lambda path: (len(path.name), path.name))
    folders.append(into / student / unit)
    found = []
    for folder in folders:
        for suffix in SUFFIXES:
            path = folder / f"{unit}{suffix}"
            if path.is_file():
                record = read_record(record_path(folder)) or _put_by_hand(student, path)
                found.append(Attempt(record, path.read_bytes(), suffix))
                break
    return found


def _put_by_hand(student: str, path: Path) -> HandIn:
    """Make the record of a file that somebody put there, and no run of `collect`."""
    moment = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
    return HandIn(
        source="hand", student=student, submitted=moment, sha256=digest(path.read_bytes())
    )


def _has_any(into: Path, student: str) -> bool:
    return any((into / folder_name(student)).glob("*.json"))


def carry_out(made: Plan, into: Path) -> None:
    """Write what was planned. A run that is stopped loses nothing: the next one finds it again.

    Raises `CannotWrite`.
    """
    try:
        into.mkdir(parents=True, exist_ok=True)
        _write(into / MARK, msgspec.json.encode({"format": 1, "last": made.source.name}))
        if made.roster:
            _write(into / ROSTER, made.roster.as_csv().encode())
        for place in made.places:
            if place.fresh:
                _lay_out(place, into)
    except OSError as error:
        raise CannotWrite(
            f"{error.filename or into} cannot be written: {error.strerror}."
        ) from error


def _lay_out(place: Place, into: Path) -> None:
    """Write the earlier attempts, then the latest where `grade` looks."""
    earlier = into / place.student / EARLIER / place.unit
    for attempt in place.attempts[:-1]:
        _write_attempt(earlier / str(attempt.record.attempt), place.unit, attempt)
    _write_attempt(into / place.student / place.unit, place.unit, place.attempts[-1])


def _write_attempt(folder: Path, unit: str, attempt: Attempt) -> None:
    for suffix in SUFFIXES:
        if suffix != attempt.suffix:
            (folder / f"{unit}{suffix}").unlink(missing_ok=True)
    path = folder / f"{unit}{attempt.suffix}"
    _write(path, attempt.content)
    record = msgspec.json.encode(attempt.record)
    _write(record_path(folder), msgspec.json.format(record, indent=1))
    if attempt.record.submitted:
        moment = datetime.fromisoformat(attempt.record.submitted).astimezone(UTC).timestamp()
        os.utime(path, (moment, moment))


def _write(path: Path, content: bytes) -> None:
    """Replace a file at one moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    os.replace(part, path)


def summary(made: Plan) -> list[str]:
    """Say what was planned, a line each: the counts, then everything that needs a look."""
    fresh = [place for place in made.places if place.fresh]
    students = len({place.student for place in made.places})
    counts = f"{len(made.places)} hand-ins of {students} students, {len(fresh)} of them new"
    lines = [f"{made.source.title}: {counts}"]
    for place in fresh:
        words = _attempts_in_words(place)
        if words:
            lines.append(f"  {place.student}, {place.unit}: {words}")
    for place in made.places:
        if place.latest.late:
            lines.append(f"  {place.student}, {place.unit}: marked late by {made.source.name}")
    missing = [shown(each.student) for each in made.missing]
    left = [f"{shown(each.place)}: {each.why}" for each in made.left]
    lines += listed("not in the roster, but taken", [shown(name) for name in made.unknown])
    lines += listed("in the roster, and handed in nothing", missing)
    lines += listed("not taken", left)
    return lines


def _attempts_in_words(place: Place) -> str:
    """Say which attempt the latest is, and where those before are; empty for a first one."""
    number = place.latest.attempt
    if number == 1:
        return ""
    if number > len(place.attempts):
        return f"attempt {number}; the download does not hold all before it"
    return f"attempt {number}; those before are kept"
