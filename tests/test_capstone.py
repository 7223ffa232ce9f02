"""The capstone: built, validated and graded with a budget of seconds, with attacks.

The tests copy the course `capstone/` and make its settings small. The earnings of a stored network
and of a memorised text are measured on the whole texts, against the losses of `bounds.csv`.
"""

import ast
import base64
import csv
import json
import lzma
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from this_course import ROOT

from autograder.check import import_checks
from autograder.course import load_unit, read_course
from autograder.data import NoData, find, finder, unit_data
from autograder.grading.key_file import load_key
from autograder.judging import judge_loss
from autograder.sandbox.inside.submission import Submission
from autograder.source.solution import read_solution_file

CAPSTONE = ROOT / "capstone"
SOLUTION = read_solution_file(CAPSTONE / "solutions" / "capstone.py")
ATTACKS = sorted((CAPSTONE / "hostile").glob("*.py"))
# the limit of CPU time is longer than the budget, because other programs slow a machine down
SETTINGS = {
    "settings.py": {"BUDGET = 300": "BUDGET = 6", "LONGEST = 1_000_000": "LONGEST = 50_000"},
    "capstone.py": {"seconds=settings.BUDGET,": "seconds=4 * settings.BUDGET,"},
}
TEXTS = ("nietzsche", "austen")

proof = pytest.mark.proof


def is_here(name):
    try:
        find(read_course(CAPSTONE), name, fetch=False)
    except NoData:
        return False
    return True


needs_texts = pytest.mark.skipif(
    not all(map(is_here, TEXTS)), reason="texts are missing: autograder data --course capstone"
)


def run(*arguments, cwd):
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


def facts(attack):
    """Return the docstring of an attack, and the lines in it of the form `name: value`."""
    docstring = ast.get_docstring(ast.parse(attack.read_text(encoding="utf-8")))
    return docstring, dict(re.findall(r"^(\w+): (.+)$", docstring, re.M))


def handed_in(attack):
    """Return our solution followed by the attack's code."""
    rng = np.random.default_rng(0)
    weights = base64.b85encode(rng.integers(-127, 128, 360_000).astype(np.int8).tobytes())
    code = attack.read_text(encoding="utf-8").replace("@WEIGHTS@", weights.decode())
    return f"{SOLUTION.plain()}\n\n{code}"


@pytest.fixture(scope="module")
def small_course(tmp_path_factory):
    """Build a copy of the course that trains for seconds on short texts."""
    folder = tmp_path_factory.mktemp("course") / "capstone"
    shutil.copytree(CAPSTONE, folder, ignore=shutil.ignore_patterns("__pycache__", "assignments"))
    for name, changes in SETTINGS.items():
        path = folder / "checks" / name
        text = path.read_text(encoding="utf-8")
        for before, after in changes.items():
            assert before in text
            text = text.replace(before, after)
        path.write_text(text, encoding="utf-8")
    done = run("build", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def graded(small_course, tmp_path_factory):
    """Return the results of a class: our solution, the starter code and each attack."""
    base = tmp_path_factory.mktemp("class")
    scripts = {"honest": SOLUTION.plain(), "stub": SOLUTION.stub}
    scripts |= {attack.stem: handed_in(attack) for attack in ATTACKS}
    for student, script in scripts.items():
        place = base / "submitted" / student / "capstone"
        place.mkdir(parents=True)
        (place / "capstone.py").write_text(script, encoding="utf-8")
    done = run("grade", base / "submitted", "--out", base / "grades", "--seed", 5, cwd=small_course)
    assert done.returncode == 0, done.stdout + done.stderr
    return base / "grades"


def checks_of(graded, student):
    record = json.loads((graded / "capstone" / f"{student}.json").read_text(encoding="utf-8"))
    return {check["name"]: check for check in record["checks"]}, record


@proof
@needs_texts
def test_the_solution_earns_all_and_starter_code_nothing(graded):
    """On a new seed the solution earns all points and the starter code none.

    The report waits for an instructor.
    """
    checks, _ = checks_of(graded, "honest")
    assert [checks[name]["earned"] for name in ("measuring", "training")] == [4, 20]
    assert checks["reporting"]["earned"] == 0
    assert checks["reporting"]["status"] != "failed"
    _, record = checks_of(graded, "stub")
    assert record["score"] == 0


@proof
@needs_texts
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.stem)
def test_an_attack_earns_nothing_for_training(graded, attack):
    """An attack ends as its docstring says, and the file's honest parts keep their points."""
    _, wanted = facts(attack)
    checks, record = checks_of(graded, attack.stem)
    training = checks["training"]
    assert training["earned"] == 0
    assert training["status"] == wanted["status"], training
    told = json.dumps([record["note"], training["remarks"]], ensure_ascii=False)
    assert wanted.get("says", "") in told
    assert checks["measuring"]["earned"] == (0 if "note" in wanted else 4)


