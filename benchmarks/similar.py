"""Measure whether disguised copies are found, compared with copydetect on the same files.

It also measures the time of a class of 3,000.

    python benchmarks/similar.py [--students 3000] [--write docs/measurements/similar.md]

Copies are made of the styles of unit 4 by changing their syntax trees; the table says how many earn
the points of their originals. copydetect is in the extra `bench`; without it its columns are left
out.
"""

import argparse
import ast
import builtins
import random
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations, groupby
from pathlib import Path

import numpy as np
from at_hand import COURSE, ROOT, solution, unit

from autograder.grading.keys import build_key
from autograder.grading.one import grade_one
from autograder.review.answers import _unit_answers, read_answer, read_class
from autograder.review.similar import Alike, alike
from autograder.review.similar_pages import write_similar
from autograder.sandbox.client import Server

UNIT = "unit4_manual_gradients"
LEAST_LINES = 8


# ---- files


def spliced(name: str, style: str) -> str:
    """Return the solution of a unit with the definitions of a style in place of its own."""
    solved = solution(name).plain()
    names_of_style: set[str] = set()
    for node in ast.parse(style).body:
        names_of_style.update(bound(node))
    replaced: set[int] = set()  # numbers of lines
    for node in ast.parse(solved).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        if node.name in names_of_style:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            last = node.end_lineno or node.lineno
            replaced.update(range(first, last + 1))
    kept = []
    for number, line in enumerate(solved.split("\n"), start=1):
        if number not in replaced:
            kept.append(line)
    return "\n".join(kept) + "\n\n" + style


def bound(node: ast.stmt) -> list[str]:
    """Return the names that a statement defines or assigns."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = getattr(node, "targets", [])
    return [target.id for target in targets if isinstance(target, ast.Name)]


def styles(name: str) -> dict[str, str]:
    """Return the solution of a unit in each of its styles."""
    found = {}
    for path in sorted((ROOT / "solutions" / "styles" / name).glob("*.py")):
        found[f"style {path.stem}"] = spliced(name, path.read_text("utf-8"))
    return found


def golden(name: str) -> dict[str, str]:
    """Return the scripts of the golden class that are text."""
    found = {}
    for path in sorted((ROOT / "tests" / "submissions").glob(f"*/{name}/{name}.py")):
        with suppress(UnicodeDecodeError):
            found[f"golden {path.parent.parent.name}"] = path.read_text("utf-8")
    return found


APART = ("style", "golden solved", "golden style")  # files that were written independently


def written_apart(names: Mapping[str, str] | list[str]) -> list[str]:
    return [name for name in names if name.startswith(APART)]


# ---- copies


def fixed_names(tree: ast.Module) -> set[str]:
    """Return the names that a copy keeps.

    They are the names that the course asks for or gives, builtins, imports, and keyword arguments.
    """
    fixed = {"self", "cls", *dir(builtins)}
    for pair in re.findall(r"^(?:def|class) (\w+)|^(\w+) =", solution(UNIT).plain(), re.M):
        fixed.update(pair)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            fixed.update(word.arg for word in node.keywords if word.arg)
        elif isinstance(node, ast.Attribute):
            fixed.add(node.attr)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name
                fixed.add(name.split(".")[0])
    return fixed


def renamed(text: str) -> str:
    """Rename everything that a student may name, and write every float differently."""
    tree = ast.parse(text)
    chosen: list[str] = []
    for node in ast.walk(tree):
        match node:
            case (
                ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name)
            ):
                chosen.append(name)
    fixed = fixed_names(tree)
    new = {}
    for number, name in enumerate(dict.fromkeys(chosen)):
        if name not in fixed and not name.startswith("__"):
            new[name] = f"v{number}_{name[::-1]}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = new.get(node.id, node.id)
        elif isinstance(node, ast.arg):
            node.arg = new.get(node.arg, node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ExceptHandler):
            if node.name:
                node.name = new.get(node.name, node.name)
        elif isinstance(node, ast.Nonlocal | ast.Global):
            node.names = [new.get(name, name) for name in node.names]
    return ast.unparse(tree)


def reordered(text: str) -> str:
    """Swap independent neighbours, operands of sums and products, and whole functions."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module):
            continue
        for part in ("body", "orelse"):
            statements = getattr(node, part, None)
            if isinstance(statements, list):
                setattr(node, part, swapped(statements))
    runs = groupby(list(tree.body), lambda node: isinstance(node, ast.FunctionDef))
    for are_functions, nodes in runs:
        if not are_functions:
            continue
        # annotations are evaluated where a function stands, so none moves past another statement
        functions = list(nodes)
        first = tree.body.index(functions[0])
        tree.body[first : first + len(functions)] = functions[::-1]
    return ast.unparse(tree)


