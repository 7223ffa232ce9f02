"""Every user error gets a message (what was seen, what to do) and an exit code."""

import gc
import html
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
import small
import small_class
from click.testing import CliRunner
from small import UNIT, WORDS, run_command, submit, timeless

from autograder import cli
from autograder.cli.base import NEW_OBJECTS, PYTHONS_THRESHOLDS
from autograder.grading.results import digest, only_writer
from autograder.grading.submissions import read_file
from autograder.sandbox.client import bubblewrap
from autograder.source.solution import read_solution

POINTS = 8  # the points of the exact checks of UNIT


SOLUTION = small.COURSE.solution(UNIT).read_text()
RIGHT = read_solution(SOLUTION).plain()


@pytest.fixture
def course(tmp_path):
    """Copy the fixture course into a folder, so that a test can change it."""
    shutil.copytree(
        small.COURSE.folder, tmp_path / "course", ignore=shutil.ignore_patterns(".autograder.json")
    )
    return tmp_path / "course"


def mistaken(words):
    """Return the solution with the mistake that has this description."""
    solution = read_solution(SOLUTION)
    return solution.with_mistake(
        next(mistake.id for mistake, _, _ in solution.mistakes if words in mistake.text)
    )


def one_sentence(done, words, code=2):
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert words in done.stderr.replace("\n", " "), done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check", "numbrs"), "There is no unit `numbrs`. Did you mean `numbers_and_sums`?"),
        (("check", "nowhere.py"), "There is no file nowhere.py."),
        (("check", "course.yml"), "There is no unit `course.yml`."),
        (("check", "checks/helpers.py"), "A file is named like its unit."),
        (
            ("check", "numbers", "sumings"),
            "There is no check `sumings` in numbers_and_sums. Did you",
        ),
        (("check", "numbers", "summing", "--out", "OUT"), "--out keeps the results of a whole"),
        (("grade", "nowhere", "--out", "OUT"), "There is no folder nowhere."),
        (("grade", "EMPTY", "--out", "OUT"), "No submission found. Looked for"),
        (("grade", "EMPTY", "--out", "OUT", "--unit", "unit9"), "There is no unit `unit9`."),
        (("grade", "course.toml", "--out", "OUT"), "There is no folder course.toml."),
        (("grade", "bad.zip", "--out", "OUT"), "bad.zip"),
        (("grade", "EMPTY"), "Missing option '--out'"),
        (("grade", "EMPTY", "--out", "OUT", "-j", "0"), "0 is not in the range"),
        (("report", "EMPTY"), "There are no results in"),
        (("build", "--release", "ROOT"), "is not empty. Name a new folder."),
        (("validate", "unit"), "There is no unit"),
        (("chek",), "No such command 'chek'"),
    ],
)
def test_wrong_use_is_told_in_words(tmp_path, arguments, words):
    """Wrong use gives a message and exit code 2, and no traceback."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    places = {
        "EMPTY": tmp_path / "empty",
        "OUT": tmp_path / "out",
        "ROOT": small.ROOT,
        "bad.zip": tmp_path / "bad.zip",
    }
    if arguments == ("validate", "unit"):
        arguments = ("validate", "unitx")
    one_sentence(run_command(*(places.get(a, a) for a in arguments)), words)


@pytest.mark.parametrize("command", [[], *([name] for name in cli.main.commands)])
def test_every_command_explains_itself(command):
    """`--help` of every command has a sentence and an example."""
    done = run_command(*command, "--help")
    assert done.returncode == 0
    assert "autograder" in done.stdout
    assert "Example:" in done.stdout or not command


@pytest.mark.parametrize(
    "module", ["author", "grade", "instructor", "platforms", "review", "student"]
)
def test_commands_start_in_a_python_of_their_own(module):
    """A command also starts in a fresh Python.

    The other tests fork commands from a process that has imported the whole engine.
    """
    code = f"import autograder.cli.{module}"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_help_imports_nothing_heavy():
    """Parsing arguments imports neither torch nor NumPy."""
    code = (
        "import sys, autograder.cli; print([n for n in ('torch', 'numpy', 'rich', 'jinja2') if n "
        "in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip()
        == "[]"
    )


def test_check_quick_leaves_out_training(tmp_path):
    """`check --quick` skips training, says that a grade uses another seed, and exits with 0."""
    done = run_command("check", submit(tmp_path, "ada", RIGHT), "--quick")
    assert done.returncode == 0, done.stderr
    assert "8 of 8 points (without 1 check that trains) on the public seed. " in done.stdout
    assert "fitting" not in done.stdout
    assert "\x1b[" not in done.stdout


def test_check_shows_one_check(tmp_path):
    """The checks that it needs run before it, and are neither shown nor counted."""
    path = submit(tmp_path, "ada", mistaken("this is the square"))
    done = run_command("check", path, "summing")
    assert done.returncode == 0, done.stdout
    assert "✓ 4/4" in done.stdout
    assert "doubling" not in done.stdout
    assert "4 of 4 points on the public seed." in done.stdout
    done = run_command("check", submit(tmp_path, "bob", mistaken("this walks uphill")), "fitting")
    assert done.returncode == 1
    assert "Do this first: `three_steps`" in done.stdout


def test_check_trains_and_shows_the_loss(tmp_path):
    """`check` runs training by default and shows the loss in the course's own unit."""
    done = run_command("check", submit(tmp_path, "ada", RIGHT))
    assert done.returncode == 0, done.stderr
    assert "11 of 11 points" in done.stdout
    late = (
        RIGHT
        + "\n_fit = fit\ndef fit(x, y, w, rate):\n    return _fit(x, y, w, rate) + (len(x) > 3)\n"
    )
    done = run_command("check", submit(tmp_path, "bob", late))
    assert done.returncode == 1
    assert "squared units; ours on the same seed" in done.stdout


