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
# A recurrent network does one small thing over and over: old state and new character in, new state out. Programmers know
# that pattern by the name of *scan*. Once you see a network as `step` + `scan`, the loop is written once and for all, and
# what is left is a function of plain arrays: weights in, predictions out. The lesson builds its network in this way in
# Theano; we do it in PyTorch, with no layer, no module and no optimizer, so that nothing is hidden.
#
# The second half keeps a promise. One hears that a scan "can run in parallel on a GPU". For the network above that is not so:
# step t + 1 needs the state of step t, and Theano's scan is a loop inside. But for some functions it *is* so, and
# you will write that scan: T steps in about log T rounds. Many of today's fast sequence models rest on it.
#
# You need PyTorch tensors and `torch.autograd`. **How to work:** replace each `raise NotImplementedError()` by your code and run
# the exercise's last line. It says what is right, and for the mistakes that people make here it names the one you made.
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
# There is no B here: the first half reads one sequence at a time.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F

import autograder

check = autograder.unit("unit3_scan")

# %% [markdown]
# ## 1. Scan
#
# `scan` takes a function of two arguments, a value to start from, and a sequence. It calls the function with the *carried*
# value and the first element; the result is kept, and is what is carried to the second element; and so on:
#
# ```
# scan(fn, start, [x1, x2, x3])  →  [r1, r2, r3]      r1 = fn(start, x1)
#                                                      r2 = fn(r1, x2)
#                                                      r3 = fn(r2, x3)
# ```
#
# With addition as `fn` that is a running sum: `scan(add, 0, range(5))` is `[0, 1, 3, 6, 10]`. The start itself is not
# among the results, and what is carried may be anything: a number, a tensor, a tuple.
#
# **Exercise** · 10 minutes · ●○○ · about 5 lines
#
# <details><summary>Is this not functools.reduce?</summary>
#
# `reduce` walks in the same way but keeps the last result alone. A scan keeps every one: as many as there are elements.
# </details>
#
# <details><summary>It says that a generator has no len()</summary>
#
# The elements may come from something that can be looped over once and not be counted or indexed. `for x in xs` is all you need.
# </details>


# %%
def scan(fn, start, xs):
    """The list of all results of carrying a value along `xs`: each is `fn(carried, x)` and is carried to the next.

    xs: anything that can be looped over, a generator too. No elements, no results: an empty list.
    """
    from itertools import accumulate, islice
    return list(islice(accumulate(xs, fn, initial=start), 1, None))


# %%
check("every_result")

# %% [markdown]
# ## 2. The first scan: a running sum
#
# Each row is the sum of all rows so far: $s_t = x_1 + \dots + x_t$. Write it with your `scan`. (PyTorch has it ready-made; here
# `torch.cumsum` and its like raise an error while your function is checked.)
#
# **Exercise** · 5 minutes · ●○○ · about 1 line
#
# <details><summary>All my rows are the same</summary>
#
# Then all results are one and the same tensor, which was added to in place (`+=`, `add_`). `a + b` makes a new tensor each time.
# </details>


# %%
def cumulative_sum(xs):
    """The running sum over the first axis: (T, ...) → (T, ...). `xs` stays as it is."""
    return torch.stack(scan(torch.add, torch.zeros_like(xs[0]), xs))


# %%
check("running_sum")

# %% [markdown]
# ## 3. Characters as one-hot rows
#
# Without an embedding a character enters the network as a row of V zeros with a single 1, at the place of its id.
# Multiplied by a matrix, such a row picks a row of it.
#
# **Exercise** · 5 minutes · ●○○ · about 1 line
#
# <details><summary>"expected m1 and m2 to have the same dtype" later on</summary>
#
# `F.one_hot` gives integers, and weights are floats. Convert with `.float()`, or take rows of an identity matrix.
# </details>


# %%
def one_hot(ids, V):
    """A row for each id, zeros but for a 1 at its place: (T,) integers → (T, V) floats."""
    return (ids[:, None] == torch.arange(V)).float()


