"""Solutions that fail a check or vary between runs are all reported, with measured noise."""

import pytest
import small

from autograder.authoring.build import build
from autograder.errors import BadSource

EXPERIMENTS = '''
    import numpy as np

    from autograder.check import UnitSettings, check, named

    SETTINGS = UnitSettings(packages=("numpy",))


    @check(points=2, tolerance={"interval": 0.1})
    def bootstrap(net, seed):
        """`interval` is the bootstrap interval of the mean"""
        rng = np.random.default_rng(seed)
        return named("interval", net.interval(rng.gamma(9, rng.uniform(1, 9), 200)))
'''
SOLUTION = """
    import numpy as np

    import autograder

    check = autograder.unit("resampling")


    def interval(x):
        ### BEGIN SOLUTION
        rng = np.random.default_rng()
        means = rng.choice(x, (2000, len(x))).mean(1)
        # mistake: means = rng.choice(x, (2000, len(x))).mean(1) / 1.3
        #   a factor is there.
        return np.quantile(means, [0.05, 0.95])
        ### END SOLUTION


    check("bootstrap")
"""


def test_a_solution_that_draws_is_told_with_its_noise_and_the_remedy(tmp_path):
    """A random solution is reported with its noise and a proposed tolerance.

    The message does not blame the processor's rounding.
    """
    unit = small.write_course(tmp_path, "resampling", EXPERIMENTS, SOLUTION)
    with pytest.raises(BadSource) as refused:
        build(unit.course)
    text = str(refused.value)
    assert "checks/resampling.py needs a fix:" in text
    assert "line 9: `bootstrap`: `interval` differs from run to run on one seed" in text
    assert "of the largest (standard deviation of 8 runs)" in text
    assert "default_rng(1)" in text
    proposed = float(text.partition('tolerance={"interval": ')[2].partition("}")[0])
    assert 0.0005 < proposed < 0.05
    assert "processor" not in text
    assert not unit.course.key("resampling").exists()


def test_a_solution_of_a_fixed_generator_is_built_and_stays_up_to_date(tmp_path):
    """A solution with a fixed generator builds, and `build --check` passes, then and later."""
    script = SOLUTION.replace("default_rng()", "default_rng(1)")
    unit = small.write_course(tmp_path, "resampling", EXPERIMENTS, script)
    assert build(unit.course)
    for _ in range(3):
        assert build(unit.course, check=True) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("default_rng(seed)", "default_rng()"),
        ('named("interval", ', 'named("interval", np.random.default_rng().normal() * '),
    ],
)
def test_a_check_that_draws_is_told_as_that(old, new, tmp_path):
    """A random check is reported as such: random arguments, or random use of the answer."""
    script = SOLUTION.replace("default_rng()", "default_rng(1)")
    unit = small.write_course(tmp_path, "resampling", EXPERIMENTS.replace(old, new), script)
    with pytest.raises(BadSource) as refused:
        build(unit.course)
    assert (
        "line 9: `bootstrap`: `interval` differs from run to run on one seed, because the check "
        "draws numbers of its own. Let it draw all of them from one generator that is made of "
        "`seed`"
    ) in str(refused.value)
    assert "solution draws" not in str(refused.value)


def test_the_order_of_a_set_is_noticed(tmp_path):
    """Text made of a set is refused: its order differs in a student's process."""
    experiments = EXPERIMENTS.replace(', tolerance={"interval": 0.1}', "")
    letters = 'return str({chr(97 + round(10 * abs(number))) for number in x}) + "abcdefgh"'
    script = SOLUTION.replace("return np.quantile(means, [0.05, 0.95])", letters)
    unit = small.write_course(
        tmp_path, "resampling", experiments, script.replace("default_rng()", "default_rng(1)")
    )
    with pytest.raises(BadSource, match="`interval` depends on the order of a set"):
        build(unit.course)
    solution = unit.course.solution("resampling")
    solution.write_text(
        solution.read_text().replace("str({", "str(sorted({").replace("x})", "x}))")
    )
    with pytest.raises(BadSource) as refused:
        build(unit.course)  # for the known mistake, which spoils no text
    assert "order of a set" not in str(refused.value)


