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
# # Unit 2: a recurrent network, unrolled
#
# A network that reads text needs a memory. To predict what follows "phi", it has to keep the p and the h while it reads the i.
# Its memory is its **hidden state**: a vector of H numbers. Each step computes a new one from the old one and the next character. The network
# learns by itself what these numbers mean.
#
# In this unit you build such a network from an embedding and three linear layers, first for exactly three characters, then as a loop that reads texts of any
# length. It learns from 540,803 characters of Nietzsche in English. You also write its rival in a dozen lines, a table of counts, and you let both
# write. The table looks up what followed the same few characters in the book, and writes things like "It is have how pleasure to the is accessed"; the network writes "Shis world and its man hims to the him". Which
# of the two predicts better? And does the network know anything that the table does not?
#
# **Afterwards you can**
#
# * turn text into ids and cut it into windows with targets;
# * build a recurrent network from an embedding and three linear layers, first unrolled and then as a loop;
# * judge a loss against two others: the loss of guessing, and that of a table of counts;
# * generate text from a table and from a network, with a sampling function that you write;
# * predict at every step, and measure how much each further character of memory helps;
# * copy your weights into `nn.RNN`, and test that a network is time-invariant: that it works the same at every step.
#
# You need some PyTorch, namely tensors, `nn.Module` and `nn.Linear`, and you need to know what a loss and an optimizer are.
# [PyTorch's tutorial](https://pytorch.org/tutorials/beginner/basics/intro.html) explains it in its pages on tensors, on building a network and on
# optimizing. `nn.Embedding` is a table with a row of numbers for each id; unit 1 is about it, and you can do unit 2 without it. The course
# follows [lesson 6 of fast.ai](https://course17.fast.ai/lessons/lesson6.html). Figures in the text come from our runs; yours may differ in
# the last digits.
#
# **How to work.** The exercises take 202 minutes in all, and reading the unit with its examples takes about 55. That makes two evenings: sections 1 to 8
# build the network (131 minutes of exercises), and sections 9 to 12 measure it against counting and let it predict at every step (71). Replace each
# `raise NotImplementedError()` with your code and run its cell `check("…")`, or the whole file. If you made a common mistake, the check tells you which. When we grade, we run
# only your imports, the functions and classes asked for, and what these use; try things out wherever
# you like. Never modify an argument in place. A function that gets a model and does not train it must leave it unchanged.
#
# **Letters** that mean the same in the whole course; sections explain the others. Where a shape has T, it comes first: `x[t]` is what the whole batch reads at step t.
#
# | letter | meaning | | array | shape | meaning |
# |---|---|---|---|---|---|
# | T | steps in time | | `x` | (T, B) | ids of characters, int64 |
# | B | sequences in a batch | | `y` | (B,) or (T, B) | the ids to be predicted |
# | V | characters in the vocabulary | | `embedded` | (T, B, E) | a vector for each character |
# | E | numbers in an embedding | | `states` | (T, B, H) | the hidden state after each step |
# | H | hidden units | | `logits` | (B, V) or (T, B, V) | scores before softmax |

# %%
from collections import Counter, defaultdict

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import autograder

check = autograder.unit("unit2_unrolled_rnn")
torch.set_num_threads(1)  # for networks as small as these, more threads are slower

# %% [markdown]
# ## 1. From characters to ids
#
# A network sees numbers, so each character gets an id: its index in a list, the *vocabulary*. Id 0 is kept for all characters that the
# vocabulary does not know, so place 0 of the list holds a character that no text contains: the null, `"\0"`. After the null come
# the distinct characters of the text in sorted order.
#
# Our *corpus* is the text of Nietzsche. We hold out its last tenth, to measure the network on text that it has not read. It
# learns from the rest, which has 83 different characters; with the null, V = 84. The text begins with
# "PREFACE", whose ids are 40 42 29 30 25 27 29.
#
# **Exercise** · 8 minutes · ●○○ · about 3 lines in all
#
# <details><summary>What do I do with a character that the vocabulary lacks?</summary>
#
# Give it 0. A dict from characters to ids has `.get(c, 0)` for that; it is much faster than `list.index`, too, which walks
# through the list for each of 540,803 characters.
# </details>


# %%
def vocabulary(text):
    """A list of characters: the null first, then the distinct characters of `text`, sorted."""
    # YOUR CODE HERE
    raise NotImplementedError()


def encode(text, chars):
    """For each character of `text` its index in `chars`, or 0 if it is not there: a tensor (L,) of int64.

    `text` may have 500,000 characters.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("vocabulary_and_ids")

# %%
with autograder.example("the corpus as ids"):
    corpus = autograder.corpus()
    chars = vocabulary(corpus.train)
    ids, held_out_ids = encode(corpus.train, chars), encode(corpus.held_out, chars)
    print(
        f"{corpus.name}: {len(ids):,} characters to learn from, V = {len(chars)}; it begins",
        ids[:10].tolist(),
    )

# %% [markdown]
# ## 2. Windows
#
# The task for now: from n characters, predict the next. Cut the ids into consecutive windows of n that do not overlap;
# the target of each window is the id that follows it, which is also the first id of the next window.
#
# ```text
#  ids       40 42 29 | 30 25 27 | 29  1  1 |  1 …          n = 3; 1 is the line break
#
#  window     0   1   2 …
#  x[0]      40  30  29 …          the first characters of all windows
#  x[1]      42  25   1 …
#  x[2]      29  27   1 …
#  y         30  29   1 …          what follows each window
# ```
#
# | | shape | |
# |---|---|---|
# | `ids` | (L,) | in: the ids of all L characters |
# | `x` | (n, N) | out: column i is window i. N is the number of windows that another id follows: (L − 1) // n |
# | `y` | (N,) | out: the id after each window |
#
# All three are int64.
#
# **Exercise** · 15 minutes · ●●○ · about 3 lines
#
# <details><summary>My columns are not pieces of the text</summary>
#
# `view` fills row by row. `ids[…].view(N, n)` has one window in each row; *transpose* it to put time first.
# `view(n, N)` has the same shape, and its columns are characters from far apart.
# </details>
#
# <details><summary>Why L − 1?</summary>
#
# If n divides L, the last window ends with the text, and nothing follows it that could be its target.
# </details>


# %%
def windows(ids, n):
    """Consecutive windows of `n` ids, and the id after each: ids (L,) → x (n, N), y (N,) with N = (L − 1) // n."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("cutting_windows")

