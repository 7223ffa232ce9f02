"""Draw the engine's packages and the imports between them, and write how large each is.

python tools/architecture.py            docs/architecture.svg and the table in docs/architecture.md
python tools/architecture.py --print    print the imports as a table

The imports are those that import-linter sees; the order is that of its layers in pyproject.toml.
What a package does is the first sentence of its docstring. A line counts if it is not blank;
density is nodes of the syntax tree a line, in the body of the median function.
"""

import argparse
import ast
import statistics
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "architecture.svg"
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- packages -->\n", "<!-- end of packages -->"

# Packages outside the layers, each drawn below the given one.
DRAWN_BELOW = {"sandbox": ("torch", "sandbox.inside")}
# The version and the two files that only re-export: their few imports would hide the others.
LEFT_OUT = {"autograder", "autograder.__main__", "autograder.version"}
# Imported by nearly all: shown as numbers in columns, because arrows would hide all others.
GROUND = ("data", "course", "schema", "check", "errors", "parsing")

ROW = 38  # distance from one package to the next
COLUMN = 48  # distance from one number to the next
BOX_WIDTH, BOX_HEIGHT = 150, 28
REACH = 34  # bulge of an arrow for each row that it passes
MARGIN = 24
TOP = 48
BOXES = MARGIN + COLUMN * len(GROUND)  # left edge of the boxes

STYLE = """
    .page { fill: #ffffff } .box { fill: #eef2f6; stroke: #8c959f }
    .beside { fill: #fff1d6; stroke: #b35900; stroke-dasharray: 4 3 }
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .small { font-size: 11px; fill: #57606a } .number { font-size: 11px; text-anchor: middle }
    .halo { stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round }
    .arrow { fill: none; stroke: #3b6ea8; stroke-opacity: 0.55 } .head { fill: #3b6ea8 }
    .upward { stroke: #cf222e; stroke-opacity: 1 }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117 } .box { fill: #1c2128; stroke: #6e7681 }
      .beside { fill: #33260f; stroke: #d29922 }
      text { fill: #e6edf3 } .small { fill: #9198a1 } .halo { stroke: #0d1117 }
      .arrow { stroke: #79b8ff } .head { fill: #79b8ff }
    }
"""
LEGEND = (
    "On an arrow: how many imports, from the importer down to the imported. "
    "On the left: imports of what nearly all rest on.",
    "In a box: how many modules. With dashes: what runs beside a submission, torch where a unit "
    "needs it.",
)


@dataclass(frozen=True)
class EnginePackage:
    """A folder of the engine, or a module beside the folders."""

    name: str  # without "autograder.", such as "sandbox.inside"
    modules: tuple[str, ...]  # with "autograder."

    @property
    def runs_beside_a_submission(self) -> bool:
        """Return whether the process of a submission imports the package."""
        return self.name in ("sandbox.inside", "torch", "check", "errors", "parsing")


@dataclass(frozen=True)
class Architecture:
    """The packages from the top layer to the lowest, and the imports between each pair."""

    packages: list[EnginePackage]
    imports: Counter[tuple[str, str]]  # (importer, imported) → imports of a module by a module


def layers() -> list[str]:
    """Return the names of all packages, the top layer first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (layered,) = (contract for contract in contracts if contract["type"] == "layers")
    names: list[str] = []
    for layer in layered["layers"]:
        name = layer.removeprefix("autograder.")
        names.append(name)
        names.extend(DRAWN_BELOW.get(name, ()))
    return names


def package_of(module: str, names: list[str]) -> str:
    """Return the package of a module: the longest name in `names` that it begins with."""
    own_name = module.removeprefix("autograder.")
    holders = [name for name in names if f"{own_name}.".startswith(f"{name}.")]
    if not holders:
        layer_list = "the layers of [[tool.importlinter.contracts]] in pyproject.toml"
        raise SystemExit(f"{module} is in no layer: name its package in {layer_list}.")
    return max(holders, key=len)


def read_architecture() -> Architecture:
    """Read the packages and their imports from the code."""
    graph = grimp.build_graph("autograder", exclude_type_checking_imports=True, cache_dir=None)
    names = layers()
    owners = {
        module: package_of(module, names) for module in graph.modules if module not in LEFT_OUT
    }
    modules: dict[str, list[str]] = {}
    for module, own in owners.items():
        modules.setdefault(own, []).append(module)
    imports: Counter[tuple[str, str]] = Counter()
    for importer, own in owners.items():
        for imported in graph.find_modules_directly_imported_by(importer):
            other = owners.get(imported)
            if other is not None and other != own:
                imports[own, other] += 1
    return Architecture(
        [EnginePackage(name, tuple(sorted(modules[name]))) for name in names], imports
    )


def arrow(begin: int, end: int, number: int) -> list[str]:
    """Draw the arrow for imports of the package in row `end` by the one in row `begin`.

    The bulge grows with the number of rows passed, so that no two arrows bulge to the same point,
    where the number stands.
    """
    x = BOXES + BOX_WIDTH
    from_y = middle_of_row(begin)
    to_y = middle_of_row(end)
    goes_down = end > begin
    bulge = REACH * abs(end - begin)
    half = abs(to_y - from_y) // 2
    sweep = 1 if goes_down else 0
    kind = "arrow" if goes_down else "arrow upward"
    width = 0.6 + number**0.5
    label_x = x + bulge
    label_y = (from_y + to_y) // 2 + 4
    return [
        f'<path class="{kind}" stroke-width="{width:.1f}" '
        f'd="M {x} {from_y} A {bulge} {half} 0 0 {sweep} {x} {to_y}"/>',
        f'<path class="head" d="M {x} {to_y} l 9 -4 v 8 z"/>',
        f'<text class="number halo" x="{label_x}" y="{label_y}">{number}</text>',
        f'<text class="number" x="{label_x}" y="{label_y}">{number}</text>',
    ]


def middle_of_row(row: int) -> int:
    """Return the height of the middle of a row's box."""
    return TOP + ROW * row + BOX_HEIGHT // 2


