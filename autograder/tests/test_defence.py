"""Questions about a student's own code: running the code again confirms every answer.

No answer is given away.
"""

import ast
import re
import shutil
import tomllib
from html import unescape
from types import ModuleType

import jupytext
import lms
import numpy as np
import pytest
import small
from browser import violations
from small import UNIT

from autograder.grading.results import stored_results
from autograder.grading.submissions import graded_files
from autograder.review import defence
from autograder.review.effects import Effect, EffectKind, effect
from autograder.review.questions import AskedArray, questions, varied
from autograder.sandbox.client import ServerGone
from autograder.sandbox.inside.cells import cells

SEED = 11
ENDS = "x = 1\n"
RIGHT = """
def running_sum(x):
    sums = np.zeros(x.shape)
    total = np.zeros(x.shape[1])
    for t in range(len(x)):
        total = total + x[t]
        sums[t] = total
    return sums, total


def fit(x, y, weights, rate):
    slope, height = weights
    for a, b in zip(x, y):
        error = slope * a + height - b
        slope = slope - rate * error * a
        height = height - rate * error
    return np.array([slope, height])
"""
HELPED = """
def added(total, row):
    longer = total.copy()
    for b in range(len(row)):
        longer[b] += row[b]
    return longer


def running_sum(x):
    rows = [np.zeros(x.shape[1])]
    for row in x:
        rows.append(added(rows[-1], row))
    return np.array(rows[1:]), rows[-1]
"""
CHANGES = {
    "right": RIGHT,
    "helped": HELPED,
    "wrong axis": RIGHT.replace("total = total + x[t]", "total = total + x[t] / 2"),
    "uphill": RIGHT.replace("slope - rate", "slope + rate"),
    "half written": RIGHT.replace(
        "    slope, height = weights\n", "    raise NotImplementedError()\n"
    ),
    "recursive": """
def running_sum(x):
    if len(x) == 1:
        return x.copy(), x[0]
    before, total = running_sum(x[:-1])
    total = total + x[-1]
    return np.concatenate([before, [total]]), total
""",
}


def handed_in(name):
    """Return a submission: the solution followed by functions of this student's own."""
    return small.solved() + CHANGES[name]


@pytest.fixture(scope="module")
def asked(server):
    """Ask three questions each about six different submissions, right and wrong ones."""
    return {
        name: questions(server, handed_in(name).encode(), "own.py", 3, SEED) for name in CHANGES
    }


def run_again(source, check, seed):
    """Run an experiment without the engine's runner; return arrays, or an error.

    The whole file runs at once, in this process.
    """
    module = ModuleType("again")
    module.autograder = __import__("autograder")
    script = "\n\n".join(cell.text for cell in cells(source) if cell.code)
    nodes = [
        node
        for node in ast.parse(script).body
        if isinstance(node, ast.FunctionDef | ast.Import | ast.ImportFrom)
    ]
    exec(compile(ast.Module(nodes, []), "again", "exec"), vars(module))
    try:
        with np.errstate(all="ignore"):
            return check.experiment(module, seed)
    except Exception as error:
        return error


@pytest.mark.parametrize("name", CHANGES)
def test_every_answer_is_true_when_the_code_is_run_again(asked, name):
    """On each seed every array does what the answer sheet says; no question is about an error."""
    assert len(asked[name]) >= 2
    for question in asked[name]:
        (check,) = [check for check in small.unit().checks if check.name == question.check]
        assert len(set(question.seeds)) == 3
        for seed in question.seeds:
            before, after = (
                run_again(source, check, seed)
                for source in (handed_in(name).encode(), question.source)
            )
            assert not isinstance(after, Exception)
            assert {array.name for array in question.arrays} <= set(before)
            for array in question.arrays:
                assert as_told(array.effect, before[array.name], after[array.name]), (
                    question,
                    array,
                )


