"""Errors of an author in checks, mistakes and calls: all of a unit are reported at once."""

import re
import textwrap
from contextlib import suppress

import numpy as np
import pytest
import small

from autograder.authoring.build import build, single_numbers
from autograder.authoring.validate import validate
from autograder.authoring.validation_report import ValidationReport
from autograder.check import Answer
from autograder.course import read_course
from autograder.errors import BadSource
from autograder.grading.key_file import load_key
from autograder.judging import PlainKey

EXPERIMENTS = '''
    import numpy as np

    from autograder.check import UnitSettings, check, named

    SETTINGS = UnitSettings(packages=("numpy",))


    @check(points=2, tolerance={"doubled": 0.01})
    def doubling(net, seed):
        """`double` gives twice a row"""
        return named("doubled", net.double(np.random.default_rng(seed).normal(size=5)))


    @check(points=3, needs=doubling)
    def halving(net, seed):
        """`halve` gives half a row"""
        return named("halved", net.halve(np.random.default_rng(seed).normal(size=5)))
'''
SOLUTION = """
    # %%
    import numpy as np

    import autograder

    check = autograder.unit("halves")

    # %% [markdown]
    # **Exercise** · about 1 line


    # %%
    def double(x):
        ### BEGIN SOLUTION
        return 2 * x
        # mistake: return 3 * x
        #   this is three times `x`.
        ### END SOLUTION


    # %%
    check("doubling")


    # %%
    def halve(x):
        ### BEGIN SOLUTION
        return x / 2
        # mistake: return x.mean() / 2
        #   this is the mean.
        ### END SOLUTION


    # %%
    check("halving")
"""


def told(folder, experiments=EXPERIMENTS, solution=SOLUTION):
    """Return the report on a unit, "" if it builds."""
    with suppress(BadSource):  # it loads what it wrote
        small.write_course(folder, "halves", experiments, solution)
    try:
        build(read_course(folder))
    except BadSource as error:
        return str(error)
    return ""


def test_a_unit_without_slips_is_built(tmp_path):
    """A unit without errors builds without a report."""
    assert told(tmp_path) == ""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'tolerance={"doubled": 0.01}',
            "tolerance=0.06",
            'line 9: `doubling`: `tolerance=0.06` should be as in `tolerance={"array": 0.1}`.',
        ),
        (
            'points=2, tolerance={"doubled": 0.01}',
            "point=2",
            "`doubling`: a check has no option `point`. Did you mean `points`?",
        ),
        ("@check(points=3, needs=doubling)", "@check", "`halving`: write `@check(points=…)`"),
        ("points=3", 'points="3"', "`points='3'` should be as in `points=2`."),
        (
            "needs=doubling",
            'needs="doubling"',
            "`needs='doubling'` should be as in `needs=other_check, without quotes",
        ),
        ("needs=doubling", 'costs=("halved")', "`costs='halved'` should be as in"),
        ("needs=doubling", 'words="no"', "`words='no'` should be as in"),
        (
            'packages=("numpy",)',
            'packages=("nunpy",)',
            "`packages` names `nunpy`, which is no package known here. Did you mean `numpy`?",
        ),
        (
            '{"doubled": 0.01}',
            '{"doubeld": 0.01}',
            "line 9: `doubling` has no array `doubeld`, which `tolerance` lists. "
            "Did you mean `doubled`?",
        ),
        (
            'return named("halved", net.halve(np.random.default_rng(seed).normal(size=5)))',
            "assert net.halve(4) == 2",
            "line 18: `halving`: an experiment compares nothing, so it needs no `assert`. End it "
            'with the values to compare: `return named("name", value)`.',
        ),
        (
            'return named("halved", net',
            '(named("halved", net',
            "line 16: `halving` returns nothing. End it with",
        ),
        ("import numpy as np", "import numpy as npp", "line 6: NameError: name 'np'"),
        ("def halving(net, seed):", "def halving(net, seed:", "Python cannot read it"),
    ],
)
def test_a_slip_of_a_check_is_told(old, new, words, tmp_path):
    """An error in a check is reported: wrong options, missing arrays and packages, exceptions."""
    assert old in EXPERIMENTS
    experiments = EXPERIMENTS.replace(old, new)
    if new.startswith("(named"):
        experiments = experiments.rstrip() + ")\n"
    if "np" in words:  # used where the file is read
        experiments = experiments.replace("    SETTINGS", "    PI = np.pi\n    SETTINGS")
    text = told(tmp_path, experiments)
    assert re.search(r"^\S*checks/halves.py needs a fix:", text)
    assert words in text or "NameError: name 'np' is not defined" in text


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('check("doubling")', 'check("dubling")', "no such check. Did you mean `doubling`?"),
        ('check("doubling")', "", 'there is no `check("doubling")`'),
        ('check("doubling")', 'check("halving")', 'line 36: `check("halving")` stands here'),
        ('unit("halves")', 'unit("wholes")', 'line 7: this is the script of `autograder.unit("hal'),
        (
            'check = autograder.unit("halves")',
            "check = print",
            'autograder.unit("halves")`, so',
        ),
        ("return 3 * x", "return 3 * (x", "line 17: `return 3 * (x` cannot replace"),
        ("return 3 * x", "for x in (3,):", "line 17: `for x in (3,):` cannot replace"),
        (
            "return x.mean() / 2",
            "return x.maen() / 2",
            "line 30: `return x.maen() / 2` only raises an error, because there is no `maen`. "
            "Did you mean `mean`?",
        ),
        (
            "return x.mean() / 2",
            "return math.sqrt(x)",
            "`return math.sqrt(x)` only raises an error, because there is no `math`.",
        ),
    ],
)
def test_a_slip_of_a_script_is_told(old, new, words, tmp_path):
    """An error in a script is reported: unknown checks, and mistakes that nobody could make."""
    assert old in SOLUTION
    text = told(tmp_path, solution=SOLUTION.replace(old, new, 1))
    assert re.search(r"^\S*solutions/halves.py needs a fix:", text)
    assert words in text


