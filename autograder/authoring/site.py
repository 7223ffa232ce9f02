"""A course as static pages: units as they run, with their outputs, and the course's docs."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import sphinx  # noqa: F401  where it is missing, say so before the work
from jinja2 import Environment, PackageLoader, StrictUndefined
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from autograder.authoring.build import solutions
from autograder.authoring.given import refuse_full
from autograder.check import functions_of_questions
from autograder.course import Course, load_unit
from autograder.errors import UserError
from autograder.schema import read_toml
from autograder.source.markers import BEGIN
from autograder.source.notebooks import read_percent, write_notebook
from autograder.source.pictures import PICTURE, picture_files, pictures, scripts_of
from autograder.source.solution import Solution, without_marks

SECONDS = 600  # seconds that one cell may take
STUDENT_WORDS = (
    "These pages show each unit with every exercise solved: texts, pictures and "
    "figures, without the code of the solutions."
)
INSTRUCTOR_WORDS = "These pages hold the solutions. They are for instructors."
# additions to the theme for readers with a keyboard or a screen reader: names of regions, scrolling
# of code
FOR_ALL_READERS = {
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer': '<aside aria-label="On this page" class="toc-drawer',
    '<p class="caption" role="heading">': '<p class="caption">',
    "<pre>": '<pre tabindex="0">',
}


CONTENTS = "contents.toml"  # in docs: the parts of the sidebar, and the pages of each, in order
FRONT = "front.md"  # in docs: the text of the first page above the units
INTERACTIVE = "interactive.js"  # code that figures share, copied to pages with the style sheet
FIGURES = "figures"  # the folder of the figures' own scripts, beside it
REST = "More"  # the part for pages that belong to no part

# a link from a page of docs to a file outside the docs, which the site does not hold
LINK_OUT_OF_DOCS = re.compile(r"(?<!!)\[([^\]]*)\]\(\.\./[^)]*\)")


@dataclass(frozen=True)
class Summary:
    """The entry of a unit on the course's map.

    needs: what readers should know before, a sentence. aims: what they can do afterwards.
    picture: the first in its text, as an address of the site; "" without one.
    """

    name: str
    title: str
    exercises: int
    time: str
    points: str
    needs: str = ""
    aims: tuple[str, ...] = ()
    picture: str = ""


class SidebarPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the sidebar. pages: by their names in `docs`, without a suffix."""

    title: str
    pages: tuple[str, ...]


