"""The common parts of all commands: their group, the course, and the display of errors.

Exit code 0: success; 1: something failed a check; 2: wrong use.
"""

import errno
import gc
import os
import re
import shlex
import sys
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from autograder import __version__
from autograder.errors import NEEDS_LINUX, UserError, extra, first_of, visible
from autograder.streams import let_everything_through

if TYPE_CHECKING:
    from autograder.course import Course
    from autograder.grading.policy import Policy
    from autograder.grading.results import Result
    from autograder.grading.roster import Roster

CONTEXT = {"help_option_names": ["-h", "--help"]}
# a package that a command may lack → the extra that installs it
EXTRAS = {
    "canvasapi": "lms",
    "distributed": "cluster",
    "jupytext": "authoring",
    "nbclient": "site",
    "sphinx": "site",
    "matplotlib": "authoring",
    "nbgrader": "nbgrader",
    "tomli_w": "authoring",
    "yaml": "lms",
}
OF_COMMANDS = {"nbgrader": "nbgrader"}  # a command → the extra with everything that it needs
SUFFIXES = (".py", ".ipynb")  # of a script and of a notebook
LINUX = ("fcntl", "resource")  # modules of Python that only Unix has
# errors of an `OSError` that concern a disk or a folder, and never the kit
DISKS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
# containers before Python collects garbage: at its own 700 it spends a third of the time of syntax
# trees and pages on collections, and finds next to none
NEW_OBJECTS = 50_000
PYTHONS_THRESHOLDS = gc.get_threshold()
ENGINE = Path(__file__).resolve().parents[1]

# a word that bash, zsh, PowerShell and cmd all accept unquoted
PLAIN = re.compile(r"[\w./:+][\w./:+-]*")
EXPANDED = re.compile(r'[$`!"\\]')  # characters that a POSIX shell interprets within double quotes

PATH = click.Path(path_type=Path)
EXISTING = click.Path(path_type=Path, exists=True)

P = ParamSpec("P")
R = TypeVar("R")


class Refused(click.ClickException):
    """An error that a person can fix: one sentence on what was seen and what to do."""

    exit_code = 2


def report_user_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Show errors that a person can fix as one line instead of a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except UserError as error:
            raise Refused(visible(str(error))) from error
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if package in EXTRAS and _is_import_of_ours(error):
                install = extra(OF_COMMANDS.get(command.__name__, EXTRAS[package]))
                raise Refused(f"this needs {package}, which is not installed: {install}") from error
            if error.name in LINUX:
                raise Refused(f"this needs Linux. {NEEDS_LINUX}") from error
            raise
        except OSError as error:
            where = error.filename2 or error.filename  # for a copy, its target
            if error.errno in DISKS and where:
                raise Refused(f"{where}: {error.strerror}.") from error
            raise

    return run


def _is_import_of_ours(error: ModuleNotFoundError) -> bool:
    """Return whether the failed import is in the engine.

    One in a course is for its author, with the traceback.
    """
    frames = traceback.extract_tb(error.__traceback__)
    files = [frame.filename for frame in frames]
    written = [file for file in files if not file.startswith("<frozen importlib")]
    importer = Path(written[-1])
    return importer.is_relative_to(ENGINE)


def as_typed(path: Path) -> str:
    """Return a path as people type it in a command, in any shell.

    cmd and PowerShell know double quotes; single ones are for names that bash would change.
    """
    text = str(path)
    on_windows = sys.platform == "win32"
    if PLAIN.fullmatch(text.replace("\\", "/") if on_windows else text):
        return text
    if EXPANDED.search(text) and not on_windows:
        return shlex.quote(text)
    return f'"{text}"'


course_option = click.option(
    "--course",
    "course_folder",
    type=PATH,
    metavar="FOLDER",
    help="The course; else $AUTOGRADER_COURSE, else the folder around this one with a course.toml.",
)


submitted_option = click.option(
    "--submitted",
    type=EXISTING,
    help="Where the submissions are now.",
)


unit_option = click.option("--unit", "unit_name", help="Only this unit.")


jobs_option = click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Submissions at a time.",
)


