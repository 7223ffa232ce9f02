/* One LSTM unit through twenty steps, its gates set by sliders, and the gradient on its way back.

c[t] = f · c[t − 1] + i · tanh(h[t − 1]) and h[t] = o · tanh(c[t]), from c[0] = 1 and without inputs,
where f, i and o are what the sigmoid gives: the text's σ(f), σ(i) and σ(o).
Beside it a plain unit, h[t] = tanh(h[t − 1]), from h[0] = 1. */
"use strict";
{
  const T = 20;
  const LEAST = -4; // the power of ten at which a bar of a gradient begins; the scale ends at 10

  interactive("gates_over_time", (figure) => {
    const gate = (label, value) => figure.slider({
      label, min: 0, max: 1, step: 0.01, value, show: (number) => number.toFixed(2),
    });
    const forget = gate("forget gate σ(f)", 0.95);
    const input = gate("input gate σ(i)", 0.05);
    const output = gate("output gate σ(o)", 0.5);
    const closed = figure.slider({
      label: "σ(f) is 0 at step", min: 0, max: T, value: 0, show: (t) => (t === 0 ? "none" : `${t}`),
    });
    figure.draw("The cell state and its gradient through twenty steps", (picture) => {
      const f = Array(T + 1).fill(forget.value);
      if (closed.value > 0) f[closed.value] = 0;
      const lstm = run(f, input.value, output.value);
      const plain = runPlain();
      draw(picture, lstm, plain, closed.value);
      return inWords(lstm, plain);
    });
  });

  /** Return the cell states, and the gradient of the last one with respect to each. */
  function run(f, i, o) {
    const c = [1];
    const g = [0];
    for (let t = 1; t <= T; t++) {
      g.push(Math.tanh(o * Math.tanh(c[t - 1])));
      c.push(f[t] * c[t - 1] + i * g[t]);
    }
    const dc = Array(T + 1).fill(1);
    for (let t = T; t > 0; t--) {
      const throughState = o * (1 - Math.tanh(c[t - 1]) ** 2);
      dc[t - 1] = dc[t] * (f[t] + i * (1 - g[t] ** 2) * throughState);
    }
    return { c, dc };
  }

  function runPlain() {
    const h = [1];
    for (let t = 1; t <= T; t++) h.push(Math.tanh(h[t - 1]));
    const dh = Array(T + 1).fill(1);
    for (let t = T; t > 0; t--) dh[t - 1] = dh[t] * (1 - h[t] ** 2);
    return dh;
  }

  /** Two rows of bars above each other, time to the right. */
  function draw(picture, { c, dc }, plain, closed) {
    const left = 40;
    const column = (picture.width - left) / (T + 1);
    const wide = column * 0.62;
    const at = (t) => left + column * (t + 0.5);
    picture.height = 324;
    const begin = { anchor: "start", bold: true };
    picture.text(0, 10, "cell state c", { ...begin, colour: "orange" });
    picture.text(picture.width, 10, `c[${T}] = ${short(c[T])}`, { anchor: "end", name: "c20" });
    const tallest = Math.max(1, ...c);
    const upper = (value) => 106 - (80 * value) / tallest;
    for (const value of [0, tallest / 2, tallest]) {
      grid(picture, left, upper(value), short(value, 2));
    }
    c.forEach((value, t) => {
      picture.bar(at(t) - wide / 2, upper(value), wide, 106 - upper(value), "orange");
    });

    picture.text(0, 140, "gradient of c[20]", { ...begin, colour: "blue" });
    picture.text(picture.width, 140, `dc[0] = ${short(dc[0])}`, { anchor: "end", name: "dc0" });
    const lower = (value) => {
      const power = Math.max(LEAST, Math.min(1, Math.log10(value)));
      return 282 - (120 * (power - LEAST)) / (1 - LEAST);
    };
    for (const power of [0, -2, -4]) {
      grid(picture, left, lower(10 ** power), short(10 ** power));
    }
    dc.forEach((value, t) => {
      if (value > 0) picture.bar(at(t) - wide / 2, lower(value), wide, 282 - lower(value), "blue");
    });
    const curve = plain.map((value, t) => [at(t), lower(value)]);
    picture.line(curve, { colour: "red", dashed: true, thick: 2 });
    if (closed > 0) {
      const x = at(closed) - column / 2;
      picture.line([[x, 20], [x, 284]], { colour: "purple", thick: 2 });
      const anchor = closed > T / 2 ? "end" : "start";
      const beside = x + (anchor === "end" ? -5 : 5);
      picture.text(beside, 122, `σ(f) is 0 at step ${closed}`, { colour: "purple", anchor, size: 12 });
    }
    const small = { colour: "muted", size: 12 };
    for (const t of [0, 5, 10, 15, 20]) picture.text(at(t), 297, String(t), small);
    picture.text(left, 315, "step t", { ...small, anchor: "start" });
    picture.text(picture.width, 315, "dashed: a plain unit, h' = tanh(h)", { size: 12, colour: "red", anchor: "end" });
  }

  function grid(picture, left, y, words) {
    picture.line([[left, y], [picture.width, y]], { colour: "muted", thick: 0.5 });
    picture.text(left - 5, y, words, { colour: "muted", anchor: "end", size: 11 });
  }

  function inWords({ dc }, plain) {
    const [first] = dc;
    const verdict = first < 0.01 ? "It vanishes." : first > 100 ? "It explodes." : "It arrives.";
    const both = `Twenty steps back the gradient of the cell state is ${short(first)}`;
    return `${both}, that of a plain unit ${short(plain[0])}. ${verdict}`;
  }
}
