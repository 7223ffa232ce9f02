"""Measure whether copies in disguise are found, beside copydetect on the same files.

It also measures how long a class of 3,000 takes.

python benchmarks/similar.py [--students 3000] [--write docs/similar.md]

Copies are made of the styles of unit 4 by changing their syntax trees; the table says how many earn
what their originals earn. copydetect is in the extra `bench`; without it its columns are left out.
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
from autograder.review.answers import _unit_answers, answer, read_class
from autograder.review.similar import Alike, alike
from autograder.review.similar_pages import write_similar
from autograder.sandbox.client import Server

UNIT = "unit4_manual_gradients"
LEAST_LINES = 8


# ---- files


def spliced(name: str, style: str) -> str:
    """The solution of a unit with the definitions of a style in the place of its own."""
    lines: list[str | None] = list(solution(name).plain().split("\n"))
    theirs = {n for node in ast.parse(style).body for n in bound(node)}
    for node in ast.parse(solution(name).plain()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in theirs:
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            lines[first - 1 : node.end_lineno] = [None] * (node.end_lineno - first + 1)
    return "\n".join(line for line in lines if line is not None) + "\n\n" + style


def bound(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    return [target.id for target in getattr(node, "targets", []) if isinstance(target, ast.Name)]


def styles(name: str) -> dict[str, str]:
    found = sorted((ROOT / "solutions" / "styles" / name).glob("*.py"))
    return {f"style {path.stem}": spliced(name, path.read_text("utf-8")) for path in found}


def golden(name: str) -> dict[str, str]:
    """The scripts of the golden class that are text."""
    found = {}
    for path in sorted((ROOT / "tests" / "submissions").glob(f"*/{name}/{name}.py")):
        with suppress(UnicodeDecodeError):
            found[f"golden {path.parent.parent.name}"] = path.read_text("utf-8")
    return found


APART = ("style", "golden solved", "golden style")  # files that were written apart from each other


def written_apart(names: Mapping[str, str] | list[str]) -> list[str]:
    return [name for name in names if name.startswith(APART)]


# ---- copies


def fixed_names(tree: ast.Module) -> set[str]:
    """Return the names that a copy keeps.

    These are what the course asks for or gives, builtins, imports, and arguments named in calls.
    """
    keywords = {
        word.arg for node in ast.walk(tree) if isinstance(node, ast.Call) for word in node.keywords
    }
    given = set(re.findall(r"^(?:def|class) (\w+)|^(\w+) =", solution(UNIT).plain(), re.M))
    imported = {
        (a.asname or a.name).split(".")[0]
        for n in ast.walk(tree)
        if isinstance(n, ast.Import)
        for a in n.names
    }
    after_dots = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return (
        {n for pair in given for n in pair}
        | set(dir(builtins))
        | imported
        | keywords
        | after_dots
        | {"self", "cls"}
    )


def renamed(text: str) -> str:
    """Rename all that a student could choose, and write every float in another way."""
    tree = ast.parse(text)
    chosen: list[str] = []
    for node in ast.walk(tree):
        match node:
            case (
                ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name)
            ):
                chosen.append(name)
    new = {name: f"v{number}_{name[::-1]}" for number, name in enumerate(dict.fromkeys(chosen))}
    fixed = fixed_names(tree)
    new = {
        name: other
        for name, other in new.items()
        if name not in fixed and not name.startswith("__")
    }
    for node in ast.walk(tree):
        for part in ("id", "arg", "name"):
            if isinstance(
                node, ast.arg | ast.Name | ast.FunctionDef | ast.ExceptHandler
            ) and hasattr(node, part):
                setattr(node, part, new.get(getattr(node, part), getattr(node, part)))
        if isinstance(node, ast.Nonlocal | ast.Global):
            node.names = [new.get(name, name) for name in node.names]
    return ast.unparse(tree)


def reordered(text: str) -> str:
    """Swap neighbours that do not depend on each other, and sums, products and whole functions."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        for part in ("body", "orelse"):
            if isinstance(getattr(node, part, None), list) and not isinstance(node, ast.Module):
                setattr(node, part, swapped(getattr(node, part)))
    for is_run, nodes in groupby(list(tree.body), lambda node: isinstance(node, ast.FunctionDef)):
        run = list(nodes)
        if (
            is_run
        ):  # annotations are looked up where a function stands, so none moves over anything else
            first = tree.body.index(run[0])
            tree.body[first : first + len(run)] = run[::-1]
    return ast.unparse(tree)


