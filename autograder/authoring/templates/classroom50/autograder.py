"""Classroom 50 runs this for each submission. It is practice, on the public seed: nothing here holds a solution, and
the submission's code runs in a process that it can write to. Grades come from `autograder collect` and `grade`.

The contract: foundation50/classroom50, wiki, Autograders; schema `classroom50/result/v1`.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

# the bundle: the course, without solutions, and the engine's wheel
HERE = Path(__file__).resolve().parent
UNITS = {{units | list | tojson}}
WHEEL = HERE / "{{ wheel }}"
PACKAGES = {{packages | tojson}}


def installed():
    """Make an environment once for each wheel and Python; a runner that keeps its cache finds it again."""
    known = hashlib.sha256(WHEEL.read_bytes() + repr((PACKAGES, sys.version)).encode()).hexdigest()[
        :16
    ]
    cache = os.environ.get("RUNNER_TOOL_CACHE") or Path.home() / ".cache"
    folder = Path(cache) / "autograder-kit" / known
    python = folder / "bin" / "python"
    if not (folder / "ready").is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", WHEEL, *PACKAGES], check=True)
        (folder / "ready").touch()
    return python


def files():
    """The file of each unit in the checkout: where the release has it, or at the top; the newer of two."""
    for unit in UNITS:
        places = [
            Path(folder) / f"{unit}{end}"
            for folder in ("assignments", ".")
            for end in (".py", ".ipynb")
        ]
        if there := [path for path in places if path.is_file() and not path.is_symlink()]:
            yield max(there, key=lambda path: path.stat().st_mtime)


def run(python, *arguments):
    """Run one of our commands; the exit code 1 means that something did not pass."""
    done = subprocess.run([python, "-P", "-m", "autograder", *map(str, arguments)], check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"autograder {arguments[0]} ended with {done.returncode}")


def main():
    """Check each unit's file, and write result.json and release-body.md."""
    python = installed()
    os.environ["AUTOGRADER_COURSE"] = str(HERE)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        run(python, "data")
        for file in files():
            run(python, "check", file, "--out", out / "checked")
        tests, body = [], "No file of a unit was found.\n"
        if (out / "checked").is_dir():
            run(python, "export", out / "checked", "--to", "classroom50", "--out", out / "tests")
            run(python, "export", out / "checked", "--to", "github", "--out", out / "body")
            tests = [
                t
                for path in sorted((out / "tests").glob("*.json"))
                for t in json.loads(path.read_text())["tests"]
            ]
            body = "\n".join(path.read_text() for path in sorted((out / "body").glob("*.md")))
    result = {
        "schema": "classroom50/result/v1",
        "classroom": os.environ["CLASSROOM"],
        "assignment": os.environ["ASSIGNMENT"],
        "assignment_type": os.environ.get("ASSIGNMENT_TYPE", "individual"),
        "owner": os.environ.get("OWNER") or os.environ["USERNAME"],
        "submission": os.environ["SUBMISSION_TAG"],
        "commit": os.environ["COMMIT_URL"],
        "release": os.environ["RELEASE_URL"],
        "review": os.environ.get("REVIEW_URL") or os.environ["COMMIT_URL"],
        "datetime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
    }
    Path("result.json").write_text(json.dumps(result, indent=2))
    Path("release-body.md").write_text(f"Practice, on the public seed.\n\n{body}")


if __name__ == "__main__":
    main()
