"""Word by word and letter by letter."""


def initials(name):
    short = ""
    for word in name.split():
        short += (" " if short else "") + word[:1].upper() + "."
    return short


def by_last_name(names):
    ordered = []
    for name in names:
        later = [i for i, other in enumerate(ordered) if other.split()[-1] > name.split()[-1]]
        ordered.insert(later[0] if later else len(ordered), name)
    return ordered


def letter_shares(text):
    counts = dict.fromkeys(LETTERS, 1)
    for letter in text:
        if letter in counts:
            counts[letter] += 1
    return [count / sum(counts.values()) for count in counts.values()]
