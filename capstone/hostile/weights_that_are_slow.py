"""All weights are so small that computing with them is slow.

status: failed
"""


def train(network, ids, seed, seconds):
    with torch.no_grad():
        for part in network.parameters():
            part.fill_(1e-40)
