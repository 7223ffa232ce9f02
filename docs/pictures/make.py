"""Makes the README's pictures: the terminal as SVG, a page and what surprises a network as PNG. It
needs the `dev` extra, Chromium, `make demo` and `make site`.

python docs/pictures/make.py
"""

import re
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from rich.console import Console

from autograder.course import load_unit, read_course
from autograder.practice.practise import practise
from autograder.report.terminal import total, verdict_lines
from autograder.sandbox.inside.submission import Submission

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
UNIT = "unit4_manual_gradients"
CASE = "mistake_relu_forgotten"


def terminal() -> None:
    """What `autograder check --quick` prints for a submission of the golden class."""
    unit, screen = (
        load_unit(read_course(ROOT), UNIT),
        Console(record=True, width=112, file=(HERE / ".unused").open("w"), highlight=False),
    )
    file = ROOT / "tests" / "submissions" / CASE / UNIT / f"{UNIT}.py"
    screen.print(f"$ autograder check {UNIT}.py --quick", style="bold")
    checks = [check for check in unit.checks if not check.measure]
    verdicts = practise(
        unit, checks, Submission(file.read_bytes(), file.name), lambda verdict, *_: None
    )
    for verdict in verdicts:
        screen.print(verdict_lines(verdict))
    screen.print(
        f"{total(verdicts)} on the public seed. A grade comes from a seed that nobody has seen."
    )
    svg = screen.export_svg(title="autograder")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S)  # fonts from elsewhere
    (HERE / "terminal.svg").write_text(
        re.sub(r"terminal-\d+", "terminal", svg).replace("Fira Code", "ui-monospace")
    )
    (HERE / ".unused").unlink()


def page() -> None:
    """The top of the class page that `make demo` writes."""
    at = ROOT / "build" / "demo" / "pages" / "index.html"
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=shutil.which("chromium"))
        shown = browser.new_page(viewport={"width": 1000, "height": 700}, color_scheme="light")
        shown.goto(at.as_uri())
        shown.screenshot(path=HERE / "page.png")
        browser.close()
    shrink(HERE / "page.png")


def surprise() -> None:
    """The last picture of unit 5, from the page that `make site` writes."""
    at = ROOT / "build" / "site" / "units" / "unit5_stateful_lstm.html"
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=shutil.which("chromium"))
        shown = browser.new_page(viewport={"width": 1600, "height": 900}, color_scheme="light")
        shown.goto(at.as_uri())
        address = shown.locator(".cell_output img").last.get_attribute("src")
        browser.close()
    assert address
    shutil.copyfile(at.parent / address, HERE / "surprise.png")
    shrink(HERE / "surprise.png")


def shrink(path: Path) -> None:
    """Write a picture with 128 colours."""
    Image.open(path).convert("RGB").quantize(128).save(path, optimize=True)


if __name__ == "__main__":
    terminal()
    page()
    surprise()