# %% [markdown]
# ## 3. Three characters, three kinds of arrow
#
# This network reads three characters and predicts the fourth. A *green* arrow takes a character's embedding into a hidden state, an *orange*
# arrow takes a state one step on, and a *blue* arrow makes the prediction from the last state. A square stands for an input, a circle for a
# hidden state, a triangle for an output.
#
# Why not add the embeddings of all three characters at one step? Then "ab" and "ba" would give the same sum. So the second character comes in
# one step later, when the state has gone through the orange layer. After two steps the state knows both characters and their order.
#
# ![On the left three inputs x[0], x[1], x[2], each with a green arrow, the layer input, into a hidden state h above it. An
# orange arrow, the layer hidden, leads from the first state to the second, and one from the second to the third. A blue arrow,
# the layer output, leads from the third state to the prediction y. On the right the same network with one arrow for each layer:
# input from x[t] to h, hidden from h back to itself at every step, output from h to y.](../drawings/three_characters.svg)
#
# All arrows of a colour are **one layer, used again and again**. So both drawings show the same three layers: turning a character into a hidden state
# is the same task at step 0 as at step 2, and there is no reason to learn it three times. The formula below is that of the
# fast.ai lesson. In it each layer has a term of its own, so it is easy to read; section 6 has the usual formula.
#
# $$h_0 = \mathrm{relu}(\text{input}(e_0)) \qquad h_t = \mathrm{relu}(\text{input}(e_t)) + \tanh(\text{hidden}(h_{t-1}))
# \qquad \text{logits} = \text{output}(h_2)$$
#
# with $e_t$ the embedding of `x[t]`, and t = 1, 2. One activation follows the green layer and another follows the orange one, and the results are added. No activation follows the blue layer. The first step has
# no orange arrow, because no state comes before it. (To start from a state of zeros would be different: it would add tanh of the layer's bias.)
#
# | attribute | layer | arrow |
# |---|---|---|
# | `embedding` | `nn.Embedding`, V ids to E numbers | |
# | `input` | `nn.Linear`, E → H | green |
# | `hidden` | `nn.Linear`, H → H | orange |
# | `output` | `nn.Linear`, H → V | blue |
#
# Use these names and classes, each layer with its bias. Return logits, not probabilities: the loss does the softmax.
#
# **Exercise** · 20 minutes · ●●○ · about 6 lines in all
#
# <details><summary>Do I need a loop?</summary>
#
# Not yet: it is three characters. A layer works on the last axis of whatever it is given, so `self.embedding(x)` is (3, B, E) at
# once, and `one, two, three = …` takes a tensor apart along its first axis.
# </details>
#
# <details><summary>How can I use a layer twice?</summary>
#
# Make it once in `__init__` and call it as often as you like in `forward`: `self.hidden(…)` is a function whose weights stay the
# same. A second `nn.Linear` would be other weights.
# </details>


# %%
class ThreeCharacters(nn.Module):
    """Predicts a character from the three before it: ids x (3, B) → logits (B, V)."""

    def __init__(self, V, E, H):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x):
        # YOUR CODE HERE
        raise NotImplementedError()


# %%
check("three_characters")

# %% [markdown]
# ## 4. Loss and training
#
# Cross-entropy is minus the logarithm of the probability that the model gave to the correct character. With the natural logarithm its
# unit is the *nat*: a loss of 2 nats means a probability of $e^{-2}$ = 13.5 %, on (geometric) average. Papers often give *bits per character*,
# which are nats divided by ln 2 = 0.693, or the *perplexity* $e^{\text{loss}}$: 2 nats are 2.89 bits and a
# perplexity of 7.4, and such a model is as unsure as one that guesses among 7.4 equally likely characters.
#
# `mean_loss` is the **mean over all predictions**, for logits of any number of axes: (B, V) with targets (B,) now, and (T, B, V) with
# targets (T, B) soon. Both may be transposed tensors. `view` refuses some of these; `flatten` and `reshape` take all of them.
#
# One training step: predict, measure, send gradients back, let the optimizer change the weights. PyTorch *accumulates* gradients, so clear
# them once per batch.
#
# | | |
# |---|---|
# | `model` | called as `model(x)`, gives logits |
# | `batches` | an iterable of pairs: x, y |
# | `optimizer` | has `zero_grad()` and `step()` |
# | returns | a list of floats: the `mean_loss` of each batch, as it was before the step |
#
# **Exercise** · 25 minutes · ●●○ · about 9 lines in all
#
# <details><summary>F.cross_entropy complains about my three axes, or takes T for the characters</summary>
#
# It needs the scores on axis 1. The simplest way: make all axes but the last into one, `logits.flatten(0, -2)`, and the
# targets into one row.
# </details>
#
# <details><summary>Why floats and not the loss itself?</summary>
#
# A loss holds on to everything it was computed from. A list of thousands of losses keeps thousands of graphs alive. `loss.item()`
# is only the number.
# </details>


# %%
def mean_loss(logits, targets):
    """The mean cross-entropy in nats, a tensor of one number: logits (..., V), targets (...) of integers; for any V."""
    # YOUR CODE HERE
    raise NotImplementedError()


def train(model, batches, optimizer):
    """One step of the optimizer for each batch, in order; a list of the losses, floats from before each step."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("loss_in_nats")

# %%
check("training_steps")


# %%
def random_batches(x, y, size, steps, seed):
    """`steps` batches of `size` windows each, drawn at random with replacement: x (n, N) and y (..., N)."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        chosen = torch.randint(x.shape[1], (size,), generator=generator)
        yield x[:, chosen], y[..., chosen]


def plot_losses(losses, title):
    """The loss of every batch, and means of 50."""
    plt.plot(losses, color="0.85")
    plt.plot(np.arange(50, len(losses) + 1, 50), np.array(losses).reshape(-1, 50).mean(1))
    plt.xlabel("batch")
    plt.ylabel("loss in nats per character")
    plt.title(title)
    plt.ylim(1.5, 4.5)
    plt.show()


def entropy(rows):
    """The entropy in nats of the columns of `rows` (k, N): how uncertain a column is to someone who knows their frequencies."""
    shares = torch.unique(rows, dim=1, return_counts=True)[1] / rows.shape[1]
    return -(shares * shares.log()).sum().item()


# %% [markdown]
# Now on the corpus. Two reference points for the loss:
#
# * Guessing uniformly gives each character the probability 1/V, so the loss is ln V nats per character: 4.43 on our corpus.
# * Guessing by the frequencies of characters has a loss of their *entropy*, $-\sum_c p_c \ln p_c$: 3.13 on the text in which we counted
#   them. On the held-out text the same frequencies give 3.04, because its characters are distributed a little differently.

