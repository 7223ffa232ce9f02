"""`python -m autograder` is the command `autograder`."""

from autograder.cli import main

if __name__ == "__main__":  # not when a process that `reproduce` starts imports it
    main(prog_name="autograder")
