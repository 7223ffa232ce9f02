"""The command `grade`: grades a class, writes its pages, and reports the outcome."""

import sys
import time
from collections.abc import Iterator, Sequence, Set
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.base import (
    PATH,
    Refused,
    as_typed,
    at_most_the_cores,
    course_option,
    find_course,
    jobs_option,
    main,
    report_user_errors,
    rules_for,
    say_old_exports,
    unpacked,
)
from autograder.errors import first_of, visible

if TYPE_CHECKING:
    from rich.text import Text

    from autograder.course import Course
    from autograder.grading.batch import Run, Tally
    from autograder.grading.policy import Policy
    from autograder.grading.renamed import Renamed
    from autograder.grading.results import Result
    from autograder.grading.roster import Roster
    from autograder.grading.submissions import Submitted
    from autograder.intake.items import Left

MOST_LISTED = 10  # files that a refusal lists
INTERRUPTED = 128 + 2  # the exit status after Ctrl-C, as shells have it
EACH = 30.0  # seconds between two messages on a run's progress


@main.command()
@click.argument("submitted", type=PATH)
@click.option(
    "--out",
    type=PATH,
    required=True,
    help="The folder for results and pages.",
)
@jobs_option
@click.option(
    "--unit",
    "unit_name",
    help="Only this unit; for a flat folder of <student>.py, the unit they are.",
)
@click.option("--quick", is_flag=True, help="Leave out the checks that train.")
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), help="Use this seed instead of a new secret one."
)
@click.option(
    "--new-seed",
    is_flag=True,
    help="Draw a new secret seed for files that are new or changed; for hand-ins after feedback.",
)
@click.option(
    "--keys",
    type=PATH,
    help="Draw the seed from this pool, and use its keys.",
)
@click.option(
    "--roster",
    type=PATH,
    help="A table of the class, so that missing submissions are listed.",
)
@click.option(
    "--timestamps/--no-timestamps",
    default=None,
    help="Take times from each `timestamp.txt`, as nbgrader writes it, or from the files.",
)
@click.option(
    "--any-name",
    is_flag=True,
    help="Accept any name in 'find the mistake'; for folders that are not named after students.",
)
@click.option(
    "--unsafe",
    is_flag=True,
    help="Grade without a sandbox; results are then not official.",
)
@click.option("--verbose", is_flag=True, help="Report what each worker does.")
@click.option(
    "--cluster", default="", metavar="ADDRESS", help="Grade on the workers of this Dask scheduler."
)
@course_option
@report_user_errors
def grade(
    submitted: Path,
    out: Path,
    jobs: int,
    unit_name: str | None,
    quick: bool,
    seed: int | None,
    new_seed: bool,
    keys: Path | None,
    roster: Path | None,
    timestamps: bool | None,
    any_name: bool,
    unsafe: bool,
    cluster: str,
    verbose: bool,
    course_folder: Path | None,
) -> None:
    """Grade a class: every submission below SUBMITTED, in a sandbox, on a secret seed.

    SUBMITTED is a folder or zip of <student>/<unit>/<unit>.py (or .ipynb). A second run into the
    same folder grades only what is new or changed.

    \b
    Example:  autograder grade submitted --out grades -j 2
    """
    from autograder.course import find_unit
    from autograder.grading import batch
    from autograder.grading.attempts import refuse_lesser
    from autograder.grading.results import stored_results
    from autograder.grading.roster import absent
    from autograder.grading.whole_class import with_students
    from autograder.report.terminal import ClassFacts, print_class

    if new_seed and seed is not None:
        raise Refused("--seed and --new-seed exclude each other: leave one out.")
    course = find_course(course_folder)
    batch.refuse_course_within(course, submitted)
    batch.refuse_out_within(out, submitted)
    _refuse_results(submitted)
    _refuse_course_of_nbgrader(submitted, out)
    if not cluster:
        jobs = at_most_the_cores(jobs)
    click.echo(f"course: {course.title} ({course.folder})")
    unit = find_unit(course, unit_name) if unit_name else None
    if verbose:
        _log_to_stderr()
    with _submissions(submitted) as folder:
        handed_in = _read_class(course, submitted, folder, out, unit, roster)
        if timestamps is None:
            _refuse_unused_timestamps(handed_in.found)
        units = sorted({entry.unit for entry in handed_in.found})
        public_seed = seed if seed == course.public_seed else None
        refuse_lesser(out, units, quick, unsafe, public_seed)
        handed_in = _with_results_moved(course, out, handed_in)
        run = batch.Run(
            out=out,
            seed=_seed(out, seed, keys, units, new_seed),
            others_keep_theirs=_others_keep_theirs(out, seed, new_seed),
            jobs=jobs,
            quick=quick,
            unsafe=unsafe,
            cluster=cluster,
            submitted=submitted,
            store=keys,
            stamped=timestamps,
            any_name=any_name,
        )
        try:
            tallies = _with_progress(course, handed_in.found, run)
        except batch.RunInterrupted:
            _keep_roster(folder, out, handed_in)  # for those who read the results so far
            sys.exit(INTERRUPTED)
        results = _results_of_run(out, handed_in.found)
        results = with_students(results, handed_in.students, stored_results(out))
        print_class(course, results, ClassFacts(absent(handed_in.students, results)))
        _keep_roster(folder, out, handed_in)
        page = _write_pages(course, course_folder, folder, out, handed_in)
    _tell(course, handed_in, run, tallies, results)
    click.echo(f"pages: {page}")


