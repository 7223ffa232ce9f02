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
# A network that reads text must remember: to know what follows "phi", it has to keep the p and the h while it looks at the i.
# In this unit you build such a network from three ordinary layers, first for exactly three characters, with every arrow of the
# drawing written out. Then you notice that the arrows repeat, turn the repetition into a loop, and have a recurrent network
# that reads texts of any length. At the end it predicts a character at every step, and you see how much a little memory helps.
#
# You need PyTorch's tensors, `nn.Module`, `nn.Linear` and `nn.Embedding` (unit 1), and what a loss and an optimizer are.
#
# **How to work.** Replace each `raise NotImplementedError()` by your code and run the exercise's last line. It tells you what is
# right, and for the mistakes that people make here it names the one you made. Of your file only imports, the functions and
# classes asked for, and what these use are graded; try things out wherever you like.
#
# **Letters**, the same in the whole course. Time comes first in every shape: `x[t]` is what the whole batch reads at step t.
#
# | letter | meaning | | array | shape | meaning |
# |---|---|---|---|---|---|
# | T | steps in time | | `x` | (T, B) | ids of characters, integers |
# | B | sequences in a batch | | `y` | (B,) or (T, B) | the ids to be predicted |
# | V | characters in the vocabulary | | `embedded` | (T, B, E) | a vector for each character |
# | E | numbers in an embedding | | `states` | (T, B, H) | the hidden state after each step |
# | H | hidden units | | `logits` | (B, V) or (T, B, V) | scores before softmax |

# %%
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
# A network sees numbers, so each character gets one: its place in a list, the *vocabulary*. Place 0 is kept for "no character"
# (the null, `"\0"`). It stands for what the vocabulary does not know, and later for places where there is no text. After it
# come the distinct characters of the text, in sorted order. The lesson's corpus has 85 characters in all, which makes
# V = 86 (the part to learn from has two less); it begins "PREFACE", which reads 40 42 29 30 25 27 29.
#
# **Exercise** · 10 minutes · ●○○ · about 3 lines in all
#
# <details><summary>What do I do with a character that the vocabulary lacks?</summary>
#
# Give it 0. A dict from characters to places has `.get(c, 0)` for that; it is much faster than `list.index`, too, which walks
# through the list for each of 600,000 characters.
# </details>


# %%



def vocabulary(text):
    seen = set()
    for ch in text:
        seen.add(ch)
    seen.discard("\0")
    out = ["\0"]
    out.extend(sorted(seen))
    return out


def encode(text, chars):
    lookup = {ch: k for k, ch in enumerate(chars)}
    result = torch.zeros(len(text), dtype=torch.int64)
    for k, ch in enumerate(text):
        if ch in lookup:
            result[k] = lookup[ch]
    return result


# %%
check("vocabulary_and_ids")

# %%
with autograder.example("the corpus as ids"):
    corpus = autograder.corpus()
    chars = vocabulary(corpus.train)
    ids, held_out_ids = encode(corpus.train, chars), encode(corpus.held_out, chars)
    print(f"{corpus.name}: {len(ids):,} characters to learn from, V = {len(chars)}; it begins", ids[:10].tolist())

# %% [markdown]
# ## 2. Windows
#
# The task for now: from n characters, predict the next. Cut the ids into windows of n that lie side by side and do not overlap;
# the target of each window is the id that follows it, which is also the first id of the next window.
#
# ```text
#  ids       40 42 29 | 30 25 27 | 29  1  1 |  1 …          n = 3
#  x[0]      40         30         29          1 …          the first characters of all windows
#  x[1]         42         25          1         …
#  x[2]            29         27          1      …
#  y                    30         29          1 …          what follows each window
# ```
#
# | | shape | |
# |---|---|---|
# | `ids` | (L,) | in: the whole text |
# | `x` | (n, N) | out: column i is window i. As many windows as have a following id: N = (L − 1) // n |
# | `y` | (N,) | out |
#
# **Exercise** · 15 minutes · ●●○ · about 3 lines
#
# <details><summary>My columns are not pieces of the text</summary>
#
# `view` fills row by row. Windows one below the other are `ids[…].view(N, n)`; to put time first this must be *transposed*.
# `view(n, N)` has the same shape, and its columns are characters from far apart.
# </details>
#
# <details><summary>Why L − 1?</summary>
#
# If n divides L, the last window ends with the text, and nothing follows it that could be its target.
# </details>


