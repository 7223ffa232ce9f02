"""The walls, each tried from inside a submission; a worker's fate costs its own check alone; nothing is left behind."""

import errno
import io
import os
import re
import socket
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import GOLDEN, ROOT, UNIT

from autograder.course import load_unit
from autograder.grading import doctor
from autograder.sandbox import client, readable
from autograder.sandbox.client import CannotConfine, Server, ServerGone, printable
from autograder.sandbox.inside import confinement
from autograder.sandbox.inside.wire import MAX_FRAME

CHECK = next(check for check in load_unit(UNIT).checks if check.name == "softmax_jacobian")


BUBBLEWRAP = client.bubblewrap()  # asked before `boxed` hides it
BEHIND = ["bubblewrap and walls", "walls alone", "walls alone, oldest kernel"]


@pytest.fixture(scope="module", params=BEHIND)
def boxed(request, tmp_path_factory):
    """A server behind both walls, one behind the worker's own, and one as a kernel with the first Landlock has it."""
    file = tmp_path_factory.mktemp("readable") / "file"
    file.write_text("FOR READING")
    places = readable._places
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "_places", lambda unit: replace(p := places(unit), readable=[*p.readable, str(file)]))
        if request.param != BEHIND[0]:
            patch.setattr(client, "bubblewrap", lambda: None)
        if request.param == BEHIND[2]:
            patch.setattr(confinement, "landlock_abi", lambda: 1)
        with Server(UNIT) as running:
            assert ("bubblewrap" in running.walls) == (request.param == BEHIND[0])
            running.file = file
            yield running


def inside(server, code, seconds=None):
    """Run code in a worker as a submission's function; its return value, an array, comes back with the failure."""
    script = "def softmax_d(z):\n    import numpy as np\n" + textwrap.indent(textwrap.dedent(code), "    ")
    check = CHECK if seconds is None else sandbox_check(seconds)
    with server.worker(script.encode(), "attack.py") as worker:
        return worker.ask(check, 1)


def sandbox_check(seconds):
    return replace(CHECK, seconds=seconds)


def refused(server, code):
    """Whether each attempt (an expression a line) was refused by the kernel; the ones that were not."""
    attempts = [line.strip() for line in code.strip().splitlines()]
    answer = inside(
        server,
        f"""
        import os, socket, ctypes, resource, signal, mmap, sys, _thread, importlib
        held = []
        for attempt in {attempts!r}:
            try:
                eval(attempt)
                held.append(False)
            except (OSError, ImportError, ValueError, RuntimeError, MemoryError):
                held.append(True)
        return np.array(held)
        """,
    )
    assert not answer.failure, answer.message
    return [attempt for attempt, held in zip(attempts, answer.arrays["jacobian"], strict=True) if not held]


def test_an_honest_submission_computes_and_imports(boxed):
    """NumPy, and modules of the standard library that nobody has imported yet."""
    answer = inside(boxed, "import fractions, numpy.polynomial, statistics\nreturn np.linalg.inv(np.eye(2) * 2)")
    np.testing.assert_array_equal(answer.arrays["jacobian"], np.eye(2) / 2)


def test_no_file_of_the_course_or_of_the_machine_can_be_opened(boxed, tmp_path):
    """Solutions, keys, grades, other submissions, the kit's own files, the password file, anybody's environment."""
    (tmp_path / "gradebook.json").write_text("{}")
    paths = [
        ROOT / "solutions" / f"{UNIT}.py",
        ROOT / "assignments" / "keys" / f"{UNIT}.safetensors",
        ROOT / "checks" / f"{UNIT}.py",
        GOLDEN / "complete" / UNIT / f"{UNIT}.py",
        tmp_path / "gradebook.json",
        Path("/etc/passwd"),
        Path("/proc/self/environ"),
        Path("/proc/1/environ"),
        Path(f"/proc/{os.getpid()}/environ"),
        Path("/proc/self/root/etc/passwd"),
    ]
    code = "\n".join([f"open({str(path)!r}, 'rb').read()" for path in paths])
    code += "".join(f"\nos.listdir({str(folder)!r})" for folder in (ROOT, GOLDEN, "/proc"))
    code += "\nos.open('/proc/%d/mem' % os.getppid(), 0)"
    assert refused(boxed, code) == []


def test_torch_is_out_of_reach(boxed):
    """Unit 4 is graded without torch, though it is installed here."""
    import torch

    assert refused(boxed, f"importlib.import_module('torch')\nopen({torch.__file__!r}).read()") == []


