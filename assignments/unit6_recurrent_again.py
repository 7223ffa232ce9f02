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
# # Unit 6: recurrent again
#
# A transformer that has read a million characters keeps all million of them, and looks through all of them again for each character that it
# writes. A recurrent network keeps one state of fixed size, and each character takes the same time. So why did the field leave recurrent networks
# for transformers? Above all because a loop over time cannot use a GPU well: step 1,000 waits for step 999. And why are recurrent layers back, in models of
# many billion parameters? Because some recurrences need no loop. You know which from unit 3: a *linear* recurrence is a parallel scan.
#
# In this unit you write the recurrent layers of today. First comes minGRU, whose gates do not look at the state; you train it with gradients by
# hand. Then you write an attention head and take its softmax out: what is left is a recurrent network. You let it overwrite its memory, by the
# *delta rule*, and see what such a network cannot do and how a change of sign repairs it. At the end you compute all states of a *non-linear*
# network in parallel.
#
# **Afterwards you can**
#
# * write a scan over elements of several arrays, and a recurrent layer through it;
# * say which gates allow a parallel scan, and train such a layer with NumPy;
# * write attention as a matrix, as a state and in chunks, and say when each form is the right one;
# * say what the delta rule stores, what a gate adds, and why a factor below zero matters;
# * run a non-linear network in parallel by Newton's method, and prove that it ends.
#
# You need NumPy's broadcasting, the linear recurrence of unit 3 (its sections 9 to 11) and the gradient of cross-entropy from unit 4 (its
# section 4).
#
# **How to work.** The exercises take 187 minutes in all, and reading the text and looking at the examples takes 80 to 100 minutes more. Good
# places to stop are after section 6 and after section 11. On our machine, and on a slower one, the first example of section 6 takes 5 to 20
# seconds, that of section 10 takes 2 to 10, and the check of the training about 3. Replace each `raise NotImplementedError()` with your code.
# Save while `autograder watch unit6` runs, or run the cell `check("…")`. If you made a common mistake, the check tells you which. Besides
# `autograder`, import only NumPy and the standard library: no other package is installed where your file is graded. Never modify an argument in place. In a `.py` file,
# hints are visible below their exercises, and answers below the questions at the end; a notebook folds them. `autograder hint` shows one hint
# at a time.
#
# **Letters**, the same in the whole course, and two new ones:
#
# | letter | meaning | | array | shape | meaning |
# |---|---|---|---|---|---|
# | T | steps in time | | `x`, `targets` | (T, B) | ids of characters, integers |
# | B | sequences in a batch | | `h` | (T, B, H) | hidden states, *after* each step |
# | V | characters in the vocabulary | | `h0` | (B, H) | the state before the first step |
# | H | hidden units | | `q`, `k` | (T, D) | queries and keys, from section 7 on |
# | D | numbers in a query or a key | | `v` | (T, M) | values |
# | M | numbers in a value | | `state` | (D, M) | what attention remembers, as a matrix |
# | s | an earlier step, from section 7 on | | `s`, `ds` | (T, B, H) | in section 4: what goes into the sigmoid, and its gradient |

# %%
import numpy as np

import autograder

check = autograder.unit("unit6_recurrent_again")

# %% [markdown]
# ## 1. Scan, once more
#
# What can be scanned in parallel? In unit 3 you saw it for elements that are one tensor each. Here an element may consist of *several* arrays. For
# example, a step $h \mapsto a h + b$ is a pair of vectors, and in section 14 a step will be a matrix with a vector. They have different shapes, so
# they do not fit into one array. So all first parts are in one array, all second parts in another, each with time as its first axis:
#
# ```text
# parts = (a, b)              a: (T, H)   b: (T, H)       element t is (a[t], b[t])
#
# op(earlier, later)          takes two tuples of slices, n elements each,
#                             and returns one tuple: n combined elements
# ```
#
# The rounds are those of unit 3. In the round with distance d, each place from d on combines what the place d before it holds with what it holds
# itself, and the distance doubles:
#
# $$y_t \leftarrow y_{t-d} \circ y_t \quad (t \ge d), \qquad d = 1, 2, 4, 8, \dots$$
#
# Here $x \circ y$ is `op(x, y)`, with the earlier element on the left. (Of maps, mathematics often writes the one that acts first on the right.)
#
# (This scheme is called the Hillis–Steele scan; `jax.lax.associative_scan` has the same interface. Its *depth* is log₂ T rounds, and its *work*
# T log₂ T combinations.)
#
# | | |
# |---|---|
# | `op(earlier, later)` | two tuples of arrays in, one tuple of arrays out; associative, $(x \circ y) \circ z = x \circ (y \circ z)$ (unit 3, section 9); it need not commute |
# | `parts` | a tuple of one array or more, (T, …) each, T ≥ 1 |
# | returns | a tuple of arrays like `parts`: element t is $x_0 \circ x_1 \circ \dots \circ x_t$ |
#
# Call `op` at most 2 log₂ T + 1 times (log₂ T rounded up). The check counts.
#
# **Exercise** · 10 minutes · ●●○ · about 11 lines
#
# <details><summary>How do I slice several arrays at once?</summary>
#
# With one comprehension: `tuple(part[distance:] for part in parts)`.
# </details>
#
# <details><summary>How do I put the rounds together again?</summary>
#
# For each part: the first d places stay, and what `op` returned follows. `np.concatenate([part[:distance], new])`, for each pair of an old
# `part` and a `new` one.
# </details>


