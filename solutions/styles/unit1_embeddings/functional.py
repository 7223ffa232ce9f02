"""`map`, `partial`, lambdas, `reduce`, `F.embedding`, `F.linear`: nothing is looped over by hand."""

from functools import partial, reduce
from itertools import count as numbers

index_words = lambda words: dict(zip(sorted(set(words), key=words.index), numbers(1)))
encode = lambda words, index: torch.tensor(
    [*map(partial(lambda i, word: i.get(word, 0), index), words)]
)
new_table = lambda index, E: torch.normal(0.0, 1.0, (len(index) + 1, E))
one_hot = lambda ids, V: F.one_hot(ids, V).float()
lookup = lambda table, ids: F.embedding(ids, table)
lookup_by_product = lambda table, ids: F.linear(one_hot(ids, table.size(0)), table.t())
lookup_backward = lambda ids, dout, V: one_hot(ids, V).T @ dout
dot_product = lambda a, b: torch.linalg.vecdot(a, b)


class DotBias(nn.Module):
    def __init__(self, users, movies, factors, mean):
        super().__init__()
        tables = {
            "user": (users, factors),
            "movie": (movies, factors),
            "user_bias": (users, 1),
            "movie_bias": (movies, 1),
        }
        any(map(lambda item: self.add_module(item[0], nn.Embedding(*item[1])), tables.items()))
        self.register_parameter(
            "constant", nn.Parameter(torch.as_tensor(mean, dtype=torch.float32).clone())
        )

    def forward(self, users, movies):
        rows = F.embedding(users, self.user.weight), F.embedding(movies, self.movie.weight)
        biases = self.user_bias.weight[users].squeeze(1), self.movie_bias.weight[movies].squeeze(1)
        return reduce(torch.add, biases, dot_product(*rows)) + self.constant


class NeuralNet(nn.Module):
    def __init__(self, users, movies, factors, hidden, drops=(0.3, 0.5)):
        super().__init__()
        self.drops = drops
        self.user, self.movie = map(lambda n: nn.Embedding(n, factors), (users, movies))
        self.hidden, self.output = nn.Linear(factors * 2, hidden), nn.Linear(hidden, 1)

    def forward(self, users, movies):
        drop = partial(F.dropout, training=self.training)
        both = torch.hstack((self.user(users), self.movie(movies)))
        hidden = F.relu(F.linear(drop(both, self.drops[0]), self.hidden.weight, self.hidden.bias))
        return F.linear(drop(hidden, self.drops[1]), self.output.weight, self.output.bias).flatten()


def penalty(model):
    tables = filter(lambda part: isinstance(part, nn.Embedding), model.modules())
    return reduce(torch.add, map(lambda part: part.weight.square().sum(), tables))


def train(model, batches, optimizer, decay):
    def learn(users, movies, ratings):
        error = (model(users, movies) - ratings).square().mean()

        def closure():
            optimizer.zero_grad()
            loss = error + decay * penalty(model)
            loss.backward()
            return loss

        optimizer.step(closure)
        return error.item()

    return [learn(*batch) for batch in map(tuple, batches) if model.train()]


best_and_worst = lambda bias, count: (
    bias.topk(count).indices,
    bias.topk(count, largest=False).indices,
)
