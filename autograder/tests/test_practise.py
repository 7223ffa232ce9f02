"""Practice on the public seed: what runs, in what order, and messages on what is missing."""

import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import small
import small_class
from released import release_to, variables
from small import COURSE, UNIT, WORDS

from autograder.authoring.build import build
from autograder.course import load_unit, read_course
from autograder.grading.key_file import NoKey
from autograder.practice import imports
from autograder.practice.practise import Live, practice_result, practise
from autograder.sandbox.inside.submission import Missing, Submission


def practised(script, *names, unit=None):
    """Return verdicts of some checks of a script, by name, and the steps that were reported."""
    unit, steps = unit or small.unit(), []
    wanted = [check for check in unit.checks if check.name in names]
    submission = Submission(script.encode(), "mine.py")
    verdicts = practise(unit, wanted, submission, steps.append)
    return {verdict.name: verdict for verdict in verdicts}, steps


def test_only_the_checks_that_were_asked_for_are_told():
    """Only the requested checks are reported; those that they need run silently before."""
    verdicts, steps = practised(small_class.SOLVED[UNIT], "summing")
    assert [verdict.status for verdict in verdicts.values()] == ["passed"]
    assert list(verdicts) == ["summing"]
    assert [step.verdict.name for step in steps] == ["summing"]
    third = f"{small_class.SOLVED[UNIT]}\ndef double(x): return x / 3\n"
    verdicts, _ = practised(third, "summing")
    assert verdicts["summing"].status == "passed", "it is right without doubling"
    verdicts, _ = practised(f"{third}\ndef running_sum(x): return x / 3\n", "summing")
    assert verdicts["summing"].status == "not_reached"
    assert verdicts["summing"].remarks[0].text == "Do this first: `doubling`."


def test_a_mistake_is_named_as_in_a_grade_without_its_line():
    """Practice diagnoses a mistake as a grade does, without its line.

    The public key has the description and not the code.
    """
    verdicts, steps = practised(small_class.by("squared").content, "doubling")
    (remark,) = verdicts["doubling"].remarks
    assert remark.mistakes == ("this is the square: x times 2, not x times x.",)
    assert remark.mistake == ""
    (step,) = steps
    known, answer = step.known, step.answer
    assert answer.arrays.keys() == known.expected.arrays.keys() == {"doubled", "same_after"}


TWO_CHECKS = '''
    import numpy as np

    from autograder.check import UnitSettings, check, named

    SETTINGS = UnitSettings(packages=("numpy",))


    @check(points=2)
    def sorting(net, seed):
        """`ranked` gives the values in order"""
        return named("ranked", net.ranked(np.random.default_rng(seed).normal(size=9))[0])


    @check(points=2)
    def longest(net, seed):
        """`ranked` tells how many values there are"""
        return named("count", net.ranked(np.arange(5 + seed % 3))[1])
'''
BOTH_OF_ONE = """
    # %%
    import numpy as np

    import autograder

    check = autograder.unit("ranking")


    # %%
    def ranked(x):
        ### BEGIN SOLUTION
        x = np.array(x)
        # mistake: x = np.array(x)[1:]
        #   the first value is missing: keep it.
        return np.sort(x), len(x)
        # mistake: return np.sort(x), len(x) - 1
        #   the number is that of steps between values: count the values.
        ### END SOLUTION


    # %%
    check("sorting")
    check("longest")
"""


def test_a_check_by_itself_says_what_it_says_among_all(tmp_path):
    """One check alone also runs earlier ones that rule out a mistake: two give the same number."""
    unit = small.write_course(tmp_path, "ranking", TWO_CHECKS, BOTH_OF_ONE)
    assert build(unit.course)
    script = """
import numpy as np

def ranked(x):
    return np.sort(x), len(x) - 1
"""
    among_all, _ = practised(script, "sorting", "longest", unit=unit)
    alone, steps = practised(script, "longest", unit=unit)
    assert alone["longest"] == replace(among_all["longest"], seconds=alone["longest"].seconds)
    (remark,) = alone["longest"].remarks
    assert remark.mistakes == ("the number is that of steps between values: count the values.",)
    assert [step.verdict.name for step in steps] == ["longest"]