# %%
def parallel_scan(op, parts):
    """All running results of an associative `op`, in O(log T) calls of it.

    parts: a tuple of arrays (T, ...) → a tuple of arrays of the same shapes; `op` takes and returns such tuples.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("in_rounds")

# %% [markdown]
# ## 2. The linear recurrence
#
# Now $h_t = a_t\, h_{t-1} + b_t$, elementwise, through your scan. Two steps in a row are again such a step, as you saw in unit 3:
#
# $$h \;\mapsto\; a_2 (a_1 h + b_1) + b_2 = (a_2 a_1)\, h + (a_2 b_1 + b_2)$$
#
# After the scan, element t is the map from the *start* to $h_t$. So what remains is to apply each of these maps to `h0`. Count the start exactly
# once. (A user of a published minGRU found that its loop and its scan [gave different states](https://github.com/lucidrains/minGRU-pytorch/issues/9) as soon as a start was passed in.)
#
# The arrays may have any shape behind the first axis: (T, H) for one sequence, (T, B, H) for a batch. Write no loop over the steps: in a
# loop each step waits for the one before it, and this unit is about layers that need not wait.
#
# **Exercise** · 10 minutes · ●●○ · about 5 lines
#
# <details><summary>What does `op` look like?</summary>
#
# `(a1, b1), (a2, b2) = earlier, later` takes the two tuples apart. Return a pair, in the order in which you passed in the parts.
# </details>


# %%
def linear_recurrence(a, b, h0):
    """All states of h[t] = a[t] h[t−1] + b[t]: (T, ...), (T, ...), (...) → (T, ...), in O(log T) rounds."""

    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("recurrence")

# %% [markdown]
# ## 3. Gates that do not look at the state
#
# Why can an LSTM not be scanned, nor a GRU (its smaller relative, with two gates and no cell state)? Their gates look at $h_{t-1}$. So each factor is
# known only when the step before it is finished, and the recurrence is not linear in h. What happens if the gates look at the input *only*? That is **minGRU** (Feng and others 2024):
#
# $$z_t = \sigma(W_z[x_t] + b_z) \qquad c_t = W_c[x_t] \qquad h_t = (1 - z_t) \odot h_{t-1} + z_t \odot c_t$$
#
# The gate $z_t$ says how much of the state is replaced, between 0 and 1, and the candidate $c_t$ says by what. An example with one unit:
# if every space has z = 1 and c = 0, and every other character has z = ½ and c = 1, the unit forgets everything at a space and then climbs,
# ½, ¾, ⅞, …: it knows how many letters of the word have been read. A fixed factor, as in section 12 of unit 3, cannot do that.
#
# All factors $a_t = 1 - z_t$ and all inputs $b_t = z_t \odot c_t$ are known before the scan begins. Return these two arrays, `keep` and `write`.
#
# | `weights[…]` | shape | what it does |
# |---|---|---|
# | `"Wz"` | (V, H) | row `i`: what character `i` asks of the gates |
# | `"bz"` | (H,) | bias of the gates |
# | `"Wc"` | (V, H) | row `i`: what character `i` writes |
# | `"Wy"`, `"by"` | (H, V), (V,) | hidden → output |
#
# **Exercise** · 5 minutes · ●○○ · about 2 lines
#
# <details><summary>Which of them is 1 − z?</summary>
#
# Papers differ. Here z = 1 means that all is new: `keep` is 1 − z. So a large negative `bz` begins with units that remember.
# </details>


# %%
def gates(weights, x):
    """What is kept of the state and what is written: ids x (T, B) → keep (T, B, H), write (T, B, H).

    x may have any shape: each id becomes H numbers.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("gate_values")

# %% [markdown]
# With that, a whole recurrent layer is one line. Below, the unit of the example reads two short words and one of 22 letters, and each state is
# printed with four decimals. **Before you run it:** how many letters of the long word can you count from what is printed?


# %%
def min_gru(weights, x, h0):
    """All states of minGRU: ids x (T, B), h0 (B, H) → h (T, B, H)."""
    return linear_recurrence(*gates(weights, x), h0)


# %%
with autograder.example("a unit that counts letters, in parallel"):
    sentence = "it counts counterrevolutionaries"
    symbols = sorted(set(sentence))
    is_space = np.array([[s == " "] for s in symbols])  # (V, 1)
    counter = {
        "Wz": np.where(is_space, 50.0, 0.0),
        "bz": np.zeros(1),
        "Wc": np.where(is_space, 0.0, 1.0),
    }
    ids = np.array([symbols.index(s) for s in sentence])
    for symbol, state in zip(sentence, min_gru(counter, ids, np.zeros(1)), strict=True):
        print(repr(symbol), f"{float(state[0]):.4f}")

# %% [markdown]
# Twelve. Each letter halves the distance to 1, so the 13th and the 14th both print 0.9999, and all later ones 1.0000. The number itself goes on
# to about the 53rd letter; then a double is exactly 1. So one number can count, but not far. Section 13 comes back to this.
#
# ## 4. Its gradient is a scan, too
#
# How does such a layer learn? You know all the parts. Let the loss be the **mean** cross-entropy over all T × B characters, in nats, with
# logits $h_t W_y + b_y$, and let the state begin at zero. With respect to the logits, the gradient is unit 4's $p - y$, here divided by
# $T B$ because we take the mean. From
# unit 3: a state acts on the loss directly *and* through the next state. So the whole gradient $g_t$ with respect to $h_t$ is itself a linear
# recurrence, which runs backward in time:
#
# $$g_t = \mathrm{dh}_t + a_{t+1}\, g_{t+1} \qquad \mathrm{dh}_t = \mathrm{dlogits}_t\, W_y^\top$$
#
# No step follows the last one, so there g is dh. In numbers, for one unit and three steps:
#
# | t | $\mathrm{dh}_t$ | $a_{t+1}$ | $g_t$ |
# |---|---|---|---|
# | 2 | 4 | | 4 |
# | 1 | 2 | 0.5 | 2 + 0.5 · 4 = 4 |
# | 0 | 1 | 0.25 | 1 + 0.25 · 4 = 2 |
#
# Then $\mathrm{d}a_t = g_t\, h_{t-1}$ and $\mathrm{d}b_t = g_t$. And through the gates: b is $z\,c$ and a is $1 - z$, so
#
# $$\mathrm{d}c_t = g_t\, z_t \qquad \mathrm{d}z_t = g_t\, (c_t - h_{t-1}) \qquad \mathrm{d}s_t = \mathrm{d}z_t\, z_t (1 - z_t)$$
#
# where $s_t$ is what goes into the sigmoid. Read the middle one aloud: an open gate replaces
# $h_{t-1}$ by $c_t$, so its gradient is how much the loss changes with the state, times the difference of the two.
#
# Give the loss and a dict with the gradient of each of the five weights. Use `linear_recurrence` for the way back, so that there is no loop over
# the steps here either. Go in three stages, and run the check after each; it judges each array by itself:
#
# 1. The loss and the gradients of `Wy` and `by`, which need only $\mathrm{dlogits}$. For now the others are zeros.
# 2. The way back: dh, then g. With it comes `Wc`, by dc.
# 3. The gate: `Wz` and `bz`, by ds.
#
# **Exercise** · 45 minutes · ●●● · about 25 lines
#
# <details><summary>How do I run a recurrence backward?</summary>
#
# Reverse the arrays, run it, and reverse the result: `x[::-1]`. The factor at place t is $a_{t+1}$, so shift `keep` by one. Any row will do
# at its end: reversed, it comes first, and is multiplied by the start, which is 0.
# </details>
#
# <details><summary>A character occurs several times. How do the gradients of its row add up?</summary>
#
# `np.add.at(grads["Wc"], x, rows)` adds all of them. `grads["Wc"][x] += rows` keeps only one.
# </details>
#
# <details><summary>The loss is infinite for large logits</summary>
#
# Subtract the largest logit of each row, and take the logarithm of the *sum*, not of the probability: ln p = logit − ln Σ exp(logits).
# </details>


# %%
def gradients(weights, x, targets):
    """The mean loss in nats per character, and a dict of its gradient with respect to each of the weights.

    x, targets: ids (T, B); the state begins at zero.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("all_gradients")

# %% [markdown]
# ## 5. Training
#
# For each batch: gradients, then one step of gradient descent for all weights at once. Keep the loss of each batch, measured before its step.
#
# | | |
# |---|---|
# | `weights` | the dict to begin with; it and its arrays stay as they are |
# | `batches` | an iterable of pairs: x (T, B), targets (T, B); their sizes may differ |
# | `lr` | learning rate |
# | returns | the trained weights, and a list of the losses, one for each batch |
#
# **Exercise** · 10 minutes · ●○○ · about 6 lines
#
# <details><summary>Why is the learning rate in the example so large?</summary>
#
# The loss is a mean over T × B characters, and each row of `Wz` and `Wc` gets gradients only from the places where its character stands. So the
# gradient of a row is small, and a step has to be long.
# </details>


# %%
def train(weights, batches, lr):
    """Train on each batch in turn by plain gradient descent. Returns the weights and the list of losses."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("few_batches")

