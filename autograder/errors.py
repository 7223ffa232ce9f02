"""The errors whose texts are for people."""

DISTRIBUTION = "experiment-autograder"


class UserError(Exception):
    """Something that a person can mend: the text says what was seen and what to do.

    The commands show it as one sentence. Every other exception is a fault of the kit, and is shown with its traceback.
    """


def extra(name: str) -> str:
    """Say how to install what an extra of this distribution brings. It is on no package index, so from a checkout."""
    return f"pip install -e '.[{name}]' in a checkout of the kit"
