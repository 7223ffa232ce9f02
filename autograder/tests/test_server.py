"""The forking server: what a worker inherits, and that no submission leaves anything behind."""

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import small

from autograder.check import Failure
from autograder.sandbox import client, readable
from autograder.sandbox.client import Server
from autograder.sandbox.inside.first_use import OF_THREADS

ENGINE = {  # the engine's modules that are loaded beside a submission
    "autograder",
    "autograder.version",
    "autograder.errors",
    "autograder.parsing",
    "autograder.check",
    "autograder.question",
    "autograder.sandbox",
    "autograder.sandbox.inside",
    "autograder.sandbox.inside.causes",
    "autograder.sandbox.inside.cells",
    "autograder.sandbox.inside.confinement",
    "autograder.sandbox.inside.finder",
    "autograder.sandbox.inside.first_use",
    "autograder.sandbox.inside.kernel",
    "autograder.sandbox.inside.landlock",
    "autograder.sandbox.inside.lenient",
    "autograder.sandbox.inside.locations",
    "autograder.sandbox.inside.memory",
    "autograder.sandbox.inside.namespaces",
    "autograder.sandbox.inside.runner",
    "autograder.sandbox.inside.seccomp",
    "autograder.sandbox.inside.server",
    "autograder.sandbox.inside.submission",
    "autograder.sandbox.inside.syscalls",
    "autograder.sandbox.inside.wire",
}
OUTSIDE = {
    "click",
    "distributed",
    "jinja2",
    "jupytext",
    "msgspec",
    "nbformat",
    "pooch",
    "rich",
    "torch",
}


def test_an_honest_submission_computes_and_imports(boxed):
    """A submission can use NumPy and import standard modules that nobody has loaded."""
    imports = "import fractions, numpy.polynomial, statistics"
    answer = small.inside(boxed, f"{imports}\nreturn np.linalg.inv(np.eye(2) * 2)")
    np.testing.assert_array_equal(answer.arrays["doubled"], np.eye(2) / 2)


