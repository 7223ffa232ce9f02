"""Hostile answers of other kinds: tables, rows, figures, printed text, exceptions.

Each is our solution of the recipes of docs/recipes.md with one function replaced. All are submitted
as one class and graded by the real command.
"""

import json
import re

import pytest
import small

from autograder.authoring.build import build
from autograder.grading.keys import solution_of

for package in ("pandas", "scipy", "matplotlib"):
    pytest.importorskip(package)

pytestmark = pytest.mark.proof

PAGE = small.ROOT / "docs" / "recipes.md"
PACKAGES = {"numpy": "", "pandas": "", "matplotlib": "", "scipy": ""}
SECRET = "SECRETOF" + "THEINSTRUCTOR"

# the attacked check → the name of the attack → the text after our solution
TABLES = {
    "a class that is called as pandas' own": """
class DataFrame:
    columns = ["n", "mean"]
    iloc = index = dtype = property(lambda self: self)

    def __getitem__(self, place):
        return self

    def tolist(self):
        return [1.0, 2.0, 3.0]

    def __str__(self):
        return "float64"


DataFrame.__module__ = "pandas"


def by_clinic(visits):
    return DataFrame()
""",
    "columns without end": """
_right = by_clinic


class Endless(pd.DataFrame):
    @property
    def columns(self):
        while True:
            yield "n"


def by_clinic(visits):
    return Endless(_right(visits))
""",
    "ten million rows": """
def by_clinic(visits):
    return pd.DataFrame({"n": np.zeros(10_000_000), "mean": np.zeros(10_000_000)})
""",
    "a hundred thousand columns": """
def by_clinic(visits):
    names = [f"<b>{number}</b>" for number in range(100_000)]
    return pd.DataFrame(np.zeros((3, len(names))), columns=names)
""",
    "columns of one name": """
def by_clinic(visits):
    return pd.DataFrame([[1, 2.0, 3.0]] * 3, columns=["n", "n", "mean"], index=list("xyz"))
""",
    "a date of ten million letters": """
class Timestamp:
    def isoformat(self):
        return "9" * 10_000_000


def by_clinic(visits):
    column = pd.Series([Timestamp()] * 3, dtype=object)
    return pd.DataFrame({"n": column, "mean": column})
""",
    "an entry that ends the process when it is read": """
class Ends(str):
    def __str__(self):
        import os

        os._exit(0)


def by_clinic(visits):
    column = pd.Series([Ends("x")] * 3, dtype=object)
    return pd.DataFrame({"n": column, "mean": column})
""",
    "a table within a table": """
def by_clinic(visits):
    return pd.DataFrame({"n": [visits] * 3, "mean": [visits] * 3})
""",
    "levels of labels without end": """
def by_clinic(visits):
    label = "x"
    for _ in range(50_000):
        label = (label, "y")
    index = pd.Index([label] * 3, dtype=object, tupleize_cols=False)
    return pd.DataFrame({"n": [0] * 3, "mean": [0.5] * 3}, index=index)
""",
}
QUERIES = {
    "a query without end": """
def longest():
    return "with recursive n(x) as (select 1 union all select x + 1 from n) select x, x from n"
""",
    "another base": """
def longest():
    return "attach database '@SECRET@' as other"
""",
    "a library that is loaded": """
def longest():
    return "select load_extension('@SECRET@'), 1"
""",
    "a blob of a gigabyte": """
def longest():
    return "select zeroblob(1000000000), zeroblob(1000000000)"
""",
    "a million rows": """
def longest():
    return (
        "with recursive n(x) as (select 1 union all select x + 1 from n where x < 1000000) "
        "select x, x from n"
    )
""",
    "two queries": """
def longest():
    return "drop table visits; select clinic, days from visits"
""",
    "a text that is no text": """
class Query(str):
    def __str__(self):
        return "select 1, 2"


def longest():
    return Query("select 'a', 1")
""",
}
FIGURES = {
    "an object with the names of a figure": """
class Plot:
    def savefig(self):
        return None

    def get_axes(self):
        return [self] * 3

    collections = property(lambda self: [self])
    get_title = get_xlabel = get_ylabel = lambda self: "x"


def scatter(x, y):
    return Plot()
""",
    "axes without end": """
class Plot:
    savefig = None

    def get_axes(self):
        while True:
            yield self

    collections = ()


def scatter(x, y):
    return Plot()
""",
    "points by the class's name": """
class PathCollection:
    def get_offsets(self):
        return np.zeros((7, 2, 3))


class Plot:
    savefig = None
    collections = [PathCollection()]
    get_title = get_xlabel = get_ylabel = lambda self: ""

    def get_axes(self):
        return [self]


def scatter(x, y):
    return Plot()
""",
    "three million points": """
def scatter(x, y):
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().scatter(np.zeros(3_000_000), np.zeros(3_000_000))
    return figure
""",
    "a label of ten million letters": """
def scatter(x, y):
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().set_xlabel("$" * 10_000_000)
    return figure
""",
}
PRINTED = {
    "half a gigabyte that is printed": """
def greet():
    for _ in range(500):
        print("x" * 1_000_000)
""",
    "a screen of its own": """
def greet():
    import sys

    sys.stdout = open(1, "w", closefd=False)
    print(f"Hello, {input()}!")
""",
    "a screen that is closed": """
def greet():
    import sys

    sys.stdout.close()
""",
    "lines that are read without end": """
def greet():
    while True:
        print(input())
""",
    "escapes and halves of characters": """
def greet():
    print("\\x1b[2J\\x00\\ud800<script>alert(1)</script>")
""",
    "an exit behind the right words": """
_right = greet


def greet():
    _right()
    raise SystemExit(0)
""",
    "an object in the place of words": """
def greet():
    class Words:
        def __str__(self):
            import os

            os._exit(0)

    print(Words())
""",
}
RAISED = {
    "an exception that is none": """
def root(x):
    raise KeyboardInterrupt("none")
""",
    "an exception called by ten million letters": """
def root(x):
    raise type("V" * 10_000_000, (Exception,), {})
""",
    "an exception of the kit": """
class ValueError(Exception):
    __module__ = "autograder.errors"


def root(x):
    raise ValueError("no root")
""",
    "an exception whose class has no name": """
class Kind(type):
    __name__ = property(lambda cls: 1 / 0)


class Nameless(Exception, metaclass=Kind):
    pass


def root(x):
    raise Nameless()
""",
    "an exception at each look": """
def root(x):
    raise ExceptionGroup("all", [ValueError("no root")])
""",
    "an exception by itself": """
def root(x):
    return int("no root")
""",
}
ATTACKS = {
    "clinics": TABLES,
    "stays": QUERIES,
    "scattering": FIGURES,
    "greeting": PRINTED,
    "rooting": RAISED,
}
CASES = [(check, name) for check, attacks in ATTACKS.items() for name in attacks]


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Return the results of all of them and of our own solution, by name."""
    folder = tmp_path_factory.mktemp("kinds")
    head, head_of_checks, *blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    scripts = "\n\n".join([head, *blocks[::2]])
    quick = [block.replace("@check(", "@check(seconds=1, ") for block in blocks[1::2]]
    checks = "\n\n".join([head_of_checks, *quick])
    unit = small.write_course(folder / "course", "recipes", checks, scripts, PACKAGES)
    assert build(unit.course)
    right = solution_of(unit).plain()
    secret = folder / "secret.db"
    secret.write_text(SECRET)
    for check, attacks in ATTACKS.items():
        for name, code in attacks.items():
            script = f"{right}\n{code.replace('@SECRET@', str(secret))}"
            small.submit(folder / "class", called(check, name), script, "recipes")
    small.submit(folder / "class", "honest", right, "recipes")
    command = (
        "grade",
        folder / "class",
        "--out",
        folder / "out",
        "--quick",
        "--any-name",
        "--seed",
        "5",
    )
    done = small.run_command(*command, cwd=unit.course.folder, AUTOGRADER_COURSE="")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    found = {}
    for path in (folder / "out" / "recipes").glob("*.json"):
        text = path.read_text()
        assert SECRET not in text
        assert "\\u001b" not in text
        found[path.stem] = {check["name"]: check for check in json.loads(text)["checks"]}
    for page in (folder / "out").rglob("*.html"):
        assert "<script>alert" not in page.read_text()
    return found


def called(check, name):
    return f"{check}-{re.sub('[^a-z]+', '-', name)}"


def test_the_honest_file_among_them_earns_all(graded):
    """The honest file earns all points, whatever the others do.

    Its written answer waits for an instructor.
    """
    told = {name: check["status"] for name, check in graded["honest"].items()}
    assert told.pop("concluding") == "recorded"
    assert set(told.values()) == {"passed"}
    assert len(graded) == len(CASES) + 1


@pytest.mark.parametrize(("attacked", "name"), CASES)
def test_an_answer_of_another_kind_earns_nothing(attacked, name, graded):
    """An answer of another kind fails only its own check, and the feedback says why."""
    checks = graded[called(attacked, name)]
    for one, check in checks.items():
        if one != attacked:
            assert check["status"] == graded["honest"][one]["status"]
    found = checks[attacked]
    assert found["status"] in ("failed", "error", "killed", "timeout"), found
    assert found["earned"] == 0
    assert found["remarks"]
