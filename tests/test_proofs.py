"""Proofs: each runs if its dependencies changed, and is recorded when all of it passed."""

import ast
import os
import subprocess
import sys
from functools import cache

import pytest
from this_course import ROOT, tool

SMALL = """
import pytest

@pytest.mark.proof
def test_one():
    assert (open("needed.txt").read()) == "right"

@pytest.mark.proof
def test_other():
    if open("needed.txt").read() == "none":
        pytest.skip("nothing is here: apt-get install something")

def test_no_proof():
    raise AssertionError("this is no proof")
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Make a small project with one proof; return its tools/proofs.py as a module."""
    for folder in ("tools", "tests", "autograder/tests"):
        (tmp_path / folder).mkdir(parents=True)
    text = (ROOT / "tools" / "proofs.py").read_text(encoding="utf-8")
    head, _, rest = text.partition("PROOFS = (")
    _, _, tail = rest.partition("\n)\n")
    table = 'PROOFS = (Proof("small", "It is right.", ("small",), ("needed.txt", "data/*")),)\n'
    (tmp_path / "tools" / "proofs.py").write_text(head + table + tail, encoding="utf-8")
    (tmp_path / "tests" / "test_small.py").write_text(SMALL)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    proof: of something\n")
    (tmp_path / "course.toml").write_text("units = []\n")
    (tmp_path / "needed.txt").write_text("right")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def proofs_of(project, *arguments):
    """Run the command in the small project; return its exit code and output."""
    command = [sys.executable, project / "tools" / "proofs.py", *arguments]
    environment = dict(os.environ)
    if "-n" not in arguments:  # pytest starts faster without its plugins
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_without_a_record_a_proof_runs_and_afterwards_it_is_left_out(project):
    """An unrecorded proof runs and is skipped afterwards, with the reason.

    Tests that are no proof do not run.
    """
    code, said = proofs_of(project)
    assert code == 0, said
    assert "To prove: small. It is right." in said
    assert "2 passed" in said
    code, said = proofs_of(project)
    assert code == 0
    assert "Left out: small. Nothing on which it depends has changed since it passed." in said
    assert "passed in" not in said


@pytest.mark.parametrize("changed", ["needed.txt", "data/new.txt", "tests/test_small.py"])
def test_a_change_of_what_a_proof_depends_on_calls_for_it(project, changed):
    """A changed or new file that a proof's patterns match, and its tests' file, rerun it."""
    proofs_of(project)
    path = project / changed
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + "\n")
    _, said = proofs_of(project, "--list")
    assert "To prove: small." in said


def test_another_change_calls_for_no_proof(project):
    """A file that no pattern matches, or that git ignores, reruns no proof."""
    proofs_of(project)
    (project / "README.md").write_text("news")
    (project / ".gitignore").write_text("data/cache\n")
    (project / "data").mkdir()
    (project / "data" / "cache").write_text("kept")
    _, said = proofs_of(project, "--list")
    assert "Left out: small." in said


def test_what_failed_is_not_proven(project):
    """A failed proof runs again, though nothing has changed."""
    (project / "needed.txt").write_text("wrong")
    for _ in range(2):
        code, said = proofs_of(project)
        assert code == 1
        assert "Not proven: small, 1 failed." in said


def test_what_was_skipped_in_part_is_not_proven(project):
    """A partly skipped proof is not recorded, which is reported and is no failure."""
    text = SMALL.replace('== "right"', '== "none"')
    (project / "tests" / "test_small.py").write_text(text)
    (project / "needed.txt").write_text("none")
    for _ in range(2):
        code, said = proofs_of(project)
        assert code == 0
        assert "Not proven here: small, 1 skipped." in said


def test_a_proof_that_is_named_or_all_run_though_they_are_proven(project):
    """A named proof, or `all`, runs though it is recorded; an unknown name gets a list."""
    proofs_of(project)
    for arguments in (["--all"], ["small"]):
        code, said = proofs_of(project, *arguments)
        assert code == 0
        assert "2 passed" in said
    code, said = proofs_of(project, "smal")
    assert code == 1
    assert "There is no proof smal. There are: small." in said


