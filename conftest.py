"""What all tests share: one thread per process, and which tests go together where several workers
share them.
"""

import os
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# first, since it imports jupytext without a grammar that nothing here needs
import autograder.source.notebooks  # noqa: F401
from autograder.tests.browser import chromium, open_pages

for _name in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_name}_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "agg")
for _name in (
    "COLUMNS",
    "LINES",
):  # a worker of pytest-xdist has them, and a terminal's own width would not count
    os.environ.pop(_name, None)
os.environ.pop("AUTOGRADER_COURSE", None)

# how long an example takes depends on what else runs here
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# For `pytest -n 2`: tests that share a dear fixture, or that start kernels (which choose their
# ports before they take them), go to one worker; the longest come first, so that both end at about
# the same time
CLASS = ("test_golden", "test_class_pages", "test_class_exports")
KERNELS = (
    "test_nbgrader_bridge",
    "test_class_nbgrader",
    "test_callers",
    "test_notebook",
    "test_services",
    "test_hostile_nbgrader",
)
TOGETHER = dict.fromkeys(CLASS, "class") | dict.fromkeys(KERNELS, "kernels")
FIRST = [
    "test_hostile",
    "test_windows",
    "class",
    "kernels",
    "test_release",
    "test_second_course",
    "test_capstone",
    "unit6",
    "unit5",
    "unit2",
    "unit3",
    "unit4",
    "test_confinement",
    "test_streams",
    "test_watch",
    "test_cli",
    "test_hostile_folders",
    "test_batch",
    "test_site",
    "test_interactive",
    "test_new",
    "unit0",
    "unit1",
    "test_client",
]


def group_of(nodeid):
    """Which tests a test goes together with: those of its file, or of its unit where the material
    is proven.
    """
    file = Path(nodeid.split("::")[0]).stem
    if file in ("test_figures", "test_keys", "test_material", "test_scripts", "test_styles"):
        return re.findall(r"\[(unit\d)|$", nodeid)[0] or "unit4"
    return TOGETHER.get(file, file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """The scheduler of pytest-xdist that keeps groups together and in order."""
    from xdist.scheduler import LoadScopeScheduling

    config.option.loadscopereorder = False
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = group_of
    return scheduler


def pytest_ignore_collect(collection_path, config):
    """Where proofs are left out, do not import a file that holds nothing else.

    Such files import torch, nbgrader and Dask, which takes each worker seconds.
    """
    if "not (proof" not in config.option.markexpr or collection_path.suffix != ".py":
        return None
    text = collection_path.read_text(encoding="utf-8")
    return True if "\npytestmark = pytest.mark.proof\n" in text else None


@pytest.hookimpl(tryfirst=True)  # before pytest selects by marks
def pytest_collection_modifyitems(config, items):
    """Mark what needs a browser as a proof; sort the longest first for several workers."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
            item.add_marker("proof")
    if hasattr(config, "workerinput"):
        order = {group: place for place, group in enumerate(FIRST)}
        items.sort(key=lambda item: order.get(group_of(item.nodeid), len(FIRST)))


def pytest_collection_finish(session):
    """No file of tests has named its course to all others when it was imported."""
    assert "AUTOGRADER_COURSE" not in os.environ, "an import has set AUTOGRADER_COURSE"


def pytest_terminal_summary(terminalreporter):
    """What tests have counted and told by `record_property("told", …)`."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "told":
                terminalreporter.write_line(value)


def pytest_unconfigure(config):
    """Say in the last line what was skipped, with the command that brings what was missing."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, number in reasons.most_common():
        reporter.write_line(f"{number} skipped: {reason}")


# ---- tests of pages in a browser


@pytest.fixture
def browser():
    """Chromium. A test that asks for it is a proof: `make test` needs no browser."""
    with chromium() as running:
        yield running


@pytest.fixture
def show(browser):
    """Open a page; at the end nothing has run, asked for, or been fetched that is not the kit's."""
    with open_pages(browser) as open_page:
        yield open_page


# ---- keys as another processor makes them: of any course


def largest(array):
    """The largest finite value of an array."""
    return float(np.abs(array[np.isfinite(array)].astype(np.float64)).max(initial=0.0))


def rounded_elsewhere(answer, solution, rng):
    """An answer as another processor rounds it: floats moved, on the array's own scale and the
    solution's.
    """

    def moved(name, array):
        if array.dtype.kind != "f":
            return array
        most = 1e-4 * largest(array) + 1e-7 * largest(solution.arrays[name])
        noise = np.asarray(rng.uniform(-most, most, array.shape))
        return np.where(np.isfinite(array), array + noise, array).astype(array.dtype)

    return replace(
        answer, arrays={name: moved(name, array) for name, array in answer.arrays.items()}
    )


@pytest.fixture(scope="session")
def key_elsewhere():
    """A function (key, checks) → the key as another processor makes it; losses move by a tenth of
    their bound.
    """

    def made(key, checks):
        rng = np.random.default_rng(1)
        within = {check.name: check.within for check in checks}
        found = {}
        for name, known in key.items():
            ours = known.expected
            mistakes = tuple((m, rounded_elsewhere(its, ours, rng)) for m, its in known.mistakes)
            loss = None if known.loss is None else known.loss + 0.1 * within[name.split("@")[0]]
            expected = rounded_elsewhere(ours, ours, rng)
            found[name] = replace(known, expected=expected, mistakes=mistakes, loss=loss)
        return found

    return made
