"""The seccomp filter: the kernel asks it about every system call before making it.

The filter is a program of the kernel's packet filter (BPF). It can load a word of the call, compare
it, jump forward, and return an answer. `Program` writes such programs with blocks instead of
counted jumps; `make_filter` writes ours from the table of system calls.
"""

import ctypes
import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from autograder.sandbox.inside.kernel import prctl
from autograder.sandbox.inside.syscalls import TABLE, Rule, SystemCall

# the kernel's numbers of architectures (linux/audit.h)
AUDIT_ARCHITECTURE = {
    "x86_64": 0xC000003E,
    "aarch64": 0xC00000B7,
}
# x86_64 has a second set of numbers, x32, with this bit set
X32_BIT = 0x40000000

PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2

# offsets of words in the kernel's struct seccomp_data
CALL_NUMBER = 0
ARCHITECTURE = 4
ARGUMENTS = 16  # six of them, each with its lower half first
BYTES_OF_AN_ARGUMENT = 8

# instructions of the packet filter
LOAD_WORD = 0x20
JUMP_IF_EQUAL = 0x15
JUMP_IF_AT_LEAST = 0x35
JUMP_IF_ANY_BIT = 0x45
RETURN = 0x06
LONGEST_JUMP = 255

# answers to a call
ALLOW = 0x7FFF0000
REFUSE = 0x00050000 | errno.EPERM
NO_SUCH_CALL = 0x00050000 | errno.ENOSYS
KILL_PROCESS = 0x80000000

# flags of an open that is not for reading only
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

TCGETS = 0x5401
TIOCGWINSZ = 0x5413
FIONREAD = 0x541B
FIOCLEX = 0x5451
IOCTL_REQUESTS = (
    TCGETS,  # whether it is a terminal
    TIOCGWINSZ,  # its size
    FIONREAD,  # bytes to read
    FIOCLEX,  # close on exec
)

F_DUPFD = 0
F_GETFD = 1
F_SETFD = 2
F_GETFL = 3
F_DUPFD_CLOEXEC = 1030
FCNTL_COMMANDS = (
    F_DUPFD,  # copy the descriptor
    F_GETFD,  # read the flags of the descriptor
    F_SETFD,  # write them: the only one is close on exec
    F_GETFL,  # read the flags of the file
    F_DUPFD_CLOEXEC,  # copy the descriptor, with that flag
)


