"use strict";

// What each table shows, by its id: a table's rows are replaced while results come, and this stays.
const tableStates = {};

function makeSortable(table) {
  const state = { words: "", column: -1, ascending: true };
  tableStates[table.id] = state;
  const heads = [...table.tHead.rows[0].cells];
  const tools = document.querySelector(`[data-of=${table.id}]`);
  state.show = () => {
    const rows = [...table.tBodies[0].rows];
    if (state.column >= 0) {
      sortRows(rows, state, heads[state.column].classList.contains("n"));
      table.tBodies[0].append(...rows);
    }
    hideRows(rows, state.words);
    markHeads(heads, state);
    if (tools) {
      const shown = rows.filter((row) => !row.hidden).length;
      tools.querySelector("output").textContent = `${shown} of ${rows.length} shown`;
    }
  };
  heads.forEach((head, column) => {
    if (head.textContent) addButton(head, column, state);
  });
  if (tools) addSearch(tools, state);
}

function sortRows(rows, state, areNumbers) {
  const collator = new Intl.Collator(undefined, { numeric: true });
  const text = (row) => row.cells[state.column].textContent.trim();
  const compare = areNumbers
    ? (one, other) => parseFloat(text(one)) - parseFloat(text(other))
    : (one, other) => collator.compare(text(one), text(other));
  const direction = state.ascending ? 1 : -1;
  rows.sort((one, other) => direction * compare(one, other));
}

// A row stays that has every word somewhere.
function hideRows(rows, searched) {
  const words = searched.toLowerCase().split(/\s+/);
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
}

function markHeads(heads, state) {
  heads.forEach((head, column) => {
    if (column === state.column) {
      head.setAttribute("aria-sort", state.ascending ? "ascending" : "descending");
    } else {
      head.removeAttribute("aria-sort");
    }
  });
}

// A heading sorts: words begin with the first, numbers with the largest, and a second click turns it.
function addButton(head, column, state) {
  const button = document.createElement("button");
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const again = state.column === column;
    state.ascending = again ? !state.ascending : !head.classList.contains("n");
    state.column = column;
    state.show();
  });
}

function addSearch(tools, state) {
  const input = tools.querySelector("input");
  tools.classList.add("on");
  input.addEventListener("input", () => {
    state.words = input.value;
    state.show();
  });
  state.search = (words) => {
    input.value = words;
    state.words = words;
    state.show();
    input.focus();
  };
  state.show();
}

document.querySelectorAll("table.sort").forEach(makeSortable);

// A link in the table of checks finds those below who did not pass.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-find]");
  if (link) tableStates.students.search(link.dataset.find);
});

// Results as they come: a block is replaced by its new self, unless somebody is in it or has opened a
// part of it.
const follow = document.getElementById("follow");
const seen = new Map(); // name of a block → its HTML as it came
for (const [name, block] of blocksOf(document)) seen.set(name, block.innerHTML);
const PAUSE = 2000; // milliseconds

function blocksOf(page) {
  const blocks = [...page.querySelectorAll("[data-block]")];
  return new Map(blocks.map((block) => [block.dataset.block, block]));
}

async function fetchPage() {
  const answer = await fetch(location.pathname);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function replaceBlocks(page) {
  const fresh = blocksOf(page);
  if ([...fresh.keys()].join() !== [...seen.keys()].join()) location.reload();
  for (const [name, block] of blocksOf(document)) {
    const html = fresh.get(name).innerHTML;
    const isInUse = block.contains(document.activeElement) || block.querySelector("details[open]");
    if (html === seen.get(name) || isInUse) continue;
    seen.set(name, html);
    block.replaceChildren(...fresh.get(name).childNodes);
  }
  for (const state of Object.values(tableStates)) state.show();
}

async function renew() {
  if (follow.checked) {
    try {
      replaceBlocks(await fetchPage());
    } catch {
      const news = document.querySelector("[data-block=news]");
      news.textContent = "The server has ended. What is shown stays.";
      return;
    }
  }
  setTimeout(renew, PAUSE);
}

if (follow) setTimeout(renew, PAUSE);