def _refuse_results(submitted: Path) -> None:
    """Refuse a folder of results in place of submissions. Raises `Refused`."""
    from autograder.grading.results import run_facts

    facts = run_facts(submitted)
    if "seed" in facts and "course" in facts:
        noted = facts.get("submitted")
        hint = f" Its submissions are in {as_typed(Path(noted))}." if noted else ""
        raise Refused(f"{submitted} is a folder that `grade` wrote its results into.{hint}")


def _refuse_course_of_nbgrader(submitted: Path, out: Path) -> None:
    """Refuse nbgrader's course, in which `source` and `release` are no students. Raises `Refused`.

    One of its folders by itself is no sign, because a student could be called so.
    """
    its_folders = [submitted / name for name in ("source", "release", "submitted")]
    there = [folder for folder in its_folders if folder.is_dir()]
    if len(there) < 2 and not (submitted / "nbgrader_config.py").is_file():
        return
    within = submitted / "submitted"
    if not within.is_dir():
        raise Refused(
            f"{submitted} is nbgrader's course, and holds no submissions yet: `nbgrader collect` "
            f"puts them into {within}."
        )
    raise Refused(
        f"{submitted} is nbgrader's course. Its submissions are in {within}: "
        f"autograder grade {as_typed(within)} --out {as_typed(out)} --timestamps"
    )


def _refuse_unused_timestamps(found: "Sequence[Submitted]") -> None:
    """Ask what the times are, where nbgrader wrote some beside most files. Raises `Refused`.

    Copying a file changes its own time, and could make a whole class late.
    """
    own = [entry for entry in found if entry.path and not entry.record]
    stamped = len(own) - len(_without_timestamp(own))
    if 2 * stamped > len(own):
        raise Refused(
            f"Beside {stamped} of {len(own)} files lies a `timestamp.txt`, as nbgrader writes it. "
            "Add --timestamps, and these times count; or --no-timestamps, and the times of the "
            "files themselves do, which copying changes."
        )


def _log_to_stderr() -> None:
    import logging

    logging.basicConfig(format="%(asctime)s %(threadName)s: %(message)s", stream=sys.stderr)
    logging.getLogger("autograder").setLevel(logging.INFO)


# ---- before grading


@dataclass(frozen=True)
class _HandedIn:
    """The submissions of a class, with the facts before grading.

    found: those to be graded. left: files beside them, with the reason for skipping each.
    students: the roster, if there is one. before: results of earlier runs into the same folder.
    moved: those of them whose students have another name now.
    shown: the units with pages, which students may have seen. seed_before: the seed of the run
    before; empty if there is none.
    """

    found: "Sequence[Submitted]"
    left: "Sequence[Left]"
    students: "Roster | None"
    named: "Roster | None"
    before: "Sequence[Result]"
    moved: "Sequence[Renamed]"
    shown: "Set[str]"
    seed_before: str


@contextmanager
def _submissions(submitted: Path) -> Iterator[Path]:
    """Open the folder of submissions. Raises `Refused` for a zip that cannot be unpacked.

    An error that refuses a whole zip here, such as one oversized file, makes `collect` skip only
    that file.
    """
    from autograder.grading.submissions import NothingToGrade
    from autograder.intake.items import glance
    from autograder.intake.sources import platform_of

    with ExitStack() as stack:
        try:
            folder = stack.enter_context(unpacked(submitted))
        except NothingToGrade as error:
            if not glance(submitted):  # not a readable zip
                raise
            title = platform_of(submitted)
            what = f"It is {title}. First" if title else "To take what is readable, run"
            raise Refused(f"{error} {what}: {_collect(submitted)}") from None
        yield folder


