"""Attacks each layer of the sandbox from a submission, with the layer present and removed."""

import errno
import io
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import small

from autograder.grading import doctor
from autograder.sandbox import client
from autograder.sandbox.client import CannotConfine, Server
from autograder.sandbox.inside import confinement, landlock
from autograder.sandbox.inside import server as inside_server
from autograder.sandbox.inside.syscalls import TABLE, Rule

BUBBLEWRAP = client.bubblewrap()  # evaluated before a test hides it
MACHINE = os.uname().machine


def test_nothing_can_be_written_or_changed(boxed, tmp_path):
    """A worker can change no file anywhere: no mode, owner, time, link, name or folder."""
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
    assert small.refused(boxed, code) == []
    assert secret.read_text() == "ANSWERS"
    assert oct(secret.stat().st_mode)[-3:] == "644"


def test_a_file_that_can_be_read_cannot_be_emptied(boxed):
    """Opening a file for reading with O_TRUNC does not empty it.

    Landlock covers that only from its third version on.
    """
    code = "\n".join(
        f"os.open({str(boxed.file)!r}, os.O_RDONLY | os.{flag})"
        for flag in ("O_TRUNC", "O_CREAT", "O_RDWR")
    )
    assert small.refused(boxed, f"os.open({str(boxed.file)!r}, os.O_RDONLY)\n" + code) == [
        f"os.open({str(boxed.file)!r}, os.O_RDONLY)"
    ]
    assert boxed.file.read_text() == "FOR READING"


def test_there_is_no_network(boxed):
    """No listening server on this machine is reachable, and no socket of any family can be made."""
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
        assert small.refused(boxed, code) == []


def test_no_signal_limit_or_schedule_of_others(boxed):
    """A worker can neither signal, slow nor limit the server, the grader or a group.

    Its own limits stay.
    """
    code = "\n".join(
        f"{call}"
        for pid in (os.getpid(), "os.getppid()")
        for call in (
            (f"os.kill({pid}, 0)"),
            f"os.setpriority(0, {pid}, 5)",
            f"os.sched_setaffinity({pid}, {{0}})",
            f"resource.prlimit({pid}, 7)",
        )
    )
    code += (
        "\nos.kill(-1, 0)\nos.kill(0, 0)\nresource.setrlimit(0, (1, 1))\nresource.setrlimit(7, "
        "(9, 9))"
    )
    assert small.refused(boxed, code) == []


def test_no_process_no_thread_no_program(boxed):
    """A worker can start no process, thread or program."""
    code = """
        os.fork()
        _thread.start_new_thread(print, ())
        os.execv('/bin/true', ['true'])
        os.posix_spawn('/bin/true', ['true'], {})
        os.setsid()
    """
    assert small.refused(boxed, code) == []


# calls that no worker may make: the number on x86_64 and on aarch64, where the call exists
FORBIDDEN = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "pidfd_open": (434, 434),
    "io_uring_setup": (425, 425),
    "unshare": (272, 97),
    "mount": (165, 40),
    "fsopen": (430, 430),
    "bpf": (321, 280),
    "memfd_create": (319, 279),
    "shmget": (29, 194),
    "mq_open": (240, 180),
    "keyctl": (250, 219),
    "prctl": (157, 167),
    "adjtimex": (159, 171),
    "setsid": (112, 157),
    "clone3": (435, 435),
    "clone": (56, 220),
    "fork": (57, None),
    "vfork": (58, None),
    "x32 getpid": (0x40000027, None),
    "setuid": (105, 146),
    "chroot": (161, 51),
    "reboot": (169, 142),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "kcmp": (312, 272),
}


