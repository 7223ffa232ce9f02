"""Markers and mistakes in a solution's script: text that resembles a marker is refused."""

import re
import textwrap

import pytest
import small

from autograder.authoring.build import build
from autograder.authoring.nothing import try_nothing
from autograder.errors import BadSource
from autograder.grading.keys import build_key
from autograder.sandbox.client import Server
from autograder.source.markers import slips_of_exercises, slips_of_markers
from autograder.source.solution import read_solution

SCRIPT = textwrap.dedent('''
    # %% [markdown]
    # **Exercise** · 3 minutes
    #
    # Begin with the solution of the first part; mistakes: see below.

    # %%
    def double(x):
        """Twice `x`."""
        ### BEGIN SOLUTION
        return 2 * x
        # mistake: return 3 * x
        #   this is three times `x`.
        ### END SOLUTION

    # %%
    check("doubling")
''')


def found(text):
    """Return the errors of a script as an author reads them."""
    return "\n".join(map(str, slips_of_markers(text)))


def test_a_right_script_has_no_slip():
    """A correct script has no errors; prose may mention solutions and mistakes."""
    assert slips_of_markers(SCRIPT) == []
    assert slips_of_exercises(SCRIPT) == []


@pytest.mark.parametrize(
    "marker",
    [
        "## BEGIN SOLUTION",
        "# BEGIN SOLUTION",
        "#### BEGIN SOLUTION",
        "###BEGIN SOLUTION",
        "### begin solution",
        "### BEGIN SOLUTON",
        "### BEGIN SOLUTIONS",
        "### BEGIN  SOLUTION",
        "### BEGINSOLUTION",
        "### BEGIN SOLUTION (three lines)",
        "### BEGIN: SOLUTION",
        "### BEGN SOLUTION",
        "### START SOLUTION",
        "### SOLUTION",
        "# ### BEGIN SOLUTION",
        "# BEGIN SOLUTION which nobody but us may read",
        "x = 1  ### BEGIN SOLUTION",
    ],
)
def test_what_resembles_a_beginning_is_refused(marker):
    """A mistyped begin marker is refused, with its line and the right marker."""
    slips = found(SCRIPT.replace("### BEGIN SOLUTION", marker))
    assert re.search(
        r"^line 10: `#.*` looks like a marker but is none. Write `### BEGIN SOLUTION`", slips, re.M
    )


@pytest.mark.parametrize(
    "marker",
    [
        "### END SOLUTIONS",
        "### End Solution",
        "## END SOLUTION",
        "### END SOLTUION",
        "### END",
        "return 4  ### END SOLUTION",
    ],
)
def test_what_resembles_an_end_is_refused(marker):
    """A mistyped end marker is refused, because it would swallow the rest of the unit."""
    slips = found(SCRIPT.replace("### END SOLUTION", marker))
    assert "line 14: `#" in slips
    assert "Write `### END SOLUTION`" in slips
    assert "line 10: `### BEGIN SOLUTION` has no `### END SOLUTION` in its cell." in slips


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    ### END SOLUTION\n", "", "line 10: `### BEGIN SOLUTION` has no `### END SOLUTION`"),
        ("    ### BEGIN SOLUTION\n", "", "line 13: `### END SOLUTION` has no `### BEGIN SOLUTION`"),
        (
            "    return 2 * x\n",
            "    ### BEGIN SOLUTION\n    return 2 * x\n",
            "line 10: `### BEGIN SOLUTION` has no `### END SOLUTION`",
        ),
        (
            '    """Twice `x`."""\n    ### BEGIN SOLUTION\n    return 2 * x\n',
            "    return 2 * x\n    ### BEGIN SOLUTION\n",
            "nothing stands between",
        ),
        ("# mistake:", "# mistakes:", "line 12: `# mistakes: return 3 * x` looks like a mistake"),
        ("# mistake:", "# Mistake:", "looks like a mistake but is none"),
        ("# mistake:", "#mistake:", "looks like a mistake but is none"),
        ("# mistake:", "# mistake", "looks like a mistake but is none"),
        ("# mistake:", "# misstake:", "looks like a mistake but is none"),
        ("# mistake:", "# mistake (keep 0.5):", "`# mistake (keeps 0.5): CODE`"),
        ("# mistake:", "# mistake (keeps half):", "looks like a mistake but is none"),
        ("# mistake:", "# mistake (keeps 1.5):", "keeps a share below 1"),
        ("# mistake:", "# mistake (keeps 0.5.1):", "keeps a share below 1"),
        ("    #   this", "    #  this", "line 12: this mistake has no words"),
        (
            "# %%\ncheck",
            "# %%\nx = 2\n# mistake: x = 3\n#   it is two.\ncheck",
            "line 18: this mistake stands outside of a solution",
        ),
        (
            "# %%\ncheck",
            "# %%\nx = 2\n# mistakes: x = 3\n#   it is two.\ncheck",
            "line 18: `# mistakes: x = 3` looks like a mistake",
        ),
    ],
)
def test_a_slip_is_told_with_its_line(old, new, told):
    """Each error is reported with its line.

    Unmatched, nested and empty regions; mistakes that are misspelt, outside a region or without a
    description.
    """
    assert old in SCRIPT
    assert told in found(SCRIPT.replace(old, new))