def _collect(submitted: Path) -> str:
    return f"autograder collect {as_typed(submitted)} --into submitted"


def _read_class(
    course: "Course",
    submitted: Path,
    folder: Path,
    out: Path,
    unit: str | None,
    roster: Path | None,
) -> _HandedIn:
    """Find the submissions, and read the facts about them. Raises `Refused`.

    submitted: the person's path. folder: the same, unpacked.
    """
    from autograder.grading.attempts import refuse_results_of_one_number, with_records
    from autograder.grading.hand_in import is_collected
    from autograder.grading.renamed import renamed
    from autograder.grading.results import run_facts, stored_results
    from autograder.grading.roster import (
        kept_from,
        merged,
        read_roster,
        refuse_doubled,
        roster_beside,
        with_units,
    )
    from autograder.grading.whole_class import with_names
    from autograder.intake.collect import as_folders
    from autograder.intake.leftovers import left_out

    before = stored_results(out)
    taken = {result.student for result in before}
    found = _found_in(course, submitted, folder, unit, taken)
    found = with_records(course, folder, found)
    _refuse_other_platform(submitted, out, found, before)
    named = read_roster(roster) if roster else None
    records = [(entry.unit, entry.record.id) for entry in found if entry.record]
    named = with_units(named, records)
    before_now = roster_beside(out)
    if is_collected(folder):
        named, before_now = as_folders(named), as_folders(before_now)
    known = merged(before_now, roster_beside(folder))
    refuse_doubled(known, named)
    students = merged(known, named)
    moved = renamed(before, found, students.students if students else ())
    old = {(one.unit, one.before) for one in moved}
    refuse_results_of_one_number([one for one in before if one.place not in old], found)
    kept = kept_from(known, named)
    if kept:
        click.echo(kept, err=True)
    shown = {result.unit for result in before if (out / "pages" / result.unit).is_dir()}
    return _HandedIn(
        found=with_names(found, students),
        left=left_out(course, folder, found, unit),
        students=students,
        named=named,
        before=before,
        moved=moved,
        shown=shown,
        seed_before=run_facts(out).get("seed", ""),
    )


def _with_results_moved(course: "Course", out: Path, handed_in: _HandedIn) -> _HandedIn:
    """Move results to their students' names of now, and read them again."""
    from autograder.grading.renamed import move_results
    from autograder.grading.results import stored_results

    for line in move_results(course, out, handed_in.moved):
        click.echo(line, err=True)
    return replace(handed_in, before=stored_results(out)) if handed_in.moved else handed_in


def _found_in(
    course: "Course", submitted: Path, folder: Path, unit: str | None, taken: set[str]
) -> "list[Submitted]":
    """Find the submissions in a folder.

    taken: the names of students with results. Raises `Refused` if there is none, with the files
    there; and for a folder in a platform's layout, unless some student has a folder with a unit in
    it: students control all other content.
    """
    from autograder.grading.hand_in import is_collected
    from autograder.grading.submissions import NothingToGrade, find_submissions
    from autograder.intake.leftovers import left_out
    from autograder.intake.sources import platform_of

    found = []
    why = None
    try:
        found = find_submissions(course, folder, unit, taken)
    except NothingToGrade as error:
        why = error
    if not is_collected(folder) and not any(map(_in_folder_of_unit, found)):
        title = platform_of(submitted)
        if title:
            raise Refused(f"{submitted} is {title}. First: {_collect(submitted)}")
    if why:
        there = left_out(course, folder, [], unit) if folder.is_dir() else []
        lines = [str(why)]
        lines += [f"  {each.place}: {each.why}" for each in there[:MOST_LISTED]]
        raise Refused("\n".join(lines)) from None
    return found


def _refuse_other_platform(
    submitted: Path, out: Path, found: "list[Submitted]", before: "Sequence[Result]"
) -> None:
    """Refuse Canvas's submissions beside Moodle's results, and the reverse.

    A student has another name on each, and would be two students. Raises `Refused`.
    """
    from autograder.grading.attempts import NUMBERED

    there = {result.hand_in.source for result in before if result.hand_in}.intersection(NUMBERED)
    now = {entry.record.source for entry in found if entry.record}.intersection(NUMBERED)
    if not there or not now or there & now:
        return
    raise Refused(
        f"{submitted} was collected from {NUMBERED[min(now)]}, and the results in {out} are of "
        f"submissions from {NUMBERED[min(there)]}, where students have other names and numbers. "
        "Grade it into an --out of its own."
    )


