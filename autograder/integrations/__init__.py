"""nbgrader, pytest and what else a course meets."""
