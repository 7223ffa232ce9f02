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
# # Unit 0: labels that a network makes up
#
# Data is cheap and labels are expensive: you may have a thousand photographs, and labels for fifty. *Pseudo-labelling* uses the rest as well. Train
# a network on what is labelled, let it guess the labels of what is not, and train a second network on both: the true labels and the guesses. It
# helps when unlabelled data is plentiful and labels are few. The test images of a competition are such data: everybody has the images, but not their
# labels.
#
# Should that work? Beyond the labels, everything the second network (the *student*) learns seems to come from the first (the *teacher*). How can it
# beat a teacher whose mistakes it copies? With handwritten digits and fifty labels it can. Two things may help it. Images of one class lie close
# together, so the right guesses for similar images outvote a wrong one. And noise keeps it from copying single guesses: *dropout*, which sets random
# numbers in the network to 0 during training. In section 10 you measure which mistakes the student mends, what it mends without dropout, and how
# similar images vote.
#
# Training a new student on a teacher's guesses is called *self-training* (Yarowsky 1995; with noise, Xie et al. 2020). The name *pseudo-label* is
# Lee's (2013): in his method one network guesses hard labels again at each step.
#
# ![Labelled images and their labels train the teacher. The teacher guesses pseudo-labels for the unlabelled images. Mixed
# batches hold labelled images with true labels and unlabelled images with pseudo-labels; they train the student, a fresh
# network.](../drawings/teacher_student.svg)
#
# This course follows lesson 6 of fast.ai's *Deep Learning for Coders* of 2017. From here on that is *the lesson*. It opens with pseudo-labels, and
# then turns to embeddings and recurrent networks.
#
# **Afterwards you can**
#
# * mix batches from several sources in fixed shares, and say how long an epoch is then;
# * split data so that no row is seen twice;
# * make soft labels with a network, and train on them with a loss that stays finite;
# * measure whether pseudo-labels help, over several seeds, and whose mistakes they mend.
#
# The unit is optional: no later unit uses its code. But what you build on this one small problem returns in units 1 to 6: a training loop, the
# cross-entropy in nats, and a measurement on held-out data that tells a gain from luck.
#
# You need [PyTorch](https://pytorch.org/tutorials/beginner/basics/intro.html): tensors, modules, a training loop. **How to work:** the exercises take
# about 80 minutes in all; reading and looking at the examples takes about 55 more. Replace each `raise NotImplementedError()` with your code and run
# its cell `check("…")`. If you made a common mistake, the check tells you which. Never modify a tensor that you are given. Functions that do not
# train must leave the model unchanged.
#
# | letter | meaning | | array | shape | meaning |
# |---|---|---|---|---|---|
# | N | examples | | `x` | (N, D) | images, a row of pixels each |
# | B | examples in a batch | | `y` | (N, V) | labels as probabilities; a true one is one-hot: a 1 for its class, else zeros |
# | V | classes | | `logits` | (B, V) | scores, which softmax turns into probabilities |
# | D | pixels of an image | | | | |

# %%
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

import autograder

check = autograder.unit("unit0_pseudo_labels")

# %% [markdown]
# Here are 24 of the digits. **Label them yourself**, and note which ones you are unsure of. Section 9 shows what a network trained on fifty labels
# made of them.

# %%
with autograder.example("digits without their labels"):
    from sklearn.datasets import load_digits

    pixels, _ = load_digits(return_X_y=True)
    torch.manual_seed(3)
    some = torch.randperm(len(pixels))[600:624]
    fig, axes = plt.subplots(3, 8, figsize=(8, 3), layout="constrained")
    for ax, row in zip(axes.flat, some.tolist(), strict=True):
        ax.imshow(pixels[row].reshape(8, 8), cmap="gray_r")
        ax.set_axis_off()
    plt.show()

# %% [markdown]
# ## 1. A batch from several sources
#
# Each kind of data gets an iterator of its own that gives batches without end, `(x, y)` at each `next`. When it has been through
# its N examples it begins again; the last batch of a pass may be short. This one is ready for you:


# %%
class Batches:
    """Endless shuffled batches of (x, y): `N` examples a pass, the last batch of a pass short; `reset` begins a pass."""

    def __init__(self, x, y, size, seed=0):
        self.x, self.y, self.size, self.N = x, y, size, len(x)
        self.generator = torch.Generator().manual_seed(seed)
        self.reset()

    def reset(self):
        self.order = torch.randperm(self.N, generator=self.generator)

    def __iter__(self):
        return self

    def __next__(self):
        if len(self.order) == 0:
            self.reset()
        rows, self.order = self.order[: self.size], self.order[self.size :]
        return self.x[rows], self.y[rows]