def test_no_other_way_into_the_kernel(boxed):
    """Raw system calls are refused.

    They are ptrace, process memory, io_uring, namespaces, mounts, BPF, shared memory and keys.
    """
    place = ("x86_64", "aarch64").index(MACHINE)
    numbers = {name: both[place] for name, both in FORBIDDEN.items() if both[place] is not None}
    assert len(numbers) > 20
    answer = small.inside(
        boxed,
        f"""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        nothing = [0] * 6
        numbers = {list(numbers.values())}
        return np.array([libc.syscall(ctypes.c_long(n), *nothing) for n in numbers])
        """,
    )
    results = zip(numbers, answer.arrays["doubled"].tolist(), strict=True)
    assert {name: result for name, result in results if result != -1} == {}


def test_every_system_call_that_the_tables_do_not_name_is_refused(boxed):
    """Every system call below 1,024 that the tables do not name is refused.

    That includes numbers that no kernel uses yet. `clone3` is reported as not existing.
    """
    let_through = {Rule.ALLOWED, Rule.BY_ARGUMENT}
    named = {call.numbers[MACHINE] for call in TABLE.values() if call.rule in let_through}
    if MACHINE == "x86_64":
        # uretprobe and uprobe, for which the kernel consults no filter: a trap of the process
        # itself
        named |= {335, 336}
    answer = small.inside(
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
    said = answer.arrays["doubled"].tolist()
    assert len(said) > 940
    assert [call for call in said if call[1:] != [-1, errno.EPERM]] == [
        [TABLE["clone3"].numbers[MACHINE], -1, errno.ENOSYS]
    ]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        # push input, …
        *(
            ("ioctl", (0, request))
            for request in (0x5412, 0x540E, 0x5421, 0x5452, 0x5413 | 1 << 31)
        ),
        # flags, locks, signals
        *(("fcntl", (3, command, 4)) for command in (4, 5, 6, 7, 8, 10, 1024, 1026, 1031, 1033)),
        *(("open", (b"/dev/null", flags)) for flags in (1, 2, 64, 512, 1024, 0x410000 | 2)),
        *(("openat", (-100, b"/dev/null", flags)) for flags in (1, 2, 64, 512, 1024, 0x410000 | 2)),
        *(("tgkill", ("os.getppid()", "os.getppid()", signal)) for signal in (0, 9)),
        ("tgkill", (-1, -1, 0)),
        *(("prlimit64", ("os.getpid()", limit, b"\0" * 16, 0)) for limit in (0, 7, 9)),
        ("prlimit64", ("os.getppid()", 7, 0, b"\0" * 16)),
        ("prlimit64", (0, 7, b"\0" * 16, 0)),
        ("prlimit64", (0, 7, 1 << 32, 0)),  # an address whose lower half is 0
    ],
)
def test_calls_that_are_allowed_for_some_arguments_are_refused_for_others(boxed, name, arguments):
    """Calls that are allowed for some arguments are refused for others.

    Terminals and devices; flags, locks and signals of files; opening to write; signals and limits
    of other processes.
    """
    number = TABLE[name].numbers[MACHINE]
    if number is None:
        pytest.skip(f"{MACHINE} has no `{name}`")
    given = ", ".join(value if isinstance(value, str) else repr(value) for value in arguments)
    answer = small.inside(
        boxed,
        f"""
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        given = [a if isinstance(a, bytes) else ctypes.c_long(a) for a in ({given},)]
        return np.array([libc.syscall(ctypes.c_long({number}), *given), ctypes.get_errno()])
        """,
    )
    assert answer.arrays["doubled"].tolist() == [-1, errno.EPERM]


@pytest.mark.skipif(MACHINE != "x86_64", reason="machine code of x86")
def test_a_call_by_another_architectures_numbers_ends_the_worker(boxed):
    """`int 0x80` ends the worker: with the numbers of i386, 20 is `getpid`.

    Other numbers would mean other calls, so none is allowed.
    """
    code = """
        import ctypes, mmap
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(bytes.fromhex("b814000000cd80c3"))
        ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
        return np.ones(1)
    """
    answer = small.inside(boxed, code)
    assert (answer.failure, answer.arrays) == ("killed", {})
    assert "signal 31" in answer.message


