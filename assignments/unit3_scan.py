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
# # Unit 3: a network is a step and a scan
#
# A recurrent network reads its characters one after another. Within a step a GPU can compute all sequences of the batch and all hidden units at
# once, but each of the T steps waits for the one before. Must it? Applying one small step again and again, and keeping every result, is called
# a *scan*. As a loop it takes T rounds for T steps. But if two steps can be *combined* into one, about log T rounds are enough. In the second
# half of this unit you write such a scan, and a network that reads with it. Many of today's fast sequence models work like that.
#
# In the first half you write the network of unit 2 once more, as a step and a scan of plain arrays: weights in, predictions out, with no layer, no
# module and no optimizer. [The lesson](https://course17.fast.ai/lessons/lesson6.html) that this course follows builds it like this in Theano. Why go
# below Keras at all? Because you can then look into every step, and build what no ready-made layer does. The network of the second half is such a
# thing: it reads 512 characters in nine rounds, and then writes.
#
# **Afterwards you can**
#
# * write a network as a step and a scan, from plain arrays;
# * ask autograd for the gradients of all weights, and train without an optimizer;
# * say which recurrences run in parallel, and why this network does not;
# * write a parallel scan, a linear recurrence through it, and its gradient.
#
# You need PyTorch tensors and `torch.autograd`.
#
# **How to work.** The exercises take 177 minutes in all; reading and looking at the examples takes about 45 more. Plan two sittings: sections
# 1 to 8, and 9 to 12. Replace each `raise NotImplementedError()` with your code. Save while `autograder watch unit3` runs, or run the cell
# `check("…")`. If you made a common mistake, the check tells you which. Besides `autograder`, import only PyTorch, NumPy and the standard
# library: no other package is installed where your file is graded. Never modify an argument in place. Gradients must be able to flow through
# your functions (no `.detach()`, no `.item()`, no writing in place), unless the text says otherwise. In a `.py` file, hints are visible below
# their exercises, and answers below the questions at the end; a notebook folds them. `autograder hint` shows one hint at a time.
#
# **Letters**, the same in the whole course:
#
# | letter | meaning | | array | shape | meaning |
# |---|---|---|---|---|---|
# | T | steps in time | | `xs` | (T, V) | one-hot characters, floats |
# | V | characters in the vocabulary | | `targets` | (T,) | ids of the true next characters |
# | H | hidden units | | `h0` | (H,) | the state before the first step |
#
# | `weights[…]` | shape | what it does |
# |---|---|---|
# | `"Wx"` | (V, H) | input → hidden |
# | `"Wh"` | (H, H) | hidden → hidden, from one step to the next |
# | `"bh"` | (H,) | bias of the hidden state |
# | `"Wy"` | (H, V) | hidden → output |
# | `"by"` | (V,) | bias of the output |
#
# There is no B here: every network of this unit reads one sequence at a time.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F

import autograder

check = autograder.unit("unit3_scan")

# %% [markdown]
# ## 1. Scan, and a running sum
#
# `scan` takes a function of two arguments, a value to start from, and a sequence. It calls the function with the *carried*
# value and the first element; the result is kept, and is what is carried to the second element; and so on:
#
# ```text
# scan(fn, start, [x1, x2, x3])
#
# →   [r1, r2, r3]
#
#     r1 = fn(start, x1)
#     r2 = fn(r1, x2)
#     r3 = fn(r2, x3)
# ```
#
# With addition as `fn` that is a running sum: `scan(add, 0, range(1, 6))` is `[1, 3, 6, 10, 15]`. The start itself is not
# among the results. What is carried may be anything: a number, a tensor, a tuple.
#
# Then use it: in `cumulative_sum` each row is the sum of all rows so far. (`torch.cumsum` and its like raise an error while your function is checked,
# and so do `.numpy()` and `.tolist()`, because with them numbers leave torch.)
#
# **Exercise** · 10 minutes · ●○○ · about 6 lines in all
#
# <details><summary>Is this not functools.reduce?</summary>
#
# `reduce` walks in the same way but keeps only the last result. A scan keeps every one: as many as there are elements.
# </details>
#
# <details><summary>It says that a generator has no len()</summary>
#
# The elements may come from a generator, which you can loop over once but not measure or index. `for x in xs` is all you need.
# </details>
#
# <details><summary>All my rows are the same</summary>
#
# Then all results are one and the same tensor, which was added to in place (`+=`, `add_`). `a + b` makes a new tensor each time.
# </details>


# %%
def scan(fn, start, xs):
    """The list of all results of carrying a value along `xs`: each is `fn(carried, x)` and is carried to the next.

    xs: anything that can be looped over, a generator too, however long. No elements, no results: an empty list.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def cumulative_sum(xs):
    """The running sum over the first axis: (T, ...) → (T, ...). `xs` stays as it is."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("every_result")

# %%
check("running_sum")

# %% [markdown]
# ## 2. One step
#
# A character enters this network as a row of V numbers: a 1 at the place of its id, and zeros. Multiplied by a matrix, such a row picks a row of it.
# (So `Wx` does what an embedding did in unit 2.) `step` is what happens between one character and the next:
#
# $$h_t = \mathrm{relu}(x_t W_x + h_{t-1} W_h + b_h) \qquad \mathrm{logits}_t = h_t W_y + b_y$$
#
# To be scanned, a step takes *(carried, element)* and returns what is carried next. We want the logits out of it as well as the
# state, so both are carried, as a pair, and the next step simply does not look at the old logits. (The lesson's step ends in a softmax.
# We return the scores before it, because the loss is safer to compute from them.)
#
# **Exercise** · 15 minutes · ●●○ · about 5 lines in all
#
# <details><summary>"expected m1 and m2 to have the same dtype"</summary>
#
# `F.one_hot` gives integers, and weights are floats. Convert with `.to(torch.get_default_dtype())`, or take rows of an
# identity matrix.
# </details>
#
# <details><summary>Why is V passed in?</summary>
#
# A sequence need not hold the last character. Its rows have V places nevertheless.
# </details>
#
# <details><summary>What are the shapes?</summary>
#
# No batch: x is (V,), h is (H,), and `x @ Wx` is a vector times a matrix, (V,) @ (V, H) → (H,). Nothing is transposed.
# </details>
#
# <details><summary>Why carry logits that no one reads?</summary>
#
# Because `scan` returns what is carried, and nothing else. Many libraries let a step return two things, what is carried and what is only
# collected; ours is the five-line version.
# </details>