def box(row: int, package: EnginePackage) -> list[str]:
    """Draw a package with its number of modules."""
    y = TOP + ROW * row
    kind = "beside" if package.runs_beside_a_submission else "box"
    name = package.name.replace(".", "/")
    parts = [
        f'<rect class="{kind}" x="{BOXES}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" '
        'rx="5"/>',
        f'<text x="{BOXES + 9}" y="{y + 19}">{name}</text>',
    ]
    modules = len(package.modules)
    if modules > 1:
        x = BOXES + BOX_WIDTH - 9
        parts.append(f'<text class="small" x="{x}" y="{y + 19}" text-anchor="end">{modules}</text>')
    return parts


def ground_column(column: int, name: str, architecture: Architecture) -> list[str]:
    """Write the number of each package's imports of the ground's `name` below that name."""
    x = MARGIN + COLUMN * column + COLUMN // 2 - 6

    def written(y: int, words: object) -> str:
        return f'<text class="number" x="{x}" y="{y}">{words}</text>'

    parts = [written(TOP - 14, name)]
    for row, package in enumerate(architecture.packages):
        number = architecture.imports[package.name, name]
        if number:
            parts.append(written(TOP + ROW * row + 19, number))
    return parts


def drawing(architecture: Architecture) -> str:
    """Return the drawing as SVG: packages in a column, arrows for the imports between them."""
    rows = rows_of(architecture)
    arrows = []
    longest = 0
    for (importer, imported), number in sorted(architecture.imports.items()):
        if imported in GROUND:
            continue
        begin = rows[importer]
        end = rows[imported]
        longest = max(longest, abs(end - begin))
        arrows += arrow(begin, end, number)
    width = BOXES + BOX_WIDTH + REACH * longest + MARGIN
    height = TOP + ROW * len(rows) + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img">',
        "<title>The packages of the engine and the imports between them</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{width}" height="{height}" rx="6"/>',
    ]
    parts += arrows
    for row, package in enumerate(architecture.packages):
        parts += box(row, package)
    for column, name in enumerate(GROUND):
        parts += ground_column(column, name, architecture)
    for line, words in enumerate(LEGEND):
        y = height - 26 + 15 * line
        parts.append(f'<text class="small" x="{MARGIN}" y="{y}">{words}</text>')
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def rows_of(architecture: Architecture) -> dict[str, int]:
    """Return the row of each package, by its name."""
    return {package.name: row for row, package in enumerate(architecture.packages)}


def table(architecture: Architecture) -> str:
    """Return the imports as lines of text, those of the top layer first."""
    rows = rows_of(architecture)

    def rows_of_ends(ends: tuple[str, str]) -> tuple[int, int]:
        importer, imported = ends
        return rows[importer], rows[imported]

    lines = []
    for ends in sorted(architecture.imports, key=rows_of_ends):
        importer, imported = ends
        number = architecture.imports[ends]
        lines.append(f"{importer} → {imported}: {number}")
    return "\n".join(lines)


# ---- how large each package is


def path_of(module: str) -> Path:
    """Return the file of a module."""
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def what_it_does(package: EnginePackage) -> str:
    """Return the first sentence of a package's docstring."""
    docstring = ast.get_docstring(ast.parse(path_of(f"autograder.{package.name}").read_text()))
    first, _, _ = (docstring or "").partition("\n\n")
    sentence, _, _ = first.replace("\n", " ").partition(". ")
    return sentence.rstrip(".")


def densities(tree: ast.Module, lines: list[str]) -> list[float]:
    """Return the nodes for each line of the body of each function, docstrings left out."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        if body:
            own = lines[body[0].lineno - 1 : body[-1].end_lineno]
            nodes = sum(1 for statement in body for _ in ast.walk(statement))
            found.append(nodes / sum(bool(line.strip()) for line in own))
    return found


def row_of(name: str, says: str, modules: tuple[str, ...]) -> str:
    """Return the row of a package, or of all of them, in the table."""
    lines = 0
    of_functions: list[float] = []
    for module in modules:
        text = path_of(module).read_text(encoding="utf-8")
        its_lines = text.splitlines()
        lines += sum(bool(line.strip()) for line in its_lines)
        of_functions += densities(ast.parse(text), its_lines)
    density = f"{statistics.median(of_functions):.1f}" if of_functions else "–"
    return f"| {name} | {says} | {len(modules)} | {lines:,} | {density} |"


def packages_table(architecture: Architecture) -> str:
    """Return the table of the packages, the top layer first."""
    rows = ["| | what it does | modules | lines | density |", "|---|---|---|---|---|"]
    of_all: list[str] = []
    for package in architecture.packages:
        of_all += package.modules
        name = f"`{package.name.replace('.', '/')}`"
        rows.append(row_of(name, what_it_does(package), package.modules))
    rows.append(row_of("all", "", tuple(of_all)))
    return "\n".join(rows) + "\n"


def with_table(page: str, architecture: Architecture) -> str:
    """Return the page with its table of packages rewritten."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}{packages_table(architecture)}{END}{tail}"


def main() -> None:
    """Write the drawing and the table, or print the imports."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--print", action="store_true", help="print the imports, write nothing")
    options = parser.parse_args()
    architecture = read_architecture()
    if options.print:
        print(table(architecture))
    else:
        PICTURE.write_text(drawing(architecture), encoding="utf-8")
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(with_table(page, architecture), encoding="utf-8")
        print(f"written: {PICTURE.relative_to(ROOT)}, {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
