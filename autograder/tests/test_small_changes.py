"""Small changes of a solution: made at a place, run once a seed, reported if they explain one."""

import ast
import time

import numpy as np
import pytest
import small
from test_relations import DRAWS, SHAPES, calls_of

from autograder.authoring.build import build
from autograder.check import Answer
from autograder.explaining.describe import small_changes_that_give
from autograder.explaining.words import sentence, slip_in_words
from autograder.finding import FindingKind
from autograder.grading import small_changes as small_change_scripts
from autograder.grading.key_file import load_key, save_key
from autograder.grading.made_key import MadeKey
from autograder.grading.one import grade_one
from autograder.grading.small_changes import as_arrays, from_arrays, styles_to_be_tried
from autograder.grading.store import AnswerStore
from autograder.judging import PlainKey, variants
from autograder.judging.chance import NEAREST, chance_of_text_log10
from autograder.judging.prints import WIDTH, ChangedAnswers, SmallChange, is_exact, print_of
from autograder.judging.variants import WrongAnswer, chance_of_array_log10, changes_that_explain
from autograder.practice.practise import practise
from autograder.sandbox.client import Server
from autograder.sandbox.inside.submission import Submission
from autograder.slip import Slip, SlipKind, replaced
from autograder.source import addons as addon_names
from autograder.source.small_changes import Source, changes_of, small_changes

SCRIPT = '''
class Net:
    def forward(self, x, h):
        """A step."""
        ### BEGIN SOLUTION
        with tools.quietly():
            z = x @ self.w.T + h[-1]
        z += 0.5
        if z.sum(0).max() > 1:
            z = z.clamp(min=0)
            z = z.detach()
        return -(h - z).mean(axis=0, keepdims=True), z[1:]
        ### END SOLUTION

def untouched(x):
    return x + 1
'''
MADE = [
    ("x @ self.w.T + h[-1]", "((x @ self.w.T) - (h[-1]))", "`-` stands where `+` should"),
    ("x @ self.w.T + h[-1]", "(x @ self.w.T)", "a term is left out"),
    ("x @ self.w.T", "((self.w.T) @ (x))", "the two sides of a `@` are swapped"),
    ("self.w.T", "(self.w)", "a transpose is missing"),
    ("h[-1]", "h[(0)]", "an index is wrong"),
    ("z += 0.5", "z = 0.5", "`=` stands where `+=` should"),
    ("0.5", "1.0", "a number is twice as large as it should be"),
    ("z.sum(0)", "z.sum((1))", "a function works along the wrong axis"),
    ("axis=0", "axis=(-1)", "a function works along the wrong axis"),
    ("z.sum(0).max()", "(z.sum(0)).min()", "`min` stands where `max` should"),
    ("z.sum(0).max() > 1", "((z.sum(0).max()) >= (1))", "`>=` stands where `>` should"),
    ("z.sum(0).max() > 1", "(not (z.sum(0).max() > 1))", "a condition is inverted"),
    ("z.detach()", "(z)", "`detach` is left out"),
    ("-(h - z).mean", "((h - z).mean", "a minus is left out"),
    (", keepdims=True", ", **{}", "the option `keepdims` is left out"),
    ("z[1:]", "z[::]", "a slice has no beginning"),
    ("z = z.detach()", "pass", "a line is left out"),
    ("tools.quietly()", '__import__("contextlib").nullcontext()', "`with quietly` is left out"),
    ("z[1:]", "z[:(1)]", "a slice takes the beginning instead of the end"),
    ("z.clamp(min=0)", "z.clamp(max=0)", "`max` stands where `min` should"),
    ("h - z", "z - z", "one variable stands where another should"),
]


@pytest.mark.parametrize(("before", "after", "words"), MADE, ids=range(len(MADE)))
def test_a_change_is_made_at_its_place(before, after, words):
    """The rest of the script stays as it is, letter by letter."""
    made = {change.script: change for change in small_changes(SCRIPT)}
    scripts = [script for script in made if slip_in_words(made[script].slip) == words]
    wanted = [script for script in scripts if _is_changed(script, before, after)]
    assert wanted
    assert made[wanted[0]].function == "Net.forward"


def _is_changed(script, before, after):
    at = SCRIPT.index(before)
    if not script.startswith(SCRIPT[:at]):
        return False
    return script[at:].startswith(after)