def test_check_takes_a_notebook_and_names_a_mistake(tmp_path):
    """`check` takes a notebook, diagnoses a mistake in the words of a grade, and exits with 1."""
    cells = [{"cell_type": "code", "source": RIGHT}, {"cell_type": "markdown", "source": "Words."}]
    path = submit(tmp_path, "ada", json.dumps({"cells": cells[::-1]})).rename(
        tmp_path / f"{UNIT}.ipynb"
    )
    done = run_command("check", path, "--quick")
    assert done.returncode == 0, done.stdout
    done = run_command("check", submit(tmp_path, "ada", mistaken("this is the square")), "--quick")
    assert done.returncode == 1
    assert "this is the square: x times 2, not x times x." in done.stdout


def test_a_script_and_a_notebook_beside_each_other_are_told(course):
    """`check` uses the newer of a script and a notebook; `grade` uses the script. Both say so."""
    script = course / "assignments" / f"{UNIT}.py"
    notebook = script.with_suffix(".ipynb")
    notebook.write_text(json.dumps({"cells": [{"cell_type": "code", "source": RIGHT}]}))
    os.utime(script, (0, 0))
    done = run_command("check", "numbers", "--quick", cwd=course)
    assert f"Checking {UNIT}.ipynb, which is newer" in done.stderr
    assert "8 of 8 points" in done.stdout
    os.utime(notebook, (-1, -1))
    done = run_command("check", "numbers", "--quick", cwd=course)
    assert f"Checking {UNIT}.py, which is newer" in done.stderr
    notebook.unlink()
    assert "newer" not in run_command("check", "numbers", "--quick", cwd=course).stderr


def test_check_of_text_says_what_was_expected_and_found(tmp_path):
    """On an unknown mistake in text, `check` shows the expected and the found text.

    A known mistake is diagnosed.
    """
    script = "def initials(name): return name.upper()"
    done = run_command("check", submit(tmp_path, "ada", script, small.WORDS))
    assert done.returncode == 1
    assert re.search(r"expected '(\w\. ?)+', found '[A-Z ]+'; 3 of 3 differ\.", done.stdout)


def graded(folder, out, *options):
    done = run_command("grade", folder, "--out", out, "--quick", "--seed", "3", *options)
    assert done.returncode == 0, done.stderr
    return {path.stem: json.loads(path.read_text()) for path in (out / UNIT).glob("*.json")}


def test_odd_submissions_are_graded_in_words_and_the_others_as_ever(tmp_path):
    """An empty, missing or oversized file, a link, and a non-text file each have a result in words.

    The other submissions are graded as usual.
    """
    good = RIGHT.encode()
    files = {
        "good": good,
        "empty": b"",
        "binary": b"\0\1\2",
        "large": b"#" * (6 << 20),
        "prose": b"Dear teacher, I",
    }
    for name, content in files.items():
        (tmp_path / "class" / name / UNIT).mkdir(parents=True)
        (tmp_path / "class" / name / UNIT / f"{UNIT}.py").write_bytes(content)
    (tmp_path / "class" / "nothing" / UNIT).mkdir(parents=True)
    (tmp_path / "class" / "link" / UNIT).mkdir(parents=True)
    (tmp_path / "class" / "link" / UNIT / f"{UNIT}.py").symlink_to(
        tmp_path / "class" / "good" / UNIT / f"{UNIT}.py"
    )
    results = graded(tmp_path / "class", tmp_path / "out")
    said = {
        name: result["checks"][0]["remarks"][0]["text"]
        for name, result in results.items()
        if result["score"] == 0
    }
    assert results["good"]["score"] == POINTS
    assert said.keys() == {"empty", "binary", "large", "prose", "nothing", "link"}
    assert said["empty"] == "the file is empty."
    assert "not text" in said["binary"]
    assert "over 5 MB" in said["large"]
    assert f"no {UNIT}.py" in said["nothing"]
    assert "not a regular file" in said["link"]