def test_a_mistake_may_raise_an_error_that_students_meet(tmp_path):
    """A mistake may raise an error that students meet: an unknown name or attribute."""
    for code in ("return x.append(2)", "return x.halve", "return double"):
        assert told(tmp_path / code[-4:], solution=SOLUTION.replace("return 3 * x", code)) == ""


def test_all_slips_of_a_unit_are_told_at_once(tmp_path):
    """All errors of a unit's two files are reported together, before anything runs."""
    text = told(
        tmp_path,
        EXPERIMENTS.replace("tolerance={", "tolerances={").replace("points=3", "point=3"),
        SOLUTION.replace("# mistake: return 3", "# mistakes: return 3").replace(
            "### END SOLUTION", "### END SOLUTIONS"
        ),
    )
    assert text.count("line ") >= 6
    for part in ("`tolerances`", "`point`", "needs points", "# mistakes", "### END SOLUTIONS"):
        assert part in text


def test_the_command_tells_slips_without_a_traceback(tmp_path):
    """The command reports errors without a traceback and exits with 2."""
    small.write_course(tmp_path, "halves", EXPERIMENTS, SOLUTION)
    path = tmp_path / "checks" / "halves.py"
    path.write_text(path.read_text().replace("points=3", "point=3"))
    for command in ("build", "validate"):
        done = small.run_command(command, cwd=tmp_path)
        assert done.returncode == 2
        assert "has no option `point`" in done.stderr
        assert "Traceback" not in done.stderr


# ---- packages

WITH_PACKAGING = """
    # %%
    from packaging.version import Version

    import autograder

    check = autograder.unit("halves")


    # %%
    def two():
        return Version("2.0").major


    def double(x):
        ### BEGIN SOLUTION
        return two() * x
        # mistake: return two() * x + x
        #   this is three times `x`.
        ### END SOLUTION


    # %%
    check("doubling")
"""
DOUBLING = EXPERIMENTS.partition("    @check(points=3, needs=doubling)")[0]


def packaging_course(folder, packages='("numpy", "packaging")', listed="packaging", more=""):
    """Write a course of one unit that uses packaging; return the output of `build` or a release."""
    experiments = DOUBLING.replace('("numpy",)', packages)
    experiments = experiments.replace("import numpy as np", f"import numpy as np{more}")
    known = {listed: ""} if listed else {}
    unit = small.write_course(folder, "halves", experiments, WITH_PACKAGING, known)
    texts = []
    for command in (["build"], ["build", "--release", str(folder / "given")], ["validate"]):
        done = small.run_command(*command, cwd=folder)
        assert "Traceback" not in done.stderr
        assert (done.returncode == 2) == ("needs a fix" in done.stderr), done.stderr
        texts.append(done.stderr)
    return unit, texts