def test_only_its_own_descriptors_are_open(boxed):
    """A worker inherits no descriptor of the server or the parent."""
    answer = small.inside(
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
    assert answer.arrays["doubled"].tolist() == [0, 1, 2, 3, 4]


def test_no_process_of_a_server_begins_with_the_environment_of_who_grades(monkeypatch):
    """No process of a server starts with the grader's environment.

    The initial environment stays in memory even after it is cleared.
    """
    monkeypatch.setenv("GRADEBOOK_TOKEN", "of-who-grades")
    with Server(small.unit()) as running:
        pids = [str(running.process.pid), *descendants(running.process.pid)]
        begun_with = [Path(f"/proc/{pid}/environ").read_bytes() for pid in pids]
    assert any(b"PYTHONHASHSEED" in environment for environment in begun_with)
    assert not any(b"of-who-grades" in environment for environment in begun_with)


def test_the_environment_is_empty(boxed):
    """No variable of the instructor's reaches a submission."""
    assert small.inside(boxed, "import os\nreturn np.array(len(os.environ))").arrays["doubled"] == 0


def test_nothing_is_left_for_the_next_submission(boxed):
    """Changed modules, builtins, environment, path and random state do not persist."""
    small.inside(
        boxed,
        """
        import os, sys, builtins, autograder.sandbox.inside.wire
        np.add = builtins.len = autograder.sandbox.inside.wire.encode = None
        os.environ["X"] = "1"
        sys.path[:] = []
        np.random.seed(3)
        """,
    )
    answer = small.inside(
        boxed,
        """
        import os, sys, autograder.sandbox.inside.wire
        clean = "X" not in os.environ
        return np.array([np.add is not None, len([1]) == 1, clean, len(sys.path) > 0])
        """,
    )
    assert answer.arrays["doubled"].all()


def test_no_other_submission_is_in_memory(boxed):
    """No object of the next worker holds what another submission sent or answered."""
    mark = "MARK" + "OF" + "ADA"
    small.inside(boxed, f"x = '{mark}'\nreturn np.frombuffer(b'{mark}', np.uint8)")
    answer = small.inside(
        boxed,
        """
        import gc
        needle = "MARKOF" + "ADA"
        holders = [o for o in gc.get_objects() if isinstance(o, (str, dict, list))]
        return np.array([needle in o for o in holders if len(o) < 9999])
        """,
    )
    assert not answer.arrays["doubled"].any()


def memory_of(process):
    """Yield the writable memory of a process, piece by piece."""
    maps = Path(f"/proc/{process}/maps").read_text()
    with open(f"/proc/{process}/mem", "rb", 0) as memory:
        for line in maps.splitlines():
            place = re.match(r"(\w+)-(\w+) rw", line)
            if place is None or "[v" in line:
                continue
            start = int(place[1], 16)
            end = int(place[2], 16)
            memory.seek(start)
            yield memory.read(end - start)


def test_no_byte_of_a_submission_passes_through_the_server(monkeypatch):
    """No byte of a submission's text, name or answer is in the memory that the next inherits."""
    # otherwise the server is no child of this process
    monkeypatch.setattr(client, "bubblewrap", lambda: None)
    text, name, answered = (f"{kind}-{os.urandom(8).hex()}" for kind in ("text", "name", "answer"))
    script = f"def double(x):\n    '{text}'\n    return '{answered}'[:6] + '{answered}'[6:]"
    with Server(small.unit(), stub="# STUB-OF-THE-UNIT") as server:
        with server.worker(script.encode(), name) as worker:
            assert worker.ask(small.check(), 1).arrays["doubled"] == answered
        held = list(memory_of(server.process.pid))
    # this search finds what is there
    assert any(b"STUB-OF-THE-UNIT" in part for part in held)
    for mark in (text, name, answered):
        assert not any(mark.encode() in part for part in held), mark


def modules_of(server, script="import sys\ndef double(x): return sorted(sys.modules)", check=None):
    """Return the names of the modules that are loaded beside a submission."""
    with server.worker(script.encode(), "ada.py") as worker:
        answer = worker.ask(check or small.check(), 1)
    assert not answer.failure, answer.message
    return set(answer.arrays["doubled"].tolist())


def test_of_the_engine_only_what_lies_inside_is_loaded_beside_a_submission(boxed):
    """Beside a submission only modules of `sandbox/inside` are loaded from the engine.

    No server imports a module that knows keys, grades, courses or held-out data.
    """
    loaded = modules_of(boxed)
    assert {name for name in loaded if name.split(".")[0] == "autograder"} == ENGINE
    assert not OUTSIDE & {name.split(".")[0] for name in loaded}
    assert not [name for name in loaded if "solution" in name]


def test_the_folder_inside_is_all_that_the_list_of_modules_names():
    """This file's list names every file of `sandbox/inside`, so a new one needs a decision."""
    files = Path(readable.ENGINE, "sandbox", "inside").glob("*.py")
    there = {f"autograder.sandbox.inside.{file.stem}".removesuffix(".__init__") for file in files}
    assert there == {name for name in ENGINE if name.startswith("autograder.sandbox.inside")}


def test_an_add_on_is_loaded_where_a_unit_has_its_package_and_nowhere_else(tmp_path):
    """Only the unit on torch loads `autograder.torch`, and no other module of the engine."""
    pytest.importorskip("torch")
    for name, packages in (("with_torch", ("torch", "numpy")), ("without", ("numpy",))):
        experiments = f"""
            from autograder.check import UnitSettings, check, named

            SETTINGS = UnitSettings(packages={packages})


            @check(points=1)
            def doubling(net, seed):
                \"\"\"the names of modules\"\"\"
                return named("doubled", net.double(1))
        """
        needs = {"torch": "autograder.torch"}
        unit = small.write_course(tmp_path / name, name, experiments, "", needs)
        with Server(unit) as server:
            loaded = modules_of(server, check=unit.checks[0])
        more = {n for n in loaded if n.split(".")[0] == "autograder"} - ENGINE
        assert ("torch" in loaded) == ("autograder.torch" in more) == (name == "with_torch")
        assert all(n.startswith("autograder.torch") for n in more)
        assert not (OUTSIDE - {"torch"}) & {n.split(".")[0] for n in loaded}


@pytest.mark.parametrize("both", [True, False], ids=["bubblewrap and walls", "walls"])
def test_a_server_needs_nothing_of_the_engine_but_what_lies_inside(both, monkeypatch, tmp_path):
    """A server starts and answers from a copy of only the files in `readable.INSIDE`."""
    engine = tmp_path / "autograder"
    for name in readable.INSIDE:
        source, target = readable.ENGINE / name, engine / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    monkeypatch.setattr(readable, "ENGINE", engine)
    if not both:
        monkeypatch.setattr(client, "bubblewrap", lambda: None)
    with Server(small.unit()) as server:
        assert ("bubblewrap" in server.walls) == both
        script = "import autograder.sandbox.inside.wire as w\ndef double(x): return [w.__file__]"
        assert modules_of(server, script) == {str(engine / "sandbox" / "inside" / "wire.py")}


def test_each_name_of_what_lies_inside_exists():
    """Every name in the list exists; otherwise the list would prove nothing."""
    assert [name for name in readable.INSIDE if not (readable.ENGINE / name).exists()] == []


@pytest.mark.parametrize("wall", ["bubblewrap", "none"])
def test_the_server_can_import_nothing_else_of_the_engine(wall, monkeypatch):
    """The server can import no other module of the engine.

    Behind bubblewrap the files do not exist; without it, a worker may not read them.
    """
    if wall == "none":
        monkeypatch.setattr(client, "bubblewrap", lambda: None)
    attempts = [
        f"importlib.import_module('autograder.{name}')"
        for name in (
            "course",
            "schema",
            "judging",
            "data",
            "grading",
            "grading.keys",
            "source.solution",
            "sandbox.client",
            "sandbox.readable",
            "practice.notebook",
            "report.pages",
            "authoring.build",
            "cli",
            "torch",
        )
    ]
    with Server(small.unit()) as server:
        assert small.refused(server, "\n".join(attempts)) == []


OF_SCIPY = """
    import numpy as np

    from autograder.check import UnitSettings, check, named

    UNIT = UnitSettings(packages=("numpy", "scipy"))


    @check(points=1)
    def solving(net, seed):
        "`solve` gives a number"
        a = np.random.default_rng(seed).normal(size=(9, 9)) + 9 * np.eye(9)
        return named("solved", net.solve(a))
"""
CALLS_OF_SCIPY = {
    "linalg": """
    from scipy.linalg import lu_factor, lu_solve
    return lu_solve(lu_factor(a), a[0])""",
    "optimize": """
    from scipy import optimize
    return optimize.minimize(lambda x: ((a @ x) ** 2).sum(), a[0]).fun""",
    "stats": """
    import scipy.stats
    return scipy.stats.ttest_ind(a[0], a[1]).pvalue""",
    "a function that loads OpenBLAS late": """
    import sys
    for name in [*sys.modules]:
        if name.startswith("scipy"):
            del sys.modules[name]
    import scipy.linalg
    return scipy.linalg.solve(a, a[0])""",
}


@pytest.fixture(scope="module")
def server_with_scipy(tmp_path_factory):
    """Start a server of a unit that allows scipy, which its checks do not import."""
    folder = tmp_path_factory.mktemp("scipy") / "course"
    unit = small.write_course(
        folder, "solving", OF_SCIPY, "def solve(a): return a\n", {"scipy": ""}
    )
    with pytest.MonkeyPatch.context() as patch:
        for name in OF_THREADS:
            patch.delenv(name, raising=False)
        with Server(unit) as server:
            yield server


@pytest.mark.parametrize("code", CALLS_OF_SCIPY.values(), ids=CALLS_OF_SCIPY)
def test_scipy_works_behind_the_walls(code, server_with_scipy):
    """scipy works, though no thread may be started and no check imports it."""
    script = f"def solve(a):{code}\n"
    with server_with_scipy.worker(script.encode(), "ada.py") as worker:
        answer = worker.ask(server_with_scipy.unit.checks[0], 1)
    assert answer.message == ""
    assert np.isfinite(answer.arrays["solved"]).all()


def test_an_interrupt_is_told_as_such(boxed):
    """If a library cannot start a thread, its KeyboardInterrupt is reported with the line."""
    answer = small.inside(boxed, "import os\nraise KeyboardInterrupt")
    assert answer.failure == Failure.KILLED
    assert "the program exited while this check ran. line 4" in answer.message
    assert "KeyboardInterrupt" in answer.message


def descendants(pid):
    """Return the ids of a process's children and their children, parents first."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [*children, *(other for child in children for other in descendants(child))]


def test_where_memory_runs_out_a_worker_goes_first(boxed):
    """When memory runs out, the kernel kills the worker that used it, not the server."""
    with boxed.worker(small.solved().encode(), "ada.py") as worker:
        worker.ask(small.check(), 1)
        begun = [str(boxed.process.pid), *descendants(boxed.process.pid)]
        scores = [Path(f"/proc/{pid}/oom_score_adj").read_text().strip() for pid in begun]
    assert scores[-1] == "1000"
    assert "1000" not in scores[:-1]
