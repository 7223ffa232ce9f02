"""Answers of other kinds: tables, rows, figures, printed text and exceptions become arrays."""

import io
import sqlite3
from types import SimpleNamespace

import numpy as np
import pytest
import small

from autograder.authoring.build import build
from autograder.check import Unanswered, as_array, figure, frame, noting, printed, raised, rows
from autograder.grading.keys import build_key
from autograder.grading.one import grade_one
from autograder.sandbox.client import Server
from autograder.sandbox.inside.lenient import Lenient

pandas = pytest.importorskip("pandas")


def listed(arrays):
    """Return arrays as lists for the assertions."""
    return {name: array.tolist() for name, array in arrays.items()}


def table():
    """Return a table with a column of each type."""
    return pandas.DataFrame(
        {
            "mean": [1.5, np.nan],
            "n": [3, 4],
            "clinic": ["north", None],
            "day": pandas.to_datetime(["2024-01-31T00:00", "2024-02-01T12:30"]),
            "size": pandas.Categorical(["small", "large"]),
            "open": [True, False],
        },
        index=["a", "b"],
    )


# ---- tables


def test_a_table_is_named_with_its_labels():
    """`named_table` gives a table's columns, index and types, and each listed column."""
    found = listed(frame("t", table(), "n clinic day size open mean"))
    mean = found.pop("t.mean")
    assert mean[0] == 1.5
    assert np.isnan(mean[1])
    assert found == {
        "t.columns": ["mean", "n", "clinic", "day", "size", "open"],
        "t.index": ["a", "b"],
        "t.types": ["numbers", "numbers", "text", "dates", "categories", "truth values"],
        "t.n": [3, 4],
        "t.clinic": ["north", "missing"],
        "t.day": ["2024-01-31", "2024-02-01T12:30:00"],
        "t.size": ["small", "large"],
        "t.open": [True, False],
    }


def test_all_values_stand_side_by_side_where_no_column_is_listed():
    """Without listed columns all values form one array, of numbers if all are numbers."""
    assert listed(frame("t", table()[["n", "open"]]))["t.values"] == [[3, 1], [4, 0]]
    assert listed(frame("t", table()[["n", "clinic"]]))["t.values"][1] == ["4", "missing"]
    for kind in (int, float):
        large = table()[["n", "clinic"]].assign(n=np.array([1234567, 1234569], kind))
        found = listed(frame("t", large))["t.values"]
        assert found == [["1234567", "north"], ["1234569", "missing"]]


def test_a_series_is_a_table_of_one_column():
    """A series is a table of one column with its name; an index of several levels is text."""
    series = pandas.Series(
        [1, 2], name="n", index=pandas.MultiIndex.from_tuples([(1, "a"), (2, "b")])
    )
    assert listed(frame("s", series)) == {
        "s.columns": ["n"],
        "s.index": ["1 | a", "2 | b"],
        "s.types": ["numbers"],
        "s.values": [[1], [2]],
    }


def test_what_is_missing_in_a_table_is_told_by_name():
    """A missing column is reported by name, and the others are still named and earn."""
    with noting() as arrays, pytest.raises(TypeError) as told:
        frame("t", table()[["mean", "n"]], "n sd")
    assert str(told.value) == "the result (`t`) has no column `sd`; its columns are `mean`, `n`."
    assert {"t.columns", "t.index", "t.n"} <= arrays.keys()
    with pytest.raises(TypeError) as told:
        frame("t", table().rename_axis("sector"), "sector")
    assert str(told.value).endswith(
        " The index has the column `sector`: turn the index into columns with `reset_index()`."
    )
    with pytest.raises(TypeError) as told:
        frame("t", table()["n"].rename(None), "mean sd")
    wanted = "should be a DataFrame with columns `mean`, `sd`. It is a Series."
    assert str(told.value) == f"the result (`t`) {wanted}"
    with pytest.raises(TypeError, match="`t` should be a DataFrame, but it is an array"):
        frame("t", np.zeros(3))
    with pytest.raises(TypeError, match=r"the column `x` of `t` holds a set\. It can hold numbers"):
        frame("t", pandas.DataFrame({"x": [{1}]}), "x")


