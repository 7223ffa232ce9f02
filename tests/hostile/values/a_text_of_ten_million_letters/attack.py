_right = next_character


def next_character(model, chars, text):
    return 'x' * 10_000_000
