"""What a contributor is told is so: the drawing, the names in the docs, versions that agree."""

import ast
import importlib.util
import re
import subprocess
import tomllib
from typing import get_args

import pytest
import yaml
from this_course import ROOT

from autograder.judging import Status

ENGINE = ROOT / "autograder"


def tool(name):
    """Import a script of tools/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_drawing_shows_the_imports_that_there_are():
    """docs/architecture.svg is what `make architecture` writes."""
    architecture = tool("architecture")
    drawn = architecture.drawing(architecture.read_architecture())
    assert architecture.PICTURE.read_text(encoding="utf-8") == drawn, "run `make architecture`"


def test_no_import_of_the_drawing_goes_upward():
    """Each package stands above all that it imports."""
    architecture = tool("architecture").read_architecture()
    rows = {package.name: row for row, package in enumerate(architecture.packages)}
    assert sum(architecture.imports.values()) > 300
    for importer, imported in architecture.imports:
        assert rows[importer] < rows[imported], (importer, imported)


def test_the_page_on_the_architecture_names_modules_and_functions_that_exist():
    """`grading/one.py` `grade_one`: the file is in the engine, and defines that name."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:\w+/)*\w+\.py)`(?: `(\w+)`)?", page)
    assert len(named) > 20
    for path, name in named:
        if path.startswith("tools/"):
            assert (ROOT / path).exists()
            continue
        defined = ast.parse((ENGINE / path).read_text(encoding="utf-8")).body
        names = {node.name for node in defined if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        assert not name or name in names, f"{path} defines no {name}"


def test_the_map_of_the_tests_names_each_file_and_what_it_proves():
    """The tables of tests/README.md are those that `tools/tests_map.py` writes."""
    tests_map = tool("tests_map")
    page = tests_map.PAGE.read_text(encoding="utf-8")
    seconds = tests_map.known_seconds(page)
    assert page == tests_map.with_tables(page, seconds), "run `python tools/tests_map.py`"
    files = [path for folder in tests_map.FOLDERS for path in (ROOT / folder).glob("test_*.py")]
    assert {path.name for path in files} == set(seconds)


def test_seconds_are_measured_and_kept(tmp_path):
    """A file is run by itself; the tables keep what they said of the others."""
    tests_map = tool("tests_map")
    quick = tmp_path / "test_quick.py"
    quick.write_text("def test_nothing():\n    pass\n")
    assert int(tests_map.measured_seconds([quick])["test_quick.py"]) >= 1
    page = "| `test_two.py` | something | 7 |\n| `test_one.py` | this \\| that | ? |"
    assert tests_map.known_seconds(page) == {"test_two.py": "7", "test_one.py": "?"}


# ---- versions and forms


def test_the_workflow_tries_each_python_that_is_claimed():
    """The versions of the matrix, the classifiers and the lowest in `requires-python` agree."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text())
    strategy = workflow["jobs"]["tests"]["strategy"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    classifiers = " ".join(project["classifiers"])
    claimed = re.findall(r"Python :: (3\.\d+)", classifiers)
    assert strategy["matrix"]["python"] == claimed
    assert project["requires-python"] == f">={claimed[0]}"


def test_the_workflow_runs_what_make_runs():
    """`make lint test figures`, as .ci/run does; actions are named with a major version."""
    steps = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text())["jobs"][
        "tests"
    ]["steps"]
    assert any("make lint test figures" in step.get("run", "") for step in steps)
    assert "make lint test figures" in (ROOT / ".ci" / "run").read_text()
    used = [step["uses"] for step in steps if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", action) for action in used)


def test_the_workflow_of_systems_names_what_is_there():
    """Programs, tests and packages that exist; a student's way on each system that is claimed."""
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
    """The hooks run the same commands, from the environment that is active."""
    makefile = (ROOT / "Makefile").read_text()
    _, _, rest = makefile.partition("\nlint:")
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
    """Each field has a label, each but the words an id of its own."""
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
    """The entry of the version has a date and a text, and CITATION.cff says the same."""
    release = tool("release")
    version = release.version_of(ROOT)
    date, text = release.changelog_entries(ROOT)[version]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", date)
    assert "### Students" in text
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (str(citation["version"]), f"{citation['date-released']}") == (version, date)


@pytest.fixture
def checkout(tmp_path):
    """A small checkout that can be released."""
    (tmp_path / "autograder").mkdir()
    (tmp_path / "autograder" / "version.py").write_text('__version__ = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-01-02\n\n- News.\n"
    )
    (tmp_path / "CITATION.cff").write_text("\nversion: 1.2.0\ndate-released: 2026-01-02\n")
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "First"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_a_checkout_that_is_whole_can_be_released(checkout):
    """Nothing is found wrong in its files or in git."""
    release = tool("release")
    assert release.wrong_in_files(checkout) == []
    assert release.wrong_in_git(checkout) == []


@pytest.mark.parametrize(
    ("path", "old", "new", "told"),
    [
        ("autograder/version.py", "1.2.0", "1.3.0", "no entry `## [1.3.0] - DATE`"),
        ("CHANGELOG.md", "- News.", "", "says nothing of 1.2.0"),
        ("CHANGELOG.md", "[Unreleased]\n", "[Unreleased]\n\n- More.\n", "move them to 1.2.0"),
        ("CHANGELOG.md", "2026-01-02", "2026-02-03", "no line `date-released: 2026-02-03`"),
        ("CITATION.cff", "1.2.0", "1.1.0", "no line `version: 1.2.0`"),
    ],
)
def test_a_release_is_refused_where_files_disagree(checkout, path, old, new, told):
    """What is missing is said, and where; the change that is in no commit too."""
    release = tool("release")
    file = checkout / path
    file.write_text(file.read_text().replace(old, new))
    assert any(told in problem for problem in release.wrong_in_files(checkout))
    assert "in no commit" in release.wrong_in_git(checkout)[0]


def test_a_version_is_tagged_once(checkout):
    """A tag that is there already is told, with what to do."""
    subprocess.run(["git", "tag", "v1.2.0"], cwd=checkout, check=True)
    assert "raise the version" in tool("release").wrong_in_git(checkout)[0]


# ---- what a change must reach


def test_the_docs_name_each_status_of_a_verdict():
    """A status that is added is explained to instructors, who read results."""
    page = (ROOT / "docs" / "instructor.md").read_text(encoding="utf-8")
    assert [status for status in get_args(Status) if f"`{status}`" not in page] == []


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md", "docs/code.md"])
def test_pages_for_contributors_name_files_that_exist(page):
    """Each path of this repository, and each file of tests that is named without its folder."""
    text = (ROOT / page).read_text(encoding="utf-8")
    if page == "docs/code.md":  # its last column: the others name files of other projects
        rows = [line for line in text.splitlines() if line.count("|") == 6]
        text = "\n".join(row.split("|")[-2] for row in rows)
    paths = re.findall(r"`((?:autograder|benchmarks|docs|tests|tools)/[\w./-]*)`", text)
    assert len(paths) > 10 or page == "SECURITY.md"
    for path in paths:
        assert (ROOT / path).exists(), path
    for name in re.findall(r"`(test_\w+\.py)`", text):
        places = [ROOT / "tests" / name, ENGINE / "tests" / name]
        assert any(place.exists() for place in places), name