# %%
with autograder.example("three characters on the corpus"):
    torch.manual_seed(0)
    x, y = windows(ids, 3)
    three = ThreeCharacters(len(chars), 24, 96)
    # small at first, so that what it learns stands out in the map of section 5
    three.embedding.weight.data *= 0.1
    optimizer = torch.optim.Adam(three.parameters(), 4e-3, fused=True)
    losses = train(three, random_batches(x, y, 256, 3000, 0), optimizer)
    plot_losses(losses, f"from three characters, {corpus.name}")
    uniform, by_frequency = np.log(len(chars)), entropy(ids[None])
    print(f"guessing uniformly {uniform:.2f}, by frequency {by_frequency:.2f} nats per character")
    print(f"{3000 * 256 / x.shape[1]:.1f} times as many windows as the text has")
    with torch.no_grad():
        x, y = windows(held_out_ids, 3)
        print(f"held out: {mean_loss(three(x), y).item():.3f} nats per character")

# %% [markdown]
# The check trains your network with your `train`, and compares it on held-out text with our own solution, on the same seed, initial weights and batches.

# %%
check("three_characters_learn")

# %% [markdown]
# **Find the mistake.** The grey curve above is noisy, because each batch is another one. A *running mean* smooths it. It is a weighted mean of all
# losses so far: the newest has the weight 1, the one before it k, the one before that k², and so on. With k = 0.5:
#
# | losses so far | running mean |
# |---|---|
# | 4 | 4 |
# | 4, 2 | (0.5 · 4 + 2) / (0.5 + 1) = 2.67 |
# | 4, 2, 6 | (0.25 · 4 + 0.5 · 2 + 6) / (0.25 + 0.5 + 1) = 4.57 |
#
# Somebody has written a loop that keeps only two numbers and never looks back at old losses. (Adam treats its gradients like that.) There k is
# called `keep`, and both numbers carry a factor 1 − k, which cancels. One line has a mistake. Which mistake depends on your name, so your neighbour's is probably another.
#
# 1. Write your name, and run the example below it: it prints the function with your mistake in it.
# 2. Copy the function to where it is asked for, and try it on small inputs whose result you know. Where does it first go wrong?
# 3. Repair it, in your way; the check runs it. And name the line with the mistake, by the number printed at the end of the line. The
#    check records that number; it is judged when you have handed in.
#
# **Exercise** · 10 minutes · ●●○ · about 10 lines in all
#
# <details><summary>What are good inputs?</summary>
#
# The table's 4, 2, 6. Losses that are all equal: the curve is that loss, from the first value on. And k = 0: the curve is the losses themselves.
# </details>


# %%
def my_name():
    """Your name, as you hand in: your login, your e-mail address, or the name in the list of the class."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
with autograder.example("a function with your mistake in it"):
    print(check.with_mistake("smoothed", my_name()))


# %%
def smoothed(losses, keep):
    """The running mean of losses (N,), where each loss counts `keep` times as much as the one after it: an array (N,)."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("repaired")


# %%
def mistaken_line():
    """The number of the line with the mistake, in the function with your mistake in it."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("line_of_the_mistake")

# %%
with autograder.example("the curve, smoothed"):
    plt.plot(losses, color="0.85")
    for keep in (0.9, 0.98):
        plt.plot(smoothed(losses, keep), label=f"keeps {keep}")
    plt.xlabel("batch")
    plt.ylabel("loss in nats per character")
    plt.ylim(1.5, 4.5)
    plt.title("the same losses, smoothed")
    plt.legend()
    plt.show()

# %% [markdown]
# The curve of k = 0.98 averages over about 1 / (1 − k) = 50 batches, and lags about 50 batches behind.

# %% [markdown]
# ## 5. What comes next?
#
# Your network came to about 2.11 nats; section 9 finds out whether that is good. First look at what it has learned: give it a text, and take
# the most likely next character.
#
# **Exercise** · 8 minutes · ●●○ · about 4 lines
#
# <details><summary>What shape does the model need?</summary>
#
# Time first and a batch of one: (T, 1). Then the logits are (1, V).
# </details>


# %%
def next_character(model, chars, text):
    """The most likely character after `text`, as a string of one character: `model` gives logits (B, V) for ids (T, B).

    text: at least one character. The answer may be the null.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("predicting")


# %%
def most_frequent(text, corpus_text):
    """What follows `text` most often in `corpus_text`, and how often, in words."""
    counts = {c: corpus_text.count(text + c) for c in sorted(set(corpus_text))}
    best = max(counts, key=counts.get)
    return (
        f"{best!r}, {counts[best]} of {sum(counts.values())} times"
        if counts[best]
        else "nothing: it does not occur"
    )


with autograder.example("what the network knows"):
    for text in ("phi", " th", " an", "ing", "Chr", "whi", "her", "all"):
        print(
            f"{text!r}: the network says {next_character(three, chars, text)!r}, the text {most_frequent(text, corpus.train)}"
        )

# %% [markdown]
# The network often says what the text has most often, but not after "her" and "all". In our run the two agreed after 258 of the 400 most frequent
# groups of three characters.
#
# What has the network learned about single characters? Here are the rows of its embedding table, projected onto the two directions of
# greatest variance. Vowels in lower case are red, other letters blue, marks grey; the network knows nothing of that. Which groups do you find, and which of
# the colours is no group?

# %%
with autograder.example("the embedding in two dimensions"):
    common = [c for c in chars[1:] if corpus.train.count(c) > 400]
    table = three.embedding.weight.detach()[encode("".join(common), chars)]
    table = table - table.mean(0)
    places = (table @ torch.linalg.svd(table, full_matrices=False)[2][:2].T).numpy()
    plt.figure(figsize=(7, 6))
    for (across, up), c in zip(places, common, strict=True):
        colour = "tab:red" if c in "aeiou" else "tab:blue" if c.isalpha() else "0.4"
        name = {" ": "space", "\n": "newline"}.get(c, c)
        plt.text(across, up, name, color=colour, fontsize=11, ha="center")
    plt.xlim(places[:, 0].min() - 0.3, places[:, 0].max() + 0.3)
    plt.ylim(places[:, 1].min() - 0.3, places[:, 1].max() + 0.3)
    plt.title("characters by what the network does with them")
    plt.xlabel("first direction")
    plt.ylabel("second")
    plt.show()

