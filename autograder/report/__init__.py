"""Verdicts made readable: terminal and pages."""
