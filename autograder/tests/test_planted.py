"""Find the mistake: each name gets a function with one planted edit, to be located and fixed."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
import small

from autograder.authoring.build import build
from autograder.authoring.given import give
from autograder.authoring.validate import validate
from autograder.authoring.validation_report import ValidationReport
from autograder.check import Answer, Failure, planted, slips_of_options
from autograder.course import load_unit, read_course
from autograder.grading.hand_in import HandIn, names_to_sign_with
from autograder.grading.key_file import NothingPlanted, functions_in_key, load_key
from autograder.grading.keys import build_key, solution_of
from autograder.grading.one import grade_one
from autograder.grading.planted import function_in, functions_with_a_mistake
from autograder.grading.results import stored_results
from autograder.practice.planted import numbered
from autograder.practice.practise import practise
from autograder.question import FUNCTIONS, WHOSE, drawn, is_name_of
from autograder.sandbox.client import Server
from autograder.sandbox.inside.submission import Submission
from autograder.sandbox.worker import Worker

CHECKS = '''
from autograder.check import check, named, planted
import numpy as np

@check(points=2)
def repaired(unit, seed):
    """`smooth` is repaired"""
    numbers = np.random.default_rng(seed).normal(size=9)
    return named("smoothed smoother", unit.smooth(numbers, 0.3), unit.smooth(numbers, 0.8))

@check(points=1, question=planted("smooth"))
def found(unit, seed):
    """`mistaken_line` is the line of the mistake"""
    return unit.my_name(), unit.mistaken_line()

@check(points=1)
def doubling(unit, seed):
    """`double` doubles"""
    return named("doubled", unit.double(np.random.default_rng(seed).normal(size=5)))
'''

HEAD = '''def smooth(numbers, weight):
    """A running mean that forgets."""
'''

BODY = """    mean = numbers[0]
    means = [mean]
    for x in numbers[1:]:
        mean = weight * x + (1 - weight) * mean
        means.append(mean)
    return means
"""
RIGHT = HEAD + BODY

SOLUTION = f"""
def my_name():
    ### BEGIN SOLUTION
    return "ada"
    ### END SOLUTION

{HEAD}    ### BEGIN SOLUTION
{BODY}    ### END SOLUTION

def mistaken_line():
    ### BEGIN SOLUTION
    return LINE
    ### END SOLUTION

def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    # mistake: return x * x
    #   this is the square.
    ### END SOLUTION
"""
CLASS = [f"student {number}" for number in range(40)]


def with_line(line):
    return SOLUTION.replace("LINE", str(line))


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Build a unit with a function to fix; the author has corrected the line."""
    folder = tmp_path_factory.mktemp("planted")
    made = small.with_calls(small.write_course(folder, "mended", CHECKS, with_line(1)))
    with pytest.raises(NothingPlanted, match='for the name "ada" the mistake stands in') as told:
        build(made.course)
    line = str(told.value).split("stands in line ")[1].partition(",")[0]
    script = made.course.solution("mended")
    script.write_text(script.read_text().replace("return 1\n", f"return {line}\n"))
    assert build(made.course)
    return read_course(folder)


@pytest.fixture(scope="module")
def unit(course):
    return load_unit(course, "mended")


@pytest.fixture(scope="module")
def functions(unit):
    """Return all functions with a mistake."""
    return functions_in_key(unit, unit.checks[1])


@pytest.fixture(scope="module")
def graded(unit):
    """Return a function that grades a script as a given student's submission."""
    with Server(unit) as server:
        key = build_key(server, small.SEED, {})

        def grade(script, *names):
            verdicts = grade_one(
                server, script.encode(), "a.py", small.SEED, key, {}, mend=True, names=names
            )
            return {verdict.name: verdict for verdict in verdicts}

        yield grade


def line_of(functions, name):
    """Return the planted line, found by comparison with the right function."""
    lines = zip(drawn(functions, name).splitlines(), RIGHT.splitlines(), strict=True)
    (line,) = [number for number, (one, other) in enumerate(lines, 1) if one != other]
    return line


def submission(name, line, smooth=RIGHT):
    return "\n\n".join(
        [
            "import numpy as np",
            f"def my_name():\n    return {name!r}",
            smooth,
            f"def mistaken_line():\n    return {line}",
            "def double(x):\n    return 2 * x",
        ]
    )


# ---- what students receive


