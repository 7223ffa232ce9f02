"""From a platform's name for a student back to its row: collected, graded, exported."""

import csv
import dataclasses
import json
import re
import shutil
import subprocess
import zipfile
from functools import partial

import lms
import pytest
import small
from browser import violations
from canvas_stub import TOKEN, canvas_here
from small import UNIT, WORDS

from autograder.grading.results import result_path
from autograder.report.serve import LiveSite

pytestmark = pytest.mark.proof

SOURCES = ("canvas", "moodle", "gradescope", "classroom50", "github", "exchange")
ROSTERS = {"canvas": lms.CANVAS_ROSTER, "moodle": lms.MOODLE_ROSTER}


def run(*arguments, **environment):
    """Run a command that must succeed; return its output."""
    done = small.run_command(*arguments, **environment)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Collect and grade each platform's download by the real commands.

    Return a folder of grades for each.
    """
    folder = tmp_path_factory.mktemp("platforms")
    for name in SOURCES:
        (folder / name).mkdir()
        options = []
        if name in ROSTERS:
            (folder / name / "roster.csv").write_text(ROSTERS[name])
            options = ["--roster", folder / name / "roster.csv"]
        run(
            "collect",
            getattr(lms, name)(folder / name),
            "--into",
            folder / name / "submitted",
            *options,
        )
        options = ["--out", folder / name / "grades", "--seed", small.SEED]
        (folder / f"{name}.txt").write_text(run("grade", folder / name / "submitted", *options))
    return folder


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_canvas_from_its_number_to_its_row(graded, tmp_path):
    """Canvas's student 4711 submitted, and row 4711 has the points.

    An unknown student and one without a file have rows, too.
    """
    run("export", graded / "canvas" / "grades", "--to", "canvas", "--out", tmp_path)
    head, *rows = table(tmp_path / "canvas.csv")
    assert head[UNIT] == "11"
    points = {row["ID"]: (row["SIS Login ID"], row[UNIT], row[WORDS]) for row in rows}
    assert points == {
        "4711": ("ada", "11", ""),
        "4712": ("charles", "6", ""),
        "4713": ("zoe", "11", ""),
        "4714": ("", "6", ""),
        "4715": ("alan", "0", ""),  # typed text, which cannot be graded
        "4716": ("grace", "", "3"),
    }
    assert "alan" in (graded / "canvas.txt").read_text()
    assert "nothing handed in" in (graded / "canvas.txt").read_text()


def test_moodle_from_its_number_to_its_row_and_its_zip(graded, tmp_path):
    """Moodle's participant 17 has the points and, in that folder, the page."""
    run("export", graded / "moodle" / "grades", "--to", "moodle", "--out", tmp_path)
    points = {row["Identifier"]: row["Grade"] for row in table(tmp_path / f"moodle {UNIT}.csv")}
    assert points == {
        f"Participant {n}": p
        for n, p in ((17, "11"), (18, "6"), (19, "11"), (20, "6"), (21, "0"), (22, "6"))
    }
    said = run("feedback", graded / "moodle" / "grades", "--to", "moodle", "--out", tmp_path)
    assert "Upload multiple feedback files in a zip" in said
    with zipfile.ZipFile(tmp_path / f"moodle feedback {UNIT}.zip") as packed:
        for name in (
            packed.namelist()
        ):  # as `importziplib.php` reads it: explode('_', …); the second part is the number
            number = name.split("/")[0].split("_", 4)[1]
            assert points[f"Participant {number}"] in packed.read(name).decode()
            assert name.split("_", 4)[2:4] == ["assignsubmission", "file/feedback.html"]
        assert f"{lms.UMLAUTS}_19_assignsubmission_file/feedback.html" in packed.namelist()


def test_gradescope_and_github_by_the_names_they_give(graded, tmp_path):
    """Gradescope's e-mail, each group member and GitHub's login find their rows."""
    for name, students in (
        ("gradescope", {"ada@example.edu": 11, "charles@example.edu": 6, "zoe@example.edu": 6}),
        ("classroom50", {"ada": 11, "eve": 6, "mary-ann": 6}),
        ("github", {"ada": 11, "zoë": 6}),
        ("exchange", {"ada": 11, "zoë": 11}),  # the better of two attempts
    ):
        run("export", graded / name / "grades", "--to", "csv", "--out", tmp_path / name)
        rows = table(tmp_path / name / "grades.csv")
        assert {row["student"]: float(row["unit_points"]) for row in rows} == students
        assert {row["graded"] for row in rows} == {"whole"}


def test_the_mail_merge_has_addresses_and_pages(graded, tmp_path):
    """The mail merge has a row and a page for each student, also for one without a submission."""
    grades = graded / "moodle" / "grades"
    run("export", grades, "--to", "mail", "--out", tmp_path)
    run("feedback", grades, "--out", tmp_path)
    rows = {row["email"]: row for row in table(tmp_path / "mail.csv")}
    assert (rows["ada@example.edu"]["name"], rows["ada@example.edu"]["points"]) == (
        "Ada Lovelace",
        "11",
    )
    assert "cannot be graded: text typed into Moodle" in rows["alan@example.edu"]["words"]
    assert all((tmp_path / row["page"]).is_file() for row in rows.values() if row["page"])


