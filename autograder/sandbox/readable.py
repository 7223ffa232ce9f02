"""What a worker may read and list."""

import importlib.metadata
import os
import re
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Unit, root

# what the server imports of the kit
KIT_FILES = ("__init__.py", "check.py", "course.py", "sandbox/__init__.py", "sandbox/inside")


@dataclass(frozen=True)
class _Places:
    """What a worker may read and list, and the kit's own files that the server imports."""

    readable: list[str]
    listed: list[str]
    kit: list[str]
    path: list[str]


def _places(unit: Unit) -> _Places:
    std, here = sysconfig.get_path("stdlib"), Path(__file__).parents[1]
    found, packages = _package_folders(unit.packages), _package_folders((*unit.packages, "safetensors", "numpy"))
    tops = [os.path.join(std, n) for n in os.listdir(std) if n not in ("site-packages", "dist-packages", "test")]
    system = ["/usr/lib", "/lib", "/lib64", "/dev/null", "/dev/urandom"]
    kit = [*(str(here / name) for name in KIT_FILES), str(root() / "checks")]
    sites = sorted({os.path.dirname(folder) for folder in packages})
    return _Places([*found, *tops, *system], [*sites, std], [*kit, *packages], [*sites, str(here.parent)])


def _package_folders(names: Sequence[str]) -> list[str]:
    """The folders and files in site-packages of some distributions and of all that they require here."""
    found: set[str] = set()
    seen, queue = set(), list(names)
    while queue:
        name = queue.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            package = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        tops = {file.parts[0] for file in package.files or () if file.parts[0] not in ("..", "__pycache__")}
        found |= {str(package.locate_file(top)) for top in tops if not top.endswith(("-info", ".pth"))}
        queue += [
            match[0] for r in package.requires or () if "extra ==" not in r and (match := re.match(r"[\w.-]+", r))
        ]
    return sorted(found)
