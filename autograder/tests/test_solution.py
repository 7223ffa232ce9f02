"""Reading scripts: what a submission defines, what a stub keeps, how a mistake is made."""

import argparse
import ast
import dis
import inspect
import json
import textwrap
import typing
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading.keys import solution_of
from autograder.sandbox.inside.cells import Broken, _tree, cells
from autograder.sandbox.inside.runner import warm
from autograder.sandbox.inside.submission import Missing, Submission, _globals_used
from autograder.source.solution import read_solution

SCRIPT = textwrap.dedent('''
    # %%
    def area(r):
        """The area."""
        ### BEGIN SOLUTION
        square = (
            r * r
        )
        # mistake (keeps 0.5): square = r
        #   the radius was not squared:
        #   it is r times r.
        return 3 * square
        # mistake: return square
        #   the factor is missing.
        ### END SOLUTION
''')


def submission(text, name="ada.py"):
    return Submission(textwrap.dedent(text).encode(), name)


def test_the_stub_keeps_text_and_drops_solutions():
    """Regions become nbgrader's stub; no mistake and no answer is left."""
    stub = read_solution(SCRIPT).stub
    assert "# YOUR CODE HERE\n    raise NotImplementedError()" in stub
    assert "square" not in stub and "mistake" not in stub and '"""The area."""' in stub


def test_a_mistake_replaces_the_statement_above_it():
    """Also one of several lines; its words, share and code are read."""
    solution = read_solution(SCRIPT)
    first, second = (mistake for mistake, _, _ in solution.mistakes)
    assert (first.text, first.keeps, first.code) == ("the radius was not squared: it is r times r.", 0.5, "square = r")
    assert Submission(solution.with_mistake(first.id).encode(), "s").area(4) == 12
    assert Submission(solution.with_mistake(second.id).encode(), "s").area(4) == 16
    assert Submission(solution.plain().encode(), "s").area(4) == 48
    assert "mistake" not in solution.plain()


@pytest.mark.parametrize("more", ["", ", open('nowhere')"])
def test_variables_of_a_demonstration_are_not_helpers(more):
    """A block of `autograder.example` is never run: its `steps` is not the function that a helper uses."""
    ada = submission(
        """
        import autograder
        def steps(x): return range(len(x))
        def forward(x): return [t for t in steps(x)]
        with autograder.example("how far it reaches")MORE:
            steps, norms = 100, []
    """.replace("MORE", more)
    )
    assert ada.forward("abc") == [0, 1, 2]
    with pytest.raises(Missing):
        _ = ada.norms


def test_a_future_import_holds_for_the_whole_file():
    """Annotations are then not evaluated, and a dataclass finds its module; in a notebook's later cells as well."""
    ada = submission("""
        from __future__ import annotations
        from dataclasses import dataclass

        # %%
        @dataclass
        class Network:
            weights: NDArray
            def copy(self) -> Network: return Network(self.weights)

        # %%
        def forward(net: Params) -> list[NDArray]: return net.copy().weights
    """)
    assert ada.forward(ada.Network([1, 2])) == [1, 2]


def test_a_mistake_without_words_is_refused_with_its_line():
    """An author forgot the words."""
    with pytest.raises(ValueError, match="line 2: a `# mistake:`"):
        read_solution("x = 1\n# mistake: x = 2\n")


def test_only_what_is_asked_for_is_executed():
    """Calls, loops and assignments that no graded function uses are not run; what a function uses is."""
    ran = submission("""
        import json
        raise SystemExit("not run")
        losses = 1 / 0
        SCALE = 2
        def helper(x): return SCALE * x
        def f(x):
            losses = helper(x)
            return losses
    """)
    assert ran.f(3) == 6
    assert "json" not in ran._names


def test_the_last_definition_counts():
    """As in a file that is run from top to bottom."""
    assert submission("f = lambda: 1\ndef f(): return 2").f() == 2


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    import absent\nexcept ImportError:\n    absent = None\ndef f(): return absent is None",
        "class A: pass\nA.g = lambda self: True\ndef f(): return A().g()",
        "table = {}\ntable['k'] = True\ndef f(): return table['k']",
        "from math import *\ndef f(): return pi > 3",
        "for i in range(3):\n    last = i\ndef f(): return last == 2",
        "%matplotlib inline\n!pip list\ndef f(): return True",
        "\ufeffdef f():\r\n    return True\r\n",
        'text = """\n# %%\n"""\ndef f(): return "# %%" in text',
        "f = property = None\ndef g(n): return n == 0 or g(n - 1)\ndef f(): return g(5)",
    ],
)
def test_styles_of_top_level_code_that_work(text):
    """What a definition needs is found, however it is bound."""
    assert Submission(text.encode(), "ada.py").f()