def to_canvas(graded, url, *options, **environment):
    grades, out = graded / "canvas" / "grades", graded / "to canvas"
    where = ("--url", url, "--canvas-course", "77", "--assignment", f"{UNIT}=456")
    return small.run_command(
        "feedback", grades, "--to", "canvas", "--out", out, *where, *options, **environment
    )


def test_nothing_is_sent_unless_it_is_said(graded):
    """Without --send, Canvas is not contacted and everything to be sent is listed."""
    with canvas_here() as canvas:
        done = to_canvas(graded, canvas.url, CANVAS_TOKEN=TOKEN)
        assert done.returncode == 0, done.stderr
        assert canvas.requests == []
    assert (
        "would send: ada (Canvas 4711), numbers_and_sums → assignment 456: 11 points" in done.stdout
    )
    assert "not sent (1): grace, words: no assignment was given for words" in done.stdout
    assert "This command sent nothing: add --send." in done.stdout
    read = (graded / "to canvas" / "to send to canvas.txt").read_text()
    assert "charles (Canvas 4712), numbers_and_sums → assignment 456: 6 points" in read
    assert "\n\n6 of 11 points. The page that is attached shows all.\n" in read
    assert "three_steps 0/2" in read


def test_a_dry_run_says_what_send_will_refuse(tmp_path):
    """A dry run reports what --send would refuse, such as results of --quick."""
    entries = [lms.Entry(f"lovelaceada_4711_99813_{UNIT}.py")]
    source = lms.pack(tmp_path / "submissions.zip", entries)
    submitted, grades = tmp_path / "submitted", tmp_path / "grades"
    run("collect", source, "--into", submitted)
    run("grade", submitted, "--out", grades, "--quick")
    where = ("--url", "https://canvas.example.edu", "--canvas-course", 77)
    command = ("feedback", grades, "--to", "canvas", *where, "--assignment", f"{UNIT}=456")
    said = run(*command)
    done = small.run_command(*command, "--send", CANVAS_TOKEN=TOKEN)
    assert done.returncode == 2
    refusal = done.stderr.strip().removeprefix("Error: ")
    assert "Grade the class whole first" in refusal
    assert f"Nothing was sent, and --send will refuse to: {refusal}" in said
    assert "add --send" not in said


def test_nothing_is_sent_into_an_assignment_of_another_unit(graded, tmp_path):
    """An assignment with another unit's name is refused, and one with other points warned of."""
    grades = tmp_path / "grades"
    shutil.copytree(graded / "canvas" / "grades", grades)
    result = result_path(grades, WORDS, "grace")  # of a unit that is not sent
    record = json.loads(result.read_text())
    result.write_text(json.dumps(record | {"provenance": record["provenance"] | {"quick": True}}))
    with canvas_here() as canvas:
        where = ("--to", "canvas", "--url", canvas.url, "--canvas-course", "77", "--send")
        command = ("feedback", grades, *where, "--assignment", f"{UNIT}=456")
        canvas.assignment = {"name": "Words", "points_possible": 10.0}
        done = small.run_command(*command, CANVAS_TOKEN=TOKEN)
        assert done.returncode == 2
        assert "calls assignment 456 `Words`, which names words, and --assignment" in done.stderr
        assert (canvas.grades, canvas.files, canvas.comments) == ({}, {}, {})
        canvas.assignment["name"] = "Numbers and sums"
        done = small.run_command(*command, CANVAS_TOKEN=TOKEN)
        assert done.returncode == 0, done.stderr
        assert f"in Canvas `Numbers and sums` has 10 points, and {UNIT} has 11." in done.stdout
        assert len(canvas.grades) == 5
        done = small.run_command(*command, "--assignment", f"{WORDS}=456", CANVAS_TOKEN=TOKEN)
        assert done.returncode == 2
        assert "each unit goes into an assignment of its own" in done.stderr
    with canvas_here() as another:  # which has the same numbers, and was sent nothing
        command = [another.url if word == canvas.url else word for word in command]
        done = small.run_command(*command, CANVAS_TOKEN=TOKEN)
        assert done.returncode == 0, done.stderr
        assert len(another.grades) == 5


def from_canvas(folder, name, *entries):
    return lms.pack(folder / f"{name}.zip", entries)


