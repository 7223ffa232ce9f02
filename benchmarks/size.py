"""How large the engine is: its modules, the imports between them, and the lines of the largest.

python benchmarks/size.py. A line counts if it is not blank; tests and templates are no part of the
engine.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOT_ENGINE = {"tests", "templates"}


def module_name(path: Path) -> str:
    """The dotted name of a file's module."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path, names: set[str]) -> set[str]:
    """Return the modules of the engine which a file imports."""
    found = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        if not node.module.startswith("autograder"):
            continue
        for alias in node.names:
            module = f"{node.module}.{alias.name}"
            found.add(module if module in names else node.module)
    return found


def main() -> None:
    paths = [
        path
        for path in (ROOT / "autograder").rglob("*.py")
        if not NOT_ENGINE & set(path.relative_to(ROOT).parts)
    ]
    names = {module_name(path) for path in paths}
    imports = sum(len(imports_of(path, names)) for path in paths)
    lines = {
        module_name(path): sum(
            bool(line.strip()) for line in path.read_text(encoding="utf-8").splitlines()
        )
        for path in paths
    }
    largest = max(lines, key=lambda name: lines[name])
    print(f"{len(paths)} modules, {imports} imports between them, {sum(lines.values())} lines")
    print(f"the largest: {largest}, {lines[largest]} lines")


if __name__ == "__main__":
    main()
