def softmax_d(z):
    rows = 0.0
    for _ in range(100_000):
        rows = [rows]
    return rows