def test_a_file_that_was_collected_and_not_graded_is_named(tmp_path):
    """An export between `collect` and `grade` says whose newer files it lacks."""
    submitted, grades = tmp_path / "submitted", tmp_path / "grades"
    ada = lms.Entry(f"lovelaceada_4711_99813_{UNIT}.py")
    blank = lms.Entry(f"turingalan_4713_99815_{UNIT}.py", content="\n")
    run("collect", from_canvas(tmp_path, "one", ada, blank), "--into", submitted)
    run("grade", submitted, "--out", grades, "--quick")
    export = ("export", grades, "--to", "csv")
    assert "not graded yet" not in small.run_command(*export).stderr
    newer = dataclasses.replace(ada, content=f"{lms.RIGHT}\n# again")
    grace = lms.Entry(f"hoppergrace_4712_99814_{UNIT}.py")
    run("collect", from_canvas(tmp_path, "two", newer, grace), "--into", submitted)
    said = small.run_command(*export).stderr
    assert "Warning: collected and not graded yet (2): hoppergrace_4712, " in said
    assert f"First run `autograder grade` as before, into {grades}; if students have seen" in said
    assert "not graded yet (2)" in small.run_command("feedback", grades).stderr
    run("grade", submitted, "--out", grades, "--quick")
    assert "not graded yet" not in small.run_command(*export).stderr
    stopped = result_path(grades, UNIT, "hoppergrace_4712")
    record = json.loads(stopped.read_text()) | {"submission_sha256": "", "note": "it is incomplete"}
    stopped.write_text(json.dumps(record))
    said = small.run_command(*export).stderr
    assert "collected and not graded yet (1): hoppergrace_4712, " in said
    assert f"Warning: hoppergrace_4712, {UNIT}: it is incomplete" in said
    sending = ("--to", "canvas", "--url", "https://canvas.example.edu", "--canvas-course", "7")
    said = run("feedback", grades, *sending, "--assignment", f"{UNIT}=8")
    again = "run `autograder grade` again: it is incomplete"
    assert f"not sent (1): hoppergrace_4712, {UNIT}: {again}" in said


def test_a_file_that_was_taken_as_the_wrong_unit_can_be_taken_back(tmp_path):
    """`grade` says which results are left over, of a later attempt and of the only one."""
    submitted, grades = tmp_path / "submitted", tmp_path / "grades"
    ada = lms.Entry(f"lovelaceada_4711_99813_{UNIT}.py")
    meant_for_words = dataclasses.replace(ada, content=f"{lms.RIGHT}\n# again")
    grace = lms.Entry(f"hoppergrace_4712_99814_{UNIT}.py", content=f"{lms.RIGHT}\n# hers")
    first = from_canvas(tmp_path, "first", ada)
    second = from_canvas(tmp_path, "second", meant_for_words, grace)
    run("collect", first, "--into", submitted, "--unit", UNIT)
    run("collect", second, "--into", submitted)
    run("grade", submitted, "--out", grades, "--quick")
    said = run("collect", second, "--into", submitted, "--unit", WORDS)
    assert "taken before as another unit's, where they still count (2):" in said
    assert f"{UNIT}, attempt 2, now {WORDS}" in said
    for student in ("lovelaceada_4711", "hoppergrace_4712"):
        shutil.rmtree(submitted / student)
    run("collect", first, "--into", submitted, "--unit", UNIT)
    assert "taken before" not in run("collect", second, "--into", submitted, "--unit", WORDS)
    left = [*grades.glob(f"{UNIT}/hopper*.json")]
    for only in (("--unit", WORDS), ()):
        command = ("grade", submitted, "--out", grades, "--quick", *only)
        said = " ".join(run(*command).split())
        assert "results of files that are now another unit's, and still count here (2): " in said
    left += grades.glob(f"{UNIT}/earlier/*/*.json")
    assert len(left) == 2
    for path in left:
        assert str(path) in said
        path.unlink()
    assert "now another unit's" not in run("grade", submitted, "--out", grades, "--quick")
    own_folder = tmp_path / "next week"  # which lacks the files of this one
    newer = dataclasses.replace(ada, content=f"{lms.RIGHT}\n# new")
    run("collect", from_canvas(tmp_path, "third", newer), "--into", own_folder, "--unit", WORDS)
    assert "now another unit's" not in run("grade", own_folder, "--out", grades, "--quick")


def test_results_whose_files_are_gone_are_named(tmp_path):
    """They count, and the table of the class says that their students handed in nothing."""
    submitted, grades = tmp_path / "submitted", tmp_path / "grades"
    entries = [
        lms.Entry(f"{student}_{number}_998_{UNIT}.py", content=f"{lms.RIGHT}\n# {student}")
        for number, student in enumerate(("ada", "bob", "cy", "empty"), 11)
    ]
    entries[3] = dataclasses.replace(entries[3], content="")
    run("collect", from_canvas(tmp_path, "all", *entries), "--into", submitted, "--unit", UNIT)
    grade = ("grade", submitted, "--out", grades, "--quick")
    assert "still count" not in run(*grade)
    shutil.rmtree(submitted / "cy_13")
    said = " ".join(run(*grade).split())
    assert f"which still count (1): cy_13, {UNIT}. They came from another" in said
    (grades / UNIT / "cy_13.json").unlink()
    assert "still count" not in run(*grade)
    section = tmp_path / "section"  # which lacks the others
    again = from_canvas(tmp_path, "one", entries[0])
    run("collect", again, "--into", section, "--unit", UNIT)
    assert "still count" not in run("grade", section, "--out", grades, "--quick")


