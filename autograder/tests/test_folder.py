"""A student's folder is made from a release and updated to the next without losing a line."""

import re
import shutil
import tomllib
import zipfile
from pathlib import Path

import pytest
import small
from hypothesis import given, settings
from hypothesis import strategies as st
from released import RIGHT, fill, kept, release_to, written
from small import COURSE, UNIT, WORDS

from autograder.authoring.release import release
from autograder.course import read_course
from autograder.course_file import all_units, joined
from autograder.grading.results import CannotWrite
from autograder.practice import folder as folders
from autograder.practice.folder import GIVEN, MADE, NoRelease, start, update
from autograder.practice.merging import merge

SCRIPT = f"assignments/{UNIT}.py"


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """The release that a student begins with."""
    return release_to(tmp_path_factory.mktemp("first") / "course")


@pytest.fixture
def work(first, tmp_path):
    """Make a student's folder."""
    start(first, tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture
def second(first, tmp_path):
    """Return the next release, which still equals the first."""
    return shutil.copytree(first, tmp_path / "second")


def change(folder, old, new, name=SCRIPT):
    """Change a release's file; for a stub also the recorded starter code."""
    file = folder / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    if name == SCRIPT:
        (folder / GIVEN / f"{UNIT}.txt").write_text(text.replace(old, new))


def test_a_folder_is_made_and_says_what_is_next(first, tmp_path):
    """A folder is made from a release's folder or zip; an existing folder stays as it is.

    The command says what to do next.
    """
    packed = shutil.make_archive(str(tmp_path / "release"), "zip", first.parent)
    for source, name in ((first, "from a folder"), (packed, "from a zip")):
        done = small.run_command("start", name, source, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert f'cd "{name}"' in done.stdout
        assert done.stdout.rstrip().endswith("autograder watch numbers")
        assert "0 of 4" in small.run_command(cwd=tmp_path / name).stdout
    again = small.run_command("start", "from a zip", packed, cwd=tmp_path)
    assert again.returncode == 2
    assert "exists already" in again.stderr


def test_a_read_only_release_makes_a_folder_to_work_in(first, tmp_path):
    """A folder from a read-only release can be written; only copies of an update are left out."""
    release = tmp_path / "release"
    shutil.copytree(first, release)
    for name in ("docs/update-gate.md", "update-1/numbers.py.before"):
        (release / name).parent.mkdir(exist_ok=True)
        (release / name).write_text("x\n")
    for path in (release, *release.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    start(release, tmp_path / "work")
    for path in (tmp_path / "work").rglob("*"):
        assert path.stat().st_mode & 0o200
    assert (tmp_path / "work" / "docs" / "update-gate.md").is_file()
    assert not (tmp_path / "work" / "update-1").exists()


def test_a_full_disk_leaves_a_script_as_it_was(work, second, monkeypatch):
    """If the disk is full, an update says which file could not be written, and none is cut off."""
    change(second, "import numpy as np", "import numpy as np\nimport math")
    whole = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    write = Path.write_bytes

    def full(path, content):
        if UNIT in path.name and work in path.parents and "update-1" not in path.parts:
            write(path, content[:10])
            raise OSError(28, "No space left on device")
        write(path, content)

    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_bytes", full)
        with pytest.raises(CannotWrite, match="cannot be written: No space left on device"):
            update(read_course(work), second)
    assert {path: path.read_bytes() for path in whole} == whole
    update(read_course(work), second)
    assert "import math" in (work / SCRIPT).read_text()


def test_what_is_no_release_is_refused(first, work, tmp_path):
    """A course with solutions, another zip, a file, and the folder itself are refused."""
    packed = tmp_path / "other.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "a")
    for source in (small.COURSE.folder, packed, first / "README.md"):
        with pytest.raises(NoRelease):
            start(source, tmp_path / "new")
    with pytest.raises(NoRelease, match="the folder that you work in"):
        update(read_course(work), work)
    assert not (tmp_path / "new").exists()


def test_a_release_comes_in_and_what_was_written_stays(work, second):
    """An update brings new text, checks and files and keeps the student's code and progress.

    The old files are copied.
    """
    fill(work, double=RIGHT["double"])
    assert small.run_command("check", "numbers", "--quick", cwd=work).returncode == 1
    before = written(work).read_bytes()
    change(second, "import numpy as np", "import numpy as np\nimport math")
    change(second, "import", "import math, ", "checks/words.py")
    (second / "docs").mkdir()
    (second / "docs" / "more.md").write_text("more\n")
    done = small.run_command("update", "../second", cwd=work)
    assert done.returncode == 0, done.stderr
    told = done.stdout
    assert (
        f"{SCRIPT}: 1 change taken from the release, and everything that you wrote is kept." in told
    )
    assert "changed: checks/words.py" in told
    assert "new: docs/more.md" in told
    assert "The old files are in update-1" in told
    assert RIGHT["double"] in written(work).read_text()
    assert "import math" in written(work).read_text()
    assert (work / "update-1" / f"{SCRIPT}.before").read_bytes() == before
    assert kept(work)[UNIT]["passed"] == ["doubling"]
    again = small.run_command("update", "../second", cwd=work)
    assert again.stdout == "Nothing is newer in this release.\n"
    assert not (work / "update-2").exists()


def test_a_course_with_its_solutions_is_not_updated(second, tmp_path):
    """In an author's or an instructor's clone, a release would replace course.toml and README."""
    clone = tmp_path / "clone"
    shutil.copytree(COURSE.folder, clone)
    assert not (clone / GIVEN).exists()
    before = (clone / "course.toml").read_bytes()
    with pytest.raises(NoRelease, match="is not a student's folder"):
        update(read_course(clone), second)
    assert (clone / "course.toml").read_bytes() == before


def test_where_both_changed_the_same_lines_the_student_s_stay(work, second):
    """If both changed the same lines, the student's stay and the new text lies beside.

    The following release is merged against the one that came in.
    """
    text = written(work).read_text()
    written(work).write_text(text.replace("import numpy as np", "import numpy as np  # mine"))
    change(second, "import numpy as np", "import numpy as np  # theirs")
    changes = update(read_course(work), second)
    assert "import numpy as np  # mine" in written(work).read_text()
    assert len(changes.merged[SCRIPT].kept) == 1
    assert "# theirs" in (work / "update-1" / f"{SCRIPT}.new").read_text()
    told = "\n".join(folders.in_words(changes, work))
    assert "the release changes what you changed: yours stays" in told
    assert "update-1/assignments/numbers_and_sums.py.new" in told


@pytest.mark.parametrize("how", ["notebook", "bytes", "unknown"])
def test_a_script_that_cannot_be_joined_stays(how, work, second):
    """A script that cannot be merged stays as it is.

    Examples: a student works in a notebook or another encoding, or no starter code was recorded.
    """
    if how == "notebook":
        written(work).with_suffix(".ipynb").write_text("{}")
    elif how == "bytes":
        written(work).write_bytes(b"# \xff\n" + written(work).read_bytes())
    else:
        shutil.rmtree(work / GIVEN)
    before = written(work).read_bytes()
    change(second, "import numpy as np", "import numpy as np\nimport math")
    changes = update(read_course(work), second)
    assert list(changes.stayed) == [SCRIPT]
    assert written(work).read_bytes() == before
    assert "import math" in (work / "update-1" / f"{SCRIPT}.new").read_text()


@pytest.mark.parametrize("is_older", [False, True])
def test_a_notebook_alone_gets_no_script_beside_it(is_older, work, second):
    """The new script would be the newer one, which is checked: a stub, and not the notebook."""
    notebook = written(work).with_suffix(".ipynb")
    written(work).rename(notebook)
    if is_older:
        (work / GIVEN / "made").write_text("2999-01-01T00:00:00Z")
    assert update(read_course(work), second).stayed == {}
    change(second, "import numpy as np", "import numpy as np\nimport math")
    changes = update(read_course(work), second)
    assert changes.stayed == ({} if is_older else {SCRIPT: f"you work in {notebook.name}"})
    assert not written(work).exists()
    if not is_older:
        told = "\n".join(folders.in_words(changes, work))
        assert f"{SCRIPT}: is not written, since you work in {notebook.name}." in told


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_marks_of_windows_stay(mark, work, second):
    """Windows line ends and byte order marks are no change of the student's.

    Merged text gets them, too.
    """
    windows = mark + written(work).read_bytes().replace(b"\n", b"\r\n")
    written(work).write_bytes(windows)
    change(second, "import numpy as np", "import numpy as np\nimport math")
    changes = update(read_course(work), second)
    assert changes.merged[SCRIPT].kept == ()
    want = windows.replace(b"import numpy as np\r\n", b"import numpy as np\r\nimport math\r\n")
    assert written(work).read_bytes() == want


def test_an_older_release_adds_what_is_missing_and_changes_nothing(work, second):
    """An older release puts no old README, check or script back, and the command says so.

    A missing file of it comes nevertheless. A release that does not say when it was made is older.
    """
    old = shutil.copytree(second, second.parent / "old")
    (second / GIVEN / MADE).write_text("2999-01-02T10:00:00+00:00\n")
    for name in ("README.md", "checks/words.py"):
        (second / name).write_text(f"# new\n{(second / name).read_text()}")
    change(second, "import numpy as np", "import numpy as np\nimport math")
    update(read_course(work), second)
    before = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    (old / "docs").mkdir()
    (old / "docs" / "more.md").write_text("more\n")
    (old / "autograder-0.0.1-py3-none-any.whl").write_bytes(b"old")
    for made in ("made 20", "made at an unknown time"):
        done = small.run_command("update", "../old", cwd=work)
        assert done.returncode == 0, done.stderr
        assert f"This release is older than what you have: it was {made}" in done.stdout
        assert "README.md, " in done.stdout
        assert SCRIPT in done.stdout
        assert "pip install" not in done.stdout
        assert {path: path.read_bytes() for path in before} == before
        assert (work / "docs" / "more.md").read_text() == "more\n"
        (old / GIVEN / MADE).unlink(missing_ok=True)


# ---- one unit a week


@pytest.fixture(scope="module")
def weeks(tmp_path_factory):
    """Return releases of one unit each, by unit."""
    place = tmp_path_factory.mktemp("weeks")
    for unit in (UNIT, WORDS):
        release(small.COURSE, place / unit, units=[unit])
    return place


def test_a_release_of_the_next_unit_leaves_those_of_before_at_work(weeks, tmp_path):
    """After a release of the next unit, earlier units can still be checked, run and get receipts.

    The course names both units, and checking all finds both.
    """
    work = tmp_path / "work"
    start(weeks / UNIT, work)
    fill(work, double=RIGHT["double"])
    done = small.run_command("update", weeks / WORDS, cwd=work)
    assert done.returncode == 0, done.stderr
    assert f"new unit: {WORDS}; the units that you have stay." in done.stdout
    assert read_course(work).units == (UNIT, WORDS)
    assert "✓ 2/2" in small.run_command("check", "numbers", "--quick", cwd=work).stdout
    assert f"{UNIT}.py" in small.run_command("receipt", "numbers", cwd=work).stdout
    both = small.run_command("check", "--quick", cwd=work).stdout
    assert f"{UNIT}.py" in both
    assert f"{WORDS}.py" in both
    again = small.run_command("update", weeks / WORDS, cwd=work)
    assert again.stdout == "Nothing is newer in this release.\n"


def test_a_unit_that_an_earlier_update_took_out_of_the_course_comes_back(weeks, tmp_path):
    """A unit that an earlier update removed comes back with its recorded stub and its checks."""
    work = tmp_path / "work"
    start(weeks / UNIT, work)
    update(read_course(work), weeks / WORDS)
    shutil.copy(weeks / WORDS / "course.toml", work / "course.toml")
    assert read_course(work).units == (WORDS,)
    update(read_course(work), weeks / WORDS)
    assert read_course(work).units == (UNIT, WORDS)


def test_another_public_seed_is_told_for_the_units_that_stay(weeks, tmp_path):
    """If the public seed changes, the update names units whose reference outputs no longer fit."""
    work = tmp_path / "work"
    start(weeks / UNIT, work)
    other = shutil.copytree(weeks / WORDS, tmp_path / "other")
    course_file = other / "course.toml"
    course_file.write_text(re.sub("public_seed = .*", "public_seed = 5", course_file.read_text()))
    changes = update(read_course(work), other)
    told = "\n".join(folders.in_words(changes, work))
    assert f"{UNIT}: its reference outputs are of another public seed." in told


@pytest.mark.parametrize(
    ("here", "released", "then"),
    [
        (["a"], ["b"], ["a", "b"]),
        (["a", "b"], ["b"], ["a", "b"]),
        (["b", "a"], ["a", "b", "c"], ["a", "b", "c"]),
        (["a", "b"], ["b", "c"], ["a", "b", "c"]),
    ],
)
def test_a_release_of_all_units_decides_their_order(here, released, then):
    """A release of all units sets their order; after any other, new units come last."""
    assert all_units(here, released) == then


def test_an_older_release_of_another_unit_brings_that_unit_and_keeps_the_newer_course(
    weeks, tmp_path
):
    """A unit of an earlier week comes in, and the README and course.toml stay those of the later.

    Its reference outputs may be of another public seed: the command says so.
    """
    work = tmp_path / "work"
    start(weeks / UNIT, work)
    (work / GIVEN / MADE).write_text("2999-01-02T10:00:00+00:00\n")
    (work / "README.md").write_text("the newest\n")
    course_file = work / "course.toml"
    text = course_file.read_text()
    course_file.write_text(re.sub("public_seed = .*", "public_seed = 5", f"# newer\n{text}"))
    changes = update(read_course(work), weeks / WORDS)
    assert (work / "README.md").read_text() == "the newest\n"
    assert course_file.read_text().startswith("# newer")
    assert read_course(work).units == (UNIT, WORDS)
    assert (work / GIVEN / f"{WORDS}.txt").is_file()
    assert (work / GIVEN / MADE).read_text().startswith("2999")
    told = "\n".join(folders.in_words(changes, work))
    assert f"{WORDS}: its reference outputs are of another public seed." in told
    assert f"new unit: {WORDS}; the units that you have stay." in told


def test_an_older_release_completes_what_an_interrupted_update_began(weeks, tmp_path):
    """A script without its text for comparison gets that text, if nobody has changed the script."""
    work = tmp_path / "work"
    start(weeks / UNIT, work)
    (work / GIVEN / MADE).write_text("2999-01-02T10:00:00+00:00\n")
    update(read_course(work), weeks / WORDS)
    text = work / GIVEN / f"{WORDS}.txt"
    script = work / "assignments" / f"{WORDS}.py"
    for content, is_completed in ((script.read_text(), True), ("# mine\n", False)):
        text.unlink()
        script.write_text(content)
        update(read_course(work), weeks / WORDS)
        assert text.is_file() == is_completed
        text.touch()


def test_what_only_the_folder_names_stays_in_its_course():
    """Roles of corpora and packages that only the folder names stay in its course.

    Where the release and the folder name the same one, the release wins.
    """
    here = (
        'units = ["a"]\n[corpora]\ntext = ["one"]\nwords = ["two", "ä"]\n'
        '[packages]\ntorch = { install = "torch>=2", why = "for a 🔥" }\n'
    )
    new = 'units = ["b"]\n[corpora]  # roles\ntext = ["three"]\n'
    course = tomllib.loads(joined(new, here, ["a", "b"]))
    assert course == {
        "units": ["a", "b"],
        "corpora": {"text": ["three"], "words": ["two", "ä"]},
        "packages": {"torch": {"install": "torch>=2", "why": "for a 🔥"}},
    }
    assert list(course["corpora"]) == ["text", "words"]  # the first one is the default
    last = joined(new + "\n[a.b]\nc = 1\n", here, ["a", "b"])
    assert list(tomllib.loads(last)["corpora"]) == ["text", "words"]


# ---- no edit is ever lost

PLACES = st.integers(0, 10_000)
EDITS = st.lists(st.tuples(st.sampled_from(["insert", "replace", "delete"]), PLACES), max_size=8)


def edited(lines, edits, name):
    """Return edited lines, and the new ones, which are all different."""
    lines = list(lines)
    new = []
    for number, (how, place) in enumerate(edits):
        at = place % (len(lines) + 1)
        if how != "delete":
            new.append(f"    {name}{number} = {number}")
        if how == "insert":
            lines.insert(at, new[-1])
        elif at < len(lines):
            lines[at : at + 1] = new[-1:] if how == "replace" else []
        elif how == "replace":
            new.pop()
    return lines, [line for line in new if line in lines]


@given(st.lists(st.sampled_from("abc"), max_size=20), EDITS, EDITS)
def test_all_that_a_student_wrote_is_in_the_joined_text(base, ours, theirs):
    """The merged text has every line of the student's.

    It has every change of the release where the student changed nothing.
    """
    our_lines, ours_new = edited(base, ours, "mine")
    their_lines, theirs_new = edited(base, theirs, "theirs")
    merged = merge(base, our_lines, their_lines)
    assert [line for line in merged.lines if line in ours_new] == [
        line for line in our_lines if line in ours_new
    ]
    if our_lines == base:
        assert list(merged.lines) == their_lines
        assert merged.kept == ()
    if their_lines == base:
        assert list(merged.lines) == our_lines
    if not merged.kept:
        assert all(line in merged.lines for line in theirs_new)


@settings(max_examples=40, deadline=None)
@given(edits=st.lists(st.tuples(EDITS, EDITS), min_size=1, max_size=3), windows=st.booleans())
def test_no_edit_is_lost_by_any_release(edits, windows, first, tmp_path_factory):
    """Through several releases, every line of the student's is in the file or in a copy.

    The file before an update is copied byte for byte.
    """
    place = tmp_path_factory.mktemp("updates")
    course = start(first, place / "work")
    script = course.folder / SCRIPT
    newer = shutil.copytree(first, place / "release")
    for number, (ours, theirs) in enumerate(edits):
        text = script.read_bytes().decode().replace("\r\n", "\n")
        our_lines, new = edited(text.split("\n"), ours, f"mine{number}_")
        end = "\r\n" if windows else "\n"
        script.write_bytes(end.join(our_lines).encode())
        before = script.read_bytes()
        stub = (newer / SCRIPT).read_text().split("\n")
        their_lines, _ = edited(stub, theirs, f"theirs{number}_")
        (newer / SCRIPT).write_text("\n".join(their_lines))
        (newer / GIVEN / f"{UNIT}.txt").write_text("\n".join(their_lines))
        changes = update(course, newer)
        after = script.read_bytes()
        assert all(line.encode() in after for line in new)
        copy = changes.kept / f"{SCRIPT}.before"
        assert after == before or copy.read_bytes() == before
