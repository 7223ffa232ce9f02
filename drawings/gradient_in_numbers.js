/* Back-propagation through time in numbers: one hidden unit, ten steps, and its weight on a slider.

h[t + 1] = f(w · h[t] + x), and the loss is h[10]. So dh[10] = 1, and each step back multiplies by
w · f'(z). */
"use strict";
{
  const T = 10;
  const ACTIVATIONS = {
    relu: { f: (z) => Math.max(z, 0), slope: (h) => (h > 0 ? 1 : 0) },
    tanh: { f: Math.tanh, slope: (h) => 1 - h * h },
  };

  interactive("gradient_in_numbers", (figure) => {
    const weight = figure.slider({
      label: "weight w", min: -1.6, max: 1.6, step: 0.05, value: 0.7, show: (w) => short(w),
    });
    const input = figure.slider({
      label: "input x", min: 0, max: 1, step: 0.05, value: 0.1, show: (x) => short(x),
    });
    const activation = figure.choice({
      label: "activation f", options: [["relu", "relu"], ["tanh", "tanh"]], value: "relu",
    });

    figure.draw("States and gradients of ten steps, in numbers", (picture) => {
      const { h, dh } = throughTime(weight.value, input.value, activation.value);
      const isNarrow = picture.width < 560;
      if (isNarrow) drawDown(picture, h, dh);
      else drawAcross(picture, h, dh);
      return inWords(weight.value, h, dh);
    });
  });

  function throughTime(w, x, activation) {
    const { f, slope } = ACTIVATIONS[activation];
    const h = [1];
    for (let t = 0; t < T; t++) h.push(f(w * h[t] + x));
    const dh = Array(T + 1).fill(1);
    for (let t = T; t > 0; t--) dh[t - 1] = dh[t] * slope(h[t]) * w;
    return { h, dh };
  }

  /** How long the bar of a gradient is, from 0 to 1, on a scale of powers of ten. */
  function onScale(gradient) {
    if (gradient === 0) return 0;
    const power = Math.log10(Math.abs(gradient));
    return Math.min(1, Math.max(0.03, (power + 3) / 5));
  }

  function colourOfGradient(gradient) {
    const size = Math.abs(gradient);
    if (size > 2) return "red";
    return size < 0.5 ? "blue" : "green";
  }

  /** Time goes to the right: states above, bars of gradients below. */
  function drawAcross(picture, h, dh) {
    const column = picture.width / h.length;
    const tallest = 96;
    const ground = 252;
    picture.height = 296;
    picture.text(4, 12, "forward: the states h", { colour: "orange", anchor: "start" });
    picture.text(4, 116, "backward: the gradients dh of h[10], on a scale of powers of ten", {
      colour: "red", anchor: "start",
    });
    for (let t = 0; t < h.length; t++) {
      const x = column * (t + 0.5);
      if (t > 0) {
        picture.arrow([[x - column, 54], [x, 54]], { colour: "orange", gap: 23 });
        picture.arrow([[x, 274], [x - column, 274]], { colour: "red", dashed: true, gap: 23 });
      }
      picture.circle(x, 54, 21, { shade: "orange" });
      picture.text(x, 54, short(h[t], 2), { name: `h${t}`, size: 12 });
      picture.text(x, 87, `h[${t}]`, { colour: "muted", size: 12 });
      const height = tallest * onScale(dh[t]);
      picture.bar(x - 10, ground - height, 20, height, colourOfGradient(dh[t]));
      picture.text(x, ground - height - 10, short(dh[t], 2), { name: `dh${t}`, size: 12 });
      picture.text(x, 274, `dh[${t}]`, { colour: "muted", size: 12 });
    }
    picture.line([[0, ground], [picture.width, ground]], { colour: "muted", thick: 1 });
  }

  /** Time goes down, a line for each step: the numbers fit on a narrow screen. */
  function drawDown(picture, h, dh) {
    const line = 34;
    const middle = 88;
    const left = 140;
    const longest = picture.width - left - 60;
    picture.height = 32 + line * h.length;
    picture.text(middle, 12, "state h", { colour: "orange" });
    picture.text(left, 12, "gradient dh of h[10]", { colour: "red", anchor: "start" });
    for (let t = 0; t < h.length; t++) {
      const y = 46 + line * t;
      if (t > 0) picture.arrow([[middle, y - line], [middle, y]], { colour: "orange", gap: 12 });
      picture.text(4, y, `t = ${t}`, { colour: "muted", anchor: "start", size: 12 });
      picture.box(middle, y, 58, 23, { shade: "orange", round: 11 });
      picture.text(middle, y, short(h[t], 2), { name: `h${t}`, size: 12 });
      const length = longest * onScale(dh[t]);
      picture.bar(left, y - 8, length, 16, colourOfGradient(dh[t]));
      picture.text(left + length + 6, y, short(dh[t], 2), {
        name: `dh${t}`, size: 12, anchor: "start",
      });
    }
  }

  function inWords(w, h, dh) {
    const [first] = dh;
    const last = `With w = ${short(w)} the last state is ${short(h[T])}.`;
    if (first === 0) return `${last} The gradient does not reach h[0]: a factor on its way is 0.`;
    const size = Math.abs(first);
    const verdict = size < 0.1 ? "It vanishes." : size > 10 ? "It explodes." : "It arrives.";
    return `${last} Ten steps back its gradient is ${short(first)}. ${verdict}`;
  }
}