def test_nothing_can_be_written_or_changed(boxed, tmp_path):
    """No file anywhere; no mode, owner, time, link, name or folder."""
    secret = tmp_path / "secret"
    secret.write_text("ANSWERS")
    code = f"""
        open({str(tmp_path / "new")!r}, 'w')
        open({str(secret)!r}, 'a')
        open('/tmp/new', 'w')
        open('/dev/shm/new', 'w')
        open('/var/tmp/new', 'w')
        os.chmod({str(secret)!r}, 0)
        os.chown({str(secret)!r}, 1, 1)
        os.utime({str(secret)!r}, (1, 1))
        os.truncate({str(secret)!r}, 0)
        os.unlink({str(secret)!r})
        os.rename({str(secret)!r}, {str(secret)!r} + '2')
        os.link({str(secret)!r}, {str(secret)!r} + '3')
        os.symlink('/etc', '/tmp/link')
        os.mkdir('/tmp/folder')
        os.mkfifo('/tmp/fifo')
        os.memfd_create('x')
    """
    assert refused(boxed, code) == []
    assert secret.read_text() == "ANSWERS"
    assert oct(secret.stat().st_mode)[-3:] == "644"


def test_a_file_that_can_be_read_cannot_be_emptied(boxed):
    """Opening for reading and emptying at once: Landlock knows of it only from its third version on."""
    code = "\n".join(
        f"os.open({str(boxed.file)!r}, os.O_RDONLY | os.{flag})" for flag in ("O_TRUNC", "O_CREAT", "O_RDWR")
    )
    assert refused(boxed, f"os.open({str(boxed.file)!r}, os.O_RDONLY)\n" + code) == [
        f"os.open({str(boxed.file)!r}, os.O_RDONLY)"
    ]
    assert boxed.file.read_text() == "FOR READING"