def as_told(told, before, after):
    """Return whether an array changed as an answer says, tested as simply as possible."""
    before, after = np.asarray(before, float), np.asarray(after, float)
    same_shape = before.shape == after.shape
    near = lambda a, b: np.allclose(a, b, rtol=1e-5, atol=1e-8)  # noqa: E731
    match told.kind:
        case EffectKind.SAME:
            return same_shape and near(before, after)
        case EffectKind.SHAPE:
            return not same_shape
        case EffectKind.INFINITE:
            return same_shape and not np.isfinite(after).all()
        case EffectKind.SIGN:
            return same_shape and near(-before, after) and not near(before, after)
        case EffectKind.FACTOR:
            ratio = after[before != 0] / before[before != 0]
            return same_shape and near(ratio, ratio[0]) and not near(abs(ratio[0]), 1)
        case EffectKind.ROWS:
            rows = [i for i in range(len(before)) if not near(before[i], after[i])]
            return same_shape and 0 < len(rows) < len(before) and tuple(rows) == told.rows
        case EffectKind.EVERYWHERE:
            return same_shape and not near(before, after) and not near(-before, after)
    return False


def test_questions_go_from_easy_to_hard_and_are_about_different_lines(asked):
    """No line is asked about twice, and every changed line stands where the question says.

    The questions go from easy to hard.
    """
    for name, its in asked.items():
        lines = handed_in(name).split("\n")
        assert [question.level for question in its] == sorted(question.level for question in its)
        assert len({question.line for question in its}) == len(its)
        for question in its:
            assert lines[question.line - 1].strip() == question.before
            changed = question.source.decode().split("\n")
            assert sum(a != b for a, b in zip(lines, changed, strict=True)) == 1
            assert question.after != question.before


def test_a_changed_line_is_written_as_a_person_would(asked):
    """A changed line has no needless brackets and no placeholder for what is left out."""
    for its in asked.values():
        for question in its:
            assert not re.search(r"\*\*\{\}|__import__|\(\(|[-+*/=] \(\w+\)", question.after), (
                question.after
            )


def test_the_same_seed_asks_the_same_and_another_asks_something_else(server, asked):
    """The same seed and submission give the same questions; another seed gives others."""
    again = questions(server, handed_in("right").encode(), "own.py", 3, SEED)
    assert again == asked["right"]
    assert [q.after for q in questions(server, handed_in("right").encode(), "own.py", 3, 12)] != [
        q.after for q in again
    ]


def test_helpers_of_the_student_are_asked_about(server):
    """Questions cover a student's own helper if an exercise runs it."""
    its = questions(server, handed_in("helped").encode(), "own.py", 8, SEED)
    assert any("added" in question.definition.names for question in its)


def test_a_notebook_is_asked_about_by_cell(server):
    """A question on a notebook names the cell and its line; the changed notebook runs."""
    import nbformat

    book = jupytext.reads(handed_in("right"), "py:percent")
    its = questions(server, nbformat.writes(book).encode(), "own.ipynb", 3, SEED)
    assert len(its) == 3
    assert all(question.definition.cell for question in its)


def test_code_that_ends_a_parser_is_passed_over(server):
    """Code that crashes a parser, hangs or exits does not stop questions about others."""
    deep = [
        "-" * 8000 + "x",
        "x" + ".a" * 4000,
        "(" * 150 + "x" + ")" * 150,
        "x+" * 4000 + "x",
        "[" * 8000,
    ]
    for code in deep:
        hostile = f"\n\ndef double(x):\n    y = x\n    z = y\n    return {code}\n"
        assert (
            len(questions(server, (handed_in("right") + hostile).encode(), "own.py", 2, SEED)) == 2
        )
    ends = (
        "\n\ndef double(x):\n    import os\n    y = 2 * x\n    os._exit(0) if y.sum() == 1 else "
        "None\n    return y\n"
    )
    assert questions(server, (handed_in("right") + ends).encode(), "own.py", 3, SEED)


def test_a_change_that_hangs_is_no_question(server):
    """A change that makes `while t < len(x)` endless gives no question."""
    slow = RIGHT.replace(
        "    for t in range(len(x)):\n", "    t = -1\n    while t < len(x) - 1:\n        t += 1\n"
    )
    its = questions(server, (small.solved() + slow).encode(), "own.py", 4, SEED)
    assert its
    assert not any(question.before == "t += 1" and not question.after for question in its)


