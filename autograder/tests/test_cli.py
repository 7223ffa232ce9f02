"""What a person can do wrong: each time a sentence that says what was seen and what to do, and an exit code."""

import json
import os
import subprocess
import sys
import zipfile

import pytest

from autograder import cli
from autograder.grading.results import only_writer
from autograder.grading.submissions import read_file
from conftest import GOLDEN, ROOT, UNIT, timeless


def one_sentence(done, words, code=2):
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert words in done.stderr.replace("\n", " "), done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check", "unit44"), "There is no unit `unit44`. Did you mean `unit4_manual_gradients`?"),
        (("check", "nowhere.py"), "There is no file nowhere.py."),
        (("check", "README.md"), "A file is named like its unit."),
        (("grade", "nowhere", "--out", "OUT"), "There is no folder nowhere."),
        (("grade", "EMPTY", "--out", "OUT"), "No submission found. Looked for"),
        (("grade", "EMPTY", "--out", "OUT", "--unit", "unit9"), "There is no unit `unit9`."),
        (("grade", "README.md", "--out", "OUT"), "There is no folder README.md."),
        (("grade", "bad.zip", "--out", "OUT"), "bad.zip"),
        (("grade", "EMPTY"), "Missing option '--out'"),
        (("grade", "EMPTY", "--out", "OUT", "-j", "0"), "0 is not in the range"),
        (("report", "EMPTY"), "There are no results in"),
        (("build", "--release", "ROOT"), "is not empty. Name a new folder."),
        (("validate", "unit"), "There is no unit"),
        (("chek",), "No such command 'chek'"),
    ],
)
def test_wrong_use_is_told_in_words(autograder, tmp_path, arguments, words):
    """Exit code 2 and no traceback."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    places = {"EMPTY": tmp_path / "empty", "OUT": tmp_path / "out", "ROOT": ROOT, "bad.zip": tmp_path / "bad.zip"}
    if arguments == ("validate", "unit"):
        arguments = ("validate", "unitx")
    one_sentence(autograder(*(places.get(a, a) for a in arguments)), words)


@pytest.mark.parametrize("command", [[], *([name] for name in cli.main.commands)])
def test_every_command_explains_itself(autograder, command):
    """`--help` has a sentence and an example."""
    done = autograder(*command, "--help")
    assert done.returncode == 0
    assert "autograder" in done.stdout and ("Example:" in done.stdout or not command)


def test_help_imports_nothing_heavy():
    """Neither torch nor NumPy is needed to parse arguments."""
    code = "import sys, autograder.cli; print([n for n in ('torch', 'numpy', 'rich', 'jinja2') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_check_quick_leaves_out_training(autograder):
    """And says that a grade comes from another seed; exit code 0 where all passed."""
    done = autograder("check", GOLDEN / "complete" / UNIT / f"{UNIT}.py", "--quick")
    assert done.returncode == 0, done.stderr
    assert "31 of 31 points on the public seed. A grade comes from a seed that nobody has seen." in done.stdout
    assert "[training]" not in done.stdout
    assert "\x1b[" not in done.stdout


def test_check_takes_a_notebook_and_names_a_mistake(autograder):
    """The same words as in a grade, exit code 1."""
    done = autograder("check", GOLDEN / "style_notebook_reordered" / UNIT / f"{UNIT}.ipynb", "--quick")
    assert done.returncode == 0, done.stdout
    done = autograder("check", GOLDEN / "mistake_repeated_ids" / UNIT / f"{UNIT}.py", "--quick")
    assert done.returncode == 1
    assert "with repeated ids `+=` keeps only the last one's gradient" in done.stdout


def graded(autograder, folder, out, *options):
    done = autograder("grade", folder, "--out", out, "--quick", "--seed", "3", *options)
    assert done.returncode == 0, done.stderr
    return {path.stem: json.loads(path.read_text()) for path in (out / UNIT).glob("*.json")}


def test_odd_submissions_are_graded_in_words_and_the_others_as_ever(autograder, tmp_path):
    """An empty file, a folder without the file, a link, a file too large, text that is none: each has a result."""
    good = (GOLDEN / "complete" / UNIT / f"{UNIT}.py").read_bytes()
    files = {"good": good, "empty": b"", "binary": b"\0\1\2", "large": b"#" * (6 << 20), "prose": b"Dear teacher, I"}
    for name, content in files.items():
        (tmp_path / "class" / name / UNIT).mkdir(parents=True)
        (tmp_path / "class" / name / UNIT / f"{UNIT}.py").write_bytes(content)
    (tmp_path / "class" / "nothing" / UNIT).mkdir(parents=True)
    (tmp_path / "class" / "link" / UNIT).mkdir(parents=True)
    (tmp_path / "class" / "link" / UNIT / f"{UNIT}.py").symlink_to(tmp_path / "class" / "good" / UNIT / f"{UNIT}.py")
    results = graded(autograder, tmp_path / "class", tmp_path / "out")
    said = {name: result["checks"][0]["remarks"][0]["text"] for name, result in results.items() if result["score"] == 0}
    assert results["good"]["score"] == 31
    assert said.keys() == {"empty", "binary", "large", "prose", "nothing", "link"}
    assert said["empty"] == "`sigmoid` is not defined."
    assert "not text" in said["binary"]
    assert "over 5 MB" in said["large"]
    assert f"no {UNIT}.py" in said["nothing"]
    assert "no plain file" in said["link"]


@pytest.mark.parametrize("name", ["x" * 255, "a\x1b[31m\nb", b"a\xff".decode(errors="surrogateescape"), "ä" * 100])
def test_names_that_no_file_or_terminal_should_bear_are_changed(autograder, tmp_path, name):
    """Too long, with control characters, not UTF-8: graded under a plain name that ends in a checksum."""
    (tmp_path / "class" / name / UNIT).mkdir(parents=True)
    (tmp_path / "class" / name / UNIT / f"{UNIT}.py").write_text("x = 1")
    (student,) = graded(autograder, tmp_path / "class", tmp_path / "out")
    assert student.isprintable() and len(student.encode()) <= 120 and student[-17] == "~"
    assert (tmp_path / "out" / "pages" / UNIT / f"{student}.html").is_file()


def test_one_student_has_one_submission(autograder, tmp_path):
    """In a flat folder with `bob.py` and `bob.ipynb` the script counts, as in a student's folder."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "bob.ipynb").write_text("{}")
    (tmp_path / "class" / "bob.py").write_bytes((GOLDEN / "complete" / UNIT / f"{UNIT}.py").read_bytes())
    done = autograder("grade", tmp_path / "class", "--out", tmp_path / "out", "--quick", "--unit", "unit4")
    assert "1 submissions, 31 of 31 points" in done.stdout


