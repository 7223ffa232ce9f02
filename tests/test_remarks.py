"""Descriptions of known mistakes: short and plain sentences for a learner, with what to do."""

import re

import pytest
from this_course import COURSE, tool

pytestmark = pytest.mark.lint

MOST_WORDS = 35
HIGHEST_GRADE = 9.0
FEWEST_STATEMENTS = 2  # what was seen and what to do
CODE = re.compile(r"`[^`]*`")
SENTENCE_END = re.compile(r"""(?<=[.!?])["')”]*\s+""")
STATEMENT_END = re.compile(r"""(?<=[.!?:;])["')”]*\s+""")
WORD = re.compile(r"[A-Za-z][A-Za-z'’]*")


def syllables(word):
    """Estimate the syllables of a word: its groups of vowels, without a silent e."""
    word = word.lower()
    count = len(re.findall(r"[aeiouy]+", word))
    is_silent = re.search(r"[^l]e$|[^td]ed$", word)
    return max(count - bool(is_silent), 1)


def grade(text):
    """Return the Flesch-Kincaid grade: the years of school after which a text is easy.

    Code between backticks counts as one short word; numbers and formulas are left out.
    """
    text = CODE.sub("code", text)
    sentences = [part for part in SENTENCE_END.split(text) if WORD.search(part)]
    words = WORD.findall(text)
    of_all = sum(syllables(word) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * of_all / len(words) - 15.59


def statements(text):
    """Count the parts of a text that end with a full stop, a colon or a semicolon."""
    parts = STATEMENT_END.split(CODE.sub("code", text))
    return sum(bool(WORD.search(part)) for part in parts)


def faults_of(text):
    """Return the faults of a mistake's description."""
    faults = []
    if len(text.split()) > MOST_WORDS:
        faults.append(f"more than {MOST_WORDS} words")
    if grade(text) > HIGHEST_GRADE:
        faults.append(f"hard to read: grade {grade(text):.1f}")
    if statements(text) < FEWEST_STATEMENTS:
        faults.append("does not say what to do")
    if re.search(r"\bor\b", CODE.sub("code", text)):
        faults.append('offers alternatives ("or")')
    return faults


def words_of_mistakes(unit):
    """Yield the line and the description of each known mistake of a unit."""
    for message in tool("messages").of_mistakes(COURSE.solution(unit)):
        yield message.line, message.text


def test_the_grade_of_a_text():
    """Short words in short sentences have a low grade; the values follow the formula."""
    assert syllables("made") == syllables("used") == 1
    assert syllables("needed") == syllables("table") == 2
    easy = "The sum is missing. Add the products up."
    hard = "The multiplication of probabilities overestimates the conditional distribution."
    assert grade(easy) == pytest.approx(0.39 * 4 + 11.8 * 10 / 8 - 15.59)
    assert grade(easy) < HIGHEST_GRADE < grade(hard)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("one step too few was taken.", "does not say what to do"),
        ("it never came, or it came late. Call it first.", 'offers alternatives ("or")'),
        ("these are logarithms of probabilities. Labels are the probabilities.", "hard to read"),
        ("a word " * 18 + "too many. Cut it.", "more than 35 words"),
    ],
)
def test_each_fault_is_found(text, fault):
    assert any(found.startswith(fault) for found in faults_of(text))


@pytest.mark.parametrize("unit", COURSE.units)
def test_the_words_of_a_mistake_can_be_read_by_a_learner(unit):
    """A description has at most 35 words of grade 9: what was seen, and one thing to do."""
    wrong = {line: found for line, text in words_of_mistakes(unit) if (found := faults_of(text))}
    assert wrong == {}