# %% [markdown]
# ## 6. For real
#
# The corpus of [lesson 6 of fast.ai](https://course17.fast.ai/lessons/lesson6.html) again, in windows of 32 characters, 16 at a time. The network has
# never read more than 32 characters in a row. **Before you run it:** what will it do with a text of 4,096 characters that it has not seen? Better,
# because it can look further back? Or worse, because its state has never gone through so many steps?


# %%
def windows(ids, rng, T, B, count):
    """`count` batches of B windows cut anywhere: x (T, B), and the same shifted on by one (T, B)."""
    for _ in range(count):
        start = rng.integers(0, len(ids) - T, B)
        window = ids[start + np.arange(T + 1)[:, None]]  # (T+1, B)
        yield window[:-1], window[1:]


with autograder.example("minGRU reads"):
    text = autograder.corpus()
    alphabet = sorted(set(text.train))
    V, H = len(alphabet), 64
    ids = np.array([alphabet.index(s) for s in text.train])
    unseen = np.array([alphabet.index(s) if s in alphabet else 0 for s in text.held_out])
    rng = np.random.default_rng(0)
    trained = {
        "Wz": rng.normal(0, 0.1, (V, H)),
        "bz": np.linspace(-2, 2, H),  # some units begin as long memories, others as short ones
        "Wc": rng.normal(0, 1, (V, H)),
        "Wy": rng.normal(0, 1 / np.sqrt(H), (H, V)),
        "by": np.zeros(V),
    }
    for lr, count in ((8, 1000), (2, 300)):
        trained, losses = train(trained, windows(ids, rng, 32, 16, count), lr)
        print(f"{count} batches at a rate of {lr}: {np.mean(losses[-100:]):.3f} nats per character")
    for T, B in ((8, 2500), (64, 300), (512, 40), (4096, 5)):
        ((x, y),) = windows(unseen, np.random.default_rng(1), T, B, 1)
        print(f"held out, {T:>5} characters: {gradients(trained, x, y)[0]:.3f} nats per character")

# %% [markdown]
# On the lesson's corpus it comes to 2.19 nats on windows of 8, 2.14 on 64, 2.10 on 512 and 2.13 on 4,096 characters. (The last figure comes from five
# pieces of the text only, the third from forty.) So length does no harm: the state has learned to forget, and what has been forgotten cannot
# disturb. Nor does it help much. The recurrence of unit 3's section 12, whose factors are fixed, came to 2.17 on
# 512 characters; it had seen fewer characters, though, so part of the difference is training.
#
# And what does it write? Below it reads thirty characters of the unseen text, three times, and goes on with sixty of its own. From one character to
# the next it needs only its state of 64 numbers.

# %%
with autograder.example("minGRU writes"):
    rng = np.random.default_rng(0)
    for row in unseen[:90].reshape(3, 30):
        h, written = min_gru(trained, row, np.zeros(H))[-1], []
        for _ in range(60):
            logits = 2 * (h @ trained["Wy"] + trained["by"])  # twice as large: a temperature of ½
            p = np.exp(logits - logits.max())
            written.append(int(rng.choice(V, p=p / p.sum())))
            h = min_gru(trained, np.array(written[-1:]), h)[-1]
        read, wrote = ("".join(alphabet[i] for i in part) for part in (row, written))
        print(repr(read), "→", repr(wrote))

# %% [markdown]
# The check trains with your functions and measures the trained weights on text that was held out. It compares with our own solution on the same
# seed, initial weights and batches.

# %%
check("training")

# %% [markdown]
# ## 7. A head that looks back
#
# A transformer takes another way: it keeps no summary of the past, but all of it. At each step it asks a question, the **query** $q_t$, and compares it with a
# **key** $k_s$ of every step so far. The products, through a softmax, say how much of each **value** $v_s$ it takes:
#
# $$o_t = \sum_{s \le t} p_{ts}\, v_s \qquad p_{t\cdot} = \mathrm{softmax}_{s \le t}\!\left(\frac{q_t \cdot k_s}{\sqrt{D}}\right)$$
#
# For example, if $q_t$ fits the key of the last full stop and no other, $o_t$ is the value that was stored there, however far back. Nothing
# fades. The price: step t takes t products, so T steps take about T²/2, and all keys and values have to be kept. (This is one head. A transformer
# has several beside each other, and layers of them. The √D keeps the products at size 1, as in section 6 of unit 3.)
#
# Where do $q_t$, $k_t$ and $v_t$ come from? In a network they are the input of step t, such as an embedding, times three learned matrices, one for
# each. Here the check and the examples give you the results.
#
# A step must not look at the future. In a matrix of all products that is a *mask*: entry (t, s) counts only where s ≤ t.
#
# **Exercise** · 10 minutes · ●●○ · about 5 lines
#
# <details><summary>How do I leave out the future inside a softmax?</summary>
#
# Set its scores to −∞ before the softmax: exp(−∞) is 0. Setting them to 0 is not enough, as exp(0) is 1. With a mask of ones, such as
# `np.tril(np.ones((4, 4))) > 0`, `np.where(mask, scores, -np.inf)` does it.
# </details>


# %%
def attention_head(q, k, v):
    """Causal attention with softmax: q (T, D), k (T, D), v (T, M) → (T, M); safe for products of any size."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("attention")

# %% [markdown]
# ## 8. Take the softmax out
#
# What if the products are used as they are? Without softmax and root, a step takes
#
# $$o_t = \sum_{s \le t} (q_t \cdot k_s)\, v_s$$
#
# That is **linear attention** (Katharopoulos and others 2020, there with a positive function of q and k and a division; many of today's layers leave
# both out). As a matrix: all products, masked, times the values. It still takes T² products. So what is gained? Write it first, and see in the
# next section.
#
# **Exercise** · 5 minutes · ●○○ · about 1 line
#
# <details><summary>Is a mask of zeros right here?</summary>
#
# Yes: there is no exp, so a product that is set to 0 adds nothing. `np.tril` does it.
# </details>


# %%
def linear_attention(q, k, v):
    """Causal attention without softmax, as a masked matrix: q (T, D), k (T, D), v (T, M) → (T, M)."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("masked_product")

