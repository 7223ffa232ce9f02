"""Experiments on letters and names: answers are text, lists of it, and shares."""

import numpy as np

from autograder.check import UnitSettings, check, named

SETTINGS = UnitSettings(packages=("numpy",))
FIRST = ("ada", "grace", "emmy", "sofja", "mary", "alan", "kurt", "alonzo")
LAST = ("lovelace", "hopper", "noether", "kowalewskaja", "somerville", "turing", "church")
LETTERS = "abcdefghijklmnopqrstuvwxyz "


def people(seed, count):
    rng = np.random.default_rng(seed)
    return [f"{rng.choice(FIRST)} {rng.choice(FIRST)} {rng.choice(LAST)}" for _ in range(count)]


@check(points=2)
def shortening(ours, seed):
    """`initials` is the first letters, in capitals, each with a full stop"""
    names = people(seed, 4)
    return named("first all", ours.initials(names[0]), [ours.initials(name) for name in names])


@check(points=2)
def ordering(ours, seed):
    """`by_last_name` sorts by the last word, and leaves equal ones as they were"""
    return named("ordered", ours.by_last_name(people(seed, 12)))


@check(points=2)
def counting(ours, seed):
    """`letter_shares` counts each letter once more than it is there"""
    return named("shares", ours.letter_shares(" ".join(people(seed, 3))))


def bits(solution, trained, text):
    costs = -np.log2(trained["shares"])
    return float(np.mean([costs[LETTERS.index(letter)] for letter in text if letter in LETTERS]))


@check(points=2, needs=counting, measure=bits, within=0.001, kept="it is the proof on real text")
def reading(ours, seed, text):
    """`letter_shares` expects the letters of a text that it has not seen"""
    start = np.random.default_rng(seed).integers(len(text) // 2)
    return named("shares", ours.letter_shares(text[start : start + len(text) // 2]))