def test_a_package_that_students_would_not_have_is_refused(tmp_path):
    """An imported package that course.toml omits, or lists under another name, is refused."""
    for listed, hint in (("", ""), ("packagin", " It lists `packagin`; did you mean `packaging`?")):
        _, texts = packaging_course(tmp_path / (listed or "none"), listed=listed)
        for text in texts:
            told = "line 3: `import packaging`: course.toml does not list it, so students would not"
            assert f"{told} have it.{hint} Write below [packages]: packaging = {{ install" in text
            assert text.count("course.toml") == 1
    unit, texts = packaging_course(tmp_path / "all")
    assert "packaging" not in texts[0]
    assert unit.course.stub("halves").is_file()


def test_a_package_that_a_submission_may_not_import_is_refused(tmp_path):
    """A package that a function imports and the unit's `packages` omit is refused."""
    _, texts = packaging_course(tmp_path, packages='("numpy",)')
    for text in texts:
        assert (
            "line 11: `two` uses `packaging`, which a submission may not import, because `packages`"
            " does not list it. In checks/halves.py write `UnitSettings(packages=("
            '"numpy", "packaging"))`.'
        ) in text


def test_a_package_that_checks_import_is_one_of_the_unit(tmp_path):
    """A package that checks import must be the unit's, because they run with the submission.

    A package that only a plot outside exercises uses need not be.
    """
    _, texts = packaging_course(tmp_path, '("numpy",)', more="; import packaging")
    assert "`import packaging`: `packages` of the unit does not list it" in texts[0]
    given = SOLUTION.replace("import numpy as np", "import numpy as np\n    import packaging")
    unit = small.write_course(tmp_path / "plot", "halves", EXPERIMENTS, given, {"packaging": ""})
    assert build(unit.course)


def test_a_setting_that_lists_what_course_toml_does_not_is_refused(tmp_path):
    """A unit's package that course.toml does not list is refused, though nothing imports it.

    A submission may import it and would pass only in a grade.
    """
    text = told(tmp_path, EXPERIMENTS.replace('("numpy",)', '("numpy", "packaging")'))
    assert "`packages` names `packaging`: course.toml does not list it" in text


# ---- alternative solutions


@pytest.mark.parametrize(
    ("style", "words"),
    [
        (
            "def centre(x):\n    return x - x.mean()\n",
            "this alternative solution defines no function of the unit, so it proves nothing. "
            "Write one of these in another way, or delete the file: double, halve.",
        ),
        (
            "def halve(x):\n    return x * 0.5\n\n\ndef doubel(x):\n    return x + x\n",
            "line 5: `doubel` is no function of the unit, and nothing here calls it. Did you mean "
            "`double`?",
        ),
        ("def halve(x)\n    return x * 0.5\n", "line 1: Python cannot read"),
        ("def half():\n    return 0.5\n\n\ndef halve(x):\n    return x * half()\n", ""),
    ],
)
def test_a_style_that_replaces_nothing_is_refused(style, words, tmp_path):
    """A style that replaces no function of its unit is refused; new helpers are allowed.

    It may belong to another unit or misspell a name.
    """
    unit = small.write_course(tmp_path, "halves", EXPERIMENTS, SOLUTION)
    path = tmp_path / "solutions" / "styles" / "halves" / "other.py"
    path.parent.mkdir(parents=True)
    path.write_text(style)
    try:
        build(unit.course)
        text = ""
    except BadSource as error:
        text = str(error)
    assert words in text
    assert bool(words) == ("other.py needs a fix" in text)


def test_validate_says_what_it_tried_and_what_to_do(tmp_path):
    """`validate` lists only what it tried, with a remedy for each surviving mutant."""
    with_branch = "if len(x) > 50:\n            x = x + 1\n        return 2 * x"
    script = SOLUTION.replace("return 2 * x", with_branch)
    experiments = EXPERIMENTS.replace(", needs=doubling", "")
    unit = small.write_course(tmp_path, "halves", experiments, script, text="1 2\n")
    assert build(unit.course)
    report = ValidationReport("halves", seeds=1, quick=False)
    lines = [trial.text for trial in validate(unit, report)]
    assert "✓ halves, seed 1000: the solution earned 5 of 5 points" in lines
    assert "✓ halves, seed 1000: the starter code earned 0 points" in lines
    assert "✓ halves: 2 of 2 mistakes diagnosed, on 1 seed" in lines
    assert not [line for line in lines if "early mistake" in line or "alternative" in line]
    last = max(number for number, line in enumerate(lines) if line.startswith("  survives:"))
    assert lines[last + 1].startswith(
        "  Each of these variants passes. If it is wrong, add a check"
    )


