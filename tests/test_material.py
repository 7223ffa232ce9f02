"""The material proves itself: generated from the units there are, so that a new unit needs no new test."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache

import pytest
from conftest import ROOT, UNIT

from autograder.authoring import build as building
from autograder.authoring import mutants as mutating
from autograder.authoring.build import check_lengths, solutions
from autograder.authoring.release import leaks, release
from autograder.authoring.validate import FIRST_SEED, Proof, judge_mutants, judge_pairs, material, why_kept
from autograder.course import load_unit, unit_names
from autograder.data import CORPORA, corpus
from autograder.grading import key_file, keys
from autograder.grading.key_file import KEYS, load_key, save_key
from autograder.judging import PlainKey, judge
from autograder.sandbox.client import Server

UNITS = unit_names()


@cache
def whole_key(unit):
    """The key that all proofs below are made with: the same unit, seed and corpus give the same one."""
    with Server(unit) as server:
        return keys.build_key(server, FIRST_SEED, [corpus()])


@pytest.mark.parametrize("unit", UNITS)
def test_solution_earns_all_stub_nothing_and_mistakes_are_told_apart(unit):
    """On a fresh seed, with training; `autograder validate --seeds 20` tries more."""
    with Server(unit) as server:
        found = material(server, FIRST_SEED, whole_key(unit), [corpus()], quick=False)
        assert [line.text for line in found if line.fault] == []


@pytest.mark.parametrize("unit", UNITS)
def test_of_two_mistakes_at_once_hardly_any_is_told_a_third(unit):
    """Twenty pairs of mistakes, of which one may; `autograder validate` tries 200, of which four may."""
    proof = Proof(unit, 1, quick=True)
    with Server(unit) as server:
        assert [line.text for line in judge_pairs(server, FIRST_SEED, whole_key(unit), proof) if line.fault] == []
    assert proof.pairs == 20


@pytest.mark.parametrize("unit", UNITS)
def test_wrong_variants_lose_points(unit, monkeypatch):
    """Of every tenth mutant at least 98 in 100; `autograder validate` tries them all."""
    same = (FIRST_SEED, [corpus()])
    monkeypatch.setattr(mutating, "build_key", lambda server, *asked: whole_key(unit) if asked == same else None)
    proof = Proof(unit, 1, quick=True)
    assert [line.text for line in judge_mutants(proof) if line.fault] == []
    assert proof.mutants >= 8


@pytest.mark.parametrize("unit", UNITS)
def test_a_check_knows_the_mistakes_that_it_sees_alone(unit):
    """One whose answer differs by rounding alone passes there, and a pass must not rule out that it was made."""
    key, loaded = load_key(KEYS / f"{unit}.safetensors"), load_unit(unit)
    for check in keys.wanted_checks(loaded, quick=True):
        unseen = PlainKey(key[check.name].expected)
        for mistake, answer in key[check.name].mistakes:
            assert judge(check, unseen, answer, loaded.sizes).status != "passed", (check.name, mistake.text)


def test_build_keeps_the_figures_of_a_corpus_that_is_not_here_and_says_so(monkeypatch, tmp_path):
    """A loss of training on data that this machine lacks stays in the key; what is written is told with its name."""
    known = load_key(KEYS / f"{UNIT}.safetensors")
    elsewhere = {"training@elsewhere": replace(known[next(name for name in known if "@" in name)], loss=1.25)}
    save_key(tmp_path / f"{UNIT}.safetensors", elsewhere)  # stale: nothing else is in it
    monkeypatch.setattr(key_file, "KEYS", tmp_path)
    monkeypatch.setattr(building, "solutions", lambda: [(UNIT, keys.solution_of(UNIT))])
    monkeypatch.setattr(building, "available_corpora", lambda: [corpus()])
    assert [line.split(" ", 1)[1] for line in building.build()] == ["(not here, so as before: training@elsewhere)"]
    written = load_key(tmp_path / f"{UNIT}.safetensors")
    assert written["training@elsewhere"].loss == 1.25 and written.keys() > {
        check.name for check in load_unit(UNIT).checks if not check.measure
    }
    assert building.build() == []


def test_a_check_that_catches_nothing_alone_says_why_it_is_kept(monkeypatch):
    """Training checks do, in a comment; a full run finds fault with one that does not."""
    checks = {check.name: why_kept(check) for check in load_unit(UNIT).checks}
    assert {name for name, why in checks.items() if why} == {"training"}
    monkeypatch.setattr("autograder.mutating.fates", lambda *_: iter([]))
    told = [line.text for line in judge_mutants(Proof(UNIT, 1, quick=False)) if "catches no mutant alone" in line.text]
    assert len(told) == len(checks) - 1
    assert not any("training" in line for line in told)


def test_styles_are_tried_on_20_seeds_where_the_run_is_not_quick():
    """However few seeds the mistakes are tried on."""
    assert [Proof(UNIT, seeds, quick).style_seeds for seeds, quick in ((5, False), (30, False), (2, True))] == [
        20,
        30,
        2,
    ]


@pytest.mark.parametrize("unit", UNITS)
def test_the_solution_earns_every_exact_point_on_20_seeds(unit):
    """No seed is unlucky: the solution, judged by its own key without mistakes, loses nothing."""
    solution = keys.solution_of(unit).plain().encode()
    with Server(unit) as server:
        for seed in range(20):
            with server.worker(solution, "solution.py") as worker:
                for check in keys.wanted_checks(server.unit, quick=True):
                    answer = worker.ask(check, seed)
                    assert not answer.failure, f"{check.name}, seed {seed}: {answer.message}"
                    assert sum(array.size for array in answer.arrays.values()), check.name


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_has_mistakes_text_and_titles(unit):
    """At least 12 known mistakes, each with words of its own; every exercise has hints, minutes and a length."""
    solution = keys.solution_of(unit)
    words = [mistake.text for mistake, _, _ in solution.mistakes]
    assert len(words) >= 12
    assert all(words)
    exercises = re.findall(r"\*\*Exercise\*\* · (\d+) minutes · [●○]{3} · about (\d+) lines?", solution.text)
    assert len(exercises) == solution.text.count("**Exercise**")
    assert solution.text.count("<details><summary>") >= len(exercises)
    check_lengths(unit, solution)
    checks = [check.name for check in load_unit(unit).checks]
    assert sorted(re.findall(r'^check\("(\w+)"\)$', solution.text, re.M)) == sorted(checks)


def test_stubs_and_keys_are_up_to_date(autograder):
    """`build --check` finds nothing to do."""
    done = autograder("build", "--check")
    assert (done.returncode, done.stdout.strip()) == (0, "everything is up to date"), done.stderr


@pytest.mark.parametrize("unit", UNITS)
def test_a_key_has_a_loss_for_every_corpus(unit):
    """Whichever corpus a student has, training can be checked."""
    key = load_key(KEYS / f"{unit}.safetensors")
    for check in load_unit(unit).checks:
        if check.measure:
            for name in [check.data().name] if check.data else CORPORA:
                assert key[f"{check.name}@{name}"].loss > 0


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """What students get."""
    folder = tmp_path_factory.mktemp("release") / "course"
    release(folder)
    return folder


def test_a_release_holds_no_answer(released):
    """No line of a solution region and no mistake's code, in any file, keys included; no solutions, no tests."""
    found = [solution for _, solution in solutions()]
    assert sum(len(solution.secret_lines) for solution in found) > 100
    assert leaks(released, found) == []
    names = {path.name for path in released.rglob("*")}
    assert not names & {"solutions", "tests", "submissions", "grading.py", "sandbox.py"}


