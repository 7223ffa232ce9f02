_right = train


def train(params, batches, lr, clip_at):
    seen = list(batches)
    train.kept = seen[:100]
    return _right(params, iter(seen), lr, clip_at)