def test_validate_names_a_mistake_that_gives_the_same_values_as_another(tmp_path):
    """Two listed mistakes with equal values and different words are both reported, with lines."""
    twice = """        # mistake: return x + 2 * x
        #   `x` was added once too often.
        ### END SOLUTION
"""
    script = SOLUTION.replace("        ### END SOLUTION\n", twice, 1)
    unit = small.write_course(tmp_path, "halves", EXPERIMENTS, script)
    lines = [trial.text for trial in validate(unit, ValidationReport("halves", 1, quick=True))]
    told = re.findall(
        r"line (\d+): the mistake .*\n.*mistake in line (\d+) gives the same", "\n".join(lines)
    )
    assert len(told) == 2
    assert told[0] == told[1][::-1]


def test_points_for_nothing_are_found_on_each_seed(tmp_path):
    """An array that is constant on the last seed, as a length can be, is found on the first."""
    doubled = 'named("doubled", net.double(np.random.default_rng(seed).normal(size=5)))'
    extra = 'named("extra", float(seed == 1000))'
    experiments = EXPERIMENTS.replace(doubled, f"{doubled} | {extra}")
    unit = small.write_course(tmp_path, "halves", experiments, SOLUTION)
    lines = [trial.text for trial in validate(unit, ValidationReport("halves", 2, quick=True))]
    assert any("though" in line and "`doubling` gives 1 of 2" in line for line in lines)


def test_one_check_is_validated_without_mistakes_of_functions_that_it_only_uses(tmp_path):
    """A check that is left out would tell those, so they are no other explanation here."""
    experiments = (
        """
    import numpy as np

    from autograder.check import check, named

    @check(points=1)
    def doubling(unit, seed):
        """
        + '"""`double` doubles"""'
        + """
        return named("doubled", unit.double(np.random.default_rng(seed).normal(size=5)))

    @check(points=1)
    def adding(unit, seed):
        """
        + '"""`add_doubled` adds twice a number"""'
        + """
        x, y = np.random.default_rng(seed).normal(size=(2, 5))
        return named("added", unit.add_doubled(x, y))
    """
    )
    script = """
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    # mistake: return x
    #   this is the number itself: multiply by 2.
    ### END SOLUTION

def add_doubled(x, y):
    ### BEGIN SOLUTION
    return y + double(x)
    # mistake: return y + x
    #   `x` was not doubled.
    ### END SOLUTION
"""
    written = small.write_course(tmp_path, "doubles", textwrap.dedent(experiments), script)
    unit = small.with_calls(written)
    assert build(unit.course)
    report = ValidationReport("doubles", seeds=1, quick=True, only="adding")
    trials = [*validate(unit, report)]
    assert not [trial.text for trial in trials if trial.fault]
    assert "nan" not in "".join(trial.text for trial in trials)


def test_validate_of_one_check_says_what_each_array_earns(tmp_path):
    """An author reads which arrays earn points, and which only cost some."""
    length = (
        'return named("halved length", net.halve(np.random.default_rng(seed).normal(size=5)), 5)'
    )
    experiments = EXPERIMENTS.replace(
        'return named("halved", net.halve(np.random.default_rng(seed).normal(size=5)))', length
    )
    unit = small.write_course(tmp_path, "halves", experiments, SOLUTION)
    assert build(unit.course)
    report = ValidationReport("halves", seeds=1, quick=True, only="halving")
    first, second, *_ = (trial.text for trial in validate(unit, report))
    assert first == "  `halving` gives 3 points for `halved`"
    assert second == "  not for `length`: the same on every seed, so a wrong one costs 1.5"


def test_validate_names_the_line_of_a_mistake_and_counts_it(tmp_path):
    """`validate` reports a mistake that shows on some seeds only, with its own line and ✗."""
    mistake = "return x / 2 + (x[0] < 0.4)"
    script = SOLUTION.replace("return x.mean() / 2", mistake)
    unit = small.write_course(tmp_path, "halves", EXPERIMENTS, script)
    assert build(unit.course)
    report = ValidationReport("halves", seeds=2, quick=True)
    first, counted = [trial.text for trial in validate(unit, report) if trial.fault]
    lines = unit.course.solution("halves").read_text().split("\n")
    number = 1 + lines.index(f"    # mistake: {mistake}")
    assert first.startswith(f"✗ halves, seed 1001, line {number}: the mistake `{mistake}`\n")
    assert "lost no points: it gives the right values in every check." in first
    assert counted == "✗ halves: 1 of 2 mistakes diagnosed, on each of 2 seeds"


