"""A student's folder: made from a release of a course, and updated to a newer release.

A release has a second copy of its stubs, in `.release`. The differences from these are the
student's code. Nothing that is overwritten is lost: a copy is put into a folder `update-N` before.
No copy has a script's suffix, so that nobody who collects files takes it for one.

A release may hold one unit. A folder collects units: those that it has stay in its course.toml.
An older release adds files that are missing, and changes none.
"""

import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course import FILE, Course, read_course
from autograder.course_file import all_units, joined
from autograder.errors import UserError
from autograder.grading.results import replace_file
from autograder.parsing import parse
from autograder.practice.merging import Merged, merge
from autograder.sandbox.inside.cells import UNPARSABLE

GIVEN = ".release"  # in a release: its original stubs, as `UNIT.txt`
MADE = "made"  # in that folder: when the release was made
BEFORE = ".before"  # suffix of a copy
NEW = ".new"  # suffix of a stub that was not taken
PROGRESS = (".autograder.json", ".autograder.lock")
BOM = "\ufeff"


class NoRelease(UserError):
    """The given path is not a release of a course."""


class Taken(UserError):
    """The folder to be made exists already."""


@dataclass
class Update:
    """The changes of a new release in a student's folder.

    merged: by script, the merge of the student's and the new text.
    stayed: scripts that stay as the student left them, each with the reason.
    replaced, new: other files, as paths below the folder.
    older: when a release was made that is older than the folder's; else empty.
    newer_here: files that stay, because the release has older ones.
    units: those of the release. other_seed: units that stay, and whose reference outputs have
    another public seed than the release's.
    content: of each written file. not_taken: the new text of partly merged scripts.
    kept: the folder with copies of the previous files, and of the text not taken.
    """

    kept: Path
    merged: dict[str, Merged] = field(default_factory=dict)
    stayed: dict[str, str] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    older: str = ""
    newer_here: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    other_seed: list[str] = field(default_factory=list)
    content: dict[Path, bytes] = field(default_factory=dict)
    not_taken: dict[Path, bytes] = field(default_factory=dict)


@contextmanager
def opened(release: Path) -> Iterator[Path]:
    """Open a release, a folder or a zip of one. Raises `NoRelease`."""
    if not release.is_file():
        yield _top(release, release)
        return
    if not zipfile.is_zipfile(release):
        raise NoRelease(f"{release} is no zip file. Name a release: a folder, or a zip of it.")
    with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(release) as packed:
        packed.extractall(scratch)
        yield _top(Path(scratch), release)


def _top(folder: Path, named: Path) -> Path:
    """Return the folder of a release: this one, or the only one in it. Raises `NoRelease`."""
    inside = [path for path in folder.glob("*") if path.is_dir()]
    for place in (folder, *inside):
        if (place / FILE).is_file() and (place / GIVEN).is_dir():
            return place
    raise NoRelease(
        f"{named} is not a release of a course. "
        "Name the folder or zip from your instructor; authors make one with: autograder build "
        "--release FOLDER"
    )


