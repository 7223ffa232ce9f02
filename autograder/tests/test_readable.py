"""Files that a submission can read: its unit's packages and the standard library."""

import importlib.metadata
import importlib.util
import os
import shutil
from pathlib import Path

import pytest
import small

from autograder.course import MissingPackage, read_course
from autograder.sandbox import client, readable
from autograder.sandbox.client import Server

COURSE = small.COURSE.folder


def opened(paths):
    """Return code with an attempt per line to open files that exist."""
    assert [path for path in paths if not Path(path).exists()] == []
    return "\n".join(f"open({str(path)!r}, 'rb').read(1)" for path in paths)


def test_no_file_of_the_course_can_be_opened_or_listed(boxed):
    """A submission can open or list no course file: settings, checks, keys, stubs, solutions, data.

    It cannot list names in the course's folders either.
    """
    paths = sorted(COURSE.rglob("*"))
    files = [path for path in paths if path.is_file()]
    kinds = {file.relative_to(COURSE).parts[0] for file in files}
    assert {"course.toml", "checks", "assignments", "solutions", "datasets"} <= kinds
    assert small.COURSE.key(small.UNIT) in files
    folders = [COURSE, *(path for path in paths if path.is_dir())]
    assert small.refused(boxed, opened(files) + listed(folders)) == []


def listed(folders):
    """Write code that lists the names in some folders."""
    return "".join(f"\nos.listdir({str(folder)!r})" for folder in folders)


def test_no_file_of_the_engine_can_be_opened_or_listed(boxed):
    """A submission can neither open nor list the engine's files, nor the worker's own program."""
    files = [file for file in readable.ENGINE.rglob("*.py") if COURSE not in file.parents]
    folders = sorted({file.parent for file in files})
    assert small.refused(boxed, opened(files) + listed(folders)) == []


def test_no_file_of_others_or_of_the_machine_can_be_opened(boxed, tmp_path):
    """Grades, other submissions, the password file and other processes cannot be read."""
    (tmp_path / "gradebook.json").write_text("{}")
    other = small.submit(tmp_path / "class", "ada", small.solved())
    paths = [
        other,
        tmp_path / "gradebook.json",
        "/etc/passwd",
        "/proc/self/environ",
        "/proc/1/environ",
        f"/proc/{os.getpid()}/environ",
        "/proc/self/root/etc/passwd",
    ]
    code = opened(paths)
    folders = (tmp_path / "class", small.ROOT, "/proc")
    code += "".join(f"\nos.listdir({str(folder)!r})" for folder in folders)
    code += "\nos.open('/proc/%d/mem' % os.getppid(), 0)"
    assert small.refused(boxed, code) == []


@pytest.mark.parametrize("package", ["torch", "safetensors", "msgspec", "rich", "click", "pytest"])
def test_a_package_that_the_unit_did_not_ask_for_is_out_of_reach(boxed, package):
    """A package that the unit did not request cannot be read, even if the protocol uses it."""
    if not (spec := importlib.util.find_spec(package)):
        pytest.skip(f"{package} is not installed")
    folder = Path(spec.origin).parent
    loaded = package == "safetensors"  # by the protocol
    code = "" if loaded else f"importlib.import_module({package!r})\n"
    assert small.refused(boxed, code + opened([spec.origin, *folder.glob("*.py")])) == []


def test_a_package_that_may_not_be_read_is_not_installed_there(boxed):
    """An unreadable package counts as not installed.

    Others import it where it is, and do without it after `ModuleNotFoundError`.
    """
    found = small.inside(
        boxed,
        """
        try:
            import rich
        except ModuleNotFoundError:
            return np.array([1.0])
        """,
    )
    assert found.arrays["doubled"].tolist() == [1.0], found.message


def test_a_distribution_is_imported_by_its_own_name():
    """A distribution is known by its own name, not by that of its folder of libraries."""
    pytest.importorskip("sklearn")
    assert readable.module_names(["scikit-learn", "numpy"]) == ["sklearn", "numpy"]


