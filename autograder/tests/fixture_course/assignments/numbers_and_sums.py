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
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("doubling")

# %% [markdown]
# ## Sums along the way
#
# **Exercise** · 5 minutes · about 2 lines


# %%
def running_sum(x):
    """The sums up to each step, and all of it: (T, B) → (T, B), (B,)."""
    # YOUR CODE HERE
    raise NotImplementedError()


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
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("three_steps")

# %%
check("fitting")
