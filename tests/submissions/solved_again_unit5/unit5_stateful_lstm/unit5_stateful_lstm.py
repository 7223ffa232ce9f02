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
# # Unit 5: a memory that lasts
#
# The networks of the units before forgot everything after eight characters: every window began from zeros. Here the state is
# carried from one window into the next, so that it can hold what was read long ago: whether a quotation was opened, what is being
# talked about. Such a network is harder to train. You build what makes it work, the LSTM cell, batches that continue, a cut through
# the past, a norm, clipping, and then put the network to the lesson's two uses: it completes texts, and it finds what does not belong.
#
# You need unit 2 (the loop, shapes with time first) and the idea of clipping (unit 4).
#
# **How to work.** Replace each `raise NotImplementedError()` by your code and run the exercise's last line. It tells you what is
# right, and for the mistakes that people make here it names the one you made. Of your file only imports, the functions and
# classes asked for, and what these use are graded; try things out wherever you like.
#
# **Letters**, the same in the whole course. Time comes first in every shape.
#
# | letter | meaning | | array | shape | meaning |
# |---|---|---|---|---|---|
# | T | steps in time | | `x`, `y` | (T, B) | ids of characters and the ids that follow them |
# | B | sequences in a batch | | `h`, `c` | (B, H) for a cell, (layers, B, H) for `nn.LSTM` | hidden state, cell state |
# | V | characters in the vocabulary | | `state` | a pair `(h, c)`, or None | what is carried; None stands for zeros |
# | E | numbers in an embedding | | `logits` | (T, B, V) | scores before softmax |
# | H | hidden units | | | | |
#
# **Where it runs.** Everything below runs on a GPU where there is one, and on the processor elsewhere. Two habits make the same code do
# both: send a model to `device` once, and in functions send data to *the model's own* device, `next(model.parameters()).device`.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import autograder

check = autograder.unit("unit5_stateful_lstm")
torch.set_num_threads(1)  # for networks as small as these, more threads are slower
device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else torch.device("cpu")

# %% [markdown]
# ## 1. One step of an LSTM
#
# A plain network puts its whole state through a matrix and an activation at every step; whatever it wants to keep must survive that again and
# again. The *long short-term memory* (Hochreiter and Schmidhuber 1997) keeps a second state beside the first, the cell state `c`, which is
# only ever scaled and added to. Three gates, numbers between 0 and 1, decide what happens to it:
#
# $$\begin{aligned} z &= W_{ih}\,x + b_{ih} + W_{hh}\,h + b_{hh} &&\text{four blocks of H numbers: } i, f, g, o \\
# c' &= \sigma(f) \odot c + \sigma(i) \odot \tanh(g) &&\text{forget a part, let something in}\\
# h' &= \sigma(o) \odot \tanh(c') &&\text{show a part} \end{aligned}$$
#
# ```text
#   c ────── × ───────────── + ───────────┬───────▶ c'
#            │ σ(f)          │            tanh
#            │         σ(i)─ × ─tanh(g)    × ─ σ(o)
#            └───────┬───────┘            │
#   x, h ────▶ z ────┘                    └───────▶ h'
# ```
#
# The four blocks lie in PyTorch's order, which is that of `nn.LSTMCell`: input gate i, forget gate f, candidate g, output gate o.
#
# | | shape | | | shape |
# |---|---|---|---|---|
# | `x` | (B, E) | | `W_ih` | (4H, E) |
# | `h`, `c` | (B, H) | | `W_hh` | (4H, H) |
# | returns h', c' | (B, H) each | | `b_ih`, `b_hh` | (4H,) |
#
# Write it by hand: PyTorch's own LSTM is out of reach while this is checked.
#
# **Exercise** · 20 minutes · ●●○ · about 4 lines
#
# <details><summary>How do I take z apart?</summary>
#
# `z.chunk(4, -1)` cuts the last axis into four equal parts, in order.
# </details>
#
# <details><summary>Which way round do the weights go?</summary>
#
# As in `nn.Linear`, a weight is (out, in), so a batch of rows is multiplied by its transpose: `x @ W_ih.T`.
# </details>


# %%