def test_what_is_installed_is_not_looked_up_where_nothing_foreign_is_used(monkeypatch):
    """Installed packages are looked up only if a script imports something foreign.

    The look-up takes a tenth of a second for each check.
    """

    def look_up(_):
        raise AssertionError("installed packages were looked up")

    imports.imported_as.cache_clear()
    monkeypatch.setattr(imports, "package_folders", look_up)
    with_numpy = "import numpy as np\ndef double(x): return np.multiply(2, x)\n"
    verdicts, _ = practised(f"{small_class.SOLVED[UNIT]}\n{with_numpy}", "doubling")
    assert verdicts["doubling"].status == "passed"


WARNING = "`msgspec` is not available in grading. Import only the standard library, numpy."


@pytest.mark.parametrize(
    "more",
    [
        "def double(x):\n    import msgspec.json\n    return 2 * x\n",
        "import msgspec as m\ndef double(x):\n    m.Struct\n    return 2 * x\n",
        "from msgspec import convert\ndef two(): convert(2, int); return 2\n"
        "def double(x): return two() * x\n",
    ],
    ids=["within", "above", "in a helper"],
)
def test_an_import_that_a_grade_does_not_have_is_told_where_a_function_uses_it(more):
    """An import that grading lacks is reported if a function uses it.

    The check passes here nevertheless.
    """
    verdicts, _ = practised(f"{small_class.SOLVED[UNIT]}\n{more}", "doubling")
    assert verdicts["doubling"].status == "passed"
    assert [remark.text for remark in verdicts["doubling"].remarks] == [WARNING]


def test_an_import_that_no_function_of_the_check_uses_is_left_alone():
    """An import that no function of the check uses is ignored, and so are the unit's packages.

    A script may plot, for example.
    """
    more = "import msgspec\nmsgspec.json.encode(1)\ndef notes(): return msgspec\n"
    verdicts, _ = practised(f"{small_class.SOLVED[UNIT]}\n{more}", "doubling", "summing")
    assert [verdict.remarks for verdict in verdicts.values()] == [(), ()]


def test_a_mistake_of_text_is_named_and_another_is_quoted():
    """A known mistake in text is diagnosed, and unknown text is quoted."""
    unit = small.unit(WORDS)
    verdicts, _ = practised(small_class.by("no_space", WORDS).content, "shortening", unit=unit)
    assert {remark.mistakes[0] for remark in verdicts["shortening"].remarks} == {
        "a space is missing between the letters."
    }
    reverse = small_class.changed("name.split())", "name.split()[::-1])", WORDS)
    verdicts, _ = practised(reverse, "shortening", unit=unit)
    remark = verdicts["shortening"].remarks[0]
    assert remark.text.startswith("expected '")
    assert "', found '" in remark.text
    assert remark.literal


def test_training_is_measured_here_on_what_was_held_out():
    """Practice measures a training on the held-out part: the reported loss is finite and near ours.

    Invalid weights are reported as an error.
    """
    verdicts, steps = practised(small_class.SOLVED[UNIT], "fitting")
    assert verdicts["fitting"].status == "passed"
    (step,) = steps
    known, answer = step.known, step.answer
    assert abs(float(answer.arrays["loss"]) - known.loss) < 0.05
    uphill = small_class.by("uphill").content.replace("return weights", "return np.zeros(2)")
    verdicts, _ = practised(uphill, "fitting")
    assert verdicts["fitting"].status == "not_reached"
    far = small_class.changed(
        "    return weights\n", "    return weights if len(x) < 9 else np.ones(2) * 9\n"
    )
    verdicts, _ = practised(far, "fitting")
    assert "held-out loss" in verdicts["fitting"].remarks[0].text
    assert "squared units" in verdicts["fitting"].remarks[0].text


@pytest.fixture
def copied(tmp_path):
    return read_course(small.copy_course(tmp_path / "course"))


def without_data(course, *names):
    for name in names:
        shutil.rmtree(course.folder / "datasets" / name)


def test_another_corpus_of_the_role_serves_where_the_first_cannot_be_had(
    copied, monkeypatch, tmp_path
):
    """If a role's first corpus is missing, another one serves, with its own loss in the key.

    If none is available, the message says what was tried.
    """
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    without_data(copied, "line")
    verdicts, _ = practised(small_class.SOLVED[UNIT], "fitting", unit=load_unit(copied, UNIT))
    assert verdicts["fitting"].status == "passed"
    assert (
        practice_result(
            load_unit(copied, UNIT), copied.stub(UNIT), [], quick=False
        ).provenance.corpus
        == "steep"
    )


