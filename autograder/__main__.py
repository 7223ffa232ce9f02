"""`python -m autograder` is the command `autograder`.

Python puts the current folder first on the path. It is taken off, unless the kit itself lies there.
"""

import sys
from pathlib import Path

if sys.path[0] == str(Path.cwd()) and sys.path[0] != str(Path(__file__).resolve().parents[1]):
    del sys.path[0]

from autograder.cli import main

if __name__ == "__main__":  # not if a process that `reproduce` starts imports it
    main(prog_name="autograder")
