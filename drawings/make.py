"""Draws the pictures of the units as SVG: one style, light and dark, each with its text twin.

    python drawings/make.py             # writes drawings/*.svg

One idea to hold: a drawing is a list of SVG elements whose colours are names, and each name means
one colour on a light ground and another on a dark one. Squares are inputs, circles hidden states,
triangles outputs. Green arrows lead in, orange ones from one step to the next, blue ones out, and
red dashed ones carry gradients back. The text twin of a drawing is its `words`: they stand in the
SVG as its description, and in the unit as the alternative text of the picture.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from math import hypot, log10, tanh
from pathlib import Path

from surprise import load, surprise

FOLDER = Path(__file__).resolve().parent
# name → on a light ground, on a dark ground; each has a contrast of 4.5 or more to its ground
COLOURS = {
    "ground": ("#ffffff", "#1b1e23"),
    "ink": ("#1f2328", "#e6e9ee"),
    "muted": ("#5b6470", "#a5aeba"),
    "green": ("#1a7f37", "#56d364"),
    "orange": ("#b35900", "#ffa657"),
    "blue": ("#0b5cad", "#79c0ff"),
    "purple": ("#7a3fb0", "#d2a8ff"),
    "red": ("#c4222f", "#ff8a80"),
}
NODE = 19  # half of a node's width
FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif"
# from how many nats on a character has a shade, and which: a colour and its opacity
SHADES = {1: ("orange", 0.18), 2: ("orange", 0.4), 4: ("red", 0.45), 6: ("red", 0.45)}
LEVELS = ("below 1 nat", "1 to 2", "2 to 4", "4 to 6", "above 6")
Point = tuple[float, float]


@dataclass
class Drawing:
    """A picture in the making: its size in pixels, its title, its text twin, its elements."""

    title: str
    words: str
    width: int
    height: int
    elements: list[str] = field(default_factory=list)

    def text(
        self, at: Point, words: str, colour: str = "ink", size: int = 15, anchor: str = "middle"
    ) -> None:
        """Write a line whose middle is at a height of `at`, in a colour by its name."""
        x, y = at
        self.elements.append(
            f'<text x="{x:g}" y="{y:g}" class="fill-{colour}" font-size="{size}" '
            f'text-anchor="{anchor}" dominant-baseline="central">{escape(words)}</text>'
        )

    def node(self, kind: str, at: Point, label: str = "") -> None:
        """Draw an input (`square`), a hidden state (`circle`) or an output (`triangle`)."""
        x, y = at
        label_y = y
        if kind == "circle":
            shape = f'<circle cx="{x:g}" cy="{y:g}" r="{NODE}"'
        elif kind == "square":
            side = 2 * NODE
            shape = f'<rect x="{x - NODE:g}" y="{y - NODE:g}" width="{side}" height="{side}"'
        else:
            corners = corners_of([(x, y - 24), (x + 25, y + 18), (x - 25, y + 18)])
            shape = f'<polygon points="{corners}"'
            label_y = y + 4
        self.elements.append(f'{shape} class="node"/>')
        if label:
            self.text((x, label_y), label, size=13)

    def box(
        self, at: Point, size: Point, label: str = "", colour: str = "ink", shade: str = ""
    ) -> None:
        """Draw a box around a point, with a label, and shaded where a colour is named."""
        (x, y), (wide, high) = at, size
        frame = (
            f'x="{x - wide / 2:g}" y="{y - high / 2:g}" width="{wide:g}" height="{high:g}" rx="6"'
        )
        self.elements.append(f'<rect {frame} class="ground stroke-{colour}"/>')
        if shade:
            self.elements.append(f'<rect {frame} class="shade fill-{shade}"/>')
        if label:
            self.text(at, label)

    def surprising(self, at: Point, words: str, nats: float, wide: float = 12) -> None:
        """Write words on a shade that says how surprising they are."""
        x, y = at
        colour, opacity = "", 0.0
        for least, shade in SHADES.items():
            if nats >= least:
                colour, opacity = shade
        if colour:
            frame = f'x="{x - wide / 2:g}" y="{y - 14:g}" width="{wide:g}" height="28"'
            self.elements.append(f'<rect {frame} class="fill-{colour}" opacity="{opacity}"/>')
        is_most = nats >= max(SHADES)
        weight = ' font-weight="700" text-decoration="underline"' if is_most else ""
        size = 15 if len(words) == 1 else 13
        self.elements.append(
            f'<text x="{x:g}" y="{y:g}" class="fill-ink" font-size="{size}" '
            f'text-anchor="middle" dominant-baseline="central"{weight}>{escape(words)}</text>'
        )

    def bar(self, corner: Point, size: Point, colour: str) -> None:
        """Draw a filled bar, given its upper left corner."""
        (x, y), (wide, high) = corner, size
        frame = f'x="{x:g}" y="{y:.1f}" width="{wide:g}" height="{high:.1f}"'
        self.elements.append(f'<rect {frame} rx="1.5" class="fill-{colour}"/>')

    def line(self, points: Sequence[Point], colour: str, kind: str = "") -> None:
        """Draw a line through some points; `kind` may be `dashed` or `thin`."""
        corners = corners_of(points)
        self.elements.append(f'<polyline points="{corners}" class="line stroke-{colour} {kind}"/>')

    def arrow(
        self, points: Sequence[Point], colour: str, kind: str = "", gap: float = NODE + 5
    ) -> None:
        """Draw an arrow through some points that leaves a gap at its first and its last one."""
        first, second = points[:2]
        last_but_one, last = points[-2:]
        start = towards(first, second, gap)
        tip = towards(last, last_but_one, gap)
        end = towards(tip, last_but_one, 9)
        between = points[1:-1]
        self.line([start, *between, end], colour, kind)
        self.elements.append(f'<polygon points="{head(end, tip)}" class="fill-{colour}"/>')

    def svg(self) -> str:
        """Return the whole picture as the text of an SVG file."""
        light = ""
        dark = ""
        for name, (on_light, on_dark) in COLOURS.items():
            light += rules(name, on_light)
            dark += rules(name, on_dark)
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}" role="img" '
            f'aria-labelledby="title words" font-family="{FONT}">',
            f'<title id="title">{escape(self.title)}</title>',
            f'<desc id="words">{escape(self.words)}</desc>',
            "<style>",
            ".line{fill:none;stroke-width:2.5}.thin{stroke-width:1.2}"
            ".dashed{stroke-dasharray:6 5}.shade{opacity:.22}",
            f"{light}@media (prefers-color-scheme:dark){{{dark}}}",
            "</style>",
            f'<rect width="{self.width}" height="{self.height}" rx="8" class="ground"/>',
            *self.elements,
            "</svg>",
        ]
        return "\n".join(lines) + "\n"


def rules(name: str, colour: str) -> str:
    """Return what a colour's name means, as rules of a style sheet."""
    if name == "ground":
        return f".ground{{fill:{colour}}}.node{{fill:{colour};stroke-width:1.6}}"
    fill = f".fill-{name}{{fill:{colour}}}"
    stroke = f".stroke-{name}{{stroke:{colour};stroke-width:2}}"
    if name == "ink":
        return f"{fill}{stroke}.node{{stroke:{colour}}}"
    return fill + stroke


