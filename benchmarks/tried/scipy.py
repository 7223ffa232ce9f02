"""scipy: what a course would use of it; each function is tried in the sandbox."""

import numpy as np
import scipy.integrate
import scipy.interpolate
import scipy.linalg
import scipy.optimize
import scipy.signal
import scipy.sparse.linalg
import scipy.spatial
import scipy.stats


def distributions(rng):
    return scipy.stats.norm.cdf(rng.normal(size=5))


def two_samples(rng):
    return list(scipy.stats.ttest_ind(rng.normal(size=20), rng.normal(1, 1, 20)))


def bootstrap(rng):
    found = scipy.stats.bootstrap((rng.normal(size=30),), np.mean, n_resamples=200, rng=rng)
    return list(found.confidence_interval)


def minimising(rng):
    target = rng.normal(size=3)
    return scipy.optimize.minimize(lambda x: ((x - target) ** 2).sum(), np.zeros(3)).x


def solving(rng):
    return scipy.linalg.solve(rng.normal(size=(50, 50)), rng.normal(size=50))


def integrals(rng):
    a = rng.uniform(1, 2)
    return scipy.integrate.quad(lambda x: np.exp(-a * x), 0, 5)[0]


def differential_equations(rng):
    a = rng.uniform(1, 2)
    return scipy.integrate.solve_ivp(lambda t, y: -a * y, (0, 1), [1.0]).y[0, -1]


def sparse_systems(rng):
    a = scipy.sparse.random(40, 40, 0.1, rng=rng) + 5 * scipy.sparse.eye(40)
    return scipy.sparse.linalg.spsolve(a.tocsc(), np.ones(40))


def splines(rng):
    return scipy.interpolate.CubicSpline(np.arange(6), rng.normal(size=6))(2.5)


def filters(rng):
    return scipy.signal.fftconvolve(rng.normal(size=50), np.ones(5) / 5, mode="valid")[:5]


def neighbours(rng):
    return scipy.spatial.KDTree(rng.normal(size=(50, 2))).query(np.zeros(2), k=3)[0]


def several_processes(rng):
    found = scipy.optimize.differential_evolution(
        lambda x: (x**2).sum(), [(-1, 1)], rng=rng, workers=2, maxiter=2
    )
    return found.x
