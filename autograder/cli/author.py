"""Commands of an author: new, build, validate, calibrate, reproduce; and for all: data, doctor."""

import sys
from functools import partial
from pathlib import Path

import click

from autograder.cli.base import (
    PATH,
    Refused,
    as_typed,
    course_option,
    find_course,
    main,
    report_user_errors,
)


@main.command()
@click.argument("folder", metavar="COURSE", type=PATH)
@report_user_errors
def new(folder: Path) -> None:
    """Write a small working course into the new folder COURSE; within a course, add a unit.

    The course builds and passes its tests as it is. Then change it.

    \b
    Example:  autograder new sorting             a course
              autograder new sorting/merging     a unit of it
    """
    from autograder.authoring.new import new
    from autograder.course import FILE

    where = folder.absolute().parent
    is_unit = (where / FILE).is_file()
    written = new(folder)
    click.echo("\n".join(map(str, written)))
    if is_unit:
        click.echo(
            f"This is a new unit of the course in {where}. If you wanted a new course: delete "
            f"these files, take the unit out of {FILE}, and name a folder outside of {where}."
        )
        click.echo(f"Next, in {where}: autograder build {folder.name}")
        click.echo(f"Then: autograder validate {folder.name}")
    else:
        click.echo("This is a new course. Next:")
        click.echo(f"    cd {as_typed(folder)}")
        click.echo("    autograder build")
        click.echo("README.md there explains the files and the next steps.")


def _say_where_no_walls_are() -> None:
    """Tell an author that their own code is not confined here."""
    from autograder.sandbox.inside import confinement

    if confinement.missing():
        click.echo("Your own code runs without a sandbox here. Grade classes on Linux.", err=True)


@main.command()
@click.option(
    "--check",
    "only_check",
    is_flag=True,
    help="Write nothing; fail if a generated file is out of date.",
)
@click.option("--release", type=PATH, help="Write the students' files into this folder.")
@click.option(
    "--notebooks",
    type=PATH,
    help="Write notebooks for Colab or JupyterHub there.",
)
@click.option(
    "--kit",
    default="kit.zip",
    help="With --notebooks: where they find kit.zip, an address or a path.",
)
@click.option(
    "--github",
    is_flag=True,
    help="With --release: also a workflow of GitHub's that checks each push.",
)
@click.option(
    "--classroom50",
    type=PATH,
    help="Write an assignment's bundle for Classroom 50.",
)
@click.option(
    "--gradescope",
    type=PATH,
    help="Write an autograder for Gradescope into this folder.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 1000),
    help="With --gradescope: include the keys of N secret seeds.",
)
@click.option(
    "--unit",
    "named",
    multiple=True,
    help="Only this unit.",
)
@click.argument("units", nargs=-1)
@course_option
@report_user_errors
def build(
    only_check: bool,
    release: Path | None,
    notebooks: Path | None,
    kit: str,
    github: bool,
    classroom50: Path | None,
    gradescope: Path | None,
    seeds: int | None,
    named: tuple[str, ...],
    units: tuple[str, ...],
    course_folder: Path | None,
) -> None:
    """Generate starter code and the reference outputs for practice, from solutions/.

    If units are named, the files for students contain only these.

    \b
    Example:  autograder build --check
              autograder build UNIT --release ../week-1
    """
    _say_where_no_walls_are()
    from autograder.authoring import build as building
    from autograder.authoring import release as releasing
    from autograder.authoring.given import unused_datasets
    from autograder.course import find_unit, load_unit

    course = find_course(course_folder)
    wanted = tuple(find_unit(course, name) for name in (*named, *units))
    is_handed_out = release or notebooks or classroom50 or gradescope
    try:
        written = building.build(
            course, wanted, only_check or bool(is_handed_out), partial(click.echo, err=True)
        )
    except building.Stale as error:
        raise click.ClickException(str(error)) from None
    if not is_handed_out:
        click.echo("\n".join(written) or "everything is up to date")
    if release:
        releasing.release(course, release, github, wanted)
        click.echo(f"{release}: what students get")
        for unit in wanted or course.units:
            points = sum(check.points for check in load_unit(course, unit).checks)
            click.echo(f"  {unit}: {points:g} points")
    if notebooks:
        releasing.notebooks(course, notebooks, kit, wanted)
        click.echo(f"{notebooks}: notebooks, and kit.zip, which they look for at {kit}")
    if classroom50:
        releasing.classroom50(course, classroom50, wanted)
        click.echo(
            f"{classroom50}: put it into <classroom>/autograders/<assignment>/ of your "
            "classroom50 repository"
        )
    if gradescope:
        releasing.gradescope(course, gradescope, wanted, seeds or 0, click.echo)
        click.echo(f"{gradescope}: zip its contents and upload them as the autograder")
    if not wanted:  # otherwise the other units, and their packages, are not needed
        for line in unused_datasets(course):
            click.echo(line, err=True)


