"""Commands of an author: build, validate, calibrate, reproduce; and of all: data, doctor."""

import sys
from pathlib import Path

import click

from autograder.cli.base import Refused, main, report_user_errors


@main.command()
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail when something is out of date.")
@click.option("--release", type=click.Path(path_type=Path), help="Write what students get into this folder.")
@click.option("--notebooks", type=click.Path(path_type=Path), help="Write notebooks for Colab or JupyterHub there.")
@click.option("--kit", default="kit.zip", help="With --notebooks: where they find kit.zip, an address or a path.")
@click.option("--gradescope", type=click.Path(path_type=Path), help="Write what Gradescope runs into this folder.")
@report_user_errors
def build(only_check: bool, release: Path | None, notebooks: Path | None, kit: str, gradescope: Path | None) -> None:
    """Generate stubs and public keys from solutions/.

    \b
    Example:  autograder build --check
    """
    from autograder.authoring import build as building
    from autograder.authoring import release as releasing

    if release:
        releasing.release(release)
        click.echo(f"{release}: what students get")
    if notebooks:
        releasing.notebooks(notebooks, kit)
        click.echo(f"{notebooks}: notebooks, and kit.zip for {kit}")
    if gradescope:
        releasing.gradescope(gradescope)
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
@report_user_errors
def validate(seeds: int, quick: bool, page: bool, jobs: int, units: tuple[str, ...]) -> None:
    """Prove the material: solutions earn all, in other styles too (on 20 seeds or more, where not --quick); stubs
    nothing; each known mistake is told apart from every other; wrong variants lose points.

    \b
    Example:  autograder validate unit4 --seeds 5
    """
    from concurrent.futures import ThreadPoolExecutor
    from time import perf_counter

    from autograder.authoring.grader_page import grader_page
    from autograder.authoring.validate import Proof, validate
    from autograder.course import find_unit, unit_names

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
@report_user_errors
def calibrate(seeds: int, jobs: int, units: tuple[str, ...]) -> None:
    """Train the solution, its other styles and its mistakes on many seeds, say where each training bound lies between
    them, and write it into solutions/bounds.toml. All units take 40 minutes with -j 2.

    \b
    Example:  autograder calibrate unit4 --seeds 12 -j 2
    """
    from autograder.authoring import calibrate as calibrating
    from autograder.course import find_unit, unit_names

    passed = True
    for name in map(find_unit, units or unit_names()):
        for bound in calibrating.calibrate(name, seeds, jobs, click.echo):
            calibrating.keep([bound])
            click.echo(bound.told())
            passed = passed and bound.told().startswith("✓")
    sys.exit(0 if passed else 1)


@main.command()
@click.option("--no-fetch", is_flag=True, help="Fetch nothing.")
@report_user_errors
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
@report_user_errors
def doctor() -> None:
    """Say what works on this machine, what does not, and how to mend it. Exit code 1: nothing official is graded here.

    \b
    Example:  autograder doctor
    """
    from autograder.grading.doctor import examine

    official = True
    for found in examine():
        click.echo(f"{'✓' if found.works else '✗' if found.needed else '–'} {found.what}: {found.words}")
        official = official and (found.works or not found.needed)
    click.echo("Grades given here are official." if official else "Nothing official can be graded here: see each ✗.")
    sys.exit(0 if official else 1)


@main.command()
@click.option("--quick", is_flag=True, help="Few epochs, under five minutes; writes nothing.")
@report_user_errors
def reproduce(quick: bool) -> None:
    """Train each model of the lesson as the lesson did, print ours beside its figures, and write docs/lesson.md.

    \b
    Example:  autograder reproduce --quick
    """
    from importlib import import_module

    from autograder.course import root

    if not (script := root() / "solutions" / "lesson.py").is_file():
        raise Refused(f"There is no {script}: the lesson's models are with the solutions, which this copy lacks.")
    sys.path.insert(0, str(script.parent))
    try:
        lesson = import_module("lesson")
    except ModuleNotFoundError as error:
        raise Refused(f"The lesson's models need {error.name}: pip install {error.name}") from None
    lesson.reproduce(quick, click.echo)
