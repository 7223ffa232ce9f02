"""A course for nbgrader, built from `solutions/`; and our grades in nbgrader's gradebook.

A unit is an assignment with one notebook of the same name. nbgrader's own commands, unchanged, do
the rest.
"""

import glob
import os
import re
import sys
import warnings
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from autograder.authoring.build import solutions
from autograder.authoring.given import refuse_answers
from autograder.course import VARIABLE, Course, load_unit
from autograder.errors import UserError, first_of, one_line
from autograder.grading.adjustments import (
    EVERYONE,
    NBGRADER,
    Adjustment,
    adjusted,
    all_adjustments,
    replace_entries_of,
)
from autograder.grading.adjustments import FILE as ADJUSTMENTS
from autograder.grading.attempts import NUMBERED, earlier_results
from autograder.grading.results import Result, digest, stored_results, write_whole
from autograder.grading.roster import roster_beside
from autograder.grading.submissions import read_file
from autograder.judging import Verdict
from autograder.report import arrays_markdown, remark_markdown
from autograder.report.terminal import earned_in_words
from autograder.source.addresses import with_link
from autograder.source.notebooks import as_notebook, write_notebook
from autograder.source.pictures import attach_pictures
from autograder.source.solution import STUB

REPLACED = "replaced"  # in nbgrader's course: notebooks that a build has replaced
WRITE = re.compile(r"write-\w+")  # the id of an exercise's cell
ENTERED = Path("export", "nbgrader.txt")  # below the results: a line for each
CONFIG = """# Written once by `autograder nbgrader`, then yours to change.
import os

c = get_config()  # noqa: F821
os.environ[{variable!r}] = {folder!r}  # the course whose checks the notebooks use
c.CourseDirectory.course_id = {course!r}
c.ClearSolutions.code_stub = {{"python": {stub!r}}}
c.ExecutePreprocessor.timeout = 600  # seconds a cell: some demonstrations and checks train
"""


class NoCell(UserError):
    """A check has no cell of its own."""


def generate(unit: str) -> str:
    """Return nbgrader's command that makes a unit's release, and its gradebook's cells, anew."""
    return f"nbgrader generate_assignment {unit} --force"


class WhatWasEntered(NamedTuple):
    """What `record` did.

    error: a message if a result was not entered, else "". left_out: the units and students of these
    results, by both their names, whose scores and totals in nbgrader stay as they are.
    """

    error: str
    left_out: frozenset[tuple[str, str]]


class NoGradebook(UserError):
    """nbgrader's side lacks something; the text says what, and the command that supplies it."""


def build(course: Course, folder: Path, units: Sequence[str] = ()) -> list[str]:
    """Write some units, or all, as `source/UNIT/UNIT.ipynb`; return a line for each file.

    `nbgrader_config.py` is written if there is none. A notebook that was there with other content,
    which a person may have edited, is kept in `replaced`.
    folder: nbgrader's course.
    Raises `NoCell`, and what `given.give` does for answers in the students' files.
    """
    refuse_answers(course)
    written = []
    for name, solution in solutions(course, units):
        unit = load_unit(course, name)
        points = {check.name: check.points for check in unit.checks}
        script = with_link(solution.plain(), course.about.site, name)
        notebook = as_notebook(script, name)
        attach_pictures(notebook, course.solution(name).parent)
        _refuse_checks_without_a_cell(name, points, {cell.id for cell in notebook.cells})
        for cell in notebook.cells:
            _mark(cell, points)
        path = folder / "source" / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}")
        write_notebook(notebook, new)
        written.append(str(path))
        if path.is_file() and path.read_bytes() != new.read_bytes():
            kept = _first_free(folder / REPLACED, name)
            path.rename(kept)
            written.append(f"{kept}: what {path} was before, in case you had edited it")
        new.replace(path)
    config = folder / "nbgrader_config.py"
    if not config.exists():
        text = CONFIG.format(
            course=folder.resolve().name,
            stub=STUB,
            folder=str(course.folder),
            variable=VARIABLE,
        )
        config.write_text(text, encoding="utf-8")
        written.append(str(config))
    return written


def _first_free(folder: Path, name: str) -> Path:
    """Return the path for a further notebook in a folder, which is made."""
    folder.mkdir(exist_ok=True)
    number = 1
    while (path := folder / f"{name}-{number}.ipynb").exists():
        number += 1
    return path


def _refuse_checks_without_a_cell(unit: str, checks: Iterable[str], ids: Container[str]) -> None:
    """Refuse a unit in which a check has no cell, to which nbgrader gives its points.

    Raises `NoCell`.
    """
    without = [f"`{name}`" for name in checks if f"check-{name}" not in ids]
    if without:
        raise NoCell(
            f"{unit}: {', '.join(without)} would have no points in nbgrader, which gives them to "
            'cells. Write each `check("…")` alone in a line, in a cell of its own.'
        )


