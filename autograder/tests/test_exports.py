"""The small class's gradebook files as others import them, with odd names and remarks."""

import csv
import dataclasses
import json
import re
import shutil
from pathlib import Path

import msgspec
import pytest
import small
from small import UNIT, WORDS

from autograder.cli.instructor import FORMATS
from autograder.grading.adjustments import Adjustment, as_toml
from autograder.grading.attempts import Mixed
from autograder.grading.hand_in import HandIn, id_in
from autograder.grading.policy import Policy, grades, with_partners
from autograder.grading.results import stored_results
from autograder.grading.roster import (
    BadRoster,
    Roster,
    Student,
    absent,
    cells_of,
    merged,
    read_roster,
)
from autograder.grading.whole_class import with_students
from autograder.judging import Remark
from autograder.report import exports

HOSTILE = '=HYPERLINK("http://x")|<script>'
NAMES = {"complete": "Zoë Žižek", "squared": HOSTILE, "crash": "李 明"}
EVIL = Remark("@SUM(1)\n|<img src=x onerror=alert(1)> `[a](b)`\x1b[31m")


@pytest.fixture(scope="module")
def results(graded_class):
    """Return results of the small class, some under other names, one with a hostile remark."""
    found = []
    for result in stored_results(graded_class):
        if result.student == "squared":
            spoilt = [dataclasses.replace(v, remarks=(*v.remarks, EVIL)) for v in result.verdicts]
            result = dataclasses.replace(result, verdicts=tuple(spoilt))
        found.append(dataclasses.replace(result, student=NAMES.get(result.student, result.student)))
    return found


def exported(results, to, folder):
    return exports.export(grades(results, Policy()), to, folder)


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_has_a_row_for_each_check(results, tmp_path):
    """The CSV has a row for each check of every submission and student; its points add up."""
    (path,) = exported(results, "csv", tmp_path)
    rows = table(path)
    assert len(rows) == sum(len(result.verdicts) for result in results)
    earned = sum(float(row["check_points"]) for row in rows)
    scores = sum(result.score for result in results)
    assert earned == pytest.approx(scores, abs=0.1)
    students = {row["student"] for row in rows}
    assert {"Zoë Žižek", "李 明", f"'{HOSTILE}"} <= students


def test_the_command_and_the_docs_know_every_format():
    """Each format is a choice of `--to` and has a row in docs/policy.md."""
    assert sorted(FORMATS) == sorted([*exports.FORMATS, "total"])
    page = (Path(__file__).parents[2] / "docs" / "policy.md").read_text()
    assert [name for name in FORMATS if f"\n| `{name}` |" not in page] == []


@pytest.mark.parametrize("to", FORMATS)
def test_no_cell_is_a_formula_or_holds_control_characters(results, tmp_path, to):
    """No name or remark in a spreadsheet format is a formula or holds control characters."""
    tables = [path for path in exported(results, to, tmp_path) if path.suffix == ".csv"]
    if to in ("gradescope", "classroom50", "github", "standings"):
        assert not tables
        return
    cells = []
    for path in tables:
        with open(path, encoding="utf-8", newline="") as file:
            cells += [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.lstrip()[:1] in tuple("=+-@")]
    assert not [cell for cell in cells if re.search(r"[\x00-\x1f\x7f]", cell)]
    assert any("'=HYPERLINK" in cell for cell in cells)


@pytest.mark.parametrize(
    "begins",
    ["=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦", "−", "\t", "\r", "\n", "\u3000=", "\u200b="],
)
def test_what_some_program_takes_for_a_formula_is_quoted(begins):
    """Cells that some program takes for a formula are quoted.

    Examples: full-width and small signs, a real minus sign, and text after stripped characters.
    """
    assert exports.spreadsheet_cell(f"{begins}1+1").startswith("'")
    assert exports.spreadsheet_cell(f"a{begins}1+1")[0] == "a"


def test_a_gradebook_has_the_names_that_it_knows(results, tmp_path):
    """A gradebook row has the name on the platform, though the result file has another.

    `ADA` submitted when there was an `ada`, so her file has a different name.
    """
    best = max(results, key=lambda result: result.score)
    ada = dataclasses.replace(best, student="ADA~0123456789abcdef", known_as="ADA")
    exported([ada], "canvas", tmp_path)
    rows = table(tmp_path / "canvas.csv")
    assert [row["SIS Login ID"] for row in rows] == ["", "ADA"]
    exported([ada], "gradescope", tmp_path)
    assert (tmp_path / ada.unit / f"{ada.student}.json").is_file()
    older = dataclasses.replace(ada, student="ADA", known_as="", verdicts=())
    (grade,) = grades([older, ada], Policy())
    assert grade.result.student == ada.student


