"""Questions as pages: for each student one without answers, and one for the examiner with them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from autograder.grading.results import write_whole
from autograder.report import code
from autograder.report.pages import environment
from autograder.review.effects import IN_WORDS, Effect
from autograder.review.questions import Question

LEVELS = ("easy", "easy", "middle", "hard")


def write_sheets(folder: Path, unit: str, student: str, asked: Sequence[Question]) -> None:
    """Write both pages of a student."""
    for answers, place in ((False, folder / unit), (True, folder / unit / "answers")):
        write_whole(place / f"{student}.html", sheet(unit, student, asked, answers))


def sheet(unit: str, student: str, asked: Sequence[Question], answers: bool) -> str:
    """A page of questions, with the answers or without."""
    template = environment().get_template("defence.html")
    shown = [_shown(question, answers) for question in asked]
    return template.render(
        unit=unit, student=student, questions=shown, answers=answers, choices=IN_WORDS, live=""
    )


def write_index(folder: Path, seed: int, units: Mapping[str, Mapping[str, int]]) -> Path:
    """Write the page that leads to all others; return its path.

    units: unit → student → how many questions.
    """
    page = environment().get_template("defences.html").render(seed=seed, units=units, live="")
    write_whole(folder / "index.html", page)
    return folder / "index.html"


def _shown(question: Question, answers: bool) -> dict[str, Any]:
    """Return what the page says of a question.

    Without answers it is given none, so that none can slip in.
    """
    lines = enumerate(code.lines(question.definition), question.definition.first)
    cell = question.definition.place.removesuffix("line")
    arrays = [{"name": array.name, "shape": array.shape} for array in question.arrays]
    if answers:
        arrays = [
            facts | _answer(array.effect)
            for facts, array in zip(arrays, question.arrays, strict=True)
        ]
    return {
        "title": question.title,
        "level": LEVELS[question.level],
        "place": f"{cell}line {question.line}",
        "first": question.definition.first,
        "lines": [(Markup(line), number == question.line) for number, line in lines],
        "before": question.before,
        "after": question.after,
        "arrays": arrays,
        "raised": question.raised if answers else "",
    }


def _answer(effect: Effect) -> dict[str, str]:
    letter = "ABCDEFG"[list(IN_WORDS).index(effect.kind)]
    return {"letter": letter, "details": _details(effect)}


def _details(effect: Effect) -> str:
    """What an examiner wants to know of an effect beside its kind."""
    words = IN_WORDS[effect.kind]
    match effect.kind:
        case "rows":
            words += f": {', '.join(map(str, effect.rows))}, counted from 0"
        case "factor":
            words += f": by {effect.factor:g}"
        case "shape":
            words += f": {effect.shape}"
    if effect.largest and effect.kind in ("rows", "everywhere"):
        words += f" (by up to {effect.largest:.0%} of the largest value)"
    return words