# %%
def windows(ids, n):
    count = (ids.shape[0] - 1) // n
    starts = torch.arange(count) * n
    x = torch.stack([ids[starts + k] for k in range(n)])
    return x, ids[starts + n]


# %%
check("cutting_windows")

# %% [markdown]
# ## 3. Three characters, three kinds of arrow
#
# Here is the network that reads three characters and predicts the fourth. A character's embedding goes through a *green* arrow
# into a hidden state; an *orange* arrow takes a hidden state one step on; a *blue* arrow makes the prediction from the last one.

# %%
GREEN, ORANGE, BLUE = "tab:green", "tab:orange", "tab:blue"


def arrow(axes, start, end, colour, label="", bend=0.0):
    """An arrow of one colour between two points of a drawing, with a label beside its middle."""
    style = {"arrowstyle": "-|>", "color": colour, "lw": 3, "shrinkA": 15, "shrinkB": 15, "mutation_scale": 18}
    axes.annotate("", end, start, arrowprops={**style, "connectionstyle": f"arc3,rad={bend}"})
    middle = (np.array(start) + end) / 2 + (0.08, 0.1)
    axes.text(*middle, label, color=colour, fontsize=9)


def dots(axes, points, marker, labels):
    """Nodes of a drawing: squares are inputs, circles hidden states, triangles outputs."""
    for (across, up), label in zip(points, labels, strict=True):
        axes.plot(across, up, marker, ms=22, mfc="white", mec="0.3", mew=1.5)
        axes.text(across, up, label, ha="center", va="center", fontsize=8)


figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), width_ratios=(2, 1))
for t in range(3):
    arrow(left, (t, 0), (t, 1), GREEN, "input" if t == 0 else "")
    if t:
        arrow(left, (t - 1, 1), (t, 1), ORANGE, "hidden" if t == 1 else "")
arrow(left, (2, 1), (2, 2), BLUE, "output")
dots(left, [(t, 0) for t in range(3)], "s", ["x[0]", "x[1]", "x[2]"])
dots(left, [(t, 1) for t in range(3)], "o", ["h", "h", "h"])
dots(left, [(2, 2)], "^", ["y"])
arrow(right, (0, 0), (0, 1), GREEN, "input")
arrow(right, (0, 1), (0, 2), BLUE, "output")
right.add_patch(plt.Circle((0.32, 1), 0.28, fill=False, ec=ORANGE, lw=3))
right.text(0.66, 1, "hidden, at\nevery step", color=ORANGE, fontsize=9, va="center")
dots(right, [(0, 0)], "s", ["x[t]"]), dots(right, [(0, 1)], "o", ["h"]), dots(right, [(0, 2)], "^", ["y"])
for axes, title, width in (
    (left, "unrolled: an arrow for each use", 2.6),
    (right, "recurrent: an arrow for each layer", 1.6),
):
    axes.set(title=title, xlim=(-0.6, width), ylim=(-0.4, 2.4))
    axes.set_axis_off()
plt.show()

