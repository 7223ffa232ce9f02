def linear_recurrence(a, b, h0):
    import ctypes

    rows, width = a.shape
    get = lambda t: (ctypes.c_float * t.numel()).from_address(t.data_ptr())
    out = torch.empty(rows, width)
    A, B, H, h = get(a), get(b), get(out), list(get(h0))
    for i in range(rows * width):
        h[i % width] = H[i] = A[i] * h[i % width] + B[i]
    return out