def test_canvas_has_its_columns_and_points_possible(results, tmp_path):
    """Canvas's file has a column for each unit and an empty cell for a missing submission."""
    (path,) = exported(results, "canvas", tmp_path)
    head, *rows = table(path)
    assert list(head)[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert head["Student"] == "    Points Possible"
    assert head[UNIT] == "11"
    assert head[WORDS] == "3"
    by_name = {row["SIS Login ID"]: (row[UNIT], row[WORDS]) for row in rows}
    students = {result.student for result in results}
    assert len(rows) == len(students)
    assert len(by_name) == len(students)
    assert by_name["Zoë Žižek"] == ("11", "3")
    assert by_name["no_space"] == ("", "0")
    assert by_name["李 明"] == ("7", "")


ADA = HandIn(source="canvas", student="ada", name="Ada", email="a@x.edu", id="7", sis="s7")
GRACE = HandIn(source="canvas", student="grace", name="Grace", id="8")
PARTNERS = Policy(partners={UNIT: [frozenset({"ada", "grace"})]})


def of(student, result, hand_in):
    """Return a result under another student's name, as if it had been collected."""
    return dataclasses.replace(result, student=student, hand_in=hand_in)


def test_a_partner_has_a_row_of_their_own(results, tmp_path):
    """A partner has a row with the same points and without the LMS numbers of the submitter.

    Those numbers would send the grade to the wrong person.
    """
    best = max(results, key=lambda result: result.score)
    graded = grades([of("ada", best, ADA)], PARTNERS)
    exports.export(graded, "canvas", tmp_path)
    _, ada, grace = table(tmp_path / "canvas.csv")
    assert ada["Student"] == "Ada"
    assert ada["ID"] == "7"
    assert ada[UNIT] == "11"
    assert grace["Student"] == "grace"
    assert grace["ID"] == ""
    assert grace["SIS User ID"] == ""
    assert grace["SIS Login ID"] == "grace"
    assert grace[UNIT] == "11"
    addresses = {grade.result.student: grade.result.hand_in.email for grade in graded}
    assert addresses == {"ada": "a@x.edu", "grace": ""}


def test_a_partner_is_known_by_what_they_handed_in_themselves(results, tmp_path):
    """A partner is identified by the record of what they submitted in another unit."""
    best = max(results, key=lambda result: result.score)
    other_unit = next(result for result in results if result.unit == WORDS)
    of_ada = of("ada", best, ADA)
    of_grace = of("grace", other_unit, GRACE)
    exports.export(grades([of_ada, of_grace], PARTNERS), "canvas", tmp_path)
    rows = {row["Student"]: row for row in table(tmp_path / "canvas.csv")}
    assert rows["Grace"]["ID"] == "8"
    assert rows["Grace"][UNIT] == "11"


def test_a_renamed_student_has_the_newest_name_everywhere(graded_class, small_class, tmp_path):
    """A renamed student has the name of the latest submission in all tables, pages and exports."""
    grades = tmp_path / "grades"
    shutil.copytree(graded_class, grades, ignore=shutil.ignore_patterns("pages"))
    (grades / "roster.csv").write_text("student,name\ncomplete,Anna Miller\n")
    names = {UNIT: ("Anna Schmidt", "2026-12-02"), WORDS: ("Anna Müller", "2026-12-01")}
    for unit, (name, day) in names.items():
        path = grades / unit / "complete.json"
        record = json.loads(path.read_text())
        record["submitted"] = f"{day}T10:00:00+00:00"
        record["hand_in"] = {"format": 1, "source": "moodle", "student": "complete", "name": name}
        path.write_text(json.dumps(record))
    commands = (("report", grades), ("export", grades, "--to", "csv"))
    commands += (("similar", grades, "--submitted", small_class), ("feedback", grades))
    for command in commands:
        done = small.run_command(*command)
        assert done.returncode == 0, done.stderr
        assert "Müller" not in done.stdout
    written = [path for path in grades.rglob("*") if path.suffix in (".html", ".csv")]
    texts = {path.relative_to(grades): path.read_text() for path in written}
    assert sum("Anna Schmidt" in text for text in texts.values()) > 6
    assert not [path for path, text in texts.items() if "Müller" in text]
    del texts[Path("roster.csv")]
    assert not [path for path, text in texts.items() if "Miller" in text]


def test_a_mail_goes_to_the_address_in_the_roster(results, tmp_path):
    """A submission that was collected before the address changed has the old one."""
    hand_in = HandIn(source="moodle", student="ada", name="Ada", email="ada@old.edu")
    named = Roster([Student("ada", email="ada@new.edu")])
    students = with_students([of("ada", results[0], hand_in)], named)
    (path,) = exports.export(grades(students, Policy()), "mail", tmp_path)
    assert "ada@new.edu" in path.read_text()
    assert "ada@old.edu" not in path.read_text()


def test_a_grade_that_stands_in_canvas_is_written_again(results, tmp_path):
    """Canvas clears what stands where the imported table has an empty cell, such as 0 or EX."""
    best = max(results, key=lambda result: result.score)
    ada = of("ada", best, HandIn(source="canvas", student="ada", name="Ada", id="41", login="al"))
    column = f"{UNIT} (456)"
    path = tmp_path / "gradebook.csv"
    path.write_text(
        f"Student,ID,SIS User ID,SIS Login ID,Section,{column}\n"
        "    Points Possible,,,,,11\nAda,41,,al,A,3\nBob,42,,bo,A,0\nCy,,,cy,A,EX\nDee,44,,d,A,\n"
        "Eve,,,44,A,5\nFay,,S6,fay@x,A,-1.00\n"
    )
    absent = [
        *(Student("bob", id="42"), Student("cy", login="CY"), Student("dee", id="44")),
        *(Student("eve", login="44"), Student("fay", sis="S6")),
    ]
    columns = {UNIT: column}
    arguments = (grades([ada], Policy()), "canvas", tmp_path, {UNIT: absent}, Policy(), columns)
    (written,) = exports.export(*arguments, cells_of(path, columns))
    cells = [row[column] for row in table(written)[1:]]
    assert cells == [f"{best.score:g}", "0", "EX", "", "5", "-1"]
    assert exports.empty_in_canvas(written).startswith("1 cell is empty in canvas.csv")
    path.write_text("")  # as a pipe that was read once
    with pytest.raises(BadRoster, match="is empty by now"):
        cells_of(path, columns)


def test_two_students_with_one_address_are_named(results):
    """One would get the other's points."""
    found = []
    for student in ("ada", "bob"):
        record = HandIn(source="moodle", student=student, email="x@y.edu")
        found.append(of(student, results[0], record))
    (line,) = exports.notes(grades(found, Policy()), "mail")
    assert line.startswith("Warning: ada and bob have the same e-mail address, x@y.edu")


def test_a_worksheet_of_two_assignments_of_moodle_says_so(results):
    """Moodle takes a line only in the assignment of its number."""
    rounds = []
    for number in ("17", "93"):
        hand_in = HandIn(source="moodle", student="ada", name="Ada", id=number)
        rounds.append(dataclasses.replace(of("ada", results[0], hand_in), sha256=number))
    assert "two assignments" not in str(exports.notes(grades(rounds[:1], Policy()), "moodle"))
    said = "\n".join(exports.notes(grades(rounds, Policy()), "moodle"))
    assert "From two assignments of Moodle: the submissions of ada" in said


def test_a_participant_of_moodle_has_the_number_of_the_assignment(results, tmp_path):
    """A Moodle participant has another number in each assignment.

    A partner has none and so no row in the worksheet.
    """
    best = max(results, key=lambda result: result.score)
    words = next(result for result in results if result.unit == WORDS)
    numbers = [
        HandIn(source="moodle", student="ada", name="Ada", id=number) for number in ("17", "23")
    ]
    found = [of("ada", best, numbers[0]), of("ada", words, numbers[1])]
    exports.export(grades(found, PARTNERS), "moodle", tmp_path)
    for unit, participant in ((UNIT, "Participant 17"), (WORDS, "Participant 23")):
        rows = table(tmp_path / f"moodle {unit}.csv")
        assert [row["Identifier"] for row in rows] == [participant]


def test_canvas_gets_no_number_of_another_platform_s(results, tmp_path):
    """Canvas gets neither Moodle's number nor a roster's; a person's own number stays."""
    best = max(results, key=lambda result: result.score)
    pierre = of("pierre", best, HandIn(source="moodle", student="pierre", name="Pierre", id="17"))
    roster = [
        Student("anna", name="Anna", id="6030", source="moodle"),
        Student("berta", name="Berta", id="31", source="canvas"),
        Student("carl", name="Carl", id="32"),
    ]
    exports.export(grades([pierre], Policy()), "canvas", tmp_path, {UNIT: roster})
    rows = {row["Student"]: row["ID"] for row in table(tmp_path / "canvas.csv")[1:]}
    assert rows == {"Pierre": "", "Anna": "", "Berta": "31", "Carl": "32"}


def test_the_total_has_no_number_of_one_assignment(results, tmp_path):
    """The total omits Moodle's numbers, which differ by assignment.

    Canvas's number and a person's own hold for the whole course and stay.
    """
    best = max(results, key=lambda result: result.score)
    pierre = of("pierre", best, HandIn(source="moodle", student="pierre", name="Pierre", id="17"))
    roster = [
        Student("anna", id="6030", source="moodle"),
        Student("berta", id="31", source="canvas"),
        Student("carl", id="32"),
    ]
    exports.export(grades([pierre], Policy()), "total", tmp_path, {UNIT: roster})
    rows = {row["student"]: row["id"] for row in table(tmp_path / "total.csv")}
    assert rows == {"pierre": "", "anna": "", "berta": "31", "carl": "32"}


def test_a_partner_in_the_roster_has_not_handed_in_nothing(results):
    """A partner in the roster counts as having submitted; a student without a partner does not."""
    roster = Roster([Student("ada"), Student("grace"), Student("carl")])
    best = max(results, key=lambda result: result.score)
    handed_in = with_partners([of("ada", best, ADA)], PARTNERS)
    missing = absent(roster, handed_in)
    assert [student.student for student in missing[UNIT]] == ["carl"]


def test_moodle_has_points_and_feedback_side_by_side(results, tmp_path):
    """Moodle's file has points with all feedback: Moodle takes no feedback without points."""
    (path,) = exported(results, "moodle", tmp_path)
    rows = {row["username"]: row for row in table(path)}
    assert rows["Zoë Žižek"][f"{UNIT} (of 11)"] == "11"
    assert "this walks uphill." in rows["uphill"][f"{UNIT} feedback"]
    for unit, most in ((UNIT, 11), (WORDS, 3)):
        for row in rows.values():
            points = row[f"{unit} (of {most})"]
            feedback = row[f"{unit} feedback"]
            assert points or not feedback


def test_what_is_said_of_every_check_is_said_once(results, tmp_path):
    """A remark on all checks, such as on an unreadable file, is written once."""
    (complete,) = (r for r in results if r.student == "Zoë Žižek" and r.unit == UNIT)
    note = Remark("your file is a PDF.")
    verdicts = [dataclasses.replace(v, remarks=(note,), earned=0) for v in complete.verdicts]
    unread = dataclasses.replace(complete, verdicts=tuple(verdicts))
    (path,) = exported([unread], "moodle", tmp_path)
    (row,) = table(path)
    assert row[f"{UNIT} feedback"] == "your file is a PDF."


def test_each_further_remark_of_a_line_begins_with_a_capital(results, tmp_path):
    """Each further remark of a line begins with a capital.

    A reader of a worksheet sees sentences. Names of code and an answer's words keep their case.
    """
    (complete,) = (r for r in results if r.student == "Zoë Žižek" and r.unit == UNIT)
    remarks = (
        Remark("FileNotFoundError: '/etc/passwd'"),
        Remark("`a` is right and keeps its points.", ("a",)),
        Remark("np.exp is no word."),
        Remark("but this is an answer.", literal=True),
    )
    first, *others = complete.verdicts
    verdicts = (dataclasses.replace(first, remarks=remarks), *others)
    (path,) = exported([dataclasses.replace(complete, verdicts=verdicts)], "moodle", tmp_path)
    (row,) = table(path)
    assert (
        "FileNotFoundError: '/etc/passwd'. `a` is right and keeps its points. "
        "np.exp is no word. but this is an answer."
    ) in row[f"{UNIT} feedback"]


def test_gradescope_results_are_as_specified(results, tmp_path):
    """Gradescope's file has the specified types and names for every submission; scores add up."""
    paths = exported(results, "gradescope", tmp_path)
    assert len(paths) == len(results)
    for path in paths:
        record = json.loads(path.read_text())
        assert isinstance(record["score"], float)
        assert isinstance(record["execution_time"], int)
        assert record["score"] == pytest.approx(
            sum(test["score"] for test in record["tests"]), abs=0.01
        )
        for test in record["tests"]:
            assert test["status"] in ("passed", "failed")
            assert 0 <= test["score"] <= test["max_score"]
            assert test["output_format"] == test["name_format"] == "text"


def test_github_summary_shows_hostile_text_as_text(results, tmp_path):
    """Hostile text in the GitHub summary adds no markup and no row."""
    exported(results, "github", tmp_path)
    text = (tmp_path / f"{HOSTILE}.md").read_text()
    for markup in ("<img", "[a](b)", "\x1b"):
        assert markup not in text
    _, _, *rows = [line for line in text.split("\n") if line.startswith("|")]
    for row in rows:
        borders = re.findall(r"(?<!\\)\|", row)
        assert len(borders) == 5


def test_classroom50_gets_whole_numbers(results, tmp_path):
    """Classroom 50's schema takes only integers, so it gets hundredths of a point.

    They add up over the units.
    """
    exported(results, "classroom50", tmp_path)
    record = json.loads((tmp_path / "Zoë Žižek.json").read_text())
    assert (record["schema"], record["score"], record["max-score"]) == (
        "classroom50/result/v1",
        1400,
        1400,
    )
    assert all(isinstance(test["score"], int) and test["passed"] for test in record["tests"])


def test_a_text_answer_s_remark_is_told_in_every_format(results, tmp_path):
    """Every format has the expected and the found text, with their quotes and full stops."""
    (path,) = exported(results, "csv", tmp_path)
    assert "a space is missing between the letters." in path.read_text()
    told = dataclasses.replace(next(r for r in results if r.student == "no_space"))
    remark = Remark("expected 'A. L.', found 'A.L.'.", ("first",))
    told = dataclasses.replace(
        told, verdicts=(dataclasses.replace(told.verdicts[0], remarks=(remark,)),)
    )
    for to, name in (
        ("csv", "grades.csv"),
        ("moodle", "moodle.csv"),
        ("gradescope", f"{WORDS}/no_space.json"),
    ):
        exported([told], to, tmp_path / to)
        assert "expected 'A. L.', found 'A.L.'. (`first`)" in (tmp_path / to / name).read_text()
    exported([told], "github", tmp_path)
    assert (
        "expected 'A. L.', found 'A.L.'. (&#96;first&#96;)"
        in (tmp_path / "no_space.md").read_text()
    )


@pytest.mark.parametrize("to", FORMATS)
def test_results_without_training_say_so_in_every_file(results, tmp_path, to):
    """Every format marks results without training, so that they are not taken for grades."""
    quick = [
        dataclasses.replace(one, provenance=dataclasses.replace(one.provenance, quick=True))
        for one in results
    ]
    written = exported(quick, to, tmp_path)
    assert written
    assert all("without training" in path.read_text() for path in written)


def test_standings_name_nobody_and_begin_with_the_lowest_loss(results, tmp_path):
    """Standings list students under drawn names, lowest loss first, and our solution."""
    (path,) = exported(results, "standings", tmp_path)
    text = path.read_text()
    for result in results:
        assert result.student not in text
    rows = re.findall(r"^\| (\d+) \| student [0-9a-f]{6} \| (\S+) \|", text, re.M)
    losses = [float(loss) for _, loss in rows]
    trained = [one for one in results if any(verdict.loss for verdict in one.verdicts)]
    assert len(losses) == len(trained) > 1
    assert losses == sorted(losses)
    assert [int(place) for place, _ in rows] == list(range(1, len(rows) + 1))
    assert text.count("| our solution |") == 1


def test_export_by_command(graded_class, tmp_path):
    """`export` names the files it wrote and reports a wrong policy or an empty folder."""
    done = small.run_command("export", graded_class, "--to", "canvas", "--out", tmp_path / "out")
    assert done.stdout.strip() == str(tmp_path / "out" / "canvas.csv"), done.stderr
    assert "Canvas makes a new assignment of each column" in done.stderr
    (tmp_path / "policy.toml").write_text(f'[excused]\ncomplete = ["{UNIT}"]\n')
    excusing = ("export", graded_class, "--policy", tmp_path / "policy.toml", "--to")
    said = f"Excused by the policy (1): complete, {UNIT}."
    assert said in small.run_command(*excusing, "csv", "--out", tmp_path / "out").stderr
    assert said not in small.run_command(*excusing, "total", "--out", tmp_path / "out").stderr
    (tmp_path / "policy.toml").write_text('keep = "worst"')
    done = small.run_command(
        "export", graded_class, "--to", "csv", "--policy", tmp_path / "policy.toml"
    )
    assert done.returncode == 2
    assert "policy.toml: `keep`: expected 'best' or 'last'" in done.stderr
    done = small.run_command("export", tmp_path / "nowhere", "--to", "csv")
    assert done.returncode == 2
    assert "There are no results in" in done.stderr


def test_a_worksheet_of_an_earlier_export_is_named(graded_class, tmp_path):
    """`export` names a unit's worksheets that it did not write now, and no other files."""
    out = tmp_path / "out"
    out.mkdir()
    old = f"moodle {UNIT} (without training).csv"
    others = (
        "canvas.csv",
        "moodle notes.csv",
        f"moodle {UNIT}_2.csv",
        f"moodle feedback {UNIT}.zip",
    )
    for name in others:
        (out / name).touch()
    export = ("export", graded_class, "--out", out, "--to")
    assert "not written now" not in small.run_command(*export, "moodle").stdout
    (out / old).touch()
    done = small.run_command(*export, "moodle")
    assert f"from earlier, and not written now (1): {old}" in done.stdout, done.stderr
    assert "not written now" not in small.run_command(*export, "csv").stdout


def test_a_worksheet_is_left_if_it_is_not_written_again(results, tmp_path):
    """Grades with training leave the worksheet of those without, and not that of another unit."""
    best = max(results, key=lambda result: result.score)
    whole = of("ada", best, HandIn(source="moodle", student="ada", id="17"))
    without = dataclasses.replace(whole.provenance, quick=True)
    quick = dataclasses.replace(whole, provenance=without)
    words = dataclasses.replace(whole, unit=WORDS)
    left = []
    for result in (quick, quick, words, whole, whole):
        written = exported([result], "moodle", tmp_path)
        assert len(written) == 2
        left.append(exports.worksheets_left(tmp_path, grades([result], Policy()), written))
    old = [f"moodle {UNIT} (without training).csv"]
    assert left == [[], [], [], old, old]


def test_several_folders_are_exported_as_one(graded_class, small_class, tmp_path):
    """`export` merges several folders; the best submission counts, whichever folder holds it."""
    (tmp_path / "again" / "stub" / UNIT).mkdir(parents=True)
    solved = (small_class / "complete" / UNIT / f"{UNIT}.py").read_text()
    small.submit(tmp_path / "again", "stub", solved)
    small.submit(tmp_path / "again", "halved", "x = 1")
    done = small.run_command(
        "grade", tmp_path / "again", "--out", tmp_path / "grades", "--seed", small.SEED
    )
    assert done.returncode == 0, done.stderr
    small.run_command(
        "export", graded_class, tmp_path / "grades", "--to", "canvas", "--out", tmp_path
    )
    by_name = {row["SIS Login ID"]: row[UNIT] for row in table(tmp_path / "canvas.csv")}
    assert (by_name["stub"], by_name["halved"], by_name["squared"]) == ("11", "10", "9")


def of_other_points(result, points):
    """A result of the time when its first check had other points, all earned."""
    first, *others = result.verdicts
    old = dataclasses.replace(first, points=points, earned=points)
    return dataclasses.replace(result, verdicts=(old, *others))


@pytest.mark.parametrize("to", ["canvas", "moodle"])
def test_two_maxima_in_one_column_are_refused(results, tmp_path, to):
    """A check changed between two rounds: full marks of one are not those of the other."""
    best = max(results, key=lambda result: result.score)
    ada, bob = of("ada", best, ADA), of("bob", of_other_points(best, 1), GRACE)
    with pytest.raises(Mixed, match=r"two maxima: \d+ points for bob and 11 points for ada"):
        exported([ada, bob], to, tmp_path)
    assert not list(tmp_path.iterdir())
    rows = table(exported([ada, bob], "mail", tmp_path)[0])
    assert all(row["points"] == row["of"] for row in rows)


def test_a_mail_merge_without_addresses_says_so(results):
    """A mail merge needs them: it says how many have none, and where they come from."""
    best = max(results, key=lambda result: result.score)
    ada, bob = of("ada", best, ADA), of("bob", best, GRACE)
    (said,) = exports.notes(grades([bob], Policy()), "mail")
    assert said == (
        "Warning: no student has an e-mail address. Give `collect` or `grade` a --roster with a "
        "column `email`."
    )
    (said,) = exports.notes(grades([ada, bob], Policy()), "mail")
    assert said.startswith("Warning: 1 of 2 students has no e-mail address: bob. Give `collect`")
    assert exports.notes(grades([ada], Policy()), "mail") == []


def test_results_of_two_platforms_are_refused(results, tmp_path):
    """A student has another name on each platform, and would have two rows, one with zeros."""
    best = max(results, key=lambda result: result.score)
    elsewhere = msgspec.structs.replace(ADA, source="moodle")
    found = [of("ada", best, ADA), of("Ada Lovelace_17", best, elsewhere)]
    for to in ("total", "csv", "canvas"):
        with pytest.raises(Mixed, match="students of two platforms: 1 of Canvas, 1 of Moodle"):
            exported(found, to, tmp_path)
    same = [of("ada", best, ADA), of("ada", dataclasses.replace(best, unit=WORDS), elsewhere)]
    assert exported(same, "total", tmp_path)
    assert exported(found[:1], "total", tmp_path)


def test_the_best_of_two_rounds_has_the_largest_share(results):
    """Full marks of the round before, and one point less of a unit that has more now."""
    best = max(results, key=lambda result: result.score)
    before = of_other_points(best, 0.5)
    halved = next(result for result in results if result.student == "halved")
    now = dataclasses.replace(halved, student=best.student)
    assert now.score > before.score
    (grade,) = grades([before, now], Policy())
    assert grade.share == 1


def test_a_student_who_is_not_in_the_roster_is_named(graded_class, tmp_path):
    """On the class page, and where grades are exported: the row may be a stranger's."""
    folder = tmp_path / "grades"
    shutil.copytree(graded_class, folder, ignore=shutil.ignore_patterns("pages"))
    known = sorted({result.student for result in stored_results(folder)} - {"crash"})
    (folder / "roster.csv").write_text("\n".join(["student", *known, ""]))
    done = small.run_command("export", folder, "--to", "total")
    assert "Warning: not in the roster, and with grades here: crash." in done.stderr
    assert small.run_command("report", folder).returncode == 0
    page = (folder / "pages" / f"{UNIT}.html").read_text()
    assert "1 handed in and is not in the roster" in page


def test_columns_are_called_as_in_canvas_s_gradebook(graded_class, small_class, tmp_path):
    """Else Canvas makes a new assignment; two columns of one unit, or none, are refused."""
    gradebook = tmp_path / "gradebook.csv"
    gradebook.write_text(f"Student,ID,SIS Login ID,{UNIT} (456),Essay (7),Final Score\n")
    command = ("export", graded_class, "--to", "canvas", "--out", tmp_path)
    done = small.run_command(*command, "--gradebook", gradebook)
    assert done.returncode == 0, done.stderr
    head = (tmp_path / "canvas.csv").read_text().splitlines()[0].split(",")
    assert head[5:] == [f"{UNIT} (456)", WORDS]
    assert (
        f"Warning: {gradebook} has no column of {WORDS}, so Canvas would make a new assignment. "
        f"Its columns: `{UNIT} (456)`, `Essay (7)`. Give the assignment in Canvas a name "
        f"that contains `{WORDS}`, and export the gradebook again."
    ) in done.stderr
    assert "points to that in Canvas" not in done.stderr
    heads = gradebook.read_text()
    for possible, differs in (("11", False), ("7.50", True)):
        gradebook.write_text(f"{heads}    Points Possible,,,{possible},100,(read only)\n")
        done = small.run_command(*command, "--gradebook", gradebook)
        told = f"`{UNIT} (456)` has 7.5 points, and {UNIT} has 11. Set" in done.stderr
        assert told == differs, done.stderr
    quick = tmp_path / "quick"
    assert small.run_command("grade", small_class, "--out", quick, "--quick").returncode == 0
    done = small.run_command("export", quick, *command[2:], "--gradebook", gradebook)
    assert "Set" not in done.stderr, done.stderr  # no column is for a part of the points
    for student, is_of_nobody in (("eve", True), ("complete", False)):
        gradebook.write_text(f"{heads}{student},17,{student},,,\n")
        done = small.run_command(*command, "--gradebook", gradebook)
        assert ("nobody with a grade is found" in done.stderr) == is_of_nobody
        assert (f"{gradebook} lacks students" in done.stderr) != is_of_nobody  # the others
    for text, words in (
        (f"{UNIT} (456),{UNIT} again (457)", "two columns of"),
        ("Essay (7)", "no column of a unit"),
        ("Essay (7)", "Its columns: `Essay (7)`."),
    ):
        gradebook.write_text(f"Student,ID,SIS Login ID,{text}\n")
        done = small.run_command(*command, "--gradebook", gradebook)
        assert done.returncode == 2
        assert words in done.stderr


def test_two_students_with_one_number_of_canvas_are_refused(results, tmp_path):
    """Both would be one row there."""
    twice = msgspec.structs.replace(ADA, student="bob", name="Bob", login="bob")
    both = [of("ada", results[0], ADA), of("bob", results[0], twice)]
    with pytest.raises(Mixed, match="have the same number of Canvas's"):
        exported(both, "canvas", tmp_path)


def test_a_gradebook_with_a_sorted_column_is_refused(graded_class, tmp_path):
    """A number of Canvas's then belongs to another student, whose cell would be repeated."""
    folder = tmp_path / "grades"
    shutil.copytree(graded_class, folder, ignore=shutil.ignore_patterns("pages"))
    rows = [("Lovelace, Ada", 41, "complete"), ("Babbage, Charles", 42, "halved")]
    head = f"Student,ID,SIS Login ID,Section,{UNIT} (456)\n"
    right = head + "".join(f'"{name}",{number},{login},,\n' for name, number, login in rows)
    gradebook = tmp_path / "gradebook.csv"
    gradebook.write_text(right)
    students = merged(read_roster(gradebook))
    (folder / "roster.csv").write_text(students.as_csv())
    command = ("export", folder, "--to", "canvas", "--gradebook", gradebook)
    assert small.run_command(*command).returncode == 0
    gradebook.write_text(right.replace(",41,", ",x,").replace(",42,", ",41,").replace("x", "42"))
    done = small.run_command(*command)
    assert done.returncode == 2
    assert "2 of Canvas's numbers stand beside another student's name" in done.stderr
    sorted_logins = right.replace("complete", "x").replace("halved", "complete")
    gradebook.write_text(sorted_logins.replace(",x,", ",halved,"))
    done = small.run_command(*command)
    assert done.returncode == 2
    assert "41 is complete here and halved in the gradebook" in done.stderr
    gradebook.write_text(gradebook.read_text().replace(",42,complete,", ",42,,"))
    done = small.run_command(*command)
    assert "42 is halved here and Babbage, Charles in the gradebook" in done.stderr


def test_tables_written_before_the_latest_points_are_named(graded_class, tmp_path):
    """Points by hand after an export are in none of its tables."""
    folder = tmp_path / "grades"
    shutil.copytree(graded_class, folder, ignore=shutil.ignore_patterns("pages"))
    assert small.run_command("export", folder, "--to", "total").returncode == 0
    said = "written before the latest points (1): total.csv."
    assert said not in small.run_command("feedback", folder).stderr
    (folder / "feedback" / "sent to canvas.json").write_text("{}")
    assert said not in small.run_command("feedback", folder).stderr
    one = Adjustment("halved", UNIT, "x", "tg", points=1.0)
    (folder / "adjustments.toml").write_text(as_toml(one))
    assert said in small.run_command("feedback", folder).stderr
    assert said in small.run_command("report", folder).stderr


def test_pages_written_before_the_latest_points_are_named(graded_class, tmp_path):
    """After a change of their policy or of points by hand, pages and exports differ."""
    folder = tmp_path / "grades"
    shutil.copytree(graded_class, folder, ignore=shutil.ignore_patterns("pages"))
    policy = tmp_path / "policy.toml"
    policy.write_text('keep = "last"\n')
    export = ("export", folder, "--to", "total", "--policy", policy)
    report = ("report", folder, "--policy", policy)
    said = f"{folder / 'pages'}: written before"
    assert said not in small.run_command(*export).stderr  # there are none
    assert small.run_command(*report).returncode == 0
    assert said not in small.run_command(*export).stderr
    policy.write_text('keep = "best"\n')
    told = f"{said} policy.toml changed. To have the same points there, run `autograder report"
    assert told in small.run_command(*export).stderr
    assert told in small.run_command("feedback", folder, "--policy", policy).stderr
    assert small.run_command(*report).returncode == 0
    assert said not in small.run_command(*export).stderr
    one = Adjustment("halved", UNIT, "x", "tg", points=1.0)
    (folder / "adjustments.toml").write_text(as_toml(one))
    done = small.run_command(*export)
    assert f"{said} adjustments.toml changed." in done.stderr
    # of a class under no policy, or another, another line speaks
    assert said not in small.run_command(*export[:-2]).stderr


def test_a_persons_own_roster_leaves_a_canvas_number_canvass(results):
    """A roster that a person wrote may repeat Canvas's number: it stays one of Canvas's."""
    ada = of("ada", results[0], ADA)
    for student in (Student("ada", id="7"), Student("ada", id="99", source="moodle")):
        (known,) = with_students([ada], Roster([student]))
        assert id_in(known.hand_in, "canvas") == "7"


def test_a_persons_own_roster_names_the_students_of_clones_in_canvas(results, tmp_path):
    """A clone's login is not Canvas's: the number and the login of the roster count."""
    clone = HandIn(source="github", student="gh-ada", login="gh-ada", id="4711")
    roster = Roster([Student("gh-ada", name="Ada Lovelace", id="4711", login="alove")])
    known = with_students([of("gh-ada", results[0], clone)], roster)
    exports.export(grades(known, Policy()), "canvas", tmp_path)
    (row,) = table(tmp_path / "canvas.csv")[1:]
    assert (row["Student"], row["ID"], row["SIS Login ID"]) == ("Ada Lovelace", "4711", "alove")


def test_results_of_a_unit_that_was_renamed_are_named(graded_class, tmp_path):
    """They would count beside those under the new name."""
    grades = tmp_path / "grades"
    shutil.copytree(graded_class, grades, ignore=shutil.ignore_patterns("pages"))
    path = grades / "digits" / "complete.json"
    path.parent.mkdir()
    record = json.loads((grades / UNIT / "complete.json").read_text())
    path.write_text(json.dumps({**record, "unit": "digits"}))
    done = small.run_command("export", grades, "--to", "total")
    assert done.returncode == 0, done.stderr
    assert "Warning: digits, no unit in" in done.stderr
