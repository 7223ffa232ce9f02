"""What a class can trust: a check's fate is its own, runs that are killed, full disks, many machines."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from conftest import GOLDEN, ROOT, UNIT, timeless

from autograder.checking import load_unit
from autograder.sandbox import bubblewrap

HONEST = ("complete", "half_done", "mistake_relu_forgotten", "style_einsum_float32")


def class_of(folder, number):
    """`number` students with copies of golden submissions."""
    for i in range(number):
        case = GOLDEN / HONEST[i % len(HONEST)] / UNIT
        shutil.copytree(case, folder / f"student{i:04}" / UNIT)
    return folder


def results(out):
    return {path.name: timeless(path) for path in sorted(out.glob("unit*/*.json"))}


def start(*arguments, **options):
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


POISONS = ("np.exp = np.tanh", "np.random.seed = None", "np.random.default_rng = None", "np.seterr(all='raise')")


@pytest.mark.parametrize("poison", POISONS)
def test_what_one_check_spoils_costs_no_other(grade, solution, poison):
    """Right answers that change NumPy for whoever comes later keep every point."""
    script = (
        solution.plain() + f"\n_right = sigmoid_d\ndef sigmoid_d(z):\n    a = _right(z)\n    {poison}\n    return a\n"
    )
    assert {v.status for v in grade(script).values()} == {"passed"}


def test_a_hang_costs_one_check(grade, solution):
    """An endless loop loses its check, and leaves those after it, but for the one that needs it, as they are."""
    script = solution.plain() + "\ndef clip(*_):\n    while True: pass\n"
    verdicts = grade(script)
    assert {v.name: v.status for v in verdicts.values() if v.status != "passed"} == {
        "clipping": "timeout",
        "two_steps": "not_reached",
    }
    assert verdicts["clipping"].seconds > 5


def test_checks_together_have_a_limit(server, solution, key):
    """A submission whose time is over is told so at the checks that were left."""
    from dataclasses import replace

    first, second = load_unit(UNIT).checks[:2]
    with server.worker(solution.plain().encode(), "ada.py") as worker:
        assert not worker.ask(replace(first), 5).failure
        worker._until = time.monotonic() - 1
        assert "has 600 seconds" in worker.ask(second, 5).message


def test_a_run_that_is_killed_is_finished_by_the_next(tmp_path):
    """kill -9 at five random moments: nothing lost, nothing twice, nothing half, results as of an undisturbed run."""
    submitted, draw = class_of(tmp_path / "class", 60), random.Random(3)
    grade = ("autograder", "grade", submitted, "--quick", "--seed", "5", "--out")
    assert start(*grade, tmp_path / "calm").wait() in (0, 1)
    for _ in range(5):
        run = start(*grade, tmp_path / "killed")
        time.sleep(draw.uniform(0.5, 2.0))
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert start(*grade, tmp_path / "killed").wait() in (0, 1)
    assert results(tmp_path / "killed") == results(tmp_path / "calm")
    assert len(results(tmp_path / "calm")) == 60
    assert not list((tmp_path / "killed").rglob(".*.part"))


@pytest.mark.skipif(not bubblewrap(), reason="a small disk is made with bubblewrap")
def test_a_full_disk_and_a_read_only_folder_are_told_in_words(tmp_path):
    """Exit code 2, one sentence; what was written before is whole."""
    submitted, out = class_of(tmp_path / "class", 8), tmp_path / "out"
    out.mkdir()
    for disk, words in ((["--size", "24576", "--tmpfs"], "No space left"), (["--ro-bind", str(out)], "Read-only")):
        command = [bubblewrap(), "--dev-bind", "/", "/", *disk, str(out), sys.executable, "-m", "autograder", "grade"]
        command += [str(submitted), "--quick", "--out", str(out)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert done.returncode == 2, done.stderr
        assert words in done.stderr.splitlines()[-1], done.stderr
        assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A real scheduler and two worker processes: the address, and the workers."""
    folder = tmp_path_factory.mktemp("dask")
    facts, environment = folder / "scheduler.json", {**os.environ, "PYTHONPATH": str(ROOT)}
    dask = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-jupyter")
    running = [start(*dask, "--scheduler-file", facts, env=environment)]
    one = ("distributed.cli.dask_worker", "--scheduler-file", facts, "--nthreads", "1", "--no-nanny", "--no-dashboard")
    running += [start(*one, "--local-directory", folder, env=environment) for _ in range(2)]
    while not facts.exists():
        time.sleep(0.05)
    import json

    yield json.loads(facts.read_text())["address"], running[1:]
    for process in reversed(running):
        process.kill()
        process.wait()


def test_a_cluster_gives_the_same_grades_though_a_worker_dies(cluster, tmp_path):
    """Two Dask workers, one killed midway: every result, equal to those of this process alone."""
    address, workers = cluster
    submitted = class_of(tmp_path / "class", 80)
    grade = ("autograder", "grade", submitted, "--quick", "--seed", "5", "--out")
    run = start(*grade, tmp_path / "far", "--cluster", address)
    while len(list((tmp_path / "far").glob("unit*/*.json"))) < 10:
        assert run.poll() is None
        time.sleep(0.01)
    assert len(list((tmp_path / "far").glob("unit*/*.json"))) < 70
    workers[0].kill()
    assert run.wait() in (0, 1)
    assert start(*grade, tmp_path / "near").wait() in (0, 1)
    assert results(tmp_path / "far") == results(tmp_path / "near")
    assert len(results(tmp_path / "far")) == 80


def test_a_worker_with_another_course_is_refused(cluster):
    """What a worker says of its course must be what is said here."""
    from autograder.cluster import Cluster, NoCluster

    with Cluster(cluster[0]) as reached:
        reached.must_agree(str.upper, "the same everywhere")
        with pytest.raises(NoCluster, match="Another version of the course is on tcp://127"):
            reached.must_agree(lambda _: str(os.getpid()), "")


def test_a_cluster_that_is_not_there_is_told_in_words(autograder, tmp_path):
    """Exit code 2, and what to do."""
    done = autograder("grade", GOLDEN, "--out", tmp_path, "--cluster", "tcp://127.0.0.1:9")
    assert done.returncode == 2
    assert "No Dask scheduler answers" in done.stderr