# %% [markdown]
# ## 9. It was a recurrent network all along
#
# Look at the sum again. The query does not depend on s, so it can be taken out:
#
# $$o_t = \sum_{s \le t} (q_t \cdot k_s)\, v_s = q_t \Big(\sum_{s \le t} k_s^\top v_s\Big) = q_t\, S_t \qquad S_t = S_{t-1} + k_t^\top v_t$$
#
# Here $k_t^\top v_t$ is the outer product, a (D, M) matrix. So everything about the past fits into *one matrix of fixed size*, and each step adds
# to it. That is a recurrent network, whose state is a matrix. With softmax no state of fixed size can do this: $e^{q \cdot k}$ is no sum of finitely many
# products of a number from the query and one from the key.
#
# An example: a key of (1, 0) with the value 5 writes a 5 into the first row, a key of (0, 1) with the value 7 a 7 into the second. The
# query (1, 0) then reads the 5. So the state is a table that is read and written by *directions*.
#
# Here a state is passed in, because a text may go on where another piece of it ended.
#
# **Exercise** · 10 minutes · ●●○ · about 5 lines
#
# <details><summary>Does a step read what it has written itself?</summary>
#
# Yes: s ≤ t includes t. So first write, then read.
# </details>


# %%
def recurrent_attention(q, k, v, state):
    """The same as a recurrence: q, k (T, D), v (T, M), state (D, M) → outputs (T, M), the state after the last step (D, M)."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("as_a_state")

# %% [markdown]
# ## 10. In chunks
#
# Which of the two is faster? The matrix needs only a few large products, which hardware is made for, but it has T² entries. The state takes only T
# steps, but small ones, one after another. Between the two lies the form in which such layers are really trained. Cut the sequence into chunks of
# `size` steps, and the sum over the past falls into two parts:
#
# $$o_t = \underbrace{\sum_{s \text{ before the chunk}} (q_t \cdot k_s)\, v_s}_{q_t\, S} \; + \underbrace{\sum_{s \text{ in the chunk},\; s \le t} (q_t \cdot k_s)\, v_s}_{\text{a small masked matrix}}$$
#
# where S is the state *before* the chunk.
#
# ![A square of twelve rows, the steps that read, and twelve columns, the steps that are read, cut into chunks of four. Along the diagonal
# lie three small triangles: within its chunk a step reads each step up to itself one by one. All that lies to the left of the second and of
# the third triangle is one box each, marked S: what came before the chunk is read from the state. Above the diagonal, in the future, is
# nothing.](../drawings/chunks.svg)
#
# The second part is section 8, for the rows of one chunk. The first is a product for all of these rows at once. Only how S gets from one chunk to the
# next is new: it takes the outer products of all steps of the chunk. Write their sum as *one* product, before you write the loop.
#
# With T = 4,096 and chunks of 64 that is 64 rounds, each of products of 64 × 64, instead of 4,096 steps or of a matrix with 16 million entries. (A GPU
# computes all chunks at the same time: the states before them are running sums of what each chunk adds, so they can be scanned.)
#
# The last chunk may be shorter. Size 1 is the recurrence, and one chunk of size T is the matrix.
#
# **Exercise** · 15 minutes · ●●○ · about 7 lines
#
# <details><summary>What does a chunk add to S?</summary>
#
# The sum over its steps of k[t, i] v[t, j], at place (i, j). A sum over a shared index is a matrix product: (D, size) @ (size, M).
# </details>
#
# <details><summary>My outputs are right for the first chunk only</summary>
#
# Look at the order: the outputs of a chunk take the state *before* it. What the chunk itself adds is in the masked product already.
# </details>


# %%
def chunked_attention(q, k, v, state, size):
    """The same, `size` steps at a time: q, k (T, D), v (T, M), state (D, M) → outputs (T, M), the last state (D, M)."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("in_chunks")

# %% [markdown]
# Three forms, one answer. The cell times them, and the attention head beside them, from 8 to 4,096 steps, with 32 numbers in a key and in a
# value. Its last columns say how much each has to keep of the past to go on reading. **Before you run it:** where do the lines cross, and
# which column grows?

# %%
with autograder.example("four ways to look back, timed"):
    from time import perf_counter

    def milliseconds(function, *arguments):
        """The shortest of three runs."""
        times = []
        for _ in range(3):
            began = perf_counter()
            function(*arguments)
            times.append(perf_counter() - began)
        return 1e3 * min(times)

    rng = np.random.default_rng(0)
    lengths, empty, rows = [8, 64, 512, 4096], np.zeros((32, 32)), []
    print("    T    head  matrix   state  chunks (ms)   kept by the head  by the others (bytes)")
    for T in lengths:
        q, k, v = rng.normal(0, 0.2, (3, T, 32))
        rows.append(
            (
                milliseconds(attention_head, q, k, v),
                milliseconds(linear_attention, q, k, v),
                milliseconds(recurrent_attention, q, k, v, empty),
                milliseconds(chunked_attention, q, k, v, empty, 64),
            )
        )
        figures = " ".join(f"{ms:>7.2f}" for ms in rows[-1])
        print(f"{T:>5} {figures} {k.nbytes + v.nbytes:>24,} {empty.nbytes:>14,}")

    import matplotlib.pyplot as plt

    plt.loglog(lengths, rows, "o-", label=["softmax head", "matrix", "state", "chunks of 64"])
    plt.xlabel("steps T"), plt.ylabel("milliseconds"), plt.legend()
    plt.show()

# %% [markdown]
# On our machine, at 8 steps all take less than a tenth of a millisecond. The matrix is faster than the state up to about a thousand steps, and the
# chunks are faster than the matrix from about a hundred on. At 4,096 the head takes 390, the matrix 150, the state
# 30, and the chunks 2.4 milliseconds: the chunks do about three times the arithmetic of the state, but in 64 rounds of larger products. The head has to keep all keys and
# values, 2 megabytes by then, and more with each step. To go on reading, the other three need a state of 8,192 bytes, however long the text is. That is the trade of this whole
# field: *all of the past, at a price that grows, or a summary of fixed size*.
#
# ## 11. A softmax in pieces
#
# Must the head really hold all scores of a query at once, to divide by their sum? No: a softmax can be put together from pieces,
# and that is how it runs on today's GPUs (FlashAttention, Dao and others 2022). Of a piece of the past, keep its largest score m, its sum
# $\ell = \sum e^{\text{score} - m}$, and its answer o, the mean of its values with the weights $e^{\text{score} - m} / \ell$. Two pieces make one:
#
# $$m = \max(m_1, m_2) \qquad \ell = \ell_1 e^{m_1 - m} + \ell_2 e^{m_2 - m} \qquad o = \frac{\ell_1 e^{m_1 - m}\, o_1 + \ell_2 e^{m_2 - m}\, o_2}{\ell}$$
#
# A piece of one step has its own score, the sum 1 and its own value. `merged` joins n pairs of pieces at once, so it fits your `parallel_scan`. The
# one that you get has a mistake in one line, which depends on your name.
#
# 1. Write your name, and run the example below it. Copy the function that it prints to where it is asked for.
# 2. Find the mistake and repair it, in your way. The check runs your repair.
# 3. Give the number printed at the end of the line that was wrong. The check only records it; it is judged when you have handed in.
#
# **Exercise** · 10 minutes · ●●○ · about 11 lines in all
#
# <details><summary>Which pieces have an answer that I know?</summary>
#
# Two equal pieces: the same m and o, and twice the sum. Two pieces of one step each: a softmax of two scores. Then make one score far larger than
# the other: its value is the answer. And add 1,000 to all scores: only m changes.
# </details>