def _mark(cell: Any, points: Mapping[str, float]) -> None:
    """Give a cell nbgrader's metadata.

    An exercise is a solution; a check is read-only and has points.
    """
    found = re.fullmatch(r"(write|check)-(\w+)", cell.id)
    if not found:
        return
    kind, name = found.groups()
    is_check = kind == "check"
    metadata = {
        "schema_version": 3,
        "grade_id": cell.id,
        "grade": is_check,
        "locked": is_check,
        "solution": not is_check,
        "task": False,
    }
    if is_check:
        metadata["points"] = points[name]
    cell.metadata["nbgrader"] = metadata


def record(
    course: Course,
    folder: Path,
    grades: Path,
    say: Callable[[str], object],
    with_totals: bool = False,
) -> WhatWasEntered:
    """Write results into the gradebook of nbgrader's course.

    There is a score for each check, with the manual points of the adjustments beside the results;
    remarks are comments. Scores and comments that a person has entered stay, and are written into
    the adjustments beside the results, so that our own pages and exports count them, too. nbgrader
    copies a submission that is not in its `autograded/` there, without executing it. A result that
    cannot be entered is reported, and the others are entered. `export/nbgrader.txt` beside the
    results has a line for each.
    folder: nbgrader's course. grades: the folder of results.
    say: called with a line for each result that was not entered, and a few for all others.
    with_totals: whether the totals of a policy follow, and brings points that belong to no check.
    Raises `NoGradebook`; `ImportError` without nbgrader.
    """
    from nbgrader.api import MissingEntry

    config = configuration(folder)
    results = stored_results(grades)
    if not results:
        raise NoGradebook(
            f"There are no results in {grades}. Name the folder that `autograder grade --out` "
            "wrote."
        )
    _refuse_other_platform(grades, results)
    given = all_adjustments(course, [grades], results, roster_beside(grades))
    ours = [one for one in given if one.who != NBGRADER]
    of_checks = [one for one in ours if one.check]
    with open_gradebook(folder) as gradebook:
        for unit in sorted({result.unit for result in results}):
            try:
                gradebook.find_assignment(unit)
            except MissingEntry:
                mend = f"Run `{generate(unit)}` in `{folder}`."
                raise NoGradebook(f"{unit} is not in nbgrader's gradebook. {mend}") from None
        for line in _cells_with_other_points(gradebook, results):
            say(line)
        known = {student.id for student in gradebook.students}
        checksums: dict[tuple[str, str], set[str]] = {}  # of all attempts
        for one in (*results, *earlier_results(grades)):
            checksums.setdefault((one.unit, one.lms_name), set()).add(one.checksum)
        cells: dict[str, list[str]] = {}  # by unit
        left_out: list[Result] = []
        entered: list[_Entered] = []
        by_hand: list[Adjustment] = []
        for graded in results:
            result = adjusted(graded, of_checks)
            why = graded.note if graded.is_incomplete else _why_outdated(config, graded, checksums)
            if why:
                left_out.append(graded)
                say(f"{whose(result)}: not entered ({why})")
                continue
            no_page = _bring(config, result)
            try:
                if result.unit not in cells:
                    cells[result.unit] = _cells(course, result.unit)
                remark = _on_another_file(config, graded)
                kept = _enter(gradebook, cells[result.unit], result, remark)
                by_hand += _points_by_hand(gradebook, result)
            except Exception as error:  # one of the many kinds of nbgrader or its database
                gradebook.db.rollback()
                left_out.append(graded)
                words = one_line(str(error)) or type(error).__name__
                say(f"{whose(result)}: not entered ({words})")
                continue
            entered.append(_Entered(result, kept, no_page))
    path = grades / ENTERED
    write_whole(path, "\n".join(one.in_words for one in entered))
    for line in _in_short(entered, path):
        say(line)
    new = {one.result.lms_name for one in entered} - known
    if new and known:
        say(
            f"new in nbgrader's list of students ({len(new)}): {first_of(sorted(new))}. If one of "
            "these names is another student's, misspelt, run `nbgrader db student remove NAME "
            f"--force`, and delete its folder in submitted/ and its files below {grades}"
        )
    there = {(result.unit, result.lms_name) for result in results}
    given_alone = [one for one in of_checks if one.student != EVERYONE and one.gives]
    alone = {(one.unit, one.student) for one in given_alone} - there
    if alone and not with_totals:
        names = first_of(sorted(f"{student}, {unit}" for unit, student in alone))
        say(
            f"points by hand of students without a file ({len(alone)}): {names}. They count on our "
            "pages and in our exports, and in nbgrader only with --policy"
        )
    if len(ours) > len(of_checks) and not with_totals:
        say(_without_cell(len(ours) - len(of_checks)))
    path = grades / ADJUSTMENTS
    places = {(one.result.unit, one.result.lms_name) for one in entered}
    changed = replace_entries_of(course, path, NBGRADER, by_hand, places)
    if changed:
        say(
            f"{_scores(changed)} by hand changed in {path}, as in nbgrader, for our own pages and "
            "exports"
        )
    count = f"{len(left_out)} of {len(results)} results"
    told = f"{count} were not entered; the lines above say why." if left_out else ""
    return WhatWasEntered(
        told,
        frozenset((one.unit, name) for one in left_out for name in (one.lms_name, one.student)),
    )