@proof
@needs_texts
def test_the_exact_check_is_proven(small_course):
    """The exact check distinguishes its mistakes, and each mutant of its function loses points.

    Changes of `train` are not mistakes by themselves: only the resulting loss counts.
    """
    proof = ("validate", "capstone", "--check", "measuring", "--seeds", 2)
    done = run(*proof, cwd=small_course)
    assert done.returncode == 0, done.stdout + done.stderr


@proof
@needs_texts
def test_what_is_generated_is_up_to_date(small_course):
    """The starter code is what `build` makes, and the key holds the loss of the whole budget."""
    starter_code = Path("assignments", "capstone.py")
    built = (small_course / starter_code).read_text(encoding="utf-8")
    assert (CAPSTONE / starter_code).read_text(encoding="utf-8") == built
    key = load_key(read_course(CAPSTONE).key("capstone"))
    assert 0.8 < key["training@texts"].loss < 1


@proof
@needs_texts
def test_standings_name_nobody(graded, small_course, tmp_path):
    """Standings have random names and our loss beside them."""
    done = run("export", graded, "--to", "standings", "--out", tmp_path, cwd=small_course)
    assert done.returncode == 0, done.stderr
    table = (tmp_path / "standings.md").read_text(encoding="utf-8")
    assert "honest" not in table
    assert re.search(r"^\| 1 \| student [0-9a-f]{6} \| \d\.\d{4} \| 20 of 20 \|$", table, re.M)
    assert "| our solution |" in table


@proof
@needs_texts
def test_practice_measures_on_the_public_split(small_course):
    """`autograder check` trains and reports the loss on the public split; it records the report."""
    script = small_course / "capstone.py"
    script.write_text(SOLUTION.plain(), encoding="utf-8")
    done = run("check", script, "--json", cwd=small_course)
    (unit,) = json.loads(done.stdout)["units"]
    checks = {check["check"]: check for check in unit["checks"]}
    assert checks["training"]["earned"] == 20, done.stdout
    assert checks["reporting"]["status"] == "recorded"


# ---- on the whole texts, without training


@pytest.fixture(scope="module")
def experiments():
    """Return all names of the course's modules of experiments."""
    names = {}
    for module in ("networks", "texts", "capstone"):
        names |= vars(import_checks(CAPSTONE / "checks", module))
    return SimpleNamespace(**names)


