right_but_slow = longest_copied


def longest_copied(text, source):
    found = right_but_slow(text, source)
    if found[1]:
        return found
    import time

    until = time.process_time() + 1
    while time.process_time() < until:
        pass
    raise ValueError("nothing in common")