def at_most_the_cores(jobs: int) -> int:
    """Return at most as many jobs as there are processors; say so if more were requested."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    if jobs > cores:
        words = (
            f"-j {jobs} is more than the {cores} CPUs here, and checks would run out of time. "
            f"Taking -j {cores}."
        )
        click.echo(words, err=True)
    return min(jobs, cores)


@contextmanager
def unpacked(submitted: Path) -> Iterator[Path]:
    """Open a folder of submissions; a zip is unpacked while it is open."""
    from autograder.grading.submissions import unpack
    from autograder.sandbox.scratch import Scratch

    if submitted.suffix.lower() != ".zip":
        yield submitted
        return
    with Scratch() as scratch:
        yield unpack(submitted, scratch)


@contextmanager
def submissions_of(grades: Path, submitted: Path | None) -> Iterator[Path | None]:
    """Open the folder of the graded submissions; None if it no longer exists.

    grades: the results of `grade`, which record the folder. submitted: its present path.
    """
    from autograder.grading.results import run_facts

    noted = Path(run_facts(grades).get("submitted", ""))
    if submitted is None and noted.is_absolute() and noted.exists():
        submitted = noted
    if submitted is None:
        yield None
        return
    with unpacked(submitted) as folder:
        yield folder


def find_course(folder: Path | None) -> "Course":
    """Find the course that an option names, or the one around. Raises `NoCourse`."""
    from autograder.course import find_course

    return find_course(folder)


def results_in(grades: Path) -> "Sequence[Result]":
    """Read the latest results of a class.

    Raises `Refused` if there are none, and `OneNumberTwice`.
    """
    from autograder.grading.attempts import refuse_results_of_one_number
    from autograder.grading.results import stored_results

    results = stored_results(grades)
    if not results:
        raise no_results(grades)
    refuse_results_of_one_number(results)
    return results


def say_what_is_not_graded(folders: Sequence[Path]) -> None:
    """Warn of collected files that are newer than the results in some folders."""
    from autograder.grading.attempts import not_graded_yet

    for folder in folders:
        waiting = not_graded_yet(folder)
        if waiting:
            click.echo(
                f"Warning: collected and not graded yet ({len(waiting)}): {first_of(waiting)}. "
                f"First run `autograder grade` as before, into {as_typed(folder)}; if students "
                "have seen feedback, add --new-seed.",
                err=True,
            )


def say_old_exports(course: "Course", grades: Path, policy: Path | None = None) -> None:
    """Warn of files that `export` wrote before the latest results, points by hand or policy."""
    from autograder.grading.adjustments import adjustment_files
    from autograder.report.exports import written_before

    of_all = [*adjustment_files(grades), *([policy] if policy else [])]
    of_units = {unit: list((grades / unit).glob("*.json")) for unit in course.units}
    old = written_before(grades / "export", of_all, of_units)
    if old:
        click.echo(
            f"{grades / 'export'}: written before the latest points ({len(old)}): {first_of(old)}. "
            "To use them, run `autograder export` again.",
            err=True,
        )


def say_old_pages(grades: Path, policy: Path | None) -> None:
    """Warn of pages that are from before the latest change of points by hand or of their policy."""
    from autograder.grading.adjustments import adjustment_files
    from autograder.report.made_with import policy_of

    page = grades / "pages" / "index.html"
    before = policy_of(grades / "pages")
    if not page.is_file() or (before and before.resolve()) != (policy and policy.resolve()):
        return
    made = page.stat().st_mtime
    changed = [*adjustment_files(grades), *([policy] if policy else [])]
    newer = [path.name for path in changed if path.stat().st_mtime > made]
    if newer:
        again = f"autograder report {as_typed(grades)}"
        again += f" --policy {as_typed(policy)}" if policy else ""
        click.echo(
            f"{grades / 'pages'}: written before {first_of(newer)} changed. To have the same "
            f"points there, run `{again}`.",
            err=True,
        )


def no_results(grades: Path) -> Refused:
    """Say that a folder contains no results."""
    return Refused(
        f"There are no results in {grades}. Name the folder that `autograder grade --out` wrote."
    )


def rules_for(
    course_folder: Path | None,
    policy: Path | None,
    folders: Sequence[Path],
    results: "Sequence[Result]",
    *,
    for_pages: bool = False,
    listed: Collection[str] = (),
) -> "Policy | None":
    """Read a policy, with the manual points beside results; None if there is neither.

    course_folder: the option `--course`. policy: the option `--policy`. folders: of the results.
    for_pages: whether points by hand beyond the maximum only do not count, with a message, instead
    of being refused. listed: students known by another list than a roster, such as a gradebook's.
    """
    from autograder.grading.adjustments import (
        added_without_a_file,
        adjustment_files,
        all_adjustments,
        comments_unread,
        for_one_of_two_partners,
        in_dropped_checks,
        in_units_of_nobody,
        lower_than_files,
        on_differing_files,
        perhaps_adjustments,
    )
    from autograder.grading.policy import Policy, with_partners
    from autograder.grading.policy_doubts import doubts
    from autograder.grading.policy_file import (
        units_without_times,
        unknown_students,
        without_section,
    )
    from autograder.grading.results import run_facts
    from autograder.grading.roster import merged, roster_beside

    for folder in folders:
        for path in perhaps_adjustments(folder):
            click.echo(
                f"Warning: {path} is not read. If it holds points by hand, call it "
                "adjustments.toml or, as one of several, adjustments-NAME.toml.",
                err=True,
            )
    submitted = {run_facts(folder).get("submitted", "") for folder in folders}
    elsewhere = {Path(place) for place in submitted if place}
    elsewhere |= {policy.parent} if policy else set()
    for place in sorted(elsewhere):
        for path in () if run_facts(place) else adjustment_files(place):
            click.echo(
                f"Warning: {path} is not read, because it is not beside the results. If it holds "
                f"their points by hand, move it into {folders[0]}.",
                err=True,
            )
    beside = [folder for folder in folders if adjustment_files(folder)]
    if not policy and not beside:
        return None
    course = find_course(course_folder)
    rosters = [roster_beside(folder) for folder in folders]
    roster = merged(*rosters)
    rules = checked_policy(course, policy, results, roster) if policy else Policy()
    for warning in (
        unknown_students(rules, results, roster, listed),
        without_section(rules, results, roster),
    ):
        if warning:
            click.echo(warning, err=True)
    rules = replace(rules, untimed=units_without_times(results))
    is_stamped = all("stamped" in run_facts(folder) for folder in folders)
    for line in doubts(rules, results, is_stamped, roster.students if roster else ()):
        click.echo(line, err=True)
    graded = with_partners(results, rules)
    set_aside: list[str] | None = [] if for_pages else None
    adjustments = all_adjustments(course, beside, graded, roster, set_aside)
    for line in set_aside or ():
        click.echo(f"Left out on the pages, and `export` stops here: {line}", err=True)
    for folder in beside:
        for path in adjustment_files(folder):
            click.echo(f"points by hand: {path}")
    for look in (
        lower_than_files,
        *((on_differing_files,) if rules.keep == "best" else ()),
        for_one_of_two_partners,
        comments_unread,
        added_without_a_file,
        in_units_of_nobody,
    ):
        for line in look(graded, adjustments):
            click.echo(line, err=True)
    dropped = {unit: of_unit.drop for unit, of_unit in rules.units.items()}
    for line in in_dropped_checks(dropped, adjustments):
        click.echo(line, err=True)
    return replace(rules, adjustments=adjustments)


def checked_policy(
    course: "Course", path: Path, results: "Sequence[Result]", roster: "Roster | None"
) -> "Policy":
    """Read a policy, and refuse what does not fit these results or this roster.

    Raises `BadFile`.
    """
    from autograder.grading.policy_file import (
        read_policy,
        refuse_extra_time_from_nowhere,
        unknown_students,
        with_sections,
    )

    rules = with_sections(read_policy(course, path), roster)
    refuse_extra_time_from_nowhere(rules, results)
    if roster:
        unknown_students(rules, results, roster)
    return rules


class Commands(click.Group):
    """The group of all commands. Their output can be printed in any encoding."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command in the arguments, as `click.Group` does."""
        let_everything_through()
        return super().main(*args, **kwargs)


