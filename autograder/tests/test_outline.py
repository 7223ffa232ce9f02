"""A unit as grading needs it: equal to the loaded one, without importing its experiments."""

import dataclasses
import os
import subprocess
import sys

import pytest
import small

from autograder.check import names_in_experiment
from autograder.course import load_unit
from autograder.data import cache_folder, training_data
from autograder.grading.outline import outline_unit
from autograder.relations import letters_of


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    """Use an empty cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def fields(check, sizes):
    """Return what grading must know of a check, including the letters that its code uses."""
    others = {"experiment", "measure", "data", "letters"}
    plain = {name: value for name, value in vars(check).items() if name not in others}
    plain["letters"] = letters_of(check, sizes)
    plain["names"] = names_in_experiment(check.experiment)
    return plain | {
        "title": check.title,
        "trains": bool(check.measure),
        "has data": bool(check.data),
    }


@pytest.mark.parametrize("name", small.COURSE.units)
@pytest.mark.parametrize("time", ["first", "second"])
def test_an_outline_says_of_each_check_what_the_unit_does(name, time):
    """An outline equals the unit's checks, first by importing, later from the cache."""
    if time == "second":
        outline_unit(small.COURSE, name)
    outline, unit = outline_unit(small.COURSE, name), small.unit(name)
    sizes = unit.sizes
    assert [fields(check, sizes) for check in outline.checks] == [
        fields(check, sizes) for check in unit.checks
    ]
    assert (outline.sizes, outline.packages, outline.limits) == (
        unit.sizes,
        unit.packages,
        unit.limits,
    )


def test_its_functions_are_the_units(solution):
    """An outline's functions are the unit's and are imported when they are called."""
    check = next(
        check for check in outline_unit(small.COURSE, small.UNIT).checks if check.name == "fitting"
    )
    real = next(check for check in small.unit().checks if check.name == "fitting")
    weights = {"weights": [1.5, -0.5]}
    text = "0 0\n1 2\n2 3\n0 0\n"
    assert check.measure(None, weights, text) == real.measure(None, weights, text)


def test_data_that_are_drawn_take_the_seed_in_an_outline_too(tmp_path):
    """Random data take the seed in an outline, too, and a free check stays free."""
    unit = small.write_course(
        tmp_path / "course",
        "fitting",
        """
        from functools import cache
        from autograder.check import Corpus, check, named

        @cache
        def halves(find, seed):
            return Corpus("halves", "1", str(seed))

        def loss(solution, trained, text):
            return 1.0

        @check(points=2, data=halves, measure=loss, free=True, within=0.5)
        def fitted(net, seed, text):
            "`fit` fits"
            return named("weight", net.fit(seed))
        """,
        "def fit(seed):\n    return seed\n",
    )
    (check,) = outline_unit(unit.course, unit.name).checks
    assert check.free
    assert training_data(unit.course, check, 8).held_out == "8"


def test_nothing_is_imported_where_it_is_kept(tmp_path):
    """A cached outline imports nothing: the checks may no longer be importable."""
    unit = small.write_course(
        tmp_path / "course",
        "adding",
        """
        import os
        from autograder.check import check, named
        assert not os.environ.get("NO_IMPORT")

        @check(points=2)
        def sums(net, seed):
            "`add` adds"
            return named("sum", net.add(seed, 1))
        """,
        "def add(a, b):\n    return a + b\n",
    )
    code = (
        "from pathlib import Path; from autograder.course import read_course; "
        "from autograder.grading.outline import outline_unit; "
        f"print(outline_unit(read_course(Path({str(unit.course.folder)!r})), "
        "'adding').checks[0].title)"
    )
    for forbidden, works in (("1", False), ("", True), ("1", True)):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "NO_IMPORT": forbidden},
            capture_output=True,
            text=True,
        )
        assert (done.returncode == 0) == works, done.stderr
    assert done.stdout == "`add` adds\n"


def test_a_changed_check_is_read_again(tmp_path):
    """A change of a check's file, or of a shared helper, invalidates the outline."""
    course = small.read_course(small.copy_course(tmp_path / "course"))
    first_check = outline_unit(course, small.UNIT).checks[0]
    assert first_check.points == 2
    path = course.checks / f"{small.UNIT}.py"
    changed = path.read_text().replace("points=2, words", "points=7, words")
    path.write_text(changed)
    first_check = outline_unit(course, small.UNIT).checks[0]
    assert first_check.points == 7
    assert load_unit(course, small.UNIT).checks[0].points == 7


@pytest.mark.parametrize("damage", ["torn", "another's"])
def test_what_is_torn_or_anothers_is_not_believed(damage, monkeypatch):
    """A truncated or foreign cache file is ignored and rewritten."""
    outline_unit(small.COURSE, small.UNIT)
    (path,) = (cache_folder() / "units").glob(f"{small.UNIT}-*.json")
    text = path.read_text().replace('"points":2.0', '"points":99.0')
    path.write_text(text if damage == "another's" else text[:50])
    if damage == "another's":
        another = os.geteuid() + 1
        monkeypatch.setattr(os, "geteuid", lambda: another)
    assert outline_unit(small.COURSE, small.UNIT).checks[0].points == 2


EVERYTHING = """
    import numpy as np

    from autograder.check import UnitSettings, check, choice, named

    UNIT = UnitSettings(sizes={"T": 3})


    @check(points=1)
    def first(net, seed):
        "the first"
        return named("x", net.x(seed))


    def trained(net, weights, text):
        return 0.0


    @check(
        points=2,
        needs=first,
        measure=trained,
        data=lambda find: None,
        corpus="texts",
        within=0.5,
        free=True,
        tolerance={"x": 0.1},
        atol={"x": 0.1},
        costs=("y",),
        words={"x": "look at x"},
        seconds=7,
        kept="it is needed",
        letters=("T",),
    )
    def second(net, seed, text):
        "the second"
        return named("x y", net.x(seed), net.y(seed))


    @check(points=1, question=choice("up", "down", predict=True))
    def third(net, seed):
        "the third"
        return net.z()
"""


def test_an_outline_keeps_every_field(tmp_path):
    """An outline keeps every field of a check, because a lost one would change points."""
    unit = small.write_course(tmp_path, "everything", EVERYTHING, "def x(seed): return seed\n")
    _, trained, asked = unit.checks
    left_out = {"slips"}  # a unit with such a check is not loaded
    for field in dataclasses.fields(trained):
        check = asked if field.name == "question" else trained
        assert field.name in left_out or getattr(check, field.name) != field.default, field.name
    outline = outline_unit(unit.course, "everything")
    for kept, check in zip(outline.checks[1:], (trained, asked), strict=True):
        assert fields(kept, unit.sizes) == fields(check, unit.sizes)