def test_there_is_no_network(boxed):
    """A listening server on this machine is not reached, and no socket of any family is made."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        code = f"""
            socket.create_connection(('127.0.0.1', {port}), 1)
            socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            socket.socket(socket.AF_INET6)
            socket.socket(socket.AF_UNIX)
            socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
            socket.socket(40)
            socket.socket(38, socket.SOCK_SEQPACKET)
            socket.socketpair()
        """
        assert refused(boxed, code) == []


def test_no_signal_limit_or_schedule_of_others(boxed):
    """Neither the server nor the grader nor a group can be signalled, slowed or limited; its own limits stay."""
    code = "\n".join(
        f"{call}"
        for pid in (os.getpid(), "os.getppid()")
        for call in (f"os.kill({pid}, 0)", f"os.setpriority(0, {pid}, 5)", f"os.sched_setaffinity({pid}, {{0}})",
                     f"resource.prlimit({pid}, 7)")
    )  # fmt: skip
    code += "\nos.kill(-1, 0)\nos.kill(0, 0)\nresource.setrlimit(0, (1, 1))\nresource.setrlimit(7, (9, 9))"
    assert refused(boxed, code) == []


def test_no_process_no_thread_no_program(boxed):
    """A worker is one process for ever."""
    code = """
        os.fork()
        _thread.start_new_thread(print, ())
        os.execv('/bin/true', ['true'])
        os.posix_spawn('/bin/true', ['true'], {})
        os.setsid()
    """
    assert refused(boxed, code) == []


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are of x86_64")
def test_no_other_way_into_the_kernel(boxed):
    """Raw system calls: ptrace, process memory, io_uring, namespaces, mounts, BPF, shared memory, keys."""
    numbers = {
        "ptrace": 101, "process_vm_readv": 310, "pidfd_open": 434, "io_uring_setup": 425, "unshare": 272, "mount": 165,
        "fsopen": 430, "bpf": 321, "memfd_create": 319, "shmget": 29, "mq_open": 240, "keyctl": 250, "prctl": 157,
        "adjtimex": 159, "setsid": 112, "clone3": 435, "clone": 56, "fork": 57, "vfork": 58, "x32 getpid": 0x40000027,
        "setuid": 105, "chroot": 161, "reboot": 169, "perf_event_open": 298, "userfaultfd": 323, "kcmp": 312,
    }  # fmt: skip
    answer = inside(
        boxed,
        f"""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        return np.array([libc.syscall(ctypes.c_long(n), 0, 0, 0, 0, 0, 0) for n in {list(numbers.values())}])
        """,
    )
    assert {n: int(r) for n, r in zip(numbers, answer.arrays["jacobian"], strict=True) if r != -1} == {}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are of x86_64")
def test_every_system_call_that_the_tables_do_not_name_is_refused(boxed):
    """All numbers below 1,024, those that no kernel has yet among them; `clone3` is said not to exist."""
    special = [
        confinement.IOCTL[0],
        confinement.FCNTL[0],
        confinement.OPEN[0],
        confinement.OPENAT[0],
        confinement.TGKILL,
        confinement.PRLIMIT,
    ]
    named = {call[0] for call in [*confinement.CALLS.values(), *special]}
    named |= {335, 336}  # uretprobe and uprobe, which the kernel asks no filter for: a trap of the process's own
    answer = inside(
        boxed,
        f"""
        import ctypes
        libc, said = ctypes.CDLL(None, use_errno=True), []
        for number in {sorted(set(range(1024)) - named)}:
            result = libc.syscall(*map(ctypes.c_long, (number, 0, 0, 0, 0, 0, 0)))
            said.append((number, result, ctypes.get_errno()))
        return np.array(said)
        """,
    )
    said = answer.arrays["jacobian"].tolist()
    assert len(said) > 940
    assert [call for call in said if call[1:] != [-1, errno.EPERM]] == [[confinement.CLONE3, -1, errno.ENOSYS]]


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are of x86_64")
@pytest.mark.parametrize(
    ("number", "arguments"),
    [
        *((16, (0, request)) for request in (0x5412, 0x540E, 0x5421, 0x5452, 0x5413 | 1 << 31)),  # push input, …
        *((72, (3, command, 4)) for command in (4, 5, 6, 7, 8, 10, 1024, 1026, 1031, 1033)),  # flags, locks, signals
        *((2, (b"/dev/null", flags)) for flags in (1, 2, 64, 512, 1024, 0x410000 | 2)),
        *((257, (-100, b"/dev/null", flags)) for flags in (1, 2, 64, 512, 1024, 0x410000 | 2)),
        *((234, ("os.getppid()", "os.getppid()", signal)) for signal in (0, 9)),
        (234, (-1, -1, 0)),
        *((302, ("os.getpid()", limit, b"\0" * 16, 0)) for limit in (0, 7, 9)),
        (302, ("os.getppid()", 7, 0, b"\0" * 16)),
        (302, (0, 7, b"\0" * 16, 0)),
        (302, (0, 7, 1 << 32, 0)),  # an address of which the lower half is nought
    ],
)
def test_calls_that_are_allowed_for_some_arguments_are_refused_for_others(boxed, number, arguments):
    """Terminals and devices; flags, locks and signals of files; opening to write; others' signals and limits."""
    given = ", ".join(value if isinstance(value, str) else repr(value) for value in arguments)
    answer = inside(
        boxed,
        f"""
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        given = [a if isinstance(a, bytes) else ctypes.c_long(a) for a in ({given},)]
        return np.array([libc.syscall(ctypes.c_long({number}), *given), ctypes.get_errno()])
        """,
    )
    assert answer.arrays["jacobian"].tolist() == [-1, errno.EPERM]


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="machine code of x86")
def test_a_call_by_another_architectures_numbers_ends_the_worker(boxed):
    """`int 0x80`, where 20 is `getpid`: its numbers mean other calls, so that none is let through."""
    code = """
        import ctypes, mmap
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(bytes.fromhex("b814000000cd80c3"))
        ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
        return np.ones(1)
    """
    answer = inside(boxed, code)
    assert (answer.failure, answer.arrays) == ("killed", {})
    assert "signal 31" in answer.message


