def softmax_d(z):
    import multiprocessing
    return multiprocessing.Pool(8).map(len, ['x'])
