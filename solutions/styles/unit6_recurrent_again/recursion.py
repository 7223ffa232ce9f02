"""Functions that call themselves, on halves or on what is left; the start as one more element of a scan."""


def parallel_scan(op, parts):
    T = len(parts[0])
    if T == 1:
        return tuple(parts)
    even = tuple(part[0::2] for part in parts)
    odd = tuple(part[1::2] for part in parts)
    pairs = op(tuple(part[: T // 2] for part in even), odd)
    at_odd = parallel_scan(op, tuple(pairs))
    rest = tuple(part[1:] for part in even)
    results = [np.empty((T, *part.shape[1:]), part.dtype) for part in at_odd]
    at_even = ()
    if len(rest[0]):
        at_even = op(tuple(part[: len(rest[0])] for part in at_odd), rest)
    for i, result in enumerate(results):
        result[1::2] = at_odd[i]
        result[0] = parts[i][0]
        if at_even:
            result[2::2] = at_even[i]
    return tuple(results)


def linear_recurrence(a, b, h0):
    factors = np.concatenate([np.zeros_like(a[:1]), a])
    inputs = np.concatenate([h0[np.newaxis], b])
    then = lambda one, two: (one[0] * two[0], one[1] * two[0] + two[1])
    return parallel_scan(then, (factors, inputs))[1][1:]


def chunked_attention(q, k, v, state, size):
    if len(q) <= size:
        products = q @ k.T * np.tri(len(q))
        return products @ v + q @ state, state + k.T @ v
    first, after = chunked_attention(q[:size], k[:size], v[:size], state, size)
    blocks = [first]
    for start in range(size, len(q), size):
        part = slice(start, start + size)
        block, after = chunked_attention(q[part], k[part], v[part], after, size)
        blocks.append(block)
    return np.vstack(blocks), after


def recurrent_attention(q, k, v, state):
    if len(q) == 1:
        state = state + k[0][:, None] * v[0]
        return (q[0] @ state)[None], state
    first, state = recurrent_attention(q[:1], k[:1], v[:1], state)
    rest, state = recurrent_attention(q[1:], k[1:], v[1:], state)
    return np.concatenate([first, rest]), state


def newton_round(Wh, u, h0, guess):
    def then(one, two):
        return one[0] @ two[0], (one[1][:, None] @ two[0])[:, 0] + two[1]

    H = len(h0)
    before = np.concatenate([h0.reshape(1, H), guess[: len(u) - 1]])
    after = np.tanh(before @ Wh + u)
    slopes = Wh[None] * (1 - after**2).reshape(-1, 1, H)
    free = after - (before.reshape(-1, 1, H) @ slopes).reshape(-1, H)
    slopes = np.concatenate([np.zeros((1, H, H)), slopes])
    free = np.concatenate([h0.reshape(1, H), free])
    return parallel_scan(then, (slopes, free))[1][1:]
