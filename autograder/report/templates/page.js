"use strict";
const places = {}; // of a table's blocks: what to search for, and the column sorted by

function dress(table) {
  const place = places[table.id] ??= { find: "", column: -1, up: true }, heads = [...table.tHead.rows[0].cells];
  const tools = document.querySelector(`[data-of=${table.id}]`), body = () => table.tBodies[0];
  const value = (row) => row.cells[place.column].textContent.trim();
  place.show = () => {
    const rows = [...body().rows];
    if (place.column >= 0) {
      const by = new Intl.Collator(undefined, { numeric: true });
      const numbers = heads[place.column].classList.contains("n");
      const compare = numbers ? (a, b) => parseFloat(value(a)) - parseFloat(value(b)) : (a, b) => by.compare(value(a), value(b));
      body().append(...rows.sort((a, b) => (place.up ? 1 : -1) * compare(a, b)));
    }
    const words = place.find.toLowerCase().split(/\s+/);
    for (const row of rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
    heads.forEach((head, i) => i === place.column
      ? head.setAttribute("aria-sort", place.up ? "ascending" : "descending") : head.removeAttribute("aria-sort"));
    if (tools) tools.querySelector("output").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} shown`;
  };
  heads.forEach((head, i) => {
    if (!head.textContent) return;
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      [place.up, place.column] = [place.column === i ? !place.up : !head.classList.contains("n"), i];
      place.show();
    });
  });
  if (!tools) return;
  const search = tools.querySelector("input");
  tools.classList.add("on");
  search.addEventListener("input", () => { place.find = search.value; place.show(); });
  place.look = (words) => { search.value = place.find = words; place.show(); search.focus(); };
  place.show();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-find]");
  if (link) places.students.look(link.dataset.find);
});

// results as they come: a block is replaced by its new self unless someone is in it or has opened a part of it
const follow = document.getElementById("follow");
const blocks = (page) => new Map([...page.querySelectorAll("[data-block]")].map((block) => [block.dataset.block, block]));
const seen = new Map([...blocks(document)].map(([name, block]) => [name, block.innerHTML]));
async function renew() {
  if (follow.checked) {
    try {
      const page = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), "text/html");
      if (`${[...blocks(page).keys()]}` !== `${[...seen.keys()]}`) location.reload();
      for (const [name, block] of blocks(document)) {
        const now = blocks(page).get(name), text = now.innerHTML;
        if (text === seen.get(name) || block.contains(document.activeElement) || block.querySelector("details[open]")) continue;
        seen.set(name, text);
        block.replaceChildren(...now.childNodes);
      }
      Object.values(places).forEach((place) => place.show());
    } catch { document.querySelector("[data-block=news]").textContent = "The server has ended. What is shown stays."; return; }
  }
  setTimeout(renew, 2000);
}
document.querySelectorAll("table.sort").forEach(dress);
if (follow) setTimeout(renew, 2000);