# %%
def my_name():
    """Your name, as you hand in: your login, your e-mail address, or the name in the list of the class."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
with autograder.example("a function with your mistake in it"):
    print(check.with_mistake("merged", my_name()))


# %%
def merged(earlier, later):
    """Joins pieces of the past, n pairs at once: tuples of largest scores (n,), sums (n,), answers (n, M) → such a tuple."""
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
with autograder.example("one query over 512 steps, in pieces"):
    q, k, v = np.random.default_rng(0).normal(0, 1, (3, 512, 32))
    scores = k @ q[-1] / np.sqrt(32)
    *_, answers = parallel_scan(merged, (scores, np.ones(512), v))  # of each prefix of the past
    head = attention_head(q, k, v)
    print(f"largest difference from the head: {np.abs(answers[-1] - head[-1]).max():.0e}")

# %% [markdown]
# So a query can read the past in chunks, in the rounds of a scan, or step by step, and then it keeps 34 numbers. But the *next* query needs all
# keys and values again. So FlashAttention saves the memory of the scores, and what a transformer keeps of the past still grows with each step.
#
# ## 12. Overwrite, not add
#
# A table is soon full if one can only add to it. Store 3 under a key, then 5 under the *same* key: the state of section 9 then reads 8. What we
# want is 5. So look up what is stored under the key, and write only the difference. That is the **delta rule** (Widrow and Hoff 1960; in such
# layers Schlag and others 2021). And to forget what is no longer needed, let the whole state fade first, by a factor between 0 and 1: the
# **gated** delta rule (Yang and others 2024).
#
# $$S'_t = \mathrm{keep}_t\; S_{t-1} \qquad S_t = S'_t + \beta_t\; k_t^\top (v_t - k_t S'_t) \qquad o_t = q_t\, S_t$$
#
# In a network $\beta_t$ and $\mathrm{keep}_t$ come from the input of step t, too: each is the sigmoid of its product with a learned vector. Here they are
# given. Keys have length 1. With β = 1 what is stored under the key becomes exactly v. With β = 0 nothing is written, with ½ it goes half of the
# way. (Another view: $v_t - k_t S$ is an error of prediction, and the rule is one step of gradient descent on half of its square, with the rate β. Such a
# layer *learns* while it reads.)
#
# | | shape | |
# |---|---|---|
# | `q`, `k`, `v` | (T, D), (T, D), (T, M) | as before; each key has length 1 |
# | `beta`, `keep` | (T,), (T,) | a number for each step |
# | `state` | (D, M) | the state before the first step; stays as it is |
# | returns | (T, M), (D, M) | the outputs, and the state after the last step |
#
# **Exercise** · 15 minutes · ●●○ · about 7 lines
#
# <details><summary>In which order?</summary>
#
# Fade, look up, write, read. What is looked up comes from the state that has faded already.
# </details>
#
# <details><summary>What shape has k S?</summary>
#
# (D,) @ (D, M) is (M,), like a value. The outer product with the key is (D, M), like the state.
# </details>


# %%
def delta_rule(q, k, v, beta, keep, state):
    """The gated delta rule: the state fades by keep[t], and what it holds under k[t] moves to v[t] by the share beta[t].

    q, k (T, D), v (T, M), beta, keep (T,), state (D, M) → outputs (T, M), the state after the last step (D, M).
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("overwriting")

# %%
check("forgetting")

# %% [markdown]
# What is the difference worth? Below, pairs of a key and a value come one after another, and a key may come again with another value. At the end
# each key is asked for the value that it had *last*. **Before you run it:** how many keys does a state with eight rows hold?

# %%
with autograder.example("what is recalled"):
    rng = np.random.default_rng(0)
    print("keys   error of answering 0   of adding   of the delta rule")
    for keys in (2, 4, 8, 16, 32):
        drawn = rng.normal(0, 1, (keys, 8))
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
        order = rng.permutation(np.repeat(np.arange(keys), 3))  # each key three times
        values = rng.normal(0, 1, (len(order), 4))
        last = np.array([values[np.flatnonzero(order == i)[-1]] for i in range(keys)])
        k, ones, empty = drawn[order], np.ones(len(order)), np.zeros((8, 4))
        _, added = recurrent_attention(k, k, values, empty)
        _, written = delta_rule(k, k, values, ones, ones, empty)
        errors = [((drawn @ state - last) ** 2).mean() for state in (empty, added, written)]
        print(f"{keys:>4} {errors[0]:>21.2f} {errors[1]:>11.2f} {errors[2]:>19.2f}")

# %% [markdown]
# Answering 0 to every question has an error of 1 on average, and here of 0.86 to 1.31. Adding is worse even with two keys, because each answer is the
# sum of three values where only the last one is right. The delta rule answers nearly right with two keys (0.05), well with four (0.22), hardly with
# eight (0.77), with sixteen no better than 0 (1.02), and with 32 worse. Eight rows hold eight directions, if these are perpendicular; drawn ones
# overlap, so a new value spoils the neighbours a little. An attention head has no such limit, since it keeps every pair. (But it does not know which
# of two values of one key came last.) That is why today's large models often mix both: Qwen3-Next has three layers of the gated delta rule to each
# layer of attention.
#
# ## 13. What such a network cannot do
#
# Is the number of ones so far even? The answer flips at each 1 and stays at each 0. A child can do it with one finger, up or down. Can a gated
# recurrence? Take one unit, $h_t = a_t h_{t-1} + b_t$, with a factor between 0 and 1. Say one copy of it begins high and one low. Each step
# multiplies their distance by a factor that is *not negative*: the copy that was higher stays higher for ever, or they meet. So up and down can
# never be exchanged, whatever the gates have learned. A factor of −1 could do it.
#
# The same with the delta rule. Multiplied out (with keep = 1), its step is $S_t = (I - \beta_t\, k_t^\top k_t)\, S_{t-1} + \beta_t\, k_t^\top v_t$. What
# multiplies the state (I is the identity) is a matrix that leaves every direction alone but that of the key, and there it is a factor of 1 − β. With β between 0 and
# 1, as a sigmoid gives it, that factor is between 0 and 1. But nothing in the rule forbids a β up to 2: then it goes down to −1, a mirror. (Grazzi
# and others 2024 found that this one change, a sigmoid times two, lets such networks follow states that they could not follow before.)
#
# So let *your* `delta_rule` tell even from odd. For each bit give its query, key, value and β, so that the output of a step is +1 where the number
# of ones so far is even, and −1 where it is odd. Each row may depend on the bit of its own step only: it is the state that has to count.
#
# | | |
# |---|---|
# | `bits` | (T,): integers, 0 or 1 |
# | returns | `q`, `k` (T, D), `v` (T, M), `beta` (T,), `state` (D, M), with a D and an M that you choose; 1 and 1 are enough |
#
# **Exercise** · 10 minutes · ●●○ · about 3 lines
#
# <details><summary>What happens to a state of one number with k = 1 and v = 0?</summary>
#
# S becomes S + β (0 − S) = (1 − β) S. Which β leaves it as it is, and which makes −S of it?
# </details>


