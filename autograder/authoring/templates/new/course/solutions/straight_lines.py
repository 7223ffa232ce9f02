# %% [markdown]
# # Straight lines
#
# A line is two numbers, its **slope** and its **height** at 0 (the intercept). We predict with a
# line, then fit it by gradient descent.

# %%
import numpy as np

import autograder

check = autograder.unit("straight_lines")

# %% [markdown]
# ## The height of a line
#
# **Exercise** · 2 minutes · about 1 line
#
# <details><summary>What does a slope of 2 do?</summary>
#
# One step to the right goes up by 2: multiply `x` by the slope. Add the height at 0 last.
# </details>


# %%
def predict(weights, x):
    """The heights of a line at `x`: (slope, height at 0), (N,) → (N,)."""
    ### BEGIN SOLUTION
    # For you, the author: `autograder build` writes the students' version of this file into
    # `assignments/`, without the lines between the two markers, and so without this comment.
    # Below a line of code, `# mistake:` gives the wrong statement that people write there, then
    # words that say what was done, why it is wrong and what to do. `(keeps 0.5)` gives half of
    # the points.
    return weights[0] * x + weights[1]
    # mistake: return weights[0] * (x + weights[1])
    #   the height was multiplied by the slope too: add it last.
    # mistake (keeps 0.5): return weights[0] * x
    #   the height at 0 is missing: add `weights[1]`.
    ### END SOLUTION


# %%
check("predicting")

# %% [markdown]
# The example below runs when the exercise above it is solved:

# %%
with autograder.example("a line of slope 2 through (0, 1)"):
    print(predict(np.array([2.0, 1.0]), np.arange(4)))

# %% [markdown]
# ## A line that learns
#
# The error at a point (`x`, `y`) is the line's prediction for `x`, minus `y`. Subtract
# rate × error from the height, and rate × error × `x` from the slope. This is stochastic gradient
# descent, one point at a time.
#
# **Exercise** · 10 minutes · about 4 lines
#
# <details><summary>What is the error at one point?</summary>
#
# What the line says at `x` minus what is there: `predict(weights, x) - y`.
# </details>


# %%
def fit(x, y, weights, rate):
    """The weights (slope, height at 0) after a step of gradient descent for each `x` and `y`."""
    ### BEGIN SOLUTION
    for a, b in zip(x, y):
        error = predict(weights, a) - b
        weights = weights - rate * error * np.array([a, 1.0])
        # mistake: weights = weights + rate * error * np.array([a, 1.0])
        #   this walks uphill; subtract the step.
        # mistake: weights = weights - rate * error
        #   both weights moved by the same amount; multiply the slope's step by `x`, too.
        # mistake: weights = weights - rate * error * np.array([1.0, a])
        #   the two steps are swapped: the one with `x` is the slope's.
    return weights
    ### END SOLUTION


# %%
check("three_steps")

# %% [markdown]
# The next check trains on real points. It measures how well the line predicts points that it has
# not seen.

# %%
check("learning")
