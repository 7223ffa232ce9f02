# %% [markdown]
# # Numbers and sums
#
# The letters: T steps, B batch.

# %%
import numpy as np

import autograder

check = autograder.unit("numbers_and_sums")

# %% [markdown]
# ## Twice
#
# **Exercise** · 2 minutes · about 1 line
#
# <details><summary>What is twice a number?</summary>
#
# The number and itself again.
# </details>


# %%
def double(x):
    """Twice `x`: (T, B) → (T, B)."""
    ### BEGIN SOLUTION
    return 2 * x
    # mistake: return x * x
    #   this is the square: x times 2, not x times x.
    # mistake (keeps 0.5): return 2 * abs(x)
    #   the sign is lost.
    # mistake: x *= 2; return x
    #   the argument is changed in place: make a new array.
    ### END SOLUTION


# %%
check("doubling")

# %% [markdown]
# ## Sums along the way
#
# **Exercise** · 5 minutes · about 2 lines


# %%
def running_sum(x):
    """The sums up to each step, and all of it: (T, B) → (T, B), (B,)."""
    ### BEGIN SOLUTION
    sums = np.cumsum(x, axis=0)
    # mistake: sums = np.cumsum(x, axis=1)
    #   added up along the batch: steps are the first axis.
    # mistake: sums = np.cumsum(x, axis=0) - x
    #   each step leaves out itself.
    return sums, x.sum(0)
    # mistake (keeps 0.5): return sums, x.mean(0)
    #   the total is an average: do not divide.
    ### END SOLUTION


# %%
check("summing")

# %%
with autograder.example("the sums of ones"):
    print(running_sum(np.ones((3, 1))))

# %% [markdown]
# ## A line
#
# **Exercise** · 10 minutes · about 4 lines


# %%
def fit(x, y, weights, rate):
    """Weights (slope, height) after one step of gradient descent for each pair."""
    ### BEGIN SOLUTION
    for a, b in zip(x, y):
        error = weights[0] * a + weights[1] - b
        weights = weights - rate * error * np.array([a, 1.0])
        # mistake: weights = weights + rate * error * np.array([a, 1.0])
        #   this walks uphill.
    return weights
    ### END SOLUTION


# %%
check("three_steps")

# %%
check("fitting")