@main.command()
@click.option(
    "--seeds",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    help="Number of new seeds.",
)
@click.option(
    "--quick", is_flag=True, help="Leave out the checks that train, and nine of ten mutants."
)
@click.option("--check", "only", metavar="NAME", default="", help="Test one check of one unit.")
@click.option("--page", is_flag=True, help="Write docs/measurements/grader.md.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="How many units to test at a time; of a single unit, how many mutants.",
)
@click.argument("units", nargs=-1)
@course_option
@report_user_errors
def validate(
    seeds: int,
    quick: bool,
    only: str,
    page: bool,
    jobs: int,
    units: tuple[str, ...],
    course_folder: Path | None,
) -> None:
    """Test solutions, mistakes and checks of all units, or of those named.

    The solution earns all points, and so do alternative solutions (on 20 seeds or more without
    --quick). Starter code earns none. Each known mistake is diagnosed, and wrong variants lose
    points.

    \b
    Example:  autograder validate UNIT --seeds 5
    """
    _say_where_no_walls_are()
    from concurrent.futures import ThreadPoolExecutor
    from time import perf_counter

    from autograder.authoring.validate import validate
    from autograder.authoring.validation_report import ValidationReport
    from autograder.course import find_unit, load_unit

    began = perf_counter()
    course = find_course(course_folder)
    names = [find_unit(course, name) for name in units or course.units]
    if only and (page or len(names) > 1):
        raise Refused("--check tests one check of one unit: name the unit, and leave out --page.")
    reports = [ValidationReport(name, seeds, quick, only) for name in names]
    jobs_of_each = max(1, jobs // len(reports))

    def count_faults(report: ValidationReport) -> int:
        faults = 0
        for finding in validate(load_unit(course, report.unit), report, jobs_of_each):
            click.echo(finding.text)
            faults += finding.fault
        return faults

    with ThreadPoolExecutor(jobs) as pool:
        faults = sum(pool.map(count_faults, reports))
    if page:
        from autograder.authoring.grader_page import grader_page

        minutes = (perf_counter() - began) / 60
        click.echo(grader_page(course, reports, jobs, minutes))
    sys.exit(1 if faults else 0)


@main.command()
@click.option(
    "--seeds", type=click.IntRange(1, 1000), default=12, show_default=True, help="How many seeds."
)
@click.option(
    "--quick", is_flag=True, help="Train one in six of the mistakes that exact checks catch."
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Trainings at a time.",
)
@click.argument("units", nargs=-1)
@course_option
@report_user_errors
def calibrate(
    seeds: int, quick: bool, jobs: int, units: tuple[str, ...], course_folder: Path | None
) -> None:
    """Measure how far training ends from the solution, for right answers and mistakes.

    Trains the solution, the alternative solutions and the mistakes on many seeds, and writes the
    distances beside the bound, into solutions/bounds.toml. Choose a bound between them.
    -j trains several at a time.

    \b
    Example:  autograder calibrate UNIT --seeds 12 -j 2
    """
    _say_where_no_walls_are()
    from autograder.authoring import bounds as keeping
    from autograder.authoring import calibrate as calibrating
    from autograder.course import find_unit, load_unit

    course = find_course(course_folder)
    passed = True
    names = [find_unit(course, name) for name in units or course.units]
    for name in names:
        unit = load_unit(course, name)
        for bound in calibrating.calibrate(unit, seeds, jobs, click.echo, quick):
            keeping.save_bounds(course, [bound])
            click.echo(bound.summary())
            passed = passed and bound.ok
    sys.exit(0 if passed else 1)


@main.command()
@click.argument("out", type=PATH)
@click.option("--solutions", is_flag=True, help="Show the code of the solutions: for instructors.")
@course_option
@report_user_errors
def site(out: Path, solutions: bool, course_folder: Path | None) -> None:
    """Run all units, and write them and the docs as static pages into OUT.

    The pages show what the units print and draw.

    \b
    Example:  autograder site build/site
    """
    from autograder.authoring.site import write_site

    course = find_course(course_folder)
    write_site(course, out, solutions, click.echo)


@main.command()
@click.argument("datasets", nargs=-1)
@click.option("--no-fetch", is_flag=True, help="Fetch nothing.")
@course_option
@report_user_errors
def data(datasets: tuple[str, ...], no_fetch: bool, course_folder: Path | None) -> None:
    """List the data with its sources and licences, and fetch what is missing.

    Without DATASETS, all of the course's.

    \b
    Example:  autograder data
    """
    from autograder import data

    course = find_course(course_folder)
    known = data.names(course)
    if not known:
        click.echo("This course has no datasets.")
        return
    unknown = [name for name in datasets if name not in known]
    if unknown:
        raise Refused(f"There is no dataset {', '.join(unknown)}. Known: {', '.join(known)}.")
    names = datasets or known
    found = 0
    for name in names:
        manifest = data.manifest(course, name)
        click.echo(f"{name}: {manifest.title} ({manifest.licence})")
        try:
            parts = ("", *manifest.parts)
            path, *_ = [data.find(course, name, part, fetch=not no_fetch) for part in parts]
        except data.NoData as error:
            instead = data.stand_ins(course, name)
            if instead:
                click.echo(f"  – {error} Until then, units use {' or '.join(instead)}.")
            else:
                click.echo(f"  ✗ {error}")
        else:
            click.echo(f"  ✓ {path}")
            found += 1
    sys.exit(0 if found else 1)


@main.command()
@course_option
@report_user_errors
def doctor(course_folder: Path | None) -> None:
    """Report what works on this machine, what does not, and how to fix it.

    Exit code 1: official grades are not possible here.

    \b
    Example:  autograder doctor
    """
    from autograder.course import NoCourse
    from autograder.grading.doctor import examine

    course = None
    try:
        course = find_course(course_folder)
    except NoCourse as error:
        click.echo(f"– a course: {error} So no submission was tried.")
    official = True
    for found in examine(course):
        if found.works:
            sign = "✓"
        elif found.needed:
            sign = "✗"
            official = False
        else:
            sign = "–"
        click.echo(f"{sign} {found.what}: {found.words}")
    if not official:
        click.echo("Official grades are not possible here: see each ✗.")
        sys.exit(1)
    click.echo("Grades given here are official.")


@main.command()
@click.option("--quick", is_flag=True, help="Train briefly, in minutes; write nothing.")
@course_option
@report_user_errors
def reproduce(quick: bool, course_folder: Path | None) -> None:
    """Run the course's own experiments, `solutions/lesson.py`: train what its lesson trained,
    compare the figures.

    \b
    Example:  autograder reproduce --quick
    """
    from importlib import import_module

    from autograder.course import telling_of_missing_packages

    course = find_course(course_folder)
    script = course.folder / "solutions" / "lesson.py"
    if not script.is_file():
        raise Refused(
            f"There is no {script}: this course has no such experiments, or this copy lacks the "
            "solutions."
        )
    sys.path.insert(0, str(script.parent))
    with telling_of_missing_packages(course, script.name):
        lesson = import_module("lesson")
    lesson.reproduce(quick, click.echo)
