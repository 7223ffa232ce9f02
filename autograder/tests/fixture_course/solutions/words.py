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
    ### BEGIN SOLUTION
    return " ".join(f"{word[0].upper()}." for word in name.split())
    # mistake: return "".join(f"{word[0].upper()}." for word in name.split())
    #   a space is missing between the letters.
    # mistake: return " ".join(f"{word[0]}." for word in name.split())
    #   the letters are small: they should be capitals.
    ### END SOLUTION


# %%
check("shortening")
