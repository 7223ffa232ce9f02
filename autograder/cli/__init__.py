"""The commands: parsing, and telling a person how it went."""

from autograder.cli import author, instructor, platforms, review, student
from autograder.cli.base import main

__all__ = ["author", "instructor", "main", "platforms", "review", "student"]
