def double(x):
    return x + x


def running_sum(x):
    sums, total = [], np.zeros(x.shape[1:])
    for row in x:
        total = total + row
        sums.append(total)
    return np.stack(sums), total
