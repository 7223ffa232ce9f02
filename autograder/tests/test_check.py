"""What an author writes: checks, the names of their values, and arrays."""

import math
import subprocess
import sys

import numpy as np
import pytest
import small

from autograder.check import (
    Addon,
    Experiments,
    Limits,
    UnitSettings,
    Watched,
    as_array,
    check,
    import_checks,
    is_long,
    is_text,
    load_experiments,
    named,
    same_after,
)
from autograder.errors import UserError
from autograder.sandbox.inside.wire import Message, decode, encode


@check(points=2)
def first(net, seed):
    """the first thing

    What an author says beneath it is for authors.
    """
    return {}


class Tensor:
    """A tensor as NumPy sees it: it must be detached before it can become an array."""

    def __init__(self, array, wants_gradient=True):
        self.array, self.wants_gradient = array, wants_gradient

    def __array__(self, *_, **__):
        if self.wants_gradient:
            raise RuntimeError("call detach() first")
        return self.array

    def detach(self):
        return Tensor(self.array, wants_gradient=False)

    def cpu(self):
        return self

    def numpy(self):
        return np.array(self)


# ---- a check


def test_a_check_is_called_and_told_as_its_experiment_is():
    """A check has its function's name and the title that begins its docstring.

    The function runs as written.
    """
    assert (first.name, first.points, first.title) == ("first", 2, "the first thing")
    assert first.experiment(None, 0) == {}


def test_a_title_that_a_formatter_wrapped_is_whole():
    """The title is the docstring's first paragraph, in one line."""

    @check(points=1)
    def wrapped(net, seed):
        """a title that is
        too long for a line

        What an author says beneath it is for authors.
        """
        return {}

    assert wrapped.title == "a title that is too long for a line"


def test_a_check_without_a_docstring_is_told_by_its_name():
    """Without a docstring, a check's title is its name."""
    assert check(points=1)(lambda net, seed: {}).title == "<lambda>"


@pytest.mark.parametrize("needs", [first, (first,), [first]])
def test_a_check_needs_one_check_or_several(needs):
    """`needs` takes one name or several; a single one needs no parentheses."""
    assert check(points=1, needs=needs)(lambda net, seed: {}).needs == ("first",)


def test_an_option_that_no_check_has_is_refused_where_it_is_written():
    """An unknown option is reported with its check, and its unit is not loaded."""
    (slip,) = check(points=1, tolerence={})(lambda net, seed: {}).slips
    assert slip == "a check has no option `tolerence`. Did you mean `tolerance`?"


# ---- names and values


def test_values_are_named_in_order():
    """Names apply to values one by one, or to a whole tuple, list or dict.

    Further entries of a dict are left out.
    """
    wanted = {"loss": 1.0, "grad": 2.0}
    for values in ((1.0, 2.0), ((1.0, 2.0),), ([1.0, 2.0],), ({"grad": 2.0, "loss": 1.0, "x": 3},)):
        found = named("loss grad", *values)
        assert list(found) == ["loss", "grad"]
        assert found == wanted


def test_one_value_may_be_a_list_of_numbers():
    """A single name takes a whole list of numbers as its array."""
    assert named("row", [1, 2, 3])["row"].tolist() == [1, 2, 3]


def test_named_counts_its_values():
    """`named` reports too few or too many values, a missing key of a dict, and a single number."""
    with pytest.raises(TypeError, match=r"expected 2 values \(loss, grad\), found 1"):
        named("loss grad", (1.0,))
    with pytest.raises(TypeError, match=r"expected 2 values \(loss, grad\), found 3"):
        named("loss grad", 1.0, 2.0, 3.0)
    with pytest.raises(TypeError, match="the result has no 'grad'; it needs loss, grad"):
        named("loss grad", {"loss": 1.0})
    with pytest.raises(TypeError, match=r"expected 2 values \(loss, grad\), found one float"):
        named("loss grad", 1.0)


@pytest.mark.parametrize(
    "value",
    [
        object(),
        None,
        np.array([1j]),
        b"bytes",
        {"a": 1},
        np.array("2020-01-01", "M8[D]"),
    ],
)
def test_named_refuses_what_is_no_array_of_numbers(value):
    """The message names the array and what was found instead of numbers."""
    found = type(value).__name__
    with pytest.raises(
        TypeError, match=f"`loss` should be a number or an array of numbers, found {found}"
    ):
        named("loss", value)


