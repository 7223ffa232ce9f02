"""numpy: what a course would use of it; each function is tried in the sandbox."""

import io

import numpy as np


def arrays(rng):
    a = rng.normal(size=(6, 4))
    return np.einsum("ij,ik->jk", a, a) @ np.linalg.pinv(a)


def linear_algebra(rng):
    a = rng.normal(size=(200, 200))
    return np.linalg.svd(a, compute_uv=False)[:5]


def transforms(rng):
    return np.abs(np.fft.rfft(rng.normal(size=64)))


def text_files(rng):
    text = "\n".join(f"{x:.6f} {x * x:.6f}" for x in rng.normal(size=5))
    return np.loadtxt(io.StringIO(text)).sum(0)