def test_several_workers_keep_one_record(project):
    """With `-n 2` each test is counted once."""
    (project / "pytest.ini").write_text("[pytest]\naddopts = -p no:autograder\nmarkers = proof\n")
    code, said = proofs_of(project, "-n", "2")
    assert code == 0, said
    assert "Left out: small." in proofs_of(project, "--list")[1]


# ---- the proofs of this course


@pytest.fixture(scope="module")
def proofs():
    return tool("proofs")


def test_each_pattern_of_a_proof_names_a_file(proofs):
    """Each pattern of a proof matches a file; another is a mistake or outdated."""
    names = proofs.files()
    for proof in proofs.PROOFS:
        for name in proof.tests:
            assert proofs.matched(names, [f"*/test_{name}.py"]), name
        for pattern in proof.depends:
            plain = pattern.format(unit=proof.unit).removeprefix("!")
            assert proofs.matched(names, [plain]), f"{proof.name}: {pattern}"


def test_each_proof_depends_on_all_modules_that_its_tests_import(proofs):
    """Each proof's patterns cover all modules that its tests import, directly or not.

    Imports inside functions count.
    """
    names = frozenset(proofs.files())
    for proof in proofs.PROOFS:
        depends = set(proofs.matched(sorted(names), proof.patterns))
        tests = {name for name in depends if name.rpartition("/")[2].startswith("test_")}
        imported = closure(tests, names)
        assert len(imported) > len(tests)
        assert imported <= depends, f"{proof.name}: {sorted(imported - depends)}"


# it forks real commands, whose packages such tests' proofs name
COMMANDS = "autograder/tests/commands.py"


def closure(start, names):
    """Return the files of this project that some files import, directly or not."""
    found, waiting = set(), list(start)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [] if name == COMMANDS else imports_of(name, names)
    return found


@cache
def imports_of(name, names):
    """Return the files of this project that a file imports."""
    found = []
    for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for module in modules:
            path = module.replace(".", "/")
            for folder in ("", "tests/", "autograder/tests/"):
                for file in (f"{folder}{path}.py", f"{folder}{path}/__init__.py"):
                    if file in names:
                        found.append(file)
    return found


def test_a_unit_is_proven_again_when_its_solution_changes_and_others_are_not(proofs):
    """A changed solution reruns its unit's proof only; a changed judge reruns all of them.

    A change of the docs reruns none.
    """
    by_name = {proof.name: proof for proof in proofs.PROOFS}
    names = {*proofs.files()}

    def called_for(change):
        (path,) = (name for name in names if name.startswith(change))
        return {name for name, proof in by_name.items() if proofs.matched([path], proof.patterns)}

    of_unit3 = called_for("solutions/unit3")
    assert {"material of unit3", "runs of unit3", "release"} <= of_unit3
    assert not [name for name in of_unit3 if name.endswith(("unit2", "unit5"))]
    assert {name for name in by_name if name.startswith("material")} <= called_for(
        "autograder/judging/points.py"
    )
    assert called_for("docs/instructor.md") == set()
    assert called_for("autograder/cli/instructor.py") & {"material", "material of unit3"} == set()


def test_each_proof_says_what_it_proves(proofs):
    """Each proof has a sentence on what it proves and a unique name."""
    names = [proof.name for proof in proofs.PROOFS]
    assert len(names) == len(set(names))
    assert all(proof.says.endswith(".") for proof in proofs.PROOFS)


def test_a_test_with_the_mark_and_without_a_proof_is_an_error(proofs):
    """A marked test without a proof is an error, because it would run nowhere."""
    assert proofs.proof_of("tests/test_styles.py::test_x[unit3_scan]", ["proof"]) == (
        "material of unit3"
    )
    assert proofs.proof_of("tests/test_styles.py::test_y", ["proof"]) == "material"
    assert proofs.proof_of("tests/test_x.py::test_y", ["proof", "browser"]) == "pages"
    with pytest.raises(LookupError, match="no proof of"):
        proofs.proof_of("tests/test_x.py::test_y", ["proof"])
