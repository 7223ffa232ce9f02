# %% [markdown]
# # {{ title }}
#
# Text for students goes here: what it is about, and why one would want it.

# %%
import numpy as np

import autograder

check = autograder.unit("{{ unit }}")

# %% [markdown]
# ## Centred numbers
#
# **Exercise** · 3 minutes · about 1 line
#
# <details><summary>What does centring give if all numbers are equal?</summary>
#
# Zeros: each number equals the mean, so subtracting the mean leaves 0.
# </details>


# %%
def centre(x):
    """`x` moved so that its mean is 0: (N,) → (N,)."""
    ### BEGIN SOLUTION
    return x - x.mean()
    # mistake: return x + x.mean()
    #   the mean was added; subtract it.
    # mistake: return x - x.sum()
    #   this is the sum of all numbers: divide it by how many there are.
    ### END SOLUTION


# %%
check("centring")

# %%
with autograder.example("three numbers"):
    print(centre(np.array([1.0, 2.0, 6.0])))