def test_a_package_that_starts_threads_is_named():
    """A package that starts threads is reported, because its server cannot be forked."""
    told = client.too_many_threads(4, ["polars"])
    assert "Importing `polars` starts them" in told
    assert "A module that the checks import starts them" in client.too_many_threads(2, [])


def test_a_package_that_the_unit_asked_for_can_be_read_and_imported(boxed):
    """All of NumPy can be imported if the unit requests it, including parts not yet loaded."""
    import numpy

    attempts = [
        f"open({numpy.__file__!r}).read()",
        "importlib.import_module('numpy.polynomial.hermite')",
    ]
    assert small.refused(boxed, "\n".join(attempts)) == attempts


@pytest.mark.parametrize("both", [True, False], ids=["bubblewrap and walls", "walls"])
def test_what_a_package_is_for_one_unit_it_is_not_for_another(both, monkeypatch):
    """A package readable in one unit is not readable in another.

    The unit on words requested none, so NumPy, which the protocol has loaded, cannot be read there.
    """
    import numpy

    if not both:
        monkeypatch.setattr(client, "bubblewrap", lambda: None)
    script = f"""
def initials(name):
    found = []
    for attempt in (
        lambda: open({numpy.__file__!r}),
        lambda: __import__("numpy.polynomial.hermite"),
        lambda: __import__("statistics"),
    ):
        try:
            attempt()
            found.append("done")
        except (OSError, ImportError):
            found.append("refused")
    return found
"""
    with (
        Server(small.unit(small.WORDS)) as server,
        server.worker(script.encode(), "ada.py") as worker,
    ):
        answer = worker.ask(server.unit.checks[0], 1)
    assert answer.arrays["first"].tolist() == ["refused", "refused", "done"]


@pytest.mark.parametrize("both", [True, False], ids=["bubblewrap and walls", "walls"])
def test_a_course_among_packages_is_no_easier_to_read(both, monkeypatch, tmp_path):
    """A course inside the folder of packages cannot be opened either.

    Imports may list names there, so names are visible.
    """
    if not both:
        monkeypatch.setattr(client, "bubblewrap", lambda: None)
    site = tmp_path / "site"
    shutil.copytree(COURSE, site / "course")
    course = read_course(site / "course")
    places = readable.places(small.unit())
    places.listed.append(str(site))
    monkeypatch.setattr(client, "places", lambda _: places)
    files = [course.folder / "course.toml", course.solution(small.UNIT), course.key(small.UNIT)]
    with Server(small.unit()) as server:
        assert small.refused(server, opened(files)) == []


def test_each_place_is_of_this_python_or_of_a_package_or_of_the_system():
    """Each readable place belongs to this Python, a package or the system.

    None contains another, the engine or the course.
    """
    places = readable.places(small.unit())
    for held in (readable.ENGINE, COURSE, Path(small.__file__)):
        above = {str(folder) for folder in (held, *held.parents)}
        assert not above & set(places.readable)
    assert "site-packages" not in {Path(place).name for place in places.readable}


@pytest.mark.parametrize("name", ["numpy", "safetensors", "msgspec"])
def test_what_a_package_holds_is_read_from_its_record(name):
    """A package's files come from its record in a hundredth of the time, with the same result."""
    distribution = importlib.metadata.distribution(name)
    files = distribution.files or ()
    assert readable.first_parts(distribution) == {file.parts[0] for file in files} > {name}


def test_what_a_package_needs_can_be_read_with_it():
    """A package's dependencies are readable, too: Jinja2 imports MarkupSafe."""
    folders = {Path(place).name for place in readable.package_folders(["jinja2"])}
    assert folders >= {"jinja2", "markupsafe"}


def test_what_lies_elsewhere_is_no_part_of_a_package():
    """Record entries outside the package are ignored: scripts, odd paths, absolute paths."""
    record = '../../bin/tool,,\n"my,own/a.py",,\nmy/a.py,,\n/usr/lib/x,,\nmy.dist-info/RECORD,,\n'
    installed = Installed(record)
    assert readable.top_level_names(installed) == {"my", "my,own"}