def corners_of(points: Sequence[Point]) -> str:
    """Write points as SVG does: `x,y x,y`."""
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def towards(start: Point, end: Point, distance: float) -> Point:
    """Return the point that lies `distance` from `start` on the way to `end`."""
    across = end[0] - start[0]
    down = end[1] - start[1]
    share = distance / hypot(across, down)
    return start[0] + share * across, start[1] + share * down


def head(base: Point, tip: Point) -> str:
    """Return the three corners of an arrow's head."""
    base_x, base_y = base
    across = tip[0] - base_x
    down = tip[1] - base_y
    side = 5.5 / hypot(across, down)
    left = (base_x - side * down, base_y + side * across)
    right = (base_x + side * down, base_y - side * across)
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in (left, tip, right))


# ---------------------------------------------------------------- unit 0


def teacher_student() -> Drawing:
    """Two networks: the first makes labels for the second."""
    d = Drawing(
        "Teacher and student",
        "Labelled images and their labels train the teacher. The teacher guesses pseudo-labels "
        "for the unlabelled images. Mixed batches hold labelled images with true labels and "
        "unlabelled images with pseudo-labels; they train the student, a fresh network.",
        712,
        262,
    )
    d.arrow([(180, 60), (250, 60)], "green", gap=3)
    d.text((214, 42), "train", "green", 14)
    d.arrow([(100, 178), (100, 120), (315, 120), (315, 82)], "orange", gap=3)
    d.text((207, 106), "images", "orange", 14)
    d.arrow([(380, 60), (420, 60)], "orange", gap=3)
    d.text((400, 26), "guess", "orange", 14)
    d.arrow([(492, 82), (492, 178)], "blue", gap=3)
    d.text((504, 130), "mix", "blue", 14, "start")
    d.arrow([(180, 200), (420, 200)], "blue", gap=3)
    d.arrow([(26, 60), (12, 60), (12, 244), (492, 244), (492, 222)], "blue", gap=3)
    d.arrow([(564, 200), (610, 200)], "green", gap=3)
    d.text((586, 182), "train", "green", 14)
    d.box((103, 60), (150, 44), "labelled images")
    d.box((103, 200), (150, 44), "unlabelled images")
    d.box((315, 60), (130, 44), "teacher", shade="green")
    d.box((492, 60), (144, 44), "pseudo-labels")
    d.box((492, 200), (144, 44), "mixed batches")
    d.box((655, 200), (90, 44), "student", shade="green")
    return d


