"""Question pages: for each student one without answers, and one for the examiner with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from autograder.grading.adjustments import Adjustment, as_toml
from autograder.grading.results import Result, write_whole
from autograder.report.code import html_lines
from autograder.report.names import Names, names_of_results
from autograder.report.pages import code_block, environment
from autograder.review.effects import Effect, EffectKind
from autograder.review.questions import AskedArray, VivaQuestion

LEVELS = {1: "easy", 2: "middle", 3: "hard"}
LETTERS = dict(zip(EffectKind, "ABCDEFG", strict=True))  # of each answer


@dataclass(frozen=True)
class ShownArray:
    """An array on a page. letter, details: the answer; empty on a page without answers."""

    name: str
    shape: str
    letter: str = ""
    details: str = ""


@dataclass(frozen=True)
class ShownQuestion:
    """A question on a page.

    first: the number of the first line. lines: as HTML, each with whether the question is about it.
    experiment: the check's code, as lines of HTML.
    """

    title: str
    level: str
    place: str
    first: int
    lines: Sequence[tuple[Markup, bool]]
    before: str
    after: str
    arrays: Sequence[ShownArray]
    experiment: Sequence[Markup]


def write_sheets(
    folder: Path, result: Result, asked: Sequence[VivaQuestion], training: bool = False
) -> None:
    """Write both pages of a student, about the result's submission.

    training: one page instead, with folded answers.
    """
    of_unit = folder / result.unit
    name = f"{result.student}.html"
    if training:
        write_whole(of_unit / name, sheet(result, asked, answers=True, training=True))
        return
    questions = sheet(result, asked, answers=False)
    answers = sheet(result, asked, answers=True)
    write_whole(of_unit / name, questions)
    write_whole(of_unit / "answers" / name, answers)


def sheet(
    result: Result, asked: Sequence[VivaQuestion], answers: bool, training: bool = False
) -> str:
    """Return a page of questions, with the answers or without; training: each answer is folded."""
    template = environment().get_template("defence.html")
    arrays = sum(len(question.arrays) for question in asked)
    entry = Adjustment(
        result.lms_name, result.unit, f"defence: … of {arrays} answers", "…", factor=1.0
    )
    return template.render(
        unit=result.unit,
        student=result.student,
        names=names_of_results([result]),
        questions=[_shown(question, answers) for question in asked],
        answers=answers,
        training=training,
        entry=as_toml(entry),
        choices=[(letter, kind.value) for kind, letter in LETTERS.items()],
        live="",
    )


def write_index(
    folder: Path,
    seed: int,
    units: Mapping[str, Mapping[str, int]],
    names: Names,
    training: bool = False,
) -> Path:
    """Write the page that links to all others; return its path.

    units: unit → student → number of questions. names: for display.
    """
    template = environment().get_template("defences.html")
    path = folder / "index.html"
    write_whole(
        path, template.render(seed=seed, units=units, names=names, training=training, live="")
    )
    return path


def _shown(question: VivaQuestion, answers: bool) -> ShownQuestion:
    """Return a page's data on a question.

    Without answers it gets none, so that none can slip in.
    """
    definition = question.definition
    block = code_block(definition, marked={question.line}, without_comments=False)
    if answers:
        arrays = [_with_answer(array) for array in question.arrays]
    else:
        arrays = [ShownArray(array.name, array.shape) for array in question.arrays]
    return ShownQuestion(
        title=question.title,
        level=LEVELS[question.level],
        place=f"{definition.place} {question.line}",
        first=block.first,
        lines=block.lines,
        before=question.before,
        after=question.after,
        arrays=arrays,
        experiment=[Markup(line) for line in html_lines(question.experiment)],
    )


def _with_answer(array: AskedArray) -> ShownArray:
    effect = array.effect
    return ShownArray(
        name=array.name,
        shape=array.shape,
        letter=LETTERS[effect.kind],
        details=_details(effect),
    )


def _details(effect: Effect) -> str:
    """Describe an effect for an examiner: its kind, and the size of the change."""
    words = effect.kind.value
    match effect.kind:
        case EffectKind.ROWS:
            rows = ", ".join(map(str, effect.rows))
            words += f": {rows}, counted from 0"
        case EffectKind.FACTOR:
            words += f": by {effect.factor:g}"
        case EffectKind.SHAPE:
            words += f": {effect.shape}"
    if effect.largest and effect.kind in (EffectKind.ROWS, EffectKind.EVERYWHERE):
        words += f" (by up to {effect.largest:.0%} of the largest value)"
    return words
