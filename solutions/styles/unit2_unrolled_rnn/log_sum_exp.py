"""Other mathematics for the same numbers: log-sum-exp by hand, one-hot products, relu and tanh by their formulas."""


def relu(z):
    return torch.where(z > 0, z, torch.zeros_like(z))


def tanh(z):
    return 2 * torch.sigmoid(2 * z) - 1


def log_probabilities(logits):
    return logits - logits.logsumexp(dim=-1, keepdim=True)


class ThreeCharacters(nn.Module):
    def __init__(self, V, E, H):
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.input, self.hidden, self.output = nn.Linear(E, H), nn.Linear(H, H), nn.Linear(H, V)

    def forward(self, x):
        rows = F.one_hot(x, self.embedding.num_embeddings).float() @ self.embedding.weight
        h0 = relu(self.input(rows[0]))
        h1 = relu(self.input(rows[1])) + tanh(self.hidden(h0))
        h2 = relu(self.input(rows[2])) + tanh(self.hidden(h1))
        return self.output(h2)


def mean_loss(logits, targets):
    one_hot = F.one_hot(targets, logits.shape[-1])
    return -(one_hot * log_probabilities(logits)).sum(-1).mean()


def loss_by_position(logits, targets):
    own = torch.gather(logits, -1, targets[..., None])[..., 0]
    return logits.logsumexp(-1).mean(1) - own.mean(1)


def train(model, batches, optimizer):
    losses, weights = [], list(model.parameters())
    for x, y in batches:
        loss = mean_loss(model(x), y)
        for weight, gradient in zip(weights, torch.autograd.grad(loss, weights), strict=True):
            weight.grad = gradient
        optimizer.step()
        losses.append(loss.item())
    return losses


def next_character(model, chars, text):
    p = model(encode(text, chars).reshape(len(text), 1)).softmax(-1)
    return max(zip(p[0].tolist(), chars, strict=True))[1]


def as_nn_rnn(model):
    rnn = nn.RNN(model.input.in_features, model.hidden.out_features, nonlinearity="relu")
    with torch.no_grad():
        rnn.weight_ih_l0[:] = model.input.weight
        rnn.weight_hh_l0[:] = model.hidden.weight
        rnn.bias_ih_l0[:] = model.input.bias + model.hidden.bias  # only their sum counts
        rnn.bias_hh_l0.zero_()
    return rnn


def shift_gap(model, x, k):
    states, late = model.read(x), model.read(x[k:], model.read(x[:k])[-1])
    return torch.linalg.vector_norm(states[k:] - late, float("inf"))
