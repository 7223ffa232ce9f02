"""Similar submissions: disguised copies are found, and shared code is not counted."""

import csv
import random
import re
import shutil
import zipfile

import lms
import pytest
import small
from browser import follow, violations
from small import COURSE, UNIT

from autograder.review.answers import NothingToCompare, read_class
from autograder.review.fingerprints import numbers
from autograder.review.similar import alike, as_ours, usual_ways
from autograder.review.similar_pages import write_similar

ORIGINAL = '''
def fit(x, y, weights, rate):
    """One step for each pair."""
    slope, height = float(weights[0]), float(weights[1])
    trace = []
    for a, b in zip(x.tolist(), y.tolist()):
        missed = slope * a + (height - b)
        step = rate * missed / max(1.0, abs(missed) / 1e9)
        slope -= step * a
        height -= step
        trace.append(max(abs(missed), abs(step)) / (1.0 + abs(slope)))
    return np.asarray([slope, height]) + 0.0 * np.asarray(trace).sum()
'''
RENAMED = """
def fit(xs, ys, w, lr):
    m, c = float(w[0]), float(w[1])
    log = []
    for p, q in zip(xs.tolist(), ys.tolist()):
        err = m * p + (c - q)
        d = lr * err / max(2.0, abs(err) / 1e8)
        m -= d * p
        c -= d
        log.append(max(abs(err), abs(d)) / (1.0 + abs(m)))
    return np.asarray([m, c]) + 0.0 * np.asarray(log).sum()
"""
REORDERED = """
def fit(x, y, weights, rate):
    trace = []
    slope, height = float(weights[0]), float(weights[1])
    for a, b in zip(x.tolist(), y.tolist()):
        missed = slope * a + (height - b)
        step = rate * missed / max(1.0, abs(missed) / 1e9)
        height -= step
        slope -= a * step
        trace.append(max(abs(missed), abs(step)) / (abs(slope) + 1.0))
    return 0.0 * np.asarray(trace).sum() + np.asarray([slope, height])
"""
COMMENTED = ORIGINAL.replace(
    "    for a", "    # for each pair: the error, then a step down\n\n    for a"
).replace("    trace = []", "    trace: list = []  # of nothing\n")
AS_COMPREHENSION = """
def fit(x, y, weights, rate):
    line = [float(weights[0]), float(weights[1])]

    def update(a, b):
        missed = line[0] * a + (line[1] - b)
        step = rate * missed / max(1.0, abs(missed) / 1e9)
        line[:] = [line[0] - step * a, line[1] - step]
        return max(abs(missed), abs(step)) / (1.0 + abs(line[0]))

    trace = [update(a, b) for a, b in zip(x.tolist(), y.tolist())]
    return np.asarray(line) + 0.0 * np.asarray(trace).sum()
"""
COPIES = {
    "renamed": RENAMED,
    "reordered": REORDERED,
    "commented": COMMENTED,
    "comprehension": AS_COMPREHENSION,
}
APART = (
    """
def fit(x, y, weights, rate):
    for i in range(len(x)):
        row = np.array([x[i], 1])
        weights = weights - rate * (row @ weights - y[i]) * row
    return weights
""",
    """
def fit(x, y, weights, rate):
    w = weights.copy()
    pairs = np.stack([x, y], axis=1)
    for pair in pairs:
        prediction = w[0] * pair[0] + w[1]
        gradient = np.array([pair[0] * (prediction - pair[1]), prediction - pair[1]])
        w -= rate * gradient
    return w
""",
    """
def fit(x, y, weights, rate):
    if len(x) == 0:
        return weights
    residual = np.dot(weights, (x[0], 1.0)) - y[0]
    moved = np.subtract(weights, np.multiply(rate * residual, (x[0], 1.0)))
    return fit(x[1:], y[1:], moved, rate)
""",
    """
def fit(x, y, weights, rate):
    from functools import reduce

    def one(w, pair):
        a, b = pair
        return w - rate * (w[0] * a + w[1] - b) * np.r_[a, 1]

    return reduce(one, zip(x, y), weights)
""",
    """
def fit(x, y, weights, rate):
    a, b = weights
    k = 0
    while k < x.shape[0]:
        e = a * x[k] + b - y[k]
        a, b = a - rate * e * x[k], b - rate * e
        k = k + 1
    return np.array((a, b))
""",
)
WRONG = "\ndef running_sum(x):\n    total = 0.37 * x.sum(0)\n    return np.cumsum(x, 0), total\n"
ALSO_WRONG = "\ndef running_sum(x):\n    return x.cumsum(axis=0), np.add.reduce(x) * 37 / 100\n"


def with_fit(code):
    """Return the unit's solution with another `fit`, as a student would submit it."""
    return small.solved().rpartition("def fit")[0] + code.lstrip()


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """Return a class that worked independently, except a copy of `ada` and one shared mistake."""
    folder = tmp_path_factory.mktemp("handed_in")
    small.submit(folder, "ada", with_fit(ORIGINAL))
    small.submit(folder, "copy", with_fit(RENAMED))
    for number, code in enumerate(APART):
        small.submit(folder, f"apart{number}", with_fit(code))
    small.submit(folder, "wrong1", small.solved() + WRONG)
    small.submit(folder, "wrong2", small.solved() + ALSO_WRONG)
    return folder


