"""The last line of an exercise: printed in a script, shown in a notebook, scored in nbgrader."""

import os
import re
import subprocess
import sys

import nbformat
import numpy as np
import pytest
import small
import small_class
from nbclient import NotebookClient
from small import COURSE, UNIT, WORDS

import autograder
from autograder.check import Answer
from autograder.course import NoCourse, UnknownUnit
from autograder.practice.notebook import Score, course_around, report_of, wrong_array
from autograder.practice.practise import practise
from autograder.sandbox.inside.submission import Submission


def reported(script, name, unit=UNIT):
    """Return the HTML that a cell shows for a check of a script."""
    loaded = small.unit(unit)
    (check,) = [check for check in loaded.checks if check.name == name]
    seen = []
    practise(loaded, [check], Submission(script.encode(), ""), seen.append)
    (verdict,) = seen
    return report_of(check, verdict)


def run_script(path, folder, **more):
    command = [sys.executable, "-W", "error", str(path)]
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **more}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_a_script_prints_a_verdict_for_each_check(tmp_path):
    """A script prints a verdict for each check and its examples, and nothing on stderr."""
    path = small.submit(tmp_path, "ada", small_class.by("halved").content)
    done = run_script(path, COURSE.folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("✓") == 3
    assert "◐ 3/4" in done.stdout
    assert "the total is an average: do not divide." in done.stdout
    assert "[1.]" in done.stdout


PICTURES = """
import matplotlib.pyplot as plt

import autograder

for length in (2, 3):
    with autograder.example(f"a line of {length}"):
        plt.plot(range(length))
        assert len(plt.gca().lines) == 1  # no axes are those of an earlier picture
"""


def test_a_script_without_a_display_says_where_its_pictures_lie(tmp_path):
    """Without a display a script prints the path of each picture, named after its example.

    A program that uses examples in another way runs as ever.
    """
    path = tmp_path / "pictures.py"
    path.write_text(PICTURES)
    done = run_script(path, COURSE.folder, MPLBACKEND="agg")
    pictures = re.findall(r"^picture: (.+)$", done.stdout, re.MULTILINE)
    assert [os.path.basename(picture) for picture in pictures] == [
        "a-line-of-2-1.png",
        "a-line-of-3-1.png",
    ]
    assert "Left out" not in done.stdout
    assert all(os.path.getsize(picture) > 0 for picture in pictures)
    other = tmp_path / "other.py"
    other.write_text(f"import runpy\nrunpy.run_path({str(path)!r})\n")
    assert "picture: " not in run_script(other, COURSE.folder, MPLBACKEND="agg").stdout


def test_an_example_that_lacks_a_name_says_which(tmp_path):
    """In a new kernel, an example may need what a cell that did not run defines."""
    path = tmp_path / "units.py"
    path.write_text(
        "import autograder\nwith autograder.example('the sums'):\n    print(begin)\nprint('on')\n"
    )
    said = run_script(path, COURSE.folder).stdout
    assert (
        "Example skipped because `begin` is missing (an exercise or example above makes it)" in said
    )
    assert said.rstrip().endswith("on")


def test_an_example_of_what_is_not_ready_is_left_out(tmp_path):
    """An example of an unwritten or failing exercise says so, and the script goes on."""
    path = small.submit(tmp_path, "ada", small_class.STUBS[UNIT])
    done = run_script(path, COURSE.folder)
    assert (
        "Example skipped because an exercise above is not written yet: the sums of ones"
        in done.stdout
    )
    assert done.stdout.rstrip().endswith("[fitting]\n    Do this first: `three_steps`.")
    path = small.submit(tmp_path, "ada", small_class.by("crash").content)
    lines = path.read_text().splitlines()
    calls, raises = (
        next(i for i, line in enumerate(lines, 1) if line.strip().startswith(words))
        for words in ("print(running_sum(", "raise ValueError(")
    )
    told = f"line {calls} calls `running_sum`, which fails in line {raises}: ValueError: no sums"
    assert (
        f"Example skipped because {told}: the sums of ones"
        in run_script(path, COURSE.folder).stdout
    )


def test_a_failing_line_of_a_demonstration_itself_is_named(tmp_path):
    """An error in an example's own line is reported with that line.

    This is the case if no function of the file was called.
    """
    script = "import autograder\nwith autograder.example('a sum'):\n    print([1][2])\n"
    path = small.submit(tmp_path, "ada", script)
    told = "Example skipped because line 3 fails: IndexError: list index out of range: a sum"
    assert told in run_script(path, COURSE.folder).stdout


def test_a_script_belongs_to_the_course_that_is_named_or_around_it(tmp_path, monkeypatch):
    """The course is `$AUTOGRADER_COURSE`, else the one around the script or the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AUTOGRADER_COURSE", raising=False)
    with pytest.raises(NoCourse, match=r"There is no course.toml in"):
        course_around({})
    around = {"__file__": str(COURSE.stub(UNIT))}
    assert course_around(around) is COURSE
    named = small.copy_course(tmp_path / "named")
    monkeypatch.setenv("AUTOGRADER_COURSE", str(named))
    assert course_around(around).folder == named
    monkeypatch.delenv("AUTOGRADER_COURSE")
    monkeypatch.chdir(COURSE.folder)
    assert course_around({"__file__": str(tmp_path / "x.py")}) is COURSE


@pytest.mark.parametrize(
    ("called", "words"),
    [
        ('unit("wrods")("shortening")', "There is no unit `wrods`. Did you mean `words`?"),
        (
            'unit("numbers")("trebling")',
            "There is no check `trebling` in numbers. Known checks: doubling, summing",
        ),
    ],
)
def test_a_wrong_name_is_told_with_the_known_ones(called, words):
    """An unknown unit or check is reported with the known names at its first use."""
    script = {"unit": autograder.unit, "__file__": str(COURSE.stub(UNIT))}
    with pytest.raises(UnknownUnit, match=re.escape(words)):
        exec(called, script)


def test_a_cell_is_worth_its_points_and_shows_its_report():
    """A cell's value is a number that nbgrader reads as points; its report is for people."""
    score = Score(2.5)
    score.report = "<b>why</b>"
    assert (repr(score), score, score._repr_html_()) == ("2.5", 2.5, "<b>why</b>")
    assert [repr(Score(points)) for points in (0, 1 / 3, 4.0)] == ["0", "0.3333333333", "4"]


def test_a_report_shows_where_an_array_is_wrong():
    """A report shows the first wrong entry, expected and found, and a picture of all of them.

    A right array has no picture.
    """
    html = reported(small_class.by("squared").content, "doubling")
    assert "failed, 0 of 2 points" in html
    assert "this is the square" in html
    assert "<code>doubled[0, 0]</code> should be " in html
    assert "<svg" in html
    assert "(18 of 18 places)" in html
    html = reported(small_class.SOLVED[UNIT], "doubling")
    assert "passed, 2 of 2 points" in html
    assert "<svg" not in html


def test_a_report_shows_a_loss_beside_ours():
    """A report marks the student's loss with a dot beside ours."""
    html = reported(small_class.SOLVED[UNIT], "fitting")
    assert "held-out loss " in html
    assert "<circle" in html
    assert "within 0.05 of it (the band) passes." in html


def test_a_report_tells_a_text_answer_in_words_alone():
    """A report quotes expected and found text verbatim, with its markup and quotes."""
    script = "def initials(name):\n    return '<b>`A`</b> *L*'\n"
    html = reported(script, "shortening", WORDS)
    assert "found &#x27;&lt;b&gt;`A`&lt;/b&gt; *L*&#x27;" in html
    assert "<svg" not in html
    assert "<em>" not in html
    assert "should be" not in html


def test_nothing_of_a_submission_is_markup_in_a_report():
    """Neither errors nor values of a submission become markup in a report."""
    html = reported("def double(x):\n    raise ValueError('<b>bold</b>')\n", "doubling")
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "<b>bold" not in html


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (np.zeros((6, 3)), True),
        (np.full((6, 3), np.nan), True),
        (np.zeros((6, 4)), False),
        (np.array("text"), False),
    ],
    ids=["wrong", "not a number", "another shape", "text"],
)
def test_a_place_is_named_where_shapes_and_kinds_agree(found, words):
    """A report locates a wrong entry only if shapes and kinds agree.

    NaN is a wrong number. For another shape, or text, the remark says what is wrong.
    """
    (check,) = [check for check in small.unit().checks if check.name == "doubling"]
    told = wrong_array(
        "doubled", check, Answer({"doubled": np.ones((6, 3))}), Answer({"doubled": found})
    )
    assert bool(told) == words


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0]),
        (["a", "b", "c"], ["a", "b"]),
        (["a", "b"], ["a", "c"]),
    ],
)
def test_a_list_of_another_length_or_kind_is_reported_without_a_picture(expected, found):
    """Entries that are missing, or are no numbers, are said in words, and nothing is drawn."""
    (check,) = [check for check in small.unit().checks if check.name == "doubling"]
    answers = [Answer({"doubled": np.array(entries)}) for entries in (expected, found)]
    assert "maps" not in wrong_array("doubled", check, *answers)


