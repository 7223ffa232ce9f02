"""Lays out what a source holds as `grade` reads it, with a record beside each file, and loses
nothing.

First everything is planned; `--dry-run` ends there. Attempts that are there already are kept: the
latest lies where `grade` looks, the others in `earlier/`.
"""

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
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


@dataclass(frozen=True)
class Attempt:
    """One hand-in's record and bytes."""

    record: HandIn
    content: bytes
    suffix: str


@dataclass(frozen=True)
class Place:
    """All attempts of a student at a unit, by time, the latest last; `fresh`: how many were not
    there before.
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
    """What collecting would do: the places to write, what is left, who is in no roster, who handed
    in nothing.
    """

    source: Source
    places: list[Place] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    missing: list[Student] = field(default_factory=list)
    roster: Roster | None = None


@dataclass(frozen=True)
class Wish:
    """What a person asks for: where to, and of which unit and kind the source is, where it does not
    say.
    """

    into: Path
    unit: str = ""
    kind: str = ""


def plan(course: Course, contents: Contents, wish: Wish, roster: Roster | None = None) -> Plan:
    """Plan what becomes of each file of a source. Raises `CannotCollect` where nothing in it is a
    hand-in.
    """
    _refuse_foreign(wish.into)
    source, items = recognize(
        contents.items, lambda name: bool(unit_named(course, name)), wish.kind, contents.zipped
    )
    whole = _as_folders(merged(roster_beside(wish.into), roster))
    made = Plan(source, left=list(contents.left), roster=whole)
    candidates: dict[tuple[str, str], list[_Candidate]] = {}
    naming = _Naming(wish.into, source.name, whole)
    for found in source.read(items, contents.name):
        if isinstance(found, Left):
            made.left.append(found)
        elif why := _unfit(found):
            made.left.append(Left(found.item.place, why))
        elif not (unit := wish.unit or _unit_of(course, found)):
            made.left.append(Left(found.item.place, _no_unit(course)))
        else:
            one = _Candidate(found, *naming.folder_of(found), unit)
            candidates.setdefault((one.student, unit), []).append(one)
    for (student, unit), those in sorted(candidates.items()):
        fresh, beside = _one_of_each(course, those, source)
        made.left += beside
        if fresh:
            made.places.append(_with_those_before(wish.into, student, unit, fresh))
    made.unknown = sorted(naming.unknown)
    made.missing = whole.without(place.student for place in made.places) if whole else []
    made.missing = [each for each in made.missing if not _has_any(wish.into, each.student)]
    if not made.places:
        raise CannotCollect(_nothing(made))
    return made


def _as_folders(roster: Roster | None) -> Roster | None:
    """The roster with each student called as their folder."""
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


def _unfit(found: Found) -> str:
    """Say why a file can be no hand-in; empty where it can."""
    return "" if is_script(found.name) else "no .py or .ipynb"


def _unit_of(course: Course, found: Found) -> str:
    """The unit by the file's name, by its folders' names, by what the source says."""
    if unit := unit_named(course, PurePath(found.name).stem):
        return unit
    folders = found.item.parts[1:-1]
    named = [unit for folder in reversed(folders) if (unit := unit_named(course, folder))]
    return named[0] if named else unit_within(course, [found.hint])


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
        """The best first: called exactly like the unit, called nearly so, a script before a
        notebook.
        """
        path = PurePath(self.found.name)
        exact = path.stem == self.unit
        near = unit_named(course, path.stem) == self.unit
        return not exact, not near, path.suffix.casefold() != ".py", self.found.item.place


def _one_of_each(
    course: Course, those: Sequence[_Candidate], source: Source
) -> tuple[list[Attempt], list[Left]]:
    """One file of each hand-in, and what was left beside it."""
    hand_ins: dict[str, list[_Candidate]] = {}
    for one in those:
        hand_ins.setdefault(one.found.together, []).append(one)
    fresh, left = list[Attempt](), list[Left]()
    for files in hand_ins.values():
        best, *others = sorted(files, key=lambda one: one.rank(course))
        if (
            others
            and best.rank(course)[1]
            and others[0].rank(course)[1:3] == best.rank(course)[1:3]
        ):
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


def _without_given(
    course: Course, unit: str, fresh: list[Attempt], source: Source, left: list[Left]
) -> tuple[list[Attempt], list[Left]]:
    """In a clone every unit's file lies there from the start: one that is as it was given is no
    hand-in.
    """
    stub = course.stub(unit)
    if source.name not in ("classroom50", "github") or not stub.is_file():
        return fresh, left
    given = digest(stub.read_bytes())
    left += [
        Left(one.record.file, "as it was given") for one in fresh if one.record.sha256 == given
    ]
    return [one for one in fresh if one.record.sha256 != given], left


def _attempt(one: _Candidate, source: Source) -> Attempt:
    found, content = one.found, content_of(one.found.item)
    who, known = found.who, one.known or Student("")
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
    """What students' folders are called: by the roster, else by the source; never two people in
    one.
    """

    into: Path
    source: str
    roster: Roster | None
    unknown: set[str] = field(default_factory=set)
    # folded name → its name, and whose
    taken: dict[str, tuple[str, str]] = field(default_factory=dict)

    def folder_of(self, found: Found) -> tuple[str, Student | None]:
        """The name of the folder of the person who handed in, and who that is in the roster."""
        who = found.who
        known = (
            self.roster.find(
                name=who.name, email=who.email, id=who.id, login=who.login, sis=who.sis
            )
            if self.roster
            else None
        )
        called = known.student if known else who.called
        person = f"{self.source} {who.id or who.login or who.email or who.sis or who.name}"
        name = self._alone(
            folder_name(called), person, "" if known else self._held(folder_name(called))
        )
        if self.roster and not known:
            self.unknown.add(name)
        return name, known

    def _alone(self, name: str, person: str, held_by: str) -> str:
        """The name, or one with a checksum of the person where another person has it already."""
        key = unicodedata.normalize("NFKC", name).casefold()
        held = self.taken.setdefault(key, (name, held_by or person))
        if held[1] == person:
            return held[0]
        other = f"{name}~{digest(person.encode())[:8]}"
        self.taken[other.casefold()] = (other, person)
        return other

    def _held(self, name: str) -> str:
        """Whose folder of this name an earlier run wrote; empty where none did, or by another kind
        of source.
        """
        records = map(read_record, sorted((self.into / name).glob("*.json")))
        for record in records:
            if record and record.source == self.source:
                number = record.id or record.login or record.email or record.sis or record.name
                return f"{record.source} {number}"
        return ""


def folder_name(text: str) -> str:
    """A name as a folder can be called on any system and a page can show it."""
    plain = unicodedata.normalize("NFC", text).strip()
    plain = "".join(c if c.isprintable() and c not in '/\\:*?"<>|' else "_" for c in plain)
    plain = re.sub(r"^[.\s]+|[.\s]+$", "_", plain) or "_"
    if len(plain.encode()) > LONGEST:
        short = plain.encode()[: LONGEST - 9].decode(errors="ignore")
        plain = f"{short}~{digest(text.encode('utf-8', 'replace'))[:8]}"
    if plain.partition(".")[0].casefold() in _RESERVED:
        return f"_{plain}"
    return f"{plain}_" if plain.casefold() == EARLIER else plain


# what Windows calls no file, with any suffix
_RESERVED = {"con", "prn", "aux", "nul"}
_RESERVED |= {f"{device}{number}" for device in ("com", "lpt") for number in range(10)}


def _with_those_before(into: Path, student: str, unit: str, fresh: Sequence[Attempt]) -> Place:
    """The attempts that are there and the fresh ones, by time; equal files are one attempt."""
    before = attempts_in(into, student, unit)
    known = {one.record.sha256 for one in before}
    added = []
    for one in sorted(fresh, key=_order):
        if one.record.sha256 not in known:
            known.add(one.record.sha256)
            added.append(one)
    whole = [*before, *added]
    if all(one.record.submitted for one in whole):
        whole.sort(key=_order)
    numbered = [
        Attempt(msgspec.structs.replace(one.record, attempt=number), one.content, one.suffix)
        for number, one in enumerate(whole, 1)
    ]
    return Place(student, unit, numbered, len(added))


def _order(one: Attempt) -> tuple[str, int]:
    return one.record.submitted, one.record.attempt


def attempts_in(into: Path, student: str, unit: str) -> list[Attempt]:
    """The attempts of a student at a unit that an earlier run has laid out, the latest last."""
    earlier = into / student / EARLIER / unit
    folders = sorted(earlier.glob("*"), key=lambda path: (len(path.name), path.name))
    found = []
    for folder in [*(path for path in folders if path.is_dir()), into / student / unit]:
        for suffix in (".py", ".ipynb"):
            if (path := folder / f"{unit}{suffix}").is_file():
                record = read_record(record_path(folder)) or _put_by_hand(student, path)
                found.append(Attempt(record, path.read_bytes(), suffix))
                break
    return found


def _put_by_hand(student: str, path: Path) -> HandIn:
    """The record of a file that somebody put there, and no run of `collect`."""
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
    for suffix in {".py", ".ipynb"} - {attempt.suffix}:
        (folder / f"{unit}{suffix}").unlink(missing_ok=True)
    path = folder / f"{unit}{attempt.suffix}"
    _write(path, attempt.content)
    _write(record_path(folder), msgspec.json.format(msgspec.json.encode(attempt.record), indent=1))
    if attempt.record.submitted:
        moment = datetime.fromisoformat(attempt.record.submitted).astimezone(UTC).timestamp()
        os.utime(path, (moment, moment))


def _write(path: Path, content: bytes) -> None:
    """Replace a file at one moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    os.replace(part, path)


def summary(made: Plan, places: Iterable[Place] | None = None) -> list[str]:
    """Say what was planned, a line each: the counts, then everything that needs a look."""
    those = list(made.places if places is None else places)
    fresh = [place for place in those if place.fresh]
    again = [place for place in fresh if len(place.attempts) > place.fresh or place.fresh > 1]
    late = [place for place in those if place.latest.late]
    students = len({place.student for place in those})
    lines = [
        (
            f"{made.source.title}: {len(those)} hand-ins of {students} students, {len(fresh)} of "
            "them "
            "new"
        )
    ]
    for place in again:
        lines.append(
            f"  {place.student}, {place.unit}: attempt {len(place.attempts)}; those before are kept"
        )
    lines += [
        f"  {place.student}, {place.unit}: marked late by {made.source.name}" for place in late
    ]
    lines += listed("not in the roster, taken all the same", [shown(name) for name in made.unknown])
    lines += listed(
        "in the roster, and handed in nothing", [shown(each.student) for each in made.missing]
    )
    lines += listed("not taken", [f"{shown(each.place)}: {each.why}" for each in made.left])
    return lines
