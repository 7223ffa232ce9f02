# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Capstone: the lowest held-out loss
#
# You have built every part: layers, batches, gradients, training. Now you decide: which text, which network, and how to train it. The network has
# at most a million parameters, and training has five minutes on one core. What counts is the loss on text that your code has never seen.
#
# **Afterwards you can**
#
# * choose between networks by a measurement of your own;
# * spend a fixed budget of time where it lowers the loss most;
# * report an experiment so that somebody else can judge it.
#
# You need the stateful LSTM of unit 5, and counting with back-off from unit 2, which you have to beat.
#
# **How your work is graded.**
#
# 1. The grade cuts the text that you chose into a hundred pieces and holds ten of them out, drawn by a secret seed.
# 2. It builds the network of your plan, and calls your `train` with the other ninety. The text comes as ids: the place of each character in ASCII,
#    127 for all others.
# 3. Only the weights come back. Another process puts them into the same network and reads the held-out pieces, which your code never gets.
# 4. The loss is divided by that of counting with back-off on the same pieces. So 1 is as good as counting, and lower is better.
#
# A loss as low as ours, about 0.91, earns all points, and one that is 0.06 higher earns none; in between the points fall in a straight line. Your
# lecturer may grade with another text by the same author, so write code that trains on any text. Your file may have 24 kB, which is enough for
# code, and too little for weights or a text.

# %%
import torch
from torch import nn

import autograder

check = autograder.unit("capstone")

# %% [markdown]
# ## 1. Measure
#
# You will compare many networks, so first write the measurement. The ids, (N,), are cut into B streams of equal length, one after the other; what is
# left at the end is not read. All streams are read at once from beginning to end, as a batch (T, B), without a state before the first character.
# Each character but the first of its stream is a target.
#
# A network of this course takes ids (T, B) and returns logits (T, B, 128) and its state.
#
# **Exercise** · 10 minutes · ●○○ · about 8 lines
#
# <details><summary>How do I cut the ids into streams?</summary>
#
# `ids[: B * length].view(B, length)` has a stream in each row. The network wants a stream in each column: transpose it.
# </details>
#
# <details><summary>What differs between training and measuring?</summary>
#
# Dropout. `network.eval()` turns it off; turn it on again with `network.train()`. And no gradient is needed: `torch.no_grad()`.
# </details>


# %%
def loss_on(network, ids, B):
    """The mean loss of a network on ids (N,), read in B streams: a number, in nats per character.

    The network is measured without dropout, and is in training mode afterwards.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("measuring")

# %% [markdown]
# ## 2. Choose
#
# `my_text` returns the name of a text: "nietzsche" or "austen".
#
# `my_plan` returns the network as text, such as `"embedding 64, lstm 256, gru 256, dropout 0.1"`. There are `lstm`, `gru` and `mingru`, each with its
# width, up to eight layers; the embedding has 64 numbers if the plan does not say otherwise. A layer that is as wide as what it reads is added to it,
# as in a residual network. `checks/networks.py` is all of it, and it counts the parameters.
#
# **Exercise** · 5 minutes · ●○○ · about 2 lines
#
# <details><summary>How wide can a layer be?</summary>
#
# An LSTM that reads 256 numbers and has 256 units has 4 · 256 · (256 + 256 + 2) = 526,336 parameters. And the time of a step grows with the
# parameters, so the widest network is not the best one in five minutes.
# </details>


# %%
def my_text():
    """The name of the text that the network is trained on."""
    # YOUR CODE HERE
    raise NotImplementedError()


def my_plan():
    """The layers of the network."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# ## 3. Train
#
# `train` changes the weights of the network that it is given. Everything else is yours: batches, optimizer, rate, initial weights, an average over
# the last steps. `seconds` is the budget of CPU time, on one core; it ends the check without points if `train` takes longer. Computers
# differ in speed, so leave a third of it.
#
# **Exercise** · 120 minutes · ●●● · about 25 lines
#
# <details><summary>Where do I begin?</summary>
#
# With unit 5: streams that continue, a state that is carried and detached, gradients that are clipped, a rate that rises and then falls to 0.
# </details>
#
# <details><summary>How do I compare two networks fairly?</summary>
#
# Hold a part of the text out yourself, give both the same CPU time, and try more than one seed: a difference that is smaller than that between two
# seeds is none.
# </details>
#
# <details><summary>How do I spend exactly the budget?</summary>
#
# `time.process_time()` is the CPU time so far. But the result then depends on the computer. With a fixed number of steps for each second
# of the budget, it does not.
# </details>


# %%
def train(network, ids, seed, seconds):
    """Train a network in place on ids (N,), in at most `seconds` of CPU time.

    seed: of all that is drawn.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% [markdown]
# Try it for a few seconds on a part of the text before you spend five minutes:

# %%
with autograder.example("ten seconds"):
    from autograder.check import import_checks
    from autograder.practice.notebook import course_around

    networks = import_checks(course_around(globals()).folder / "checks", "networks")
    text = autograder.dataset(my_text()).read_text(encoding="utf-8")
    ids = torch.tensor([min(ord(c), 127) for c in text])
    model = networks.Network(my_plan())
    print(f"{sum(part.numel() for part in model.parameters()):,} parameters")
    train(model, ids[:400_000], 0, 10)
    print(f"held out: {loss_on(model, ids[400_000:460_000], 10):.3f} nats per character")

# %%
check("training")

# %% [markdown]
# ## 4. Report
#
# One page: about 400 words and at most two tables. A person reads it and gives the points:
#
# | points | what is asked | all of them | none |
# |---|---|---|---|
# | 3 | **the question**: what did you try, and what did you expect? | a prediction that could fail, with a reason | "I tried several networks" |
# | 4 | **the evidence**: what did you measure? | two changes or more, the same budget for each, three seeds, mean and spread | one run of each |
# | 3 | **the conclusion**: what follows, and what does not? | says which differences are smaller than the spread, and what the budget decided | "the LSTM is best" |
# | 2 | **to repeat it**: could somebody else? | all settings, the computer, the seconds | the final plan only |
#
# The held-out loss of the grade earns nothing here: a report on an idea that failed can have all points. Three reports, with their points and why,
# are in `reports/`: [1](../reports/first.md), [2](../reports/second.md), [3](../reports/third.md).
#
# **Exercise** · 60 minutes · ●●○ · about 1 line


# %%
def report():
    """Your report, as text."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("reporting")
