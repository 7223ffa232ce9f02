"""How dense the code is, measured in the same way on any tree of Python files.

python benchmarks/density.py               this engine: one row, and its densest functions
python benchmarks/density.py FOLDER …      other trees beside it, such as clones of nbgrader or pluggy

Density is syntax-tree nodes for each line that is not blank: 5 to 7 in the bodies of functions of
well-read projects. Tests, docs, examples, templates and vendored files are left out.
"""

import argparse
import ast
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = {
    "tests",
    "test",
    "testing",
    "docs",
    "doc",
    "examples",
    "templates",
    "vendor",
    "_vendor",
    "third_party",
    "build",
    ".venv",
    ".git",
}
MIN_LINES = 5  # of a function that is listed among the densest
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
BRANCHES = (
    ast.If,
    ast.For,
    ast.While,
    ast.Try,
    ast.IfExp,
    ast.BoolOp,
    ast.comprehension,
    ast.Match,
    ast.With,
)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class FunctionDensity:
    """A function's body, without its docstring: lines that are not blank, nodes, branches."""

    where: str
    lines: int
    nodes: int
    branches: int

    @property
    def density(self) -> float:
        """Nodes for each line."""
        return self.nodes / self.lines


@dataclass
class TreeDensity:
    """What was counted in all files of a tree."""

    lines: int = 0
    nodes: int = 0
    comprehensions: int = 0
    walruses: int = 0
    long_lines: int = 0
    functions: list[FunctionDensity] = field(default_factory=list)


def body_of(function: Function) -> list[ast.stmt]:
    """The statements of a function without its docstring."""
    return function.body[1:] if ast.get_docstring(function) is not None else function.body


def count_function(path: str, lines: list[str], function: Function) -> FunctionDensity | None:
    """Count a function; None where nothing but a docstring stands in it."""
    body = body_of(function)
    if not body:
        return None
    own = lines[body[0].lineno - 1 : body[-1].end_lineno]
    nodes = [node for statement in body for node in ast.walk(statement)]
    return FunctionDensity(
        where=f"{path}:{function.lineno} {function.name}",
        lines=sum(bool(line.strip()) for line in own),
        nodes=len(nodes),
        branches=sum(isinstance(node, BRANCHES) for node in nodes),
    )


def python_files(tree: Path) -> Iterator[Path]:
    """The files of a tree that are measured."""
    for path in sorted(tree.rglob("*.py")):
        parts = path.relative_to(tree).parts
        if not LEFT_OUT & set(parts) and not path.name.startswith("test_"):
            yield path


def count_tree(tree: Path) -> TreeDensity:
    """Count all files of a tree."""
    counted = TreeDensity()
    for path in python_files(tree):
        text = path.read_text(encoding="utf-8", errors="replace")
        try:
            parsed = ast.parse(text)
        except SyntaxError:
            continue
        lines = text.splitlines()
        nodes = list(ast.walk(parsed))
        counted.lines += sum(bool(line.strip()) for line in lines)
        counted.nodes += len(nodes)
        counted.comprehensions += sum(isinstance(node, COMPREHENSIONS) for node in nodes)
        counted.walruses += sum(isinstance(node, ast.NamedExpr) for node in nodes)
        counted.long_lines += sum(len(line) > 100 for line in lines)
        for node in nodes:
            if isinstance(node, Function):
                found = count_function(str(path.relative_to(tree)), lines, node)
                if found:
                    counted.functions.append(found)
    return counted


def tenth_largest(numbers: list[int]) -> int:
    """The 90th percentile."""
    return sorted(numbers)[int(0.9 * (len(numbers) - 1))]


def row(name: str, counted: TreeDensity) -> str:
    """A row of the table."""
    functions = counted.functions
    lengths = [function.lines for function in functions]
    branches = [function.branches for function in functions]
    cells = [
        name,
        f"{counted.lines:,}",
        f"{counted.nodes:,}",
        f"{counted.nodes / counted.lines:.1f}",
        f"{statistics.median(function.density for function in functions):.1f}",
        f"{100 * counted.comprehensions / counted.lines:.1f}",
        f"{100 * counted.walruses / counted.lines:.2f}",
        f"{counted.long_lines}",
        f"{statistics.median(lengths):.0f} / {tenth_largest(lengths)}",
        f"{tenth_largest(branches)}",
    ]
    return f"| {' | '.join(cells)} |"


def by_package(functions: list[FunctionDensity]) -> list[tuple[float, str]]:
    """Return the median function's nodes a line for each package of the engine, densest first."""
    densities: dict[str, list[float]] = {}
    for function in functions:
        path, _, _ = function.where.partition(":")
        package = path.split("/")[0]
        densities.setdefault(package, []).append(function.density)
    medians = []
    for package, those_of_it in densities.items():
        medians.append((statistics.median(those_of_it), package))
    return sorted(medians, reverse=True)


HEAD = """| | lines | nodes | a line: whole files | a line: function bodies, median \
| comprehensions / 100 lines | `:=` / 100 | lines over 100 columns | function length: median / p90 \
| branches, p90 |
|---|---|---|---|---|---|---|---|---|---|"""


def main() -> None:
    """Print the table, and the densest functions of the engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trees", nargs="*", type=Path)
    parser.add_argument("--densest", type=int, default=20, help="how many functions to list")
    options = parser.parse_args()
    ours = count_tree(ROOT / "autograder")
    functions = ours.functions or []
    print(HEAD)
    print(row("**ours**", ours))
    for tree in options.trees:
        print(row(tree.name, count_tree(tree)))
    long_enough = [function for function in functions if function.lines >= MIN_LINES]
    densest_first = sorted(long_enough, key=lambda function: -function.density)
    print(f"\nThe densest functions of {MIN_LINES} lines or more, nodes a line:\n")
    for function in densest_first[: options.densest]:
        print(f"{function.density:5.1f}  {function.lines:3} lines  {function.where}")
    print("\nThe median function of each package, nodes a line:\n")
    for median, package in by_package(functions):
        print(f"{median:5.1f}  {package}")
    most_branches_first = sorted(functions, key=lambda function: -function.branches)
    print("\nThose with most branches:\n")
    for function in most_branches_first[:10]:
        print(f"{function.branches:5}  {function.lines:3} lines  {function.where}")


if __name__ == "__main__":
    main()