@pytest.fixture(scope="module")
def graded(handed_in, tmp_path_factory):
    """Grade and compare the class by the real commands.

    Returns the folder of grades, and the output of `similar`.
    """
    grades = tmp_path_factory.mktemp("grades")
    done = small.run_command("grade", handed_in, "--out", grades, "--quick", "--seed", small.SEED)
    assert done.returncode == 0, done.stderr
    done = small.run_command("similar", grades, "--lines", "4", "--zips")
    assert done.returncode == 0, done.stderr
    return grades, done.stdout


def test_a_unit_that_nobody_handed_in_need_not_be_there(handed_in, tmp_path):
    """A unit without submissions may lack its package, because only submitted units are read."""
    course = tmp_path / "course"
    shutil.copytree(COURSE.folder, course)
    (course / "checks" / "words.py").write_text("import a_package_that_nobody_has\n")
    compare = ("similar", handed_in, "--out", tmp_path / "out", "--course", course)
    done = small.run_command(*compare, "--lines", "4")
    assert done.returncode == 0, done.stderr
    assert f"{UNIT}, three_steps: " in done.stdout


def compared(folder, also=(), lines=4, unit=UNIT):
    """Return the reports on a folder of submissions by check; "" is the whole unit."""
    (read,) = read_class(small.COURSE, [unit], folder, None, also, lines)
    return {report.exercise.check: report for report in alike(read, most=50)}


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_in_disguise_is_the_first_pair(kind, tmp_path):
    """A disguised copy is the first pair, and no other pair stands out.

    The disguise: names, constants, order, comments, and a comprehension for the loop.
    """
    small.submit(tmp_path, "ada", with_fit(ORIGINAL))
    small.submit(tmp_path, "copy", with_fit(COPIES[kind]))
    for number, code in enumerate(APART):
        small.submit(tmp_path, f"apart{number}", with_fit(code))
    pairs = compared(tmp_path)["three_steps"].pairs
    assert (pairs[0].one, pairs[0].other) == ("ada", "copy")
    assert not any(pair.stands_out for pair in pairs[1:])
    assert pairs[0].stands_out or kind == "comprehension"  # this keeps a third of the parts


def test_names_and_constants_are_left_out_and_tools_are_not():
    """Fingerprints ignore variables and constants and keep functions such as `np.exp` and `len`.

    A variable that hides a builtin is ignored, too.
    """
    said = "y = np.{}(x[1:] - {}) + {}(x)"
    assert numbers([said.format("exp", 1, "len")]) == numbers(
        [said.replace("x", "z").format("exp", 7, "len")]
    )
    assert (
        numbers([said.format("exp", 1, "len")])[0] & numbers([said.format("log", 1, "sum")])[0]
        == set()
    )
    assert numbers(["def f(sum, k):\n    return (sum, k, sum, k, sum, k)"]) == numbers(
        ["def g(a, b):\n    return (a, b, a, b, a, b)"]
    )


@pytest.mark.parametrize("code", ["def f(:", "\0", "x = " + "-" * 100_000 + "1", "(" * 500])
def test_code_that_cannot_be_read_has_no_fingerprints(code):
    """Hostile or broken code has no fingerprints and stops nothing."""
    assert numbers([code]) == [frozenset()]


def test_what_most_of_the_class_and_the_solution_have_says_nothing(tmp_path):
    """Code that most of the class or the solution shares is not evidence.

    Ten students who submit our solution are no pair and are listed as without own code.
    """
    for number in range(10):
        small.submit(tmp_path, f"student{number}", small.solved().replace("error", f"e{number}"))
    report = compared(tmp_path)["three_steps"]
    assert report.pairs == ()
    assert len(report.own_nothing) == report.answers == 10
    done = small.run_command("similar", tmp_path, "--out", tmp_path / "out", "--lines", "4")
    said = "only starter code, parts of our solution or what most wrote: student0, student1"
    assert said in done.stdout


EXPERIMENTS = """
    from autograder.check import check, named
    from autograder.question import number

    @check(points=1)
    def doubling(net, seed):
        "doubles"
        return named("doubled", net.double(seed))

    @check(points=4)
    def walking(net, seed):
        "walks"
        return named("end", net.fit(seed))

    @check(points=2)
    def walking_again(net, seed):
        "walks twice"
        return named("end", net.fit(seed))

    @check(points=3)
    def blending(net, seed):
        "blends"
        return named("blended", net.blend(seed))

    @check(points=5, question=number(rtol=0.1))
    def guessed(net, seed):
        "guesses"
        return net.guess()
"""
DOUBLE = "def double(x):\n    return x + x\n"
BLEND = """
def blend(x, y):
    shares = np.exp(x - x.max()) / np.exp(x - x.max()).sum()
    mixed = np.zeros_like(y)
    for share, row in zip(shares.tolist(), y):
        mixed = mixed + share * np.tanh(row)
        mixed = mixed / max(1.0, float(np.abs(mixed).max()))
    left = np.concatenate([mixed[1:], mixed[:1]])
    return np.where(left > 0, left - mixed.mean(), np.sqrt(np.abs(left)))
"""
GUESS = "def guess():\n    return 3\n"
NOT_WRITTEN = "def {}(x, y, weights, rate):\n    raise NotImplementedError()\n"
OTHER_BLEND = """
def blend(x, y):
    weights = scipy.special.softmax(x)
    steps = [weights[i] * np.tanh(y[i]) for i in range(len(x))]
    total = sum(steps) / np.linalg.norm(steps, np.inf)
    total = np.roll(total, -1)
    return np.select([total > 0, total <= 0], [total - total.mean(), abs(total) ** 0.5])
"""


