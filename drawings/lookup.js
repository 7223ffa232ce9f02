/* Three rows are looked up in a table, and their gradients go back into the gradient of the table. */
"use strict";
{
  const WORDS = ["none", "the", "rain", "goes", "down"];
  const GRADIENTS = [[0.3, -0.1, 0.2], [0.1, 0.4, -0.2], [0.2, 0.2, 0.1]];
  const COLOURS = ["green", "orange", "blue"];

  interactive("lookup", (figure) => {
    const options = WORDS.map((word, id) => [String(id), `${word} (${id})`]);
    const chosen = ["1", "3", "1"].map((value, line) => figure.choice({
      label: `word ${line + 1}`, options, value,
    }));
    const rule = figure.choice({
      label: "the same row twice",
      options: [["add", "gradients add up"], ["overwrite", "the last one overwrites"]],
      value: "add",
    });
    figure.draw("Rows that were looked up in a table, and its gradient", (picture) => {
      const ids = chosen.map((choice) => Number(choice.value));
      const table = gradientOf(ids, rule.value === "add");
      draw(picture, ids, table);
      return inWords(ids, table, rule.value === "add");
    });
  });

  /** Return the gradient of the table, a row for each word. */
  function gradientOf(ids, isSum) {
    const table = WORDS.map(() => [0, 0, 0]);
    ids.forEach((id, line) => {
      table[id] = GRADIENTS[line].map((own, i) => (isSum ? table[id][i] + own : own));
    });
    return table;
  }

  /** The table stands on the left; rows are looked up to the right, and gradients come back. */
  function draw(picture, ids, table) {
    const wide = Math.min(picture.width, 560);
    const cell = wide < 420 ? 28 : 36;
    const left = (picture.width - wide) / 2 + 52; // of the cells of the table
    const right = left + wide - 104 - 3 * cell; // of those of the rows
    const lineAt = (line) => 72 + 52 * line;
    const rowAt = (row) => 46 + 40 * row;
    picture.height = 234;
    picture.text(left + 1.5 * cell, 10, "the table’s gradient", { colour: "muted" });
    picture.text(right + 1.5 * cell, 10, "the rows looked up", { colour: "muted" });
    table.forEach((numbers, row) => {
      const lines = ids.flatMap((id, line) => (id === row ? [line] : []));
      const shade = lines.length > 1 ? "purple" : COLOURS[lines[0]];
      const colour = lines.length > 0 ? "ink" : "muted";
      drawCells(picture, [left, rowAt(row), cell], numbers, { shade, colour, name: `table${row}` });
      picture.text(left - 8, rowAt(row), `${WORDS[row]} ${row}`, { anchor: "end", colour });
    });
    ids.forEach((id, line) => {
      const options = { shade: COLOURS[line], colour: "ink", name: `line${line}` };
      drawCells(picture, [right, lineAt(line), cell], GRADIENTS[line], options);
      const x = right + 3 * cell + 8;
      picture.text(x, lineAt(line), `${WORDS[id]} ${id}`, { anchor: "start" });
      const [from, to] = [left + 3 * cell + 3, right - 3];
      const there = [[from, rowAt(id) - 5], [to, lineAt(line) - 5]];
      const back = [[to, lineAt(line) + 6], [from, rowAt(id) + 6]];
      picture.arrow(there, { colour: COLOURS[line], thick: 1.4 });
      picture.arrow(back, { colour: "red", dashed: true });
    });
  }

  function drawCells(picture, [left, y, cell], numbers, { shade, colour, name }) {
    numbers.forEach((number, i) => {
      const x = left + cell * (i + 0.5);
      picture.box(x, y, cell - 2, 27, { shade, colour, round: 3, thin: !shade });
      picture.text(x, y, tenths(number), { colour, size: 12, name: `${name}column${i}` });
    });
  }

  function tenths(number) {
    return short(Math.round(10 * number) / 10);
  }

  function inWords(ids, table, isSum) {
    const repeated = ids.find((id, line) => ids.indexOf(id) !== line);
    if (repeated === undefined) return "Each row was looked up at most once, and has at most one gradient.";
    const count = ids.filter((id) => id === repeated).length;
    const row = `Row ${repeated} (${WORDS[repeated]}) was looked up ${count} times`;
    const numbers = `(${table[repeated].map(tenths).join(", ")})`;
    if (isSum) return `${row}: its gradient is the sum of ${count} gradients, ${numbers}.`;
    return `${row}, and only the last gradient is left, ${numbers}. The sum would be right.`;
  }
}
