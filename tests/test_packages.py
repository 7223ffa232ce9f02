"""The table of packages in the sandbox, compared with the packages installed here."""

import importlib
import re

import pytest
from this_course import ROOT

pytestmark = pytest.mark.proof

PAGE = ROOT / "docs" / "measurements" / "packages.md"
NAMES = [path.stem for path in sorted((ROOT / "benchmarks" / "tried").glob("*.py"))]


@pytest.fixture
def packages(monkeypatch):
    """Load the benchmark that writes the table."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("packages")


def rows(name):
    """Return a package's rows of the page's tables, as lists of cells."""
    found = re.findall(rf"^\| {re.escape(name)} \|(.*)\|$", PAGE.read_text(encoding="utf-8"), re.M)
    return [[cell.strip() for cell in row.split("|")] for row in found]


def test_every_script_has_a_row(packages):
    """Every script has a row, and every listed package a script whose functions are all listed."""
    assert len(NAMES) == len(packages.PACKAGES)
    for name in packages.PACKAGES:
        (version, works, _, working), *failing = rows(name)
        told = working.split(", ") if working else []
        for functions, _ in failing:
            told += functions.split(", ")
        wanted = [function.replace("_", " ") for function in packages.TriedPackage(name).functions]
        assert version
        assert sorted(told) == sorted(wanted)
        assert works.endswith(f"of {len(wanted)}")


@pytest.mark.parametrize("name", ["scipy", "pandas", "scikit-learn", "sympy", "matplotlib"])
def test_what_the_table_says_is_so(packages, name):
    """With the installed version the table's claims hold inside a sandbox and outside."""
    pytest.importorskip(packages.MODULES.get(name, name))
    (_, _, _, working), *_ = rows(name)
    outcome = packages.tried_out(packages.TriedPackage(name))
    found = [one.function.replace("_", " ") for one in outcome.found if not one.fault]
    assert ", ".join(found) == working, outcome.faults
