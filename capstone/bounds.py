"""Train the solution on several seeds and both texts, each with the split that its seed draws.

python capstone/bounds.py 1 2 3             writes rows into capstone/bounds.csv, minutes for each
python capstone/bounds.py 4 --text austen   only for this text
"""

import argparse
import csv
import json
import time
from pathlib import Path

import torch

from autograder.check import import_checks
from autograder.course import read_course
from autograder.data import finder
from autograder.sandbox.inside.submission import Submission

HERE = Path(__file__).resolve().parent
COLUMNS = ("text", "seed", "counting", "ours", "relative", "seconds")


def row_of(name: str, seed: int) -> list[str]:
    """Train the solution on one text and one seed; return what came out."""
    networks = import_checks(HERE / "checks", "networks")
    texts = import_checks(HERE / "checks", "texts")
    experiments = import_checks(HERE / "checks", "capstone")
    solution = Submission((HERE / "solutions" / "capstone.py").read_bytes(), "capstone.py")
    corpus = texts.texts(finder(read_course(HERE)), seed)
    counting = json.loads(corpus.held_out)[name]["counting"]
    torch.manual_seed(seed)
    network = networks.Network(solution.my_plan())
    ids = torch.from_numpy(texts.ids_of(json.loads(corpus.train)[name]))
    began = time.process_time()
    solution.train(network, ids, seed, experiments.settings.BUDGET)
    seconds = time.process_time() - began
    arrays = {
        "text": name,
        "plan": solution.my_plan(),
        "weights": networks.weights_of(network).numpy(),
    }
    relative = experiments.relative_loss(None, arrays, corpus.held_out)
    figures = (counting, relative * counting, relative)
    return [name, str(seed), *(f"{figure:.4f}" for figure in figures), f"{seconds:.0f}"]


def main() -> None:
    """Write a row for each seed and text as soon as it is known."""
    parser = argparse.ArgumentParser()
    parser.add_argument("seeds", type=int, nargs="+")
    parser.add_argument("--text", action="append")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    path = HERE / "bounds.csv"
    if not path.exists():
        path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    for seed in chosen.seeds:
        for name in chosen.text or ("nietzsche", "austen"):
            row = row_of(name, seed)
            with path.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerow(row)
            print(*row, flush=True)


if __name__ == "__main__":
    main()