def test_neither_paths_nor_proc_nor_devices_are_a_way_round(boxed, tmp_path):
    """A descriptor of a path alone opens nothing; links in `/proc` tell nothing of others; no device, no listing."""
    (tmp_path / "secret").write_text("ANSWERS")
    code = f"""
        os.read(os.open({str(tmp_path / "secret")!r}, os.O_PATH), 1)
        os.listdir(os.open({str(tmp_path)!r}, os.O_PATH))
        os.open('secret', os.O_RDONLY, dir_fd=os.open({str(tmp_path)!r}, os.O_PATH))
        os.open('../' * 20 + {str(tmp_path / "secret")!r}, os.O_RDONLY)
        os.open('/dev/../' + {str(tmp_path / "secret")!r}, os.O_RDONLY)
        os.open('/usr/lib/../..' + {str(tmp_path / "secret")!r}, os.O_RDONLY)
        os.statvfs('/')
        os.getxattr({str(tmp_path / "secret")!r}, 'user.x')
        os.chdir({str(tmp_path)!r})
        os.listdir({str(tmp_path)!r})
        os.listdir('/dev')
        os.listdir('/sys')
        os.open('/dev/tty', os.O_RDONLY)
        os.open('/dev/mem', os.O_RDONLY)
        os.openpty()
    """
    for name in ("cwd", "root", "exe", "fd/0", "fd", "task", "maps", "mem", "environ", "cmdline", "pagemap"):
        call = {"cwd": "readlink", "root": "readlink", "exe": "readlink", "fd/0": "readlink"}.get(name, "open")
        for pid in (os.getpid(), boxed._process.pid, "' + str(os.getppid()) + '"):
            code += f"os.{call}('/proc/{pid}/{name}'{', 0' if call == 'open' else ''})\n"
    assert refused(boxed, code) == []


def test_nothing_is_shared_with_others(boxed, tmp_path):
    """No lock on a file that it may read, no shared memory by name, no queue, no event, no pipe of its own."""
    code = f"""
        importlib.import_module('fcntl').flock(os.open({str(boxed.file)!r}, os.O_RDONLY), 2)
        importlib.import_module('fcntl').lockf(os.open({str(boxed.file)!r}, os.O_RDONLY), 1)
        importlib.import_module('fcntl').fcntl(os.open({str(boxed.file)!r}, os.O_RDONLY), 1024, 0)
        importlib.import_module('multiprocessing.shared_memory').SharedMemory('x', True, 64)
        importlib.import_module('_multiprocessing').SemLock(1, 1, 1, '/autograder-note', False)
        importlib.import_module('multiprocessing').Queue()
        mmap.mmap(os.open({str(boxed.file)!r}, os.O_RDONLY), 0, mmap.MAP_SHARED, mmap.PROT_WRITE)
        os.pipe()
        os.eventfd(0)
        os.set_blocking(3, False)
        os.nice(1)
        os.getpriority(0, 0)
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        os.setpgid(0, 0)
        os.getsid(0)
        signal.setitimer(0, 100)
        signal.pidfd_send_signal(0, 0)
        os.umask(0)
    """
    assert refused(boxed, code) == []


def test_bubblewrap_starts_where_a_folder_holds_a_link_out_of_it(monkeypatch, tmp_path):
    """As Debian's standard library does, with `sitecustomize.py`: such a link cannot be bound a second time."""
    for folder in (library := tmp_path / "library", elsewhere := tmp_path / "etc"):
        folder.mkdir()
    (elsewhere / "sitecustomize.py").touch()
    (library / "sitecustomize.py").symlink_to(elsewhere / "sitecustomize.py")
    places = readable._places(load_unit(UNIT))
    places.readable[:0] = [str(library), str(library / "sitecustomize.py")]
    monkeypatch.setattr(client, "bubblewrap", lambda: BUBBLEWRAP)
    monkeypatch.setattr(client, "_places", lambda unit: places)
    with Server(UNIT) as server:
        assert server.why_no_bubblewrap == ""


def test_a_long_stub_in_any_script_reaches_the_server():
    """Its first part: the message has a limit, and a server that it does not reach would end."""
    with Server(UNIT, stub="# %%\nsprache = '語'\n# " + "語🎉" * 100_000) as server:
        answer = server.worker(b"def softmax(z): return z", "ada.py").ask(CHECK, 1)
    assert answer.failure == "missing"


ABIS = range(1, confinement.landlock_abi() + 1)


