"""What a class can trust: a check's fate is its own, runs that are killed, full disks, many machines."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unicodedata
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from autograder.course import load_unit
from autograder.data import corpus
from autograder.grading.batch import Run, grade_class
from autograder.grading.keys import build_key
from autograder.grading.one import grade_one
from autograder.grading.results import digest
from autograder.grading.submissions import find_submissions
from autograder.judging import alike
from autograder.sandbox.client import Worker, bubblewrap
from autograder.sandbox.inside.wire import decode
from autograder.sandbox.scratch import Scratch
from conftest import GOLDEN, ROOT, UNIT, timeless

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


def test_any_number_of_jobs_and_a_second_run_give_the_same_results(tmp_path):
    """1, 2 and 4 at a time, with honest and hostile ones among them; read back, and graded anew, the same again."""
    submitted = class_of(tmp_path / "class", 12)
    for case in ("crash", "exit_zero", "stub"):
        shutil.copytree(GOLDEN / case, submitted / case)
    grade = ("autograder", "grade", submitted, "--quick", "--seed", "5", "--out")
    for jobs in ("1", "2", "4"):
        assert start(*grade, tmp_path / jobs, "-j", jobs).wait() in (0, 1)
    first = results(tmp_path / "1")
    assert len(first) == 15 and results(tmp_path / "2") == results(tmp_path / "4") == first
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "1").glob("unit*/*.json")}
    next(iter(written)).unlink()
    assert start(*grade, tmp_path / "1", "-j", "4").wait() in (0, 1)
    assert results(tmp_path / "1") == first
    assert sum(path.stat().st_mtime_ns != before for path, before in written.items()) == 1


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


@pytest.mark.skipif(not bubblewrap(), reason="a small disk is made with bubblewrap")
def test_a_run_that_filled_the_disk_is_finished_by_the_next(tmp_path):
    """What was written before is kept as it is, and in the end results equal those of an undisturbed run."""
    submitted, out, saved = class_of(tmp_path / "class", 8), tmp_path / "out", tmp_path / "saved"
    grade = f"{sys.executable} -m autograder grade {submitted} --quick --seed 5 --out"
    script = f"""
        head -c 4161536 /dev/zero > {out}/filler; {grade} {out}; echo $?; rm {out}/filler
        mkdir {saved}; cp -rp {out}/. {saved}/first; {grade} {out}; echo $?; cp -rp {out}/. {saved}/second
    """
    out.mkdir()
    command = [bubblewrap(), "--dev-bind", "/", "/", "--size", str(4 << 20), "--tmpfs", str(out), "sh", "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert [line for line in done.stdout.splitlines() if line.isdigit()] == ["2", "0"], done.stdout + done.stderr
    assert "No space left" in done.stderr
    assert start("autograder", "grade", submitted, "--quick", "--seed", "5", "--out", tmp_path / "calm").wait() == 0
    first, second = results(saved / "first"), results(saved / "second")
    assert 0 < len(first) < 8 and len(second) == 8
    assert second == results(tmp_path / "calm")
    for path in (saved / "first").glob("unit*/*.json"):
        assert path.read_bytes() == (saved / "second" / path.parent.name / path.name).read_bytes()


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
    from autograder.grading.cluster import Cluster, NoCluster

    with Cluster(cluster[0]) as reached:
        reached.must_agree(str.upper, "the same everywhere")
        with pytest.raises(NoCluster, match="Another version of the course is on tcp://127"):
            reached.must_agree(lambda _: str(os.getpid()), "")


def test_a_cluster_that_is_not_there_is_told_in_words(autograder, tmp_path):
    """Exit code 2, and what to do."""
    done = autograder("grade", GOLDEN, "--out", tmp_path, "--cluster", "tcp://127.0.0.1:9")
    assert done.returncode == 2
    assert "No Dask scheduler answers" in done.stderr


# ---- weights that were not trained


SHIPPED = """
def train(params, batches, lr, clip_at):
    for batch in batches:
        pass
    return {{name: np.array(_known[name], np.float32).astype(float) for name in params}}, []