# %% [markdown]
# Write the iterator that mixes them. It has the same interface as `Batches`, so a training loop can use either:
#
# | | |
# |---|---|
# | `MixIterator(children)` | `children`: a list (or tuple) of iterators with `N` and `reset()`: `Batches`, or mixes |
# | `N` | how many examples the children have in all |
# | `next(mix)` | one batch of each child, joined along axis 0 **in the order of the list**, `x` and `y` alike; without end |
#
# `iter(mix)` and `reset()` are ready; both need your list `self.children`.
#
# **Exercise** · 10 minutes · ●●○ · about 4 lines in all
#
# <details><summary>I have a list of pairs and need two tensors</summary>
#
# `xs, ys = zip(*pairs)` turns pairs into two tuples; `torch.cat` joins a tuple of tensors along axis 0.
# </details>


# %%
class MixIterator:
    """One batch from each child, joined: an iterator over batches of mixed origin."""

    def __init__(self, children):
        """children: a list or tuple of batch iterators with `N` and `reset()`."""
        # YOUR CODE HERE
        raise NotImplementedError()

    def __iter__(self):
        """The mix itself, as Python asks of an iterator."""
        return self

    def __next__(self):
        """x (B, ...), y (B, ...): the children's next batches, joined along axis 0 in order."""
        # YOUR CODE HERE
        raise NotImplementedError()

    def reset(self):
        """Reset each child once."""
        for child in self.children:
            child.reset()


# %%
check("mixing")

# %% [markdown]
# ## 2. How long is an epoch?
#
# Since the batches never end, someone must say when to stop: *when N examples have been seen*. Count examples, not batches, because batches differ in
# size: the last one of a child's pass may be short.
#
# **Exercise** · 8 minutes · ●○○ · about 6 lines
#
# <details><summary>How do I write a function that gives batches one by one?</summary>
#
# Use `yield` instead of `return`: the function is then a generator. It may hold a `while` loop.
# </details>


# %%
def one_epoch(batches):
    """Reset `batches`, then yield (x, y) from it until at least `batches.N` examples have been given.

    Whole batches, as they come. No batch is drawn before it is its turn to be yielded.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("epochs")

# %% [markdown]
# The lesson mixes 3,277, 1,000 and 500 examples, in parts of 44, 16 and 4. So N = 4,777 in batches of 64, and 4,777 / 64 is a little under 75. **How
# many batches does its epoch take?** Guess before you run the cell.

# %%
with autograder.example("the lesson's epoch"):
    children = [
        Batches(torch.zeros(n, 1), torch.zeros(n, 1), size)
        for n, size in ((3277, 44), (1000, 16), (500, 4))
    ]
    lesson = MixIterator(children)
    print("N =", lesson.N, "and an epoch takes", len(list(one_epoch(lesson))), "batches")

# %% [markdown]
# Two batches are short. The first child's pass ends with 21 examples instead of 44, the second's with 8 instead of 16. So 75 batches hold
# 75 · 64 − 23 − 8 = 4,769 examples: 8 too few, and it takes 76.
#
# Epochs are what one reports: "it saw all examples four times". Of a mix that is not true: when this epoch ends,
# 304 of the 500 examples have been seen, while the child of 1,000 has begun again. So the training of the digits counts steps.

# %% [markdown]
# ## 3. Shares and parts
#
# The true labels should weigh more than the guesses: the lesson advises that a quarter to a third of each batch be pseudo-labelled. The *share*
# is of the whole batch, and `batch_sizes` turns it into sizes. Of 64 examples with a share of 1/4, 16 are pseudo-labelled and 48 labelled.
#
# `split_rows` cuts the data into three parts. `order` is a random permutation of the row numbers. Its first `held_out` entries are *held out*: no
# network trains on them, and we measure with them at the end. The next `labelled` entries keep their labels. All that remain are unlabelled. (The
# lesson's notebook put its validation images into the training batches, with their labels, and then measured on them. Such a figure says nothing.)
#
# **Exercise** · 5 minutes · ●○○ · about 4 lines in all
#
# <details><summary>Is the share of the labelled part, or of everything?</summary>
#
# Of everything: the second size is made from `total` and `share`, and what is left of `total` is labelled. `round` goes to
# the nearest integer, and returns one. (`total × share` never lies half-way between two here.)
# </details>
#
# <details><summary>Which rows may be in two parts?</summary>
#
# None. Cut `order` once for the held-out rows; the other two parts come from what remains after that cut.
# </details>


# %%
def batch_sizes(total, share):
    """Two integers, the sizes (labelled, pseudo-labelled) of a batch's parts; the second is `total × share`, rounded."""
    # YOUR CODE HERE
    raise NotImplementedError()


