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
# # Unit 1: embeddings
#
# 671 people rated 9,066 films. Fewer than 2 % of the possible ratings are known. Can we predict the rest? Your program gets no title, no
# genre and nothing about the people. At the end of this unit it recommends films to you, and on a map that it drew from ratings only, *Star Wars*
# lies beside *The Lord of the Rings*.
#
# Networks compute with numbers. Words, films and people are not numbers. So give each of them a *row* of a table: a few numbers that
# mean nothing at first and are learned like all weights. That row is its **embedding**. A word's id only says which row belongs to it:
# word 7 is not larger than word 6.
#
# You begin with ten words: two short exercises on how a lookup works, one on how a gradient gets back into the table. Then come the films.
#
# **Afterwards you can**
#
# * say what an embedding is, and show that a lookup is a product with one-hot rows;
# * write the gradient of a lookup, with ids that repeat;
# * predict ratings from two tables by a dot product with biases, and by a small network;
# * see overfitting in two numbers, and hold it down with an L2 penalty;
# * interpret a learned table: neighbours, biases, a map in two dimensions.
#
# You need [PyTorch](https://pytorch.org/tutorials/beginner/basics/intro.html): tensors, modules, a training loop. **How to work:** the exercises take
# 150 minutes in all, and reading the unit with its examples takes about 35. Replace each `raise NotImplementedError()` with your code and run its
# cell `check("…")`, or the whole file. If you made a common mistake, the check tells you which. Never modify an argument in place. Functions that do
# not train must leave the model unchanged; only `mse` may leave it in evaluation mode.
#
# | letter | meaning | | array | shape | meaning |
# |---|---|---|---|---|---|
# | B | ids in a batch | | `table` | (V, E) | a row for each id |
# | V | rows of a table: words, films | | `ids` | (B,) | integers from 0 to V − 1 |
# | U | users | | `users`, `movies` | (B,) | ids of users and the films they rated |
# | E | numbers in an embedding | | `ratings` | (B,) | stars, from 0.5 to 5 |
# | H | hidden units | | | | |
#
# N(0, 0.1²) stands for random numbers with a normal distribution of mean 0 and standard deviation 0.1. The *graph* is PyTorch's
# record of how a number was computed; `backward` follows it to the parameters.

# %%
import csv

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import autograder

check = autograder.unit("unit1_embeddings")

# %% [markdown]
# ## 1. Words, ids, rows
#
# A verse to begin with:

# %%
text = """the rain goes down the roof goes down the wall
and down the rain goes into the stone hall"""
verse = text.split()

# %% [markdown]
# Number its words **from 1, in the order in which they first appear**: `the` is 1, `rain` is 2, `goes` is 3. Id 0 is reserved for
# "no such word", so the table needs one row more than there are words.
#
# **Exercise** · 10 minutes · ●○○ · about 3 lines in all
#
# <details><summary>How do I drop repeated words and keep the order?</summary>
#
# A dict keeps the order in which its keys came, and a `set` does not. Give a word that is not yet in the dict the next number, or look at what
# `dict.fromkeys(words)` keeps.
# </details>


# %%
def index_words(words):
    """A dict from each distinct word in a list to its id: 1, 2, 3, … in the order of first appearance."""
    ### BEGIN SOLUTION
    return {word: i for i, word in enumerate(dict.fromkeys(words), 1)}
    # mistake: found = {}; [found.setdefault(words.pop(0), len(found) + 1) for _ in range(len(words))]; return found
    #   the caller's list of words was emptied (`pop`). Loop over it: `for word in words`.
    # mistake (keeps 0.5): return {word: float(i) for i, word in enumerate(dict.fromkeys(words), 1)}
    #   the ids are floats, which select no rows. Keep them whole numbers.
    # mistake: return {word: words.index(word) + 1 for word in words}
    #   each word got the place where it first stands, which leaves gaps. Number the different words 1, 2, 3, …
    # mistake: return {word: i for i, word in enumerate(sorted(dict.fromkeys(words), key=words.count, reverse=True), 1)}
    #   the words were numbered by how often they come. Number them in the order of first appearance.
    # mistake: return {word: i for i, word in enumerate(dict.fromkeys(words))}
    #   ids begin at 0. They begin at 1: the 0 is kept for "no such word".
    # mistake: return {word: i for i, word in enumerate(words, 1)}
    #   a word that comes again got a new id. Each different word has one, from where it appears first.
    # mistake: index = {}; [index.update({word: len(index) + 1}) for word in words]; return index
    #   a word that comes again got a new id. Give an id only to a word that is not in the dict: `if word not in index`.
    # mistake: return {word: i for i, word in enumerate(sorted(set(words)), 1)}
    #   the words were sorted. Number them in the order of first appearance.
    ### END SOLUTION


def encode(words, index):
    """The ids of some words, a tensor of integers (32 or 64 bits); 0 for a word that is not in the index."""
    ### BEGIN SOLUTION
    return torch.tensor([index.get(word, 0) for word in words])
    # mistake: return torch.tensor([index.setdefault(word, 0) for word in words])
    #   unknown words were added to the caller's index. Only look words up: `index.get(word, 0)`.
    # mistake (keeps 0.5): return torch.tensor([index.get(word, 0) for word in words], dtype=torch.uint8)
    #   the ids have the wrong type. PyTorch takes bytes for a mask of rows, and cannot index with floats. Make 64-bit
    #   integers, the default of `torch.tensor([…])`.
    # mistake (keeps 0.5): return [index.get(word, 0) for word in words]
    #   the ids are no tensor. Make one of integers: `torch.tensor([…])`.
    # mistake: return torch.tensor([index[word] for word in words])
    #   an unknown word raises an error. Give it the id 0: `index.get(word, 0)`.
    # mistake: return torch.tensor([index[word] for word in words if word in index])
    #   unknown words were left out, so that the rest moved up. Give them the id 0.
    # mistake: return torch.tensor([index.get(word, -1) for word in words])
    #   unknown words got −1, which selects the last row of a table. Give them the id 0.
    # mistake: return torch.tensor([index.get(word, len(index)) for word in words])
    #   unknown words got the last word's id. Theirs is 0.
    ### END SOLUTION


def new_table(index, E):
    """A random table (rows, E), N(0, 1), with a row for each word of the index and one for the id 0.

    A plain tensor of torch's default type, which requires no gradient.
    """
    ### BEGIN SOLUTION
    return torch.randn(len(index) + 1, E)
    # mistake (keeps 0.5): return nn.Embedding(len(index) + 1, E).weight
    #   this is a parameter, so PyTorch tracks its gradient. Return a plain tensor: `torch.randn(…)`.
    # mistake (keeps 0.5): return torch.from_numpy(np.random.randn(len(index) + 1, E))
    #   the numbers have 64 bits, as NumPy's have. PyTorch's default type has 32: draw with `torch.randn`.
    # mistake (keeps 0.5): table = torch.randn(len(index) + 1, E); table[0] = 0; return table
    #   the row of the id 0 was filled with zeros. Make it random like all others.
    # mistake (keeps 0.5): return torch.rand(len(index) + 1, E)
    #   `rand` gives numbers from 0 to 1. N(0, 1) is `randn`.
    # mistake (keeps 0.5): return torch.zeros(len(index) + 1, E)
    #   all rows are the same. Draw random numbers: `randn`.
    # mistake: return torch.randn(len(index), E)
    #   the table is one row short: ids run from 0 to the number of words.
    # mistake: return torch.randn(E, len(index) + 1)
    #   rows and columns are swapped: an id selects a row, (rows, E).
    ### END SOLUTION


# %%
check("words")

# %% [markdown]
# ## 2. A lookup is a product
#
# Write an id as a one-hot row: V zeros with one 1 at its place. Multiplied by the table, it picks a row:
#
# $$\mathrm{onehot}(i)\; \mathrm{table} = \text{row } i \text{ of the table}$$
#
# So an embedding is an ordinary linear layer without bias, applied to one-hot rows. In practice we do not multiply by all those zeros: `table[ids]` picks the row
# at once. Write both, to see that they agree.
#
# ![A table has a row of numbers for each id, from 0 for none to 4. The words the, goes, the have the ids 1, 3, 1. Each id
# selects its row of the table, so that the result has three rows: row 1, row 3, and row 1 again. Dashed arrows carry gradients
# back: each row that was looked up sends its own to the row of the table that it came from, so row 1 gets two.](../drawings/lookup.svg)
#
# The dashed arrows are for section 3.
#
# **Exercise** · 8 minutes · ●○○ · about 3 lines in all
#
# <details><summary>How do I get one-hot rows without a loop?</summary>
#
# The identity matrix has all of them: its row i is the one-hot row of id i.
# </details>


# %%
def one_hot(ids, V):
    """A one-hot row for each id: (B,) → (B, V) floats."""
    ### BEGIN SOLUTION
    return torch.eye(V)[ids]
    # mistake: return F.one_hot(ids).float()
    #   the number of columns was taken from the largest id. There are V, whatever the ids.
    # mistake: return F.one_hot(ids, V)
    #   the entries are integers, which cannot be multiplied by a table. Make floats of them.
    # mistake: return torch.eye(V)[:, ids[: len(ids)]]
    #   each id became a column. It is a row: (B, V).
    # mistake: return torch.eye(V)[ids] * ids[:, None]
    #   the id itself was written into the row. Whatever the id, the entry is 1.
    # mistake: rows = torch.zeros(len(ids), V); rows[:, ids] = 1; return rows
    #   each row has a 1 for every id of the batch. Row b has a single 1, for its own id: `rows[torch.arange(B), ids] = 1`.
    # mistake: rows = torch.zeros(len(ids), V); rows[ids] = 1; return rows
    #   an id was used as the number of a row. Row b belongs to id number b, and the id is its column: `rows[torch.arange(B), ids] = 1`.
    # mistake: return torch.eye(V)[ids - 1]
    #   the 1 stands one place too early. In a table, row 0 is the first.
    ### END SOLUTION