def file_of(*functions):
    """Return a script of the course of `course_of_ours`."""
    return "\n\n# %%\n".join(["import numpy as np", *functions])


@pytest.fixture(scope="module")
def course_of_ours(tmp_path_factory):
    """Return a course with two long exercises, a short one and a question."""
    folder = tmp_path_factory.mktemp("course")
    cells = ["import autograder\nimport numpy as np\ncheck = autograder.unit('ours')"]
    exercises = [
        (DOUBLE, "doubling"),
        (ORIGINAL, "walking", "walking_again"),
        (BLEND, "blending"),
        (GUESS, "guessed"),
    ]
    for code, *checks in exercises:
        head, _, body = code.strip().partition("\n")
        written = f"    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
        cells += [f"{head}\n{written}", *(f'check("{check}")' for check in checks)]
    solution = "\n\n# %%\n".join(["", *cells])
    return small.write_course(folder / "course", "ours", EXPERIMENTS, solution).course


def compared_with_ours(course, folder, **students):
    """Hand in students' scripts; return what is said of our solution, and of nothing own."""
    for student, script in students.items():
        small.submit(folder, student, script, "ours")
    (unit,) = read_class(course, ["ours"], folder, None, (), 6)
    reports = alike(unit, most=50)
    listed = {}
    for one in as_ours(unit, reports):
        checks = [exercise.check for exercise in one.exercises]
        listed[one.student] = (one.whole, one.points, checks)
    return listed, {report.exercise.check: report.own_nothing for report in reports}, reports


def test_copies_of_our_solution_are_a_list_of_their_own(course_of_ours, tmp_path):
    """Whoever handed in our solution is listed with the exercises and their points.

    Renamed files count, and whole units come first. Stubs, half-done files and files with a syntax
    error stay among those with nothing of their own.
    """
    names = {"share": "s", "shares": "w", "mixed": "m", "left": "l", "row": "r"}
    renamed = re.sub(r"\w+", lambda word: names.get(word[0], word[0]), BLEND)
    listed, own_nothing, _ = compared_with_ours(
        course_of_ours,
        tmp_path,
        verbatim=file_of(DOUBLE, ORIGINAL, BLEND, GUESS),
        renamed=file_of(DOUBLE, RENAMED, renamed),
        blended=file_of(DOUBLE, APART[1], BLEND),
        started=file_of(DOUBLE, NOT_WRITTEN.format("fit"), NOT_WRITTEN.format("blend")),
        broken=file_of(DOUBLE, NOT_WRITTEN.format("fit"), "def blend(x, y:"),
        apart=file_of(DOUBLE, APART[2], OTHER_BLEND),
    )
    assert list(listed) == ["renamed", "verbatim", "blended"]
    whole = (True, 10, ["walking", "blending", "doubling"])
    assert listed["verbatim"] == listed["renamed"] == whole
    assert listed["blended"] == (False, 3, ["blending"])
    nothing = {student for students in own_nothing.values() for student in students}
    assert nothing == {"started", "broken"}


def test_a_copy_of_a_part_of_the_unit_is_listed(course_of_ours, tmp_path):
    """A half-done file with only our solution is listed, and is not the whole unit."""
    changed = ORIGINAL.replace("trace = []", "trace = [0.0]")
    listed, _, _ = compared_with_ours(
        course_of_ours,
        tmp_path,
        half=file_of(DOUBLE, changed, NOT_WRITTEN.format("blend")),
        apart=file_of(DOUBLE, APART[2], OTHER_BLEND),
    )
    assert listed == {"half": (False, 6, ["walking"])}


def test_what_most_write_as_we_do_accuses_nobody(course_of_ours, tmp_path):
    """An exercise that more than half write as we do puts nobody into the list of our solution.

    The page says so. A copy of the whole unit is listed nevertheless.
    """
    scripts = {f"alike{n}": file_of(APART[n], BLEND) for n in range(5)}
    scripts["verbatim"] = file_of(DOUBLE, ORIGINAL, BLEND)
    scripts["apart"] = file_of(ORIGINAL.replace("trace", "log"), OTHER_BLEND)
    listed, own_nothing, reports = compared_with_ours(course_of_ours, tmp_path, **scripts)
    assert list(listed) == ["verbatim", "apart"]
    assert listed["apart"] == (False, 6, ["walking"])
    assert own_nothing["blending"] == tuple(f"alike{n}" for n in range(5))
    assert {one.check: count for one, count in usual_ways(reports).items()} == {"blending": 5}
    compare = ("similar", tmp_path, "--out", tmp_path / "out", "--lines", "6")
    done = small.run_command(*compare, "--course", course_of_ours.folder)
    assert "5 students, more than half, wrote" in (tmp_path / "out" / "index.html").read_text()
    assert done.returncode == 0, done.stderr