# ---------------------------------------------------------------- unit 1


def lookup() -> Drawing:
    """Ids select rows of a table; one id twice selects one row twice."""
    d = Drawing(
        "An embedding is a lookup",
        "A table has a row of numbers for each id, from 0 for none to 4. The words the, goes, "
        "the have the ids 1, 3, 1. Each id selects its row of the table, so that the result has"
        " three rows: row 1, row 3, and row 1 again. Dashed arrows carry gradients back: each row "
        "that was looked up sends its own to the row of the table that it came from, so row 1 gets "
        "two.",
        640,
        260,
    )
    rows = ("none", "the", "rain", "goes", "down")
    shades = {1: "green", 3: "orange"}
    d.text((270, 24), "the table", "muted")
    d.text((40, 24), "ids", "muted")
    d.text((540, 24), "the rows looked up", "muted")
    for i, word in enumerate(rows):
        y = 60 + 40 * i
        d.text((205, y), f"{word}  {i}", anchor="end", size=14)
        for column in range(4):
            d.box((232 + 27 * column, y), (24, 28), shade=shades.get(i, ""))
    for line, (word, i) in enumerate((("the", 1), ("goes", 3), ("the", 1))):
        y = 80 + 60 * line
        d.text((40, y), f"{word}  {i}", size=15)
        at = 60 + 40 * i
        d.arrow([(70, y), (155, at)], shades[i], gap=2)
        d.arrow([(330, at - 5), (482, y - 5)], shades[i], gap=2)
        d.arrow([(484, y + 9), (334, at + 7)], "red", "dashed", gap=2)
        for column in range(4):
            d.box((500 + 27 * column, y), (24, 28), shade=shades[i])
    return d


# ---------------------------------------------------------------- unit 2


def unrolled(d: Drawing, left: float, top: float, step: float, steps: int, out: bool) -> None:
    """Draw a network that reads at every step; with an output at every step or only at the last."""
    output_y = top
    hidden_y = top + 90
    input_y = top + 180
    for t in range(steps):
        x = left + step * t
        d.arrow([(x, input_y), (x, hidden_y)], "green")
        if t > 0:
            d.arrow([(x - step, hidden_y), (x, hidden_y)], "orange")
        is_last = t == steps - 1
        if out or is_last:
            d.arrow([(x, hidden_y), (x, output_y)], "blue", gap=NODE + 4)
            label = f"y[{t}]" if out else "y"
            d.node("triangle", (x, output_y - 6), label)
        d.node("square", (x, input_y), f"x[{t}]")
        d.node("circle", (x, hidden_y), "h")


def three_characters() -> Drawing:
    """The network of three characters, an arrow for each use, and an arrow for each layer."""
    d = Drawing(
        "A network of three characters, unrolled and recurrent",
        "On the left three inputs x[0], x[1], x[2], each with a green arrow, the layer input, "
        "into a hidden state h above it. An orange arrow, the layer hidden, leads from the "
        "first state to the second, and one from the second to the third. A blue arrow, the "
        "layer output, leads from the third state to the prediction y. On the right the same "
        "network with one arrow for each layer: input from x[t] to h, hidden from h back to "
        "itself at every step, output from h to y.",
        690,
        300,
    )
    d.text((190, 22), "unrolled: an arrow for each use", "muted")
    d.text((530, 22), "recurrent: an arrow for each layer", "muted")
    unrolled(d, 80, 70, 120, 3, out=False)
    d.text((70, 205), "input", "green", 14, "end")
    d.text((140, 146), "hidden", "orange", 14)
    d.text((308, 118), "output", "blue", 14, "end")
    d.arrow([(480, 250), (480, 160)], "green")
    d.arrow([(480, 160), (480, 70)], "blue", gap=NODE + 4)
    d.elements.append('<path d="M497,149 C590,95 590,225 505,174" class="line stroke-orange"/>')
    d.elements.append(f'<polygon points="{head((506, 175), (498, 169))}" class="fill-orange"/>')
    d.text((580, 152), "hidden, at", "orange", 14, "start")
    d.text((580, 170), "every step", "orange", 14, "start")
    d.text((470, 205), "input", "green", 14, "end")
    d.text((470, 118), "output", "blue", 14, "end")
    d.node("square", (480, 250), "x[t]")
    d.node("circle", (480, 160), "h")
    d.node("triangle", (480, 64), "y")
    return d