# %% [markdown]
# The marks that a space follows (. , ; : !) lie together on the left. The q lies apart from all others: a u comes after it nearly
# always. Vowels are no group here: the network places characters by what helps it to predict the next one.
#
# ## 6. The loop
#
# Nothing in the drawing depends on the number three. So the same three layers can read a text of any length, in a **loop** over the steps. Its
# formula is simpler than that of section 3. The state before the first step is **zeros**, so the first step is a step like all others, orange
# arrow and its bias included. And the sum stands *inside* one relu, as it stands inside one activation in most recurrent networks:
#
# $$h_t = \mathrm{relu}\big(\text{input}(e_t) + \text{hidden}(h_{t-1})\big) \qquad h_{-1} = 0$$
#
# Take H = 1. Let `hidden` have the weight 1 and the bias 0, and let `input` give 2, −3 and 1 for three characters:
#
# | t | input | hidden | state |
# |---|---|---|---|
# | 0 | 2 | 1 · 0 + 0 = 0 | relu(2 + 0) = 2 |
# | 1 | −3 | 1 · 2 + 0 = 2 | relu(−3 + 2) = 0 |
# | 2 | 1 | 1 · 0 + 0 = 0 | relu(1 + 0) = 1 |
#
# This `hidden` hands the state on as it is, and what is read is added up, apart from what the relu cuts off. For H units that is the
# **identity initialisation**: `hidden` begins with the identity as its weight and zeros as its bias, and learns from there what to change.
# "Do nothing to the state" is a sensible first guess for something that should remember, and a gradient walks back through many steps
# without growing or shrinking (Le, Jaitly and Hinton 2015). Section 8 measures whether it helps with eight characters.
#
# | method | in | out |
# |---|---|---|
# | `__init__(V, E, H)` | | the four layers, named and made as in `ThreeCharacters`; `hidden` starts as the identity with zero bias |
# | `read(x, h=None)` | ids (T, B), a state (B, H) to start from, or None for zeros | the states after each step (T, B, H); gradients pass to `h`, too |
# | `forward(x)` | ids (T, B) | logits (B, V) from the state after the last step |
#
# Write the loop by hand: the ready-made `nn.RNN` has its turn in section 8.
#
# **Exercise** · 30 minutes · ●●● · about 13 lines in all
#
# <details><summary>Which state does the loop begin with?</summary>
#
# With `h` where one was given, else with zeros of shape (B, H). B is `x.shape[1]`; H you can keep in `__init__`, or ask a layer:
# `self.hidden.out_features`. Ask `h is None`: a tensor of many numbers is neither true nor false.
# </details>
#
# <details><summary>How do I collect the states?</summary>
#
# Append each to a list, and at the end `torch.stack(states)` makes (T, B, H) of T tensors (B, H).
# </details>
#
# <details><summary>How do I put the identity into a layer?</summary>
#
# `nn.init.eye_(layer.weight)` and `nn.init.zeros_(layer.bias)` write into the layer's own tensors. The underscore means "in place".
# </details>


# %%
class Recurrent(nn.Module):
    """Predicts a character from those before it, however many: ids x (T, B) → logits (B, V)."""

    def __init__(self, V, E, H):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def read(self, x, h=None):
        """The states (T, B, H) after each step over ids x (T, B), from a state h (B, H) or from zeros."""
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x):
        # YOUR CODE HERE
        raise NotImplementedError()


# %%
check("recurrent_states")

# %%
check("from_a_given_state")

# %%
check("identity_start")

# %% [markdown]
# ## 7. Eight characters
#
# The same class, now over windows of eight. A network of three characters cannot know more than the last three, whatever it learns; this one
# may use eight. It is smaller than the network of section 4 (H = 64, there 96) and sees half as many batches. **Before you run it:** is its
# held-out loss nevertheless lower?

# %%
with autograder.example("eight characters on the corpus"):
    torch.manual_seed(0)
    x, y = windows(ids, 8)
    for i in range(2):
        print(f"window {i}: {''.join(chars[c] for c in x[:, i])!r} → {chars[y[i]]!r}")
    eight = Recurrent(len(chars), 24, 64)
    optimizer = torch.optim.Adam(eight.parameters(), 3e-3, fused=True)
    losses = train(eight, random_batches(x, y, 256, 1500, 0), optimizer)
    plot_losses(losses, f"from eight characters, {corpus.name}")
    with torch.no_grad():
        x, y = windows(held_out_ids, 8)
        print(f"held out: {mean_loss(eight(x), y).item():.3f} nats per character")
    for text in ("for thos", "part of ", "queens a"):
        print(
            f"{text!r}: the network says {next_character(eight, chars, text)!r}, the text {most_frequent(text, corpus.train)}"
        )

# %%
check("eight_characters_learn")

# %% [markdown]
# Its loss is lower: about 2.0 nats against 2.11. Is that due to the identity initialisation? Train the same network once more, with the initial weights that
# PyTorch would have drawn for `hidden`.

# %%
with autograder.example("eight characters without the identity initialisation"):
    torch.manual_seed(0)
    x, y = windows(ids, 8)
    drawn = Recurrent(len(chars), 24, 64)
    drawn.hidden.reset_parameters()
    optimizer = torch.optim.Adam(drawn.parameters(), 3e-3, fused=True)
    train(drawn, random_batches(x, y, 256, 1500, 0), optimizer)
    with torch.no_grad():
        x, y = windows(held_out_ids, 8)
        loss = mean_loss(drawn(x), y).item()
        print(f"with drawn weights: {loss:.3f} nats per character held out")

# %% [markdown]
# On five seeds PyTorch's default comes to 1.937 ± 0.009, and the identity to 1.980 ± 0.015 (mean and standard deviation). So here the identity is a
# little worse: what was a sensible guess in section 6 does not hold here. It was made for memories of hundreds of steps, and eight are few. We keep it, so that the figures of all sections describe one class.
#
# ## 8. The same, ready-made
#
# What you wrote exists as `nn.RNN`. To check that, copy your weights, and see that both give the same states. Its formula:
#
# $$h_t = \mathrm{relu}(W_{ih} e_t + b_{ih} + W_{hh} h_{t-1} + b_{hh})$$
#
# The two biases are always added, so one would be enough; but your network has two as well. `nn.RNN` works on embedded characters, (T, B, E) in, all
# states (T, B, H) out. Its parameters are called `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`: *ih* from input to
# hidden, *hh* from hidden to hidden, and *l0* is layer 0, because such layers can be stacked. Copy your weights into them, or share them.
#
# **Exercise** · 15 minutes · ●●○ · about 8 lines
#
# <details><summary>"a leaf Variable that requires grad is being used in an in-place operation"</summary>
#
# You are writing into a parameter while PyTorch records. Inside `with torch.no_grad():` it does not record.
# </details>
#
# <details><summary>Which activation does nn.RNN use?</summary>
#
# tanh by default. For relu, pass `nonlinearity="relu"`.
# </details>


