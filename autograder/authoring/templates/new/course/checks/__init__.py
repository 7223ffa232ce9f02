"""Experiments: one module a unit, called like it, and what they share. Students get this folder, so no answer is in it."""
