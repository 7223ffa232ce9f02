"""The whole script of a unit, run in this process with small sizes, to test its examples.

The checks are left out, because the code has passed them. The corpus is a piece of the real one,
and the figures that make an example long are made small.
"""

import ast
import io
import sys
import warnings
from contextlib import contextmanager, redirect_stdout

import matplotlib as mpl
import this_course

import autograder
from autograder.check import Corpus
from autograder.practice import notebook
from autograder.sandbox.inside.submission import is_example

# unit → replacements that make its script take a second: (figure, small figure). Each figure must
# occur in the script
SMALL = {
    "unit0_pseudo_labels": (
        (", 1200)", ", 6)"),
        ("adam, 75, 1 / 3, 600", "adam, 75, 1 / 3, 6"),
        ("adam(no_dropout), 600)", "adam(no_dropout), 6)"),
        ("adam, 75, share, 600", "adam, 75, share, 6"),
        ("range(4):", "range(2):"),
    ),
    "unit1_embeddings": (("optimizer, 1000,", "optimizer, 25,"),),
    "unit2_unrolled_rnn": (
        ("256, 3000, 0)", "64, 50, 0)"),
        ("256, 1500, 0)", "64, 50, 0)"),
        ("256, 1000, 0)", "64, 50, 0)"),
    ),
    "unit3_scan": (
        ("eights(ids, 6000, 3)", "eights(ids, 500, 3)"),
        ("eights(ids, 1000, 3), 0.01, 100", "eights(ids, 50, 3), 0.01, 10"),
        ("range(4, 14)", "range(4, 8)"),
        ("len(ids) - 512, 200)", "len(ids) - 512, 5)"),
        ("(8, 1500), (512, 100)", "(8, 5), (512, 5)"),
    ),
    "unit4_manual_gradients": (
        ("8, 32, 2000)", "8, 32, 100)"),
        ("arange(25, 2000, 50)", "arange(25, 100, 50)"),
    ),
    "unit5_stateful_lstm": (
        ("ids[:240001], ids[240000:288001]", "ids[:3201], ids[3200:6401]"),
        ("(0, 20, 60, 200)", "(0, 2, 4, 8)"),
        ("continuing_batches(ids, 64, 20)", "continuing_batches(ids[:25601], 64, 20)"),
    ),
    "unit6_recurrent_again": (
        ("((8, 1000), (2, 300))", "((8, 20), (2, 10))"),
        ("(8, 2500), (64, 300), (512, 40), (4096, 5)", "(8, 25), (64, 3)"),
        ("rng, 32, 16, 1500)", "rng, 32, 16, 5)"),
        ("[8, 64, 512, 4096], np.zeros((32, 32)), []", "[8, 64], np.zeros((32, 32)), []"),
    ),
}
CHARACTERS, HELD_OUT = 20_000, 8_000


def with_small_examples(unit, script):
    """Return a unit's script with small figures in place of those that make its examples long."""
    for figure, small in SMALL[unit]:
        assert figure in script, f"{unit} no longer holds {figure!r}: see SMALL"
        script = script.replace(figure, small)
    return script


def failed_example(unit, script):
    """Run a unit's script; return the error and its example, or "" if all work."""
    script = with_small_examples(unit, script)
    name = str(this_course.ROOT / "solutions" / f"{unit}.py")
    told = io.StringIO()
    with _in_place(autograder), warnings.catch_warnings(), redirect_stdout(told):
        warnings.simplefilter("ignore")  # a student's own code may warn
        try:
            exec(
                compile(_examples_last(script), name, "exec"),
                {"__name__": "submission", "__file__": name},
            )
        except Exception as error:
            return f"{getattr(error, 'example', 'outside of the examples')}: {error!r}"
    return ""


def _examples_last(script):
    """Parse a script, and move its examples to the end, after a style's definitions."""
    tree = ast.parse(script)
    tree.body.sort(key=is_example)
    return tree


@contextmanager
def _in_place(module):
    """Give scripts checks that do nothing, a short corpus, and examples that raise."""
    import matplotlib.pyplot as plt

    torch = sys.modules.get("torch")
    if torch:
        torch.set_grad_enabled(True)  # whatever the previous script did
    before = {name: vars(module).get(name) for name in ("unit", "corpus", "example")}
    mpl.use("agg")
    module.unit, module.corpus, module.example = _Unchecked, _short_corpus, _strict_example
    try:
        yield
    finally:
        plt.close("all")
        for name, value in before.items():
            if value is None:
                delattr(module, name)
            else:
                setattr(module, name, value)


class _Unchecked(notebook.CheckedUnit):
    """A unit whose functions with a mistake are shown, and whose checks do nothing."""

    def __call__(self, name_of_check):
        """Check nothing."""


def _short_corpus(role=""):
    whole = notebook.corpus(role) if role else notebook.corpus()
    return Corpus(whole.name, whole.train[:CHARACTERS], whole.held_out[:HELD_OUT])


@contextmanager
def _strict_example(what):
    try:
        yield
    except Exception as error:
        error.example = what
        raise
