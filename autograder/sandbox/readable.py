"""What may be read: by a worker, which runs a submission, and by the server that forks it.

A server imports the unit's experiments before any submission is there. A worker is forked from it,
and can from then on open only what `readable` and `listed` name. Each line that adds a path says
why.
"""

import csv
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
# the engine's modules that the server imports: no others enter the sandbox
INSIDE = (
    "__init__.py",
    "version.py",
    "errors.py",
    "parsing.py",
    "check.py",
    "kinds.py",
    "question.py",
    "sandbox/__init__.py",
    "sandbox/inside",
)
WIRE_NEEDS = ("numpy", "safetensors")


@dataclass(frozen=True)
class Places:
    """Paths for a unit's sandbox.

    readable: files and folders that a worker may read.
    listed: folders whose names a worker may list, as imports do, without reading the files.
    imported: further paths that the server imports, and a worker may not read.
    import_path: folders in which the server looks for modules.
    """

    readable: list[str]
    listed: list[str]
    imported: list[str]
    import_path: list[str]


def places(unit: Unit) -> Places:
    """Return what may be read in the sandbox of a unit."""
    server_packages = package_folders((*unit.packages, *WIRE_NEEDS))
    site_folders = _parents(server_packages)
    addon_folders = _parents(_addons_of_others(unit))
    standard_library = sysconfig.get_path("stdlib")
    return Places(
        readable=list(_readable(unit)),
        listed=[*site_folders, standard_library],
        imported=[*_imported(unit), *server_packages],
        import_path=[*site_folders, str(ENGINE.parent), *addon_folders],
    )


def _parents(paths: Iterable[str]) -> list[str]:
    """Return the folders of paths, each once and in order."""
    folders = set()
    for path in paths:
        folders.add(os.path.dirname(path))
    return sorted(folders)


def _readable(unit: Unit) -> Iterator[str]:
    """Yield what a submission may read. A new line here needs a test in `test_readable.py`."""
    # package by package: no unit sees a package that it did not request
    yield from package_folders(unit.packages)
    yield from _standard_library()
    # libraries that packages are linked with
    yield "/usr/lib"
    yield "/lib"
    yield "/lib64"
    # where libraries discard output, and get random bytes
    yield "/dev/null"
    yield "/dev/urandom"


def _standard_library() -> Iterator[str]:
    """Yield the standard library without installed packages and without its own tests."""
    folder = sysconfig.get_path("stdlib")
    for name in os.listdir(folder):
        if name in ("site-packages", "dist-packages", "test"):
            continue
        yield os.path.join(folder, name)


def _imported(unit: Unit) -> Iterator[str]:
    """Yield what the server imports before it forks, except packages."""
    for name in INSIDE:
        yield str(ENGINE / name)
    yield str(unit.course.checks)
    yield from _addons_of_ours(unit)
    yield from _addons_of_others(unit)


def _addons_of_ours(unit: Unit) -> Iterator[str]:
    """Yield the engine's modules that are add-ons for the unit, and nothing beside them."""
    for module in _addon_modules(unit):
        if _top_package(module) == ENGINE.name:
            yield module_path(module)


def _addons_of_others(unit: Unit) -> Iterator[str]:
    """Yield the whole packages that contain the unit's other add-ons."""
    for module in _addon_modules(unit):
        package = _top_package(module)
        if package != ENGINE.name:
            yield module_path(package)


def _addon_modules(unit: Unit) -> Iterator[str]:
    modules = addons(unit.course)
    for package, module in modules.items():
        if package in unit.packages:
            yield module


def _top_package(module: str) -> str:
    package, _, _ = module.partition(".")
    return package


def module_path(name: str) -> str:
    """Return the file of a module, or the folder of a package, without importing it.

    Raises `ModuleNotFoundError`.
    """
    spec = importlib.util.find_spec(name)
    if spec and spec.submodule_search_locations:
        return next(iter(spec.submodule_search_locations))
    if spec and spec.origin:
        return spec.origin
    raise ModuleNotFoundError(f"No module named '{name}'", name=name)


def package_folders(names: Sequence[str]) -> list[str]:
    """Return the folders and files in site-packages of distributions, and of their requirements.

    names: of distributions. Those that are not installed are skipped.
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
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        for top in top_level_names(distribution):
            found.add(str(distribution.locate_file(top)))
        queue += _required_names(distribution.requires or ())
    return sorted(found)


def module_names(names: Sequence[str]) -> list[str]:
    """Return the modules that distributions are imported as: `yaml` for PyYAML.

    The one with the distribution's name represents it. Distributions that are not installed are
    skipped.
    """
    found: list[str] = []
    for name in names:
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        modules = []
        for top in sorted(top_level_names(distribution)):
            module, _, ending = top.partition(".")
            if ending == "libs":  # libraries in a wheel
                continue
            if module.isidentifier() and not module.startswith("_"):
                modules.append(module)
        own = name.replace("-", "_").lower()
        found += [own] if own in modules else dict.fromkeys(modules)
    return found


def top_level_names(distribution: importlib.metadata.Distribution) -> set[str]:
    """Return the names in site-packages that hold a distribution's code and libraries."""
    names = set()
    for top in first_parts(distribution):
        # scripts beside Python; other places; compiled files
        if top in ("..", "", "__pycache__"):
            continue
        if top.endswith(("-info", ".pth")):  # metadata; search paths of modules
            continue
        names.add(top)
    return names


def first_parts(distribution: importlib.metadata.Distribution) -> set[str]:
    """Return the first parts of the paths of a distribution's files; "" for an absolute one."""
    record = distribution.read_text("RECORD")
    if record is None:  # it was not installed from a wheel
        return {file.parts[0].strip("/") for file in distribution.files or ()}
    # `files` makes an object for each path, for a large package's 17,000 in a quarter of a second
    rows = csv.reader(record.splitlines())
    return {row[0].partition("/")[0] for row in rows if row}


def _required_names(requirements: Iterable[str]) -> Iterator[str]:
    """Yield the names of the distributions that are required without an extra."""
    for requirement in requirements:
        if "extra ==" in requirement:
            continue
        name = re.match(r"[\w.-]+", requirement)
        if name:
            yield name[0]
