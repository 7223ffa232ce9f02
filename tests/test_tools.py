"""The scripts of tools/: the release check, and the seconds of the tests."""

import subprocess

import pytest
from this_course import tool


@pytest.fixture
def checkout(tmp_path):
    """Make a small checkout that can be released."""
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
    """A complete checkout has no faults in its files or in git."""
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
    """A faulty checkout is refused with each fault and its place, uncommitted changes too."""
    release = tool("release")
    file = checkout / path
    file.write_text(file.read_text().replace(old, new))
    assert any(told in problem for problem in release.wrong_in_files(checkout))
    assert "in no commit" in release.wrong_in_git(checkout)[0]


def test_a_version_is_tagged_once(checkout):
    """An existing tag is reported with what to do."""
    subprocess.run(["git", "tag", "v1.2.0"], cwd=checkout, check=True)
    assert "raise the version" in tool("release").wrong_in_git(checkout)[0]


# ---- the map of the tests


def test_seconds_are_measured_and_kept(tmp_path):
    """A file's seconds are measured by running it alone; the tables keep the others' figures."""
    tests_map = tool("tests_map")
    quick = tmp_path / "test_quick.py"
    quick.write_text("def test_nothing():\n    pass\n")
    assert int(tests_map.measured_seconds([quick])["test_quick.py"]) >= 1
    page = "| `test_two.py` | something | 7 |\n| `test_one.py` | this \\| that | ? |"
    assert tests_map.known_seconds(page) == {"test_two.py": "7", "test_one.py": "?"}
