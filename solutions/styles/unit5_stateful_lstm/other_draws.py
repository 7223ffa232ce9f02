"""Numbers of its own first, layers in another order; the LSTM called once a step, dropout on (B, T, H); a seed in training."""


class CharLSTM(nn.Module):
    def __init__(self, V, E, H, dropout):
        super().__init__()
        self.output = nn.Linear(H, V)
        nn.init.zeros_(self.output.bias)
        self.lstm = nn.LSTM(E, H, num_layers=2, dropout=dropout)
        for parameter in self.lstm.parameters():
            nn.init.uniform_(parameter, -0.1, 0.1)
        self.embedding, self.norm = nn.Embedding(V, E), nn.BatchNorm1d(E)
        nn.init.normal_(self.embedding.weight, std=0.1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, state=None):
        embedded = self.norm(self.embedding(x).movedim(-1, 1)).movedim(1, -1)
        states = []
        for step in embedded:
            h, state = self.lstm(step[None], state)
            states.append(h[0])
        dropped = self.dropout(torch.stack(states, 1).contiguous())  # (B, T, H)
        return self.output(dropped).transpose(0, 1), state


def detached(state):
    return tuple(part.detach().clone() for part in reversed(tuple(reversed(state))))


def train_epoch(model, batches, optimizer, bound):
    torch.manual_seed(0)
    device = next(model.parameters()).device
    losses, state = [], None
    for x, y in batches:
        model.train()
        torch.rand(2)
        logits, state = model(x.to(device), state)
        scores, wanted = logits.double().flip(0), y.to(device).flip(0)[..., None]
        loss = (scores.logsumexp(-1) - scores.gather(-1, wanted)[..., 0]).mean()
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        grads = [p.grad for p in model.parameters() if p.grad is not None]
        norm = torch.stack([(g.double() ** 2).sum() for g in grads]).sum().sqrt().item()
        for g in grads:
            g.mul_(min(1.0, bound / (norm + 1e-6)))
        optimizer.step()
        state = detached(state)
        losses.append(float(loss.detach()))
    return losses