def test_a_table_is_no_array():
    """A table passed as an array is refused, because its labels would be lost.

    The message says what to do and lists the columns.
    """
    with pytest.raises(TypeError) as told:
        as_array("t", table())
    assert "`t` is a DataFrame, but should be an array" in str(told.value)
    assert "`mean`, `n`, `clinic`" in str(told.value)
    for labelled in (table()["n"], [table()["n"]], table().index):
        remedy = r"not compared: convert it with `\.to_numpy\(\)`, or take one number"
        with pytest.raises(TypeError, match=remedy):
            as_array("t", labelled)
    assert as_array("t", table()["n"].to_numpy()).tolist() == [3, 4]


def test_rows_of_a_query_are_columns():
    """Rows from a cursor or a list become columns; None becomes NaN or "missing"."""
    base = sqlite3.connect(":memory:")
    base.execute("create table t (clinic text, mean real, n int)")
    base.executemany("insert into t values (?, ?, ?)", [("a", 1.5, 2), (None, None, 3)])
    found = listed(rows("r", base.execute("select * from t"), "clinic mean n"))
    assert np.isnan(found["r.mean"][1])
    assert (found["r.clinic"], found["r.n"]) == (["a", "missing"], [2, 3])
    with pytest.raises(TypeError, match=r"a row of `r` should have 1 values \(n\), and one has 2"):
        rows("r", [(1, 2)], "n")
    with pytest.raises(TypeError, match="`r` should be a list of rows, but it is None"):
        rows("r", None, "n")


# ---- figures


@pytest.fixture
def axes():
    """Return axes of a figure without a window."""
    figures = pytest.importorskip("matplotlib.figure")
    return figures.Figure().subplots()


def test_a_figure_is_named_by_its_parts(axes):
    """By default a figure's lines and labels are named."""
    axes.plot([0, 1], [2, 3], label="one")
    axes.plot([4], [5])
    axes.set(title="T", xlabel="x", xscale="log")
    axes.legend()
    axes.bar([1, 2], [3, 4])
    axes.scatter([1, 2], [5, 6])
    assert frame_free(figure("f", axes.figure)) == {
        "f.labels": ["T", "x", ""],
        "f.lines_x": [0, 1, "nan", 4],
        "f.lines_y": [2, 3, "nan", 5],
    }
    others = listed(figure("f", axes.figure, "legend points bars scales limits ticks"))
    assert others["f.legend"] == ["one"]
    assert (others["f.points_x"], others["f.points_y"]) == ([1, 2], [5, 6])
    assert np.allclose(others["f.bars"], [[0.6, 0.8, 3], [1.6, 0.8, 4]])
    assert others["f.scales"] == ["log", "linear"]
    assert np.shape(others["f.limits"]) == (1, 4)


def frame_free(arrays):
    """Return arrays as lists in which NaN equals itself."""
    found = {}
    for name, values in listed(arrays).items():
        found[name] = ["nan" if value != value else value for value in values]
    return found


def test_what_is_no_figure_is_told_by_what_it_is(axes):
    """A value that is no figure is reported with its type and what to do."""
    with pytest.raises(TypeError, match=r"`draw` should be a Figure, but it is an Axes. .*get_fig"):
        figure("draw", axes)
    with pytest.raises(TypeError, match=r"but it is None\. Return the figure at the end"):
        figure("draw", None)
    with pytest.raises(ValueError, match="a figure has no part `colours`"):
        figure("draw", axes.figure, "colours")


# ---- printed text and exceptions


def test_what_is_printed_is_text():
    """Printed text becomes text; blanks at the ends do not count."""

    def greet(word):
        print(word, input(), " ")
        print()

    assert printed(greet, "Hello", stdin="Ada\n") == "Hello Ada"
    with pytest.raises(TypeError, match="asks for more input than there is: 0 lines"):
        printed(greet, "Hello")