def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    z = torch.einsum("be,ke->bk", x, W_ih) + torch.einsum("bh,kh->bk", h, W_hh) + (b_ih + b_hh)
    H = h.shape[1]
    i, f, g, o = (z[:, k * H : (k + 1) * H] for k in range(4))
    keep = 1 / (1 + torch.exp(-f))
    new_c = keep * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * new_c.tanh(), new_c


# %%
check("one_step_of_an_lstm")

# %%
with autograder.example("your step against nn.LSTMCell"):
    cell = nn.LSTMCell(4, 6)
    given = torch.randn(3, 4), torch.randn(3, 6), torch.randn(3, 6)
    ready = cell(given[0], given[1:])
    ours = lstm_step(*given, cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)
    print(f"largest difference: {max((a - b).abs().max().item() for a, b in zip(ready, ours, strict=True)):.1e}")

# %% [markdown]
# ## 2. What a hundred steps do to a gradient
#
# Why go to such lengths? Because a gradient that walks back through many steps is multiplied by something at each of them. Measure it. Run
# a step T times from a start, add up the last state into one number, and ask for the gradient of that number in *every* state on the way:
# T + 1 of them, the start's first. Of each take the norm (the root of the sum of squares, over everything).
#
# **Exercise** · 20 minutes · ●●○ · about 5 lines
#
# <details><summary>How do I get gradients in states that are no parameters?</summary>
#
# `torch.autograd.grad(number, list_of_tensors)` returns one gradient for each tensor of the list. The start has no past, so it must be told that
# it needs a gradient: `start.clone().requires_grad_()`.
# </details>


# %%
def gradient_norms(step, start, T):
    states = [start.detach().clone().requires_grad_(True)]
    while len(states) <= T:
        states.append(step(states[-1]))
    grads = torch.autograd.grad(torch.sum(states[-1]), states)
    return [torch.sqrt((g**2).sum()).item() for g in grads]


# %%
check("norms_through_time")

# %%
with autograder.example("gradients through 100 steps"):
    generator = torch.Generator().manual_seed(0)
    H = 64
    square, start = torch.randn(H, H, generator=generator) / H**0.5, torch.randn(1, H, generator=generator)
    for scale, colour in ((1.6, "tab:red"), (1.0, "tab:orange"), (0.6, "tab:blue")):
        norms = gradient_norms(lambda h, scale=scale: torch.relu(scale * h @ square), start, 100)
        plt.semilogy(norms, color=colour, label=f"plain, weights × {scale}")
    four, b = torch.randn(4 * H, H, generator=generator) / H**0.5, torch.zeros(4 * H)
    b[H : 2 * H] = 4.0  # forget gates nearly open

    def lstm(both):
        return torch.cat(lstm_step(torch.zeros(1, 1), *both.chunk(2, -1), torch.zeros(4 * H, 1), four, b, 0 * b), -1)

    plt.semilogy(gradient_norms(lstm, torch.cat([start, start], -1), 100), color="k", label="LSTM, forget gates open")
    plt.xlabel("state after step"), plt.ylabel("norm of the gradient in it"), plt.legend()
    plt.title("the gradient starts at the right and walks left")
    plt.show()

# %% [markdown]
# Read it from the right. In the plain networks every step back multiplies by the same matrix, so the norm goes up or down as a power: with
# weights a little too large it explodes, a little too small and it vanishes. In the LSTM the way back along `c` is a multiplication by σ(f), and a gate
# can hold that near 1. It can still grow, which is why we clip.
#
# ## 3. Batches that continue
#
# To carry a state from batch to batch, batches must *continue*: what column i of batch n + 1 reads must be what follows column i of batch n. So cut the
# text into B long streams first, put them side by side, and then cut all of them across, every T steps:
#
# ```text
#   stream 0 │ the text begi │ ns here and g │ oes on …            B = 3
#   stream 1 │ in the middle │  of the book  │ there is …
#   stream 2 │ last part, wh │ ich ends when │  the text …
#              batch 0          batch 1         batch 2
# ```
#
# (The lesson cut windows in order and took 64 neighbours as a batch, so that a row of the next batch went on 64 windows further: its state was
# carried from one place into another. It learnt in spite of that.)
#
# | | shape | |
# |---|---|---|
# | `ids` | (N,) | in: a text |
# | L | | the length of a stream, in whole batches and with a target for each id: (N − 1) // B, rounded down to a multiple of T |
# | stream i | (L,) | begins at `ids[i * L]`; what is left over at the end of the text is dropped |
# | `x`, `y` | (T, B) each | out: L / T pairs, in order. `y` are the ids that follow those of `x` |
#
# **Exercise** · 25 minutes · ●●● · about 4 lines
#
# <details><summary>How do I put streams side by side?</summary>
#
# The first B · L ids, viewed as (B, L), have a stream in each row. Time comes first, so transpose.
# </details>
#
# <details><summary>And the targets?</summary>
#
# Do the same with the ids that begin one later, `ids[1 : B * L + 1]`. Rolling a stream would make its own beginning follow its end.
# </details>