def lookup(table, ids):
    """The rows of `table` (V, E) that `ids` (B,) select: (B, E), by indexing. Gradients reach each row that was looked up, row 0 too."""
    ### BEGIN SOLUTION
    return table[ids]
    # mistake (keeps 0.5): return table.detach()[ids]
    #   the rows were cut off from the table (`detach`, `.data`, `from_pretrained`): no gradient reaches it.
    # mistake (keeps 0.5): return F.embedding(ids, table, padding_idx=0)
    #   with `padding_idx=0` row 0 gets no gradient. It is a row like all others.
    # mistake: return table.numpy()[ids.numpy()]
    #   NumPy has no gradients, and refuses a table that needs one. Index the tensor: `table[ids]`.
    # mistake: return table[:, ids[ids < table.shape[1]]]
    #   columns were selected. An id selects a row.
    # mistake: return table[ids].sum(0)
    #   the rows were summed. Return one row for each id.
    # mistake: return table[ids - 1]
    #   the row before each id's own was taken. Row 0 is the first, and belongs to the id 0.
    # mistake: return table[: len(ids)]
    #   the first rows were taken, whatever the ids. `table[ids]` selects by id.
    # mistake: return table[ids.unique()]
    #   each different id gave one row, in sorted order. Every id gives a row, repeated ones too.
    # mistake: return ids[:, None] * table[:1]
    #   the first row of the table was multiplied by the ids. An id only says which row to take: `table[ids]`.
    ### END SOLUTION


def lookup_by_product(table, ids):
    """The same rows by a matrix product with one-hot rows; gradients pass here, too."""
    ### BEGIN SOLUTION
    return one_hot(ids, len(table)) @ table
    # mistake: return (one_hot(ids, len(table)) @ table).T
    #   the result is transposed: a row for each id, (B, E).
    # mistake: return ids.float()[:, None] @ table[:1]
    #   the id was multiplied as a number. Multiply its one-hot row by the whole table.
    ### END SOLUTION


# %%
check("lookups")

# %%
with autograder.example("ids and the rows they select"):
    torch.manual_seed(1)
    index = index_words(verse)
    table = new_table(index, 5)
    line = verse[:10]
    fig, axes = plt.subplots(1, 2, figsize=(9, 4))
    for ax, rows, names in (
        (axes[0], table, ["(none)", *index]),
        (axes[1], lookup(table, encode(line, index)), line),
    ):
        numbers = encode(names, index).tolist()
        ax.imshow(rows.numpy(), cmap="RdBu", vmin=-2.5, vmax=2.5, aspect="auto")
        ax.set_yticks(
            range(len(names)), [f"{word}  {i}" for word, i in zip(names, numbers, strict=True)]
        )
        ax.set_xticks([])
        for (r, c), value in np.ndenumerate(rows.numpy()):
            ax.text(c, r, f"{value:.1f}", ha="center", va="center", fontsize=8)
    axes[0].set_title("the table: a row for each word")
    axes[1].set_title("the verse: rows looked up")
    plt.tight_layout()
    plt.show()

# %% [markdown]
# Both ways give the same rows. **Before you run it:** with 2,000 rows, how many times as long as the lookup does the product take?

# %%
with autograder.example("a lookup and a product, timed"):
    from timeit import repeat

    large, some = torch.randn(2000, 50), torch.randint(0, 2000, (64,))
    for name, function in (("lookup", lookup), ("product with one-hot rows", lookup_by_product)):
        seconds = (
            min(repeat(lambda function=function: function(large, some), number=10, repeat=3)) / 10
        )
        print(f"{name:<26}{1e6 * seconds:>9.0f} µs")

# %% [markdown]
# The factor depends on how you make the one-hot rows. On our machine the product takes about 30 times as long if ones are written into zeros, and five
# hundred times and more with `torch.eye(2000)[ids]`, which makes 2,000 × 2,000 numbers first.
#
# ## 3. The gradient of a lookup
#
# Say we know `dout` (B, E): how the loss depends on each row that was looked up. How does it depend on the table? A row that was not
# looked up has gradient 0. A row that was looked up once gets its `dout`. And a row that was looked up **several times** gets the *sum*, since it
# acted at each of those places, as the dashed arrows of the drawing say. For the ids 1, 3, 1 and `dout` with the rows (5, 0), (2, 2), (1, 4), row 1 of
# the gradient is (6, 4), row 3 is (2, 2), and all others are 0.
#
# Write it by hand, without a loop: autograd is off while this is checked. Try `grad[ids] += dout` on these numbers first, and see what goes wrong.
#
# **Exercise** · 15 minutes · ●●○ · about 1 line
#
# <details><summary>What does grad[ids] += dout do where an id comes twice?</summary>
#
# It keeps only one of the two gradients. All ids read the old row, and each writes its own sum back, so one of the sums survives.
# `index_add_` adds every time.
# </details>
#
# <details><summary>Is there a product that adds them up?</summary>
#
# Forward was `onehot @ table`, (B, V) times (V, E). The gradient has the table's shape, (V, E), and is made of `onehot` and `dout`. Which of the two has to
# be transposed?
# </details>


# %%
def lookup_backward(ids, dout, V):
    """The gradient of the loss with respect to the table (V, E), given `ids` (B,) and the gradient `dout` (B, E) of the rows."""
    ### BEGIN SOLUTION
    return torch.zeros(V, dout.shape[1]).index_add_(0, ids, dout)
    # mistake: grad = torch.zeros(V, dout.shape[1]); grad[ids] += dout; return grad
    #   with repeated ids only one of their gradients was kept. All of them add up: use `index_add_`.
    # mistake: table = torch.zeros(V, dout.shape[1], requires_grad=True); table[ids].backward(dout); return table.grad
    #   autograd was used, which is off here. Add the gradients up by hand.
    # mistake: return torch.eye(V)[ids[ids > 0]].T @ dout[ids > 0]
    #   the id 0 was left out. It is a row of the table like all others.
    # mistake: return torch.eye(V)[ids].T @ dout / torch.eye(V)[ids].sum(0).clamp(min=1)[:, None]
    #   the gradients of a repeated id were averaged. They add up.
    # mistake: return dout
    #   this is the gradient of the rows looked up. Put it into the rows of the table that they came from: (V, E).
    # mistake: return torch.eye(V)[ids].T @ dout / len(ids)
    #   the gradient was divided by the number of ids. `dout` is what it is: only add.
    # mistake: return torch.eye(V)[ids].T @ torch.ones_like(dout)
    #   this counts how often each row was looked up. Add up `dout`.
    ### END SOLUTION


# %%
check("lookup_gradient")

# %% [markdown]
# ## 4. Ids with gaps
#
# Now the films. In the file of ratings their ids go up to 163949, though only 9,066 films are rated. Used as indices, those ids would need a
# table of 163,950 rows, almost all unused. So give the films new ids, from 0 to 9,065, and keep the old ones to get back. In small: the old ids 30, 7, 30,
# 52 have the `originals` 7, 30, 52, and become 1, 0, 1, 2.
#
# `torch.unique(raw)` gives the different ones, sorted. (With `return_inverse=True` it gives the new ids as well. Find them without it here.) No loop is
# needed: section 2 has what it takes.
#
# **Exercise** · 8 minutes · ●●○ · about 5 lines
#
# <details><summary>What does it take?</summary>
#
# A lookup. Make a vector `place` with an entry for each number up to the largest old id, and write k where `originals[k]` says. In small, `place[7]` is
# 0, `place[30]` is 1 and `place[52]` is 2. The other entries are never looked up.
# </details>


# %%
def reindex(raw):
    """New ids from 0 without gaps, in the order of the old ones; and the different old ids, sorted.

    raw (N,) integers → ids (N,), originals, two tensors of integers: `originals[ids]` is `raw` again.
    """
    ### BEGIN SOLUTION
    originals = torch.unique(raw)
    place = torch.zeros(originals[-1] + 1, dtype=torch.long)
    place[originals] = torch.arange(len(originals))
    # mistake: place[raw] = torch.arange(len(raw))
    #   entries were numbered, not different ids, so there are gaps. Write 0, 1, 2, … at the different ones, `originals`.
    ids = place[raw]
    # mistake (keeps 0.5): originals, ids = np.unique(raw, return_inverse=True)
    #   an embedding takes only tensors, and not both of these are. `torch.unique` returns tensors, and `torch.tensor` makes
    #   one from a list.
    # mistake: originals, ids = torch.unique(raw, return_inverse=True); raw.copy_(ids)
    #   the new ids were written over the old ones, which the caller still needs. Return new tensors.
    # mistake: originals = torch.tensor(sorted(set(raw))); ids = torch.tensor([originals.tolist().index(i) for i in raw])
    #   repeats were not dropped: in a `set` of tensors each is an object of its own. Use `torch.unique`.
    # mistake: originals, ids = raw, torch.arange(len(raw))
    #   each entry got an id of its own. The same old id has the same new one.
    # mistake: originals, ids = torch.unique(raw), raw
    #   the old ids were returned unchanged. Return the place of each in `originals`, the different ids, sorted.
    # mistake: originals, ids = torch.unique(raw), raw - raw.min()
    #   ids begin at 0, but there are still gaps. Number the different ones without gaps.
    # mistake: originals = torch.tensor(list(dict.fromkeys(raw.tolist()))); ids = (raw[:, None] == originals).int().argmax(1)
    #   the old ids were numbered in the order of first appearance. Number them in sorted order: the smallest is 0.
    # mistake (keeps 0.5): originals, ids = torch.unique(raw), torch.unique(raw, return_inverse=True)[1] + 1
    #   the new ids begin at 1, so the table's first row has no id. Begin at 0.
    return ids, originals
    # mistake: return originals, ids
    #   the two results were swapped. Return the new ids first, then the originals.
    ### END SOLUTION


