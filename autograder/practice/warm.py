"""Loads the unit that the environment names, in a process that waits: a check then starts at once.

`watch` sets the variables; nothing else should import this module.
"""

import os
from contextlib import suppress
from pathlib import Path

from autograder.course import load_unit, read_course
from autograder.errors import UserError

# variables of the environment
COURSE = "AUTOGRADER_WARM_COURSE"
UNIT = "AUTOGRADER_WARM_UNIT"

with suppress(ImportError, KeyError, UserError):  # what is not there is told when it is asked for
    course = read_course(Path(os.environ[COURSE]))
    load_unit(course, os.environ[UNIT]).experiments.warm()