# %%
def continuing_batches(ids, B, T):
    L = (len(ids) - 1) // B
    L -= L % T
    offsets = torch.arange(B, device=ids.device) * L
    for t in range(0, L, T):
        at = torch.arange(t, t + T, device=ids.device)[:, None] + offsets
        yield ids[at], ids[at + 1]


# %%
check("batches_that_continue")

# %% [markdown]
# ## 4. A cut through the past
#
# Carrying the state has a catch. PyTorch remembers how each tensor came about, so the state carries its whole history along. The gradient of batch
# 500 would want to walk back through all 500 batches, through weights that have changed since. So between two batches the *numbers* go on and the
# history is cut: truncated back-propagation through time. The network remembers for as long as it likes; it just learns from T steps at a time.
#
# **Exercise** · 5 minutes · ●○○ · about 1 line
#
# <details><summary>It says that it still has a past</summary>
#
# `t.detach()` does not change `t`. It *returns* a tensor with the same numbers and no past. And a state has two parts.
# </details>


# %%
def detached(state):
    return tuple(part.detach() for part in state)


# %%
check("cut_from_the_past")

# %% [markdown]
# ## 5. The network
#
# The lesson's, in the order in which things flow:
#
# | attribute | layer | |
# |---|---|---|
# | `embedding` | `nn.Embedding`, V → E | |
# | `norm` | `nn.BatchNorm1d` over the **E features** | right after the embedding: what made it learn in the lesson |
# | `lstm` | one `nn.LSTM` of two layers, E → H, time first | with `dropout` between its two layers |
# | `dropout` | `nn.Dropout` | on what comes out of the LSTM |
# | `output` | `nn.Linear`, H → V | the same layer at every step |
#
# Use these names and classes. Batch norm takes each *feature* and makes its mean 0 and its variance 1 over all T × B places where it occurs: statistics
# of E numbers, whatever the length of the window. `nn.BatchNorm1d` wants the features on axis 1.
#
# The state is **passed, not stored**: it comes in as an argument (None for zeros; `nn.LSTM` knows that) and goes out with the result. So the model keeps no secret
# between two calls, and whoever calls decides whether to carry, cut or reset.
#
# **Exercise** · 25 minutes · ●●○ · about 8 lines in all
#
# <details><summary>How do I bring the features to axis 1 and back?</summary>
#
# Either flatten time and batch, norm the rows, and unflatten; or move the axis: `movedim(-1, 1)` makes (T, E, B) of (T, B, E), and `movedim(1, -1)` brings it back.
# Both take the same statistics.
# </details>
#
# <details><summary>Where does dropout belong?</summary>
#
# `nn.LSTM(…, dropout=p)` drops between its layers, but not after the last one: that is what the `nn.Dropout(p)` before `output` is for. The state that is carried is never
# dropped.
# </details>


# %%
class CharLSTM(nn.Module):
    """Predicts the next character after each one: x (T, B), a state or None → logits (T, B, V), the last state."""

    def __init__(self, V, E, H, dropout):
        super().__init__()
        self.output = nn.Linear(H, V)
        self.dropout = nn.Dropout(dropout)
        self.lstm = nn.LSTM(input_size=E, hidden_size=H, num_layers=2, dropout=dropout)
        self.norm = nn.BatchNorm1d(E)
        self.embedding = nn.Embedding(V, E)

    def forward(self, x, state=None):
        e = self.embedding(x).permute(1, 2, 0)  # (B, E, T)
        e = self.norm(e).permute(2, 0, 1)
        out, state = self.lstm(e, state)
        return self.output(self.dropout(out)), state


# %%
check("network")

# %%
check("dropping_out")

