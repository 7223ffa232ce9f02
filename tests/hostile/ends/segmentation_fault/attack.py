def softmax_d(z):
    import ctypes
    ctypes.string_at(1)
