"""Run the sandbox's own tests on Linux for aarch64, on an emulated processor.

    python tools/aarch64.py FOLDER [TEST ...]

Needs Debian on another processor, with `apt`, `cpio` and `qemu-system-aarch64`. A kernel, Python,
and bubblewrap are packages of Debian for arm64, all else are wheels; nothing is installed here.
FOLDER holds them, some 700 MB, and is used again. The tests take ten minutes or so, and what rests
on the clock can fail there.
"""

import argparse
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = [
    f"autograder/tests/{name}.py"
    for name in ("test_seccomp", "test_syscalls", "test_confinement", "test_client")
]
DEBIAN = ["linux-image-arm64", "python3", "bubblewrap", "libseccomp2", "libstdc++6"]
DEBIAN += ["util-linux", "procps"]
WHEELS = ["click", "jinja2", "msgspec", "numpy", "pooch", "psutil", "rich", "safetensors"]
WHEELS += ["jupytext", "tomli-w", "pytest", "hypothesis", "pexpect"]
OURS = ["autograder", "conftest.py", "course.toml", "pyproject.toml", "tests/README.md", "tools"]
OURS += ["docs", "solutions", "checks"]
# becomes `/init`, which starts again from a file system that bubblewrap can leave
INIT = """#!/usr/bin/python3
import ctypes, os, shutil, socket, struct, fcntl, subprocess

c_library = ctypes.CDLL(None)


def mount(what, where, kind, flags=0, data=None):
    os.makedirs(where, exist_ok=True)
    c_library.mount(what.encode(), where.encode(), kind.encode(), flags, data)


mount("proc", "/proc", "proc")
mount("dev", "/dev", "devtmpfs")
if not os.path.exists("/moved"):
    mount("tmpfs", "/new", "tmpfs", 0, b"size=3g")
    for name in os.listdir("/"):
        if name in ("new", "proc", "dev", "boot"):
            continue
        if os.path.islink(f"/{name}"):
            os.symlink(os.readlink(f"/{name}"), f"/new/{name}")
        elif os.path.isdir(f"/{name}"):
            shutil.copytree(f"/{name}", f"/new/{name}", symlinks=True)
        else:
            shutil.copy2(f"/{name}", f"/new/{name}")
    open("/new/moved", "w").close()
    os.chdir("/new")
    c_library.mount(b".", b"/", None, 8192, None)  # moved, not copied
    os.chroot(".")
    os.execv("/init", ["/init"])
mount("sys", "/sys", "sysfs")
mount("tmp", "/tmp", "tmpfs")
mount("shm", "/dev/shm", "tmpfs")
with socket.socket() as any_socket:  # so that there is a network to be kept from
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14s", b"lo", 1, b""))
facts = {"PATH": "/usr/bin", "HOME": "/root", "PYTHONPATH": "/wheels:/repo", "LANG": "C.UTF-8"}
for command in COMMANDS:
    print(os.uname(), command, flush=True)
    subprocess.run(["/usr/bin/python3", "-m", *command], cwd="/repo", env=facts)
c_library.reboot(0x4321FEDC)
"""


def main() -> None:
    """Fetch what is missing, and start the machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("tests", nargs="*", default=TESTS)
    asked = parser.parse_args()
    folder = asked.folder.resolve()
    root = folder / "root"
    if not (root / "wheels").is_dir():
        fetch(folder, root)
    repository = root / "repo"
    shutil.rmtree(repository, ignore_errors=True)
    for name in OURS:
        into = repository / name
        into.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, into)
    pytest = ["pytest", "-q", "-rs", "-p", "no:cacheprovider", "--color=no", *asked.tests]
    commands = [
        ["autograder", "doctor", "--course", "/repo/autograder/tests/fixture_course"],
        pytest,
    ]
    init = root / "init"
    init.write_text(INIT.replace("COMMANDS", repr(commands)))
    init.chmod(0o755)
    pack = "find . -path ./boot -prune -o -print0 | cpio --null -o -H newc --quiet | gzip -1"
    with (folder / "initrd.gz").open("wb") as packed:
        subprocess.run(["sh", "-c", pack], cwd=root, stdout=packed, check=True)
    (kernel,) = (root / "boot").glob("vmlinuz-*")
    machine = ["qemu-system-aarch64", "-M", "virt", "-cpu", "max,pauth-impdef=on", "-m", "5G"]
    machine += ["-smp", "2", "-nic", "none", "-nographic", "-no-reboot", "-kernel", str(kernel)]
    machine += ["-initrd", str(folder / "initrd.gz")]
    machine += ["-append", "console=ttyAMA0 rdinit=/init quiet panic=1"]
    sys.exit(subprocess.run(machine, stdin=subprocess.DEVNULL, check=False).returncode)


def fetch(folder: Path, root: Path) -> None:
    """Fetch the packages for aarch64 and unpack them in a folder apart from this system's."""
    state = folder / "apt"
    for part in ("lists/partial", "archives/partial"):
        (state / part).mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    settings = [
        "APT::Architecture=arm64",
        "APT::Architectures=arm64",
        f"Dir::State={state}",
        f"Dir::State::status={state}/status",
        f"Dir::Cache={state}",
    ]
    options = [word for setting in settings for word in ("-o", setting)]
    subprocess.run(["apt-get", *options, "update"], check=True)
    fetching = ["install", "-y", "--no-install-recommends", "--download-only", *DEBIAN]
    subprocess.run(["apt-get", *options, *fetching], check=True)
    for package in (state / "archives").glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(root)], check=True)
    for name in ("lib", "bin", "sbin"):
        if not (root / name).exists():
            (root / name).symlink_to(f"usr/{name}")
    shutil.rmtree(root / "usr" / "lib" / "modules", ignore_errors=True)
    (python,) = (root / "usr" / "bin").glob("python3.[0-9]*[0-9]")
    wheels = folder / "wheels"
    platforms = ["manylinux2014_aarch64", "manylinux_2_28_aarch64"]
    command = [sys.executable, "-m", "pip", "download", "-q", "-d", str(wheels)]
    command += [word for platform in platforms for word in ("--platform", platform)]
    command += ["--python-version", python.name.removeprefix("python"), "--only-binary=:all:"]
    subprocess.run([*command, *WHEELS], check=True)
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(root / "wheels")


if __name__ == "__main__":
    main()
