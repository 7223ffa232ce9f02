"""Looked at when a class is graded: who wrote alike, and who understands their own code."""