# %%
check("one_hot_rows")

# %% [markdown]
# ## 4. One step
#
# What happens between one character and the next, with all weights passed in, none kept anywhere:
#
# $$h_t = \mathrm{relu}(x_t W_x + h_{t-1} W_h + b_h) \qquad \mathrm{logits}_t = h_t W_y + b_y$$
#
# To be scanned, a step takes *(carried, element)* and returns what is carried next. We want the logits out of it as well as the
# state, so both are carried, as a pair, and the next step simply does not look at the old logits. (The lesson's step ends in a softmax.
# We return the scores before it, because the loss is safer to compute from them.)
#
# **Exercise** · 15 minutes · ●●○ · about 4 lines
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
def step(carry, x, weights):
    """One step: carry is (h (H,), the last logits, unused), x (V,) → (new h (H,), logits (V,))."""
    h, _ = carry
    both = torch.cat([x, h])
    h = (both @ torch.cat([weights["Wx"], weights["Wh"]]) + weights["bh"]).clamp(min=0)
    return h, weights["by"] + weights["Wy"].T @ h


# %%
check("one_step")

# %% [markdown]
# ## 5. The network
#
# The whole network is now one line of thought: scan `step` along the characters, from `(h0, nothing yet)`. The weights are the same
# at every step, so they are fixed beforehand with a `lambda`, and `scan` sees a function of two arguments.
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
    from functools import partial
    pairs = scan(partial(step, weights=weights), (h0, None), xs)
    return tuple(map(torch.stack, zip(*pairs)))


# %%
check("states_and_logits")

# %% [markdown]
# ## 6. The loss of a sequence
#
# At every step the network has said how likely each next character is, and the truth is known. The loss of the sequence is the
# cross-entropy **summed over its T steps**, as in the lesson:
#
# $$L = -\sum_{t=1}^{T} \ln \mathrm{softmax}(\mathrm{logits}_t)[\mathrm{target}_t]$$
#
# Guessing blindly among 85 characters costs 4.44 nats each, so 35.5 for eight.
#
# **Exercise** · 5 minutes · ●○○ · about 1 line
#
# <details><summary>Which of cross_entropy and nll_loss?</summary>
#
# `F.cross_entropy` takes logits. `F.nll_loss` takes log-probabilities, so after `log_softmax`. Both average unless told otherwise.
# </details>


# %%
def sequence_loss(logits, targets):
    """The cross-entropy in nats, summed over steps: logits (T, V), targets (T,) → a number; safe for large logits."""
    picked = logits[range(len(targets)), targets]
    return (torch.logsumexp(logits, 1) - picked).sum()


# %%
check("summed_loss")

# %% [markdown]
# ## 7. Gradients of all weights
#
# Because all weights were passed in, asking for their gradients is one question to autograd: of this number, with respect to these
# tensors. Theano's `T.grad(error, w_all)`, in PyTorch `torch.autograd.grad(loss, tensors)`.
#
# The function should leave no trace. The tensors in `weights` are plain ones (they do not require a gradient), and they belong to the
# caller. So make tensors of your own from them, for this one question; asked twice, the answer is the same.
#
# | | |
# |---|---|
# | `weights` | the dict of five tensors |
# | `h0`, `xs`, `targets` | (H,), (T, V), (T,) |
# | returns | the loss, a number; and a dict with the gradient of each of the weights, shaped like it |
#
# **Exercise** · 15 minutes · ●●○ · about 5 lines
#
# <details><summary>"does not require grad and does not have a grad_fn"</summary>
#
# Autograd records only what comes from tensors that require a gradient. `w.detach().clone().requires_grad_()` is such a copy. Run the
# network on the copies, and ask for gradients in the copies.
# </details>
#
# <details><summary>My gradients are twice as large the second time</summary>
#
# `loss.backward()` *adds* to `.grad`, which here still holds the last answer. `torch.autograd.grad` returns the gradients and stores
# nothing.
# </details>