# %% [markdown]
# ## 6. An epoch
#
# Now everything comes together. For one pass over the text: training mode; the state is None at the beginning of the epoch (**the reset**: the end of the text says nothing about
# its beginning; the lesson forgot it at first) and carried from batch to batch from then on, cut from its past. For each batch: predict, mean cross-entropy over all T × B
# places, gradients, **clip** them to a common norm of `bound`, step.
#
# On a GPU *mixed precision* makes this faster: in the context `mixed(device)` PyTorch computes matrix products in 16 bits and keeps in 32 what needs it. The
# function below does nothing on a processor. Put prediction and loss inside, `backward` outside.


# %%
def mixed(device):
    """Mixed precision where the device is a GPU (bfloat16, which needs no scaling of the loss), else nothing."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")


# %% [markdown]
# | | |
# |---|---|
# | `model` | called as `model(x, state)`, gives logits and the next state |
# | `batches` | an iterable of pairs x, y (T, B), which continue |
# | `optimizer` | has `zero_grad()` and `step()` |
# | `bound` | the largest norm that all gradients together may have (`nn.utils.clip_grad_norm_` does it) |
# | returns | a list of floats: the loss of each batch, as it was before the step |
#
# **Exercise** · 30 minutes · ●●● · about 15 lines
#
# <details><summary>"Trying to backward through the graph a second time"</summary>
#
# The gradient of this batch walks into the last one, whose graph is gone. `retain_graph=True` would keep all of them and is not what you want: cut the state from its past.
# </details>
#
# <details><summary>Where exactly does clipping go?</summary>
#
# After the gradients are there, before they are used.
# </details>


# %%
def train_epoch(model, batches, optimizer, bound):
    dev = next(model.parameters()).device
    model.train()
    result = []
    state = None
    for x, y in batches:
        x, y = x.to(dev), y.to(dev)
        if state is not None:
            state = detached(state)
        optimizer.zero_grad()
        with mixed(dev):
            logits, state = model(x, state)
            loss = F.cross_entropy(logits.permute(0, 2, 1), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), bound)
        optimizer.step()
        result.append(loss.item())
    return result


# %%
check("two_epochs")

# %% [markdown]
# ## 7. For real
#
# Does carrying the state help? Same network, same batches, same number of steps, once with your `train_epoch` as it is, once with a model that ignores the state it is given.
# Windows are short here (T = 10), so that a network which forgets has to feel it. Each is measured on held-out text in the way it was
# trained.


# %%
class Forgetful(nn.Module):
    """A model that starts from zeros whatever state it is given."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x, state=None):
        return self.model(x)


def held_out_loss(model, ids):
    """The mean loss in evaluation mode, read in windows of 10 with the state carried, in nats a character."""
    total, state, pairs = 0.0, None, list(continuing_batches(ids.to(device), 64, 10))
    model.eval()
    with torch.no_grad():
        for x, y in pairs:
            logits, state = model(x, state)
            total += F.cross_entropy(logits.flatten(0, 1), y.flatten()).item()
    return total / len(pairs)


with autograder.example("stateful against stateless"):
    corpus = autograder.corpus()
    chars = ["\0", *sorted(set(corpus.train))]
    place = {c: i for i, c in enumerate(chars)}

    def encode(text):
        return torch.tensor([place.get(c, 0) for c in text])

    ids, held_out_ids = encode(corpus.train), encode(corpus.held_out)
    for name in ("stateful", "stateless"):
        torch.manual_seed(0)
        network = CharLSTM(len(chars), 32, 64, 0.1).to(device)
        small = network if name == "stateful" else Forgetful(network)
        optimizer = torch.optim.Adam(small.parameters(), 8e-3, fused=True)
        for part in (ids[:240001], ids[240000:288001]):
            train_epoch(small, continuing_batches(part, 32, 10), optimizer, 1.0)
            optimizer.param_groups[0]["lr"] = 1e-3
        print(f"{name}: {held_out_loss(small, held_out_ids):.3f} nats a character held out, {corpus.name}")

# %% [markdown]
# The check trains your network on your batches with your `train_epoch` and measures the weights on text that was held out, beside our own solution on the same seed. It is strict enough to
# notice a state that is lost.

# %%
check("training")

