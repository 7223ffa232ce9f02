"""What a submission defines: a name is looked up, its dependencies run, and nothing else."""

import ast
import json
import re
import symtable
import sys
import textwrap

import pytest

from autograder.sandbox.inside.cells import Broken
from autograder.sandbox.inside.submission import Missing, Submission, globals_used


def submission(text, name="ada.py"):
    return Submission(textwrap.dedent(text).encode(), name)


@pytest.mark.parametrize("more", ["", ", open('nowhere')"])
def test_variables_of_a_demonstration_are_not_helpers(more):
    """A block of `autograder.example` never runs, so its `steps` is not a helper's function."""
    ada = submission(
        """
        import autograder
        def steps(x): return range(len(x))
        def forward(x): return [t for t in steps(x)]
        with autograder.example("how far it reaches")MORE:
            steps, norms = 100, []
    """.replace("MORE", more)
    )
    assert ada.forward("abc") == [0, 1, 2]
    with pytest.raises(Missing):
        _ = ada.norms


def test_a_future_import_holds_for_the_whole_file():
    """A future import holds for the whole file, a notebook's later cells included.

    Annotations are then not evaluated, and a dataclass finds its module.
    """
    ada = submission("""
        from __future__ import annotations
        from dataclasses import dataclass

        # %%
        @dataclass
        class Network:
            weights: NDArray
            def copy(self) -> Network: return Network(self.weights)

        # %%
        def forward(net: Params) -> list[NDArray]: return net.copy().weights
    """)
    assert ada.forward(ada.Network([1, 2])) == [1, 2]


def test_only_what_is_asked_for_is_executed():
    """Top-level calls, loops and assignments run only if a graded function uses their names."""
    ran = submission("""
        import json
        raise SystemExit("not run")
        losses = 1 / 0
        SCALE = 2
        def helper(x): return SCALE * x
        def f(x):
            losses = helper(x)
            return losses
    """)
    assert ran.f(3) == 6
    assert "json" not in ran.namespace


def test_the_last_definition_counts():
    """The last definition counts, as when a file runs from top to bottom."""
    assert submission("f = lambda: 1\ndef f(): return 2").f() == 2


@pytest.mark.parametrize(
    "text",
    [
        (
            "try:\n    import absent\nexcept ImportError:\n    absent = None\ndef f(): return "
            "absent "
            "is None"
        ),
        "class A: pass\nA.g = lambda self: True\ndef f(): return A().g()",
        "table = {}\ntable['k'] = True\ndef f(): return table['k']",
        "from math import *\ndef f(): return pi > 3",
        "for i in range(3):\n    last = i\ndef f(): return last == 2",
        "%matplotlib inline\n!pip list\ndef f(): return True",
        "\ufeffdef f():\r\n    return True\r\n",
        'text = """\n# %%\n"""\ndef f(): return "# %%" in text',
        "ids = {}\nfor c in 'ab':\n    ids.setdefault(c, len(ids))\ndef f(): return ids['b'] == 1",
        "names = []\nif True:\n    names.append('a')\ndef f(): return names[0]",
        "seen = {'a': []}\nseen['a'].extend([True])\ndef f(): return seen['a'][0]",
        "f = property = None\ndef g(n): return n == 0 or g(n - 1)\ndef f(): return g(5)",
    ],
)
def test_styles_of_top_level_code_that_work(text):
    """A definition's dependencies are found, however they are bound."""
    assert Submission(text.encode(), "ada.py").f()


def test_a_cell_that_cannot_be_parsed_costs_only_its_own_names():
    """An unparsable cell is reported with its line and loses only its own names."""
    ran = submission("# %%\ndef f(): return 1\n# %%\ndef g(:\n    pass\n")
    assert ran.f() == 1
    with pytest.raises(Broken, match=r"`g` could not be read\. line 4: SyntaxError"):
        ran.g  # noqa: B018


def test_what_parses_and_does_not_compile_is_told_with_its_line():
    """Code that parses but does not compile is reported with its line, such as a stray `break`.

    A notebook's line counts within the cell. Other definitions run.
    """
    code = ["import math", "def f():\n    return math.pi", "x = 1\n\ndef g():\n    break"]
    cells = [{"cell_type": "code", "source": source} for source in code]
    script, book = (
        "# %%\n" + "\n# %% [markdown]\n# Words.\n# %%\n".join(code),
        json.dumps({"cells": cells}),
    )
    for text, place in (script, "line 14"), (book, "cell 3, line 4"):
        ran = Submission(text.encode(), "ada.py")
        assert ran.f() > 3
        with pytest.raises(Broken, match=f"^{place}: SyntaxError: 'break' outside loop$"):
            ran.g  # noqa: B018


def test_a_missing_name_gets_the_nearest():
    """A missing name is reported with the most similar one."""
    with pytest.raises(
        Missing, match=r"`backward` is not defined. You defined `backwrd`: is that what you meant\?"
    ):
        submission("def backwrd(): pass").backward  # noqa: B018


