def double(x):
    return x + x


def running_sum(x):
    sums, total = [], np.zeros(x.shape[1:])
    for row in x:
        total = total + row
        sums.append(total)
    return np.stack(sums), total


def fit(x, y, weights, rate):
    slope, height = np.float32(weights)
    for i in range(len(x)):
        error = slope * x[i] + height - y[i]
        slope, height = slope - rate * error * x[i], height - rate * error
    return np.array([slope, height])
