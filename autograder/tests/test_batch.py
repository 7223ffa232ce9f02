"""Tests grading a class: killed runs, full disks, dying servers, files around a submission."""

import json
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import psutil
import pytest
import small

from autograder.cli.grade import EACH, INTERRUPTED, SaidInSteps
from autograder.course import NoCourse, find_course, load_unit, read_course
from autograder.grading import batch
from autograder.grading.batch import Run, grade_class, refuse_course_within
from autograder.grading.context import GradingContext, close_servers
from autograder.grading.one import Postponed
from autograder.grading.provenance import differences, provenance_of, unit_digest
from autograder.grading.results import stored_results
from autograder.grading.roster import FILE as ROSTER
from autograder.grading.submissions import find_submissions
from autograder.sandbox.client import Server, bubblewrap


def graded(submitted, out, course=small.COURSE):
    """Grade a folder's submissions in this process; return the stored results."""
    grade_class(course, find_submissions(course, submitted), Run(out, small.SEED, quick=True))
    return small.results(out)


def test_a_run_that_is_killed_is_finished_by_the_next(tmp_path):
    """After kill -9 at five random moments, the next run completes the class.

    Nothing is lost, doubled or incomplete, and the results equal those of an undisturbed run.
    """
    submitted, draw = small.write_class(tmp_path / "class", 40, slow=True), random.Random(3)
    grade = ("autograder", "grade", submitted, "--quick", "--seed", "5", "--out")
    assert small.start(*grade, tmp_path / "calm").wait() == 0
    reached = []
    for _ in range(5):
        before = len(small.results(tmp_path / "killed"))
        run = small.start(*grade, tmp_path / "killed")
        while len(small.results(tmp_path / "killed")) == before and run.poll() is None:
            time.sleep(0.01)
        time.sleep(draw.uniform(0, 0.5))
        run.send_signal(signal.SIGKILL)
        run.wait()
        reached.append(len(small.results(tmp_path / "killed")))
    assert 0 < reached[0] < 40
    assert reached == sorted(reached)
    assert small.start(*grade, tmp_path / "killed").wait() == 0
    assert small.results(tmp_path / "killed") == small.results(tmp_path / "calm")
    assert len(small.results(tmp_path / "calm")) == 40
    assert not list((tmp_path / "killed").rglob(".*.part"))


def test_any_number_of_jobs_and_a_second_run_give_the_same_results(tmp_path):
    """One, two or four jobs give the same results, with honest and hostile submissions together.

    A second run that reads them back and a fresh grading give the same again.
    """
    submitted = small.write_class(tmp_path / "class", 12)
    crash = "\nimport ctypes\ndef double(x): ctypes.string_at(0)\n"
    small.submit(submitted, "crash", small.solved() + crash)
    small.submit(submitted, "exit_zero", "import os\ndef double(x): os._exit(0)\n")
    small.submit(submitted, "stub", small.COURSE.stub(small.UNIT).read_text())
    grade = ("autograder", "grade", submitted, "--quick", "--seed", "5", "--out")
    for jobs in ("1", "2", "4"):
        assert small.start(*grade, tmp_path / jobs, "-j", jobs).wait() == 0
    first = small.results(tmp_path / "1")
    assert len(first) == 15
    assert small.results(tmp_path / "2") == small.results(tmp_path / "4") == first
    files = (tmp_path / "1" / small.UNIT).glob("*.json")
    written = {path: path.stat().st_mtime_ns for path in files}
    next(iter(written)).unlink()
    assert small.start(*grade, tmp_path / "1", "-j", "4").wait() == 0
    assert small.results(tmp_path / "1") == first
    assert sum(path.stat().st_mtime_ns != before for path, before in written.items()) == 1


