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
# # Unit 4: gradients by hand
#
# A recurrent network reads a sequence step by step and carries a hidden state from one step to the next; this one predicts the next
# character. You write it in plain NumPy, with all of its derivatives, and train it on Nietzsche's text. At the end it continues a sentence of yours.
#
# A framework differentiates for you, and so it hides what can go wrong. [The lesson](https://course17.fast.ai/lessons/lesson6.html) that this
# course follows wrote the gradients of such a network by hand, and one of them was a single number where a whole matrix belongs. Nothing broke: the
# network still learned a little. In section 12 you train with that mistake, with one that is harder to notice, and with one of your own, and measure how
# much worse the network gets.
#
# **Afterwards you can**
#
# * write the derivatives of softmax, cross-entropy and relu, and say why softmax and loss belong together;
# * send a gradient back through time, by hand and in batches;
# * check any gradient numerically, and choose a step size for that;
# * say when gradients explode or vanish, and clip them without changing their direction;
# * train a network that writes, with nothing but NumPy.
#
# You need the chain rule, matrix products and NumPy's broadcasting, but no PyTorch.
#
# **How to work.** Replace each `raise NotImplementedError()` with your code. Save while `autograder watch unit4` runs, or run the cell
# `check("…")`. If you made a common mistake, the check tells you which. Grading runs only your imports, the functions asked for, and what
# these use; try things out wherever you like. Besides `autograder`, import only NumPy and the standard library: no other package is installed
# where your file is graded. Never modify an argument in place, unless an exercise allows it. In a `.py` file, hints are visible below their
# exercises, and answers below the questions at the end; a notebook folds them. `autograder hint` shows one hint at a time.
#
# **Time.** The exercises take about 192 minutes (estimated), and reading, with the examples, about an hour. The end of section 6 is a good
# place to stop for a day. Section 12 trains for some fifteen seconds, everything else for less.
#
# **Letters**, the same in the whole course:
#
# | letter | meaning | | array | shape | meaning |
# |---|---|---|---|---|---|
# | T | steps in time | | `x`, `targets` | (T, B) | ids of characters, integers |
# | B | sequences in a batch | | `logits` | (T, B, V) | scores before softmax |
# | V | characters in the vocabulary | | `h` | (T+1, B, H) | hidden states; `h[0]` is the start |
# | H | hidden units | | `params` | | a dict of the five arrays below |
#
# | `params[…]` | shape | what it does |
# |---|---|---|
# | `"Wx"` | (V, H) | input → hidden: row `i` belongs to character `i` |
# | `"Wh"` | (H, H) | hidden → hidden, from one step to the next |
# | `"bh"` | (H,) | bias of the hidden state |
# | `"Wy"` | (H, V) | hidden → output |
# | `"by"` | (V,) | bias of the output |

# %%
import numpy as np

import autograder

check = autograder.unit("unit4_manual_gradients")

# %% [markdown]
# In the first four sections you write pieces, and the network comes in section 5. This is one step of training, from top to bottom, with the
# section of each piece in brackets:
#
# ```text
# x, the characters that are read
# │  forward (5), with relu (1)
# ▼
# logits: scores of what may come next
# │  softmax (2), cross-entropy (3); combined (4)
# ▼
# loss
# │  softmax derivative (2), combined with loss (4)
# ▼
# dlogits: gradient of the loss for each score
# │  backward (6), with relu's derivative (1)
# ▼
# grads: gradient of the loss for each weight
# │  clip (10), sgd (10)
# ▼
# better weights; repeat with the next batch (11)
# ```
#
# An example: three characters may come next, and their scores are 2, 1 and 0. Softmax turns the scores into 0.665, 0.245 and 0.090.
# The second character is the right one, so the loss is −ln 0.245, about 1.41. How should each score move, and how far? Sections 2 to 4 answer that,
# and section 6 passes the answer on to every weight.
#
# ## 1. Activations and their derivatives
#
# An activation is applied elementwise, so its derivative is an array of the same shape. Here are two:
#
# $$\sigma(z) = \frac{1}{1 + e^{-z}} \qquad \sigma'(z) = \sigma(z)\,(1 - \sigma(z)) \qquad
# \mathrm{relu}(z) = \max(z, 0) \qquad \mathrm{relu}'(z) = [z > 0]$$
#
# A bracket such as $[z > 0]$ is 1 where its condition is true, and 0 elsewhere. At exactly 0 we set the derivative of relu to 0, by
# convention. The network of this unit uses relu; the gates of unit 5 use the sigmoid.
#
# Large inputs need care, because $e^{1000}$ overflows float64. `sigmoid(-1000)` should be 0, and `sigmoid(1000)` should be 1. The form
# above already gives both; at −1000 NumPy warns that something overflowed, which you can ignore. Some other forms give NaN.
#
# **Exercise** · 6 minutes · ●○○ · about 4 lines in all
#
# <details><summary>The check reports NaN or infinity</summary>
#
# The form $e^z / (1 + e^z)$ divides infinity by infinity at a large z. $1 / (1 + e^{-z})$ divides 1 by infinity at a very negative z, which is 0. A
# third form, `(1 + tanh(z / 2)) / 2`, equals σ(z). What does it do at ±1000?
# </details>
#
# <details><summary>My relu gives one number instead of an array</summary>
#
# `np.max` takes the largest entry of the whole array. Which NumPy function takes the larger of two values elementwise?
# </details>


# %%
def sigmoid(z):
    """The logistic function of each entry of `z`, any shape; safe for entries of any size."""
    # YOUR CODE HERE
    raise NotImplementedError()


def sigmoid_d(z):
    """The derivative of `sigmoid` at each entry of `z`, the same shape."""
    # YOUR CODE HERE
    raise NotImplementedError()


def relu(z):
    """The larger of `z` and 0, elementwise."""
    # YOUR CODE HERE
    raise NotImplementedError()


