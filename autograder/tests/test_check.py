"""What an author writes: checks, the names of their values, and what counts as an array."""

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
    """What a tensor is to us: it must be detached before NumPy can have it."""

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
    """Its name is the function's, its title begins the docstring; the function runs as written."""
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
    """There is a title in any case."""
    assert check(points=1)(lambda net, seed: {}).title == "<lambda>"


@pytest.mark.parametrize("needs", [first, (first,), [first]])
def test_a_check_needs_one_check_or_several(needs):
    """One may stand without parentheses; what is kept are the names."""
    assert check(points=1, needs=needs)(lambda net, seed: {}).needs == ("first",)


def test_an_option_that_no_check_has_is_refused_where_it_is_written():
    """An author's slip is kept with the check, and no unit of it is loaded."""
    (slip,) = check(points=1, tolerence={})(lambda net, seed: {}).slips
    assert slip == "a check has no option `tolerence`. Did you mean `tolerance`?"


# ---- names and values


def test_values_are_named_in_order():
    """One by one, or all of them as a tuple, a list or a dict.

    What a dict holds beside is left out.
    """
    wanted = {"loss": 1.0, "grad": 2.0}
    for values in ((1.0, 2.0), ((1.0, 2.0),), ([1.0, 2.0],), ({"grad": 2.0, "loss": 1.0, "x": 3},)):
        found = named("loss grad", *values)
        assert list(found) == ["loss", "grad"]
        assert found == wanted


def test_one_value_may_be_a_list_of_numbers():
    """With a single name nothing is spread: the list is the array."""
    assert named("row", [1, 2, 3])["row"].tolist() == [1, 2, 3]


def test_named_counts_its_values():
    """Too few or too many values, a dict without one of the names, and a single number are told."""
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
    """The text names the array and what was found."""
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
            [[1, 2], [3, None]],
            "`loss[1][1]` should be a number or an array of numbers, found NoneType",
        ),
    ],
)
def test_what_cannot_be_taken_of_a_list_is_told(value, words):
    """A list is asked for as often as an array: what is wrong is in it."""
    with pytest.raises(TypeError) as raised:
        named("loss", value)
    assert str(raised.value) == words


def test_numbers_wider_than_64_bits_are_refused():
    """They do not travel; the text says what to return."""
    with pytest.raises(TypeError, match="`loss` holds float128 numbers; return float64 or float32"):
        as_array("loss", np.longdouble(1))


def test_a_tensor_is_detached():
    """Whatever has `detach`, `cpu` and `numpy` is taken as an array.

    No package is imported for it.
    """
    assert as_array("w", Tensor(np.ones(3))).tolist() == [1, 1, 1]
    with pytest.raises(RuntimeError, match="detach"):
        np.array(Tensor(np.ones(3)))


def test_an_answer_is_a_copy():
    """What a submission does to its own array afterwards changes no answer."""
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
    """A string, lists of strings, and NumPy's own: nothing is lost on the way."""
    array = named("name", value)["name"]
    assert is_text(array)
    assert array.shape == shape
    assert array.tolist() == np.array(value).tolist()


@pytest.mark.parametrize(
    "value",
    [["a", 1], [1, "a"], [["a"], [2.5]], ["a", None], ["a", b"b"], [True, "a"], ["a", ["b"]]],
)
def test_text_and_something_else_in_one_list_are_refused(value):
    """NumPy would make text of the numbers, and 1 would be as right as "1"."""
    with pytest.raises(TypeError, match=r"^`name.* should"):
        named("name", value)


def test_numbers_are_no_text():
    """Nor is an empty list: it holds no string."""
    for value in (1, 2.5, True, [1, 2], [], np.zeros((0, 3))):
        assert not is_text(named("x", value)["x"])


# ---- a unit's experiments


def test_a_units_checks_are_those_of_its_module_in_order():
    """Its settings are found beside them, whatever they are called."""
    found = load_experiments(small.COURSE.checks, small.UNIT, {})
    assert [each.name for each in found.checks] == ["doubling", "summing", "three_steps", "fitting"]
    assert found.settings.packages == ("numpy",)
    assert found.settings.sizes == {"T": 6, "B": 3}