def test_streams_that_a_script_has_bound_are_those_of_the_call(monkeypatch):
    """A script may begin with `input = sys.stdin.readline`, or write bytes; it reads on after."""
    script = """
import sys
from sys import stdout
input = sys.stdin.readline
def greet():
    stdout.write(f"Hello {input().strip()}\\n")
    print(len(sys.stdin.buffer.read()), end="", flush=True)
"""
    monkeypatch.setattr("sys.stdin", io.StringIO("outside"))
    names = {}
    exec(script, names)
    before = names["input"], names["stdout"]
    assert printed(names["greet"], stdin="Ada é\nab") == "Hello Ada é\n0"
    assert printed(names["greet"], stdin="Bob\n") == "Hello Bob\n0"
    again = Lenient(SimpleNamespace(**names)).greet
    assert printed(again, stdin="Bob\n") == "Hello Bob\n0"
    assert (names["input"], names["stdout"]) == before
    assert names["input"]() == "outside"


def test_an_exception_is_text():
    """An exception becomes text, or "none"; `NotImplementedError` stays an exception."""

    def root(x):
        if x < 0:
            raise ValueError("no root")
        return np.zeros(2) + np.zeros(3) if x > 9 else x**0.5

    assert [raised(root, x) for x in (-1, 4, 10)] == ["ValueError", "none", "ValueError"]
    assert raised(root, -1, by_raise=True) == "ValueError"
    assert raised(root, 10, by_raise=True) == "ValueError, not by `raise`"

    def stub(x):
        raise NotImplementedError

    with pytest.raises(NotImplementedError):
        raised(stub, 1)


def test_numbers_of_numpy_are_numbers_in_rows():
    """`np.unique` with counts gives them, and a solution may give Python's."""
    pairs = [(3, 1.5, True), (4, 2.5, False)]
    of_numpy = [(np.int64(i), np.float32(x), np.bool_(b)) for i, x, b in pairs]
    for name, array in rows("t", pairs, "i x b").items():
        same = rows("t", of_numpy, "i x b")[name]
        assert same.dtype == array.dtype
        assert same.tolist() == array.tolist()


def test_what_did_not_come_stays_unanswered():
    """If one function failed, a second run without it names the answers of the others."""
    unanswered = Unanswered(KeyError("n"))
    assert frame("t", unanswered) == rows("t", unanswered, "n") == figure("t", unanswered) == {}
    assert printed(lambda: unanswered) is unanswered
    assert printed(unanswered, 3, stdin="4") is unanswered
    assert raised(lambda: unanswered) == "KeyError"
    not_there = Unanswered(NotImplementedError())
    assert raised(lambda: not_there) is not_there


# ---- graded