# %%
def gradients(weights, h0, xs, targets):
    """The loss of a sequence (no longer in a graph) and a dict of its gradient in each of the weights."""
    def loss_of(w):
        return sequence_loss(network(w, h0, xs)[1], targets)
    grads, loss = torch.func.grad_and_value(loss_of)(weights)
    return loss, grads


# %%
check("all_gradients")

# %% [markdown]
# ## 8. All weights at once
#
# One step of gradient descent, $w \leftarrow w - \mathrm{lr} \cdot \mathrm{d}w$, for all weights *at once*: every gradient was computed
# with the old weights, so all old weights are replaced together. Return new tensors; the caller's stay as they are.
#
# **Exercise** · 5 minutes · ●○○ · about 1 line


# %%
def update(weights, grads, lr):
    """New weights after one step of gradient descent: a new dict of new tensors."""
    return {k: torch.sub(w, grads[k], alpha=lr) for k, w in weights.items()}


# %%
check("all_at_once")

# %% [markdown]
# ## 9. Online training
#
# Now train as the lesson does: **one sequence at a time**, a step after each. For each sequence: one-hot its characters,
# start from a state of zeros, ask for gradients, update. As a batch of one is a noisy thing, do not print each loss but the **mean
# of the last `every`** (the lesson prints one for each thousand). A loss is the one measured before its sequence's update, summed over
# steps. Where the number of sequences is no multiple of `every`, the rest is trained on and gives no entry.
#
# | | |
# |---|---|
# | `weights` | the dict to begin with |
# | `sequences` | an iterable of pairs: ids (T,), targets (T,) |
# | `lr`, `every` | learning rate; how many losses make one entry |
# | returns | the trained weights, and a list of mean losses, one for each `every` sequences |
#
# **Exercise** · 20 minutes · ●●○ · about 10 lines
#
# <details><summary>Where do V and H come from?</summary>
#
# From the weights: `Wx` is (V, H).
# </details>


# %%
def train_online(weights, sequences, lr, every=1000):
    """Train on one sequence after another, each from a state of zeros; returns weights, mean losses."""
    V, H = weights["Wx"].shape
    h, losses = torch.zeros(H), []
    for ids, targets in sequences:
        loss, grads = gradients(weights, h, one_hot(ids, V), targets)
        weights = update(weights, grads, lr)
        losses.append(float(loss))
    whole = len(losses) // every
    return weights, np.reshape(losses[: whole * every], (whole, every)).mean(1).tolist()


# %%
check("few_sequences")

# %% [markdown]
# ## 10. For real
#
# The lesson's first weights: the hidden matrix is the identity, biases are zero, the rest is drawn with a spread of
# $\sqrt{2 / \text{rows}}$. Its learning rate is 0.01, a sequence is eight characters. Its error per sequence began at 25.2 (the mean of the
# first thousand) and had come to 14.5 after 75 thousand sequences. Here are the first few thousand.


# %%
def initial_weights(V, H, generator):
    """Identity for hidden → hidden, zero biases, N(0, √(2/rows)) for the others."""
    w = {"Wx": torch.empty(V, H), "Wh": torch.eye(H), "bh": torch.zeros(H), "Wy": torch.empty(H, V)}
    for name in ("Wx", "Wy"):
        w[name].normal_(0, np.sqrt(2 / len(w[name])), generator=generator)
    return w | {"by": torch.zeros(V)}


# %%
check("first_weights")


# %%
def starting_weights(seed, V, H):
    """Identity for hidden → hidden, zero biases, N(0, √(2/rows)) for the others."""
    generator = torch.Generator().manual_seed(seed)
    weights = {"Wx": torch.randn(V, H, generator=generator) * (2 / V) ** 0.5, "Wh": torch.eye(H), "bh": torch.zeros(H)}
    return weights | {"Wy": torch.randn(H, V, generator=generator) * (2 / H) ** 0.5, "by": torch.zeros(V)}