def test_one_that_waits_is_graded_after_the_others(tmp_path):
    """A submission that must wait is graded last, though it comes first by name."""
    waits = "\nimport time\ndef double(x):\n    time.sleep(1.5)\n    return 2 * x\n"
    small.submit(tmp_path / "class", "aaa", small.solved() + waits)
    for student in ("bob", "cyd", "dan"):
        small.submit(tmp_path / "class", student, small.solved())
    found, order = find_submissions(small.COURSE, tmp_path / "class"), []
    run = Run(tmp_path / "out", small.SEED, jobs=1, quick=True)
    grade_class(small.COURSE, found, run, lambda result: order.append(result.student))
    assert order == ["bob", "cyd", "dan", "aaa"]
    points = {result.score for result in stored_results(tmp_path / "out")}
    assert points == {8}, "it is as right as the others"


def test_what_one_answered_before_it_had_to_wait_counts(tmp_path, monkeypatch):
    """Answers that a submission gave before it had to wait still count when it is graded again.

    So a submission cannot have its guesses forgotten.
    """
    told = []
    graded = GradingContext.grade

    def grade(context, source, name, passed, hurry, earlier, names):
        told.append({check: verdict.earned for check, verdict in earlier.items()})
        return graded(context, source, name, passed, hurry, earlier, names)

    monkeypatch.setattr(GradingContext, "grade", grade)
    waits = "\nimport time\ndef double(x):\n    time.sleep(1.5)\n    return 3 * x\n"
    small.submit(tmp_path / "class", "aaa", small.solved() + waits)
    small.submit(tmp_path / "class", "bob", small.solved())
    found = find_submissions(small.COURSE, tmp_path / "class")
    grade_class(small.COURSE, found, Run(tmp_path / "out", small.SEED, jobs=1, quick=True))
    assert told == [{}, {}, {"doubling": 0}]


def test_a_run_that_is_interrupted_says_what_is_kept(tmp_path):
    """An interrupted run says what is kept, and that the same command continues.

    The roster is kept, too. This also holds if a shell runs the tests in the background.
    """
    submitted = small.write_class(tmp_path / "class", 40, slow=True)
    roster = tmp_path / "roster.csv"
    roster.write_text("student,name\nnobody,No Body\n")
    heeding = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    program = f"{heeding}; from autograder.cli import main; main()"
    command = [sys.executable, "-c", program, "grade", submitted, "--quick"]
    command += ["--out", tmp_path / "out", "--roster", roster]
    with subprocess.Popen(
        [str(word) for word in command],
        cwd=small.COURSE.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        while len(small.results(tmp_path / "out")) < 3:
            assert running.poll() is None
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=60)
    assert running.returncode == INTERRUPTED
    (graded,) = re.findall(r"Stopped\. (\d+) of 40 are graded and kept; the same command", told)
    assert int(graded) == len(small.results(tmp_path / "out"))
    assert not told.rstrip().endswith("Aborted!")
    assert "No Body" in (tmp_path / "out" / ROSTER).read_text()


def test_how_far_a_run_is_is_said_where_no_terminal_shows_it(capsys):
    """Without a terminal, a run prints its progress each half minute, not for each submission."""
    said = SaidInSteps(61, silent=False)
    said.one_more()
    said.last -= EACH
    said.one_more()
    said.one_more()
    assert capsys.readouterr().err == "2 of 61 graded\n"


def test_an_empty_file_is_told_to_be_empty(tmp_path):
    """An empty file is reported as empty, not as a name that is not defined."""
    small.submit(tmp_path / "class", "aaa", "\n  \n")
    found = find_submissions(small.COURSE, tmp_path / "class")
    grade_class(small.COURSE, found, Run(tmp_path / "out", small.SEED, quick=True))
    (result,) = stored_results(tmp_path / "out")
    assert (result.score, result.note) == (0, "the file is empty.")