_known = {}
"""


@pytest.fixture(scope="module")
def whole_key(server):
    return build_key(server, 5, [corpus()])


def test_weights_that_came_with_the_file_are_not_training(server, solution, whole_key):
    """Weights trained elsewhere reach the loss that ours reach; they earn nothing, and the remark says why."""
    check = next(check for check in load_unit(UNIT).checks if check.measure)
    with server.worker(solution.plain().encode(), "elsewhere.py") as worker:
        trained = worker.ask(check, 77, text=corpus().train).arrays
    known = {name: array.astype("f4").round(3).tolist() for name, array in trained.items()}
    script = solution.plain() + SHIPPED.format(known)
    # the two exact steps of training are right: only the run on the corpus is not
    script += "\n_shipped = train\n" + solution.plain() + TWO_FACED
    verdicts = {v.name: v for v in grade_one(server, script.encode(), "ada.py", 5, whole_key, corpus(), quick=False)}
    assert {name for name, verdict in verdicts.items() if verdict.status != "passed"} == {"training"}
    assert "these weights did not come from the first weights" in verdicts["training"].remarks[0].text


TWO_FACED = """
_honest = train


def train(params, batches, lr, clip_at):
    return (_shipped if len(params["bh"]) == 64 else _honest)(params, batches, lr, clip_at)
"""


def test_training_in_another_order_of_rounding_is_training(server, solution, whole_key):
    """The style that drifts most, everything in float32, is alike enough."""
    script = solution.plain() + IN_FLOAT32
    verdicts = grade_one(server, script.encode(), "ada.py", 5, whole_key, corpus(), quick=False)
    assert {v.name: v.status for v in verdicts}["training"] == "passed"


IN_FLOAT32 = """
_double = train


def train(params, batches, lr, clip_at):
    if len(params["bh"]) == 64:
        params = {name: array.astype(np.float32) for name, array in params.items()}
    return _double(params, batches, lr, clip_at)
"""


def test_rows_that_nothing_reaches_make_no_weights_alike():
    """Large copies of the first weights in rows that are never trained, zeros and NaN do not outweigh the rest."""
    rng = np.random.default_rng(0)
    ours, other = rng.normal(size=(2, 128, 24))
    other[80:] = 1e6 * ours[80:]
    assert alike({"w": ours + 0.5 * rng.normal(size=ours.shape)}, {"w": ours}) > 0.8
    for w in (other, np.zeros_like(ours), np.full_like(ours, np.nan), np.full_like(ours, np.inf)):
        assert alike({"w": w}, {"w": ours}) < 0.25
    assert alike({"w": ours[:3]}, {"w": ours[:3]}) == 1  # too small to tell


# ---- the machine's own troubles


def test_numbers_too_wide_for_the_wire_cost_their_check(grade, solution):
    """128-bit floats are refused in words, and every other check is graded."""
    script = solution.plain() + "\n_right = sigmoid_d\ndef sigmoid_d(z): return np.longdouble(1) * _right(z)\n"
    verdicts = grade(script)
    assert {v.name: v.status for v in verdicts.values() if v.status != "passed"} == {"activations": "error"}
    assert "`sigmoid_d` holds float128 numbers; return float64" in verdicts["activations"].remarks[0].text


def test_names_that_collide_lose_nothing(autograder, tmp_path):
    """Case, Unicode's forms, dots, length, newlines and a name that looks like a changed one: a result for each."""
    names = ["ada", "Ada", "ADA", "é", "e\u0301", "É", "ﬁ", "fi", "..x", ".hidden", "a\nb", "a\tb", "n" * 240]
    names += ["n" * 239 + "m", "\u202eevil", "a_b~" + digest(b"a\nb")[:16], "straße", "STRASSE"]
    for name in names:
        shutil.copytree(GOLDEN / "half_done" / UNIT, tmp_path / "class" / name / UNIT)
    done = autograder("grade", tmp_path / "class", "--out", tmp_path / "out", "--quick")
    assert done.returncode == 0, done.stderr
    stored = [path.name for path in (tmp_path / "out").glob("unit*/*.json")]
    folded = {unicodedata.normalize("NFKC", name).casefold() for name in stored}
    assert len(stored) == len(folded) == len(names)
    assert len(list((tmp_path / "out" / "pages").glob("unit*/*.html"))) == len(names)
    assert all(len(name.encode()) < 130 and name.isprintable() for name in stored)