def relu_d(z):
    """1 where `z` is above 0, and 0 elsewhere: the same shape, numbers or booleans."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("activations")

# %% [markdown]
# ## 2. Softmax, and its derivative, a matrix
#
# Softmax turns V scores into V probabilities: $p_i = e^{z_i} / \sum_j e^{z_j}$. The sum runs over the *last* axis,
# whatever comes before it: with logits of shape (T, B, V), each of the T × B rows becomes a distribution of its own.
#
# Adding the same number c to all scores of a row changes nothing: numerator and denominator are both multiplied by $e^c$. So
# subtract the row's largest score first: then no exponent is above 0, and nothing overflows.
#
# Push up one score, and *every* probability moves, because they share the sum. So the derivative of V probabilities
# with respect to V scores is a (V, V) matrix, the *Jacobian*:
#
# $$\frac{\partial p_i}{\partial z_j} = p_i\,([i = j] - p_j)$$
#
# For the scores 2, 1 and 0 it is
#
# | | $z_1$ | $z_2$ | $z_3$ |
# |---|---|---|---|
# | $p_1$ | 0.22 | −0.16 | −0.06 |
# | $p_2$ | −0.16 | 0.18 | −0.02 |
# | $p_3$ | −0.06 | −0.02 | 0.08 |
#
# Raise the second score by 0.1, and the probabilities move by about 0.1 times the second column: −0.016, 0.018 and −0.002. What one gains, the
# others lose, so each column sums to 0.
#
# **Exercise** · 20 minutes · ●●○ · about 4 lines in all
#
# <details><summary>The shapes do not fit when I divide by the sum</summary>
#
# A sum over the last axis loses that axis. `keepdims=True` keeps it with length 1, so that broadcasting lines up.
# </details>
#
# <details><summary>How do I write it without two loops?</summary>
#
# One term has numbers only on its diagonal, the other is made of all products of two vectors. NumPy has a function for
# each: `np.diag` and `np.outer`.
# </details>


# %%
def softmax(z):
    """Probabilities over the last axis of `z`, shape (..., V) to (..., V); safe for entries of any size."""
    # YOUR CODE HERE
    raise NotImplementedError()


def softmax_d(z):
    """The Jacobian of softmax at one vector of scores: `z` (V,) to (V, V), entry (i, j) = ∂p_i/∂z_j."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("softmax_values")

# %%
check("softmax_jacobian")

# %% [markdown]
# ## 3. Cross-entropy of probabilities
#
# How bad is a prediction `p` if the target is the one-hot vector `y`? Cross-entropy is minus the logarithm of the probability that the model
# gave to the target. You may assume that no probability is 0.
#
# $$\mathrm{CE}(p, y) = -\sum_i y_i \ln p_i$$
#
# Its unit is the *nat*, because the logarithm is the natural one. A model that guesses uniformly gives each of V characters
# 1/V and has a loss of ln V: 4.4 nats for 83 characters. For `p = [.2, .7, .1]` and `y = [0, 1, 0]` it is 0.356675.
#
# **Exercise** · 7 minutes · ●○○ · about 2 lines in all
#
# <details><summary>What is the derivative with respect to p?</summary>
#
# It has one entry for each $p_i$: change $p_i$ alone and hold the others still. Only one term of the sum contains $p_i$.
# </details>


# %%
def x_entropy(p, y):
    """The cross-entropy of probabilities `p` (V,) with a one-hot target `y` (V,), a number in nats."""
    # YOUR CODE HERE
    raise NotImplementedError()


def x_entropy_d(p, y):
    """The derivative of `x_entropy` with respect to each entry of `p`, shape (V,)."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("cross_entropy_of_probabilities")

# %% [markdown]
# Now chain your two derivatives. The loss depends on p, and p on the scores z, so the gradient with respect to z is the vector that `x_entropy_d`
# returns, times the Jacobian. The cell does it for the scores 2, 1 and 0, where the second character is the right one. **Look at the last
# line**: how does it follow from p and y?

# %%
with autograder.example("two derivatives, chained"):
    z, y = np.array([2.0, 1.0, 0.0]), np.array([0.0, 1.0, 0.0])
    p = np.asarray(softmax(z))
    print("p:                      ", np.round(p, 4))
    print("y:                      ", y)
    print("derivative of the loss: ", np.round(x_entropy_d(p, y), 4) + 0.0)  # no −0
    print("that times the Jacobian:", np.round(np.dot(x_entropy_d(p, y), softmax_d(z)), 4))

# %% [markdown]
# ## 4. Softmax and cross-entropy in one
#
# The last line is p − y: predicted minus true. That is so for all scores, because the $p_i$ cancel, and the $y_i$ sum to 1:
#
# $$\frac{\partial\,\mathrm{CE}}{\partial z_j} = \sum_i -\frac{y_i}{p_i}\; p_i\,([i = j] - p_j) = -y_j + p_j \sum_i y_i = p_j - y_j$$
#
# So we work with the scores (*logits*) directly, and nothing is divided by p any more. The loss is safer, too: the logarithm of
# a probability that rounds to 0 is −∞, while $\ln p_i = z_i - \ln \sum_j e^{z_j}$ stays finite, if the row's largest score is subtracted first.
#
# From here on we handle a batch of sequences at once. The loss of a batch is the **sum over the T steps and the mean over
# the B sequences**, as in the lesson, and the gradient has the same factor 1/B. One step of two sequences, with V = 3:
#
# | b | `logits[0, b]` | `targets[0, b]` | p | loss | `dlogits[0, b]`, (p − y) / 2 |
# |---|---|---|---|---|---|
# | 0 | 2, 1, 0 | 1 | 0.67, 0.24, 0.09 | 1.41 | 0.33, −0.38, 0.05 |
# | 1 | 0, 0, 0 | 0 | 0.33, 0.33, 0.33 | 1.10 | −0.33, 0.17, 0.17 |
#
# The loss of this batch is (1.41 + 1.10) / 2 = 1.25. A second step would *add* its own. (Units 2 and 5 also divide by T.)
#
# **Exercise** · 20 minutes · ●●○ · about 6 lines
#
# <details><summary>How do I pick one entry of each row?</summary>
#
# Either build the one-hot array, `np.eye(V)[targets]`, which is (T, B, V), or index with three arrays that broadcast to
# (T, B): steps as a column, sequences as a row, and `targets`.
# </details>
#
# <details><summary>It works for small logits, and is infinite or NaN for large ones</summary>
#
# `np.log(softmax(z))` takes the logarithm of a 0. Subtract the row's largest score, then subtract the log of the sum of
# exponentials: no probability is ever formed.
# </details>


# %%
def cross_entropy(logits, targets):
    """The loss in nats, summed over steps and averaged over the batch, and its gradient with respect to the logits.

    logits (T, B, V), targets (T, B) → loss, dlogits (T, B, V); safe for logits of any size.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("loss_of_logits")