# %%
def one_hot(ids, V):
    """A row for each id, zeros but for a 1 at its place: (T,) integers → (T, V) floats, of torch's default type."""
    # YOUR CODE HERE
    raise NotImplementedError()


def step(carry, x, weights):
    """One step: carry is (h (H,), the last logits, unused), x (V,) → (new h (H,), logits (V,))."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("one_hot_rows")

# %%
check("one_step")

# %% [markdown]
# **Optional: 3 minutes, and no points depend on it.** In Theano you would not have run this function but *declared* it, and had Theano compile its
# graph. PyTorch runs each line at once, but it can write the graph down while it does. Find the matrix products, the relu, and the two values that
# come back. (The code only hides reshapes between vectors and one-row matrices.)

# %%
with autograder.example("the graph of one step"):
    from torch.fx.experimental.proxy_tensor import make_fx

    sizes = {"Wx": (5, 4), "Wh": (4, 4), "bh": (4,), "Wy": (4, 5), "by": (5,)}
    declared = {name: torch.zeros(size) for name, size in sizes.items()}
    graph = make_fx(step)((torch.zeros(4), torch.zeros(5)), torch.zeros(5), declared)
    given = [node for node in graph.graph.nodes if node.op == "placeholder"]
    labels = dict(zip(given, ("h", "old_logits", "x", *sizes), strict=True))

    def label(node):
        """A node's name; that of its argument where it only makes rows of vectors or vectors of rows."""
        if isinstance(node, (list, tuple)):
            return ", ".join(map(label, node))
        if not isinstance(node, torch.fx.Node):
            return str(node)
        return label(node.args[0]) if "squeeze" in node.name else labels.get(node, node.name)

    for node in graph.graph.nodes:
        if node.op == "call_function" and "squeeze" not in node.name:
            operation = str(node.target).split(".")[1]
            print(f"{node.name:<5} = {operation}({', '.join(label(arg) for arg in node.args)})")
        elif node.op == "output":
            print("return", ", ".join(label(arg) for arg in node.args[0]))

# %% [markdown]
# What `relu` gives is the new state. It comes back together with the last sum, the logits. The old logits appear in no line: the step gets them and
# never reads them.
#
# ## 3. The network
#
# The whole network is now one line: scan `step` along the characters. It starts from the pair `(h0, None)`, as there are no logits
# yet. But `scan` calls its function with two arguments, and `step` has a third, the weights, which are the same at every step. So pass a
# `lambda` of two arguments that adds them.
#
# **Exercise** · 10 minutes · ●●○ · about 3 lines
#
# <details><summary>I have a list of pairs and want two tensors</summary>
#
# `zip(*pairs)` turns a list of pairs into two tuples; `torch.stack` makes a tensor of each, time first.
# </details>


# %%
def network(weights, h0, xs):
    """All states and logits of a sequence: h0 (H,), xs (T, V) → h (T, H), logits (T, V)."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("states_and_logits")

# %% [markdown]
# ## 4. The loss of a sequence and its gradients
#
# At every step the network has said how likely each next character is, and the target is known. The loss of the sequence is the
# cross-entropy **summed over its T steps**, as in the lesson:
#
# $$L = -\sum_{t=1}^{T} \ln \mathrm{softmax}(\mathrm{logits}_t)[\mathrm{target}_t]$$
#
# Say that a network gives the first target the probability ½ and the second ¼. The loss of the two is ln 2 + ln 4 = 2.08 nats, and 1.04 per
# character. Guessing uniformly among the 83 characters of the lesson's corpus costs ln 83 = 4.42 nats each, so 35.4 for eight. Units 2 and 5 take the
# mean per character: divide a sum by T *once* to compare it with theirs.
#
# The targets are ids. Written as one-hot rows, the same loss is $-\sum_t \sum_v \mathrm{target}_{t,v} \ln p_{t,v}$, in which all terms but one per
# step are zero. Integer targets (Keras calls them *sparse*) say the same without the zeros.
#
# `gradients` differentiates this loss. Because all weights were passed in, one call gives the gradients of all of them: in Theano
# `T.grad(error, w_all)`, in PyTorch `torch.autograd.grad(loss, tensors)`.
#
# `gradients` should leave no trace. The tensors in `weights` are plain ones (they do not require a gradient), and they belong to the
# caller. So make tensors of your own from them, for this one question; asked twice, the answer is the same.
#
# | | |
# |---|---|
# | `weights` | the dict of five tensors |
# | `h0`, `xs`, `targets` | (H,), (T, V), (T,) |
# | returns | the loss, a float or a tensor of shape (); and a dict with the gradient of each of the weights, shaped like it; none of them attached to a graph |
#
# **Exercise** · 20 minutes · ●●○ · about 6 lines in all
#
# <details><summary>Which of cross_entropy and nll_loss?</summary>
#
# `F.cross_entropy` takes logits. `F.nll_loss` takes log-probabilities, so after `log_softmax`. Both average unless told otherwise.
# </details>
#
# <details><summary>"does not require grad and does not have a grad_fn"</summary>
#
# Autograd records only what comes from tensors that require a gradient. `w.detach().clone().requires_grad_()` is such a copy. Run the
# network on the copies, and ask for gradients with respect to the copies.
# </details>
#
# <details><summary>My gradients are twice as large the second time</summary>
#
# `loss.backward()` *adds* to `.grad`, which here still holds the last answer. `torch.autograd.grad` returns the gradients and stores
# nothing.
# </details>


# %%
def sequence_loss(logits, targets):
    """The cross-entropy in nats, summed over steps: logits (T, V), targets (T,) → a tensor of shape (), in the graph."""
    # YOUR CODE HERE
    raise NotImplementedError()


def gradients(weights, h0, xs, targets):
    """The loss of a sequence (no longer in a graph) and a dict of its gradient with respect to each of the weights."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("summed_loss")

# %%
check("all_gradients")

