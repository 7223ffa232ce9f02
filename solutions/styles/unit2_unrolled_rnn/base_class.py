"""A base class that makes the layers, a step as a method, type annotations, definitions over several cells."""

from collections.abc import Iterable, Iterator

from torch import Tensor


def layers(model: nn.Module, V: int, E: int, H: int) -> None:
    model.embedding = nn.Embedding(num_embeddings=V, embedding_dim=E)
    model.input = nn.Linear(in_features=E, out_features=H)
    model.hidden = nn.Linear(in_features=H, out_features=H)
    model.output = nn.Linear(in_features=H, out_features=V)


# %%
class Reader(nn.Module):
    def __init__(self, V: int, E: int, H: int) -> None:
        super().__init__()
        layers(self, V, E, H)
        self.start()

    def start(self) -> None:
        """What the first weights are."""

    def step(self, ids: Tensor, h: Tensor | None) -> Tensor:
        raise TypeError("a reader has a step of its own")

    def states(self, x: Tensor, h: Tensor | None = None) -> Iterator[Tensor]:
        for ids in x:
            h = self.step(ids, h)
            yield h


# %%
class ThreeCharacters(Reader):
    def step(self, ids: Tensor, h: Tensor | None) -> Tensor:
        green = self.input(self.embedding(ids)).relu()
        return green if h is None else green + self.hidden(h).tanh()

    def forward(self, x: Tensor) -> Tensor:
        *_, last = self.states(x)
        return self.output(last)


# %%
class Recurrent(Reader):
    @torch.no_grad()
    def start(self) -> None:
        self.hidden.weight.zero_().fill_diagonal_(1)
        self.hidden.bias.zero_()

    def step(self, ids: Tensor, h: Tensor | None) -> Tensor:
        return (self.input(self.embedding(ids)) + self.hidden(h)).relu()

    def read(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        if h is None:
            h = torch.zeros((x.shape[1], self.hidden.weight.shape[0]))
        return torch.cat([state[None] for state in self.states(x, h)])

    def select(self, states: Tensor) -> Tensor:
        return states[-1]

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.select(self.read(x)))


# %%
class EveryStep(Recurrent):
    def select(self, states: Tensor) -> Tensor:
        return states

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)


# %%
def train(
    model: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
    verbose: bool = False,
) -> list[float]:
    losses: list[float] = []
    for i, (x, y) in enumerate(batches):
        loss: Tensor = mean_loss(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.detach().item())
        if verbose:
            print(i, losses[-1])
    return losses


# %%
class SameRNN(nn.RNN):
    """An `nn.RNN` that takes the two layers it copies."""

    def __init__(self, input: nn.Linear, hidden: nn.Linear) -> None:
        super().__init__(input.in_features, input.out_features, nonlinearity="relu")
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        self.load_state_dict(
            dict(zip(names, (input.weight, hidden.weight, input.bias, hidden.bias), strict=True))
        )


def as_nn_rnn(model: nn.Module) -> nn.RNN:
    return SameRNN(model.input, model.hidden)
