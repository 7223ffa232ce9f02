"""Packs this engine as a wheel, from what is installed here: no network, no build tools.

Students receive the engine that runs here, from a wheel or a checkout.
"""

import base64
import hashlib
import re
import zipfile
from collections.abc import Mapping
from importlib.metadata import Distribution, distribution
from pathlib import Path

from autograder.errors import DISTRIBUTION

ENGINE = Path(__file__).parents[1]
# templates have tests, too, which are packed
NOT_PACKED = re.compile(r"autograder/tests/|.*/__pycache__/")
TAG = "py3-none-any"
EARLIEST = (1980, 1, 1, 0, 0, 0)  # date of all files, for equal bytes each time


def pack_wheel(folder: Path) -> Path:
    """Write the wheel of this engine into a folder, and return its path."""
    installed = distribution(DISTRIBUTION)
    package = DISTRIBUTION.replace("-", "_")
    name = f"{package}-{installed.version}"
    information = f"{name}.dist-info"
    content = {}
    for path in _modules():
        file = ENGINE.parent / path
        content[path] = file.read_bytes()
    for path, data in _metadata(installed).items():
        content[f"{information}/{path}"] = data
    record = f"{information}/RECORD"
    content[record] = _record(content, record)
    wheel = folder / f"{name}-{TAG}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, data in content.items():
            entry = zipfile.ZipInfo(path, EARLIEST)
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return wheel


def _record(content: Mapping[str, bytes], own_path: str) -> bytes:
    """Write the list of a wheel's files with their checksums; its own line has none."""
    lines = []
    for path, data in content.items():
        checksum = _checksum(data)
        lines.append(f"{path},sha256={checksum},{len(data)}\n")
    lines.append(f"{own_path},,\n")
    return "".join(lines).encode()


def _modules() -> list[str]:
    """List the files of the package without its tests, as paths within the wheel."""
    names = []
    for path in sorted(ENGINE.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(ENGINE.parent).as_posix()
        if not NOT_PACKED.match(name):
            names.append(name)
    return names


def _metadata(installed: Distribution) -> dict[str, bytes]:
    """Read or write the files of the wheel's `dist-info` folder except RECORD."""
    description = installed.read_text("METADATA") or installed.read_text("PKG-INFO") or ""
    wheel = f"Wheel-Version: 1.0\nGenerator: autograder\nRoot-Is-Purelib: true\nTag: {TAG}\n"
    entry_points = installed.read_text("entry_points.txt") or ""
    found = {
        "METADATA": description.encode(),
        "WHEEL": wheel.encode(),
        "entry_points.txt": entry_points.encode(),
    }
    for path in installed.files or ():
        folder, *below = path.parts
        if "dist-info" in folder and "licenses" in below:
            file = Path(str(path.locate()))
            found["/".join(below)] = file.read_bytes()
    return found


def _checksum(content: bytes) -> str:
    """Return the sha256 of a file as RECORD writes it: base64 without padding."""
    digest = hashlib.sha256(content).digest()
    padded = base64.urlsafe_b64encode(digest)
    return padded.decode().rstrip("=")