# %%
check("dense_ids")

# %% [markdown]
# ## 5. Who likes what: a dot product with biases
#
# MovieLens: 671 people, 9,066 films, 100,004 ratings (F. M. Harper and J. A. Konstan, 2015). Think of them as a table with a row for each
# person and a column for each film. **Before you run it:** people rated 149 films each on average. Do the ratings lie evenly over
# the table, or where do they crowd?

# %%
with autograder.example("users × films"):
    with autograder.dataset("movielens", part="titles").open(encoding="utf-8", newline="") as file:
        title_of = {int(row["movieId"]): row["title"] for row in csv.DictReader(file)}
    raw = np.loadtxt(autograder.dataset("movielens"), delimiter=",", skiprows=1, usecols=(0, 1, 2))
    for user, movie, stars in raw[:3]:
        print(f"user {user:.0f} gave film {movie:.0f} ({title_of[int(movie)]}) {stars} stars")
    rows, _ = reindex(torch.tensor(raw[:, 0]).long())
    columns, movie_numbers = reindex(torch.tensor(raw[:, 1]).long())
    cells = (int(rows.max()) + 1) * (int(columns.max()) + 1)
    print(f"{len(raw):,} ratings in {cells:,} cells: {len(raw) / cells:.1%} are filled")

    people = torch.bincount(rows).argsort(descending=True, stable=True)  # the most active first
    films = torch.bincount(columns).argsort(descending=True, stable=True)
    place_of_person, place_of_film = people.argsort(), films.argsort()
    fig, axes = plt.subplots(1, 2, figsize=(13, 5), width_ratios=(3, 2))
    axes[0].plot(place_of_film[columns], place_of_person[rows], ",", color="tab:blue")
    axes[0].set(xlabel="films, most rated first", ylabel="people, most active first")
    axes[0].invert_yaxis()
    axes[0].set_title("a dot is a rating")
    corner = np.full((15, 15), np.nan)
    for person, film, stars in zip(
        place_of_person[rows], place_of_film[columns], raw[:, 2], strict=True
    ):
        if person < 15 and film < 15:
            corner[film, person] = stars
    names = [title_of[int(movie_numbers[film])].split(" (")[0][:30] for film in films[:15]]
    axes[1].imshow(corner, cmap="RdYlGn", vmin=-1, vmax=7)
    axes[1].set_xticks([])
    axes[1].set_yticks(range(15), names, fontsize=8)
    axes[1].set_title("the fullest corner, in stars")
    axes[1].set_xlabel("15 people")
    for (r, c), stars in np.ndenumerate(corner):
        if not np.isnan(stars):
            axes[1].text(c, r, f"{stars:g}", ha="center", va="center", fontsize=7)
    plt.tight_layout()
    plt.show()

# %% [markdown]
# 1.6 % of the cells are filled, so what is stored is a list of those. To predict an empty cell, put a row of numbers beside each person and above each
# film, and combine the two. Those rows are the embeddings.
#
# Say the first number of a person is how much she likes slow films, and the first number of a film is how slow it is. If both are large, or
# both far below zero, their product is large, and she will like the film. Nobody tells the model what these *factors* mean: they get
# a meaning in training. For rating b of a batch, the products are added up:
#
# $$\mathrm{product}_b = \sum_e \mathrm{user}_{b,e}\,\mathrm{movie}_{b,e}$$
#
# A person with the row (2, −1) and a film with the row (0.5, 0.2) make 2 · 0.5 − 1 · 0.2 = 0.8.
#
# **Exercise** · 5 minutes · ●○○ · about 1 line
#
# <details><summary>I get a (B, B) table, or one number</summary>
#
# `a @ b.T` multiplies every user with every film. Multiply elementwise first, then sum over the E factors of each
# row.
# </details>


# %%
def dot_product(a, b):
    """The dot product of each row of `a` with the same row of `b`: (B, E), (B, E) → (B,). Gradients pass."""
    ### BEGIN SOLUTION
    return (a * b).sum(1)
    # mistake (keeps 0.5): a *= b; return a.sum(1)
    #   `a` was changed in place, and the caller still needs it. Make a new tensor: `a * b`.
    # mistake: return a * b
    #   the sum is missing: add the products up over the factors, `sum(1)`.
    # mistake: return (a * b).sum()
    #   everything was summed to one number. Sum only over the factors: `sum(1)`.
    # mistake: return (a * b).sum(0)
    #   the sum ran over the batch. Sum over the factors: `sum(1)`.
    # mistake: return a @ b.T
    #   every user was multiplied with every film, (B, B). Row by row: multiply, then sum over the factors.
    # mistake: return (a * b).sum(1, keepdim=True)
    #   the shape is (B, 1). It should be (B,): against ratings of shape (B,) a (B, 1) silently becomes (B, B).
    # mistake: return (a * b).mean(1)
    #   the mean over the factors was taken. A dot product is their sum.
    # mistake: return (a + b).sum(1)
    #   the factors were added. Multiply them.
    # mistake: return F.cosine_similarity(a, b)
    #   this is the cosine, which divides by both lengths. The dot product does not.
    # mistake: return (a * b).sum(1).squeeze()
    #   a single pair gives a number without an axis, because `squeeze()` removes every axis of length 1. The result is (B,),
    #   even if B is 1: use `sum(1)`.
    ### END SOLUTION


# %%
check("products")

# %% [markdown]
# Some films are liked by all, and some people give five stars to everything. For a dot product that is hard to say: it would have to hold one of
# each user's numbers at 1, so that a film's number at that place counts for everybody. A **bias** for each film and each user says it directly. One
# constant for all starts at the mean rating, so that the tables need only learn what differs from it:
#
# $$\mathrm{rating} = \mathrm{user} \cdot \mathrm{movie} + \mathrm{bias}_\mathrm{user} + \mathrm{bias}_\mathrm{movie} + \mathrm{constant}$$
#
# If that person has the bias −0.3, that film 0.4, and the constant is 3.5, the rating is 0.8 − 0.3 + 0.4 + 3.5 = 4.4 stars.
#
# | attribute | what | size |
# |---|---|---|
# | `user`, `movie` | `nn.Embedding` | (U, E), (V, E) |
# | `user_bias`, `movie_bias` | `nn.Embedding` | (U, 1), (V, 1) |
# | `constant` | `nn.Parameter`, a single number | () |
#
# Keep these names: the checks fill the tables by name.
#
# **Exercise** · 20 minutes · ●●○ · about 6 lines in all
#
# <details><summary>Which shapes are added here?</summary>
#
# A looked-up bias is (B, 1), but the product is (B,). Take the column first: `[:, 0]`.
# </details>


# %%
class DotBias(nn.Module):
    """Ratings from a dot product of embeddings, two biases and a constant."""

    def __init__(self, users, movies, factors, mean):
        """users, movies: how many there are. `factors` numbers for each; the constant starts at `mean`, a float."""
        super().__init__()
        ### BEGIN SOLUTION
        self.user, self.movie = nn.Embedding(users, factors), nn.Embedding(movies, factors)
        self.user_bias, self.movie_bias = nn.Embedding(users, 1), nn.Embedding(movies, 1)
        self.constant = nn.Parameter(torch.tensor(float(mean)))
        # mistake: self.constant = nn.Parameter(torch.tensor(3.5))
        #   the constant starts at a number that is written into the code. Start it at `mean`.
        # mistake: self.constant = nn.Parameter(torch.zeros(()))
        #   the constant starts at 0. Start it at `mean`.
        # mistake (keeps 0.5): self.constant = nn.Parameter(torch.tensor([float(mean)]))
        #   the constant has the shape (1,). It is a single number, of shape (): `torch.tensor(mean)`, without brackets.
        # mistake (keeps 0.5): self.constant = torch.tensor(float(mean))
        #   the constant is a plain tensor: it gets no gradient, and no optimizer finds it. Make it a parameter: `nn.Parameter(…)`.
        # mistake: self.constant = nn.Parameter(mean)
        #   `nn.Parameter` needs a tensor, and `mean` is a float. Write `nn.Parameter(torch.tensor(mean))`.
        # mistake: self.constant = torch.tensor(float(mean), requires_grad=True)
        #   the constant is not a parameter of the model, so no optimizer finds it. Make it one: `nn.Parameter(…)`.
        ### END SOLUTION

    def forward(self, users, movies):
        """users (B,), movies (B,) → ratings (B,), the same in training and in evaluation."""
        ### BEGIN SOLUTION
        product = dot_product(self.user(users), self.movie(movies))
        # mistake (keeps 0.5): product = dot_product(self.user(users), self.movie(movies)).detach()
        #   the product was cut off from the graph (`.data`, `.item()`, `.detach()`): its tables cannot learn.
        biases = self.user_bias(users)[:, 0] + self.movie_bias(movies)[:, 0]
        # mistake (keeps 0.5): biases = (self.user_bias(users)[:, 0] + self.movie_bias(movies)[:, 0]).detach()
        #   the biases were cut off from the graph (`.data`, `.item()`, `.detach()`): they cannot learn.
        # mistake: biases = self.user_bias(users) + self.movie_bias(movies)
        #   (B, 1) and (B,) were added, which makes (B, B). Take the biases' column: `[:, 0]`.
        # mistake: biases = self.user_bias(users)[:, 0]
        #   the film's bias is missing, so nothing says directly which films people like. Add `movie_bias`.
        # mistake: biases = self.movie_bias(movies)[:, 0]
        #   the user's bias is missing, so nothing says directly who rates high. Add `user_bias`.
        # mistake: biases = self.user_bias(users)[:, 0] + self.movie_bias(users)[:, 0]
        #   the film's bias was looked up by the users' ids. Look it up by `movies`.
        # mistake: biases = self.user_bias(users).sum() + self.movie_bias(movies).sum()
        #   the biases of the whole batch were summed. Each rating has its own two.
        return product + biases + self.constant
        # mistake (keeps 0.5): return product + biases + self.constant.detach()
        #   the constant was cut off from the graph (`.data`, `.item()`, `.detach()`): it cannot learn.
        # mistake: return (product + biases + self.constant)[:, None]
        #   the shape is (B, 1). Ratings are (B,): take the biases' column, `[:, 0]`.
        # mistake: return product + biases
        #   the constant is missing, so the biases have to learn the mean rating. Add `self.constant`.
        # mistake: return product + biases + self.constant if self.training else (product + biases + self.constant).clamp(0.5, 5)
        #   in evaluation the ratings were cut off at 0.5 and 5. Return the plain sum in both modes.
        # mistake: return biases + self.constant
        #   the dot product is missing, so tastes have no effect. Add that of the two embeddings.
        # mistake: return product * biases + self.constant
        #   product and biases were multiplied. Add them.
        # mistake: return torch.sigmoid(product + biases + self.constant)
        #   the rating was squeezed into 0 to 1. Here it is the plain sum.
        # mistake: return (product + biases + self.constant).squeeze()
        #   a batch of one loses its axis, because `squeeze()` removes every axis of length 1. Take the column: `[:, 0]`.
        # mistake: return (product + biases + self.constant).detach()
        #   the result was cut off from the graph, so nothing can learn. Return the tensor as it is, without `.detach()`.
        ### END SOLUTION