# %% [markdown]
# ## 5. Online training
#
# `update` is one step of gradient descent, $w \leftarrow w - \mathrm{lr} \cdot \mathrm{d}w$, for all weights *at once*: every gradient was computed
# with the old weights, so all old weights are replaced together. Return new tensors; the caller's stay as they are.
#
# `train_online` trains as the lesson does: **one sequence at a time**, a step after each. For each sequence: one-hot its characters,
# start from a state of zeros, ask for gradients, update. The loss of a sequence is its sum over the steps, measured before the update. A single one
# is noisy, so record the **mean over every `every` sequences** (the lesson prints one per thousand). With `every = 3`, the losses 6, 3, 3, 5, 5, 5, 9
# make two entries, 4 and 5: the seventh sequence is trained on, and makes none.
#
# | | |
# |---|---|
# | `weights` | the dict to begin with |
# | `sequences` | an iterable of pairs: ids (T,), targets (T,) |
# | `lr`, `every` | learning rate; how many losses make one entry |
# | returns | the trained weights, and a list of mean losses, one for each `every` sequences |
#
# **Exercise** · 25 minutes · ●●○ · about 11 lines in all
#
# <details><summary>It says that the caller's tensors changed</summary>
#
# `w -= …` and `w.sub_(…)` write into the tensor that the caller holds. `w - lr * dw` makes a new one.
# </details>
#
# <details><summary>Where do V and H come from?</summary>
#
# From the weights: `Wx` is (V, H).
# </details>


# %%
def update(weights, grads, lr):
    """New weights after one step of gradient descent: a new dict of new tensors, as plain as the old ones."""
    # YOUR CODE HERE
    raise NotImplementedError()


def train_online(weights, sequences, lr, every=1000):
    """Train on one sequence after another, each from a state of zeros; returns weights, mean losses."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("all_at_once")

# %%
check("few_sequences")

# %% [markdown]
# ## 6. Initial weights
#
# Equal weights do not work, zeros least of all: units whose weights are the same get the same gradient, so they stay the same for ever, and H units
# do at most the work of one. So draw the weights at random. How large?
#
# A unit sums its inputs, each times a weight. Take 100 inputs of size 1, and weights drawn independently with mean 0. Variances add: with a
# standard deviation of 1 the sum has the variance 100, so its standard deviation is 10. After a second such layer it is 100, after a third 1,000.
# With a standard deviation of $\sqrt{1/100} = 0.1$ it stays 1. In general that is $\sqrt{1/\text{rows}}$, where *rows* counts what is summed, the
# first size of our matrices. A relu before the next layer halves the mean of the squares, and a factor of 2 makes up for it:
#
# $$s = \sqrt{2 / \text{rows}} \qquad \text{for 96 rows: } \sqrt{2/96} = 0.144$$
#
# The lesson draws `Wx` and `Wy` in this way. (For `Wx` the sum has one term only, since a one-hot row holds a single 1. So the first state will be
# small.) But the hidden matrix multiplies the state again at *every* step, so it begins as the
# identity: the state is kept, and what is read is added to it, until relu sets a negative sum to 0.
#
# | | what it is | |
# |---|---|---|
# | `V`, `H` | integers | characters, hidden units |
# | `generator` | `torch.Generator` | the only source of chance: two of the same seed give the same weights; a second call with one of them draws others |
# | returns | a dict | the five plain tensors of this unit, in torch's default type |
# | `Wx`, `Wy` | | drawn independently of each other with mean 0 and a standard deviation of $\sqrt{2/\text{rows}}$; normal or uniform, as you like |
# | `Wh` | | the identity |
# | `bh`, `by` | | zeros |
#
# **Exercise** · 10 minutes · ●○○ · about 4 lines
#
# <details><summary>How do I draw with a generator?</summary>
#
# `torch.randn(rows, columns, generator=generator)` draws from N(0, 1). Multiplied by s, the numbers have the standard deviation s.
# </details>
#
# <details><summary>How far do uniform numbers reach?</summary>
#
# Between −a and a their standard deviation is $a/\sqrt{3}$. So a is $\sqrt{3}\,s = \sqrt{6/\text{rows}}$.
# </details>


# %%
def initial_weights(V, H, generator):
    """The weights to begin with, a dict as in the table above: `Wh` the identity, biases zero, the others drawn.

    generator: torch.Generator, from which all that is drawn comes.
    """

    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("first_weights")

# %% [markdown]
# Does the scale matter? Here both drawn matrices are multiplied by a number, and each network is trained on a thousand sequences. **Before you run
# it:** at which scale will learning be fastest, and what can a network learn from zeros?


# %%
def eights(ids, count, seed):
    """`count` sequences of 8 ids cut anywhere, and the same shifted on by one."""
    for start in np.random.default_rng(seed).integers(0, len(ids) - 8, count):
        yield ids[start : start + 8], ids[start + 1 : start + 9]


with autograder.example("what the scale does to training"):
    text = autograder.corpus()
    alphabet = sorted(set(text.train))
    ids = torch.tensor([alphabet.index(c) for c in text.train])
    random = torch.Generator().manual_seed(3)
    begin = initial_weights(len(alphabet), 96, random)
    for scale in (0, 0.1, 1, 10):
        scaled = {name: begin[name] * scale for name in ("Wx", "Wy")}
        _, errors = train_online(begin | scaled, eights(ids, 1000, 3), 0.01, 100)
        print(f"× {scale:<4} first 100 sequences {errors[0]:7.3g}, last 100 {errors[-1]:7.3g}")

# %% [markdown]
# Uniform guessing comes to 35.4, knowing how frequent characters are to 25.0. At the scale 1 the last hundred sequences have a mean loss of 22.7 on
# the lesson's corpus. At a tenth of it, 25.1: small weights pass on small gradients, and learning has hardly begun. From zeros, 26.5: all states stay
# zero, so only the bias `by` can learn. At ten times the scale the first steps are so large that the first hundred come to more than five million,
# and the last hundred only to 26.0.
#
# ## 7. One matrix, a hundred steps
#
# And the hidden matrix, which is applied at every step? Below the network reads the first 100 characters of the corpus with four hidden matrices: the identity, a
# matrix drawn at $\sqrt{2/H}$, and the same at half and at twice that scale. Which of the four states will still be of ordinary size, between
# 0.01 and 100, after 100 steps? Write what you expect before you run the example; every prediction earns the point.
#
# **Exercise** · 2 minutes · ●○○ · about 1 line
#
# <details><summary>What should I think of?</summary>
#
# Of a factor that is applied 100 times: what becomes of 1.1, and what of ½? And of what comes in at each step.
# </details>


# %%
def ordinary_after_100_steps():
    """Your prediction: a set of some of "the identity", "drawn × ½", "drawn" and "drawn × 2"."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("predicted_states")