# %%
def as_nn_rnn(model):
    """An `nn.RNN` (time first) with the weights of `model.input` (E → H) and `model.hidden` (H → H), and relu.

    The model stays as it is.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("ready_made")

# %%
with autograder.example("your loop against nn.RNN"), torch.no_grad():
    ready, _ = as_nn_rnn(eight)(eight.embedding(x[:, :100]))
    print(f"largest difference: {(ready - eight.read(x[:, :100])).abs().max().item():.1e}")

# %% [markdown]
# Here the network is complete, so this is a good place for a break.
#
# ## 9. The rival: counting
#
# Is 2.11 nats a good loss for three characters, or 1.99 for eight? Compare it with *counting*, without any network: after " th", which
# characters came in the training text, and how often? Take the text "abracadabra":
#
# | k | the last k characters | what followed them |
# |---|---|---|
# | 0 | (none) | a 5, b 2, r 2, c 1, d 1 |
# | 1 | a | b 2, c 1, d 1 |
# | 2 | ra | c 1 |
#
# The last a and the last "ra" have nothing after them. `count_next` makes such tables of all contexts of up to n characters,
# a list of n + 1 dicts. `counts[k]` has a key for each string of k characters that something follows in the text, and `counts[k][h]` is a
# `Counter`: how often each character follows the string h.
#
# **Exercise** · 10 minutes · ●●○ · about 5 lines
#
# <details><summary>How do I count without searching the text again and again?</summary>
#
# Walk through the text once. Each character follows n + 1 contexts, from `""` up: add 1 in each of the n + 1 tables.
# Near the beginning there are fewer. A `defaultdict(Counter)` makes a `Counter` for a context that is new.
# </details>


# %%
def count_next(text, n):
    """How often each character follows each context of up to `n` characters: a list of n + 1 dicts.

    `counts[k][h][c]`: how often the character c follows the string h of k characters, which for k = 0 is `""`.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("counting")

# %%
with autograder.example("what followed"):
    counts = count_next(corpus.train, 6)
    for context in (" th", "phi", " woma"):
        found = counts[len(context)].get(context, {})
        most = sorted(found, key=found.get, reverse=True)[:5]
        print(f"{context!r}:", ", ".join(f"{c!r} {found[c]}" for c in most))

# %% [markdown]
# Counts are not yet probabilities. A context may be new, and then there is nothing to divide. And a character that never followed a
# context would get the probability 0, so the loss is infinite when it comes after all. One idea solves both: **back off**. The
# probability after a context of k characters is a mixture of its own counts and of the probability after the last k − 1 characters. Those
# back off in turn, down to no context at all, and from there to 1/V for every character:
#
# $$p_k(c) = \frac{n_k(c) + d_k\, p_{k-1}(c)}{N_k + d_k} \qquad p_{-1}(c) = \frac{1}{V}$$
#
# Here $n_k(c)$ counts how often c followed the last k characters, $N_k = \sum_c n_k(c)$ how often anything followed them, and $d_k$ how many
# *different* characters did: the more of them, the more weight the shorter context gets. This is interpolation after Witten and Bell (1991). Where a
# context never occurred, $p_k = p_{k-1}$.
#
# In "abracadabra", with V = 6 (five letters and the null), what is the probability of c after "ra"?
#
# | k | N | d | the probability of c |
# |---|---|---|---|
# | −1 | | | 1/6 = 0.167 |
# | 0 | 11 | 5 | (1 + 5 · 0.167) / (11 + 5) = 0.115 |
# | 1 | 4 | 3 | (1 + 3 · 0.115) / (4 + 3) = 0.192 |
# | 2 | 1 | 1 | (1 + 1 · 0.192) / (1 + 1) = 0.596 |
#
# **Exercise** · 15 minutes · ●●○ · about 7 lines
#
# <details><summary>How do I get the last k characters when k may be 0?</summary>
#
# `context[-k:]` is the *whole* context where k is 0, since −0 is 0. `context[len(context) - k :]` is right for every k up to the length of the
# context. Stop there: beyond it the start is negative.
# </details>
#
# <details><summary>What do I do with a context that never occurred?</summary>
#
# Nothing: the probability stays what it was after the shorter one. Ask with `.get(…)` or `in`, so that `counts` stays as it is.
# </details>


# %%
def backed_off(counts, context, c, V):
    """The probability of the character `c` after the string `context`, with back-off: a number.

    counts: as from `count_next`, for contexts of up to n characters; of a longer one only the end is used. It stays as it is.
    V: characters in the vocabulary.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("backing_off")

# %% [markdown]
# The network of section 4 came to 2.11 with three characters. What will counting come to? And what happens to the held-out loss as the
# context grows from none to six characters? Write what you expect before you run the example; every prediction earns the point.
#
# **Exercise** · 2 minutes · ●○○ · about 1 line
#
# <details><summary>What should I think of?</summary>
#
# Of how often a context of six characters occurs in the training text, and of how far you would trust a few counts.
# </details>


# %%
def longer_contexts():
    """Your prediction: what the loss does as the context grows, "falls", "falls, then rises", "stays" or "rises"."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("predicted_curve")

# %%
with autograder.example("counting on the corpus"):
    print(f"predicted: it {longer_contexts()}")
    counted_losses = []  # of contexts of 0, 1, 2, … characters
    for n in range(7):
        nats = 0.0
        for i, c in enumerate(corpus.held_out):
            context = corpus.held_out[max(i - n, 0) : i]
            nats -= np.log(backed_off(counts[: n + 1], context, c, len(chars)))
        counted_losses.append(nats / len(corpus.held_out))
        print(f"{n} in the context: {counted_losses[-1]:.3f} nats per character held out")
    best = int(np.argmin(counted_losses))
    print(f"counts of {best}, held out: {counted_losses[best]:.3f} nats per character")
    plt.plot(counted_losses, marker="o")
    plt.xlabel("characters in the context")
    plt.ylabel("held-out loss in nats per character")
    plt.title(f"counting with back-off, {corpus.name}")
    plt.show()