EXPERIMENTS = '''
    import numpy as np
    import pandas as pd

    from autograder.check import UnitSettings, check, frame, named, printed, raised

    SETTINGS = UnitSettings(packages=("numpy", "pandas"))


    @check(points=4)
    def by_clinic(net, seed):
        """`summary` gives count and mean of each clinic"""
        rng = np.random.default_rng(seed)
        clinics = rng.choice(["a", "b", "c"], 30)
        visits = pd.DataFrame({"clinic": clinics, "days": rng.gamma(3, 2, 30)})
        return frame("summary", net.summary(visits), "n mean")


    @check(points=1)
    def refusing(net, seed):
        """`root` raises a ValueError for a number below 0, and prints else"""
        drawn = np.random.default_rng(seed).normal(size=6)
        return named("raised", [raised(net.root, x) for x in drawn]) | named(
            "said", printed(net.root, abs(drawn[0]))
        )
'''
SOLUTION = '''
    import numpy as np
    import pandas as pd

    import autograder

    check = autograder.unit("clinics")


    def summary(visits):
        """A table."""
        ### BEGIN SOLUTION
        return visits.groupby("clinic")["days"].agg(n="count", mean="mean")
        # mistake: return visits.groupby("clinic")["days"].agg(n="count", mean="median")
        #   this is the median.
        ### END SOLUTION


    def root(x):
        """Prints the root of `x`."""
        ### BEGIN SOLUTION
        if x < 0:
            raise ValueError("below 0")
        print(f"{np.sqrt(x):.3f}")
        ### END SOLUTION


    check("by_clinic")
    check("refusing")
'''
GRADED = {
    "right": ("", [4, 1], ""),
    "renamed": (
        "def summary(v):\n    return v.groupby('clinic')['days'].agg(count='count', mean='mean')\n",
        [None, 1],
        "the result (`summary`) has no column `n`; its columns are `count`, `mean`.",
    ),
    "no index": (
        "def summary(v):\n"
        "    t = v.groupby('clinic')['days'].agg(n='count', mean='mean')\n"
        "    return t.reset_index(drop=True)\n",
        [None, 1],
        "summary.index",
    ),
    "median": (
        "def summary(v):\n    return v.groupby('clinic')['days'].agg(n='count', mean='median')\n",
        [None, 1],
        "this is the median.",
    ),
    "silent": ("def root(x):\n    return np.sqrt(x)\n", [4, 0], ""),
    "an array": (
        "def summary(v):\n    return np.zeros(3)\n",
        [0, 1],
        "`summary` should be a DataFrame, but it is an array.",
    ),
}


@pytest.fixture(scope="module")
def clinics(tmp_path_factory):
    """Make a unit whose answers are tables, text and exceptions, and its key."""
    unit = small.write_course(
        tmp_path_factory.mktemp("clinics"), "clinics", EXPERIMENTS, SOLUTION, {"pandas": ""}
    )
    build(unit.course)
    with Server(unit) as server:
        yield server, build_key(server, small.SEED, {})


@pytest.mark.parametrize("kind", GRADED)
def test_a_table_is_graded_with_its_labels(kind, clinics):
    """A table's wrong label or lost index loses points and is reported by name."""
    end, earned, words = GRADED[kind]
    server, key = clinics
    script = small.solution_of(server.unit).plain() + f"\n\n# %%\n{end}"
    verdicts = grade_one(server, script.encode(), "ada.py", small.SEED, key, {})
    for verdict, points in zip(verdicts, earned, strict=True):
        if points is None:
            assert 0 <= verdict.earned < verdict.points
        else:
            assert verdict.earned == points
    told = " ".join(f"{remark.arrays} {remark.text}" for v in verdicts for remark in v.remarks)
    assert words in told


def test_the_costs_of_labels_are_those_of_the_page(tmp_path):
    """Labels cost what the page says: columns, index and types a fifth each with two columns."""
    page = (small.ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    assert "columns in another order cost 0.4, and `as_index=False`" in page
    assert "which changes all three, costs 1.2." in page
    script = """
        def summary(visits):
            return visits.groupby("clinic")["days"].agg(n="count", mean="mean")
    """
    experiments, _, _ = EXPERIMENTS.replace("points=4", "points=2").partition(
        "    @check(points=1)"
    )
    unit = small.write_course(tmp_path, "labels", experiments, script, {"pandas": ""})
    wrong = {
        'agg(mean="mean", n="count")': 0.4,
        'agg(n="count", mean="mean").reset_index()': 1.2,
        'agg(n="count")': 1.8,
        'agg(n="count", mean="mean").astype(float)': 0.0,
    }
    with Server(unit) as server:
        key = build_key(server, small.SEED, {})
        for code, cost in wrong.items():
            answer = f'def summary(visits): return visits.groupby("clinic")["days"].{code}'
            (verdict,) = grade_one(server, answer.encode(), "ada.py", small.SEED, key, {})
            assert verdict.earned == pytest.approx(2 - cost), code
