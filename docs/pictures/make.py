"""Makes the README's pictures: a student's minute with `autograder watch` as a moving SVG,
and what surprises a network as PNG. The PNG needs the `dev` extra, Chromium and `make site`.

python docs/pictures/make.py [watch]        # `watch`: only the moving picture
"""

import os
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pexpect
from PIL import Image
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
UNIT = "unit4_manual_gradients"
WRITTEN_BEFORE = ("sigmoid", "sigmoid_d", "relu", "relu_d", "softmax")
FUNCTION = "softmax_d"
RIGHT, WRONG = "np.outer(p, p)", "p @ p"
COLUMNS = 88
CLEAR = "\x1b[2J\x1b[H"  # `watch` clears the screen before it draws
SETTLED = 3.0  # seconds without news after which the screen is as it stays
PLAIN_COLOUR = "#e6edf3"
COLOURS = {1: "#ff9a92", 2: "#7ee787", 3: "#f2cc60"}  # a terminal's red, green and yellow
CELL, LINE, MARGIN = 8.6, 20, 18  # pixels: a character's width, a line's height, around it all
SECONDS = 8
SHOWN = ((0, 18), (18, 64), (64, 100))  # when each scene is shown, in percent of the whole
PLAIN = Console()
STILL = 1  # the scene that readers see who want no motion


@dataclass(frozen=True)
class Scene:
    """A file as it is saved, and the screen of `watch` after that."""

    code: str
    screen: Text


def watching() -> None:
    """Write the moving picture: the stub, a wrong answer with its diagnosis, the right one."""
    solution = without_mistakes((ROOT / "solutions" / f"{UNIT}.py").read_text(encoding="utf-8"))
    stub = (ROOT / "assignments" / f"{UNIT}.py").read_text(encoding="utf-8")
    for name in WRITTEN_BEFORE:
        stub = with_function(stub, name, function(solution, name))
    right = function(solution, FUNCTION)
    wrong = right.replace(RIGHT, WRONG)
    versions = [function(stub, FUNCTION), wrong, right]
    with tempfile.TemporaryDirectory() as folder:
        scenes = recorded(Path(folder), stub, versions)
    (HERE / "watch.svg").write_text(moving(scenes), encoding="utf-8")


def without_mistakes(text: str) -> str:
    """Return a solution without its marks and its comments on mistakes."""
    return re.sub(r"^ *#+ ?(mistake|  |## (BEGIN|END)).*\n", "", text, flags=re.M)


def pattern_of(name: str) -> re.Pattern[str]:
    """Return what finds a function, up to the two empty lines below it."""
    return re.compile(rf"^def {name}\(.*?(?=\n\n\n)", re.M | re.S)


def function(text: str, name: str) -> str:
    """Return the code of a function."""
    found = pattern_of(name).search(text)
    assert found, name
    return found[0]


def with_function(text: str, name: str, code: str) -> str:
    """Return a script with other code for one of its functions."""
    return pattern_of(name).sub(lambda _: code, text)


