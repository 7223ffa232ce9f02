"""What is told as a fact about values, since the code that was handed in does not write it so."""

import json
import runpy

import pytest
import small

from autograder.authoring.build import build
from autograder.course import load_unit, read_course
from autograder.grading.keys import build_key
from autograder.grading.one import grade_one
from autograder.practice.practise import Live, practise
from autograder.practice.written import names_written
from autograder.relations.written import NOT_KNOWN, Written
from autograder.sandbox.client import Server
from autograder.sandbox.definitions import names_in_definitions
from autograder.sandbox.inside.submission import Submission
from autograder.source.solution import _statements_of as statements_of
from autograder.source.solution import read_solution

SCRIPT = """
import functools
from textwrap import dedent as unfold
import numpy as np

def encode(words, index=None):
    found = [known(word) for word in words]  # not zip
    return np.array(found, dtype=int)

known = lambda word: unfold(word).strip()

def twice(function):
    @functools.wraps(function)
    def wrapped(*values):
        return function(*values)
    return wrapped

@twice
def total(x):
    return x.sum(keepdims=True)

class Model:
    def __init__(self):
        self.table = np.zeros(3)

    def forward(self, x):
        return self.step(x)

    def step(self, x):
        return x @ self.table

    @property
    def size(self):
        return self.table.nbytes
"""


def in_a_notebook(script, folder):
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": script}
    text = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    return names_in_definitions(text.encode())


def alive(script, folder):
    """The names of a script that has run; its module is not known, as a notebook's is not."""
    path = folder / "mine.py"
    path.write_text(script)
    return names_written(Live(runpy.run_path(str(path), run_name="mine")))


READERS = {
    "script": lambda script, _: names_in_definitions(script.encode()),
    "notebook": in_a_notebook,
    "file in practice": lambda script, _: names_written(Submission(script.encode(), "mine.py")),
    "alive": alive,
}


def written_in(script):
    return Written(lambda: names_in_definitions(script.encode()))


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_the_names_in_a_definition_are_read(read, tmp_path):
    """Variables, attributes and options, of each method too; nothing of strings and comments."""
    names = read(SCRIPT, tmp_path)
    assert {"encode", "known", "total", "Model", "Model.forward", "Model.step"} <= names.keys()
    assert "unfold" not in names
    assert {"words", "known", "array", "dtype"} <= names["encode"]
    assert not {"zip", "not"} & names["encode"]
    assert {"sum", "keepdims"} <= names["total"]
    assert "strip" in names["known"]
    assert {"step", "x"} <= names["Model.forward"]
    assert "table" not in names["Model.forward"]
    assert {"step", "table", "zeros", "nbytes"} <= names["Model"]


def test_a_method_that_another_one_calls_counts():
    """What it writes stands in that one, too."""
    script = """
class Model:
    def step(self, x):
        return self.gate(x)

    def gate(self, x):
        return x - 1

def gate(x):
    return x
"""
    written = written_in(script)
    assert not written.lacks_all(["-"], "Model.step")
    assert written.lacks_all(["-"], "gate")


def test_signs_count_as_what_stands_in_a_definition():
    """Operators between two values or of assignments, and the colon of a slice."""
    script = "def f(x, y=1):\n    x += y[1:] @ y\n    return -x <= y\n"
    names = names_in_definitions(script.encode())
    assert {"x", "y", "+", "+=", "@", "<=", ":"} < names["f"]
    assert not names["f"] & {"-", "=", "<"}
    assert "=" in names_in_definitions(b"def f():\n    x = 1\n")["f"]


def test_what_is_imported_under_another_name_is_known_by_its_own():
    """A function of a library may be called anything."""
    assert not written_in(SCRIPT).lacks_all(["dedent"], "known")


def test_what_cannot_be_read_is_not_known():
    """Neither a file that is no code, nor one that is over the limits; then all is told plainly."""
    for source in (b"def f(:", b"\0", b"x" * 2_000_000):
        written = Written(lambda source=source: names_in_definitions(source))
        assert not written.has("f")
        assert not written.lacks_all(["zip"], "f")
        assert written.places(["f", "A.b"]) == ["`f`", "`A.b`"]


def test_no_file_makes_the_names_many():
    """Each name is kept for what it stands in, however many others are bound beside it."""
    chain = "=".join(f"a{i}" for i in range(9_000)) + "=0"
    again = "".join(f"a=b{i}\n" for i in range(9_000))
    for script in (chain, again):
        names = names_in_definitions(script.encode())
        assert sum(len(found) for found in names.values()) <= 9_001


DOUBLED = """
def f(x):
    ### BEGIN SOLUTION
    step(x)
    # mistake: step(x); step(x)
    #   it stepped twice.
    # mistake: step(-x)
    #   it stepped back.
    ### END SOLUTION
"""
LINES = """
def f(x):
    for i in range(3):  # three
        x = (x
             + i)
    return  x + 1
"""