def _in_folder_of_unit(entry: "Submitted") -> bool:
    """Return whether a submission is a folder `<unit>/` without its file, or lies in one."""
    if entry.path is None:
        return True
    folder = entry.path.parent
    return folder.name == entry.unit


def _seed(
    out: Path, asked: int | None, keys: Path | None, units: list[str], new: bool
) -> int | str:
    """Choose the seed: the requested one, the last run's, one of the key pool's, or a fresh one."""
    from autograder.grading.batch import choose_seed
    from autograder.grading.pool import draw_seed
    from autograder.grading.results import run_facts

    if keys and asked is None and (new or not run_facts(out).get("seed")):
        return draw_seed(keys, units)
    return choose_seed(out, asked, new)


def _others_keep_theirs(out: Path, asked: int | None, new: bool) -> bool:
    """Return whether files with results keep the seed of these: the run has a new one, or had."""
    from autograder.grading.results import run_facts

    return asked is None and (new or "renewed" in run_facts(out))


# ---- grading


def _with_progress(course: "Course", found: "Sequence[Submitted]", run: "Run") -> "list[Tally]":
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from autograder.grading import batch
    from autograder.report.terminal import console

    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    screen = console(stderr=True)
    said = SaidInSteps(len(found), silent=screen.is_terminal)
    with Progress(*columns, console=screen) as progress:
        task = progress.add_task("grading", total=len(found))

        def step(_: "Result") -> None:
            progress.advance(task)
            said.one_more()

        try:
            return batch.grade_class(course, found, run, step)
        except batch.RunInterrupted as stopped:
            click.echo(
                f"Stopped. {stopped.done} of {len(found)} are graded and kept; the same command "
                "goes on from there.",
                err=True,
            )
            raise


@dataclass
class SaidInSteps:
    """Prints a run's progress each half minute, if no terminal shows a bar.

    silent: whether one does.
    """

    total: int
    silent: bool
    graded: int = 0
    last: float = field(default_factory=time.monotonic)

    def one_more(self) -> None:
        """Count a submission."""
        self.graded += 1
        now = time.monotonic()
        if not self.silent and now - self.last >= EACH:
            self.last = now
            click.echo(f"{self.graded} of {self.total} graded", err=True)


# ---- after grading


def _keep_roster(folder: Path, out: Path, handed_in: _HandedIn) -> None:
    """Write the roster beside the results; a new one beside collected submissions, too.

    The next run prefers the roster there, as newer than the one beside the results.
    """
    from autograder.grading.hand_in import is_collected
    from autograder.grading.results import CannotWrite, write_whole
    from autograder.grading.roster import FILE as ROSTER
    from autograder.grading.roster import merged, roster_beside

    if handed_in.students:
        write_whole(out / ROSTER, handed_in.students.as_csv().rstrip("\n"))
    students = merged(roster_beside(folder), handed_in.named)
    if not handed_in.named or not students or not is_collected(folder):
        return
    try:
        write_whole(folder / ROSTER, students.as_csv().rstrip("\n"))
    except CannotWrite as error:
        click.echo(f"{error} Give --roster again next time.", err=True)


def _write_pages(
    course: "Course", course_folder: Path | None, folder: Path, out: Path, handed_in: _HandedIn
) -> Path:
    """Write the pages of all results, other units included; return the first.

    Pages that were made with a policy keep it.
    """
    from autograder.grading.attempts import all_attempts, comparable, earlier_results
    from autograder.grading.results import stored_results
    from autograder.grading.roster import absent, strangers
    from autograder.grading.submissions import graded_files
    from autograder.grading.whole_class import whole_class, with_partners_alone
    from autograder.report import made_with
    from autograder.report.pages import PageContext, write_pages

    students = handed_in.students
    results = stored_results(out)
    names = {result.student for result in [*handed_in.before, *results]}
    pages = out / "pages"
    before = made_with.policy_of(pages)
    rules, policy = _rules_if_readable(course_folder, out, all_attempts(out), before)
    results = whole_class(course, results, rules, students)
    results = with_partners_alone(results, rules, students)
    around = PageContext(
        earlier=comparable(earlier_results(out), results),
        missing=absent(students, results),
        rules=rules,
        strangers=strangers(students, results),
    )
    source = graded_files(course, folder, names)
    page = write_pages(course, results, pages, source, around=around)
    to_do = f"run: autograder report {as_typed(out)} --policy {{policy}}"
    for line in made_with.without_policy_now(pages, [made_with.EACH_PAGE], policy, to_do):
        click.echo(line, err=True)
    say_old_exports(course, out)
    return page


