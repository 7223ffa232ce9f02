"""A process that runs an author's own code, if no server can fork confined workers.

It imports the unit itself, and then acts as a worker.
"""

import json
import os
from pathlib import Path

from autograder.check import load_experiments
from autograder.sandbox.inside import runner

READY = b"."  # written when everything is imported


def serve() -> None:
    """Read what to import from stdin, as a JSON line, and then requests; answer on stdout.

    Output of the code is discarded.
    """
    inbox = os.fdopen(os.dup(0), "rb")
    outbox = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    setup = json.loads(inbox.readline())
    experiments = load_experiments(Path(setup["checks"]), setup["unit"], setup["addons"])
    runner.warm(experiments, setup["stub"].encode())
    names = runner.names_to_keep(experiments)
    outbox.write(READY)
    outbox.flush()
    runner.answer_requests(inbox, outbox, experiments, names)