def test_nothing_is_shared_with_others(boxed, tmp_path):
    """A worker can open no lock, named shared memory, queue, event or pipe that others see."""
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
    assert small.refused(boxed, code) == []


ABIS = range(1, landlock.newest_abi() + 1)


@pytest.mark.parametrize("abi", ABIS)
def test_the_promises_hold_with_each_version_of_landlock(abi, monkeypatch, tmp_path):
    """The sandbox holds with each version of Landlock, without bubblewrap.

    `doctor` names what an older version does not cover, and seccomp refuses it.
    """
    later = {
        2: "moving files",
        3: "emptying files",
        4: "TCP",
        5: "device controls",
        6: "signals and abstract sockets",
    }
    (secret := tmp_path / "secret").write_text("ANSWERS")
    monkeypatch.setattr(landlock, "newest_abi", lambda: abi)
    monkeypatch.setattr(client, "bubblewrap", lambda: None)
    findings = {finding.what: finding for finding in doctor.examine(small.COURSE)}
    own, tried = findings["a worker's own sandbox"], findings["a worker that tries to break out"]
    assert (own.works, own.needed, tried.works) == (True, True, True)
    assert f"Landlock {abi}" in own.words
    assert all((what in own.words) == (version > abi) for version, what in later.items())
    with socket.create_server(("127.0.0.1", 0)) as listening, Server(small.unit()) as server:
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
            importlib.import_module('fcntl').ioctl(os.open('/dev/null', 0), 0x5421, b'1234')
        """
        assert small.refused(server, code) == []
    assert secret.read_text() == "ANSWERS"


ON_TORCH = """
    from autograder.check import UnitSettings, check, named

    SETTINGS = UnitSettings(packages=("torch", "numpy"))


    @check(points=1)
    def training(net, seed):
        \"\"\"`train` takes a step\"\"\"
        return named("weights", net.train(seed))
"""


@pytest.mark.parametrize("both", [True, False], ids=["bubblewrap and walls", "walls"])
def test_the_walls_hold_where_torch_is_loaded(both, monkeypatch, tmp_path):
    """Torch computes and takes a training step inside the sandbox.

    Its own ways to files, memory, threads and processes are refused.
    """
    pytest.importorskip("torch")
    (secret := tmp_path / "secret").write_text("ANSWERS")
    if not both:
        monkeypatch.setattr(client, "bubblewrap", lambda: None)
    unit = small.write_course(
        tmp_path / "course",
        "layers",
        ON_TORCH,
        "answers = 1",
        {"torch": "autograder.torch", "numpy": ""},
    )
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
        os.open({str(unit.course.solution(unit.name))!r}, os.O_RDONLY)
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

def train(seed):
    layer = torch.nn.LSTM(3, 3)
    layer(torch.ones(2, 1, 3))[0].sum().backward()
    torch.optim.Adam(layer.parameters()).step()
    through = [line for line in {attempts!r} if not refused(line)]
    raise ValueError("let through: " + str(through), os, socket)
"""
    with Server(unit) as server, server.worker(script.encode(), "ada.py") as worker:
        assert ("bubblewrap" in server.walls) == (both and bool(BUBBLEWRAP))
        assert "let through: []" in worker.ask(unit.checks[0], 1).message
    assert secret.read_text() == "ANSWERS"
    assert not (tmp_path / "new").exists()