# %% [markdown]
# ## 5. Forward through time
#
# Here is the network, step by step. It uses the same three weight matrices at *every* step, which is the whole idea of recurrence:
#
# $$z_t = W_x[x_t] + h_{t-1} W_h + b_h \qquad h_t = \mathrm{relu}(z_t) \qquad \mathrm{logits}_t = h_t W_y + b_y$$
#
# Multiplying a one-hot vector by a matrix picks a row, so the input needs no product. With B = 5, V = 13 and H = 9, `x[t]` holds 5 ids, and
# `Wx[x[t]]` their 5 rows of 9 numbers. The state (5, 9) times `Wh` (9, 9) has that shape too, and the bias (9,) is added to every row.
#
# The backward pass needs every hidden state again, so `forward` keeps them. The formula's $h_t$ is `h[t + 1]` in code, and its $h_{t-1}$ is
# `h[t]`, because `h[0]` is the start `h0`.
#
# ![Three steps. Each step reads x[t] through Wx and the state before it through Wh, and gives the state h[t + 1], from which Wy
# makes logits[t]. So there is one state more than there are steps: h[0] is the start.](../drawings/forward.svg)
#
# **Exercise** · 15 minutes · ●●○ · about 7 lines
#
# <details><summary>Where does the number of steps come from, and why T+1?</summary>
#
# T is `len(x)`. There is one state more than there are steps, like fence posts and the gaps between them: the start counts.
# </details>


# %%
def forward(params, x, h0):
    """Logits at every step, and all hidden states with the start in front: two arrays.

    x (T, B) integers, h0 (B, H) → logits (T, B, V), h (T+1, B, H)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("states_and_logits")

# %% [markdown]
# ## 6. Backward through time
#
# Now in the other direction. You know `dlogits`, the gradient of the loss with respect to every logit, and want it with respect to every
# parameter. You write one function in three stages, and each has a check: the output layer, one step back, all steps.
#
# One rule helps in all of them: **a gradient has the shape of what it belongs to.** So shapes tell you where to transpose. Let B = 5, V = 13 and
# H = 9. At one step `h[t + 1]` is (5, 9), `dlogits[t]` is (5, 13), and the gradient of `Wy` should be (9, 13). There is one such product, (9, 5) times
# (5, 13): `h[t + 1].T @ dlogits[t]`. The 5 vanishes, so it sums over the batch. (Only `Wh` is square, so there shapes do not decide: keep to the formula.)
#
# **Stage 1: the output layer.** At each step
#
# $$\mathrm{d}W_y \mathrel{+}= h_t^\top\, \mathrm{d\,logits}_t$$
#
# and the bias gets the sum over the batch. (The formula's $h_t$ is `h[t + 1]` in code.) `Wy` is used at every step, so its gradients **add up** over
# time; they never replace each other. For now, return a dict of `Wy` and `by`, and None for dh0.
#
# **Exercise** · 40 minutes · ●●● · about 12 lines, in three stages
#
# <details><summary>Which h belongs where?</summary>
#
# In code, step t read `h[t]` and wrote `h[t + 1]`. The output layer and the activation saw `h[t + 1]`; `Wh` saw `h[t]`.
# </details>


# %%
def backward(params, x, h, dlogits):
    """The gradient of the loss with respect to every parameter and to the start.

    x (T, B), h (T+1, B, H) from `forward`, dlogits (T, B, V) → a dict of arrays shaped like `params`, dh0 (B, H)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("output_gradients")

# %% [markdown]
# **Stage 2: one step back.** Go on in the same function. The check reads sequences of one step, T = 1. Put these lines into your loop
# from stage 1; stage 3 needs it.
#
# 1. From the output to the state: $\mathrm{d}h = \mathrm{d\,logits}_t\, W_y^\top$.
# 2. Through the activation: $\mathrm{d}z = \mathrm{d}h \odot \mathrm{relu}'(z_t)$. As relu(z) is above 0 exactly where z is,
#    the kept state is enough.
# 3. To what made z: $\mathrm{d}W_h \mathrel{+}= h_{t-1}^\top\, \mathrm{d}z$, the bias, and the rows of $W_x$ that were looked up. (In stage 3
#    several sequences read the same row; their gradients add.)
# 4. To the state before: $\mathrm{dnext} = \mathrm{d}z\, W_h^\top$. With one step this is dh0.

# %%
check("one_step_back")