# %%
check("dot_and_biases")

# %% [markdown]
# ## 6. How good is it?
#
# First, a slip that costs many evenings. A model returns its predictions as a column, (6, 1), and the ratings are (6,). Which shape
# has predictions − ratings? Write what you expect before you run the example. Every prediction earns the point.
#
# **Exercise** · 2 minutes · ●○○ · about 1 line
#
# <details><summary>How does PyTorch put two shapes together?</summary>
#
# It writes them one below the other, aligned at the right. An axis that is missing or of length 1 is repeated.
# </details>


# %%
def column_minus_row():
    """Your prediction: the shape of a (6, 1) tensor minus a (6,) tensor, a tuple of numbers."""
    ### BEGIN SOLUTION
    return (6, 6)
    # mistake: return (6, 1)
    #   the (6,) tensor counts as (1, 6), a row. Column minus row gives each pair, so the shape is (6, 6).
    # mistake: return (6,)
    #   nothing lines the two up by their lengths. The (6,) tensor counts as a row, and each pair is subtracted: (6, 6).
    ### END SOLUTION


# %%
check("predicted_shape")

# %%
with autograder.example("a column minus a row"):
    difference = torch.zeros(6, 1) - torch.zeros(6)
    print(f"predicted {column_minus_row()}, found {tuple(difference.shape)}")

# %% [markdown]
# Each prediction was compared with every rating, no error was raised, and a mean squared error of these 36 numbers looks like one of six.
# So keep predictions (N,).
#
# `mse` is the **mean squared error** on *held-out* ratings, which were not trained on, and nothing else is in it: no penalty (section 7), no root
# (that would be another figure, the RMSE), no dropout (section 9). Always predicting the mean gives 1.1 on these data.
#
# **Exercise** · 10 minutes · ●○○ · about 3 lines
#
# <details><summary>Which mode, and which graph?</summary>
#
# `model.eval()` turns off whatever a model does in training only, `torch.no_grad()` keeps the figure out of any graph. Both belong
# here, whatever the model did before.
# </details>


# %%
def mse(model, users, movies, ratings):
    """The mean squared error of a model's predictions, (N,) each; a number outside of any graph.

    Measured in evaluation mode. Here the model may be left in it, since `train` sets its own mode. All else stays as it is.
    """
    ### BEGIN SOLUTION
    model.eval()
    # mistake (keeps 0.5): model.eval(); torch.set_grad_enabled(False)
    #   gradients stay off for all later code, so nothing learns any more. Use `with torch.no_grad():`, which ends with its
    #   block.
    # mistake: pass
    #   measured in training mode, where dropout makes holes. Call `model.eval()` first.
    with torch.no_grad():
        # mistake (keeps 0.5): with torch.enable_grad():
        #   the figure is part of a graph, which stays in memory with it. Measure under `torch.no_grad()`.
        return ((model(users, movies) - ratings) ** 2).mean()
        # mistake (keeps 0.5): model.requires_grad_(False); return ((model(users, movies) - ratings) ** 2).mean()
        #   the model can no longer be trained: `requires_grad_(False)` lasts. `torch.no_grad()` is enough.
        # mistake: return torch.stack([((model(u, m) - r) ** 2).mean() for u, m, r in zip(users.split(1000), movies.split(1000), ratings.split(1000))]).mean()
        #   the errors of pieces were averaged, though the last piece is shorter. Take one mean over all ratings.
        # mistake: ratings -= model(users, movies); return (ratings**2).mean()
        #   the ratings were changed in place, and the caller still needs them. Make a new tensor: `… - ratings`.
        # mistake: return ((model(users, movies).clamp(0.5, 5) - ratings) ** 2).mean()
        #   the predictions were cut off at 0.5 and 5, which hides large errors. Measure them as they are.
        # mistake: return ((model(users, movies) - ratings) ** 2).mean().sqrt()
        #   this is the root of the mean squared error. Take no root.
        # mistake: return ((model.train()(users, movies) - ratings) ** 2).mean().sqrt()
        #   this is the root, and it was measured in training mode. Call `model.eval()` first, and take no root.
        # mistake: return ((model(users, movies) - ratings) ** 2).mean() + 1e-4 * penalty(model)
        #   weight decay is part of the figure. It belongs only to the training loss.
        # mistake: return ((model(users, movies) - ratings) ** 2).sum()
        #   squared errors were summed, so the result grows with their number. Take their mean.
        # mistake: return (model(users, movies) - ratings).abs().mean()
        #   this is the mean absolute error. Square the errors.
        # mistake: return ((model(users, movies)[:, None] - ratings) ** 2).mean()
        #   (B, 1) against (B,) became (B, B): each prediction was compared with every rating. Keep the predictions (B,).
        # mistake: return (model(users, movies) - ratings).mean() ** 2
        #   the mean error was squared. Square first, then take the mean.
        # mistake: return ((model(users, movies) - ratings.mean()) ** 2).mean()
        #   the predictions were compared with the mean rating. Compare each with its own.
    ### END SOLUTION


# %%
check("held_out_error")

# %% [markdown]
# ## 7. Training with an L2 penalty
#
# Many films have two or three ratings. With ten numbers a film can fit those ratings perfectly and still mispredict the next. So we
# penalise large numbers: add to the training loss a small multiple, `decay`, of the **sum of the squares of all embedding tables**
# (the bias tables too; not the constant, nor the linear layers that a model may have). That is an *L2 penalty*.
#
# PyTorch's optimizers have a `weight_decay` as well, which reaches all parameters. Here the penalty is part of the loss, so you choose which it reaches.
#
# For each batch `(users, movies, ratings)`: training mode, mean squared error, plus `decay` times the penalty, a step of the optimizer.
# Return the list of the **plain** errors, before each step and without the penalty.
#
# **Exercise** · 20 minutes · ●●○ · about 10 lines in all
#
# <details><summary>How do I find a model's tables?</summary>
#
# `model.modules()` gives all parts, and the parts of these too. `isinstance(part, …)` tests the class.
# </details>
#
# <details><summary>Where does the penalty belong?</summary>
#
# In what is differentiated, not in what is returned: `backward` on error plus decay × penalty, and only the
# error into the list.
# </details>


# %%
def penalty(model):
    """The sum of the squares of all embedding tables of a model (every `nn.Embedding` in it); `backward` can start from it.

    The model stays as it is: its numbers, its gradients, its mode.
    """
    ### BEGIN SOLUTION
    return sum((part.weight**2).sum() for part in model.modules() if isinstance(part, nn.Embedding))
    # mistake (keeps 0.5): return sum((part.weight**2).sum() for part in model.modules() if isinstance(part, nn.Embedding)).detach()
    #   the penalty is outside of the graph, so that it has no effect: no `.item()`, no `.data`, no `.detach()`.
    # mistake (keeps 0.5): return sum((part.weight**2).sum() for part in model.children() if isinstance(part, nn.Embedding))
    #   only the outermost parts were used. `model.modules()` gives all parts, however deep.
    # mistake: model.zero_grad(); return sum((part.weight**2).sum() for part in model.modules() if isinstance(part, nn.Embedding))
    #   the model's gradients were cleared. The penalty is only a number: leave the model as it is.
    # mistake: return sum((weight**2).sum() for weight in model.parameters())
    #   all weights are in the penalty, those of linear layers too. Only embedding tables belong there: choose them with
    #   `isinstance`.
    # mistake (keeps 0.5): return sum((weight**2).sum() for name, weight in model.named_parameters() if name != "constant")
    #   the linear layers of a model are penalised. Penalise only the embedding tables.
    # mistake (keeps 0.5): return sum((weight**2).sum() for name, weight in model.named_parameters() if "weight" in name)
    #   the `weight` of linear layers is penalised as well. Choose embedding tables with `isinstance`.
    # mistake (keeps 0.5): return sum((t**2).sum() for n, t in model.named_parameters() if n.endswith(".weight") and "bias" not in n)
    #   bias tables are left out, and the weights of linear layers are penalised. Choose by the class `nn.Embedding`, not by
    #   names.
    # mistake: return sum((part.weight**2).mean() for part in model.modules() if isinstance(part, nn.Embedding))
    #   means of squares were added, so a large table counts no more than a small one. Add sums.
    # mistake: return sum(part.weight.abs().sum() for part in model.modules() if isinstance(part, nn.Embedding))
    #   absolute values were added, which pull small and large numbers equally hard. Add squares.
    # mistake: return sum(part.weight.norm() for part in model.modules() if isinstance(part, nn.Embedding))
    #   this is the root of each table's sum of squares. Take no root.
    # mistake: return (model.user.weight**2).sum() + (model.movie.weight**2).sum()
    #   the biases are not in the penalty, so they can still overfit. Penalise all four tables.
    # mistake: return sum((table.weight**2).sum() for table in (model.user, model.movie, model.user_bias, model.movie_bias))
    #   the tables were named one by one, but the network of section 9 has no biases. Find whatever tables a model has.
    # mistake: return sum((part.weight**2).sum() for part in model.modules() if isinstance(part, nn.Embedding)) / 2
    #   the sum was halved. Take it as it is.
    ### END SOLUTION


