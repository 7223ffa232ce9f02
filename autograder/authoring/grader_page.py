"""How good the grader is, as a page: docs/grader.md.

It is made from what `autograder validate` has found, and from solutions/bounds.toml, which
`autograder calibrate` has written.
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
    """Write docs/grader.md and its plot, and return the page's path.

    reports: of the units that were validated. jobs, minutes: how that was done.
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
    path = course.folder / "docs" / "grader.md"
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

    figure = Figure((10, 0.42 * len(bounds) + 1.2), layout="constrained")
    axes = figure.subplots()
    for row, bound in enumerate(bounds):
        _plot_bound(axes, row, bound)
    rows = [f"{course.short(bound.unit)} {bound.check}, {bound.data}" for bound in bounds]
    axes.set(xscale="log", xlim=(LEAST / 2, 30), ylim=(len(bounds) - 0.4, -0.6))
    edges = f"at the edges {LEAST:g} and less, {MOST} and more"
    axes.set_xlabel(f"distance from our held-out loss, same seed ({edges})")
    axes.set_yticks(range(len(bounds)), rows)
    axes.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    path.parent.mkdir(exist_ok=True)
    with matplotlib.rc_context({"svg.hashsalt": "bounds"}):
        figure.savefig(path, metadata={"Date": None})


def _plot_bound(axes: Any, row: int, bound: Bound) -> None:
    """Draw right answers above the middle of a row, mistakes below it, and the bound across."""
    right = [distance for distances in bound.right.values() for distance in distances]
    nearest = [min(map(abs, distances)) for distances in bound.wrong.values()]
    within = [distance for distance in nearest if distance <= bound.within]
    above, below = row - 0.17, row + 0.17
    _plot_dots(axes, above, right, "o", "#0072b2", "right answers")
    _plot_dots(axes, below, bound.beyond, "x", "#d55e00", "mistakes, the nearest of their seeds")
    _plot_dots(axes, below, within, "x", "#8a8a8a", "mistakes that exact checks catch")
    label = "" if row else "the bound"
    axes.vlines(bound.within, row - 0.4, row + 0.4, "black", linewidth=2, label=label)


def _plot_dots(
    axes: Any, height: float, distances: Iterable[float], marker: str, color: str, label: str
) -> None:
    """Draw distances at a height; only those of the first row have a label, for the legend."""
    shown = [min(max(abs(distance), LEAST), MOST) for distance in distances]
    heights = [height] * len(shown)
    label = label if height < 0.5 else ""
    axes.plot(shown, heights, marker, color=color, alpha=0.6, label=label)


def _figure(value: float | str) -> str:
    """Write a distance with four decimals or as a power of ten; text stays as it is."""
    if isinstance(value, str):
        return value
    if value >= 1e-4 or not value:
        return f"{value:.4f}"
    return f"{value:.0e}"


def _small(chance: float) -> str:
    return f"{chance:.0e}" if chance >= 1e-9 else "under 1e-09"


def _kept(course: Course, report: ValidationReport) -> list[tuple[str, str]]:
    """Return the checks without which no mutant would pass, each with why it is kept."""
    kept = []
    for check in load_unit(course, report.unit).checks:
        if not report.alone[check.name]:
            kept.append((check.name, check.kept))
    return kept


def _notes(course: Course) -> str:
    """Return what the course's author adds to the page: `solutions/grader-notes.md`."""
    path = course.folder / "solutions" / "grader-notes.md"
    return path.read_text(encoding="utf-8").rstrip("\n") if path.is_file() else ""


def _versions(course: Course) -> str:
    """Return the versions of what the units' experiments compute with."""
    packages = {"numpy"}
    for unit in course.units:
        packages.update(load_unit(course, unit).packages)
    return ", ".join(f"{name} {version(name)}" for name in sorted(packages))