OF_OBJECTS = "`loss` is an array of objects. It should be numeric: convert it with `astype(float)`."


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (
            [[1], [1, 2]],
            "`loss` should hold parts of one shape, and two of them are (1,) and (2,).",
        ),
        ([1.0, None], "`loss[1]` should be a number or an array of numbers, found NoneType"),
        ([["a", "b"], [1, "c"]], "`loss[1]` should hold numbers, but it mixes them with text."),
        (
            np.array([1.0, None]),
            "`loss[1]` should be a number or an array of numbers, found NoneType",
        ),
        (np.array([1.0, 2.0], object), OF_OBJECTS),
        (np.array([[1, 2], [3, 4]], object), OF_OBJECTS),
        (np.empty(0, object), OF_OBJECTS),
        (
            np.array(["a", "b"], object),
            "`loss` is an array of objects that holds text. Convert it with `astype(str)`.",
        ),
        (
            [[1, 2], [3, None]],
            "`loss[1][1]` should be a number or an array of numbers, found NoneType",
        ),
    ],
)
def test_what_cannot_be_taken_of_a_list_is_told(value, words):
    """If a list is expected in place of an array, the message points into the list."""
    with pytest.raises(TypeError) as raised:
        named("loss", value)
    assert str(raised.value) == words


def test_numbers_wider_than_64_bits_are_refused():
    """Numbers wider than 64 bits cannot be sent; the message says what to return."""
    with pytest.raises(TypeError, match="`loss` holds float128 numbers; return float64 or float32"):
        as_array("loss", np.longdouble(1))


def test_a_tensor_is_detached():
    """Any value with `detach`, `cpu` and `numpy` becomes an array.

    No package is imported for it.
    """
    assert as_array("w", Tensor(np.ones(3))).tolist() == [1, 1, 1]
    with pytest.raises(RuntimeError, match="detach"):
        np.array(Tensor(np.ones(3)))


def test_an_answer_is_a_copy():
    """An answer is a copy: later changes by the submission do not reach it."""
    mine = np.ones(2)
    answer = as_array("w", mine)
    mine += 1
    assert answer.tolist() == [1, 1]


# ---- text


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("A. L.", ()),
        ("", ()),
        (["A. L.", "G. B. H."], (2,)),
        (("A.", "B."), (2,)),
        ([["a", "b", "c"], ["d", "e", "f"]], (2, 3)),
        (np.array(["a", "b"]), (2,)),
        ([np.str_("a"), "b"], (2,)),
        ([np.array(["a", "b"]), np.array(["c", "d"])], (2, 2)),
    ],
)
def test_strings_are_an_array_of_text(value, shape):
    """A string, lists of strings and NumPy's own strings arrive complete."""
    array = named("name", value)["name"]
    assert is_text(array)
    assert array.shape == shape
    assert array.tolist() == np.array(value).tolist()


@pytest.mark.parametrize(
    "value",
    [["a", 1], [1, "a"], [["a"], [2.5]], ["a", None], ["a", b"b"], [True, "a"], ["a", ["b"]]],
)
def test_text_and_something_else_in_one_list_are_refused(value):
    """A list of text and numbers is refused: NumPy would turn 1 into "1" and judge it right."""
    with pytest.raises(TypeError, match=r"^`name.* should"):
        named("name", value)


def test_numbers_are_no_text():
    """Neither numbers nor an empty list count as text."""
    for value in (1, 2.5, True, [1, 2], [], np.zeros((0, 3))):
        assert not is_text(named("x", value)["x"])


# ---- a unit's experiments


def test_a_units_checks_are_those_of_its_module_in_order():
    """A unit has the checks of its module, in order, and its settings under any name."""
    found = load_experiments(small.COURSE.checks, small.UNIT, {})
    assert [each.name for each in found.checks] == ["doubling", "summing", "three_steps", "fitting"]
    assert found.settings.packages == ("numpy",)
    assert found.settings.sizes == {"T": 6, "B": 3}


def test_a_module_of_checks_without_settings_has_the_usual_ones():
    """A module of checks without settings gets no packages, no letters and the default limits."""
    assert load_experiments(small.COURSE.checks, small.WORDS, {}).settings == UnitSettings(
        limits=Limits()
    )