STEPS = """
def f(x):
    return [x[::-1][i] for i in range(3, 0, -1)]
"""


STATISTICS = """
def summary(table):
    ### BEGIN SOLUTION
    spread = np.var(table.x, axis=0)
    return table.groupby("k").agg(n="count", total="sum"), spread, table.x.std(ddof=0)
    ### END SOLUTION
"""


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('total="sum"', 'total="mean"', "`mean` stands where `sum` should"),
        (
            "np.var(table.x, axis=0)",
            "np.var(table.x, axis=0, ddof=1)",
            "a divisor is wrong",
        ),
    ],
)
def test_slips_of_statistics_are_small_changes(before, after, words):
    """A function that is named by a word, and another divisor of a variance."""
    made = [change for change in small_changes(STATISTICS) if after in change.script]
    assert [slip_in_words(change.slip) for change in made] == [words]
    assert before in STATISTICS
    assert "n='" not in "".join(change.code for change in small_changes(STATISTICS))


DIVIDED = """
def f(a, b, c):
    ### BEGIN SOLUTION
    return a / b + a // c
    ### END SOLUTION
"""


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ("((a) // (b))", "`//` stands where `/` should"),
        ("((a) / (c))", "`/` stands where `//` should"),
    ],
)
def test_the_two_divisions_are_exchanged(after, words):
    """In Python a division that rounds down is a frequent slip, either way."""
    made = [change for change in small_changes(DIVIDED) if change.code == after]
    assert [slip_in_words(change.slip) for change in made] == [words]


APPLIED = """
import numpy as np


def f(a, b):
    ### BEGIN SOLUTION
    return np.sqrt(a + b), a / np.sqrt(b), (a - b).mean(0)
    ### END SOLUTION
"""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("((np.sqrt((a))) + ((b)))", "`sqrt` should apply to more of the expression"),
        ("(((a)) + (np.sqrt((b))))", "`sqrt` should apply to more of the expression"),
        ("np.sqrt(((a) / (b)))", "`sqrt` should apply to less of the expression"),
        ("((((a)).mean(0)) - ((b)))", "`mean` should apply to more of the expression"),
    ],
)
def test_a_function_may_be_applied_to_too_much_or_too_little(code, words):
    """One bracket is in another place; of a method what it is called on is meant."""
    (made,) = [change for change in small_changes(APPLIED) if change.code == code]
    assert slip_in_words(made.slip) == words
    assert slip_in_words(made.slip.taken_back()) != words


def test_a_step_is_called_a_step():
    """It says neither where a slice or a loop begins nor where it ends."""
    source = Source(STEPS, frozenset())
    (definition,) = source.definitions([3])
    words = {slip_in_words(change.slip) for change in changes_of(definition, source, {})}
    assert {"the step of a slice is wrong", "the step of a loop is wrong"} <= words
    assert "a slice begins or ends at the wrong place" not in words


IN_LINES = """
def f(x, a, b):
    x -= (a
    + b)
    return b, (a
    + x)
"""


def test_a_value_of_several_lines_stays_one():
    """Its brackets are not part of its code, and without them a line would stand by itself."""
    source = Source(IN_LINES, frozenset())
    (definition,) = source.definitions(range(2, 8))
    for change in changes_of(definition, source, {}):
        if change.slip in (Slip(SlipKind.VALUES_SWAPPED), replaced("+=", "-=")):
            (function,) = ast.parse(change.script).body
            assert len(function.body) == 2, change.script


CALLS = """
import tools
from tools import quick

class Net:
    def forward(self, x, y):
        ### BEGIN SOLUTION
        return tools.relu(x) + self.hidden(x) + quick.tanh(x) + x.matmul(y) + x.squeeze(1)
        ### END SOLUTION
"""


def test_a_method_is_not_left_out_where_its_owner_goes_too():
    """Of a function, or of a layer, the argument is what is left; of a method it is not."""
    words = {}
    for change in small_changes(CALLS):
        words[change.script.split("return ")[1].split("\n")[0]] = slip_in_words(change.slip)
    rest = "self.hidden(x) + quick.tanh(x) + x.matmul(y) + x.squeeze(1)"
    assert words[f"(x) + {rest}"] == "`relu` is left out"
    assert words[f"tools.relu(x) + (x) + {rest[17:]}"] == "`hidden` is left out"
    begins = "tools.relu(x) + self.hidden(x) + quick.tanh(x) + "
    assert words[f"{begins}x.matmul(y) + (x)"] == "`squeeze` is left out"
    argument = "an argument of `squeeze` stands where its result should"
    assert words[f"{begins}x.matmul(y) + (1)"] == argument