# %%
def parity_inputs(bits):
    """What lets `delta_rule` (with keep 1) tell even from odd: bits (T,) → q, k (T, D), v (T, M), beta (T,), state (D, M).

    The first column of the outputs, (T, M), is +1 where the number of ones up to and with this step is even, else −1.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("parity")

# %% [markdown]
# Could a network with factors between 0 and 1 not use another trick? With a factor of ½ for each 1, the state is 1, ½, ¼, ⅛, …: it *counts* the
# ones, and a clever reader of that number could say which counts are even. Below a reader learns just that, from sequences of up to 16 bits: for each
# value of the state, is it even or odd? Then it reads 64, 512 and 4,096 bits, and takes the answer of the nearest state that it knows. With ½ it has
# learned a table of counts, and at 64 bits most counts are not in it. But with a factor of **−0.9** there is no need for a table: at every length the
# *sign* of the state is the answer. Which is the longest of the lengths at which the reader still answers at least 95 of 100 sequences rightly with
# −0.9? Write what you expect before you run the example; every prediction earns the point.
#
# **Exercise** · 2 minutes · ●○○ · about 1 line
#
# <details><summary>What should I think of?</summary>
#
# Of the size of the state after 32 ones and after 256, beside the sizes that the reader knows. And of what is nearest to a number that is almost 0.
# </details>


# %%
def longest_that_is_right():
    """Your prediction: the longest length at which the reader is right with −0.9, "16", "64", "512" or "4,096"."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("predicted_length")

# %%
with autograder.example("parity at lengths that were never seen"):
    print(f"predicted for the factor -0.9: right up to {longest_that_is_right()} bits")
    rng = np.random.default_rng(0)

    def last_states(factor, T):
        """The last state of 400 sequences of T bits, and whether the number of ones is even."""
        bits = rng.integers(0, 2, (T, 400))
        factors = np.where(bits, factor, 1.0)
        states = linear_recurrence(factors, np.zeros((T, 400)), np.ones(400))
        return states[-1], bits.sum(0) % 2 == 0

    print("factor at a 1    T = 16      64     512   4,096")
    for factor in (0.5, 0.9, -0.9, -1.0):
        known, known_even = (
            np.concatenate(p)
            for p in zip(*(last_states(factor, T) for T in range(1, 17)), strict=True)
        )
        shares = []
        for T in (16, 64, 512, 4096):
            state, even = last_states(factor, T)
            nearest = np.abs(state[:, None] - known).argmin(1)
            shares.append((known_even[nearest] == even).mean())
        print(f"{factor:>13}  " + " ".join(f"{share:>7.1%}" for share in shares))

# %% [markdown]
# With ½ and with 0.9 the reader is right on the lengths that it learned from (in one of 400 sequences ½ meets a count that is new), and on longer
# ones it is as good as a coin: a count that it has never seen is not in its table. The factor −0.9 gets to 64 bits, with one error in 400. But the
# state shrinks with each 1. After 512 bits it is some 10⁻¹², and the smallest states that the reader knows are about 0.2. Beside these, all such
# numbers are the same, so it gives one answer to all of them. Only −1 is exact at each length: it has not learned the answers, it *computes* them. (The
# sign of the state is right with −0.9 as well, at every length. But such small numbers are lost as soon as anything is added to them.) So the
# question is not whether a network fits the lengths it was trained on, but whether its state can follow.
#
# ## 14. The network that is not linear, in parallel
#
# Unit 3 said that its scan cannot run a network with a bend in every step. That is so. But one can *iterate*, with a scan in each round. Take
#
# $$h_t = \tanh(u_t + h_{t-1} W_h)$$
#
# where $u_t$ is what comes in at step t. Suppose you have a guess of **all** states at once, a bad one, such as zeros. Near the guess, replace each
# step by its tangent:
#
# $$h_t \approx f_t + (h_{t-1} - \hat h_{t-1})\, A_t \qquad f_t = \tanh(u_t + \hat h_{t-1} W_h) \qquad A_t = \frac{\partial f_t}{\partial \hat h_{t-1}}$$
#
# where $\hat h$ is the guess, and $\hat h_0$ always the true start, `h0`. (So `guess[0]` is the guess of $h_1$.) Unit j of $f_t$ depends on unit i of
# $\hat h_{t-1}$ through $W_h[i, j]$, so $A_t[i, j] = W_h[i, j]\,(1 - f_t[j]^2)$. With all that does not depend on $h_{t-1}$ in $b_t$, that is a
# *linear* recurrence, with matrices as factors:
#
# $$h_t = h_{t-1} A_t + b_t \qquad b_t = f_t - \hat h_{t-1} A_t$$
#
# Its states are a better guess. Here is one round for one unit and two steps, with $W_h = 1$, $u_1 = u_2 = 1$, the start 0, and 1 as the guess of
# $h_1$:
#
# | t | $\hat h_{t-1}$ | $f_t$ | $A_t$ | $b_t$ | new $h_t$ | true $h_t$ |
# |---|---|---|---|---|---|---|
# | 1 | 0 | tanh(1 + 0) = 0.762 | 0.420 | 0.762 − 0 · 0.420 = 0.762 | 0 · 0.420 + 0.762 = 0.762 | 0.762 |
# | 2 | 1 | tanh(1 + 1) = 0.964 | 0.071 | 0.964 − 1 · 0.071 = 0.893 | 0.762 · 0.071 + 0.893 = 0.947 | 0.943 |
#
# That is Newton's method for the equations of all steps together. Lim and others (2024) call it DEER, and ParaRNN (Danieli and others 2025) trains
# networks of seven billion parameters with it.
#
# Does it end? The first step begins at the true start, so after one round $h_1$ is exact. Then the tangent of step 2 is taken at the right place,
# so after two rounds $h_2$ is exact; and so on. **After r rounds at least the first r states are exact.** So it ends after T rounds at the latest,
# up to rounding. In practice it often takes far fewer, as you will see.
#
# *Within* each round, your `parallel_scan` solves the linear recurrence. Write no other loop over the steps, not even for A and b. The scan's
# elements have two parts of different shapes, A (T, H, H) and b (T, H), and two steps in a row are
#
# $$h \;\mapsto\; (h A_1 + b_1) A_2 + b_2 = h\, (A_1 A_2) + (b_1 A_2 + b_2)$$
#
# **Exercise** · 30 minutes · ●●● · about 9 lines
#
# <details><summary>How do I multiply n vectors by n matrices?</summary>
#
# `np.einsum("ni,nij->nj", b, A)`, or `(b[:, None] @ A)[:, 0]`. And n matrices by n matrices is `A1 @ A2`.
# (`b @ A` multiplies *every* vector by each matrix: (n, n, H). After that NumPy stops with an error about dimensions.)
# </details>
#
# <details><summary>My first round is wrong, or no state becomes exact</summary>
#
# Look at two places. The guess of the state *before* step t is `h0` for the first step: put `h0[None]` before `guess[:-1]`. And b is f minus this same
# state before the step times A, not the guess of the step's own state times A.
# </details>
#
# <details><summary>Along which axis does 1 − f² go?</summary>
#
# Along the last one of A: it belongs to the unit that the number arrives at. `Wh * (1 - f**2)[:, None, :]` is (T, H, H).
# </details>


