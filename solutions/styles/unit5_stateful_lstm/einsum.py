"""Einsum, one-hot products, transposed and non-contiguous views; dropout on another layout draws other holes."""


def lstm_step(x, h, c, W_ih, W_hh, b_ih, b_hh):
    z = (
        torch.einsum("be,ge->gb", x, W_ih)
        + torch.einsum("bh,gh->gb", h, W_hh)
        + (b_ih + b_hh)[:, None]
    )
    i, f, g, o = z.unflatten(0, (4, -1))  # (H, B) each
    c = torch.einsum("hb,bh->hb", f.sigmoid(), c) + i.sigmoid() * g.tanh()
    return (o.sigmoid() * c.tanh()).T, c.T


def continuing_batches(ids, B, T):
    L = (ids.numel() - 1) // B // T * T
    x = torch.as_strided(ids, (L // T, T, B), (T, 1, L))
    y = torch.as_strided(ids, (L // T, T, B), (T, 1, L), ids.storage_offset() + 1)
    return list(zip(x, y, strict=True))


class CharLSTM(nn.Module):
    def __init__(self, V, E, H, dropout):
        super().__init__()
        self.output = nn.Linear(H, V)
        self.dropout = nn.Dropout(p=dropout)
        self.lstm = nn.LSTM(input_size=E, hidden_size=H, num_layers=2, dropout=dropout)
        self.norm = nn.BatchNorm1d(E)
        self.embedding = nn.Embedding(V, E)

    def forward(self, x, state=None):
        embedded = self.embedding(x.T).permute(0, 2, 1)  # (B, E, T)
        h, state = self.lstm(self.norm(embedded).permute(2, 0, 1), state)
        dropped = self.dropout(h.transpose(0, 1))  # (B, T, H)
        return torch.einsum("bth,vh->tbv", dropped, self.output.weight) + self.output.bias, state


def detached(state):
    h, c = state
    return torch.stack([h.detach(), c.detach()]).unbind()


def train_epoch(model, batches, optimizer, bound):
    model.train()
    where, losses, state = next(model.parameters()).device, [], None
    for x, y in batches:
        logits, state = model(x.to(where), state)
        one_hot = F.one_hot(y.to(where), logits.shape[-1]).float()
        loss = -torch.einsum("tbv,tbv->", one_hot, logits.log_softmax(-1)) / y.numel()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), bound, foreach=False)
        optimizer.step()
        state = detached(state)
        losses.append(loss.item())
    return losses


def surprise(model, ids):
    with torch.no_grad():
        logits, _ = model.eval()(ids[:-1].view(-1, 1))
    wanted = F.one_hot(ids[1:], logits.shape[-1]).float()
    return torch.logsumexp(logits[:, 0], -1) - torch.einsum("nv,nv->n", logits[:, 0], wanted)


def roc_auc(scores, labels):
    positive = labels.double()
    higher = (scores[:, None] > scores).double() + (scores[:, None] == scores).double() / 2
    share = torch.einsum("i,ij,j->", positive, higher, 1 - positive)
    return share / (positive.sum() * (1 - positive).sum())