def kinds_of_task() -> Drawing:
    """Four ways in which steps can read and answer."""
    d = Drawing(
        "Four kinds of task for one step",
        "Four networks of four steps, whose states follow one another. Many to one, a review to"
        " liked or not: every step reads, the last one answers. One to many, a picture to a "
        "caption: the first step reads, every step answers. Many, then many, a sentence to its "
        "translation: the first two steps read, the last two answer. Many to many, a character "
        "to the next one: every step reads and every step answers.",
        680,
        480,
    )
    kinds = (
        ("many to one", "a review → liked or not", range(4), (3,)),
        ("one to many", "a picture → a caption", (0,), range(4)),
        ("many, then many", "a sentence → its translation", (0, 1), (2, 3)),
        ("many to many", "a character → the next one", range(4), range(4)),
    )
    for number, (title, use, read_at, answer_at) in enumerate(kinds):
        left, top = 55 + 345 * (number % 2), 75 + 240 * (number // 2)
        d.text((left + 114, top - 55), title)
        d.text((left + 114, top - 37), use, "muted", 13)
        for t in range(4):
            x = left + 76 * t
            if t:
                d.arrow([(x - 76, top + 75), (x, top + 75)], "orange")
            if t in read_at:
                d.arrow([(x, top + 145), (x, top + 75)], "green")
                d.node("square", (x, top + 145))
            if t in answer_at:
                d.arrow([(x, top + 75), (x, top + 6)], "blue", gap=NODE + 4)
                d.node("triangle", (x, top))
            d.node("circle", (x, top + 75))
    return d


def every_step() -> Drawing:
    """An output at every step, by one layer."""
    d = Drawing(
        "An output at every step",
        "Four steps. Each reads its character x[t] through the layer input (green), takes over "
        "the state before it through the layer hidden (orange), and predicts y[t] through the "
        "layer output (blue). The four blue arrows are one layer, applied at every step. The "
        "first state is zeros, and it too goes through hidden.",
        600,
        300,
    )
    d.text((36, 160), "zeros", "muted", 14)
    d.arrow([(44, 160), (150, 160)], "orange")
    unrolled(d, 150, 70, 120, 4, out=True)
    d.text((165, 118), "output", "blue", 14, "start")
    d.text((210, 146), "hidden", "orange", 14)
    d.text((165, 205), "input", "green", 14, "start")
    return d


# ---------------------------------------------------------------- unit 3


def parallel_scan() -> Drawing:
    """Eight elements, three rounds, and which elements each place has combined."""
    d = Drawing(
        "A parallel scan of eight elements in three rounds",
        "Eight places in a row, 0 to 7. In the first round each place but the first puts its left "
        "neighbour before itself: place 7 then stands for 6 to 7. In the second round each puts "
        "the place two to its left before itself: place 7 stands for 4 to 7. In the third, the "
        "place four to its left: place 7 stands for 0 to 7, and every place t for 0 to t.",
        680,
        310,
    )
    colours = ("green", "orange", "blue")
    for row, distance in enumerate((1, 2, 4)):
        y = 35 + 80 * row
        d.text((96, y + 40), f"distance {distance}", colours[row], 13, "end")
        for place in range(8):
            x = 140 + 70 * place
            d.line([(x, y), (x, y + 80)], "muted", "thin")
            if place >= distance:
                d.arrow([(x - 70 * distance, y + 14), (x - 8, y + 66)], colours[row], gap=1)
    for row in range(4):
        for place in range(8):
            first = max(0, place - 2**row + 1)
            label = str(place) if first == place else f"{first}‥{place}"
            d.box((140 + 70 * place, 35 + 80 * row), (48, 28), label)
    return d


def recurrence_backward() -> Drawing:
    """Three steps of a linear recurrence, and below them the recurrence of its gradients."""
    d = Drawing(
        "A linear recurrence, and below it that of its gradients",
        "Two rows. Above, from left to right, the states: h start, h1, h2, h3. Arrows lead from "
        "each to the next, times a1, a2, a3, and b1, b2, b3 come in from above. Below, from right "
        "to left, the gradients: g3, g2, g1, dh start. Arrows lead from each to the next, times "
        "a3, a2, a1, and dh3, dh2, dh1 come in from below. Each arrow below stands under an "
        "arrow above with the same factor.",
        640,
        330,
    )
    xs = [80, 240, 400, 560]
    for t, x in enumerate(xs):
        at_start = t == 0
        d.node("circle", (x, 110), "h" if at_start else f"h{t}")
        d.node("circle", (x, 210), "dh" if at_start else f"g{t}")
        if at_start:
            d.text((x, 78), "start", "muted", 13)
            d.text((x, 242), "start", "muted", 13)
            continue
        before = xs[t - 1]
        middle = (before + x) / 2
        d.arrow([(before, 110), (x, 110)], "orange")
        d.text((middle, 94), f"× a{t}", "orange", 14)
        d.arrow([(x, 20), (x, 110)], "green", gap=NODE + 3)
        d.text((x, 28), f"b{t}", "green", 14)
        d.arrow([(x, 210), (before, 210)], "red", "dashed")
        d.text((middle, 226), f"× a{t}", "red", 14)
        d.arrow([(x, 304), (x, 210)], "red", "dashed", gap=NODE + 3)
        d.text((x, 300), f"dh{t}", "red", 14)
    return d


# ---------------------------------------------------------------- unit 4


def through_time(d: Drawing, back: bool) -> None:
    """Draw three steps with their weights; where `back` is set, with the gradients too."""
    aside = 7 if back else 0  # what goes forward makes room for what comes back
    d.node("circle", (70, 165), "h[0]")
    before = 70
    for t in range(3):
        x = 220 + 180 * t
        middle = (before + x) / 2
        wire = 165 - aside
        d.arrow([(before, wire), (x, wire)], "orange")
        d.text((middle, 150 - aside), "Wh", "orange", 14)
        d.arrow([(x, 265), (x, 165)], "green")
        d.text((x - 12, 222), "Wx", "green", 14, "end")
        out = x - aside
        d.arrow([(out, 165), (out, 30)], "blue", gap=NODE + 7)
        d.text((out - 11, 108), "Wy", "blue", 14, "end")
        if back:
            d.arrow([(x, 172), (before, 172)], "red", "dashed")
            d.text((middle, 190), "dnext", "red", 13)
            d.arrow([(x + 9, 30), (x + 9, 165)], "red", "dashed", gap=NODE + 8)
            d.text((x + 18, 108), f"dlogits[{t}]", "red", 13, "start")
        d.node("circle", (x, 165), f"h[{t + 1}]")
        d.node("square", (x, 265), f"x[{t}]")
        d.text((x, 34), f"logits[{t}]", size=14)
        before = x


def forward() -> Drawing:
    """Three steps, each with the state before it and after it."""
    d = Drawing(
        "Forward through time",
        "Three steps. Each step reads x[t] through Wx and the state before it through Wh, and "
        "gives the state h[t + 1], from which Wy makes logits[t]. So there is one state more "
        "than there are steps: h[0] is the start.",
        680,
        310,
    )
    through_time(d, back=False)
    return d


def backward() -> Drawing:
    """Three steps forward, and the way of the gradients back."""
    d = Drawing(
        "Backward through time",
        "The three steps of the picture in section 5, with gradients dashed. dlogits[t] comes "
        "down through Wy into the state h[t + 1]. There it meets dnext, which comes back from "
        "the step after it through Wh. Both add. The sum, times relu's derivative, goes on to "
        "the left through Wh as the dnext of the step before, and at the end into the start "
        "h[0].",
        680,
        310,
    )
    through_time(d, back=True)
    return d


def gradient_in_numbers() -> Drawing:
    """One unit of relu through ten steps: its states, and the gradients on the way back."""
    d = Drawing(
        "A gradient through ten steps, in numbers",
        "One hidden unit through ten steps, with relu, the weight 0.7 and the input 0.1. Its "
        "states go from h[0] = 1 down to h[10] = 0.35. Below each stands the gradient of h[10] "
        "with respect to it, from the right to the left: 1, 0.7, 0.49 and so on. Each is 0.7 "
        "times the one to its right, and the one of h[0] is 0.028.",
        700,
        300,
    )
    w, x = 0.7, 0.1
    states = [1.0]
    for _ in range(10):
        z = w * states[-1] + x
        states.append(max(z, 0.0))
    d.text((8, 16), "forward: the states h", "orange", 14, "start")
    d.text(
        (8, 120),
        "backward: the gradients dh of h[10], on a scale of powers of ten",
        "red",
        14,
        "start",
    )
    for t, state in enumerate(states):
        across = 35 + 63 * t
        gradient = w ** (10 - t)
        height = 96 * (log10(gradient) + 3) / 5
        if t:
            d.arrow([(across - 63, 58), (across, 58)], "orange", gap=22)
            d.arrow([(across, 278), (across - 63, 278)], "red", "dashed", gap=22)
        d.node("circle", (across, 58))
        d.text((across, 58), f"{state:.2g}", size=12)
        d.text((across, 91), f"h[{t}]", "muted", 12)
        d.bar((across - 10, 256 - height), (20, height), "blue" if gradient < 0.5 else "green")
        d.text((across, 246 - height), f"{gradient:.2g}", size=12)
        d.text((across, 278), f"dh[{t}]", "muted", 12)
    d.line([(4, 256), (696, 256)], "muted", "thin")
    return d


# ---------------------------------------------------------------- unit 5


def gate(d: Drawing, at: Point, sign: str) -> None:
    """Draw a small circle in which two things are multiplied or added."""
    d.elements.append(f'<circle cx="{at[0]:g}" cy="{at[1]:g}" r="13" class="node"/>')
    d.text(at, sign, size=17)


def three_thoughts() -> Drawing:
    """Only add; forget; choose."""
    d = Drawing(
        "Three thoughts that lead to an LSTM",
        "Three lines, each from an old cell state c to a new one, c'. First, only add: what is "
        "new, u, is added to c. Second, forget: c is multiplied by σ(f) before u is added. Third, "
        "choose: what is new is multiplied by σ(i) before it is added, and c' goes through tanh "
        "and is multiplied by σ(o) before others see it as h'.",
        660,
        355,
    )
    for row, title in enumerate(("1. only add", "2. forget", "3. choose")):
        y = 45 + 95 * row
        d.text((20, y), title, "muted", 15, "start")
        d.text((150, y), "c")
        d.arrow([(150, y), (330, y)], "orange", gap=15)
        d.arrow([(330, y), (480, y)], "orange", gap=15)
        d.text((482, y), "c'")
        if row:
            d.arrow([(230, y + 44), (230, y)], "purple", gap=14)
            d.text((230, y + 44), "σ(f)", "purple")
            gate(d, (230, y), "×")
        if row < 2:
            d.arrow([(330, y + 46), (330, y)], "green", gap=14)
            d.text((330, y + 46), "u", "green")
        gate(d, (330, y), "+")
    # the third line goes on below, and to what others see
    d.arrow([(330, 285), (330, y)], "green", gap=14)
    d.arrow([(330, 335), (330, 285)], "green", gap=14)
    d.text((330, 336), "tanh(g)", "green")
    d.arrow([(275, 285), (330, 285)], "purple", gap=14)
    d.text((275, 285), "σ(i)", "purple")
    gate(d, (330, 285), "×")
    d.line([(410, y), (410, 285), (470, 285)], "blue")
    d.arrow([(470, 285), (575, 285)], "blue", gap=14)
    d.box((470, 285), (52, 26), "tanh", "blue")
    d.arrow([(575, y), (575, 285)], "purple", gap=14)
    d.text((575, y), "σ(o)", "purple")
    d.arrow([(575, 285), (636, 285)], "blue", gap=14)
    gate(d, (575, 285), "×")
    d.text((640, 285), "h'")
    return d


def lstm_cell() -> Drawing:
    """The cell of today: four blocks computed from x and h, and where each acts."""
    d = Drawing(
        "An LSTM cell",
        "From x and h comes z, which is taken apart into four blocks: i, f, g and o. The old "
        "cell state c comes in on the left and is multiplied by σ(f). To that is added σ(i) "
        "times tanh(g). The sum is the new cell state c', which leaves on the right. A copy of "
        "it goes through tanh and is multiplied by σ(o): that is the new hidden state h'.",
        680,
        320,
    )
    top, low, wire = 50, 185, 265
    d.arrow([(30, top), (170, top)], "orange", gap=14)
    d.arrow([(170, top), (330, top)], "orange", gap=14)
    d.arrow([(330, top), (650, top)], "orange", gap=14)
    d.text((24, top), "c")
    d.text((656, top), "c'")
    d.arrow([(40, wire), (75, wire)], "green", gap=2)
    d.text((20, wire), "x, h")
    d.line([(95, wire), (500, wire)], "green")
    d.box((95, wire), (40, 30), "z", "green")
    blocks = ((170, "σ(f)"), (270, "σ(i)"), (390, "tanh(g)"), (500, "σ(o)"))
    for x, label in blocks:
        d.arrow([(x, wire), (x, low + 16)], "green", gap=1)
        d.box((x, low), (74, 32), label, "purple" if "σ" in label else "green")
    d.arrow([(170, low), (170, top)], "purple", gap=15)
    d.arrow([(270, low), (270, 115), (330, 115)], "purple", gap=16)
    d.arrow([(390, low), (390, 115), (330, 115)], "green", gap=16)
    d.arrow([(330, 115), (330, top)], "green", gap=14)
    d.line([(580, top), (580, 80)], "blue")
    d.arrow([(580, 80), (580, 145)], "blue", gap=0)
    d.box((580, 95), (56, 28), "tanh", "blue")
    d.arrow([(500, 183), (500, 158), (580, 158)], "purple", gap=14)
    d.arrow([(580, 158), (650, 158)], "blue", gap=14)
    d.text((656, 158), "h'")
    gate(d, (170, top), "×")
    gate(d, (330, top), "+")
    gate(d, (330, 115), "×")
    gate(d, (580, 158), "×")
    return d


def streams() -> Drawing:
    """Three streams of text side by side, cut across into batches that continue."""
    d = Drawing(
        "Batches that continue",
        "A text cut into three long streams, one below the other. Two cuts go across all "
        "streams, every T characters, and make batches 0, 1 and 2. Stream 0 reads 'the text "
        "begi', 'ns here and g', 'oes on'. Stream 1 reads 'in the middle', ' of the book ', "
        "'there is'. Stream 2 reads 'last part, wh', 'ich ends when', ' the text'. What column "
        "i of a batch reads is followed by what column i of the next one reads, and the state "
        "goes along.",
        680,
        230,
    )
    pieces = (
        ("the text begi", "ns here and g", "oes on …"),
        ("in the middle", " of the book ", "there is …"),
        ("last part, wh", "ich ends when", " the text …"),
    )
    for batch in range(3):
        x = 190 + 185 * batch
        d.text((x, 24), f"batch {batch}", "muted")
        if batch:
            d.line([(x - 92, 38), (x - 92, 215)], "red", "dashed")
    for stream, line in enumerate(pieces):
        y = 68 + 58 * stream
        d.text((14, y), f"stream {stream}", "muted", 14, "start")
        for batch, piece in enumerate(line):
            x = 190 + 185 * batch
            d.box((x, y), (150, 36), piece.replace(" ", "␣"))
            if batch:
                d.arrow([(x - 108, y), (x - 77, y)], "orange", gap=1)
    return d


def truncated() -> Drawing:
    """The state goes on from window to window; gradients end at the cut."""
    d = Drawing(
        "Truncated back-propagation through time",
        "Three batches of three steps each, in a row of nine states. Orange arrows carry the "
        "state from each step to the next, also from one batch into the following. Red dashed "
        "arrows carry gradients back from each step to the one before, but not across the two "
        "cuts between batches: there the state is detached.",
        700,
        210,
    )
    for step in range(9):
        batch, t = divmod(step, 3)
        x = 45 + 71 * step + 18 * batch
        before = x - 71 - (18 if t == 0 else 0)
        if step:
            d.arrow([(before, 103), (x, 103)], "orange", gap=NODE + 3)
        if t:
            d.arrow([(x, 117), (before, 117)], "red", "dashed", gap=NODE + 3)
        if step and not t:
            middle = (before + x) / 2
            d.line([(middle, 45), (middle, 178)], "ink", "dashed")
            d.text((middle, 192), "detached", size=14)
        d.node("circle", (x, 110), "h")
        if t == 1:
            d.text((x, 30), f"batch {batch}", "muted")
            d.text((x, 66), "the state goes on", "orange", 13)
            d.text((x, 152), "gradients come back", "red", 13)
    return d


def stacked() -> Drawing:
    """Two recurrent layers, one on top of the other."""
    d = Drawing(
        "Two recurrent layers and an output at every step",
        "Four steps. A green arrow leads from each input x[t] up into the first layer's state. "
        "From there an orange arrow leads on in time, and a purple one up into the second "
        "layer's state. From that an orange arrow leads on in time too, and a blue one up into "
        "the logits of its step. All arrows of a row and a colour are one layer, used at every "
        "step.",
        620,
        390,
    )
    rows = (("x[t]", 345), ("first layer", 250), ("second layer", 155), ("logits[t]", 55))
    for name, y in rows:
        d.text((120, y), name, "muted", 15, "end")
    for t in range(4):
        x = 190 + 120 * t
        for (_, start), (_, end), colour in zip(
            rows[:-1], rows[1:], ("green", "purple", "blue"), strict=True
        ):
            d.arrow([(x, start), (x, end)], colour)
        for y in (250, 155):
            if t:
                d.arrow([(x - 120, y), (x, y)], "orange")
            d.node("circle", (x, y), "h")
        d.node("square", (x, 345))
        d.node("triangle", (x, 50))
    return d


def gates_over_time() -> Drawing:
    """A unit of an LSTM with an open forget gate: its cell state, and the gradient back."""
    d = Drawing(
        "The gradient of a cell state, with an open forget gate",
        "Two rows of bars for the steps 0 to 20 of one LSTM unit whose forget gate σ(f) is "
        "0.95. Above, the cell state: it begins with 1 and falls slowly to 0.55. Below, the "
        "gradient of the last cell state with respect to each, on a scale of powers of ten from "
        "0.01 to 1: 1 at the last step, 0.48 at the first. A dashed line shows the same for a "
        "plain unit with tanh and the weight 1, and is at 0.016 at the first step.",
        700,
        320,
    )
    cell, gradients, plain = through_gates(0.95, 0.05, 0.5)
    d.text((4, 12), "cell state c", "orange", 14, "start")
    d.text(
        (4, 142), "gradient of c[20]: of an LSTM unit with σ(f) = 0.95, bars", "blue", 14, "start"
    )
    d.text((696, 142), "of a plain unit, h' = tanh(h), dashed", "red", 14, "end")
    for value in (0, 0.5, 1):
        y = 108 - 80 * value
        d.line([(40, y), (696, y)], "muted", "thin")
        d.text((34, y), f"{value:g}", "muted", 11, "end")
    for value in (1, 0.1, 0.01):
        y = height_of(value)
        d.line([(40, y), (696, y)], "muted", "thin")
        d.text((34, y), f"{value:g}", "muted", 11, "end")
    xs = [56 + 31 * t for t in range(21)]
    for t, x in enumerate(xs):
        d.bar((x - 9, 108 - 80 * cell[t]), (18, 80 * cell[t]), "orange")
        y = height_of(gradients[t])
        d.bar((x - 9, y), (18, 284 - y), "blue")
        if t % 5 == 0:
            d.text((x, 300), str(t), "muted", 12)
    d.line([(x, height_of(value)) for x, value in zip(xs, plain, strict=True)], "red", "dashed")
    return d


def height_of(gradient: float) -> float:
    """Return the height of a gradient on a scale of powers of ten, from 0.01 to 1."""
    return 284 - 110 * (log10(gradient) + 2) / 2


def through_gates(f: float, i: float, o: float) -> tuple[list[float], list[float], list[float]]:
    """Run a unit of an LSTM whose gates are constant, and a plain unit, through twenty steps.

    Both begin with 1 and read nothing. Returns the cell states, the gradient of the
    last one with respect to each, and the same gradients of the plain unit's states.
    """
    cell, new, state = [1.0], [0.0], [1.0]
    for _ in range(20):
        new.append(tanh(o * tanh(cell[-1])))
        cell.append(f * cell[-1] + i * new[-1])
        state.append(tanh(state[-1]))
    gradients, plain = [1.0], [1.0]
    for t in range(20, 0, -1):
        through_state = o * (1 - tanh(cell[t - 1]) ** 2)
        gradients.insert(0, gradients[0] * (f + i * (1 - new[t] ** 2) * through_state))
        plain.insert(0, plain[0] * (1 - state[t] ** 2))
    return cell, gradients, plain


def surprise_map() -> Drawing:
    """Two sentences and German between them, each character shaded by its surprise."""
    text = (
        "It is a truth which the philosophers of all ages have believed. Habe nun, ach! "
        "Philosophie studiert. It may be that the love of truth is only a habit."
    )
    d = Drawing(
        "What surprises a small network",
        "Two English sentences with a German one between them, in three lines; a shade behind each "
        "character says how surprising it is to a small network that has read English books. Most "
        "characters of the English sentences have none: mainly first letters of words do. In the "
        "German sentence most are shaded, many of them darkly.",
        700,
        178,
    )
    nats = surprise(load(), text)
    for place, letter in enumerate(text):
        row, column = divmod(place, 54)
        x, y = 26 + 12 * column, 34 + 36 * row
        d.surprising((x, y), letter, nats[place])
    x = 26.0
    for words, least in zip(LEVELS, (0, 1, 2, 4, 6), strict=True):
        d.surprising((x + 50, 150), words, least, 100)
        x += 134
    return d


# ---------------------------------------------------------------- unit 6


def chunks() -> Drawing:
    """Which steps a step reads one by one, and which through the state."""
    d = Drawing(
        "Linear attention in chunks",
        "A square of twelve rows, the steps that read, and twelve columns, the steps that are "
        "read, cut into chunks of four. Along the diagonal lie three small triangles: within its "
        "chunk a step reads each step up to itself one by one. All that lies to the left of the "
        "second and of the third triangle is one box each, marked S: what came before the chunk "
        "is read from the state. Above the diagonal, in the future, is nothing.",
        640,
        330,
    )
    left, top, cell = 130, 62, 20
    d.text((left + 120, 18), "the steps s that are read", "muted", 14)
    for chunk in range(3):
        start = 4 * cell * chunk
        name = f"{4 * chunk} to {4 * chunk + 3}"
        d.text((left + start + 40, 44), name, "muted", 13)
        d.text((left - 12, top + start + 40), f"t = {name}", "muted", 13, "end")
        if chunk:
            at = (left + start / 2, top + start + 40)
            d.box(at, (start - 4, 4 * cell - 4), "S", "orange", "orange")
        for t in range(4):
            for s in range(t + 1):
                at = (left + start + cell * s + 10, top + start + cell * t + 10)
                d.box(at, (cell - 3, cell - 3), colour="green", shade="green")
    legend = (
        ("green", "within the chunk:", "each step by itself, masked"),
        ("orange", "before the chunk:", "all of it in the state S"),
    )
    for place, (colour, where, how) in enumerate(legend):
        y = 110 + 80 * place
        d.box((420, y), (cell - 3, cell - 3), colour=colour, shade=colour)
        d.text((440, y - 9), where, colour, 14, "start")
        d.text((440, y + 11), how, "ink", 14, "start")
    return d


DRAWINGS: tuple[Callable[[], Drawing], ...] = (
    teacher_student,
    lookup,
    three_characters,
    kinds_of_task,
    every_step,
    parallel_scan,
    recurrence_backward,
    forward,
    backward,
    gradient_in_numbers,
    three_thoughts,
    lstm_cell,
    streams,
    truncated,
    stacked,
    gates_over_time,
    surprise_map,
    chunks,
)


def main() -> None:
    """Write every drawing beside this file."""
    for draw in DRAWINGS:
        (FOLDER / f"{draw.__name__}.svg").write_text(draw().svg(), encoding="utf-8")


if __name__ == "__main__":
    main()