def test_a_file_that_a_unit_has_no_room_for_is_not_run(tmp_path):
    """A file above the unit's size limit is not run, earns nothing, and practice says so."""
    folder = tmp_path / "course"
    shutil.copytree(small.COURSE.folder, folder)
    checks = folder / "checks" / f"{small.WORDS}.py"
    with checks.open("a") as file:
        file.write(
            "\n\nfrom autograder.check import Limits, UnitSettings\n"
            "ROOM = UnitSettings(limits=Limits(kilobytes=9))\n"
        )
    solved = small.solved(name=small.WORDS)
    path = small.submit(tmp_path / "class", "large", f"{solved}\n# {'x' * 9999}\n", small.WORDS)
    small.submit(tmp_path / "class", "right", solved, small.WORDS)
    graded(tmp_path / "class", tmp_path / "out", read_course(folder))
    by_name = {result.student: result for result in stored_results(tmp_path / "out")}
    assert by_name["right"].score == by_name["right"].max_score
    assert by_name["large"].score == 0
    told = by_name["large"].verdicts[0].remarks[0].text
    assert told == "words.py is over 9 kB, the most for this unit. Hand in code without outputs."
    assert by_name["large"].note == told
    done = small.run_command("check", path, cwd=folder)
    assert told in done.stdout


def test_what_others_crowded_out_is_graded_again_alone_or_incomplete(tmp_path, monkeypatch):
    """A submission crowded out by others is graded again alone, after them.

    If it is crowded out again, it gets no grade and the next run grades it.
    """
    asked = []
    graded = GradingContext.grade

    def grade(context, source, name, passed, hurry, earlier, names):
        if b"crowded" not in source:
            return graded(context, source, name, passed, hurry, earlier, names)
        asked.append(hurry)
        if hurry:
            raise Postponed({}, crowded=True)
        return replace(
            graded(context, source, name, passed, hurry, earlier, names), incomplete=True
        )

    monkeypatch.setattr(GradingContext, "grade", grade)
    small.submit(tmp_path / "class", "aaa", f"{small.solved()}# crowded")
    small.submit(tmp_path / "class", "bob", small.solved())
    found, order = find_submissions(small.COURSE, tmp_path / "class"), []
    run = Run(tmp_path / "out", small.SEED, jobs=2, quick=True)
    (tally,) = grade_class(small.COURSE, found, run, lambda result: order.append(result.student))
    assert order == ["bob", "aaa"]
    assert asked == [True, False]
    assert "1 incomplete, since other programs used the CPU" in tally.summary()
    (result,) = [each for each in stored_results(tmp_path / "out") if each.student == "aaa"]
    assert "it is incomplete" in result.note
    monkeypatch.setattr(GradingContext, "grade", graded)
    (tally,) = grade_class(small.COURSE, found, run)
    assert "1 read back" in tally.summary() and "1 once more" in tally.summary()
    assert {each.score for each in stored_results(tmp_path / "out")} == {8}
    assert not [each.note for each in stored_results(tmp_path / "out") if each.note]


# ---- disks


def grade_on(disk, submitted, out):
    """Grade with `out` on a given kind of disk, an option of bubblewrap's."""
    confined = [bubblewrap(), "--dev-bind", "/", "/", *disk, out]
    grade = [sys.executable, "-m", "autograder", "grade", submitted, "--quick", "--out", out]
    command = [str(word) for word in (*confined, *grade)]
    return subprocess.run(
        command, cwd=small.COURSE.folder, capture_output=True, text=True, timeout=120
    )


@pytest.mark.skipif(not bubblewrap(), reason="a small disk is made with bubblewrap")
@pytest.mark.parametrize(
    ("disk", "words"),
    [("small", "cannot be written: No space left"), ("read-only", "cannot be written: Read-only")],
)
def test_a_full_disk_and_a_read_only_folder_are_told_in_words(tmp_path, disk, words):
    """A full disk and a read-only folder give exit code 2 and one sentence that names the file."""
    submitted, out = small.write_class(tmp_path / "class", 8), tmp_path / "out"
    out.mkdir()
    options = {"small": ["--size", "24576", "--tmpfs"], "read-only": ["--ro-bind", out]}
    done = grade_on(options[disk], submitted, out)
    assert done.returncode == 2, done.stderr
    told = done.stderr.splitlines()[-1]
    assert told.startswith(f"Error: {out}") and words in told and told.count(". ") == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not bubblewrap(), reason="a small disk is made with bubblewrap")
