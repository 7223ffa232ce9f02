import torch
import torch.nn.functional as F

import autograder

check = autograder.unit("unit0_pseudo_labels")


class MixIterator:
    """One batch from each child, joined: an iterator over batches of mixed origin."""

    def __init__(self, children):
        """children: a list or tuple of batch iterators with `N` and `reset()`."""
        self.children = children
        self.N = sum([c.N for c in children])

    def __iter__(self):
        """The mix itself."""
        return self

    def __next__(self):
        """x (B, ...), y (B, ...): the children's next batches, joined along axis 0 in order."""
        xs, ys = [], []
        for child in self.children:
            x, y = next(child)
            xs.append(x)
            ys.append(y)
        return torch.cat(xs, dim=0), torch.cat(ys, dim=0)

    def reset(self):
        """Reset each child once."""
        for child in self.children:
            child.reset()


def one_epoch(batches):
    """Reset `batches`, then yield (x, y) from it until at least `batches.N` examples have been given."""
    batches.reset()
    seen = 0
    while seen < batches.N:
        x, y = next(batches)
        yield x, y
        seen += x.shape[0]


def batch_sizes(total, share):
    """Two integers, the sizes (labelled, pseudo-labelled) of a batch's parts; the second is `total × share`, rounded."""
    pseudo = round(total * share)
    return total - pseudo, pseudo


def split_rows(order, held_out, labelled):
    """Row numbers of the three parts, cut from `order` (N,) one after another: held out, labelled, unlabelled."""
    end = held_out + labelled
    return order[:held_out], order[held_out:end], order[end:]


def pseudo_labels(model, x):
    """Probabilities (N, V) that `model` gives to the classes of `x` (N, D), row by row in the order of `x`."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        probs = F.softmax(model(x), dim=1)
    model.train(was_training)
    return probs


def soft_cross_entropy(logits, y):
    """The cross-entropy in nats of logits (B, V) with labels y (B, V), averaged over the batch; safe for large logits."""
    logp = torch.log_softmax(logits, dim=1)
    return -(y * logp).sum(dim=1).mean()


def train(model, batches, optimizer, steps):
    """Take `steps` steps in training mode, each on `next(batches)`; returns the losses, a list of numbers."""
    model.train()
    history = []
    for step in range(steps):
        x, y = next(batches)
        optimizer.zero_grad()
        loss = soft_cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    return history


def my_name():
    return "solved_again_unit0"


def calibration_error(probabilities, classes, edges):
    """The mean difference of sureness and accuracy over bins, weighted by their size, a number: 0 if calibrated."""
    sure, guess = probabilities.max(1)
    bins = torch.bucketize(sure, edges)
    gap = torch.zeros(len(edges) + 1).index_add(0, bins, sure - (guess == classes).float())
    return gap.abs().sum().item() / len(sure)


def mistaken_line():
    return 12


def corrected_and_lost(teacher, student, classes):
    """Two shares: of the teacher's wrong answers, those that the student has right; of its right ones, those that it has wrong."""
    was_wrong = teacher != classes
    corrected = (student[was_wrong] == classes[was_wrong]).float().mean().item()
    kept = (student[~was_wrong] == classes[~was_wrong]).float().mean().item()
    return corrected, 1 - kept


def with_four_fifths():
    return "clearly worse"


def semi_supervised(teacher, student, labelled, x_unlabelled, make_batches, make_optimizer, total, share, steps):
    """Train the teacher on labelled data, label the rest softly, train the student on both; returns the student."""
    x, y = labelled
    train(teacher, make_batches(x, y, total), make_optimizer(teacher), steps)
    guesses = pseudo_labels(teacher, x_unlabelled)
    n_true, n_pseudo = batch_sizes(total, share)
    mixed = MixIterator([make_batches(x, y, n_true), make_batches(x_unlabelled, guesses, n_pseudo)])
    train(student, mixed, make_optimizer(student), steps)
    return student