def _rules_if_readable(
    course_folder: Path | None, out: Path, results: "Sequence[Result]", policy: Path | None
) -> "tuple[Policy | None, Path | None]":
    """Read a policy and the points by hand beside results; return the policy's file, too.

    What cannot be read is left out, with a message: the results are still shown.
    """
    from autograder.schema import BadFile

    for used in dict.fromkeys((policy, None)):
        try:
            return rules_for(course_folder, used, [out], results, for_pages=True), used
        except BadFile as error:
            what = f"the policy {used}" if used else "points by hand"
            again = f"autograder report {as_typed(out)}{f' --policy {used}' if used else ''}"
            click.echo(f"The pages do not show {what}. {error} Then run: {again}", err=True)
    return None, None


def _tell(
    course: "Course",
    handed_in: _HandedIn,
    run: "Run",
    tallies: "Sequence[Tally]",
    results: "Sequence[Result]",
) -> None:
    """Print what was done, and what to look at."""
    from autograder.report.terminal import console, total

    screen = console()
    for line in _what_was_graded(handed_in, run, tallies, results):
        screen.print(line, markup=False, soft_wrap=True)
    for text in _tables(course, handed_in, run, results):
        screen.print(text, end="", soft_wrap=True)
    for line in _what_to_look_at(handed_in, run, results):
        screen.print(line, markup=False, soft_wrap=True)
    _warn_of_public_seed(course, results)
    verdicts = [verdict for result in results for verdict in result.verdicts]
    screen.print(f"{_how_many(results, tallies)}, {total(verdicts)}", markup=False)
    if run.unsafe:
        screen.print("Not official: submissions were not confined.", style="bold red")


def _warn_of_public_seed(course: "Course", results: "Sequence[Result]") -> None:
    """Warn of results on the seed that students practise on, also if an earlier run chose it."""
    seeds = [one.provenance.seed for one in results if one.provenance]
    count = seeds.count(course.public_seed)
    if count:
        click.echo(
            f"Warning: {count} of {len(results)} results are on the seed {course.public_seed}, the "
            "course's public one, whose inputs and reference outputs students have. Grade into a "
            "new folder, without --seed.",
            err=True,
        )


def _how_many(results: "Sequence[Result]", tallies: "Sequence[Tally]") -> str:
    """Count the submissions, and the earlier attempts that were read or graded beside them."""
    latest = len(results)
    every = sum(tally.read_back + tally.graded.total() for tally in tallies)
    text = "1 submission" if latest == 1 else f"{latest} submissions"
    earlier = every - latest
    if earlier > 0:
        text += " and 1 earlier attempt" if earlier == 1 else f" and {earlier} earlier attempts"
    return text


def _what_was_graded(
    handed_in: _HandedIn, run: "Run", tallies: "Sequence[Tally]", results: "Sequence[Result]"
) -> list[str]:
    """Return a line for each unit, and a warning if students had seen the seed's feedback."""
    from autograder.grading.results import result_path

    lines = [tally.summary() for tally in tallies]
    again = 0
    late = 0
    for tally in tallies:
        if tally.unit in handed_in.shown:
            again += tally.graded["handed in again"]
            late += tally.graded["new"]
    is_same_seed = handed_in.seed_before == str(run.seed)
    if is_same_seed and again + late > 0:
        before = {result.place: result.sha256 for result in handed_in.before}
        of_shown = [one for one in results if one.unit in handed_in.shown]
        changed = [one for one in of_shown if before.get(one.place) != one.sha256]
        paths = [str(result_path(run.out, one.unit, one.student)) for one in changed]
        these = f" These are: {', '.join(paths)}" if paths else ""
        lines.append(f"{_seed_was_shown(again, late)}{these}")
    return lines