def cell(*sources, cwd=COURSE.folder):
    """Run cells in a real kernel; return the outputs of the last one."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in sources]
    )
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=str(cwd))
    return notebook.cells[-1].outputs


NOISY = """
import sys, warnings
def double(x):
    warnings.warn("a warning")
    print("printed", file=sys.stderr)
    return 2 * abs(x)
"""


def test_a_cell_in_a_real_kernel_shows_the_number_and_the_report():
    """In a real kernel a cell shows its points and the report.

    What a submission writes to stderr during a check is ordinary output.
    """
    outputs = cell(
        f'import autograder\ncheck = autograder.unit("{UNIT}")', NOISY, 'check("doubling")'
    )
    (result,) = [output for output in outputs if output.output_type == "execute_result"]
    assert result["data"]["text/plain"] == "1"
    assert "the sign is lost" in result["data"]["text/html"]
    assert "Practice uses the public seed" in result["data"]["text/html"]
    streams = [output for output in outputs if output.output_type == "stream"]
    text = "".join(output["text"] for output in streams)
    assert {output["name"] for output in streams} == {"stdout"}
    assert all(word in text for word in ("a warning", "printed"))


def test_corpora_and_datasets_are_those_of_the_course_around(tmp_path):
    """`autograder.corpus()` and `autograder.dataset()` find the data of the surrounding course."""
    small.submit(
        tmp_path,
        "ada",
        "import autograder\nprint(autograder.corpus().name, autograder.dataset('steep').name)",
    )
    done = run_script(tmp_path / "ada" / UNIT / f"{UNIT}.py", COURSE.folder)
    assert (done.stdout, done.stderr) == ("line steep.txt\n", "")