def test_a_text_that_is_another_each_time_is_told_too(tmp_path):
    """Text that changes between runs is reported, too, such as the order of a shuffled list."""
    experiments = EXPERIMENTS.replace(', tolerance={"interval": 0.1}', "")
    script = SOLUTION.replace(
        "return np.quantile(means, [0.05, 0.95])", 'return f"{x.sum()} {means[0]}"'
    )
    unit = small.write_course(tmp_path, "resampling", experiments, script)
    with pytest.raises(BadSource, match="`interval` differs from run to run on one seed"):
        build(unit.course)


def test_an_array_that_some_runs_do_not_have_is_told_too(tmp_path):
    """For example, one for each cluster that was found."""
    experiments = EXPERIMENTS.replace(', tolerance={"interval": 0.1}', "")
    experiments = experiments.replace('return named("interval", net', "found = net")
    experiments = experiments.replace(
        "200)))", "200))\n        return {f'at{found[0]:.6f}': found}"
    )
    unit = small.write_course(tmp_path, "resampling", experiments, SOLUTION)
    with pytest.raises(BadSource, match="Some runs do not have it at all"):
        build(unit.course)


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("net.interval(rng.normal(size=9))", "An experiment returns arrays by name"),
        (
            'named("t", pd.DataFrame({"low": [1.0]}))',
            'It has `low`. `frame("name", table)` compares a table with its labels.',
        ),
        ('named("one two", net.interval(rng.normal(size=9)), 3, 4)', "expected 2 values"),
    ],
)
def test_checks_that_the_solution_does_not_answer_are_told_at_once(returned, words, tmp_path):
    """All checks without an answer of the solution are reported together, with a likely reason."""
    pytest.importorskip("pandas")
    begin, _, _ = EXPERIMENTS.partition("        return named")
    import_pandas = "    import numpy as np\n    import pandas as pd\n"
    first = (
        begin.replace("    import numpy as np\n", import_pandas) + f"        return {returned}\n"
    )
    first = first.replace('("numpy",)', '("numpy", "pandas")')
    _, _, second = first.partition("    @check")
    script = SOLUTION.replace("default_rng()", "default_rng(1)")
    experiments = f"{first}\n\n    @check{second.replace('def bootstrap', 'def again')}"
    script += '\n    check("again")\n'
    unit = small.write_course(tmp_path, "resampling", experiments, script, {"pandas": ""})
    with pytest.raises(BadSource) as refused:
        build(unit.course)
    text = str(refused.value)
    assert text.count("the solution does not answer it: ") == 2
    assert "`bootstrap`" in text
    assert "`again`" in text
    assert words in text


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ('named("t", *500)', "line 16: TypeError: "),
        ('named("t", net.interval(rng.normal(size=9))[7])', "line 16: IndexError: "),
        ('named("t", helped(3))', "line 10: ZeroDivisionError: division by zero."),
    ],
)
def test_an_error_in_the_check_is_not_blamed_on_the_solution(returned, words, tmp_path):
    """An error in a check is reported with the check's line, also in a function that it calls."""
    begin, _, _ = EXPERIMENTS.partition("        return named")
    helper = "    def helped(x):\n        return x / 0\n\n    @check"
    experiments = f"{begin.replace('    @check', helper)}        return {returned}\n"
    script = SOLUTION.replace("default_rng()", "default_rng(1)")
    unit = small.write_course(tmp_path, "resampling", experiments, script)
    with pytest.raises(BadSource) as refused:
        build(unit.course)
    text = str(refused.value)
    assert f"`bootstrap`: the check itself fails, in checks/resampling.py {words}" in text
    assert "solution does not answer" not in text