def test_all_changes_can_be_read_and_are_in_the_regions():
    """Of a script with letters of more than one byte too."""
    script = SCRIPT.replace("A step.", "Ein Schrittchen, µ × 2.").replace("0.5", '0.5 + len("ü")')
    made = small_changes(script, [("detach", "clone"), ("clone", "copy")])
    assert len({change.script for change in made}) == len(made) > 60
    for change in made:
        ast.parse(change.script)
        assert change.script.endswith("def untouched(x):\n    return x + 1\n")
    words = {slip_in_words(change.slip) for change in made}
    assert "`clone` stands where `detach` should" in words
    assert "`copy` stands where `detach` should" in words  # by way of `clone`


def test_an_array_is_known_again_by_its_print():
    """Up to rounding, and with NaN and infinity in the same places; another shape is another."""
    rng = np.random.default_rng(0)
    array = rng.normal(size=(6, 5))
    known = print_of(array, False)
    strange = np.where(array > 1, np.nan, array)
    assert print_of(array + 1e-9, False)[0] == known[0]
    assert print_of(array.T, False)[0] != known[0]
    assert print_of(strange, False)[0] != known[0]
    rounded = print_of(array.astype(np.float32), False)
    assert np.abs(rounded - known).max() < NEAREST / 100
    upside_down = print_of(array[::-1], False)
    assert np.abs(upside_down - known).max() > 1
    for one, other in (([1, 2, 3], [1, 2, 4]), ([True, False], [True, True]), (["a"], ["b"])):
        one, other = np.array(one), np.array(other)
        exact = is_exact(one)
        assert print_of(one, exact)[0] != print_of(other, exact)[0]
    of_integers = print_of(np.array([1, 2]), True)
    of_floats = print_of(np.array([1.0, 2.0]), True)
    assert (of_integers == of_floats).all()


def changed_answers(right, *answers):
    """What changes answer: each a function, a call left out, and the arrays that it spoils."""
    prints = np.zeros((len(answers), len(right), WIDTH))
    changes = []
    for number, (function, call, spoilt) in enumerate(answers):
        slip = call if isinstance(call, Slip) else Slip(SlipKind.CALL, (call,))
        changes.append(SmallChange(f"change {number}", function, slip))
        for place, name in enumerate(right):
            if name in spoilt:
                prints[number, place] = print_of(spoilt[name], is_exact(right[name]))
    return ChangedAnswers(tuple(changes), tuple(right), prints)


RNG = np.random.default_rng(2)
A, B, C, D = (RNG.normal(size=(4, 5)) for _ in range(4))
RIGHT = {"a": A, "b": B}
FUNCTIONS = {"f", "g", "h"}


def told(changed, found, wrong, unexplained=None, excluded=lambda _: False):
    answer = WrongAnswer(RIGHT, found, wrong, unexplained or wrong)
    of_arrays = small_changes_that_give(answer, changed, excluded, FUNCTIONS)
    return {name: sentence(finding) for name, finding in of_arrays.items()}


def of_a(changed, right, found):
    """What is found of the array `a`, which is wrong."""
    answer = WrongAnswer(right, found, ["a"], ["a"])
    return small_changes_that_give(answer, changed, lambda _: False, FUNCTIONS)


def says_enough(right, found):
    """Whether a wrong array `a` says enough for a small change to be reported."""
    return WrongAnswer(right, found, ["a"], ["a"]).says_enough


SAID = "your values are those of a right answer with one small mistake in "