# %%
with autograder.example("how large the state gets"):
    print("predicted to be of ordinary size:", ", ".join(sorted(ordinary_after_100_steps())))

    def drawn(seed):
        return torch.randn(96, 96, generator=torch.Generator().manual_seed(seed)) * (2 / 96) ** 0.5

    square = drawn(7)
    hidden = {
        "the identity": torch.eye(96),
        "drawn × ½": square / 2,
        "drawn": square,
        "drawn × 2": square * 2,
    }
    print("root mean square of the state after 1, 10 and 100 steps")
    for name, Wh in hidden.items():
        h, _ = network(begin | {"Wh": Wh}, torch.zeros(96), one_hot(ids[:100], len(alphabet)))
        size = (h.double() ** 2).mean(1).sqrt()  # squares that 32 bits cannot hold
        plt.semilogy(np.arange(1, 101), size, label=name)
        print(f"{name:<15} {size[0]:8.2g} {size[9]:8.2g} {size[99]:8.2g}")
    plt.xlabel("step"), plt.ylabel("root mean square of the state"), plt.legend()
    plt.show()
    sizes = []
    for seed in range(20):
        h, _ = network(
            begin | {"Wh": drawn(seed)}, torch.zeros(96), one_hot(ids[:100], len(alphabet))
        )
        sizes.append(float((h[-1].double() ** 2).mean().sqrt()))
    ordinary = sum(0.01 < size < 100 for size in sizes)
    print(
        f"20 matrices drawn at that scale: from {min(sizes):.2g} to {max(sizes):.2g}, {ordinary} of them ordinary"
    )

# %% [markdown]
# With the identity the state grows slowly, from 0.1 to 3 on the lesson's corpus, for it adds up what is read (where relu does not cut it off at 0).
# At half the scale it stays at 0.1: each step halves what came before, so what was read ten steps ago counts a thousandth. At $\sqrt{2/H}$ it ends
# at 20,000, and at twice that scale at $4 \cdot 10^{33}$.
#
# Is $\sqrt{2/H}$ not the scale that keeps sizes? It is, on average over matrices, for a stack of layers with a matrix each. Here the *same* matrix is
# applied 100 times, so what this one matrix does compounds: 10 % more at each step is a factor of 14,000. Of 20 matrices drawn at that scale, 14
# kept the state ordinary, and one let it grow to more than a million. The identity leaves nothing to luck. Gradients have the same trouble, as
# unit 5 shows.
#
# ## 8. For real
#
# Now as the lesson trains: a learning rate of 0.01 and sequences of eight characters. Its error per sequence began at 25.2 (the mean of the first
# thousand) and had come to 14.5 after 75 thousand sequences. Here are the first few thousand.

# %%
with autograder.example("online training on the corpus"):
    first = initial_weights(len(alphabet), 96, torch.Generator().manual_seed(3))
    trained, errors = train_online(first, eights(ids, 6000, 3), 0.01, 250)

    plt.figure()
    plt.plot(np.arange(1, len(errors) + 1) * 250, errors, marker="o")
    shares = torch.bincount(ids) / len(ids)
    plt.axhline(8 * np.log(len(alphabet)), ls=":", color="0.4", label="knowing nothing")
    plt.axhline(
        -8 * float((shares * shares.log()).sum()),
        ls="--",
        color="0.4",
        label="knowing only how frequent characters are",
    )
    (
        plt.xlabel("sequences read"),
        plt.ylabel("mean loss of a sequence of 8, in nats"),
        plt.title(text.name),
        plt.legend(),
    )
    plt.show()
    for i in range(0, len(errors), 4):
        print(
            f"sequences {i * 250:>5} to {(i + 4) * 250:>5}: error {sum(errors[i : i + 4]) / 4:.3f}"
        )

# %% [markdown]
# The first thousand sequences have a mean loss of 25.1 here; in the lesson it was 25.2. Unit 2 measures per character, on held-out text. Do the same,
# so that you can compare the figures.

# %%
with autograder.example("held out, per character"), torch.no_grad():
    unseen = torch.tensor([alphabet.index(c) if c in alphabet else 0 for c in text.held_out])
    losses = [
        float(sequence_loss(network(trained, torch.zeros(96), one_hot(x, len(alphabet)))[1], y))
        for x, y in eights(unseen, 1500, 0)
    ]
    print(f"held out: {sum(losses) / len(losses) / 8:.3f} nats per character")

# %% [markdown]
# In our run that is 2.33; rounding, which differs between machines, moves it by about 0.01. Knowing how frequent each character is comes to 3.04 on
# held-out text, unit 2's network that reads three characters to 2.11. But that one was trained on millions of characters, this one on 48,000.
#
# The check trains with your functions on 200 sequences, and measures the trained weights on text that was held out. It compares with our own
# solution on the same sequences, from the same initial weights.

# %%
check("training")

# %% [markdown]
# And what has it learned to say? For each phrase, the cell prints which character it thinks most likely after each one that it has read. **Where is
# it right, and where would it have to look further back?**

# %%
with autograder.example("what comes next, at every step"):
    for phrase in (" this is", " part of", " the tru"):
        read = torch.tensor([alphabet.index(c) for c in phrase])
        _, logits = network(trained, torch.zeros(96), one_hot(read, len(alphabet)))
        print([*phrase], "→", [alphabet[i] for i in logits.argmax(-1)])