# %% [markdown]
# Counting clearly wins: 1.60 with the same three characters, and **1.455** with four: 2.10 bits per character, a perplexity of 4.28. (The network
# of section 4 learned from a target at each third character only. Counts made from these alone come to 1.66.) So 1.455 is the figure to beat.
#
# With five characters counting stops getting better, and with six it gets worse (1.464 and 1.537), because this rule gives the longest context too
# much weight. There is a second limit: a table shares what it has learned only between contexts that end alike. A network can in principle share
# between any that are similar, because it turns contexts into numbers. That is the reason to go on.
#
# **Let it write.** In 1948 Shannon printed texts that were drawn in this way: draw the next character by its probabilities, add it to the text, and ask
# again. A number u from 0 to 1 does the drawing. Go through the characters and add up their probabilities; the first at which the sum is above u is
# drawn. If a has 0.5, b 0.2 and c 0.3, the sums are 0.5, 0.7 and 1.0. So u = 0.6 draws b, and half of all numbers draw a.
#
# **Exercise** · 10 minutes · ●●○ · about 4 lines
#
# <details><summary>It writes the same character again and again</summary>
#
# Each character is drawn after the text *so far*, with all that you have drawn. Ask `probabilities` again for each number.
# </details>
#
# <details><summary>How do I find the first sum above u?</summary>
#
# A loop that adds up and breaks will do. Or `np.cumsum` makes all the sums, and the number of those that are not above u is the place.
# </details>


# %%
def written(probabilities, chars, text, numbers):
    """`text`, continued by one character for each of `numbers`, each drawn by its probability: a string.

    probabilities: a function of a text: a list of the probabilities of what comes next, one for each of `chars`.
    numbers: from 0 to 1. Each draws the first character at which the sum of the probabilities is above it.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("writing")


# %%
def by_counts(n):
    """A function of a text: the probabilities of what comes next, by contexts of up to `n` characters."""
    return lambda text: [backed_off(counts[: n + 1], text, c, len(chars)) for c in chars]


with autograder.example("what the counts write"):
    for n in (0, 1, 2, 4, 6):
        numbers = np.random.default_rng(0).random(100)
        print(f"{n}: {written(by_counts(n), chars, 'The ', numbers)!r}")

# %% [markdown]
# Of the words in five such texts of 300 characters, 16 % occur in the training text if no context was used, 37 % with two characters, 82 % with
# four and 95 % with six. So six write the best text, and four have the lower loss on new text. Judge by the loss, not by the looks.
#
# ## 10. A target and a prediction at every step
#
# So far the network has read many characters and answered once. The same step serves other shapes of task:
#
# ![Four networks of four steps, whose states follow one another. Many to one, a review to liked or not: every step reads, the
# last one answers. One to many, a picture to a caption: the first step reads, every step answers. Many, then many, a sentence
# to its translation: the first two steps read, the last two answer. Many to many, a character to the next one: every step reads
# and every step answers.](../drawings/kinds_of_task.svg)
#
# Ours becomes the last of the four: a character to the next one. The state after two characters could predict the third, so it is a waste to use
# only the last. If every step predicts, each window gives n targets instead of one, and the network learns much more from the same reading. The
# targets of a window are the window itself, shifted by one id:
#
# ```text
#  ids       40 42 29 | 30 25 27 | 29 …          n = 3
#  x, y of window 0:   40 → 42    42 → 29    29 → 30
# ```
#
# Note the last: the target of a window's last step is the *next* window's first id.
#
# Everything else is in `Recurrent` already. `nn.RNN` returns all states (Keras with `return_sequences=True`), and so does your `read`. Predict from
# all of them; `output` is the same layer at every step.
#
# ![Four steps. Each reads its character x[t] through the layer input (green), takes over the state before it through the layer
# hidden (orange), and predicts y[t] through the layer output (blue). The four blue arrows are one layer, applied at every step.
# The first state is zeros, and it too goes through hidden.](../drawings/every_step.svg)
#
# The prediction at step t may depend on `x[0]` to `x[t]` and on nothing later, since what comes later is the answer. A network that peeks
# has a wonderful training loss and is worth nothing.
#
# **Exercise** · 15 minutes · ●●○ · about 5 lines in all
#
# <details><summary>Can I roll the window?</summary>
#
# Rolling a window brings its own first id round to the end, which is not what follows there. Cut the targets from the ids, one later.
# </details>
#
# <details><summary>Do I need a loop over the states?</summary>
#
# No. A linear layer treats each vector on the last axis alike: (T, B, H) in, (T, B, V) out.
# </details>


# %%
def sequence_windows(ids, n):
    """Windows as `windows` cuts them, and the id after *each* of their ids: ids (L,) → x (n, N), y (n, N), integers."""
    # YOUR CODE HERE
    raise NotImplementedError()


class EveryStep(Recurrent):
    """Predicts the next character after each one it reads: ids x (T, B) → logits (T, B, V)."""

    def forward(self, x):
        # YOUR CODE HERE
        raise NotImplementedError()


# %%
check("sequence_targets")

# %%
check("an_output_at_every_step")

# %%
with autograder.example("an output at every step, on the corpus"):
    torch.manual_seed(0)
    x, y = sequence_windows(ids, 8)
    every = EveryStep(len(chars), 24, 96)
    optimizer = torch.optim.Adam(every.parameters(), 4e-3, fused=True)
    losses = train(every, random_batches(x, y, 256, 1000, 0), optimizer)
    plot_losses(losses, f"a target at every step, {corpus.name}")
    with torch.no_grad():
        x, y = sequence_windows(held_out_ids, 8)
        print(f"held out: {mean_loss(every(x), y).item():.3f} nats per character")

# %%
check("sequences_learn")

# %% [markdown]
# The first step knows one character, the eighth knows eight, so the mean over a window hides the interesting part. `loss_by_position` gives the
# loss of each step. **Before you run it:** where does one more character no longer help this network?
#
# **Exercise** · 7 minutes · ●●○ · about 1 line
#
# <details><summary>How do I get the losses before their mean is taken?</summary>
#
# `reduction="none"` gives one loss for each target. `F.cross_entropy` needs the scores on axis 1: `logits.movedim(-1, 1)` is (T, V, B).
# </details>


# %%
def loss_by_position(logits, targets):
    """The mean loss of each step over the batch, in nats: logits (T, B, V), targets (T, B) → a tensor (T,)."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("positions")

# %% [markdown]
# How low can these losses fall? The first step sees a single character, so over the training windows it cannot do better than to know exactly
# which character follows which, and how often. How uncertain the next character then still is, is its *conditional entropy*:
#
# $$\mathrm{entropy}(\text{next, given one}) = \mathrm{entropy}(\text{pairs}) - \mathrm{entropy}(\text{single characters})$$
#
# Take the pairs ab, ab, ac and da. Three of four begin with a, and a is followed by b, b and c; after d comes always a. The four pairs have an entropy
# of 1.04 nats and the first characters one of 0.56. The difference is 0.48 = ¾ · 0.64 + ¼ · 0: after an a the uncertainty is 0.64 nats, after d it is 0.
#
# This is a *lower bound* of the first step's loss: 2.46 nats on our corpus. The second step knows two characters, the third three, and their
# bounds are 1.89 and 1.29. A mean loss over all training windows *below* its bound would mean that targets leak into the input.
# (Other windows, held-out ones or a single batch, have other bounds.)

