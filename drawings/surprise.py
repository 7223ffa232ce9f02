"""The small network of the map of surprise: trained here, read by the page and by the still.

    python drawings/surprise.py    # trains it and writes drawings/surprise_map.data.js: minutes

One idea to hold: the file of weights is the model. Weights are whole numbers from −127 to 127 and a
scale for each row, and whoever reads the file computes with them the same way: the page in
JavaScript, and `surprise` here with NumPy.

The network is a GRU over characters. Its text is that of the role `text` of this course, all
corpora that are there, and the last tenth of each is held out.
"""

import base64
import json
import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent
FILE = FOLDER / "surprise_map.data.js"
BEFORE = "interactive.data.surprise_map = "
AFTER = ";\n"
HIDDEN = 200
STEPS = 64  # of a window, and streams side by side
STREAMS = 64
EPOCHS = 12
SEED = 731
RARE = 20  # a character that is rarer stands for all others
OTHER = "\ufffd"
# what people paste, and what the books have in its place
ALIKE = {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "."}
Weights = dict[str, np.ndarray]


# ---------------------------------------------------------------- text


def plain(text: str) -> str:
    """Return a text of the same length with plain quotes and dashes, and spaces for line ends."""
    with_spaces = "".join(" " if letter.isspace() else letter for letter in text)
    return "".join(ALIKE.get(letter, letter) for letter in with_spaces)


def ids_of(text: str, alphabet: str) -> np.ndarray:
    """Return the place of each character in the alphabet; 0 for those that it does not hold."""
    places = {letter: i for i, letter in enumerate(alphabet)}
    return np.array([places.get(letter, 0) for letter in plain(text)])


# ---------------------------------------------------------------- the network


def surprise(weights: Weights, text: str) -> np.ndarray:
    """Return −ln p of each character given all before it, in nats: (N,) for N characters.

    The first character is predicted from a space, as if a sentence had ended before.
    """
    alphabet = str(weights["alphabet"])
    hidden = weights["recurrent"].shape[1]
    state = np.zeros(hidden)
    before = alphabet.index(" ")
    found = []
    for letter in ids_of(text, alphabet):
        state = step(weights, before, state)
        logits = weights["output"] @ state + weights["output_bias"]
        largest = logits.max()
        log_total = largest + np.log(np.exp(logits - largest).sum())
        found.append(log_total - logits[letter])
        before = letter
    return np.array(found)


def step(weights: Weights, letter: int, state: np.ndarray) -> np.ndarray:
    """Return the state of the GRU, (H,), after it has read the id of a character."""
    read = weights["input"][:, letter] + weights["input_bias"]
    kept = weights["recurrent"] @ state + weights["recurrent_bias"]
    read_r, read_z, read_n = np.split(read, 3)
    kept_r, kept_z, kept_n = np.split(kept, 3)
    reset = 1 / (1 + np.exp(-read_r - kept_r))
    update = 1 / (1 + np.exp(-read_z - kept_z))
    new = np.tanh(read_n + reset * kept_n)
    return (1 - update) * new + update * state


# ---------------------------------------------------------------- the file


def load(file: Path = FILE) -> Weights:
    """Read the weights of the file, as numbers, and the alphabet."""
    text = file.read_text(encoding="utf-8")
    held = json.loads(text.removeprefix(BEFORE).removesuffix(AFTER))
    weights: Weights = {"alphabet": np.array(held["alphabet"])}
    for name, array in held["arrays"].items():
        whole = np.frombuffer(base64.b64decode(array["whole"]), np.int8)
        rows = whole.reshape(array["shape"])
        weights[name] = rows * np.array(array["scales"])[:, None]
    for name in ("input_bias", "recurrent_bias", "output_bias"):
        weights[name] = weights[name][:, 0]
    return weights


def save(weights: Weights, about: str, file: Path = FILE) -> None:
    """Write weights as whole numbers of eight bits, with a scale for each row."""
    arrays = {}
    for name, array in weights.items():
        if name == "alphabet":
            continue
        rows = array.reshape(len(array), -1)
        scales = np.abs(rows).max(1) / 127 + 1e-12
        whole = np.rint(rows / scales[:, None]).astype(np.int8)
        arrays[name] = {
            "shape": rows.shape,
            "scales": [float(f"{scale:.5g}") for scale in scales],
            "whole": base64.b64encode(whole.tobytes()).decode("ascii"),
        }
    held = {"about": about, "alphabet": str(weights["alphabet"]), "arrays": arrays}
    text = json.dumps(held, ensure_ascii=False, separators=(",", ":"))
    file.write_text(BEFORE + text + AFTER, encoding="utf-8", newline="\n")


# ---------------------------------------------------------------- training


def train() -> None:
    """Train the network on the course's corpora, write it, and say how good it is."""
    import torch
    from torch import nn

    from autograder.course import read_course
    from autograder.data import available_corpora

    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    corpora = available_corpora(read_course(FOLDER.parent), "text")
    texts = [plain(corpus.train) for corpus in corpora]
    together = " ".join(" ".join(text.split()) for text in texts)
    common = [letter for letter in sorted(set(together)) if together.count(letter) >= RARE]
    alphabet = OTHER + "".join(common)
    ids = torch.from_numpy(ids_of(together, alphabet))
    length = len(ids) // STREAMS
    streams = ids[: length * STREAMS].view(STREAMS, length).T  # (length, STREAMS)

    network = nn.GRU(len(alphabet), HIDDEN)
    output = nn.Linear(HIDDEN, len(alphabet))
    parameters = [*network.parameters(), *output.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=4e-3)
    windows = (length - 1) // STEPS
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, EPOCHS * windows)
    for epoch in range(EPOCHS):
        state = torch.zeros(1, STREAMS, HIDDEN)
        total = 0.0
        for window in range(windows):
            begin = window * STEPS
            read = streams[begin : begin + STEPS]
            target = streams[begin + 1 : begin + STEPS + 1]
            one_hot = nn.functional.one_hot(read, len(alphabet)).float()
            states, state = network(one_hot, state.detach())
            logits = output(states)
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: {total / windows:.3f} nats per character", flush=True)

    weights = {
        "alphabet": np.array(alphabet),
        "input": network.weight_ih_l0,
        "input_bias": network.bias_ih_l0,
        "recurrent": network.weight_hh_l0,
        "recurrent_bias": network.bias_hh_l0,
        "output": output.weight,
        "output_bias": output.bias,
    }
    for name, weight in weights.items():
        if isinstance(weight, torch.Tensor):
            weights[name] = weight.detach().numpy()
    titles = " and ".join(corpus.name for corpus in corpora)
    save(weights, f"python drawings/surprise.py: a GRU of {HIDDEN} units, trained on {titles}")
    as_read_back = load()
    for corpus in corpora:
        held_out = " ".join(corpus.held_out.split())[:20_000]
        nats = surprise(as_read_back, held_out).mean()
        print(f"{corpus.name}, held out: {nats:.3f} nats per character")
    print(f"{FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.exit(train())