def _cells_with_other_points(gradebook: Any, results: Sequence[Result]) -> list[str]:
    """Warn of cells of checks whose points somebody has changed in nbgrader's notebook."""
    from nbgrader.api import MissingEntry

    points: dict[tuple[str, str], set[float]] = {}
    for result in results:
        for verdict in result.verdicts:
            points.setdefault((result.unit, verdict.name), set()).add(verdict.points)
    lines = []
    for (unit, check), known in sorted(points.items()):
        with suppress(MissingEntry):  # entering says so
            cell = gradebook.find_grade_cell(f"check-{check}", unit, unit)
            if cell.max_score not in known:
                lines.append(
                    f"Warning: {unit}: nbgrader has {cell.max_score:g} points for the cell "
                    f"{cell.name}, and we enter up to {max(known):g}. Correct the cell in "
                    f"source/{unit}/{unit}.ipynb, and run `{generate(unit)}`."
                )
    return lines


def _refuse_other_platform(grades: Path, results: Sequence[Result]) -> None:
    """Refuse results of files from Canvas or Moodle: students have other names there.

    Raises `NoGradebook`.
    """
    sources = {result.hand_in.source for result in results if result.hand_in}
    others = sources.intersection(NUMBERED)
    if others:
        raise NoGradebook(
            f"The results in {grades} are of files from {min(others).capitalize()}, where students "
            "have other names. Name the results of what nbgrader collected."
        )


@contextmanager
def open_gradebook(folder: Path) -> Iterator[Any]:
    """Open the gradebook of nbgrader's course. Raises `NoGradebook`; `ImportError`."""
    from nbgrader.api import Gradebook
    from nbgrader.coursedir import CourseDirectory

    config = configuration(folder)
    _let_nbgrader_find_its_programs()
    directory = CourseDirectory(config=config)
    with Gradebook(directory.db_url, directory.course_id) as gradebook, warnings.catch_warnings():
        # of SQLAlchemy, which nbgrader uses in the style of older versions
        warnings.simplefilter("ignore")
        yield gradebook


def students_in(folder: Path) -> frozenset[str]:
    """Return the students in the gradebook of nbgrader's course. Raises as `open_gradebook`."""
    with open_gradebook(folder) as gradebook:
        return frozenset(student.id for student in gradebook.students)


def _without_cell(count: int) -> str:
    """Say that some manual points belong to no check, and so have no cell in nbgrader."""
    if count == 1:
        return (
            "1 adjustment of a whole unit or of a line of a rubric has no cell in nbgrader: it "
            "counts on our pages and in our exports only"
        )
    return (
        f"{count} adjustments of whole units or of lines of a rubric have no cell in nbgrader: "
        "they count on our pages and in our exports only"
    )


def configuration(folder: Path) -> Any:
    """Read the configuration of nbgrader's course. Raises `NoGradebook` if there is none."""
    from traitlets.config.loader import PyFileConfigLoader

    if not (folder / "nbgrader_config.py").is_file():
        raise NoGradebook(
            f"There is no nbgrader_config.py in {folder}. Build a course there: autograder "
            f"nbgrader {folder}"
        )
    config = PyFileConfigLoader("nbgrader_config.py", str(folder)).load_config()
    config.CourseDirectory.root = str(folder.resolve())
    return config


def _let_nbgrader_find_its_programs() -> None:
    """Put the folder of this Python first on the path: nbgrader runs `alembic` from there."""
    programs = Path(sys.executable).parent
    path = os.environ["PATH"]
    os.environ["PATH"] = f"{programs}{os.pathsep}{path}"


def whose(result: Result) -> str:
    """Name a result's student and unit."""
    return f"{one_line(result.lms_name)}, {result.unit}"