def test_the_wrong_folder_is_refused(tmp_path):
    """`grade` refuses results, and `collect` the folder around a single zip."""
    submitted, grades = tmp_path / "submitted", tmp_path / "grades"
    around = tmp_path / "downloads"
    around.mkdir()
    source = from_canvas(around, "one", lms.Entry(f"lovelaceada_4711_99813_{UNIT}.py"))
    (around / "gradebook.csv").write_text("student\n")
    done = small.run_command("collect", around, "--into", submitted)
    assert done.returncode == 2
    assert f"holds one.zip. Give that zip itself: {source}" in done.stderr
    flat = tmp_path / "flat"
    flat.mkdir()
    for student in ("studenta_4711", "studentb_4712"):
        (flat / f"{student}_9_{UNIT}.py").write_text(lms.RIGHT)
    lms.pack(flat / "studentc_4713_9_work.zip", [lms.Entry(f"{UNIT}.py")])
    assert "3 submissions of 3 students" in run("collect", flat, "--into", tmp_path / "of flat")
    run("collect", source, "--into", submitted)
    run("grade", submitted, "--out", grades, "--quick")
    done = small.run_command("grade", grades, "--out", tmp_path / "again")
    assert done.returncode == 2
    assert f"results into. Its submissions are in {submitted}." in done.stderr


def test_the_course_of_nbgrader_is_refused_and_its_submissions_are_not(tmp_path):
    """`grade` refuses nbgrader's course, whose folders are no students, and names the right one.

    The folder of its submissions is graded, and so is one in which a student is called like one of
    nbgrader's folders.
    """
    course = tmp_path / "nb"
    for kind in ("source", "release"):
        (course / kind / UNIT).mkdir(parents=True)
        (course / kind / UNIT / f"{UNIT}.ipynb").write_text(lms.small_notebook())
    grades = tmp_path / "grades"
    done = small.run_command("grade", course, "--out", grades)
    assert done.returncode == 2
    assert f"{course} is nbgrader's course, and holds no submissions yet" in done.stderr
    small.submit(course / "submitted", "ada", lms.RIGHT)
    done = small.run_command("grade", course, "--out", grades)
    assert done.returncode == 2
    assert (
        f"{course} is nbgrader's course. Its submissions are in {course / 'submitted'}: "
        f"autograder grade {course / 'submitted'} --out {grades} --timestamps"
    ) in done.stderr
    assert not grades.exists()
    assert "1 submission," in run("grade", course / "submitted", "--out", grades, "--quick")
    small.submit(tmp_path / "class", "source", lms.RIGHT)
    small.submit(tmp_path / "class", "ada", lms.RIGHT)
    assert "2 submissions," in run("grade", tmp_path / "class", "--out", grades, "--quick")


def test_an_assignment_of_a_unit_without_results_is_refused(tmp_path):
    """A unit that was not graded yet, given by mistake, is named beside those with results."""
    where = ("--url", "https://canvas.example.edu", "--canvas-course", 77)
    source = lms.pack(tmp_path / "s.zip", [lms.Entry(f"lovelaceada_4711_99813_{UNIT}.py")])
    run("collect", source, "--into", tmp_path / "submitted")
    run("grade", tmp_path / "submitted", "--out", tmp_path / "grades", "--quick")
    command = ("feedback", tmp_path / "grades", "--to", "canvas", *where)
    done = small.run_command(*command, "--assignment", "words=3")
    assert done.returncode == 2
    assert f"--assignment names words, and there are results only of {UNIT}." in done.stderr


def test_canvas_gets_points_a_comment_and_the_page(graded):
    """Each student is sent by Canvas's number; a failed one is reported and sent the next time.

    The others are not sent again.
    """
    with canvas_here() as canvas:
        canvas.refuses = {"4712"}
        done = to_canvas(graded, canvas.url, "--send", CANVAS_TOKEN=TOKEN)
        assert done.returncode == 1
        assert "FAILED" in done.stdout
        assert "4 of 5 are in Canvas" in done.stdout
        assert canvas.grades == {"4711": "11", "4713": "11", "4714": "6", "4715": "0"}
        assert "three_steps 0/2" in canvas.comments["4714"][0]
        assert b"<h1><bdi>Lovelace, Ada (ada)</bdi></h1>" in canvas.files["4711"]
        canvas.refuses = set()
        done = to_canvas(graded, canvas.url, "--send", CANVAS_TOKEN=TOKEN)
        assert done.returncode == 0, done.stdout
        assert canvas.grades["4712"] == "6"
        assert [len(comments) for comments in canvas.comments.values()] == [1, 1, 1, 1, 1]
        assert done.stdout.count("sent before") == 4
    assert TOKEN not in done.stdout + "".join(
        p.read_text() for p in (graded / "to canvas").glob("*.json")
    )