def test_each_function_has_one_wrong_line_and_there_are_twenty(unit, functions):
    """There are twenty functions with one wrong line each, distinguishable from the solution.

    The students of a class get most of them.
    """
    assert len(set(functions)) == len(functions) >= 20
    lines = {line_of(functions, name) for name in CLASS}
    assert len(lines) >= 3
    assert len({drawn(functions, name) for name in CLASS}) >= 15
    namespace = {"np": np}
    numbers = np.random.default_rng(1).normal(size=9)
    exec(RIGHT, namespace)
    right = namespace["smooth"](numbers, 0.3)
    for function in functions:
        exec(function, namespace)
        wrong = namespace["smooth"](numbers, 0.3)
        assert np.shape(wrong) != np.shape(right) or not np.allclose(wrong, right), function


def test_a_slow_machine_leaves_no_function_out(unit, functions, monkeypatch):
    """A small change whose first answer is late runs again: the key is the same everywhere."""
    ask, late = Worker.ask, set()

    def late_at_first(self, check, seed, **others):
        answer = ask(self, check, seed, **others)
        run = (check.name, seed, bytes(others.get("source", b"")))
        if run in late:
            return answer
        late.add(run)
        return Answer(failure=Failure.TIMEOUT, message="took longer than 2 seconds.")

    monkeypatch.setattr(Worker, "ask", late_at_first)
    with Server(unit) as server:
        assert list(functions_with_a_mistake(server, unit.checks[1])) == functions
    assert len(late) > 3 * len(functions)


def test_no_function_shows_its_mistake_at_once(unit, functions):
    """None adds 0, multiplies by 1, or calculates with a value and the same value."""
    right = set(function_in(RIGHT, "smooth").splitlines())
    for function in functions:
        (wrong,) = set(function.splitlines()) - right
        assert not re.search(r"(?<![\w.\]])(\w+) [-+*/<>]=? \1\b(?![\w.\[(])", wrong), wrong
        assert not re.search(r"[-+] 0\b|[*/] 1\b|\b1 \*", wrong), wrong


def test_a_name_draws_the_same_function_however_it_is_written(functions):
    """A name draws its function regardless of capitals, blanks and other students."""
    assert drawn(functions, " Ada ") == drawn(functions[::-1], "ada")
    reworded = [one.replace("that forgets", "of numbers") for one in functions]
    assert all(
        functions.index(drawn(functions, name)) == reworded.index(drawn(reworded, name))
        for name in CLASS
    )
    less = [one for one in functions if one != drawn(functions, "bob")]
    kept = [drawn(functions, name) == drawn(less, name) for name in CLASS]
    assert sum(kept) >= len(CLASS) - sum(
        drawn(functions, name) == drawn(functions, "bob") for name in CLASS
    )


def test_the_function_is_shown_with_numbers_and_runs_as_it_is_copied(functions):
    """The function is shown with line numbers, runs when copied, and keeps its docstring."""
    shown = numbered(functions[0]).splitlines()
    assert shown[0].endswith("# line 1")
    assert shown[1] == '    """A running mean that forgets."""'
    assert shown[-1].endswith(f"# line {len(shown)}")
    assert function_in("\n".join(shown), "smooth")


def test_the_key_of_students_holds_functions_and_no_line(course, unit):
    """The public key holds the functions without their lines and without small changes.

    One of the small changes is the mistake.
    """
    key = load_key(course.key("mended"))
    assert set(key["found"].expected.arrays) == {FUNCTIONS}
    assert not key["repaired"].small_changes.changes
    assert not key["repaired"].mistake_pairs.changes
    assert key["doubling"].small_changes.changes


def test_a_script_shows_the_function_of_the_name_in_it(course, functions, tmp_path):
    """In a release, which lacks the solution, a script shows the function for its name."""
    give(course, tmp_path / "given")
    script = tmp_path / "given" / "assignments" / "mended.py"
    whole = "\n".join(path.read_text("utf-8", "replace") for path in script.parent.glob("*.py"))
    assert "mean = weight * x + (1 - weight) * mean" not in whole
    script.write_text(
        "import autograder\n"
        'check = autograder.unit("mended")\n'
        'print(check.with_mistake("smooth", "ada"))\n'
    )
    done = subprocess.run(
        [sys.executable, script.name], cwd=script.parent, capture_output=True, text=True
    )
    assert done.stdout.rstrip() == numbered(drawn(functions, "ada")), done.stderr


# ---- grades