def swapped(body: list[ast.stmt]) -> list[ast.stmt]:
    """Swap each statement with the next one if neither depends on the other."""
    body = list(body)
    at = 0
    while at + 1 < len(body):
        one = body[at]
        other = body[at + 1]
        if independent(one, other):
            body[at] = other
            body[at + 1] = one
            at += 1
        at += 1
    return body


def independent(one: ast.stmt, other: ast.stmt) -> bool:
    """Return whether both only assign values that do not depend on the other."""
    if not all(
        isinstance(node, ast.Assign | ast.AugAssign) and not changes_objects(node)
        for node in (one, other)
    ):
        return False
    (reads, writes), (also_reads, also_writes) = uses(one), uses(other)
    return not (writes & (also_reads | also_writes) or also_writes & reads)


def changes_objects(node: ast.AST) -> bool:
    """Return whether it may change an object that has another name, too."""
    stores = (ast.Attribute, ast.Subscript)
    return any(
        (isinstance(n, stores) and isinstance(n.ctx, ast.Store))
        or isinstance(n, ast.AugAssign)
        or not calls_numpy(n)
        for n in ast.walk(node)
    )


def calls_numpy(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"))):
            return True
    return not isinstance(node, ast.Call)


def uses(node: ast.AST) -> tuple[set[str], set[str]]:
    """Return the names that are read and those that are written."""
    read = set()
    written = set()
    for part in ast.walk(node):
        if not isinstance(part, ast.Name):
            continue
        if isinstance(part.ctx, ast.Load):
            read.add(part.id)
        if isinstance(part.ctx, ast.Store):
            written.add(part.id)
    return read, written


def commented(text: str) -> str:
    """Add comments, blank lines, docstrings and annotations, and parentheses as `ast` does."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        if ast.get_docstring(node) is not None and len(node.body) > 1:
            del node.body[0]
        docstring = ast.Constant(f"My own {node.name}, which I wrote myself.")
        node.body.insert(0, ast.Expr(docstring))
        node.returns = ast.Name("object", ast.Load())
        for argument in node.args.args:
            argument.annotation = ast.Constant("anything")
    ast.fix_missing_locations(tree)
    lines = []
    for number, line in enumerate(ast.unparse(tree).split("\n")):
        is_plain = line.strip() and '"""' not in line and not line.rstrip().endswith(("\\", "("))
        lines.append(f"\n{line}  # and then step {number}" if is_plain else line)
    return "\n".join(lines)


def comprehended(text: str) -> str:
    """Turn loops into comprehensions.

    A body of more than one `append` becomes an inner function.
    """
    tree = ast.parse(text)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for function in functions:
        Loops(function).visit(function)
    ast.fix_missing_locations(tree)
    return ast.unparse(tree)


class Loops(ast.NodeTransformer):
    def __init__(self, function: ast.FunctionDef) -> None:
        self.function = function
        self.count = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self.generic_visit(node) if node is self.function else node

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.AST]:
        if node.orelse or any(has_another_way_out(statement) for statement in node.body):
            return self.generic_visit(node)
        match node.body:
            case [
                ast.Expr(ast.Call(ast.Attribute(ast.Name(id) as held, "append"), [value], []))
            ] if id not in uses(value)[0]:
                made = comprehension(value, node)
                extend = ast.Attribute(held, "extend", ast.Load())
                return ast.Expr(ast.Call(extend, [made], []))
        self.count += 1
        name = f"one_{self.function.name}_{self.count}"
        targets = [part.id for part in ast.walk(node.target) if isinstance(part, ast.Name)]
        inner = self.as_function(name, targets, node)
        values: list[ast.expr] = [ast.Name(target, ast.Load()) for target in targets]
        call = ast.Call(ast.Name(name, ast.Load()), values, [])
        return [inner, ast.Expr(comprehension(call, node))]

    def as_function(self, name: str, targets: list[str], loop: ast.For) -> ast.FunctionDef:
        """Return a function of the loop's targets that does what the loop's body does."""
        bound_in_loop: set[str] = set()
        for statement in loop.body:
            _, written = uses(statement)
            bound_in_loop |= written
        bound_outside = {argument.arg for argument in self.function.args.args}
        bound_outside |= assigned_outside(self.function, loop)
        outer = sorted(bound_in_loop & bound_outside - set(targets))
        body: list[ast.stmt] = list(loop.body)
        if outer:
            body.insert(0, ast.Nonlocal(outer))
        parameters = [ast.arg(target) for target in targets]
        arguments = ast.arguments([], parameters, None, [], [], None, [])
        return ast.FunctionDef(name, arguments, body, [], lineno=loop.lineno)


