"""A course is a folder.

Tests what its file may say, where it is looked for, and how its units are named.
"""

import os
import shutil

import pytest
import small

from autograder.course import (
    MissingPackage,
    NoCourse,
    Package,
    UnknownUnit,
    addons,
    find_course,
    find_unit,
    load_unit,
    read_course,
    telling_of_missing_packages,
)
from autograder.schema import BadFile

WHOLE = {"format": "1", "title": '"A course"', "public_seed": "3", "units": '["one", "two"]'}


def write(folder, more="", **changed):
    """Write a valid course.toml with some values changed.

    A value of None leaves its key out.
    """
    lines = [f"{key} = {value}" for key, value in (WHOLE | changed).items() if value is not None]
    (folder / "course.toml").write_text("\n".join([*lines, more]))
    return folder


def course_of(folder, *units, **changed):
    return read_course(write(folder, units=str(list(units)).replace("'", '"'), **changed))


# ---- course.toml


@pytest.mark.parametrize("key", WHOLE)
def test_a_key_that_is_missing_is_named(tmp_path, key):
    """The message names the missing key and the file."""
    with pytest.raises(BadFile) as error:
        read_course(write(tmp_path, **{key: None}))
    assert str(error.value) == f"{tmp_path / 'course.toml'}: the key `{key}` is missing."


@pytest.mark.parametrize(
    ("changed", "more", "words"),
    [
        ({"format": '"1"'}, "", "`format`: expected a whole number, found text."),
        ({"title": "3"}, "", "`title`: expected text, found a whole number."),
        ({"units": '"one"'}, "", "`units`: expected a list, found text."),
        ({"units": "[]"}, "", "`units`: expected a list of length >= 1."),
        ({"units": '["one", 2]'}, "", "`units[1]`: expected text, found a whole number."),
        ({"public_seed": "1.5"}, "", "`public_seed`: expected a whole number, found a number."),
        ({"public_seed": "-1"}, "", "`public_seed`: expected a whole number >= 0."),
        ({"public_seed": str(2**31)}, "", "`public_seed`: expected a whole number <= 2147483647."),
        ({"titel": '"A"'}, "", "there is no key `titel`. Did you mean `title`?"),
        ({}, "[corpora]\ntext = 'a'", "`corpora.text`: expected a list, found text."),
        ({}, "[corpora]\ntext = []", "`corpora.text`: expected a list of length >= 1."),
        ({}, "[packages]\nnumpy = 'numpy'", "`packages.numpy`: expected a table, found text."),
        ({}, "[packages.numpy]\nwhy = 'a'", "`packages.numpy`: the key `install` is missing."),
        (
            {},
            "[packages.numpy]\ninstall = 'a'\nadon = 'b'",
            "`packages.numpy`: there is no key `adon`. Did you mean `addon`?",
        ),
        ({}, "[words]\nlos = 'a'", "`words`: there is no key `los`. Did you mean `loss`?"),
        ({"student_docs": "3"}, "", "`student_docs`: expected a list, found a whole number."),
    ],
)
def test_a_wrong_key_or_type_is_told_with_file_key_and_what_was_expected(
    tmp_path, changed, more, words
):
    """The message on a wrong key or type names the file, the key and what was expected.

    It adds the nearest valid key.
    """
    with pytest.raises(BadFile) as error:
        read_course(write(tmp_path, more, **changed))
    assert str(error.value) == f"{tmp_path / 'course.toml'}: {words}"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"format": "2"}, "format = 2, and this version reads format 1. Install the version"),
        ({"units": '["one", "two", "one"]'}, "`units` names one more than once."),
        (
            {"units": '["one-two"]'},
            "a unit cannot be called `one-two`. Use letters, numerals and underscores",
        ),
        ({"units": '["../one"]'}, "a unit cannot be called `../one`."),
        ({"units": '["1st"]'}, "a unit cannot be called `1st`."),
    ],
)
def test_what_no_course_can_say_is_refused(tmp_path, changed, words):
    """Another format version, repeated units, and names that are no Python file are refused."""
    with pytest.raises(NoCourse) as error:
        read_course(write(tmp_path, **changed))
    assert str(error.value).startswith(f"{tmp_path / 'course.toml'}: {words}")


