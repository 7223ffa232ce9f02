"""Number by number. A style is a right answer written otherwise: it must lose nothing."""


def centre(x):
    mean = sum(x) / len(x)
    return np.array([one - mean for one in x])
