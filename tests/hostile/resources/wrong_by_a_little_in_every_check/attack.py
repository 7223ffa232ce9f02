def _wrong(function):
    def wrapped(*arguments, **options):
        found = function(*arguments, **options)
        noise = np.random.default_rng(5)
        if isinstance(found, tuple):
            return tuple(one + noise.normal(size=np.shape(one)) if not isinstance(one, dict) else one for one in found)
        return found + noise.normal(size=np.shape(found))

    return wrapped


softmax, softmax_d, x_entropy_d = map(_wrong, (softmax, softmax_d, x_entropy_d))
cross_entropy, numerical_gradient = map(_wrong, (cross_entropy, numerical_gradient))
