"""What lies in a folder of submissions and was not graded.

Each has the reason and the nearest right place.
"""

import os
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Course
from autograder.grading.hand_in import EARLIER, MARK
from autograder.grading.roster import FILE as ROSTER
from autograder.grading.submissions import Submitted
from autograder.intake.items import Left, shown, tools_own
from autograder.intake.units import is_script, unit_named

MOST = 10_000  # names that are looked at
BESIDE = {"timestamp.txt", ".autograder.json"}  # what collectors and this kit lay beside a file


def left_out(
    course: Course, folder: Path, found: Sequence[Submitted], unit: str | None = None
) -> list[Left]:
    """List what was not taken of a folder that was searched for submissions, by place.

    unit: the only one that was asked for; what is of others is not spoken of.
    """
    taken = {entry.path for entry in found if entry.path}
    looked = _Looking(course, folder, taken, unit)
    left = [
        Left(place, why) for _, (place, why) in zip(range(MOST), looked.at_the_top(), strict=False)
    ]
    return sorted(left, key=lambda each: each.place)


Told = Iterator[tuple[str, str]]  # a place, and why it was not taken


@dataclass(frozen=True)
class _Looking:
    course: Course
    folder: Path
    taken: Container[Path]
    unit: str | None

    def at_the_top(self) -> Told:
        """Beside the students' folders."""
        for entry in _entries(self.folder):
            if Path(entry.path) in self.taken or entry.name in (MARK, ROSTER):
                continue
            name = shown(entry.name)
            if why := _foreign(entry):
                yield name, why
            elif entry.is_dir():
                yield from self._of_a_student(entry)
            elif is_script(entry.name):
                yield name, self._at_the_top(entry.name)
            else:
                yield name, "no .py or .ipynb"

    def _at_the_top(self, name: str) -> str:
        if unit := unit_named(self.course, name.rpartition(".")[0]):
            return f"a level too high. Lay it into <student>/{unit}/{unit}.py"
        return (
            "beside the students' folders. Lay it into <student>/<unit>/, or say --unit for "
            "<student>.py"
        )

    def _of_a_student(self, student: os.DirEntry[str]) -> Told:
        unit = unit_named(self.course, student.name)
        if unit and not (Path(student.path) / unit).is_dir():
            where = f"{shown(student.name)}/"
            yield (
                where,
                (
                    "a unit's folder where a student's should be. Lay it out as "
                    f"<student>/{unit}/{unit}.py"
                ),
            )
            return
        for entry in _entries(Path(student.path)):
            place = f"{shown(student.name)}/{shown(entry.name)}"
            if why := _foreign(entry):
                yield place, why
            elif entry.is_dir():
                yield from self._of_a_unit(student.name, entry, place)
            elif Path(entry.path) not in self.taken and not self._is_record(entry.name):
                yield place, self._too_high(student.name, entry.name)

    def _is_record(self, name: str) -> bool:
        return name in BESIDE or name.removesuffix(".json") in self.course.units

    def _too_high(self, student: str, name: str) -> str:
        if not is_script(name):
            return "no .py or .ipynb"
        unit = unit_named(self.course, name.rpartition(".")[0]) or self.unit or "<unit>"
        suffix = name.rpartition(".")[2].casefold()
        return f"a level too high. Lay it into {shown(student)}/{unit}/{unit}.{suffix}"

    def _of_a_unit(self, student: str, folder: os.DirEntry[str], place: str) -> Told:
        if folder.name in (EARLIER, "__pycache__", ".ipynb_checkpoints"):
            return
        if folder.name not in self.course.units:
            unit = unit_named(self.course, folder.name)
            advice = (
                f"Call it {shown(student)}/{unit}/"
                if unit
                else "No unit of this course is called so"
            )
            yield f"{place}/", f"not looked into. {advice}"
            return
        if self.unit and folder.name != self.unit:
            return
        for entry in _entries(Path(folder.path)):
            if Path(entry.path) not in self.taken and entry.name not in BESIDE:
                why = _foreign(entry) or self._beside(folder, entry)
                if why:
                    yield f"{place}/{shown(entry.name)}", why

    def _beside(self, folder: os.DirEntry[str], entry: os.DirEntry[str]) -> str:
        """Say why a file in a unit's folder was not taken; empty for what is no hand-in anyway."""
        if not is_script(entry.name) or entry.is_dir():
            return ""
        if any(
            Path(folder.path) / f"{folder.name}{suffix}" in self.taken
            for suffix in (".py", ".ipynb")
        ):
            return f"beside {folder.name}, which was graded"
        return f"Call it {folder.name}.{entry.name.rpartition('.')[2].casefold()}"


def _foreign(entry: os.DirEntry[str]) -> str:
    """Say why an entry is none that is graded, wherever it lies; empty where it may be."""
    if entry.is_symlink():
        return "a link: links are not followed"
    if why := tools_own((entry.name,)):
        return why
    if entry.name.casefold().endswith(".zip"):
        return "a zip inside. Unpack it there, or give the whole to `autograder collect`"
    return ""


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        return sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return []
