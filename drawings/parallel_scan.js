/* A scan in parallel: T elements, an operator, and what every place holds after each round.

In a round of distance d each place t ≥ d puts what place t − d holds before what it holds itself.
After the rounds of distance 1, 2, 4, … place t has combined the elements 0 to t. */
"use strict";
{
  const DIGITS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3];
  const FACTORS = [1, -1, 2, 0.5];
  const COLOURS = ["green", "orange", "blue", "purple"];
  const OPERATORS = {
    sum: {
      elements: DIGITS,
      combine: (before, after) => before + after,
      written: (value) => [String(value)],
      result: (last) => `the sum of all elements, ${last}`,
    },
    max: {
      elements: DIGITS,
      combine: Math.max,
      written: (value) => [String(value)],
      result: (last) => `the largest element, ${last}`,
    },
    affine: { // (a, b) stands for the step h → a · h + b
      elements: DIGITS.map((b, t) => [FACTORS[t % FACTORS.length], b]),
      combine: ([a1, b1], [a2, b2]) => [a1 * a2, a2 * b1 + b2],
      written: ([a, b]) => [times(a), signed(b)],
      result: ([a, b]) => `all steps in one, h → ${times(a)} ${signed(b)}`,
    },
  };

  interactive("parallel_scan", (figure) => {
    const length = figure.slider({ label: "elements T", min: 1, max: 16, value: 8 });
    const operator = figure.choice({
      label: "operator",
      options: [["sum", "sum"], ["max", "max"], ["affine", "affine steps h → a · h + b"]],
      value: "sum",
    });
    figure.draw("A parallel scan, round by round", (picture) => {
      const chosen = OPERATORS[operator.value];
      const rows = scan(chosen, length.value);
      draw(picture, rows, chosen.written);
      return inWords(rows, chosen);
    });
  });

  function times(factor) {
    if (Math.abs(factor) === 1) return factor < 0 ? "−h" : "h";
    return `${short(factor)}h`;
  }

  function signed(number) {
    return number < 0 ? `− ${short(-number)}` : `+ ${short(number)}`;
  }

  /** Return what each place holds, a row for the start and one for each round. */
  function scan({ elements, combine }, length) {
    const rows = [elements.slice(0, length)];
    for (let distance = 1; distance < length; distance *= 2) {
      const held = rows.at(-1);
      rows.push(held.map((own, t) => (t < distance ? own : combine(held[t - distance], own))));
    }
    return rows;
  }

  /** Return the places of each row on which the last place of the last row depends: a tree. */
  function treeOf(rows) {
    const last = rows[0].length - 1;
    const tree = rows.map(() => new Set());
    tree.at(-1).add(last);
    for (let row = rows.length - 1; row > 0; row--) {
      const distance = 2 ** (row - 1);
      for (const place of tree[row]) {
        tree[row - 1].add(place);
        if (place >= distance) tree[row - 1].add(place - distance);
      }
    }
    return tree;
  }

  /** Places go to the right and rounds down; where that is too narrow, places go down. */
  function draw(picture, rows, written) {
    const length = rows[0].length;
    const lines = written(rows[0][0]).length;
    const box = { wide: 42, high: 10 + 15 * lines };
    const goesDown = 76 + length * (box.wide + 4) > picture.width;
    const layout = (goesDown ? downwards : across)(picture, rows, box);
    const tree = treeOf(rows);
    for (let row = 1; row < rows.length; row++) drawRound(picture, layout, row, length, tree);
    rows.forEach((held, row) => held.forEach((value, place) => {
      const [x, y] = layout.at(row, place);
      const shade = row > 0 && tree[row].has(place) ? COLOURS[row - 1] : undefined;
      picture.box(x, y, box.wide, box.high, { shade });
      written(value).forEach((words, line) => {
        const name = `row${row}place${place}line${line}`;
        picture.text(x, y + 14 * (line - (lines - 1) / 2), words, { name, size: 12 });
      });
    }));
  }

  /** at: the point of a place in a row. from, to: where arrows leave a box, and where they end. */
  function across(picture, rows, { high }) {
    const column = Math.min(84, (picture.width - 76) / rows[0].length);
    const left = (picture.width - 76 - column * rows[0].length) / 2 + 76;
    const down = high + 48;
    const at = (row, place) => [left + column * (place + 0.5), 24 + high / 2 + down * row];
    picture.height = 28 + high + down * (rows.length - 1);
    rows[0].forEach((_, place) => {
      picture.text(at(0, place)[0], 10, String(place), { colour: "muted", size: 12 });
    });
    for (let row = 1; row < rows.length; row++) {
      const options = { colour: COLOURS[row - 1], size: 12, anchor: "end" };
      picture.text(left - 8, at(row, 0)[1] - down / 2, `distance ${2 ** (row - 1)}`, options);
    }
    const from = ([x, y]) => [x + 4, y + high / 2];
    const to = ([x, y]) => [x - 7, y - high / 2];
    return { at, from, to };
  }

  function downwards(picture, rows, { wide, high }) {
    const column = (picture.width - 34 - wide) / Math.max(4, rows.length - 1);
    const at = (row, place) => [32 + wide / 2 + column * row, 26 + high / 2 + (high + 12) * place];
    picture.height = 28 + (high + 12) * rows[0].length;
    rows[0].forEach((_, place) => {
      picture.text(12, at(0, place)[1], String(place), { colour: "muted", size: 12 });
    });
    for (let row = 1; row < rows.length; row++) {
      const options = { colour: COLOURS[row - 1], size: 12 };
      picture.text(at(row, 0)[0], 10, `d = ${2 ** (row - 1)}`, options);
    }
    const from = ([x, y]) => [x + wide / 2, y + 4];
    const to = ([x, y]) => [x - wide / 2, y - 6];
    return { at, from, to };
  }

  /** Draw the arrows of a round; those of the tree of the last place in colour. */
  function drawRound(picture, { at, from, to }, row, length, tree) {
    const distance = 2 ** (row - 1);
    for (let place = 0; place < length; place++) {
      const isOfTree = tree[row].has(place);
      const colour = isOfTree ? COLOURS[row - 1] : "muted";
      const thick = isOfTree ? 2 : 0.9;
      picture.line([at(row - 1, place), at(row, place)], { colour, thick });
      if (place < distance) continue;
      const ends = [from(at(row - 1, place - distance)), to(at(row, place))];
      picture.arrow(ends, { colour, thick });
    }
  }

  function inWords(rows, { result }) {
    const length = rows[0].length;
    const last = `The last place holds ${result(rows.at(-1).at(-1))}.`;
    if (length === 1) return `One element needs no round. ${last}`;
    const rounds = rows.length - 1;
    let combined = 0;
    for (let row = 1; row <= rounds; row++) combined += length - 2 ** (row - 1);
    const inRounds = `A parallel scan of ${length} elements takes ${counted(rounds, "round")}`;
    const inLoop = `a loop takes ${counted(length - 1, "step")}`;
    const pairs = `The rounds combine ${counted(combined, "pair")}.`;
    return `${inRounds}; ${inLoop}. ${pairs} ${last}`;
  }

  function counted(number, noun) {
    return `${number} ${noun}${number === 1 ? "" : "s"}`;
  }
}
