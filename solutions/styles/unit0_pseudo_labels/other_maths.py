"""Log-sum-exp by hand, softmax as exp of a difference, Kullback-Leibler plus entropy, masks for the parts."""


def batch_sizes(total, share):
    labelled = round(total * (1 - share))
    return labelled, total - labelled


def split_rows(order, held_out, labelled):
    place = torch.arange(order.numel())
    first, rest = place < held_out, place >= held_out + labelled
    return order[first], order[~(first | rest)], order[rest]


@torch.no_grad()
def pseudo_labels(model, x):
    mode = model.training
    logits = model.eval()(x)
    model.train(mode)
    e = torch.exp(logits - logits.amax(1, keepdim=True))
    return e / e.sum(1, keepdim=True)


def soft_cross_entropy(logits, y):
    entropy = torch.special.entr(y).sum()
    divergence = F.kl_div(F.log_softmax(logits, 1), y, reduction="sum")
    return (entropy + divergence) / len(y)


def one_epoch(batches):
    batches.reset()
    given = 0
    while True:
        batch = next(batches)
        given += batch[0].size(0)
        yield batch
        if not given < batches.N:
            return


def train(model, batches, optimizer, steps):
    model.train()
    weights, losses = [p for p in model.parameters() if p.requires_grad], []
    for _ in range(steps):
        x, y = next(batches)
        loss = soft_cross_entropy(model(x), y)
        for p, g in zip(weights, torch.autograd.grad(loss, weights), strict=True):
            p.grad = g
        optimizer.step()
        losses.append(loss.item())
    return losses


def semi_supervised(
    teacher, student, labelled, x_unlabelled, make_batches, make_optimizer, total, share, steps
):
    train(teacher, make_batches(labelled[0], labelled[1], total), make_optimizer(teacher), steps)
    sizes = batch_sizes(total, share)
    known = make_batches(*labelled, sizes[0])
    guessed = make_batches(x_unlabelled, pseudo_labels(teacher, x_unlabelled), sizes[1])
    train(student, MixIterator((known, guessed)), make_optimizer(student), steps)
    return student


def corrected_and_lost(teacher, student, classes):
    wrong, still_wrong = (teacher != classes).float(), (student != classes).float()
    both = (wrong * still_wrong).sum()
    corrected = 1 - both / wrong.sum()
    lost = (still_wrong.sum() - both) / (len(classes) - wrong.sum())
    return corrected, lost
