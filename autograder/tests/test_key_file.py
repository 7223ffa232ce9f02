"""Keys as files: a stored key loads unchanged, and when two keys are equal."""

import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import small
from safetensors import safe_open
from safetensors.numpy import save

from autograder.authoring import build as building
from autograder.check import Answer, Check, Error, Failure, is_text
from autograder.course import load_unit, read_course
from autograder.grading.key_file import (
    LAST_BITS,
    SAME,
    NoKey,
    difference,
    load_key,
    same_key,
    save_key,
)
from autograder.judging import TOLERANCE, Mistake, PlainKey, kind_of_error

UNITS = small.COURSE.units


def stored(name):
    return load_key(small.COURSE.key(name))


def largest(array):
    return float(np.abs(array[np.isfinite(array)].astype(np.float64)).max(initial=0.0))


# ---- the file


def test_a_key_comes_back_as_it_was_saved(tmp_path):
    """A saved key loads with the same arrays, text, shapes and words.

    An array that a mistake leaves right is stored once and loaded twice.
    """
    expected = Answer(
        {"x": np.arange(6.0).reshape(2, 3), "names": np.array(["A. L.", "é"]), "one": np.array("")}
    )
    changed = Answer(expected.arrays | {"names": np.array(["A.L.", "e"])})
    raised = Answer(failure=Failure.RAISED, error=Error("KeyError: 'x'", function="f"))
    first = Mistake("m01", "a space is missing.", 0.5, "secret code"), changed
    constant = frozenset({"x", "one"})
    key = {"a": PlainKey(expected, (first, (Mistake("m02", "it raises."), raised)), None, constant)}
    save_key(tmp_path / "keys" / "one.safetensors", key)
    found = load_key(tmp_path / "keys" / "one.safetensors")["a"]
    for name, array in expected.arrays.items():
        assert is_text(found.expected.arrays[name]) == is_text(array)
        np.testing.assert_array_equal(found.expected.arrays[name], array)
    (mistake, its), (other, failed) = found.mistakes
    assert (mistake, other.text) == (Mistake("m01", "a space is missing.", 0.5), "it raises.")
    np.testing.assert_array_equal(its.arrays["names"], changed.arrays["names"])
    np.testing.assert_array_equal(its.arrays["x"], expected.arrays["x"])
    assert failed == raised
    assert found.constant == constant
    with safe_open(tmp_path / "keys" / "one.safetensors", "np") as file:
        assert "a|m01|x" not in file.keys()  # noqa: SIM118 (it is no dict)


def test_a_key_is_read_once_until_its_file_changes(tmp_path):
    """A key is loaded once until its file changes, because each check of a notebook loads it."""
    path = tmp_path / "one.safetensors"
    save_key(path, {"a": PlainKey(Answer({"x": np.zeros(2)}))})
    first = load_key(path)
    assert load_key(path) is first
    save_key(path, {"a": PlainKey(Answer({"x": np.ones(2)}))})
    np.testing.assert_array_equal(load_key(path)["a"].expected.arrays["x"], np.ones(2))


def test_a_key_is_as_readable_as_other_new_files(tmp_path):
    """A key's file has the permissions of other new files: students may read it in the course."""
    (tmp_path / "new.txt").touch()
    save_key(tmp_path / "one.safetensors", {"a": PlainKey(Answer({"x": np.arange(3.0)}), ())})
    assert (tmp_path / "one.safetensors").stat().st_mode == (tmp_path / "new.txt").stat().st_mode


def test_a_key_holds_neither_the_code_of_mistakes_nor_trained_weights(tmp_path):
    """A public key holds neither code of mistakes nor trained weights.

    Of a training check it holds the loss and the shapes.
    """
    path = tmp_path / "k"
    trained = PlainKey(Answer({"w": np.full((2, 3), 7.25)}), (), 0.5)
    mistake = Mistake("m01", "words", 0, "secret_code"), Answer({"y": np.ones(1)})
    exact = PlainKey(Answer({"y": np.zeros(1)}), (mistake,))
    save_key(path, {"fit@line": trained, "a": exact})
    content = path.read_bytes()
    assert b"secret_code" not in content
    assert np.float64(7.25).tobytes() not in content
    found = load_key(path)["fit@line"]
    assert found.loss == 0.5
    assert np.array_equal(found.expected.arrays["w"], np.zeros((2, 3)))


def test_a_key_that_is_not_there_is_told_with_the_command_that_makes_it(tmp_path):
    """The message on a missing key names the command that builds it."""
    with pytest.raises(
        NoKey, match=r"There is no key for words\. Make it with `autograder build`\."
    ):
        load_key(tmp_path / "words.safetensors")