def _tables(
    course: "Course", handed_in: _HandedIn, run: "Run", results: "Sequence[Result]"
) -> "list[Text]":
    """Return the class, the changes since the run before, and who did better before."""
    from autograder.grading.attempts import better_before, earlier_results
    from autograder.report.terminal import better_earlier, class_summary, regraded

    earlier = better_before(results, earlier_results(run.out))
    return [
        class_summary(results),
        regraded(course, handed_in.before, results),
        better_earlier(course, earlier),
    ]


def _what_to_look_at(handed_in: _HandedIn, run: "Run", results: "Sequence[Result]") -> list[str]:
    """Return lines on results of other corpora or units, and on files that were not graded.

    Also on files without the time that `--timestamps` asks for, and on results of files that are
    another unit's now.
    """
    from autograder.grading.attempts import of_another_unit_now, without_file_now
    from autograder.grading.hand_in import RECEIPTS
    from autograder.grading.other_unit import is_noted
    from autograder.grading.results import other_corpora
    from autograder.grading.roster import strangers
    from autograder.grading.submissions import PERHAPS_ONE, perhaps_one_student
    from autograder.intake.items import listed
    from autograder.intake.leftovers import in_lines

    lines = other_corpora(handed_in.before, results)
    lines += [f"{one.lms_name}, {one.unit}: {one.note}" for one in results if is_noted(one.note)]
    names = {entry.known_as or entry.student for entry in handed_in.found}
    known = handed_in.students.students if handed_in.students else ()
    lines += listed(PERHAPS_ONE, perhaps_one_student(names, known))
    unknown = strangers(handed_in.students, results)
    lines += listed("not in the roster, and graded", [visible(name) for name in unknown])
    unstamped = _without_timestamp(handed_in.found) if run.stamped else []
    if unstamped:
        lines.append(
            f"without a readable timestamp.txt, so that the time of the file itself counts "
            f"({len(unstamped)}): {first_of(unstamped)}. If late work loses points, look at these."
        )
    changed = [f"{one.lms_name}, {one.unit}" for one in results if one.is_changed_since_collected]
    if changed:
        lines.append(
            f"changed since they were collected ({len(changed)}): {visible(first_of(changed))}. "
            f"The points are the changed files'; {RECEIPTS} has the checksums of those handed in."
        )
    left = of_another_unit_now(run.out, run.submitted) if run.submitted else []
    if left:
        paths = ", ".join(str(path) for path in left)
        lines.append(
            f"results of files that are now another unit's, and still count here ({len(left)}): "
            f"{paths}. To take one back, delete its file."
        )
    there = {(entry.student, entry.unit) for entry in handed_in.found}
    gone = without_file_now(run.out, run.submitted, there) if run.submitted else {}
    whose = [f"{one.lms_name}, {one.unit}" for path, one in gone.items() if path not in left]
    if whose:
        lines.append(
            f"results without a submission in {run.submitted}, which still count ({len(whose)}): "
            f"{visible(first_of(whose))}. They came from another folder, or their files are gone: "
            f"then collect again, or delete {run.out / '<unit>' / '<student>.json'}."
        )
    return [*lines, *in_lines(handed_in.left)]


def _without_timestamp(found: "Sequence[Submitted]") -> list[str]:
    """List the submissions beside which nbgrader wrote no time."""
    from autograder.grading.submissions import stamped_time

    without = []
    for entry in found:
        if entry.path and not entry.record and not stamped_time(entry.path):
            without.append(f"{entry.student}, {entry.unit}")
    return without


def _results_of_run(out: Path, found: "Sequence[Submitted]") -> "list[Result]":
    """Read the results of the graded submissions from disk, because grading does not keep them."""
    from autograder.grading.results import read_result, result_path

    results = []
    for entry in found:
        if entry.earlier:
            continue
        result = read_result(result_path(out, entry.unit, entry.student))
        if result:
            results.append(result)
    return results


def _seed_was_shown(again: int, late: int) -> str:
    """Warn about files that were submitted after pages of their seed had been written.

    They may contain its answers as a table.
    again: the number of repeated submissions. late: the number of those from students without an
    earlier one.
    """
    counts = []
    if again:
        counts.append(f"{again} handed in again")
    if late:
        counts.append(f"{late} handed in for the first time")
    files = "1 file was" if again + late == 1 else f"{again + late} files were"
    return (
        f"Note: {files} graded on the seed of earlier ones ({', '.join(counts)}), although pages "
        "of these exist. If students have seen them, a file can contain answers. Then delete the "
        "results of these files, and grade with --new-seed: other files keep their seed."
    )