# %% [markdown]
# In our run it expects an f after " part o" and an e after " th". After " thi" it expects an n, as in *think*: the s it cannot know. And after
# " the t" it expects an h, as if *the* came once more. It counts on the last two or three characters.
#
# That is the network of the first half: a five-line loop, a four-line step, and your own training. It reads 512 characters in 512 rounds. Here is
# a good place for a break.
#
# ## 9. Scan in parallel
#
# Your loop takes T steps one after another, however many cores are idle. Could they help? To sum eight numbers, they could: four
# additions of neighbours at once, then two, then one. All *running* sums also take three rounds, although each is defined by the one before.
# The five running sums of 3, 1, 4, 1, 5:
#
# | place | 0 | 1 | 2 | 3 | 4 |
# |---|---|---|---|---|---|
# | the numbers | 3 | 1 | 4 | 1 | 5 |
# | each adds what stands 1 before it | 3 | 3 + 1 = 4 | 1 + 4 = 5 | 4 + 1 = 5 | 1 + 5 = 6 |
# | each adds what stands 2 before it | 3 | 4 | 3 + 5 = 8 | 4 + 5 = 9 | 5 + 6 = 11 |
# | each adds what stands 4 before it | 3 | 4 | 8 | 9 | 3 + 11 = 14 |
#
# What makes it work is that addition is **associative**: $(a + b) + c = a + (b + c)$. So you may begin anywhere. (For floats that holds only
# nearly, so that a loop and a parallel scan differ in their last digits.)
#
# For any associative operation $\circ$ all *running* results take about $\log_2 T$ rounds. In the round with distance d, each
# place combines what the place d before it holds with what it holds itself (Hillis and Steele 1986):
#
# $$y_t \leftarrow y_{t-d} \circ y_t \quad (t \ge d), \qquad d = 1, 2, 4, 8, \dots$$
#
# After it each place has combined the last 2d elements up to itself. All places of a round work from the values
# *before* the round, so they can work at the same time: one call of `op` on a whole slice.
#
# ![Eight places in a row, 0 to 7. In the first round each place but the first puts its left neighbour before itself: place 7 then
# stands for 6 to 7. In the second round each puts the place two to its left before itself: place 7 stands for 4 to 7. In the third, the
# place four to its left: place 7 stands for 0 to 7, and every place t for 0 to t.](../drawings/parallel_scan.svg)
#
# Associative does not mean *commutative*: you may regroup a product of matrices but not reorder it. So the order counts:
# `op(earlier, later)`. (Here $x_0 \circ x_1$ means first $x_0$, then $x_1$. In mathematics $f \circ g$ often means the reverse.)
#
# | | |
# |---|---|
# | `op(earlier, later)` | combines two tensors of n elements each, (n, …), pair by pair, into n elements, all at once |
# | `xs` | (T, …): T elements of any shape, even single numbers, T ≥ 1, not only powers of 2; stays as it is |
# | returns | (T, …): entry t is x₀ ∘ x₁ ∘ … ∘ xₜ |
#
# Call `op` **at most 2 log₂ T + 1 times** (log₂ T rounded up): the check counts, and a loop earns less than half of the points. The scheme
# above needs log₂ T.
#
# **Exercise** · 25 minutes · ●●● · about 5 lines
#
# <details><summary>What happens to the first places of a round?</summary>
#
# They have no element d places earlier, and they are finished already: they stay as they are.
# </details>
#
# <details><summary>Which slices?</summary>
#
# Every place from d on is the later one: `ys[d:]`. The place d before each: `ys[:-d]`.
# </details>


# %%
def parallel_scan(op, xs):
    """All running results of an associative `op`, in O(log T) calls of it: (T, ...) → (T, ...).

    Each round makes a new tensor: autograd walks back through it, so nothing is written in place.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("in_rounds")

# %% [markdown]
# Your scan takes few rounds, but many combinations in all: for T = 1,024 it makes 9,217, and the loop 1,023. (Texts on parallel algorithms call the
# rounds that wait for each other the *depth*, and all combinations together the *work*.) Two passes need 19 rounds and only 2,036 combinations (Brent
# and Kung 1982). On the way *up* pairs join, then pairs of pairs. On the way *down* the places between put what stands before them in front of their own. Here they
# put letters together; bold is what a round has changed:
#
# | place | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 |
# |---|---|---|---|---|---|---|---|---|
# | the letters | a | b | c | d | e | f | g | h |
# | up, distance 1 | a | **ab** | c | **cd** | e | **ef** | g | **gh** |
# | up, distance 2 | a | ab | c | **abcd** | e | ef | g | **efgh** |
# | up, distance 4 | a | ab | c | abcd | e | ef | g | **abcdefgh** |
# | down, distance 2 | a | ab | c | abcd | e | **abcdef** | g | abcdefgh |
# | down, distance 1 | a | ab | **abc** | abcd | **abcde** | abcdef | **abcdefg** | abcdefgh |
#
# **Find the mistake.** The function that you get does that elementwise, on a list, but one of its lines is wrong. Which one depends on your name.
#
# 1. Write your name, and run the example below it. Copy the function that it prints to where it is asked for.
# 2. Run the words below it. Follow one that comes out wrong with a pencil, as in the table, to the line where your letters and the function's part.
#    Repair it, in any way; the check runs the repair.
# 3. Give the number printed at the end of the wrong line. The check stores it, and it is judged when you have handed in.
#
# **Exercise** · 15 minutes · ●●○ · about 11 lines in all
#
# <details><summary>Where do I begin?</summary>
#
# With the shortest word that comes out wrong. Write down the list after each round, and let the function print its own: `print(distance, ys)`.
# </details>


# %%
def my_name():
    """Your name, as you hand in: your login, your e-mail address, or the name in the list of the class."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
with autograder.example("a function with your mistake in it"):
    print(check.with_mistake("two_pass_scan", my_name()))


# %%
def two_pass_scan(op, xs):
    """The list of all running results of an associative `op(earlier, later)`, in fewer than 2 T combinations.

    xs: a list of T elements, T ≥ 1; it stays as it is.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
with autograder.example("words, letter by letter"):
    for word in ("a", "network", "parallel", "recurrent"):
        print(word, "→", *two_pass_scan(lambda earlier, later: earlier + later, list(word)))

# %%
check("repaired")


# %%
def mistaken_line():
    """The number of the line with the mistake, in the function with your mistake in it."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("line_of_the_mistake")

# %% [markdown]
# ## 10. A recurrence that can be scanned in parallel
#
# What about a network? Its elements are steps, maps from one state to the next, and to combine two is to apply one after the other. That is
# associative for maps of any kind. But something else is needed: two steps, combined, must be **as small as one**, and so must a thousand. Numbers are
# like that under addition: they are *closed*.
#
# The steps of section 3 are not. Take a single unit whose weight from step to step is −1. Say that one character makes its step
# $\mathrm{relu}(2 - h)$, which has one kink, and the next makes it $\mathrm{relu}(1 - h)$. One after the other they are
# $\mathrm{relu}(1 - \mathrm{relu}(2 - h))$: 0 up to $h = 1$, then up to 1 at $h = 2$, then flat. No single step has two kinks.
#
# Where `Wh` mixes several units at each step, the kinks multiply, and no description of bounded size fits all combined maps. So one scan cannot
# run that network. (Several can, one after another: in unit 6 you guess all states, and each scan makes the guess better.)

