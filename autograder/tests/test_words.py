"""The texts of findings: every kind has one, and a single module writes them."""

import ast
import re
from pathlib import Path

import pytest

import autograder
from autograder.explaining import words
from autograder.explaining.words import sentence, slip_in_words
from autograder.finding import (
    Finding,
    FindingKind,
    LookKind,
    OperationKind,
    RelationKind,
    ValuesKind,
)
from autograder.slip import PARTS, Slip, SlipKind

ENGINE = Path(autograder.__file__).parent
# modules that find, and those without texts
FINDING = [
    *sorted((ENGINE / "relations").glob("*.py")),
    *sorted((ENGINE / "explaining").glob("*.py")),
    ENGINE / "finding.py",
    ENGINE / "slip.py",
]
TWO_WORDS = re.compile(r"[a-z]{2,} [a-z]{2,}")
ENUMS = ("Enum", "StrEnum")


@pytest.mark.parametrize(
    ("kinds", "table"),
    [
        (FindingKind, words.SAYS),
        (LookKind, words.LOOKS),
        (RelationKind, words.RELATIONS),
        (OperationKind, words.OPERATION),
    ],
    ids=lambda table: getattr(table, "__name__", ""),
)
def test_each_kind_has_words(kinds, table):
    """Each kind of finding has a text."""
    assert set(kinds) == set(table)


def test_each_slip_has_words():
    """Each small error has a text with as many names as it needs."""
    said = {*words.MISSING, *words.PART, *words.NAMED_PART, *words.SENTENCE}
    assert said == set(SlipKind) - {SlipKind.LISTED}
    for kind in words.SENTENCE:
        assert slip_in_words(Slip(kind, ("f", "g")))
    assert said - set(words.SENTENCE) == PARTS


def test_where_values_are_expected_has_words():
    """Each place of an expected value has a text, except those compared with others."""
    compared = {ValuesKind.LARGER, ValuesKind.SMALLER}
    assert set(words.WHERE_EXPECTED) == set(ValuesKind) - compared


def test_a_finding_is_a_sentence():
    """A finding ends with a full stop."""
    said = sentence(Finding(FindingKind.WAITS, names=("one", "two")))
    assert said == "Do these first: `one`, `two`."
    said = sentence(Finding(FindingKind.NOT_JUDGED, names=("one", "two")))
    assert said == "Not judged: it needs `one` and `two`, which did not pass."


def sentences(path):
    """Yield a module's strings of two or more words, without docstrings and enum values."""
    tree = ast.parse(path.read_text())
    left_out = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            left_out.add(node.value)
        is_enum = isinstance(node, ast.ClassDef) and any(
            isinstance(base, ast.Name) and base.id in ENUMS for base in node.bases
        )
        if is_enum:
            left_out.update(ast.walk(node))
    for node in ast.walk(tree):
        if node in left_out or not isinstance(node, ast.Constant):
            continue
        if isinstance(node.value, str) and TWO_WORDS.search(node.value):
            yield f"{path.name}:{node.lineno}: {node.value}"


@pytest.mark.parametrize("path", FINDING, ids=lambda path: path.name)
def test_only_one_module_says_what_is_found(path):
    """Only one module writes texts of findings; the others return data."""
    found = list(sentences(path))
    assert bool(found) == (path.name == "words.py"), found


def test_names_are_listed_with_commas():
    """Names are listed with commas and one "and"."""
    assert words.quoted(["a"]) == "`a`"
    assert words.quoted(["a", "b"]) == "`a` and `b`"
    assert words.quoted(["a", "b", "c"]) == "`a`, `b` and `c`"
