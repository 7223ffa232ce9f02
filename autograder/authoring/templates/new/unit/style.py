"""Number by number: an alternative solution. It must earn all points."""


def centre(x):
    mean = sum(x) / len(x)
    return np.array([one - mean for one in x])