def test_a_key_of_another_format_is_not_read(tmp_path):
    """A key of another format is refused with the expected format and the command to build it."""
    path = tmp_path / "words.safetensors"
    path.write_bytes(save({"a|expected|x": np.zeros(1)}, {"key": "{}", "text": "[]"}))
    with pytest.raises(
        NoKey, match=r"The key of words is of format 1, and this version reads format 4\."
    ):
        load_key(path)


# ---- which keys are the same


# what is spoilt → words of the difference
SAYING = {
    "loss": "the loss was",
    "shape": "the shapes of the trained weights",
    "constant": "other arrays are the same on each seed",
    "mistake gone": "mistake",
}


def spoilt(check, known):
    """Return keys of one check, each with a single change: (what, key)."""
    if check.measure:
        yield "loss", replace(known, loss=known.loss + 1.1 * check.within)
        longer = Answer({n: a[..., None] for n, a in known.expected.arrays.items()})
        yield "shape", replace(known, expected=longer)
        return
    for name in not_empty(known.expected):
        yield (
            name,
            replace(known, expected=with_one_changed(check, name, known.expected, known.expected)),
        )
    yield "constant", replace(known, constant=known.constant ^ {next(iter(known.expected.arrays))})
    for place, (mistake, its) in enumerate(known.mistakes):
        rest = [list(known.mistakes[:place]), list(known.mistakes[place + 1 :])]
        changed = [
            (replace(mistake, text=mistake.text + " So."), its),
            (replace(mistake, keeps=0.25), its),
        ]
        changed += [
            (mistake, with_one_changed(check, name, its, known.expected)) for name in not_empty(its)
        ]
        changed += [(mistake, replace(its, failure=Failure.TIMEOUT))]
        changed += [(mistake, replace(its, error=Error("KeyError: 'x'")))] if its.failure else []
        for one in changed:
            yield (one[0].text, its.failure), replace(known, mistakes=(*rest[0], one, *rest[1]))
        yield "mistake gone", replace(known, mistakes=(*rest[0], *rest[1]))


def not_empty(answer):
    """Return the names of an answer's arrays that are not empty."""
    return [name for name, array in answer.arrays.items() if array.size]


def with_one_changed(check, name, answer, solution):
    """Change one entry of an array in an answer.

    A float changes by more than the tolerance, an integer by one, a text by a dot.
    """
    array = answer.arrays[name].copy()
    if is_text(array):
        array = np.char.add(array, ".")
    elif array.dtype.kind == "f":
        place = int(np.argmax(np.isfinite(array)))
        scale = max(largest(array) or 1.0, largest(solution.arrays[name]))
        tolerance = check.tolerance.get(name, TOLERANCE)
        past = array.flat[place] + 1.5 * scale * tolerance
        array.flat[place] = past if np.isfinite(past) else 0.0
    elif array.dtype.kind == "b":
        array.flat[0] = not array.flat[0]
    else:
        array.flat[0] += 1
    return replace(answer, arrays=answer.arrays | {name: array})


@pytest.mark.parametrize("name", UNITS)
def test_a_key_made_on_another_processor_is_the_same(name, key_elsewhere):
    """Keys from two processors are equal: floats may differ by 1e-4 of the largest value.

    That also holds for arrays that hold only rounding errors.
    """
    unit = small.unit(name)
    assert same_key(unit, stored(name), key_elsewhere(stored(name), unit.checks))


@pytest.mark.parametrize("name", UNITS)
def test_a_key_that_the_judge_can_tell_apart_is_another(name):
    """Keys differ if a number, text, word, mistake, shape or loss does; what differs is said."""
    unit, count = small.unit(name), 0
    checks = {check.name: check for check in unit.checks}
    for entry, known in stored(name).items():
        for what, other in spoilt(checks[entry.split("@")[0]], known):
            found = difference(unit, {entry: known}, {entry: other})
            assert found.startswith(f"`{entry}`: "), (entry, what)
            words = SAYING.get(what, "the expected answer" if isinstance(what, str) else "mistake")
            assert words in found, (entry, what)
            count += 1
    assert count >= 12
    assert not same_key(unit, stored(name), {})


def pair(one, other, ours=None):
    """Return whether two keys are equal that differ in one array.

    It is a mistake's array if the solution's, `ours`, is given.
    """
    check = Check("a", 1, lambda net, seed: {})
    unit = SimpleNamespace(checks=(check,))
    if ours is None:
        keys = [{"a": PlainKey(Answer({"x": array}))} for array in (one, other)]
    else:
        mistake = Mistake("m01", "words")
        keys = [
            {"a": PlainKey(Answer({"x": ours}), ((mistake, Answer({"x": array})),))}
            for array in (one, other)
        ]
    return same_key(unit, *keys)


