# %% [markdown]
# # Words

# %%
import autograder

check = autograder.unit("words")

# %% [markdown]
# **Exercise** · 5 minutes · about 1 line


# %%
def initials(name):
    """The first letter of each word, as a capital with a full stop: "ada lovelace" → "A. L."."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("shortening")
