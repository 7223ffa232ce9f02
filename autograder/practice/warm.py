"""Loads the unit that the environment names, and its key, in a waiting process.

A check then starts at once. `watch` sets the variables; nothing else should import this module.
"""

import os
from contextlib import suppress
from pathlib import Path

from autograder.course import load_unit, read_course
from autograder.errors import UserError
from autograder.grading.key_file import load_key

# variables of the environment
COURSE = "AUTOGRADER_WARM_COURSE"
UNIT = "AUTOGRADER_WARM_UNIT"

with suppress(ImportError, KeyError, UserError):  # a missing part is reported when it is needed
    course = read_course(Path(os.environ[COURSE]))
    unit = load_unit(course, os.environ[UNIT])
    unit.experiments.warm()
    load_key(course.key(unit.name))