def has_another_way_out(statement: ast.stmt) -> bool:
    """Return whether a statement may leave the loop, or contains a loop or function itself."""
    leaves = (
        ast.Break,
        ast.Continue,
        ast.Return,
        ast.Yield,
        ast.YieldFrom,
        ast.FunctionDef,
        ast.For,
        ast.While,
    )
    return any(isinstance(node, leaves) for node in ast.walk(statement))


def comprehension(value: ast.expr, loop: ast.For) -> ast.ListComp:
    """Return a comprehension of a value over the loop's iterable."""
    return ast.ListComp(value, [ast.comprehension(loop.target, loop.iter, [], 0)])


def assigned_outside(function: ast.FunctionDef, loop: ast.For) -> set[str]:
    """Return the names that a function binds by assignment.

    Loops that become another function, and comprehensions, are left out.
    """
    found: set[str] = set()
    left: list[ast.AST] = list(function.body)
    while left:
        node = left.pop()
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            _, written = uses(node)
            found |= written
        is_around = False
        if isinstance(node, ast.For) and node is not loop:
            is_around = any(part is loop for part in ast.walk(node))
        if is_around or not isinstance(node, ast.FunctionDef | ast.expr | ast.For):
            left += ast.iter_child_nodes(node)
    return found


KINDS: Mapping[str, Callable[[str], str]] = {
    "names and constants changed": renamed,
    "statements and functions reordered": reordered,
    "comments, docstrings, annotations": commented,
    "loops made comprehensions": comprehended,
}


def points(texts: Mapping[str, str]) -> dict[str, float]:
    """Return the points of each file on the exact checks."""
    earned = {}
    with Server(unit(UNIT), stub=solution(UNIT).stub) as server:
        key = build_key(server, 5, {})
        for name, text in texts.items():
            verdicts = grade_one(server, text.encode(), "a.py", 5, key, {})
            earned[name] = sum(verdict.earned for verdict in verdicts)
    return earned


# ---- measures


@dataclass(frozen=True)
class CopiesFound:
    """The number of copies of one kind that are found.

    It counts copies whose nearest file is their original, and those above all independent pairs.
    """

    nearest: int
    above: int


Shares = Mapping[tuple[str, str], float]


def found(shares: Shares, copies: Mapping[str, str]) -> CopiesFound:
    """Count the copies whose original is found."""

    def share(one: str, other: str) -> float:
        return max(shares.get((one, other), 0.0), shares.get((other, one), 0.0))

    names = sorted({name for pair in shares for name in pair})
    pairs_apart = combinations(written_apart(names), 2)
    apart = max(share(one, other) for one, other in pairs_apart)
    nearest = 0
    above = 0
    for copy, original in copies.items():
        others = [name for name in names if name not in (copy, original)]
        most_like_others = max(share(copy, other) for other in others)
        nearest += share(copy, original) > most_like_others
        above += share(copy, original) > apart
    return CopiesFound(nearest, above)


