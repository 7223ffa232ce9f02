"""What contributors read is true: the drawing, the names in the docs, the versions."""

import ast
import importlib
import re
import tomllib
from typing import get_args

import pytest
import yaml
from this_course import ROOT, tool

from autograder.grading.policy import Early, Late, Rules, Total
from autograder.judging import Status

pytestmark = pytest.mark.lint

ENGINE = ROOT / "autograder"


def test_the_drawing_shows_the_imports_that_there_are():
    """docs/architecture.svg equals what `make architecture` writes."""
    architecture = tool("architecture")
    drawn = architecture.drawing(architecture.read_architecture())
    assert architecture.PICTURE.read_text(encoding="utf-8") == drawn, "run `make architecture`"


def test_each_rule_of_a_policy_stands_in_the_docs():
    """docs/policy.md names each key that a policy may have."""
    page = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    fields = {field for part in (Rules, Late, Early, Total) for field in part.__struct_fields__}
    assert {field for field in fields if not re.search(rf"\b{field}\b", page)} == set()


def test_the_table_of_packages_is_that_of_the_code():
    """The table has each package in order, with its purpose and its lines up to a tenth.

    So a change of a few lines needs no other file.
    """
    architecture = tool("architecture")
    page = architecture.PAGE.read_text(encoding="utf-8")
    now = architecture.with_table(page, architecture.read_architecture())
    for written, counted in zip(page.splitlines(), now.splitlines(), strict=True):
        cells, others = written.split(" | "), counted.split(" | ")
        assert cells[:2] == others[:2], "run `make architecture`"
        if cells != others:
            lines, found = (int(row[3].replace(",", "")) for row in (cells, others))
            assert abs(lines - found) <= max(10, 0.1 * found), (
                f"{cells[0]}: run `make architecture`"
            )


def test_no_import_of_the_drawing_goes_upward():
    """In the drawing each package stands above all that it imports."""
    architecture = tool("architecture").read_architecture()
    rows = {package.name: row for row, package in enumerate(architecture.packages)}
    assert sum(architecture.imports.values()) > 300
    for importer, imported in architecture.imports:
        assert rows[importer] < rows[imported], (importer, imported)


