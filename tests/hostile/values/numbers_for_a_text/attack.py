_right = next_character


def next_character(model, chars, text):
    return 7