# %% [markdown]
# **Stage 3: all steps.** One thing is new. The state $h_t$ was used **twice**: for this step's output, and by the next step. Both gradients add, so
# item 1 becomes
#
# $$\mathrm{d}h = \mathrm{d\,logits}_t\, W_y^\top + \mathrm{dnext}$$
#
# where `dnext` is what item 4 gave at step t + 1. So walk from the last step to the first, and keep `dnext` in hand.
#
# ![The three steps of the picture in section 5, with gradients dashed. dlogits[t] comes down through Wy into the state h[t +
# 1]. There it meets dnext, which comes back from the step after it through Wh. Both add. The sum, times relu's derivative, goes on
# to the left through Wh as the dnext of the step before, and at the end into the start h[0].](../drawings/backward.svg)
#
# In numbers, with one hidden unit, two steps and $W_h = 0.5$. The states are `h[0]` = 1 (the start), `h[1]` = 0.9 and `h[2]` = 0.25. From the outputs
# ($\mathrm{d\,logits}_t\, W_y^\top$) comes 0.3 at the first step and 0.2 at the second:
#
# | step | 1. dh: output + dnext | 2. dz | 3. adds to dWh | 3. adds to dbh | 4. dnext |
# |---|---|---|---|---|---|
# | second | 0.2 + 0 = 0.2 | 0.2 | `h[1]` · 0.2 = 0.18 | 0.2 | 0.2 · 0.5 = 0.1 |
# | first | 0.3 + 0.1 = 0.4 | 0.4 | `h[0]` · 0.4 = 0.40 | 0.4 | 0.4 · 0.5 = 0.2 |
#
# So dWh = 0.58, dbh = 0.6, and the start gets 0.2. If `h[2]` were 0, dz of the second step would be 0, and so would all that follows in that row.
#
# Only items 1, 2 and 4 have to go step by step. The rest can stand inside the loop, adding as you go, or outside it: a product that sums over steps
# and batch is `np.tensordot(a, b, ([0, 1], [0, 1]))`.
#
# <details><summary>What is dnext at the very first step back?</summary>
#
# Nothing comes after the last step, so nothing comes back from there: zeros of the state's shape.
# </details>
#
# <details><summary>Several sequences of the batch read the same character</summary>
#
# Then its row of `Wx` was used several times in this step, and all their gradients add. `dWx[x[t]] += dz` looks as if it
# did that, but NumPy reads, adds and writes back once for each id: with repeated ids the last one wins. `np.add.at` adds
# every time; so does the product with the one-hot matrix.
# </details>

# %%
check("backward_through_time")

# %% [markdown]
# ## 7. Do not trust it: a numerical check
#
# You can measure a derivative: move one number a little to both sides and see how the loss changes. The *central* difference
#
# $$\frac{\partial f}{\partial w_i} \approx \frac{f(w_i + \varepsilon) - f(w_i - \varepsilon)}{2\varepsilon}$$
#
# has an error of order ε², the one-sided difference one of order ε. In numbers: the derivative of w³ at 1 is 3. With ε = 0.1 the central difference
# is (1.331 − 0.729) / 0.2 = 3.01, and the one-sided one (1.331 − 1) / 0.1 = 3.31.
#
# The smallest ε is not the best: each f is rounded, to about 16 digits, and dividing by 2ε makes the rounding error larger, the more so the smaller ε
# is. The best ε lies in between: ε² and 10⁻¹⁶ / ε are equally small near 10⁻⁵.
#
# **Exercise** · 15 minutes · ●●○ · about 7 lines
#
# <details><summary>How do I visit all entries of an array of any shape?</summary>
#
# `for i in np.ndindex(w.shape)` gives index tuples: `w[i]` is one number.
# </details>


# %%
def numerical_gradient(f, w, eps=1e-5):
    """The gradient of `f` at `w` by central differences.

    f: a function of an array like `w` that returns a number; w: floats, any shape → the same shape.
    `w` is unchanged afterwards, up to rounding if you perturb it in place.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("numerical")

# %% [markdown]
# Your two gradients should now agree, each computed without the help of the other. How near is near enough? That depends on the size of the
# gradient, so divide by it: the *relative error* of a derivative a by hand and n by differences is $|a - n| / \max(|a|, |n|)$. Up to about 1e-6 is agreement, and 1e-2 is a mistake. In between suspect the kink of relu, the point 0 at which its slope jumps: if
# the two points lie on opposite sides of it, both gradients can be right and yet differ.
#
# The cell compares all arrays of a tiny network. (It divides the largest difference in an array by the array's largest entry.) Then it measures the
# gradient with respect to `Wh` again, for ε from 10⁻¹ to 10⁻¹³. **Before you run it:** how does the error change from one ε to the next, above the best ε
# and below it?

# %%
with autograder.example("your backward pass against your numerical gradient"):
    rng = np.random.default_rng(0)
    tiny = {"Wx": (5, 4), "Wh": (4, 4), "bh": (4,), "Wy": (4, 5), "by": (5,)}
    tiny = {name: rng.normal(0, 0.5, shape) for name, shape in tiny.items()}
    x_tiny, y_tiny, h_tiny = (
        rng.integers(0, 5, (6, 3)),
        rng.integers(0, 5, (6, 3)),
        rng.random((3, 4)),
    )

    def tiny_loss(name, w):
        return cross_entropy(forward({**tiny, name: w}, x_tiny, h_tiny)[0], y_tiny)[0]

    logits_tiny, states_tiny = forward(tiny, x_tiny, h_tiny)
    by_hand, _ = backward(tiny, x_tiny, states_tiny, cross_entropy(logits_tiny, y_tiny)[1])

    def relative_error(one, other):
        return np.abs(one - other).max() / max(np.abs(one).max(), np.abs(other).max())

    for name in tiny:
        measured = numerical_gradient(lambda w, name=name: tiny_loss(name, w), tiny[name])
        print(f"{name}: relative error {relative_error(by_hand[name], measured):.1e}")
    for power in range(1, 14):
        measured = numerical_gradient(lambda w: tiny_loss("Wh", w), tiny["Wh"], 10.0**-power)
        print(
            f"Wh, ε = 1e-{power:02}: relative error {relative_error(by_hand['Wh'], measured):.1e}"
        )

# %% [markdown]
# Read the second list from the top. At 0.1 and 0.01 a step crosses a kink of relu, and the difference is not a derivative. From 10⁻³ to 10⁻⁵ the
# error falls by about 100 with each power of ten, as ε² does. From 10⁻⁶ on rounding takes over, and the error grows by about 10 with each power.
#
# ## 8. Two losses are enough
#
# The network of section 11 has 14,867 weights, so its gradient takes 29,734 losses to measure. To find out only *whether* it is
# right, two losses are enough. Draw a direction d, as many numbers as there are weights, and move all weights along it. The slope that you measure
# should be the one that the gradient g predicts:
#
# $$\textstyle\sum_i g_i\, d_i \;\approx\; \frac{L(w + \varepsilon d) - L(w - \varepsilon d)}{2\varepsilon}$$
#
# Let the loss be $L(w) = w_1^2 + 3 w_2$, at w = (1, 2). There the gradient is g = (2, 3), so along d = (1, −1) it predicts 2 · 1 + 3 · (−1) = −1. With
# ε = 0.1 the two losses are L(1.1, 1.9) = 6.91 and L(0.9, 2.1) = 7.11, and the slope is (6.91 − 7.11) / 0.2 = −1, too. A wrong gradient, (2, 4),
# predicts −2, so its relative error is |−2 + 1| / 2 = 0.5.
#
# **Find the mistake.** But who checks the checker? The function that you get has a mistake in one line; which one depends on your name.
#
# 1. Write your name and run the example below it. It prints the function; copy that to where it is asked for.
# 2. Run the example below the function, which knows what the errors should be. Take the first one that is wrong, and follow the function with a pencil, as
#    above, to the first line where its numbers differ from yours. Repair it in your way. The check runs it.
# 3. Give the number that is printed at the end of the wrong line. The check records it, and it is judged when you have handed in.
#
# **Exercise** · 15 minutes · ●●○ · about 11 lines in all
#
# <details><summary>Which numbers should I follow?</summary>
#
# Print `by_hand` and `measured`. In the first row both should be −0.5, and `up` should hold 1.1, 1.9 and 5.05. The first that is not leads to its line.
# If all are right, look at the last line.
# </details>


# %%
def my_name():
    """Your name, as you hand in: your login, your e-mail address, or the name in the list of the class."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