# %% [markdown]
# The left and the right drawing are the same network. What makes them the same: all arrows of a colour are **one layer, used
# again and again**. The task "turn a character into hidden state" is the same task at step 0 as at step 2, so there is no reason
# to learn it three times. The formula, with the lesson's activations:
#
# $$h_0 = \mathrm{relu}(\text{input}(e_0)) \qquad h_t = \mathrm{relu}(\text{input}(e_t)) + \tanh(\text{hidden}(h_{t-1}))
# \qquad \text{logits} = \text{output}(h_2)$$
#
# with $e_t$ the embedding of `x[t]`, and t = 1, 2. Note where the sum stands here: *after* the activations. (The lesson's notebook
# had three embedding tables, one for each place. By its own argument one is enough: that makes 102,514 parameters of 109,738.)
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
        self.embedding = nn.Embedding(V, E)
        self.input = nn.Linear(E, H)
        self.hidden = nn.Linear(H, H)
        self.output = nn.Linear(H, V)

    def forward(self, x):
        def green(k):
            return self.input(self.embedding(x[k])).clamp(min=0)

        h = green(0)
        for k in (1, 2):
            h = green(k) + self.hidden(h).tanh()
        return self.output(h)


# %%
check("three_characters")

# %% [markdown]
# ## 4. The loss
#
# Cross-entropy is minus the logarithm of the probability that the truth was given. We want its **mean over everything that was
# predicted**, in nats, for logits of any number of axes: (B, V) with targets (B,) now, and (T, B, V) with targets (T, B) soon.
#
# **Exercise** · 10 minutes · ●○○ · about 1 line
#
# <details><summary>F.cross_entropy complains about my three axes, or takes T for the characters</summary>
#
# It wants the scores on axis 1. The simplest way around: make all axes but the last into one, `logits.flatten(0, -2)`, and the
# targets into one row.
# </details>


# %%
def mean_loss(logits, targets):
    logp = torch.log_softmax(logits, -1)
    picked = torch.take_along_dim(logp, targets.unsqueeze(-1), -1)
    return picked.mean().neg()


# %%
check("loss_in_nats")

# %% [markdown]
# ## 5. Training
#
# One step: predict, measure, send gradients back, let the optimizer change the weights. PyTorch *adds* new gradients to those
# that are there, so they must be emptied once for every batch.
#
# | | |
# |---|---|
# | `model` | called as `model(x)`, gives logits |
# | `batches` | an iterable of pairs: x, y |
# | `optimizer` | has `zero_grad()` and `step()` |
# | returns | a list of floats: the `mean_loss` of each batch, as it was before the step |
#
# **Exercise** · 15 minutes · ●●○ · about 8 lines
#
# <details><summary>Why floats and not the loss itself?</summary>
#
# A loss holds on to everything it was computed from. A list of thousands of losses keeps thousands of graphs alive. `loss.item()`
# is the number alone.
# </details>


# %%
def train(model, batches, optimizer):
    history = []
    for xb, yb in batches:
        loss = mean_loss(model(xb), yb)
        history.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return history


# %%
check("training_steps")


