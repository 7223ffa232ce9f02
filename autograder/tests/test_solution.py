"""Reads a solution's script: what a stub keeps, what is secret, how a mistake is made."""

import textwrap

import pytest

from autograder.sandbox.inside.submission import Submission
from autograder.source.edits import Edit, edits_of_mistakes, fit_together, with_edits
from autograder.source.solution import read_solution

SCRIPT = textwrap.dedent('''
    # %%
    def area(r):
        """The area."""
        ### BEGIN SOLUTION
        square = (
            r * r
        )
        # mistake (keeps 0.5): square = r
        #   the radius was not squared:
        #   it is r times r.
        return 3 * square
        # mistake: return square
        #   the factor is missing.
        ### END SOLUTION
''')


def test_the_stub_keeps_text_and_drops_solutions():
    """Regions become nbgrader's stub, and no mistake or answer remains."""
    stub = read_solution(SCRIPT).stub
    assert "# YOUR CODE HERE\n    raise NotImplementedError()" in stub
    assert "square" not in stub
    assert "mistake" not in stub
    assert '"""The area."""' in stub


def test_the_same_text_is_read_once():
    """A solution's text is parsed once, because grading needs it for each submission."""
    assert read_solution(SCRIPT) is read_solution(SCRIPT)


def test_a_mistake_replaces_the_statement_above_it():
    """A mistake replaces the statement above it, also one of several lines.

    Its description, share and code are read.
    """
    solution = read_solution(SCRIPT)
    first, second = (mistake for mistake, _, _ in solution.mistakes)
    assert (first.text, first.keeps, first.code) == (
        "the radius was not squared: it is r times r.",
        0.5,
        "square = r",
    )
    assert Submission(solution.with_mistake(first.id).encode(), "s").area(4) == 12
    assert Submission(solution.with_mistake(second.id).encode(), "s").area(4) == 16
    assert Submission(solution.plain().encode(), "s").area(4) == 48
    assert "mistake" not in solution.plain()


def test_mistakes_of_different_statements_can_be_made_together():
    """Mistakes in different statements can be combined: lines of one do not move the other's."""
    solution = read_solution(SCRIPT)
    both = solution.with_mistake(*(mistake.id for mistake, _, _ in solution.mistakes))
    assert Submission(both.encode(), "s").area(4) == 4
    assert solution.with_mistake() == SCRIPT


def test_a_mistake_is_numbered_and_keeps_nothing_unless_it_says_so():
    """Mistakes are numbered in file order; their share is in parentheses, else 0."""
    found = [mistake for mistake, _, _ in read_solution(SCRIPT).mistakes]
    assert [(mistake.id, mistake.keeps) for mistake in found] == [("m01", 0.5), ("m02", 0.0)]


def test_a_mistake_replaces_a_whole_statement_and_its_indent():
    """A mistake replaces a whole statement with its indentation, also in a nested block."""
    text = """
        ### BEGIN SOLUTION
        if True:
            for i in range(3):
                x = max(
                    i, 1)
                # mistake: x = 0
                #   zero.
        ### END SOLUTION
    """
    solution = read_solution(textwrap.dedent(text))
    assert "        x = 0\n        # mistake" in solution.with_mistake("m01")
    assert "max" not in solution.with_mistake("m01")


def test_the_secret_lines_are_those_that_give_an_answer_away():
    """Secret lines are those of solutions and mistakes.

    Lines of the stub, short ones and common terms are not secret.
    """
    script = """
        # %%
        total = first + second
        def f(first, second):
            ### BEGIN SOLUTION
            total = first + second
            weighted = 2 * total
            optimizer.step()
            x = 1
            return results
            # mistake: weighted = 3 * total + 1
            #   three is one too many.
            ### END SOLUTION
    """
    secret = read_solution(textwrap.dedent(script)).secret_lines
    assert {"weighted = 2 * total", "weighted = 3 * total + 1"} <= secret
    assert not secret & {"total = first + second", "optimizer.step()", "x = 1", "return results"}


def test_a_mistake_without_words_is_refused_with_its_line():
    """A mistake without a description is refused with its line."""
    with pytest.raises(ValueError, match="line 3: this mistake has no words"):
        read_solution("### BEGIN SOLUTION\nx = 1\n# mistake: x = 2\n### END SOLUTION\n")


def test_edits_of_the_plain_script_make_the_same_mistakes():
    """Edits of the plain script make the same mistakes, singly or together.

    The script may hold characters of several bytes.
    """
    solution = read_solution(SCRIPT.replace("The area.", "Die Fläche, µm²."))
    first, second = edits_of_mistakes(solution).values()
    made = {}
    for edits in ([first], [second], [first, second]):
        script = with_edits(solution.plain(), edits)
        made[len(made)] = Submission(script.encode(), "s").area(4)
    assert made == {0: 12, 1: 16, 2: 4}


def test_edits_of_one_place_do_not_fit_together():
    """Edits of the same place conflict; adjacent edits do not."""
    line = "012345678901234"
    one, inside, after = Edit(line, 3, 9, "a"), Edit(line, 4, 5, "b"), Edit(line, 9, 12, "c")
    assert fit_together([after, one])
    assert fit_together([])
    assert not fit_together([one, inside])
    assert not fit_together([one, one])
    assert with_edits(line, [after, one]) == "012ac234"