# %% [markdown]
# Now a larger one, for what follows. It reads the text twice; on a processor it takes about half a minute. (The lesson trained two layers of 512 overnight on a GPU and came to
# 1.22 nats in training. The lesson's stateful network of 256 units, with batches that do continue and a reset, gets from 2.0 to 1.36 in six passes.)

# %%
with autograder.example("a larger network"):
    torch.manual_seed(0)
    model = CharLSTM(len(chars), 32, 128, 0.1).to(device)
    optimizer = torch.optim.Adam(model.parameters(), 1e-2, fused=True)
    losses = []
    for rate in (1e-2, 2e-3):
        optimizer.param_groups[0]["lr"] = rate
        losses += train_epoch(model, continuing_batches(ids, 64, 20), optimizer, 1.0)
    plt.plot(losses, color="0.85")
    plt.plot(np.arange(20, len(losses) + 1, 20), np.array(losses)[: len(losses) // 20 * 20].reshape(-1, 20).mean(1))
    plt.xlabel("batch"), plt.ylabel("loss in nats a character"), plt.title(corpus.name), plt.ylim(1.2, 3.5)
    plt.show()
    print(f"held out: {held_out_loss(model, held_out_ids):.3f} nats a character")

# %% [markdown]
# ## 8. Completing a text
#
# Read the start, draw a character from the softmax of logits / *temperature*, read it, and so on. Two things about modes. Writing happens in evaluation mode: no dropout, and the norm
# uses the statistics it has kept (with a single character it could not even compute any). And writing must leave the **training state alone**: people like to
# look at samples in the middle of training, so the model must be in the same mode afterwards as before, and nothing it keeps may have changed. Its state, being passed, is safe: a
# generation has its own. (In the lesson's Keras it was stored in the model, and every sample wiped it.)
#
# **Exercise** · 25 minutes · ●●● · about 11 lines
#
# <details><summary>How do I draw from probabilities?</summary>
#
# `torch.multinomial(p, 1, generator=generator)` draws one place from probabilities `p` (V,). It wants probabilities: not logits, not their logarithms. (A generator of the processor wants `p` on the processor.)
# </details>
#
# <details><summary>How do I restore the mode?</summary>
#
# `model.training` says which it is; `model.train(True)` and `model.train(False)` set it.
# </details>


# %%
@torch.no_grad()
def generate(model, start, length, temperature, generator=None):
    dev = next(model.parameters()).device
    mode = model.training
    model.eval()
    try:
        logits, state = model(torch.as_tensor(start, device=dev)[:, None], None)
        new = []
        for k in range(length):
            p = F.softmax(logits[-1, 0].float().cpu() / temperature, 0)
            new.append(torch.multinomial(p, 1, generator=generator).item())
            if k + 1 < length:
                logits, state = model(torch.tensor([[new[-1]]], device=dev), state)
    finally:
        model.train(mode)
    return new


# %%
check("generating")

# %%
with autograder.example("what it writes"):
    prompt = encode("the moral of this is that ").tolist()
    for temperature in (0.4, 0.7, 1.0):
        written = generate(model, prompt, 240, temperature, torch.Generator().manual_seed(1))
        print(f"temperature {temperature}:", "".join(chars[i] for i in written).replace("\n", " "), "\n")

# %% [markdown]
# The lesson's notes say of the phrases that such a network writes that they are not in the text. Do not believe it before you have looked: "morality equals self-glorification", their example, *is* in Nietzsche. Here is
# the longest piece of the last sample that occurs in the text as it stands.


# %%
def longest_copied(text, source):
    where, size, end = 0, 0, 0
    for begin in range(len(text)):
        end = max(end, begin)
        while end < len(text) and text[begin : end + 1] in source:
            end += 1
        if end - begin > size:
            where, size = begin, end - begin
    return where, size


# %%
check("copied")

# %%
with autograder.example("how much of it is copied"):
    sample = "".join(chars[i] for i in written)
    pieces = (sample[i : i + n] for n in range(40, 0, -1) for i in range(len(sample) - n + 1))
    print(repr(next(piece for piece in pieces if piece in corpus.train)))

# %% [markdown]
# ## 9. What surprises it
#
# The other use. A network that expects something can be surprised. What a character costs, $-\ln p$ of what was really there given all that came before, is a measure for how little it
# belongs. No threshold is needed yet, just one number for each character but the first, in nats.
#
# **Exercise** · 15 minutes · ●●○ · about 5 lines
#
# <details><summary>In one go or step by step?</summary>
#
# In one go: a text of N ids as x of shape (N − 1, 1) gives all predictions at once, and the state runs through it.
# </details>


# %%
def surprise(model, ids):
    ids = ids.to(next(model.parameters()).device)
    mode = model.training
    with torch.no_grad():
        logits = model.eval()(ids[:-1].reshape(-1, 1))[0]
    model.train(mode)
    lp = logits[:, 0].log_softmax(1)
    return -lp.gather(1, ids[1:, None])[:, 0]


# %%
check("surprised")

# %% [markdown]
# Three foreign passages in text that the network has never seen: German, a recipe's numbers, and letters in disorder. Brighter means more surprised (the mean over 15 characters).

# %%
PASSAGES = (
    "Da steh ich nun, ich armer Tor! Und bin so klug als wie zuvor; heisse Magister, heisse Doktor gar, ",
    "250g flour, 3 eggs, 1/2 l milk, 20g sugar; bake at 180 C, 35 min; serves 4 (see p. 112, no. 17-19) ",
    "oht efi sna ylno dbri gtnhi hatt si veer dais fo ti ni hte dne saw tno rtue ta lal, orn raf ormf ti ",
)

with autograder.example("surprise, character by character"):
    cuts = [corpus.held_out[2000 + 700 * i : 2700 + 700 * i] for i in range(4)]
    pieces = [(cuts[0], 0)] + [part for i in range(3) for part in ((PASSAGES[i], 1), (cuts[i + 1], 0))]
    mixed_text = "".join(piece for piece, _ in pieces).replace("\n", " ")
    foreign = torch.cat([torch.full((len(piece),), bool(label)) for piece, label in pieces])[1:]
    nats = surprise(model, encode(mixed_text)).cpu()
    smooth = F.avg_pool1d(nats[None], 15, 1, 7, count_include_pad=False)[0]
    width = 100
    show = [slice(640, 640 + 3 * width), slice(1440, 1440 + 3 * width)]
    rows = [
        (mixed_text[1:][s][k : k + width], smooth[s][k : k + width]) for s in show for k in range(0, 3 * width, width)
    ]
    figure, axes = plt.subplots(figsize=(13, 2.6))
    axes.imshow(torch.stack([values for _, values in rows]).numpy(), aspect="auto", cmap="inferno", vmin=0, vmax=6)
    for row, (line, _) in enumerate(rows):
        for column, character in enumerate(line):
            axes.text(
                column,
                row,
                character.replace("$", r"\$"),
                color="w",
                fontsize=7,
                family="monospace",
                ha="center",
                va="center",
            )
    axes.set_axis_off(), axes.set_title("what surprises the network")
    plt.show()

# %% [markdown]
# ## 10. How well does it find them?
#
# A threshold on surprise would say "foreign" or not, and each threshold has its own hits and false alarms. To judge the *score* rather than a threshold, ask: take a foreign character and an ordinary one
# at random; how often does the foreign one have the higher score? That share is the area under the ROC curve, **ROC AUC**. 1 means that the two are perfectly apart, 0.5 that the score knows nothing. A pair
# with equal scores counts half.
#
# **Exercise** · 15 minutes · ●●○ · about 2 lines
#
# <details><summary>How do I compare all pairs?</summary>
#
# Positives as a column, negatives as a row: the difference broadcasts to a table of all pairs.
# </details>


# %%
def roc_auc(scores, labels):
    pos, neg = scores[labels].double(), scores[~labels].double()
    total = 0.0
    neg = neg.sort().values
    below = torch.searchsorted(neg, pos, right=False)
    upto = torch.searchsorted(neg, pos, right=True)
    total = (below + upto).sum().item() / 2
    return total / (len(pos) * len(neg))


# %%
check("area_under_the_curve")

# %%
with autograder.example("foreign passages, found"):
    print(f"each character by itself:   ROC AUC {float(roc_auc(nats, foreign)):.3f}")
    print(f"mean over 15 characters:    ROC AUC {float(roc_auc(smooth, foreign)):.3f}")

# %% [markdown]
# Nobody told the network what "foreign" is. It only learnt to expect. A score per character is noisy, since rare characters surprise in any text; a mean over the neighbourhood is what one would use to watch a
# log, a sensor or a translation for what does not belong.