class Installed(importlib.metadata.Distribution):
    """A distribution with a record and no files."""

    def __init__(self, record):
        self.record = record

    def read_text(self, filename):
        return {"RECORD": self.record}.get(filename)

    def locate_file(self, path):
        return Path(path)


def test_neither_paths_nor_proc_nor_devices_are_a_way_round(boxed, tmp_path):
    """Neither O_PATH descriptors, links in `/proc` nor devices give access to other files.

    No device can be opened, and no folder listed.
    """
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
    for name in (
        "cwd",
        "root",
        "exe",
        "fd/0",
        "fd",
        "task",
        "maps",
        "mem",
        "environ",
        "cmdline",
        "pagemap",
    ):
        call = {"cwd": "readlink", "root": "readlink", "exe": "readlink", "fd/0": "readlink"}.get(
            name, "open"
        )
        for pid in (os.getpid(), boxed.process.pid, "' + str(os.getppid()) + '"):
            code += f"os.{call}('/proc/{pid}/{name}'{', 0' if call == 'open' else ''})\n"
    assert small.refused(boxed, code) == []


ON_NUMPY = """
    from autograder.check import UnitSettings, check, named

    SETTINGS = UnitSettings(packages=("numpy",))


    @check(points=1)
    def doubling(net, seed):
        '''what was refused'''
        return named("doubled", net.double(1))
"""
ADD_ON_OF_OTHERS = {
    "__init__.py": "KNOWN = 1\n",
    "numbers.py": """
from autograder.check import Addon
from my_addons import KNOWN


def reset(seed):
    assert KNOWN


ADDON = Addon(reset=reset)
""",
}


@pytest.mark.parametrize("both", [True, False], ids=["bubblewrap and walls", "walls"])
def test_an_add_on_that_lies_elsewhere_is_imported_and_cannot_be_read(both, monkeypatch, tmp_path):
    """An author's add-on in a folder of its own can be imported but not read."""
    if not both:
        monkeypatch.setattr(client, "bubblewrap", lambda: None)
    for name, text in ADD_ON_OF_OTHERS.items():
        (file := tmp_path / "lib" / "my_addons" / name).parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.syspath_prepend(tmp_path / "lib")
    needs = {"numpy": "my_addons.numbers"}
    unit = small.write_course(tmp_path / "course", "one", ON_NUMPY, "", needs)
    with Server(unit) as server:
        assert ("bubblewrap" in server.walls) == both
        assert small.refused(server, opened(sorted(file.parent.glob("*.py")))) == []


@pytest.mark.parametrize(
    ("addon", "lacking"),
    [("autograder.troch", "autograder.troch"), ("my_troch.numbers", "my_troch")],
)
def test_an_add_on_that_is_not_there_is_told_in_words(tmp_path, addon, lacking):
    """A missing add-on is reported with its package, the module and the file that names it."""
    words = rf"course\.toml: the add-on of numpy .* no module {lacking}\."
    with pytest.raises(MissingPackage, match=words):
        small.write_course(tmp_path, "one", ON_NUMPY, "", {"numpy": addon})


WITH_ALL_KINDS = """
    import numpy as np
    from autograder import check as kinds
    from autograder.check import check, choice, named

    for kind in kinds.KINDS:
        getattr(kinds, kind)

    @check(points=1, question=choice("up", "down"))
    def asked(net, seed):
        return net.answer()
"""


def test_all_that_an_author_imports_of_the_engine_is_there_within_every_wall(tmp_path):
    """The engine's modules for authors are available inside every layer.

    Otherwise the server would not start within bubblewrap, and would run without it.
    """
    unit = small.write_course(tmp_path, "kinds", WITH_ALL_KINDS, "def answer(): return 1\n")
    with Server(small.unit()) as plain, Server(unit) as server:
        assert server.walls == plain.walls, server.why_no_bubblewrap