def train(model, batches, optimizer, decay):
    """Train on each batch once, in training mode; returns each batch's squared error from before its step, unpenalised."""
    ### BEGIN SOLUTION
    model.train()
    # mistake: model.eval(); optimizer.zero_grad = bool
    #   two things are missing: `model.train()` before the first batch, and `optimizer.zero_grad()` for each.
    # mistake: model.eval()
    #   trained in evaluation mode: dropout is off. Call `model.train()` first.
    losses = []
    for users, movies, ratings in batches:
        error = ((model(users, movies) - ratings) ** 2).mean()
        # mistake: error = ((model(users, movies) - ratings) ** 2).mean(); decay = decay if len(losses) < 3 else 0
        #   the penalty was left out after the first few batches. It belongs to each.
        # mistake: error = ((model.train(len(losses) < 3)(users, movies) - ratings) ** 2).mean()
        #   the later batches were trained in evaluation mode. Training mode is on for all of them.
        # mistake: error = mse(model, users, movies, ratings)
        #   `mse` runs without a graph and in evaluation mode, so nothing can learn from it. Compute the error here.
        # mistake: error = ((model(users, movies)[:, None] - ratings) ** 2).mean()
        #   (B, 1) against (B,) became (B, B): each prediction was compared with every rating. Keep the predictions (B,).
        # mistake: error = ((model(users, movies) - ratings) ** 2).sum()
        #   squared errors were summed, so the result grows with their number. Take their mean.
        optimizer.zero_grad()
        # mistake: pass
        #   gradients of earlier batches were never cleared: they add up. `optimizer.zero_grad()` for each batch.
        (error + decay * penalty(model)).backward()
        # mistake: (error + decay * penalty(model)).backward(); error = mse(model, users, movies, ratings)
        #   the figures were measured by `mse`, which turns evaluation mode on for the batches that follow. Keep the training error.
        # mistake (keeps 0.5): (error + decay * penalty(model)).backward(); error = mse(model, users, movies, ratings); model.train()
        #   the figures were measured by `mse`, without dropout. Keep the error that was differentiated, in training mode.
        # mistake: [group.update(weight_decay=decay) for group in optimizer.param_groups]; error.backward()
        #   the optimizer's `weight_decay` was used. It is half as strong, and penalises the constant too: add `decay * penalty(model)`.
        # mistake (keeps 0.5): (error + decay * sum((w**2).sum() for w in model.parameters())).backward()
        #   all parameters are penalised, the constant too. Add `decay * penalty(model)`.
        # mistake: (error.sqrt() + decay * penalty(model)).backward()
        #   the root of the error was differentiated. Train on the squared error.
        # mistake: error.backward()
        #   the weights move as if there were no penalty: add `decay * penalty(model)` before `backward`.
        # mistake (keeps 0.5): error = error + decay * penalty(model); error.backward()
        #   the penalty is in the errors that were returned. It belongs only to the loss that is differentiated: keep the
        #   plain error.
        # mistake: (error - decay * penalty(model)).backward()
        #   the penalty was subtracted: large numbers were rewarded. Add it.
        # mistake: (error + penalty(model)).backward()
        #   the penalty was not multiplied by `decay`, so it is far too strong. Add `decay * penalty(model)`.
        # mistake: (error + decay * penalty(model) / len(ratings)).backward()
        #   the penalty was divided by the size of the batch. Add `decay * penalty(model)`.
        optimizer.step()
        # mistake: nn.utils.clip_grad_norm_(model.parameters(), 0.1 if len(losses) > 3 else 1e9); optimizer.step()
        #   the gradients of later batches were clipped. Here they are used as they are.
        # mistake: pass
        #   no weight moved. A gradient has to be there when the optimizer steps: at each step first call `backward`, then
        #   `optimizer.step()`.
        losses.append(error.item())
        # mistake (keeps 0.5): losses.append(error)
        #   the losses are tensors, and each holds on to its graph. Keep the number: `error.item()`.
        # mistake (keeps 0.5): losses.append((error + decay * penalty(model)).item())
        #   the penalty of the new weights is in the errors that were returned. Keep the plain error.
        # mistake (keeps 0.5): losses.append(error.sqrt().item())
        #   the root was taken. Keep the squared error.
        # mistake (keeps 0.5): losses.append(((model(users, movies) - ratings) ** 2).mean().item())
        #   the errors are those after the step. Keep the one from before it.
    return losses
    ### END SOLUTION


# %%
check("weight_decay")

# %%
check("few_steps")

# %% [markdown]
# The next check trains `DotBias` with your `train`. On ratings that your program never sees it compares your tables with ours, which start from the
# same numbers and learn from the same batches.

# %%
check("training")

# %% [markdown]
# ## 8. A hundred thousand ratings
#
# Now the product with biases learns from 80,004 ratings, and is measured on 20,000 that it never saw. Always predicting the mean has an error of 1.12.
# **Before you run it:** how low will the error be on the ratings that it learns from, and how low on the new ones?


# %%
def small(model):
    """The model with new embedding tables, N(0, 0.1²): the first predictions are then near the constant."""
    for part in model.modules():
        if isinstance(part, nn.Embedding):
            nn.init.normal_(part.weight, 0, 0.1)
    return model


def batches(data, optimizer, count, generator):
    """`count` batches of 1,024 random ratings, while the learning rate falls to 0."""
    first = optimizer.param_groups[0]["lr"]
    for step in range(count):
        optimizer.param_groups[0]["lr"] = first * (1 - step / count)
        rows = torch.randint(len(data[0]), (1024,), generator=generator)
        yield tuple(column[rows] for column in data)


# %%
with autograder.example("MovieLens, trained"):
    raw = np.loadtxt(autograder.dataset("movielens"), delimiter=",", skiprows=1, usecols=(0, 1, 2))
    users, _ = reindex(torch.tensor(raw[:, 0]).long())
    movies, movie_numbers = reindex(torch.tensor(raw[:, 1]).long())
    ratings = torch.tensor(raw[:, 2]).float()
    order = torch.from_numpy(np.random.default_rng(1).permutation(len(ratings)))
    held_out, known = (
        tuple(column[rows] for column in (users, movies, ratings))
        for rows in order.split([20000, 80004])
    )
    mean = known[2].mean().item()
    print(
        f"always the mean, {mean:.2f}: held-out mean squared error {((held_out[2] - mean) ** 2).mean():.3f}"
    )

    torch.manual_seed(1)
    generator = torch.Generator().manual_seed(1)
    dot = small(DotBias(671, 9066, 10, mean))
    optimizer = torch.optim.Adam(dot.parameters(), 0.02)
    dot_losses = train(dot, batches(known, optimizer, 1000, generator), optimizer, 1e-4)
    dot_error = float(mse(dot, *held_out))
    print(f"product and biases: training {np.mean(dot_losses[-50:]):.3f}, held out {dot_error:.3f}")
    plt.plot(np.convolve(dot_losses, np.ones(20) / 20, "valid"), label="training")
    plt.axhline(dot_error, ls="--", label="held out")
    plt.xlabel("batch"), plt.ylabel("squared error, mean of 20 batches"), plt.legend(), plt.show()
    scarce = int((torch.bincount(known[1], minlength=9066) <= 3).sum())
    print(
        f"{sum(p.numel() for p in dot.parameters()):,} numbers in `dot`; {scarce:,} films with three known ratings or fewer"
    )

# %% [markdown]
# 0.44 in training and 0.80 held out: this model *overfits*. It has 107,108 numbers to fit 80,004 ratings with, and 5,499 of the 9,066 films have three
# known ratings or fewer. The penalty works against that, and this model had a little of it, 0.0001. **Before you run** the next cell, which trains
# with five decays: which of them has the lowest training error, and which the lowest held-out error?

# %%
with autograder.example("how large a penalty?"):
    decays = {f"decay {decay:g}": decay for decay in (0, 1e-4, 2e-4, 3e-4, 1e-3)}
    for name, decay in (decays | {"only biases": 1e-4}).items():
        torch.manual_seed(1)
        model = small(DotBias(671, 9066, 10, mean))
        if name == "only biases":  # zeros stay zeros: the gradient of one is a row of the other
            nn.init.zeros_(model.user.weight)
            nn.init.zeros_(model.movie.weight)
        optimizer = torch.optim.Adam(model.parameters(), 0.02)
        losses = train(
            model,
            batches(known, optimizer, 1000, torch.Generator().manual_seed(1)),
            optimizer,
            decay,
        )
        print(
            f"{name:<12}  training {np.mean(losses[-50:]):.3f}, held out {mse(model, *held_out):.3f}"
        )