def recorded(folder: Path, stub: str, versions: list[str]) -> list[Scene]:
    """Save each version of the function in turn while `autograder watch` runs in a terminal."""
    for name in ("checks", "assignments", "datasets"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copyfile(ROOT / "course.toml", folder / "course.toml")
    file = folder / "assignments" / f"{UNIT}.py"
    file.write_text(stub, encoding="utf-8")
    environment = {**os.environ, "AUTOGRADER_COURSE": str(folder)}
    command = str(Path(sys.executable).parent / "autograder")
    terminal = pexpect.spawn(
        command,
        ["watch", UNIT],
        cwd=str(folder),
        dimensions=(24, COLUMNS),
        encoding="utf-8",
        env=environment,
    )
    scenes = []
    for code in versions:
        file.write_text(with_function(stub, FUNCTION, code), encoding="utf-8")
        drawn = printed_until_quiet(terminal).split(CLEAR)[-1]
        scenes.append(Scene(code, Text.from_ansi(drawn.replace("\r", ""))))
    terminal.send("q")
    terminal.close()
    return scenes


def printed_until_quiet(terminal: pexpect.spawn) -> str:
    """Return what a terminal shows until nothing new has come for some seconds."""
    printed = ""
    last = time.monotonic()
    while not printed or time.monotonic() - last < SETTLED:
        try:
            printed += terminal.read_nonblocking(10_000, timeout=0.2)
            last = time.monotonic()
        except pexpect.TIMEOUT:
            continue
    return printed


def moving(scenes: list[Scene]) -> str:
    """Return the scenes one after the other as an SVG that moves by itself."""
    code_lines = max(scene.code.count("\n") + 1 for scene in scenes)
    screen_lines = max(str(scene.screen).rstrip().count("\n") + 1 for scene in scenes)
    below = MARGIN + (code_lines + 4) * LINE
    height = below + (screen_lines + 1) * LINE + MARGIN
    width = round(COLUMNS * CELL + 2 * MARGIN)
    drawn = []
    for number, scene in enumerate(scenes):
        code = "".join(code_line(line, row) for row, line in enumerate(scene.code.split("\n")))
        rows = scene.screen.split("\n")
        screen = "".join(screen_line(row_text, below, row) for row, row_text in enumerate(rows))
        drawn.append(f'<g class="scene scene{number}">{code}{screen}</g>')
    title = "A student saves a wrong line; autograder watch names the mistake; the next save passes"
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>{title}</title>
<style>
text {{ font: 14px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre;
  fill: {PLAIN_COLOUR}; }}
.dim {{ opacity: 0.65; }} .bold {{ font-weight: bold; }}
.scene {{ opacity: 0; animation: {SECONDS}s step-end infinite; }}
{"".join(shown_in(number) for number in range(len(scenes)))}
@media (prefers-reduced-motion: reduce) {{ .scene {{ animation: none !important; }}
  .scene{STILL} {{ opacity: 1; }} }}
</style>
<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>
<text class="dim" x="{MARGIN}" y="{MARGIN + 12}">{UNIT}.py, in your editor</text>
<line x1="0" x2="{width}" y1="{below - 2 * LINE}" y2="{below - 2 * LINE}" stroke="#8b949e"/>
<text class="dim" x="{MARGIN}" y="{below - LINE + 6}">$ autograder watch unit4</text>
{"".join(drawn)}
</svg>
"""


def shown_in(number: int) -> str:
    """Return the rules that show a scene in its part of the time."""
    begin, end = SHOWN[number]
    before = "0% { opacity: 0; } " if begin else ""
    after = f"{end}% {{ opacity: 0; }} " if end < 100 else ""
    return (
        f"@keyframes show{number} {{ {before}{begin}% {{ opacity: 1; }} {after}}}\n"
        f".scene{number} {{ animation-name: show{number}; }}\n"
    )


def code_line(line: str, row: int) -> str:
    """Return a line of the editor; what is too long for it ends in an ellipsis."""
    shown = line if len(line) <= COLUMNS else f"{line[: COLUMNS - 1]}…"
    y = MARGIN + (row + 2) * LINE
    return f'<text x="{MARGIN}" y="{y}">{escape(shown)}</text>'


def screen_line(line: Text, top: int, row: int) -> str:
    """Return a line of the terminal in its colours, weights and shades."""
    y = top + row * LINE + 6
    pieces = []
    for piece in line.divide([edge for span in line.spans for edge in (span.start, span.end)]):
        if not piece.plain:
            continue
        style = piece.get_style_at_offset(PLAIN, 0)
        number = style.color.number if style.color else None
        colour = COLOURS.get(number, PLAIN_COLOUR)
        kinds = [name for name in ("dim", "bold") if getattr(style, name)]
        shade = " ".join(kinds)
        pieces.append(f'<tspan fill="{colour}" class="{shade}">{escape(piece.plain)}</tspan>')
    return f'<text x="{MARGIN}" y="{y}">{"".join(pieces)}</text>' if pieces else ""


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
    watching()
    if sys.argv[1:] != ["watch"]:
        surprise()
