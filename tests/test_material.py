"""The material is validated by tests generated from the units: a new unit needs no new test."""

import re
import subprocess
import sys
from functools import cache

import pytest
import this_course
from this_course import COURSE, EACH_UNIT, ROOT, UNIT, run_command

from autograder.authoring import mutants as mutating
from autograder.authoring.build import lengths_that_differ
from autograder.authoring.validate import (
    FIRST_SEED,
    check_material,
    judge_mutants,
    judge_nothing,
    judge_pairs,
)
from autograder.authoring.validation_report import ValidationReport
from autograder.check import is_to_be_repaired
from autograder.data import corpus, unit_data
from autograder.grading import keys
from autograder.grading.key_file import functions_in_key, load_key
from autograder.grading.planted import asks_for_line
from autograder.judging import PlainKey, Verdict
from autograder.sandbox.inside.runner import run_experiment
from autograder.sandbox.inside.submission import Submission
from autograder.tests.judged import judge


@cache
def texts(name):
    """Return one text for each training check of a unit."""
    return {check: [text] for check, text in unit_data(this_course.unit(name)).items()}


@pytest.fixture(scope="module")
def whole_key(server_of):
    """Return a function that builds a unit's key once for all proofs below.

    The same unit, seed and corpus give the same key.
    """

    @cache
    def made(name):
        return keys.build_key(server_of(name), FIRST_SEED, texts(name))

    return made


@pytest.mark.parametrize("unit", EACH_UNIT)
def test_solution_earns_all_stub_nothing_and_mistakes_are_told_apart(unit, server_of, whole_key):
    """A fresh seed, with training; `autograder validate --seeds 20` tries more."""
    report = ValidationReport(unit, seeds=1, quick=False)
    found = check_material(server_of(unit), FIRST_SEED, whole_key(unit), texts(unit), report)
    assert [line.text for line in found if line.fault] == []


@pytest.mark.parametrize("unit", EACH_UNIT)
def test_of_two_mistakes_at_once_hardly_any_is_told_a_third(unit, server_of, whole_key):
    """Of twenty pairs of mistakes at most one is diagnosed as a third mistake.

    `autograder validate` tries 200, and allows four.
    """
    proof = ValidationReport(unit, 1, quick=True)
    found = judge_pairs(server_of(unit), FIRST_SEED, whole_key(unit), proof)
    assert [line.text for line in found if line.fault] == []
    assert proof.pairs == 20


@pytest.mark.parametrize("unit", EACH_UNIT)
def test_a_file_that_solves_nothing_earns_nothing(unit, server_of, whole_key):
    """Zeros, ones, the public seed's answers or the input earn nothing.

    Each exercise is replaced by itself, and all at once.
    """
    found = judge_nothing(server_of(unit), FIRST_SEED, whole_key(unit))
    assert [line.text for line in found if line.fault] == []


@pytest.mark.parametrize("unit", EACH_UNIT)
def test_wrong_variants_lose_points(unit, whole_key, monkeypatch):
    """At least 98 % of every tenth mutant lose points; `autograder validate` tries all."""
    same = (FIRST_SEED, texts(unit))
    monkeypatch.setattr(
        mutating, "build_key", lambda server, *asked: whole_key(unit) if asked == same else None
    )
    proof, data = ValidationReport(unit, 1, quick=True), unit_data(this_course.unit(unit))
    found = judge_mutants(this_course.unit(unit), proof, data)
    assert [line.text for line in found if line.fault] == []
    assert proof.mutants >= 8


@pytest.mark.parametrize("unit", EACH_UNIT)
def test_each_reason_is_given_of_a_mutant_that_is_made(unit):
    """Each entry of `equivalent.toml` belongs to a mutant that exists under that name."""
    loaded = this_course.unit(unit)
    made = mutating.mutants(loaded, keys.solution_of(loaded).plain())
    names = {mutating.name_of(mutant) for mutant in made}
    assert mutating.equivalents(loaded).keys() <= names