@pytest.mark.parametrize("abi", ABIS)
def test_the_promises_hold_with_each_version_of_landlock(abi, monkeypatch, tmp_path):
    """What an older one does not know of is named by `doctor`, and seccomp refuses it: the walls alone suffice."""
    later = {2: "moving files", 3: "emptying files", 4: "TCP", 5: "device controls", 6: "signals and abstract sockets"}
    (secret := tmp_path / "secret").write_text("ANSWERS")
    monkeypatch.setattr(confinement, "landlock_abi", lambda: abi)
    monkeypatch.setattr(client, "bubblewrap", lambda: None)
    findings = {finding.what: finding for finding in doctor.examine()}
    own, tried = findings["a worker's own walls"], findings["a worker that tries to break out"]
    assert (own.works, own.needed, tried.works) == (True, True, True)
    assert f"Landlock {abi}" in own.words
    assert all((what in own.words) == (version > abi) for version, what in later.items())
    with socket.create_server(("127.0.0.1", 0)) as listening, Server(UNIT) as server:
        assert server.walls == [f"landlock {abi}", "seccomp", "limits"]
        code = f"""
            os.open({str(secret)!r}, os.O_RDONLY)
            os.open({str(secret)!r}, os.O_WRONLY)
            os.open({str(secret)!r}, os.O_RDONLY | os.O_TRUNC)
            os.truncate({str(secret)!r}, 0)
            os.rename({str(secret)!r}, {str(tmp_path / "moved")!r})
            os.link({str(secret)!r}, {str(tmp_path / "linked")!r})
            socket.create_connection({listening.getsockname()!r}, 1)
            socket.socket(socket.AF_UNIX).connect('\\0autograder')
            os.kill({os.getpid()}, 0)
            os.kill(os.getppid(), 0)
            importlib.import_module('fcntl').ioctl(os.open('/dev/null', os.O_RDONLY), 0x5421, b'1234')
        """
        assert refused(server, code) == []
    assert secret.read_text() == "ANSWERS"


def test_only_its_own_descriptors_are_open(boxed):
    """Nothing of the server's or the parent's is inherited."""
    answer = inside(
        boxed,
        """
        import os
        found = []
        for n in range(256):
            try:
                os.fstat(n)
                found.append(n)
            except OSError:
                pass
        return np.array(found)
        """,
    )
    assert answer.arrays["jacobian"].tolist() == [0, 1, 2, 3, 4]


def test_the_environment_is_empty(boxed, monkeypatch):
    """No variable of the instructor's reaches a submission."""
    assert inside(boxed, "import os\nreturn np.array(len(os.environ))").arrays["jacobian"] == 0


def test_memory_over_the_limit_is_an_error_of_the_submission(boxed):
    """A MemoryError in the check; the next worker is as before."""
    assert "MemoryError" in inside(boxed, "return np.array(len(bytearray(4 << 30)))").message
    assert not inside(boxed, "return np.array(len(bytearray(200 << 20)))").failure


@pytest.mark.parametrize(
    "code", ["while True: pass", "import time; time.sleep(60)", "import os; os.close(4); os.close(3)\nwhile True: pass"]
)
def test_time_is_limited(boxed, code):
    """A loop, a sleep, and one that closes its pipes end at the check's clock."""
    began = time.monotonic()
    assert inside(boxed, code, seconds=0.5).failure in ("timeout", "killed")
    assert time.monotonic() - began < 4  # a sleep is given four times its seconds


def test_a_check_that_slept_saves_no_time_for_the_next(boxed):
    """Its seconds of the processor are its own, however long the one before has waited."""
    script = b"""
import numpy as np, time
asked = []

def softmax_d(z):
    asked.append(time.process_time())
    if len(asked) == 1:
        time.sleep(1.9)
    while len(asked) > 1 and time.process_time() < asked[-1] + 1:
        pass
    return np.ones(1)
"""
    with boxed.worker(script, "ada.py") as worker:
        assert not worker.ask(sandbox_check(0.5), 1).failure
        assert worker.ask(sandbox_check(0.5), 2).failure == "timeout"


def test_what_is_printed_plays_no_part(boxed):
    """A flood of prints is thrown away and the answer counts."""
    answer = inside(
        boxed, "import sys\nfor _ in range(20000): print('x' * 999); print('y', file=sys.stderr)\nreturn np.ones(1)"
    )
    assert answer.arrays["jacobian"] == 1


def test_a_flood_on_the_answer_pipe_is_cut(boxed):
    """More bytes than a frame may have: the check is lost, the parent's memory is not."""
    answer = inside(boxed, f"import os\nfor _ in range({(MAX_FRAME >> 20) + 2}): os.write(4, bytes(1 << 20))")
    assert answer.failure == "killed"