# %%
with autograder.example("one step has one kink, two steps have two"):
    line = torch.linspace(0, 4, 401)
    once = torch.relu(2 - line)
    plt.figure(figsize=(6, 3), layout="constrained")
    plt.plot(line, once, label="one step: relu(2 − h)")
    plt.plot(line, torch.relu(1 - once), label="two steps: relu(1 − relu(2 − h))")
    plt.xlabel("h"), plt.ylabel("the new state"), plt.legend()
    plt.show()

# %% [markdown]
# So take the relu away, and let each hidden unit look only at itself. Then two numbers describe a step:
#
# $$h_t = a_t\, h_{t-1} + b_t$$
#
# with numbers $a_t$ (how much is kept) and $b_t$ (what comes in) that may differ from step to step and unit to unit. In many modern
# recurrent layers each $a_t$ is computed only from the input, so all of them are known before the scan begins.
#
# One step is the map $h \mapsto a h + b$, and it is written down by the pair (a, b). **Two steps in a row are again such a map**:
#
# $$h \;\mapsto\; a_2 (a_1 h + b_1) + b_2 = (a_2 a_1)\, h + (a_2 b_1 + b_2)$$
#
# So (2, 1) and then (3, 4), which is 3 (2h + 1) + 4, make the pair (6, 7). In the other order they make (6, 9). `combine` takes
# n pairs at once, (n, 2, H): `[:, 0]` holds the factors a, `[:, 1]` what comes in, b.
#
# `linear_recurrence` scans the pairs (a, b) in parallel with `combine`. Entry t is then the map of *all* steps up to t in one pair $(A_t, B_t)$, and
# $h_t = A_t\, h_{\text{start}} + B_t$ for all t at once.
#
# The check runs 512 steps, counts the calls of torch and allows fewer than 512, so a loop over time will not do. `cumsum`, `cumprod`
# and their like are blocked, and so are `.numpy()` and `.tolist()`.
#
# **Exercise** · 20 minutes · ●●○ · about 5 lines in all
#
# <details><summary>How do I take a and b out of (n, 2, H)?</summary>
#
# `earlier[:, 0]` and `earlier[:, 1]`, or `earlier.unbind(1)`. Put back together with `torch.stack([a, b], 1)`.
# </details>
#
# <details><summary>What goes into the scan?</summary>
#
# One sequence of pairs, (T, 2, H): `torch.stack([a, b], 1)`. Out come pairs again; `unbind(1)` takes them apart.
# </details>


# %%
def combine(earlier, later):
    """The map "first `earlier`, then `later`", pair by pair: (n, 2, H), (n, 2, H) → (n, 2, H)."""
    # YOUR CODE HERE
    raise NotImplementedError()


def linear_recurrence(a, b, h0):
    """h[t] = a[t] h[t−1] + b[t], with h0 before the first step: a, b (T, H), h0 (H,) → h (T, H)."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("combining")

# %%
check("recurrence")

# %% [markdown]
# Is it worth it? Even one CPU core can gain, because each round is one operation on a long slice, whereas each step of the loop is a
# tiny operation. But the rounds do more arithmetic. **Before you run the cell:** for which of 8 and 256 hidden units will the loop win, and at which T?

# %%
with autograder.example("how long a loop and a parallel scan take"):
    from time import perf_counter

    def milliseconds(function, *args):
        """The shortest of seven runs."""
        times = []
        for _ in range(7):
            began = perf_counter()
            function(*args)
            times.append(perf_counter() - began)
        return 1e3 * min(times)

    def loop(a, b, h0):
        return torch.stack(scan(lambda h, ab: ab[0] * h + ab[1], h0, zip(a, b, strict=True)))

    lengths = [2**n for n in range(4, 14)]
    fig, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
    for ax, H in zip(axes, (8, 256), strict=True):
        print(f"H = {H}:    T      loop  parallel, in milliseconds")
        times = []
        for T in lengths:
            inputs = torch.full((T, H), 0.9), torch.randn(T, H), torch.zeros(H)
            both = milliseconds(loop, *inputs), milliseconds(linear_recurrence, *inputs)
            print(f"{T:>12} {both[0]:>9.2f} {both[1]:>9.2f}")
            times.append(both)
        ax.loglog(lengths, times, "o-", label=["a loop: T rounds", "parallel: log T rounds"])
        ax.set_xlabel("steps T"), ax.set_title(f"H = {H}"), ax.legend(loc="upper left")
    axes[0].set_ylabel("milliseconds")
    plt.show()

# %% [markdown]
# On one core of our machine the loop never won at H = 8: at T = 8,192 the rounds took between a fiftieth and a twentieth of its time. At H = 256 the rounds need
# half its time up to T ≈ 1,000, and from T ≈ 2,000 on the loop wins, by nearly 3 to 1 at the end. (On other machines, and on busy ones, the
# two crossed between 500 and 3,000. We have not measured this on a GPU.) The rounds win as long as calls cost more than arithmetic. Where the
# slices no longer fit into the CPU's cache, one core loses, because it does all T log₂ T combinations itself. A GPU spreads them over its cores.
#
# ## 11. Its gradient is the same recurrence, backwards
#
# The formulas below count steps from 1, and code counts from 0: $a_1$ is `a[0]`, and $h_{\text{start}}$ is `h0`.
#
# Let $\mathrm{dh}_t$ be how the loss depends on $h_t$ directly (through the output of step t, say). Write $g_t$ for the whole effect of $h_t$: the
# direct one, and the one through the next state, $h_{t+1} = a_{t+1} h_t + b_{t+1}$:
#
# $$g_t = \mathrm{dh}_t + a_{t+1}\, g_{t+1}, \qquad g_T = \mathrm{dh}_T$$
#
# ![Two rows. Above, from left to right, the states: h start, h1, h2, h3. Arrows lead from each to the next, times a1, a2, a3, and b1, b2, b3
# come in from above. Below, from right to left, the gradients: g3, g2, g1, dh start. Arrows lead from each to the next, times a3, a2, a1, and
# dh3, dh2, dh1 come in from below. Each arrow below stands under an arrow above with the same
# factor.](../drawings/recurrence_backward.svg)
#
# Read from the end, that is a linear recurrence again. So the gradient, too, takes log T rounds. From g the rest follows, each
# step on its own:
#
# $$\mathrm{d}b_t = g_t \qquad \mathrm{d}a_t = g_t\, h_{t-1} \qquad \mathrm{d}h_{\text{start}} = a_1\, g_1$$
#
# Take one unit, $h_{\text{start}} = 1$, b = 0, and the loss $h_1 + h_2 + h_3$, so that every $\mathrm{dh}_t$ is 1. Read h from the left and g from
# the right:
#
# | t | 1 | 2 | 3 |
# |---|---|---|---|
# | a | 2 | 3 | 5 |
# | h | 2 · 1 = 2 | 3 · 2 = 6 | 5 · 6 = 30 |
# | g | 1 + 3 · 6 = 19 | 1 + 5 · 1 = 6 | 1 |
# | da | 19 · 1 = 19 | 6 · 2 = 12 | 1 · 6 = 6 |
#
# The start gets 2 · 19 = 38. Note which factor comes to g at t: that of the step *after* it.
#
# Write it by hand with your `linear_recurrence`. Autograd is off while this is checked, and the calls of torch are counted again: no loop
# over time.
#
# | | shape | |
# |---|---|---|
# | `a`, `h0` | (T, H), (H,) | as before |
# | `h` | (T, H) | the result of `linear_recurrence(a, b, h0)` |
# | `dh` | (T, H) | the gradient that reaches each state directly |
# | `da`, `db`, `dh0` | (T, H), (T, H), (H,) | out, in this order; T may be 1 |
#
# **Exercise** · 25 minutes · ●●● · about 3 lines
#
# <details><summary>Which factor belongs to the first step backwards?</summary>
#
# None: nothing comes back into the last state. Start from zeros, and the factor does not matter. Every other place takes the
# factor of the step *after* it, so shift `a` by one, put any row at its end, and reverse it. With three steps, a = (a1, a2, a3) is shifted to
# (a2, a3, any), reversed to (any, a3, a2), and meets dh reversed, (dh3, dh2, dh1).
# </details>
#
# <details><summary>How do I reverse a sequence?</summary>
#
# `x.flip(0)`. Reverse factors and `dh`, run the recurrence, and reverse the result.
# </details>


# %%
def linear_recurrence_backward(a, h0, h, dh):
    """The gradient of a linear recurrence: (T, H), (H,), (T, H), (T, H) → da (T, H), db (T, H), dh0 (H,)."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("recurrence_backward")

