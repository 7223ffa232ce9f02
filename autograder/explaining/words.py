"""Sentences on a whole check: how it failed, what it waits for, and what counts all the same."""

from collections.abc import Sequence

from autograder.check import Check

# a known mistake is told as a fact about values, or about an error: other code may give the same
VALUES_ARE = "your values are those of this mistake"
ERROR_IS = "your error is that of this mistake"
TWO_ANSWERS = (
    "asked once more, in a new process, this check got another answer. The one that earns less "
    "counts. Chance, or something that an earlier exercise leaves behind, decides what is returned."
)


def values_are(words: str) -> str:
    """Say that an answer's values are those of a known mistake. words: the mistake's own."""
    return f"{VALUES_ARE}: {words}"


def error_is(words: str) -> str:
    """Say that an answer's error is that of a known mistake. words: the mistake's own."""
    return f"{ERROR_IS}: {words}"


def quoted(names: Sequence[str]) -> str:
    """Write names of checks: "`a` and `b`"."""
    return " and ".join(f"`{name}`" for name in names)


def waits_for(needed: Sequence[str]) -> str:
    """Say which checks have to pass first."""
    verb = "pass" if len(needed) > 1 else "passes"
    return f"runs once {quoted(needed)} {verb}."


def still_counts(count: int) -> str:
    """Say that arrays which were named beside a failure earn their points."""
    return "right, and it counts." if count == 1 else "right, and they count."


def hidden_by(needed: Sequence[str]) -> str:
    """Say that earlier mistakes hide whether an answer is right."""
    return f"{_are_wrong(needed)}, and nobody can tell yet whether what follows is right."


def right_after(needed: Sequence[str]) -> str:
    """Say that an answer is right but for what came before it."""
    return f"{_are_wrong(needed)}; what follows is right, and it counts."


def judged_after(needed: Sequence[str]) -> str:
    """Say that an answer was judged with earlier mistakes carried forward."""
    return f"judged with what is wrong in {quoted(needed)} carried forward."


def _are_wrong(needed: Sequence[str]) -> str:
    return f"{quoted(needed)} before this {'are' if len(needed) > 1 else 'is'} wrong"


def loss_is_another(check: Check, loss: float, ours: float, loss_unit: str) -> str:
    """Say by how much a held-out loss misses the solution's, and where to look."""
    unit = f" {loss_unit}" if loss_unit else ""
    return (
        f"held-out loss {loss:.4f}{unit}; ours on the same seed, batches and first weights "
        f"{ours:.4f}. They should agree within {check.within:g}. {_where_to_look(check)}"
    )


def other_origin(loss: float) -> str:
    """Say that weights were not trained from those and on the batches that were given."""
    return (
        f"held-out loss {loss:.4f}, as ours, but these weights did not come from the first weights "
        "and the batches that were given. Train those."
    )


def _where_to_look(check: Check) -> str:
    """Ask what may be wrong with training, as far as the checks before have not shown it right."""
    if not check.needs:
        return "Does every step use its own batch and the newest weights?"
    return (
        f"What {quoted(check.needs)} asked is right, so look for what shows only in a longer run "
        "or at other sizes: does training end early, is something done in some steps only, is a "
        "number written into the code?"
    )