def test_an_answer_ahead_of_its_question_counts_for_nothing(boxed):
    """A well-formed frame with a token that was not asked is passed over; the true answer counts."""
    answer = inside(
        boxed,
        """
        import os
        from autograder.sandbox.inside.wire import Message, encode
        os.write(4, encode(Message({"token": "guess", "failure": "", "message": ""}, {"jacobian": np.zeros(3)})))
        return np.ones(3)
        """,
    )
    assert answer.arrays["jacobian"].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("reply", "second"),
    [
        ("true(message) * 2", ""),  # twice: the second is no answer to the next question
        ("true(replace(message, facts=message.facts | {'token': 'old'})) + true(message)", ""),  # one too many before
        ("frames[0]", "timeout"),  # to the question before, and none to this one
        ("time.sleep(3 * late) or true(message)", "timeout"),  # after the deadline
    ],
)
def test_an_answer_to_another_question_or_too_late_counts_for_nothing(boxed, reply, second):
    """What a submission writes in the kit's place: the first check is answered, and so is one after the second."""
    script = f"""
from dataclasses import replace
import autograder.sandbox.inside.runner as kit, time
true, frames = kit.encode, []

def encode(message):
    late = bool(frames)
    frames.append(true(message))
    return {reply}

kit.encode = encode

def softmax_d(z):
    kit
    return np.diag(z) * len(frames)
"""
    with boxed.worker(b"import numpy as np\n" + script.encode(), "attack.py") as worker:
        first, next_one = worker.ask(sandbox_check(5), 1), worker.ask(sandbox_check(0.5), 2)
        third = worker.ask(sandbox_check(5), 3)
    assert (first.failure, next_one.failure, third.failure) == ("", second, "")
    if not second:  # seeds differ, and so do right answers
        assert not np.array_equal(first.arrays["jacobian"], next_one.arrays["jacobian"])
        assert next_one.arrays["jacobian"].any()


def test_a_flood_of_small_answers_to_other_questions_is_cut(boxed):
    """A few are passed over; then the check is given up, and the grader's time is not spent on them."""
    code = """
        import os
        from autograder.sandbox.inside.wire import Message, encode
        frame = encode(Message({"token": "guess"}, {}))
        while True:
            os.write(4, frame)
    """
    began = time.process_time()
    assert "too many answers" in inside(boxed, code, seconds=3).message
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os._exit(0)", "ended itself (exit code 0)"),
        ("import os; os._exit(7)", "ended itself (exit code"),
        ("import os; os.abort()", "ended by abort"),
        ("import ctypes; ctypes.string_at(0)", "a segmentation fault"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("raise KeyboardInterrupt", "ended itself"),
        ("def f(): f()\nf()", "RecursionError"),
        ("import os; os.write(4, b'x' * 100)", "could not be read"),
    ],
)
def test_a_check_that_ends_its_worker_costs_that_check_alone(boxed, code, words):
    """The fate is told in words, and the same submission's next check gets a new worker."""
    script = f"def softmax_d(z):\n{textwrap.indent(code, '    ')}\ndef relu(z): return z * (z > 0)\n"
    script += "sigmoid = sigmoid_d = relu_d = relu\n"
    activations = load_unit(UNIT).checks[0]
    with boxed.worker(script.encode(), "ada.py") as worker:
        assert words in worker.ask(CHECK, 1).message
        assert not worker.ask(activations, 1).failure


def test_nothing_is_left_for_the_next_submission(boxed):
    """Changed modules, builtins, environment, path and random state are gone."""
    inside(
        boxed,
        """
        import os, sys, builtins, autograder.sandbox.inside.wire
        np.add = builtins.len = autograder.sandbox.inside.wire.encode = None
        os.environ["X"] = "1"
        sys.path[:] = []
        np.random.seed(3)
        """,
    )
    answer = inside(
        boxed,
        """
        import os, sys, autograder.sandbox.inside.wire
        return np.array([np.add is not None, len([1]) == 1, "X" not in os.environ, len(sys.path) > 0])
        """,
    )
    assert answer.arrays["jacobian"].all()


def test_no_other_submission_is_in_memory(boxed):
    """What one submission sent and answered is nowhere in the next worker's memory: it never passed the server."""
    mark = "MARK" + "OF" + "ADA"
    inside(boxed, f"x = '{mark}'\nreturn np.frombuffer(b'{mark}', np.uint8)")
    answer = inside(
        boxed,
        """
        import gc
        needle = "MARKOF" + "ADA"
        return np.array([needle in o for o in gc.get_objects() if isinstance(o, (str, dict, list)) and len(o) < 9999])
        """,
    )
    assert not answer.arrays["jacobian"].any()


