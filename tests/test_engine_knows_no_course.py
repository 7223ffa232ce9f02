"""The engine is for any course: it contains no word of this one."""

import re

import pytest
from this_course import COURSE, ROOT

from autograder import data

pytestmark = pytest.mark.lint

# the add-on for courses on torch names torch; the engine's tests have their own course.
# `first_use.py` names packages that any course may use, because each has its own first use
NOT_SEARCHED = {"tests", "torch", "__pycache__", "first_use.py"}
# the engine itself uses the other packages of course.toml, in its extras
PACKAGES = (
    "torch",
    "scikit-learn",
    "sklearn",
)
VOCABULARY = (
    "recurrent",
    "rnn",
    "lstm",
    "gru",
    "embedding",
    "hidden state",
    "softmax",
    "logits",
    "relu",
    "tanh",
    "sigmoid",
    "epoch",
    "nats",
    "perplexity",
    "pseudo-label",
    "back-propagation",
    "unrolled",
    "fast.ai",
    "zero_grad",
    "dropout",
    "rating",
    "film",
    "movie",
)


def searched():
    """Return the text files of the engine, templates included."""
    for path in sorted((ROOT / "autograder").rglob("*")):
        if path.is_file() and not NOT_SEARCHED & set(path.relative_to(ROOT / "autograder").parts):
            yield path


def words():
    """Return the names of this course's units, datasets and packages, and its subject's words."""
    yield from COURSE.units
    yield from (COURSE.short(unit) for unit in COURSE.units)
    yield from data.names(COURSE)
    yield from (PACKAGES + VOCABULARY)
    yield COURSE.title


@pytest.mark.parametrize("word", dict.fromkeys(words()))
def test_the_engine_does_not_speak_of_this_course(word):
    """No name of this course is in the engine's code, help, templates or docstrings."""
    pattern = re.compile(rf"(?<![A-Za-z]){re.escape(word)}", re.I)
    found = []
    for path in searched():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if pattern.search(line) and not (allowed(word, line) or of_mathematics(word, path)):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []


def allowed(word, line):
    """Return whether a line names the add-on as an author does, which is an engine module."""
    return word == "torch" and "autograder.torch" in line


FUNCTIONS = ("softmax", "tanh", "sigmoid")  # as the logarithm is


def of_mathematics(word, path):
    """Return whether a name is a mathematical function with feedback on a missing or extra call.

    Three modules hold these names: the function, its kind and its text.
    """
    named_in = ("relations/changes.py", "finding.py", "explaining/words.py")
    places = [ROOT / "autograder" / name for name in named_in]
    return word in FUNCTIONS and path in places


def test_the_search_reads_the_whole_engine():
    """The search covers the modules of every folder and the templates of pages and courses."""
    names = {path.relative_to(ROOT / "autograder").as_posix() for path in searched()}
    assert len(names) > 70
    assert {
        "judging/points.py",
        "sandbox/inside/server.py",
        "cli/student.py",
        "report/templates/base.html",
    } <= names
