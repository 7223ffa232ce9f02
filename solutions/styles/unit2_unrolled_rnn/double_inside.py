"""Computes in float64 inside: weights are cast on the way, logits come out in double precision."""

import torch.nn.functional as fun


def linear(layer, inputs):
    return inputs @ layer.weight.double().T + layer.bias.double()


class ThreeCharacters(nn.Module):
    def __init__(self, V, E, H):
        super().__init__()
        self.output, self.hidden = nn.Linear(H, V), nn.Linear(H, H)
        self.input, self.embedding = nn.Linear(E, H), nn.Embedding(V, E)

    def forward(self, x):
        green = torch.relu(linear(self.input, self.embedding(x).double()))
        h = green[0]
        h = green[1] + torch.tanh(linear(self.hidden, h))
        h = green[2] + torch.tanh(linear(self.hidden, h))
        return linear(self.output, h)


class Recurrent(nn.Module):
    def __init__(self, V, E, H):
        super().__init__()
        self.output, self.hidden = nn.Linear(H, V), nn.Linear(H, H)
        self.input, self.embedding = nn.Linear(E, H), nn.Embedding(V, E)
        self.hidden.weight.data = torch.eye(H)
        self.hidden.bias.data.zero_()

    def read(self, x, h=None):
        h = (
            torch.zeros(x.shape[1], len(self.hidden.bias), dtype=torch.float64)
            if h is None
            else h.double()
        )
        states = []
        for t in range(len(x)):
            h = fun.relu(linear(self.input, self.embedding(x[t]).double()) + linear(self.hidden, h))
            states.append(h)
        return torch.stack(states)

    def forward(self, x):
        return linear(self.output, self.read(x)[-1])


class EveryStep(Recurrent):
    def forward(self, x):
        return linear(self.output, self.read(x))


def mean_loss(logits, targets):
    return fun.cross_entropy(logits.double().flatten(end_dim=-2), targets.reshape(-1))


def loss_by_position(logits, targets):
    log_p = logits.double().log_softmax(-1)
    return -log_p.gather(2, targets.unsqueeze(2)).mean((1, 2))


def shift_gap(model, x, k):
    states = model.read(x).double()
    first, late = states[:k], model.read(x[k:], model.read(x[:k])[-1]).double()
    return (torch.cat([first, late]) - states).abs().amax().item()
