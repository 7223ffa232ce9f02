"""Works on copies: a copy of the model labels, so that the model's own mode is never touched; NumPy for numbers."""

from copy import deepcopy

import numpy as np


class MixIterator:
    def __init__(self, children):
        self.children = list(children)
        self.N = int(np.sum([child.N for child in children]))

    def __iter__(self):
        return self

    def __next__(self):
        batches = list(map(next, self.children))
        return tuple(
            torch.from_numpy(np.concatenate([b[k].numpy() for b in batches])) for k in range(2)
        )

    def reset(self):
        for child in self.children:
            child.reset()


def batch_sizes(total, share):
    pseudo = np.rint(total * share).astype(int)
    return np.array([total - pseudo, pseudo]).tolist()


def split_rows(order, held_out, labelled):
    return tuple(
        torch.from_numpy(part) for part in np.split(order.numpy(), [held_out, held_out + labelled])
    )


def pseudo_labels(model, x):
    steady = deepcopy(model).eval()
    return steady(x).softmax(-1).detach()


def soft_cross_entropy(logits, y):
    top = logits.detach().max(dim=1, keepdim=True).values
    log_sum = top + (logits - top).exp().sum(1, keepdim=True).log()
    return (y * (log_sum - logits)).sum() / y.shape[0]


def one_epoch(batches):
    batches.reset()
    seen = []
    while sum(seen) < batches.N:
        x, y = next(batches)
        seen.append(len(x))
        yield [x, y]


def semi_supervised(
    teacher,
    student,
    labelled,
    x_unlabelled,
    make_batches,
    make_optimizer,
    total,
    share,
    steps,
    verbose=False,
):
    def learn(model, batches, name):
        losses = train(model, batches, make_optimizer(model), steps)
        if verbose:
            print(name, losses[-1])

    learn(teacher, make_batches(*labelled, total), "teacher")
    y_unlabelled = pseudo_labels(teacher, x_unlabelled)
    n_labelled, n_pseudo = batch_sizes(total, share)
    mix = MixIterator(
        [make_batches(*labelled, n_labelled), make_batches(x_unlabelled, y_unlabelled, n_pseudo)]
    )
    learn(student, mix, "student")
    return student


def calibration_error(probabilities, classes, edges):
    rows, highest = probabilities.numpy(), probabilities.numpy().max(1)
    bins = np.digitize(highest, edges.numpy(), right=True)
    surplus = highest - (rows.argmax(1) == classes.numpy())
    return sum(abs(surplus[bins == place].sum()) for place in np.unique(bins)) / len(rows)


def corrected_and_lost(teacher, student, classes):
    before, after, true = teacher.numpy(), student.numpy(), classes.numpy()
    wrong, right = np.flatnonzero(before != true), np.flatnonzero(before == true)
    return np.mean(after[wrong] == true[wrong]), np.mean(after[right] != true[right])
