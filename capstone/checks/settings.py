"""What an instructor may change: the budget, the texts, and how much of them is held out."""

BUDGET = 300  # seconds of CPU time for training, on one core
TEXTS = ("nietzsche", "austen")
PIECES_HELD_OUT = 10  # of the hundred into which a text is cut
LONGEST = 1_000_000  # characters of a text that are used
# How far above our loss the points end, as a share of the loss of counting.
WITHIN = 0.06
