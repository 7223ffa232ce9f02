"""Wrong tables: feedback counts rows, and names a row by its firm and year and not by a number."""

import numpy as np
import pytest
from judged import judge

from autograder.check import Answer, as_array, check
from autograder.judging import PlainKey
from autograder.practice.first_wrong import with_first_wrong

FIRMS, YEARS = ["Acme", "Acme", "Bolt", "Bolt", "Cole"], [2013, 2014, 2013, 2015, 2013]
SALES = [1.5, 2.25, np.nan, 7.125, 4.75]


@check(points=2)
def tidying(tidy, seed):
    """a table"""
    return {}


def table(firms=FIRMS, years=YEARS, sales=SALES, index=None):
    """Return the arrays that `frame` makes of a table."""
    values = {
        "panel.columns": ["firm", "year", "sales"],
        "panel.index": list(range(len(sales))) if index is None else index,
        "panel.types": ["text", "numbers", "numbers"],
        "panel.firm": firms,
        "panel.year": years,
        "panel.sales": sales,
    }
    arrays = {}
    for name, value in values.items():
        if value:
            arrays[name] = as_array(name, value)
    return Answer(arrays)


def told(answer, right=None):
    """Return what a student reads about a wrong table: remarks with their examples."""
    key = PlainKey(right or table())
    verdict = judge(tidying, key, answer, {})
    shown = with_first_wrong(verdict, tidying, key, answer)
    return [(remark.text, remark.example) for remark in shown.remarks if remark.arrays]


def test_a_wrong_entry_is_named_by_its_row():
    """The first wrong number of a column stands in a row that firm and year name."""
    sales = [1.5, 2.25, 9.0, 7.125, 4.75]
    ((_, example),) = told(table(sales=sales))
    row = "the row where `firm` is 'Bolt' and `year` is 2013"
    assert example == f"`panel.sales[2]`, in {row}, should be nan and is 9."


def test_a_wrong_column_names_no_row():
    """A column in which the answer differs names no row: a student would look in vain."""
    years = [year + 1 for year in YEARS]
    ((_, example),) = told(table(years=years))
    assert example == "`panel.year[0]` should be 2013 and is 2014."


def test_an_index_of_names_names_the_row():
    """An index that holds names is sufficient; one that only counts rows is not used."""
    names = ["a", "b", "c", "d", "all"]
    right = table(firms=[], index=names)
    wrong = table(firms=[], index=names, sales=[*SALES[:-1], 5.5])
    ((_, example),) = told(wrong, right)
    assert example == "`panel.sales[4]`, in the row 'all', should be 4.75 and is 5.5."


@pytest.mark.parametrize(
    ("kept", "words", "example"),
    [
        (
            [0, 2, 3, 4],
            "4 rows, and 5 are expected. 1 of the 5 expected rows is missing; all others are "
            "there, in some order.",
            "`panel` lacks the row where `firm` is 'Acme' and `year` is 2014.",
        ),
        (
            [0, 1, 2, 3, 4, 4, 3],
            "7 rows, and 5 are expected. All 5 expected rows are there, and 2 more.",
            "`panel` has the row where `firm` is 'Cole' and `year` is 2013 more often than it "
            "should.",
        ),
    ],
)
def test_of_other_rows_the_number_and_one_row_are_told(kept, words, example):
    """A table with rows too few or too many gets one remark for all columns, with a row."""
    columns = ([column[i] for i in kept] for column in (FIRMS, YEARS, SALES))
    remarks = told(table(*columns))
    assert remarks == [(f"your table has {words}", example)]


def test_without_columns_that_name_rows_only_their_number_is_told():
    """A table of measured numbers has no names for its rows."""
    right = table(firms=[], years=[], index=None)
    wrong = table(firms=[], years=[], sales=[3.5, 2.5])
    remarks = told(wrong, right)
    assert remarks == [("your table has 2 rows, and 5 are expected.", "")]


def test_arrays_with_a_dot_in_their_names_are_no_table():
    """Weights of two layers have shapes, and no rows."""
    right = Answer({"net.in": np.arange(4.0), "net.out": np.arange(4.0) + 7})
    wrong = Answer({"net.in": np.array([1.5, 9, 4]), "net.out": np.array([2.5, 3, 8])})
    assert {text for text, _ in told(wrong, right)} == {
        "the shape is wrong: (3,) found, (4,) expected."
    }


def test_a_large_table_is_not_searched_for_labels():
    """In a table of many rows feedback counts them: to find the labels of one would take long."""
    firms = [f"firm {i}" for i in range(5000)]
    right = table(firms, [2013] * 5000, np.arange(5000.0).tolist())
    wrong = table(firms[1:], [2013] * 4999, np.arange(4999.0).tolist())
    texts = [text for text, _ in told(wrong, right)]
    assert "your table has 4999 rows, and 5000 are expected." in texts
    assert not [text for text in texts if "missing" in text]
