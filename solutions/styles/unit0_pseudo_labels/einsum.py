"""Einsum and matrix products; Fortran order and transposed views; other names for locals."""


class MixIterator:
    def __init__(self, children):
        self._parts = [part for part in children]
        self.N = int(torch.tensor([part.N for part in children]).sum())

    def __iter__(self):
        return self

    def __next__(self):
        parts = [next(part) for part in self._parts]
        images, labels = ([pair[k].T for pair in parts] for k in (0, 1))
        return torch.cat(images, dim=-1).T, torch.cat(labels, dim=-1).T

    def reset(self):
        for part in self._parts:
            part.reset()


def batch_sizes(total, share):
    guessed = sum(1 for k in range(total) if k + 0.5 < total * share)
    return total - guessed, guessed


def soft_cross_entropy(scores, labels):
    log_p = scores.T - torch.logsumexp(scores, dim=-1)
    return -torch.einsum("bv,vb->", labels, log_p) / scores.size(0)


def pseudo_labels(network, images):
    mode = network.training
    network.eval()
    log_p = torch.log_softmax(network(images.T.contiguous().T), dim=-1).detach()
    network.train(mode)
    return log_p.T.exp().contiguous().T


def split_rows(order, held_out, labelled):
    return torch.tensor_split(order, (held_out, held_out + labelled))


def semi_supervised(
    teacher, student, labelled, x_unlabelled, make_batches, make_optimizer, total, share, steps
):
    images, truths = labelled
    train(teacher, make_batches(images, truths, total), make_optimizer(teacher), steps)
    n_true, n_guessed = batch_sizes(total, share)
    guessed = make_batches(x_unlabelled, pseudo_labels(teacher, x_unlabelled), n_guessed)
    both = MixIterator([guessed, make_batches(images, truths, n_true)])  # guesses first
    train(student, both, make_optimizer(student), steps)
    return student


def calibration_error(probabilities, classes, edges):
    highest = probabilities.amax(1)
    surplus = highest - (probabilities.argmax(1) == classes).float()
    below, above = edges[:-1, None], edges[1:, None]
    bins = ((below < highest) & (highest <= above)).float()
    return torch.einsum("bn,n->b", bins, surplus).abs().sum() / len(classes)


def corrected_and_lost(teacher, student, classes):
    first = torch.stack([teacher != classes, teacher == classes]).float()
    second = torch.stack([student == classes, student != classes]).float()
    return tuple((torch.einsum("kn,kn->k", first, second) / first.sum(1)).tolist())
