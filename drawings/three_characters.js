/* A recurrent network as a loop, and unrolled over T steps: an arrow for each use of a layer. */
"use strict";
{
  const TEXT = "philosophers";
  const RADIUS = 16;
  const LOOP = 190; // the width of the loop, in pixels

  interactive("three_characters", (figure) => {
    const length = figure.slider({ label: "steps T", min: 1, max: 8, value: 3 });
    const answers = figure.choice({
      label: "output", options: [["last", "at the last step"], ["all", "at every step"]],
      value: "last",
    });
    figure.draw("A recurrent network, unrolled and as a loop", (picture) => {
      const T = length.value;
      const isAtEvery = answers.value === "all";
      const isNarrow = picture.width < 560;
      const wide = isNarrow ? picture.width : picture.width - LOOP - 30;
      drawUnrolled(picture, T, isAtEvery, wide);
      if (isNarrow) drawLoop(picture, picture.width / 2 - 20, 272);
      else drawLoop(picture, picture.width - LOOP + 78, 0);
      picture.height = isNarrow ? 500 : 246;
      return inWords(T, isAtEvery);
    });
  });

  function drawUnrolled(picture, T, isAtEvery, wide) {
    const column = Math.min(96, wide / T);
    const left = (wide - column * T) / 2;
    picture.text(wide / 2, 10, "unrolled: an arrow for each use", { colour: "muted" });
    const radius = Math.min(RADIUS, column * 0.31);
    const thick = 2.2;
    for (let t = 0; t < T; t++) {
      const x = left + column * (t + 0.5);
      const hasOutput = isAtEvery || t === T - 1;
      picture.arrow([[x, 200], [x, 128]], { colour: "green", gap: radius + 4, thick });
      if (t > 0) {
        picture.arrow([[x - column, 128], [x, 128]], { colour: "orange", gap: radius + 2, thick });
      }
      if (hasOutput) {
        picture.arrow([[x, 128], [x, 56]], { colour: "blue", gap: radius + 4, thick });
        picture.triangle(x, 54, radius);
        picture.text(x, 57, TEXT[t + 1], { name: `y${t}` });
      }
      picture.box(x, 200, 2 * radius, 2 * radius, { round: 0 });
      picture.text(x, 200, TEXT[t], { name: `x${t}` });
      picture.text(x, 232, `x[${t}]`, { colour: "muted", size: 12 });
      picture.circle(x, 128, radius);
      picture.text(x, 128, "h");
    }
  }

  function drawLoop(picture, x, top) {
    const [output, hidden, input] = [54, 128, 200].map((y) => y + top);
    picture.text(x + 4, top + 10, "a loop: an arrow for each layer", { colour: "muted" });
    picture.arrow([[x, input], [x, hidden]], { colour: "green", gap: RADIUS + 4, thick: 2.2 });
    picture.arrow([[x, hidden], [x, output + 2]], { colour: "blue", gap: RADIUS + 4, thick: 2.2 });
    const round = [];
    for (let i = 0; i <= 24; i++) {
      const angle = -2.35 + (4.7 * i) / 24;
      round.push([x + 31 + 22 * Math.cos(angle), hidden + 22 * Math.sin(angle)]);
    }
    picture.arrow(round, { colour: "orange", thick: 2.2 });
    picture.text(x - 10, input - 36, "input", { colour: "green", anchor: "end" });
    picture.text(x - 10, hidden - 36, "output", { colour: "blue", anchor: "end" });
    picture.text(x + 58, hidden, "hidden", { colour: "orange", anchor: "start" });
    picture.triangle(x, output, RADIUS);
    picture.text(x, output + 3, "y");
    picture.box(x, input, 2 * RADIUS, 2 * RADIUS, { round: 0 });
    picture.text(x, input, "x[t]", { size: 12 });
    picture.circle(x, hidden, RADIUS);
    picture.text(x, hidden, "h");
  }

  function inWords(T, isAtEvery) {
    const uses = `Reading ${T} ${T === 1 ? "character" : "characters"} uses the layer input `
      + `${times(T)}, hidden ${times(T - 1)} and output ${times(isAtEvery ? T : 1)}.`;
    return `${uses} The number of weights does not depend on T: there are three layers.`;
  }

  function times(number) {
    return ["never", "once", "twice"][number] ?? `${number} times`;
  }
}
