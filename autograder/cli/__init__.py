"""The commands: argument parsing, and output for people."""

from autograder.cli import author, grade, instructor, platforms, review, student
from autograder.cli.base import main

__all__ = ["author", "grade", "instructor", "main", "platforms", "review", "student"]