def test_a_file_that_is_changed_is_read_again(tmp_path):
    """In one process, a changed file is read again; an unchanged one gives the same object."""
    course = read_course(write(tmp_path))
    assert read_course(tmp_path) is course is read_course(tmp_path / "." / "")
    write(tmp_path, title='"Another"')
    os.utime(tmp_path / "course.toml", (1, 1))
    assert read_course(tmp_path).title == "Another"


def test_what_a_course_may_leave_out_has_a_value(tmp_path):
    """A course.toml needs only four keys."""
    about = read_course(write(tmp_path)).about
    assert (about.corpora, about.packages, about.student_docs) == ({}, {}, [])
    assert about.words.loss == ""
    assert about.words.training_hint


def test_the_places_of_a_unit(tmp_path):
    """Solutions, checks, stubs and keys of a unit each have their folder."""
    course = read_course(write(tmp_path))
    places = [course.solution("one"), course.stub("one"), course.key("one"), course.checks]
    assert [path.relative_to(course.folder).as_posix() for path in places] == [
        "solutions/one.py",
        "assignments/one.py",
        "assignments/keys/one.safetensors",
        "checks",
    ]


def test_add_ons_are_those_that_packages_name(tmp_path):
    """A package without an add-on has none in the list of add-ons."""
    course = read_course(
        write(tmp_path, "[packages]\na = {install = 'a', addon = 'a_addon'}\nb = {install = 'b'}")
    )
    assert addons(course) == {"a": "a_addon"}
    assert course.about.packages["b"] == Package(install="b")


# ---- where it is


def test_a_course_is_named_or_found_upward(tmp_path, monkeypatch):
    """The course is the named folder, else the variable's, else the surrounding one.

    A course elsewhere is never guessed.
    """
    folders = [tmp_path / name for name in ("named", "variable", "around")]
    for folder in folders:
        (folder / "deep" / "er").mkdir(parents=True)
        write(folder, title=f'"{folder.name}"')
    monkeypatch.chdir(folders[2] / "deep" / "er")
    assert find_course().folder == folders[2]
    assert find_course(start=folders[0] / "deep").title == "named"
    monkeypatch.setenv("AUTOGRADER_COURSE", str(folders[1]))
    assert find_course().title == find_course(start=folders[0]).title == "variable"
    assert find_course(folders[0]).title == "named"


def test_no_course_is_told_with_where_it_was_looked_for(tmp_path, monkeypatch):
    """Without a course the message says where the search looked and how to name one.

    A named folder without a course is an error.
    """
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        NoCourse, match=r"There is no course\.toml in .* or above it.*--course FOLDER"
    ):
        find_course()
    write(tmp_path)
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("AUTOGRADER_COURSE", str(tmp_path / "empty"))
    for named in (None, tmp_path / "empty"):
        with pytest.raises(NoCourse, match=r"empty is no course: it holds no course\.toml"):
            find_course(named)


# ---- units


def test_a_unit_is_found_by_its_beginning_and_the_nearest_is_suggested():
    """A unit is found by its name or an unambiguous beginning.

    A wrong name gets the nearest suggestion, or the list of all.
    """
    course = small.COURSE
    for name in ("numbers_and_sums", "numbers", "n"):
        assert find_unit(course, name) == "numbers_and_sums"
    for name, words in (
        ("numbrs", r"There is no unit `numbrs`\. Did you mean `numbers_and_sums`\?"),
        ("wrods", "Did you mean `words`"),
        ("", r"Known units: numbers_and_sums, words\."),
        ("zzz", "Known units"),
    ):
        with pytest.raises(UnknownUnit, match=words):
            find_unit(course, name)