# %%
def shuffled(x, y, size, steps, seed):
    """`steps` batches of `size` windows each, drawn at random: x (n, N) and y (..., N)."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        chosen = torch.randint(x.shape[1], (size,), generator=generator)
        yield x[:, chosen], y[..., chosen]


def plot_losses(losses, title):
    """The loss of every batch, and means of 50."""
    plt.plot(losses, color="0.85")
    plt.plot(np.arange(50, len(losses) + 1, 50), np.array(losses).reshape(-1, 50).mean(1))
    plt.xlabel("batch"), plt.ylabel("loss in nats a character"), plt.title(title), plt.ylim(1.5, 4.5)
    plt.show()


# %% [markdown]
# Now on the corpus. Floors to read a loss by, on the lesson's corpus: a network that knows nothing pays ln V = 4.45 nats, one that
# knows only how frequent each character is 3.12. From three characters the lesson's network came to 2.16 in four
# passes over the text, with a learning rate of 0.001. (Its printed 2.97 came from an assignment to the learning rate that changed nothing.)

# %%
with autograder.example("three characters on the corpus"):
    torch.manual_seed(0)
    x, y = windows(ids, 3)
    three = ThreeCharacters(len(chars), 24, 96)
    three.embedding.weight.data *= 0.1  # small at first, so that what it learns stands out in the map below
    losses = train(three, shuffled(x, y, 64, 1500, 0), torch.optim.Adam(three.parameters(), 4e-3, fused=True))
    plot_losses(losses, f"from three characters, {corpus.name}")
    with torch.no_grad():
        x, y = windows(held_out_ids, 3)
        print(f"held out: {mean_loss(three(x), y).item():.3f} nats a character")

# %% [markdown]
# The check trains your network with your `train` and measures the weights on text that was held out. It compares with our own
# solution on the same seed, first weights and batches, so luck plays no part.

# %%
check("three_characters_learn")

# %% [markdown]
# ## 6. What comes next?
#
# Ask the network: give it a text, take the likeliest next character.
#
# **Exercise** · 10 minutes · ●●○ · about 4 lines
#
# <details><summary>What shape does the model want?</summary>
#
# Time first and a batch of one: (T, 1). Then the logits are (1, V).
# </details>


# %%
def next_character(model, chars, text):
    with torch.inference_mode():
        scores = model(encode(text, chars)[:, None])[0]
    return max(zip(scores.tolist(), chars))[1]


# %%
check("predicting")

# %%
with autograder.example("what the network knows"):
    for text in ("phi", " th", " an", "ing", "Chr", "whi"):
        print(f"{text!r} is followed by {next_character(three, chars, text)!r}")

# %% [markdown]
# What has it learnt about single characters? Here are the rows of its embedding table, turned so that one sees the two
# directions in which they differ most. Nobody told the network about vowels (red), capitals or marks that end a sentence.

# %%
with autograder.example("the embedding in two dimensions"):
    common = [c for c in chars[1:] if corpus.train.count(c) > 400]
    table = three.embedding.weight.detach()[encode(common, chars)]
    table = table - table.mean(0)
    places = (table @ torch.linalg.svd(table, full_matrices=False)[2][:2].T).numpy()
    plt.figure(figsize=(7, 6))
    for (across, up), c in zip(places, common, strict=True):
        colour = "tab:red" if c in "aeiou" else "tab:blue" if c.isalpha() else "0.4"
        plt.text(across, up, {" ": "space", "\n": "newline"}.get(c, c), color=colour, fontsize=13, ha="center")
    plt.xlim(places[:, 0].min() - 0.3, places[:, 0].max() + 0.3)
    plt.ylim(places[:, 1].min() - 0.3, places[:, 1].max() + 0.3)
    plt.title("characters by what the network does with them"), plt.xlabel("first direction"), plt.ylabel("second")
    plt.show()

# %% [markdown]
# ## 7. The loop
#
# Nothing in the drawing depends on the number three. So write a loop over the steps, and the same three layers read a text of any
# length. Two things become simpler on the way:
#
# * the state before the first step is **zeros**, so that the first step is a step like all others, orange arrow and its bias included;
# * the sum stands *inside* one relu, as in nearly every recurrent network since:
#
# $$h_t = \mathrm{relu}\big(\text{input}(e_t) + \text{hidden}(h_{t-1})\big) \qquad h_{-1} = 0$$
#
# And one thing is new, **the identity start**: the hidden layer begins with the identity as its weight and zeros as its bias. "Do
# nothing to the state" is a sensible first guess for something that should remember. While no unit is below zero, the network then
# just adds up what it reads, and a gradient walks back through as many steps as you like without growing or shrinking (Le, Jaitly
# and Hinton 2015, *A simple way to initialize recurrent networks of rectified linear units*). Only `hidden` begins so.
#
# | method | in | out |
# |---|---|---|
# | `__init__(V, E, H)` | | the four layers, named and made as in `ThreeCharacters`; `hidden` starts as the identity with zero bias |
# | `read(x, h=None)` | ids (T, B), a state (B, H) to start from, or None for zeros | the states after each step (T, B, H) |
# | `forward(x)` | ids (T, B) | logits (B, V) from the state after the last step |
#
# Write the loop by hand: the ready-made `nn.RNN` has its turn in section 9.
#
# **Exercise** · 30 minutes · ●●● · about 13 lines in all
#
# <details><summary>How do I put the identity into a layer?</summary>
#
# `nn.init.eye_(layer.weight)` and `nn.init.zeros_(layer.bias)` write into the layer's own tensors. The underscore means "in place".
# </details>
#
# <details><summary>Where do B and H come from?</summary>
#
# B is `x.shape[1]`; H you can keep in `__init__`, or ask a layer: `self.hidden.out_features`.
# </details>
#
# <details><summary>How do I collect the states?</summary>
#
# Append each to a list, and at the end `torch.stack(states)` makes (T, B, H) of T tensors (B, H).
# </details>


# %%
class Recurrent(nn.Module):
    """Predicts a character from those before it, however many: ids x (T, B) → logits (B, V)."""

    def __init__(self, V, E, H):
        super().__init__()
        self.H = H
        self.embedding = nn.Embedding(V, E)
        self.input = nn.Linear(E, H)
        self.hidden = nn.Linear(H, H)
        self.output = nn.Linear(H, V)
        with torch.no_grad():
            self.hidden.weight.copy_(torch.eye(H))
            self.hidden.bias.fill_(0)

    def read(self, x, h=None):
        T, B = x.shape
        if h is None:
            h = self.input.weight.new_zeros(B, self.H)
        out = []
        for t in range(T):
            h = torch.relu(self.input(self.embedding(x[t])) + self.hidden(h))
            out.append(h[None])
        return torch.cat(out)

    def forward(self, x):
        return self.output(self.read(x)[-1])


# %%
check("recurrent_states")

# %%
check("identity_start")

# %% [markdown]
# ## 8. Eight characters
#
# The same class, now over windows of eight. Longer memory, better guesses: the lesson's network fell from about 2 nats to 1.8.

# %%
with autograder.example("eight characters on the corpus"):
    torch.manual_seed(0)
    x, y = windows(ids, 8)
    eight = Recurrent(len(chars), 24, 64)
    losses = train(eight, shuffled(x, y, 64, 1500, 0), torch.optim.Adam(eight.parameters(), 3e-3, fused=True))
    plot_losses(losses, f"from eight characters, {corpus.name}")
    with torch.no_grad():
        x, y = windows(held_out_ids, 8)
        print(f"held out: {mean_loss(eight(x), y).item():.3f} nats a character")
    for text in ("for thos", "part of ", "queens a"):
        print(f"{text!r} is followed by {next_character(eight, chars, text)!r}")

# %%
check("eight_characters_learn")

# %% [markdown]
# ## 9. The same, ready-made
#
# What you wrote exists as `nn.RNN`. To believe it, carry your weights over, and see that both give the same states. Its formula:
#
# $$h_t = \mathrm{relu}(W_{ih} e_t + b_{ih} + W_{hh} h_{t-1} + b_{hh})$$
#
# Two biases that are only ever added: one would do, but then yours has two as well. It works on embedded characters, (T, B, E) in, all
# states (T, B, H) out. Its parameters are called `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`: *ih* from input to
# hidden, *hh* from hidden to hidden, and *l0* is layer 0, because such layers can be stacked.
#
# **Exercise** · 15 minutes · ●●○ · about 8 lines
#
# <details><summary>"a leaf Variable that requires grad is being used in an in-place operation"</summary>
#
# You are writing into a parameter while PyTorch records. Inside `with torch.no_grad():` it does not record.
# </details>
#
# <details><summary>The states agree at no step</summary>
#
# `nn.RNN` uses tanh unless told otherwise: `nonlinearity="relu"`.
# </details>


# %%
def as_nn_rnn(model):
    H, E = model.input.weight.shape
    rnn = nn.RNN(E, H, nonlinearity="relu")
    rnn.load_state_dict(
        {
            "weight_ih_l0": model.input.weight,
            "weight_hh_l0": model.hidden.weight,
            "bias_ih_l0": model.input.bias,
            "bias_hh_l0": model.hidden.bias,
        }
    )
    return rnn


# %%
check("ready_made")

# %%
with autograder.example("your loop against nn.RNN"), torch.no_grad():
    ready, _ = as_nn_rnn(eight)(eight.embedding(x[:, :100]))
    print(f"largest difference: {(ready - eight.read(x[:, :100])).abs().max().item():.1e}")

# %% [markdown]
# ## 10. A target for every step
#
# The network makes a state at every step and uses only the last. A waste: the state after two characters could predict the third. If
# every step predicts, each window gives n targets instead of one, and the network learns much more from the same reading. So the
# targets of a window are the window itself, shifted by one id:
#
# ```text
#  ids       40 42 29 | 30 25 27 | 29 …          n = 3
#  x, y of window 0:   40 → 42    42 → 29    29 → 30
# ```
#
# Note the last: the target of a window's last step is the *next* window's first id.
#
# **Exercise** · 10 minutes · ●●○ · about 4 lines
#
# <details><summary>Can I roll the window?</summary>
#
# Rolling a window brings its own first id round to the end, which is not what follows there. Cut the targets from the ids, one later.
# </details>


# %%
def sequence_windows(ids, n):
    N = (len(ids) - 1) // n
    both = ids[: N * n + 1].unfold(0, n + 1, n).T
    return both[:-1], both[1:]


# %%
check("sequence_targets")

# %% [markdown]
# ## 11. An output at every step
#
# Everything is in `Recurrent` already: the layers and the reading. What differs is what is done with the states. Predict from all of
# them; `output` is the same layer at every step (the lesson needed a `TimeDistributed` for that, in PyTorch a linear layer works on the last axis).
#
# The prediction at step t may depend on `x[0]` to `x[t]` and on nothing later, since what comes later is the answer. A network that peeks
# has a wonderful training loss and is worth nothing.
#
# **Exercise** · 5 minutes · ●○○ · about 1 line
#
# <details><summary>Do I need a loop over the states?</summary>
#
# No. A linear layer treats each vector on the last axis alike: (T, B, H) in, (T, B, V) out.
# </details>


# %%
class EveryStep(Recurrent):
    """Predicts the next character after each one it reads: ids x (T, B) → logits (T, B, V)."""

    def forward(self, x):
        return torch.stack([self.output(h) for h in self.read(x)])


# %%
check("an_output_at_every_step")

# %% [markdown]
# ## 12. Loss by position
#
# The first step knows one character, the eighth knows eight. So the mean over a window hides the interesting part. What does each step pay?
#
# **Exercise** · 10 minutes · ●●○ · about 1 line
#
# <details><summary>How do I get the losses before their mean is taken?</summary>
#
# `reduction="none"` gives one loss for each target. `F.cross_entropy` wants the scores on axis 1: `logits.movedim(-1, 1)` is (T, V, B).
# </details>


# %%
def loss_by_position(logits, targets):
    return torch.stack([mean_loss(l, t) for l, t in zip(logits, targets)])


# %%
check("positions")

# %% [markdown]
# Train it, and look. The first step sees a single character and a state of zeros, so it cannot be better than what one character
# says about the next: on the lesson's corpus, in training, no less than 2.456 nats; for the second step the floor is 1.896, for
# the third 1.315. A training loss *below* the floor of its position would mean that targets leak into the input. The lesson's network ended at 2.48
# for the first step, 2.08 for the third and 1.75 for the eighth.

# %%
with autograder.example("an output at every step, on the corpus"):
    torch.manual_seed(0)
    x, y = sequence_windows(ids, 8)
    every = EveryStep(len(chars), 24, 96)
    losses = train(every, shuffled(x, y, 64, 1000, 0), torch.optim.Adam(every.parameters(), 3e-3, fused=True))
    with torch.no_grad():
        x, y = sequence_windows(held_out_ids, 8)
        by_position = loss_by_position(every(x), y)
        print(f"held out: {mean_loss(every(x), y).item():.3f} nats a character")
    plt.bar(range(8), by_position.tolist(), color=BLUE)
    (
        plt.ylim(1, 3),
        plt.xlabel("step in the window"),
        plt.ylabel("held-out loss, nats"),
        plt.title(f"memory pays, {corpus.name}"),
    )
    plt.show()

# %%
check("sequences_learn")

# %% [markdown]
# ## 13. The same at any time
#
# The idea behind all of this has a name, *time invariance*: what a step does depends on the state and the character, never on the
# clock. If you shift the text, the answers shift with it. That can be tested. Read a text in one go. Then stop after k characters, keep the
# state, start the clock again at 0, and read the rest from that state: for the network it is now "step 0". The states must be the same
# as before. A network with a layer for each step, or one that counts, fails here.
#
# ```text
#  one go:     x[0]  x[1]  x[2] │ x[3]  x[4]           k = 3
#  two parts:                   └─ state after x[2] ──▶  x[3]  x[4], read as steps 0 and 1
# ```
#
# **Exercise** · 15 minutes · ●●○ · about 3 lines
#
# <details><summary>Which state is the one after k characters?</summary>
#
# `read` returns the states after each step, so `states[0]` is the one after the first character.
# </details>


# %%
def shift_gap(model, x, k):
    whole = model.read(x)
    first = model.read(x[:k])
    second = model.read(x[k:], first[-1])
    return torch.norm((whole[k:] - second).flatten(), p=float("inf"))


# %%
check("the_same_at_any_time")

# %%
with autograder.example("is your network the same at any time?"):
    print(f"largest difference: {shift_gap(every, x[:, :100], 3).item():.1e}")

# %% [markdown]
# ## 14. Its answers, one by one
#
# Last, watch it read. After each character of a text, what does it expect next? (In the lesson: after " this" it expects a space, after
# " part " it expects an o.)
#
# **Exercise** · 10 minutes · ●●○ · about 3 lines
#
# <details><summary>How do ids become a string?</summary>
#
# `argmax(-1)` takes the best id of each row, and `"".join(chars[i] for i in …)` puts their characters into one string.
# </details>


# %%
def answers(model, chars, text):
    with torch.no_grad():
        best = model(encode(text, chars).unsqueeze(1)).squeeze(1).max(-1).indices
    result = ""
    for k in best:
        result += chars[k]
    return result


# %%
check("answering_along")

# %%
with autograder.example("what it expects"):
    for text in (" this is", " part of", "question"):
        print(f"{'read':>8}: {' '.join(text)}\n{'expected':>8}: {' '.join(answers(every, chars, text))}\n")

# %% [markdown]
# Each row of the second line stands under the character after which it was expected. The network starts every window from zeros,
# though: it never knows more than eight characters. Unit 3 looks at the loop itself, unit 4 at the gradients inside it, and unit 5 carries the state from one
# window into the next.


# %%
from collections import Counter


def count_next(text, n):
    counts = []
    for k in range(n + 1):
        table = {}
        for before, after in zip(range(len(text)), range(k, len(text))):
            table.setdefault(text[before:after], Counter())[text[after]] += 1
        counts.append(table)
    return counts


def backed_off(counts, context, c, V):
    n = len(counts) - 1
    context = context[max(0, len(context) - n) :]
    if not context:
        p, table = 1 / V, counts[0]
    else:
        p, table = backed_off(counts[: len(context)], context[1:], c, V), counts[len(context)]
    if context not in table:
        return p
    seen = table[context]
    weight = len(seen) / (len(seen) + sum(seen.values()))
    return weight * p + (1 - weight) * seen[c] / sum(seen.values())


# %%
check("counting")