def swapped(body: list[ast.stmt]) -> list[ast.stmt]:
    body, at = list(body), 0
    while at + 1 < len(body):
        if independent(body[at], body[at + 1]):
            body[at], body[at + 1] = body[at + 1], body[at]
            at += 1
        at += 1
    return body


def independent(one: ast.stmt, other: ast.stmt) -> bool:
    """Whether both only give names to values that do not depend on the other."""
    if not all(
        isinstance(node, ast.Assign | ast.AugAssign) and not changes_objects(node)
        for node in (one, other)
    ):
        return False
    (reads, writes), (also_reads, also_writes) = uses(one), uses(other)
    return not (writes & (also_reads | also_writes) or also_writes & reads)


def changes_objects(node: ast.AST) -> bool:
    """Whether it may change an object that has another name too."""
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
    """Names that are read, and names that are written."""
    names = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    return {n.id for n in names if isinstance(n.ctx, ast.Load)}, {
        n.id for n in names if isinstance(n.ctx, ast.Store)
    }


def commented(text: str) -> str:
    """Add comments, blank lines, docstrings and annotations, and parentheses as `ast` does."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            if ast.get_docstring(node) is not None and len(node.body) > 1:
                del node.body[0]
            node.body.insert(
                0, ast.Expr(ast.Constant(f"My own {node.name}, which I wrote myself."))
            )
            node.returns = ast.Name("object", ast.Load())
            for argument in node.args.args:
                argument.annotation = ast.Constant("anything")
    lines = ast.unparse(ast.fix_missing_locations(tree)).split("\n")

    def plain(line):
        return line.strip() and '"""' not in line and not line.rstrip().endswith(("\\", "("))

    return "\n".join(
        f"\n{line}  # and then step {n}" if plain(line) else line for n, line in enumerate(lines)
    )


def comprehended(text: str) -> str:
    """Turn loops into comprehensions.

    What they did stands in an inner function, where it is more than one `append`.
    """
    tree = ast.parse(text)
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        Loops(function).visit(function)
    return ast.unparse(ast.fix_missing_locations(tree))