def test_a_line_and_a_repair_earn_all_in_any_style(graded, functions, unit):
    """The right line and a fix earn all points in any style, also a rewritten function."""
    ours = graded(solution_of(unit).plain(), "ada")
    assert all(verdict.status == "passed" for verdict in ours.values())
    for name in ("ada", "bob", *CLASS[:5]):
        found = graded(submission(name, line_of(functions, name)), name)
        assert [verdict.earned for verdict in found.values()] == [2, 1, 1], name
    anew = (
        "def smooth(numbers, weight):\n"
        "    n = np.arange(len(numbers))\n"
        "    powers = np.tril((1.0 - weight) ** np.clip(n[:, None] - n, 0, None))\n"
        "    powers[:, 1:] *= weight\n"
        "    return powers @ numbers\n"
    )
    assert graded(submission("bob", 1, anew), "bob")["repaired"].earned == 2


def test_the_line_alone_earns_its_share_and_so_does_the_repair(graded, functions):
    """The line and the fix each earn their share, independently."""
    name = "bob"
    line = line_of(functions, name)
    unrepaired = graded(submission(name, line, drawn(functions, name)), name)
    assert (unrepaired["repaired"].earned, unrepaired["found"].earned) == (0, 1)
    other_line = graded(submission(name, line % 8 + 1), name)
    assert (other_line["repaired"].earned, other_line["found"].earned) == (2, 0)
    said = [remark.text for remark in other_line["found"].remarks]
    assert said == [f"You answered: line {line % 8 + 1}. That is not right."]


def test_feedback_on_the_function_as_it_was_given_names_no_change(graded, functions):
    """Feedback on the unchanged function reveals neither the change, its fix nor its line."""
    for name in CLASS[:12]:
        given = drawn(functions, name)
        remarks = graded(submission(name, 1, given), name)["repaired"].remarks
        assert remarks
        for remark in remarks:
            assert remark.finding is None or remark.finding.mending is None
            assert "`smooth`" not in remark.text, remark.text
            assert "line" not in remark.text, remark.text


def test_practice_judges_the_repair_and_records_the_line(unit, functions):
    """Practice judges the fix and records the line; what passes there passes in the grade."""
    mine = Submission(submission("ada", 3).encode(), "mine.py")
    verdicts = {one.name: one for one in practise(unit, unit.checks, mine)}
    assert verdicts["repaired"].status == "passed"
    assert (verdicts["found"].status, verdicts["found"].given) == ("recorded", "line 3")


def test_the_material_proves_itself(unit):
    """`validate` passes: the solution earns all, the stub nothing, and mutants lose points."""
    report = ValidationReport("mended", 1, quick=True)
    assert [line.text for line in validate(unit, report) if line.fault] == []


# ---- who submitted it


def test_the_function_of_another_earns_no_line_and_is_told_kindly(graded, functions):
    """Another student's line earns nothing, with a friendly message; the fix still counts.

    A name is not copied along with the answer.
    """
    copied = graded(submission("bob", line_of(functions, "bob")), "ada", "Ada Lovelace")
    assert (copied["repaired"].earned, copied["found"].earned) == (2, 0)
    said = copied["found"].remarks[0].text
    assert 'not one that the grader knows you by, such as "ada".' in said
    assert "bob" not in said
    assert (copied["found"].whose, copied["repaired"].whose) == ("bob", "")


def test_a_roster_that_comes_later_has_a_refused_name_judged_again(unit, tmp_path, functions):
    """A result with another's name is graded again once that is one of the student's names."""
    folder, out = tmp_path / "in", tmp_path / "out"
    small.submit(folder, "ada", submission("ada.l@example.org", 1), "mended")
    roster = tmp_path / "class.csv"
    for head, told in (("student", "1 new"), ("student,email", "1 again (the student's names)")):
        roster.write_text(f"{head}\n{'ada,ada.l@example.org' if ',' in head else 'ada'}\n")
        done = small.run_command(
            "grade", folder, "--out", out, "--roster", roster, "--course", unit.course.folder
        )
        assert done.returncode == 0, done.stderr
        assert told in done.stdout


