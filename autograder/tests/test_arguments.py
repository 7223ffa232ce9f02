"""Validation reports arguments that never vary, because a function could ignore them."""

import small

from autograder.authoring.arguments import arguments_that_never_vary

EXPERIMENTS = '''
    import numpy as np

    from autograder.check import check, named


    @check(points=2)
    def interval(net, seed):
        """`interval` is around the mean"""
        x = np.random.default_rng(seed).normal(size=9)
        return named("one two", net.interval(x, 0.9, 3, np.int64(2)), net.interval(x, 0.9, 4, 2))


    @check(points=1)
    def once(net, seed):
        """`once` is called once a seed, with a number that is drawn"""
        return named("half", net.once(float(seed), factor=0.5))


    @check(points=1)
    def failing(net, seed):
        """What raises an error says nothing"""
        return named("x", net.interval(None, 0.5, 3, 2))
'''
SOLUTION = """
    def interval(x, level, digits, times=1):
        ### BEGIN SOLUTION
        return round(x.mean() * level, digits) * times
        ### END SOLUTION


    def once(x, factor):
        ### BEGIN SOLUTION
        return x * factor
        ### END SOLUTION
"""


def test_an_argument_that_is_the_same_in_all_calls_is_named(tmp_path):
    """An argument that is equal in all calls is reported; arrays and varying arguments are not."""
    unit = small.write_course(tmp_path, "levels", EXPERIMENTS, SOLUTION)
    told = arguments_that_never_vary(unit, range(2))
    assert [line.partition(" in each")[0] for line in told] == [
        "`interval`: `level` is 0.9",
        "`interval`: `times` is 2",
        "`once`: `factor` is 0.5",
    ]


def test_validate_says_so(tmp_path):
    """`validate` mentions the constant learning rate of the fixture course without failing it."""
    done = small.run_command("validate", small.UNIT, "--quick", "--seeds", "1")
    words = "`fit`: `rate` is 0.3 in each call of the exact checks, so a function that ignores it"
    assert words in done.stdout
    assert done.returncode == 0
