"""Questions: choices, numbers, shapes and words, in practice, in grades and on pages.

One small course has each kind. It is built, practised, graded in the sandbox, and its class page
shown.
"""

import json
import shutil
import unicodedata

import numpy as np
import pytest
import small
from safetensors import safe_open

from autograder.authoring.build import build
from autograder.authoring.validate import validate
from autograder.authoring.validation_report import ValidationReport
from autograder.check import (
    choice,
    choices,
    functions_of_questions,
    number,
    shape,
    short,
    sign,
    slips_of_options,
)
from autograder.course import load_unit, read_course
from autograder.errors import BadSource
from autograder.grading.keys import build_key, solution_of
from autograder.grading.made_key import MadeKey
from autograder.grading.one import grade_one
from autograder.grading.outline import outline_unit
from autograder.grading.results import stored_results
from autograder.grading.store import AnswerStore
from autograder.judging import unmet
from autograder.practice.practise import practise
from autograder.practice.progress import to_do
from autograder.report import summary
from autograder.report.for_tools import Checked
from autograder.report.terminal import total_in_practice, verdict_lines
from autograder.sandbox.client import Server
from autograder.sandbox.inside.submission import Submission
from autograder.source.solution import read_solution

CHECKS = '''
from autograder.check import check, choice, choices, named, number, shape, short, sign
import numpy as np

@check(points=1, question=choice("vanishes", "grows", "stays", predict=True))
def norm(unit, seed):
    """What becomes of the gradient?"""
    return unit.norm()

@check(points=2, question=choice("tanh", "relu", "sine"))
def best(unit, seed):
    """Which function suits?"""
    return unit.best()

@check(points=2, question=choices("a", "b", "c", "d"))
def true_ones(unit, seed):
    """Which statements are true?"""
    return unit.true_ones()

@check(points=1, question=number(significant=3))
def rate(unit, seed):
    """At which rate?"""
    return unit.rate()

@check(points=1, question=shape())
def weights(unit, seed):
    """Of which shape are the weights?"""
    return unit.weights()

@check(points=1, question=sign())
def slope(unit, seed):
    """Which sign has the slope?"""
    return unit.slope()

@check(points=1, question=short(feedback=True))
def rule(unit, seed):
    """Which rule is it?"""
    return unit.rule()

@check(points=1, needs=[norm, best])
def doubling(unit, seed):
    """`double` doubles"""
    return named("doubled", unit.double(np.random.default_rng(seed).normal(size=5)))
'''

