"""The table of system calls has the kernel's numbers and a reason in each line.

The numbers are compared with libseccomp, whose tables come from the kernel's sources and cover both
architectures on any machine.
"""

import ctypes
import subprocess
import sys

import pytest
import small

from autograder.grading import provenance
from autograder.sandbox.inside.syscalls import TABLE, TABLE_FILE, Rule, read_table

TOOL = small.ROOT / "tools" / "syscalls.py"


@pytest.fixture(scope="module")
def libseccomp():
    """Load the library that knows the numbers."""
    try:
        return ctypes.CDLL("libseccomp.so.2")
    except OSError:
        pytest.skip("libseccomp is not on this machine")


@pytest.mark.parametrize(
    ("architecture", "token"), [("x86_64", 0xC000003E), ("aarch64", 0xC00000B7)]
)
def test_the_numbers_of_system_calls_are_the_kernels(architecture, token, libseccomp):
    """Every call in the table has the kernel's number on both architectures."""
    resolve = libseccomp.seccomp_syscall_resolve_name_arch
    resolve.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
    ours = {name: call.numbers[architecture] for name, call in TABLE.items()}
    found = {name: resolve(token, name.encode()) for name in ours}
    assert -1 not in found.values()  # it knows each name
    # a negative number marks a call of other architectures
    assert ours == {name: number if number >= 0 else None for name, number in found.items()}


def test_the_tool_finds_nothing_to_write(libseccomp):
    """`tools/syscalls.py` would write the table unchanged."""
    done = subprocess.run([sys.executable, TOOL, "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "Every number is libseccomp's.\n")


def test_the_tool_fills_in_a_call_and_an_architecture(libseccomp, tmp_path, monkeypatch):
    """The tool replaces dashes of a call or an architecture by numbers and keeps other text."""
    monkeypatch.syspath_prepend(TOOL.parent)
    import syscalls

    header = "name\tx86_64\triscv64\trule\twhy\n"
    before = "# why\n" + header + "\nread\t-\t-\tallowed\tto read\nopen\t9\t9\tby argument\tit\n"
    after = "# why\n" + header + "\nread\t0\t63\tallowed\tto read\nopen\t2\t-\tby argument\tit\n"
    assert syscalls.with_numbers(before) == after
    with pytest.raises(ValueError, match="libseccomp knows no system call raed"):
        syscalls.with_numbers(before.replace("read\t", "raed\t"))
    with pytest.raises(ValueError, match="libseccomp knows no architecture x68"):
        syscalls.with_numbers(before.replace("x86_64", "x68"))


def test_each_line_has_a_reason_and_stands_once():
    """Each line has a reason and appears once; a repeated name would be read only once."""
    lines = TABLE_FILE.read_text().splitlines()
    _, *rows = [line for line in lines if line and not line.startswith("#")]
    names = [row.split("\t")[0] for row in rows]
    assert names == list(TABLE)
    for call in TABLE.values():
        assert call.why.strip(), call.name


def test_a_table_is_read_line_by_line():
    """The table's parser skips comments and empty lines, reads a dash as none, and checks rules."""
    text = "# note\nname\tx86_64\tarm\trule\twhy\n\ndup2\t33\t-\tallowed\tto copy\n"
    calls = read_table(text)
    assert list(calls) == ["dup2"]
    assert calls["dup2"].numbers == {"x86_64": 33, "arm": None}
    assert (calls["dup2"].rule, calls["dup2"].why) == (Rule.ALLOWED, "to copy")
    with pytest.raises(ValueError, match="sometimes"):
        read_table(text.replace("allowed", "sometimes"))


def test_a_grade_depends_on_the_table():
    """A change of the table makes results be graded again, as a change of code does."""
    assert TABLE_FILE in provenance.modules_of(provenance.ENGINE / "sandbox" / "inside")