def test_the_change_that_gives_all_that_is_wrong_is_told():
    """With its function and kind; of two kinds both, of more only the function."""
    changed = changed_answers(RIGHT, ("f", "one thing", {"a": C}), ("f", "another", {"b": D}))
    one_wrong = {"a": C, "b": B}
    assert told(changed, one_wrong, ["a"]) == {"a": f"{SAID}`f`: `one thing` is left out."}
    both_wrong = {"a": C, "b": D}
    found = told(changed, both_wrong, ["a", "b"])
    assert found == {
        "a": f"{SAID}`f`: `one thing` is left out.",
        "b": f"{SAID}`f`: `another` is left out.",
    }
    alike = [("f", call, {"a": C}) for call in ("one", "two", "three")]
    two = changed_answers(RIGHT, *alike[:2])
    assert told(two, one_wrong, ["a"]) == {
        "a": f"{SAID}`f`: `one` is left out, or `two` is left out."
    }
    three = changed_answers(RIGHT, *alike)
    assert told(three, one_wrong, ["a"]) == {"a": f"{SAID}`f`."}


def test_a_function_that_no_check_names_is_not_told():
    """A helper of ours, which a submission need not have."""
    changed = changed_answers(RIGHT, ("helper", "one thing", {"a": C}))
    assert told(changed, {"a": C, "b": B}, ["a"]) == {"a": f"{SAID[:-4]}: `one thing` is left out."}


def test_of_two_opposite_signs_either_may_be_the_wrong_one():
    """A right answer may add what another one takes away."""
    changed = changed_answers(RIGHT, ("f", replaced("-", "+"), {"a": C}))
    said = {"a": f"{SAID}`f`: `-` stands where `+` should, or the other way round."}
    assert told(changed, {"a": C, "b": B}, ["a"]) == said


def test_changes_in_several_functions_name_two_of_them_at_most():
    """More would be no diagnosis."""
    wrong = {"a": C, "b": B}
    alike = [(function, "one", {"a": C}) for function in "fgh"]
    two = changed_answers(RIGHT, *alike[:2])
    assert told(two, wrong, ["a"]) == {"a": f"{SAID}`f` or in `g`: `one` is left out."}
    three = changed_answers(RIGHT, *alike)
    assert told(three, wrong, ["a"]) == {}


def test_a_change_that_spoils_what_is_right_or_was_not_made_is_not_told():
    """Nor one that gives only a part of what it spoils, or answers by another shape."""
    changed = changed_answers(RIGHT, ("f", "one thing", {"a": C, "b": D}))
    both = ["a", "b"]
    as_changed = {"a": C, "b": D}
    assert told(changed, {"a": C, "b": B}, ["a"]) == {}
    assert told(changed, {"a": C, "b": A}, both) == {}
    assert told(changed, {"a": C, "b": D[0]}, both) == {}
    assert told(changed, {"a": C}, both) == {}
    assert len(told(changed, as_changed, both)) == 2
    assert told(changed, as_changed, both, excluded=lambda _: True) == {}
    assert told(changed, as_changed, both, ["b"]).keys() == {"b"}


def test_what_is_carried_is_compared_with_each_listed_change_and_not_searched_for():
    """Only a change that gives all that is wrong counts: of others nothing is asked or made."""
    in_part = ("f", "in part", {"a": C})
    whole = ("f", "whole", {"a": C, "b": D})
    changed = changed_answers(RIGHT, in_part, whole, ("f", "rest", {"b": D}), whole)
    both = WrongAnswer(RIGHT, {"a": C, "b": D}, ["a", "b"], ["a", "b"])
    asked = []

    def excluded(change):
        asked.append(change.id)
        return change.id == "change 1"

    assert changes_that_explain(changed, both, excluded) == [changed.changes[3]]
    assert changes_that_explain(changed, both, lambda one: asked.append(one.id) or True) == []
    assert asked == ["change 1", "change 3"] * 2


def test_few_numbers_are_no_evidence():
    """Truth values and small whole numbers are met by chance."""
    right = {"a": np.array([1, 0, 1]), "b": np.array([True, False])}
    given = np.array([0, 0, 1])
    changed = changed_answers(right, ("f", "one thing", {"a": given}))
    found = {"a": given.copy(), "b": right["b"]}
    assert of_a(changed, right, found) == {}


def test_random_arrays_are_given_by_no_change():
    """Of 10,000 wrong answers none gets the words of one of forty changes, whatever its numbers."""
    rng = np.random.default_rng(3)
    spoken = []
    for _ in range(250):
        shape, draw = SHAPES[rng.integers(len(SHAPES))], DRAWS[rng.integers(len(DRAWS))]
        right = {"a": np.asarray(draw(rng, shape))}
        answers = [("f", "x", {"a": np.asarray(draw(rng, shape))}) for _ in range(40)]
        changed = changed_answers(right, *answers)
        for _ in range(40):
            found = {"a": np.asarray(draw(rng, shape))}
            if of_a(changed, right, found):
                spoken.append((right, found))
    assert spoken == []