class Loops(ast.NodeTransformer):
    def __init__(self, function: ast.FunctionDef) -> None:
        self.function, self.count = function, 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self.generic_visit(node) if node is self.function else node

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.AST]:
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
        if node.orelse or any(isinstance(n, leaves) for stmt in node.body for n in ast.walk(stmt)):
            return self.generic_visit(node)
        match node.body:
            case [
                ast.Expr(ast.Call(ast.Attribute(ast.Name(id) as held, "append"), [value], []))
            ] if id not in uses(value)[0]:
                made = ast.ListComp(value, [ast.comprehension(node.target, node.iter, [], 0)])
                return ast.Expr(ast.Call(ast.Attribute(held, "extend", ast.Load()), [made], []))
        self.count += 1
        name, targets = (
            f"one_{self.function.name}_{self.count}",
            [n for n in ast.walk(node.target) if isinstance(n, ast.Name)],
        )
        inside = {
            n.id
            for stmt in node.body
            for n in ast.walk(stmt)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        here = {a.arg for a in self.function.args.args} | assigned_outside(self.function, node)
        outer = sorted(inside & here - {t.id for t in targets})
        body: list[ast.stmt] = [ast.Nonlocal(outer)] if outer else []
        arguments = ast.arguments([], [ast.arg(t.id) for t in targets], None, [], [], None, [])
        inner = ast.FunctionDef(name, arguments, body + node.body, [], lineno=node.lineno)
        call = ast.Call(
            ast.Name(name, ast.Load()), [ast.Name(t.id, ast.Load()) for t in targets], []
        )
        made = ast.ListComp(call, [ast.comprehension(node.target, node.iter, [], 0)])
        return [inner, ast.Expr(made)]


def assigned_outside(function: ast.FunctionDef, loop: ast.For) -> set[str]:
    """Return the names that a function binds by assignment.

    Loops that become another function, and comprehensions, are left out.
    """
    found, left = set[str](), list[ast.AST](function.body)
    while left:
        node = left.pop()
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            found |= {
                n.id
                for n in ast.walk(node)
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
        around = (
            isinstance(node, ast.For)
            and node is not loop
            and any(part is loop for part in ast.walk(node))
        )
        if around or not isinstance(node, ast.FunctionDef | ast.expr | ast.For):
            left += ast.iter_child_nodes(node)
    return found


KINDS: Mapping[str, Callable[[str], str]] = {
    "names and constants changed": renamed,
    "statements and functions reordered": reordered,
    "comments, docstrings, annotations": commented,
    "loops made comprehensions": comprehended,
}


def points(texts: Mapping[str, str]) -> dict[str, float]:
    """What each file earns on the exact checks."""
    with Server(unit(UNIT), stub=solution(UNIT).stub) as server:
        key = build_key(server, 5, {})
        return {
            n: sum(v.earned for v in grade_one(server, t.encode(), "a.py", 5, key, {}))
            for n, t in texts.items()
        }


# ---- measures


@dataclass(frozen=True)
class Found:
    """How many copies of one kind are found.

    Counted are those whose nearest is their original, and those above all pairs written apart.
    """

    nearest: int
    above: int


Shares = Mapping[tuple[str, str], float]


def found(shares: Shares, copies: Mapping[str, str]) -> Found:
    of = lambda one, other: max(shares.get((one, other), 0.0), shares.get((other, one), 0.0))  # noqa: E731
    names = sorted({name for pair in shares for name in pair})
    apart = max(of(*pair) for pair in combinations(written_apart(names), 2))
    nearest = above = 0
    for copy, original in copies.items():
        share = of(copy, original)
        nearest += share > max(of(copy, other) for other in names if other not in (copy, original))
        above += share > apart
    return Found(nearest, above)


def ours(texts: Mapping[str, str], name: str = UNIT) -> list[Alike]:
    answers = tuple(answer(student, text.encode()) for student, text in texts.items())
    return alike(_unit_answers(unit(name), answers, (), LEAST_LINES), most=10**6)


def our_shares(report: Alike) -> Shares:
    return {(pair.one, pair.other): pair.share for pair in report.pairs}


def copydetect_shares(texts: Mapping[str, str], name: str = UNIT) -> Shares:
    from copydetect import CopyDetector

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
        names, order = list(texts), [int(Path(path).stem) for path in detector.test_files]
        matrix = np.asarray(detector.similarity_matrix).max(-1)
        return {
            (names[a], names[b]): float(max(matrix[i, j], matrix[j, i]))
            for (i, a), (j, b) in combinations(enumerate(order), 2)
        }


def has_copydetect() -> bool:
    with suppress(ImportError):
        import copydetect

        return bool(copydetect)
    return False


DEFAULT = 0.33  # above this copydetect shows a pair, unless told otherwise


def copies_table() -> str:
    base = styles(UNIT) | golden(UNIT)
    originals = list(styles(UNIT).items())
    others = has_copydetect()
    rows = [
        (
            "| kind of copy | made | earn what the original earns | nearest is the original | "
            "above "
            "every pair written apart | copydetect: nearest | copydetect: above |"
        )
    ]
    rows += ["|---|---|---|---|---|---|---|"]
    for kind, change in KINDS.items():
        texts = {f"copy of {name}": change(text) for name, text in originals}
        copies = {f"copy of {name}": name for name, _ in originals}
        earned = points(texts | dict(originals))
        same = sum(earned[copy] == earned[original] for copy, original in copies.items())
        whole = ours(base | texts)[0]
        us = found(our_shares(whole), copies)
        them = found(copydetect_shares(base | texts), copies) if others else None
        theirs = (them.nearest, them.above) if them else ("–", "–")
        rows.append(
            f"| {kind} | {len(texts)} | {same} | {us.nearest} | {us.above} | {theirs[0]} | "
            f"{theirs[1]} |"
        )
    return "\n".join(rows)


def alarms_table() -> str:
    """Pairs of files written apart: how many there are, how many stand out, the largest share."""
    rows = [
        (
            "| unit | files written apart | pairs | stand out | largest share | copydetect: above "
            "0.33 | copydetect: largest |"
        )
    ]
    rows += ["|---|---|---|---|---|---|---|"]
    others = has_copydetect()
    for name in COURSE.units:
        every = styles(name) | golden(name)
        texts = {student: text for student, text in every.items() if student.startswith(APART)}
        whole = ours(texts, name)[0]
        pairs = len(texts) * (len(texts) - 1) // 2
        out, most = (
            sum(pair.stands_out for pair in whole.pairs),
            max(pair.share for pair in whole.pairs),
        )
        theirs = copydetect_shares(texts, name) if others else {}
        shown = (
            f"{sum(s > DEFAULT for s in theirs.values())} | {max(theirs.values()):.2f}"
            if others
            else "– | –"
        )
        rows.append(f"| {name} | {len(texts)} | {pairs} | {out} | {most:.2f} | {shown} |")
    return "\n".join(rows)


# ---- a large class


def write_large_class(folder: Path, students: int, copies: int = 20) -> dict[str, str]:
    """Write files of a class in which everybody takes each function from one of the styles.

    Each changes it in their own way; `copies` students copied from another under other names.
    Returns copy → original.
    """
    draw = random.Random(3)
    variants = functions_of([solution(UNIT).plain(), *styles(UNIT).values()])
    texts = {f"student{number:04}": own_way(draw, variants) for number in range(students - copies)}
    made = {}
    for number in range(copies):
        original = f"student{draw.randrange(students - copies):04}"
        made[f"copy{number:04}"] = original
        texts[f"copy{number:04}"] = renamed(texts[original])
    for student, text in texts.items():
        path = folder / student / UNIT / f"{UNIT}.py"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return made


def functions_of(texts: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in texts:
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and ast.unparse(node) not in found.get(
                node.name, []
            ):
                found.setdefault(node.name, []).append(ast.unparse(node))
    return found


def own_way(draw: random.Random, variants: Mapping[str, list[str]]) -> str:
    """Write a few expressions of each function in another way that means the same."""
    tree = ast.parse(
        "import numpy as np\n\n"
        + "\n\n".join(draw.choice(all_of_it) for all_of_it in variants.values())
    )
    return ast.unparse(ast.fix_missing_locations(OwnWay(draw).visit(tree)))


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
        if self.draw.random() < 0.25 and type(node.op) in names:
            return ast.Call(
                ast.Attribute(ast.Name("np", ast.Load()), names[type(node.op)], ast.Load()),
                [node.left, node.right],
                [],
            )
        if self.draw.random() < 0.1:
            return ast.UnaryOp(ast.UAdd(), node)
        return node


def large_class(students: int) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "submitted")
        copies = write_large_class(folder, students)
        began = time.process_time()
        (read,) = read_class(COURSE, [unit(UNIT)], folder, None, (), LEAST_LINES)
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

Made by `python benchmarks/similar.py --write docs/similar.md` (`pip install -e '.[bench]'` for copydetect).
How to use it: [instructor](instructor.md#alike-answers).

## Copies in disguise

A copy of each style of unit 4, of four kinds, each kind in a class with the styles and the golden class.
A copy is found where its original is the answer most like it, and their share is above that of every two answers that were written apart.
copydetect 0.5 is given whole files, with the stub as boilerplate.

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
