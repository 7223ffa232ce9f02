"""sympy: what a course would use of it; each function is tried in the sandbox."""

import numpy as np
import sympy
import sympy.ntheory


def derivatives(rng):
    x = sympy.symbols("x")
    return str(sympy.diff(sympy.sin(x) ** int(rng.integers(2, 9)), x))


def antiderivatives(rng):
    x = sympy.symbols("x")
    return str(sympy.integrate(x ** int(rng.integers(2, 9)) * sympy.exp(x), x))


def equations(rng):
    x = sympy.symbols("x")
    return [float(root) for root in sympy.solve(x**2 - int(rng.integers(2, 99)), x)]


def matrices(rng):
    a = sympy.Matrix(3, 3, [int(n) for n in rng.integers(-9, 9, 9)]) + 50 * sympy.eye(3)
    return str(a.inv())


def functions(rng):
    x = sympy.symbols("x")
    f = sympy.lambdify(x, sympy.cos(x) + int(rng.integers(1, 9)))
    return f(np.arange(3.0))


def congruences(rng):
    return sympy.ntheory.factorint(int(rng.integers(10**6, 10**8))).get(2, 0)