def test_a_file_that_turns_into_a_pipe_or_a_link_is_not_read(tmp_path):
    """What is opened is checked, not what was there before: no waiting on a pipe, no following a link."""
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "link.py").symlink_to(GOLDEN / "complete" / UNIT / f"{UNIT}.py")
    for name in ("pipe.py", "link.py"):
        with pytest.raises(ValueError, match="no plain file"):
            read_file(tmp_path / name)


def test_a_zip_that_would_fill_the_disk_is_refused(autograder, tmp_path):
    """The sizes that it announces are added up before anything is unpacked."""
    with zipfile.ZipFile(tmp_path / "class.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(500):
            packed.writestr(f"s{number}/{UNIT}/{UNIT}.py", bytes(5 << 20))
    one_sentence(autograder("grade", tmp_path / "class.zip", "--out", tmp_path / "out"), "or 2 GB")


def test_a_flat_folder_and_a_zip_give_the_same_grades(autograder, tmp_path):
    """`<student>.py` with --unit, and a zip of student folders."""
    source = GOLDEN / "mistake_argmax" / UNIT / f"{UNIT}.py"
    (tmp_path / "flat").mkdir()
    (tmp_path / "flat" / "ada.py").write_bytes(source.read_bytes())
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as packed:
        packed.write(source, f"ada/{UNIT}/{UNIT}.py")
    flat = graded(autograder, tmp_path / "flat", tmp_path / "one", "--unit", "unit4")
    zipped = graded(autograder, tmp_path / "class.zip", tmp_path / "two")
    assert flat["ada"].keys() == zipped["ada"].keys()
    assert timeless(next((tmp_path / "one").glob("unit*/ada.json"))) == timeless(
        next((tmp_path / "two").glob("unit*/ada.json"))
    )


@pytest.mark.parametrize("name", ["../evil.py", "/tmp/evil.py"])
def test_a_zip_that_leaves_its_folder_is_refused(autograder, tmp_path, name):
    """Nothing is written outside."""
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as packed:
        packed.writestr(name, "x = 1")
    one_sentence(autograder("grade", tmp_path / "class.zip", "--out", tmp_path / "out"), "out of the folder")


def test_unsafe_results_are_not_official(autograder, tmp_path):
    """`--unsafe` says so in the terminal and in every result."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ada.py").write_bytes((GOLDEN / "complete" / UNIT / f"{UNIT}.py").read_bytes())
    results = graded(autograder, tmp_path / "class", tmp_path / "out", "--unit", "unit4", "--unsafe")
    assert (
        results["ada"]["provenance"]["official"],
        results["ada"]["provenance"]["walls"],
        results["ada"]["score"],
    ) == (False, [], 31)


def test_grading_is_refused_where_it_cannot_confine(tmp_path):
    """Exit code 2, what is missing, and nothing graded."""
    code = (
        "import autograder.sandbox.inside.confinement as w; w.missing = lambda: ['the kernel has no Landlock.']\n"
        "from autograder.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "grade", GOLDEN, "--out", tmp_path / "out"]
    done = subprocess.run([*map(str, command)], cwd=ROOT, env={**os.environ}, capture_output=True, text=True)
    one_sentence(done, "the kernel has no Landlock.")
    assert not list((tmp_path / "out").glob("*/*.json"))


def test_a_second_run_into_the_same_folder_at_once_is_refused(autograder, tmp_path):
    """It says so and stops."""
    with only_writer(tmp_path):
        one_sentence(autograder("grade", GOLDEN, "--out", tmp_path, "--quick"), "Another run is writing to")


def test_hostile_names_are_text_in_the_pages(autograder, tmp_path):
    """A student's folder named like markup is shown, linked and escaped."""
    name = "<script>alert(1)<"
    (tmp_path / "class" / name / UNIT).mkdir(parents=True)
    (tmp_path / "class" / name / UNIT / f"{UNIT}.py").write_text(
        "def relu(z): raise ValueError('<img src=x onerror=y>')"
    )
    graded(autograder, tmp_path / "class", tmp_path / "out")
    index = (tmp_path / "out" / "pages" / "index.html").read_text()
    assert "<script>alert" not in index and "&lt;script&gt;alert(1)&lt;" in index


def test_a_fresh_seed_is_drawn_for_each_run(autograder, tmp_path):
    """Two runs into two folders have two seeds, recorded in each."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ada.py").write_text("x = 1")
    for out in ("one", "two"):
        autograder("grade", tmp_path / "class", "--out", tmp_path / out, "--quick", "--unit", "unit4")
    seeds = {
        json.loads((tmp_path / out / UNIT / "ada.json").read_text())["provenance"]["seed"] for out in ("one", "two")
    }
    assert len(seeds) == 2
    assert f"seed {max(seeds)}" in (
        (tmp_path / "one" / "run.txt").read_text() + (tmp_path / "two" / "run.txt").read_text()
    )


def test_data_says_what_is_here(autograder):
    """Each dataset with licence and place; where none can be had, what to do."""
    done = autograder("data")
    assert done.returncode == 0
    assert "austen: Sense and Sensibility" in done.stdout and "public domain" in done.stdout


def test_equal_wrong_answers_that_nobody_has_named_are_shown(autograder, tmp_path):
    """Two styles of one mistake are a group; another mistake is none. `--verbose` says who does what."""
    halves = {"ada": "return z / 3", "bob": "a = z\n    return a * (1 / 3)", "cy": "return z / 4"}
    for student, body in halves.items():
        (folder := tmp_path / "class" / student / UNIT).mkdir(parents=True)
        (folder / f"{UNIT}.py").write_text(f"def relu(z):\n    {body}\n\nsigmoid = sigmoid_d = relu_d = relu\n")
    done = autograder("grade", tmp_path / "class", "--out", tmp_path / "out", "--quick", "--verbose")
    assert "2 students, activations: equal wrong values in" in done.stdout
    assert "worker_0: ada, unit4_manual_gradients: begun" in done.stderr
    page = (tmp_path / "out" / "pages" / "index.html").read_text()
    assert "Equal wrong answers that nobody has named" in page


def test_doctor_says_what_works_and_what_does_not(autograder, tmp_path):
    """Here grades are official; without bubblewrap still; where a worker has no walls they are not."""
    done = autograder("doctor")
    assert done.returncode == 0, done.stdout
    assert "✓ a worker that tries to break out: was held by landlock" in done.stdout
    lame = (
        "import sys; from autograder import cli; from autograder.sandbox import client; "
        "from autograder.sandbox.inside import confinement; {}; sys.argv[1:] = ['doctor']; cli.main()"
    )
    found = {
        code: subprocess.run([sys.executable, "-c", lame.format(code)], cwd=ROOT, capture_output=True, text=True)
        for code in (
            "client.bubblewrap = lambda: None",
            "confinement.landlock_abi = lambda: 0",
            "confinement.landlock_abi = lambda: 2",
        )
    }
    alone, none, old = found.values()
    assert (alone.returncode, none.returncode, old.returncode) == (0, 1, 0)
    assert "– bubblewrap, a second wall: does not start (is not installed)" in alone.stdout
    assert "✗ a worker's own walls: the kernel has no Landlock. It needs Linux 5.13" in none.stdout
    assert "knows nothing of emptying files, TCP" in old.stdout
