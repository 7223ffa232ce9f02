"""All weights are infinite.

status: failed
"""


def train(network, ids, seed, seconds):
    with torch.no_grad():
        for part in network.parameters():
            part.fill_(float("inf"))
