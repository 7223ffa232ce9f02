"""Takes in what a learning platform hands out, as it comes, and lays it out for grading."""