def test_the_server_holds_no_secret(boxed):
    """Neither the solutions' module nor keys, grading or held-out data are in the memory that workers inherit."""
    answer = inside(
        boxed,
        """
        import sys
        names = ("autograder.grading", "autograder.judging", "autograder.data", "autograder.practice", "torch")
        return np.array([name in sys.modules for name in names])
        """,
    )
    assert not answer.arrays["jacobian"].any()


@pytest.mark.parametrize("both", [True, False], ids=["bubblewrap and walls", "walls alone"])
def test_the_walls_hold_where_torch_is_loaded(both, monkeypatch, tmp_path):
    """Torch computes and takes a step of training; its own ways to files, memory, threads and processes are refused."""
    pytest.importorskip("torch")
    (secret := tmp_path / "secret").write_text("ANSWERS")
    monkeypatch.setattr(client, "bubblewrap", lambda: BUBBLEWRAP if both else None)
    monkeypatch.setattr(confinement, "landlock_abi", lambda: ABIS[-1])  # `boxed` may still stand with another
    unit = "unit0_pseudo_labels"
    code = f"""
        torch.load({str(secret)!r})
        torch.save(torch.ones(1), {str(tmp_path / "new")!r})
        torch.from_file({str(secret)!r}, size=1, dtype=torch.uint8)
        torch.from_file({str(tmp_path / "new")!r}, shared=True, size=1)
        torch.UntypedStorage.from_file({str(secret)!r}, True, 4)
        torch.ones(1).share_memory_()
        next(iter(torch.utils.data.DataLoader([1, 2], num_workers=1)))
        torch.jit.load({str(secret)!r})
        torch.multiprocessing.spawn(print)
        torch.ones(1 << 29)
        os.open({str(secret)!r}, os.O_RDONLY)
        os.open({str(ROOT / "solutions" / f"{unit}.py")!r}, os.O_RDONLY)
        os.fork()
        socket.socket()
        os.kill(os.getppid(), 0)
    """
    attempts = [line.strip() for line in code.strip().splitlines()]
    script = f"""
import os, socket, torch

def refused(attempt):
    try:
        eval(attempt)
    except (OSError, ValueError, RuntimeError, MemoryError):
        return True

def MixIterator(children):
    layer = torch.nn.LSTM(3, 3)
    layer(torch.ones(2, 1, 3))[0].sum().backward()
    torch.optim.Adam(layer.parameters()).step()
    raise ValueError("let through: " + str([line for line in {attempts!r} if not refused(line)]), os, socket)
"""
    with Server(unit) as server, server.worker(script.encode(), f"{unit}.py") as worker:
        assert ("bubblewrap" in server.walls) == (both and bool(BUBBLEWRAP))
        assert "let through: []" in worker.ask(server.unit.checks[0], 1).message
    assert secret.read_text() == "ANSWERS" and not (tmp_path / "new").exists()


def test_when_the_server_dies_its_workers_die_and_the_parent_notices():
    """No process is left."""
    with Server(UNIT) as running:
        threading.Timer(0.5, running._process.kill).start()
        with pytest.raises(ServerGone):
            inside(running, "import time; time.sleep(20)", seconds=20)
        time.sleep(0.2)
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
        assert running._folder not in listed


def test_closing_leaves_no_process_and_no_file():
    """The server's folder is gone, and so is the server."""
    running = Server(UNIT)
    folder, process = running._folder, running._process
    running.close()
    assert process.poll() is not None
    assert not Path(folder).exists()


FALLEN = {
    "w.confine = lambda *a: None": "reading another's file",
    "w._filter = lambda: (b'', w._ALLOW)": "changing a file's mode, opening a socket",
    "w.ruleset = lambda *a, r=w.ruleset: r(['/'], [], 7)": "reading another's file, reading the grader's files",
    "w.CALLS['socket'] = (41, 198)": "opening a socket",
    "w.CALLS['fork'] = (57, None); w.CALLS['clone'] = (56, 220); r.setrlimit = lambda *a: None": "starting a process",
    "w.WRITING = 0; w.ruleset = lambda *a, r=w.ruleset: r(['/tmp'], [], 1)": "another's file",
    "w.CALLS['kill'] = (62, 129); w.SCOPES = 0": "signalling the server",
    "w.CALLS['chmod'] = (90, None); w.CALLS['fchmodat'] = (268, 53)": "changing a file's mode",
}