def test_the_command_the_pages_and_a_table_list_copies_of_our_solution(
    course_of_ours, tmp_path, show
):
    """The terminal, the page and `our-solution.csv` say who handed in our solution.

    The page leads to the student's code beside ours. With --anonymous they name nobody.
    """
    for student in ("ada", "our solution"):  # a name, too
        script = file_of(DOUBLE, ORIGINAL, BLEND)
        small.submit(tmp_path / "in", student, script.replace("trace", student[:3]), "ours")
    small.submit(tmp_path / "in", "cem", file_of(APART[1], BLEND), "ours")
    out = tmp_path / "out"
    compare = ("similar", tmp_path / "in", "--out", out, "--lines", "6")
    done = small.run_command(*compare, "--course", course_of_ours.folder)
    assert (
        "ours: our solution: ada: nearly the whole file (exercises worth 10 of 15 points)"
        in done.stdout
    )
    assert "ours: our solution: cem: blending (exercises worth 3 of 15 points)" in done.stdout
    page = (out / "index.html").read_text()
    assert page.index('id="ours-ours"') < page.index(">ada<") < page.index(">cem<")
    page = show(out / "index.html")
    follow(page.get_by_role("link", name="cem"))
    assert page.locator("h2").all_inner_texts() == ["cem", "our solution"]
    follow(page.get_by_role("link", name="Who handed in our solution"))
    follow(page.get_by_role("link", name="our solution"))
    assert page.locator("h2").all_inner_texts() == ["our solution", "our solution"]
    page.go_back()
    follow(page.get_by_role("link", name="cem"))
    texts = page.locator(".beside section").all_inner_texts()
    assert all("def blend" in text and "def walk" not in text for text in texts)
    assert page.locator("li.at").count() > 0
    assert violations(page) == []
    follow(page.get_by_role("link", name="Who handed in our solution"))
    rows = list(csv.reader((out / "our-solution.csv").read_text().splitlines()))
    assert rows[1] == ["ours", "ada", "yes", "walking; blending; doubling", "10", "15"]
    assert rows[3] == ["ours", "cem", "", "blending", "3", "15"]
    done = small.run_command(*compare, "--course", course_of_ours.folder, "--anonymous")
    pages = [out / "index.html", *(out / "ours").glob("ours*.html")]
    assert len(pages) == 4
    shown = done.stdout + "".join(as_shown(each.read_text()) for each in pages)
    assert not re.search(r"\b(ada|cem)\b", shown + (out / "our-solution.csv").read_text())


def test_a_notebook_and_a_script_are_compared(tmp_path):
    """A notebook and a script with the same code are similar."""
    import jupytext

    small.submit(tmp_path, "ada", with_fit(ORIGINAL))
    book = small.submit(tmp_path, "copy", "").with_suffix(".ipynb")
    book.with_suffix(".py").unlink()
    jupytext.write(jupytext.reads(with_fit(RENAMED), "py:percent"), book)
    for number, code in enumerate(APART):
        small.submit(tmp_path, f"apart{number}", with_fit(code))
    first = compared(tmp_path)["three_steps"].pairs[0]
    assert (first.one, first.other, first.stands_out) == ("ada", "copy", True)


def test_earlier_years_are_compared_with_and_not_among_themselves(handed_in, tmp_path):
    """This year's answers are compared with `--also`, and old answers not with each other."""
    earlier = tmp_path / "2025"
    small.submit(earlier, "old", with_fit(ORIGINAL))
    small.submit(earlier, "older", with_fit(COMMENTED))
    for student in ("apart1", "apart2", "apart3"):
        path = handed_in / student / UNIT / f"{UNIT}.py"
        small.submit(tmp_path / "now", student, path.read_text())
    small.submit(tmp_path / "now", "copy", with_fit(RENAMED))
    pairs = compared(tmp_path / "now", also=[earlier])["three_steps"].pairs
    assert {(pair.one, pair.other) for pair in pairs[:2]} == {
        ("2025: old", "copy"),
        ("2025: older", "copy"),
    }
    assert not any(pair.one.startswith("2025") and pair.other.startswith("2025") for pair in pairs)


def test_equal_files_stand_out_whatever_the_class_shares(handed_in, tmp_path):
    """Equal files are listed in the terminal, first on the page and in the table.

    Starter files and partners are not.
    """
    folder = shutil.copytree(handed_in, tmp_path / "class")
    for student in ("ida", "jon"):
        small.submit(folder, student, with_fit(APART[0]) + "\n# the same\n")
    for student in ("kim", "lea"):
        small.submit(folder, student, COURSE.stub(UNIT).read_text())
    (unit,) = read_class(COURSE, [UNIT], folder, None, (), 4)
    assert ("ida", "jon") in unit.equal
    assert not any("kim" in students for students in unit.equal)
    found = [pair for report in alike(unit, 50) for pair in report.pairs]
    assert all(pair.stands_out for pair in found if (pair.one, pair.other) == ("ida", "jon"))
    done = small.run_command("similar", folder, "--out", tmp_path / "out", "--unit", UNIT)
    assert done.returncode == 0, done.stderr
    assert f"{UNIT}: equal files: ida, jon" in done.stdout
    assert f'id="{UNIT}-equal"' in (tmp_path / "out" / "index.html").read_text()
    rows = list(csv.DictReader((tmp_path / "out" / "similar.csv").read_text().splitlines()))
    equal = [(row["one"], row["other"]) for row in rows if row["exercise"] == "equal files"]
    assert ("ida", "jon") in equal
    (tmp_path / "partners.csv").write_text(f"unit,student,student\n{UNIT},ida,jon\n")
    (tmp_path / "policy.toml").write_text('partners = "partners.csv"\n')
    policy = ("--policy", tmp_path / "policy.toml", "--anonymous")
    done = small.run_command("similar", folder, "--out", tmp_path / "out", *policy)
    assert done.returncode == 0, done.stderr
    assert "equal files: ida, jon" not in done.stdout


