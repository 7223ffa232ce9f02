"""This course's datasets: each manifest is complete, and no code is among them."""

import tomllib

import pytest
from this_course import ROOT

pytestmark = pytest.mark.lint


def test_manifests_are_whole():
    """Every dataset has a licence, a checksum, sources and a README, and nothing importable."""
    found = sorted((ROOT / "datasets").glob("*/manifest.toml"))
    assert {path.parent.name for path in found} >= {"austen", "nietzsche"}
    for path in found:
        facts = tomllib.loads(path.read_text())
        assert facts["licence"]
        assert len(facts["sha256"]) == 64
        assert facts["sources"]
        assert facts["sha256"] in (path.parent / "README.md").read_text()
        assert {file.name for file in path.parent.iterdir()} == {"manifest.toml", "README.md"}
    assert not list((ROOT / "datasets").rglob("*.py"))