@dataclass(frozen=True)
class _Entered:
    """A result in nbgrader's gradebook.

    kept: the number of manually entered scores that stay. no_page: why nbgrader has no page of it.
    """

    result: Result
    kept: int
    no_page: str

    @property
    def in_words(self) -> str:
        """Describe in a line what was entered."""
        points = earned_in_words(self.result.score, self.result.max_score)
        line = f"{whose(self.result)}: {points}"
        if self.kept:
            line += f"; {_scores(self.kept)} entered by hand kept instead of ours"
        if self.no_page:
            line += f"; no page in nbgrader ({self.no_page})"
        return line


def _scores(count: int) -> str:
    return "1 score" if count == 1 else f"{count} scores"


def _in_short(entered: Sequence[_Entered], path: Path) -> list[str]:
    """Say for how many results scores were entered, and what is particular, by its reason.

    path: the file with a line for each.
    """
    count = "1 result" if len(entered) == 1 else f"{len(entered)} results"
    lines = [f"{count} entered into nbgrader's gradebook, each with its points in {path}"]
    with_kept = [one for one in entered if one.kept]
    if with_kept:
        scores = _scores(sum(one.kept for one in with_kept))
        lines.append(f"kept {scores} entered by hand: {_first_names(with_kept)}")
    without: dict[str, list[_Entered]] = {}
    for one in entered:
        if one.no_page:
            without.setdefault(one.no_page, []).append(one)
    for why, those in without.items():
        lines.append(f"no page in nbgrader ({len(those)}): {_first_names(those)}: {why}")
    return lines


def _first_names(entered: Sequence[_Entered]) -> str:
    return first_of([whose(one.result) for one in entered])


def _why_outdated(
    config: Any, result: Result, checksums: Mapping[tuple[str, str], Container[str]]
) -> str:
    """Say why a result is not of the file in nbgrader's `submitted/`; "" if it is, or none is.

    checksums: of the graded files, by unit and student. One that was graded before is there if
    nbgrader has not collected again.
    """
    folder = _submitted(config, result)
    now = set()
    for suffix in (".ipynb", ".py"):
        with suppress(OSError, ValueError):
            content = read_file(folder / f"{result.unit}{suffix}")
            if content.strip():
                now.add(digest(content))
    known = checksums[result.unit, result.lms_name]
    if not now or any(each in known for each in now):
        return ""
    return (
        "nbgrader has a file of this student that is not graded: run `autograder grade` again, and "
        "before it `autograder collect`, if you use that"
    )


def _on_another_file(config: Any, result: Result) -> str:
    """Return a remark for nbgrader's page if it shows a notebook that is not the graded file.

    Empty if it is, or if there is no notebook.
    """
    folder = _submitted(config, result)
    try:
        notebook = digest(read_file(folder / f"{result.unit}.ipynb"))
    except (OSError, ValueError):
        return ""
    if not result.checksum or notebook == result.checksum:
        return ""
    graded = "another file of yours"
    script = f"{result.unit}.py"
    with suppress(OSError, ValueError):
        if digest(read_file(folder / script)) == result.checksum:
            graded = f"your file `{script}`"
    return f"The points are those of {graded}. This page shows your notebook, which does not count."


def _submitted(config: Any, result: Result) -> Path:
    """Return the folder of a student's files of a unit in nbgrader's `submitted/`."""
    from nbgrader.coursedir import CourseDirectory

    directory = CourseDirectory(config=config)
    step = directory.submitted_directory
    return Path(directory.format_path(step, result.lms_name, result.unit))


def _points_by_hand(gradebook: Any, result: Result) -> list[Adjustment]:
    """Return a person's entries in nbgrader's formgrader as adjustments.

    They are scores and extra credit.
    """
    where = (result.unit, result.unit, result.lms_name)
    found = []
    for verdict in result.verdicts:
        grade = gradebook.find_grade(f"check-{verdict.name}", *where)
        entered = Adjustment(
            student=result.lms_name,
            unit=result.unit,
            words="entered in formgrader",
            who=NBGRADER,
            check=verdict.name,
            above=True,  # nbgrader's extra credit is for that
        )
        extra = float(grade.extra_credit or 0)
        if grade.manual_score is not None:
            score = float(grade.manual_score) + extra
            found.append(msgspec.structs.replace(entered, to=score))
        elif extra:
            found.append(msgspec.structs.replace(entered, points=extra))
    return found


