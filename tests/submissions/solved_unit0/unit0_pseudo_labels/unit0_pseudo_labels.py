import torch

import autograder

check = autograder.unit("unit0_pseudo_labels")


class MixIterator:
    """One batch from each child, joined: an iterator over batches of mixed origin."""

    def __init__(self, children):
        """children: a list or tuple of batch iterators with `N` and `reset()`."""
        self.children = children
        self.N = sum(child.N for child in children)

    def __iter__(self):
        """The mix itself."""
        return self

    def __next__(self):
        """x (B, ...), y (B, ...): the children's next batches, joined along axis 0 in order."""
        x, y = map(torch.cat, zip(*map(next, self.children)))
        return x, y

    def reset(self):
        """Reset each child once."""
        [child.reset() for child in self.children]


def one_epoch(batches):
    """Reset `batches`, then yield (x, y) from it until at least `batches.N` examples have been given."""
    batches.reset()
    seen = 0
    for x, y in batches:
        yield x, y
        seen += len(x)
        if seen >= batches.N:
            return


def batch_sizes(total, share):
    """Two integers, the sizes (labelled, pseudo-labelled) of a batch's parts; the second is `total × share`, rounded."""
    second = int(total * share + 0.5)
    return total - second, second


def split_rows(order, held_out, labelled):
    """Row numbers of the three parts, cut from `order` (N,) one after another: held out, labelled, unlabelled."""
    return torch.tensor_split(order, (held_out, held_out + labelled))


def pseudo_labels(model, x):
    """Probabilities (N, V) that `model` gives to the classes of `x` (N, D), row by row in the order of `x`.

    Predicted in evaluation mode, outside of any graph; the model's mode is afterwards what it was before.
    """
    was = model.training
    with torch.inference_mode():
        result = model.eval()(x).softmax(-1)
    model.train(was)
    return result


def soft_cross_entropy(logits, y):
    """The cross-entropy in nats of logits (B, V) with labels y (B, V), averaged over the batch; safe for large logits."""
    return (y * (logits.logsumexp(1, keepdim=True) - logits)).sum() / len(y)


def train(model, batches, optimizer, steps):
    """Take `steps` steps in training mode, each on `next(batches)`; returns the losses, a list of numbers."""
    from itertools import islice
    model.train()
    def one(x, y):
        optimizer.zero_grad()
        loss = soft_cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()
    return [one(x, y) for x, y in islice(batches, steps)]


def my_name():
    return "solved_unit0"


def calibration_error(probabilities, classes, edges):
    """The mean difference of confidence and accuracy over bins, weighted by their size, a number: 0 if calibrated."""
    confidence, guesses = probabilities.max(-1)
    is_right = (guesses == classes).float()
    error = 0.0
    for place in range(len(edges) - 1):
        is_above = confidence > edges[place]
        inside = is_above & (confidence <= edges[place + 1])
        if inside.any():
            share = inside.float().mean()
            difference = confidence[inside].mean() - is_right[inside].mean()
            error += share * difference.abs()
    return error


def mistaken_line():
    return 15


def corrected_and_lost(teacher, student, classes):
    """Two shares: of the teacher's wrong answers, those that the student has right; of its right ones, those that it has wrong."""
    wrong, right = teacher != classes, teacher == classes
    return (wrong & (student == classes)).sum() / wrong.sum(), (right & (student != classes)).sum() / right.sum()


def with_four_fifths():
    return "about the same"


def semi_supervised(teacher, student, labelled, x_unlabelled, make_batches, make_optimizer, total, share, steps):
    """Train the teacher on labelled data, label the rest softly, train the student on both; returns the student."""
    train(teacher, make_batches(*labelled, total), make_optimizer(teacher), steps)
    guessed = pseudo_labels(teacher, x_unlabelled)
    sizes = batch_sizes(total, share)
    parts = labelled, (x_unlabelled, guessed)
    mix = MixIterator([make_batches(*part, size) for part, size in zip(parts, sizes)])
    train(student, mix, make_optimizer(student), steps)
    return student