def test_points_are_not_sent_without_the_policy_of_before(graded, tmp_path):
    """Late days would come back; an empty policy says that they should."""
    shutil.copytree(graded / "canvas", tmp_path / "canvas")
    policy, empty = tmp_path / "policy.toml", tmp_path / "empty.toml"
    policy.write_text("[late]\nper_day = 0.1\n")
    empty.write_text("")
    with canvas_here() as canvas:
        send = partial(to_canvas, tmp_path, canvas.url, CANVAS_TOKEN=TOKEN)
        assert send("--send", "--policy", policy).returncode == 0
        assert send().returncode == 0  # a dry run
        before = dict(canvas.grades)
        done = send("--send")
        assert done.returncode == 2
        assert f"Nothing was sent: these points had the policy {policy} before" in done.stderr
        assert canvas.grades == before
        assert send("--send", "--policy", empty).returncode == 0


@pytest.mark.parametrize(
    ("url", "token", "told"),
    [
        ("http://canvas.example.edu", TOKEN, "in clear text"),
        ("canvas", TOKEN, "no address of Canvas"),
        ("http://127.0.0.1:9", "", "CANVAS_TOKEN"),
        ("http://127.0.0.1:9", TOKEN, "does not give course 77"),
    ],
)
def test_what_is_wrong_with_canvas_is_told(graded, url, token, told):
    """Errors from Canvas give a sentence that never contains the token."""
    done = to_canvas(graded, url, "--send", CANVAS_TOKEN=token)
    assert done.returncode == 2
    assert told in done.stderr
    assert TOKEN not in done.stderr


def test_a_wrong_number_of_an_assignment_is_named(graded):
    """The course's number may be right."""
    with canvas_here() as canvas:
        more = ("--assignment", f"{WORDS}=457", "--send")
        done = to_canvas(graded, canvas.url, *more, CANVAS_TOKEN=TOKEN)
    assert done.returncode == 2
    assert "does not give assignment 457 of course 77" in done.stderr


def test_a_page_alone_leads_nowhere_and_needs_nothing(graded, tmp_path):
    """A single page has no link to the class; several submissions are listed on it."""
    run("feedback", graded / "exchange" / "grades", "--out", tmp_path)
    for page in tmp_path.glob("*.html"):
        text = page.read_text()
        assert not re.findall(r'(?:href|src)="(?!#)', text)
    ada = (tmp_path / f"ada {UNIT}.html").read_text()
    assert "Counts as 11 of 11" in ada
    assert "2026-11-20 14:22:32 UTC" in ada


@pytest.mark.usefixtures("browser")
def test_a_page_becomes_a_pdf(graded, tmp_path):
    """A page is printed to PDF by the installed browser."""
    done = small.run_command("feedback", graded / "github" / "grades", "--out", tmp_path, "--pdf")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.glob("*.pdf")) == [
        f"ada {UNIT}.pdf",
        f"zoë {UNIT}.pdf",
    ]
    assert (tmp_path / f"ada {UNIT}.pdf").read_bytes().startswith(b"%PDF")


def test_pages_fit_a_telephone_and_axe_finds_nothing(graded, tmp_path, show):
    """At 390 pixels only tables scroll sideways, on any kind of page; axe finds nothing."""
    pages = graded / "canvas" / "grades" / "pages"
    run("feedback", graded / "exchange" / "grades", "--out", tmp_path)
    looked = [
        pages / "index.html",
        pages / f"{UNIT}.html",
        pages / UNIT / "charles.html",
        tmp_path / f"ada {UNIT}.html",
    ]
    for path in looked:
        page = show(path, viewport={"width": 390, "height": 844})
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 390, path
        assert violations(page) == [], path


def test_names_stand_on_every_page_and_in_every_table(graded):
    """Pages and tables have the name and the folder, so that a search finds either."""
    grades = graded / "canvas" / "grades"
    called = "Lovelace, Ada (ada)"
    run("similar", grades, "--lines", "1")
    run("defence", grades, "--questions", "1", "--student", "ada", "--unit", UNIT)
    run("feedback", grades, "--out", graded / "named")
    for page in (
        grades / "pages" / "index.html",
        grades / "pages" / f"{UNIT}.html",
        grades / "pages" / UNIT / "ada.html",
        graded / "named" / f"ada {UNIT}.html",
        grades / "similar" / "index.html",
        grades / "defence" / "index.html",
        grades / "defence" / UNIT / "ada.html",
    ):
        assert called in page.read_text(), page
    assert "Turing, Alan (alan)" in (grades / "pages" / f"{UNIT}.html").read_text()
    assert called in (graded / "canvas.txt").read_text()
    live = LiveSite(small.COURSE, grades, None, anonymous=False)
    assert called in live.page(f"by-hand/{UNIT}/doubling.html")
    for to in ("csv", "total"):
        run("export", grades, "--to", to)
    for name in ("grades.csv", "total.csv"):
        rows = [row for row in table(grades / "export" / name) if row["student"] == "ada"]
        assert {(row["name"], row["id"], row["sis"]) for row in rows} == {
            ("Lovelace, Ada", "4711", "S1")
        }