def split_rows(order, held_out, labelled):
    """Row numbers of the three parts, cut from `order` (N,) one after another: held out, labelled, unlabelled."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("shares")

# %%
check("three_parts")

# %% [markdown]
# How large should a batch be? The digits of section 8 have 50 labels and 1,197 images without one. In a batch of 64, 43 images are labelled and 21
# guessed. But a pass through 50 labels is then a batch of 43 and a *short* batch of 7. Beside those 7 stand 21 guesses: three quarters of
# that batch, not the third that you asked for.
# With 75 in all, each batch holds the 50 labels and 25 guesses, so the share that you ask for is the share that you get. Your code shows it:


# %%
def shares_of_guesses(total, share):
    """The share of guesses in each batch of an epoch, with 50 labels and 1,197 guesses."""
    many, few = batch_sizes(total, share)
    labelled = Batches(torch.zeros(50, 1), torch.zeros(50), many)  # y is 0: no guess
    guesses = Batches(torch.zeros(1197, 1), torch.ones(1197), few)  # y is 1: a guess
    mix = MixIterator([labelled, guesses])
    return [y.mean().item() for _, y in one_epoch(mix)]


with autograder.example("a third of guesses, asked for and given"):
    for total in (64, 75):
        shares = shares_of_guesses(total, 1 / 3)
        first = ", ".join(f"{share:.0%}" for share in shares[:4])
        print(
            f"batches of {total}: guesses are {first} … of a batch, {sum(shares) / len(shares):.0%} on average, "
            f"and an epoch has {len(shares)} batches"
        )

# %% [markdown]
# ## 4. Soft pseudo-labels
#
# A *hard* pseudo-label is the most likely class. A *soft* one keeps the whole distribution: "an 8, or perhaps a 3". So a doubtful guess does not push
# the student to one class; the student learns the doubt instead. (Whether it matters we measure: question 3.) We use soft labels: the softmax of the
# logits $z$, in which class i has the probability $e^{z_i} / \sum_j e^{z_j}$. Logits of (2, 1, 0) give (0.67, 0.24, 0.09).
#
# Three rules:
#
# * Put the network in **evaluation mode** while it labels. Dropout is then off. Batch norm scales its inputs by a mean and a variance. In
#   training these are the batch's, so a label would depend on which other images are in the batch. In evaluation mode they are averages that batch
#   norm collected during training. (The network that the check passes has batch norm.)
# * Restore the previous mode afterwards.
# * Treat labels as data. PyTorch records how each number was computed; this record is the *graph*, and `backward` follows it to
#   the parameters. Labels should be outside of any graph.
#
# **Exercise** · 10 minutes · ●●○ · about 6 lines
#
# <details><summary>How do I learn which mode a model is in?</summary>
#
# `model.training` is True or False. `model.train(…)` sets the model and all of its layers to the mode that you give.
# </details>


# %%
def pseudo_labels(model, x):
    """Probabilities (N, V) that `model` gives to the classes of `x` (N, D), row by row in the order of `x`.

    Predicted in evaluation mode, outside of any graph. Afterwards the model is as it was before: in the same mode
    (all its layers share one mode), its numbers the same, and no gradients on them that were not there before.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("soft_labels")

# %% [markdown]
# ## 5. A loss for soft labels
#
# Cross-entropy needs no single true class; a distribution will do:
#
# $$\mathrm{CE} = -\frac{1}{B} \sum_b \sum_i y_{b,i} \ln \mathrm{softmax}(\mathrm{logits}_b)_i$$
#
# For a one-hot y, where all entries but one are 0, that is the usual loss. So one formula serves true labels and guesses, and a mixed batch
# needs no special care.
#
# With the natural logarithm the unit is the *nat*. For the label (½, ½) the prediction (¾, ¼) has a loss of −½ ln ¾ − ½ ln ¼ = 0.84 nats. The label
# itself, (½, ½), is the best prediction and still has ln 2 = 0.69 nats. With a one-hot label 0.69 nats mean that the true class got ½.
#
# **Exercise** · 4 minutes · ●○○ · about 1 line
#
# <details><summary>It is infinite or NaN for large logits</summary>
#
# The logarithm of a probability that rounds to 0 is −∞. `F.log_softmax` never forms the probability. (`F.cross_entropy` takes soft
# labels too, and does the same.)
# </details>


# %%
def soft_cross_entropy(logits, y):
    """The cross-entropy in nats of logits (B, V) with labels y (B, V), averaged over the batch.

    A tensor of one number, from which `backward` can start. Finite for large logits, too.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("loss_of_soft_labels")

# %% [markdown]
# ## 6. A training loop
#
# A given number of steps, each with the next batch: measure with `soft_cross_entropy`, clear the old gradients, differentiate, step.
# Put the model in *training mode* first. Take the batches as they come: no reset, and none drawn that is not trained on. Return a list of the
# losses, one for each step, each measured before the optimizer moves the weights.
#
# **Exercise** · 9 minutes · ●●○ · about 10 lines
#
# <details><summary>The losses are right, but the weights are not</summary>
#
# Clear the old gradients before `backward`, and let the optimizer step after it. `model.train()` comes before the loop.
# The number kept is `loss.item()` from before the step.
# </details>


# %%
def train(model, batches, optimizer, steps):
    """Take `steps` steps in training mode, each on `next(batches)`; returns the losses, a list of numbers."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("few_steps")

