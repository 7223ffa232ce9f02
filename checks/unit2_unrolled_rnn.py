"""Experiments of unit 2: windows, three networks with weights from the seed, training steps, three
short runs.
"""

from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.check import Arrays, UnitSettings, Watched, check, named, same_after
from autograder.torch.networks import condition, floats, load, take, tensor
from autograder.torch.operators import by_hand
from autograder.torch.sgd import Descent

from .unrolled import (
    SIZES,
    B,
    Clock,
    E,
    H,
    Run,
    T,
    V,
    backward,
    code,
    ids,
    number,
    prompts,
    roles,
    whole,
)

UNIT = UnitSettings(packages=("torch", "numpy"), sizes=SIZES)
# In few steps: where relu has its kink, a rounding error grows, in 600 steps of `EIGHT` to 0.012
# nats.
THREE = Run("ThreeCharacters", 96, 3, False, 400, 6e-3)
EIGHT = Run("Recurrent", 64, 8, False, 300, 6e-3)
SEQUENCE = Run("EveryStep", 64, 8, True, 300, 6e-3)


KEPT = (
    "what was handed in is not what it was: leave arguments as they are, and compute with copies."
)
LEFT = "the model is not what it was: only training changes one."
WHOLE = "ids are to be a tensor of 64-bit integers, which both a table and a loss take."
GRADIENTS = "gradients stay off for all that follows: `with torch.no_grad():` ends with its block."


@check(
    points=2,
    words={
        "ids_are_a_tensor": "the ids should be a tensor.",
        "ids_are_integers": WHOLE,
        "same_after": KEPT,
    },
)
def vocabulary_and_ids(net: Any, seed: int) -> Arrays:
    """`vocabulary` lists the characters after the null; `encode` turns a text into their ids"""
    rng, net = np.random.default_rng(seed), Watched(net)
    letters = [
        *"So, then: the sea\nAnd\tthe sky, Zoë!",
        *rng.choice([*"bcfgijlmpqruvwx"], 5, False),
    ]
    text = "".join(rng.permutation(letters))
    chars = net.vocabulary(text)
    places = net.encode(text[:12] + "§Q" + text[12:], ["\0", *sorted(set(text))])
    out = named("chars ids", [code("vocabulary", c) for c in chars], places)
    out |= named(
        "ids_are_a_tensor ids_are_integers", torch.is_tensor(places), whole(torch.as_tensor(places))
    )
    page = "".join(rng.choice(list(text), 3000))  # more than Python's stack holds
    return (
        out
        | named("ids_of_a_page", net.encode(page, ["\0", *sorted(set(text))])[-20:])
        | same_after(net)
    )


def cuts(net: Any, function: str, seed: int) -> Arrays:
    """What a function cuts of 41 ids in windows of 3, of 39, which 3 divides, and of 40, where it
    divides L − 1; in windows of 5; and in one.
    """
    net, stream, out = (
        Watched(net),
        torch.from_numpy(np.random.default_rng(seed).permutation(41)),
        Arrays(),
    )
    integers = True
    for case, L, n in (
        ("", 41, 3),
        ("_where_n_divides_L", 39, 3),
        ("_where_n_divides_L_less_1", 40, 3),
        ("_of_five", 41, 5),
        ("_one_window", 9, 8),
    ):
        pair = getattr(net, function)(stream[:L].clone(), n)
        out |= named(f"x{case} y{case}", pair)
        integers &= all(map(whole, pair))
    # more windows than Python's stack holds
    book = torch.from_numpy(np.random.default_rng(seed).permutation(6000))
    ends = [part[..., -4:] for part in getattr(net, function)(book, 3)]
    return (
        out
        | named("x_at_a_book_s_end y_at_a_book_s_end integers", *ends, integers)
        | same_after(net)
    )


CUTTING = {"integers": WHOLE, "same_after": KEPT}


@check(points=3, words=CUTTING)
def cutting_windows(net: Any, seed: int) -> Arrays:
    """`windows` cuts ids into windows that do not overlap, each with the id that follows"""
    return cuts(net, "windows", seed)


@check(points=5, words={"same_after": KEPT})
def three_characters(net: Any, seed: int) -> Arrays:
    """`ThreeCharacters`: logits, the gradient in each layer, and the number of parameters"""
    model, watched = load(net.ThreeCharacters(V, E, H), roles(), seed), Watched(net)
    with by_hand():
        call = watched.hand_to(model)
        logits, of_one = call(ids(seed, 3, B)), call(ids(seed, 3, 1))
        model.eval()
        out = named("logits of_one_text in_evaluation", logits, of_one, call(ids(seed, 3, 2)))
    return out | backward(model, logits, seed) | same_after(watched)