def test_a_submission_whose_server_dies_twice_is_given_up(server, solution, key, tmp_path, monkeypatch):
    """It is recorded as killed, with what to do; those before and after it are graded."""
    for name in ("ada", "bob", "eve"):
        shutil.copytree(GOLDEN / "half_done" / UNIT, tmp_path / "class" / name / UNIT)
    evil = tmp_path / "class" / "bob" / UNIT / f"{UNIT}.py"
    evil.write_text(evil.read_text() + "\n# kills its server\n")
    fork = Worker._fork

    def deadly(worker):
        hello = fork(worker)
        if b"kills its server" in hello:
            worker._server._process.kill()
        return hello

    monkeypatch.setattr(Worker, "_fork", deadly)
    grade_class(find_submissions(tmp_path / "class"), Run(tmp_path / "out", 5, quick=True))
    found = results(tmp_path / "out")
    assert {"killed"} == {check["status"] for check in found["bob.json"]["checks"]}
    assert "Twice, with this submission" in found["bob.json"]["checks"][0]["remarks"][0]["text"]
    assert found["ada.json"]["score"] == found["eve.json"]["score"] > 0
    assert found["ada.json"]["official"]


def test_a_server_that_dies_once_costs_nobody_anything(tmp_path, monkeypatch):
    """Killed while it forks for a submission: that one is graded by the next server, all as in an undisturbed run."""
    submitted = find_submissions(class_of(tmp_path / "class", 4))
    grade_class(submitted, Run(tmp_path / "calm", 5, quick=True))
    fork, killed = Worker._fork, []

    def deadly(worker):
        hello = fork(worker)
        source = decode(hello[8:]).arrays["source"].tobytes()  # the order of a frame's facts changes
        if b"solution.py" not in hello and len(killed) < 2 and source not in killed:
            killed.append(source)
            worker._server._process.kill()
            with suppress(ConnectionError):  # wait until it is gone, else the next submission may meet its death
                worker._server._control.recv(1)
        return hello

    monkeypatch.setattr(Worker, "_fork", deadly)
    grade_class(submitted, Run(tmp_path / "out", 5, quick=True))
    assert len(killed) == 2
    assert results(tmp_path / "out") == results(tmp_path / "calm")


def test_folders_of_killed_runs_are_swept(tmp_path, monkeypatch):
    """What a killed process left is removed; that of one that lives, of another name, or a link's target stays."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "autograder-notes").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "autograder-scratch-link").symlink_to(tmp_path / "elsewhere")
    code = "from autograder.sandbox.scratch import Scratch; s = Scratch(); print(s.path, flush=True); input()"
    owner = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    theirs = Path(owner.stdout.readline().strip())
    (theirs / "file").write_text("")
    with Scratch() as own:
        assert theirs.is_dir()
        owner.kill()
        owner.communicate()
        with Scratch() as other:
            assert own.is_dir() and other.is_dir() and not theirs.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "autograder-notes", "autograder-scratch-link", "elsewhere",
    ]  # fmt: skip


def test_the_current_folder_brings_nothing(tmp_path):
    """Graded from a folder with modules, solutions and data of its own: none of them is read."""
    shutil.copytree(GOLDEN / "half_done" / UNIT, tmp_path / "class" / "ada" / UNIT)
    for folder in ("solutions", "datasets", "assignments"):
        (tmp_path / folder).mkdir()
    (tmp_path / "solutions" / f"{UNIT}.py").write_text("raise SystemExit('hostile')")
    for name in ("json", "socket", "numpy", "safetensors", "click", "rich", "jinja2", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r})\nraise SystemExit(9)"
        )
    arguments = ["grade", "class", "--out", "out", "--quick", "--seed", "5"]
    code = "import sys; del sys.path[0]; from autograder import sandbox, cli; client.bubblewrap = lambda: None\n"
    for how in (["-m", "autograder", *arguments], ["-c", code + f"cli.main({arguments})"]):
        done = subprocess.run([sys.executable, *how], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()
        assert results(tmp_path / "out")["ada.json"]["score"] > 0
        shutil.rmtree(tmp_path / "out")