# %% [markdown]
# ## 7. Teacher and student
#
# Now all together. The teacher learns only from the labelled images, and labels the others. The student, a fresh network, learns from
# mixed batches. With a `total` of 75 and a `share` of 1/3, the teacher's batches have up to 75 labelled images (here
# there are only 50), and the student's 50 of them and 25 guesses.
#
# | | |
# |---|---|
# | `teacher`, `student` | two networks, neither trained yet |
# | `labelled` | a pair: x (N, D), y (N, V) |
# | `x_unlabelled` | (M, D) |
# | `make_batches(x, y, size)` | makes an endless batch iterator; the caller chooses its kind, such as `Batches` |
# | `make_optimizer(model)` | makes an optimizer for a model's parameters |
# | `total` | how many examples a batch should have |
# | `share` | which part of the *student's* batches should be pseudo-labelled |
# | `steps` | how many steps each of the two is trained for |
# | returns | the trained student |
#
# Put the labelled part first in the student's batches. (The check allows either order. But dropout then drops other numbers, and our figures assume
# this one.)
#
# **Exercise** · 13 minutes · ●●○ · about 7 lines
#
# <details><summary>Who is trained on what?</summary>
#
# Train the teacher only on labelled batches of `total`. Train the student on a mix of two kinds of batches; each kind needs an
# iterator of its own, of its own size.
# </details>


