"""The commands: parsing, and telling a person how it went."""

from autograder.cli import author, grade, instructor, platforms, review, student
from autograder.cli.base import main

__all__ = ["author", "grade", "instructor", "main", "platforms", "review", "student"]