def test_numbers_too_large_to_be_squared_say_something():
    """And nothing warns: an instructor would read it."""
    right = {"a": RNG.normal(size=(6, 5))}
    assert says_enough(right, {"a": 1e200 * right["a"]})
    assert not says_enough(right, {"a": right["a"] * np.nan})
    assert not says_enough({"a": np.array(["one", "two"])}, right)
    assert chance_of_array_log10(right["a"], 1e200 * right["a"], apart=1e-5) == 0


REPORTED = [f"p = 0.0{n} (significant)" for n in (31, 12, 29, 45, 17, 38)]
OF_TEXTS = {
    "a branch that is taken too seldom": (
        [text.replace("(", "(not ") for text in REPORTED],
        -2,
    ),
    "one that returns words of its own": (["it cannot be computed at all"] * 6, -3),
    "words that are left out": ([text.replace(" (significant)", "") for text in REPORTED], 0),
    "other figures": ([text.replace("0.0", "0.").replace(" (", "1 (") for text in REPORTED], -11),
    "all texts in another order": (REPORTED[1:] + REPORTED[:1], -7),
    "fewer texts": (REPORTED[:5], -7),
}


@pytest.mark.parametrize(("found", "about"), OF_TEXTS.values(), ids=OF_TEXTS)
def test_a_text_says_as_much_as_it_has_wrong_words(found, about):
    """Words of the same texts count once, however many letters they have."""
    chance = chance_of_text_log10(np.array(REPORTED), np.array(found))
    assert chance == pytest.approx(about, abs=0.5)


def test_a_text_of_many_letters_may_be_one_decision():
    """Which of two words stands in each text: other programs decide so, too."""
    right = {"a": np.array(REPORTED)}
    swapped = {"a": np.array([text.replace("(", "(not ") for text in REPORTED])}
    assert not says_enough(right, swapped)
    letters = {"a": np.array("o|h|.|a|m|r|i|t|h|m|t|a|T|f|T|h| |i|e|s|t|e|i|f")}
    others = {"a": np.array("t|.|s|m| |l|t| |.|.|e|o|r|T|n|a|t| | | |s|T|.|m")}
    assert says_enough(letters, others)


def test_an_answer_much_larger_than_expected_gets_no_print(monkeypatch):
    """Its print would cost the grader memory, and a small change gives nothing of the kind."""
    change = SmallChange("one", "f", replaced("+", "-"))
    changed = ChangedAnswers((change,), ("a",), np.ones((1, 1, WIDTH)))
    printed = []
    monkeypatch.setattr(
        variants,
        "print_of",
        lambda array, _: printed.append(array.size) or np.ones(WIDTH),
    )
    for size in (3, 2_000_000):
        found = {"a": np.ones(size)}
        of_a(changed, {"a": np.zeros(3)}, found)
    assert printed == [3]


def test_changed_answers_are_stored_and_read_as_they_were(tmp_path):
    """None at all too."""
    some = changed_answers(RIGHT, ("f", "one thing", {"a": C}))
    for changed in (some, changed_answers(RIGHT)):
        again = from_arrays(as_arrays(changed))
        assert (again.changes, again.arrays) == (changed.changes, changed.arrays)
        assert (again.prints == changed.prints).all()


def test_a_public_key_holds_small_changes(tmp_path):
    """With prints of the arrays that they spoil, as they were."""
    answers = [("f", f"slip {n}", {"b": RNG.normal(size=(4, 5))}) for n in range(40)]
    changed = changed_answers(RIGHT, *answers)
    path = tmp_path / "key"
    save_key(path, {"adding": PlainKey(Answer(RIGHT), small_changes=changed)})
    again = load_key(path)["adding"].small_changes
    assert again.changes == changed.changes
    assert again.arrays == changed.arrays
    assert (again.prints == changed.prints).all()


