def linear_recurrence(a, b, h0):
    states = []

    def gates(h):
        for factor, added in zip(a, b, strict=True):
            h = factor * h + added
            states.append(h)

    gates(h0)
    return np.array(states)
