"""What may be read: by a worker, which runs a submission, and by the server that forks it.

A server imports the unit's experiments before any submission is there. A worker is forked from it,
and can from then on open only what `readable` and `listed` name. Each line that adds a path says
why.
"""

import importlib.metadata
import importlib.util
import os
import re
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Unit, addons

ENGINE = Path(__file__).parents[1]
# of the engine, what the server imports: nothing else of it enters the sandbox
INSIDE = (
    "__init__.py",
    "version.py",
    "errors.py",
    "check.py",
    "sandbox/__init__.py",
    "sandbox/inside",
)
WIRE_NEEDS = ("numpy", "safetensors")


@dataclass(frozen=True)
class Places:
    """Paths for a unit's sandbox.

    readable: files and folders that a worker may read.
    listed: folders whose names a worker may list, as imports do, without reading what is in them.
    imported: what the server imports beside these, and a worker may not read.
    import_path: folders in which the server looks for modules.
    """

    readable: list[str]
    listed: list[str]
    imported: list[str]
    import_path: list[str]


def places(unit: Unit) -> Places:
    """Say what may be read in the sandbox of a unit."""
    imported_packages = package_folders((*unit.packages, *WIRE_NEEDS))
    sites = sorted({os.path.dirname(folder) for folder in imported_packages})
    others = sorted({os.path.dirname(path) for path in _addon_paths(unit, ours=False)})
    return Places(
        readable=list(_readable(unit)),
        listed=[*sites, sysconfig.get_path("stdlib")],
        imported=[*_imported(unit), *imported_packages],
        import_path=[*sites, str(ENGINE.parent), *others],
    )


def _readable(unit: Unit) -> Iterator[str]:
    """What a submission may read. A new line here needs a test."""
    # package by package: no unit sees what it did not ask for
    yield from package_folders(unit.packages)
    yield from _standard_library()
    yield from ("/usr/lib", "/lib", "/lib64")  # what packages are linked with
    yield from ("/dev/null", "/dev/urandom")


def _standard_library() -> Iterator[str]:
    """The standard library without what is installed beside it and without its own tests."""
    folder = sysconfig.get_path("stdlib")
    for name in os.listdir(folder):
        if name not in ("site-packages", "dist-packages", "test"):
            yield os.path.join(folder, name)


def _imported(unit: Unit) -> Iterator[str]:
    """What the server imports before it forks: of the engine, the experiments, and add-ons of the
    unit's packages.
    """
    for name in INSIDE:
        yield str(ENGINE / name)
    yield str(unit.course.checks)
    yield from _addon_paths(unit, ours=True)
    yield from _addon_paths(unit, ours=False)


def _addon_paths(unit: Unit, ours: bool) -> Iterator[str]:
    """Say where a unit's add-ons lie: of ours the module alone, of others its whole package."""
    for package, module in addons(unit.course).items():
        top = module.split(".")[0]
        if package in unit.packages and (top == ENGINE.name) == ours:
            yield module_path(module if ours else top)


def module_path(name: str) -> str:
    """The file or folder of a module, found without importing it."""
    spec = importlib.util.find_spec(name)
    if spec and spec.submodule_search_locations:
        return next(iter(spec.submodule_search_locations))
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"No module named '{name}'", name=name)
    return spec.origin


def package_folders(names: Sequence[str]) -> list[str]:
    """The folders and files in site-packages of some distributions and of all that they require
    here.
    """
    found: set[str] = set()
    seen: set[str] = set()
    queue = list(names)
    while queue:
        name = queue.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            package = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        for top in {file.parts[0] for file in package.files or ()}:
            if top not in ("..", "__pycache__") and not top.endswith(("-info", ".pth")):
                found.add(str(package.locate_file(top)))
        queue += _required_names(package.requires or ())
    return sorted(found)


def _required_names(requirements: Iterable[str]) -> Iterator[str]:
    """The names of the distributions that are required in any case, not by an extra."""
    for requirement in requirements:
        if "extra ==" not in requirement and (name := re.match(r"[\w.-]+", requirement)):
            yield name[0]
