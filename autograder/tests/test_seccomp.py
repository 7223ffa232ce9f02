"""The seccomp filter of both architectures, interpreted here instruction by instruction.

In `test_confinement.py` the kernel runs the filter of this machine's architecture.
"""

import errno
import struct

import pytest

from autograder.sandbox.inside import seccomp
from autograder.sandbox.inside.syscalls import TABLE, Rule

ARCHITECTURES = list(seccomp.AUDIT_ARCHITECTURE)
OWN_NUMBER = 4242
ALLOWED = "allowed"
EPERM = errno.EPERM
ENOSYS = errno.ENOSYS


def run(filter, architecture, number, *arguments):
    """Return the filter's answer to a call: "allowed", "killed", or the number of an error."""
    all_six = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    audit = seccomp.AUDIT_ARCHITECTURE[architecture]
    # the kernel's struct seccomp_data: number, architecture, address of the instruction, arguments
    call = struct.pack("<IIQ6Q", number, audit, 0, *(value % (1 << 64) for value in all_six))
    word = 0
    at = 0
    while True:
        one = filter.instructions[at]
        value = OWN_NUMBER if at == filter.own_number_at else one.value
        at += 1
        if one.code == 0x06:  # BPF_RET | BPF_K
            return answer_of(value)
        if one.code == 0x20:  # BPF_LD | BPF_W | BPF_ABS
            (word,) = struct.unpack_from("<I", call, value)
            continue
        holds = {
            0x15: word == value,  # BPF_JMP | BPF_JEQ | BPF_K
            0x35: word >= value,  # BPF_JMP | BPF_JGE | BPF_K
            0x45: bool(word & value),  # BPF_JMP | BPF_JSET | BPF_K
        }[one.code]
        at += one.skipped_if_true if holds else one.skipped_if_false


def answer_of(value):
    """Return a filter's answer in words.

    The upper half is the action, the lower half its argument.
    """
    return {0x7FFF0000: ALLOWED, 0x80000000: "killed", 0x00050000: value & 0xFFFF}[
        value & 0xFFFF0000
    ]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_number_is_answered_by_its_rule(architecture):
    """All numbers below 1,024 get their rule's answer: in the table, other calls, and unused."""
    filter = seccomp.make_filter(architecture)
    rules = {call.numbers[architecture]: call for call in TABLE.values()}
    for number in range(1024):
        call = rules.get(number)
        answer = run(filter, architecture, number)
        if call is None or call.rule is Rule.SETUP:
            assert answer == EPERM, number
        elif call.rule is Rule.ALLOWED:
            assert answer == ALLOWED, call.name
        elif call.rule is Rule.ABSENT:
            assert answer == ENOSYS, call.name


BY_ARGUMENT = {
    "open": ([(1, 0), (1, 0o2000000)], [(1, 1), (1, 2), (1, 0o100), (1, 0o1000), (1, 0o2000)]),
    "openat": ([(-100, 1, 0)], [(-100, 1, 1), (-100, 1, 2), (-100, 1, 0o100), (-100, 1, 0o1002)]),
    "ioctl": ([(0, 0x5401), (0, 0x5451)], [(0, 0x5412), (0, 0x5421), (0, 0x80005413)]),
    "fcntl": ([(3, 0), (3, 3), (3, 1030)], [(3, 4), (3, 6), (3, 1031)]),
    "prlimit64": ([(0, 7, 0)], [(0, 7, 1), (0, 7, 1 << 32), (1, 7, 0), (OWN_NUMBER, 7, 0)]),
    "tgkill": ([(OWN_NUMBER, OWN_NUMBER, 6)], [(1, OWN_NUMBER, 6), (-1, -1, 0), (0, 0, 0)]),
}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_some_arguments_are_allowed_and_others_refused(architecture):
    """Each call with a rule on its arguments allows some of them and refuses others."""
    assert list(BY_ARGUMENT) == [c.name for c in TABLE.values() if c.rule is Rule.BY_ARGUMENT]
    filter = seccomp.make_filter(architecture)
    for name, (allowed, refused) in BY_ARGUMENT.items():
        number = TABLE[name].numbers[architecture]
        if number is None:
            continue
        for arguments in allowed:
            assert run(filter, architecture, number, *arguments) == ALLOWED, (name, arguments)
        for arguments in refused:
            assert run(filter, architecture, number, *arguments) == EPERM, (name, arguments)


@pytest.mark.parametrize(("own", "other"), [ARCHITECTURES, ARCHITECTURES[::-1]])
def test_a_call_by_another_architectures_numbers_kills(own, other):
    """A call by another architecture's numbers kills: it would mean another call."""
    filter = seccomp.make_filter(own)
    assert {run(filter, other, number) for number in range(1024)} == {"killed"}


def test_the_second_numbers_of_x86_64_are_refused():
    """The numbers of x32, which shares x86_64's architecture code, are refused."""
    filter = seccomp.make_filter("x86_64")
    assert {run(filter, "x86_64", 0x40000000 + number) for number in range(1024)} == {EPERM}


def test_a_block_that_is_too_long_to_be_skipped_is_said_to_be():
    """A block too long for a jump raises an error: the distance is a byte and must not wrap."""
    program = seccomp.Program()
    with (
        pytest.raises(ValueError, match="a block of 256 instructions is too long to be skipped"),
        program.if_equal(1),
    ):
        for _ in range(256):
            program.answer(seccomp.ALLOW)


def test_a_rule_by_argument_must_be_written():
    """A rule on arguments that the table names but nobody wrote allows nothing."""
    with pytest.raises(ValueError, match="no rule says for which arguments mount is allowed"):
        seccomp.answer_by_argument(seccomp.Program(), "mount")