@pytest.mark.parametrize(
    ("code", "is_there"),
    [
        ("x = x + i", True),
        ("return x+1", True),
        ("for i in range(3):", True),
        ("for i in range(4):", False),
        ("return 1 + x", False),
        ("x = x + i; return x + 1", True),
        ("x = x + i; return x", False),
        ("pass", False),  # to leave something out writes nothing
        ("else:", False),  # no statement
    ],
)
def test_the_line_of_a_mistake_is_known_again_however_it_is_laid_out(code, is_there):
    """A loop's head is a line of its own."""
    written = written_in(LINES)
    statements = statements_of(code, frozenset())
    assert written.has_all(statements, "f") == is_there
    assert not written.has_all(statements, "g")


def test_a_mistake_whose_line_the_solution_has_too_is_known_by_no_line():
    """As one that is done twice, or at another place; and what stands within others counts."""
    of_solution = {*statements_of("step()", set()), *statements_of("if x: y = 1", set())}
    assert statements_of("step(); step()", of_solution) == ()
    assert statements_of("if x: y = 1; step()", of_solution) == ()
    assert len(statements_of("if x: y = 2", of_solution)) == 2
    known = [mistake for mistake, _, _ in read_solution(DOUBLED).mistakes]
    assert [bool(mistake.statements) for mistake in known] == [False, True]


def test_a_statement_too_deep_to_be_written_is_no_mistake_s():
    """As of thousands of sums in one."""
    deep = f"def f(x):\n    y = {' + '.join(['x'] * 700)}\n    return y\n"
    assert written_in(deep).has_all(statements_of("return y", set()), "f")


def test_what_a_definition_uses_is_part_of_it():
    """A name in a helper counts as written."""
    written = written_in(SCRIPT)
    assert not written.lacks_all(["strip"], "encode")
    assert written.lacks_all(["strip"], "Model")
    assert written.lacks_all(["zip", "tolist"], "encode")
    assert not written.lacks_all([], "encode")
    assert not written.lacks_all(["zip"], "decode")
    assert not NOT_KNOWN.lacks_all(["zip"], "encode")


def test_a_place_is_named_as_the_submission_has_it():
    """A method that it lacks is told by its class; where a function is lacking, nothing is."""
    written = written_in(SCRIPT)
    assert written.places(["Model.forward", "Model.read"]) == ["`Model.forward`", "`Model`"]
    assert written.places(["Model.forward", "decode"]) == []
    assert written.calls_others("encode")
    assert written.calls_others("Model.forward")
    assert not written.calls_others("Model.step")
    assert not written.calls_others("decode")


EXPERIMENTS = """
    from autograder.check import check, named

    @check(points=2)
    def counting(net, seed):
        \"\"\"`count` counts rows\"\"\"
        import numpy as np
        rows = seed % 7 + 2
        return named("few many", net.count(np.ones((rows, 3))), net.count(np.ones((rows + 9, 5))))
"""
SOLUTION = '''
    import numpy as np

    import autograder

    check = autograder.unit("counting")


    def count(x):
        """Rows."""
        ### BEGIN SOLUTION
        return len(x)
        # mistake: return x.size
        #   all entries were counted (`size`). Count rows: `len(x)`.
        # mistake: return len(x) + 1
        #   one too many is counted: only `len(x)`.
        ### END SOLUTION


    check("counting")
'''
PLAIN = "all entries were counted (`size`). Count rows: `len(x)`."
NOT_SO = f"your values are those of this mistake, though your code is written another way: {PLAIN}"
ANSWERS = {
    "return x.size": PLAIN,
    "return np.size(x)": f"your values are those of this mistake: {PLAIN}",
    "return in_all(x)\ndef in_all(x): return x.size": (
        f"your values are those of this mistake: {PLAIN}"
    ),
    "return x.shape[0] * x.shape[1]": NOT_SO,
    "return len([*x.flat])": NOT_SO,
    # nothing is quoted that could be missed
    "return x.shape[0] + 1": (
        "your values are those of this mistake: one too many is counted: only `len(x)`."
    ),
}


def test_only_what_the_mistake_itself_writes_is_quoted():
    """What its words advise is in the solution, or in no code of the mistake."""
    first, second = (
        mistake for mistake, _, _ in read_solution(SOLUTION.replace("\n    ", "\n")).mistakes
    )
    assert (first.definition, first.quotes) == ("count", ("size",))
    assert (second.definition, second.quotes) == ("count", ())


def test_a_remark_says_what_was_written_only_of_code_that_writes_it(tmp_path):
    """The points are the same; a student's own machine says it too."""
    unit = small.write_course(tmp_path, "counting", EXPERIMENTS, SOLUTION)
    with Server(unit) as server:
        key = build_key(server, small.SEED, data={})
        graded = {}
        for answer in ANSWERS:
            script = f"import numpy as np\ndef count(x): {answer}\n"
            (verdict,) = grade_one(server, script.encode(), "mine.py", small.SEED, key, {})
            (remark,) = verdict.remarks
            assert verdict.earned == 0
            graded[answer] = remark.text
    assert graded == ANSWERS
    build(unit.course)
    unit = load_unit(read_course(unit.course.folder), "counting")
    for answer, text in ANSWERS.items():
        script = f"import numpy as np\ndef count(x): {answer}\n"
        (verdict,) = practise(unit, unit.checks, Submission(script.encode(), "mine.py"))
        assert [remark.text for remark in verdict.remarks] == [text]