def test_a_cell_that_cannot_be_parsed_costs_only_its_own_names():
    """Other cells are read; the broken one is told with its line."""
    ran = submission("# %%\ndef f(): return 1\n# %%\ndef g(:\n    pass\n")
    assert ran.f() == 1
    with pytest.raises(Broken, match=r"`g` could not be read\. line 4: SyntaxError"):
        ran.g  # noqa: B018


def test_what_parses_and_does_not_compile_is_told_with_its_line():
    """A `break` outside a loop: in a script the file's line, in a notebook the cell's; other definitions run."""
    code = ["import math", "def f():\n    return math.pi", "x = 1\n\ndef g():\n    break"]
    cells = [{"cell_type": "code", "source": source} for source in code]
    script, book = "# %%\n" + "\n# %% [markdown]\n# Words.\n# %%\n".join(code), json.dumps({"cells": cells})
    for text, place in (script, "line 14"), (book, "cell 3, line 4"):
        ran = Submission(text.encode(), "ada.py")
        assert ran.f() > 3
        with pytest.raises(Broken, match=f"^{place}: SyntaxError: 'break' outside loop$"):
            ran.g  # noqa: B018


def test_cells_of_the_stub_are_not_parsed_again():
    """What a server read before it forks is there for each submission: of a solution only new cells are parsed."""
    solution = solution_of("unit4_manual_gradients")
    stub, plain = (cells(text.encode()) for text in (solution.stub, solution.plain()))
    _tree.cache_clear()
    warm((), solution.stub.encode())
    before = _tree.cache_info().misses
    Submission(solution.plain().encode(), "ada.py")
    new = {cell.text for cell in plain} - {cell.text for cell in stub}
    assert 5 < _tree.cache_info().misses - before == len(new) < len(plain) / 2


def test_a_missing_name_gets_the_nearest():
    """A misspelt function is found by likeness."""
    with pytest.raises(Missing, match=r"`backward` is not defined. Did you mean it by `backwrd`\?"):
        submission("def backwrd(): pass").backward  # noqa: B018


def test_a_notebook_is_read_by_its_code_cells():
    """Sources as lists or strings; outputs, metadata and markdown play no part."""
    cells = [
        {"cell_type": "markdown", "source": "def f(): return 0"},
        {"cell_type": "code", "source": ["def f():\n", "    return 1"], "outputs": ["x"], "metadata": {"points": 9}},
        {"cell_type": "code", "source": "%%time\nf2 = f"},
        {"cell_type": "code", "source": "%%bash\nrm x"},
    ]
    ran = Submission(json.dumps({"cells": cells}).encode(), "ada.ipynb")
    assert (ran.f(), ran.f2()) == (1, 1)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"a\0b", "not text"),
        (b'{"cells": 3}', "notebook cannot be read"),
        (b"{", "notebook"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_why(source, words):
    """In words, whatever the bytes."""
    with pytest.raises(Broken, match=words):
        Submission(source, "ada.py")


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_broken(source):
    """Reading never fails in another way."""
    with suppress(Broken):
        Submission(source, "ada.py")


def notebook(*cells, **top):
    """A notebook's bytes, of (type, source) pairs."""
    made = [{"cell_type": kind, "source": source} for kind, source in cells]
    return json.dumps({"cells": made, **top}).encode()


def test_a_cell_split_within_a_function_is_whole_again():
    """Wherever the cursor was: the halves are read together, also in three parts."""
    parts = ["def f(x):", "    y = x + 1", "    return y\ng = 2"]
    ran = Submission(notebook(*(("code", part) for part in ["import math", *parts])), "a.ipynb")
    assert (ran.f(1), ran.g) == (2, 2)


def test_a_definition_in_a_cell_of_another_type_counts_where_there_is_no_other():
    """A cell retyped by a slip; an old attempt put aside in a raw cell does not hide the real one."""
    cells = [("markdown", "def f(): return 1"), ("code", "def g(): return 2"), ("raw", "def g(): return None")]
    ran = Submission(notebook(*cells, ("markdown", "# Text\nWords and more words.")), "a.ipynb")
    assert (ran.f(), ran.g()) == (1, 2)


def test_a_notebook_of_2013_is_read():
    """nbformat 3: worksheets, and `input` for a cell's source."""
    sheet = {"cells": [{"cell_type": "code", "input": ["def f():\n", "    return 1"], "language": "python"}]}
    assert Submission(json.dumps({"worksheets": [sheet], "nbformat": 3}).encode(), "a.ipynb").f() == 1


def test_the_names_that_code_uses_are_those_that_dis_tells():
    """Our own reading of bytecode, on modules of the standard library: another Python may need another."""

    def told(code):
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
                yield step.argval
        for constant in code.co_consts:
            if hasattr(constant, "co_code"):
                yield from told(constant)

    for module in (argparse, ast, inspect, typing):
        code = compile(Path(module.__file__).read_text(), "module", "exec")
        assert list(_globals_used(code)) == list(told(code))
