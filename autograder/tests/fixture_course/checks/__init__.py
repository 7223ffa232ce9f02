"""Experiments of the fixture course."""
