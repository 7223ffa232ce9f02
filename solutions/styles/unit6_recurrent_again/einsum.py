"""Every sum of products as an einsum, with the letters of the text."""


def gates(weights, x):
    one_hot = np.eye(len(weights["Wz"]))[x]
    s = np.einsum("...v,vh->...h", one_hot, weights["Wz"]) + weights["bz"]
    z = 1 / (1 + np.exp(-s))
    return 1 - z, np.einsum("...h,...v,vh->...h", z, one_hot, weights["Wc"])


def gradients(weights, x, targets):
    T, B = x.shape
    V, H = weights["Wz"].shape
    one_hot, truth = np.eye(V)[x], np.eye(V)[targets]
    keep, _ = gates(weights, x)
    h = min_gru(weights, x, np.zeros((B, H)))
    before = np.zeros_like(h)
    before[1:] = h[:-1]
    logits = np.einsum("tbh,hv->tbv", h, weights["Wy"]) + weights["by"]
    highest = logits.max(-1)
    log_sum = highest + np.log(np.einsum("tbv->tb", np.exp(logits - highest[..., None])))
    loss = (np.einsum("tb->", log_sum) - np.einsum("tbv,tbv->", logits, truth)) / (T * B)
    d = (np.exp(logits - log_sum[..., None]) - truth) / (T * B)
    following = np.zeros_like(keep)
    following[:-1] = keep[1:]
    dh = np.einsum("tbv,hv->tbh", d, weights["Wy"])
    g = linear_recurrence(np.flip(following, 0), np.flip(dh, 0), np.zeros((B, H)))
    g = np.flip(g, 0)
    c = np.einsum("tbv,vh->tbh", one_hot, weights["Wc"])
    ds = np.einsum("tbh,tbh,tbh,tbh->tbh", g, c - before, 1 - keep, keep)
    return loss, {
        "Wz": np.einsum("tbv,tbh->vh", one_hot, ds),
        "bz": np.einsum("tbh->h", ds),
        "Wc": np.einsum("tbv,tbh,tbh->vh", one_hot, g, 1 - keep),
        "Wy": np.einsum("tbh,tbv->hv", h, d),
        "by": np.einsum("tbv->v", d),
    }


def attention_head(q, k, v):
    scores = np.einsum("td,sd->ts", q, k) * q.shape[1] ** -0.5
    steps = np.arange(len(q))
    scores = np.where(steps[:, None] >= steps, scores, -np.inf)
    shares = np.exp(scores - scores.max(1)[:, None])
    return np.einsum("ts,sm,t->tm", shares, v, 1 / np.einsum("ts->t", shares))


def linear_attention(q, k, v):
    steps = np.arange(len(q))
    past = (steps[:, None] >= steps).astype(float)
    return np.einsum("td,sd,ts,sm->tm", q, k, past, v)


def recurrent_attention(q, k, v, state):
    outputs = []
    for query, key, value in zip(q, k, v):
        state = state + np.einsum("d,m->dm", key, value)
        outputs.append(np.einsum("d,dm->m", query, state))
    return np.stack(outputs), state


def chunked_attention(q, k, v, state, size):
    outputs = np.zeros((len(q), v.shape[1]))
    for start in range(0, len(q), size):
        end = min(start + size, len(q))
        a, b, c = q[start:end], k[start:end], v[start:end]
        past = np.tri(end - start)
        outputs[start:end] = np.einsum("td,dm->tm", a, state)
        outputs[start:end] += np.einsum("ts,ts,sm->tm", np.einsum("td,sd->ts", a, b), past, c)
        state = state + np.einsum("td,tm->dm", b, c)
    return outputs, state


def newton_round(Wh, u, h0, guess):
    def combine(earlier, later):
        return (
            np.einsum("nij,njk->nik", earlier[0], later[0]),
            np.einsum("ni,nij->nj", earlier[1], later[0]) + later[1],
        )

    before = np.vstack([h0, guess[:-1]])
    f = np.tanh(u + np.einsum("ti,ij->tj", before, Wh))
    A = np.einsum("ij,tj->tij", Wh, 1 - f * f)
    A_all, b_all = parallel_scan(combine, (A, f - np.einsum("ti,tij->tj", before, A)))
    return np.einsum("i,tij->tj", h0, A_all) + b_all


def merged(earlier, later):
    scores, sums, answers = map(np.stack, zip(earlier, later))
    largest = scores.max(0)
    weights = sums * np.exp(scores - largest)
    total = np.einsum("pn->n", weights)
    return largest, total, np.einsum("pn,pnm,n->nm", weights, answers, 1 / total)