with autograder.example("a function with your mistake in it"):
    print(check.with_mistake("error_along", my_name()))


# %%
def error_along(loss, params, grads, direction, eps):
    """The relative error of `grads` along `direction`, |a − n| / max(|a|, |n|), with a by hand and n by a central difference.

    loss: a function of a dict like `params` that returns a number; `grads` and `direction` are dicts of arrays, too.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
with autograder.example("known errors"):

    def known_loss(params):  # that of the text, and one more weight
        return params["w"][0] ** 2 + 3 * params["w"][1] + params["b"][0]

    at = {"w": np.array([1.0, 2.0]), "b": np.array([5.0])}
    for gradient, along, expected in (
        ((2, 3, 1), (1, -1, 0.5), 0.0),  # right: by hand -0.5, measured -0.5
        ((2, 4, 1), (1, -1, 0.5), 0.667),  # by hand -1.5, measured -0.5
        ((2, 3, 1), (2, 1, -1), 0.0),
        ((1, 3, 1), (2, 1, -1), 0.333),
        ((-2, -3, -1), (2, 1, -1), 2.0),
    ):
        g, d = (
            {"w": np.array(v[:2], float), "b": np.array(v[2:], float)} for v in (gradient, along)
        )
        error = np.round(error_along(known_loss, at, g, d, 0.1), 3)
        print(f"gradient {gradient} along {along}: error {error}, should be {expected}")

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
with autograder.example("14,867 weights checked by two losses"):
    rng = np.random.default_rng(0)
    large = {"Wx": (83, 64), "Wh": (64, 64), "bh": (64,), "Wy": (64, 83), "by": (83,)}
    large = {name: rng.normal(0, 0.1, shape) for name, shape in large.items()}
    x_large, y_large, h_large = *rng.integers(0, 83, (2, 8, 32)), np.zeros((32, 64))

    def large_loss(params):
        return cross_entropy(forward(params, x_large, h_large)[0], y_large)[0]

    logits_large, states_large = forward(large, x_large, h_large)
    right, _ = backward(large, x_large, states_large, cross_entropy(logits_large, y_large)[1])
    one_wrong = right | {"bh": right["bh"] + 0.01 * (np.arange(64) == 7)}
    direction = {name: rng.normal(0, 1, w.shape) for name, w in large.items()}
    for words, grads in (
        ("your gradient", right),
        ("Wh transposed", right | {"Wh": right["Wh"].T}),
        ("0.01 added to one entry", one_wrong),
    ):
        error = error_along(large_loss, large, grads, direction, 1e-6)
        print(f"{words}: relative error {error:.1e}")

# %% [markdown]
# Your gradient agrees to eight digits. A single wrong entry among 14,867 shows as well, although two losses do not say *which* entry it is.
#
# ## 9. How far back does a gradient reach?
#
# At every step back `dnext` is multiplied by $W_h^\top$, and by relu's derivative, which is 1 where a unit is active, as here. Say $W_h$ is 1.05 times
# the identity. How many times as large is a gradient a hundred steps back? And how much of it is left where $W_h$ is 0.95 times the identity? Write a
# number for the first before you run the example; every prediction earns the point.
#
# **Exercise** · 2 minutes · ●○○ · about 1 line
#
# <details><summary>Do I have to work it out?</summary>
#
# No, guess. What counts is that you have said a number before you see the right one.
# </details>


# %%
def gradient_100_steps_back():
    """Your prediction: how many times as large is the gradient, where Wh is 1.05 times the identity?"""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("predicted_growth")

# %%
with autograder.example("gradient norms through 100 steps"):
    print(f"predicted for 1.05: × {gradient_100_steps_back():.4g}")
    import matplotlib.pyplot as plt

    scales = {
        1.25: "tab:red",
        1.05: "lightcoral",
        1.0: "tab:orange",
        0.95: "lightblue",
        0.8: "tab:blue",
    }
    for scale, colour in scales.items():
        steps, hidden = 100, 16
        long = {
            "Wx": np.full((3, hidden), 0.01),
            "Wh": scale * np.eye(hidden),
            "bh": np.zeros(hidden),
        }
        long |= {"Wy": np.ones((hidden, 3)), "by": np.zeros(3)}
        x_long = np.zeros((steps, 1), int)
        _, h_long = forward(long, x_long, np.ones((1, hidden)))
        norms = []
        for back in range(1, steps + 1):
            d_last = np.zeros((back, 1, 3))
            d_last[-1] = 1.0
            norms.append(
                np.linalg.norm(backward(long, x_long[:back], h_long[: back + 1], d_last)[1])
            )
        times = np.array(norms) * scale / norms[0]  # one step back is a factor of `scale`
        plt.semilogy(np.arange(1, steps + 1), times, color=colour, label=f"Wh = {scale} × identity")
        print(f"Wh = {scale} × identity: after 100 steps × {times[-1]:.2g}")
    (
        plt.xlabel("steps back"),
        plt.ylabel("norm of the gradient, as a multiple"),
        plt.legend(),
    )
    plt.show()

# %% [markdown]
# With 1.05 the gradient becomes 131 times as large; with 0.95, 0.6 % of it is left. With 1.25 it *explodes*, to five billion times, and with 0.8 it
# *vanishes*, to less than a billionth. So the lesson starts $W_h$ at the identity, where the gradient passes unchanged through active units
# of relu. Training moves $W_h$, so this holds only at the start. The picture below shows a gradient
# that vanishes, number by number. Against exploding there is a remedy for the whole run: clipping.
#
# ![One hidden unit through ten steps, with relu, the weight 0.7 and the input 0.1. Its states go from h[0] = 1 down to h[10] =
# 0.35. Below each stands the gradient of h[10] with respect to it, from the right to the left: 1, 0.7, 0.49 and so on. Each is 0.7
# times the one to its right, and the one of h[0] is 0.028.](../drawings/gradient_in_numbers.svg)
#
# ## 10. Clip, then step
#
# If the gradient is too long, make it shorter; do not change its direction. *One* norm over all arrays together:
#
# $$n = \sqrt{\textstyle\sum_{\text{arrays}} \sum_i g_i^2} \qquad g \leftarrow g \cdot \min(1, \mathrm{bound} / n)$$
#
# If one array holds 3 and another 0 and 4, n is 5, and with a bound of 2.5 they become 1.5, and 0 and 2. (Here n is never 0.)
#
# Then stochastic gradient descent, in one line: $w \leftarrow w - \mathrm{lr} \cdot g$, for all parameters at once. Both functions return new
# arrays and leave the old ones as they are: another function may still hold them and must not find them changed.
#
# **Exercise** · 12 minutes · ●○○ · about 4 lines in all
#
# <details><summary>Why not clip each number by itself?</summary>
#
# Because that changes the direction: a gradient of (100, 1) clipped at 1 becomes (1, 1). One norm over everything keeps it.
# </details>
#
# <details><summary>It says that the parameters were changed in place</summary>
#
# `w -= lr * g` writes into the array that the caller still holds. `w - lr * g` makes a new one.
# </details>


# %%
def clip(grads, bound):
    """Gradients scaled so that their global norm is at most `bound`, and the norm before.

    grads: a dict of arrays → a new dict of arrays, a number. `grads` itself stays as it is.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def sgd(params, grads, lr):
    """New parameters after one step of gradient descent; `params` and its arrays stay as they are."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("clipping")

# %%
check("gradient_descent")

# %% [markdown]
# ## 11. Training
#
# You have all the pieces. For each batch `(x, targets)`: start from a hidden state of zeros, go forward, measure, go backward,
# clip, step. Keep the loss of each batch *before* its step. `batches` yields the pairs, each (T, B); it may be a generator, which has no length, and its
# batches may differ in size.
#
# Each batch is a set of windows cut from anywhere in the text, so nothing is carried over from one batch to the next.
#
# **Exercise** · 20 minutes · ●●○ · about 10 lines
#
# <details><summary>What shape has the start?</summary>
#
# (B, H). B comes from `x.shape`, H from a weight that has it, such as `params["Wh"]`.
# </details>


# %%
def train(params, batches, lr, bound):
    """Train on each batch in turn: clipped gradients, plain SGD, a hidden state of zeros at each batch's start.

    Returns the parameters after the last batch and the list of losses, each from before its batch's step.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("seven_steps")