def test_a_beginning_of_two_units_is_neither(tmp_path):
    """An ambiguous beginning matches no unit, but a whole name that begins another one matches."""
    course = course_of(tmp_path, "sort", "sorting", "sort_more")
    assert find_unit(course, "sort") == "sort"
    assert find_unit(course, "sorti") == "sorting"
    with pytest.raises(UnknownUnit, match="There is no unit `so`"):
        find_unit(course, "so")


def test_a_short_name_ends_at_an_underscore_and_is_one_units_alone(tmp_path):
    """A short name ends at an underscore and finds its unit again; else it is the whole name."""
    course = course_of(
        tmp_path, "unit1_maps", "unit10_trees", "sums_of_rows", "sums_of_columns", "words"
    )
    shorts = [course.short(unit) for unit in course.units]
    assert shorts == ["unit1_maps", "unit10", "sums_of_rows", "sums_of_columns", "words"]
    assert [find_unit(course, short) for short in shorts] == list(course.units)
    assert course.short("elsewhere") == "elsewhere"


def test_a_unit_is_loaded_with_what_its_module_says():
    """A unit is loaded with its module's checks, letters, packages and limits."""
    unit = small.unit()
    assert unit.name == small.UNIT
    assert unit.checks[0].name == "doubling"
    assert (unit.sizes, unit.packages, unit.limits.megabytes) == (
        {"T": 6, "B": 3},
        ("numpy",),
        1024,
    )


def test_a_unit_without_checks_is_told_with_the_file(tmp_path):
    """A unit without checks is reported with the file in which an author has to write them."""
    course = read_course(write(tmp_path))
    with pytest.raises(
        UnknownUnit, match=r"one has no file of checks: .*checks/one\.py is missing"
    ):
        load_unit(course, "one")


@pytest.mark.parametrize("module", ["", "fictive_reader"])
def test_a_package_of_the_course_that_is_missing_is_told_with_how_to_install_it(tmp_path, module):
    """A missing package of the course is reported with the command that installs it.

    It is recognised by its import name; any other failing import is raised unchanged.
    """
    name = "fictive-reader" if module else "fictive_reader"
    course = read_course(
        write(tmp_path, f'[packages]\n{name} = {{ install = "{name}>=3", module = "{module}" }}')
    )
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "one.py").write_text("import fictive_reader.tables\n")
    (tmp_path / "checks" / "two.py").write_text("import fictive_raeder\n")
    with pytest.raises(MissingPackage, match=f'one needs {name}, .* pip install "{name}>=3"'):
        load_unit(course, "one")
    with pytest.raises(ModuleNotFoundError, match="fictive_raeder"):
        load_unit(course, "two")


def test_a_submodule_that_a_package_does_not_have_is_no_missing_package(tmp_path):
    """A missing submodule of an installed package is an author's typo, not a missing package."""
    course = read_course(write(tmp_path, '[packages]\nnumpy = { install = "numpy" }'))
    with (
        pytest.raises(ModuleNotFoundError, match="lnalg"),
        telling_of_missing_packages(course, "one"),
    ):
        import numpy.lnalg  # noqa: F401


def test_a_course_may_be_moved(tmp_path):
    """A moved course loads its checks from the new folder, because no file stores the old one."""
    shutil.copytree(small.COURSE.folder, tmp_path / "course")
    path = tmp_path / "course" / "checks" / "words.py"
    path.write_text(path.read_text().replace("points=3", "points=4"))
    moved = read_course(tmp_path / "course")
    assert load_unit(moved, small.WORDS).checks[0].points == 4
    assert small.unit(small.WORDS).checks[0].points == 3


def test_a_package_is_installed_from_the_index_that_it_names(tmp_path):
    """A package is installed from the index that it names, for a smaller build for example."""
    named = 'index = "https://of.example/cpu"'
    packages = f"one = {{ install = 'one>=1', {named} }}\ntwo = {{ install = 'two' }}"
    course = read_course(write(tmp_path, f"[packages]\n{packages}"))
    option = "--extra-index-url=https://of.example/cpu"
    assert course.about.packages["one"].command == f'pip install "one>=1" {option}'
    assert course.about.packages["two"].command == 'pip install "two"'