# %%
def semi_supervised(
    teacher, student, labelled, x_unlabelled, make_batches, make_optimizer, total, share, steps
):
    """Train the teacher on labelled data, label the rest softly, train the student on both; returns the student."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("both_networks")

# %% [markdown]
# ## 8. For real: digits with fifty labels
#
# 1,797 small handwritten digits come with scikit-learn (8 × 8 pixels). We put 550 aside, keep 50 labels (five of each digit, on
# average), and forget the other 1,197.
#
# Teacher and student take 600 steps each. For the student these are 600 passes over the labels, and 12.5 over the guesses. The network that has only
# the labels takes 1,200 steps, as many as both together.


# %%
def classifier():
    """A small network; dropout on the pixels makes it look at whole shapes."""
    return nn.Sequential(
        nn.Dropout(0.3), nn.Linear(64, 96), nn.ReLU(), nn.Dropout(0.5), nn.Linear(96, 10)
    )


def adam(model):
    """An optimizer that chooses a step size for each weight."""
    return torch.optim.Adam(model.parameters(), 3e-3)


def judge(model, x, digits):
    """Accuracy and cross-entropy on held-out images, and how sure the model is of its wrong answers."""
    probabilities = pseudo_labels(model, x)
    highest, answer = probabilities.max(-1)
    is_right = answer == digits
    logarithms = probabilities.clamp(min=1e-30).log()  # a probability of 0 has no logarithm
    # softmax(log p) = p, so the logarithms of probabilities serve as logits
    loss = soft_cross_entropy(logarithms, F.one_hot(digits, 10).float())
    return is_right.float().mean().item(), loss.item(), highest[~is_right].mean().item()


# %%
with autograder.example("digits, with and without pseudo-labels"):
    from sklearn.datasets import load_digits

    pixels, answers = load_digits(return_X_y=True)
    images, answers = torch.tensor(pixels / 16).float(), torch.tensor(answers)

    rows, trained = [], []
    for seed in range(4):
        torch.manual_seed(seed)
        held_out, few_labels, no_labels = split_rows(torch.randperm(len(images)), 550, 50)
        labelled = images[few_labels], F.one_hot(answers[few_labels], 10).float()
        supervised = classifier()
        # as many steps as teacher and student together
        train(supervised, Batches(*labelled, 75), adam(supervised), 1200)
        teacher, student = classifier(), classifier()
        semi_supervised(
            teacher, student, labelled, images[no_labels], Batches, adam, 75, 1 / 3, 600
        )
        trained.append((supervised, teacher, student, labelled, no_labels))
        rows.append(
            [
                judge(model, images[held_out], answers[held_out])
                for model in (supervised, teacher, student)
            ]
        )

    figures = torch.tensor(rows)  # (seeds, networks, figures of each)
    for i, name in enumerate(
        ("50 labels, 1,200 steps", "teacher: 50 labels, 600 steps", "student: with pseudo-labels")
    ):
        accuracy, loss, sure = figures[:, i].mean(0)
        print(
            f"{name:<30} held-out accuracy {accuracy:.1%}, loss {loss:.3f} nats, wrong answers {sure:.0%} sure"
        )
    gains = figures[:, 2, 0] - figures[:, 0, 0]
    in_points = ", ".join(f"{100 * gain:.1f}" for gain in gains)
    print(
        f"gains of the student over only labels: {in_points} points, on average {100 * gains.mean():.1f}, "
        f"with a standard deviation of {100 * gains.std():.1f}"
    )

    fig, axes = plt.subplots(1, 2, figsize=(9, 3.5))
    for ax, place, title in zip(
        axes, (0, 1), ("held-out accuracy", "held-out loss in nats"), strict=True
    ):
        of_seeds = ax.plot(figures[:, :, place].T, "o-", color="0.6")
        of_seeds[0].set_label("each seed")
        ax.plot(figures[:, :, place].mean(0), "s-", color="tab:blue", label="mean")
        ax.set_title(title)
        ax.set_xticks([0, 1, 2], ["only labels", "teacher", "student"]), ax.legend()
    plt.show()

# %% [markdown]
# On average the student gains about two points of accuracy over the network that had only the labels. On one of the four seeds it gains nothing. Is
# the gain luck? From seed to seed it varies by 1.8 points, the standard deviation. The mean of n seeds varies less, by the standard deviation
# divided by the root of n: with four seeds by 0.9 points. This is the *standard error* of the mean. The mean of 1.9 is about two standard errors:
# suggestive, not conclusive.
#
# So we ran this cell with seeds 0 to 15. The gain is 2.9 points with a standard deviation of 1.7, so the standard error is 0.4: about a seventh of
# the gain. That is not luck. But is it a fair comparison? Two networks had only labels, and the one with 1,200 steps is the worse of them:
#
# | on 16 seeds | learned from | steps | right |
# |---|---|---|---|
# | with only labels | 50 labels | 1,200 | 81.9 % |
# | the teacher | 50 labels | 600 | 82.5 % |
# | the student | 50 labels and guesses | 600 | 84.8 % |
#
# Over its teacher the student gains 2.3 points, with a standard deviation of 1.0, and it is better on all 16 seeds. (All seeds
# draw their held-out images from the same 1,797 digits, so other data may show something else.)
#
# On the four seeds above the loss falls too, to 0.628 nats. The teacher has 0.744, and the network with 1,200 steps 0.832.
#
# The lesson limits the guesses to a third or a quarter of a batch, so that the true labels keep their weight. Does the limit matter here? Predict what
# happens with four fifths instead of a third, before you run the example; every prediction earns the point.
#
# **Exercise** · 2 minutes · ●○○ · about 1 line
#
# <details><summary>What should I think of?</summary>
#
# Of how many guesses are right, and of what the fifty true labels add.
# </details>


# %%
def with_four_fifths():
    """Your prediction: is the student "clearly better", "about the same" or "clearly worse" with four fifths?"""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("predicted_accuracy")

# %%
with autograder.example("another share of guesses"):
    print(f"predicted: {with_four_fifths()}")
    my_share = 0.8
    for share in (1 / 3, my_share):
        accuracies = []
        for seed in range(4):
            torch.manual_seed(seed)
            held_out, few_labels, no_labels = split_rows(torch.randperm(len(images)), 550, 50)
            labelled = images[few_labels], F.one_hot(answers[few_labels], 10).float()
            teacher, student = classifier(), classifier()
            semi_supervised(
                teacher, student, labelled, images[no_labels], Batches, adam, 75, share, 600
            )
            accuracies.append(judge(student, images[held_out], answers[held_out])[0])
        print(
            f"{share:.0%} guesses: the student's held-out accuracy is {sum(accuracies) / 4:.1%} on average"
        )

# %% [markdown]
# <details><summary>What did four fifths do, and why?</summary>
#
# They do no harm here: 83.7 %, against 83.9 % with a third, and four seeds cannot distinguish these. About five of six guesses are right.
# (With a third, the lines printed above say 83.4 %. There the networks began with other weights. And as in section 3 the batches are ragged: the labelled
# ones hold 15, 15, 15 and 5 images, so 83 % of what the student reads are guesses.)
# </details>
#
# The check trains once with your functions, and measures the student on images whose labels your program never sees. It compares with our own
# solution on the same seed, initial weights and batches.

# %%
check("training")

# %% [markdown]
# ## 9. Does it mean what it says?
#
# Here is what the last of the four students was taught: the 24 images from the beginning, each with the teacher's guess and how sure it was. Wrong
# guesses are red, with the true label. Were you better?

# %%
with autograder.example("what the teacher guessed"):
    _, teacher, student, _, no_labels = trained[-1]
    guesses = pseudo_labels(teacher, images[no_labels])
    fig, axes = plt.subplots(3, 8, figsize=(9, 4.2))
    for ax, i in zip(axes.flat, range(24), strict=True):
        sure, guess = guesses[i].max(-1)
        truth = answers[no_labels[i]]
        (
            ax.imshow(images[no_labels[i]].reshape(8, 8).numpy(), cmap="gray_r"),
            ax.set_xticks([]),
            ax.set_yticks([]),
        )
        is_right = guess == truth
        ax.set_title(
            f"{guess} ({sure:.0%})" if is_right else f"{guess} ({sure:.0%}), is {truth}",
            fontsize=9,
            color="black" if is_right else "red",
        )
    plt.show()
    answers_of_student = pseudo_labels(student, images[no_labels[:24]])
    for i in range(24):
        sure, guess = guesses[i].max(-1)
        truth = answers[no_labels[i]]
        if guess != truth:
            student_sure, answer = answers_of_student[i].max(-1)
            print(f"a {truth}: teacher {guess} ({sure:.0%}), student {answer} ({student_sure:.0%})")

# %% [markdown]
# Look at what it doubts. Its "2 (57%)" and "3 (47%)" are right, its "8 (50%)" is wrong. A soft label passes that doubt on, and the student says 2 there,
# which is right. It believes the confident mistake: the 8 that the teacher called a 9, with 95 %, is still a 9 to the student, with 84 %.
#
# **Find the mistake.** Doubt is worth something only if its numbers mean what they say: of the guesses that are 70 % sure, 70 % should be
# right. Such a network is *calibrated*. To measure how far one is from that, sort its guesses into bins by their *confidence*, the probability of the
# most likely class. In each bin compare the mean confidence with the share that is right. Then average these differences, weighted by the size $N_b$
# of the bin:
#
# $$\mathrm{ECE} = \sum_b \frac{N_b}{N}\, \big|\, \mathrm{confidence}_b - \mathrm{accuracy}_b \,\big|$$
#
# That is the *expected calibration error* (Guo and others 2017). Take five guesses and two bins. Two guesses are 60 % and 70 % sure, and one of them is
# right: |0.65 − 0.5| = 0.15. The other three are 90 % sure, and all are right: |0.9 − 1| = 0.1. So the error is 2/5 · 0.15 + 3/5 · 0.1 = 0.12.
#
# Below is a function for it in which one line is wrong. Your name decides which, so most of your neighbours have another mistake.
#
# 1. Write your name, run the example below it, and copy the function that it prints to where it is asked for.
# 2. Find the mistake: run it on the five guesses, then on others whose error you can work out. Repair it, in your way.
# 3. Give the number of the wrong line: it is printed at the end of the line. The check keeps your number, and it is judged when you have handed in.
#
# **Exercise** · 11 minutes · ●●○ · about 14 lines in all
#
# <details><summary>What are good guesses to try?</summary>
#
# Guesses that are all right and 100 % sure: the error is 0. All wrong and 100 % sure: it is 1. One of two right, both 80 % sure: 0.3. Then put these
# into two bins of different size.
# </details>


# %%
def my_name():
    """Your name, as you hand in: your login, your e-mail address, or the name in the list of the class."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