def test_a_mutant_that_is_said_to_be_right_and_loses_points_is_a_fault(monkeypatch):
    """A mutant listed as equivalent must not lose points.

    Otherwise a check has become stricter, and the entry may go, or it asks too much.
    """
    unit = this_course.unit()
    name = next(iter(mutating.equivalents(unit)))
    made = mutating.mutants(unit, keys.solution_of(unit).plain())
    (mutant,) = [one for one in made if mutating.name_of(one) == name]
    lost = Verdict(unit.checks[0].name, "", 1, 0, "failed")
    found = [mutating.MutantResult(mutant, (lost,))]
    monkeypatch.setattr(mutating, "run_mutants", lambda *_: iter(found))
    report = ValidationReport(UNIT, 1, quick=True)
    told = [line.text for line in judge_mutants(unit, report, data={}) if line.fault]
    assert len(told) == 1
    assert "says that it is right" in told[0]


@pytest.mark.parametrize("unit", EACH_UNIT)
def test_a_unit_has_twenty_mistakes_to_find_and_none_passes_as_a_repair(unit):
    """Students get at least 20 functions with a mistake, and none passes unchanged."""
    loaded = this_course.unit(unit)
    (asked,) = [check for check in loaded.checks if asks_for_line(check)]
    (repaired,) = [check for check in loaded.checks if is_to_be_repaired(check, [asked])]
    functions = functions_in_key(loaded, asked)
    assert len(functions) >= 20
    plain = keys.plain_solution(loaded)
    reset = loaded.experiments.reset
    key = PlainKey(run_experiment(repaired, Submission(plain.encode(), "s.py"), 77, reset))
    for function in functions:
        script = f"{plain}\n\n# %%\n{function}\n"
        answer = run_experiment(repaired, Submission(script.encode(), "s.py"), 77, reset)
        verdict = judge(repaired, key, answer, loaded.sizes)
        assert verdict.status != "passed", function


@pytest.mark.parametrize("unit", EACH_UNIT)
def test_a_check_knows_the_mistakes_that_it_sees_alone(unit):
    """A mistake that only one check catches does not pass it.

    One that differs only by rounding passes, and a pass must not rule it out.
    """
    key, loaded = load_key(COURSE.key(unit)), this_course.unit(unit)
    for check in keys.checks_to_run(loaded, data=()):
        for mistake, answer in key[check.name].mistakes:
            alone = PlainKey(key[check.name].expected, ((mistake, answer),))
            verdict = judge(check, alone, answer, loaded.sizes)
            assert verdict.status != "passed", (check.name, mistake.text)


def test_a_check_that_catches_nothing_alone_says_why_it_is_kept(monkeypatch):
    """A check that catches nothing alone says why in `kept`; a full run reports one that does not.

    Training checks have such a reason.
    """
    unit = this_course.unit()
    assert {check.name for check in unit.checks if check.kept} == {"training"}
    monkeypatch.setattr(mutating, "run_mutants", lambda *_: iter([]))
    found = judge_mutants(unit, ValidationReport(UNIT, 1, quick=False), data={})
    told = [line.text for line in found if "catches no mutant that others miss" in line.text]
    asked = [check for check in unit.checks if check.question]  # their options are their mistakes
    assert len(told) == len(unit.checks) - 1 - len(asked)
    assert not any("training" in line for line in told)


def test_styles_are_tried_on_20_seeds_where_the_run_is_not_quick():
    """Without `--quick`, styles run on 20 seeds, however few the mistakes run on."""
    assert [
        ValidationReport(UNIT, seeds, quick).style_seeds
        for seeds, quick in ((5, False), (30, False), (2, True))
    ] == [
        20,
        30,
        2,
    ]


@pytest.mark.parametrize("unit", EACH_UNIT)
def test_the_solution_earns_every_exact_point_on_20_seeds(unit, server_of):
    """Judged by its own key without mistakes, the solution loses nothing on 20 seeds."""
    solution = keys.solution_of(this_course.unit(unit)).plain().encode()
    server = server_of(unit)
    for seed in range(20):
        with server.worker(solution, "solution.py") as worker:
            for check in keys.checks_to_run(server.unit, data=()):
                answer = worker.ask(check, seed)
                assert not answer.failure, f"{check.name}, seed {seed}: {answer.message}"
                assert sum(array.size for array in answer.arrays.values()), check.name


