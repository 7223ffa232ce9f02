"""A named tuple for the state, a class of batches with a length, a trainer, a writer, a context for the mode; in cells."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple


# %%
class State(NamedTuple):
    h: torch.Tensor
    c: torch.Tensor

    def cut(self) -> "State":
        return State(self.h.detach(), self.c.detach())


def detached(state: tuple) -> State:
    return State(*state).cut()


@dataclass
class Cell:
    W_ih: torch.Tensor
    W_hh: torch.Tensor
    b_ih: torch.Tensor
    b_hh: torch.Tensor

    def __call__(self, x: torch.Tensor, state: State) -> State:
        z = x.matmul(self.W_ih.t()).add(self.b_ih).add(state.h.matmul(self.W_hh.t())).add(self.b_hh)
        i, f, g, o = z.tensor_split(4, dim=1)
        c = torch.sigmoid(f).mul(state.c).add(torch.sigmoid(i).mul(torch.tanh(g)))
        return State(torch.sigmoid(o).mul(torch.tanh(c)), c)


def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh) -> State:
    return Cell(W_ih, W_hh, b_ih, b_hh)(x, State(h, c))


# %%
class ContinuingBatches:
    def __init__(self, ids: torch.Tensor, B: int, T: int) -> None:
        self.B, self.T = B, T
        self.L = (len(ids) - 1) // B // T * T
        # (L+1, B)
        self.streams = torch.stack(
            [ids[i * self.L : (i + 1) * self.L + 1] for i in range(B)], dim=1
        )

    def __len__(self) -> int:
        return self.L // self.T

    def __getitem__(self, n: int) -> tuple[torch.Tensor, torch.Tensor]:
        if n >= len(self):
            raise IndexError(n)
        window = self.streams[n * self.T : (n + 1) * self.T + 1]
        return window[:-1], window[1:]


def continuing_batches(ids: torch.Tensor, B: int, T: int) -> ContinuingBatches:
    return ContinuingBatches(ids, B, T)


# %%
class CharLSTM(nn.Module):
    def __init__(self, V: int, E: int, H: int, dropout: float) -> None:
        super().__init__()
        self.add_module("embedding", nn.Embedding(V, E))
        self.add_module("norm", nn.BatchNorm1d(E))
        self.add_module("lstm", nn.LSTM(E, H, 2, dropout=dropout))
        self.add_module("dropout", nn.Dropout(dropout))
        self.add_module("output", nn.Linear(H, V))
        self.head = nn.Sequential(self.dropout, self.output)

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        T, B = x.shape
        rows = self.embedding(x.reshape(T * B))
        return self.norm(rows).reshape(T, B, -1)

    def forward(self, x: torch.Tensor, state: tuple | None = None) -> tuple[torch.Tensor, tuple]:
        states, last = self.lstm(self.embed(x), state)
        return self.head(states), last


# %%
class Trainer:
    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, bound: float) -> None:
        self.model, self.optimizer, self.bound, self.state = model.train(), optimizer, bound, None
        self.device = next(model.parameters()).device
        self.criterion = nn.CrossEntropyLoss()

    def step(self, x: torch.Tensor, y: torch.Tensor) -> float:
        logits, state = self.model(x.to(self.device), self.state)
        loss = self.criterion(logits.permute(0, 2, 1), y.to(self.device))
        self.state = detached(state)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.bound)
        self.optimizer.step()
        return loss.item()


def train_epoch(
    model: nn.Module, batches: Any, optimizer: torch.optim.Optimizer, bound: float
) -> list[float]:
    trainer = Trainer(model, optimizer, bound)
    return [trainer.step(x, y) for x, y in batches]


# %%
@contextmanager
def evaluating(model: nn.Module) -> Iterator[nn.Module]:
    before = model.training
    with torch.no_grad():
        yield model.eval()
    model.train(before)


class Writer:
    def __init__(
        self, model: nn.Module, temperature: float, generator: torch.Generator | None
    ) -> None:
        self.model, self.temperature, self.generator, self.state = (
            model,
            temperature,
            generator,
            None,
        )

    def read(self, ids: list[int]) -> torch.Tensor:
        logits, self.state = self.model(torch.tensor(ids).unsqueeze(1), self.state)
        return logits[-1].squeeze(0)

    def draw(self, logits: torch.Tensor) -> int:
        p = torch.softmax(logits / self.temperature, 0)
        return int(p.multinomial(1, generator=self.generator).item())


def generate(
    model, start, length: int, temperature: float, generator: torch.Generator | None = None
) -> list[int]:
    with evaluating(model):
        writer, ids = Writer(model, temperature, generator), list(start)
        logits = writer.read(ids)
        for _ in range(length):
            ids.append(writer.draw(logits))
            logits = writer.read(ids[-1:])
    return ids[len(start) :]


class Automaton:
    """All pieces of a string, each as a way through states: the suffix automaton."""

    def __init__(self, source: str) -> None:
        self.ways: list[dict[str, int]] = [{}]
        self.links, self.lengths, self.last = [-1], [0], 0
        for character in source:
            self.append(character)

    def state(self, length: int, link: int, ways: dict[str, int]) -> int:
        self.ways.append(ways)
        self.links.append(link)
        self.lengths.append(length)
        return len(self.ways) - 1

    def append(self, character: str) -> None:
        new = self.state(self.lengths[self.last] + 1, 0, {})
        at, self.last = self.last, new
        while at >= 0 and character not in self.ways[at]:
            self.ways[at][character] = new
            at = self.links[at]
        if at < 0:
            return
        following = self.ways[at][character]
        if self.lengths[following] > self.lengths[at] + 1:
            shorter = self.state(
                self.lengths[at] + 1, self.links[following], dict(self.ways[following])
            )
            self.links[following] = shorter
            while at >= 0 and self.ways[at].get(character) == following:
                self.ways[at][character] = shorter
                at = self.links[at]
            following = shorter
        self.links[new] = following

    def longest(self, text: str) -> tuple[int, int]:
        best, at, length = (0, 0), 0, 0
        for end, character in enumerate(text, 1):
            while at and character not in self.ways[at]:
                at = self.links[at]
                length = self.lengths[at]
            if character in self.ways[at]:
                at, length = self.ways[at][character], length + 1
            if length > best[1]:
                best = end - length, length
        return best


def longest_copied(text: str, source: str) -> tuple[int, int]:
    return Automaton(source).longest(text)


class Climb:
    """A running total that has left 0."""

    def __init__(self, begin):
        self.begin, self.end = begin, begin
        self.total = self.top = 0.0

    def add(self, place, amount):
        self.total += amount
        if self.total > self.top:
            self.top, self.end = self.total, place + 1
        return self.total > 0


def surprising_pieces(scores, usual, threshold):
    climbs = [Climb(0)]
    for place, score in enumerate(scores):
        if not climbs[-1].add(place, score - usual):
            climbs.append(Climb(place + 1))
    return [(climb.begin, climb.end) for climb in climbs if climb.top > threshold]