def test_a_search_is_short():
    """It compares with all changes at once: 300 of them make hardly more calls than 30."""

    def calls(changes):
        right = {name: RNG.normal(size=(6, 5, 13)) for name in "abcdefgh"}
        answers = [("f", "x", {"a": RNG.normal(size=(6, 5, 13))}) for _ in range(changes)]
        changed = changed_answers(right, *answers)
        found = right | {"a": RNG.normal(size=(6, 5, 13))}
        return calls_of(lambda: of_a(changed, right, found))

    assert calls(300) < 1.5 * calls(30)
    assert calls(300) < 600


# ---- in a grade

EXPERIMENTS = """
    import numpy as np

    from autograder.check import check, named


    @check(points=2)
    def smoothing(net, seed):
        "`smooth` takes means of neighbours"
        x = np.random.default_rng(seed).normal(size=(6, 5))
        return named("rows weights", net.smooth(x, 3), net.weights(x))


    @check(points=2)
    def deciding(net, seed):
        "`chosen` uses `weights`"
        x = np.random.default_rng(seed).normal(size=(7, 4))
        return named("chosen", net.chosen(x))
"""
SOLUTION = """
    # %%
    import numpy as np

    def smooth(x, times):
        "Tanh of the mean of each row and the next, several times."
        ### BEGIN SOLUTION
        while times > 0:
            x = np.arctan(0.5 * (x[1:] + x[:-1]))
            times -= 1
        return x
        # mistake: return np.zeros(3)
        #   these are zeros.
        ### END SOLUTION

    def weights(x):
        "Shares that decrease with the square."
        ### BEGIN SOLUTION
        e = np.exp(-x**2)
        return e / e.sum(1, keepdims=True)
        ### END SOLUTION

    def chosen(x):
        "Sines of weighted sums."
        ### BEGIN SOLUTION
        return np.sin((weights(x) * x).sum(1) + 1)
        ### END SOLUTION
"""


STYLE = """
def smooth(x, times):
    return smooth(np.arctan(x[1:] / 2 + x[:-1] / 2), times - 1) if times else x


def chosen(x):
    return moved_on((weights(x) * x).sum(1))


def moved_on(x):
    return np.sin(x) * np.cos(1) + np.cos(x) * np.sin(1)
"""