FALLEN = {
    "confinement.confine = lambda *_, **__: None": "reading another's file",
    (
        "everything = seccomp.Program(); everything.answer(seccomp.ALLOW); "
        "seccomp.make_filter = lambda _: everything.assemble()"
    ): "changing a file's mode, opening a socket",
    "landlock.make_ruleset = lambda *_: make_ruleset(['/'], [], 7)": (
        "reading another's file, reading the grader's files"
    ),
    "allow('socket', 41, 198)": "opening a socket",
    (
        "allow('fork', 57, None); allow('clone', 56, 220); resource.setrlimit = lambda *_: None"
    ): "starting a process",
    "seccomp.WRITING = 0; landlock.make_ruleset = lambda *_: make_ruleset(['/tmp'], [], 1)": (
        "another's file"
    ),
    "allow('kill', 62, 129); landlock.SCOPES = 0": "signalling the server",
    "allow('chmod', 90, None); allow('fchmodat', 268, 53)": "changing a file's mode",
}
WITH_A_FAULT = """
import resource
from autograder.sandbox.inside import confinement, landlock, seccomp, syscalls
from autograder.sandbox.inside.landlock import make_ruleset
from autograder.sandbox.inside.server import serve

def allow(name, x86_64, aarch64):
    numbers = {{"x86_64": x86_64, "aarch64": aarch64}}
    syscalls.TABLE[name] = syscalls.SystemCall(name, numbers, syscalls.Rule.ALLOWED, "")

{}
serve()
"""


@pytest.mark.parametrize("fault", FALLEN)
def test_a_fallen_wall_is_found_before_grading(fault, monkeypatch):
    """The self-test names what a worker could do if any one layer is missing."""
    monkeypatch.setattr(client, "bubblewrap", lambda: None)
    monkeypatch.setattr(client, "SERVE", WITH_A_FAULT.format(fault))
    with pytest.raises(
        CannotConfine, match=f"a worker could do what is forbidden: .*{FALLEN[fault]}"
    ):
        Server(small.unit())


@pytest.mark.skipif(not BUBBLEWRAP, reason="bubblewrap is not here")
def test_the_self_test_has_something_to_try_on_behind_bubblewrap(monkeypatch):
    """Behind bubblewrap, too, the self-test detects that a worker can read the secret folder.

    None of the grader's files is visible there.
    """
    fault = (
        "import os; landlock.make_ruleset = "
        "lambda readable, *others: make_ruleset([*readable, os.environ['HOME']], *others)"
    )
    monkeypatch.setattr(client, "SERVE", WITH_A_FAULT.format(fault))
    with pytest.raises(
        CannotConfine, match=r"a worker could do what is forbidden: reading another's file\. Do not"
    ):
        Server(small.unit())


def test_what_is_not_there_is_not_held_by_a_wall():
    """The self-test counts only a refusal as confinement.

    A missing file, a folder instead of a file and a full table are no refusals.
    """
    for code, held in (
        (errno.EPERM, True),
        (errno.EACCES, True),
        (errno.ENOENT, False),
        (errno.EMFILE, False),
    ):
        assert inside_server.is_refused(lambda code=code: fail_with(code)) is held


def fail_with(code):
    raise OSError(code, os.strerror(code))


LACKING = {
    "another system": (sys, "platform", "darwin", "Only Linux has the sandbox"),
    "another processor": (
        confinement.platform,
        "machine",
        lambda: "riscv64",
        "no list of system calls for riscv64",
    ),
    "no Landlock": (
        landlock,
        "newest_abi",
        lambda: 0,
        "the kernel has no Landlock. It needs Linux 5.13",
    ),
    "no seccomp": (
        confinement,
        "open",
        lambda _: io.StringIO("Seccomp:\t0\n"),
        "no seccomp filters. It needs CONFIG_",
    ),
}


@pytest.mark.parametrize("lacking", LACKING)
def test_what_a_machine_lacks_is_named_and_grading_refused(lacking, monkeypatch):
    """`grade` and `doctor` name what a machine lacks (system, processor, kernel) and what to do.

    `grade` refuses to run there.
    """
    where, name, value, words = LACKING[lacking]
    monkeypatch.setattr(where, name, value, raising=False)
    assert [words in said for said in confinement.missing()] == [True]
    with pytest.raises(CannotConfine, match=re.escape(words)):
        Server(small.unit())
    findings = {finding.what: finding for finding in doctor.examine(small.COURSE)}
    own = findings["a worker's own sandbox"]
    assert (own.works, own.needed, words in own.words) == (False, True, True)
    assert "a worker that tries to break out" not in findings


