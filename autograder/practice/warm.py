"""Imported by a process that waits: it loads the unit that the environment names, so that a check
starts at once.

`watch` sets the variables; nothing else should import this module.
"""

import os
from contextlib import suppress
from pathlib import Path

from autograder.course import load_unit, read_course
from autograder.errors import UserError

COURSE, UNIT = "AUTOGRADER_WARM_COURSE", "AUTOGRADER_WARM_UNIT"

with suppress(ImportError, KeyError, UserError):  # what is not there is told when it is asked for
    load_unit(read_course(Path(os.environ[COURSE])), os.environ[UNIT]).experiments.warm()