def start(release: Path, folder: Path) -> Course:
    """Make a student's folder from a release. Raises `NoRelease`, `Taken`, `CannotWrite`.

    Files that are read-only in the release are not so in the folder.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Taken(
            f"{folder} exists already. Name a new folder. To update the course in it instead: "
            "autograder update RELEASE"
        )
    with opened(release) as source:
        for name in _files_of(source):
            replace_file(folder / name, (source / name).read_bytes())
    return read_course(folder.resolve())


# what work in a release leaves in it: progress, files of Python and tests, and copies of an update
NOT_GIVEN = {*PROGRESS, "__pycache__", ".pytest_cache", ".venv", ".git"}
OF_UPDATE = re.compile(r"update-\d+")


def update(course: Course, release: Path) -> Update:
    """Update a student's folder to a release. The student's code stays.

    Copies are written before anything is changed. If writing fails halfway, a second update
    completes it.
    Raises `NoRelease`, `CannotWrite`, `OSError`.
    """
    folder = course.folder
    if (folder / "solutions").is_dir() and not (folder / GIVEN).is_dir():
        raise NoRelease(
            f"{folder} is not a student's folder: it has the course's solutions. Run `autograder "
            "update` in a folder that `autograder start` made, or in an unzipped release."
        )
    changes = Update(_new_folder(folder))
    with opened(release) as source:
        if source.resolve() == folder:
            raise NoRelease(f"{release} is the folder that you work in. Name the new release.")
        released = read_course(source)
        changes.units = [name for name in released.units if name not in course.units]
        changes.older = _older(source, folder)
        for name in _files_of(source):
            content = (source / name).read_bytes()
            if name == Path(FILE):
                content = _course_file(course, released, changes)
            _plan(folder, name, content, changes)
    for name in changes.content:
        there = folder / name
        if there.is_file() and name.parts[0] != GIVEN:
            replace_file(changes.kept / f"{name}{BEFORE}", there.read_bytes())
    for name, text in changes.not_taken.items():
        replace_file(changes.kept / f"{name}{NEW}", text)
    for name, content in changes.content.items():
        replace_file(folder / name, content)
    return changes


def _course_file(course: Course, released: Course, changes: Update) -> bytes:
    """Return the course.toml of a release, with the units that are in the folder already."""
    here = _units_of(course)
    newest_first = (course, released) if changes.older else (released, course)
    texts = [one.folder / FILE for one in newest_first]
    new, old = (text.read_text(encoding="utf-8") for text in texts)
    if released.about.public_seed != course.about.public_seed:
        stay = [name for name in here if name not in released.units]
        changes.other_seed = changes.units if changes.older else stay
    return joined(new, old, all_units(here, released.units)).encode()


def _older(source: Path, folder: Path) -> str:
    """Say when a release was made, if it is older than the folder's; else return "".

    A release that does not say it was made before all that do.
    """
    made, here = (_made(place) for place in (source, folder))
    return (made or "at an unknown time") if made < here else ""


def _made(place: Path) -> str:
    """Return when a release was made, in UTC; "" if it does not say so."""
    noted = place / GIVEN / MADE
    return noted.read_text(encoding="utf-8", errors="replace").strip() if noted.is_file() else ""


def _units_of(course: Course) -> list[str]:
    """List the units of a folder, including one that course.toml no longer names."""
    given = []
    for noted in sorted((course.folder / GIVEN).glob("*.txt")):
        has_checks = (course.checks / f"{noted.stem}.py").is_file()
        if noted.stem not in course.units and has_checks:
            given.append(noted.stem)
    return [*given, *course.units]


def _new_folder(folder: Path) -> Path:
    number = 1
    while (folder / f"update-{number}").exists():
        number += 1
    return folder / f"update-{number}"


def _files_of(source: Path) -> Iterator[Path]:
    """Yield the names of a release's files, without files that work in it has left.

    The stubs for comparison come last: they are written after the scripts.
    """
    paths = [path for path in source.rglob("*") if path.is_file()]
    names = sorted(path.relative_to(source) for path in paths)
    names.sort(key=lambda name: name.parts[0] == GIVEN)
    for name in names:
        is_left_behind = bool(NOT_GIVEN.intersection(name.parts))
        is_of_update = OF_UPDATE.fullmatch(name.parts[0])
        if not is_left_behind and not is_of_update:
            yield name


def _plan(folder: Path, name: Path, new: bytes, changes: Update) -> None:
    """Plan the change of one of the release's files in the folder."""
    there = folder / name
    notebook = _notebook_alone(folder, name)
    if notebook:
        if not changes.older and not _holds(folder / GIVEN / f"{name.stem}.txt", new):
            changes.stayed[name.as_posix()] = f"you work in {notebook.name}"
            changes.not_taken[name] = new
        return
    if changes.older and name != Path(FILE):
        _plan_older(folder, name, new, changes)
        return
    if name.parts[0] == GIVEN:
        stays = f"assignments/{name.stem}.py" in changes.stayed
        if not stays:
            changes.content[name] = new
        return
    shown = name.as_posix()
    if not there.is_file():
        changes.new.append(shown)
        changes.content[name] = new
        return
    if there.read_bytes() == new:
        return
    if name.parent == Path("assignments") and name.suffix == ".py":
        _plan_script(folder, name, new, changes)
        return
    changes.replaced.append(shown)
    changes.content[name] = new


def _plan_older(folder: Path, name: Path, new: bytes, changes: Update) -> None:
    """Plan the change of one of an older release's files: it comes only if it is missing.

    The text that a student began with comes with its script. The engine's wheel never comes.
    """
    there = folder / name
    if name.parts[0] == GIVEN:
        script = Path("assignments", f"{name.stem}.py")
        # an update that was interrupted wrote the script, and not its text
        is_untouched = not there.is_file() and _holds(folder / script, new)
        if script in changes.content or is_untouched:
            changes.content[name] = new
    elif not there.is_file() and name.suffix != ".whl":
        changes.new.append(name.as_posix())
        changes.content[name] = new
    elif there.is_file() and there.read_bytes() != new:
        changes.newer_here.append(name.as_posix())


