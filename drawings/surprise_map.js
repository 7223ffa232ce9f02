/* The map of surprise on a reader's own text: −ln p of each character, given all before it.

The network is a GRU; its weights are those of surprise_map.data.js, whole numbers and a scale for
each row. surprise.py trained it, and computes the same with NumPy. */
"use strict";
{
  const LONGEST = 1000; // characters
  const FROM = [1, 2, 4, 6]; // nats at which the next level begins
  const LEVELS = ["below 1 nat", "1 to 2", "2 to 4", "4 to 6", "above 6"];
  const SHADES = [
    "none",
    "color-mix(in srgb, var(--figure-orange) 18%, var(--figure-ground))",
    "color-mix(in srgb, var(--figure-orange) 40%, var(--figure-ground))",
    "color-mix(in srgb, var(--figure-red) 45%, var(--figure-ground))",
    "color-mix(in srgb, var(--figure-red) 45%, var(--figure-ground))",
  ];
  const EXAMPLES = {
    "two languages": "It is a truth which the philosophers of all ages have believed. "
      + "Habe nun, ach! Philosophie studiert. It may be that the love of truth is only a habit.",
    "a recipe": "The sense of the beautiful is a form of the will: 250 g flour, 3 eggs, 1/2 l milk; "
      + "bake at 180 C. And yet the man of knowledge must be able to love his enemies.",
    "scrambled letters": "She was not a woman of many words, for she knew too well htat hte tsurnig "
      + "fo hte rdows si ont hte same, and her mother was delighted with the house.",
  };
  const ALIKE = { "‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "." };

  interactive("surprise_map", (figure) => {
    const network = networkOf(interactive.data.surprise_map);
    const [first] = Object.keys(EXAMPLES);
    const example = figure.choice({
      label: "example", options: Object.keys(EXAMPLES).map((name) => [name, name]), value: first,
    });
    const text = figure.text({
      label: "your text", value: EXAMPLES[first], longest: LONGEST,
    });
    example.input.addEventListener("input", () => {
      text.input.value = EXAMPLES[example.value];
      figure.paint();
    });

    figure.write((place) => {
      const letters = [...text.value];
      const nats = surprise(network, letters);
      place.replaceChildren(mapOf(letters, nats), legend());
      return inWords(letters, nats);
    });
  });

  /** Turn the file's whole numbers into weights. */
  function networkOf({ alphabet, arrays }) {
    const network = { places: new Map([...alphabet].map((letter, i) => [letter, i])) };
    for (const [name, { shape: [rows, columns], scales, whole }] of Object.entries(arrays)) {
      const bytes = Uint8Array.from(atob(whole), (letter) => letter.charCodeAt(0));
      const numbers = new Int8Array(bytes.buffer);
      network[name] = Float32Array.from(numbers, (n, i) => n * scales[Math.floor(i / columns)]);
      network[`${name}_rows`] = rows;
    }
    return network;
  }

  /** Return −ln p of each character in nats; the first is predicted from a space. */
  function surprise(network, letters) {
    const size = network.input_rows / 3;
    let state = new Float64Array(size);
    let before = network.places.get(" ");
    const nats = [];
    for (const letter of letters) {
      const plain = /\s/.test(letter) ? " " : ALIKE[letter] ?? letter;
      const id = network.places.get(plain) ?? 0;
      state = stepOf(network, before, state);
      const logits = product(network.output, state, network.output_bias);
      const largest = Math.max(...logits);
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
      nats.push(largest + Math.log(total) - logits[id]);
      before = id;
    }
    return nats;
  }

  /** Return the state of the GRU after it has read the id of a character. */
  function stepOf(network, id, state) {
    const size = state.length;
    const columns = network.input.length / network.input_rows;
    const kept = product(network.recurrent, state, network.recurrent_bias);
    const read = (row) => network.input[row * columns + id] + network.input_bias[row];
    const next = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      const reset = 1 / (1 + Math.exp(-read(i) - kept[i]));
      const update = 1 / (1 + Math.exp(-read(size + i) - kept[size + i]));
      const fresh = Math.tanh(read(2 * size + i) + reset * kept[2 * size + i]);
      next[i] = (1 - update) * fresh + update * state[i];
    }
    return next;
  }

  /** Return matrix · vector + bias. */
  function product(matrix, vector, bias) {
    const result = new Float64Array(bias.length);
    for (let row = 0, at = 0; row < bias.length; row++) {
      let sum = bias[row];
      for (let column = 0; column < vector.length; column++) sum += matrix[at++] * vector[column];
      result[row] = sum;
    }
    return result;
  }

  /** Return the text, each character shaded by its surprise. */
  function mapOf(letters, nats) {
    const map = part("div");
    map.setAttribute("role", "img");
    map.setAttribute("aria-label", "Your text, each character shaded by its surprise");
    Object.assign(map.style, {
      fontFamily: "var(--font-stack--monospace)", whiteSpace: "pre-wrap",
      overflowWrap: "anywhere", lineHeight: 1.7,
    });
    letters.forEach((letter, i) => map.append(shaded(letter, nats[i])));
    return map;
  }

  function shaded(words, nats) {
    const level = FROM.filter((from) => nats >= from).length;
    const made = part("span");
    made.textContent = words;
    made.dataset.nats = nats.toFixed(4);
    made.title = `${nats.toFixed(1)} nats`;
    made.style.background = SHADES[level];
    if (level === SHADES.length - 1) {
      Object.assign(made.style, { fontWeight: 700, textDecoration: "underline" });
    }
    return made;
  }

  function legend() {
    const line = part("div");
    Object.assign(line.style, {
      display: "flex", flexWrap: "wrap", gap: "0.2rem 0.8rem", marginTop: "0.7rem",
      fontSize: "0.8125rem",
    });
    LEVELS.forEach((words, level) => {
      const made = shaded(words, [0, ...FROM][level]);
      made.removeAttribute("data-nats");
      made.removeAttribute("title");
      made.style.padding = "0 0.3rem";
      line.append(made);
    });
    return line;
  }

  function inWords(letters, nats) {
    if (letters.length === 0) return "Type or paste a text.";
    const mean = nats.reduce((sum, each) => sum + each, 0) / nats.length;
    const order = [...nats.keys()].sort((a, b) => nats[b] - nats[a]);
    const most = order.slice(0, 3).map((i) => {
      const before = letters.slice(Math.max(0, i - 8), i).join("");
      const letter = letters[i] === " " ? "a space" : `“${letters[i]}”`;
      return `${letter} ${before ? `after “${before}”` : "at the start"} (${nats[i].toFixed(1)})`;
    });
    return `${letters.length} characters, ${mean.toFixed(2)} nats each on average. `
      + `The most surprising: ${most.join(", ")}.`;
  }
}
