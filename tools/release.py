"""Check that a version can be released, build it, try the wheel, and make the tag.

python tools/release.py --draft      build, check and try the tree as it is, for no version
python tools/release.py --dry-run    everything but the tag
python tools/release.py              the tag too; pushing and publishing it is left to a person

The version is that of autograder/version.py. `python -m build` builds, into dist/; `twine` checks
what was built, from an environment of its own.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FIXTURE = ROOT / "autograder" / "tests" / "fixture_course"
HEADING = re.compile(r"^## \[(?P<name>[^\]]+)\](?: - (?P<date>\d{4}-\d\d-\d\d))?$", re.M)


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Run a command and return its output. Raises `SystemExit` if it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        shown = " ".join(words)
        raise SystemExit(f"{shown} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def version_of(root: Path) -> str:
    """Return the version in the code."""
    text = (root / "autograder" / "version.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.*)"$', text, re.M)
    if found is None:
        raise SystemExit('autograder/version.py has no line `__version__ = "…"`.')
    return found[1]


def changelog_entries(root: Path) -> dict[str, tuple[str, str]]:
    """Return each version of the changelog with its date and its text; "Unreleased" has no date."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = list(HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]]
    ends.append(len(text))
    entries = {}
    for heading, end in zip(headings, ends, strict=True):
        date = heading["date"] or ""
        entry = text[heading.end() : end]
        entries[heading["name"]] = (date, entry.strip())
    return entries


def wrong_in_files(root: Path) -> list[str]:
    """Return what the changelog and the citation lack for a release, each with what to do."""
    version = version_of(root)
    entries = changelog_entries(root)
    problems = []
    if version not in entries:
        problems.append(f"CHANGELOG.md has no entry `## [{version}] - DATE`: write it.")
        return problems
    date, text = entries[version]
    if not text:
        problems.append(f"CHANGELOG.md says nothing of {version}: write what users notice.")
    if entries.get("Unreleased", ("", ""))[1]:
        problems.append(f"CHANGELOG.md has lines under Unreleased: move them to {version}.")
    citation = (root / "CITATION.cff").read_text(encoding="utf-8")
    for line in (f"version: {version}", f"date-released: {date}"):
        if f"\n{line}\n" not in citation:
            problems.append(f"CITATION.cff has no line `{line}`: the changelog says so.")
    return problems


def wrong_in_git(root: Path) -> list[str]:
    """Return what the checkout lacks for a release, each with what to do."""
    tag = f"v{version_of(root)}"
    problems = []
    if run("git", "status", "--porcelain", cwd=root):
        problems.append("the tree has changes that are in no commit: commit or remove them.")
    if run("git", "tag", "--list", tag, cwd=root):
        problems.append(f"the tag {tag} is there already: raise the version in version.py.")
    return problems


def build(folder: Path) -> Path:
    """Build the wheel and the source archive into a folder. Return the wheel's path."""
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    (archive,) = folder.glob("*.tar.gz")
    print(f"built: {wheel.name}, {archive.name}")
    return wheel


def check_metadata(folder: Path) -> None:
    """Have `twine` check all that was built, as a package index will."""
    with tempfile.TemporaryDirectory() as scratch:
        python = Path(scratch) / "bin" / "python"
        run(sys.executable, "-m", "venv", scratch)
        run(python, "-m", "pip", "install", "--quiet", "twine")
        run(python, "-m", "twine", "check", "--strict", *sorted(folder.iterdir()))
    print("checked: twine finds nothing wrong with either")


def try_wheel(wheel: Path, version: str) -> None:
    """Install a wheel into a new environment, and use it as each kind of user does.

    An instructor grades a submission that earns all points; an author makes a release; a student
    starts with it, and looks at a unit.
    """
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        run(sys.executable, "-m", "venv", place / "venv")
        binaries = place / "venv" / "bin"
        run(binaries / "python", "-m", "pip", "install", "--quiet", wheel)
        said = run(binaries / "autograder", "--version", cwd=place)
        if version not in said:
            raise SystemExit(f"the wheel says it is {said!r}, not {version}.")
        course = place / "course"
        shutil.copytree(FIXTURE, course)
        submission = place / "class" / "ada" / "words" / "words.py"
        submission.parent.mkdir(parents=True)
        shutil.copy(FIXTURE / "solutions" / "words.py", submission)
        run(binaries / "autograder", "grade", place / "class", "--out", place / "out", cwd=course)
        result = json.loads((place / "out" / "words" / "ada.json").read_text(encoding="utf-8"))
        if result["score"] != result["max_score"]:
            raise SystemExit(
                f"graded with the wheel, a solution has {result['score']} of {result['max_score']}."
            )
        run(binaries / "autograder", "build", "--release", place / "release", cwd=course)
        run(binaries / "autograder", "start", place / "work", place / "release", cwd=place)
        where = run(binaries / "autograder", cwd=place / "work")
        if "autograder watch" not in where:
            raise SystemExit(f"a student's folder does not say what is next, but {where!r}.")
    print(f"tried: {wheel.name} in a new environment; a solution earns all points")
    print("tried: a release that it makes, and a student's folder from that")


def main() -> None:
    """Check, build and try the present version; make its tag."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dry-run", action="store_true", help="make no tag")
    parser.add_argument("--draft", action="store_true", help="try the tree, whatever its version")
    options = parser.parse_args()
    version = version_of(ROOT)
    problems = [*wrong_in_git(ROOT), *wrong_in_files(ROOT)]
    if problems and not options.draft:
        raise SystemExit("\n".join([f"{version} cannot be released yet:", *problems]))
    with tempfile.TemporaryDirectory() as scratch:
        wheel = build(Path(scratch))
        check_metadata(Path(scratch))
        try_wheel(wheel, version)
        if options.draft:
            print("The tree as it is can be built and used. Nothing was kept and no tag made.")
            return
        if options.dry_run:
            print(f"{version} can be released. Nothing was kept and no tag made.")
            return
        (ROOT / "dist").mkdir(exist_ok=True)
        for path in Path(scratch).iterdir():
            shutil.copy(path, ROOT / "dist")
    _, text = changelog_entries(ROOT)[version]
    message = f"Version {version}\n\n{text}"
    run("git", "tag", "--annotate", f"v{version}", "--cleanup=verbatim", "--message", message)
    print(f"tagged: v{version}. In dist/: the wheel and the source archive.")
    print(f"Push the tag when the tests of its commit have passed: git push origin v{version}")
    built = f"dist/*{version}*"
    print(f"Then one command is left, with the token of a package index: twine upload {built}")


if __name__ == "__main__":
    main()