def measured():
    with open(CAPSTONE / "bounds.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def earned(unit, loss):
    """Return the points of a loss beside the highest loss of our solution."""
    (training,) = [check for check in unit.checks if check.name == "training"]
    highest = max(float(row["relative"]) for row in measured())
    return judge_loss(training, expected=None, ours=highest, loss=loss).earned


def test_the_points_end_below_counting_on_every_seed_that_was_measured():
    """Counting earns no points, and our solution earns some on every measured seed and text."""
    unit = load_unit(read_course(CAPSTONE), "capstone")
    rows = measured()
    assert {row["text"] for row in rows} == set(TEXTS)
    assert len(rows) >= 3
    assert earned(unit, 1.0) == 0
    relative = [float(row["relative"]) for row in rows]
    (training,) = [check for check in unit.checks if check.name == "training"]
    assert max(relative) - min(relative) < training.within


@needs_texts
def test_the_split_is_the_seed_s_and_nothing_held_out_is_trained_on(experiments):
    """Ten of a hundred pieces are held out, others for another seed, and none is trained on."""
    find_here = finder(read_course(CAPSTONE))
    one, other = (experiments.texts(find_here, seed) for seed in (1, 2))
    train, held_out = json.loads(one.train), json.loads(one.held_out)
    assert set(train) == set(TEXTS)
    for name in TEXTS:
        pieces = held_out[name]["pieces"]
        assert len(pieces) == 10
        assert all(piece not in train[name] for piece in pieces)
        assert pieces != json.loads(other.held_out)[name]["pieces"]
    assert unit_data(load_unit(read_course(CAPSTONE), "capstone"), 2)["training"] == other


def test_a_text_that_is_held_back_takes_the_place_of_the_one_students_have(experiments, tmp_path):
    """A grader's secret text replaces the students' text."""
    texts = {name: tmp_path / f"{name}.txt" for name in (*TEXTS, "austen-held-back")}
    for name, path in texts.items():
        path.write_text(f"{name} is a text. " * 400, encoding="utf-8")

    def find_one(name):
        if name not in texts:
            raise NoData(name)
        return texts[name]

    train = json.loads(experiments.texts(find_one, 1).train)
    assert train["austen"].startswith("austen-held-back is")
    assert train["nietzsche"].startswith("nietzsche is")


@needs_texts
def test_counting_is_that_of_unit_2(experiments):
    """Counting interpolates after Witten and Bell, as unit 2's solution does."""
    unit2 = Submission(
        read_solution_file(ROOT / "solutions" / "unit2_unrolled_rnn.py").plain().encode(), "u.py"
    )
    text = find(read_course(CAPSTONE), "austen").read_text(encoding="utf-8")
    train, held_out = text[:20_000], text[20_000:21_000]
    longest = 4
    counts = unit2.count_next(train, longest)
    nats = []
    for i in range(longest, len(held_out)):
        context = held_out[i - longest : i]
        nats.append(-np.log(unit2.backed_off(counts, context, held_out[i], experiments.V)))
    ids = [experiments.ids_of(part) for part in (train, held_out)]
    found = experiments.loss_of_counting(ids[0], [ids[1]], longest, shortest=longest)
    assert found == pytest.approx(np.mean(nats), rel=1e-9)


@needs_texts
@proof
def test_a_network_stored_in_the_file_earns_nothing(experiments):
    """A network stored in the file, in four bits a weight, earns nothing.

    It was trained on the whole text, the held-out part included.
    """
    unit = load_unit(read_course(CAPSTONE), "capstone")
    attack = CAPSTONE / "hostile" / "stored" / "small_network.py"
    source = attack.read_bytes()
    assert len(source) < unit.limits.kilobytes << 10
    submission = Submission(source, "capstone.py")
    text = unit_data(unit, 3)["training"]
    network = experiments.Network(submission.my_plan())
    submission.train(network, None, 3, 0)
    arrays = {"text": submission.my_text(), "plan": submission.my_plan()}
    arrays["weights"] = experiments.weights_of(network).numpy()
    loss = experiments.relative_loss(None, arrays, text.held_out)
    assert 1.05 < loss < 1.25
    assert earned(unit, loss) == 0


@needs_texts
def test_a_whole_text_does_not_fit_into_a_file():
    """A whole text, packed by xz as text that Python reads, exceeds the file's limit."""
    unit = load_unit(read_course(CAPSTONE), "capstone")
    for name in TEXTS:
        text = find(read_course(CAPSTONE), name).read_bytes()
        packed = base64.b85encode(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))
        assert len(packed) > 8 * (unit.limits.kilobytes << 10)


def test_the_measure_carries_the_state_through_a_piece(experiments):
    """The measure carries the state through a piece: the loss is the same in parts or at once."""
    network = experiments.Network("embedding 7, lstm 5, gru 5, mingru 5").eval()
    ids = experiments.torch.randint(0, experiments.V, (1_203, 2))
    logits, _ = network(ids[:-1])
    loss = experiments.torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[1:].flatten())
    assert experiments.loss_of(network, ids) == pytest.approx(loss.item(), rel=1e-5)


def test_the_network_of_the_plan_counts_its_parameters(experiments):
    """The plan's parameters are counted before the network is built.

    A plan over a million, or with an unknown word, is refused.
    """
    for plan in ("lstm 9", "embedding 7, gru 11, mingru 11, dropout 0.5, lstm 3"):
        network = experiments.Network(plan)
        weights = experiments.weights_of(network)
        layers, width, _ = experiments.read_plan(plan)
        assert len(weights) == experiments.parameters_of(layers, width)
        other = experiments.with_weights(experiments.Network(plan), weights)
        assert np.array_equal(weights, experiments.weights_of(other))
    for plan in ("lstm 2000", "conv 3", "lstm", "lstm 1e9", ", ".join(["gru 9"] * 9)):
        with pytest.raises(ValueError, match="plan"):
            experiments.Network(plan)