with autograder.example("a function with your mistake in it"):
    print(check.with_mistake("calibration_error", my_name()))


# %%
def calibration_error(probabilities, classes, edges):
    """The mean difference of confidence and accuracy over bins, weighted by their size, a number: 0 if calibrated.

    probabilities (N, V), classes (N,): integers. edges: a tensor of rising numbers, one more than there are bins; a confidence that equals
    an edge belongs to the bin below it.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
with autograder.example("five guesses whose error you know"):
    five = torch.tensor([[0.6, 0.4], [0.3, 0.7], [0.9, 0.1], [0.9, 0.1], [0.1, 0.9]])
    error = calibration_error(five, torch.tensor([0, 0, 0, 0, 1]), torch.tensor([0.0, 0.8, 1.0]))
    print(f"the second one is wrong: {float(error):.3f}, and 0.120 is right")

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
with autograder.example("do the teacher and the student mean what they say?"):
    edges = torch.linspace(0, 1, 11)
    for seed, (_, teacher, student, _, no_labels) in enumerate(trained):
        of_both = [
            float(
                calibration_error(
                    pseudo_labels(model, images[no_labels]), answers[no_labels], edges
                )
            )
            for model in (teacher, student)
        ]
        print(
            f"seed {seed}: calibration error of the teacher {of_both[0]:.3f}, of the student {of_both[1]:.3f}"
        )

# %% [markdown]
# On three of the four seeds both errors are below 0.04: confidence and accuracy roughly agree. On seed 0 the teacher is overconfident: its mean
# confidence is 88 %, its accuracy 75 %. Its error is 0.14, and that of its student, which learned from those numbers, 0.10.
#
# ## 10. Whose mistakes does it mend?
#
# Now to the question of the beginning: how can a student beat its teacher? Accuracy cannot say: two networks may be equally accurate and make
# different mistakes. Take five images:
#
# | true label | 3 | 8 | 2 | 5 | 1 |
# |---|---|---|---|---|---|
# | teacher | **8** | 8 | 2 | 5 | **7** |
# | student | 3 | 8 | 2 | **6** | **7** |
#
# Each has three right. But the student *corrects* one of its teacher's two mistakes, a share of 1/2, and *loses* one of the three answers that its
# teacher had right, 1/3. Write the function that measures both.
#
# **Exercise** · 5 minutes · ●●○ · about 4 lines
#
# <details><summary>How do I take a mean over some of the images only?</summary>
#
# A tensor of truth values selects: `right[mask].float().mean()` is the share of True where `mask` is True, and `~mask` is True where `mask` is not.
# </details>


# %%
def corrected_and_lost(teacher, student, classes):
    """Two shares: of the teacher's wrong answers, those that the student has right; of its right ones, those that it has wrong.

    teacher, student: the answers of both, classes: the true ones; each (N,), integers. The teacher has wrong answers and right ones.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %%