def test_leaks_are_found(released, tmp_path):
    """The test above can fail: a planted line is found."""
    found = [solution for _, solution in solutions()]
    line = max(found[0].secret_lines, key=len)
    (tmp_path / "notes.txt").write_text(f"by the way: {line}")
    assert f"notes.txt: {line}" in leaks(tmp_path, found)


@pytest.mark.parametrize("unit", UNITS)
def test_everything_a_student_does_works_in_a_release(released, unit, tmp_path):
    """Checking by the command, for a stub (nothing) and for the solution put in its place (everything)."""
    course = shutil.copytree(released, tmp_path / "course")  # the tests beside this one look for answers in the other

    def autograder(*arguments):
        # without the finder of an editable install, which would add this checkout's modules to the release's
        code = "import sys; sys.meta_path = [f for f in sys.meta_path if 'editable' not in repr(f).lower()]\n"
        command = [sys.executable, "-c", code + "from autograder.cli import main; main()", *arguments]
        return subprocess.run(command, cwd=course, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})

    stub = autograder("check", unit, "--quick")
    assert stub.returncode == 1, stub.stderr
    assert "0 of" in stub.stdout and "not written yet" in stub.stdout
    (course / "assignments" / f"{unit}.py").write_text(keys.solution_of(unit).plain())
    solved = autograder("check", f"assignments/{unit}.py", "--quick")
    assert solved.returncode == 0, solved.stdout + solved.stderr
    assert "✗" not in solved.stdout
    refused = autograder("grade", "assignments", "--out", "x")
    assert refused.returncode == 2
    assert "instructor" in refused.stderr


def test_a_corpus_is_there():
    """The training checks run on real text."""
    assert len(corpus().train) > 500_000
    assert (ROOT / "datasets" / corpus().name / "manifest.toml").is_file()


def test_an_exact_check_does_not_wait_for_the_compiler():
    """`torch._dynamo` takes as long to import as torch: no exact check of any unit needs it."""
    code = """if True:
        import sys
        from autograder.course import load_unit, unit_names
        from autograder.grading.keys import solution_of, wanted_checks
        from autograder.sandbox.inside.submission import Submission
        from autograder.sandbox.inside.runner import run_experiment

        for name in unit_names():
            unit, solution = load_unit(name), Submission(solution_of(name).plain().encode(), "solution.py")
            for check in wanted_checks(unit, quick=True):
                assert not run_experiment(check, solution, 5).failure
                assert "torch._dynamo" not in sys.modules, f"{name}, {check.name}"
        assert "torch" in sys.modules
    """
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