@check(points=3, words={"same_after": KEPT})
def loss_in_nats(net: Any, seed: int) -> Arrays:
    """`mean_loss` is the mean cross-entropy of logits with any axes, and can be sent back"""
    net = Watched(net)
    logits, targets = (3 * floats(seed, T, B, V)).requires_grad_(), ids(seed, T, B)
    loss = tensor("mean_loss", net.mean_loss(logits, targets))
    back = torch.autograd.grad(loss, logits)[0] if loss.requires_grad else 0 * logits
    others = (
        (logits[-1], ids(seed, B)),
        (logits[:, None], targets[:, None]),
        (1000 * logits, targets),
    )
    names = "sequences gradient last_step with_four_axes of_large_logits of_few_characters"
    few = net.mean_loss(3 * floats(seed, 2, 3), torch.tensor([0, 2]))
    return named(names, loss, back, *(net.mean_loss(*pair) for pair in others), few) | same_after(
        net
    )


@check(points=4, needs=loss_in_nats)
def training_steps(net: Any, seed: int) -> Arrays:
    """`train` on seven batches: what the weights are after them, and the losses"""
    model = nn.Embedding(V, V)
    before = load(model, {"table": (nn.Embedding, (V, V))}, seed).weight.detach().clone()
    sizes = (T, B), (T, B), (T, 2), (3, B), (1, B), (T, 2), (T, B)
    batches = [(ids(seed + i, *size), ids(seed + 9 + i, *size)) for i, size in enumerate(sizes)]
    losses = net.train(
        model, (pair for pair in batches), Descent(model.parameters(), 3.0, momentum=0.5)
    )
    return named("how_far_the_weights_moved losses", model.weight - before, losses)


@check(
    points=3,
    needs=(three_characters, training_steps),
    measure=THREE.loss,
    within=0.001,
    seconds=60,
    kept=(
        "`training_steps` trains a table for three steps; this trains the submission's "
        "network with its own `train` at other sizes, and it is the proof that both work "
        "together"
    ),
)
def three_characters_learn(net: Any, seed: int, text: str) -> Arrays:
    """`ThreeCharacters` and `train` on the corpus: the loss on held-out text"""
    return THREE.train(net, seed, text)


ASKING = {
    "null": "the null can be the likeliest, too.",
    "model_same_after": LEFT,
    "gradients_on_after": GRADIENTS,
}


def asked(net: Any, function: str, seed: int, answers: int | slice) -> Arrays:
    """What a function answers for 24 texts, joined; for one after which the null is likeliest; and
    what it leaves.
    """
    (chars, texts), model = prompts(seed), Clock(seed, answers=answers)
    before, found = condition(model), []
    for text in texts:
        found.append(getattr(net, function)(model, chars, text))
        if not isinstance(found[-1], str):
            raise TypeError(
                f"`{function}` returned a {type(found[-1]).__name__}, and a string is wanted."
            )
    same = condition(model).but_for_modes == before.but_for_modes
    out = named("model_same_after gradients_on_after", same, torch.is_grad_enabled())
    silent = getattr(net, function)(Clock(seed, answers=answers, silent=True), chars, texts[0])
    return out | named("characters null", "|".join(found), silent == "\0")


@check(
    points=2,
    needs=vocabulary_and_ids,
    words=ASKING | {"characters": "after some of 24 texts another character is likelier."},
)
def predicting(net: Any, seed: int) -> Arrays:
    """`next_character` is the likeliest after a text"""
    return asked(net, "next_character", seed, -1)


@check(points=5, words={"same_after": KEPT})
def recurrent_states(net: Any, seed: int) -> Arrays:
    """`Recurrent` reads a text of any length: states, logits, gradients, number of parameters"""
    model, watched = load(net.Recurrent(V, E, H), roles(), seed), Watched(net)
    x, h = ids(seed, T, B), floats(seed, B, H).abs().requires_grad_()
    with by_hand():
        call, read = watched.hand_to(model), watched.hand_to(model.read)
        out, late = call(x), tensor("read", read(x[:2], h))
        arrays = named("states states_from_h logits", read(x), late, out)
        arrays |= named(
            "states_of_another_size of_one_character",
            read(ids(seed, 12, 2)),
            call(ids(seed, 1, 2)[:, :1]),
        )
    back = torch.autograd.grad((late * floats(seed, *late.shape)).sum(), h, allow_unused=True)[0]
    arrays |= named("gradient_in_h", torch.zeros_like(h) if back is None else back)
    return arrays | backward(model, out, seed) | same_after(watched)