SOLUTION = """
def norm():
    ### BEGIN SOLUTION
    return "vanishes"
    # mistake: return "grows"
    #   a factor below 1 in each step makes it smaller.
    ### END SOLUTION

def best():
    ### BEGIN SOLUTION
    return "tanh"
    # mistake: return "relu"
    #   relu has no bound.
    # mistake (keeps 0.5): return "sine"
    #   sine is bounded, but not monotonic.
    ### END SOLUTION

def true_ones():
    ### BEGIN SOLUTION
    return {"a", "c"}
    # mistake: return {"a", "b", "c"}
    #   b is about the sample.
    # mistake: return {"a", "c", "d"}
    #   d holds for large samples only.
    # mistake: return {"a"}
    #   c is true, too: it is the definition.
    ### END SOLUTION

def rate():
    ### BEGIN SOLUTION
    return 0.36788
    # mistake: return 2.7183
    #   this is e, and 1 / e was asked for.
    ### END SOLUTION

def weights():
    ### BEGIN SOLUTION
    return (3, 4)
    # mistake: return (4, 3)
    #   rows are inputs.
    ### END SOLUTION

def slope():
    ### BEGIN SOLUTION
    return "negative"
    ### END SOLUTION

def rule():
    ### BEGIN SOLUTION
    return "chain rule"
    # mistake: return "product rule"
    #   nothing is multiplied here.
    ### END SOLUTION

def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    # mistake: return x * x
    #   this is the square.
    ### END SOLUTION
"""
QUESTIONS = ("norm", "best", "true_ones", "rate", "weights", "slope", "rule")
POINTS = 10


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Build a unit of questions."""
    folder = tmp_path_factory.mktemp("questions")
    made = small.with_calls(small.write_course(folder, "asked", CHECKS, SOLUTION))
    assert build(made.course)
    return load_unit(read_course(folder), "asked")


@pytest.fixture(scope="module")
def graded(asked):
    """Return a function that grades a script as a submission on a secret seed."""
    with Server(asked) as server:
        key = build_key(server, small.SEED, {})

        def grade(script):
            verdicts = grade_one(server, script.encode(), "ada.py", small.SEED, key, {})
            return {verdict.name: verdict for verdict in verdicts}

        yield grade


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('return "relu"', 'return "Relux"', 'the answer should be one of "tanh", "relu", "sine"'),
        ("return 2.7183", 'return "e"', "the answer should be a number. It is 'e'."),
        ("return (4, 3)", "return (4, 3.5)", "the answer should be a shape, as (3, 4). It is (4"),
    ],
)
def test_a_mistake_that_is_no_answer_is_refused(old, new, why, tmp_path):
    """A mistake that is no valid answer is refused: no student could get its description.

    Their own invalid answer is rejected before it is judged.
    """
    script = SOLUTION.replace(old, new)
    made = small.with_calls(small.write_course(tmp_path, "asked", CHECKS, script))
    with pytest.raises(BadSource) as refused:
        build(made.course)
    assert f"`{new}` is no answer to" in str(refused.value)
    assert why in str(refused.value)


def answering(asked, **answers):
    """Return the solution with other answers to some questions."""
    lines = [solution_of(asked).plain()]
    lines += [f"def {name}():\n    return {answer}" for name, answer in answers.items()]
    return "\n\n".join(lines)


def practised(asked, script):
    """Return the verdicts of practice, by name."""
    verdicts = practise(asked, asked.checks, Submission(script.encode(), "mine.py"))
    return {verdict.name: verdict for verdict in verdicts}


# ---- valid answers


@pytest.mark.parametrize(
    ("question", "value", "text"),
    [
        (choice("up", "down"), " UP ", "up"),
        (choice("0", "1"), 1, "1"),
        (choice("0", "1"), np.argmax([1, 3]), "1"),
        (choices("a", "b"), ["b", "a"], "a, b"),
        (choices("a", "b"), set(), "none"),
        (sign(), "Zero", "zero"),
        (number(), np.float32(0.5), "0.5"),
        (number(), 3, "3"),
        (shape(), (3, 4), "(3, 4)"),
        (shape(), np.int64(5), "(5,)"),
        (shape(), (), "()"),
        (short(), "  Chain\n Rule", "chain rule"),
        (short(), unicodedata.normalize("NFD", "Café"), unicodedata.normalize("NFC", "café")),
    ],
)
def test_an_answer_is_read_as_it_is_meant(question, value, text):
    """Capitals, blanks and the type of a number do not count in an answer."""
    assert question.text("q", question.read("q", value)) == text


@pytest.mark.parametrize(
    ("question", "value", "told"),
    [
        (choice("up", "down"), "left", 'the answer should be one of "up", "down". It is \'left\'.'),
        (choice("up", "down"), None, 'the answer should be one of "up", "down". It is None.'),
        (choices("a", "b"), "a", 'the answer should be a set of some of "a", "b". It is \'a\'.'),
        (
            choices("a", "b"),
            {"e"},
            'each part of the answer should be one of "a", "b". It is \'e\'.',
        ),
        (number(), True, "the answer should be a number. It is True."),
        (number(), float("nan"), "the answer should be a number. It is nan."),
        pytest.param(
            number(),
            10**5000,
            "the answer should be a number. It is of type int.",
            id="a long number",
        ),
        (number(), 1j, "the answer should be a number. It is of type complex."),
        (number(), np.zeros(2), "the answer should be a number. It is of type ndarray."),
        (shape(), (3, -1), "the answer should be a shape, as (3, 4). It is (3, -1)."),
        (shape(), "34", "the answer should be a shape, as (3, 4). It is '34'."),
        (short(), "", "the answer is empty. Write it between the quotes."),
        (short(), "x" * 201, "the answer should have at most 200 characters; it has 201."),
    ],
)
def test_what_is_no_answer_is_told_what_one_is(question, value, told):
    """The message on an invalid answer says what was found and what is valid."""
    with pytest.raises(TypeError) as error:
        question.read("q", value)
    assert str(error.value) == told


@pytest.mark.parametrize(
    ("question", "right", "found", "is_right"),
    [
        (number(significant=3), 3.14159, 3.14, True),
        (number(significant=3), 3.14159, 3.137, True),
        (number(significant=3), 3.14159, 3.136, False),
        (number(significant=2), 0.00123, 0.0012, True),
        (number(significant=2), 9.94, 10.0, False),
        (number(rtol=0.1), 200.0, 219.0, True),
        (number(rtol=0.1), 200.0, 221.0, False),
        (number(atol=0.5), 0.0, 0.4, True),
        (number(), 1000.0, 1001.0, False),
        (number(), 0.1 + 0.2, 0.3, True),
    ],
)
def test_a_number_may_be_off_by_what_the_question_says(question, right, found, is_right):
    """A number has a tolerance: relative, absolute, or half a unit of the last digit."""
    assert (abs(found - right) <= question.allowed(right)) == is_right


def test_all_or_none_of_several_choices_earn_nothing():
    """Choosing all or none of several options earns nothing.

    Each right option adds its part, and each wrong one subtracts it.
    """
    question = choices("a", "b", "c", "d")
    right = question.read("q", {"a", "c"})
    shares = [
        question.share(right, question.read("q", set(found)))
        for found in ("ac", "a", "abc", "ab", "abcd", "", "bd")
    ]
    assert shares == [1, 0.5, 0.5, 0, 0, 0, 0]


def test_what_is_no_answer_outside_counts_as_none():
    """The judge treats invalid arrays from a submission as no answer."""
    text = np.array("<b>")
    for question in (choice("a", "b"), choices("a", "b"), number(), shape()):
        for array in (text, np.zeros(3), np.array(True), np.array(["a"])):
            assert question.text("q", {"q": array, "a": array}) == ""
    assert short().text("q", {"q": np.array("x" * 5000)}) == "x" * 200


def test_slips_in_a_question_are_told_to_its_author():
    """Errors in a question are reported to its author in one line each, without a traceback."""
    for question, told in [
        (choice("a"), "a choice has 2 to 26 options, and this one has 1."),
        (choice("a", "A"), "two options are the same but for capitals and blanks."),
        (
            choice("a", "b|c"),
            "the option 'b|c' should be a text of 1 to 40 characters in one line, without | "
            "and backticks.",
        ),
        (
            number(significant=-1),
            "`number` takes whole figures and no negative tolerance: `number(significant=3)`.",
        ),
        ("a", '`question=\'a\'` should be as in `question=choice("up", "down")`.'),
    ]:
        assert next(slips_of_options({"points": 1, "question": question})) == told
    options = {"points": 1, "question": sign(), "tolerance": {"q": 1.0}}
    (slip,) = slips_of_options(options)
    assert slip == "a question has no `tolerance`. Tolerances stand in `number(rtol=…, atol=…)`."


def test_an_outline_knows_what_is_asked(asked):
    """An outline describes the question, so that grading does not import the checks."""
    outlined = outline_unit(asked.course, asked.name)
    again = outline_unit(asked.course, asked.name)  # as stored
    for one in (outlined, again):
        assert [check.question for check in one.checks] == [c.question for c in asked.checks]


# ---- grades


def test_right_answers_earn_all_and_the_stub_nothing(asked, graded):
    """Right answers earn all points and the stub none, though answers are equal on every seed."""
    right = graded(solution_of(asked).plain())
    assert [verdict.status for verdict in right.values()] == ["passed"] * 8
    assert sum(verdict.earned for verdict in right.values()) == POINTS
    assert [right[name].given for name in QUESTIONS] == [
        "vanishes",
        "tanh",
        "a, c",
        "0.36788",
        "(3, 4)",
        "negative",
        "chain rule",
    ]
    assert all(right[name].agrees for name in QUESTIONS)
    stub = graded(solution_of(asked).stub)
    assert sum(verdict.earned for verdict in stub.values()) == 0
    assert {stub[name].given for name in QUESTIONS} == {""}


def test_each_option_has_its_own_words(asked, graded):
    """Each option has its description, after the given answer; only a mistake may keep points."""
    found = graded(answering(asked, best='"relu"'))["best"]
    assert (found.status, found.earned, found.given) == ("failed", 0, "relu")
    assert [r.text for r in found.remarks] == ["You answered: relu.", "relu has no bound."]
    assert graded(answering(asked, best='"sine"'))["best"].earned == 1
    found = graded(answering(asked, slope='"zero"'))["slope"]
    assert [r.text for r in found.remarks] == ["You answered: zero. That is not right."]
    found = graded(answering(asked, rate="2.718"))["rate"]
    assert found.remarks[1].text == "this is e, and 1 / e was asked for."
    assert graded(answering(asked, rate="0.368"))["rate"].earned == 1
    assert graded(answering(asked, weights="(4, 3)"))["weights"].remarks[1].text == (
        "rows are inputs."
    )
    assert graded(answering(asked, rule='"Chain  RULE"'))["rule"].earned == 1


def test_of_several_choices_each_wrong_one_is_told(asked, graded):
    """Each wrong one of several choices gets a remark; an unlisted option gets the first."""
    found = graded(answering(asked, true_ones='{"a", "b", "c", "d"}'))["true_ones"]
    assert (found.earned, found.given) == (0, "a, b, c, d")
    told = [(r.text, r.arrays) for r in found.remarks[1:]]
    assert told == [("b is about the sample.", ("b",)), ("d holds for large samples only.", ("d",))]
    found = graded(answering(asked, true_ones='{"a"}'))["true_ones"]
    assert (found.earned, found.status) == (1, "partial")
    assert found.remarks[1].arrays == ("c",)


def test_a_prediction_earns_its_points_whatever_it_is(asked, graded):
    """Any prediction earns its points and gets feedback; an invalid one earns nothing."""
    found = graded(answering(asked, norm='"grows"'))["norm"]
    assert (found.earned, found.status, found.given, found.agrees) == (1, "passed", "grows", False)
    assert [r.text for r in found.remarks] == [
        "You predicted: grows.",
        "a factor below 1 in each step makes it smaller.",
    ]
    found = graded(answering(asked, norm='"stays"'))["norm"]
    assert [r.text for r in found.remarks] == [
        "You predicted: stays. The result differs: run the example and compare. "
        "Any prediction earns the point."
    ]
    found = graded(answering(asked, norm='"shrinks"'))["norm"]
    assert (found.earned, found.given) == (0, "")
    assert 'should be one of "vanishes", "grows", "stays"' in found.remarks[0].text


def test_a_wrong_answer_holds_nothing_back(asked, graded):
    """A wrong answer blocks no later check in a grade, because practice cannot call it wrong.

    A missing answer blocks them in both.
    """
    found = graded(answering(asked, best='"relu"'))["doubling"]
    assert found.status == "passed"
    unanswered = graded(
        solution_of(asked).plain() + "\ndef best():\n    raise NotImplementedError()"
    )
    assert unanswered["doubling"].status == "not_reached"
    recorded = practised(asked, answering(asked, best='"relu"'))
    assert unmet(asked.checks[-1], recorded) == []
    assert recorded["doubling"].status == "passed"


AFTER = """