def eights(ids, count, seed):
    """`count` sequences of 8 ids cut anywhere, and the same shifted on by one."""
    for start in np.random.default_rng(seed).integers(0, len(ids) - 8, count):
        yield ids[start : start + 8], ids[start + 1 : start + 9]


# %%
with autograder.example("online training on the corpus"):
    text = autograder.corpus()
    alphabet = sorted(set(text.train))
    ids = torch.tensor([alphabet.index(c) for c in text.train])
    trained, errors = train_online(starting_weights(3, len(alphabet), 96), eights(ids, 6000, 3), 0.01, 250)

    plt.figure()
    plt.plot(np.arange(1, len(errors) + 1) * 250, errors, marker="o")
    plt.axhline(8 * np.log(len(alphabet)), ls=":", color="0.4", label="knowing nothing")
    plt.axhline(8 * 3.12, ls="--", color="0.4", label="character frequencies alone (the lesson's corpus)")
    (
        plt.xlabel("sequences read"),
        plt.ylabel("mean loss of a sequence of 8, in nats"),
        plt.title(text.name),
        plt.legend(),
    )
    plt.show()
    for i in range(0, len(errors), 4):
        print(f"sequences {i * 250:>5} to {(i + 4) * 250:>5}: error {sum(errors[i : i + 4]) / 4:.3f}")

# %% [markdown]
# The check trains with your functions and measures the trained weights on text that was held out. It compares with our own solution on
# the same seed, first weights and sequences.

# %%
check("training")

# %%
with autograder.example("what comes next, at every step"):
    for phrase in (" this is", " part of", " the tru"):
        read = torch.tensor([alphabet.index(c) for c in phrase])
        _, logits = network(trained, torch.zeros(96), one_hot(read, len(alphabet)))
        print([*phrase], "→", [alphabet[i] for i in logits.argmax(-1)])

# %% [markdown]
# ## 11. Scan in parallel
#
# Your loop takes T steps one after another, however many processors are idle. Could they help? To add up eight numbers, they
# could: four additions of neighbours at once, then two, then one. That works because addition is **associative**:
# $(a + b) + c = a + (b + c)$; so it does not matter where one begins. The network's step is not (there is a relu in the way), and that is
# why no machine runs section 5 in fewer than T rounds, whatever is said about scans and GPUs.
#
# For an associative operation $\circ$ all *running* results can be had in about $\log_2 T$ rounds. In the round with distance d, each
# place takes over what the place d before it holds:
#
# $$y_t \leftarrow y_{t-d} \circ y_t \quad (t \ge d), \qquad d = 1, 2, 4, 8, \dots$$
#
# After the round with distance d each place has combined the last 2d elements up to itself. All places of a round work from the values
# *before* the round, so they can work at the same time: one call of `op` on a whole slice.

# %%
fig, ax = plt.subplots(figsize=(8, 4))
for row, distance in enumerate((1, 2, 4)):
    for place in range(8):
        ax.plot([place, place], [-row, -row - 1], color="0.8", zorder=0)
        if place >= distance:
            ax.plot([place - distance, place], [-row, -row - 1], color=("tab:green", "tab:orange", "tab:blue")[row])
for row in range(4):
    for place in range(8):
        first = max(0, place - 2**row + 1)
        label = str(place) if first == place else f"{first}‥{place}"
        ax.text(place, -row, label, ha="center", va="center", bbox={"fc": "white", "ec": "0.5", "boxstyle": "round"})
ax.set_yticks([-0.5, -1.5, -2.5], ["distance 1", "distance 2", "distance 4"]), ax.set_xticks([])
ax.set_title("8 elements, 3 rounds: which elements each place has combined"), ax.spines[:].set_visible(False)
plt.show()

