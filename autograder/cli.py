"""The commands: parsing, and telling a person how it went. Exit code 0: all is well; 1: something was found wanting;
2: wrong use.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from autograder import __version__

CONTEXT = {"help_option_names": ["-h", "--help"]}


class Refused(click.ClickException):
    """A person can mend this: one sentence on what was seen and what to do."""

    exit_code = 2


P = ParamSpec("P")
R = TypeVar("R")


def kindly(command: Callable[P, R]) -> Callable[P, R]:
    """Say in a sentence what a person can mend, instead of a traceback."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ImportError as error:
            if (name := (error.name or str(error)).split(".")[0]) == "autograder":
                raise Refused("this is the instructor's part of the kit; a student's copy does not hold it.") from error
            if name in ("fcntl", "resource"):
                raise Refused("this needs Linux, to confine submissions. `check` and `watch` work anywhere.") from error
            raise Refused(f"this needs {name}, which is not installed: pip install {name}") from error
        except Exception as error:
            if type(error).__name__ in KIND or isinstance(error, OSError):
                raise Refused(str(error)) from error
            raise

    return run


# the errors of the kit's modules whose texts are for people; by name, so that parsing arguments imports none of them
KIND = {"UnknownUnit", "NoData", "NoKey", "NothingToGrade", "CannotConfine", "Busy", "Stale", "ServerGone", "Broken"}
KIND |= {"NoCluster", "NoCourse", "BadPolicy"}


@click.group(context_settings=CONTEXT, invoke_without_command=True)
@click.version_option(__version__, prog_name="autograder")
@click.pass_context
@kindly
def main(context: click.Context) -> None:
    """A course on recurrent networks that grades itself. Without a command: where you are and what is next.

    \b
    Students:     autograder watch unit4
    Instructors:  autograder grade SUBMITTED --out GRADES -j 2
    """
    if context.invoked_subcommand:
        return
    from autograder.data import workplace
    from autograder.progress import at_hand, course, to_do

    if not (workplace() / "assignments").is_dir():
        raise Refused("No course here. Run `autograder` in the folder that holds assignments/, or `autograder --help`.")
    unit = at_hand()
    for name, far, of in course():
        click.echo(f"{'>' if name == unit else ' '} {name:25}{far:3} of {of} checks")
    short, left = unit.split("_")[0], to_do(unit)[:1]
    click.echo(f"\nNext is `{left[0]}` of {unit}. Open it and run beside it one of" if left else "\nEverything passes.")
    for command in (f"watch {short}", f"check {short}", *(f"hint {short} {name}" for name in left), "--help"):
        click.echo(f"    autograder {command}")


@main.command()
@click.argument("what", required=False)
@click.option("--quick", is_flag=True, help="Leave out the checks that train.")
@click.option("--out", type=click.Path(path_type=Path), help="Keep the results in this folder, for `export`.")
@kindly
def check(what: str | None, quick: bool, out: Path | None) -> None:
    """Check a unit or a file on the public seed, here and now: practice, not a grade.

    WHAT is a unit (unit4), a file, or nothing for all units in assignments/.

    \b
    Example:  autograder check unit4 --quick
    """
    import gc

    from autograder import journal
    from autograder.checking import Verdict, load_unit
    from autograder.practice import practice_result, practise
    from autograder.progress import keep
    from autograder.report.terminal import console, total, verdict_lines
    from autograder.solution import Submission

    gc.set_threshold(1_000_000)  # importing torch leaves no garbage, and looking for it takes a tenth of a second
    whole, screen = True, console()

    def show(verdict: Verdict, *_: object) -> None:
        screen.print(verdict_lines(verdict), soft_wrap=True)

    for path, name in _files_to_check(what):
        unit = load_unit(name)
        screen.print(f"{path}", style="bold", markup=False)
        checks = [c for c in unit.checks if not (quick and c.measure)]
        submission = Submission(path.read_bytes(), path.name)
        verdicts = practise(unit, checks, submission, show)
        keep(name, path.parent, verdicts)
        if out:
            journal.write(out, practice_result(name, path, verdicts, quick))
        told = "on the public seed. A grade comes from a seed that nobody has seen.\n"
        screen.print(f"{total(verdicts)} {told}", soft_wrap=True)
        whole = whole and all(verdict.status == "passed" for verdict in verdicts)
    sys.exit(0 if whole else 1)