@check(points=1, needs=doubling, question=choice("2 x", "x + 2"))
def what(unit, seed):
    \"\"\"What does it return?\"\"\"
    return unit.what()

@check(points=3, needs=doubling, question=written())
def why(unit, seed):
    \"\"\"Why does it?\"\"\"
    return unit.why()
"""
ANSWERS_AFTER = """
def what():
    ### BEGIN SOLUTION
    return "2 x"
    # mistake: return "x + 2"
    #   it multiplies.
    ### END SOLUTION

def why():
    ### BEGIN SOLUTION
    return "it is so"
    ### END SOLUTION
"""


def test_a_question_after_a_known_mistake_is_recorded_in_practice_and_judged_in_a_grade(tmp_path):
    """After a known mistake, practice records an answer that a grade would judge.

    Practice knows no answer, so it passes none. A written text is stored.
    """
    checks = CHECKS.replace("import check,", "import written, check,") + AFTER
    made = small.write_course(tmp_path / "course", "asked", checks, SOLUTION + ANSWERS_AFTER)
    assert build(small.with_calls(made).course)
    asked = load_unit(read_course(tmp_path / "course"), "asked")
    wrong = answering(asked, what='"x + 2"', why='"I think so"') + "\ndef double(x): return x * x\n"
    in_practice = practised(asked, wrong)
    assert [in_practice[name].status for name in ("what", "why")] == ["recorded", "recorded"]
    assert sum(in_practice[name].earned for name in ("what", "why")) == 0
    with Server(asked) as server:
        listed = small.listed(asked, server)
        key = MadeKey(asked, small.SEED, {}, AnswerStore(None), lambda: server, listed)
        verdicts = grade_one(server, wrong.encode(), "ada.py", small.SEED, key, {})
    doubling, what, why = verdicts[-3:]
    assert [one.status for one in (doubling, what, why)] == ["failed", "failed", "recorded"]
    assert [one.earned for one in (doubling, what, why)] == [0, 0, 0]


HOSTILE = {
    "another type that says it is equal": """
