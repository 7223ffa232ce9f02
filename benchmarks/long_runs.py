"""Whether mistakes that only a longer run shows are caught, and by which check.

    python benchmarks/long_runs.py [UNIT …]

The mistakes are: stopping early, skipping a batch now and then, keeping or losing gradients or a
state in some steps only, a falling rate, clipping that begins or ends, and an optimizer that
forgets. Each is planted in the solution's training and graded whole, on one seed and the first
corpus; about a minute for all units.
"""

import os

os.environ |= {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

import ast
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from at_hand import COURSE, solution, unit

from autograder.authoring.validate import plain_key
from autograder.check import Corpus
from autograder.data import all_training_data
from autograder.grading.keys import SOLUTION, checks_to_run, measure
from autograder.grading.one import grade_one
from autograder.judging import Key, PlainKey, key_name
from autograder.sandbox.client import Server

SEEDS = range(6000, 6001)  # no other command uses it
LATE, OFTEN = 100, 50  # the first affected batch, and one batch in how many


@dataclass(frozen=True)
class Training:
    """The function that trains, and the line that begins its loop.

    numbered: that line with a counter `n` of batches.
    """

    function: str
    loop: str
    numbered: str


# description → a statement of the loop and its replacement
Changes = Mapping[str, tuple[str, str]]

TRAINING = {
    "unit0_pseudo_labels": Training("train", "for _ in range(steps):", "for n in range(steps):"),
    "unit1_embeddings": Training(
        "train",
        "for users, movies, ratings in batches:",
        "for n, (users, movies, ratings) in enumerate(batches):",
    ),
    "unit2_unrolled_rnn": Training(
        "train", "for x, y in batches:", "for n, (x, y) in enumerate(batches):"
    ),
    "unit3_scan": Training(
        "train_online",
        "for ids, targets in sequences:",
        "for n, (ids, targets) in enumerate(sequences):",
    ),
    "unit4_manual_gradients": Training(
        "train", "for x, targets in batches:", "for n, (x, targets) in enumerate(batches):"
    ),
    "unit5_stateful_lstm": Training(
        "train_epoch", "for x, y in batches:", "for n, (x, y) in enumerate(batches):"
    ),
}

RATE = 'optimizer.param_groups[0]["lr"]'
CLIP = "torch.nn.utils.clip_grad_norm_(model.parameters(), 0.01)"
OPTIMIZED: Changes = {
    "gradients are cleared before every second batch only": (
        "optimizer.zero_grad()",
        "n % 2 or optimizer.zero_grad()",
    ),
    f"gradients are not cleared once in {OFTEN} batches": (
        "optimizer.zero_grad()",
        f"n % {OFTEN} == {OFTEN - 1} or optimizer.zero_grad()",
    ),
    f"no step is taken once in {OFTEN} batches": (
        "optimizer.step()",
        f"n % {OFTEN} == {OFTEN - 1} or optimizer.step()",
    ),
    f"the optimizer forgets once in {LATE} batches": (
        "optimizer.step()",
        f"optimizer.step(); n % {LATE} == {LATE - 1} and optimizer.state.clear()",
    ),
    f"the rate falls from batch {LATE} on": (
        "optimizer.step()",
        f"optimizer.step(); {RATE} = {RATE} * (0.99 if n >= {LATE} else 1)",
    ),
}
UNCLIPPED: Changes = {
    f"gradients are clipped from batch {LATE} on": (
        "optimizer.step()",
        f"n < {LATE} or {CLIP}; optimizer.step()",
    )
}
CHANGES: Mapping[str, Changes] = {
    "unit0_pseudo_labels": {
        **OPTIMIZED,
        **UNCLIPPED,
        f"evaluation mode from batch {LATE} on": (
            "x, y = next(batches)",
            f"x, y = next(batches); model.train(n < {LATE})",
        ),
    },
    "unit1_embeddings": {
        **OPTIMIZED,
        **UNCLIPPED,
        f"no penalty from batch {LATE} on": (
            "(error + decay * penalty(model)).backward()",
            f"(error + (n < {LATE}) * decay * penalty(model)).backward()",
        ),
    },
    "unit2_unrolled_rnn": {**OPTIMIZED, **UNCLIPPED},
    "unit3_scan": {
        f"no update once in {OFTEN} sequences": (
            "weights = update(weights, grads, lr)",
            f"weights = update(weights, grads, lr * (n % {OFTEN} < {OFTEN - 1}))",
        ),
        f"the rate falls from sequence {LATE} on": (
            "weights = update(weights, grads, lr)",
            f"weights = update(weights, grads, lr * 0.99 ** max(0, n - {LATE}))",
        ),
        f"a start of ones once in {OFTEN} sequences": (
            "h0 = torch.zeros(H)",
            f"h0 = torch.full((H,), float(n % {OFTEN} == {OFTEN - 1}))",
        ),
    },
    "unit4_manual_gradients": {
        f"no step is taken once in {OFTEN} batches": (
            "params = sgd(params, grads, lr)",
            f"params = sgd(params, grads, lr * (n % {OFTEN} < {OFTEN - 1}))",
        ),
        f"the rate falls from batch {LATE} on": (
            "params = sgd(params, grads, lr)",
            f"params = sgd(params, grads, lr * 0.99 ** max(0, n - {LATE}))",
        ),
        f"clipped before batch {LATE} only": (
            "grads, _ = clip(grads, bound)",
            f"grads, _ = clip(grads, bound) if n < {LATE} else (grads, 0)",
        ),
        f"clipped from batch {LATE} on": (
            "grads, _ = clip(grads, bound)",
            f"grads, _ = clip(grads, bound) if n >= {LATE} else (grads, 0)",
        ),
        f"the last state is carried once in {OFTEN} batches": (
            "logits, h = forward(params, x, h0)",
            f"logits, h = forward(params, x, h[-1] if n % {OFTEN} == {OFTEN - 1} else h0)",
        ),
    },
    "unit5_stateful_lstm": {
        **OPTIMIZED,
        f"the state is lost once in {OFTEN} batches": (
            "logits, state = model(x, state)",
            f"logits, state = model(x, state if n % {OFTEN} else None)",
        ),
        f"the state is lost once, at batch {LATE}": (
            "logits, state = model(x, state)",
            f"logits, state = model(x, state if n != {LATE} else None)",
        ),
        f"clipped before batch {LATE} only": (
            "nn.utils.clip_grad_norm_(model.parameters(), bound)",
            f"n < {LATE} and nn.utils.clip_grad_norm_(model.parameters(), bound)",
        ),
        f"clipped from batch {LATE} on": (
            "nn.utils.clip_grad_norm_(model.parameters(), bound)",
            f"n < {LATE} or nn.utils.clip_grad_norm_(model.parameters(), bound)",
        ),
        f"evaluation mode from batch {LATE} on": (
            "logits, state = model(x, state)",
            f"model.train(n < {LATE}); logits, state = model(x, state)",
        ),
    },
}
SKIPPED = {
    f"ends after {LATE} batches": f"if n >= {LATE}: break",
    f"leaves out one batch in {OFTEN}": f"if n % {OFTEN} == {OFTEN - 1}: continue",
}


def planted(name: str) -> dict[str, str]:
    """Return the solution of a unit with each of the mistakes: description → script."""
    script, training = solution(name).plain(), TRAINING[name]
    (node,) = (
        n
        for n in ast.parse(script).body
        if isinstance(n, ast.FunctionDef) and n.name == training.function
    )
    source = ast.get_source_segment(script, node) or ""
    (line,) = (line for line in source.splitlines() if line.strip() == training.loop)
    indent = line[: len(line) - len(line.lstrip())]
    begun = f"{indent}{training.numbered}"
    counted = source.replace(line, begun)
    found = {
        what: counted.replace(begun, f"{begun}\n{indent}    {do}") for what, do in SKIPPED.items()
    }
    for what, (statement, wrong) in CHANGES[name].items():
        if counted.count(statement) != 1:
            raise ValueError(
                f"{name}: `{statement}` stands {counted.count(statement)} times in "
                f"`{training.function}`."
            )
        found[what] = counted.replace(statement, wrong)
    return {what: script.replace(source, wrong) for what, wrong in found.items()}


def whole_key(server: Server, seed: int, data: Mapping[str, Corpus]) -> Key:
    """Make a key of the solution's answers and losses, without known mistakes."""
    unit = server.unit
    key = dict(plain_key(server, checks_to_run(unit, data=()), seed))
    script = solution(unit.name).plain().encode()
    with server.worker(script, SOLUTION) as ours:
        for check in unit.checks:
            if not check.measure:
                continue
            corpus = data[check.name]
            answer = ours.ask(check, seed, text=corpus.train)
            loss = measure(ours, check, seed, answer, corpus)
            key[key_name(check, corpus)] = PlainKey(answer, (), loss)
    return key


def caught_by(name: str) -> dict[str, list[str]]:
    """Return for each change the first check that it fails, on each seed; empty if it passes."""
    measured = unit(name)
    scripts = planted(name)
    data = {}
    for check in measured.checks:
        if check.measure:
            data[check.name] = all_training_data(COURSE, check)[0]
    found: dict[str, list[str]] = {what: [] for what in scripts}
    with Server(measured) as server:
        for seed in SEEDS:
            key = whole_key(server, seed, data)
            for what, script in scripts.items():
                verdicts = grade_one(server, script.encode(), "submission.py", seed, key, data)
                failed = [verdict.name for verdict in verdicts if verdict.status != "passed"]
                found[what].append(failed[0] if failed else "")
    return found


def main() -> None:
    """Print for each unit and seed which check caught each planted mistake."""
    for name in sys.argv[1:] or COURSE.units:
        found = caught_by(name)
        passed = 0
        lines = []
        for what, checks in found.items():
            passed += checks.count("")
            shown = ", ".join(check or "PASSED" for check in checks)
            lines.append(f"  {what}: {shown}")
        runs = len(found) * len(SEEDS)
        print(f"{name}: {len(found)} mistakes, {passed} of {runs} passed")
        print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
