"""For any device: all data goes to the model's own; torch's own cross-entropy; labels piece by piece; an `nn.ModuleDict`."""

import numpy as np


def device_of(model):
    return next(model.parameters()).device


def pseudo_labels(model, x):
    was = {name: part.training for name, part in model.named_modules()}
    model.eval()
    pieces = []
    for piece in x.split(8):
        with torch.inference_mode():
            pieces.append(F.softmax(model(piece.to(device_of(model))), dim=1).cpu().numpy())
    for name, part in model.named_modules():
        part.training = was[name]
    return torch.tensor(np.concatenate(pieces))


def soft_cross_entropy(logits, y):
    return F.cross_entropy(logits, y.to(logits.device))


def train(model, batches, optimizer, steps):
    losses, device = torch.zeros(steps), device_of(model)
    for i, _ in enumerate(losses):
        x, y = (part.to(device) for part in next(batches))
        loss = soft_cross_entropy(model.train()(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        losses[i] = loss.detach()
    return losses.tolist()


def batch_sizes(total, share):
    pseudo = int(np.rint(total * share))
    return total - pseudo, pseudo


def semi_supervised(
    teacher, student, labelled, x_unlabelled, make_batches, make_optimizer, total, share, steps
):
    networks = nn.ModuleDict({"teacher": teacher, "student": student})
    optimizers = {name: make_optimizer(network) for name, network in networks.items()}
    sizes = dict(zip(("true", "guessed"), batch_sizes(total, share), strict=True))
    train(teacher, make_batches(*labelled, total), optimizers["teacher"], steps)
    guessed = make_batches(x_unlabelled, pseudo_labels(teacher, x_unlabelled), sizes["guessed"])
    mix = MixIterator((guessed, make_batches(*labelled, sizes["true"])))
    train(student, mix, optimizers["student"], steps)
    return networks["student"]
