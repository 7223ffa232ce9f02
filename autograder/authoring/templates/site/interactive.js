/* Interactive figures of a site: what they share.

A figure is a script beside a picture of the same name. It calls `interactive(name, build)`, and
`build` gets a `Figure`: it adds native inputs with labels, and a function that paints the drawing
anew for each value and each width. What the function returns is said in words below the drawing,
and to readers of a screen. The picture stays for print, and where no script runs. */
"use strict";

const WIDEST = 700; // of a drawing, in pixels
const PAUSE = 200; // milliseconds without a change before the words are said

/** Make the figure of each place that shows the picture `name`. */
function interactive(name, build) {
  for (const place of document.querySelectorAll(`[data-figure="${name}"]`)) {
    const figure = new Figure(place);
    build(figure);
    figure.show();
  }
}
interactive.data = {}; // what scripts named `name.data.js` bring

/** One figure of a page: its inputs, its drawing, its words. */
class Figure {
  constructor(place) {
    this.place = place;
    this.still = part("div", "interactive-still");
    this.still.append(...place.querySelectorAll(":scope > :not(script)"));
    this.live = part("div", "interactive-live");
    this.inputs = part("div", "interactive-inputs");
    this.drawing = part("div", "interactive-drawing");
    this.words = part("p", "interactive-words");
    this.words.setAttribute("aria-live", "polite");
    this.words.id = `words-${place.dataset.figure}-${Figure.count++}`;
    this.live.append(this.inputs, this.drawing, this.words);
  }

  /** Add a slider. It has a `value`, a number; `show` turns the value into what is written. */
  slider({ label, min, max, step = 1, value, show = String }) {
    const input = part("input");
    Object.assign(input, { type: "range", min, max, step });
    input.value = value;
    const written = part("span", "interactive-value");
    written.setAttribute("aria-hidden", "true"); // the slider says it itself
    const write = () => {
      written.textContent = show(Number(input.value));
      input.setAttribute("aria-valuetext", written.textContent);
    };
    write();
    input.addEventListener("input", write);
    this.add(label, input, written);
    return { input, get value() { return Number(input.value); } };
  }

  /** Add a choice. options: pairs of a value and what is written; it has a `value`, a string. */
  choice({ label, options, value }) {
    const input = part("select");
    for (const [each, written] of options) {
      input.append(new Option(written, each, false, each === value));
    }
    this.add(label, input);
    return { input, get value() { return input.value; } };
  }

  /** Add a field for a longer text. It has a `value`, a string. */
  text({ label, value, longest }) {
    const input = part("textarea");
    Object.assign(input, { value, maxLength: longest, rows: 4, spellcheck: false });
    this.add(label, input);
    return { input, get value() { return input.value; } };
  }

  add(label, input, ...behind) {
    const row = part("div", `interactive-input is-${input.localName}`);
    const words = part("label");
    words.textContent = label;
    input.id = `input-${this.words.id}-${this.inputs.childElementCount}`;
    words.htmlFor = input.id;
    row.append(words, input, ...behind);
    this.inputs.append(row);
    input.addEventListener("input", () => this.paint());
  }

  /** Say how the figure is painted.

  title: what the drawing is, in words. paint: a function (picture) → words, called for each change;
  it draws with the methods of `Picture`, within `picture.width`, and sets `picture.height`. */
  draw(title, paint) {
    this.painted = () => {
      const picture = new Picture(Math.min(this.width, WIDEST));
      const words = paint(picture);
      const svg = picture.finished(title);
      svg.setAttribute("aria-describedby", this.words.id);
      this.drawing.replaceChildren(svg);
      return words;
    };
  }

  /** Say how a figure is made of elements of HTML: a function (place) → words. */
  write(paint) {
    this.painted = () => paint(this.drawing);
  }

  show() {
    this.place.append(this.still, this.live);
    this.place.classList.add("is-live");
    this.width = this.drawing.clientWidth;
    this.words.textContent = this.painted();
    new ResizeObserver(() => {
      const { clientWidth } = this.drawing;
      if (clientWidth === 0 || clientWidth === this.width) return; // 0 where it is printed
      this.width = clientWidth;
      this.paint();
    }).observe(this.drawing);
  }

  paint() {
    const words = this.painted();
    clearTimeout(this.pause);
    this.pause = setTimeout(() => { this.words.textContent = words; }, PAUSE);
  }
}
Figure.count = 0;

/** A drawing in the making, in pixels. Colours are names: ink muted green orange blue purple red. */
class Picture {
  constructor(width) {
    this.width = width;
    this.height = 0;
    this.svg = shape("svg", { role: "img" });
  }

