"""Scripts of authors: a solution, its stub, its mistakes."""
