"""What a student has: a release of the fixture course, and a file to write in."""

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
    """The course as students get it, in a folder of its own."""
    release(COURSE, folder)
    return folder


def written(course, unit=UNIT):
    """The student's file."""
    return course / "assignments" / f"{unit}.py"


def kept(course):
    """What is noted of the student's progress."""
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
    """Give each exact check of a course a fifth of a second."""
    checks = course / "checks" / f"{UNIT}.py"
    text = checks.read_text(encoding="utf-8")
    hurried = re.sub(r"@check\(points=([24])", r"@check(seconds=0.2, points=\1", text)
    checks.write_text(hurried, encoding="utf-8")


def variables(**more):
    """The environment of a student's command: this engine, and no colour."""
    return {**os.environ, "PYTHONPATH": str(small.ROOT), "NO_COLOR": "1", **more}
