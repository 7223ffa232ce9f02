"""Converts scripts to notebooks and back, with cells and their ids."""

import subprocess
import sys

import jupytext
import nbformat
import pytest
import small_class
from hypothesis import given, settings
from hypothesis import strategies as st
from small import UNIT, WORDS

from autograder.source.notebooks import as_notebook


def test_an_id_follows_its_exercise():
    """An id belongs to its exercise: text inserted before it changes no later id."""
    script = small_class.STUBS[UNIT]
    more = script.replace(
        "# %% [markdown]\n# ## Sums", "# %% [markdown]\n# New.\n\n# %% [markdown]\n# ## Sums"
    )
    old, new = ([cell.id for cell in as_notebook(text, UNIT).cells] for text in (script, more))
    assert len(new) == len(old) + 1
    assert [i for i in new if i not in old] == ["check-doubling-2"]


def test_ids_name_exercises_and_checks():
    """An exercise's id is `write-` and its first defined name, a check's is `check-`.

    A notebook with solutions has the same ids.
    """
    ids = [cell.id for cell in as_notebook(small_class.STUBS[WORDS], WORDS).cells]
    assert ids == ["words", "words-1", "words-2", "write-initials", "check-shortening"]
    assert [cell.id for cell in as_notebook(small_class.SOLVED[WORDS], WORDS).cells] == ids


def test_a_cell_that_draws_is_folded_and_no_other():
    """Only a drawing cell is folded, so that JupyterLab shows the picture without its code."""
    drawing = '# %%\nwith autograder.example("a line"):\n    plt.plot([1, 2]), plt.show()\n'
    book = as_notebook(small_class.STUBS[UNIT] + drawing, UNIT)
    *others, drawn = [cell.metadata.get("jupyter") for cell in book.cells]
    assert drawn == {"source_hidden": True}
    assert not any(others)


LINES = st.one_of(
    st.sampled_from(
        [
            "",
            "x = 1",
            "def f(x):",
            "    return x",
            "# words",
            "'''",
            '"""',
            "%time f(1)",
            "!ls",
            "αβγ = '→'",
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=20),
)
CELLS = st.lists(
    st.tuples(st.sampled_from(["code", "markdown"]), st.lists(LINES, min_size=1, max_size=6)),
    max_size=5,
)


@given(CELLS)
@settings(max_examples=200, deadline=None)
def test_script_to_notebook_to_script_changes_nothing(made):
    """A script survives the way to a notebook and back byte for byte, whatever its cells hold.

    The notebook's ids are the same.
    """
    cells = [getattr(nbformat.v4, f"new_{kind}_cell")("\n".join(lines)) for kind, lines in made]
    script = jupytext.writes(nbformat.v4.new_notebook(cells=cells), "py:percent")
    # in jupytext's normal form: without blank lines at ends
    script = jupytext.writes(as_notebook(script, UNIT), "py:percent")
    book = as_notebook(script, UNIT)
    assert jupytext.writes(book, "py:percent") == script
    again = as_notebook(jupytext.writes(book, "py:percent"), UNIT)
    assert [(c.id, c.cell_type, c.source) for c in again.cells] == [
        (c.id, c.cell_type, c.source) for c in book.cells
    ]
    nbformat.validate(book)


@pytest.mark.parametrize("unit", [UNIT, WORDS])
def test_a_unit_comes_back_from_its_notebook(unit):
    """The solution's script survives the way through a notebook file."""
    script = small_class.SOLVED[unit]
    book = nbformat.reads(nbformat.writes(as_notebook(script, unit)), 4)
    assert jupytext.writes(book, "py:percent") == script


def test_making_notebooks_parses_no_grammar_of_addresses():
    """Making notebooks does not build the grammar of addresses, which would double the time.

    Later code that needs the grammar gets it.
    """
    pytest.importorskip("rfc3987_syntax", reason="this needs rfc3987-syntax, as JupyterLab does")
    code = """if True:
        import sys
        from autograder.source import notebooks
        cells = notebooks.read_percent("# %%\\n1").cells
        print(len(cells), "lark" in sys.modules)
        import rfc3987_syntax
        print("lark" in sys.modules)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "1 False\nTrue\n", done.stderr