check("corrections")

# %% [markdown]
# The next cell takes all unlabelled images of the four seeds, whose true labels no network saw. It sorts them by the teacher's confidence, and then
# uses your function. Two more networks are the controls: the one that had only the fifty labels, and a student without dropout, trained on the same
# guesses. A third control trains nothing: a vote, in which the mean guess for the ten nearest images decides. **What do you expect** of each: how much
# does it correct, and how much does it lose?
#
# **Write the student without dropout yourself** before you read on, in a cell that begins `with autograder.example("without dropout"):`. It takes
# four lines: a network like `classifier()` but without dropout, mixed batches of 50 labelled images and 25 guesses, and 600 steps. From the cells
# above you have `images`, `answers`, and of the last seed `teacher`, `labelled` and `no_labels`. Let `corrected_and_lost` say what it corrects. (One
# seed varies: the text below has four.)
#
# <details><summary>Our four lines</summary>
#
# ```python
# no_dropout = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 10))
# guessed = Batches(images[no_labels], pseudo_labels(teacher, images[no_labels]), 25)
# mix = MixIterator([Batches(*labelled, 50), guessed])
# train(no_dropout, mix, adam(no_dropout), 600)
# ```
# </details>

# %%
with autograder.example("where the student is better than its teacher"):
    confidence, truth, given = [], [], []
    for seed, (supervised, teacher, student, labelled, no_labels) in enumerate(trained):
        guesses = pseudo_labels(teacher, images[no_labels])
        torch.manual_seed(seed)
        no_dropout = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 10))
        mix = MixIterator([Batches(*labelled, 50), Batches(images[no_labels], guesses, 25)])
        train(no_dropout, mix, adam(no_dropout), 600)
        distances = torch.cdist(images[no_labels], images[no_labels])
        distances.fill_diagonal_(torch.inf)  # no image is its own neighbour
        nearest = distances.topk(10, largest=False).indices
        of_all = [
            pseudo_labels(model, images[no_labels])
            for model in (teacher, student, supervised, no_dropout)
        ]
        of_all.append(guesses[nearest].mean(1))
        given.append(torch.stack(of_all).argmax(-1))
        confidence.append(guesses.amax(-1))
        truth.append(answers[no_labels])
    confidence, truth, given = torch.cat(confidence), torch.cat(truth), torch.cat(given, 1)

    by_confidence = []
    names = ["below 50 %", "50 to 70 %", "70 to 90 %", "above 90 %"]
    for name, low, high in zip(names, (0, 0.5, 0.7, 0.9), (0.5, 0.7, 0.9, 2), strict=True):
        these = (confidence >= low) & (confidence < high)
        by_confidence.append((given == truth)[:2, these].float().mean(1))
        of_teacher, of_student = by_confidence[-1]
        print(
            f"teacher's confidence {name}: {these.float().mean():>4.0%} of the images, "
            f"teacher right {of_teacher:.0%}, student right {of_student:.0%}"
        )
    accuracies = (given == truth).float().mean(1)
    print(f"the teacher has {accuracies[0]:.1%} right")
    names_of_others = (
        "student",
        "50 labels, 1,200 steps",
        "student without dropout",
        "vote of ten neighbours",
    )
    for name, others, accuracy in zip(names_of_others, given[1:], accuracies[1:], strict=True):
        corrected, lost = corrected_and_lost(given[0], others, truth)
        print(
            f"{name:<24} has {accuracy:.1%} right: it corrects {corrected:>5.1%} of the teacher's mistakes, "
            f"and loses {lost:.1%} of what the teacher had right"
        )

    fig, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
    of_teacher, of_student = torch.stack(by_confidence).T.tolist()
    ax.bar([-0.2, 0.8, 1.8, 2.8], of_teacher, 0.4, label="teacher")
    ax.bar([0.2, 1.2, 2.2, 3.2], of_student, 0.4, label="student")
    ax.set_xticks(range(4), names), ax.set_xlabel("the teacher's confidence")
    ax.set_ylabel("share that is right"), ax.legend(loc="upper left")
    plt.show()

