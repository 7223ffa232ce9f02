"""Experiments of unit 2: windows, three networks with weights from the seed, training steps, three short runs."""

from typing import Any

import numpy as np
import torch
from torch import nn

from autograder.check import Arrays, UnitSettings, check, named
from autograder.torch.networks import floats, load, take, tensor
from autograder.torch.operators import by_hand
from autograder.torch.sgd import Descent

from .unrolled import SIZES, B, Clock, E, H, Run, T, V, backward, code, ids, number, prompts, roles

UNIT = UnitSettings(packages=("torch", "numpy"), sizes=SIZES)
THREE = Run("ThreeCharacters", 96, 3, False, 1500, 6e-3)
EIGHT = Run("Recurrent", 64, 8, False, 600, 8e-3)  # in more steps a rounding error grows to 0.02 nats
SEQUENCE = Run("EveryStep", 96, 8, True, 1000, 6e-3)


@check(points=2)
def vocabulary_and_ids(net: Any, seed: int) -> Arrays:
    """`vocabulary` lists the characters after the null; `encode` turns a text into their ids"""
    text = "".join(np.random.default_rng(seed).permutation(list("so, then: the sea\nAnd the sky!")))
    chars = net.vocabulary(text)
    places = net.encode(text[:12] + "§Z" + text[12:], ["\0", *sorted(set(text))])
    whole = torch.is_tensor(places) and not places.is_floating_point()
    return named("chars ids ids_are_integers", [code("vocabulary", c) for c in chars], places, whole)


def cuts(function: Any, seed: int) -> Arrays:
    """What a function cuts of 41 ids in windows of 3, of 39, which 3 divides, and of 40, where it divides L − 1."""
    stream, out = torch.from_numpy(np.random.default_rng(seed).permutation(41)), Arrays()
    for case, L in (("", 41), ("_where_n_divides_L", 39), ("_where_n_divides_L_less_1", 40)):
        out |= named(f"x{case} y{case}", function(stream[:L], 3))
    return out


@check(points=3)
def cutting_windows(net: Any, seed: int) -> Arrays:
    """`windows` cuts ids into windows that do not overlap, each with the id that follows"""
    return cuts(net.windows, seed)


@check(points=5)
def three_characters(net: Any, seed: int) -> Arrays:
    """`ThreeCharacters`: logits, the gradient in each layer, and the number of parameters"""
    model = load(net.ThreeCharacters(V, E, H), roles(), seed)
    with by_hand():
        logits = model(ids(seed, 3, B))
    return named("logits", logits) | backward(model, logits, seed)


@check(points=3)
def loss_in_nats(net: Any, seed: int) -> Arrays:
    """`mean_loss` is the mean cross-entropy of logits, of any number of axes, and can be sent back"""
    logits, targets = (3 * floats(seed, T, B, V)).requires_grad_(), ids(seed, T, B)
    loss = tensor("mean_loss", net.mean_loss(logits, targets))
    back = torch.autograd.grad(loss, logits)[0] if loss.requires_grad else 0 * logits
    others = (logits[-1], ids(seed, B)), (logits[:, None], targets[:, None]), (100 * logits, targets)
    names = "sequences gradient last_step with_four_axes of_large_logits"
    return named(names, loss, back, *(net.mean_loss(*pair) for pair in others))


@check(points=4, needs=loss_in_nats)
def training_steps(net: Any, seed: int) -> Arrays:
    """`train` on three batches: what the weights are after them, and the losses"""
    model = nn.Embedding(V, V)
    before = load(model, {"table": (nn.Embedding, (V, V))}, seed).weight.detach().clone()
    batches = [(ids(seed + i, T, B), ids(seed + 9 + i, T, B)) for i in range(3)]
    losses = net.train(model, (pair for pair in batches), Descent(model.parameters(), 3.0, momentum=0.5))
    return named("how_far_the_weights_moved losses", model.weight - before, losses)


