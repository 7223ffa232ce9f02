"""Many machines, tested with a real Dask scheduler and two workers on this one."""

import json
import os
import time

import pytest
import small

pytest.importorskip("distributed")

from autograder.grading.cluster import Cluster, NoCluster

pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Start a scheduler and two worker processes; yield the address and the workers."""
    folder = tmp_path_factory.mktemp("dask")
    facts, environment = folder / "scheduler.json", {**os.environ, "PYTHONPATH": str(small.ROOT)}
    dask = (
        "distributed.cli.dask_scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--no-jupyter",
    )
    running = [small.start(*dask, "--scheduler-file", facts, env=environment)]
    one = (
        "distributed.cli.dask_worker",
        "--scheduler-file",
        facts,
        "--nthreads",
        "1",
        "--no-nanny",
        "--no-dashboard",
    )
    running += [small.start(*one, "--local-directory", folder, env=environment) for _ in range(2)]
    while not facts.exists():
        assert running[0].poll() is None
        time.sleep(0.05)
    address = json.loads(facts.read_text())["address"]
    while len(known(address)) < 2:
        time.sleep(0.2)
    yield address, running[1:]
    for process in reversed(running):
        process.kill()
        process.wait()


def known(address):
    """Return the workers that a scheduler knows."""
    try:
        with Cluster(address) as reached:
            return reached.client.nthreads()
    except NoCluster:
        return {}


def test_a_worker_with_another_course_is_refused(cluster):
    """A worker whose course differs from the client's is refused."""
    with Cluster(cluster[0]) as reached:
        reached.must_agree(str.upper, "the same everywhere")
        with pytest.raises(
            NoCluster,
            match="Another version of the course, the autograder or a package is on tcp://127",
        ):
            reached.must_agree(lambda _: str(os.getpid()), "")


def test_what_is_shared_travels_once_and_each_call_has_its_own(cluster):
    """The class's key is sent once to each worker; each call sends only its own arguments."""
    with Cluster(cluster[0]) as reached:
        call = reached.sharing(lambda known, one, more=0: known + one + more, 100)
        assert [call(number) for number in range(3)] == [100, 101, 102]
        assert call(1, more=20) == 121
        assert reached.threads() == 2


ATTACKS = {  # in place of `double`
    "exits": "import os; os._exit(0)",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "kills": "import os, signal; [os.kill(pid, signal.SIGKILL) for pid in (-1, os.getppid())]",
    "sleeps": "import time; time.sleep(100)",
    "floods": "return np.zeros(60_000_000, np.uint8)",
    "fills": "return [bytearray(1 << 26) for _ in range(100)]",
    "forges": "import os; os.write(4, (1 << 20).to_bytes(8, 'little') + bytes(1 << 20))",
    "asks_dask": "import distributed; return distributed.get_worker().data",
    "calls": "import socket; socket.create_connection(('127.0.0.1', {port}))",
    "reads": "return np.frombuffer(open({facts!r}, 'rb').read(), np.uint8)",
}


def test_attacks_on_a_cluster_are_what_they_are_on_one_machine(cluster, tmp_path):
    """Each costs its check; no worker of Dask goes, and the honest files have their grades."""
    address, workers = cluster
    places = {"port": address.rpartition(":")[2], "facts": str(small.ROOT / "pyproject.toml")}
    submitted = small.write_class(tmp_path / "class", 8)
    for name, code in ATTACKS.items():
        body = code.replace("{port}", places["port"]).replace("{facts!r}", repr(places["facts"]))
        small.submit(submitted, name, f"{small.solved()}\ndef double(x):\n    {body}\n")
    grade = ("autograder", "grade", submitted, "--quick", "--seed", "5", "--out")
    assert small.start(*grade, tmp_path / "far", "--cluster", address).wait() == 0
    assert small.start(*grade, tmp_path / "near").wait() == 0
    far, near = small.results(tmp_path / "far"), small.results(tmp_path / "near")
    assert len(far) == 8 + len(ATTACKS)
    assert far == near
    for name in ATTACKS:
        checks = {check["name"]: check for check in far[f"{name}.json"]["checks"]}
        assert checks["doubling"]["earned"] == 0, name
    assert [worker.poll() for worker in workers] == [None, None]
    assert len(known(address)) == 2


def test_a_cluster_gives_the_same_grades_though_a_worker_dies(cluster, tmp_path):
    """An attack on a cluster affects only its own check; no Dask worker ends.

    The honest files have their usual grades.
    """
    address, workers = cluster
    submitted = small.write_class(tmp_path / "class", 80, slow=True)
    grade = ("autograder", "grade", submitted, "--quick", "--seed", "5", "--out")
    run = small.start(*grade, tmp_path / "far", "--cluster", address)
    while len(small.results(tmp_path / "far")) < 10:
        assert run.poll() is None
        time.sleep(0.01)
    assert len(small.results(tmp_path / "far")) < 70
    workers[0].kill()
    assert run.wait() == 0
    assert small.start(*grade, tmp_path / "near").wait() == 0
    assert small.results(tmp_path / "far") == small.results(tmp_path / "near")
    assert len(small.results(tmp_path / "far")) == 80


def test_a_cluster_that_is_not_there_is_told_in_words(tmp_path):
    """An unreachable cluster gives exit code 2 and a message with what to do."""
    small.submit(tmp_path / "class", "ada", small.solved())
    arguments = ("grade", tmp_path / "class", "--out", tmp_path / "out")
    done = small.run_command(*arguments, "--cluster", "tcp://127.0.0.1:9")
    assert done.returncode == 2
    assert "No Dask scheduler answers" in done.stderr
    assert "Traceback" not in done.stderr