@main.command()
@click.argument("what", required=False)
@kindly
def watch(what: str | None) -> None:
    """Check the exercise at hand at each save, and go on to the next when it passes.

    WHAT is a unit (unit4), a file, or nothing for the unit at hand. One key each: a hint, all checks, training with its
    loss, back, next, quit.

    \b
    Example:  autograder watch unit4
    """
    from autograder.progress import at_hand
    from autograder.watch import Watch, keyboard

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused("watch needs a terminal for its keys. Without one: autograder check")
    path, name = _files_to_check(what or at_hand())[0]
    with keyboard() as key, suppress(KeyboardInterrupt):
        Watch(name, path).loop(key)


@main.command()
@click.argument("unit")
@click.argument("check")
@kindly
def hint(unit: str, check: str) -> None:
    """One more step of help with a check each time: a question, what to think of, then what people get wrong.

    \b
    Example:  autograder hint unit4 softmax_values
    """
    from autograder import progress

    path, name = _files_to_check(unit)[0]
    click.echo(progress.hint(name, check, path.read_bytes()))


def _files_to_check(what: str | None) -> list[tuple[Path, str]]:
    from autograder.checking import UnknownUnit, find_unit, unit_names
    from autograder.data import workplace

    if what and (Path(what).suffix in (".py", ".ipynb") or Path(what).exists()):
        path = Path(what)
        if not path.is_file():
            raise Refused(f"There is no file {path}. Name a unit, or a .py or .ipynb file.")
        try:
            return [(path, find_unit(path.stem))]
        except UnknownUnit as error:
            raise Refused(f"{error} A file is named like its unit.") from None
    found = []
    for name in [find_unit(what)] if what else unit_names():
        files = [workplace() / "assignments" / f"{name}{suffix}" for suffix in (".py", ".ipynb")]
        if not (there := [path for path in files if path.is_file()]):
            raise Refused(f"There is no {files[0]}. Run the command from the course's folder, or name the file.")
        found.append((max(there, key=lambda path: path.stat().st_mtime), name))
    return found