def test_needs_point_backwards_and_names_are_unique():
    """In every course a check comes after those that it needs, and names are unique."""
    for name in small.COURSE.units:
        seen = []
        for each in small.unit(name).checks:
            assert set(each.needs) <= set(seen)
            assert each.title
            assert each.name not in seen
            seen.append(each.name)


def write_course(folder, value):
    """Write a folder `checks` whose unit `one` imports a helper beside it."""
    folder.mkdir(parents=True)
    (folder / "helper.py").write_text(f"VALUE = {value}\n")
    (folder / "one.py").write_text("from .helper import VALUE\n")
    return folder


def test_checks_of_two_courses_are_loaded_side_by_side(tmp_path):
    """In two courses with equally named modules, each unit imports the helper beside itself."""
    folders = [
        write_course(tmp_path / name / "checks", value) for name, value in (("a", 1), ("b", 2))
    ]
    assert [import_checks(folder, "one").VALUE for folder in folders] == [1, 2]
    assert import_checks(folders[0], "one") is import_checks(folders[0], "one")


def test_nothing_can_be_imported_in_the_place_of_checks(tmp_path):
    """A package `checks` or a module `helper` earlier on the path is not imported."""
    folder = write_course(tmp_path / "course" / "checks", 1)
    (tmp_path / "class" / "checks").mkdir(parents=True)
    for path in ("checks/__init__.py", "checks/one.py", "helper.py", "one.py"):
        (tmp_path / "class" / path).write_text("raise SystemExit('hostile')")
    code = "import sys; from pathlib import Path; from autograder.check import import_checks; "
    code += "print(import_checks(Path(sys.argv[1]), 'one').VALUE)"
    done = subprocess.run(
        [sys.executable, "-c", code, folder], cwd=tmp_path / "class", capture_output=True, text=True
    )
    assert done.stdout == "1\n", done.stderr


def noting(asked):
    """Install an add-on that records its calls."""
    return Addon(reset=asked.append, warm=lambda: asked.append("warm"))


def test_each_experiment_begins_with_the_same_random_numbers():
    """Each experiment starts with the same random state of NumPy and of each add-on's package.

    A large seed is no error.
    """
    asked = []
    experiments = Experiments((), UnitSettings(), (noting(asked),))
    drawn = []
    for _ in range(2):
        experiments.reset(7)
        drawn.append(np.random.rand())
    experiments.reset(2**40 + 7)
    assert drawn[0] == drawn[1] == np.random.rand()
    assert asked == [7, 7, 2**40 + 7]


def test_a_unit_is_warmed_by_its_add_ons_and_by_itself():
    """A unit is warmed by its add-ons first and by the `warm` of its settings last.

    Warming does once what each submission would otherwise do first.
    """
    asked = []
    settings = UnitSettings(warm=lambda: asked.append("ours"))
    Experiments((), settings, (noting(asked),)).warm()
    assert asked == ["warm", "ours"]