# %%
def newton_round(Wh, u, h0, guess):
    """One round of Newton's method: a better guess of all states of h[t] = tanh(u[t] + h[t−1] @ Wh).

    Wh (H, H), u (T, H), h0 (H,), guess (T, H) → (T, H), in O(log T) rounds of `parallel_scan`.
    """

    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("newton")

# %% [markdown]
# How many rounds does it take? Below are networks of 8 units over 64 steps, with hidden matrices of different scales. For each the rounds are counted
# from zeros, and from a guess that is near, the true states with a noise of 0.01. The fourth column has another start, each unit 10⁻⁸ larger, and
# says how much the last state differs then. **Before you run it:** which networks need few rounds?

# %%
with autograder.example("rounds of Newton's method"):
    rng = np.random.default_rng(0)
    u, start = rng.normal(0, 1, (64, 8)), np.zeros(8)
    matrix = rng.normal(0, 1 / np.sqrt(8), (8, 8))

    def by_loop(Wh, h):
        """All states, one after another."""
        return np.array([h := np.tanh(row + h @ Wh) for row in u])

    def exact_states(Wh, true, guess):
        """How many states from the first on are exact after each round, until all are."""
        exact = []
        while 64 not in exact and len(exact) < 64:
            guess = newton_round(Wh, u, start, guess)
            right = (np.abs(guess - true) < 1e-9).all(1)
            exact.append(64 if right.all() else int(np.argmin(right)))
        return exact

    print("scale   rounds   from near   1e-8 becomes   exact states after 1, 2, 3, … rounds")
    for scale in (0.5, 0.9, 1.2, 2.0, 3.0):
        Wh = scale * matrix
        true = by_loop(Wh, start)
        exact = exact_states(Wh, true, np.zeros((64, 8)))
        near = exact_states(Wh, true, true + rng.normal(0, 0.01, (64, 8)))
        apart = np.abs(by_loop(Wh, start + 1e-8)[-1] - true[-1]).max()
        shown = f"{exact[:8]}{' …' if len(exact) > 8 else ''}"
        print(f"{scale:>5} {len(exact):>8} {len(near):>11} {apart:>14.0e}   {shown}")

# %% [markdown]
# With small weights four or five rounds are enough for all 64 steps, each with six rounds of the scan. At scale 3 it takes 36, and most of them
# advance by one or two states. Is such a network *chaotic*, so that a tiny difference in its state grows from step to step? No: 10⁻⁸ at the start
# has become 2 · 10⁻¹¹ after 64 steps. Yet where weights are large, a tangent is right only close to the state at which it is taken.
# From near, four rounds are enough at this scale, too. What happens with ten times the noise? (Write 0.1 for 0.01 in the line of `near`.)
#
# And a network that has learned something? Below, one with 32 units learns to predict the next character, from gradients by hand as in unit 4. The
# example then runs your rounds over 256 characters of unseen text, with the weights as they were drawn and as they are after training, and prints
# the largest error among all states after each round. **Before you run it:** does training make the network easier for Newton's method, or harder?

# %%
with autograder.example("Newton's rounds on a network that reads"):
    rng = np.random.default_rng(0)
    text = autograder.corpus()
    alphabet = sorted(set(text.train))
    ids = np.array([alphabet.index(s) for s in text.train])
    unseen = np.array([alphabet.index(s) if s in alphabet else 0 for s in text.held_out[:256]])
    V, start = len(alphabet), np.zeros(32)
    Wx, Wh, Wy = (rng.normal(0, 1 / np.sqrt(32), shape) for shape in ((V, 32), (32, 32), (32, V)))

    def states(u, h):
        """All states, by the loop."""
        return np.array([h := np.tanh(row + h @ Wh) for row in u])

    def errors(u):
        """The largest error of any state after each round, until it is below 1e-9."""
        true, guess, found = states(u, start), np.zeros((len(u), 32)), [np.inf]
        while found[-1] > 1e-9 and len(found) < 13:
            guess = newton_round(Wh, u, start, guess)
            found.append(np.abs(guess - true).max())
        return " ".join(f"{error:.0e}" for error in found[1:])

    print(f"as drawn:        {errors(Wx[unseen])}")
    losses = []
    for x, y in windows(ids, rng, 32, 16, 1500):
        h = np.concatenate([np.zeros((1, 16, 32)), states(Wx[x], np.zeros((16, 32)))])
        p = np.exp(h[1:] @ Wy)
        p /= p.sum(-1, keepdims=True)
        true = np.arange(32)[:, None], np.arange(16), y
        losses.append(-np.log(p[true]).mean())
        p[true] -= 1
        p /= y.size
        du, back = p @ Wy.T, 0
        for t in range(31, -1, -1):
            du[t] = (du[t] + back) * (1 - h[t + 1] ** 2)
            back = du[t] @ Wh.T
        of_input, axes = np.zeros_like(Wx), ([0, 1], [0, 1])
        np.add.at(of_input, x, du)
        grads = of_input, np.tensordot(h[:-1], du, axes), np.tensordot(h[1:], p, axes)
        step = 4 * min(1, 0.25 / np.sqrt(sum((grad**2).sum() for grad in grads)))  # clipped
        Wx, Wh, Wy = (w - step * g for w, g in zip((Wx, Wh, Wy), grads, strict=True))
    print(f"after training:  {errors(Wx[unseen])}")
    print(
        f"loss of the first batch {losses[0]:.2f}, of the last hundred {np.mean(losses[-100:]):.2f}"
    )