FILES = (
    "test_client.py",
    "test_confinement.py",
    "test_readable.py",
    "test_scratch.py",
    "test_server.py",
)


@pytest.mark.proof
@pytest.mark.skipif(
    os.geteuid() != 0 or not BUBBLEWRAP, reason="root alone can become somebody else"
)
def test_all_of_this_holds_as_an_ordinary_user(tmp_path):
    """The sandbox's tests pass as an unprivileged user who owns nothing.

    Python and the course are made readable where necessary.
    """
    root, site = small.ROOT, Path(np.__file__).parents[1]
    become = [BUBBLEWRAP, "--dev-bind", "/", "/", "--cap-add", "ALL"]
    for seen in (Path(sys.base_prefix), root, Path(sys.prefix), site):
        if hidden := [folder for folder in seen.resolve().parents if not folder.stat().st_mode & 1]:
            below = hidden[-1] / seen.resolve().relative_to(hidden[-1]).parts[0]
            become += ["--tmpfs", hidden[-1]] * (hidden[-1] not in become) + [
                "--ro-bind",
                below,
                below,
            ]
    become += ["--bind", tmp_path, "/tmp", "--chmod", "0777", "/tmp"]
    places = [root]
    for place in (Path(sys.prefix), site):
        if not any(place.is_relative_to(bound) for bound in places):
            places.append(place)
    for seen in (place for place in places if place.is_relative_to("/tmp")):
        for above in [folder for folder in seen.parents if folder.is_relative_to("/tmp")][-2::-1]:
            become += ["--dir", above, "--chmod", "0755", above]
        become += ["--ro-bind", seen, seen]
    become += ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    environment = {**os.environ, "HOME": "/tmp", "TMPDIR": "/tmp", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*become, sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    command += [Path(__file__).with_name(name) for name in FILES]
    captured = {"capture_output": True, "text": True}
    done = subprocess.run(map(str, command), cwd=root, env=environment, **captured)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    skipped = [line for line in done.stdout.splitlines() if line.startswith("SKIPPED")]
    known = re.compile("root alone|not installed|could not import")
    assert [line for line in skipped if not known.search(line)] == []


def test_a_worker_has_the_limits_of_its_unit(tmp_path):
    """A worker has the kernel limits of its unit's `Limits`, and 0 for what no submission needs."""
    unit = small.write_course(
        tmp_path / "course",
        "limits",
        """
        from autograder.check import Limits, UnitSettings, check, named

        SETTINGS = UnitSettings(limits=Limits(megabytes=700, seconds=77))


        @check(points=1)
        def asked(submission, seed):
            return named("limits", submission.limits())
        """,
        "def limits():\n    return 0",
    )
    names = ("CPU", "AS", "FSIZE", "CORE", "NPROC", "NOFILE", "MEMLOCK")
    script = f"""
import resource
import numpy as np
def limits():
    return np.array([resource.getrlimit(getattr(resource, f"RLIMIT_{{n}}")) for n in {names}])
"""
    with Server(unit) as server, server.worker(script.encode(), "limits.py") as worker:
        soft, hard = worker.ask(unit.checks[0], 1).arrays["limits"].T
    assert soft.tolist() == hard.tolist()
    kernel = dict(zip(names, soft.tolist(), strict=True))
    beyond_the_server = kernel.pop("AS") - (700 << 20)
    assert 0 < beyond_the_server < 4 << 30
    none = dict.fromkeys(("FSIZE", "CORE", "NPROC", "MEMLOCK"), 0)
    assert kernel == none | {"CPU": 77, "NOFILE": 64}