def test_a_file_of_another_format_has_its_reason_everywhere(tmp_path):
    """The result, the page and the table of `grade` say why a file cannot be read, as `check` does.

    A notebook's JSON in a script, and a script in a notebook, are read.
    """
    book = json.dumps(json.loads(small_class.notebook(RIGHT)), indent=1)
    files = {
        "cut.ipynb": (book[: len(book) // 2], "the notebook is incomplete: its file ends in line"),
        "page.ipynb": ("<!DOCTYPE html>\n<title>Log in</title>", "the file is a web page"),
        "packed.py": ("PK\3\4\0\0", "the file is a zip archive"),
        "book.py": (book, ""),
        "script.ipynb": (RIGHT, ""),
    }
    paths = {}
    for name, (content, _) in files.items():
        student, suffix = name.split(".")
        paths[student] = small.submit(tmp_path / "class", student, content)
        paths[student] = paths[student].rename(paths[student].with_suffix(f".{suffix}"))
    out = tmp_path / "out"
    done = run_command("grade", tmp_path / "class", "--out", out, "--quick")
    assert done.returncode == 0, done.stderr
    for name, (_, words) in files.items():
        student, _ = name.split(".")
        result = json.loads((out / UNIT / f"{student}.json").read_text())
        assert result["note"].startswith(words)
        assert result["submission_sha256"] == digest(paths[student].read_bytes())
        if not words:
            assert (result["note"], result["score"]) == ("", POINTS)
            continue
        assert {check["failure"] for check in result["checks"]} == {"unread"}
        assert done.stdout.count(result["note"]) == 1
        page = html.unescape((out / "pages" / UNIT / f"{student}.html").read_text())
        assert "No check ran." in page
        assert result["note"] in page
        practised = run_command("check", paths[student])
        assert result["note"] in practised.stderr


@pytest.mark.parametrize(
    "name", ["x" * 255, "a\x1b[31m\nb", b"a\xff".decode(errors="surrogateescape"), "ä" * 100]
)
def test_names_that_no_file_or_terminal_should_bear_are_changed(tmp_path, name):
    """A name that is too long, not UTF-8 or has control characters is replaced, with a checksum."""
    submitted = tmp_path / "class"
    out = tmp_path / "out"
    folder = submitted / name / UNIT
    folder.mkdir(parents=True)
    (folder / f"{UNIT}.py").write_text("x = 1")
    (student,) = graded(submitted, out)
    assert student.isprintable()
    assert len(student.encode()) <= 120
    assert student[-17] == "~"
    assert (out / "pages" / UNIT / f"{student}.html").is_file()


def test_one_student_has_one_submission(tmp_path):
    """In a flat folder the script `bob.py` counts before `bob.ipynb`, as in a student's folder."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "bob.ipynb").write_text("{}")
    (tmp_path / "class" / "bob.py").write_text(RIGHT)
    done = run_command(
        "grade", tmp_path / "class", "--out", tmp_path / "out", "--quick", "--unit", "numbers"
    )
    assert "1 submission, 8 of 8 points" in done.stdout


def test_a_file_that_turns_into_a_pipe_or_a_link_is_not_read(tmp_path):
    """Checks apply to the opened file, so a file swapped for a pipe or a link is not read.

    The reader waits for no pipe and follows no link.
    """
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "link.py").symlink_to(__file__)
    for name in ("pipe.py", "link.py"):
        with pytest.raises(ValueError, match="not a regular file"):
            read_file(tmp_path / name)


def test_a_zip_that_would_fill_the_disk_is_refused(tmp_path):
    """A zip is refused by the sum of its announced sizes, before anything is unpacked."""
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as packed:
        for number in range(500):
            packed.writestr(f"s{number}/{UNIT}/{UNIT}.py", "x = 1")
        for member in packed.filelist:  # its directory is written when the file is closed
            member.file_size = 5 << 20
    one_sentence(run_command("grade", tmp_path / "class.zip", "--out", tmp_path / "out"), "or 2 GB")


def test_a_flat_folder_and_a_zip_give_the_same_grades(tmp_path):
    """A flat folder of `<student>.py` with --unit and a zip of folders get the same grades."""
    source = submit(tmp_path / "made", "ada", mistaken("leaves out itself"))
    (tmp_path / "flat").mkdir()
    (tmp_path / "flat" / "ada.py").write_bytes(source.read_bytes())
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as packed:
        packed.write(source, f"ada/{UNIT}/{UNIT}.py")
    flat = graded(tmp_path / "flat", tmp_path / "one", "--unit", "numbers")
    zipped = graded(tmp_path / "class.zip", tmp_path / "two")
    assert flat["ada"].keys() == zipped["ada"].keys()
    assert 0 < flat["ada"]["score"] < POINTS
    one, two = (timeless(tmp_path / out / UNIT / "ada.json") for out in ("one", "two"))
    assert one == two


@pytest.mark.parametrize("name", ["../evil.py", "/tmp/evil.py"])
def test_a_zip_that_leaves_its_folder_is_refused(tmp_path, name):
    """A zip with a path out of its folder is refused, and nothing is written outside."""
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as packed:
        packed.writestr(name, "x = 1")
    one_sentence(
        run_command("grade", tmp_path / "class.zip", "--out", tmp_path / "out"),
        "outside the folder",
    )


def test_unsafe_results_are_not_official(tmp_path):
    """The terminal and every result mark a run with `--unsafe` as not official."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ada.py").write_text(RIGHT)
    results = graded(tmp_path / "class", tmp_path / "out", "--unit", "numbers", "--unsafe")
    made_by = results["ada"]["provenance"]
    assert (made_by["official"], made_by["walls"], results["ada"]["score"]) == (False, [], POINTS)


def test_grading_is_refused_where_it_cannot_confine(tmp_path):
    """Without confinement, `grade` exits with 2, says what is missing and grades nothing."""
    code = (
        "import autograder.sandbox.inside.confinement as w; w.missing = lambda: ['the kernel has "
        "no Landlock.']\n"
        "from autograder.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "grade", tmp_path / "class", "--out", tmp_path / "out"]
    submit(tmp_path / "class", "ada", RIGHT)
    done = subprocess.run(
        [*map(str, command)], cwd=small.COURSE.folder, capture_output=True, text=True
    )
    one_sentence(done, "the kernel has no Landlock.")
    assert not list((tmp_path / "out").glob("*/*.json"))


def test_a_second_run_into_the_same_folder_at_once_is_refused(tmp_path):
    """A second simultaneous run into the same folder stops with a message."""
    submit(tmp_path / "class", "ada", RIGHT)
    with only_writer(tmp_path / "out"):
        done = run_command("grade", tmp_path / "class", "--out", tmp_path / "out", "--quick")
    one_sentence(done, "Another run is writing to")


def test_hostile_names_are_text_in_the_pages(tmp_path):
    """A folder named like markup is shown, linked and escaped on the pages."""
    name = "<script>alert(1)<"
    (tmp_path / "class" / name / UNIT).mkdir(parents=True)
    (tmp_path / "class" / name / UNIT / f"{UNIT}.py").write_text(
        "def double(x): raise ValueError('<img src=x onerror=y>')"
    )
    graded(tmp_path / "class", tmp_path / "out")
    index = (tmp_path / "out" / "pages" / "index.html").read_text()
    assert "<script>alert" not in index
    assert "&lt;script&gt;alert(1)&lt;" in index


def test_a_fresh_seed_is_drawn_for_each_run(tmp_path):
    """Two runs into two folders draw two seeds and record them in each result."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ada.py").write_text("x = 1")
    for out in ("one", "two"):
        run_command(
            "grade", tmp_path / "class", "--out", tmp_path / out, "--quick", "--unit", "numbers"
        )
    seeds = {
        json.loads((tmp_path / out / UNIT / "ada.json").read_text())["provenance"]["seed"]
        for out in ("one", "two")
    }
    assert len(seeds) == 2


def test_each_unit_has_a_seed_of_its_own_which_the_next_run_takes_again(tmp_path):
    """A submission knows its seed: that of the next unit must not follow from it."""
    submit(tmp_path / "class", "ada", RIGHT)
    submit(tmp_path / "class", "ada", "def shout(text): pass", small.WORDS)
    out = tmp_path / "out"

    def seeds(*more):
        done = run_command("grade", tmp_path / "class", "--out", out, "--quick", *more)
        assert done.returncode == 0, done.stderr
        paths = [out / unit / "ada.json" for unit in (UNIT, small.WORDS)]
        return [json.loads(path.read_text())["provenance"]["seed"] for path in paths]

    first = seeds()
    assert len(set(first)) == 2
    assert not any(str(seed) in (out / "run.txt").read_text() for seed in first)
    assert seeds() == first
    assert seeds("--seed", "77") == [77, 77]
    assert seeds() == [77, 77]  # as in a folder of an earlier version
    public = small.COURSE.public_seed
    for more, is_public in (("--seed", public), True), ((), True), (("--seed", public + 1), False):
        options = ("--out", tmp_path / "public", "--quick", *more)
        done = run_command("grade", tmp_path / "class", *options)
        assert done.returncode == 0, done.stderr
        warning = f"Warning: 2 of 2 results are on the seed {public}, the course's public one"
        assert (warning in done.stderr) == is_public


def test_times_of_nbgrader_that_nobody_asked_for_are_asked_about(tmp_path):
    """Else the files' own times, which copying changes, would make a whole class late."""
    for student in ("a", "b", "c"):
        path = small.submit(tmp_path / "class", student, small.solved())
        if student != "c":
            path.with_name("timestamp.txt").write_text("2026-11-20 12:00:00 UTC\n")
    command = ("grade", tmp_path / "class", "--quick", "--out", tmp_path / "out")
    done = run_command(*command)
    assert done.returncode == 2
    assert "Beside 2 of 3 files lies a `timestamp.txt`" in " ".join(done.stderr.split())
    (tmp_path / "students.csv").write_text("student\na\nb\n")
    roster = ("--roster", tmp_path / "students.csv")
    policy = tmp_path / "policy.toml"
    policy.write_text(f"[late]\nper_day = 0.1\n[{UNIT}]\ndue = 2026-11-21T00:00:00Z\n")
    export = ("export", tmp_path / "out", "--to", "csv", "--policy", policy)
    late = f"{UNIT}: 3 are late by the time of the file itself, which copying"
    for option, is_late in (
        ("--no-timestamps", True),
        ("--timestamps", False),
        ("--no-timestamps", True),
    ):
        done = run_command(*command, option, *roster)
        assert done.returncode == 0, done.stderr
        assert "not in the roster, and graded (1):\n  c" in done.stdout
        assert (late in run_command(*export).stderr) == is_late


def test_a_file_without_a_time_of_nbgrader_is_named(tmp_path):
    """With --timestamps, a file that was put there by hand has its own time: this is said."""
    for student in "ab":
        submit(tmp_path / "class", student, RIGHT)
    (tmp_path / "class" / "a" / UNIT / "timestamp.txt").write_text("2026-11-20 12:00:00 UTC\n")
    command = ("grade", tmp_path / "class", "--out", tmp_path / "out", "--quick")
    said = " ".join(run_command(*command, "--timestamps").stdout.split())
    told = "without a readable timestamp.txt, so that the time of the file itself counts (1): b, "
    assert f"{told}{UNIT}." in said
    assert "timestamp.txt" not in run_command(*command).stdout
    (tmp_path / "class" / "b" / UNIT / "timestamp.txt").write_text("yesterday")
    assert "counts (1): b, " in " ".join(run_command(*command, "--timestamps").stdout.split())


def test_late_files_get_a_new_seed_and_the_others_keep_theirs(tmp_path):
    """With `--new-seed` only new and changed files get a new seed; later runs keep all of them."""
    out = tmp_path / "out"

    def seeds(*more):
        done = run_command("grade", tmp_path / "class", "--out", out, "--quick", *more)
        assert done.returncode == 0, done.stderr
        found = {}
        for path in sorted((out / UNIT).glob("*.json")):
            record = json.loads(path.read_text())
            assert record["checks"][0]["status"] == "passed"
            found[path.stem] = record["provenance"]["seed"]
        return found, done.stdout

    for student in "ab":
        submit(tmp_path / "class", student, RIGHT)
    first, _ = seeds()
    submit(tmp_path / "class", "b", RIGHT + "\n# changed\n")
    submit(tmp_path / "class", "c", RIGHT)
    late, said = seeds("--new-seed")
    assert "Note:" not in said
    assert late["a"] == first["a"]
    assert late["b"] == late["c"] != first["b"]
    again, said = seeds()
    assert again == late
    assert f"{UNIT}: 3 read back" in said  # of both seeds
    submit(tmp_path / "class", "b", RIGHT + "\n# changed once more\n")
    submit(tmp_path / "class", "c", RIGHT, WORDS)  # the first of its unit: nobody has seen it
    said = seeds()[1]
    assert "Note: 1 file was graded on the seed of earlier ones (1 handed in again)" in said
    these = said.partition("These are: ")[2].splitlines()[0]
    assert these == str(out / UNIT / "b.json")
    assert set(seeds("--seed", "77")[0].values()) == {77}
    done = run_command(
        "grade", tmp_path / "class", "--out", out, "--quick", "--new-seed", "--seed", "7"
    )
    one_sentence(done, "exclude each other")


def test_data_says_what_is_here(course):
    """`data` lists each dataset with licence and place, and what to do about a missing one.

    It says where another dataset serves instead. If none is available, the exit code is 1.
    """
    done = run_command("data", cwd=course)
    assert done.returncode == 0
    assert "line: Pairs on a line, made for the tests (CC0)\n  ✓ " in done.stdout
    assert str(course / "datasets" / "line") in done.stdout
    assert "steep: " in done.stdout
    done = run_command("data", "line", cwd=course)
    assert "line: " in done.stdout
    assert "steep: " not in done.stdout
    one_sentence(
        run_command("data", "lines", cwd=course), "There is no dataset lines. Known: line, "
    )
    for name, code, sign in (("line", 0, "–"), ("steep", 1, "✗")):
        (course / "datasets" / name / f"{name}.txt").unlink()
        done = run_command(
            "data", "--no-fetch", cwd=course, COURSE_DATA="", XDG_CACHE_HOME=str(course)
        )
        assert done.returncode == code
        assert f"{sign} `{name}` is not available here" in done.stdout
        assert ("Until then, units use `steep`." in done.stdout) == (code == 0)


def test_equal_wrong_answers_that_nobody_has_named_are_shown(tmp_path):
    """Equal wrong answers without a known mistake are shown as a group, across styles.

    Another mistake is not in the group. `--verbose` lists the students.
    """
    bodies = {"ada": "x / 3", "bob": "x * (1 / 3)", "cy": "x / 4"}
    for student, body in bodies.items():
        submit(tmp_path / "class", student, f"def double(x):\n    return {body}\n")
    done = run_command(
        "grade", tmp_path / "class", "--out", tmp_path / "out", "--quick", "--verbose"
    )
    assert "2 students, doubling: equal wrong values in" in done.stdout
    assert "worker_0: ada, numbers_and_sums: begun" in done.stderr
    page = (tmp_path / "out" / "pages" / "index.html").read_text()
    assert "Equal wrong answers that match no known mistake" in page


def test_doctor_says_what_works_and_what_does_not(tmp_path):
    """`doctor` calls grades official with or without bubblewrap, but not for unconfined workers."""
    done = run_command("doctor")
    for package in ("canvasapi", "PyYAML"):
        assert f"{package}: " in done.stdout
    assert done.returncode == 0, done.stdout
    assert "✓ a worker that tries to break out: was held by landlock" in done.stdout
    lame = (
        "import sys; from autograder import cli; from autograder.sandbox import client; "
        "from autograder.sandbox.inside import landlock; {}; sys.argv[1:] = ['doctor']; "
        "cli.main()"
    )
    found = {
        code: subprocess.run(
            [sys.executable, "-c", lame.format(code)],
            cwd=small.COURSE.folder,
            capture_output=True,
            text=True,
        )
        for code in (
            "client.bubblewrap = lambda: None",
            "landlock.newest_abi = lambda: 0",
            "landlock.newest_abi = lambda: 2",
        )
    }
    alone, none, old = found.values()
    assert (alone.returncode, none.returncode, old.returncode) == (0, 1, 0)
    assert "– bubblewrap, a second layer: does not start (is not installed)" in alone.stdout
    assert (
        "✗ a worker's own sandbox: the kernel has no Landlock. It needs Linux 5.13" in none.stdout
    )
    assert "too old for emptying files, TCP" in old.stdout


# ---- which course


def courses_of(out):
    """Return the course by which each result of a run was graded."""
    found = [json.loads(path.read_text()) for path in out.glob("*/*.json")]
    made_by = [result["provenance"] for result in found]
    return {(provenance["course_title"], provenance["course_folder"]) for provenance in made_by}


@pytest.mark.parametrize("how", ["option", "variable", "around", "above"])
def test_the_course_is_named_or_is_the_one_around(course, tmp_path, how):
    """The course comes from `--course`, `$AUTOGRADER_COURSE`, this folder, or one above it.

    `grade` prints it, and each result stores it.
    """
    submit(tmp_path / "class", "ada", RIGHT)
    options = ["--course", course] if how == "option" else []
    variable = {"AUTOGRADER_COURSE": str(course)} if how == "variable" else {}
    place = {"around": course, "above": course / "datasets" / "line"}.get(how, tmp_path)
    grade = ("grade", tmp_path / "class", "--out", tmp_path / "out", "--quick")
    done = run_command(*grade, *options, cwd=place, **variable)
    assert done.returncode == 0, done.stderr
    assert f"course: Numbers and words ({course})\n" in done.stdout
    assert courses_of(tmp_path / "out") == {("Numbers and words", str(course))}


def test_a_course_that_is_named_comes_first(course, tmp_path):
    """`--course` precedes the variable, and the variable precedes the surrounding folder."""
    for title in ("Around", "Variable", "Option"):
        shutil.copytree(course, tmp_path / title)
        text = (course / "course.toml").read_text().replace("Numbers and words", title)
        (tmp_path / title / "course.toml").write_text(text)
    data = ("data", "--no-fetch")
    variable = {"AUTOGRADER_COURSE": str(tmp_path / "Variable")}
    for name, options, environment in (
        ("Around", [], {}),
        ("Variable", [], variable),
        ("Option", ["--course", tmp_path / "Option"], variable),
    ):
        done = run_command(*data, *options, cwd=tmp_path / "Around", **environment)
        assert f"✓ {tmp_path / name}" in done.stdout


@pytest.mark.parametrize(
    "command",
    [[], ["check"], ["hint"], ["build"], ["data"], ["validate"], ["grade", ".", "--out", "x"]],
)
def test_no_course_is_one_sentence(tmp_path, command):
    """Without a course, the message says where the command looked and how to name one."""
    done = run_command(*command, cwd=tmp_path)
    one_sentence(done, f"There is no course.toml in {tmp_path} or above it.")
    assert "--course FOLDER" in done.stderr
    assert "AUTOGRADER_COURSE" in done.stderr


def test_a_folder_that_is_no_course_is_told(tmp_path):
    """A folder without a course is an error, from the option and from the variable."""
    one_sentence(
        run_command("check", "--course", tmp_path),
        f"{tmp_path} is no course: it holds no course.toml.",
    )
    one_sentence(run_command("check", AUTOGRADER_COURSE=str(tmp_path)), f"{tmp_path} is no course")


def test_a_course_inside_what_is_graded_is_refused(course, tmp_path):
    """Nothing is graded if the course lies inside the submissions.

    This holds for a surrounding folder, a link and the option.
    """
    submit(tmp_path / "class", "ada", RIGHT)
    shutil.move(course, tmp_path / "class" / "ada" / "course")
    (tmp_path / "link").symlink_to(tmp_path / "class")
    theirs = tmp_path / "class" / "ada" / "course"
    for submitted, options, place in (
        (tmp_path / "class", [], theirs),
        (tmp_path / "link", [], theirs / "datasets"),
        (tmp_path / "class", ["--course", theirs], tmp_path),
        (theirs, ["--course", theirs], tmp_path),
    ):
        done = run_command("grade", submitted, "--out", tmp_path / "out", *options, cwd=place)
        one_sentence(done, "so a student could have handed it in.")
    assert not (tmp_path / "out").exists()


# ---- whose error it is


def with_import(course, line, unit=UNIT):
    """Write an import at the top of a unit's checks."""
    path = course / "checks" / f"{unit}.py"
    path.write_text(f"{line}\n{path.read_text()}")
    return path


@pytest.mark.parametrize(
    "line",
    [
        "import nmpy",
        ("from .helprs import numbers"),
        "from .helpers import nmbers",
        "import fictive_reader",
        "import numpy.lnalg",
        "from numpy import lnalg",
    ],
)
@pytest.mark.parametrize("command", ["check", "grade"])
def test_an_authors_mistyped_import_is_a_traceback_that_names_the_file(
    course, tmp_path, line, command
):
    """A mistyped import in an author's file gives a traceback, not a package to install.

    This holds even if the course and the engine know packages of similar names.
    """
    text = (course / "course.toml").read_text()
    (course / "course.toml").write_text(f'{text}\n[packages]\nnumpy = {{ install = "numpy" }}\n')
    path = with_import(course, line)
    arguments = (
        ["check", UNIT]
        if command == "check"
        else ["grade", tmp_path / "class", "--out", tmp_path / "out"]
    )
    submit(tmp_path / "class", "ada", RIGHT)
    done = run_command(*arguments, "--quick", cwd=course)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert f'File "{path}"' in done.stderr
    assert line in done.stderr
    assert "pip install" not in done.stderr


def test_a_package_that_only_the_engine_knows_is_the_authors_own_where_a_check_imports_it(
    course, tmp_path
):
    """A missing package that only the engine knows is the author's error, not a missing extra."""
    path = with_import(course, "import nbgrader")
    (tmp_path / "nbgrader.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'nbgrader'\", name='nbgrader')"
    )
    done = run_command("check", UNIT, "--quick", cwd=course, PYTHONPATH=f"{tmp_path}:{small.ROOT}")
    assert done.returncode == 1
    assert f'File "{path}"' in done.stderr
    assert "Traceback" in done.stderr
    assert "pip install" not in done.stderr


def test_an_extra_that_a_command_lacks_is_told_with_how_to_install_it(course, tmp_path):
    """The message about a missing extra has a command with the distribution's own name."""
    code = "import sys; sys.modules['tomli_w'] = None; from autograder.cli import main; main()"
    command = [sys.executable, "-c", code, "calibrate", small.WORDS, "--seeds", "1"]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True)
    one_sentence(done, 'this needs tomli_w, which is not installed: pip install -e ".[authoring]"')


@pytest.mark.parametrize("line", ["import fictive_reader", "import fictive_reader.tables"])
@pytest.mark.parametrize("late", [False, True])
def test_a_missing_package_of_the_course_is_told_with_how_to_install_it(
    course, tmp_path, line, late
):
    """The message about a missing package of checks or data has the name to install it by.

    That name differs from the one that is imported.
    """
    text = (course / "course.toml").read_text()
    package = 'fictive-reader = { install = "fictive-reader>=3", module = "fictive_reader" }'
    (course / "course.toml").write_text(f"{text}\n[packages]\n{package}\n")
    submit(tmp_path / "class", "ada", RIGHT)
    path, who = course / "checks" / f"{UNIT}.py", UNIT
    if late:
        data = (
            f"def read(find):\n    {line}\n\n\n@check(\n    data=read,\n    points=3,\n    "
            "needs=three_steps,"
        )
        path.write_text(
            path.read_text().replace("@check(\n    points=3,\n    needs=three_steps,", data)
        )
        who = "fitting"
    else:
        with_import(course, line)
    done = run_command("grade", tmp_path / "class", "--out", tmp_path / "out", cwd=course)
    words = (
        f"{who} needs fictive-reader, which is not installed. Install it: pip install "
        '"fictive-reader>=3"'
    )
    one_sentence(done, words)
    if late:
        done = run_command("check", submit(tmp_path, "ada", RIGHT), cwd=course)
        assert words in done.stdout.replace("\n", " ") and done.returncode == 1, done.stdout


BUG = """
from autograder.grading import batch
from autograder.cli import main

def broken(*_):
    {line}

batch.grade_class = broken
main()
"""


@pytest.mark.parametrize(
    "line",
    [
        "open('/nowhere/to/be/found')",
        "raise OSError('a bug')",
        "raise ConnectionResetError(104, 'reset')",
    ],
)
def test_an_oserror_of_a_bug_is_a_traceback(tmp_path, line):
    """An unexpected OSError is shown as a traceback, for those who fix it."""
    submit(tmp_path / "class", "ada", RIGHT)
    command = [
        sys.executable,
        "-c",
        BUG.format(line=line),
        "grade",
        tmp_path / "class",
        "--out",
        tmp_path / "out",
    ]
    done = subprocess.run(
        [*map(str, command)], cwd=small.COURSE.folder, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "in broken" in done.stderr


@pytest.mark.skipif(not bubblewrap(), reason="a small disk is made with bubblewrap")
@pytest.mark.parametrize(
    ("disk", "words"),
    [(["--size", "24576", "--tmpfs"], "No space left"), (["--ro-bind", "OUT"], "Read-only")],
)
@pytest.mark.parametrize("command", ["grade", "release"])
def test_a_full_disk_and_a_read_only_folder_are_a_sentence(tmp_path, disk, words, command):
    """For every command, a full disk or read-only folder gives one sentence: what file, and why."""
    (tmp_path / "out").mkdir()
    for number in range(8):
        submit(tmp_path / "class", f"student{number}", RIGHT)
    out = str(tmp_path / "out")
    wall = [
        bubblewrap(),
        "--dev-bind",
        "/",
        "/",
        *(out if part == "OUT" else part for part in disk),
        out,
    ]
    arguments = {
        "grade": ["grade", str(tmp_path / "class"), "--quick", "--out", out],
        "release": ["build", "--release", out],
    }
    run = [*wall, sys.executable, "-m", "autograder", *arguments[command]]
    done = subprocess.run(run, cwd=small.COURSE.folder, capture_output=True, text=True, timeout=120)
    one_sentence(done, words)
    assert out in done.stderr.splitlines()[-1]


# ---- a receipt


def test_a_receipt_is_the_checksum_of_the_file(course):
    """The receipt changes with every change of the file and equals the one on the feedback page."""
    path = course / "assignments" / f"{UNIT}.py"
    before = run_command("receipt", "numbers", cwd=course).stdout
    assert before.startswith(f"{path.name}  {path.stat().st_size} bytes  ")
    assert f"sha256 {digest(path.read_bytes())}\n" in before
    copy = course / "elsewhere" / path.name
    copy.parent.mkdir()
    copy.write_text(path.read_text() + "\n")
    after = run_command("receipt", copy, cwd=course).stdout
    assert f"sha256 {digest(copy.read_bytes())}\n" in after
    assert digest(path.read_bytes()) not in after


# ---- hints


def test_a_hint_without_arguments_is_for_the_next_check(course):
    """Without arguments, `hint` takes the unit's next failing check, one more step each time.

    Once a whole unit passes, it goes on to the next.
    """
    done = run_command("hint", cwd=course)
    assert (done.returncode, done.stdout) == (0, "1 of 5: What is twice a number?\n")
    assert run_command("hint", cwd=course).stdout == "2 of 5: The number and itself again.\n"
    assert (
        "3 of 5: A common mistake here: this is the square"
        in run_command("hint", cwd=course).stdout
    )
    (course / "assignments" / f"{UNIT}.py").write_text(RIGHT)
    assert run_command("check", UNIT, cwd=course).returncode == 0
    assert "a space is missing between the letters" in run_command("hint", cwd=course).stdout
    assert run_command("hint", "numbers", cwd=course).stdout == f"Every check of {UNIT} passes.\n"


def test_a_hint_for_training_is_in_the_courses_words(course):
    """`hint` gives the course's own words for training.

    For an unknown check it lists those that exist.
    """
    assert (
        run_command("hint", "numbers", "fitting", cwd=course).stdout
        == "1 of 1: Which way is downhill?\n"
    )
    one_sentence(run_command("hint", "numbers", "fiting", cwd=course), "There is no check `fiting`")


def test_without_a_command_one_is_told_where_one_is(course):
    """Without a command, `autograder` lists what passes in each unit and what to type next."""
    done = run_command(cwd=course)
    assert "> numbers_and_sums           0 of 4 checks" in done.stdout
    assert "Next is `doubling` of numbers_and_sums." in done.stdout
    assert "    autograder hint numbers doubling\n" in done.stdout


def test_check_tells_tools_what_it_tells_people(tmp_path):
    """`check --json` prints one object, whatever the file prints, with the same exit code."""
    script = tmp_path / f"{UNIT}.py"
    script.write_text(
        "print('{')\n"
        + small.solved("m01").replace("    return x * x", "    print('['); return x * x")
    )
    done = small.run_command("check", script, "--json")
    record = json.loads(done.stdout)
    assert done.returncode == 1
    assert (record["format"], record["practice"], record["passed"]) == (
        1,
        True,
        False,
    )
    (unit,) = record["units"]
    assert (unit["unit"], unit["file"]) == (UNIT, str(script))
    first = unit["checks"][0]
    assert (first["check"], first["status"]) == ("doubling", "failed")
    (remark,) = first["remarks"]
    assert "this is the square" in remark["text"]
    assert remark["finding"]["kind"] == "mistake"
    assert remark["finding"]["arrays"] == remark["arrays"] == ["doubled"]
    script.write_text(small.solved())
    done = small.run_command("check", script, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["passed"]


def test_a_command_looks_for_garbage_seldom():
    """A command collects garbage rarely.

    Python's default is every 700 new objects, and syntax trees keep thousands alive.
    """
    before = gc.get_threshold()
    try:
        CliRunner().invoke(cli.main, ["doctor", "--help"])
        assert gc.get_threshold()[0] == NEW_OBJECTS
    finally:
        gc.set_threshold(*before)


def test_a_check_frees_memory_as_a_grade_does(tmp_path):
    """While a student's file is checked, Python looks for garbage as often as without us."""
    script = tmp_path / f"{UNIT}.py"
    asks = f"import gc\n\n\ndef double(x):\n    assert gc.get_threshold() == {PYTHONS_THRESHOLDS}\n"
    script.write_text(f"{asks}    return 2 * x\n")
    done = run_command("check", script, "doubling")
    assert "2/2" in done.stdout


def test_validate_proves_one_check_while_it_is_written():
    """`validate` can prove one check with its own mistakes and mutants.

    An unknown check is reported with the nearest name.
    """
    done = run_command("validate", UNIT, "--check", "doubling", "--seeds", "1", "--quick")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of 3 mistakes diagnosed, on 1 seed" in done.stdout
    assert "solves nothing, but returns something, earns 0 of 2 points" in done.stdout
    done = run_command("validate", UNIT, "--check", "dubling")
    assert done.returncode == 2
    assert "There is no check `dubling` in numbers_and_sums. Did you mean `doubling`?" in (
        done.stdout + done.stderr
    )
    done = run_command("validate", "--check", "doubling")
    assert done.returncode == 2
    assert "name the unit" in done.stdout + done.stderr