# %% [markdown]
# In our run the loss falls from 4.5 to 2.2 nats. As drawn, the network is far off after the first rounds (one error is 10¹⁷), and after twelve the
# largest error is still 7 · 10⁻⁶. After training seven rounds are enough: 2 · 10⁻¹². So here training made it easier. Seven rounds, each with eight
# rounds of the scan, do the work of 256 steps. That is one small network, so it proves nothing about others: run the rounds, and look.
#
# Is it worth it? On one core, no: each round multiplies matrices, which costs H³ for each of T log₂ T combinations. On a GPU, and with matrices that
# are kept diagonal, yes: ParaRNN reports up to 665 times the speed of the loop.
#
# ## 15. Side by side
#
# You have written four layers in this unit, and run a fifth in parallel, the network with tanh. Three of them do the same in one line: they multiply
# the state by something and add something. The network with tanh does that too, but then bends the result. The attention head multiplies nothing: it
# keeps.
#
# | layer | state | is multiplied by | what is added |
# |---|---|---|---|
# | network with tanh | h, a vector | $W_h$ | u, and then tanh bends the sum |
# | minGRU | h, a vector | 1 − z, from the input | z ⊙ c |
# | linear attention | S, a matrix | 1 | $k^\top v$ |
# | gated delta rule | S, a matrix | $\mathrm{keep}\,(I - \beta\, k^\top k)$ | $\beta\, k^\top v$ |
# | attention head | all keys and values | – | one more of each |
#
# And what are they worth? Seven layers, each with about 12,500 parameters, read the same 614,400 characters of the lesson's corpus in windows of 64
# steps. Around each layer stand the same embedding, a convolution over the last four characters (as today's layers have one) and a layer of relu units.
# The columns of the table:
#
# * *nats*: the loss per character on held-out windows of 64 characters, as the mean of five seeds;
# * *deviation*: the standard deviation of these five;
# * *bytes of state*: what is kept of the past, with 32 bits a number.
#
# | layer | nats | deviation | bytes of state |
# |---|---|---|---|
# | plain network, a loop | 1.824 | 0.007 | 256 |
# | LSTM, a loop | 1.851 | 0.004 | 232 |
# | minGRU | 1.851 | 0.005 | 256 |
# | attention head | 1.939 | 0.005 | 384 × T |
# | linear attention | 1.950 | 0.005 | 9,216 |
# | delta rule | 1.928 | 0.008 | 9,216 |
# | gated delta rule | 1.898 | 0.007 | 9,216 |
#
# All were trained on windows of 64 characters. On windows of 4,096 five of them do a little better. **Before you open the answer:** the loss of
# one row explodes. Which one, and why?
#
# <details><summary>The loss on windows of 4,096</summary>
#
# | nats for T = | 64 | 4,096 |
# |---|---|---|
# | plain network, a loop | 1.82 | 1.81 |
# | LSTM, a loop | 1.85 | 1.83 |
# | minGRU | 1.85 | 1.83 |
# | attention head | 1.94 | 1.93 |
# | linear attention | 1.95 | 11.38 |
# | delta rule | 1.93 | 2.32 |
# | gated delta rule | 1.90 | 1.88 |
#
# Linear attention only adds, so at 4,096 steps its state is far larger than any that it has been trained with. The delta rule overwrites, which helps;
# with a gate, as with minGRU's, length does no harm.
# </details>
#
# At this size, and on this text, no layer beats the plain network, and minGRU comes near it with gates that know nothing of the state. The attention
# head does not see positions, so it knows *what* stood before, but not *where*. That is a handicap here. It is made for another task: to recall exactly
# what stood far back.
#
# <details><summary>How long does one sequence take, without training?</summary>
#
# Each layer in the form that it has here, on one core: the first two loop in C, minGRU is a scan
# in rounds, linear attention goes in chunks of 64, and the delta rules step by step, in Python.
#
# | milliseconds for T = | 8 | 64 | 512 | 4,096 |
# |---|---|---|---|---|
# | plain network, a loop | 0.1 | 0.3 | 2.3 | 18.6 |
# | LSTM, a loop | 0.1 | 0.1 | 0.8 | 3.0 |
# | minGRU | 0.1 | 0.3 | 0.8 | 4.6 |
# | attention head | 0.1 | 0.1 | 1.6 | 217.2 |
# | linear attention | 0.1 | 0.1 | 0.6 | 4.3 |
# | delta rule | 0.3 | 1.9 | 15.1 | 121.2 |
# | gated delta rule | 0.4 | 2.3 | 17.1 | 136.6 |
#
# At 4,096 steps minGRU's scan (4.6 ms) beats the plain network's loop in C (18.6), but not the LSTM's (3.0), for which PyTorch uses oneDNN, a library for
# CPUs. (With oneDNN switched off, the same LSTM took 42 ms.) A scan is made for hardware that computes many numbers at the same time.
# </details>
#
# This is no contest, because these are small layers, trained briefly. Large models are compared in other ways, and they mix such layers. The script
# behind the tables is not among the files that you were given. It is in the repository of the course, `benchmarks/side_by_side.py`; it prints the
# tables, and trains the layers again on any seed.
#
# ## Questions
#
# <details><summary>1. Which gates allow a parallel scan, and which do not?</summary>
#
# Those that depend only on the input: then every step is linear in the state, and its factor can be computed beforehand. A gate that looks at
# $h_{t-1}$, as in an LSTM, makes the step non-linear.
# </details>
#
# <details><summary>2. Why does linear attention have a state of fixed size, and softmax attention none?</summary>
#
# A plain product of query and key can be regrouped: the query is taken out of the sum. The exponential of the product would need infinitely many
# numbers, so all keys have to be kept.
# </details>
#
# <details><summary>3. What does a chunk size of 1 give, and what a size of T?</summary>
#
# The recurrence, and the masked matrix. Both extremes give the same numbers, in different time.
# </details>
#
# <details><summary>4. The same key comes twice, with the values 3 and 5. What is read afterwards?</summary>
#
# 8 where values are added; 5 with the delta rule and β = 1; 4 with β = ½ for the second (3 + ½ (5 − 3)).
# </details>
#
# <details><summary>5. Why can factors between 0 and 1 not follow even and odd?</summary>
#
# They keep the order of any two states, so high and low are never exchanged. A count would do, but its values crowd together at 0. A factor of −1
# flips without fading.
# </details>
#
# <details><summary>6. Why are the first r states exact after r rounds of Newton's method, whatever the first guess was?</summary>
#
# The first step begins at the known start. Where all states up to t − 1 are exact, the tangent of step t is taken at the true state, and at this
# point the tangent equals the step. So each round adds at least one.
# </details>
#
# <details><summary>7. Newton's method does far more arithmetic than the loop. When is it worth it?</summary>
#
# Where arithmetic is cheap and waiting is not: on a GPU, for long sequences, with a network for which few rounds are enough.
# </details>
#
# ## Further
#
# These are not graded.
#
# * The gradient of the non-linear network needs no iteration: $g_t = \mathrm{dh}_t + g_{t+1} A_{t+1}^\top$ is linear. Write it with `parallel_scan`, and compare
#   it with your `backward` of unit 4.
# * Give minGRU a second layer, or a relu between state and logits. What does each gain on held-out text?
# * The delta rule has a form in chunks, too (Yang and others 2024, *Parallelizing linear transformers with the delta rule over sequence length*). Derive it for chunks of two
#   steps.
#
# ## Reading
#
# * Feng, Tung, Ahmed, Bengio and Hajimirsadeghi 2024, [Were RNNs all we needed?](https://arxiv.org/abs/2410.01201): minGRU and minLSTM.
# * Katharopoulos, Vyas, Pappas and Fleuret 2020, [Transformers are RNNs](https://arxiv.org/abs/2006.16236): linear attention.
# * Schlag, Irie and Schmidhuber 2021, [Linear transformers are secretly fast weight programmers](https://arxiv.org/abs/2102.11174), and Yang, Kautz and
#   Hatamizadeh 2024, [Gated delta networks](https://arxiv.org/abs/2412.06464).
# * Grazzi and others 2024, [Unlocking state-tracking in linear RNNs through negative eigenvalues](https://arxiv.org/abs/2411.12537).
# * Lim, Zhu, Selfridge and Kasim 2024, [Parallelizing non-linear sequential models over the sequence length](https://arxiv.org/abs/2309.12252) (DEER), and
#   Danieli and others 2025, [ParaRNN](https://arxiv.org/abs/2510.21450).
