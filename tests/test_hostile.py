"""The attack suite: each folder of `hostile/` is an attack, graded by the real command.

A folder holds the code that is added to our solution of a unit (`attack.py`) and the expected
outcome (`expected.toml`): the checks that do not pass, while all others do, and their points if not
0 (`[earned]`). Outcomes: R the result is what the honest part earns; 0 the attacked check earns
nothing; X not read at all; K stopped or refused; L nothing leaks. Honest submissions are graded
among the hostile ones.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import tomllib
import zipfile
from pathlib import Path

import pytest
import this_course
from this_course import COURSE, GOLDEN, ROOT, SEED, UNIT, run_command, timeless

from autograder.grading.keys import solution_of
from autograder.grading.submissions import plain_names
from autograder.sandbox.client import Server

pytestmark = pytest.mark.proof

HOSTILE = ROOT / "tests" / "hostile"
ATTACKS = sorted(path.parent for path in HOSTILE.glob("*/*/expected.toml"))
FAMILIES = sorted({attack.parent.name for attack in ATTACKS})
SECRET = "SECRETOF" + "THEINSTRUCTOR"
HONEST = [folder.parent.name for folder in GOLDEN.glob("*/expected.toml")]
HONEST = sorted(name for name in HONEST if name.startswith(("solved", "style", "mistake", "half")))


def expected(attack):
    return tomllib.loads((attack / "expected.toml").read_text())


def student(attack):
    facts = expected(attack)
    raw = facts.get("student_bytes")  # a name that is not UTF-8, which TOML cannot hold
    return os.fsdecode(bytes(raw)) if raw else facts.get("student", attack.name)


def is_link(attack):
    """Return whether an attack submits a link, which is not followed and has no result."""
    return expected(attack).get("make") in ("linked_folder", "linked_to_itself")


# ---- from an attack to a submission on disk


def script(attack, facts, places):
    """Return our solution with the attack's code at its end or, with `first`, at its beginning."""
    honest = solution_of(this_course.unit(facts["unit"])).plain()
    code = attack / "attack.py"
    added = filled(code.read_text(), places) if code.exists() else ""
    honest = honest.replace("def softmax_d(", facts.get("replace", "def softmax_d("))
    return f"{added}\n{honest}" if facts.get("first") else f"{honest}\n\n{added}"


def filled(text, places):
    for name, place in places.items():
        text = text.replace(f"@{name}@", str(place))
    return text


def notebook(text, facts):
    """Return a notebook of two cells, with the metadata and outputs that an attack specifies."""
    honest, _, added = text.rpartition("\n\n\n")
    output = {"output_type": "stream", "name": "stdout", "text": facts.get("outputs", "")}
    meta = json.loads(facts.get("meta", "{}"))
    cells = [
        {
            "cell_type": "code",
            "id": "same",
            "source": part,
            "metadata": meta,
            "outputs": [output],
            "execution_count": 1,
        }
        for part in (honest, added)
    ]
    if facts["make"] == "prose":
        cells[1] = {"cell_type": "markdown", "id": "same", "source": added, "metadata": meta}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": meta, "cells": cells})


def put(attack, folder, places):
    """Write the submission of an attack into a student's folder."""
    facts = expected(attack)
    unit, make, text = facts["unit"], facts.get("make", ""), script(attack, facts, places)
    home = folder / student(attack) / unit
    if make == "linked_to_itself":
        return home.parent.symlink_to(home.parent.name)
    home.parent.mkdir(parents=True)
    if make == "linked_folder":
        return home.symlink_to(folder / "honest" / unit)
    home.mkdir()
    if make == "nothing":
        return None
    path = home / f"{unit}.py"
    for file in (attack / "beside").rglob("*"):
        if file.is_file():
            target = home / file.relative_to(attack / "beside")
            target.parent.mkdir(exist_ok=True)
            target.write_text(filled(file.read_text(), places))
    if make in ("notebook", "prose"):
        path.with_suffix(".ipynb").write_text(notebook(text, facts))
    elif make == "cut_notebook":
        path.with_suffix(".ipynb").write_text(notebook(text, facts)[:-200])
    elif make == "link":
        path.symlink_to(places["SECRETS"] / "gradebook.csv")
    elif make == "fifo":
        os.mkfifo(path)
    elif make == "folder":
        path.mkdir()
    else:
        path.write_bytes(BYTES.get(make, str.encode)(text))


BYTES = {
    "pickle": lambda _: (
        b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system\x93."
    ),
    "nul": lambda text: text.encode() + b"\0",
    "utf16": lambda text: text.encode("utf-16"),
    "latin": lambda text: text.encode() + b"# caf\xe9\n",
    "big": lambda text: text.encode() + b"#" * (10 << 20),
    "bom": lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
}


