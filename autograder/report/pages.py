"""Verdicts as HTML: a page for each submission and one for the class. They work from a file, with no network."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autograder.journal import Result, write_whole
from autograder.report import html, summary
from autograder.report.terminal import number


def write_pages(results: Sequence[Result], folder: Path) -> Path:
    """Write all pages below `folder`; the path of the class page."""
    environment = Environment(
        loader=PackageLoader("autograder.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["number"] = number
    environment.filters["ticks"] = lambda text: Markup(html(text))  # escaped by `html`
    environment.filters["url"] = lambda part: quote(part, safe="")
    student, everyone = environment.get_template("student.html"), environment.get_template("class.html")
    for result in results:
        write_whole(folder / result.unit / f"{result.student}.html", student.render(result=result))
    units = {unit: [r for r in results if r.unit == unit] for unit in sorted({r.unit for r in results})}
    write_whole(folder / "index.html", everyone.render(units=units, summary=summary))
    return folder / "index.html"