  /** Write a line of words around a point. name: by which a test finds it. */
  text(x, y, words, { colour = "ink", size = 13, anchor = "middle", bold = false, name } = {}) {
    const made = shape("text", { x, y, "font-size": size, "text-anchor": anchor });
    made.setAttribute("dominant-baseline", "central");
    made.textContent = words;
    made.style.fill = colourOf(colour);
    if (bold) made.style.fontWeight = 600;
    if (name) made.dataset.name = name;
    this.svg.append(made);
  }

  /** Draw a box around a point. shade: the colour that it is filled with, thinly. */
  box(x, y, width, height, { colour = "ink", shade, round = 5, thin = false } = {}) {
    const frame = { x: x - width / 2, y: y - height / 2, width, height, rx: round };
    this.closed("rect", frame, { colour, shade, thin });
  }

  /** Draw a circle around a point. */
  circle(x, y, radius, { colour = "ink", shade, thin = false } = {}) {
    this.closed("circle", { cx: x, cy: y, r: radius }, { colour, shade, thin });
  }

  /** Draw a triangle around a point, its tip up. */
  triangle(x, y, radius, { colour = "ink", shade } = {}) {
    const corners = [[0, -1.2], [1.25, 0.9], [-1.25, 0.9]];
    const points = corners.map(([a, b]) => [x + a * radius, y + b * radius]);
    this.closed("polygon", { points: points.join(" ") }, { colour, shade });
  }

  closed(kind, frame, { colour, shade, thin }) {
    const ground = shape(kind, frame);
    ground.style.fill = colourOf("ground");
    ground.style.stroke = colourOf(colour);
    ground.style.strokeWidth = thin ? 1 : 1.6;
    this.svg.append(ground);
    if (!shade) return;
    const above = shape(kind, frame);
    above.style.fill = colourOf(shade);
    above.style.opacity = 0.22;
    this.svg.append(above);
  }

  /** Draw a filled bar without a frame. */
  bar(x, y, width, height, colour) {
    const made = shape("rect", { x, y, width, height, rx: 1.5 });
    made.style.fill = colourOf(colour);
    this.svg.append(made);
  }

  /** Draw a line through points. */
  line(points, { colour = "ink", dashed = false, thick = 1.6 } = {}) {
    const made = shape("polyline", { points: points.join(" ") });
    made.style.fill = "none";
    made.style.stroke = colourOf(colour);
    made.style.strokeWidth = thick;
    if (dashed) made.style.strokeDasharray = "5 4";
    this.svg.append(made);
  }

  /** Draw an arrow through points that ends `gap` before the last and begins so after the first. */
  arrow(points, { colour = "ink", dashed = false, thick = 1.8, gap = 0 } = {}) {
    const through = [...points];
    const end = through.length - 1;
    through[0] = towards(points[0], points[1], gap);
    const tip = towards(points[end], points[end - 1], gap);
    const base = towards(tip, points[end - 1], 8);
    through[end] = base;
    this.line(through, { colour, dashed, thick });
    const side = [(tip[1] - base[1]) * 0.55, (base[0] - tip[0]) * 0.55];
    const left = [base[0] + side[0], base[1] + side[1]];
    const right = [base[0] - side[0], base[1] - side[1]];
    const head = shape("polygon", { points: [left, tip, right].join(" ") });
    head.style.fill = colourOf(colour);
    this.svg.append(head);
  }

  finished(title) {
    const { width, height } = this;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.setAttribute("width", width);
    this.svg.setAttribute("height", height);
    this.svg.setAttribute("aria-label", title);
    return this.svg;
  }
}

/** A number in few characters, with a minus sign of its own: 0.25, −1.5, 3e−7. */
function short(number, figures = 3) {
  if (number === 0) return "0";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : number < 0 ? "−∞" : "?";
  const size = Math.abs(number);
  const is_plain = size >= 0.001 && size < 10000;
  const written = is_plain ? String(Number(number.toPrecision(figures)))
    : number.toExponential(figures - 1).replace("e+", "e").replace(/\.?0+e/, "e");
  return written.replaceAll("-", "−");
}

function part(kind, name = "") {
  const made = document.createElement(kind);
  if (name) made.className = name;
  return made;
}

function shape(kind, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function colourOf(name) {
  return `var(--figure-${name})`;
}

/** The point `distance` from one point on the way to another. */
function towards(start, end, distance) {
  const across = end[0] - start[0];
  const down = end[1] - start[1];
  const share = distance / (Math.hypot(across, down) || 1);
  return [start[0] + share * across, start[1] + share * down];
}