class Any(str):
    def __eq__(self, other):
        return True
    __hash__ = str.__hash__
    def casefold(self):
        return self
    def split(self, *_):
        return self

def best():
    return Any("tanh relu sine")
""",
    "a number that is all numbers": """
class All(float):
    def __float__(self):
        raise SystemExit(0)
    __sub__ = __rsub__ = lambda *_: 0.0

def rate():
    return All(1)
""",
    "a reader that it replaces": """
import autograder.question
import numpy as np

def best():
    everything = np.array(["tanh", "relu", "sine"])
    autograder.question.Question.read = lambda *_: {"best": everything, "a": everything}
    return "relu"

def true_ones():
    everything = np.array([[True, False]])
    return None
""",
    "a judge that it replaces": """
import autograder.question

def best():
    autograder.question.Question.share = lambda *_: 1.0
    autograder.question.Question.text = lambda *_: "tanh"
    return "relu"
""",
    "markup, and no end": """
def rule():
    return "<script>alert(1)</script>" * 7

def best():
    return "relu" * 10_000_000
""",
    "all at once": """
def true_ones():
    return {"a", "b", "c", "d"}

def best():
    class Several(str):
        pass
    return [Several("tanh"), "relu"]
""",
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_a_hostile_answer_earns_nothing(asked, graded, attack):
    """A hostile answer earns nothing: it changes its own process only.

    Outside, an invalid value counts as no answer.
    """
    source = HOSTILE[attack]
    found = graded(f"{solution_of(asked).plain()}\n{source}")
    for name in QUESTIONS[1:]:
        if f"def {name}()" in source:
            verdict = found[name]
            assert verdict.earned == 0, (name, verdict)
            assert len(verdict.given) <= 200
            assert not verdict.agrees
    earned = sum(verdict.earned for verdict in found.values())
    assert earned < POINTS


# ---- what students receive


def test_no_answer_is_in_the_key_that_students_get(asked):
    """The public key holds no answers, and no descriptions or list of mistakes.

    The missing option would be the answer.
    """
    path = asked.course.key(asked.name)
    whole = path.read_bytes()
    for words in ("vanishes", "relu has", "b is about", "0.36", "negative", "rows are"):
        assert words.encode() not in whole
    with safe_open(path, "np") as file:
        names = list(file.keys())
        stored = json.loads(file.metadata()["key"])
    hidden = set(QUESTIONS) - {"rule"}
    assert not [name for name in names if name.split("|")[0] in hidden]
    for name in hidden:
        assert stored[name]["mistakes"] == stored[name]["small_changes"] == []
        assert stored[name]["shapes"] == {}
    assert stored["rule"]["mistakes"]  # its author lets practice judge it
    assert not build(asked.course)  # nothing is outdated


def test_practice_records_an_answer_and_does_not_judge_it(asked):
    """Practice records right and wrong answers alike and counts both as done."""
    right = practised(asked, solution_of(asked).plain())
    wrong = practised(asked, answering(asked, norm='"grows"', best='"relu"', rate="5"))
    for found, given in ((right, "tanh"), (wrong, "relu")):
        verdict = found["best"]
        assert (verdict.status, verdict.earned, verdict.is_done) == ("recorded", 0, True)
        told = f"Your answer is: {given}. It is judged when you have handed it in."
        assert [remark.text for remark in verdict.remarks] == [told]
        assert not verdict.agrees
    assert wrong["norm"].remarks[0].text.startswith("Your prediction is: grows.")
    assert verdict_lines(right["best"]).plain.startswith("• 0/2  Which function suits?")
    assert total_in_practice(list(right.values())) == "2 of 2 points, and 8 to be judged,"
    assert Checked("asked", "mine.py", list(wrong.values())).passed


def test_practice_says_what_is_no_answer_and_gives_feedback_where_it_may(asked):
    """Practice rejects an invalid answer without loss.

    It gives feedback on a valid one if the author allows it.
    """
    found = practised(asked, answering(asked, best='"tan"', rule='"product rule"'))
    assert found["best"].status == "error"
    assert (
        'should be one of "tanh", "relu", "sine". It is \'tan\'.' in found["best"].remarks[0].text
    )
    assert (found["rule"].status, found["rule"].earned) == ("failed", 0)
    assert found["rule"].remarks[1].text == "nothing is multiplied here."
    stub = practised(asked, solution_of(asked).stub)
    assert {stub[name].failure for name in QUESTIONS} == {"stub"}


def test_a_recorded_answer_counts_as_done_in_every_tool(asked, tmp_path):
    """`check`, progress and pytest count a recorded answer as done and go on."""
    folder = small.shutil.copytree(asked.course.folder, tmp_path / "course")
    script = folder / "assignments" / "asked.py"
    calls = script.read_text().partition("# %%")[2]
    script.write_text(f"{answering(asked, best=chr(34) + 'relu' + chr(34))}\n# %%{calls}")
    done = small.run_command("check", "asked", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2 points, and 8 to be judged, on the public seed." in done.stdout
    assert to_do(read_course(folder), "asked") == []
    as_json = json.loads(small.run_command("check", "asked", "--json", cwd=folder).stdout)
    assert as_json["passed"] is True
    assert "recorded" in {one["status"] for one in as_json["units"][0]["checks"]}
    assert "relu" not in small.run_command("hint", "asked", "best", cwd=folder).stdout
    command = [small.sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(script)]
    tested = small.subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert "8 passed" in tested.stdout, tested.stdout


def test_an_example_waits_for_the_prediction_that_it_calls(asked, tmp_path):
    """An example stays hidden until its prediction is made, and shows its output afterwards."""
    folder = shutil.copytree(asked.course.folder, tmp_path / "course")
    script = folder / "assignments" / "asked.py"
    example = (
        '\nwith autograder.example("a hundred steps"):\n'
        '    print("predicted:", norm(), "found:", 0.9**100)\n'
    )
    script.write_text(script.read_text() + example)
    commands = [small.sys.executable, str(script)]
    shown = small.subprocess.run(commands, capture_output=True, text=True, cwd=folder)
    assert "Example skipped because an exercise above is not written yet" in shown.stdout
    assert "found:" not in shown.stdout
    answered = script.read_text().replace("raise NotImplementedError()", 'return "grows"', 1)
    script.write_text(answered)
    shown = small.subprocess.run(commands, capture_output=True, text=True, cwd=folder)
    assert "predicted: grows found: 2.6" in shown.stdout


def test_the_site_does_not_show_what_is_to_be_predicted(asked):
    """On the site, students see the code of a predicted example, and instructors its output."""
    pytest.importorskip("myst_nb")
    from autograder.authoring.site import hide_solutions
    from autograder.source.notebooks import read_percent

    example = "# %%\nprint(norm())\n\n# %%\nprint(2)"
    solution = read_solution(f"# %%\n{solution_of(asked).text}\n{example}\n")
    for with_solutions, shown in ((False, [0, 1]), (True, [1, 1])):
        book = read_percent(solution.plain())
        for cell in book.cells[-2:]:
            cell.outputs = [{"name": "stdout", "output_type": "stream", "text": "vanishes"}]
        hide_solutions(book, solution, with_solutions, functions_of_questions(asked.checks))
        assert [len(cell.outputs) for cell in book.cells[-2:]] == shown


# ---- authors and instructors


def test_a_unit_of_questions_is_proven(asked):
    """`validate` diagnoses each listed option and does not count guessing as a fault."""
    report = ValidationReport(asked.name, seeds=1, quick=True)
    found = list(validate(asked, report))
    assert [one.text for one in found if one.fault] == []
    assert report.mutants > 0


def test_the_class_page_shows_what_was_answered(asked, tmp_path):
    """The class page shows how many gave each answer and which is right, as text."""
    folder = shutil.copytree(asked.course.folder, tmp_path / "course")
    handed_in = tmp_path / "in"
    scripts = {
        "ada": answering(asked),
        "ben": answering(asked, norm='"grows"', rule='"<b>product</b> rule"'),
        "cleo": answering(asked, norm='"grows"', best='"sine"'),
        "dan": solution_of(asked).stub,
    }
    for student, script in scripts.items():
        small.submit(handed_in, student, script, "asked")
    out = tmp_path / "out"
    done = small.run_command("grade", handed_in, "--out", out, "--seed", 7, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    first = summary.answers(stored_results(out))[0]
    assert (first.name, first.answered) == ("norm", 3)
    assert [(g.text, g.agrees, g.count) for g in first.given] == [
        ("grows", False, 2),
        ("vanishes", True, 1),
    ]
    assert small.run_command("report", out, cwd=folder).returncode == 0
    (page,) = out.glob("**/index.html")
    html = page.read_text(encoding="utf-8")
    assert "What was answered to each question" in html
    assert (
        'data-label="answer">grows</td><td></td><td class="n" data-label="submissions">2 of 3<'
        in html
    )
    assert "&lt;b&gt;product&lt;/b&gt; rule" in html
    assert "<b>product" not in html


WRITTEN = """
    from autograder.check import check, named, written

    @check(points=4, question=written())
    def essay(unit, seed):
        "An essay"
        return unit.essay()