@pytest.mark.parametrize(
    "name",
    ["Zoë MÜLLER", "zoe muller", "Müller, Zoë", "Müller Zoë", "ZOE.M", "zoe.m@example.org"],
)
def test_accents_and_the_place_of_an_address_do_not_count(graded, functions, name):
    """Accents and the domain of an address do not count, neither for matching nor for the draw.

    So nobody can choose a mistake by an accent.
    """
    known = ("u17", "Zoë Müller", "zoe.m@example.org")
    found = graded(submission(name, line_of(functions, name)), *known)["found"]
    assert found.status == "passed"
    assert drawn(functions, "Zoë Müller") == drawn(functions, "zoe muller")


def test_a_student_is_told_a_name_that_a_student_can_know(graded, functions):
    """A message names a name that the student can know, not the platform's folder number.

    The student's real name is accepted.
    """
    record = HandIn(source="moodle", student="Gail Ghost_5054", name="Gail Ghost", id="5054")
    known = names_to_sign_with("Gail Ghost_5054", "", record)
    assert known == ["Gail Ghost", "Gail Ghost_5054"]
    found = graded(submission("bob", line_of(functions, "bob")), *known)["found"]
    assert 'such as "Gail Ghost".' in found.remarks[0].text
    assert names_to_sign_with("ada", "", None) == ["ada"]


@pytest.mark.parametrize(
    "name",
    [
        *("ADA ", "ada king lovelace", "ada@example.org", "King Lovelace, Ada"),
        *("Ada Lovelace", "adakinglovelace"),
    ],
)
def test_each_name_by_which_a_student_is_known_will_do(graded, functions, name):
    """The folder's name, the roster's name and the mail address are all accepted.

    Blanks and the order of a name's words do not count, and a middle name may be left out.
    """
    known = ("ada", "Ada King Lovelace", "ada@example.org")
    found = graded(submission(name, line_of(functions, name)), *known)["found"]
    assert found.status == "passed"


@pytest.mark.parametrize(
    ("written", "own"),
    [
        ("Dang Van Hung", "Đặng Văn Hùng"),
        ("Lukasz Zolc", "Łukasz Żółć"),
        ("soren orsted", "Søren Ørsted"),
        ("Cagri Isik", "Çağrı Işık"),
        ("Sean O'Brien", "Sean O’Brien"),
        ("obrien, sean", "Sean O’Brien"),
        ("Aesop Thor", "Æsop Þór"),
    ],
)
def test_letters_that_a_keyboard_lacks_and_apostrophes_do_not_count(written, own):
    """A name may be written with the plain letters that stand for its own."""
    assert is_name_of(written, [own])
    assert is_name_of(own, [written])
    functions = [f"def f():\n    return {number}" for number in range(20)]
    if "," not in written:
        assert drawn(functions, written) == drawn(functions, own)


@pytest.mark.parametrize(
    "name",
    [
        "lovelace",
        "Ada Augusta Lovelace",
        "king",
        "Ada Ada",
        "Ada Lovelace Ada",
        "A da King Lovelace",
    ],
)
def test_a_part_of_a_name_or_a_longer_one_will_not_do(graded, functions, name):
    """Each added name would draw another mistake, and a family name may be that of two."""
    known = ("u17", "Ada King Lovelace")
    found = graded(submission(name, line_of(functions, name)), *known)["found"]
    assert (found.earned, found.whose) == (0, name.lower())


def test_a_name_without_an_end_is_compared_with_none(graded):
    """Marks behind one letter take long to put in order, and each known name would repeat that."""
    name = "\u0345" * 8000 + "\u0334" * 8000
    found = graded(submission(name, 1), "ada")["found"]
    assert (found.earned, found.whose) == (0, "")


def test_where_no_name_is_known_any_will_do(graded, functions):
    """If no name is known, any is accepted: a grader of single files knows none."""
    assert graded(submission("bob", line_of(functions, "bob")))["found"].earned == 1


def test_a_class_list_that_comes_with_grading_has_names_too(course, functions, tmp_path):
    """`grade --roster` adds the name and the address to the login that names the folder."""
    for login, name in (("u17", "Zoe Muller"), ("u18", "someone else")):
        script = submission(name, line_of(functions, name))
        small.submit(tmp_path / "class", login, script, "mended")
    (tmp_path / "roster.csv").write_text("student,name\nu17,Zoë Müller\nu18,Ada Lovelace\n")
    out = tmp_path / "grades"
    arguments = ("grade", tmp_path / "class", "--out", out, "--roster", tmp_path / "roster.csv")
    done = small.run_command(*arguments, cwd=course.folder)
    assert done.returncode == 0, done.stderr
    earned = {
        result.student: {verdict.name: verdict.earned for verdict in result.verdicts}["found"]
        for result in stored_results(out)
    }
    assert earned == {"u17": 1, "u18": 0}