# %% [markdown]
# Autograd can walk through your parallel scan as well. Do the two agree?

# %%
with autograder.example("your gradient against autograd's"):
    torch.manual_seed(0)
    tensors = [
        torch.randn(100, 4).requires_grad_(),
        torch.randn(100, 4).requires_grad_(),
        torch.randn(4).requires_grad_(),
    ]
    dh = torch.randn(100, 4)
    states = linear_recurrence(*tensors)
    automatic = torch.autograd.grad((states * dh).sum(), tensors)
    a, _, h0 = (tensor.detach() for tensor in tensors)
    by_hand = linear_recurrence_backward(a, h0, states.detach(), dh)
    for name, one, other in zip(("a", "b", "h0"), by_hand, automatic, strict=True):
        print(
            f"{name}: largest difference {float((one - other).abs().max() / other.abs().max()):.1e} of the largest value"
        )

# %% [markdown]
# ## 12. It reads, and it writes
#
# Let the recurrence read the corpus, 512 characters in nine rounds. What comes in is each character's row of `Wx`, as in section 2. How much a unit
# keeps is one number between 0 and 1, which is learned and then the same at every step. And the relu? It stands *behind* the recurrence, where no
# step waits for another:
#
# $$h_t = \mathrm{keep} \odot h_{t-1} + W_x[x_t] \qquad \mathrm{logits}_t = \mathrm{relu}(h_t W_m + b_m)\, W_y + b_y$$
#
# Here ⊙ multiplies elementwise, and $W_m$ (H, H) is a second matrix that all steps share. Forward goes through your `linear_recurrence`, back
# through your `linear_recurrence_backward`. **Before you run it:** the network of section 8 came to 2.33 nats on sequences of eight. Will this
# one, whose state is only a fading sum, come near?


# %%
class Recurrence(torch.autograd.Function):
    """`linear_recurrence`, with the gradient by hand."""

    @staticmethod
    def forward(ctx, a, b, h0):
        h = linear_recurrence(a, b, h0).to(b.dtype)
        ctx.save_for_backward(a, h0, h)
        return h

    @staticmethod
    def backward(ctx, dh):
        return tuple(linear_recurrence_backward(*ctx.saved_tensors, dh))


def parallel_network(weights, ids):
    """The logits (T, V) after each of the ids (T,), all at once."""
    keep = torch.sigmoid(weights["keep"]).expand(len(ids), -1)  # (T, H)
    h = Recurrence.apply(keep, weights["Wx"][ids], torch.zeros_like(keep[0]))
    return torch.relu(h @ weights["Wm"] + weights["bm"]) @ weights["Wy"] + weights["by"]


with autograder.example("the recurrence reads"):
    weights = {name: begin[name].clone() for name in ("Wx", "Wy", "by")}
    weights |= {"Wm": square.clone(), "bm": torch.zeros(96), "keep": torch.linspace(-3, 3, 96)}
    optimizer = torch.optim.Adam([w.requires_grad_() for w in weights.values()])
    starts = np.random.default_rng(3).integers(0, len(ids) - 512, 200)
    for rate, start in zip(np.linspace(0.02, 0, len(starts)), starts, strict=True):
        optimizer.param_groups[0]["lr"] = float(rate)
        logits = parallel_network(weights, ids[start : start + 512])
        loss = sequence_loss(logits, ids[start + 1 : start + 513]) / 512
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    for T, count in ((8, 1500), (512, 100)):
        total = 0
        for start in np.random.default_rng(0).integers(0, len(unseen) - T, count):
            with torch.no_grad():
                logits = parallel_network(weights, unseen[start : start + T])
                total += float(sequence_loss(logits, unseen[start + 1 : start + T + 1]))
        print(f"held out: {total / count / T:.3f} nats per character in sequences of {T}")

