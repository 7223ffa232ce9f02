"""The budget is exceeded: the words say so.

status: timeout
says: seconds
"""


def train(network, ids, seed, seconds):
    while True:
        pass