def ours(texts: Mapping[str, str], name: str = UNIT) -> list[Alike]:
    answers = tuple(read_answer(student, text.encode()) for student, text in texts.items())
    return alike(_unit_answers(unit(name), answers, (), LEAST_LINES), most=10**6)


def our_shares(report: Alike) -> Shares:
    return {(pair.one, pair.other): pair.share for pair in report.pairs}


def copydetect_shares(texts: Mapping[str, str], name: str = UNIT) -> Shares:
    """Return copydetect's shares of all pairs, each the larger of its two directions."""
    from copydetect import CopyDetector

    names = list(texts)
    with tempfile.TemporaryDirectory() as scratch:
        stub = Path(scratch, "stub.py")
        stub.write_text(solution(name).stub)
        detector = CopyDetector(silent=True, display_t=0, disable_filtering=False)
        detector.add_file(str(stub), "boilerplate")
        for number, text in enumerate(texts.values()):
            path = Path(scratch, f"{number:04}.py")
            path.write_text(text)
            detector.add_file(str(path))
        detector.run()
    order = [int(Path(path).stem) for path in detector.test_files]
    matrix = np.asarray(detector.similarity_matrix).max(-1)
    shares = {}
    for (i, one), (j, other) in combinations(enumerate(order), 2):
        pair = (names[one], names[other])
        shares[pair] = float(max(matrix[i, j], matrix[j, i]))
    return shares


def has_copydetect() -> bool:
    with suppress(ImportError):
        import copydetect

        return bool(copydetect)
    return False


DEFAULT = 0.33  # the default above which copydetect shows a pair


def copies_table() -> str:
    """Return the table of disguised copies, a row for each kind."""
    originals = styles(UNIT)
    base = originals | golden(UNIT)
    rows = [
        (
            "| kind of copy | made | earn what the original earns | nearest is the original | "
            "above "
            "every pair written apart | copydetect: nearest | copydetect: above |"
        )
    ]
    rows += ["|---|---|---|---|---|---|---|"]
    for kind, change in KINDS.items():
        texts = {}
        copies = {}
        for name, text in originals.items():
            copy = f"copy of {name}"
            texts[copy] = change(text)
            copies[copy] = name
        earned = points(texts | originals)
        same = sum(earned[copy] == earned[original] for copy, original in copies.items())
        whole_unit = ours(base | texts)[0]
        us = found(our_shares(whole_unit), copies)
        theirs = "– | –"
        if has_copydetect():
            them = found(copydetect_shares(base | texts), copies)
            theirs = f"{them.nearest} | {them.above}"
        rows.append(f"| {kind} | {len(texts)} | {same} | {us.nearest} | {us.above} | {theirs} |")
    return "\n".join(rows)


def alarms_table() -> str:
    """Return the table of independent files: pairs, those that stand out, the largest share."""
    rows = [
        (
            "| unit | files written apart | pairs | stand out | largest share | copydetect: above "
            "0.33 | copydetect: largest |"
        )
    ]
    rows += ["|---|---|---|---|---|---|---|"]
    for name in COURSE.units:
        texts = {}
        for student, text in (styles(name) | golden(name)).items():
            if student.startswith(APART):
                texts[student] = text
        whole_unit = ours(texts, name)[0]
        number_of_pairs = len(texts) * (len(texts) - 1) // 2
        standing_out = sum(pair.stands_out for pair in whole_unit.pairs)
        largest = max(pair.share for pair in whole_unit.pairs)
        theirs = "– | –"
        if has_copydetect():
            shares = copydetect_shares(texts, name).values()
            shown = sum(share > DEFAULT for share in shares)
            theirs = f"{shown} | {max(shares):.2f}"
        rows.append(
            f"| {name} | {len(texts)} | {number_of_pairs} | {standing_out} | {largest:.2f} | "
            f"{theirs} |"
        )
    return "\n".join(rows)


# ---- a large class


