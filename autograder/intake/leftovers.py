"""Files in a folder of submissions that were not graded: why, and the nearest right place."""

import os
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePath

from autograder.course import Course
from autograder.grading.hand_in import EARLIER, LIST, MARK, RECEIPTS
from autograder.grading.roster import FILE as ROSTER
from autograder.grading.submissions import Submitted
from autograder.intake.items import Left, shown, tools_own
from autograder.intake.units import SUFFIXES, is_script, unit_named

MOST = 10_000  # files of one student that are examined
FEW = 5  # files of one student that are listed individually
OURS = (MARK, ROSTER, LIST, RECEIPTS)  # files that `collect` writes beside the students' folders
BESIDE = {
    "timestamp.txt",
    ".autograder.json",
    ".autograder.lock",
}  # files that collectors and this kit write beside a submission


def left_out(
    course: Course, folder: Path, found: Sequence[Submitted], unit: str | None = None
) -> list[Left]:
    """List the skipped files of a folder that was searched for submissions, by place.

    unit: the only selected one; files of others are not listed.
    """
    taken = {entry.path for entry in found if entry.path}
    looking = _Leftovers(course, folder, taken, unit)
    left = list(looking.at_the_top())
    left.sort(key=lambda each: each.place)
    return left


def in_lines(left: Sequence[Left]) -> list[str]:
    """List files that were not graded: each one, or many of one name and reason in one line."""
    alike: dict[tuple[str, str], list[Left]] = {}
    for each in left:
        name = PurePath(each.place).name
        alike.setdefault((name, each.why), []).append(each)
    lines = [f"not graded ({len(left)}):"] if left else []
    for (name, why), those in alike.items():
        if len(those) > FEW:
            first = PurePath(those[0].place).parent
            lines.append(f"  {name} in {len(those)} folders, such as {first}: {why}")
        else:
            lines += [f"  {each.place}: {each.why}" for each in those]
    return lines


@dataclass(frozen=True)
class _Leftovers:
    """Finds skipped files. taken: the files that were read. unit: the only one that counts."""

    course: Course
    folder: Path
    taken: Container[Path]
    unit: str | None

    def at_the_top(self) -> Iterator[Left]:
        """Examine the students' folders, and the files beside them."""
        for entry in _entries(self.folder):
            if Path(entry.path) in self.taken or entry.name in OURS:
                continue
            name = shown(entry.name)
            why = _foreign(entry)
            if why:
                yield Left(name, why)
            elif entry.is_dir():
                yield from _briefly(self._of_a_student(entry), name)
            elif is_script(entry.name):
                yield Left(name, self._at_the_top(entry.name))
            else:
                yield Left(name, "no .py or .ipynb")

    def _at_the_top(self, name: str) -> str:
        """Return the right place of a script that lies beside the students' folders."""
        unit = self._unit_of_file(name)
        if unit:
            return f"a level too high. Move it to <student>/{unit}/{unit}.py"
        return (
            "beside the students' folders. Move it into <student>/<unit>/, or say --unit for "
            "<student>.py"
        )

    def _unit_of_file(self, name: str) -> str:
        stem, _, _ = name.rpartition(".")
        return unit_named(self.course, stem)

    def _of_a_student(self, student: os.DirEntry[str]) -> Iterator[Left]:
        """Examine a student's folder."""
        folder = Path(student.path)
        name = shown(student.name)
        unit = unit_named(self.course, student.name)
        if unit and not (folder / unit).is_dir():
            right_place = f"<student>/{unit}/{unit}.py"
            why = f"a unit's folder where a student's should be. Move its files to {right_place}"
            yield Left(f"{name}/", why)
            return
        for entry in _entries(folder):
            place = f"{name}/{shown(entry.name)}"
            why = _foreign(entry)
            if why:
                yield Left(place, why)
            elif entry.is_dir():
                yield from self._of_a_unit(student.name, entry, place)
            elif Path(entry.path) not in self.taken and not self._is_record(entry.name):
                yield Left(place, self._too_high(student.name, entry.name))

    def _is_record(self, name: str) -> bool:
        """Return whether a file in a student's folder comes from collectors or this kit."""
        if name in BESIDE:
            return True
        return name.removesuffix(".json") in self.course.units

    def _too_high(self, student: str, name: str) -> str:
        """Return the right place of a file that lies directly in a student's folder."""
        if not is_script(name):
            return "no .py or .ipynb"
        unit = self._unit_of_file(name) or self.unit or "<unit>"
        place = f"{shown(student)}/{unit}/{unit}{_suffix(name)}"
        return f"a level too high. Move it to {place}"

    def _of_a_unit(self, student: str, folder: os.DirEntry[str], place: str) -> Iterator[Left]:
        """Examine a folder of a student's. place: its name in messages."""
        if folder.name in (EARLIER, "__pycache__", ".ipynb_checkpoints"):
            return
        if folder.name not in self.course.units:
            unit = unit_named(self.course, folder.name)
            advice = "No unit of this course is called so"
            if unit:
                advice = f"Call it {shown(student)}/{unit}/"
            yield Left(f"{place}/", f"not opened. {advice}")
            return
        if self.unit and folder.name != self.unit:
            return
        for entry in _entries(Path(folder.path)):
            if Path(entry.path) in self.taken or entry.name in BESIDE:
                continue
            why = _foreign(entry) or self._beside(folder, entry)
            if why:
                yield Left(f"{place}/{shown(entry.name)}", why)

    def _beside(self, folder: os.DirEntry[str], entry: os.DirEntry[str]) -> str:
        """Say why a file in a unit's folder was not taken; empty for a folder there."""
        if entry.is_dir():
            return ""
        if not is_script(entry.name):
            return "no .py or .ipynb"
        for suffix in SUFFIXES:
            if Path(folder.path) / f"{folder.name}{suffix}" in self.taken:
                return f"beside {folder.name}, which was graded"
        other = self._unit_of_file(entry.name)
        if other and other != folder.name:
            return (
                f"called like another unit. If it is the file of {other}, move it to "
                f"<student>/{other}/{other}{_suffix(entry.name)}"
            )
        return f"Call it {folder.name}{_suffix(entry.name)}"


def _briefly(left: Iterator[Left], student: str) -> Iterator[Left]:
    """Yield the first few skipped files of one student, and the number of the rest.

    So one student's files hide no other's.
    """
    yield from islice(left, FEW)
    more = sum(1 for _ in islice(left, MOST))
    if more:
        number = f"{more:,} more" if more < MOST else f"{MOST:,} or more"
        yield Left(f"{student}/", f"and {number}, which were not taken either")


def _suffix(name: str) -> str:
    return PurePath(name).suffix.casefold()


def _foreign(entry: os.DirEntry[str]) -> str:
    """Say why an entry cannot be graded anywhere; empty if it can."""
    if entry.is_symlink():
        return "a link: links are not followed"
    why = tools_own((entry.name,))
    if why:
        return why
    if entry.name.casefold().endswith(".zip"):
        return "a zip inside. Unpack it there, or give the whole to `autograder collect`"
    return ""


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return a folder's content, by name; nothing if it cannot be read."""
    try:
        return sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return []