# %% [markdown]
# Associative does not mean *commutative*: products of matrices may be bracketed anyhow, but not exchanged. So the order counts:
# `op(earlier, later)`.
#
# | | |
# |---|---|
# | `op(earlier, later)` | combines two tensors of n elements each, (n, …), pair by pair, into n elements, all at once |
# | `xs` | (T, …): T elements of any shape, T ≥ 1, any number, not only powers of 2; stays as it is |
# | returns | (T, …): entry t is x₀ ∘ x₁ ∘ … ∘ xₜ |
#
# Call `op` **at most 2 log₂ T + 1 times** (log₂ T rounded up): the check counts. The scheme above needs log₂ T.
#
# **Exercise** · 30 minutes · ●●● · about 5 lines
#
# <details><summary>What happens to the first places of a round?</summary>
#
# They have nobody d places before them, and they are finished already: they stay. A round is the old `ys[:d]`, followed by
# `op(…, …)` of two slices of length T − d.
# </details>
#
# <details><summary>Which slices?</summary>
#
# Every place from d on is the later one: `ys[d:]`. The place d before each: `ys[:-d]`.
# </details>


# %%
def parallel_scan(op, xs):
    """All running results of an associative `op`, in O(log T) calls of it: (T, ...) → (T, ...)."""
    if len(xs) < 2:
        return xs.clone()
    pairs = parallel_scan(op, op(xs[:-1:2], xs[1::2]))
    out = torch.empty_like(xs)
    out[0], out[1::2] = xs[0], pairs
    if len(xs) > 2:
        rest = xs[2::2]
        out[2::2] = op(pairs[: len(rest)], rest)
    return out


# %%
check("in_rounds")

# %% [markdown]
# ## 12. A recurrence that can be scanned in parallel
#
# Take the relu away, and let each hidden unit look only at itself:
#
# $$h_t = a_t\, h_{t-1} + b_t$$
#
# with numbers $a_t$ (how much is kept) and $b_t$ (what comes in) that may differ from step to step and unit to unit. (A gate that
# depends on the input alone, not on the state, is such an $a_t$; modern linear recurrent layers are made so.)
#
# One step is the map $h \mapsto a h + b$, and it is written down by the pair (a, b). **Two steps in a row are again such a map**:
#
# $$h \;\mapsto\; a_2 (a_1 h + b_1) + b_2 = (a_2 a_1)\, h + (a_2 b_1 + b_2)$$
#
# So pairs can be combined, and applying one map after another is always associative. It does not commute. An element is a tensor
# of shape (2, H): `[0]` is a, `[1]` is b. Combine n pairs of elements at once.
#
# **Exercise** · 10 minutes · ●●○ · about 3 lines
#
# <details><summary>How do I take a and b out of (n, 2, H)?</summary>
#
# `earlier[:, 0]` and `earlier[:, 1]`, or `earlier.unbind(1)`. Put back together with `torch.stack([a, b], 1)`.
# </details>


# %%
def combine(earlier, later):
    """The map "first `earlier`, then `later`", pair by pair: (n, 2, H), (n, 2, H) → (n, 2, H)."""
    both = later[:, :1] * earlier
    return both + torch.stack([torch.zeros_like(later[:, 1]), later[:, 1]], 1)


# %%
check("combining")

# %% [markdown]
# ## 13. The recurrence through the scan
#
# Scan the pairs (a, b) in parallel with `combine`. Entry t is then the map of *all* steps up to t in one pair $(A_t, B_t)$, and
# $h_t = A_t\, h_{\text{start}} + B_t$ for all t at once.
#
# For 512 steps the check wants fewer calls of torch than there are steps, so a loop over time will not do; running sums and products
# ready-made are out of reach.
#
# **Exercise** · 10 minutes · ●●○ · about 2 lines


# %%
def linear_recurrence(a, b, h0):
    """h[t] = a[t] h[t−1] + b[t], with h0 before the first step: a, b (T, H), h0 (H,) → h (T, H)."""
    maps = parallel_scan(combine, torch.stack([a, b], 1))
    return maps[:, 0] * h0 + maps[:, 1]