@pytest.mark.parametrize("unit", EACH_UNIT)
def test_a_unit_has_mistakes_text_and_titles(unit):
    """A unit has at least 12 described mistakes.

    Its exercises have hints, minutes and a length.
    """
    solution = keys.solution_of(this_course.unit(unit))
    words = [mistake.text for mistake, _, _ in solution.mistakes]
    assert len(words) >= 12
    assert all(words)
    exercises = re.findall(
        r"\*\*Exercise\*\* · (\d+) minutes · [●○]{3} · about (\d+) lines?", solution.text
    )
    assert len(exercises) == solution.text.count("**Exercise**")
    assert solution.text.count("<details><summary>") >= len(exercises)
    assert [*lengths_that_differ(unit, solution)] == []
    checks = [check.name for check in this_course.unit(unit).checks]
    assert sorted(re.findall(r'^check\("(\w+)"\)$', solution.text, re.M)) == sorted(checks)


@pytest.mark.parametrize("unit", EACH_UNIT)
def test_a_unit_opens_with_aims_and_ends_with_questions(unit):
    """A unit opens with aims and ends with five to eight questions, stretch exercises and reading.

    The questions' answers are folded, and the reading has links.
    """
    text = keys.solution_of(this_course.unit(unit)).text
    opening, *_, ending = re.split(r"^# ## ", text, flags=re.M)
    aims = between(opening, "**Afterwards you can**", "# You need ")
    assert 3 <= aims.count("\n# * ") <= 6
    questions = between(text, "# ## Questions", "# ## Further")
    numbers = re.findall(r"<summary>(\d)\. .+\?</summary>\n#\n# \S", questions)
    assert 5 <= len(numbers) <= 8
    assert numbers == [str(i) for i in range(1, len(numbers) + 1)]
    stretch = between(text, "# ## Further", "# ## Reading")
    assert 2 <= stretch.count("\n# * ") <= 3
    assert ending.startswith("Reading")
    assert "](https://" in ending


def between(text, begin, end):
    """Return the text between two marks."""
    behind = text.split(begin)[1]
    return behind.split(end)[0]


@pytest.mark.parametrize("units", [[UNIT], pytest.param([], marks=pytest.mark.proof)])
def test_stubs_and_keys_are_up_to_date(units):
    """`build --check` finds nothing to do for a single unit and for all."""
    done = run_command("build", "--check", *units)
    assert (done.returncode, done.stdout.strip()) == (0, "everything is up to date"), done.stderr


@pytest.mark.parametrize("unit", EACH_UNIT)
def test_a_key_has_a_loss_for_every_corpus(unit):
    """The key has a loss for every corpus, so training can be checked with any of them."""
    key = load_key(COURSE.key(unit))
    for check in this_course.unit(unit).checks:
        if check.measure:
            for name in this_course.trains_on(check):
                assert key[f"{check.name}@{name}"].loss > 0


def test_a_corpus_is_there():
    """The training checks run on real text."""
    text = corpus(COURSE)
    assert len(text.train) > 500_000
    assert (ROOT / "datasets" / text.name / "manifest.toml").is_file()


@pytest.mark.proof
def test_an_exact_check_does_not_wait_for_the_compiler():
    """No exact check imports `torch._dynamo`, which takes as long as torch itself."""
    code = """if True:
        import sys
        from pathlib import Path
        from autograder.course import load_unit, read_course
        from autograder.grading.keys import checks_to_run, solution_of
        from autograder.sandbox.inside.submission import Submission
        from autograder.sandbox.inside.runner import run_experiment

        course = read_course(Path())
        for name in course.units:
            unit = load_unit(course, name)
            solution = Submission(solution_of(unit).plain().encode(), "solution.py")
            for check in checks_to_run(unit, data=()):
                assert not run_experiment(check, solution, 5, unit.experiments.reset).failure
                assert "torch._dynamo" not in sys.modules, f"{name}, {check.name}"
        assert "torch" in sys.modules
    """
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