@pytest.fixture(scope="module")
def unit(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    written = small.write_course(folder, "means", EXPERIMENTS, SOLUTION)
    styles = written.course.folder / "solutions" / "styles" / "means"
    styles.mkdir(parents=True)
    (styles / "helpers.py").write_text(STYLE)
    return written


@pytest.fixture
def grading(unit, tmp_path):
    """A function that grades a script, and the key by which it does."""
    with Server(unit) as server:
        store = AnswerStore(tmp_path / "answers.sqlite")
        key = MadeKey(unit, small.SEED, {}, store, lambda: server, small.listed(unit, server))

        def grade(script):
            return grade_one(server, script.encode(), "ada.py", small.SEED, key, {})

        yield grade, key
        store.close()


OURS = """
import numpy as np

def smooth(x, times):
    for _ in range(times):
        x = np.arctan((x[:-1] + x[1:]) / 2)
    return x

def weights(x):
    e = np.exp(-x * x)
    return e / np.sum(e, 1)[:, None]

def chosen(x):
    return np.sin(np.sum(weights(x) * x, 1) + 1)
"""


def test_a_slip_that_nobody_listed_is_told_by_kind_and_place(grading):
    """A slip is reported in a program unlike the solution, which hangs for some changes of it.

    What a right submission needs stays the same.
    """
    grade, key = grading
    assert {verdict.status for verdict in grade(OURS)} == {"passed"}
    assert key.computed == 2  # the solution's answers, and nothing else
    before = "(x[:-1] + x[1:])"
    began = time.monotonic()
    first = grade(OURS.replace(before, "(x[:-1] - x[1:])"))[0]
    assert time.monotonic() - began < 60  # the change that hangs would take for ever
    assert [(r.text, r.arrays, r.finding.kind) for r in first.remarks] != []
    turned = grade(OURS.replace(before, "(x[1:] - x[:-1])"))[0]
    text = f"{SAID}`smooth`: `-` stands where `+` should, or the other way round."
    assert [(r.text, r.arrays, r.finding.kind) for r in turned.remarks] == [
        (text, ("rows",), "small change")
    ]
    summed = grade(OURS.replace("np.sum(e, 1)[:, None]", "np.sum(e, 0)"))[0]
    assert summed.remarks[0].text == (
        "your values add up to 1 along axis 0, but should add up to 1 along axis 1."
    )
    minus = grade(OURS.replace("np.exp(-x * x)", "np.exp(x * x)"))[0]
    assert minus.remarks[0].text == f"{SAID}`weights`: a minus is left out."


def test_a_slip_that_only_another_style_can_have_is_told(grading):
    """The solution halves a sum; a style halves both parts, and there one half can be missing.

    Of a helper, which a submission need not have, the name is not told.
    """
    grade, _ = grading
    one_half = grade(OURS.replace("(x[:-1] + x[1:]) / 2", "x[:-1] / 2 + x[1:]"))[0]
    assert [(r.text, r.arrays, r.finding.kind) for r in one_half.remarks] == [
        (f"{SAID}`smooth`.", ("rows",), "small change")  # of three kinds, no kind is named
    ]
    own = "s = np.sum(weights(x) * x, 1)\n    return np.sin(s) + np.cos(s) * np.sin(1)\n"
    no_factor = grade(OURS[: OURS.index("return np.sin")] + own)[1]
    assert no_factor.remarks[0].text == f"{SAID.removesuffix(' in ')}."


def test_of_very_many_changes_in_styles_whole_lines_are_tried(monkeypatch):
    """Of a line all changes are tried or none: those that give the same values stand in one."""
    changes = {}
    for number, change in enumerate(small_changes(SCRIPT)):
        told = SmallChange(f"style {number}", change.function, change.slip)
        changes[told.id] = told, change
    everything = styles_to_be_tried({"style": (changes, None)})["style"]
    assert len(everything) == len(changes)
    monkeypatch.setattr("autograder.grading.small_changes.MOST_OF_STYLES", len(changes) // 2)
    some = styles_to_be_tried({"style": (changes, None)})["style"]
    lines = {change.line for _, change in some}
    assert some == [pair for pair in everything if pair[1].line in lines]
    assert 0 < len(some) < len(changes)


def test_values_that_say_nothing_make_no_change_run(grading, monkeypatch):
    """NaN everywhere is given by many changes: none is made."""
    grade, _ = grading
    ran = []
    for name in ("try_changes", "run_listed"):
        monkeypatch.setattr(
            f"autograder.grading.answer_maker.{name}", lambda *_: ran.append(1) or 1 / 0
        )
    grade(OURS.replace("e / np.sum(e, 1)[:, None]", "np.nan * x"))
    assert not ran
    with pytest.raises(ZeroDivisionError):
        grade(OURS.replace("(x[:-1] + x[1:])", "(x[1:] - x[:-1])"))


def test_what_the_store_holds_is_not_run_again(grading, unit, tmp_path):
    """By this run or another one."""
    grade, key = grading
    wrong = OURS.replace("(x[:-1] + x[1:])", "(x[1:] - x[:-1])")
    first, computed = grade(wrong), key.computed
    assert [v.remarks for v in grade(wrong)] == [v.remarks for v in first]
    assert key.computed == computed
    with Server(unit) as server:
        store = AnswerStore(tmp_path / "answers.sqlite")
        listed = small.listed(unit, server)
        again = MadeKey(unit, small.SEED, {}, store, lambda: server, listed)
        second = grade_one(server, wrong.encode(), "ada.py", small.SEED, again, {})
        assert [v.remarks for v in second] == [v.remarks for v in first]
        assert again.computed == 0
        again.close()


def test_a_change_that_would_have_spoilt_what_has_passed_is_not_told(grading):
    """A slip in `chosen` alone, though the same one in `weights` gives the same values there."""
    grade, _ = grading
    own = "    w = np.exp(-x * x)\n    w = w / np.sum(w)\n    return np.sin(np.sum(w * x, 1) + 1)\n"
    script = OURS[: OURS.index("    return np.sin")] + own
    smoothing, deciding = grade(script)
    assert smoothing.status == "passed"
    assert all("weights" not in remark.text for remark in deciding.remarks)
    in_chosen = grade(OURS.replace("np.sum(weights(x) * x, 1)", "np.sum(weights(x) + x, 1)"))[1]
    assert in_chosen.remarks[0].text == (f"{SAID}`chosen`: `+` stands where `*` should.")


def test_practice_tells_a_slip_as_a_grade_does(unit):
    """By the public key, without a solution beside it, on the public seed."""
    small.with_calls(unit)
    build(unit.course, [unit.name])
    implementation = Submission(OURS.replace("x[:-1] + x[1:]", "x[1:] - x[:-1]").encode(), "ada.py")
    verdict = practise(unit, unit.checks[:1], implementation)[0]
    words = f"{SAID}`smooth`: `-` stands where `+` should, or the other way round."
    assert verdict.remarks[0].text == words


TEXTS = """
    import numpy as np

    from autograder.check import check, named


    @check(points=1)
    def reporting(unit, seed):
        "`report` writes a line on a p-value"
        values = np.random.default_rng(seed).uniform(0, 0.1, 6)
        return named("lines", [unit.report(p) for p in values])
"""
REPORT = """
    def report(p):
        "Whether a p-value is significant."
        ### BEGIN SOLUTION
        word = "significant" if p < 0.05 else "not significant"
        return f"p = {p * 1e6 + 50:.0f} ppm ({word})"
        ### END SOLUTION
"""


def test_one_decision_in_all_texts_names_no_small_change(tmp_path):
    """Twice the threshold says "significant" of all six values; so does a file that asks nothing.

    A change that shows in six different figures is named.
    """
    unit = small.write_course(tmp_path, "texts", TEXTS, REPORT)
    with Server(unit) as server:
        store = AnswerStore(tmp_path / "answers.sqlite")
        key = MadeKey(unit, small.SEED, {}, store, lambda: server, small.listed(unit, server))
        said = []
        for word, number in (
            ('"significant"', "p * 1e6 + 50"),
            ('"significant" if p < 0.05 else "not significant"', "p * 1e6 - 50"),
        ):
            script = f"def report(p):\n    return f'p = {{{number}:.0f}} ppm ({{{word}}})'\n"
            (verdict,) = grade_one(server, script.encode(), "ada.py", small.SEED, key, {})
            (remark,) = verdict.remarks
            said.append(remark.finding.kind)
        assert said == [FindingKind.LOOK, FindingKind.SMALL_CHANGE]
        key.close()


SPREADS = """
    import numpy as np

    from autograder.check import check, named


    @check(points=1)
    def spreading(unit, seed):
        "`spread` is a diagonal less a product"
        rng = np.random.default_rng(seed)
        shares = [rng.uniform(0.1, 1, 7), rng.uniform(0.1, 1, 3)]
        return named("of_seven of_three", unit.spread(shares[0]), unit.spread(shares[1]))
"""
SPREAD = """
    import numpy as np


    def spread(p):
        "A matrix."
        ### BEGIN SOLUTION
        return np.diag(p) - np.outer(p, p)
        ### END SOLUTION
"""


def test_an_array_with_a_relation_joins_the_change_that_explains_the_others(tmp_path):
    """Of seven shares all values except the diagonal have the same factor, −1; three are too few.

    The small change that explains the three explains the seven, too, and says more.
    """
    unit = small.write_course(tmp_path, "spreads", SPREADS, SPREAD)
    with Server(unit) as server:
        store = AnswerStore(tmp_path / "answers.sqlite")
        key = MadeKey(unit, small.SEED, {}, store, lambda: server, small.listed(unit, server))
        script = "import numpy as np\n\n\ndef spread(p):\n    return np.diag(p) + np.outer(p, p)\n"
        (verdict,) = grade_one(server, script.encode(), "ada.py", small.SEED, key, {})
        (remark,) = verdict.remarks
        assert remark.finding.kind is FindingKind.SMALL_CHANGE
        assert remark.finding.arrays == ("of_seven", "of_three")
        key.close()


def test_the_ids_of_changes_begin_with_the_name_asked_for(monkeypatch):
    """Also where an add-on has pairs of names of its own: styles would be mixed up else."""
    monkeypatch.setattr(addon_names, "addons", lambda course: {"torch": "autograder.torch"})
    script = "### BEGIN SOLUTION\n\n\ndef f(x):\n    return x + 1\n\n\n### END SOLUTION\n"
    ids = small_change_scripts.changed_scripts(small.unit(), script, "loops")
    assert ids
    assert all(identity.startswith("loops ") for identity in ids)
