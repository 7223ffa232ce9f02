"""The files of a student: a release of the fixture course and a script to work in."""

import json
import os
import re

import small
from small import COURSE, UNIT

from autograder.authoring.release import release

RIGHT = {
    "double": "return 2 * x",
    "running_sum": "return np.cumsum(x, axis=0), x.sum(0)",
}


def release_to(folder):
    """Release the course into a folder of its own, as students receive it."""
    release(COURSE, folder)
    return folder


def written(course, unit=UNIT):
    """Return the student's script."""
    return course / "assignments" / f"{unit}.py"


def kept(course):
    """Return the stored progress of the student."""
    return json.loads((course / ".autograder.json").read_text())


def fill(course, **bodies):
    """Write functions into the student's file: name to body."""
    text = written(course).read_text()
    for name, body in bodies.items():
        text = re.sub(
            rf'(def {name}\(.*?""".*?""").*?(?=\n\n\n)',
            rf"\1\n    {body}",
            text,
            count=1,
            flags=re.S,
        )
    written(course).write_text(text)


def hurried(course):
    """Limit each exact check of a course to a fifth of a second."""
    checks = course / "checks" / f"{UNIT}.py"
    text = checks.read_text(encoding="utf-8")
    hurried = re.sub(r"@check\(points=([24])", r"@check(seconds=0.2, points=\1", text)
    checks.write_text(hurried, encoding="utf-8")


def variables(**more):
    """Return the environment of a student's command: this engine, without colours."""
    return {**os.environ, "PYTHONPATH": str(small.ROOT), "NO_COLOR": "1", **more}
