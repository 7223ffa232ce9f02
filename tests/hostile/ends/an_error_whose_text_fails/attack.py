class Last(Exception):
    def __str__(self):
        raise self


def softmax_d(z):
    raise Last