def test_where_nothing_changes_the_line_was_run(server):
    """A line that the experiment does not run gives no question about unchanged arrays."""
    idle = RIGHT.replace(
        "    return sums, total\n",
        "    if total is None:\n        sums = sums * 3 + 1\n    return sums, total\n",
    )
    its = questions(server, (small.solved() + idle).encode(), "own.py", 10, SEED)
    assert its
    assert not any("sums * 3" in question.before for question in its)


A = np.arange(1.0, 7).reshape(3, 2)
ZERO_ROW = A * [[1], [0], [1]]


def test_a_factor_is_printed_as_it_is():
    """A factor is printed exactly, also a tiny one, such as an epsilon in the numerator."""
    assert effect(A, A * 1e-10).factor == 1e-10
    assert effect(A, A * 1234567.5).factor == 1234570


def test_a_question_has_few_arrays_and_no_yes_or_no(asked):
    """A question has at most six arrays and none that is only true or false."""
    shown = [array for its in asked.values() for question in its for array in question.arrays]
    assert shown
    assert not any(array.shape == "yes or no" for array in shown)
    assert max(len(question.arrays) for its in asked.values() for question in its) <= 6
    kinds = [EffectKind.SAME] * 9 + [EffectKind.SIGN, EffectKind.SAME, EffectKind.FACTOR]
    many = [AskedArray(f"a{i}", "(T,)", Effect(kind)) for i, kind in enumerate(kinds)]
    assert [array.name for array in varied(many)] == ["a0", "a1", "a2", "a3", "a9", "a11"]


def test_effects_of_a_number_and_of_rows_of_zeros():
    """For a single number the answer gives the sign of its change and no factor.

    An array with a row that stays 0 changes in its other rows.
    """
    number = np.array(2.0)
    assert [effect(number, other).kind for other in (-number, 3 * number, number)] == [
        EffectKind.SIGN,
        EffectKind.EVERYWHERE,
        EffectKind.SAME,
    ]
    sparse = np.diag([1.0, 2.0, 3.0, 4.0])  # no question: its zeros hide the factor
    assert effect(sparse, -sparse) is None
    assert effect(sparse, 2 * sparse) is None
    assert effect(sparse, sparse**2 + 1).kind == EffectKind.EVERYWHERE
    turned = effect(ZERO_ROW, -ZERO_ROW)
    assert turned.kind == EffectKind.ROWS
    assert turned.rows == (0, 2)


@pytest.mark.parametrize(
    "after, kind",
    [
        (A.copy(), EffectKind.SAME),
        (A + 1e-12, EffectKind.SAME),
        (-A, EffectKind.SIGN),
        (2.5 * A, EffectKind.FACTOR),
        (A * [[1], [1], [2]], EffectKind.ROWS),
        (A**2, EffectKind.EVERYWHERE),
        (A.T, EffectKind.SHAPE),
        (np.full_like(A, np.nan), EffectKind.INFINITE),
        (A * 1.001, None),
    ],
)
def test_effects_are_told_apart(after, kind):
    """Each kind of effect is recognised by an example; an unclear change has no kind."""
    found = effect(A, after)
    assert (found.kind if found else None) == kind


def test_a_file_that_ends_the_server_costs_no_other_its_questions(tmp_path, server, monkeypatch):
    """After a file ends the server, the files beside it are asked again with the same result."""
    grades = tmp_path / "grades"
    for name in ("right", "uphill", "ends it"):
        small.submit(tmp_path / "in", name, handed_in(name) if name in CHANGES else ENDS)
    arguments = ("--out", grades, "--quick", "--seed", "5")
    done = small.run_command("grade", tmp_path / "in", *arguments)
    assert done.returncode == 0, done.stderr
    results = stored_results(grades)
    source = graded_files(small.COURSE, tmp_path / "in", {one.student for one in results})
    ask = defence.questions

    def questions_or_end(running, content, *rest):
        if content == ENDS.encode():
            running.close()
            raise ServerGone("it ended")
        return ask(running, content, *rest)

    monkeypatch.setattr(defence, "questions", questions_or_end)
    made = defence.Defence(small.COURSE, tmp_path / "out", source, defence.Draw(1, SEED))
    done = [result.student for result in made.ask_all(results, 2)]
    assert sorted(done) == ["ends it", "right", "uphill"]
    assert made.summary().startswith("2 questions about 2 submissions")