def test_records_are_in_the_results_and_not_on_anonymous_pages(graded):
    """A platform's record of a student is in the results and not on anonymous pages."""
    grades = graded / "canvas" / "grades"
    record = json.loads((grades / UNIT / "ada.json").read_text())["hand_in"]
    assert (record["id"], record["sis"], record["name"]) == ("4711", "S1", "Lovelace, Ada")
    run("report", grades, "--anonymous")
    text = "".join(path.read_text() for path in (grades / "anonymous").rglob("*.html"))
    assert "4711" not in text
    assert "Lovelace" not in text
    assert "alan" not in text


@pytest.mark.parametrize("platform", SOURCES)
def test_a_receipt_names_the_file_that_was_graded(graded, tmp_path, platform):
    """The receipt has the same checksum when collected, when graded and on the returned page."""
    receipts = table(graded / platform / "submitted" / "receipts.csv")
    assert len({(row["student"], row["unit"], row["attempt"]) for row in receipts}) == len(receipts)
    latest = {(row["student"], row["unit"]): row for row in receipts}
    run("feedback", graded / platform / "grades", "--out", tmp_path)
    results = sorted((graded / platform / "grades").glob("*/*.json"))
    assert results
    for path in results:
        result = json.loads(path.read_text())
        if not result["submission_sha256"]:
            continue
        name = result["known_as"] or result["student"]
        if name.startswith("alan"):  # typed text, and has no file
            assert (name, result["unit"]) not in latest
            continue
        receipt = latest[name, result["unit"]]
        assert receipt["sha256"] == result["submission_sha256"]
        page = (tmp_path / f"{result['student']} {result['unit']}.html").read_text()
        assert f"sha256 {receipt['sha256']}" in page
    assert "receipts.csv" not in (graded / f"{platform}.txt").read_text()


def moodle_unit(folder, unit, numbers, files):
    """Write an assignment of Moodle's: its download and its worksheet.

    numbers: student → participant's number. files: student → submitted file.
    """
    folder.mkdir(parents=True)
    entries = []
    for student, content in files.items():
        name = f"{student.title()}_{numbers[student]}_assignsubmission_file/{unit}.py"
        entries.append(lms.Entry(name, content))
    lines = ["Identifier,Full name,Email address,Last modified (submission)"]
    for student, number in numbers.items():
        time = "Friday, 20 November 2026, 7:30 PM" if student in files else "-"
        lines.append(f'Participant {number},{student.title()},{student}@example.edu,"{time}"')
    worksheet = folder / "worksheet.csv"
    worksheet.write_text("\n".join(lines))
    return lms.pack(folder / f"{unit}.zip", entries), worksheet


def test_a_partner_has_the_number_of_each_assignment_of_moodle(tmp_path):
    """A partner has another Moodle number in each assignment.

    A student without a known number is in no worksheet, and the command says so.
    """
    first = moodle_unit(
        tmp_path / "a", UNIT, {"ada": 17, "greg": 18, "carl": 19}, {"ada": lms.RIGHT}
    )
    second = moodle_unit(
        tmp_path / "b", WORDS, {"ada": 27, "greg": 28}, {"ada": small.solved(name=WORDS)}
    )
    submitted, grades = tmp_path / "submitted", tmp_path / "grades"
    for archive, worksheet in (first, second):
        run("collect", archive, "--into", submitted, "--roster", worksheet)
    run("grade", submitted, "--out", grades, "--seed", small.SEED)
    (tmp_path / "partners.csv").write_text(
        f"unit,student,student\n{UNIT},ada@example.edu,greg@example.edu\n"
        f"{WORDS},ada@example.edu,greg@example.edu,carl@example.edu\n"
    )
    policy = tmp_path / "policy.toml"
    policy.write_text('partners = "partners.csv"\n')
    said = run("export", grades, "--to", "moodle", "--policy", policy, "--out", tmp_path)
    found = {}
    for unit in (UNIT, WORDS):
        rows = table(tmp_path / f"moodle {unit}.csv")
        found[unit] = {row["Full name"]: row["Identifier"] for row in rows}
    assert found == {
        UNIT: {"Ada": "Participant 17", "Greg": "Participant 18"},
        WORDS: {"Ada": "Participant 27", "Greg": "Participant 28"},
    }
    assert "their number in this assignment is not known: Carl (carl@example.edu)." in said
    feedback = ("feedback", grades, "--to", "moodle", "--policy", policy, "--out", tmp_path)
    assert f"and so in no zip (1): carl@example.edu, {WORDS}. `collect`" in run(*feedback)
    with zipfile.ZipFile(tmp_path / f"moodle feedback {UNIT}.zip") as packed:
        assert "Greg_18_assignsubmission_file/feedback.html" in packed.namelist()


