"""Known mistakes that might pass on some seed by chance, and a resumable count of them."""

import math
import sys

import numpy as np
import pytest
from this_course import ROOT, unit

from autograder.check import Answer, Check, named
from autograder.grading.keys import loses_points

pytestmark = pytest.mark.proof

sys.path.insert(0, str(ROOT / "benchmarks"))
# benchmarks name their course for their commands; other tests have their own
with pytest.MonkeyPatch.context() as patch:
    patch.setenv("AUTOGRADER_COURSE", "")
    import chance
    from chance import FIRST_SEED, Kept, Variants, WrongArray, ending_at_wrong, measure
    from nearness import ERROR, Shown, far_checks, shown

CHECK = Check("sums", experiment=lambda _, seed: {}, points=1)


def seeds(*values, name="sums"):
    """Return the result of one array on each of some seeds."""
    return [{"check": {name: value} if value else {}} for value in values]


def test_a_mistake_with_an_array_that_is_always_wrong_by_far_is_far():
    """A mistake is far if one array is always very wrong, however random another is."""
    steady = [Shown(20, 500.0)] * 50
    assert far_checks(seeds(*steady))
    both = seeds(*steady)
    for number, checks in enumerate(both):
        checks["other"] = {"maximum": Shown(1, 2.0)} if number % 2 else {}
    assert far_checks(both)


@pytest.mark.parametrize(
    ("else_", "one"),
    [
        (Shown(20, 500.0), None),
        (Shown(7, 500.0), Shown(7, 500.0)),
        (Shown(20, 500.0), Shown(14, 500.0)),
        (Shown(20, 9.0), Shown(20, 9.0)),
        (Shown(20, 500.0), Shown(20, 40.0)),
    ],
    ids=["right once", "few entries", "fewer once", "few tolerances", "nearer once"],
)
def test_a_mistake_that_shows_little_or_less_on_one_seed_is_near(else_, one):
    """A mistake that shows little, or less on one seed, is near.

    It may show by a few random draws, and not at all on another seed.
    """
    assert not far_checks(seeds(*[else_] * 49, one))


def test_an_error_on_each_seed_is_far_and_on_some_near():
    """A mistake with an error on each seed is far; an error on some seeds is random, so near."""
    error = Shown(20, math.inf)
    assert far_checks(seeds(*[error] * 50, name=ERROR))
    assert not far_checks(seeds(*[error] * 49, None, name=ERROR))


def test_of_an_array_the_entries_are_counted_that_are_wrong():
    """Wrong entries are counted by the tolerance for numbers, exactly for integers.

    In an array of another shape all entries are wrong.
    """
    right = Answer({"sums": np.array([1000.0, 1.0, np.nan]), "ids": np.array([1, 2])})
    numbers = Answer({"sums": np.array([1000.5, 3.0, np.nan]), "ids": np.array([1, 2])})
    (wrong,) = shown(CHECK, right, numbers).values()
    assert wrong.entries == 1
    assert wrong.tolerances == pytest.approx(2)
    integers = Answer({"sums": right.arrays["sums"], "ids": np.array([1, 3])})
    assert shown(CHECK, right, integers) == {"ids": Shown(1, math.inf)}
    of_a_column = Answer({"sums": right.arrays["sums"][:, None], "ids": right.arrays["ids"]})
    assert shown(CHECK, right, of_a_column) == {"sums": Shown(3, math.inf)}
    assert shown(CHECK, right, right) == {}


@pytest.fixture(scope="module")
def variants():
    return Variants(unit())


def test_a_count_that_was_ended_goes_on_where_it_was(variants, tmp_path, monkeypatch):
    """An interrupted count resumes: seeds in the file are skipped, half a line is dropped."""
    monkeypatch.setattr(chance, "LOOK", 1)
    kept = Kept(tmp_path, variants.unit)
    found = measure(variants, kept, screens=2, near=3, far=2)
    assert {*found.near, *found.far} == {*variants.ids}
    (path,) = tmp_path.iterdir()
    text = path.read_text()
    path.write_text(text[:-10])
    again = Kept(tmp_path, variants.unit)
    assert again.all == kept.all[:-1]
    measure(variants, again, screens=2, near=3, far=2)
    assert path.read_text() == text


def test_after_a_look_at_all_checks_one_is_looked_at_that_keeps_a_mistake_far(
    variants, tmp_path, monkeypatch
):
    """After the first look at all checks, only one that keeps a mistake far is looked at again.

    A mistake that no check keeps far is near already.
    """
    monkeypatch.setattr(chance, "LOOK", 1)
    kept = Kept(tmp_path, variants.unit)
    found = measure(variants, kept, screens=2, near=2, far=2)
    first, second, *_ = kept.all
    assert first.shown.keys() == {*variants.ids}
    assert second.shown.keys() >= {*found.far}
    assert {len(checks) for checks in second.shown.values()} == {1}
    assert kept.seeds_of(found.near[0]) == {FIRST_SEED, FIRST_SEED + 1}


def test_a_mistake_that_is_read_once_answers_as_one_that_is_read_anew(variants):
    """A mistake's answer does not depend on its answers on earlier seeds."""
    fresh = Variants(variants.unit)
    for id in variants.ids[::10]:
        for check in variants.asked[id]:
            variants.wrong(id, check, 1)
            one = variants.wrong(id, check, 2)
            other = fresh.wrong(id, check, 2)
            assert one.failure == other.failure
            if not one.failure:
                assert shown(check, one, other) == {}


def test_what_ends_at_a_wrong_array_fails_as_what_ends_by_itself(variants):
    """On many seeds a mistake runs only up to its first wrong array.

    It fails as in a full run.
    """
    for id in variants.ids[::7]:
        for check in variants.asked[id]:
            whole = variants.wrong(id, check, 3)
            expected = variants.right(check, 3)
            assert variants.fails(id, check, 3) == loses_points(check, expected, whole)


def test_an_experiment_ends_at_the_first_array_that_is_wrong():
    """An experiment stops at the first wrong array; the rest would change nothing."""
    said = []

    def experiment(_, seed):
        named("one", 1)
        said.append("one")
        named("other", 2)
        said.append("other")
        return {}

    check = Check("two", experiment=experiment, points=1)
    expected = Answer({"one": np.array(1), "other": np.array(3)})
    with pytest.raises(WrongArray):
        ending_at_wrong(check, expected).experiment(None, 0)
    assert said == ["one"]