# %% [markdown]
# **For real.** Now the corpus of the lesson: Nietzsche, 600,893 characters. The starting weights are those of the lesson's Theano network: the hidden matrix is the
# identity, biases are zero, and the rest is drawn with a standard deviation of $\sqrt{2 / \text{rows}}$. The run takes a few seconds.
#
# Compare its loss with two others, in nats per character. Guessing uniformly has a loss of ln V = 4.42. Guessing by how frequent each character is has one of
# 3.13, or 3.04 on the held-out text. (If you have *Sense and Sensibility* instead, the run prints the figures for it.) Your network predicts each character from the one to eight characters before it in its window.


# %%
def starting_weights(rng, V, H):
    """The first weights: identity for hidden → hidden, zero biases, N(0, 2/rows) for the others."""
    weights = {"Wx": rng.normal(0, np.sqrt(2 / V), (V, H)), "Wh": np.eye(H), "bh": np.zeros(H)}
    return weights | {"Wy": rng.normal(0, np.sqrt(2 / H), (H, V)), "by": np.zeros(V)}


def windows(ids, rng, T, B, count):
    """`count` batches of B windows cut anywhere: x (T, B), and the same shifted on by one (T, B)."""
    for _ in range(count):
        start = rng.integers(0, len(ids) - T, B)
        window = ids[start + np.arange(T + 1)[:, None]]  # (T+1, B)
        yield window[:-1], window[1:]


# %%
with autograder.example("training on the corpus"):
    text = autograder.corpus()
    alphabet = sorted(set(text.train))
    ids = np.array([alphabet.index(c) for c in text.train])
    rng = np.random.default_rng(4)
    begin = starting_weights(rng, len(alphabet), 64)
    trained, losses = train(begin, windows(ids, rng, 8, 32, 2000), lr=0.1, bound=5.0)
    per_character = np.array(losses) / 8
    share = np.bincount(ids) / len(ids)
    floor = -(share * np.log(share)).sum()
    print(
        f"guessing uniformly {np.log(len(alphabet)):.2f}, by frequency {floor:.2f} nats per character"
    )
    print(f"last 200 batches: {per_character[-200:].mean():.3f} nats per character")
    unseen = np.array([alphabet.index(c) if c in alphabet else 0 for c in text.held_out])
    ((x_new, y_new),) = windows(unseen, np.random.default_rng(0), 8, 3000, 1)
    logits, _ = forward(trained, x_new, np.zeros((3000, 64)))
    print(f"held out: {cross_entropy(logits, y_new)[0] / 8:.3f} nats per character")

    import matplotlib.pyplot as plt

    plt.plot(per_character, color="0.8", label="each batch")
    plt.plot(np.arange(25, 2000, 50), per_character.reshape(-1, 50).mean(1), label="mean of 50")
    plt.axhline(floor, ls=":", color="0.4", label="knowing only how frequent characters are")
    (
        plt.xlabel("batch"),
        plt.ylabel("loss in nats per character"),
        plt.title(text.name),
        plt.legend(),
    )
    plt.show()