def test_what_training_lacks_is_told_in_words(copied, monkeypatch, tmp_path):
    """A missing dataset, or a key without its loss, gives a message; exact checks still run."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    without_data(copied, "line", "steep")
    unit = load_unit(copied, UNIT)
    verdicts, _ = practised(small_class.SOLVED[UNIT], "doubling", "fitting", unit=unit)
    assert verdicts["doubling"].status == "passed"
    assert verdicts["fitting"].status == "error"
    assert verdicts["fitting"].failure == "no data"
    assert "There is no dataset `line`" in verdicts["fitting"].remarks[0].text


def test_a_key_without_a_figure_for_the_corpus_says_how_to_add_it(copied):
    """A key without a loss for a new corpus gives a message with the build command."""
    about = (copied.folder / "course.toml").read_text()
    shutil.copytree(copied.folder / "datasets" / "line", copied.folder / "datasets" / "fresh")
    (copied.folder / "course.toml").write_text(about.replace('["line", "steep"]', '["fresh"]'))
    unit = load_unit(read_course(copied.folder), UNIT)
    verdicts, _ = practised(small_class.SOLVED[UNIT], "fitting", unit=unit)
    words = (
        "the key has no figure for the corpus `fresh`. An author adds it with `autograder build`."
    )
    assert verdicts["fitting"].remarks[0].text == words


def test_a_check_that_the_key_does_not_have_yet_says_how_to_add_it(copied):
    """A check that was written after the last build gives a message with the build command."""
    checks = copied.folder / "checks" / f"{UNIT}.py"
    checks.write_text(checks.read_text().replace("def summing(", "def summing_up("))
    unit = load_unit(read_course(copied.folder), UNIT)
    with pytest.raises(
        NoKey, match=r"not have the check `summing_up` yet\. Run `autograder build`"
    ):
        practised(small_class.SOLVED[UNIT], "summing_up", unit=unit)


def test_a_practice_result_can_be_exported_and_is_not_official(tmp_path):
    """A practice result can be exported as unofficial: student `course`, the public seed."""
    script = small_class.SOLVED[UNIT]
    path = small.submit(tmp_path, "ada", script)
    verdicts, _ = practised(script, "doubling", "summing")
    result = practice_result(small.unit(), path, list(verdicts.values()), quick=True)
    assert result.student == "course"
    assert result.unit == UNIT
    assert result.score == 6
    assert not result.provenance.official
    assert result.provenance.seed == COURSE.public_seed


def test_names_of_a_running_script_are_what_it_defined():
    """Names in a running script are those that it defined; a missing one has a suggestion."""
    live = Live({"double": np.negative, "dubble": 1, "_hidden": 2})
    assert live.double is np.negative
    with pytest.raises(Missing, match="`trouble` is not defined"):
        _ = live.trouble
    with pytest.raises(Missing, match="You defined `double`"):
        _ = live.doubl


def test_pytest_runs_the_checks_of_a_script_and_not_its_examples(copied):
    """pytest runs a script's checks and not its examples, and does not import it."""
    script = copied.stub(UNIT)
    script.write_text(f"{script.read_text()}\nraise SystemExit('it was run')\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q"]
    done = subprocess.run(
        [*command, script], cwd=copied.folder, env=variables(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    assert f"{UNIT}.py::doubling" in done.stdout
    assert "it was run" not in done.stdout


def test_pytest_takes_no_module_of_checks_for_a_script(copied):
    """pytest does not collect a module of checks, though it has the unit's name."""
    checks = copied.folder / "checks" / f"{UNIT}.py"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q"]
    done = subprocess.run(
        [*command, checks], cwd=copied.folder, env=variables(), capture_output=True, text=True
    )
    assert "::doubling" not in done.stdout
    assert "no tests collected" in done.stdout


NO_NETWORK = """
import socket, sys
def refuse(event, arguments):
    if event == "socket.getaddrinfo" or event == "socket.connect" and arguments[0].family in (
        socket.AF_INET, socket.AF_INET6
    ):
        sys.stderr.write(f"asked the network: {event} {arguments}")
        raise SystemExit(9)
sys.addaudithook(refuse)
from autograder.cli import main
main()
"""


@pytest.mark.parametrize(
    "arguments",
    [(), ("check",), ("check", "--json"), ("hint",), ("doctor",), ("data",), ("start", "new")],
    ids=" ".join,
)
def test_nothing_leaves_a_student_s_machine(arguments, tmp_path):
    """No practice command uses the network if the data is there."""
    course = release_to(tmp_path / "course")
    command = [sys.executable, "-c", NO_NETWORK, *arguments]
    done = subprocess.run(command, cwd=course, env=variables(), capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    assert "asked the network" not in done.stderr
