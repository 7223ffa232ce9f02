"""A base class for both models, `nn.Sequential` behind the two linear layers, a word index as a dict of its own."""

from collections.abc import Iterable, Sequence


class Index(dict):
    """A dict that numbers what it is asked for the first time."""

    def __missing__(self, word: str) -> int:
        self[word] = len(self) + 1
        return self[word]


def index_words(words: Sequence[str]) -> dict[str, int]:
    index = Index()
    for word in words:
        index[word]
    return dict(index)


# %%
class Embedded(nn.Module):
    """What both models have: a table of users and one of movies."""

    def __init__(self, users: int, movies: int, factors: int) -> None:
        super().__init__()
        self.user = nn.Embedding(users, factors)
        self.movie = nn.Embedding(movies, factors)

    def rows(self, users: torch.Tensor, movies: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.user(users), self.movie(movies)


class DotBias(Embedded):
    def __init__(self, users: int, movies: int, factors: int, mean: float) -> None:
        super().__init__(users, movies, factors)
        self.user_bias = nn.Embedding(users, 1)
        self.movie_bias = nn.Embedding(movies, 1)
        self.constant = nn.Parameter(torch.full((), float(mean)))

    def forward(self, users: torch.Tensor, movies: torch.Tensor) -> torch.Tensor:
        u, m = self.rows(users, movies)
        rating = torch.bmm(u[:, None, :], m[:, :, None])[:, :, 0]  # (B, 1)
        rating = rating + self.user_bias(users) + self.movie_bias(movies) + self.constant
        return rating.squeeze(1)


# %%
class NeuralNet(Embedded):
    def __init__(
        self, users, movies, factors, hidden, drops=(0.3, 0.5), activation=nn.ReLU
    ) -> None:
        super().__init__(users, movies, factors)
        self.hidden, self.output = nn.Linear(2 * factors, hidden), nn.Linear(hidden, 1)
        first, second = (nn.Dropout(p) for p in drops)
        self.layers = nn.Sequential(
            first, self.hidden, activation(), second, self.output, nn.Flatten(0)
        )

    def forward(self, users: torch.Tensor, movies: torch.Tensor) -> torch.Tensor:
        return self.layers(torch.cat(self.rows(users, movies), dim=1))


# %%
def tables(model: nn.Module) -> list[torch.Tensor]:
    return [part.weight for part in model.modules() if isinstance(part, nn.Embedding)]


def penalty(model: nn.Module) -> torch.Tensor:
    return torch.cat([table.flatten() for table in tables(model)]).pow(2).sum()


# %%
class Trainer:
    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, decay: float) -> None:
        self.model, self.optimizer, self.decay = model.train(), optimizer, decay
        self.criterion = nn.MSELoss()

    def __call__(self, users: torch.Tensor, movies: torch.Tensor, ratings: torch.Tensor) -> float:
        self.optimizer.zero_grad()
        error = self.criterion(self.model(users, movies), ratings)
        (error + self.decay * penalty(self.model)).backward()
        self.optimizer.step()
        return error.item()


def train(
    model: nn.Module, batches: Iterable, optimizer: torch.optim.Optimizer, decay: float
) -> list[float]:
    trainer = Trainer(model, optimizer, decay)
    return [trainer(*batch) for batch in batches]


@torch.no_grad()
def mse(
    model: nn.Module, users: torch.Tensor, movies: torch.Tensor, ratings: torch.Tensor
) -> torch.Tensor:
    model.train(False)
    return nn.functional.mse_loss(input=model(users, movies), target=ratings)