def _bring(config: Any, result: Result) -> str:
    """Have nbgrader copy a submission to `autograded/` with the course's own checks, unexecuted.

    Return why it did not; empty if it did.
    """
    from nbgrader.converters import Autograde
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import capture_log
    from traitlets.config import Config

    config = Config(config)  # a copy
    config.Execute.enabled = False
    config.SaveAutoGrades.enabled = False
    config.AssignLatePenalties.enabled = False  # it would read the scores of before
    config.CourseDirectory.assignment_id = result.unit
    config.CourseDirectory.student_id = glob.escape(result.lms_name)
    directory = CourseDirectory(config=config)
    done = capture_log(Autograde(coursedir=directory, config=config))
    if done["success"]:
        return ""
    step = directory.submitted_directory
    there = Path(directory.format_path(step, result.lms_name, result.unit))
    if not (there / f"{result.unit}.ipynb").is_file():
        anybodys = f"{step}/STUDENT/{result.unit}"
        return f"nbgrader needs the exact name {result.unit}.ipynb in {anybodys}"
    return _reason(str(done["error"]), str(done.get("log", "")))


SEE_ABOVE = "above traceback"  # nbgrader's message if the reason is in its log only


def _reason(error: str, log: str) -> str:
    """Return the last line of nbgrader's traceback, or of the one in its log."""
    lines = error.strip().splitlines()
    if lines and SEE_ABOVE in lines[-1]:
        logged = re.findall(r"^ {4}(\S.*)$", log, re.MULTILINE)  # indentation of its traceback
        lines = logged or lines
    if not lines:
        return "without a reason"
    if lines[-1].startswith("nbgrader update"):
        return (
            "the metadata of its notebook is older than this nbgrader's: keep a copy of the "
            "course's folder, and run `nbgrader update .` in it"
        )
    without_module = re.sub(r"^[\w.]*\.(?=\w+: )", "", lines[-1])
    return f"nbgrader could not read the file: {one_line(without_module)}"


def _enter(gradebook: Any, cells: Sequence[str], result: Result, remark: str) -> int:
    """Write a result's scores and comments.

    Return the number of manually entered scores, which count instead. cells: of the unit's
    notebook, by their ids. remark: on the whole page, below the first exercise.
    """
    gradebook.update_or_create_student(result.lms_name)
    gradebook.update_or_create_submission(result.unit, result.lms_name)
    where = (result.unit, result.unit, result.lms_name)
    by_hand = 0
    for verdict in result.verdicts:
        grade = gradebook.find_grade(f"check-{verdict.name}", *where)
        if grade.manual_score is None:
            grade.needs_manual_grade = False
        else:
            by_hand += 1
            is_changed = grade.auto_score != verdict.earned
            grade.needs_manual_grade = grade.needs_manual_grade or is_changed
        grade.auto_score = verdict.earned
    comments = _comments(cells, result)
    first = next(iter(comments), "")
    if remark and first:
        comments[first] = f"**{remark}**\n\n{comments[first]}"
    for cell, remarks in comments.items():
        comment = gradebook.find_comment(cell, *where)
        comment.auto_comment = remarks or None
    gradebook.db.commit()
    return by_hand


def first_exercise(course: Course, unit: str) -> str:
    """Return the id of a unit's first exercise's cell; reading it takes a second."""
    return next(filter(WRITE.fullmatch, _cells(course, unit)), "")


def _cells(course: Course, unit: str) -> list[str]:
    """Return the ids of the cells of a unit's notebook, in order; reading them takes a second."""
    ((_, solution),) = solutions(course, [unit])
    return [cell.id for cell in as_notebook(solution.stub, unit).cells]


def _comments(cells: Sequence[str], result: Result) -> dict[str, str]:
    """Return the comment of each exercise's cell: remarks of the checks after it, as Markdown."""
    verdicts = {f"check-{verdict.name}": verdict for verdict in result.verdicts}
    comments: dict[str, str] = {}
    exercise = ""  # the cell that checks belong to until the next one
    for cell in cells:
        verdict = verdicts.get(cell)
        if WRITE.fullmatch(cell):
            exercise = cell
            comments[exercise] = ""
        elif exercise and verdict and verdict.remarks:
            comments[exercise] += verdict_markdown(verdict)
    return comments


def verdict_markdown(verdict: Verdict) -> str:
    """Return a verdict's points and remarks as Markdown.

    They contain a submission's words, whose HTML nbgrader's pages would run.
    """
    points = earned_in_words(verdict.earned, verdict.points)
    lines = [f"`{verdict.name}`: {points}"]
    for remark in verdict.remarks:
        text = remark_markdown(remark)
        if remark.arrays:
            text += f" {arrays_markdown(remark)}"
        lines.append(f"- {text}")
    return "\n".join([*lines, "", ""])