# %% [markdown]
# Without a penalty the training error is lowest, and the held-out error is nearly as bad as that of always predicting the mean. In between
# it has a minimum: on five seeds 0.805 ± 0.003 with 0.0001, 0.787 ± 0.002 with 0.0002, and 0.808 ± 0.001 with 0.0003, while the training error only grows. With
# 0.001 both errors suffer: the penalty drives all rows of the tables to zero, and only biases are left.
#
# Does the product earn its place? A model of only biases comes to 0.800 ± 0.001. So with a decay of 0.0001 the product does harm, and with 0.0002 it helps. A
# model has to be compared with a simpler one, each at a good decay.
#
# Would you take the decay with the lowest held-out error? Then that error is no longer an honest estimate for new ratings, because it has helped
# to choose. So in earnest one splits the data in *three* parts. A model learns from the *training* part. The *validation* part chooses everything else,
# such as the decay; here that is what we held out. The *test* part is used once, at the end, for the figure that is reported.
#
# And if only the product is left? Train the same tables once more, without biases and without the constant. Is the held-out error of the product alone
# lower than the error of always predicting the mean, about the same, or higher? Every prediction earns the point.
#
# **Exercise** · 2 minutes · ●○○ · about 1 line
#
# <details><summary>What should I think of?</summary>
#
# Of a film without a known rating: which row does it have, and what does the product say?
# </details>


# %%
def without_biases():
    """Your prediction: is the error of the product alone "lower", "about the same" or "higher" than the mean's?"""
    ### BEGIN SOLUTION
    return "higher"
    # mistake: return "lower"
    #   ten numbers a row do not make up for the constant: 1.48, against 1.12 for the mean. Look at the films without a known rating.
    # mistake: return "about the same"
    #   that is so for films with a known rating only. For the other 3 % it predicts nearly 0, so the error is 1.48, against 1.12.
    ### END SOLUTION


# %%
check("predicted_error")


# %%
class OnlyProduct(nn.Module):
    """Ratings from `dot_product` and nothing else, to compare with."""

    def __init__(self, users, movies, factors):
        super().__init__()
        self.user, self.movie = nn.Embedding(users, factors), nn.Embedding(movies, factors)

    def forward(self, users, movies):
        return dot_product(self.user(users), self.movie(movies))


with autograder.example("the product without biases"):
    print(f"predicted: {without_biases()} (always predicting the mean comes to 1.12)")
    torch.manual_seed(1)
    only = small(OnlyProduct(671, 9066, 10))
    optimizer = torch.optim.Adam(only.parameters(), 0.02)
    generator = torch.Generator().manual_seed(1)
    losses = train(only, batches(known, optimizer, 1000, generator), optimizer, 1e-4)
    print(
        f"only the product: training {np.mean(losses[-50:]):.3f}, held out {mse(only, *held_out):.3f}"
    )
    is_new = torch.bincount(known[1], minlength=9066)[held_out[1]] == 0
    errors = (only(*held_out[:2]).detach() - held_out[2]) ** 2
    print(
        f"of the held-out ratings {is_new.float().mean():.0%} are of films without a known rating: "
        f"error {errors[is_new].mean():.2f}, for all others {errors[~is_new].mean():.2f}"
    )

# %% [markdown]
# Higher, by far: 1.48 against 1.12 for always predicting the mean. Without a constant the product has to make even the 3.5 stars out of
# embeddings, which the penalty pulls down. Where a film has no known rating its row ends near 0, and so does the prediction: on those 3 % of the
# held-out ratings the error is 11.5. For all others it is 1.12.
#
# ## 9. The rival: a neural net
#
# A product is one way to combine two embeddings. Another: **concatenate** them and let two linear layers learn how to combine them. Is that better? This is
# the net of [the lesson](https://course17.fast.ai/lessons/lesson6.html) that this course follows:
#
# concatenated (B, 2E) → dropout → linear (B, H) → relu → dropout → linear (B, 1) → its column (B,)
#
# | attribute | what | size |
# |---|---|---|
# | `user`, `movie` | `nn.Embedding` | (U, E), (V, E) |
# | `hidden`, `output` | `nn.Linear` | 2E → H, H → 1 |
#
# The user's embedding comes first. `drops` holds two probabilities: of the dropout before `hidden`, and of the one before `output`.
# `nn.Dropout(p)` acts only in training mode. It sets each number of each row to 0 with probability p, and divides what it keeps by 1 − p.
#
# **Exercise** · 15 minutes · ●●○ · about 6 lines in all
#
# <details><summary>It runs, but the shapes of the hidden layer are off, or the result is (B, 1)</summary>
#
# Two concatenated embeddings are 2E wide, so `hidden` takes 2E. `output` gives (B, 1): take its only column at the end.
# </details>


# %%
class NeuralNet(nn.Module):
    """Ratings from two linear layers over concatenated embeddings."""

    def __init__(self, users, movies, factors, hidden, drops=(0.3, 0.5)):
        """drops: the probabilities of the dropout before `hidden` and of that before `output`."""
        super().__init__()
        ### BEGIN SOLUTION
        self.user, self.movie = nn.Embedding(users, factors), nn.Embedding(movies, factors)
        self.hidden, self.output = nn.Linear(2 * factors, hidden), nn.Linear(hidden, 1)
        # mistake: self.hidden, self.output = nn.Linear(factors, hidden), nn.Linear(hidden, 1)
        #   `hidden` is E wide. It reads two concatenated embeddings: `nn.Linear(2 * factors, hidden)`.
        # mistake: self.hidden, self.output = nn.Linear(factors, hidden), nn.Linear(hidden, 1); cat, self.forward = torch.cat, lambda u, m: self.output(self.drop2(torch.relu(self.hidden(self.drop1(cat([self.user(u), self.movie(m)]))))))[:, 0]
        #   the embeddings lie one below the other, (2B, E). Concatenate them along axis 1, `torch.cat(…, 1)`, and let `hidden` read 2E.
        self.drop1, self.drop2 = nn.Dropout(drops[0]), nn.Dropout(drops[1])
        # mistake (keeps 0.5): self.drop1, self.drop2 = nn.Dropout(drops[0]), nn.Dropout(drops[0])
        #   both dropouts have the first probability. `drops[1]` is that of the one before `output`.
        # mistake (keeps 0.5): self.drop1, self.drop2 = nn.Dropout(drops[1]), nn.Dropout(drops[1])
        #   the dropout before `hidden` does not drop with its own probability, so it drops another fraction. Use
        #   `nn.Dropout(drops[0])` there.
        # mistake (keeps 0.5): self.drop1, self.drop2 = nn.Dropout(1 - drops[0]), nn.Dropout(1 - drops[1])
        #   1 − p was taken for p. `nn.Dropout` takes the probability to *drop*, and `drops` holds that: pass it as it is.
        # mistake (keeps 0.5): self.drop1, self.drop2 = nn.Dropout(0.3), nn.Dropout(0.5)
        #   the probabilities are written into the code. Use those of `drops`.
        # mistake: self.drop1, self.drop2 = nn.Dropout(drops[1]), nn.Dropout(drops[0])
        #   the two probabilities were swapped: the first belongs before `hidden`, the second before `output`.
        # mistake (keeps 0.5): self.drop1, self.drop2 = nn.Dropout(0.0), nn.Dropout(0.0)
        #   there is no dropout in training. Use the two probabilities of `drops`.
        ### END SOLUTION

    def forward(self, users, movies):
        """users (B,), movies (B,) → ratings (B,)."""
        ### BEGIN SOLUTION
        both = torch.cat([self.user(users), self.movie(movies)], 1)
        # mistake: both = torch.cat([self.user(users), self.movie(movies)], 0)
        #   what goes into `hidden` is not 2E wide. Concatenate the embeddings along axis 1, `torch.cat(…, 1)`; along axis 0 they lie one below the other.
        # mistake: both = F.embedding(users, self.user.weight, padding_idx=0); both = torch.cat([both, self.movie(movies)], 1)
        #   with `padding_idx=0` the first user's row gets no gradient. It is a row like all others.
        # mistake: both = torch.cat([self.movie(movies), self.user(users)], 1)
        #   the film's embedding came first. The user's comes first.
        # mistake: both = torch.cat([self.user(users), self.user(users)], 1)
        #   the user's embedding was taken twice, so the film has no effect. Concatenate the user's and the film's.
        # mistake: both = torch.stack([self.user(users), self.movie(movies)], 2).flatten(1)
        #   the numbers of the two embeddings take turns. Put one after the other, whole: `torch.cat` along axis 1.
        hidden = torch.relu(self.hidden(self.drop1(both)))
        # mistake (keeps 0.5): hidden = torch.relu(self.hidden(both * self.drop1(torch.ones(both.shape[1]))))
        #   the first dropout made the same holes in every row. It draws again for each row.
        # mistake: hidden = self.hidden(self.drop1(both))
        #   the activation is missing. Without relu two linear layers are one.
        # mistake: hidden = torch.tanh(self.hidden(self.drop1(both)))
        #   the hidden layer went through tanh. Here it is relu.
        # mistake (keeps 0.5): hidden = torch.relu(self.hidden(both))
        #   the dropout before `hidden` does not drop with its own probability, so it drops another fraction. Use
        #   `nn.Dropout(drops[0])` there.
        # mistake (keeps 0.5): hidden = torch.relu(self.hidden(F.dropout(both, self.drop1.p)))
        #   the first dropout is on in evaluation too, because `eval()` does not reach it. Make it a layer of the model:
        #   `self.drop1 = nn.Dropout(…)`.
        return self.output(self.drop2(hidden))[:, 0]
        # mistake (keeps 0.5): return self.output(hidden)[:, 0]
        #   the dropout before `output` is missing, so training drops too little. Apply `self.drop2` there.
        # mistake (keeps 0.5): return self.output(F.dropout1d(hidden, self.drop2.p, self.training))[:, 0]
        #   whole rows were dropped before `output`. Dropout draws for each number: `nn.Dropout`.
        # mistake (keeps 0.5): return self.output(F.dropout(hidden, self.drop2.p))[:, 0]
        #   the second dropout is on in evaluation too, because `eval()` does not reach it. Make it a layer of the model:
        #   `self.drop2 = nn.Dropout(…)`.
        # mistake: return self.output(self.drop2(hidden))
        #   the shape is (B, 1). Ratings are (B,): take the column.
        # mistake: return self.output(self.drop2(hidden)).squeeze()
        #   a batch of one loses its axis, because `squeeze()` removes every axis of length 1. Name the axis: `squeeze(1)`.
        # mistake: return torch.relu(self.output(self.drop2(hidden)))[:, 0]
        #   relu was applied to the rating too. The output layer has no activation.
        ### END SOLUTION