"""
ESSAY = """
def essay():
    ### BEGIN SOLUTION
    return "It says what follows from it."
    ### END SOLUTION
"""


def test_a_written_answer_waits_for_a_person(tmp_path):
    """A written answer waits for an instructor, earns nothing until then and has not failed.

    That holds for an answer equal to ours, too.
    """
    unit = small.with_calls(small.write_course(tmp_path, "essays", WRITTEN, ESSAY))
    assert build(unit.course)
    assert b"It says what follows" not in unit.course.key("essays").read_bytes()
    told = "Your answer has 6 words. A person reads it and gives the points."
    script = solution_of(unit).plain()
    with Server(unit) as server:
        key = build_key(server, small.SEED, {})
        (verdict,) = grade_one(server, script.encode(), "ada.py", small.SEED, key, {})
        unread = script.replace('"It says what follows from it."', "None")
        (nothing,) = grade_one(server, unread.encode(), "ben.py", small.SEED, key, {})
    assert (verdict.status, verdict.earned, verdict.points) == ("recorded", 0, 4)
    assert [remark.text for remark in verdict.remarks] == [told]
    assert (nothing.status, nothing.given) == ("error", "")
    assert nothing.remarks[0].text == "the answer should be a text. It is None."
    (practised_here,) = practise(unit, unit.checks, Submission(script.encode(), "mine.py"))
    assert [remark.text for remark in practised_here.remarks] == [told]
    findings = list(validate(unit, ValidationReport("essays", seeds=1, quick=True)))
    assert "no mutant was tried" in "".join(one.text for one in findings)


def test_points_by_hand_for_a_written_answer_count(tmp_path):
    """Manual points for a written answer count in the export and on the page with its text."""
    unit = small.with_calls(small.write_course(tmp_path / "course", "essays", WRITTEN, ESSAY))
    assert build(unit.course)
    small.submit(tmp_path / "in", "ada", solution_of(unit).plain(), "essays")
    out = tmp_path / "out"
    folder = unit.course.folder
    done = small.run_command("grade", tmp_path / "in", "--out", out, "--seed", 7, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    given = 'student = "ada"\nunit = "essays"\ncheck = "essay"\nto = 3\nwords = "clear"\nwho = "tg"'
    (out / "adjustments.toml").write_text(f"[[adjustment]]\n{given}\n")
    done = small.run_command("export", out, "--to", "csv", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    head, row = next((out / "export").glob("*.csv")).read_text().splitlines()
    assert "3" in row.split(","), (head, row)
    assert small.run_command("report", out, cwd=folder).returncode == 0
    page = next(out.glob("**/essays/ada.html")).read_text(encoding="utf-8")
    assert "It says what follows from it." in page
    assert "clear" in page


FITTED = """
    from autograder.check import check, choice, named
    import numpy as np

    @check(points=1, question=choice("up", "down", predict=True))
    def slope(unit, seed):
        "Up or down?"
        return unit.slope()

    @check(points=1)
    def fitting(unit, seed):
        "`fit` takes steps"
        x, y = np.random.default_rng(seed).normal(size=(2, 6))
        return named("slopes", unit.fit(x, y))