# %%
with autograder.example("the loss at each step"):
    x, y = sequence_windows(ids, 8)
    floors = []
    for k in range(3):
        read, read_and_next = x[: k + 1], torch.cat([x[: k + 1], y[k : k + 1]])
        floors.append(entropy(read_and_next) - entropy(read))
    with torch.no_grad():
        parts = zip(x.chunk(8, 1), y.chunk(8, 1), strict=True)
        in_training = torch.stack([loss_by_position(every(x), y) for x, y in parts]).mean(0)
        x, y = sequence_windows(held_out_ids, 8)
        held_out = loss_by_position(every(x), y)
        print(f"the eighth step, held out: {held_out[-1].item():.3f} nats per character")
    print("held out, step by step: ", ", ".join(f"{loss:.2f}" for loss in held_out))
    print("training, step by step: ", ", ".join(f"{loss:.2f}" for loss in in_training))
    print("bounds of the first three:", ", ".join(f"{floor:.2f}" for floor in floors))
    steps = np.arange(1, 9)
    plt.bar(steps - 0.2, in_training.tolist(), 0.4, color="0.7", label="training windows")
    plt.bar(steps + 0.2, held_out.tolist(), 0.4, color="tab:blue", label="held out")
    plt.hlines(floors, steps[:3] - 0.4, steps[:3], "k", lw=2, label="lower bound, training windows")
    plt.ylim(1, 3)
    plt.xlabel("characters that the step knows")
    plt.ylabel("loss in nats per character")
    plt.title(f"the loss at each step, {corpus.name}")
    plt.legend()
    plt.show()

# %% [markdown]
# The second character lowers the held-out loss by 0.42 nats, the third by 0.20 and the fourth by 0.10 (means of five seeds). From the fifth on there is
# hardly anything left to gain. The counts, made in these training windows with contexts of up to four characters, are ahead at every step:
#
# | characters that the step knows | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | mean |
# |---|---|---|---|---|---|---|---|---|---|
# | the network, held out (five seeds) | 2.51 | 2.09 | 1.89 | 1.79 | 1.77 | 1.75 | 1.76 | 1.77 | 1.91 |
# | counts with back-off, held out | 2.46 | 1.95 | 1.63 | 1.47 | 1.48 | 1.49 | 1.48 | 1.51 | 1.68 |
#
# The two bars of a step hardly differ: the network has learned little that holds for the training text only. And its third step stays far above the
# bound of 1.29, which you would reach by memorising the counts of all groups of four characters. Ten thousand more batches bring it to 1.77, a
# fifth of the way.

# %% [markdown]
# ## 11. The same at any time
#
# The idea behind all of this has a name, *time invariance*: what a step does depends on the state and the character, never on the
# clock. That can be tested. Read a text in one go. Then stop after k characters, keep the state, start the clock again at 0, and read the rest
# from that state: for the network it is now "step 0". The states must be the same as before. A network with a layer for each step fails here.
#
# ```text
#  one go:     x[0]  x[1]  x[2] │ x[3]  x[4]           k = 3
#  two parts:                   └─ state after x[2] ──▶  x[3]  x[4], read as steps 0 and 1
# ```
#
# **Exercise** · 12 minutes · ●●○ · about 3 lines
#
# <details><summary>Which state is the one after k characters?</summary>
#
# `read` returns the states after each step, so `states[0]` is the one after the first character.
# </details>