# %% [markdown]
# The check trains your functions in the same way, only shorter, and measures the trained weights on held-out text. It compares with our own
# solution on the same seed, initial weights and batches, so luck plays no part.

# %%
check("training")

# %% [markdown]
# ## 12. What does a wrong gradient cost?
#
# You need 15 minutes here, and no points depend on it. Here are the mistakes that the introduction promised:
#
# * `one_number` is the lesson's. For each step it takes the number $h_{t-1} \cdot \mathrm{d}z$ where the outer product belongs. Summed over steps and
#   batch, it is the sum of the diagonal of your gradient.
# * `no_past` forgets `dnext`, so that a state learns nothing from later steps.
# * A third run never changes `Wh`, and a fourth has the right gradient and is never clipped.
#
# **Before you run it:** put five runs in the order of their losses: these four, and one with the right gradient, clipped.


# %%
def one_number(params, x, h, dlogits):
    """The lesson's mistake: one number everywhere in the gradient of `Wh`."""
    grads, _ = backward(params, x, h, dlogits)
    return grads | {"Wh": np.full_like(params["Wh"], np.trace(grads["Wh"]))}


def no_past(params, x, h, dlogits):
    """Gradients without `dnext`: each step by itself, as if nothing came after it."""
    total = {name: np.zeros_like(array) for name, array in params.items()}
    for t in range(len(x)):
        of_step, _ = backward(params, x[t : t + 1], h[t : t + 2], dlogits[t : t + 1])
        total = {name: total[name] + of_step[name] for name in total}
    return total


def trained_with(gradient, bound):
    """Train with another gradient: the loss on the held-out windows, and the norms before clipping."""
    rng = np.random.default_rng(4)
    params, norms = starting_weights(rng, len(alphabet), 64), []
    for x, targets in windows(ids, rng, 8, 32, 2000):
        logits, h = forward(params, x, np.zeros((32, 64)))
        grads = gradient(params, x, h, cross_entropy(logits, targets)[1])
        grads, norm = clip(grads, bound)
        params = sgd(params, grads, 0.1)
        norms.append(norm)
    logits, _ = forward(params, x_new, np.zeros((3000, 64)))
    return cross_entropy(logits, y_new)[0] / 8, norms


with autograder.example("wrong gradients"):
    ((x_check, y_check),) = windows(ids, np.random.default_rng(0), 8, 32, 1)
    zeros = np.zeros((32, 64))
    rng = np.random.default_rng(1)
    direction = {name: rng.normal(0, 1, w.shape) for name, w in begin.items()}

    def loss_of(params):
        return cross_entropy(forward(params, x_check, zeros)[0], y_check)[0]

    logits, h = forward(begin, x_check, zeros)
    dlogits = cross_entropy(logits, y_check)[1]
    of_all = {
        "right": backward(begin, x_check, h, dlogits)[0],
        "one number in Wh": one_number(begin, x_check, h, dlogits),
        "dnext forgotten": no_past(begin, x_check, h, dlogits),
    }
    for name, grads in of_all.items():
        error = error_along(loss_of, begin, grads, direction, 1e-6)
        print(f"{name:<21} relative error along a direction {error:.2g}")
    print()
    held_out = {}
    for name, gradient, bound in (
        ("right", lambda *given: backward(*given)[0], 5.0),
        ("one number in Wh", one_number, 5.0),
        ("Wh left alone", lambda *given: backward(*given)[0] | {"Wh": 0 * given[0]["Wh"]}, 5.0),
        ("dnext forgotten", no_past, 5.0),
        ("right, never clipped", lambda *given: backward(*given)[0], np.inf),
    ):
        held_out[name], norms = trained_with(gradient, bound)
        print(
            f"{name:<21} held out {held_out[name]:.3f}; "
            f"{sum(norm > 5 for norm in norms):>5} gradients longer than 5, the longest {max(norms):.0f}"
        )

# %% [markdown]
# That was one seed. On five we came to these means and standard deviations, on the lesson's corpus:
#
# | gradient | nats per character | beside the right one |
# |---|---|---|
# | right | 2.152 ± 0.010 | |
# | `dnext` forgotten | 2.200 ± 0.014 | 0.048 ± 0.016 worse |
# | right, never clipped | 2.244 ± 0.066 | 0.093 ± 0.070 worse |
# | `Wh` left alone | 2.314 ± 0.008 | 0.163 ± 0.016 worse |
# | one number in `Wh` | 2.844 ± 0.018 | 0.692 ± 0.015 worse |
#
# Every other run is worse than the right one on all five seeds. The lesson's mistake is worse than not training `Wh` at all. Part of that is
# clipping: the wrong entries make the gradient so long that all others are shrunk in nearly every step. Still the network learns: with only the
# frequencies of characters the loss would be 3.04. Forgetting `dnext` makes it only 0.05 worse. You would not see that in a loss curve, but two
# losses are enough: see the relative errors above. How much clipping helps depends on luck: between 0.02 and 0.20 nats.
#
# **Now break your own gradient.** The function below forgets `bh`. Run it, and then change it, or copy your `backward` into it and break a line. Which
# mistakes does the loss of training not show? And which one does section 8's check by two losses not show, at these weights?


# %%
def own_mistake(params, x, h, dlogits):
    """The gradients, with a mistake of your own: in this one `bh` never learns."""
    grads, _ = backward(params, x, h, dlogits)
    return grads | {"bh": 0 * grads["bh"]}


with autograder.example("a mistake of your own"):
    grads = own_mistake(begin, x_check, h, dlogits)
    print(
        f"relative error along a direction {error_along(loss_of, begin, grads, direction, 1e-6):.2g}"
    )
    own_loss, _ = trained_with(own_mistake, 5.0)
    print(f"held out {own_loss:.3f}, with the right gradient {held_out['right']:.3f}")