# ---- hostile


HOSTILE = {
    "a line beyond the function": ("99", RIGHT),
    "a line before it": ("0", RIGHT),
    "no whole number": ("3.5", RIGHT),
    "every line": ("[1, 2, 3, 4, 5, 6, 7, 8]", RIGHT),
    "a number that equals all": ("type('All', (int,), {'__eq__': lambda *_: True})(2)", RIGHT),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_line_earns_none(graded, functions, case):
    """An invalid line loses the line's points and nothing else."""
    line, smooth = HOSTILE[case]
    name = next(one for one in CLASS if line_of(functions, one) not in (2,))
    found = graded(submission(name, line, smooth), name)
    assert [verdict.earned for verdict in found.values()] == [2, 0, 1]


REPAIRS = {
    "one that raises": "def smooth(numbers, weight):\n    raise ValueError('no')",
    "one that never ends": "def smooth(numbers, weight):\n    while True:\n        pass",
    "a constant": "def smooth(numbers, weight):\n    return [0.1] * 9",
    "the inputs": "def smooth(numbers, weight):\n    return numbers",
    "the answer on the public seed": "PUBLIC",
    "one that reads the key": (
        "def smooth(numbers, weight):\n"
        "    from pathlib import Path\n"
        "    [path.read_bytes() for path in Path('/').rglob('*.safetensors')]\n"
    ),
}


@pytest.mark.parametrize("case", REPAIRS)
def test_what_is_no_repair_earns_nothing_and_spoils_nothing(graded, functions, unit, case):
    """An invalid fix earns nothing; the line and the other exercises count as before."""
    smooth = REPAIRS[case]
    if smooth == "PUBLIC":
        key = load_key(unit.course.key("mended"))["repaired"].expected.arrays
        both = key["smoothed"].tolist(), key["smoother"].tolist()
        smooth = f"def smooth(numbers, weight):\n    return {both}[weight == 0.8]"
    name = "bob"
    found = graded(submission(name, line_of(functions, name), smooth), name)
    assert [verdict.earned for verdict in found.values()] == [0, 1, 1]


def test_arrays_that_a_process_makes_up_are_no_name(graded):
    """A forged name of many entries, or a number, matches nobody."""
    forged = submission("bob", 1) + (
        "\n\nimport autograder.question\n"
        "def mistaken_line():\n"
        "    def read(self, name, value):\n"
        f"        return {{name: np.arange(9), {WHOSE!r}: np.arange(9)}}\n"
        "    autograder.question.Question.read = read\n"
        "    return 1\n"
    )
    found = graded(forged, "bob")
    assert (found["found"].earned, found["repaired"].earned) == (0, 2)


# ---- authors


def test_an_author_is_told_what_cannot_be_planted(tmp_path):
    """Planting is refused without the function's name, and for a function without small changes."""
    fault = next(slips_of_options({"points": 1, "question": planted("a b")}))
    assert fault == '`planted` takes the name of a function: `planted("running_mean")`.'
    missing = CHECKS.replace('planted("smooth")', 'planted("smoth")')
    made = small.with_calls(small.write_course(tmp_path, "mended", missing, with_line(1)))
    with pytest.raises(NothingPlanted, match="the solution has no function `smoth`"):
        build(made.course)


def test_a_class_is_graded_by_the_names_of_its_folders(course, functions, tmp_path):
    """The real `grade` compares folder names; with `--any-name` it compares none."""
    for student, name in (("ada", "ada"), ("bob", "ada")):
        folder = tmp_path / "class" / student / "mended"
        folder.mkdir(parents=True)
        text = submission(name, line_of(functions, name))
        (folder / "mended.py").write_text(text)
    earned = {}
    out = tmp_path / "grades"  # graded again, because the option changes it
    for options in (("--any-name",), ()):
        command = [sys.executable, "-m", "autograder", "grade", tmp_path / "class", "--out", out]
        done = subprocess.run(
            [*map(str, command), "--course", str(course.folder), *options],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        for student in ("ada", "bob"):
            result = json.loads((out / "mended" / f"{student}.json").read_text())
            (line,) = [one["earned"] for one in result["checks"] if one["name"] == "found"]
            earned[student, options] = line
    assert list(earned.values()) == [1, 1, 1, 0]