def test_a_module_of_checks_without_settings_has_the_usual_ones():
    """No packages, no letters, the usual limits."""
    assert load_experiments(small.COURSE.checks, small.WORDS, {}).settings == UnitSettings(
        limits=Limits()
    )


def test_needs_point_backwards_and_names_are_unique():
    """In the fixture course as in any: a check runs after those that it needs."""
    for name in small.COURSE.units:
        seen = []
        for each in small.unit(name).checks:
            assert set(each.needs) <= set(seen)
            assert each.title
            assert each.name not in seen
            seen.append(each.name)


def write_course(folder, value):
    """A folder `checks` whose unit `one` imports a helper beside it."""
    folder.mkdir(parents=True)
    (folder / "helper.py").write_text(f"VALUE = {value}\n")
    (folder / "one.py").write_text("from .helper import VALUE\n")
    return folder


def test_checks_of_two_courses_are_loaded_side_by_side(tmp_path):
    """Modules of the same names: each unit imports the helper beside itself."""
    folders = [
        write_course(tmp_path / name / "checks", value) for name, value in (("a", 1), ("b", 2))
    ]
    assert [import_checks(folder, "one").VALUE for folder in folders] == [1, 2]
    assert import_checks(folders[0], "one") is import_checks(folders[0], "one")


def test_nothing_can_be_imported_in_the_place_of_checks(tmp_path):
    """A package `checks` or a module `helper` that Python would find first does not run."""
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
    """An add-on that notes what is asked of it."""
    return Addon(reset=asked.append, warm=lambda: asked.append("warm"))


def test_each_experiment_begins_with_the_same_random_numbers():
    """NumPy's own are set, and each add-on is asked to set its package's.

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
    """What each submission would else do first is done once: `warm` of the settings comes last."""
    asked = []
    settings = UnitSettings(warm=lambda: asked.append("ours"))
    Experiments((), settings, (noting(asked),)).warm()
    assert asked == ["warm", "ours"]


def test_an_add_on_is_loaded_where_the_unit_asks_for_its_package(tmp_path, monkeypatch):
    """The add-on of a package that the unit does not name is not imported."""
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


# ---- arguments left as they were


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
    """What `same_after` finds when one function was called."""
    net = Watched(Submitted())
    call(net)
    return bool(same_after(net)["same_after"])


@pytest.mark.parametrize(
    ("call", "same"),
    [
        (lambda net: net.untouched(np.zeros(3), of={"x": [np.ones(2)]}), True),
        (lambda net: net.added_to(np.zeros(3)), False),
        (lambda net: net.added_to(5), True),
        (lambda net: net.emptied([np.zeros(3)]), False),
        (lambda net: net.emptied({"x": np.zeros(3)}), False),
        (lambda net: net.replaced({"x": np.zeros(3)}), False),
        (lambda net: net.grown([1, 2]), False),
        (lambda net: net.hand_to(lambda x: x.sort())(np.array([2, 1])), False),
        (lambda net: net.hand_to(lambda x: x.resize(4, refcheck=False))(np.zeros(3)), False),
    ],
)
def test_a_function_that_changes_its_arguments_is_seen(call, same):
    """Arrays, and those in lists and dicts; also a call by hand."""
    assert kept(call) == same


def test_one_change_is_not_forgotten_and_classes_come_out_as_they_are():
    """A later call that changes nothing makes up for nothing."""
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
    """As text that says what it is; beside floats they are floats."""
    array = as_array("counts", value)
    assert array.tolist() == kept
    assert is_long(array) == isinstance(np.ravel(np.array(kept, object))[0], str)
    assert decode(encode(Message({}, {"counts": array}))[8:]).arrays["counts"].tolist() == kept


def test_a_whole_number_may_have_any_size():
    """A long one is kept as its size and a checksum, so that an answer stays small."""
    one, other = as_array("n", 7**10_000), as_array("n", 7**10_000 + 1)
    assert one != other
    assert len(str(one)) < 50
    assert "2**28073 or more" in str(one)