@pytest.mark.parametrize("fault", FALLEN)
def test_a_fallen_wall_is_found_before_grading(fault, monkeypatch):
    """The self-test names what a worker could do, whichever of the walls was not put up."""
    monkeypatch.setattr(client, "bubblewrap", lambda: None)
    serve = (
        f"import autograder.sandbox.inside.confinement as w, resource as r; {fault}; "
        "from autograder.sandbox.inside.server import serve; serve()"
    )
    monkeypatch.setattr(client, "SERVE", serve)
    with pytest.raises(CannotConfine, match=f"a worker was not kept from .*{FALLEN[fault]}"):
        Server(UNIT)


LACKING = {
    "sys.platform": ("darwin", "only Linux can confine a submission"),
    "platform.machine": (lambda: "riscv64", "no list of system calls for riscv64"),
    "confinement.landlock_abi": (lambda: 0, "the kernel has no Landlock. It needs Linux 5.13"),
    "confinement.open": (lambda _: io.StringIO("Seccomp:\t0\n"), "the kernel has no seccomp filters. It needs CONFIG_"),
}


@pytest.mark.parametrize("lacking", LACKING)
def test_what_a_machine_lacks_is_named_and_grading_refused(lacking, monkeypatch):
    """Another system, processor or kernel: a sentence with what to do, by `grade` as by `doctor`."""
    value, words = LACKING[lacking]
    monkeypatch.setattr(f"autograder.{lacking}" if lacking.startswith("walls") else lacking, value, raising=False)
    assert [words in said for said in confinement.missing()] == [True]
    with pytest.raises(CannotConfine, match=re.escape(words)):
        Server(UNIT)
    own = next(finding for finding in doctor.examine() if finding.what == "a worker's own walls")
    assert (own.works, own.needed, words in own.words) == (False, True, True)


def test_grading_is_refused_where_walls_are_missing(monkeypatch):
    """It says what is missing and what to do."""
    monkeypatch.setattr(confinement, "landlock_abi", lambda: 0)
    with pytest.raises(CannotConfine, match=r"no Landlock\. It needs Linux 5.13"):
        Server(UNIT)


def test_control_characters_of_a_submission_are_stripped():
    """Terminal escapes in an error's text do not reach a terminal."""
    assert printable("a\x1b[31mb\x07\nc") == "a [31mb  c"


@pytest.mark.skipif(os.geteuid() != 0 or not BUBBLEWRAP, reason="root alone can become somebody else")
def test_all_of_this_holds_as_an_ordinary_user(tmp_path):
    """The tests of this file again, by a user who owns nothing; Python and the course come in sight where need be."""
    become = [BUBBLEWRAP, "--dev-bind", "/", "/", "--cap-add", "ALL"]
    for seen in (Path(sys.base_prefix), ROOT, Path(sys.prefix), Path(os.environ.get("COURSE_DATA", "/usr"))):
        if hidden := [folder for folder in seen.resolve().parents if not folder.stat().st_mode & 1]:
            below = hidden[-1] / seen.resolve().relative_to(hidden[-1]).parts[0]
            become += ["--tmpfs", hidden[-1]] * (hidden[-1] not in become) + ["--ro-bind", below, below]
    become += ["--bind", tmp_path, "/tmp", "--chmod", "0777", "/tmp"]
    places = (ROOT,) if Path(sys.prefix).is_relative_to(ROOT) else (ROOT, Path(sys.prefix))
    for seen in (place for place in places if place.is_relative_to("/tmp")):
        for above in [folder for folder in seen.parents if folder.is_relative_to("/tmp")][-2::-1]:
            become += ["--dir", above, "--chmod", "0755", above]
        become += ["--ro-bind", seen, seen]
    become += ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    environment = {**os.environ, "HOME": "/tmp", "TMPDIR": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*become, sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(map(str, command), cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert "1 skipped" in done.stdout


@pytest.mark.skipif(tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) < (6, 1), reason="needs Linux 6.1")
def test_memory_is_gathered_in_huge_pages():
    """What a server holds before it forks; of 64 MB some part at least, however scattered the machine's memory is."""
    code = "from autograder import walls; held = bytearray(b'x') * (64 << 20); confinement.use_huge_pages()"
    code += "; print(open('/proc/self/smaps_rollup').read())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(re.search(r"AnonHugePages: +(\d+) kB", done.stdout)[1]) >= 2048