def _notebook_alone(folder: Path, name: Path) -> Path | None:
    """Return the notebook that a student has instead of a unit's script; else None.

    A new script beside it would be the newer of the two, and so the one that is checked.
    """
    is_script = name.parent == Path("assignments") and name.suffix == ".py"
    notebook = name.with_suffix(".ipynb")
    is_alone = not (folder / name).is_file() and (folder / notebook).is_file()
    return notebook if is_script and is_alone else None


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _plan_script(folder: Path, name: Path, new: bytes, changes: Update) -> None:
    """Merge a student's script with a new stub; record why it stays if that is impossible."""
    shown = name.as_posix()
    ours = (folder / name).read_bytes()
    notebook = name.with_suffix(".ipynb")
    given = folder / GIVEN / f"{name.stem}.txt"
    if (folder / notebook).is_file():  # the newer of a script and a notebook is checked
        changes.stayed[shown] = f"you work in {notebook.name}"
    elif not given.is_file():
        changes.stayed[shown] = "the version that you began with is unknown"
    else:
        base = given.read_bytes()
        try:
            joined, merged = _joined(base, ours, new)
        except ValueError as why:
            changes.stayed[shown] = str(why)
        else:
            if joined != ours:
                changes.content[name] = joined
            if joined != ours or merged.kept:
                changes.merged[shown] = merged
            if not merged.kept:
                return
    changes.not_taken[name] = new


def _joined(base: bytes, ours: bytes, new: bytes) -> tuple[bytes, Merged]:
    """Merge two changes of a script, with the student's line ends and byte order mark.

    base: the student's original stub.
    Raises `ValueError` with the reason if it is impossible.
    """
    try:
        text = ours.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    plain = text.removeprefix(BOM).replace("\r\n", "\n")
    stubs = [stub.decode("utf-8").replace("\r\n", "\n") for stub in (base, new)]
    merged = merge(stubs[0].split("\n"), plain.split("\n"), stubs[1].split("\n"))
    joined = "\n".join(merged.lines)
    if _parses(plain) and not _parses(joined):
        raise ValueError("with the new text it would not be valid Python")
    if "\r\n" in text:
        joined = joined.replace("\n", "\r\n")
    mark = BOM if text.startswith(BOM) else ""
    return f"{mark}{joined}".encode(), merged


def _parses(text: str) -> bool:
    try:
        parse(text)
    except UNPARSABLE:
        return False
    return True


def in_words(changes: Update, folder: Path) -> Iterator[str]:
    """Describe the changes of a new release, a line each.

    folder: the updated one.
    """
    for script, merged in changes.merged.items():
        lines = ", ".join(map(str, merged.kept))
        changed = "1 change" if merged.taken == 1 else f"{merged.taken} changes"
        yield f"{script}: {changed} taken from the release, and everything that you wrote is kept."
        if lines:
            yield (
                f"    From line {lines} on the release changes what you changed: yours stays. The "
                f"new text is in {_shown(changes, script, NEW)}."
            )
    for script, why in changes.stayed.items():
        stays = "stays as it is" if (folder / script).is_file() else "is not written"
        yield f"{script}: {stays}, since {why}."
        yield f"    The new text is in {_shown(changes, script, NEW)}."
    if changes.newer_here:
        yield (
            f"This release is older than what you have: it was made {changes.older}. These files "
            f"stay as they are: {', '.join(changes.newer_here)}"
        )
    if changes.replaced:
        yield f"changed: {', '.join(changes.replaced)}"
    if changes.new:
        yield f"new: {', '.join(changes.new)}"
    if any(changes.kept.rglob(f"*{BEFORE}")):
        where = changes.kept.relative_to(folder)
        yield f"The old files are in {where}, each with `{BEFORE}` behind its name."
    touched = [*changes.replaced, *changes.new]
    for unit in changes.other_seed:
        yield (
            f"{unit}: its reference outputs are of another public seed. Ask your instructor for a "
            "release with this unit."
        )
    wheels = [name for name in touched if name.endswith(".whl")]
    if changes.units:
        units = "unit" if len(changes.units) == 1 else "units"
        yield f"new {units}: {', '.join(changes.units)}; the units that you have stay."
    if wheels:
        yield f"Next: pip install --force-reinstall --no-deps ./{wheels[0]}"
    if not (changes.merged or changes.stayed or changes.newer_here or touched):
        yield "Nothing is newer in this release."


def _shown(changes: Update, script: str, suffix: str) -> str:
    return f"{changes.kept.name}/{script}{suffix}"
