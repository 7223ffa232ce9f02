"""The quality of the grader as a page: docs/measurements/grader.md.

It is made from the results of `autograder validate`, and from solutions/bounds.toml, which
`autograder calibrate` writes.
"""

import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.authoring.bounds import Bound, read_bounds
from autograder.authoring.calibrate import FAR, FEW, NEAR
from autograder.authoring.mutants import equivalents
from autograder.authoring.validation_report import ValidationReport
from autograder.course import Course, load_unit
from autograder.grading.results import write_whole
from autograder.report.terminal import number

LEAST, MOST = 1e-7, 20  # distances beyond these are drawn at the edges of the plot


def grader_page(
    course: Course, reports: Sequence[ValidationReport], jobs: int, minutes: float
) -> Path:
    """Write docs/measurements/grader.md and its plot, and return the page's path.

    reports: of the validated units. jobs, minutes: how the validation ran.
    """
    bounds = read_bounds(course)
    environment = Environment(
        loader=PackageLoader("autograder.authoring"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    text = environment.get_template("grader.md").render(
        reports=reports,
        first=reports[0],
        jobs=jobs,
        minutes=minutes,
        bounds=bounds,
        near=NEAR,
        far=FAR,
        few=FEW,
        notes=_notes(course),
        versions=_versions(course),
        machine=f"{platform.system()} {platform.machine()}",
        loss_unit=course.about.words.loss,
        short=course.short,
        number=number,
        small=_small,
        figure=_figure,
        kept=lambda report: _kept(course, report),
        equivalents=lambda unit: equivalents(load_unit(course, unit)),
    )
    path = course.folder / "docs" / "measurements" / "grader.md"
    write_whole(path, text.rstrip("\n"))
    if bounds:
        plot(course, bounds, path.with_suffix("") / "bounds.svg")
    return path


def plot(course: Course, bounds: Sequence[Bound], path: Path) -> None:
    """Draw both distributions of each check and corpus beside its bound.

    The SVG is the same each time.
    """
    import matplotlib
    from matplotlib.figure import Figure

    height = 0.42 * len(bounds) + 1.2  # inches
    figure = Figure((10, height), layout="constrained")
    axes = figure.subplots()
    titles = []
    for row, bound in enumerate(bounds):
        _plot_bound(axes, row, bound)
        unit = course.short(bound.unit)
        titles.append(f"{unit} {bound.check}, {bound.data}")
    axes.set_xscale("log")
    axes.set_xlim(LEAST / 2, 30)
    axes.set_ylim(len(bounds) - 0.4, -0.6)  # the first row at the top
    edges = f"at the edges {LEAST:g} and less, {MOST} and more"
    axes.set_xlabel(f"distance from our held-out loss, same seed ({edges})")
    axes.set_yticks(range(len(bounds)), titles)
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    path.parent.mkdir(exist_ok=True)
    with matplotlib.rc_context({"svg.hashsalt": "bounds"}):
        figure.savefig(path, metadata={"Date": None})


def _plot_bound(axes: Any, row: int, bound: Bound) -> None:
    """Draw right answers above the middle of a row, mistakes below it, and the bound across."""
    right: list[float] = []
    for distances in bound.right.values():
        right.extend(distances)
    within = []
    for distances in bound.wrong.values():
        nearest = min(map(abs, distances))
        if nearest <= bound.within:
            within.append(nearest)
    above = row - 0.17
    below = row + 0.17
    _plot_dots(axes, above, right, "o", "#0072b2", "right answers")
    _plot_dots(axes, below, bound.beyond, "x", "#d55e00", "mistakes, the nearest of their seeds")
    _plot_dots(axes, below, within, "x", "#8a8a8a", "mistakes that exact checks catch")
    label = "" if row else "the bound"
    top = row - 0.4
    bottom = row + 0.4
    axes.vlines(bound.within, top, bottom, "black", linewidth=2, label=label)


def _plot_dots(
    axes: Any, height: float, distances: Iterable[float], marker: str, color: str, label: str
) -> None:
    """Draw distances at a height; only those of the first row have a label, for the legend."""
    shown = []
    for distance in distances:
        at_least = max(abs(distance), LEAST)
        shown.append(min(at_least, MOST))
    heights = [height] * len(shown)
    if height > 0.5:
        label = ""
    axes.plot(shown, heights, marker, color=color, alpha=0.6, label=label)


def _figure(value: float | str) -> str:
    """Write a distance with four decimals or as a power of ten; text stays as it is."""
    if isinstance(value, str):
        return value
    if value >= 1e-4 or not value:
        return f"{value:.4f}"
    return f"{value:.0e}"


def _small(chance: float) -> str:
    if chance < 1e-9:
        return "under 1e-09"
    return f"{chance:.0e}"


def _kept(course: Course, report: ValidationReport) -> list[tuple[str, str]]:
    """Return the checks that no mutant passes alone, each with the reason to keep it."""
    kept = []
    unit = load_unit(course, report.unit)
    for check in unit.checks:
        if not report.alone[check.name]:
            kept.append((check.name, check.kept or "it is a question"))
    return kept


def _notes(course: Course) -> str:
    """Return the author's addition to the page: `solutions/grader-notes.md`."""
    path = course.folder / "solutions" / "grader-notes.md"
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8")
    return text.rstrip("\n")


def _versions(course: Course) -> str:
    """Return the versions of the packages that the units' experiments compute with."""
    packages = {"numpy"}
    for name in course.units:
        unit = load_unit(course, name)
        packages.update(unit.packages)
    versions = [f"{package} {version(package)}" for package in sorted(packages)]
    return ", ".join(versions)
