"""Lists and tuples of arrays where the text says array, other names for locals."""


def parallel_scan(operation, arrays):
    columns, gap = list(arrays), 1
    for _ in range((len(columns[0]) - 1).bit_length()):
        older, newer = [], []
        for column in columns:
            older.append(column[: len(column) - gap])
            newer.append(column[gap:])
        mixed = operation(tuple(older), tuple(newer))
        columns = [
            np.vstack([c[:gap], m]) if c.ndim > 1 else np.r_[c[:gap], m]
            for c, m in zip(columns, mixed)
        ]
        gap = 2 * gap
    return columns


def attention_head(queries, keys, values):
    answers = []
    for t, query in enumerate(queries):
        scores = keys[: t + 1] @ query / len(query) ** 0.5
        odds = np.exp(scores - np.max(scores))
        answers.append(list((odds / np.sum(odds)) @ values[: t + 1]))
    return answers


def linear_attention(queries, keys, values):
    answers, memory = [], 0
    for query, key, value in zip(queries, keys, values):
        memory = memory + np.outer(key, value)
        answers.append(query @ memory)
    return answers


def recurrent_attention(queries, keys, values, memory):
    answers = ()
    for query, key, value in zip(queries, keys, values):
        memory = np.add(memory, np.multiply.outer(key, value))
        answers += (np.dot(query, memory),)
    return [answers, memory]


def delta_rule(queries, keys, values, shares, stays, memory):
    answers = []
    for i in range(len(queries)):
        memory = np.multiply(memory, stays[i])
        miss = values[i] - np.dot(keys[i], memory)
        memory = memory + np.multiply.outer(shares[i] * keys[i], miss)
        answers.append(np.dot(queries[i], memory))
    return [answers, memory]


def parity_inputs(bits):
    ones = [[1.0] for _ in bits]
    zeros = [[0.0] for _ in bits]
    return [
        np.array(ones),
        np.array(ones),
        np.array(zeros),
        [2.0 * int(b) for b in bits],
        np.array([[1.0]]),
    ]


def gates(weights, ids):
    opened = 1.0 / (1.0 + np.exp(-np.take(weights["Wz"], ids, 0) - weights["bz"]))
    return [1.0 - opened, opened * np.take(weights["Wc"], ids, 0)]


def train(weights, pairs, rate):
    history = ()
    for pair in pairs:
        loss, slopes = gradients(weights, pair[0], pair[1])
        names = list(weights)
        weights = dict(zip(names, [weights[n] - rate * slopes[n] for n in names]))
        history += (loss,)
    return [weights, history]