"""
FIT = """
def slope():
    ### BEGIN SOLUTION
    return "down"
    ### END SOLUTION

def fit(x, y):
    ### BEGIN SOLUTION
    slopes = [0.0]
    for a, b in zip(x, y):
        slopes.append(slopes[-1] - 0.1 * (slopes[-1] * a - b) * a)
    return slopes
    ### END SOLUTION
"""
SLIP = """
def slope():
    return "PREDICTED"

def fit(x, y):
    slope = 0.0
    slopes = [slope]
    for i in range(len(x)):
        missed = slope * x[i] - y[i - 1]
        slope = slope - 0.1 * missed * x[i]
        slopes.append(slope)
    return slopes
"""


@pytest.mark.parametrize("predicted", ["down", "up"])
def test_a_wrong_prediction_hides_no_small_change_that_mends_another_answer(predicted, tmp_path):
    """A wrong prediction does not prevent the repair of another answer.

    The prediction has passed, and the changed file need not get it right.
    """
    unit = small.write_course(tmp_path, "fitted", FITTED, FIT)
    script = SLIP.replace("PREDICTED", predicted)
    with Server(unit) as server:
        key = build_key(server, small.SEED, {})
        verdicts = grade_one(server, script.encode(), "a.py", small.SEED, key, {}, mend=True)
    (remark,) = verdicts[1].remarks
    assert "passes with one small change in `fit`" in remark.text