class Sidebar(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parts of the sidebar in order. The units follow the first page of the first part."""

    part: tuple[SidebarPart, ...] = ()


def write_site(
    course: Course, out: Path, with_solutions: bool, tell: Callable[[str], None]
) -> None:
    """Run all units of a course, and write them and its docs as static pages.

    out: the folder to write. with_solutions: show the code of the solutions, for instructors;
    otherwise show the starter code. tell: is called with each step in words.
    Raises `NotEmpty` if `out` is not empty, and `UserError` if a unit does not run.
    """
    refuse_full(out)
    parts = parts_of(course)
    with tempfile.TemporaryDirectory() as made:
        source = Path(made)
        units = source / "units"
        units.mkdir()
        summaries = []
        for name, solution in solutions(course):
            tell(f"{name}: running it")
            book = executed_unit(course, name, solution)
            asked = functions_of_questions(load_unit(course, name).checks)
            answers = [each for each in asked if f"def {each}(" in solution.text]
            hide_solutions(book, solution, with_solutions, answers)
            link_pages(book, course.folder / "docs")
            _copy_pictures(course, name, solution, source)
            make_interactive(book, course.solution(name).parent, source / "_static")
            write_notebook(book, units / f"{name}.ipynb")
            summary = summary_of(course, name, solution)
            summaries.append(replace(summary, picture=_picture_of(course, name, solution, out)))
        _copy_docs(course, source)
        words = INSTRUCTOR_WORDS if with_solutions else STUDENT_WORDS
        _write_templates(
            source,
            title=course.title,
            units=summaries,
            parts=_with_units(parts, summaries),
            front=_front(course),
            words=words,
        )
        tell("writing the pages")
        _run_sphinx(source, out)
    tell(f"{out / 'index.html'}")


def executed_unit(course: Course, name: str, solution: Solution) -> Any:
    """Run a unit's solution as a notebook, from top to bottom in a new kernel.

    Raises `UserError` with the cell's error if one fails.
    """
    book = read_percent(solution.plain())
    client = NotebookClient(book, timeout=SECONDS, kernel_name="python3", coalesce_streams=True)
    try:
        client.execute(cwd=str(course.folder))
    except CellExecutionError as error:
        raise UserError(
            f"{name}: the solution does not run as a notebook: {error.ename}: {error.evalue}"
        ) from error
    return book


def hide_solutions(
    book: Any, solution: Solution, with_solutions: bool, answers: Collection[str] = ()
) -> None:
    """Replace a notebook's solutions by starter code; fold the code of pictures.

    The output of examples that call one of `answers`, the functions that answer questions, is left
    out, because students have to predict it. Raises `UserError` if a line of a solution would still
    be shown.
    """
    stub_cells = read_percent(solution.stub).cells
    for cell, stub in zip(book.cells, stub_cells, strict=True):
        if cell.cell_type != "code":
            continue
        if BEGIN in cell.source:
            cell.source = without_marks(cell.source) if with_solutions else stub.source
        _tidy_cell(cell)
        is_to_be_predicted = any(_calls(cell.source, name) for name in answers)
        if is_to_be_predicted and not with_solutions:
            cell.outputs = []
    if with_solutions:
        return
    shown = "\n".join(cell.source for cell in book.cells)
    for line in sorted(solution.secret_lines):
        if line in shown:
            raise UserError(f"a line of the solution would be shown to students: {line}")


def _calls(source: str, name: str) -> bool:
    return re.search(rf"\b{name}\(", source) is not None


def _tidy_cell(cell: Any) -> None:
    """Remove the output of checks and stderr, and fold the code of examples and pictures."""
    source = cell.source
    is_check = re.search(r"^check\(", source, re.M)
    if "autograder.example(" in source or "plt." in source:
        cell.metadata["tags"] = ["hide-input"]
    shown = []
    for output in cell.outputs:
        is_stderr = output.get("name") == "stderr"
        if not is_check and not is_stderr:
            shown.append(output)
    cell.outputs = shown


def link_pages(book: Any, docs: Path) -> None:
    """Make a link of each page of docs that a unit's text names, as in `docs/page.md`."""
    for cell in book.cells:
        if cell.cell_type != "markdown":
            continue
        named = re.findall(r"`docs/([\w-]+\.md)`", cell.source)
        for name in set(named):
            page = docs / name
            if page.is_file():
                link = f"[docs/{name}](../docs/{name})"
                cell.source = cell.source.replace(f"`docs/{name}`", link)


def make_interactive(book: Any, folder: Path, static: Path) -> None:
    """Turn each picture of a unit that has a script beside it into an interactive figure.

    folder: where the unit's script lies. static: where the figures' scripts are copied to. The
    picture stays on the page, for print and for readers without JavaScript.
    """
    wanted = [INTERACTIVE]  # the code that all figures of a page share is loaded once
    for cell in book.cells:
        if cell.cell_type != "markdown":
            continue
        for picture in pictures(cell.source):
            scripts = scripts_of(folder / picture.address)
            if not scripts:
                continue
            for script in scripts:
                target = static / FIGURES / script.name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(script, target)
            wanted += [f"{FIGURES}/{script.name}" for script in scripts]
            cell.source = _with_place_of_figure(cell.source, picture.address, wanted)
            wanted = []


def _with_place_of_figure(text: str, address: str, scripts: Sequence[str]) -> str:
    """Put a picture of a text into an element of its own, with scripts that follow it."""
    tags = "\n".join(f'<script defer src="../_static/{name}"></script>' for name in scripts)
    begin = f'\n\n<div class="interactive" data-figure="{Path(address).stem}">\n{tags}\n\n'

    def placed(found: re.Match[str]) -> str:
        if found[2] != address:
            return found[0]
        return f"{begin}{found[0]}\n\n</div>\n\n"

    return PICTURE.sub(placed, text)


def summary_of(course: Course, name: str, solution: Solution) -> Summary:
    """Return a unit's entry for the course's map."""
    title = re.search(r"^# # (.+)$", solution.text, re.M)
    minutes = re.findall(r"\*\*Exercise\*\* · (\d+) minutes", solution.text)
    checks = load_unit(course, name).checks
    minutes_in_all = sum(map(int, minutes))
    points = sum(check.points for check in checks)
    return Summary(
        name=name,
        title=title[1] if title else name,
        exercises=len(minutes),
        time=_time_in_words(minutes_in_all),
        points=f"{points:g}",
        needs=needs_of(solution.text),
        aims=aims_of(solution.text),
    )


def _time_in_words(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest:02} min"


def needs_of(text: str) -> str:
    """Return the sentence of a unit that begins "You need", on one line; "" if there is none."""
    found = re.search(r"^# (You need .+?\.)(?=\s)", text, re.M | re.S)
    if not found:
        return ""
    return _on_one_line(found[1])


def aims_of(text: str) -> tuple[str, ...]:
    """Return the items of the list below "Afterwards you can", without their final punctuation."""
    opening = re.search(r"^# \*\*Afterwards you can\*\*\n#\n((?:# .+\n)+)", text, re.M)
    if not opening:
        return ()
    _, *points = re.split(r"^# \* ", opening[1], flags=re.M)
    aims = []
    for point in points:
        aim = _on_one_line(point)
        aims.append(aim.rstrip(".;"))
    return tuple(aims)


def _on_one_line(comment: str) -> str:
    """Join the lines of a comment."""
    without_hashes = comment.replace("\n#", " ")
    return " ".join(without_hashes.split())


def _copy_pictures(course: Course, name: str, solution: Solution, source: Path) -> None:
    """Copy the pictures that a unit shows to where its page finds them."""
    script = course.solution(name)
    top = course.folder.resolve()
    for file in picture_files(solution.text, script.parent):
        path = file.relative_to(top)
        target = source / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def _picture_of(course: Course, name: str, solution: Solution, out: Path) -> str:
    """Return the address of the first picture that a unit shows, below `out`; "" without one."""
    script = course.solution(name)
    for file in picture_files(solution.text, script.parent):
        copied = out / "_pictures" / f"{name}{file.suffix}"
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copied)
        return copied.relative_to(out).as_posix()
    return ""


