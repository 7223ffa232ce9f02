"""This engine as a wheel, packed from what is installed here: no network, no build tools.

Whether it was installed from a wheel or stands as source in a checkout, students get what runs
here.
"""

import base64
import hashlib
import re
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

from autograder.errors import DISTRIBUTION

ENGINE = Path(__file__).parents[1]
# templates have tests too, which are packed
NOT_PACKED = re.compile(r"autograder/tests/|.*/__pycache__/")
TAG = "py3-none-any"


def pack_wheel(folder: Path) -> Path:
    """Write the wheel of this engine into a folder; its path."""
    installed = distribution(DISTRIBUTION)
    name = f"{DISTRIBUTION.replace('-', '_')}-{installed.version}"
    content = {path: (ENGINE.parent / path).read_bytes() for path in _modules()}
    content |= {f"{name}.dist-info/{path}": text for path, text in _metadata(installed).items()}
    record = [f"{path},sha256={_checksum(its)},{len(its)}" for path, its in content.items()]
    content[f"{name}.dist-info/RECORD"] = "\n".join(
        [*record, f"{name}.dist-info/RECORD,,", ""]
    ).encode()
    wheel = folder / f"{name}-{TAG}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, its in content.items():
            entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))  # the same bytes each time
            archive.writestr(entry, its, zipfile.ZIP_DEFLATED)
    return wheel


def _modules() -> list[str]:
    """The files of the package without its tests, as paths within the wheel."""
    files = [path for path in sorted(ENGINE.rglob("*")) if path.is_file()]
    names = [path.relative_to(ENGINE.parent).as_posix() for path in files]
    return [name for name in names if not NOT_PACKED.match(name)]


def _metadata(installed: Distribution) -> dict[str, bytes]:
    """The files of the wheel's `dist-info` folder but for RECORD."""
    described = installed.read_text("METADATA") or installed.read_text("PKG-INFO") or ""
    found = {
        "METADATA": described.encode(),
        "WHEEL": (
            f"Wheel-Version: 1.0\nGenerator: autograder\nRoot-Is-Purelib: true\nTag: {TAG}\n"
        ).encode(),
        "entry_points.txt": (installed.read_text("entry_points.txt") or "").encode(),
    }
    for path in installed.files or ():
        if "dist-info" in path.parts[0] and "licenses" in path.parts:
            found["/".join(path.parts[1:])] = Path(str(path.locate())).read_bytes()
    return found


def _checksum(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
