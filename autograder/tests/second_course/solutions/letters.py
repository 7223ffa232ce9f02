# %% [markdown]
# # Letters and names

# %%
import numpy as np

import autograder

check = autograder.unit("letters")

# %% [markdown]
# **Exercise** · 5 minutes · about 1 line
#
# <details><summary>What stands between two letters?</summary>
#
# A space: `" ".join(…)`.
# </details>


# %%
def initials(name):
    """The first letter of each word, as a capital with a full stop: "ada lovelace" → "A. L."."""
    ### BEGIN SOLUTION
    return " ".join(f"{word[0].upper()}." for word in name.split())
    # mistake (keeps 0.5): return "".join(f"{word[0].upper()}." for word in name.split())
    #   a space is missing between the letters.
    # mistake: return " ".join(f"{word[0]}." for word in name.split())
    #   the letters are small: they should be capitals.
    ### END SOLUTION


# %%
check("shortening")

# %%
with autograder.example("your own"):
    print(initials("ada king lovelace"))

# %% [markdown]
# **Exercise** · 5 minutes · about 1 line


# %%
def by_last_name(names):
    """Names in the order of their last words; of equal ones, the one that came first stays first."""
    ### BEGIN SOLUTION
    return sorted(names, key=lambda name: name.split()[-1])
    # mistake: return sorted(names)
    #   this is the order of first names: compare the last words.
    # mistake: return sorted(names, key=lambda name: name.split()[-1], reverse=True)
    #   Z comes before A: turn the order round.
    ### END SOLUTION


# %%
check("ordering")

# %% [markdown]
# **Exercise** · 10 minutes · about 2 lines

# %%
LETTERS = "abcdefghijklmnopqrstuvwxyz "


def letter_shares(text):
    """How often to expect each of `LETTERS`: its count in `text` and one more, as a share of all: (27,)."""
    ### BEGIN SOLUTION
    counts = np.array([text.count(letter) + 1 for letter in LETTERS])
    # mistake: counts = np.array([text.count(letter) for letter in LETTERS])
    #   a letter that was not seen is held to be impossible: count one more of each.
    return counts / counts.sum()
    # mistake: return counts / len(text)
    #   the shares do not add up to 1: divide by the sum of the counts.
    ### END SOLUTION


# %%
check("counting")

# %%
check("reading")