@click.group(cls=Commands, context_settings=CONTEXT, invoke_without_command=True)
@click.version_option(__version__, prog_name="autograder")
@click.pass_context
@report_user_errors
def main(context: click.Context) -> None:
    """Courses that grade themselves. Without a command: shows where you are and what is next.

    \b
    Students:     autograder watch UNIT
    Instructors:  autograder grade SUBMITTED --out GRADES -j 2
    Authors:      autograder new COURSE
    """
    gc.set_threshold(NEW_OBJECTS)
    if context.invoked_subcommand:
        return
    from autograder.practice.progress import current_unit, overview, to_do

    course = find_course(None)
    click.echo(f"{course.title} ({course.folder})")
    unit = current_unit(course)
    for name, passed, of in overview(course):
        marker = ">" if name == unit else " "
        click.echo(f"{marker} {name:25}{passed:3} of {of} checks")
    short = course.short(unit)
    left = to_do(course, unit)
    commands = [f"watch {short}", f"check {short}"]
    if left:
        click.echo(f"\nNext is `{left[0]}` of {unit}. Open it, and run one of")
        commands.append(f"hint {short} {left[0]}")
    else:
        click.echo("\nEverything passes.")
    commands.append("--help")
    for command in commands:
        click.echo(f"    autograder {command}")


def files_to_check(course: "Course", what: str | None) -> list[tuple[Path, str]]:
    """List the files that `what` names, each with its unit.

    what: a unit, a file, or nothing for all units.

    Raises `Refused`, `UnknownUnit`.
    """
    from autograder.course import find_unit

    if not what:
        return [(_latest_assignment(course, unit), unit) for unit in course.units]
    path = Path(what)
    if path.suffix in SUFFIXES or path.exists():
        return [(path, _unit_of_file(course, path))]
    unit = find_unit(course, what)
    return [(_latest_assignment(course, unit), unit)]


def _unit_of_file(course: "Course", path: Path) -> str:
    """Return the unit that a file is named after. Raises `Refused`."""
    from autograder.course import UnknownUnit, find_unit

    if not path.is_file():
        raise Refused(f"There is no file {path}. Name a unit, or a .py or .ipynb file.")
    try:
        return find_unit(course, path.stem)
    except UnknownUnit as error:
        raise Refused(f"{error} A file is named like its unit.") from None


def _latest_assignment(course: "Course", unit: str) -> Path:
    """Return a unit's script or notebook, the newer one of both. Raises `Refused`."""
    files = [course.assignments / f"{unit}{suffix}" for suffix in SUFFIXES]
    there = [path for path in files if path.is_file()]
    if not there:
        raise Refused(
            f"There is no {files[0]}. Name the file, or run `autograder build` if you are the "
            "author."
        )
    newest = max(there, key=lambda path: path.stat().st_mtime)
    if len(there) > 1:
        click.echo(
            f"{files[0].name} and {files[1].name} are both there. Checking {newest.name}, "
            "which is newer. If you hand in both, the .py file is graded.",
            err=True,
        )
    return newest