# %%
check("recurrence")

# %% [markdown]
# ## 14. Its gradient is the same recurrence, backwards
#
# Let `dh[t]` be how the loss depends on $h_t$ directly (through the output of step t, say). Write $g_t$ for the whole effect of $h_t$: the
# direct one, and the one through the next state, $h_{t+1} = a_{t+1} h_t + b_{t+1}$:
#
# $$g_t = \mathrm{dh}_t + a_{t+1}\, g_{t+1}, \qquad g_T = \mathrm{dh}_T$$
#
# Read from the end, that is a linear recurrence again. So the gradient, too, takes log T rounds. From g the rest follows, each step on its own:
#
# $$\mathrm{d}b_t = g_t \qquad \mathrm{d}a_t = g_t\, h_{t-1} \qquad \mathrm{d}h_{\text{start}} = a_1\, g_1$$
#
# Write it by hand with your `linear_recurrence` (no autograd; no loop over time: the check wants fewer calls of torch than steps again).
#
# | | shape | |
# |---|---|---|
# | `a`, `h0` | (T, H), (H,) | as before |
# | `h` | (T, H) | the result of `linear_recurrence(a, b, h0)` |
# | `dh` | (T, H) | the gradient that reaches each state directly |
# | `da`, `db`, `dh0` | (T, H), (T, H), (H,) | out |
#
# **Exercise** · 30 minutes · ●●● · about 3 lines
#
# <details><summary>Which factor belongs to the first step backwards?</summary>
#
# None: nothing comes back into the last state. Start from zeros, and the factor does not matter. Every other place takes the factor of the step
# *after* it, so shift `a` by one, put any row at its end, and turn it round.
# </details>
#
# <details><summary>How do I turn a sequence round?</summary>
#
# `x.flip(0)`. Turn factors and `dh` round, run the recurrence, turn the result back.
# </details>


# %%
def linear_recurrence_backward(a, h0, h, dh):
    """The gradient of a linear recurrence: (T, H), (H,), (T, H), (T, H) → da (T, H), db (T, H), dh0 (H,)."""
    factors = a.roll(-1, 0).flip(0)
    g = linear_recurrence(factors, dh.flip(0), torch.zeros_like(h0)).flip(0)
    before = torch.vstack([h0, h[:-1]])
    return g * before, g, a[0] * g[0]


# %%
check("recurrence_backward")

# %% [markdown]
# Autograd can walk through your parallel scan as well. The two should agree.

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
# And is it worth it? Even one processor core gains, because a round is a single operation on a long slice and a step a tiny one on a short
# one. The scheme does more arithmetic in all, T log T combinations instead of T; it wins where many are done at once.

# %%
with autograder.example("how long a loop and a parallel scan take"):
    from time import perf_counter

    def seconds(function, *args):
        """The shortest of three runs."""
        times = []
        for _ in range(3):
            began = perf_counter()
            function(*args)
            times.append(perf_counter() - began)
        return min(times)

    def loop(a, b, h0):
        return torch.stack(scan(lambda h, ab: ab[0] * h + ab[1], h0, zip(a, b, strict=True)))

    lengths = [2**n for n in range(4, 14)]
    inputs = [(torch.full((T, 8), 0.9), torch.randn(T, 8), torch.zeros(8)) for T in lengths]
    plt.figure()
    plt.loglog(lengths, [1e3 * seconds(loop, *args) for args in inputs], "o-", label="a loop: T rounds")
    plt.loglog(
        lengths, [1e3 * seconds(linear_recurrence, *args) for args in inputs], "o-", label="parallel: log T rounds"
    )
    plt.xlabel("steps T"), plt.ylabel("milliseconds"), plt.legend()
    plt.show()

# %% [markdown]
# You have built a network of a five-line loop and a four-line step, and then seen which loops need not be loops. In unit 4 you compute the
# gradients of section 7 by hand.