# %% [markdown]
# Without `bh` we came to 2.11, which is *better* than the right gradient's 2.16, and so it was on four more seeds. A low loss does not prove a gradient.
#
# <details><summary>Which mistake does the check by two losses not show here?</summary>
#
# `dnext = dz @ Wh`, not transposed. Its error at the start is 5e-10, because there `Wh` is the identity, which is its own transpose. Training ends at
# 2.29. So check a gradient at random weights, as in section 8.
# </details>
#
# ## 13. Let it write
#
# To generate text, feed the network its own choices. Begin with a state of zeros and read the `start` ids, each once. The logits after the
# last of them are for the first new character: draw it from the softmax of logits / *temperature*, read it, and so on. For two characters after "the":
# read t, h, e; draw the first; read it, from the state after e; draw the second. Draw only with `rng`; how is up to you.
#
# At a low temperature the most likely character almost always wins; at 1 the network writes as it learned; above 1 it becomes bold.
#
# **Exercise** · 20 minutes · ●●○ · about 7 lines
#
# <details><summary>How do I draw from a distribution?</summary>
#
# `rng.choice(V, p=p)`, with `rng` a generator from `np.random.default_rng`. Draw from the probabilities, not from the logits.
# </details>
#
# <details><summary>How do I run a single step?</summary>
#
# `forward` with T = 1 and B = 1: an x of shape (1, 1), and the state that the last call returned, `h[-1]`.
# </details>


# %%
def sample(params, start, length, temperature, rng):
    """Draw `length` further ids after the ids in `start` (at least one), one at a time.

    Returns only the new ids, a list or array of `length` integers. `rng`: a NumPy Generator; two equal ones give
    the same text. temperature: above 0.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("sampling")

# %%
with autograder.example("what the network writes"):
    prompt = [alphabet.index(c) for c in "the meaning of "]
    for weights, temperature in ((begin, 1.0), (trained, 0.3), (trained, 0.7), (trained, 1.0)):
        written = sample(weights, prompt, 200, temperature, np.random.default_rng(1))
        print(
            "before training:" if weights is begin else f"temperature {temperature}:",
            "".join(alphabet[i] for i in written).replace("\n", " "),
            "\n",
        )

# %% [markdown]
# Before training it writes noise. Afterwards, at temperature 0.3, it writes short words and many "the"; at 1 even the letters of a word do not
# always fit together. That is what two thousand small batches and two dozen lines of calculus give. You have now written by hand what a framework does
# at `loss.backward()`. **Now it is your turn**: begin a sentence, and choose a temperature. At which one do the words fall apart?

# %%
with autograder.example("a beginning of your own"):
    own, temperature = "I have always known that ", 0.5
    prompt = [alphabet.index(c) for c in own if c in alphabet]
    for seed in range(5):
        written = sample(trained, prompt, 60, temperature, np.random.default_rng(seed))
        print(own + "".join(alphabet[i] for i in written).replace("\n", " "))

# %% [markdown]
# In training this network starts from zeros every 8 steps. In unit 5 the state is carried on, in a cell whose gradient survives a hundred steps.
#
# ## The ladder so far
#
# The loss per character of text that the model has not seen, in nats, on the lesson's corpus. Your run prints its own figures. (The models have not all read
# equally much. "Nothing" is ln 84, as unit 2 has an id for unknown characters; here it is 4.42.)
#
# | the model knows | nats |
# |---|---|
# | nothing | 4.43 |
# | how frequent each character is, counted in the training text | 3.04 |
# | unit 2: the last three characters | 2.11 |
# | unit 2: the last eight | 1.99 |
# | unit 3: one sequence at a time, 6,000 of them | 2.33 |
# | unit 4: gradients by hand, 2,000 batches | 2.16 |
# | unit 2, without a network: counts of the last four characters, with back-off | 1.455 |
#
# ## Questions
#
# <details><summary>1. Why is the derivative of softmax a matrix and that of relu not?</summary>
#
# Each probability depends on all scores, so there are V × V derivatives. Each entry of relu depends on one number.
# </details>
#
# <details><summary>2. Why do the gradients of Wh add up over the steps?</summary>
#
# The same `Wh` is used at every step. The loss changes through each of these uses.
# </details>
#
# <details><summary>3. Two sequences of the batch read the same character. What does dWx[x[t]] += dz do?</summary>
#
# NumPy reads the row once, adds one of the gradients, and writes it back: the other is lost. `np.add.at` adds both.
# </details>
#
# <details><summary>4. Why not choose ε = 1e-12 for the numerical check?</summary>
#
# The losses are rounded to about 1e-15; divided by 2ε = 2e-12, this becomes an error of about 1e-3. Near 1e-5 the error of the formula and that of
# rounding are both small.
# </details>
#
# <details><summary>5. After a batch, which entries of the gradients are exactly zero, and why?</summary>
#
# The rows of `dWx` whose characters do not occur in the batch: they were not looked up. If a hidden unit was never above zero after any step, then its
# derivative was 0 throughout, so its columns of `dWx` and `dWh` and its entry of `dbh` are zero; and it handed nothing on, so its row of `dWy` is
# zero. (Its row of `dWh` too, if it began at zero.)
# </details>
#
# ## Further
#
# These are not graded.
#
# * Give the network tanh instead of relu. Which lines change, and what does the numerical check say?
# * Add a second hidden layer and its gradients.
# * Start `Wh` at 0.5 times the identity. In windows of 8 steps nothing has time to vanish: over the last 200 batches our loss was 2.17 nats, and
#   2.21 with the identity. Try windows of 50 steps, too.
#
# ## Reading
#
# * Werbos 1990, *Backpropagation through time: what it does and how to do it*.
# * Pascanu, Mikolov and Bengio 2013, [On the difficulty of training recurrent neural networks](https://arxiv.org/abs/1211.5063).
# * Karpathy, [Neural networks: zero to hero](https://karpathy.ai/zero-to-hero.html), the lecture on back-propagation by hand.
