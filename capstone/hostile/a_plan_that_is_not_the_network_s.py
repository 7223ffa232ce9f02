"""The plan says another network than the one whose weights come back.

status: failed
says: the held-out loss of these weights cannot be computed
"""


class Changing(str):
    asked = 0

    def __str__(self):
        Changing.asked += 1
        return "embedding 64, lstm 16" if Changing.asked == 1 else "embedding 64, lstm 256"


def my_plan():
    return Changing("embedding 64, lstm 256")


def train(network, ids, seed, seconds):
    pass