@check(
    points=3,
    needs=(three_characters, training_steps),
    measure=THREE.loss,
    within=0.03,
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


@check(
    points=2, needs=vocabulary_and_ids, words={"characters": "after some of 24 texts another character is likelier."}
)
def predicting(net: Any, seed: int) -> Arrays:
    """`next_character` is the likeliest after a text"""
    chars, texts = prompts(seed)
    found = [net.next_character(Clock(seed), chars, text) for text in texts]
    return named("characters", [code("next_character", c) for c in found])


@check(points=5)
def recurrent_states(net: Any, seed: int) -> Arrays:
    """`Recurrent` reads a text of any length: states, logits, gradients and the number of parameters"""
    model = load(net.Recurrent(V, E, H), roles(), seed)
    x, h = ids(seed, T, B), floats(seed, B, H).abs()
    with by_hand():
        out = model(x)
        arrays = named("states states_from_h logits", model.read(x), model.read(x[:2], h), out)
    return arrays | backward(model, out, seed)


@check(points=2)
def identity_start(net: Any, seed: int) -> Arrays:
    """`Recurrent` starts with the identity from hidden to hidden"""
    torch.manual_seed(seed)
    size = 18 + seed % 13  # above V: a size that two layers share would hide which is which
    now = take(net.Recurrent(V, E, size), roles(V, E, size))
    same = [np.array_equal(now[name], np.eye(*now[name].shape)) for name in ("hidden.weight", "input.weight")]
    bias = now.get("hidden.bias", np.zeros(1))  # without one the check before this says so
    rounded = now["hidden.weight"].round()  # of numbers drawn as `nn.Linear` draws them only zeros are left
    out = named("hidden_rounded hidden_is_identity input_is_identity", rounded, *same)
    return out | named("hidden_bias_is_zero", not bias.any())


@check(
    points=3,
    needs=(recurrent_states, training_steps),
    measure=EIGHT.loss,
    within=0.04,
    seconds=60,
    kept=(
        "`recurrent_states` sees what `Recurrent` computes; this trains it over eight steps "
        "at other sizes, and it is the proof that it learns by its own `train`"
    ),
)
def eight_characters_learn(net: Any, seed: int, text: str) -> Arrays:
    """`Recurrent` and `train` on the corpus: the loss on held-out text"""
    return EIGHT.train(net, seed, text)


@check(points=3)
def ready_made(net: Any, seed: int) -> Arrays:
    """`as_nn_rnn` carries the weights over into an `nn.RNN` that does the same"""
    torch.manual_seed(seed)
    model = nn.ModuleDict({"embedding": nn.Embedding(V, E), "input": nn.Linear(E, H), "hidden": nn.Linear(H, H)})
    rnn = net.as_nn_rnn(load(model, roles(), seed))
    return named("states last", rnn(floats(seed, T, B, E), floats(seed, 1, B, H)))


@check(points=2)
def sequence_targets(net: Any, seed: int) -> Arrays:
    """`sequence_windows` gives each step of a window the next id as its target"""
    return cuts(net.sequence_windows, seed)


@check(points=4, needs=recurrent_states)
def an_output_at_every_step(net: Any, seed: int) -> Arrays:
    """`EveryStep` predicts after each character: logits, gradients and the number of parameters"""
    torch.manual_seed(seed)
    model = load(net.EveryStep(V, E, H), roles(), seed)
    with by_hand():
        logits = model(ids(seed, T, B))
    return named("logits", logits) | backward(model, logits, seed)


@check(points=2, needs=loss_in_nats)
def positions(net: Any, seed: int) -> Arrays:
    """`loss_by_position` is the mean loss of each step"""
    return named("losses", net.loss_by_position(3 * floats(seed, T, B, V), ids(seed, T, B)))


@check(
    points=3,
    needs=(an_output_at_every_step, training_steps),
    measure=SEQUENCE.loss,
    within=0.03,
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


@check(points=3)
def the_same_at_any_time(net: Any, seed: int) -> Arrays:
    """`shift_gap` is 0 for a network that does not know what time it is, and the largest difference for others"""
    x, gaps = ids(seed, T, B), []
    for drift in (0.0, 0.5, -0.5):
        gaps.append([number("shift_gap", net.shift_gap(Clock(seed, drift), x, k)) for k in (1, 3)])
    return named("gaps_without_clock gaps_with_clock", gaps[0], gaps[1:])


@check(points=2, needs=vocabulary_and_ids, words={"characters": "in some of 24 texts another character is likelier."})
def answering_along(net: Any, seed: int) -> Arrays:
    """`answers` is the likeliest character after each character of a text"""
    (chars, texts), each = prompts(seed), Clock(seed, answers=slice(None))
    return named("characters", [[ord(c) for c in net.answers(each, chars, text)] for text in texts])
