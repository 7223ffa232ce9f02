"""`grade` lists the files that it skipped, with the reason and the nearest right place."""

import re

import pytest
import small
from lms import HALF, RIGHT
from small import COURSE, UNIT, WORDS

from autograder.grading.submissions import find_submissions
from autograder.intake.leftovers import in_lines, left_out


def write(path, text="x = 1"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def told(folder, unit=None):
    """Return what is left out of a folder: place and reason."""
    found = find_submissions(COURSE, folder, unit)
    return {each.place: each.why for each in left_out(COURSE, folder, found, unit)}


@pytest.fixture
def folder(tmp_path):
    """Write a class in which one student submitted as asked."""
    small.submit(tmp_path / "class", "right", RIGHT)
    return tmp_path / "class"


@pytest.mark.parametrize(
    ("name", "place", "why"),
    [
        (f"bob/{UNIT}.py", f"bob/{UNIT}.py", f"a level too high. Move it to bob/{UNIT}/{UNIT}.py"),
        (f"bob/{UNIT} (1).ipynb", f"bob/{UNIT} (1).ipynb", f"Move it to bob/{UNIT}/{UNIT}.ipynb"),
        ("bob/numbers/numbers.py", "bob/numbers/", f"Call it bob/{UNIT}/"),
        (f"bob/{UNIT.upper()}/{UNIT}.py", f"bob/{UNIT.upper()}/", f"Call it bob/{UNIT}/"),
        ("bob/homework/x.py", "bob/homework/", "No unit of this course is called so"),
        (f"bob/{UNIT}/{UNIT}_new.py", f"bob/{UNIT}/{UNIT}_new.py", f"Call it {UNIT}.py"),
        (
            f"bob/{UNIT}/{WORDS}.py",
            f"bob/{UNIT}/{WORDS}.py",
            f"called like another unit. If it is the file of {WORDS}, move it to "
            f"<student>/{WORDS}/{WORDS}.py",
        ),
        (f"bob/{UNIT}.zip", f"bob/{UNIT}.zip", "a zip inside"),
        (f"{UNIT}.py", f"{UNIT}.py", f"a level too high. Move it to <student>/{UNIT}/{UNIT}.py"),
        ("bob.py", "bob.py", "say --unit for <student>.py"),
        (
            f"{UNIT}/bob.py",
            f"{UNIT}/",
            f"a unit's folder where a student's should be. Move its files to <student>/{UNIT}",
        ),
        ("class.zip", "class.zip", "a zip inside"),
        ("notes.txt", "notes.txt", "no .py or .ipynb"),
        ("__MACOSX/._x", "__MACOSX", "made by a tool"),
    ],
)
def test_a_file_in_the_wrong_place_is_told_the_right_one(folder, name, place, why):
    """A file in the wrong place is listed with the right one.

    Cases: a level too high, another case, copies, zips, files of an operating system.
    """
    write(folder / name)
    assert list(told(folder)) == [place]
    assert why in told(folder)[place]


@pytest.mark.parametrize("name", [f"{UNIT} (1).py", f"{UNIT}-2.py", f"{UNIT.upper()}.PY"])
def test_the_only_copy_of_a_unit_s_file_is_taken(folder, name):
    """The only copy of a unit's file is taken under a browser's name; of two, neither is."""
    write(folder / "bob" / UNIT / name)
    (found,) = [one for one in find_submissions(COURSE, folder) if one.student == "bob"]
    assert found.path.name == name
    assert told(folder) == {}
    write(folder / "bob" / UNIT / f"{UNIT} (3).py")
    (found,) = [one for one in find_submissions(COURSE, folder) if one.student == "bob"]
    assert found.path is None
    assert f"bob/{UNIT}/{UNIT} (3).py" in told(folder)


def test_one_student_s_files_push_no_other_s_out_of_sight(folder):
    """A thousand stray files of one student take a few lines and a count.

    Another student's misplaced file is still listed.
    """
    for number in range(10_050):
        write(folder / "aaa" / f"{number}.txt", "")
    write(folder / "bob" / f"{UNIT}.py")
    left = told(folder)
    assert len(left) < 10
    assert "10,000 or more" in left["aaa/"]
    assert "a level too high" in left[f"bob/{UNIT}.py"]


def test_what_was_graded_or_belongs_to_it_is_not_listed(folder):
    """Graded files and what collectors wrote beside them are not listed.

    With one unit selected, other units' files are not listed either.
    """
    write(folder / "right" / UNIT / "timestamp.txt")
    small.submit(folder, "right", HALF, WORDS)
    assert told(folder) == {}
    assert told(folder, UNIT) == {}
    write(folder / "right" / UNIT / "helper.py")
    assert told(folder) == {f"right/{UNIT}/helper.py": f"beside {UNIT}, which was graded"}


def test_a_document_beside_a_script_is_listed(folder):
    """A document beside a script is listed, but a tool's own folder is not."""
    write(folder / "right" / UNIT / "plot.pdf")
    write(folder / "right" / UNIT / "figures" / "plot.png")
    assert told(folder) == {f"right/{UNIT}/plot.pdf": "no .py or .ipynb"}


def test_a_link_is_listed_and_a_name_is_made_printable(folder):
    """A link is listed, and unprintable characters of a name are escaped."""
    (folder / "eve").symlink_to("right")
    write(folder / "mallory" / "\x1b[31m\u202ex.py")
    lines = [f"{place}: {why}" for place, why in told(folder).items()]
    assert lines[0] == "eve: a link: links are not followed"
    assert all(line.isprintable() for line in lines)


def test_grade_lists_it_and_says_what_lies_there_instead(folder):
    """`grade` lists skipped files below the table, or with the error if nothing is a submission."""
    out = folder.parent / "grades"
    write(folder / "bob" / f"{UNIT}.py")
    done = small.run_command("grade", folder, "--out", out, "--quick")
    assert done.returncode == 0, done.stderr
    assert f"not graded (1):\n  bob/{UNIT}.py: a level too high." in done.stdout
    without_submissions = folder.parent / "wrong"
    write(without_submissions / "bob" / f"{UNIT}.py")
    done = small.run_command("grade", without_submissions, "--out", out)
    assert done.returncode == 2
    assert f"  bob/{UNIT}.py: a level too high." in done.stderr


def test_a_table_that_nobody_looks_at_is_not_cut(folder):
    """In a table that goes to a file, remarks and names are not truncated."""
    small.submit(
        folder, "n" * 100, "def double(x):\n    raise ValueError('" + "long " * 60 + "end')\n"
    )
    done = small.run_command(
        "grade", folder, "--out", folder.parent / "grades", "--quick", COLUMNS="40"
    )
    row = next(line for line in done.stdout.splitlines() if line.strip().startswith("n" * 100))
    assert re.search(r"(long )+end", row)
    assert "…" not in row


def test_grading_one_unit_leaves_the_other_s_pages(folder):
    """Grading one unit rewrites pages with all results, those of other units included."""
    small.submit(folder, "right", HALF, WORDS)
    grades = folder.parent / "grades"
    small.run_command("grade", folder, "--out", grades, "--quick")
    small.run_command("grade", folder, "--out", grades, "--quick", "--unit", "words")
    assert {path.name for path in (grades / "pages").glob("*.html")} == {
        "index.html",
        f"{UNIT}.html",
        f"{WORDS}.html",
    }


def test_a_policy_stands_on_every_page_and_in_the_table(folder):
    """With a policy, every page and the table show what each result counts.

    A student whom the policy names and nobody knows is reported.
    """
    grades, policy = folder.parent / "grades", folder.parent / "policy.toml"
    small.run_command("grade", folder, "--out", grades, "--quick", "--seed", "5")
    policy.write_text(f'[{UNIT}]\ndrop = ["doubling"]\n[extensions.rihgt]\n{UNIT} = 2\n')
    done = small.run_command("report", grades, "--policy", policy)
    assert done.returncode == 0, done.stderr
    assert "`rihgt` (did you mean `right`?)" in done.stderr
    assert "6/6 (doubling does not count)" in done.stdout
    for page in ("index.html", f"{UNIT}/right.html"):
        assert "doubling does not count" in (grades / "pages" / page).read_text()
    roster = folder.parent / "roster.csv"
    roster.write_text("student\nright\nabsent\n")
    done = small.run_command("grade", folder, "--out", grades, "--quick", "--roster", roster)
    assert "absent" in done.stdout
    assert "nothing handed in" in done.stdout
    assert "absent" in (grades / "pages" / "index.html").read_text()
    done = small.run_command("report", grades, "--policy", policy)
    assert done.returncode == 2
    assert "name students who are not in this class: `rihgt`" in done.stderr


def test_another_corpus_than_last_time_is_said(folder):
    """A run on another corpus than last time says so, because points may differ.

    Training uses the first corpus that is available.
    """
    grades = folder.parent / "grades"
    course = small.copy_course(folder.parent / "course")
    assert small.run_command("grade", folder, "--out", grades, cwd=course).returncode == 0
    about = course / "course.toml"
    about.write_text(about.read_text().replace('["line", "steep"]', '["steep", "line"]'))
    done = small.run_command("grade", folder, "--out", grades, cwd=course)
    assert f"{UNIT}: trained on steep; last time it was line" in done.stdout, done.stderr


def test_many_files_of_one_name_are_one_line(folder):
    """Files of one name in many folders take one line, so that they hide no other file."""
    for number in range(9):
        write(folder / f"student{number}" / "expected.toml")
    write(folder / "bob" / "notes.txt")
    found = find_submissions(COURSE, folder)
    assert in_lines(left_out(COURSE, folder, found)) == [
        "not graded (10):",
        "  bob/notes.txt: no .py or .ipynb",
        "  expected.toml in 9 folders, such as student0: no .py or .ipynb",
    ]
    assert in_lines([]) == []
