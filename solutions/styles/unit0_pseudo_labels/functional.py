"""`itertools`, `map`, `partial`, lambdas and list methods as functions; nothing is looped over by hand."""

from functools import partial, reduce
from itertools import islice, starmap
from operator import attrgetter, methodcaller


class MixIterator:
    def __init__(self, children):
        self.children = tuple(children)
        self.N = sum(map(attrgetter("N"), children))

    __iter__ = lambda self: self

    def __next__(self):
        return tuple(map(torch.cat, zip(*map(next, self.children), strict=True)))

    def reset(self):
        any(map(methodcaller("reset"), self.children))


batch_sizes = lambda total, share: (total - int(total * share + 0.5), int(total * share + 0.5))
split_rows = lambda order, *sizes: order.split([*sizes, len(order) - sum(sizes)])
soft_cross_entropy = partial(lambda loss, logits, y: loss(logits, y), nn.CrossEntropyLoss())


def train(model, batches, optimizer, steps):
    def learn(x, y):
        def closure():
            optimizer.zero_grad()
            loss = soft_cross_entropy(model.train()(x), y)
            loss.backward()
            return loss

        return optimizer.step(closure).item()

    return list(starmap(learn, islice(batches, steps)))


def semi_supervised(
    teacher, student, labelled, x_unlabelled, make_batches, make_optimizer, total, share, steps
):
    def learn(model, batches):
        train(model, batches, make_optimizer(model), steps)
        return model

    guesses = pseudo_labels(learn(teacher, make_batches(*labelled, total)), x_unlabelled)
    data = (labelled, (x_unlabelled, guesses))
    batches = [
        make_batches(*pair, size)
        for pair, size in zip(data, batch_sizes(total, share), strict=True)
    ]
    return reduce(learn, [MixIterator(batches)], student)
