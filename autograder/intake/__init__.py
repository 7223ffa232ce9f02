"""Takes a learning platform's download as it is, and lays it out for grading."""