@check(points=2)
def identity_start(net: Any, seed: int) -> Arrays:
    """`Recurrent` starts with the identity from hidden to hidden"""
    torch.manual_seed(seed)
    size = 18 + seed % 13  # above V: a size that two layers share would hide which is which
    now = take(net.Recurrent(V, E, size), roles(V, E, size))
    same = [
        np.array_equal(now[name], np.eye(*now[name].shape))
        for name in ("hidden.weight", "input.weight")
    ]
    bias = now.get("hidden.bias", np.zeros(1))  # without one the check before this says so
    rounded = now[
        "hidden.weight"
    ].round()  # of numbers drawn as `nn.Linear` draws them only zeros are left
    out = named("hidden_rounded hidden_is_identity input_is_identity", rounded, *same)
    return out | named("hidden_bias_is_zero", not bias.any())


@check(
    points=3,
    needs=(recurrent_states, training_steps),
    measure=EIGHT.loss,
    within=0.015,
    seconds=60,
    kept=(
        "`recurrent_states` sees what `Recurrent` computes; this trains it over eight steps "
        "at other sizes, and it is the proof that it learns by its own `train`"
    ),
)
def eight_characters_learn(net: Any, seed: int, text: str) -> Arrays:
    """`Recurrent` and `train` on the corpus: the loss on held-out text"""
    return EIGHT.train(net, seed, text)


@check(points=3, words={"model_same_after": LEFT})
def ready_made(net: Any, seed: int) -> Arrays:
    """`as_nn_rnn` carries the weights over into an `nn.RNN` that does the same"""
    torch.manual_seed(seed)
    model = nn.ModuleDict(
        {"embedding": nn.Embedding(V, E), "input": nn.Linear(E, H), "hidden": nn.Linear(H, H)}
    )
    before = condition(load(model, roles(), seed))
    rnn = net.as_nn_rnn(model)
    same = condition(model).but_for_modes == before.but_for_modes
    return named("states last", rnn(floats(seed, T, B, E), floats(seed, 1, B, H))) | named(
        "model_same_after", same
    )


@check(points=2, words=CUTTING)
def sequence_targets(net: Any, seed: int) -> Arrays:
    """`sequence_windows` gives each step of a window the next id as its target"""
    return cuts(net, "sequence_windows", seed)


@check(points=4, needs=recurrent_states, words={"same_after": KEPT})
def an_output_at_every_step(net: Any, seed: int) -> Arrays:
    """`EveryStep` predicts after each character: logits, gradients and the number of parameters"""
    torch.manual_seed(seed)
    model = load(net.EveryStep(V, E, H), roles(), seed)
    watched = Watched(net)
    with by_hand():
        call = watched.hand_to(model)
        logits, longer = call(ids(seed, T, B)), call(ids(seed, 12, 2))
    return (
        named("logits of_another_size", logits, longer)
        | backward(model, logits, seed)
        | same_after(watched)
    )


@check(points=2, needs=loss_in_nats, words={"same_after": KEPT})
def positions(net: Any, seed: int) -> Arrays:
    """`loss_by_position` is the mean loss of each step"""
    net = Watched(net)
    losses = net.loss_by_position(3 * floats(seed, T, B, V), ids(seed, T, B))
    longer = net.loss_by_position(3 * floats(seed, 7, 2, 3), ids(seed, 7, 2) % 3)
    return named("losses of_another_size", tensor("loss_by_position", losses), longer) | same_after(
        net
    )


@check(
    points=3,
    needs=(an_output_at_every_step, training_steps),
    measure=SEQUENCE.loss,
    within=0.015,
    seconds=60,
    kept=(
        "`an_output_at_every_step` sees what `EveryStep` computes; this trains it with a "
        "target at each step at other sizes, and it is the proof that it learns by its own "
        "`train`"
    ),
)
def sequences_learn(net: Any, seed: int, text: str) -> Arrays:
    """`EveryStep` and `train` on the corpus: the loss on held-out text"""
    return SEQUENCE.train(net, seed, text)


@check(points=3, words={"same_after": KEPT, "model_same_after": LEFT})
def the_same_at_any_time(net: Any, seed: int) -> Arrays:
    """`shift_gap`: 0 for a network that does not know the time, else the largest difference"""
    x, gaps, net, same = ids(seed, T, B), [], Watched(net), True
    for drift in (0.0, 0.5, -0.5):
        before = condition(model := Clock(seed, drift))
        gaps.append([number("shift_gap", net.shift_gap(model, x, k)) for k in (1, 3, T - 1)])
        same &= condition(model).but_for_modes == before.but_for_modes
    out = named("gaps_without_clock gaps_with_clock", gaps[0], gaps[1:])
    return out | named("model_same_after", same) | same_after(net)


@check(
    points=2,
    needs=vocabulary_and_ids,
    words=ASKING | {"characters": "in some of 24 texts another character is likelier."},
)
def answering_along(net: Any, seed: int) -> Arrays:
    """`answers` is the likeliest character after each character of a text"""
    return asked(net, "answers", seed, slice(None))
