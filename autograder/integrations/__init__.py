"""nbgrader, pytest and other tools that a course is used with."""
