"""Reads files into cells: scripts and notebooks, in whatever state people leave them."""

import ast
import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import UserError
from autograder.sandbox.inside.cells import MAX_AGAIN, Broken, Cell, cells
from autograder.sandbox.inside.submission import Submission


def notebook(*cells, **top):
    """Return a notebook's bytes from (type, source) pairs."""
    made = [{"cell_type": kind, "source": source} for kind, source in cells]
    return json.dumps({"cells": made, **top}).encode()


def test_a_scripts_cells_have_their_lines_and_kinds():
    """Text above the first `# %%` is a cell, too, and each cell has its line and kind.

    `at` counts lines of the file for every kind of line end.
    """
    script = "x = 1\n# %% [markdown]\n# Words\n# %% a title\ny = 2\nz = 3\n"
    for source in (script, script.replace("\n", "\r\n"), "\ufeff" + script):
        found = cells(source.encode())
        assert [(cell.text, cell.code) for cell in found] == [
            ("x = 1", True),
            ("# Words", False),
            ("y = 2\nz = 3\n", True),
        ]
        assert [cell.at(1) for cell in found] == ["line 1", "line 3", "line 5"]


def test_a_notebooks_cells_are_numbered():
    """All cells are counted, so that a cell has the number that a person counts."""
    found = cells(notebook(("markdown", "Words"), ("code", ["x = 1\n", "y = 2"])))
    assert found[1] == Cell("x = 1\ny = 2", 2, 1, True)
    assert found[1].at(2) == "cell 2, line 2"


def test_a_notebook_is_read_by_its_code_cells():
    """Only code cells are read, with their sources as lists or strings.

    Outputs, metadata and markdown are ignored.
    """
    made = [
        {"cell_type": "markdown", "source": "def f(): return 0"},
        {
            "cell_type": "code",
            "source": ["def f():\n", "    return 1"],
            "outputs": ["x"],
            "metadata": {"points": 9},
        },
        {"cell_type": "code", "source": "%%time\nf2 = f"},
        {"cell_type": "code", "source": "%%bash\nrm x"},
    ]
    ran = Submission(json.dumps({"cells": made}).encode(), "ada.ipynb")
    assert (ran.f(), ran.f2()) == (1, 1)


