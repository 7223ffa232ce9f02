"""Loops over steps, sequences and single numbers, in Python's own arithmetic wherever the arrays are small."""

import math


def gates(weights, x):
    H = len(weights["bz"])
    keep, write = np.zeros((*np.shape(x), H)), np.zeros((*np.shape(x), H))
    for place, i in np.ndenumerate(x):
        for unit in range(H):
            z = 1 / (1 + math.exp(-weights["Wz"][i, unit] - weights["bz"][unit]))
            keep[place][unit] = 1 - z
            write[place][unit] = z * weights["Wc"][i, unit]
    return keep, write


def attention_head(q, k, v):
    rows = []
    for t in range(len(q)):
        scores = [float(q[t] @ k[s]) / math.sqrt(len(q[t])) for s in range(t + 1)]
        largest = max(scores)
        shares = [math.exp(score - largest) for score in scores]
        row = np.zeros(v.shape[1])
        for s in range(t + 1):
            row += shares[s] / sum(shares) * v[s]
        rows.append(row)
    return np.array(rows)


def linear_attention(q, k, v):
    outputs = np.zeros((len(q), v.shape[1]))
    for t in range(len(q)):
        for s in range(t + 1):
            outputs[t] += (q[t] @ k[s]) * v[s]
    return outputs


def recurrent_attention(q, k, v, state):
    state, outputs = np.array(state), np.zeros((len(q), v.shape[1]))
    for t in range(len(q)):
        for i in range(len(state)):
            state[i] += k[t, i] * v[t]
            outputs[t] += q[t, i] * state[i]
    return outputs, state


def delta_rule(q, k, v, beta, keep, state):
    state, outputs = np.array(state), np.zeros((len(q), v.shape[1]))
    D, M = state.shape
    for t in range(len(q)):
        for j in range(M):
            stored = 0.0
            for i in range(D):
                state[i, j] *= keep[t]
                stored += k[t, i] * state[i, j]
            for i in range(D):
                state[i, j] += beta[t] * k[t, i] * (v[t, j] - stored)
                outputs[t, j] += q[t, i] * state[i, j]
    return outputs, state


def parity_inputs(bits):
    q, k, v, beta = [], [], [], []
    for bit in bits:
        q.append([1.0])
        k.append([1.0])
        v.append([0.0])
        if bit == 1:
            beta.append(2.0)
        else:
            beta.append(0.0)
    return np.array(q), np.array(k), np.array(v), np.array(beta), np.array([[1.0]])


def train(weights, batches, lr):
    trained, losses = {}, []
    for name in weights:
        trained[name] = np.array(weights[name])
    for x, targets in batches:
        loss, grads = gradients(trained, x, targets)
        for name in trained:
            trained[name] = trained[name] - lr * grads[name]
        losses.append(float(loss))
    return trained, losses


def merged(earlier, later):
    scores, sums, answers = [], [], []
    for score1, sum1, answer1, score2, sum2, answer2 in zip(*earlier, *later):
        score = max(float(score1), float(score2))
        weight1 = sum1 * math.exp(score1 - score)
        weight2 = sum2 * math.exp(score2 - score)
        scores.append(score)
        sums.append(weight1 + weight2)
        share = weight1 / sums[-1]
        answers.append([share * a + (1 - share) * b for a, b in zip(answer1, answer2)])
    return np.array(scores), np.array(sums), np.array(answers)