def write_large_class(folder: Path, students: int, copies: int = 20) -> dict[str, str]:
    """Write files of a class in which everybody takes each function from one of the styles.

    Each student changes it differently; `copies` students copied another's file under other names.
    Returns copy → original.
    """
    draw = random.Random(3)
    variants = functions_of([solution(UNIT).plain(), *styles(UNIT).values()])
    authors = students - copies
    texts = {}
    for number in range(authors):
        texts[f"student{number:04}"] = own_way(draw, variants)
    originals = {}
    for number in range(copies):
        copy = f"copy{number:04}"
        original = f"student{draw.randrange(authors):04}"
        originals[copy] = original
        texts[copy] = renamed(texts[original])
    for student, text in texts.items():
        path = folder / student / UNIT / f"{UNIT}.py"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return originals


def functions_of(texts: list[str]) -> dict[str, list[str]]:
    """Return the different versions of each function in some texts."""
    found: dict[str, list[str]] = {}
    for text in texts:
        for node in ast.parse(text).body:
            if not isinstance(node, ast.FunctionDef):
                continue
            ways = found.setdefault(node.name, [])
            written = ast.unparse(node)
            if written not in ways:
                ways.append(written)
    return found


def own_way(draw: random.Random, variants: Mapping[str, list[str]]) -> str:
    """Write a few expressions of each function in an equivalent way."""
    chosen = [draw.choice(ways) for ways in variants.values()]
    tree = ast.parse("import numpy as np\n\n" + "\n\n".join(chosen))
    tree = OwnWay(draw).visit(tree)
    ast.fix_missing_locations(tree)
    return ast.unparse(tree)


class OwnWay(ast.NodeTransformer):
    """Writes some sums, products and calls in another way."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        names = {
            ast.Add: "add",
            ast.Mult: "multiply",
            ast.Sub: "subtract",
            ast.Div: "divide",
            ast.MatMult: "matmul",
        }
        kind = type(node.op)
        if self.draw.random() < 0.25 and kind in names:
            function = ast.Attribute(ast.Name("np", ast.Load()), names[kind], ast.Load())
            return ast.Call(function, [node.left, node.right], [])
        if self.draw.random() < 0.1:
            return ast.UnaryOp(ast.UAdd(), node)
        return node


def large_class(students: int) -> str:
    """Return the cost of a large class, and the number of planted copies that are shown."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "submitted")
        copies = write_large_class(folder, students)
        began = time.process_time()
        (read,) = read_class(COURSE, [UNIT], folder, None, (), LEAST_LINES)
        reading = time.process_time() - began
        reports = alike(read, most=50)
        write_similar([(read, reports)], Path(scratch, "similar"))
        took = time.process_time() - began
    shown = {frozenset((pair.one, pair.other)) for pair in reports[0].pairs}
    listed = sum(frozenset(pair) in shown for pair in copies.items())
    return (
        f"{students:,} generated students, one unit, {len(reports)} comparisons: {took:.0f} s of "
        "CPU time (goal: under 120), "
        f"of it {reading:.0f} s to read the files.\n"
        "Each student takes each function from one of about a dozen ways to write it and changes "
        "some expressions, so that these answers have far more in common than real ones.\n"
        f"Of {len(copies)} planted copies under other names {listed} are among the 50 pairs shown."
    )


PAGE = """# Alike answers, measured

Made by `python benchmarks/similar.py --write docs/measurements/similar.md` (`pip install -e ".[bench]"` for copydetect).
How to use it: [integrity](../integrity.md).

## Copies in disguise

A copy of each style of unit 4, of four kinds, each kind in a class with the styles and the golden class.
A copy is found where its original is the answer most like it, and their share is above that of every two answers that were written apart.
We gave copydetect 0.5 whole files, with the stub as boilerplate.

{copies}

## False alarms

Answers that were written apart: the styles, and the golden class's own solutions.
Shares are of the whole unit.

{alarms}

## Time

{large}
"""

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=3000)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    parts = {}
    for part, make in (
        ("copies", copies_table),
        ("alarms", alarms_table),
        ("large", lambda: large_class(options.students)),
    ):
        parts[part] = make()
        print(parts[part], flush=True)
    text = PAGE.format(**parts)
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")
