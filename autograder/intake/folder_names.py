"""Names of students' folders: valid on any system, and never shared by two people."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.grading.hand_in import EARLIER, HandIn, read_record
from autograder.grading.results import digest
from autograder.grading.roster import CANVAS, Roster, Student, folded
from autograder.intake.items import Person

GITHUB = "github"
LONGEST = 100  # bytes of a folder's name
REFUSED_LETTERS = '/\\:*?"<>|'  # invalid on some system
# names that Windows reserves, with any suffix
RESERVED = {"con", "prn", "aux", "nul"}
RESERVED |= {f"{device}{number}" for device in ("com", "lpt") for number in range(10)}


@dataclass(frozen=True)
class _TakenName:
    """A taken name of a folder, and its owner."""

    name: str
    person: str


@dataclass
class Naming:
    """Chooses the names of students' folders: by the roster, else by the source.

    No two people share one. taken: by the folded name. shared: the names that several people of the
    source bear, as `shared_names` returns them. prefixes: of clones, as `shared_prefixes` returns
    them. known: who is in the roster. doubtful: by a name
    that may be of several people, the folders of those who bear it, for whom no student was taken.
    """

    into: Path
    source: str
    roster: Roster | None
    shared: Collection[str] = ()
    prefixes: Sequence[str] = ()
    known: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    doubtful: dict[str, set[str]] = field(default_factory=dict)
    taken: dict[str, _TakenName] = field(default_factory=dict)

    def folder_of(self, who: Person) -> tuple[str, Student | None]:
        """Return the name of a student's folder, and their entry in the roster."""
        person = self._person(who)
        known = None
        if self.roster:
            known = self.roster.find(email=who.email, id=who.id, login=who.login, sis=who.sis)
            known = known or self._by_name(who, self.roster)
        if self.roster and not known:
            known = self._behind_a_prefix(who.login, self.roster)
        if known:
            wanted = folder_name(known.student)
            name = self._alone(wanted, person, held_by="")
            if name == wanted:
                self.known.add(name)
                return name, known
            # another person of the source was identified as this student, so this one is somebody
            # else
            self.unknown.add(name)
            return name, None
        wanted = folder_name(who.called)
        name = self._alone(wanted, person, held_by=self._held(wanted))
        if self.roster:
            self.unknown.add(name)
            if self.roster.namesakes(who.name):
                self.doubtful.setdefault(who.name, set()).add(name)
        return name, None

    def _by_name(self, who: Person, roster: Roster) -> Student | None:
        """Find the student of the roster who alone is called so; None where two people may be.

        That is where several of the roster or of the source bear the name, and where the student
        is known to have another number.
        """
        same = roster.namesakes(who.name)
        if len(same) != 1 or folded(who.name) in self.shared:
            return None
        return None if self._has_another_number(same[0], who) else same[0]

    def _behind_a_prefix(self, clone: str, roster: Roster) -> Student | None:
        """Find the student of a clone named `<assignment>-ada`, as in classrooms."""
        for prefix in self.prefixes:
            known = roster.find(login=clone.removeprefix(prefix))
            if known and clone.startswith(prefix):
                return known
        return None

    def _has_another_number(self, student: Student, who: Person) -> bool:
        """Say whether Canvas's number of a student is another: there each has one for good."""
        if self.source != CANVAS.source:
            return False
        number = student.id if student.source == CANVAS.source else ""
        held_by = self._held(folder_name(student.student))
        return number not in ("", who.id) or held_by not in ("", self._person(who))

    def _person(self, who: Person | HandIn) -> str:
        """Return what distinguishes a person from all others in this kind of source."""
        number = who.id or who.login or who.email or who.sis or who.name
        return f"{self.source} {number}"

    def _alone(self, name: str, person: str, held_by: str) -> str:
        """Return the name, or one with a checksum of the person if another has it already."""
        key = unicodedata.normalize("NFKC", name).casefold()
        first = self.taken.setdefault(key, _TakenName(name, held_by or person))
        if first.person == person:
            return first.name
        other = f"{name}~{_checksum(person.encode())}"
        self.taken[other.casefold()] = _TakenName(other, person)
        return other

    def _held(self, name: str) -> str:
        """Return whose folder of this name an earlier run wrote, from the same kind of source.

        Empty if there was none.
        """
        paths = sorted((self.into / name).glob("*.json"))
        for path in paths:
            record = read_record(path)
            if record and record.source == self.source:
                return self._person(record)
        return ""


def shared_names(people: Iterable[Person]) -> set[str]:
    """Return the names, as `folded` compares them, that several people of a source bear."""
    bearers: dict[str, set[Person]] = {}
    for person in people:
        bearers.setdefault(folded(person.name), set()).add(person)
    return {name for name, same in bearers.items() if name and len(same) > 1}


def shared_prefixes(clones: Iterable[str], roster: Roster | None, into: Path) -> list[str]:
    """Return the prefixes, such as `<assignment>-`, behind which several students stand.

    Short ones come first. One before a single student may be part of a name: `jan-smith` is not
    the student `smith`.
    clones: the names of this source's; those of earlier ones are in the records below `into`.
    """
    if roster is None:
        return []
    names = set(clones)
    for path in into.glob("*/*.json"):
        record = read_record(path)
        if record and record.source == GITHUB:
            names.add(record.login)
    students = Counter[str]()
    for name in names:
        for hyphen in re.finditer("-", name):
            prefix, login = name[: hyphen.end()], name[hyphen.end() :]
            if roster.find(login=login):
                students[prefix] += 1
    shared = [prefix for prefix, count in students.items() if count > 1]
    return sorted(shared, key=len)


def _checksum(content: bytes) -> str:
    """Return the beginning of a digest, short enough for a folder's name."""
    return digest(content)[:8]


def folder_name(text: str) -> str:
    """Return a name as a folder can have it on any system and a page can show it."""
    composed = unicodedata.normalize("NFC", text).strip()
    plain = "".join(_letter_of_a_folder(letter) for letter in composed)
    plain = re.sub(r"^[.\s]+|[.\s]+$", "_", plain) or "_"
    encoded = plain.encode()
    if len(encoded) > LONGEST:
        checksum = _checksum(text.encode("utf-8", "replace"))
        room = LONGEST - len("~") - len(checksum)
        short = encoded[:room].decode(errors="ignore")
        plain = f"{short}~{checksum}"
    stem = plain.partition(".")[0]
    if stem.casefold() in RESERVED:
        return f"_{plain}"
    if plain.casefold() == EARLIER:
        return f"{plain}_"
    return plain


def _letter_of_a_folder(letter: str) -> str:
    if letter in REFUSED_LETTERS or not letter.isprintable():
        return "_"
    return letter