def test_the_page_on_the_architecture_names_modules_and_functions_that_exist():
    """In `grading/one.py` `grade_one` the file exists in the engine and defines that name."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:\w+/)*\w+\.py)`(?: `(\w+)`)?", page)
    assert len(named) > 20
    for path, name in named:
        if path.startswith(("tools/", "tests/")):
            assert (ROOT / path).exists()
            continue
        defined = ast.parse((ENGINE / path).read_text(encoding="utf-8")).body
        names = {node.name for node in defined if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        assert not name or name in names, f"{path} defines no {name}"


def test_the_map_of_the_tests_names_each_file_and_what_it_proves():
    """The tables of tests/README.md equal those that `tools/tests_map.py` writes."""
    tests_map = tool("tests_map")
    page = tests_map.PAGE.read_text(encoding="utf-8")
    seconds = tests_map.known_seconds(page)
    assert page == tests_map.with_tables(page, seconds), "run `python tools/tests_map.py`"
    files = [path for folder in tests_map.FOLDERS for path in (ROOT / folder).glob("test_*.py")]
    assert {path.name for path in files} == set(seconds)


# ---- versions and forms


@pytest.mark.parametrize(("name", "job"), [("tests", "tests"), ("nightly", "proofs")])
def test_a_workflow_tries_each_python_that_is_claimed(name, job):
    """The workflow's versions, the classifiers and `requires-python` agree."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())
    strategy = workflow["jobs"][job]["strategy"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    classifiers = " ".join(project["classifiers"])
    claimed = re.findall(r"Python :: (3\.\d+)", classifiers)
    assert strategy["matrix"]["python"] == claimed
    assert project["requires-python"] == f">={claimed[0]}"


@pytest.mark.parametrize(
    ("path", "command"),
    [
        (".ci/run", "--output-sync=target lint locked"),
        (".ci/run", "make test proofs"),
        (".github/workflows/tests.yml", "make lint test proofs figures"),
        (".github/workflows/nightly.yml", "make test proofs-all figures"),
    ],
)
def test_a_workflow_runs_every_layer_of_the_tests(path, command):
    """The workflow runs every layer of `make`; actions are pinned to a major version."""
    text = (ROOT / path).read_text()
    assert command in text
    targets = (ROOT / "Makefile").read_text().partition(".PHONY:")[2].partition("\n")[0].split()
    assert set(command.split()[1:]) <= set(targets)
    used = re.findall(r"uses: (\S+)", text)
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", action) for action in used)


def test_the_workflow_of_systems_names_what_is_there():
    """The workflow of systems names existing programs, tests and packages.

    It runs a student's way on each supported system.
    """
    text = (ROOT / ".github" / "workflows" / "systems.yml").read_text()
    jobs = yaml.safe_load(text)["jobs"]
    systems = {name.partition("-")[0] for name in jobs["student"]["strategy"]["matrix"]["system"]}
    assert systems == {"windows", "macos", "ubuntu"}
    for path in re.findall(r"(?:tools|autograder/tests)/\w+\.py", text):
        assert (ROOT / path).is_file()
    used = re.findall(r"uses: (\S+)", text)
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", action) for action in used)
    apt = re.search("install -y (wine .*)", text)[1]
    assert apt in (ROOT / "tools" / "windows.py").read_text()
    assert apt in (ROOT / ".ci" / "run").read_text()


def test_each_hook_before_a_commit_is_a_linter_of_make_lint():
    """The hooks run the linters of `make lint` from the active environment."""
    makefile = (ROOT / "Makefile").read_text()
    _, _, rest = makefile.partition("\nlint-code:")
    recipe, _, _ = rest.partition("\n\n")
    (repo,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repo["repo"] == "local"
    for hook in repo["hooks"]:
        if "stages" in hook:
            continue
        words = hook["entry"].split()
        number_of_words = 2 if words[0] == "ruff" else 1
        command = " ".join(words[:number_of_words])
        assert f".venv/bin/{command}" in recipe


@pytest.mark.parametrize("form", ["bug", "verdict", "exercise"])
def test_a_form_for_issues_asks_by_fields_that_github_knows(form):
    """Each field of an issue form has a label and, unless it is text, a unique id."""
    path = ROOT / ".github" / "ISSUE_TEMPLATE" / f"{form}.yml"
    parsed = yaml.safe_load(path.read_text())
    assert {"name", "description", "body"} <= set(parsed)
    asked = [field for field in parsed["body"] if field["type"] != "markdown"]
    for field in asked:
        assert field["type"] in ("textarea", "input", "dropdown", "checkboxes")
        assert field["attributes"]["label"]
    ids = {field["id"] for field in asked}
    assert len(ids) == len(asked)


# ---- releases


def test_the_changelog_and_the_citation_know_the_present_version():
    """The changelog's entry for the version has a date and a text; CITATION.cff agrees."""
    release = tool("release")
    version = release.version_of(ROOT)
    date, text = release.changelog_entries(ROOT)[version]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", date)
    assert "### Students" in text
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (str(citation["version"]), f"{citation['date-released']}") == (version, date)


# ---- what a change must reach


def test_the_docs_name_each_status_of_a_verdict():
    """The docs for instructors explain each status of a verdict."""
    page = (ROOT / "docs" / "instructor.md").read_text(encoding="utf-8")
    assert [status for status in get_args(Status) if f"`{status}`" not in page] == []


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md"])
def test_pages_for_contributors_name_files_that_exist(page):
    """Each path of this repository, and each test file named without its folder, exists."""
    text = (ROOT / page).read_text(encoding="utf-8")
    paths = re.findall(r"`((?:autograder|benchmarks|docs|tests|tools)/[\w./-]*)`", text)
    assert len(paths) > 10 or page != "CONTRIBUTING.md"
    for path in paths:
        assert (ROOT / path).exists(), path
    for name in re.findall(r"`(test_\w+\.py)`", text):
        places = [ROOT / "tests" / name, ENGINE / "tests" / name]
        assert any(place.exists() for place in places), name


def changes():
    """Return a row for each change that CONTRIBUTING lists: what, where, and its test."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, _, rest = page.partition("\n| I want to … |")
    table, _, _ = rest.partition("\n\n")
    _, _, *rows = table.splitlines()
    return [row.strip("| ").split(" | ") for row in rows]


def places(cell):
    """Yield the files that a cell names, each with the preceding names that it must define.

    A file without a folder is in the folder of the previous one. A path with UNIT stands for many.
    """
    folder = ROOT
    names = []
    for quoted in re.findall(r"`([^`]+)`", cell):
        if re.fullmatch(r"[A-Za-z_]\w*", quoted):
            names.append(quoted)
        elif re.fullmatch(r"[\w./-]+", quoted):
            path = (ROOT if "/" in quoted else folder) / quoted
            folder = path if quoted.endswith("/") else path.parent
            yield path, names
            names = []
    assert not names, f"which file defines {names}?"


def defined_in(path):
    """Return the names that a module defines: functions, classes, values."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


@pytest.mark.parametrize(("what", "where", "test"), changes())
def test_a_change_leads_to_files_that_are_there_and_define_what_is_named(what, where, test):
    """For `Limits` in `autograder/check.py` the file exists and defines that name."""
    named = [*places(where), *places(test)]
    for path, names in named:
        of_any_unit = re.sub("UNIT|NAME", "*", str(path.relative_to(ROOT)))
        assert any(ROOT.glob(of_any_unit)), f"{what}: there is no {path.relative_to(ROOT)}"
        missing = set(names) - defined_in(path) if names else set()
        assert not missing, f"{what}: {path.relative_to(ROOT)} defines no {sorted(missing)}"


def test_each_fault_can_still_be_planted(monkeypatch):
    """Each fault's code occurs exactly once in the engine, and its tests exist."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    faults = importlib.import_module("faults")
    for fault in faults.FAULTS:
        text = (ENGINE / fault.file).read_text(encoding="utf-8")
        assert text.count(fault.old) == 1, f"{fault.file}: {fault.what}"
        names, _, _ = fault.tests.partition(" -k ")
        found = [path for path in faults.files_of(fault) if path.endswith(".py")]
        assert len(found) == len(names.split()), fault.tests


def test_the_contents_of_the_benchmarks_are_whole():
    """Each benchmark has a row or is part of others; the page of a row mentions it."""
    folder = ROOT / "benchmarks"
    text = (folder / "README.md").read_text(encoding="utf-8")
    contents, _, studies = text.partition("## What was measured once")
    rows = re.findall(r"^\| `(\w+\.py)` \| .* \| `([\w/.]+)` \|$", contents, re.M)
    scripts = {path.name for path in folder.glob("*.py")}
    assert {*re.findall(r"`(\w+\.py)`", contents)} == scripts
    for script, page in rows:
        names = f"benchmarks/{script}" in (ROOT / page).read_text(encoding="utf-8")
        assert names or script == "performance.py", page
    assert len(rows) > 20
    assert not {*re.findall(r"`(\w+\.py)`", studies)} & scripts