def test_a_run_that_filled_the_disk_is_finished_by_the_next(tmp_path):
    """After a run that filled the disk, the next one completes the class.

    Files written before are kept, and the results equal those of an undisturbed run.
    """
    submitted, out, saved = (
        small.write_class(tmp_path / "class", 8),
        tmp_path / "out",
        tmp_path / "saved",
    )
    grade = f"{sys.executable} -m autograder grade {submitted} --quick --seed 5 --out"
    script = f"""
        head -c 4161536 /dev/zero > {out}/filler; {grade} {out}; echo $?; rm {out}/filler
        mkdir {saved}; cp -rp {out}/. {saved}/first
        {grade} {out}; echo $?; cp -rp {out}/. {saved}/second
    """
    out.mkdir()
    command = [
        bubblewrap(),
        "--dev-bind",
        "/",
        "/",
        "--size",
        str(4 << 20),
        "--tmpfs",
        str(out),
        "sh",
        "-c",
        script,
    ]
    captured = {"capture_output": True, "text": True, "timeout": 300}
    done = subprocess.run(command, cwd=small.COURSE.folder, **captured)
    assert [line for line in done.stdout.splitlines() if line.isdigit()] == ["2", "0"], (
        done.stdout + done.stderr
    )
    assert "No space left" in done.stderr
    undisturbed = ("autograder", "grade", submitted, "--quick", "--seed", "5", "--out")
    assert small.start(*undisturbed, tmp_path / "calm").wait() == 0
    first, second = small.results(saved / "first"), small.results(saved / "second")
    assert 0 < len(first) < 8
    assert len(second) == 8
    assert second == small.results(tmp_path / "calm")
    for path in (saved / "first" / small.UNIT).glob("*.json"):
        assert path.read_bytes() == (saved / "second" / path.parent.name / path.name).read_bytes()


# ---- servers that die


def kill_servers(monkeypatch, is_deadly):
    """Kill a server and its processes when a worker for one of these files is requested."""
    make = Server.worker

    def worker(server, source, name):
        made = make(server, source, name)
        ask = made.ask

        def ask_a_dead_server(*arguments, **options):
            if is_deadly(source, name):
                started = psutil.Process(server.process.pid).children(recursive=True)
                server.process.kill()
                psutil.wait_procs(started)
            return ask(*arguments, **options)

        made.ask = ask_a_dead_server
        return made

    monkeypatch.setattr(Server, "worker", worker)


def test_a_submission_whose_server_dies_twice_is_given_up(tmp_path, monkeypatch):
    """A submission whose server dies twice is recorded as killed, with what to do.

    The submissions before and after it are graded.
    """
    for name in ("ada", "bob", "eve"):
        marked = "\n# kills its server\n" if name == "bob" else ""
        small.submit(tmp_path / "class", name, small.half_solved() + marked)
    kill_servers(monkeypatch, lambda source, _: b"kills its server" in source)
    found = graded(tmp_path / "class", tmp_path / "out")
    assert {"killed"} == {check["status"] for check in found["bob.json"]["checks"]}
    assert (
        "This happened twice with this submission"
        in found["bob.json"]["checks"][0]["remarks"][0]["text"]
    )
    assert found["ada.json"]["score"] == found["eve.json"]["score"] > 0
    assert found["ada.json"]["provenance"]["official"]


def test_a_server_that_dies_once_costs_nobody_anything(tmp_path, monkeypatch):
    """After a server dies once, the next one grades the submission as in an undisturbed run."""
    submitted = small.write_class(tmp_path / "class", 4)
    calm = graded(submitted, tmp_path / "calm")
    killed = []

    def is_deadly(source, name):
        if name == "solution.py" or len(killed) == 2 or source in killed:
            return False
        killed.append(source)
        return True

    kill_servers(monkeypatch, is_deadly)
    assert graded(submitted, tmp_path / "out") == calm
    assert len(killed) == 2


# ---- files around a submission