# ---- one run of the real command over all of them


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Return the places of secrets, of traces of a break-out, and of files to ask for."""
    base = tmp_path_factory.mktemp("hostile")
    found = {
        "SECRETS": base / "secrets",
        "CANARY": base / "canary",
        "CLASS": base / "class",
        "OUT": base / "out",
    }
    for place in found.values():
        place.mkdir()
    (found["SECRETS"] / "gradebook.csv").write_text(f"name,score\n{SECRET},35\n" * 9)
    found |= {"ROOT": ROOT, "DATA": os.environ.get("COURSE_DATA", "/nowhere")}
    found["LINE"] = ";".join(f"softmax=a{number}=softmax" for number in range(9_000))
    found |= {"CELLS": "# %%\n 0\n" * 20_000, "BROKEN": "# %%\n)\n" * 20_000}
    return found | {"LONG": "x" * (4 << 20), "DIGITS": "9" * 1_000_000}


@pytest.fixture(scope="module")
def listener():
    """Start a server on this machine that nobody may reach; yield its port and its visitors."""
    came = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            while True:
                try:
                    listening.accept()[0].close()
                except OSError:
                    return
                came.append(True)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1], came
        listening.shutdown(socket.SHUT_RDWR)


def run(places, submitted, out, *options):
    """Run `autograder grade` in its own process.

    Returns its output, its exit code and its memory (kB) along the way.
    """
    command = [sys.executable, "-m", "autograder", "grade", submitted, "--out", out, "--seed", SEED]
    command += ["-j", "2", "--course", ROOT, "--any-name"]  # our solution has one name
    environment = {**os.environ, "AUTOGRADER_SECRET": SECRET, "NO_COLOR": "1", "COLUMNS": "200"}
    with (places["SECRETS"] / "said").open("w+") as said:
        process = subprocess.Popen(
            [*map(str, command), *options],
            cwd=places["SECRETS"],
            env=environment,
            stdout=said,
            stderr=said,
        )
        memory = []
        while process.poll() is None:
            time.sleep(0.2)
            status = Path(f"/proc/{process.pid}/status").read_text()
            memory += [
                int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")
            ]
        said.seek(0)
        return said.read(), process.returncode, memory


@pytest.fixture(scope="module")
def hostile(places, listener):
    """Grade a class of all attacks and of honest submissions.

    Return the results and the outcome of the command.
    """
    with Server(
        this_course.unit()
    ) as server:  # raises if its self-test finds that a worker can break out
        assert "seccomp" in server.walls
    places = {**places, "PORT": listener[0]}
    for attack in ATTACKS:
        trains = attack.parent.name == "training"
        put(attack, places["SECRETS"].parent / "training" if trains else places["CLASS"], places)
    for case in HONEST:
        shutil.copytree(GOLDEN / case, places["CLASS"] / case)
    quick = run(places, places["CLASS"], places["OUT"], "--quick")
    trained = run(places, places["SECRETS"].parent / "training", places["OUT"].parent / "trained")
    return places, quick, trained, listener[1]


def result_of(attack, places):
    out = places["OUT"].parent / ("trained" if attack.parent.name == "training" else "out")
    name = plain_names([*map(student, ATTACKS), *HONEST])[student(attack)]
    return json.loads((out / expected(attack)["unit"] / f"{name}.json").read_text())


# ---- what must hold


def test_the_sandbox_itself_works(hostile):
    """The commands finished, and every result is official and confined as on this machine."""
    places, quick, trained, _ = hostile
    trains = sum(attack.parent.name == "training" for attack in ATTACKS)
    assert (quick[1], trained[1]) == (0, 0), quick[0][-2000:] + trained[0][-2000:]
    assert (
        f"{len(ATTACKS) - trains - sum(map(is_link, ATTACKS)) + len(HONEST)} submissions"
        in quick[0].replace("\n", " ")
    )
    for path in [
        *places["OUT"].glob("unit*/*.json"),
        *(places["OUT"].parent / "trained").glob("unit*/*.json"),
    ]:
        result = json.loads(path.read_text())
        assert result["provenance"]["official"]
        walls = set(result["provenance"]["walls"])
        if not walls:  # the file could not be read, so no code ran
            assert result["note"] and result["score"] == 0, path
            continue
        assert {"seccomp", "limits"} < walls
        assert any(wall.startswith("landlock") for wall in walls)


@pytest.mark.parametrize("attack", [f"{a.parent.name}/{a.name}" for a in ATTACKS])
def test_an_attack_earns_nothing(attack, hostile):
    """Each check has the expected status and points, and no other check is affected."""
    attack, places = HOSTILE / attack, hostile[0]
    facts = expected(attack)
    assert facts["outcome"] in "R0XKL"
    assert facts["why"]
    if is_link(attack):
        assert not list(places["OUT"].glob(f"unit*/{attack.name}*"))
        return
    checks = {check["name"]: check for check in result_of(attack, places)["checks"]}
    lost = facts.get("checks", {})
    found = {name: check["status"] for name, check in checks.items() if check["status"] != "passed"}
    if "*" in lost:  # nothing could be read
        assert set(found.values()) <= {lost["*"], "not_reached"}
        lost = dict.fromkeys(checks, lost["*"])
    else:
        assert found == lost
    worth = {check.name: check.points for check in this_course.unit(facts["unit"]).checks}
    earned = worth | dict.fromkeys(lost, 0) | facts.get("earned", {})
    for name, check in checks.items():
        assert (check["points"], check["earned"]) == (worth[name], earned[name])
    for name, words in facts.get("says", {}).items():
        assert words in " ".join(remark["text"] for remark in checks[name]["remarks"])


def test_nothing_leaks_and_nothing_breaks_out(hostile):
    """No secret is in a result, on a page or on the screen.

    There is no trace file, note, connection, escape or markup either.
    """
    places, quick, trained, came = hostile
    base = places["OUT"].parent
    files = [
        path for out in ("out", "trained") for path in (base / out).rglob("*") if path.is_file()
    ]
    assert len(files) > 2 * len(ATTACKS)
    solutions = [solution_of(this_course.unit(name)) for name in COURSE.units]
    codes = [f"# mistake: {mistake.code}" for its in solutions for mistake, _, _ in its.mistakes]
    for text in [quick[0], trained[0], *(path.read_text() for path in files)]:
        assert not [secret for secret in (SECRET, *codes) if secret in text]
        assert "\x1b" not in text
        assert "SyntaxWarning" not in text
    ours = (ROOT / "autograder" / "report" / "templates" / "page.js").read_text()
    for page in (path for path in files if path.suffix == ".html"):
        assert not re.search(
            r"<script|<img|<svg onload", page.read_text().replace(f"<script>{ours}</script>", "")
        ), page
    assert not list(places["CANARY"].iterdir())
    assert not [
        note
        for folder in ("/tmp", "/dev/shm", "/var/tmp")
        for note in Path(folder).glob("autograder-note*")
    ]
    assert not came


def test_honest_grades_are_as_without_the_hostile(hostile, graded_class):
    """On the same seed honest submissions have the golden class's verdicts, check by check."""
    places = hostile[0]
    golden = graded_class[0]
    number_of_honest = 0
    for path in sorted(places["OUT"].glob("unit*/*.json")):
        if path.stem not in HONEST:
            continue
        number_of_honest += 1
        here = timeless(path)
        alone = timeless(golden / path.parent.name / path.name)
        exact = {check["name"] for check in here["checks"]}
        assert here["checks"] == [check for check in alone["checks"] if check["name"] in exact]
        assert here["submission_sha256"] == alone["submission_sha256"]
    assert number_of_honest == len(HONEST)
    assert len(HONEST) >= 12