@main.command()
@click.argument("submitted", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder for results and pages.")
@click.option("-j", "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Submissions at a time.")
@click.option("--unit", "unit_name", help="Only this unit; for a flat folder of <student>.py, the unit they are.")
@click.option("--quick", is_flag=True, help="Leave out the checks that train.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Instead of a fresh secret one.")
@click.option("--unsafe", is_flag=True, help="Grade where submissions cannot be confined; nothing is official then.")
@click.option("--verbose", is_flag=True, help="Say what each worker does.")
@click.option("--cluster", default="", metavar="ADDRESS", help="Grade on the workers of this Dask scheduler.")
@kindly
def grade(
    submitted: Path,
    out: Path,
    jobs: int,
    unit_name: str | None,
    quick: bool,
    seed: int | None,
    unsafe: bool,
    cluster: str,
    verbose: bool,
) -> None:
    """Grade a class: every submission below SUBMITTED, confined, on a seed nobody has seen.

    SUBMITTED is a folder or zip of <student>/<unit>/<unit>.py (or .ipynb). A second run into the same folder reads back
    what is already graded.

    \b
    Example:  autograder grade submitted --out grades -j 2
    """
    import logging

    from autograder import grading, journal
    from autograder.checking import find_unit
    from autograder.report.pages import write_pages
    from autograder.report.terminal import class_summary, class_table, console, regraded, total

    unit = find_unit(unit_name) if unit_name else None
    if verbose:
        logging.basicConfig(format="%(asctime)s %(threadName)s: %(message)s", stream=sys.stderr)
        logging.getLogger("autograder").setLevel(logging.INFO)
    with _folder(submitted) as folder:
        found = grading.find_submissions(folder, unit)
        before = journal.results(out)
        run = grading.Run(out, grading.choose_seed(out, seed), jobs, quick, unsafe, cluster, submitted)
        _with_progress(found, run)
        paths = [journal.path_of(out, entry.unit, entry.student) for entry in found]
        results = [result for result in map(journal.read, paths) if result]  # none is kept while others are graded
        screen = console()
        screen.print(class_table(results))
        page = write_pages(results, out / "pages", grading.graded_files(folder))
    screen.print(class_summary(results), end="", soft_wrap=True)
    screen.print(regraded(before, results), end="", soft_wrap=True)
    screen.print(f"{len(results)} submissions, {total([v for r in results for v in r.verdicts])}", markup=False)
    if unsafe:
        screen.print("Not official: submissions were not confined.", style="bold red")
    click.echo(f"pages: {page}")


@contextmanager
def _folder(submitted: Path) -> Iterator[Path]:
    """The folder of submissions, unpacked where they are a zip."""
    from autograder.grading import unpack
    from autograder.sandbox import Scratch

    with Scratch() as scratch:
        yield unpack(submitted, scratch) if submitted.suffix == ".zip" else submitted


def _with_progress(found: Any, run: Any) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from autograder import grading
    from autograder.report.terminal import console

    columns = (TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("left"))
    with Progress(*columns, console=console(stderr=True)) as progress:
        task = progress.add_task("grading", total=len(found))
        grading.grade_class(found, run, lambda _: progress.advance(task))


@main.command()
@click.argument("grades", type=click.Path(path_type=Path))
@click.option("--submitted", type=click.Path(path_type=Path, exists=True), help="Where the submissions lie now.")
@click.option("--anonymous", is_flag=True, help="Name no student; pages go to GRADES/anonymous.")
@click.option("--serve", "serving", is_flag=True, help="Show results as they come, to this machine alone.")
@click.option("--policy", type=click.Path(path_type=Path), help="A TOML file: say what each result counts under it.")
@kindly
def report(grades: Path, submitted: Path | None, anonymous: bool, serving: bool, policy: Path | None) -> None:
    """Write the pages of a graded class again, or show them while it is being graded.

    Code is shown of the files that were graded, where they still lie as they were.

    \b
    Example:  autograder report grades --anonymous
    """
    from autograder import journal
    from autograder.policy import read_policy
    from autograder.report.pages import write_pages
    from autograder.report.terminal import class_table, console

    results, rules = journal.results(grades), read_policy(policy) if policy else None
    if not results and not (serving and grades.is_dir()):
        raise Refused(f"There are no results in {grades}. Name the folder that `autograder grade --out` wrote.")
    noted = Path(journal.facts(grades).get("submitted", "."))
    lies = submitted or (noted if noted.is_absolute() and noted.exists() else None)
    with _folder(lies) if lies else nullcontext() as folder:
        source = _graded_files(folder)
        if serving:
            _serve(grades, source, anonymous)
            return
        console().print(class_table(results))
        target = grades / ("anonymous" if anonymous else "pages")
        click.echo(f"pages: {write_pages(results, target, source, anonymous, rules)}")


def _graded_files(folder: Path | None) -> Any:
    from autograder.grading import graded_files

    return graded_files(folder) if folder else None


def _serve(grades: Path, source: Any, anonymous: bool) -> None:
    from autograder.report.serve import Shelf, serve

    with suppress(KeyboardInterrupt):
        serve(Shelf(grades, source, anonymous), lambda address: click.echo(f"{address}\nCtrl-C ends it."))


@main.command()
@click.argument("grades", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option("--to", "to", type=click.Choice(["csv", "canvas", "moodle", "gradescope", "github"]), required=True)
@click.option("--out", type=click.Path(path_type=Path), help="The folder for the files, instead of GRADES/export.")
@click.option("--policy", type=click.Path(path_type=Path), help="A TOML file: late days, dropped checks, bonus.")
@kindly
def export(grades: tuple[Path, ...], to: str, out: Path | None, policy: Path | None) -> None:
    """Write grades as a gradebook imports them. Of several folders of GRADES the best submission counts, or the last.

    \b
    Example:  autograder export grades --to moodle --policy course.toml
    """
    from autograder import journal
    from autograder.policy import Policy, read_policy
    from autograder.policy import grades as graded
    from autograder.report import exports

    results = [result for folder in grades for result in journal.results(folder)]
    if not results:
        raise Refused(f"There are no results in {grades[0]}. Name the folder that `autograder grade --out` wrote.")
    rules = read_policy(policy) if policy else Policy()
    folder = out or grades[0] / "export"
    written = exports.export(graded(results, rules), to, folder)
    click.echo("\n".join(map(str, written)) if len(written) < 4 else f"{len(written)} files below {folder}")


@main.command()
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail when something is out of date.")
@click.option("--release", type=click.Path(path_type=Path), help="Write what students get into this folder.")
@click.option("--notebooks", type=click.Path(path_type=Path), help="Write notebooks for Colab or JupyterHub there.")
@click.option("--kit", default="kit.zip", help="With --notebooks: where they find kit.zip, an address or a path.")
@click.option("--gradescope", type=click.Path(path_type=Path), help="Write what Gradescope runs into this folder.")
@kindly
def build(only_check: bool, release: Path | None, notebooks: Path | None, kit: str, gradescope: Path | None) -> None:
    """Generate stubs and public keys from solutions/.

    \b
    Example:  autograder build --check
    """
    from autograder import building

    if release:
        building.release(release)
        click.echo(f"{release}: what students get")
    if notebooks:
        building.notebooks(notebooks, kit)
        click.echo(f"{notebooks}: notebooks, and kit.zip for {kit}")
    if gradescope:
        building.gradescope(gradescope)
        click.echo(f"{gradescope}: zip what is in it and upload that as the autograder")
    if release or notebooks or gradescope:
        return
    try:
        written = building.build(only_check)
    except building.Stale as error:
        raise click.ClickException(str(error)) from None
    click.echo("\n".join(written) or "everything is up to date")


@main.command()
@click.option("--seeds", type=click.IntRange(1, 1000), default=5, show_default=True, help="How many fresh seeds.")
@click.option("--quick", is_flag=True, help="Leave out the checks that train, and nine of ten mutants.")
@click.option("--page", is_flag=True, help="Write docs/grader.md.")
@click.option("-j", "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Units at a time.")
@click.argument("units", nargs=-1)
@kindly
def validate(seeds: int, quick: bool, page: bool, jobs: int, units: tuple[str, ...]) -> None:
    """Prove the material: solutions earn all, in other styles too (on 20 seeds or more, where not --quick); stubs
    nothing; each known mistake is told apart from every other; wrong variants lose points.

    \b
    Example:  autograder validate unit4 --seeds 5
    """
    from concurrent.futures import ThreadPoolExecutor
    from time import perf_counter

    from autograder.checking import find_unit, unit_names
    from autograder.report.proofs import grader_page
    from autograder.validating import Proof, validate

    began, proofs = perf_counter(), [Proof(name, seeds, quick) for name in map(find_unit, units or unit_names())]

    def faults(proof: Proof) -> int:
        found = 0
        for line in validate(proof, max(1, jobs // len(proofs))):
            click.echo(line.text)
            found += line.fault
        return found

    with ThreadPoolExecutor(jobs) as pool:
        found = sum(pool.map(faults, proofs))
    if page:
        click.echo(grader_page(proofs, jobs, (perf_counter() - began) / 60))
    sys.exit(1 if found else 0)


@main.command()
@click.option("--seeds", type=click.IntRange(1, 1000), default=12, show_default=True, help="How many seeds.")
@click.option("-j", "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Trainings at a time.")
@click.argument("units", nargs=-1)
@kindly
def calibrate(seeds: int, jobs: int, units: tuple[str, ...]) -> None:
    """Train the solution, its other styles and its mistakes on many seeds, say where each training bound lies between
    them, and write it into solutions/bounds.toml. All units take 40 minutes with -j 2.

    \b
    Example:  autograder calibrate unit4 --seeds 12 -j 2
    """
    from autograder import calibrating
    from autograder.checking import find_unit, unit_names

    passed = True
    for name in map(find_unit, units or unit_names()):
        for bound in calibrating.calibrate(name, seeds, jobs, click.echo):
            calibrating.keep([bound])
            click.echo(bound.told())
            passed = passed and bound.told().startswith("✓")
    sys.exit(0 if passed else 1)


@main.command()
@click.argument("course", type=click.Path(path_type=Path))
@click.option("--grades", type=click.Path(path_type=Path), help="Write these results into the course's gradebook.")
@kindly
def nbgrader(course: Path, grades: Path | None) -> None:
    """Build a course for nbgrader in the folder COURSE; or bring our grades into its gradebook.

    \b
    Example:  autograder nbgrader course
              autograder nbgrader course --grades grades
    """
    from autograder import nbgrader

    if grades:
        nbgrader.record(course, grades, click.echo)
        return
    click.echo("\n".join(nbgrader.build(course)))
    click.echo(f"Next, in {course}: nbgrader generate_assignment UNIT")


@main.command()
@click.option("--no-fetch", is_flag=True, help="Fetch nothing.")
@kindly
def data(no_fetch: bool) -> None:
    """Say which data is here, from where and under which licence; fetch the rest.

    \b
    Example:  autograder data
    """
    from autograder import data as datasets

    lacking = 0
    for name in datasets.names():
        facts = datasets.manifest(name)
        try:
            where = f"✓ {datasets.find(name, not no_fetch)}"
        except datasets.NoData as error:
            where, lacking = f"✗ {error}", lacking + 1
        click.echo(f"{name}: {facts['title']} ({facts['licence']})\n  {where}")
    sys.exit(1 if lacking == len(datasets.names()) else 0)


@main.command()
@kindly
def doctor() -> None:
    """Say what works on this machine, what does not, and how to mend it. Exit code 1: nothing official is graded here.

    \b
    Example:  autograder doctor
    """
    from autograder.doctor import examine

    official = True
    for found in examine():
        click.echo(f"{'✓' if found.works else '✗' if found.needed else '–'} {found.what}: {found.words}")
        official = official and (found.works or not found.needed)
    click.echo("Grades given here are official." if official else "Nothing official can be graded here: see each ✗.")
    sys.exit(0 if official else 1)


@main.command()
@click.option("--quick", is_flag=True, help="Few epochs, under five minutes; writes nothing.")
@kindly
def reproduce(quick: bool) -> None:
    """Train each model of the lesson as the lesson did, print ours beside its figures, and write docs/lesson.md.

    \b
    Example:  autograder reproduce --quick
    """
    from importlib import import_module

    from autograder.data import root

    if not (script := root() / "solutions" / "lesson.py").is_file():
        raise Refused(f"There is no {script}: the lesson's models are with the solutions, which this copy lacks.")
    sys.path.insert(0, str(script.parent))
    try:
        lesson = import_module("lesson")
    except ModuleNotFoundError as error:
        raise Refused(f"The lesson's models need {error.name}: pip install {error.name}") from None
    lesson.reproduce(quick, click.echo)