@pytest.fixture(scope="module")
def examined(tmp_path_factory):
    """Grade and examine a class of four by the real commands; return the folder of grades."""
    folder = tmp_path_factory.mktemp("defence")
    for name in ("right", "wrong axis", "half written"):
        small.submit(folder / "in", name, handed_in(name))
    small.submit(folder / "in", "empty", "x = 1\n")
    grades = folder / "out"
    done = small.run_command("grade", folder / "in", "--out", grades, "--quick", "--seed", "5")
    assert done.returncode == 0, done.stderr
    done = small.run_command("defence", grades, "--seed", SEED)
    assert done.returncode == 0, done.stderr
    assert "9 questions about 3 submissions, seed 11" in done.stdout
    assert "1 submission with no function" in done.stdout
    sheets = {path: path.read_text() for path in (grades / "defence").rglob("*.html")}
    facts = (grades / "run.txt").read_text()
    (grades / "run.txt").write_text(facts.replace("seed 5", "seed 6"))  # as after --new-seed
    assert small.run_command("defence", grades).returncode == 0
    assert {path: path.read_text() for path in sheets} == sheets  # which may be printed
    again = ("--student", "right", "--seed", SEED + 1)  # a second exam of one student
    assert small.run_command("defence", grades, *again).returncode == 0
    assert (grades / "defence" / "seed.txt").read_text().strip() == str(SEED)
    assert small.run_command("defence", grades).returncode == 0
    (grades / "run.txt").write_text(facts)
    return grades


def test_a_file_that_was_never_gradable_is_not_called_changed(tmp_path):
    """A document, a typed text and an empty file are skipped with that reason.

    They are not reported as changed.
    """
    entries = [
        lms.Entry(f"Ada Right_17_assignsubmission_file/{UNIT}.py", handed_in("right")),
        lms.Entry("Doc Writer_18_assignsubmission_file/answers.pdf", "%PDF"),
        lms.Entry("Tia Typer_19_assignsubmission_onlinetext/onlinetext.html", "<p>ill</p>"),
        lms.Entry(f"Emma Empty_20_assignsubmission_file/{UNIT}.py", ""),
        lms.Entry(f"Chang Ed_21_assignsubmission_file/{UNIT}.py", handed_in("wrong axis")),
    ]
    source = lms.pack(tmp_path / f"Course-{UNIT}-4711.zip", entries)
    submitted, grades = tmp_path / "submitted", tmp_path / "grades"
    for command in (
        ("collect", source, "--into", submitted),
        ("grade", submitted, "--out", grades, "--quick", "--seed", "5"),
    ):
        done = small.run_command(*command)
        assert done.returncode == 0, done.stderr
    (submitted / "Chang Ed_21" / UNIT / f"{UNIT}.py").write_text("x = 1\n")
    done = small.run_command("defence", grades, "--questions", 1, "--seed", SEED)
    assert done.returncode == 0, done.stderr
    unit = small.COURSE.short(UNIT)
    skipped = [f"{who}, {unit}" for who in ("Doc Writer_18", "Emma Empty_20", "Tia Typer_19")]
    lines = done.stdout.splitlines()
    assert lines[:3] == [
        "1 question about 1 submission, seed 11",
        f"an empty file, or none that can be graded, so skipped: {'; '.join(skipped)}",
        f"changed or removed since grading, so skipped: Chang Ed_21, {unit}",
    ]