# %% [markdown]
# The student corrects one in eight of the teacher's mistakes. But so does the network with only the labels, which saw none of the guesses: it is
# wrong on other images. The student's advantage is that it loses less: 1.3 % of what the teacher had right, against 2.4 %. (On seeds 4 to 15 the
# student corrects 15.2 % and loses 1.0 %. That network corrects 12.5 % and loses 2.9 %.) The student gains most where the teacher doubted. Where the
# teacher was sure, the student believes it.
#
# So what of the two explanations at the beginning?
#
# * *The right guesses for similar images outvote a wrong one.* In the vote of ten neighbours they do: it corrects 43 % of the teacher's mistakes and
#   loses 1.4 %, and nothing was trained for it.
# * *Noise keeps the student from copying single guesses.* Without dropout the student had the same images and the same guesses, but it corrects only
#   2 % of the mistakes: 82.9 % of its answers are right, and 83.3 % of its teacher's. So a majority of right guesses is not enough, and dropout is
#   needed here.
#
# Does the student with dropout correct its share *because* neighbours outvote the teacher? This measurement cannot say: the network with only the
# labels has no guesses, and corrects as much.
#
# Here are digits that the last student reads right and its teacher did not.

# %%
with autograder.example("mistakes that the student corrects"):
    _, teacher, student, _, no_labels = trained[-1]
    first, second = (pseudo_labels(m, images[no_labels]).argmax(-1) for m in (teacher, student))
    corrected = (first != second) & (second == answers[no_labels])
    fig, axes = plt.subplots(2, 8, figsize=(9, 3), layout="constrained")
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, i in zip(axes.flat, corrected.nonzero().flatten().tolist(), strict=False):
        ax.imshow(images[no_labels[i]].reshape(8, 8).numpy(), cmap="gray_r")
        ax.set_title(f"{first[i]}, now {second[i]}", fontsize=9)
    plt.show()

# %% [markdown]
# Its teacher called each of them something else. And all of it ran on your code: the batches, the loss, the loop and this measurement.
#
# The next unit is about tables of numbers that are learned, called embeddings, and asks what such a table has learned.
#
# ## Questions
#
# Answer each in a sentence or two before you unfold it.
#
# <details><summary>1. When do pseudo-labels help?</summary>
#
# When labels are few, unlabelled data of the same kind is plentiful, and the first network guesses much better than chance. A competition's
# test set without labels is the classic case. With many labels there is usually less left to gain.
# </details>
#
# <details><summary>2. Why does the lesson limit the share of guesses?</summary>
#
# Some guesses are wrong, and the second network learns most of those as well. With the digits, where about five of six guesses are right, the limit
# hardly matters. A third gives 83.9 %. A share of 0.96 is that of the guesses among all images that are trained on, 1,197 of 1,247, so every image
# weighs the same, labelled or not. With it accuracy drops by 0.4 points, with a standard error of 0.3 over the four seeds. Without pseudo-labels it
# drops by 2.0 points, with a standard error of 0.6.
# </details>
#
# <details><summary>3. What does a soft label say that the most likely class does not? Does it matter here?</summary>
#
# A soft label passes the doubt on. A hard label turns "8 with 50 %" into "8", and the student learns it as firmly as a true label. With the digits
# it does not matter: on 16 seeds the student of soft labels comes to 84.8 %, the student of hard labels to 85.0 %. The difference, 0.2 points, has
# a standard deviation of 0.45, so its standard error is 0.1. If anything, hard labels are a little better.
# </details>
#
# <details><summary>4. What goes wrong if the teacher guesses in training mode?</summary>
#
# Dropout blanks a part of each image, so the labels are those of damaged images, and they differ from call to call.
# </details>
#
# <details><summary>5. Why is log(softmax(z)) computed in one function?</summary>
#
# For a score far below the largest the softmax underflows to 0, and its logarithm is −∞. `log_softmax` subtracts the largest score first and never
# takes the logarithm of 0.
# </details>
#
# ## Further
#
# These are not graded.
#
# * Keep only 20 labels, and compare a third of guesses with four fifths again. Choose a `total` for each, so that no batch is ragged.
# * Set `my_share` in section 8 to 0.96, where every image weighs the same, then to 0. What is worse? Question 2 has our figures.
# * Train a third network on the student's guesses, and one on the votes of ten neighbours. Which helps more?
#
# ## Reading
#
# * Xie, Luong, Hovy and Le 2020, [Self-training with noisy student improves ImageNet classification](https://arxiv.org/abs/1911.04252).
# * Yarowsky 1995, [Unsupervised word sense disambiguation rivaling supervised methods](https://aclanthology.org/P95-1026/).
# * Hinton, Vinyals and Dean 2015, [Distilling the knowledge in a neural network](https://arxiv.org/abs/1503.02531), on soft labels.
# * Lee 2013, *Pseudo-label: the simple and efficient semi-supervised learning method for deep neural networks* (ICML workshop on
#   challenges in representation learning).
# * [scikit-learn: semi-supervised learning](https://scikit-learn.org/stable/modules/semi_supervised.html).
# * [The lesson](https://course17.fast.ai/lessons/lesson6.html) that this course follows. In this unit only one of its figures can be compared with ours: the 76 batches.