def test_validate_says_what_a_mistake_without_a_diagnosis_did(tmp_path):
    """The words of a mistake that never ends are not shown, and the time-out says why."""
    script = SOLUTION.replace("return x.mean() / 2", "while True: pass")
    experiments = EXPERIMENTS.replace("@check(", "@check(seconds=1, ")
    unit = small.write_course(tmp_path, "halves", experiments, script)
    assert build(unit.course)
    report = ValidationReport("halves", seeds=1, quick=True)
    first, *_ = [trial.text for trial in validate(unit, report) if trial.fault]
    assert "got no known mistake's words, but: took longer than 1 second" in first


def test_validate_warns_of_a_mistake_that_gives_one_number_throughout(tmp_path):
    """`validate` warns of a mistake that makes a constant array.

    Anything else that gives these zeros would get its description.
    """
    script = SOLUTION.replace("return x.mean() / 2", "return 0 * x")
    unit = small.write_course(tmp_path, "halves", EXPERIMENTS, script)
    report = ValidationReport("halves", seeds=2, quick=True)
    trials = list(validate(unit, report))
    assert not any(trial.fault for trial in trials if "mistake" in trial.text)
    (warned,) = [trial.text for trial in trials if "on every seed" in trial.text]
    assert "with the mistake `return 0 * x`, `halved` is 0 on every seed" in warned
    assert not any("return 3 * x" in trial.text for trial in trials)


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        ("return 0.5 * x", "`return 0.5 * x` gives the right values in every check."),
        (
            "return x.halff()",
            "`return x.halff()` only raises an error, because there is no `halff`",
        ),
    ],
)
def test_build_and_validate_refuse_the_same_mistakes(mistake, words, tmp_path):
    """`build` and `validate` refuse the same mistakes: without effect, or a misspelt name only."""
    unit = small.write_course(tmp_path, "halves", EXPERIMENTS, SOLUTION)
    script = unit.course.solution("halves")
    script.write_text(script.read_text().replace("return x.mean() / 2", mistake))
    commands = (
        lambda: build(unit.course),
        lambda: list(validate(unit, ValidationReport("halves", seeds=1, quick=True))),
    )
    for command in commands:
        with pytest.raises(BadSource, match=re.escape(words)):
            command()


def test_a_length_that_differs_is_a_warning(tmp_path):
    """A wrong length gives a warning and the unit is built.

    The limit is more than one line and more than 30 %; all are reported.
    """
    unit = small.write_course(
        tmp_path,
        "halves",
        EXPERIMENTS,
        SOLUTION.replace("about 1 line", "about 3 lines").replace(
            '    check("doubling")',
            '    check("doubling")\n\n\n    # %% [markdown]\n    # **Exercise** · about 2 lines',
        ),
    )
    warned = []
    assert build(unit.course, warn=warned.append)
    assert warned == ["halves: the exercise of `double` says about 3 lines; the solution has 1."]


def test_a_variant_that_passes_only_within_the_tolerance_has_that_as_its_reason(tmp_path):
    """A variant that passes only within the tolerance has that as its reason.

    A smaller tolerance would catch it, and no other input is needed.
    """
    script = SOLUTION.replace("return 2 * x", "return 2 * x + x.min() / 1e4")
    unit = small.write_course(tmp_path, "halves", EXPERIMENTS, script)
    assert build(unit.course)
    lines = [trial.text for trial in validate(unit, ValidationReport("halves", 1, quick=False))]
    (within, *_) = [line for line in lines if "less than the tolerance" in line]
    assert within.startswith("    `")
    assert "0.01 of the largest value. If that is wrong, set a smaller one: tolerance={" in within
    assert lines[lines.index(within) - 1].startswith("  survives: ")


def test_a_check_of_single_numbers_is_a_warning(tmp_path):
    """A check of single numbers gives a warning: one wrong number gives little feedback."""
    unit = small.write_course(tmp_path, "halves", EXPERIMENTS, SOLUTION)
    key = load_key(unit.course.key("halves")) if build(unit.course) else {}
    assert not [*single_numbers(unit, key)]
    one = PlainKey(Answer({"mean": np.array(2.5), "error": np.array([0.1])}))
    (warned,) = single_numbers(unit, key | {"halving": one})
    assert warned.startswith("halves: all answers of `halving` are single numbers")