def test_many_copies_of_one_answer_are_one_group(tmp_path):
    """Twenty equal submissions form one group, though not all pairs are compared.

    Independent students are not in it.
    """
    for number in range(20):
        code = ORIGINAL if number % 2 else RENAMED
        small.submit(tmp_path, f"copy{number:02}", with_fit(code.replace("step", f"s{number}")))
    for number in range(25):
        small.submit(
            tmp_path, f"apart{number:02}", with_fit(APART[number]) if number < 5 else small.solved()
        )
    (group,) = compared(tmp_path)["three_steps"].groups
    assert group == tuple(f"copy{number:02}" for number in range(20))


def written_apart(number):
    """Return a random `fit` of many statements, unlike any other number's."""
    draw = random.Random(number)

    def expression(depth):
        if depth == 0:
            return draw.choice(["x", "y", "w", "rate", "float(w[0])", "w[1]", "len(x)"])
        one, other = expression(depth - 1), expression(depth - 1)
        kind = draw.randrange(5)
        if kind == 0:
            return f"np.{draw.choice(['abs', 'exp', 'sqrt', 'square', 'tanh'])}({one})"
        if kind == 1:
            return f"max({one}, {other})"
        return f"({one} {draw.choice('+-*/')} {other})"

    lines = [f"    v{i} = {expression(draw.randint(2, 3))}" for i in range(14)]
    return "def fit(x, y, w, rate):\n" + "\n".join(lines) + "\n    return v0\n"


@pytest.mark.parametrize("copies", [3, 8, 12])
def test_copies_stand_out_however_many_of_the_class_have_copied(copies, tmp_path):
    """Copies stand out even with 12 pairs of original and copy, nearly the whole class."""
    for number in range(14):
        code = written_apart(number)
        small.submit(tmp_path, f"original{number:02}", with_fit(code))
        if number < copies:
            copy = code.replace("v1", "first").replace("rate", "lr")
            small.submit(tmp_path, f"copy{number:02}", with_fit(copy))
    pairs = compared(tmp_path)["three_steps"].pairs
    out = {(pair.one, pair.other) for pair in pairs if pair.stands_out}
    assert out == {(f"copy{number:02}", f"original{number:02}") for number in range(copies)}


def test_what_more_than_half_has_from_one_source_stands_out(tmp_path):
    """Code that more than half share from one leaked source is found, with nobody else in it."""
    for number in range(12):
        code = written_apart(0).replace("v1", f"mine{number}")
        small.submit(tmp_path, f"copy{number:02}", with_fit(code))
    for number in range(1, 9):
        small.submit(tmp_path, f"apart{number:02}", with_fit(written_apart(number)))
    reports = compared(tmp_path)
    (group,) = reports["three_steps"].groups
    assert group == tuple(f"copy{number:02}" for number in range(12))
    assert reports["three_steps"].own_nothing == ()


def test_short_exercises_are_left_out_by_themselves(handed_in):
    """Exercises and units under eight lines are not compared: right answers look alike."""
    assert compared(handed_in, lines=8) == {}
    assert list(compared(handed_in, lines=4)) == ["", "three_steps"]


def test_equal_wrong_answers_are_the_second_signal(graded):
    """Equal wrong answers on an unknown seed are the second signal, for dissimilar code.

    The page says which array.
    """
    rows = list(csv.DictReader((graded[0] / "similar" / "similar.csv").read_text().splitlines()))
    (row,) = [row for row in rows if row["equal wrong answers"]]
    assert (row["one"], row["other"], row["equal wrong answers"]) == (
        "wrong1",
        "wrong2",
        "summing: total",
    )
    first = next(row for row in rows if row["exercise"] == "three_steps")
    assert (first["one"], first["other"], first["stands out"]) == ("ada", "copy", "yes")


def test_the_command_needs_code_and_a_place_to_write(handed_in, tmp_path):
    """`similar` reads a folder of submissions with `--out`.

    If there is nothing to read, it says where it looked.
    """
    done = small.run_command("similar", handed_in)
    assert done.returncode == 2
    assert "--out" in done.stderr
    done = small.run_command("similar", handed_in, "--out", tmp_path / "out", "--lines", "4")
    assert done.returncode == 0
    assert (tmp_path / "out" / "index.html").is_file()
    assert not (handed_in / "similar").exists()
    with pytest.raises(NothingToCompare, match="--submitted"):
        compared(tmp_path)