class Instruction(ctypes.Structure):
    """The kernel's struct sock_filter."""

    _fields_ = (
        ("code", ctypes.c_uint16),
        ("skipped_if_true", ctypes.c_uint8),  # instructions that a jump skips
        ("skipped_if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _ProgramHead(ctypes.Structure):
    """The kernel's struct sock_fprog."""

    _fields_ = (
        ("length", ctypes.c_uint16),  # instructions
        ("start", ctypes.POINTER(Instruction)),
    )


@dataclass(frozen=True)
class Filter:
    """The filter in the kernel's form, except for one number that is known only after the fork.

    own_number_at: the index of the instruction that compares with the process id. None if there is
    none.
    """

    instructions: "ctypes.Array[Instruction]"
    own_number_at: int | None


class Program:
    """A program of the packet filter, written from its first instruction to its last.

    Instructions inside `with program.if_equal(7):` run if the word loaded last is 7. Otherwise the
    program jumps to the end of the block.
    """

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self.own_number_at: int | None = None  # see `Filter`

    def load(self, offset: int) -> None:
        """Load a word of the call."""
        instruction = Instruction(LOAD_WORD, 0, 0, offset)
        self.instructions.append(instruction)

    def load_lower_half(self, argument: int) -> None:
        """Load the lower half of an argument, counted from 0: an `int` has no more."""
        offset = ARGUMENTS + BYTES_OF_AN_ARGUMENT * argument
        self.load(offset)

    def load_upper_half(self, argument: int) -> None:
        """Load the upper half of an argument, counted from 0."""
        offset = ARGUMENTS + BYTES_OF_AN_ARGUMENT * argument
        upper_half = offset + BYTES_OF_AN_ARGUMENT // 2
        self.load(upper_half)

    def answer(self, answer: int) -> None:
        """End the program with an answer."""
        instruction = Instruction(RETURN, 0, 0, answer)
        self.instructions.append(instruction)

    def if_equal(self, value: int) -> AbstractContextManager[None]:
        """Begin a block that runs if the word equals the value."""
        return self._block(JUMP_IF_EQUAL, value)

    def unless_equal(self, value: int) -> AbstractContextManager[None]:
        """Begin a block that runs if the word differs from the value."""
        return self._block(JUMP_IF_EQUAL, value, skipped_if=True)

    def if_at_least(self, value: int) -> AbstractContextManager[None]:
        """Begin a block that runs if the word is the value or greater."""
        return self._block(JUMP_IF_AT_LEAST, value)

    def if_any_bit(self, bits: int) -> AbstractContextManager[None]:
        """Begin a block that runs if one of these bits is set in the word."""
        return self._block(JUMP_IF_ANY_BIT, bits)

    @contextmanager
    def _block(self, test: int, value: int, skipped_if: bool = False) -> Iterator[None]:
        """Test the word. Skip the block's instructions if the answer is `skipped_if`."""
        jump = Instruction(test, 0, 0, value)
        self.instructions.append(jump)
        start = len(self.instructions)
        yield
        length = len(self.instructions) - start
        if length > LONGEST_JUMP:
            raise ValueError(f"a block of {length} instructions is too long to be skipped")
        if skipped_if:
            jump.skipped_if_true = length
        else:
            jump.skipped_if_false = length

    def assemble(self) -> Filter:
        """Return the program in the kernel's form."""
        array_type = Instruction * len(self.instructions)
        instructions = array_type(*self.instructions)
        return Filter(instructions, self.own_number_at)


def make_filter(architecture: str) -> Filter:
    """Write the filter: calls in the table are answered by their rules, all others are refused.

    architecture: the name by `platform.machine`.
    """
    program = Program()
    program.load(ARCHITECTURE)
    with program.unless_equal(AUDIT_ARCHITECTURE[architecture]):
        program.answer(KILL_PROCESS)
    program.load(CALL_NUMBER)
    if architecture == "x86_64":
        with program.if_at_least(X32_BIT):
            program.answer(REFUSE)
    for call in TABLE.values():
        number = call.numbers[architecture]
        if number is not None and call.rule is not Rule.SETUP:
            with program.if_equal(number):
                _answer_call(program, call)
    program.answer(REFUSE)
    return program.assemble()


def _answer_call(program: Program, call: SystemCall) -> None:
    """Write the answer to one call of the table."""
    match call.rule:
        case Rule.ALLOWED:
            program.answer(ALLOW)
        case Rule.ABSENT:
            program.answer(NO_SUCH_CALL)
        case Rule.BY_ARGUMENT:
            answer_by_argument(program, call.name)


def answer_by_argument(program: Program, name: str) -> None:
    """Write the answer to a call that is allowed for some arguments. They are counted from 0."""
    match name:
        case "open":
            _only_to_read(program, flags=1)
        case "openat":
            _only_to_read(program, flags=2)
        case "ioctl":
            _only_values(program, 1, IOCTL_REQUESTS)
        case "fcntl":
            _only_values(program, 1, FCNTL_COMMANDS)
        case "prlimit64":
            _only_to_ask_own_limits(program)
        case "tgkill":
            _only_itself(program)
        case _:
            raise ValueError(f"no rule says for which arguments {name} is allowed")


def _only_to_read(program: Program, flags: int) -> None:
    """Allow opening a file for reading. Landlock covers emptying one only from ABI 3 on."""
    program.load_lower_half(flags)
    with program.if_any_bit(WRITING):
        program.answer(REFUSE)
    program.answer(ALLOW)


def _only_values(program: Program, argument: int, values: Sequence[int]) -> None:
    """Allow a call for some values of an argument, which the kernel reads as 32 bits."""
    program.load_lower_half(argument)
    for value in values:
        with program.if_equal(value):
            program.answer(ALLOW)
    program.answer(REFUSE)


def _only_to_ask_own_limits(program: Program) -> None:
    """Allow `prlimit64` if the process is 0, the caller, and the address of new limits is 0."""
    program.load_lower_half(0)
    with program.if_equal(0):
        program.load_lower_half(2)
        with program.if_equal(0):
            program.load_upper_half(2)
            with program.if_equal(0):
                program.answer(ALLOW)
    program.answer(REFUSE)


def _only_itself(program: Program) -> None:
    """Allow a call if its first argument is the id of the calling process."""
    program.load_lower_half(0)
    program.own_number_at = len(program.instructions)
    with program.if_equal(0):  # `enter` writes the number
        program.answer(ALLOW)
    program.answer(REFUSE)


def enter(filter: Filter) -> None:
    """Put this process under a filter irreversibly. Raises `OSError`.

    The process must have given up gaining privileges before (PR_SET_NO_NEW_PRIVS).
    """
    instructions = filter.instructions
    if filter.own_number_at is not None:
        comparison = instructions[filter.own_number_at]
        comparison.value = os.getpid()
    head = _ProgramHead(len(instructions), instructions)
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(head))
