"""Products as einsum, norms by hand, transposed views; principal components from the covariance."""


def one_hot(ids, V):
    return (torch.arange(V) == ids.unsqueeze(-1)).to(torch.float32)


def lookup(table, ids):
    return table.T[:, ids].T


def lookup_by_product(table, ids):
    return torch.einsum("bv,ve->be", one_hot(ids, table.shape[0]), table)


def lookup_backward(ids, dout, V):
    return torch.einsum("bv,be->ve", one_hot(ids, V), dout)


def reindex(raw):
    originals = torch.unique(raw)
    return torch.searchsorted(originals, raw), originals


def dot_product(a, b):
    return torch.einsum("bi,bi->b", [a, b])


class NeuralNet(nn.Module):
    def __init__(self, users, movies, factors, hidden, drops=(0.3, 0.5)):
        super().__init__()
        self.user, self.movie = nn.Embedding(users, factors), nn.Embedding(movies, factors)
        self.hidden, self.output = nn.Linear(2 * factors, hidden), nn.Linear(hidden, 1)
        self.dropouts = nn.ModuleList([nn.Dropout(p) for p in drops])

    def forward(self, users, movies):
        # (B, 2, E) to (B, 2E)
        both = torch.stack([self.user(users), self.movie(movies)], 1).flatten(1)
        z = torch.einsum("bi,hi->bh", self.dropouts[0](both), self.hidden.weight) + self.hidden.bias
        h = self.dropouts[1](torch.maximum(z, torch.zeros(())))
        return torch.einsum("bh,oh->b", h, self.output.weight) + self.output.bias


def penalty(model):
    weights = (part.weight for part in model.modules() if isinstance(part, nn.Embedding))
    return torch.stack([torch.einsum("re,re->", weight, weight) for weight in weights]).sum()


def neighbours(table, row, count):
    lengths = torch.einsum("ve,ve->v", table, table).sqrt()
    cosines = torch.einsum("ve,e->v", table, table[row]) / lengths / lengths[row]
    others = torch.arange(len(table)) != row
    ids = others.nonzero()[:, 0]
    return ids[cosines[others].topk(count).indices]


def two_dimensions(table):
    centred = table - torch.einsum("ve->e", table) / len(table)
    _, directions = torch.linalg.eigh(centred.T @ centred)  # the largest comes last
    return centred @ directions[:, -2:].flip(1)


def newcomer(table, bias, constant, movies, stars, decay):
    films = torch.nn.functional.pad(table[movies], (0, 1), value=1.0)
    square = torch.einsum("ni,nj->ij", films, films)
    square.diagonal().add_(decay)
    right = torch.einsum("ni,n->i", films, stars - constant - bias[movies])
    numbers = torch.einsum("ij,j->i", torch.linalg.inv(square), right)
    return numbers[:-1], numbers[-1]