# %% [markdown]
# In our run it comes to 2.21 on sequences of eight, a little below the 2.33 of section 8, and to 2.16 on sequences of 512. Over five seeds that is
# 2.221 ± 0.006 and 2.174 ± 0.010 (mean and standard deviation). This is no contest between two recurrences, for it has read 102,400 characters
# where the other read 48,000, with another optimizer. But it shows that a linear recurrence can model text if the non-linearity comes after it. Many
# of today's fast models are stacks of just that: a linear recurrence over time, then a position-wise non-linear layer, and so on.
#
# Such a network has a second gift. It learns in rounds, but it can also go on step by step, from the last state only: one multiplication and one
# addition for each new character, however long the text. Let it write. **Give it a beginning of your own.**

# %%
with autograder.example("it writes"), torch.no_grad():
    beginning = "the truth "
    keep, draw = torch.sigmoid(weights["keep"]), torch.Generator().manual_seed(1)
    read = torch.tensor([alphabet.index(c) if c in alphabet else 0 for c in beginning])
    factors = keep.expand(len(read), -1)
    h = Recurrence.apply(factors, weights["Wx"][read], torch.zeros(96))[-1]  # all of it at once
    written = beginning
    for _ in range(200):
        logits = torch.relu(h @ weights["Wm"] + weights["bm"]) @ weights["Wy"] + weights["by"]
        character = torch.softmax(logits / 0.7, 0).multinomial(1, generator=draw).item()
        written += alphabet[character]
        h = keep * h + weights["Wx"][character]  # one step
    print(written)

# %% [markdown]
# In our run it goes on with "the foenced as! Thes the was in the the chill". Short words are English, longer ones only look like it: 2.16 nats
# are far above the 1.455 of counting.
#
# `keep` is a constant here. Your `linear_recurrence` can do more, since it takes another a at every step. In Mamba a depends on the input,
# so the network chooses at each character what to keep and what to forget. (That is why its authors call it selective.) In unit 6 you build such a layer;
# in unit 4 you compute the gradients of section 4 by hand.
#
# ## The ladder so far
#
# The loss per character of text that the model has not seen, in nats, on the lesson's corpus. Your run prints its own
# figures. (Unit 3's networks have read 48,000 and 102,400 characters, unit 2's between 2 and 3.5 million. "Nothing" is ln 84, with an id for unknown
# characters, as in units 2 and 5; without it, as here, it is 4.42.)
#
# | the model knows | nats |
# |---|---|
# | nothing | 4.43 |
# | how frequent each character is, counted in the training text | 3.04 |
# | unit 2: the last three characters | 2.11 |
# | unit 2: the last eight | 1.99 |
# | unit 2: a target at every step, the mean of eight steps | 1.92 |
# | unit 2: only the eighth of them | 1.79 |
# | unit 3: one sequence at a time, 6,000 of them | 2.33 |
# | unit 3: a linear recurrence, on sequences of 8 | 2.22 |
# | unit 3: the same, on sequences of 512 | 2.17 |
# | unit 2, without a network: counts of the last four characters, with back-off | 1.455 |
#
# No network so far beats counting. The one that does stands at the end of unit 5.
#
# ## Questions
#
# <details><summary>1. What is the difference between scan and reduce?</summary>
#
# `reduce` returns only the last state. `scan` returns the state after every step.
# </details>
#
# <details><summary>2. Each step needs the result of the one before. Does that forbid a parallel scan?</summary>
#
# No: a running sum needs it too. What counts is whether any number of steps, combined, have a description of bounded size.
# </details>
#
# <details><summary>3. A map h → a·h + b is followed by h → c·h + d. What is the combined map?</summary>
#
# h → c·a·h + (c·b + d): again a pair of numbers. So linear recurrences are closed.
# </details>
#
# <details><summary>4. Why are a and b of section 10 vectors and not matrices?</summary>
#
# Matrices would be closed as well, but combining two costs about H³ multiplications instead of 2 H. So each hidden unit looks only at itself.
# </details>
#
# <details><summary>5. With T steps, how many combinations does your parallel scan make, and how many does the loop make?</summary>
#
# About T log₂ T against T; two passes make fewer than 2 T. Rounds win where calls cost more than arithmetic.
# </details>
#
# <details><summary>6. One-hot targets and integer targets give the same loss. Why?</summary>
#
# The sum over the classes has one term that is not zero: that of the true class. Integer ("sparse") targets name that class and leave the
# zeros out.
# </details>
#
# <details><summary>7. Theano describes a computation first and runs it later. What do you lose, and what do you gain?</summary>
#
# You lose that you can print and debug line by line. You gain that a compiler sees the whole computation, may fuse and reorder it, and
# derive gradients from it. `torch.compile` and `jax.jit` trace your function to get the same.
# </details>
#
# <details><summary>8. A layer sums 400 numbers of size 1 that come from no relu. How large should its weights be?</summary>
#
# Their standard deviation should be √(1/400) = 0.05, so that the sum is of size 1. The 2 in √(2/rows) makes up for a relu.
# </details>
#
# ## Further
#
# These are not graded.
#
# * Leave out the relu of section 12, so that the logits come straight from h. What does it cost?
# * Write the two-pass scan of section 9 on tensors, with one call of `op` for each round, and time it beside yours.
# * Is the network *chaotic*? Run `network` from two states that differ by a thousandth, with each of the four matrices of section 7, and plot how the
#   difference grows. What changes if the step has a tanh instead of the relu?
#
# ## Reading
#
# * Hillis and Steele 1986, *Data parallel algorithms*; Brent and Kung 1982, *A regular layout for parallel adders*: the two scans of section 9.
#   Blelloch 1990, *Prefix sums and their applications*: what scans are good for.
# * Martin and Cundy 2018, [Parallelizing linear recurrent neural nets over sequence length](https://arxiv.org/abs/1709.04057).
# * Smith, Warrington and Linderman 2023, [Simplified state space layers for sequence modeling](https://arxiv.org/abs/2208.04933) (S5), and
#   Gu and Dao 2023, [Mamba](https://arxiv.org/abs/2312.00752): models whose steps are closed.
# * Lim, Zhu, Selfridge and Kasim 2024, [Parallelizing non-linear sequential models over the sequence length](https://arxiv.org/abs/2309.12252).
#   They iterate: guess all T states, replace each step by its tangent at the guess, solve the linear recurrence that results by a
#   parallel scan, and repeat until the states no longer change. That takes few repetitions where a network forgets quickly, and up to T.