def test_all_slips_of_a_script_are_told_at_once():
    """All errors of a script are reported at once."""
    text = SCRIPT.replace("### BEGIN", "## BEGIN").replace("# mistake:", "# mistakes:")
    with pytest.raises(BadSource) as refused:
        read_solution(text)
    assert len(refused.value.slips["the solution"]) == 3


def test_an_exercise_without_markers_is_refused():
    """An exercise without markers is refused, because students would read its solution."""
    bare = SCRIPT.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", "")
    (slip,) = slips_of_exercises(SCRIPT + bare.replace("double", "triple"))
    assert str(slip).startswith("line 20: the exercise of `triple` has no `### BEGIN SOLUTION`")
    (slip,) = slips_of_exercises(bare)
    assert "there is no `### BEGIN SOLUTION`" in str(slip)


def test_a_comment_of_a_solution_may_speak_of_its_end():
    """Long comments and headings may mention the end of a solution."""
    for prose in (
        "# the end of the solution is near",
        "# start of the loop",
        "# ### The solution",
        "# ends with a resolution of 3",
        "# a mistake that people make",
    ):
        assert found(SCRIPT.replace("    ### BEGIN", f"    {prose}\n    ### BEGIN")) == "", prose


def test_the_command_writes_nothing_where_a_marker_is_mistyped(tmp_path):
    """`build` and `build --release` report file, line and remedy and write nothing."""
    course = small.copy_course(tmp_path / "course")
    script = course / "solutions" / "words.py"
    stub = course / "assignments" / "words.py"
    before = stub.read_text()
    script.write_text(script.read_text().replace("### BEGIN SOLUTION", "## BEGIN SOLUTION"))
    for more in ((), ("--release", tmp_path / "out"), ("--notebooks", tmp_path / "out")):
        done = small.run_command("build", *more, cwd=course)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert "words.py needs a fix:" in done.stderr
        assert "line 16: `## BEGIN SOLUTION` looks like a marker" in done.stderr
    assert stub.read_text() == before
    assert not (tmp_path / "out").exists()


def test_a_script_that_python_cannot_read_is_refused_with_its_line():
    """A script with a syntax error is refused with its line and without our traceback."""
    with pytest.raises(BadSource, match="line 11: Python cannot read it"):
        read_solution(SCRIPT.replace("return 2 * x", "return 2 * ("))


def test_a_solution_outside_of_functions_is_tried_too(tmp_path):
    """A solution outside functions is built and validated, though nothing in it can be emptied."""
    unit = small.write_course(
        tmp_path,
        "plain",
        '''
        from autograder.check import check, named


        @check(points=1)
        def twice(script, seed):
            """`factor` times a number"""
            return named("product", script.factor * float(seed))
        ''',
        "### BEGIN SOLUTION\nfactor = 2\n### END SOLUTION\n",
    )
    with Server(unit) as server:
        key = build_key(server, 5, {})
        assert list(try_nothing(server, 5, key)) == []


def test_a_course_without_slips_is_built(tmp_path):
    """A course without marker errors is built."""
    course = small.copy_course(tmp_path / "course")
    assert build(small.read_course(course)) == []


TWO_CLASSES = """
# %%
import autograder

check = autograder.unit("twice")


# %%
class One:
    def double(self, x):
        ### BEGIN SOLUTION
        return 2 * x
        ### END SOLUTION


class Two:
    def double(self, x):
        ### BEGIN SOLUTION
        return x + x
        ### END SOLUTION


# %%
check("both")
"""
BOTH = """
    import numpy as np
    from autograder.check import check, named

    @check(points=2)
    def both(net, seed):
        "both double"
        x = np.random.default_rng(seed).normal(size=3)
        return named("one two", net.One().double(x), net.Two().double(x))
"""


def test_an_answer_in_one_of_two_methods_of_a_name_is_kept(tmp_path):
    """Methods of two classes are told apart when answers in starter code are looked for."""
    course = small.write_course(tmp_path, "twice", BOTH, TWO_CLASSES).course
    build(course)
    stub = course.stub("twice")
    starter = stub.read_text()
    stub.write_text(starter.replace("raise NotImplementedError()", "return 2 * x", 1))
    (said,) = build(course)
    assert said == f"{stub} (it held answers; a copy is {stub}.kept1)"


def test_answers_in_starter_code_are_kept_when_it_is_written_anew(tmp_path):
    """Answers in starter code are copied aside before `build` overwrites it.

    An author may try an exercise where students will. The second copy keeps the first.
    """
    course = small.read_course(small.copy_course(tmp_path / "course"))
    stub = course.stub(small.UNIT)
    starter = stub.read_text()
    tried = starter.replace("raise NotImplementedError()", "return 1", 1)
    for number in (1, 2):
        stub.write_text(tried)
        (said,) = build(course)
        kept = stub.with_name(f"{stub.name}.kept{number}")
        assert said == f"{stub} (it held answers; a copy is {kept})"
        assert kept.read_text() == tried
        assert stub.read_text() == starter
    stub.write_text(f"# an older text\n{starter}")
    assert build(course) == [str(stub)]
    before, _, _ = starter.rpartition("\ndef ")
    stub.write_text(before)  # as before the author added the last exercise
    assert build(course) == [str(stub)]
