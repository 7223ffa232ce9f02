"""Golden submissions: each folder is a case with its expected grade by the real command.

`make test` grades those of unit 4 that take no long search, the proof *class* those of all units.
"""

import json
import shutil
import tomllib

import pytest
from this_course import GOLDEN, QUICK_OF_UNIT4, UNIT, run_command, timeless

CASES = sorted(path.parent.name for path in GOLDEN.glob("*/expected.toml"))
# the fixture that grades → what it grades
GRADED = {"graded_unit4": QUICK_OF_UNIT4, "graded_class": CASES}
BY_BOTH = pytest.mark.parametrize(
    "graded", ["graded_unit4", pytest.param("graded_class", marks=pytest.mark.proof)]
)
EACH_CASE = [
    pytest.param(graded, case, marks=[pytest.mark.proof] if graded == "graded_class" else [])
    for graded, cases in GRADED.items()
    for case in cases
]


@pytest.mark.parametrize(("graded", "case"), EACH_CASE)
def test_verdict_is_as_expected(graded, case, request):
    """Score, statuses and remarks are those of `expected.toml`."""
    out, _ = request.getfixturevalue(graded)
    expected = tomllib.loads((GOLDEN / case / "expected.toml").read_text())
    unit = next(path.name for path in (GOLDEN / case).iterdir() if path.is_dir())
    result = json.loads((out / unit / f"{case}.json").read_text())
    assert result["score"] == pytest.approx(expected["score"], abs=0.01)
    not_passed = {c["name"]: c["status"] for c in result["checks"] if c["status"] != "passed"}
    assert not_passed == expected.get("checks", {})
    for check, words in expected.get("says", {}).items():
        (said,) = [
            " ".join(r["text"] for r in c["remarks"])
            for c in result["checks"]
            if c["name"] == check
        ]
        for word in words:
            assert word in said


@BY_BOTH
def test_the_class_is_whole(graded, request):
    """At least 14 cases have a result.

    The command says how the class did and where the pages are.
    """
    out, done = request.getfixturevalue(graded)
    cases = GRADED[graded]
    assert done.returncode == 0, done.stderr
    assert len(cases) >= 14
    assert sorted(path.stem for path in out.glob("unit*/*.json")) == cases
    assert f"{len(cases)} submissions" in done.stdout
    assert f"pages: {out / 'pages' / 'index.html'}" in done.stdout


def test_a_result_records_what_made_it(graded_unit4):
    """A result records the submission, the kit, the seed and the data.

    It also records its confinement, and that it is official.
    """
    result = json.loads((graded_unit4[0] / UNIT / "complete.json").read_text())
    made_by = result["provenance"]
    assert (made_by["official"], made_by["seed"], result["max_score"]) == (True, 5, 39)
    assert len(result["submission_sha256"]) == 64
    assert any(wall.startswith("landlock") for wall in made_by["walls"])
    assert "seccomp" in made_by["walls"]
    assert made_by["corpus"] in ("nietzsche", "austen")


def test_a_second_run_reads_back_and_regrades_only_what_changed(tmp_path):
    """With the same seed and material a stored result is reused.

    A changed submission is graded again.
    """
    for case in ("complete", "stub"):
        shutil.copytree(GOLDEN / case, tmp_path / "class" / case)
    arguments = ("grade", tmp_path / "class", "--out", tmp_path / "out", "--quick")
    run_command(*arguments)
    files = {case: tmp_path / "out" / UNIT / f"{case}.json" for case in ("complete", "stub")}
    before = {case: (file.read_text(), file.stat().st_mtime_ns) for case, file in files.items()}
    shutil.copy(
        GOLDEN / "half_done" / UNIT / f"{UNIT}.py",
        tmp_path / "class" / "stub" / UNIT / f"{UNIT}.py",
    )
    run_command(*arguments)
    assert (files["complete"].read_text(), files["complete"].stat().st_mtime_ns) == before[
        "complete"
    ]
    assert json.loads(files["stub"].read_text())["score"] > 0
    assert (
        json.loads(files["stub"].read_text())["provenance"]
        == json.loads(before["stub"][0])["provenance"]
    )


def test_the_number_of_jobs_does_not_change_a_grade(tmp_path, graded_unit4):
    """With one worker and the same seed, results are equal except for their times."""
    cases = ("mistake_relu_forgotten", "crash", "style_notebook_reordered")
    for case in cases:
        shutil.copytree(GOLDEN / case, tmp_path / "class" / case)
    run_command("grade", tmp_path / "class", "--out", tmp_path / "out", "--seed", "5")
    for case in cases:
        one, two = (
            timeless(out / UNIT / f"{case}.json") for out in (tmp_path / "out", graded_unit4[0])
        )
        assert one == two


@BY_BOTH
def test_pages_show_every_submission_and_run_nothing(graded, request):
    """The class page links to each submission's page.

    Remarks are text, and no page of a submission has a script.
    """
    pages = request.getfixturevalue(graded)[0] / "pages"
    index = (pages / "index.html").read_text()
    for case in GRADED[graded]:
        assert f"/{case}.html" in index
    assert len(list(pages.glob("unit*/*.html"))) == len(GRADED[graded])
    for page in pages.glob("unit*/*.html"):
        assert "<script" not in page.read_text()
    assert (
        "the gradient went through relu unchanged"
        in (pages / UNIT / "mistake_relu_forgotten.html").read_text()
    )


def test_the_class_page_shows_what_was_predicted(graded_unit4):
    """The class page shows how many made each prediction, and which is right.

    All of them have the point.
    """
    page = (graded_unit4[0] / "pages" / "index.html").read_text()
    assert "What was answered to each question" in page
    for predicted in ("131.5", "150", "6"):
        assert f'data-label="answer">{predicted}</td>' in page
    for case in ("solved_unit4", "solved_again_unit4"):
        result = json.loads((graded_unit4[0] / UNIT / f"{case}.json").read_text())
        (check,) = [one for one in result["checks"] if one["name"] == "predicted_growth"]
        assert (check["earned"], check.get("agrees", False)) == (1, False)