MANY = ", ".join(f"n{i}" for i in range(700))
SCOPES = {
    "nested functions": """
        def outer(x, y=DEFAULT):
            z = first(x)
            def inner(w): return w + z + second(y)
            return inner
    """,
    "global and nonlocal": """
        def outer():
            count = start
            def inner():
                global total
                nonlocal count
                count = total = count + total
            return inner
    """,
    "a class, and what its methods do not see": """
        @decorated
        class Net(Base, metaclass=Meta):
            size = SIZE
            both = size + size
            def forward(self, x: Input = size) -> Output: return size, super().forward(helper(x))
    """,
    "a class that reads a global before it hides it": """
        class Net:
            size = size + 1
    """,
    "a class in a function": """
        def make(n):
            class Net:
                width = n
                def wide(self): return n, width, __class__
                rows = [n + k + other for k in range(n)]
            return Net
    """,
    "comprehensions": """
        rows = [[f(x, y) for y in inner(x) if good(y)] for x in outer]
        d = {k: v for k, v in pairs}
    """,
    "comprehensions in a class": """
        class Net:
            a = [Foo(i) for i in items]
            b = {g(n) for n in (m for m in k)}
    """,
    "lambdas and their defaults": "f = lambda x, y=default, *z, k=other: x + y + k + free\n",
    "decorators with arguments": """
        @wraps(f)
        @register('x', by=key)
        async def g(x):
            async for a in x: yield await h(a)
    """,
    "annotations": """
        x: Foo = 1
        y: Bar[int]
        def f(a: A, *b: B, c: C = c0) -> D: pass
    """,
    "annotations in a class": """
        class Net:
            x: Foo = field()
            y: Bar
            def f(self, a: A) -> 'D': pass
    """,
    "exceptions, with, walrus, match": """
        try:
            with opened(path) as file: rest = (line := file.read())
        except (Wrong, errors.Worse) as error: raise Other(error) from None
        match thing:
            case Point(x=0, y=y): print(y)
            case [1, *rest]: pass
    """,
    "more names than fit into a byte": f"x = [{MANY}]\ndef f(): return x, n699, n300\n",
    "private names": """
        class Net:
            def f(self): return __hidden, self.__own
    """,
}
SCOPES_OF_3_12 = {
    "a type alias": """
        type Rows = list[Batch]
    """,
    "a type alias in a class": """
        class Net:
            type Rows = Batch[int]
            Own = 1
            type Other = Own | Theirs
    """,
    "a generic function": """
        def f[T: Bound, *Ts, **P](x: T, y: Other = start) -> list[T]: return g(x, T)
    """,
    "a generic class": """
        class Net[T: (One, Two)](Base[T]):
            rows: list[T] = make()
            def f[S](self, x: S | Third) -> T: return here
    """,
}
SCOPES |= SCOPES_OF_3_12 if sys.version_info >= (3, 12) else {}
SCOPES |= (
    {"a default of a type": "def f[T = Standard](x: T): pass\n"}
    if sys.version_info >= (3, 13)
    else {}
)


def looked_up(table):
    """Return the names that a scope and its inner scopes look up outside themselves.

    They come from Python's own symbol table.
    """
    # if a name may be local or global, depending on execution
    own = table.get_type() in (
        "module",
        "class",
    )
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (symbol.is_global() or (own and not symbol.is_free())):
            yield symbol.get_name()
    for child in table.get_children():
        yield from looked_up(child)


def iterated(source):
    """Return the variables of comprehensions.

    From Python 3.12 on the symbol table lists them in the surrounding scope.
    """
    targets = [
        node.target for node in ast.walk(ast.parse(source)) if isinstance(node, ast.comprehension)
    ]
    return {
        node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)
    }


@pytest.mark.parametrize("scope", SCOPES)
def test_the_names_that_code_looks_up_are_those_of_the_symbol_table(scope):
    """Our reading of bytecode agrees with the symbol table in every kind of scope.

    Another version of Python may need another reading.
    """
    source = textwrap.dedent(SCOPES[scope])
    read = set(globals_used(compile(source, "ada.py", "exec", dont_inherit=True)))
    wanted = set(looked_up(symtable.symtable(source, "ada.py", "exec"))) - iterated(source)
    # `__name__` in a class
    implied = {name for name in read | wanted if re.fullmatch(r"__\w+__|\..*", name)}
    assert read - implied == wanted - implied


@pytest.mark.skipif(sys.version_info < (3, 12), reason="`type` is a statement from Python 3.12 on")
def test_a_type_alias_in_a_class_finds_what_it_is_made_of():
    """A type alias in a class is looked up in the class first, by its own opcode."""
    ran = submission("""
        Batch = list
        class Net:
            type Rows = Batch[int]
        def f(): return Net.Rows.__value__
    """)
    assert ran.f() == list[int]


def test_a_comprehension_in_a_class_finds_what_it_uses():
    """A comprehension in a class finds its names; from Python 3.12 on it is no function."""
    assert submission(
        "class Foo: n = 1\nclass Net:\n    x = [Foo.n for _ in range(2)]\ndef f(): return Net.x"
    ).f() == [
        1,
        1,
    ]