def test_a_line_of_blanks_takes_no_longer_than_a_line_of_letters():
    """Commands are looked for in the grader's own process, in a cell that does not parse."""
    seconds = {}
    for letter in (" ", "a "):
        text = letter * (100_000 // len(letter)) + "("
        began = time.process_time()
        cells(notebook(("code", f"def f(x):\n{text}\n")))
        seconds[letter] = time.process_time() - began
    assert seconds[" "] < 100 * max(seconds["a "], 0.01)


@pytest.mark.parametrize(
    "command",
    ["files = !ls", "t = %timeit -o f()", "a, b = !ls", "!ls", "%matplotlib inline", "f?"],
)
def test_a_command_of_ipython_hides_no_function_beside_it(command):
    """Not even where its output gets a name, and a line may begin with an operator."""
    source = f"{command}\ndef f():\n    return (9\n        % 5)\n"
    ran = Submission(notebook(("code", source)), "ada.ipynb")
    assert ran.f() == 4


def test_an_operator_at_the_beginning_of_a_line_is_no_command_of_ipython():
    """Black writes `!=` so in a long comparison, which may stand beside a command."""
    source = "%matplotlib inline\ndef f():\n    return (\n        1\n        != 2\n    )\n"
    assert Submission(notebook(("code", source)), "ada.ipynb").f() is True


def test_a_line_of_a_text_is_no_command_of_ipython():
    """Only a cell that does not parse without the other commands loses `name = %…`."""
    source = '!pip install x\ndef f():\n    return """\ntotal = %d\n""" % 3\n'
    ran = Submission(notebook(("code", source)), "ada.ipynb")
    assert ran.f() == "\ntotal = 3\n"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"a = 1\n\xff", "line 2 is not UTF-8"),
        (b"\xff\xfea", "line 1 is not UTF-16"),
        (b"a\0b", "not text"),
        (b'{"cells": 3}', "notebook cannot be read: its JSON holds no cells"),
        (b'{"a": 1}', "notebook cannot be read: its JSON holds no cells"),
        (b"{", "notebook is incomplete: its file ends in line 1"),
        (b'{\n"cells": [\n"def f(x', "notebook is incomplete: its file ends in line 3"),
        (b'{\n"cells": [,]\n}', "notebook cannot be read: its JSON is invalid in line 2"),
        (b'{"cells": []}\nx', "notebook cannot be read: its JSON is invalid in line 2"),
        (b'{\n<<<<<<< HEAD\n"cells": []\n=======', "unfinished merge of git: line 2 begins"),
        (b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> theirs", "merge of git: line 1 begins"),
        (b"\n\n<!DOCTYPE html>\n<title>Log in</title>", "a web page, not a script or notebook"),
        (b'<html lang="en">', "a web page, not a script or notebook"),
        (b"PK\3\4\0", "a zip archive"),
        (b"%PDF-1.4\n%\xe2", "a PDF"),
        (b"\x89PNG\r\n\x1a\n\0", "a picture"),
        (b"\xff\xd8\xff\xe0", "a picture"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_why(source, words):
    """A file that cannot be read gets a reason in words, whatever its bytes."""
    with pytest.raises(Broken, match=words):
        Submission(source, "ada.py")


def test_a_notebook_that_ends_early_is_said_to_be_incomplete():
    """A notebook is incomplete wherever its file ends, in a string or between two cells."""
    cell = {"cell_type": "code", "source": ["f = {1}\n", '"\\u00fc"'], "outputs": [{}, True]}
    whole = json.dumps({"cells": [cell, cell], "nbformat": 4}, indent=1)
    assert len(cells(whole.encode())) == 2
    for end in range(1, len(whole)):
        with pytest.raises(Broken, match="incomplete: its file ends in line"):
            cells(whole[:end].encode())


@pytest.mark.parametrize(
    "source",
    [
        b'def f():\n    return """\n<html>\n<<<<<<< HEAD\n"""\n',
        b"<<<<<<< HEAD\ndef g(): pass\n=======\n# %%\ndef f():\n    return 1\n",
        notebook(("code", "# %PDF-1.4\n\ndef f():\n    return '<html>{'\n")),
    ],
)
def test_code_may_hold_the_marks_of_other_formats(source):
    """A file is read whose code only holds the beginning of a web page, or a mark of git's."""
    assert Submission(source, "ada.py").f()


def test_what_is_wrong_with_a_file_is_for_people():
    """A command prints `Broken` as one sentence with what to do."""
    with pytest.raises(UserError, match=r"line 1 is not UTF-8: .*\. Save it as UTF-8\."):
        cells(b"\xff")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252", "latin-1"]
)
def test_a_file_is_read_as_editors_of_windows_save_it(encoding):
    """A file may be UTF-8, UTF-16 with its byte order mark, or in the encoding that it declares."""
    text = 'def f():\n    return "Zoë"\n'
    mark = b""
    if encoding in ("cp1252", "latin-1"):
        text = f"# -*- coding: {encoding} -*-\n{text}"
    if encoding == "utf-16-be":
        mark = b"\xfe\xff"
    source = mark + text.encode(encoding)
    assert Submission(source, "ada.py").f() == "Zoë"
    with_ends = mark + text.replace("\n", "\r\n").encode(encoding)
    assert Submission(with_ends, "ada.py").f() == "Zoë"


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_broken(source):
    """Whatever the bytes, reading raises no exception but `Broken`."""
    with suppress(Broken):
        Submission(source, "ada.py")


def test_a_cell_split_within_a_function_is_whole_again():
    """The parts of a function that a split spread over two or three cells are joined again."""
    parts = ["def f(x):", "    y = x + 1", "    return y\ng = 2"]
    ran = Submission(notebook(*(("code", part) for part in ["import math", *parts])), "a.ipynb")
    assert (ran.f(1), ran.g) == (2, 2)


def test_a_notebook_of_many_split_cells_costs_no_square_of_its_length(monkeypatch):
    """Joining split cells takes time linear in the notebook's length.

    There is a limit on what is parsed twice; beyond it, an unparsable cell stays as it is.
    """
    parse = ast.parse
    lengths = []

    def counting(text, *more, **options):
        lengths.append(len(text))
        return parse(text, *more, **options)

    pieces = [("code", f"    y = {number}") for number in range(2000)]
    source = notebook(("code", "def f():\n    y = -1"), *pieces, ("code", "def g(): return 2"))
    with monkeypatch.context() as patched:
        patched.setattr(ast, "parse", counting)
        assert Submission(source, "a.ipynb").g() == 2
    square = len(source) ** 2
    assert MAX_AGAIN / 2 < sum(lengths) < 2 * MAX_AGAIN < square / 100


def test_a_definition_in_a_cell_of_another_type_counts_where_there_is_no_other():
    """A definition in a cell of the wrong type counts if there is no other.

    An old attempt in a raw cell does not hide the real one.
    """
    made = [
        ("markdown", "def f(): return 1"),
        ("code", "def g(): return 2"),
        ("raw", "def g(): return None"),
    ]
    ran = Submission(notebook(*made, ("markdown", "# Text\nWords and more words.")), "a.ipynb")
    assert (ran.f(), ran.g()) == (1, 2)


def test_a_notebook_of_2013_is_read():
    """nbformat 3 is read: it has worksheets, and `input` for a cell's source."""
    sheet = {
        "cells": [
            {"cell_type": "code", "input": ["def f():\n", "    return 1"], "language": "python"}
        ]
    }
    assert (
        Submission(json.dumps({"worksheets": [sheet], "nbformat": 3}).encode(), "a.ipynb").f() == 1
    )
