"""A pool of secret seeds holds what grading one file in a container needs."""

import json
import sqlite3

import pytest
import small
from small import UNIT, WORDS

from autograder.grading.keys import solution_of
from autograder.grading.pool import NoPool, draw_seed


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write `build --gradescope` for one unit, with the keys of three secret seeds."""
    folder = tmp_path_factory.mktemp("pool") / "source"
    done = small.run_command("build", "--gradescope", folder, "--unit", "numbers", "--seeds", "3")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("a key of") == 3
    return folder


def graded(folder, tmp_path, script, number=0):
    """Grade a script as the container does; return the record and the output."""
    place = tmp_path / str(number)
    small.submit(place / "class", "it", script)
    out = place / "out"
    done = small.run_command(
        "grade",
        place / "class",
        "--out",
        out,
        "--keys",
        folder / "keys.sqlite",
        XDG_CACHE_HOME=str(place),
    )
    assert done.returncode == 0, done.stderr
    return json.loads((out / UNIT / "it.json").read_text()), done.stdout


def code_of(remark):
    """Return the code line of the known mistake that a remark names."""
    return remark.get("finding", {}).get("code", "")


@pytest.mark.parametrize(
    "mistake", ["", *(mistake.id for mistake, _, _ in solution_of(small.unit()).mistakes)]
)
def test_a_grading_makes_no_part_of_a_key(folder, tmp_path, mistake):
    """A container builds no part of a key, for a right file or a known mistake.

    The mistake is diagnosed and carried forward, training included.
    """
    record, said = graded(folder, tmp_path, small.solved(mistake))
    assert "reference outputs" not in said
    assert (record["score"] == record["max_score"]) == (not mistake)
    codes = [code_of(remark) for check in record["checks"] for remark in check["remarks"]]
    assert any(codes) == bool(mistake)


def test_a_second_mistake_is_named_beside_the_first_one(folder, tmp_path):
    """A second mistake is diagnosed, though the pool holds no pairs: their answers are computed.

    Nothing else differs.
    """
    both = solution_of(small.unit()).with_mistake("m01", "m06")
    record, said = graded(folder, tmp_path, both)
    assert "reference outputs computed" in said
    (summing,) = [check for check in record["checks"] if check["name"] == "summing"]
    assert [code_of(remark) != "" for remark in summing["remarks"]] == [False, True]
    assert 0 < summing["earned"] < 4


def test_each_grading_draws_one_of_its_seeds(folder, tmp_path):
    """Each grading draws one of the pool's seeds, and no two folders share any."""
    with sqlite3.connect(folder / "keys.sqlite") as connection:
        seeds = {seed for (seed,) in connection.execute("SELECT seed FROM seeds")}
    connection.close()
    assert len(seeds) == 3
    drawn = {draw_seed(folder / "keys.sqlite", [UNIT]) for _ in range(60)}
    assert drawn == seeds
    record, _ = graded(folder, tmp_path, small.solved())
    assert record["provenance"]["seed"] in seeds


def test_what_was_made_with_other_versions_is_made_anew(folder, tmp_path):
    """A pool built with other versions is rebuilt, because its key may not match."""
    with sqlite3.connect(folder / "keys.sqlite") as connection:
        connection.execute("UPDATE answers SET address = 'x' || address")
    connection.close()
    try:
        record, said = graded(folder, tmp_path, small.solved())
        assert record["score"] == record["max_score"]
        assert "reference outputs computed" in said
    finally:
        with sqlite3.connect(folder / "keys.sqlite") as connection:
            connection.execute("DELETE FROM answers WHERE substr(address, 1, 1) != 'x'")
            connection.execute("UPDATE answers SET address = substr(address, 2)")
        connection.close()


def test_a_pool_that_cannot_serve_is_told_in_words(folder, tmp_path):
    """A missing pool, and one without the unit's key, give a message."""
    with pytest.raises(NoPool, match=r"Make it with `autograder build --gradescope"):
        draw_seed(tmp_path / "none.sqlite", [UNIT])
    with pytest.raises(NoPool, match=f"holds no seed for {UNIT}, {WORDS}"):
        draw_seed(folder / "keys.sqlite", [UNIT, WORDS])


def test_it_can_be_read_by_its_owner_alone_and_students_do_not_get_it(folder, tmp_path):
    """Only its owner can read a pool, and no release contains it, because it holds answers."""
    assert (folder / "keys.sqlite").stat().st_mode & 0o077 == 0
    done = small.run_command("build", "--release", tmp_path / "release")
    assert done.returncode == 0, done.stderr
    assert not list((tmp_path / "release").rglob("*.sqlite"))
