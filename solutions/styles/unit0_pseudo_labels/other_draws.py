"""Draws random numbers of its own while it trains, labels in groups, puts the guesses first, adds up in another order."""


def pseudo_labels(model, x):
    torch.manual_seed(1)
    mode = model.training
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(part) for part in x.split(7)]).double()
        powers = torch.exp(logits - logits.amax(1, keepdim=True))
    model.train(mode)
    return (powers / powers.flip(1).sum(1, keepdim=True)).to(x.dtype)


def soft_cross_entropy(logits, y):
    shifted = (logits - logits.detach().amax(1, keepdim=True)).double()
    log_p = shifted - shifted.exp().flip(1).sum(1, keepdim=True).log()
    return -(y.double() * log_p).flip(0).sum(0).sum() / len(y)


def train(model, batches, optimizer, steps):
    torch.manual_seed(0)
    losses = []
    model.train()
    while len(losses) < steps:
        torch.rand(1 + len(losses) % 3)
        x, y = next(batches)
        order = torch.arange(len(x)).flip(0)
        optimizer.zero_grad()
        loss = soft_cross_entropy(model(x[order]), y[order])
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


def semi_supervised(
    teacher, student, labelled, x_unlabelled, make_batches, make_optimizer, total, share, steps
):
    optimizer = make_optimizer(student)
    train(teacher, make_batches(*labelled, total), make_optimizer(teacher), steps)
    many, few = batch_sizes(total, share)
    guesses = make_batches(x_unlabelled, pseudo_labels(teacher, x_unlabelled), few)
    train(student, MixIterator((guesses, make_batches(*labelled, many))), optimizer, steps)
    return student