def test_an_add_on_is_loaded_where_the_unit_asks_for_its_package(tmp_path, monkeypatch):
    """Only the add-ons of packages that the unit names are imported."""
    (tmp_path / "wanted_addon.py").write_text(
        "from autograder.check import Addon\nADDON = Addon(axis_functions=('f',))\n"
    )
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "one.py").write_text(
        "from autograder.check import UnitSettings\nS = UnitSettings(packages=('numpy', "
        "'wanted'))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    addons = {"wanted": "wanted_addon", "other": "no_such_module"}
    found = load_experiments(tmp_path / "checks", "one", addons)
    assert [addon.axis_functions for addon in found.addons] == [("f",)]
    with pytest.raises(UserError, match=r"The add-on json has no `ADDON`\. Write "):
        load_experiments(tmp_path / "checks", "one", {"wanted": "json"})


# ---- arguments that must not change


class Submitted:
    """Functions that students might write, and a class."""

    Point = complex

    def untouched(self, x, **_):
        return x + 1

    def added_to(self, x):
        x += 1
        return x

    def emptied(self, parts):
        parts.clear()

    def replaced(self, parts):
        parts["x"] = parts["x"] + 1

    def grown(self, parts):
        parts.append(1)


def kept(call):
    """Return what `same_after` finds after a call of one function."""
    net = Watched(Submitted())
    call(net)
    return bool(same_after(net)["same_after"])


@pytest.mark.parametrize(
    ("call", "same"),
    [
        (lambda net: net.untouched(np.zeros(3), of={"x": [np.ones(2)]}), True),
        (lambda net: net.added_to(np.zeros(3)), False),
        (lambda net: net.untouched(np.array([1, math.nan])), True),
        (lambda net: net.hand_to(np.nan_to_num)(np.array([1, math.nan]), copy=False), False),
        (lambda net: net.added_to(5), True),
        (lambda net: net.emptied([np.zeros(3)]), False),
        (lambda net: net.emptied({"x": np.zeros(3)}), False),
        (lambda net: net.replaced({"x": np.zeros(3)}), False),
        (lambda net: net.grown([1, 2]), False),
        (lambda net: net.hand_to(lambda x: x.sort())(np.array([2, 1])), False),
        (lambda net: net.hand_to(lambda x: x.sort())([2, 1]), False),
        (lambda net: net.hand_to(lambda x: x.sort())([1, math.nan]), True),
        (lambda net: net.hand_to(lambda x: x.add(3))({1, 2}), False),
        (lambda net: net.hand_to(lambda x: x | {3})({1, 2}), True),
        (lambda net: net.hand_to(lambda x: x[0].discard(1))([{1, 2}]), False),
        (lambda net: net.hand_to(lambda x: x["a"].append("d"))({"a": ["b", "c"]}), False),
        (lambda net: net.hand_to(lambda x: x.update(a=2))({"a": 1}), False),
        (lambda net: net.hand_to(lambda x: x.update(a=2))({"a": np.zeros(3)}), False),
        (lambda net: net.hand_to(lambda x: x.update(a=2))({"a": [1]}), False),
        (lambda net: net.hand_to(lambda x: x.update(a=2))({"a": {}}), False),
        (lambda net: net.hand_to(lambda x: x.resize(4, refcheck=False))(np.zeros(3)), False),
    ],
)
def test_a_function_that_changes_its_arguments_is_seen(call, same):
    """Changes of arrays are detected, in lists and dicts and after a manual call, too."""
    assert kept(call) == same


def test_a_function_that_changes_a_table_is_seen():
    """A new or a sorted column of a DataFrame is a change; a missing value equals itself."""
    pandas = pytest.importorskip("pandas")

    def table():
        return pandas.DataFrame({"x": [3.0, math.nan, 1.0], "g": ["a", "b", "a"]})

    assert kept(lambda net: net.hand_to(lambda one: one.assign(y=1))(table()))
    assert not kept(lambda net: net.hand_to(lambda one: one.insert(0, "y", 1))(table()))
    assert not kept(lambda net: net.hand_to(lambda one: one.__setitem__("x", 0.0))(table()))
    assert not kept(lambda net: net.hand_to(lambda one: one.pop(0))(table()["x"]))


def test_one_change_is_not_forgotten_and_classes_come_out_as_they_are():
    """One change stays recorded, even if a later call changes nothing; classes stay unwrapped."""
    net = Watched(Submitted())
    net.added_to(np.zeros(3))
    net.untouched(np.zeros(3))
    assert not same_after(net)["same_after"]
    assert net.Point is complex


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (2**64, "int 18446744073709551616"),
        ([1, -(2**63) - 1], ["int 1", "int -9223372036854775809"]),
        ([[1, 2**63], [-1, 4]], [["int 1", f"int {2**63}"], ["int -1", "int 4"]]),
        ([1, 2**63], [1, 2**63]),
        ([2**70, 0.5], [2.0**70, 0.5]),
        ([10**400, 0.5], [np.inf, 0.5]),
    ],
)
def test_whole_numbers_beyond_64_bits_are_kept_exactly(value, kept):
    """Integers beyond 64 bits are kept exactly, as labelled text; beside floats they are floats."""
    array = as_array("counts", value)
    assert array.tolist() == kept
    assert is_long(array) == isinstance(np.ravel(np.array(kept, object))[0], str)
    assert decode(encode(Message({}, {"counts": array}))[8:]).arrays["counts"].tolist() == kept


def test_a_whole_number_may_have_any_size():
    """A long integer is stored as its size and a checksum, so that an answer stays small."""
    one, other = as_array("n", 7**10_000), as_array("n", 7**10_000 + 1)
    assert one != other
    assert len(str(one)) < 50
    assert "2**28073 or more" in str(one)