# %%
check("neural_net")

# %% [markdown]
# The net's training error comes to 0.66, and the product's was 0.44. **Before you run it:** is the net the worse of the two on new ratings, too?

# %%
with autograder.example("MovieLens, the rival"):
    torch.manual_seed(1)
    generator = torch.Generator().manual_seed(1)
    net = small(NeuralNet(671, 9066, 10, 70, (0.3, 0.5)))
    nn.init.constant_(net.output.bias, mean)
    optimizer = torch.optim.Adam(net.parameters(), 0.005)
    losses = train(net, batches(known, optimizer, 1000, generator), optimizer, 1e-4)
    for name, curve, error in (
        ("product and biases", dot_losses, dot_error),
        ("neural net", losses, float(mse(net, *held_out))),
    ):
        print(f"{name}: training {np.mean(curve[-50:]):.3f}, held out {error:.3f}")
        (line,) = plt.plot(np.convolve(curve, np.ones(20) / 20, "valid"), label=f"{name}, training")
        plt.axhline(error, ls="--", color=line.get_color(), label=f"{name}, held out")
    plt.xlabel("batch"), plt.ylabel("squared error, mean of 20 batches"), plt.legend(), plt.show()
    print(f"the net on its training ratings, in evaluation mode: {mse(net, *known):.3f}")

# %% [markdown]
# No: on five seeds the net comes to 0.789 ± 0.001, against 0.805 ± 0.003 for the product with the same decay, and with its best decay the product
# comes to 0.787 ± 0.002. So they are about equally good, and the training error does not say which model to take.
# (Dropout is on while the net trains; in evaluation mode its error is 0.62 on the same ratings. The lesson, with its own split, had 0.79 with both.)
#
# ## 10. What has it learned?
#
# The product is easier to read, so ask its tables three questions.
#
# * `best_and_worst`: which films have the largest and the smallest **bias**? That is a film's rating, corrected for how mild or strict the people
#   are who rated it. (Question 6 says what it does not correct.)
# * `neighbours`: which rows point in the most similar direction? The **cosine** of two rows is their dot product divided by both lengths.
# * `two_dimensions`: a map of the rows, along the two directions in which they differ most, the first two *principal components*. Subtract the
#   mean row, which gives X. Take its *singular value decomposition*, $X = P S Q^\top$. Column k of $P S$ says how far each point lies along direction k,
#   and the direction with the largest differences comes first. So the first two columns of $P S$ are the map. Try (0, 0), (3, 4) and (6, 8): they lie on
#   a line, 5 apart, so the map has −5, 0, 5 (or 5, 0, −5) along the first direction, and 0 along the second.
#
# **Exercise** · 20 minutes · ●●○ · about 7 lines in all
#
# <details><summary>Each row's nearest neighbour is itself</summary>
#
# Of course, with a cosine of 1. Leave it out: set its own similarity to −∞ before you look for the largest.
# </details>
#
# <details><summary>How do I call the singular value decomposition?</summary>
#
# `P, S, Qt = torch.linalg.svd(X, full_matrices=False)`. Without `full_matrices=False` P has as many columns as the table has rows, which does not
# fit S. S is a vector of the numbers on the diagonal, so `P * S` multiplies each column by its own.
# </details>


# %%
def best_and_worst(bias, count):
    """The ids of the `count` largest entries of `bias` (V,), best first; and of the `count` smallest, worst first.

    `bias` is in no graph, and its entries are all different. Returns two lists or tensors of ids, `count` each.
    """
    ### BEGIN SOLUTION
    order = bias.argsort(descending=True)
    # mistake: order = bias.argsort()
    #   best and worst were swapped: the largest bias is the best film's.
    # mistake: order = bias.abs().argsort(descending=True)
    #   the sign was ignored. A large negative bias is a bad film.
    return order[:count], order.flip(0)[:count]
    # mistake: return bias.topk(count), bias.topk(count, largest=False)
    #   `topk` gives two things, values and ids. Return the ids: `.indices`.
    # mistake: bias.copy_(bias.sort().values); return order[:count], order.flip(0)[:count]
    #   the caller's biases were changed in place. Work on a copy.
    # mistake (keeps 0.5): return order[:count].float(), order.flip(0)[:count].float()
    #   the ids are floats, which select no rows. Leave them integers.
    # mistake: return order[:3], order.flip(0)[:3]
    #   how many are returned is written into the code. Use `count`.
    # mistake (keeps 0.5): return order[:count].flip(0), order.flip(0)[:count]
    #   the best came last. List them from the best down.
    # mistake (keeps 0.5): return order[:count], order[-count:]
    #   the worst came last. List them from the worst up.
    # mistake: return bias[order[:count]], bias[order.flip(0)[:count]]
    #   these are the biases. Return the ids.
    ### END SOLUTION


def neighbours(table, row, count):
    """The ids of the `count` rows most similar to row `row` by cosine, the most similar first, without the row itself."""
    ### BEGIN SOLUTION
    similarity = F.cosine_similarity(table, table[row][None])
    # mistake: similarity = F.cosine_similarity(table, table[row][None]).abs()
    #   the sign was ignored. A cosine near −1 is the opposite direction.
    # mistake: similarity = table @ table[row]
    #   the order is that of the dot product, which prefers long rows. Divide by both lengths: the cosine.
    # mistake: similarity = -((table - table[row]) ** 2).sum(1)
    #   this goes by distance. Take the cosine of the angle.
    # mistake: similarity = -F.cosine_similarity(table, table[row][None])
    #   these are the least similar rows. The most similar have the largest cosine.
    similarity[row] = -torch.inf
    # mistake (keeps 0.5): similarity[row] = 0
    #   the row's own similarity was set to 0, which is more than a negative one. Set it to −∞.
    # mistake: pass
    #   the row itself is among its neighbours. Leave it out.
    return similarity.argsort(descending=True)[:count]
    # mistake (keeps 0.5): return F.cosine_similarity(table, table[row][None]).argsort(descending=True, stable=True)[1 : count + 1]
    #   the first of the most similar rows was taken for the row itself. A parallel row is as similar: leave out `row` by its number.
    # mistake: return similarity[torch.arange(len(table)) != row].argsort(descending=True)[:count]
    #   the row was cut out, so the ids behind it are one too low. Keep the row, and set its similarity to −∞.
    # mistake (keeps 0.5): table /= table.norm(dim=1, keepdim=True); return similarity.argsort(descending=True)[:count]
    #   the caller's table was changed in place. Work on a copy: `table / …`.
    # mistake: return F.cosine_similarity(table, table[row][None]).topk(count).indices
    #   the row itself is among its neighbours. Leave it out.
    # mistake: return similarity.sort(descending=True).values[:count]
    #   these are the similarities. Return the ids.
    ### END SOLUTION


def two_dimensions(table):
    """The rows of a table (V, E) on a map, (V, 2): their coordinates along the first two principal components.

    The direction with the larger variance comes first; either axis may be mirrored.
    """
    ### BEGIN SOLUTION
    left, size, _ = torch.linalg.svd(table - table.mean(0), full_matrices=False)
    # mistake: table -= table.mean(0); left, size, _ = torch.linalg.svd(table, full_matrices=False)
    #   the mean row was taken from the caller's own table. Work on a copy: `table - table.mean(0)`.
    # mistake: left, size, _ = torch.linalg.svd(table, full_matrices=False)
    #   the mean row was not subtracted first. So the map shows where the rows are, not how they differ. Subtract
    #   `table.mean(0)`.
    # mistake: left, size, _ = torch.linalg.svd(table - table.mean(1, keepdim=True), full_matrices=False)
    #   the mean of each row was subtracted. Subtract the mean row: `table.mean(0)`.
    # mistake: left, size, _ = torch.linalg.svd((table - table.mean(0)) / table.std(0), full_matrices=False)
    #   the columns were divided by their standard deviation. Only the mean row is subtracted.
    return left[:, :2] * size[:2]
    # mistake (keeps 0.5): return (left[:, :2] * size[:2]).flip(1)
    #   the axes were swapped: the direction in which the rows differ most comes first.
    # mistake (keeps 0.5): return (table - table.mean(0)) @ torch.linalg.svd(table - table.mean(0))[2][:, :2]
    #   `torch.linalg.svd` returns Qᵀ, whose *rows* are the directions: `Qt[:2].T`.
    # mistake: return left[:, :2]
    #   both axes have the same scale, though the rows differ more along the first. Multiply by the singular values: `left[:,
    #   :2] * size[:2]`.
    # mistake: return table[:, :2]
    #   these are two columns of the table. Principal components mix all columns.
    # mistake: return left[:, -2:] * size[-2:]
    #   these are the two directions in which the rows differ least. Take the first two.
    ### END SOLUTION


# %%
check("learned")