# %%
def shift_gap(model, x, k):
    """The largest absolute difference between the states from step `k` on, read in one go and read in two parts.

    `model.read(x, h=None)` as in `Recurrent`; ids x (T, B), 0 < k < T → a number, 0 for a network without a clock.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("the_same_at_any_time")

# %%
with autograder.example("is your network the same at any time?"), torch.no_grad():
    print(f"largest difference: {float(shift_gap(every, x[:, :100], 3)):.1e}")

# %% [markdown]
# ## 12. Watch it read
#
# What does the network expect after each character of a text? **Before you run the example:** how many characters of "question" must it see until
# it knows the rest?


# %%
def answers(model, chars, text):
    """The most likely next character after each character of `text`, a string as long: `model` gives logits (T, B, V)."""
    with torch.no_grad():
        logits = model(encode(text, chars)[:, None])
    return "".join(chars[i] for i in logits[:, 0].argmax(-1))


# %%
with autograder.example("what it expects"):
    my_text = "your text"  # write here what you like
    for text in (" this is", " part of", "question", my_text):
        for word, line in (("read", text), ("expected", answers(every, chars, text))):
            print(f"{word:>8}: {' '.join(line.replace(' ', '␣'))}")
        print()

# %% [markdown]
# Each character of the second line stands under the character that it should follow; ␣ is a space. Our network does not know "question":
# after the e it expects an n and no s, and after the i another n and no o.
#
# Now let the network write, by your function `written`, from the last eight characters each time. The counts read the last four, and both draw by
# the same numbers. Give them a beginning of your own, too.


# %%
def by_network(text):
    """The probabilities of what comes after `text`: a list."""
    with torch.no_grad():
        return every(encode(text[-8:], chars)[:, None])[-1, 0].softmax(-1).tolist()


# %%
with autograder.example("what they write"):
    for beginning in ("The ", "your beginning"):  # write here what you like
        numbers = np.random.default_rng(0).random(200)
        print("the network:", written(by_network, chars, beginning, numbers))
        print("the counts: ", written(by_counts(4), chars, beginning, numbers))
        print()

# %% [markdown]
# About half of what the network writes are words, most of them short, and of what the counts write four fifths, as their lower loss says. Lengths,
# endings and the place of the spaces are those of English.
#
# So does the network know anything that the table does not? Let both predict, and mix their probabilities: a share of the network's, and the rest
# of the counts'. **Before you run it:** by itself, the network's eighth step has a loss of about 1.77, and the counts have 1.455. Can any share lower that?

# %%
with autograder.example("the two together"), torch.no_grad():
    text, last_eight = corpus.held_out, held_out_ids.unfold(0, 8, 1)[:-1].T
    parts = [every(x)[-1].softmax(-1) for x in last_eight.split(4096, 1)]
    of_network = torch.cat(parts).gather(1, held_out_ids[8:, None])[:, 0].double().numpy()
    places = range(8, len(text))
    of_counts = [backed_off(counts[:5], text[i - 4 : i], text[i], len(chars)) for i in places]
    for share in (0, 0.05, 0.1, 0.2, 0.5, 1):
        mixed = share * of_network + (1 - share) * np.array(of_counts)
        print(f"{share:>4.0%} of the network: {-np.log(mixed).mean():.3f} nats per character")
    of_two = [backed_off(counts[:3], text[i - 2 : i], text[i], len(chars)) for i in places]
    mixed = 0.05 * np.array(of_two) + 0.95 * np.array(of_counts)
    print(f"  5% of the counts of two: {-np.log(mixed).mean():.3f} nats per character")

# %% [markdown]
# A tenth of the network lowers the figure to beat from 1.455 to 1.42, and so it did on each of five seeds. Half of it is too much: then the loss is
# higher than the counts have without it. (Which share is best was seen on the text on which it is measured. Chosen on the first half of it, the
# share wins on the second half, too.)
#
# Is that knowledge which the table lacks? Only in part. The rule of section 9 trusts its longest context too much, and whatever is mixed in corrects
# that: a twentieth of the counts of two characters already brings 1.440. What lies below that, the small network adds.
#
# The network never knows more than eight characters, though. `read(x, h)` could carry the state on while it reads, but in training every
# window started from zeros, so the network has not learned to use a longer past. Unit 3 looks at the loop itself, unit 4 at the gradients inside it,
# and unit 5 carries the state in training, too. There a larger network beats the counts.
#
# ## The ladder so far
#
# The loss per character of text that the model has not seen, in nats, on our corpus. Networks here are one run each; your run prints its own
# figures.
#
# | the model sees | network | training | nats |
# |---|---|---|---|
# | nothing | | | 4.43 |
# | how frequent each character is, counted in the training text | | | 3.04 |
# | unit 2: the last three characters | H = 96 | 3,000 batches | 2.11 |
# | unit 2: the last eight | H = 64 | 1,500 batches | 1.99 |
# | unit 2: a target at every step, the mean over steps that know one to eight | H = 96 | 1,000 batches | 1.92 |
# | unit 2: the same network, only its eighth step | | | 1.79 |
# | unit 2: counts of the last four, with back-off | none | one pass | 1.46 |
# | unit 2: nine parts of these counts, one of the network's eighth step | H = 96 | 1,000 batches | 1.42 |
#
# The networks differ in size and training too, so compare with care. From the fourth row to the sixth, where 1.99 became 1.79, H grew from 64 to
# 96, the learning rate from 0.003 to 0.004, and the batches became fewer. With these changes and one target a window, five runs came to 1.955 ± 0.020.
# So most of the gain is due to the targets at every step.

# %% [markdown]
# ## An aside: how fast is the loop?
#
# Three minutes, optional: no points depend on it. Your loop calls PyTorch several times for each step, and `nn.RNN` does all steps in one call.
# `make_fx` runs your loop once and writes down each call: that is the loop *unrolled*, as you did by hand for three characters. **Before you run
# it:** is this graph as fast as `nn.RNN`, or as slow as your loop?

# %%
with autograder.example("an aside: the loop, its graph and nn.RNN, timed"), torch.no_grad():
    from timeit import repeat

    from torch.fx.experimental.proxy_tensor import make_fx

    ready, read = as_nn_rnn(eight), ids[: 64 * 64].view(64, 64).T
    ways = {
        "your loop": eight.read,
        "its graph": make_fx(lambda read: eight.read(read))(read),
        "nn.RNN": lambda read: ready(eight.embedding(read)),
    }
    for name, function in ways.items():
        seconds = min(repeat(lambda f=function: f(read), number=5, repeat=5)) / 5
        print(f"{name:<10}{1e3 * seconds:.2f} ms for 64 steps")

# %% [markdown]
# As slow as the loop: the same operations run one after another. `nn.RNN` gains because `input` does not depend on the state, so one product can treat
# all steps before the loop begins. A compiler such as `torch.compile` joins many small operations of such a graph into few.
#
# ## Questions
#
# <details><summary>1. All orange arrows are one layer. What would be the price of giving each step its own?</summary>
#
# More parameters, and each would learn only from its own place. The network could also not read longer texts than it was built for.
# </details>
#
# <details><summary>2. Over the training windows, the mean loss of the first step cannot fall below 2.46. Why?</summary>
#
# It sees one character. The best it can do is to count what follows it, and the loss is then the entropy of the next character, given one.
# Other windows, held-out ones or a single batch, have another bound.
# </details>
#
# <details><summary>3. What does the identity initialisation say, in words?</summary>
#
# Do nothing to the state. The network begins by adding up what it reads, and learns from there what to change.
# </details>
#
# <details><summary>4. Why does a target at every step help?</summary>
#
# One window of eight gives eight losses to learn from instead of one, for almost the same work.
# </details>
#
# <details><summary>5. Each window starts from zeros. What can this network never learn?</summary>
#
# Whatever needs more than eight characters: that a quotation is open, how long a sentence already is, what the chapter is about.
# </details>
#
# <details><summary>6. Why do counts get worse with contexts of six characters, and what can a network do about it?</summary>
#
# A longer context has fewer counts, and the rule trusts them too much. A table learns about each context by itself. A network uses the same weights
# for all contexts, so what it learns from one also changes what it says about those that are alike.
# </details>
#
# ## Further
#
# These are not graded.
#
# * Repeat the comparison of section 7, with the identity initialisation and without it, on windows of 32 and three seeds.
# * Let `backed_off` trust long contexts less, with 4 d instead of d. Ours then came to 1.37 with six characters. What does the network still add?
# * On five seeds `ThreeCharacters` came to 2.158 ± 0.003 with an embedding and to 2.174 ± 0.005 with one-hot rows (mean and standard deviation; H = 64,
#   1,500 batches, learning rate 0.003). Repeat one seed, with an embedding whose table stays the identity. Why do the two differ so little?
#
# ## Reading
#
# * Karpathy 2015, [The unreasonable effectiveness of recurrent neural networks](https://karpathy.github.io/2015/05/21/rnn-effectiveness/).
# * Le, Jaitly and Hinton 2015, [A simple way to initialize recurrent networks of rectified linear units](https://arxiv.org/abs/1504.00941).
# * Shannon 1948, *A mathematical theory of communication*, section 3.
# * Witten and Bell 1991, *The zero-frequency problem: estimating the probabilities of novel events in adaptive text compression*.
# * [torch.nn.RNN](https://pytorch.org/docs/stable/generated/torch.nn.RNN.html).
