"""Experiments: one module per unit, with the unit's name, and shared code. Students get this folder, so no answer is in it."""