def test_the_current_folder_brings_nothing(tmp_path):
    """Modules, solutions and data in the current folder do not affect grading."""
    small.submit(tmp_path / "class", "ada", small.half_solved())
    for folder in ("solutions", "datasets", "assignments", "checks"):
        (tmp_path / folder).mkdir()
    hostile = f"open({str(tmp_path / 'ran')!r}, 'a').write(__name__)\nraise SystemExit(9)"
    (tmp_path / "solutions" / f"{small.UNIT}.py").write_text("raise SystemExit('hostile')")
    (tmp_path / "checks" / f"{small.UNIT}.py").write_text(hostile)
    for name in (
        "json",
        "socket",
        "numpy",
        "safetensors",
        "msgspec",
        "click",
        "rich",
        "jinja2",
        "sitecustomize",
    ):
        (tmp_path / f"{name}.py").write_text(hostile)
    arguments = [
        "grade",
        "class",
        "--out",
        "out",
        "--quick",
        "--seed",
        "5",
        "--course",
        str(small.COURSE.folder),
    ]
    code = "import sys; del sys.path[0]\n"
    code += "from autograder import cli; from autograder.sandbox import client\n"
    code += f"client.bubblewrap = lambda: None; cli.main({arguments})"
    for how in (["-m", "autograder", *arguments], ["-c", code]):
        done = subprocess.run(
            [sys.executable, *how], cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()
        assert small.results(tmp_path / "out")["ada.json"]["score"] > 0
        shutil.rmtree(tmp_path / "out")


NAMES = ("checks", "solutions", "datasets", "assignments", "autograder", "numpy")


@pytest.mark.parametrize("inside", [False, True], ids=["from the course", "from their folder"])
def test_students_called_as_parts_of_a_course_change_nothing_of_anothers_grade(tmp_path, inside):
    """Students whose folders look like course files change nobody else's points.

    Each of them submits a whole course and modules with the engine's names.
    """
    for name in ("ada", *NAMES):
        submitted = small.submit(tmp_path / "class", name, small.half_solved()).parents[2]
    calm = graded(submitted, tmp_path / "calm")
    assert len(calm) == 1 + len(NAMES)
    hostile = f"open({str(tmp_path / 'ran')!r}, 'a').write(__name__)\nraise SystemExit(9)\n"
    for name in NAMES:
        folder = submitted / name
        shutil.copytree(small.COURSE.folder, folder, dirs_exist_ok=True)
        for file in (
            "__init__",
            "__main__",
            small.UNIT,
            "course",
            "cli",
            "errors",
            "check",
            "line",
        ):
            (folder / f"{file}.py").write_text(hostile)
        solution = folder / "solutions" / f"{small.UNIT}.py"
        solution.write_text("double = running_sum = fit = 'MINE'\n")
        for checks in (folder / "checks").glob("*.py"):
            checks.write_text(hostile)
    where = submitted if inside else small.COURSE.folder
    command = [
        sys.executable,
        "-P",
        "-m",
        "autograder",
        "grade",
        str(submitted),
        "--quick",
        "--seed",
        str(small.SEED),
    ]
    command += ["--out", str(tmp_path / "out"), "--course", str(small.COURSE.folder)]
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()
    assert small.results(tmp_path / "out") == calm


def test_a_course_that_a_submission_brought_is_refused(tmp_path, monkeypatch):
    """A course inside a student's folder is refused; the message says why and what to do."""
    submitted = small.submit(tmp_path / "class", "eve", small.solved()).parents[2]
    shutil.copytree(small.COURSE.folder, submitted / "eve", dirs_exist_ok=True)
    refuse_course_within(small.COURSE, submitted)
    monkeypatch.chdir(submitted / "eve" / small.UNIT)
    for folder in (submitted, submitted / "eve", submitted / ".." / "class"):
        with pytest.raises(NoCourse, match="a student could have handed it in"):
            refuse_course_within(find_course(), folder)


def test_a_fault_of_ours_in_grading_one_is_that_one_s_result(tmp_path, monkeypatch):
    """An internal error affects one result only, and its text is stripped of control characters.

    The others are graded, and the next run grades this one again.
    """
    submitted = small.write_class(tmp_path / "class", 3)
    read = batch.read_file

    def fail(path):
        if "student0001" in str(path):
            raise MemoryError("\x1b[31m\udcff")
        return read(path)

    monkeypatch.setattr(batch, "read_file", fail)
    given_up = graded(submitted, tmp_path / "out")
    monkeypatch.undo()
    assert len(given_up) == 3
    assert given_up["student0000.json"]["score"] == 8
    record = given_up["student0001.json"]
    assert record["score"] == 0
    assert record["checks"][0]["status"] == "error"
    words = (
        r"it could not be graded (MemoryError: \x1b[31m\udcff). Run `autograder grade` once more; "
        r"see --verbose."
    )
    assert record["note"] == record["checks"][0]["remarks"][0]["text"] == words
    again = graded(submitted, tmp_path / "out")
    assert again.pop("student0001.json")["score"] == 6
    assert again.items() < given_up.items()


def test_who_comes_later_under_a_like_name_takes_nothing_from_the_first(tmp_path):
    """`ada` submits, then `ADA`, then `ada` again: her grade is that of her newest work."""
    submitted = tmp_path / "class"
    out = tmp_path / "out"
    small.submit(submitted, "ada", "x = 1")
    assert graded(submitted, out)["ada.json"]["score"] == 0
    small.submit(submitted, "ADA", "x = 1")
    small.submit(submitted, "ada", small.half_solved())
    taken = {result.student for result in stored_results(out)}
    found = find_submissions(small.COURSE, submitted, taken=taken)
    grade_class(small.COURSE, found, Run(out, small.SEED, quick=True))
    scores = {result.lms_name: result.score for result in stored_results(out)}
    assert scores == {"ada": 6, "ADA": 0}
    assert (out / small.UNIT / "ada.json").is_file()


def test_a_time_that_the_collector_wrote_since_goes_before_the_stored_one(tmp_path):
    """A timestamp that the collector wrote later replaces the stored one.

    The submission is read from disk again.
    """
    path = small.submit(tmp_path / "class", "ada", "x = 1")
    for stamped, text, read in (
        (False, "2026-02-03 10:00:00 UTC", ""),
        (True, "2026-02-04 10:00:00 UTC", "2026-02-04"),
    ):
        path.with_name("timestamp.txt").write_text(text)
        run = Run(tmp_path / "out", small.SEED, quick=True, stamped=stamped)
        (tally,) = grade_class(
            small.COURSE, find_submissions(small.COURSE, tmp_path / "class"), run
        )
        (result,) = stored_results(tmp_path / "out")
        assert result.submitted.startswith(read)
        assert not result.submitted.startswith("2026-02-03")
    assert tally.read_back == 1


def test_another_file_that_cannot_be_read_has_its_own_reason(tmp_path):
    """An empty file, and then a folder's missing one: both are without content."""
    path = small.submit(tmp_path / "class", "ada", "")
    (record,) = graded(tmp_path / "class", tmp_path / "out").values()
    assert record["note"] == "the file is empty."
    path.rename(path.with_name("notes.txt"))
    (record,) = graded(tmp_path / "class", tmp_path / "out").values()
    assert "no numbers_and_sums.py" in record["note"]


def teach_trebling(course):
    """Change a course: its first exercise trebles its input and is worth more."""
    for part in ("checks", "solutions"):
        path = course.folder / part / f"{small.UNIT}.py"
        text = path.read_text().replace("points=2, words", "points=9, words")
        path.write_text(text.replace("2 * x", "3 * x"))


def test_two_courses_with_units_of_the_same_name_are_graded_in_one_process(tmp_path):
    """Two courses with equally named units are graded alternately, each by its own checks."""
    other = read_course(shutil.copytree(small.COURSE.folder, tmp_path / "other"))
    teach_trebling(other)
    small.submit(tmp_path / "class", "doubles", small.solved())
    small.submit(tmp_path / "class", "trebles", small.solved().replace("2 * x", "3 * x"))
    points = []
    for place, course in enumerate((small.COURSE, other, small.COURSE, other)):
        found = graded(tmp_path / "class", tmp_path / str(place), course)
        first = [found[f"{name}.json"]["checks"][0] for name in ("doubles", "trebles")]
        points.append([check["earned"] for check in first])
        assert {record["provenance"]["course_folder"] for record in found.values()} == {
            str(course.folder)
        }
    assert points == [[2, 0], [0, 9], [2, 0], [0, 9]]


def test_a_course_that_has_changed_is_graded_as_it_is_now(tmp_path):
    """Grading in one process and thread follows a change of the course.

    A Dask worker lives longer than a run, so no earlier server may be reused.
    """
    course = read_course(shutil.copytree(small.COURSE.folder, tmp_path / "course"))
    scripts = (small.solved().encode(), small.solved().replace("2 * x", "3 * x").encode())
    points = []
    try:
        for change in (None, teach_trebling):
            if change:
                change(course)
            unit = load_unit(course, small.UNIT)
            context = GradingContext(
                course=str(course.folder),
                unit=unit.name,
                unit_digest=unit_digest(unit),
                seed=small.SEED,
                quick=True,
                unsafe=False,
            )
            graded_now = [context.grade(script, "ada.py", {}) for script in scripts]
            points.append([graded.verdicts[0].earned for graded in graded_now])
    finally:
        close_servers()
    assert points == [[2, 0], [0, 9]]


def test_other_data_are_graded_again(tmp_path):
    """Results rest on the data that checks train on, whose checksums are in the manifests."""
    folder = shutil.copytree(small.COURSE.folder, tmp_path / "course")
    unit = load_unit(read_course(folder), small.UNIT)

    def now(quick=False):
        return provenance_of(unit, small.SEED, quick, official=True, kit="")

    before = now(), now(quick=True)
    assert differences(before[0], now()) == []
    for manifest in folder.glob("datasets/*/manifest.toml"):
        manifest.write_text(manifest.read_text() + "\n# other data\n")
    assert differences(before[0], now()) == ["the data changed"]
    assert differences(before[1], now(quick=True)) == []


def test_points_are_the_same_on_a_busy_machine(small_class, graded_class, tmp_path):
    """Points do not change beside four busy loops, graded with one job in reverse order.

    No stored answer of our own is reused.
    """
    ordered = sorted(small_class.iterdir(), reverse=True)
    for number, student in enumerate(ordered):
        shutil.copytree(student, tmp_path / "in" / f"{number:02} {student.name}")
    loops = [
        subprocess.Popen(["nice", "-n", "19", sys.executable, "-c", "while True: pass"])
        for _ in range(4)
    ]
    try:
        arguments = ("--out", tmp_path / "out", "-j", "1", "--seed", small.SEED)
        cache = str(tmp_path / "cache")
        small.run_command("grade", tmp_path / "in", *arguments, XDG_CACHE_HOME=cache)
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    assert earned_in(tmp_path / "out") == earned_in(graded_class)


def earned_in(out):
    """Return the points of each check of each submission, by student."""
    found = {}
    for path in out.glob("*/*.json"):
        record = json.loads(path.read_text())
        _, _, name = path.stem.rpartition(" ")
        checks = {check["name"]: (check["earned"], check["status"]) for check in record["checks"]}
        found[record["unit"], name] = checks
    return found


@pytest.mark.parametrize("out", ["submitted", "submitted/grades"])
def test_results_among_the_submissions_are_refused(tmp_path, out):
    """The next run would take a folder of pages for a student."""
    small.submit(tmp_path / "submitted", "ada", "x = 1")
    done = small.run_command("grade", tmp_path / "submitted", "--out", tmp_path / out)
    assert done.returncode == 2
    assert "Name a folder elsewhere." in done.stderr
    assert [path.name for path in (tmp_path / "submitted").iterdir()] == ["ada"]