def test_the_grader_does_not_grow(hostile):
    """After a third of the run the grader's memory grows only by keys of further units."""
    memory = hostile[1][2]
    assert max(memory) - memory[len(memory) // 3] < 100_000  # kB


def test_the_suite_is_whole(record_property):
    """At least 60 attacks cover all units and families; docs/attacks.md counts them."""
    counts = {
        family: sum(attack.parent.name == family for attack in ATTACKS) for family in FAMILIES
    }
    assert sum(counts.values()) >= 60
    assert {expected(attack)["unit"] for attack in ATTACKS} == set(COURSE.units)
    docs = (ROOT / "docs" / "attacks.md").read_text()
    told = ", ".join(f"{number} {family}" for family, number in counts.items())
    record_property("told", f"{sum(counts.values())} attacks: {told}")
    for family, number in counts.items():
        assert f"| {family} | {number} |" in docs


# ---- packages, which are refused whole


def slip(packed):
    packed.writestr("../../escaped.py", "x")


def absolute(packed):
    packed.writestr("/tmp/escaped.py", "x")


def link(packed):
    entry = zipfile.ZipInfo("ada/link.py")
    entry.external_attr = 0o120777 << 16
    packed.writestr(entry, "/etc/passwd")


def bomb(packed):
    packed.writestr(f"eve/{UNIT}/{UNIT}.py", bytes(64 << 20))


def otherwise(packed):
    """Compress by bzip2: a kilobyte may unpack to gigabytes, whatever size is announced."""
    packed.writestr(f"eve/{UNIT}/{UNIT}.py", "x = 1", zipfile.ZIP_BZIP2)


def many_files(packed):
    for number in range(100_001):
        packed.writestr(f"{number}", "")


@pytest.mark.parametrize("fill", [slip, absolute, link, bomb, otherwise, many_files])
def test_a_package_is_refused(fill, tmp_path):
    """A package is refused with exit code 2 and a message; nothing is unpacked or graded."""
    with zipfile.ZipFile(tmp_path / "class.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(f"ada/{UNIT}/{UNIT}.py", "x = 1")
        fill(packed)
    done = run_command("grade", tmp_path / "class.zip", "--out", tmp_path / "out", "--quick")
    assert done.returncode == 2, done.stdout
    assert "class.zip holds" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
    assert not Path("/tmp/escaped.py").exists()
