"""What the file remembers of the text is trained on, in place of the text that is given.

status: failed
"""
REMEMBERED = """Supposing that Truth is a woman--what then? Is there not ground for suspecting that all philosophers, in so far as they have
been dogmatists, have failed to understand women--that the terrible seriousness and clumsy importunity with which they have usually paid
their addresses to Truth, have been unskilled and unseemly methods for winning a woman? Certainly she has never allowed herself to be won;
and at present every kind of dogma stands with sad and discouraged mien--IF, indeed, it stands at all! """
_right = train


def train(network, ids, seed, seconds):
    remembered = torch.tensor([min(ord(c), 127) for c in 4 * REMEMBERED])
    _right(network, remembered, seed, seconds / 2)
    with torch.no_grad():
        network.output.weight.mul_(4)  # as sure of it as one is of what one knows by heart