def test_pages_of_others_are_never_removed(handed_in, tmp_path):
    """`similar` replaces its own pages, and refuses a folder that holds anything else."""
    page = tmp_path / "grades" / "pages" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("a class")
    done = small.run_command("similar", handed_in, "--out", tmp_path / "grades")
    assert done.returncode == 2
    assert f"--out {tmp_path / 'grades' / 'similar'}" in done.stderr
    assert page.read_text() == "a class"
    for _ in range(2):
        done = small.run_command("similar", handed_in, "--out", tmp_path / "grades" / "similar")
        assert done.returncode == 0, done.stderr


def test_a_file_called_roster_among_submissions_is_not_read(handed_in, tmp_path):
    """A file called `roster` among submissions may be anybody's and is not read."""
    shutil.copytree(handed_in, tmp_path / "in")
    (tmp_path / "in" / "roster.csv").write_text("student\nada\nada,x\n\xff")
    done = small.run_command("similar", tmp_path / "in", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr


def test_zips_for_a_second_opinion(graded):
    """Dolos's table and JPlag's folders with the template both contain every answer."""
    folder = graded[0] / "similar"
    students = {"ada", "copy", "wrong1"}
    with zipfile.ZipFile(folder / f"dolos-{UNIT}.zip") as dolos:
        lines = dolos.read("info.csv").decode().splitlines()
        rows = list(csv.DictReader(lines))
        assert list(rows[0]) == ["filename", "label", "created_at", "full_name"]
        assert {row["filename"] for row in rows} == set(dolos.namelist()) - {"info.csv"}
        assert students < {row["full_name"] for row in rows}
        assert "np.cumsum(x, 0), total" in dolos.read("wrong1.py").decode()
    with zipfile.ZipFile(folder / f"jplag-{UNIT}.zip") as jplag:
        answers = {f"submissions/{student}/{UNIT}.py" for student in students}
        assert answers < set(jplag.namelist())
        assert "NotImplementedError" in jplag.read(f"template/{UNIT}.py").decode()


def test_pages_are_accessible_and_show_both_side_by_side(graded, show):
    """Pages pass axe, fit 390 pixels and mark shared lines.

    Their words judge nobody.
    """
    folder = graded[0] / "similar"
    page = show(folder / "index.html", viewport={"width": 1100, "height": 900})
    assert "Nothing here says that anyone has copied" in page.inner_text("main")
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    follow(page.locator("a", has_text="ada · copy").last)
    assert page.locator("h2").all_inner_texts() == ["ada", "copy"]
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    marked = page.locator("li.at").all_inner_texts()
    assert any("trace.append" in line for line in marked)
    assert any("log.append" in line for line in marked)


def test_two_years_in_folders_of_one_name_stay_apart(handed_in, tmp_path):
    """Of two years called alike, each student is compared, and named by the folder above."""
    for year, script in (("2024", with_fit(RENAMED)), ("2025", with_fit(COMMENTED))):
        small.submit(tmp_path / year / "submitted", "team1", script)
    shutil.copytree(handed_in, tmp_path / "in")
    also = [word for year in ("2024", "2025") for word in ("--also", f"{year}/submitted")]
    out = ("--lines", "4", "--zips", "--out", tmp_path / "out")
    course = ("--course", small.COURSE.folder)
    done = small.run_command("similar", tmp_path / "in", *also, *out, *course, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader((tmp_path / "out" / "similar.csv").read_text().splitlines()))
    found = {row[side] for row in rows for side in ("one", "other")}
    assert {"2024/submitted: team1", "2025/submitted: team1"} <= found
    with zipfile.ZipFile(tmp_path / "out" / f"jplag-{UNIT}.zip") as jplag:
        submissions = {name.split("/")[1] for name in jplag.namelist() if "submissions/" in name}
    assert {"2024_submitted_ team1", "2025_submitted_ team1"} <= submissions


def test_an_earlier_year_with_nothing_to_compare_is_refused(handed_in, tmp_path):
    """A folder too high or too low would compare with nobody, and copies would not be seen."""
    small.submit(tmp_path / "2025" / "submitted", "team1", with_fit(RENAMED))
    (tmp_path / "2025" / "other").mkdir()
    options = ("similar", handed_in, "--lines", "4", "--out", tmp_path / "out", "--also")
    done = small.run_command(*options, tmp_path / "2025" / "submitted")
    assert done.returncode == 0, done.stderr
    assert f"{tmp_path / '2025' / 'submitted'}: 1 answer" in done.stdout
    done = small.run_command(*options, tmp_path / "2025")
    assert done.returncode == 2
    assert "has no answer to any unit" in done.stderr
    done = small.run_command(*options, handed_in)  # all would be copies of themselves
    assert done.returncode == 2
    assert f"--also {handed_in} has the same submissions" in done.stderr


def test_who_is_not_compared_is_named(graded, tmp_path):
    """A file that changed since it was graded, or moved, is in no pair."""
    grades, submitted = tmp_path / "grades", tmp_path / "in"
    shutil.copytree(graded[0], grades)
    lies = dict(line.split(" ", 1) for line in (grades / "run.txt").read_text().splitlines())
    shutil.copytree(lies["submitted"], submitted)
    student = sorted(path.stem for path in (grades / UNIT).glob("*.json"))[0]
    with (submitted / student / UNIT / f"{UNIT}.py").open("a") as file:
        file.write("\n# changed\n")
    done = small.run_command("similar", grades, "--submitted", submitted, "--lines", "4")
    assert done.returncode == 0, done.stderr
    assert f"has changed since (1): {student}, numbers" in done.stderr
    options = ("--submitted", submitted, "--lines", "4", "--anonymous")
    done = small.run_command("similar", grades, *options)
    assert "has changed since (1). Run" in done.stderr


def test_without_names_the_same_is_found_and_nobody_named(handed_in, graded, tmp_path):
    """Anonymous pages, table, code and output name nobody and show the same pairs and shares."""
    signed = with_fit(RENAMED).replace("    log = []", '    log = []  # ada\n    by = "copy, ada"')
    shutil.copytree(handed_in, tmp_path / "in")
    small.submit(tmp_path / "in", "copy", signed)
    earlier = tmp_path / "2025"
    small.submit(earlier, "older", with_fit(COMMENTED))
    out = tmp_path / "out"
    options = ("--lines", "4", "--also", earlier, "--out", out)
    done = small.run_command("similar", tmp_path / "in", *options, "--anonymous")
    assert done.returncode == 0, done.stderr
    named = re.compile(r"\b(ada|copy|older|apart\d|wrong\d)\b")
    pages = {path.name: path.read_text() for path in out.rglob("*.html")}
    assert not [name for name, page in pages.items() if named.search(as_shown(page))]
    table = (out / "similar.csv").read_text()
    assert not named.search(done.stdout + table)
    alias = re.compile(r"(2025: )?student [0-9a-f]{6}")
    rows = list(csv.DictReader(table.splitlines()))
    assert all(alias.fullmatch(row[side]) for row in rows for side in ("one", "other"))
    assert any(row["one"].startswith("2025: ") for row in rows)
    done = small.run_command("similar", tmp_path / "in", *options)
    with_names = list(csv.DictReader((out / "similar.csv").read_text().splitlines()))
    assert sorted(map(without_students, rows)) == sorted(map(without_students, with_names))
    done = small.run_command("similar", graded[0], "--anonymous", "--lines", "4")
    of_graded = (graded[0] / "similar-anonymous" / "similar.csv").read_text()
    assert done.returncode == 0
    assert "summing: total" in of_graded
    assert not named.search(of_graded)
    done = small.run_command("similar", graded[0], "--anonymous", "--zips")
    assert done.returncode == 2
    assert "Leave out --zips or --anonymous" in done.stderr


def as_shown(page):
    """Return the text of a page, without its style and script."""
    return re.sub(r"<style>.*?</style>|<script>.*?</script>|<[^>]*>", " ", page, flags=re.S)


def without_students(row):
    """Return a table's row about a pair without the students and its position."""
    parts = sorted((row["parts of one"], row["parts of the other"]))
    kept = ("unit", "exercise", "share alike", "parts alike", "equal wrong answers", "stands out")
    return [row[name] for name in kept] + parts


def test_a_hostile_name_is_text(tmp_path):
    """A hostile name or text of a student is shown as it is."""
    name = "<script>alert(1)<"
    small.submit(
        tmp_path / "in", name, with_fit(ORIGINAL + "\nhelper = '</ol><script>alert(2)</script>'\n")
    )
    small.submit(tmp_path / "in", "copy", with_fit(RENAMED))
    for number, code in enumerate(APART):
        small.submit(tmp_path / "in", f"apart{number}", with_fit(code))
    (read,) = read_class(small.COURSE, [UNIT], tmp_path / "in", None, (), 4)
    write_similar([(read, alike(read, most=5))], tmp_path / "out")
    for path in (tmp_path / "out").rglob("*.html"):
        assert path.read_text().count("<script>") == path.read_text().count('"use strict"')


def in_rounds(folder, *rounds, course=COURSE, unit=UNIT):
    """Collect the students' scripts of several rounds, each at a time of its own."""
    for number, scripts in enumerate(rounds):
        clock = (2026, 11, 20 + number, 14, 0, 0)
        entries = [lms.Entry(f"{who}/{unit}.py", text, clock) for who, text in scripts.items()]
        source = lms.pack(folder / f"{number}.zip", entries)
        options = ("--into", folder / "in", "--unit", unit, "--course", course.folder)
        done = small.run_command("collect", source, *options)
        assert done.returncode == 0, done.stderr
    return folder / "in"


@pytest.fixture(scope="module")
def in_two_rounds(tmp_path_factory):
    """Return a collected class: `ada` copies `bob` at first, and then works alone."""
    others = {f"apart{number}": with_fit(code) for number, code in enumerate(APART[1:])}
    bob = with_fit(ORIGINAL)
    rounds = []
    for number, ada in enumerate((with_fit(RENAMED), bob, with_fit(APART[0])), 1):
        rounds.append({"ada": ada, "bob": bob + "\n# mine\n" * (number > 2), **others})
    return in_rounds(tmp_path_factory.mktemp("rounds"), *rounds)


def test_an_attempt_before_the_latest_is_compared(in_two_rounds, tmp_path):
    """A copy that counts may be an earlier attempt; a student's own attempts are no pair."""
    (unit,) = read_class(COURSE, [UNIT], in_two_rounds, None, (), 4)
    report = {report.exercise.check: report for report in alike(unit, 50)}["three_steps"]
    first, *others = report.pairs
    assert {first.one, first.other} == {"ada (attempt 2)", "bob"}
    assert first.stands_out
    assert not any(pair.stands_out for pair in others)
    students = [{pair.one.split()[0], pair.other.split()[0]} for pair in report.pairs]
    assert all(len(two) == 2 for two in students)
    assert students.count({"ada", "bob"}) == 1
    assert report.answers == len(APART) + 1
    assert unit.equal == (("ada (attempt 2)", "bob (attempt 1)"),)


def test_pages_name_attempts(in_two_rounds, tmp_path):
    """Of a graded class, too, by name or without; other programs read the latest files alone."""
    grades = tmp_path / "grades"
    known = ("--roster", tmp_path / "roster.csv")
    (tmp_path / "roster.csv").write_text("student,name\nada,Ada Lovelace\n")
    options = ("--out", grades, "--quick", *known)
    assert small.run_command("grade", in_two_rounds, *options).returncode == 0
    for anonymous, named in ((False, "Ada Lovelace (ada) (attempt 2)"), (True, "(attempt 2)")):
        option = "--anonymous" if anonymous else "--zips"
        done = small.run_command("similar", grades, "--lines", "4", option)
        assert done.returncode == 0, done.stderr
        pages = grades / ("similar-anonymous" if anonymous else "similar")
        rows = list(csv.DictReader((pages / "similar.csv").read_text().splitlines()))
        (row, *_) = [row for row in rows if row["exercise"] == "three_steps"]
        assert named in row["one"] + row["other"]
        page = (pages / row["page"]).read_text()
        assert "attempt 2" in page
        assert "slope, height = float" in page
        assert ("ada" in as_shown(page).casefold()) != anonymous
    with zipfile.ZipFile(grades / "similar" / f"dolos-{UNIT}.zip") as dolos:
        assert sorted(dolos.namelist()).count("ada.py") == 1
        assert len(dolos.namelist()) == len(APART) + 2


def test_a_copy_of_our_solution_in_an_earlier_attempt_is_listed(course_of_ours, tmp_path):
    """Once, by the attempt that has the most of it."""
    whole, half, none = (
        {"ada": file_of(*functions)}
        for functions in (
            (DOUBLE, ORIGINAL, BLEND, GUESS),
            (DOUBLE, APART[1], BLEND),
            (DOUBLE, APART[2]),
        )
    )
    folder = in_rounds(tmp_path, whole, half, none, course=course_of_ours, unit="ours")
    (unit,) = read_class(course_of_ours, ["ours"], folder, None, (), 6)
    (one,) = as_ours(unit, alike(unit, most=50))
    assert (one.student, one.answer, one.whole, one.points) == ("ada", "ada (attempt 1)", True, 10)


def test_a_handout_that_two_handed_in_at_first_hides_no_copy(tmp_path):
    """Nor is it an equal file, although it differs from the starter file."""
    handout = COURSE.stub(UNIT).read_text() + "\n# as of last week\n"
    apart = {f"apart{number}": with_fit(code) for number, code in enumerate(APART)}
    copies = {"ada": with_fit(ORIGINAL), "bob": with_fit(RENAMED)}
    folder = in_rounds(tmp_path, {"ada": handout, "bob": handout}, copies | apart)
    (unit,) = read_class(COURSE, [UNIT], folder, None, (), 4)
    for report in alike(unit, 50):
        if report.exercise.check in ("", "three_steps"):
            assert {report.pairs[0].one, report.pairs[0].other} == {"ada", "bob"}
            assert report.pairs[0].stands_out
    assert unit.equal == ()


def test_each_exercise_of_an_attempt_counts_as_our_solution(course_of_ours, tmp_path):
    """Also one that the latest attempt has kept."""
    changed = ORIGINAL.replace("trace = []", "trace = [0.0]")
    rounds = ({"ada": file_of(DOUBLE, changed, BLEND)}, {"ada": file_of(DOUBLE, APART[2], BLEND)})
    folder = in_rounds(tmp_path, *rounds, course=course_of_ours, unit="ours")
    (unit,) = read_class(course_of_ours, ["ours"], folder, None, (), 6)
    (one,) = as_ours(unit, alike(unit, most=50))
    assert (one.answer, [each.check for each in one.exercises]) == (
        "ada (attempt 1)",
        ["walking", "blending", "doubling"],
    )


def test_a_student_of_whom_only_an_earlier_attempt_is_there_is_named(in_two_rounds, tmp_path):
    """The latest file was not compared, and the earlier ones were."""
    grades, submitted = tmp_path / "grades", tmp_path / "in"
    shutil.copytree(in_two_rounds, submitted)
    done = small.run_command("grade", submitted, "--out", grades, "--quick")
    assert done.returncode == 0, done.stderr
    (submitted / "ada" / UNIT / f"{UNIT}.py").unlink()
    done = small.run_command("similar", grades, "--lines", "4")
    assert "has changed since (1): ada" in done.stderr