def test_an_export_without_the_policy_of_before_says_so(graded, tmp_path):
    """An export without the previous policy warns, because its file had late days deducted.

    A file of another format gives no warning.
    """
    grades = graded / "canvas" / "grades"
    policy = tmp_path / "policy.toml"
    policy.write_text("[late]\nper_day = 0.1\n")
    said = []
    for to, options in (
        ("canvas", ()),
        ("canvas", ("--policy", policy)),
        ("csv", ()),
        ("canvas", ("--policy", policy)),
        ("canvas", ()),
        ("canvas", ()),
    ):
        done = small.run_command("export", grades, "--to", to, "--out", tmp_path / "out", *options)
        assert done.returncode == 0, done.stderr
        said.append("had been made with" in done.stderr)
    assert said == [False, False, False, False, True, False]
    run("export", grades, "--to", "canvas", "--out", tmp_path / "out", "--policy", policy)
    again = small.run_command("export", grades, "--to", "canvas", "--out", tmp_path / "out")
    assert (
        f"Warning: canvas.csv had been made with {policy}, and now counts under no policy. To have "
        f"it as before, add --policy {policy}."
    ) in again.stderr


def test_a_first_export_without_the_policy_of_the_pages_says_so(graded, tmp_path):
    """Late days would be missing in it, and stand on the pages."""
    grades = tmp_path / "grades"
    shutil.copytree(graded / "canvas" / "grades", grades)
    policy = tmp_path / "policy.toml"
    policy.write_text("[late]\nper_day = 0.1\n")
    run("report", grades, "--policy", policy)
    done = small.run_command("export", grades, "--to", "total")
    assert f"were made with {policy}, and this export counts under no policy" in done.stderr
    done = small.run_command("export", grades, "--to", "total", "--policy", policy)
    assert "counts under no policy" not in done.stderr


def test_pages_and_feedback_that_lose_their_policy_are_warned_of(graded, tmp_path):
    """`report` and `feedback` warn if they replace pages that had a policy; `grade` keeps it.

    If the policy is gone, `grade` says so and warns, too.
    """
    grades = tmp_path / "grades"
    shutil.copytree(graded / "moodle" / "grades", grades)
    policy = tmp_path / "policy.toml"
    policy.write_text("[late]\nper_day = 0.1\n")
    ruled = ("--policy", policy)
    report = ("report", grades)
    feedback = ("feedback", grades, "--to", "moodle")
    grade = ("grade", graded / "moodle" / "submitted", "--out", grades)
    lost = f"had been made with {policy}, and now counts under no policy. To have it as before, "
    class_pages = f"Warning: each page below {grades / 'pages'} {lost}"
    students = f"Warning: each page below {grades / 'feedback'} {lost}"
    unlike = (
        f"Warning: the pages below {grades / 'pages'} were made with {policy}, and this feedback "
        f"counts under no policy. To have the same points in both, add --policy {policy}."
    )
    to_add = f"add --policy {policy}."
    for command, warning in (
        (report, ""),
        (feedback, ""),
        ((*report, *ruled), ""),
        (feedback, unlike),
        (report, class_pages + to_add),
        (report, ""),
        (feedback, ""),
        ((*feedback, *ruled), ""),
        ((*report, "--anonymous"), ""),
        (feedback, students + to_add),
        ((*report, *ruled), ""),
        (grade, ""),
        ((*report, *ruled), ""),
        (grade, ""),
        (report, class_pages + to_add),
        ((*report, *ruled), ""),
    ):
        done = small.run_command(*command)
        assert done.returncode == 0, done.stderr
        warnings = [line for line in done.stderr.splitlines() if "no policy" in line]
        assert warnings == ([warning] if warning else []), command
        pages = [path.read_text() for path in (grades / "pages" / UNIT).glob("*.html")]
        is_ruled = any("Counts as" in page for page in pages)
        if command[0] in ("grade", "report") and "--anonymous" not in command:
            assert is_ruled == (command in (grade, (*report, *ruled))), command
    policy.unlink()
    done = small.run_command(*grade)
    assert done.returncode == 0, done.stderr
    assert f"The pages do not show the policy {policy}." in done.stderr
    assert f"{class_pages}run: autograder report {grades} --policy {policy}." in done.stderr
    notes = [path.read_text() for path in grades.rglob("made with.txt")]
    assert len(notes) == 2
    assert not any("ada" in note for note in notes)


GRACE = ("Grace Hopper", "grace@example.edu")  # the deleted student