def _copy_docs(course: Course, source: Path) -> None:
    """Copy the course's docs with their pictures.

    A link that leads out of the docs becomes plain text.
    """
    docs = course.folder / "docs"
    if not docs.is_dir():
        return
    copied = source / "docs"
    shutil.copytree(docs, copied)
    (copied / FRONT).unlink(missing_ok=True)
    for page in copied.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        if page.parent == copied:
            text = LINK_OUT_OF_DOCS.sub(r"\1", text)
        page.write_text(text, encoding="utf-8", newline="\n")


def parts_of(course: Course) -> tuple[SidebarPart, ...]:
    """Return the parts of the sidebar, with pages as the site names them.

    They are those of `docs/contents.toml`; pages that it does not name come last. Raises
    `UserError` if it names a missing page.
    """
    docs = course.folder / "docs"
    pages = {page.relative_to(docs).with_suffix("").as_posix() for page in docs.rglob("*.md")}
    pages.discard(Path(FRONT).stem)
    contents = Sidebar()
    if (docs / CONTENTS).is_file():
        contents = read_toml(docs / CONTENTS, Sidebar)
    parts = []
    for part in contents.part:
        missing = set(part.pages) - pages
        if missing:
            name = min(missing)
            raise UserError(f"{docs / CONTENTS} names the page `{name}`. There is no {name}.md.")
        parts.append(SidebarPart(part.title, tuple(f"docs/{name}" for name in part.pages)))
    named = {name for part in contents.part for name in part.pages}
    rest = sorted(pages - named)
    if rest:
        parts.append(SidebarPart(REST, tuple(f"docs/{name}" for name in rest)))
    return tuple(parts)


def _with_units(parts: Sequence[SidebarPart], units: Sequence[Summary]) -> list[SidebarPart]:
    """Return the parts of the sidebar with the units after the first page of the first part.

    If the course names no parts, the units form a part.
    """
    addresses = tuple(f"units/{unit.name}" for unit in units)
    if not parts or parts[0].title == REST:
        return [SidebarPart("Units", addresses), *parts]
    first, *others = parts
    front, *pages = first.pages
    with_units = SidebarPart(first.title, (front, *addresses, *pages))
    return [with_units, *others]


def _front(course: Course) -> str:
    """Return the text of the first page above the units, with addresses from the site's top."""
    front = course.folder / "docs" / FRONT
    if not front.is_file():
        return ""
    text = front.read_text(encoding="utf-8")
    return re.sub(r"\]\((?!\w+:|\.\./)", "](docs/", text).replace("](../", "](")


def _write_templates(source: Path, **values: Any) -> None:
    """Write the pages and settings that all sites share, with values filled in."""
    environment = Environment(
        loader=PackageLoader("autograder.authoring", "templates/site"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    (source / "_static").mkdir(exist_ok=True)
    paths = {"conf.py": "conf.py", "index.md": "index.md"}
    paths |= {name: f"_static/{name}" for name in ("site.css", INTERACTIVE)}
    for name, path in paths.items():
        template = environment.get_template(name)
        file = source / path
        file.write_text(template.render(values), encoding="utf-8", newline="\n")


def _run_sphinx(source: Path, out: Path) -> None:
    """Let Sphinx write HTML. Raises `UserError` with its last output if it fails.

    It first writes below `source`: an extension puts the notebooks, with the solutions, beside the
    folder that Sphinx writes into.
    """
    cache = source / "_build"
    made = cache / "html"
    options = ["-q", "-b", "html", "-d", str(cache)]
    folders = [str(source), str(made)]
    command = [sys.executable, "-m", "sphinx", *options, *folders]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last_words = done.stderr.strip()[-800:]
        raise UserError(f"Sphinx could not write the pages: {last_words}")
    shutil.rmtree(made / "_sources", ignore_errors=True)
    shutil.copytree(made, out, dirs_exist_ok=True)
    for page in out.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for as_written, for_all in FOR_ALL_READERS.items():
            text = text.replace(as_written, for_all)
        page.write_text(text, encoding="utf-8", newline="\n")