def test_keys_are_the_same_within_a_fifth_of_the_tolerance():
    """Keys are equal within a fifth of the tolerance, on the scale of the array.

    Another type, NaN elsewhere, and any difference of integers make them different.
    """
    x = np.array([0.0, 10.0])
    nothing = x * np.nan
    most = np.array([SAME * TOLERANCE * 10, 0])
    assert pair(x, x + 0.9 * most)
    assert not pair(x, x + 1.1 * most)
    assert pair(x, x.astype(np.float32))
    assert not pair(x, x.astype(int))
    assert pair(nothing, nothing)
    assert not pair(nothing, x)
    assert pair(np.array(["a", "b"]), np.array(["a", "b"]))
    assert not pair(np.array(["a"]), np.array(["b"]))
    assert not pair(np.array([1, 2]), np.array([1, 3]))


def test_what_a_mistake_cancels_out_is_the_same_to_the_last_bits():
    """Arrays that cancel to rounding errors are compared on the scale of the solution's array."""
    ours, rounding = np.array([0.0, 1.0]), np.array([1e-7, -1e-7])
    assert pair(rounding, -rounding, ours)
    assert not pair(1e3 * rounding, -1e3 * rounding, ours)
    assert not pair(rounding, -rounding, ours * LAST_BITS)


# ---- what build does with it


@pytest.fixture
def course(tmp_path):
    """Copy the fixture course, so that a test can change it."""
    shutil.copytree(small.COURSE.folder, tmp_path / "course")
    return read_course(tmp_path / "course")


@pytest.fixture
def fresh_key(monkeypatch):
    """Return a function that sets the key that `build` is to make."""
    return lambda key: monkeypatch.setattr(building, "build_key", lambda *_, **__: key)


@pytest.mark.parametrize("name", UNITS)
def test_build_leaves_alone_what_another_processor_only_rounds(
    name, course, fresh_key, key_elsewhere
):
    """`build` rewrites neither stub nor key for rounding of another processor.

    If a word has changed, it writes the key.
    """
    files = [course.key(name), course.stub(name)]
    before = [(path.stat().st_mtime_ns, path.read_bytes()) for path in files]
    moved = key_elsewhere(stored(name), load_unit(course, name).checks)
    fresh_key(moved)
    assert building.build(course, [name]) == []
    assert [(path.stat().st_mtime_ns, path.read_bytes()) for path in files] == before
    entry = next(entry for entry, known in moved.items() if known.mistakes)
    (mistake, its), *others = moved[entry].mistakes
    changed = replace(
        moved[entry], mistakes=((replace(mistake, text="Other words."), its), *others)
    )
    fresh_key(moved | {entry: changed})
    with pytest.raises(building.Stale, match=course.key(name).name):
        building.build(course, [name], check=True)
    assert building.build(course, [name]) == [str(course.key(name))]


def test_a_key_does_not_keep_the_losses_of_a_check_that_is_gone(course, fresh_key):
    """After a training check is renamed, `build` removes the old name's losses from the key.

    The loss on a corpus that is not available here stays, and `build` says so.
    """
    name = small.UNIT
    key = stored(name)
    with_old_name = key | {"practising@line": key["fitting@line"]}
    save_key(course.key(name), with_old_name)
    without_steep = {entry: known for entry, known in key.items() if entry != "fitting@steep"}
    fresh_key(without_steep)
    (line,) = building.build(course, [name])
    assert line.endswith("(losses kept, as the data are not here: fitting@steep)")
    assert load_key(course.key(name)).keys() == key.keys()
    assert load_key(course.key(name))["fitting@steep"].loss == key["fitting@steep"].loss
    assert building.build(course, [name]) == []


def test_a_key_quotes_no_line_of_a_mistake(tmp_path):
    """A key holds the kind of a mistake's error and quotes no line of its code."""
    words = "TypeError: no. " + 40 * "."
    message = f"line 3, in `f`: {words} Your line: `return secret`."
    raised = Answer(failure=Failure.RAISED, message=message, error=Error(words, "line 3", "f"))
    known = PlainKey(Answer({"x": np.arange(3.0)}), ((Mistake("m1", "t"), raised),))
    save_key(tmp_path / "one.safetensors", {"a": known})
    ((_, found),) = load_key(tmp_path / "one.safetensors")["a"].mistakes
    assert kind_of_error(found) == kind_of_error(raised)
    assert b"secret" not in (tmp_path / "one.safetensors").read_bytes()