# %%
with autograder.example("best and worst films, neighbours, a map"):
    titles = [title_of[int(number)] for number in movie_numbers]
    seen = torch.bincount(known[1], minlength=len(titles))
    popular = seen.argsort(descending=True)[:300]
    table, bias = dot.movie.weight.detach()[popular], dot.movie_bias.weight.detach()[popular, 0]
    for word, found in zip(("best", "worst"), best_and_worst(bias, 6), strict=True):
        print(f"{word} of the 300 films rated most:", ", ".join(titles[popular[i]] for i in found))
    for start in (0, 5, 20):
        found = neighbours(table, start, 3)
        print(f"near {titles[popular[start]]}:", ", ".join(titles[popular[i]] for i in found))

    place = torch.as_tensor(two_dimensions(table))
    fig, ax = plt.subplots(figsize=(11, 8))
    ax.scatter(*place.T.numpy(), s=12, c=bias.numpy(), cmap="RdYlGn", vmin=-1, vmax=1)
    farthest = place.norm(dim=1).argsort(descending=True)
    named = []  # the places of titles that do not cover one another: from x to x, and y
    for i in farthest.tolist():
        x, y = place[i].tolist()
        title = titles[popular[i]].split(" (")[0][:44]
        side = "right" if x > 0 else "left"  # towards the middle, so that it stays on the map
        left = x - 0.013 * len(title) if x > 0 else x
        right = left + 0.013 * len(title)
        is_free = all(abs(y - v) > 0.035 or right < a or left > b for a, b, v in named)
        if is_free and len(named) < 30:
            named.append((left, right, y))
            ax.text(x, y, f" {title} ", fontsize=7, ha=side, va="center")
    ax.set(xlabel="first direction", ylabel="second direction")
    ax.set_title("300 films by their embeddings; green: liked more"), plt.show()

    lengths = dot.movie.weight.detach().norm(dim=1)
    print(
        f"length of a film's row: {lengths[seen == 0].mean():.0e} on average for the {int((seen == 0).sum())} films "
        f"without a known rating, {lengths[popular].mean():.2f} for the 300 rated most"
    )

# %% [markdown]
# Nobody told the model what a film is about. It saw only who gave how many stars to what, and films that please the same people have come to lie
# together. On our map, which yours may mirror, the *Star Wars* films of 1977, 1980 and 1983 are neighbours near the top, and *The Lord of the Rings* lies
# above them. *Taxi Driver*, *Dr. Strangelove* and *Annie Hall* lie on the left; *Armageddon*, *Independence Day* and *Twister* lie on the right. Do not
# trust each neighbour, though. Those of *Pulp Fiction* make sense, those of *Jurassic Park* (*Bourne Supremacy*, *Field of Dreams*, *Monsters, Inc.*)
# hardly. And a map of two dimensions shows only about a third of the variance.
#
# ## 11. What would you like?
#
# You are in no row of the table, and nobody trains everything again for one person. Nor is it necessary: the films' rows are known, so only your row
# u and your bias c are missing. Let $m_i$ be the row of film i that you rated, and $e_i$ the error that remains there:
#
# $$e_i = \mathrm{stars}_i - (u \cdot m_i + c + \mathrm{bias}_i + \mathrm{constant})$$
#
# With an L2 penalty the best u and c make $\sum_i e_i^2 + \lambda (\lVert u \rVert^2 + c^2)$ smallest. There the gradient is 0, which says:
#
# $$\lambda\, u = \sum_i e_i\, m_i \qquad \lambda\, c = \sum_i e_i$$
#
# One film, with one factor: $m_1$ = 1, bias 0.5, constant 2, λ = 0.5, and you gave 4 stars. Then u = c = 0.6. The prediction is
# 0.6 · 1 + 0.6 + 0.5 + 2 = 3.7 stars, the error 0.3, and λu = λc = 0.3, as it should be.
#
# **Find the mistake.** A function divides each error by λ, finds n equations for these n numbers in the two conditions, solves them, and makes u and
# c of them. (This is *ridge regression*.) One of
# its lines has a mistake, and which depends on your name.
#
# 1. Write your name and run the example below it. Copy the function that it prints to where it is asked for.
# 2. Make up some films and stars, and put what the function returns into the two equations: they do not hold. Find out why, and repair the function as
#    you like. The check runs your repair.
# 3. Give the number printed at the end of the line that was wrong. The check only keeps it; it is judged when you have handed in.
#
# **Exercise** · 15 minutes · ●●○ · about 9 lines in all
#
# <details><summary>What should I make up?</summary>
#
# `table = torch.randn(6, 2)`, `bias = torch.randn(6)`, `movies = torch.tensor([4, 1])`, and two numbers of stars. Calculate e by its formula. Does
# `e @ table[movies]` agree with `decay * u`, and `e.sum()` with `decay * c`?
# </details>
#
# <details><summary>They do not agree. Where is the mistake?</summary>
#
# Take the single film from above, and print every step. What is left to explain is 4 − 0.5 − 2 = 1.5 stars, and e/λ should be 0.6. If all that is right,
# take two films.
# </details>


# %%
def my_name():
    """Your name, as you hand in: your login, your e-mail address, or the name in the list of the class."""
    ### BEGIN SOLUTION
    return "ada"
    ### END SOLUTION


# %%
with autograder.example("a function with your mistake in it"):
    print(check.with_mistake("newcomer", my_name()))


# %%
def newcomer(table, bias, constant, movies, stars, decay):
    """The row (E,) and the bias, a number, of somebody new who gave `stars` (n,) to `movies` (n,), with a penalty of `decay`.

    table (V, E) and bias (V,) of all films.
    """
    ### BEGIN SOLUTION
    rows = table[movies]
    rest = stars - bias[movies] - constant
    alike = rows @ rows.T + 1
    penalised = alike + decay * torch.eye(len(rest))
    weights = torch.linalg.solve(penalised, rest)
    row = weights @ rows
    return row, weights.sum()
    ### END SOLUTION


# %%
check("repaired")


# %%
def mistaken_line():
    """The number of the line with the mistake, in the function with your mistake in it."""
    ### BEGIN SOLUTION
    return 11
    ### END SOLUTION


# %%
check("line_of_the_mistake")

# %% [markdown]
# Two people are invented. Write your own stars into `yours`, and see what you should watch.

# %%
with autograder.example("two newcomers, and you"):
    likes_space = {"Star Wars: Episode V": 5, "Lord of the Rings: The Two": 5, "Annie Hall": 2}
    likes_talk = {"Star Wars: Episode V": 2, "Lord of the Rings: The Two": 2, "Annie Hall": 5}
    yours = {}  # your own stars: the title's beginning is enough, but an article comes last, as in "Matrix, The"
    unknown = [begin for begin in yours if not any(t.startswith(begin) for t in titles)]
    if unknown:
        print("No title begins with", ", ".join(unknown))
        yours = {}
    for given in filter(None, (likes_space, likes_talk, yours)):
        rated = [next(i for i, t in enumerate(titles) if t.startswith(begin)) for begin in given]
        stars = torch.tensor([float(n) for n in given.values()])
        films, liked = dot.movie.weight.detach(), dot.movie_bias.weight.detach()[:, 0]
        row, level = newcomer(films, liked, dot.constant.detach(), torch.tensor(rated), stars, 3)
        expected = films @ row.float() + liked + float(level) + dot.constant.detach()
        best = [i for i in popular[expected[popular].argsort(descending=True)] if i not in rated]
        print(f"{given}: best", ", ".join(titles[i] for i in best[:5]))

# %% [markdown]
# To the first newcomer the model recommends the other films of both series and *The Matrix*, to the second *The Shawshank Redemption*, *Run Lola Run*
# and *Leaving Las Vegas*. Three ratings already help. We left 130 people out of the training and placed them by three of their ratings, five times with
# other people. On their other ratings the films' biases have an error of 0.956 ± 0.055, and the rows and levels lower it to 0.864 ± 0.037, each
# time. (Here λ is 3. With 0.3 the three ratings get too much weight: 0.974 ± 0.052. In training the penalty amounted to
# λ = 80,004 · 0.0001 = 8, because there the loss is a mean.) A new *film* gets its row in the same way.
#
# In the next unit characters get such rows, and the network that reads them gets a memory.
#
# ## Questions
#
# <details><summary>1. Word 7 and word 8 have neighbouring ids. Are they alike?</summary>
#
# No. An id only chooses a row. What makes words alike is that their rows are.
# </details>
#
# <details><summary>2. Why do we not multiply by one-hot rows in practice?</summary>
#
# The product takes V multiplications for each number of the result, and all but one of them are by zero. A lookup copies the row.
# </details>
#
# <details><summary>3. Two ids of a batch are the same. What is the gradient of their row?</summary>
#
# The sum of both gradients: the row was used twice.
# </details>
#
# <details><summary>4. What can biases say that a dot product can hardly say?</summary>
#
# That a film is liked by everybody, or that a person is strict. Without biases some of the factors have to be spent on that.
# </details>
#
# <details><summary>5. The product reaches 0.44 in training and 0.80 held out. What does that tell you?</summary>
#
# It overfits: most films have few ratings, and ten numbers can fit those exactly. Only the held-out figure says how good it is.
# </details>
#
# <details><summary>6. Why is a film's bias a better figure than its mean rating?</summary>
#
# The mean depends on who happened to rate it. The bias is what is left when the people's own biases have been accounted for. One
# part of a film's level may still hide in the product: nothing forces the users' vectors to average to zero.
# </details>
#
# <details><summary>7. A film has no ratings. What can `DotBias` predict for it?</summary>
#
# Nothing about the film. No rating ever moved its row and its bias, and the penalty has shrunk them to almost 0. So the prediction is the constant plus
# the user's bias, the same for all such films. Without the penalty the row would keep its random initial values. This is called the *cold
# start*, and it takes other data about the film.
# </details>
#
# ## Further
#
# These are not graded.
#
# * Replace the ten factors by 2 and by 50. Where is the held-out error lowest?
# * Adam divides each gradient by its usual size. So a film without ratings, where the penalty is the only gradient, loses its row whether `decay` is
#   0.000001 or 0.001. Train with `torch.optim.AdamW` and its `weight_decay` instead. How long are those rows now? (Loshchilov and Hutter 2019)
# * Leave 100 people out of the training, place each of them by three ratings, and predict their others. For which λ is the error lowest?
#
# ## Reading
#
# * Koren, Bell and Volinsky 2009, *Matrix factorization techniques for recommender systems*.
# * Loshchilov and Hutter 2019, [Decoupled weight decay regularization](https://arxiv.org/abs/1711.05101).
# * [torch.nn.Embedding](https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html).
# * Harper and Konstan 2015, *The MovieLens datasets: history and context*.