def test_the_command_writes_two_pages_for_each_student(examined):
    """The student's page holds no answer, the examiner's does; `-j 2` writes the same pages."""
    one_by_one = {path: path.read_bytes() for path in examined.rglob("*.html")}
    done = small.run_command("defence", examined, "--seed", SEED, "-j", 2)
    assert done.returncode == 0, done.stderr
    assert one_by_one == {path: path.read_bytes() for path in examined.rglob("*.html")}
    done = small.run_command("defence", examined, "--student", "rigth")
    assert done.returncode == 2
    assert "Did you mean right?" in done.stderr
    folder = examined / "defence"
    for name in ("right", "wrong axis", "half written"):
        page = (folder / UNIT / f"{name}.html").read_text()
        assert not re.search("<b>[A-H]</b>|by up to|counted from", page)
        assert re.search(r"net\.(running_sum|fit)\(", page)  # the experiment is included
        answers = (folder / UNIT / "answers" / f"{name}.html").read_text()
        (entry,) = re.findall('<pre class="code">(.*?)</pre>', answers, re.DOTALL)
        assert tomllib.loads(unescape(entry))["adjustment"][0]["student"] == name
        assert "[[adjustment]]" not in page
        assert re.search("<b>[A-G]</b>", (folder / UNIT / "answers" / f"{name}.html").read_text())


def test_a_partner_is_asked_about_the_group_s_file_and_an_unknown_name_stops_no_other(examined):
    """Each partner of a policy gets other questions about the group's file.

    Without a policy the roster gives the name; an unknown name stops no other student's questions.
    """
    (examined / "partners.csv").write_text(f"unit,student,student\n{UNIT},right,greg\n")
    (examined / "policy.toml").write_text('partners = "partners.csv"\n')
    (examined / "roster.csv").write_text("student,name\nright,Rita Right\ngreg,Greg Partner\n")
    out = examined / "asked"
    named = ("--student", "greg", "--student", "right", "--out", out)
    done = small.run_command("defence", examined, *named)
    assert done.returncode == 0, done.stderr
    assert "There is no result of greg. They are in the roster" in done.stderr
    assert (out / UNIT / "right.html").is_file()
    done = small.run_command("defence", examined, *named, "--policy", examined / "policy.toml")
    assert done.returncode == 0, done.stderr
    page = (out / UNIT / "greg.html").read_text()
    assert "Greg Partner (greg)" in page
    assert page.replace("Greg Partner (greg)", "") != (out / UNIT / "right.html").read_text()
    policy = examined / "policy.toml"
    done = small.run_command("feedback", examined, "--policy", policy, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "Greg Partner (greg)" in (out / f"greg {UNIT}.html").read_text()
    for path in ("partners.csv", "policy.toml", "roster.csv"):
        (examined / path).unlink()
    shutil.rmtree(out)


def test_students_train_with_other_questions_and_folded_answers(examined, show):
    """Students get practice questions with folded answers, each opened by itself.

    The questions of the exam stay secret.
    """
    done = small.run_command("defence", examined, "--training", "--student", "right")
    assert done.returncode == 0, done.stderr
    page = show(examined / "training" / UNIT / "right.html", viewport={"width": 390, "height": 800})
    answers = page.locator("td details")
    assert answers.count() == page.locator("td details b").count() > 0
    assert page.locator("td details[open]").count() == 0
    answers.first.locator("summary").click()
    assert page.locator("td details[open]").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []  # this opens all
    assert page.locator("a[href*=index]").count() == 0
    exam = (examined / "defence" / UNIT / "right.html").read_text()
    changed = r"would read <code>(.*?)</code>"
    trained = re.findall(changed, (examined / "training" / UNIT / "right.html").read_text())
    assert set(trained) != set(re.findall(changed, exam))
    assert violations(show(examined / "training" / "index.html")) == []
    shutil.rmtree(examined / "training")


def test_pages_of_questions_are_accessible_and_not_cut_off(examined, show):
    """The question pages of the class, the student and the examiner pass axe and fit the window."""
    folder = examined / "defence"
    for path in (
        folder / "index.html",
        folder / UNIT / "right.html",
        folder / UNIT / "answers" / "right.html",
    ):
        page = show(path, viewport={"width": 1000, "height": 900})
        assert violations(page) == []
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
