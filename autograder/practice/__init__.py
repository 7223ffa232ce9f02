"""A student's own machine: practise, progress, notebook, watch."""