@pytest.fixture
def whole_term(tmp_path):
    """Collect, grade and process a class of three with every command that writes names or code."""
    (tmp_path / "worksheet.csv").write_text(
        "Identifier,Full name,Email address,Section\n"
        "Participant 17,Ada Lovelace,ada@example.edu,mon\n"
        "Participant 18,Grace Hopper,grace@example.edu,mon\n"
    )
    submitted, grades = tmp_path / "submitted", tmp_path / "grades"
    own_notes = lms.Entry("Grace Hopper_18_assignsubmission_file/notes.txt", "x")
    for script in (lms.HALF, f"# Grace Hopper\n{lms.HALF}"):
        entries = [
            lms.Entry(f"Ada Lovelace_17_assignsubmission_file/{UNIT}.py"),
            lms.Entry(f"Grace Hopper_18_assignsubmission_file/{UNIT}.py", script),
            own_notes,
        ]
        source = lms.pack(tmp_path / "download.zip", entries)
        run("collect", source, "--into", submitted, "--roster", tmp_path / "worksheet.csv")
        run("grade", submitted, "--out", grades, "--quick", "--seed", small.SEED)
    (grades / "adjustments.toml").write_text(
        f'[[adjustment]]\nstudent = "{GRACE[1]}"\nunit = "{UNIT}"\npoints = 1\n'
        'words = "read on paper"\nwho = "tg"\n'
    )
    (tmp_path / "roster.csv").write_text(f"student,section\nada@example.edu,a\n{GRACE[1]},a\n")
    run("grade", submitted, "--out", grades, "--quick", "--roster", tmp_path / "roster.csv")
    (tmp_path / "mails").mkdir()
    (tmp_path / "mails" / "1.eml").write_text(
        f"From: {GRACE[1]}\nSubject: Regrade\n\nStudent: {GRACE[1]}\nUnit: {UNIT}\n"
    )
    run("regrades", tmp_path / "mails", grades)
    for options in ((), ("--anonymous",), ("--section", "a")):
        run("report", grades, *options)
    for options in ((), ("--anonymous",)):
        run("similar", grades, *options)
    for options in ((), ("--training",)):
        run("defence", grades, "--questions", 1, *options)
    run("feedback", grades, "--to", "moodle")
    for kind in ("moodle", "total"):
        run("export", grades, "--to", kind)
    return tmp_path


def naming_grace(folder):
    """List files that name the deleted student, in their text or their own name."""
    found = []
    for path in sorted(folder.rglob("*")):
        texts = [str(path.relative_to(folder)), path.read_text() if path.is_file() else ""]
        if any(word.casefold() in text.casefold() for word in GRACE for text in texts):
            found.append(str(path.relative_to(folder)))
    return found


def delete_as_told(folder, step):
    """Carry out a step of the page on the paths that it names."""
    paths = re.findall(r"`((?:submitted|grades)/[^`]+)`", step)
    for named in dict.fromkeys(paths):
        places = list(folder.glob(named.replace("STUDENT", GRACE[1]).replace("UNIT", UNIT)))
        assert places, named
        for path in places:
            is_of_many = path.suffix in (".csv", ".txt") and "line" in step
            if path.is_dir():
                shutil.rmtree(path)
            elif is_of_many:
                lines = path.read_text().splitlines(keepends=True)
                kept = [line for line in lines if not any(word in line for word in GRACE)]
                path.write_text("".join(kept))
            else:
                path.unlink()


def test_the_steps_of_the_page_of_privacy_delete_a_student(whole_term):
    """After the privacy page's steps nothing names the deleted student.

    The page's own command confirms it, and another `grade` brings nothing back.
    """
    submitted, grades = whole_term / "submitted", whole_term / "grades"
    page = (small.ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    section = page.partition("## Delete a student\n")[2].partition("\nTo delete a whole class")[0]
    steps = re.split(r"^\d\. ", section, flags=re.MULTILINE)[1:]
    (search,) = re.findall(r"`(grep .*?)`", section)
    for placeholder, word in zip(("NAME", "ADDRESS"), GRACE, strict=True):
        search = search.replace(placeholder, word)
    kept = {"cwd": whole_term, "shell": True, "capture_output": True, "text": True}
    before = subprocess.run(search, **kept).stdout.splitlines()
    assert "submitted/receipts.csv" in before
    assert "grades/roster.csv" in before
    for step in steps[:3]:
        delete_as_told(whole_term, step)
    assert naming_grace(submitted) == []
    assert naming_grace(grades) == ["adjustments.toml"]
    (grades / "adjustments.toml").unlink()  # as step 4 says about the entry, the only one
    assert subprocess.run(search, **kept).stdout == ""
    run("report", grades)
    run("export", grades, "--to", "total")
    run("grade", submitted, "--out", grades, "--quick")
    assert naming_grace(submitted) == []
    assert naming_grace(grades) == []
    assert "ada@example.edu" in (grades / "export" / "total.csv").read_text()
