// Verdicts by paper, verdict and kind, and sorted by any column. Without scripts the tables stay whole.
"use strict";
const form = document.querySelector(".filter");
const rows = [...document.querySelectorAll(".verdicts tbody tr")];
const shown = document.querySelector("#shown");

function filter() {
  const wanted = [...form.querySelectorAll("select")].map(({name, value}) => [name, value]).filter(([, value]) => value);
  for (const row of rows) row.hidden = wanted.some(([name, value]) => row.dataset[name] !== value);
  for (const table of document.querySelectorAll(".verdicts"))
    table.hidden = ![...table.tBodies[0].rows].some(row => !row.hidden);
  shown.textContent = `${rows.filter(row => !row.hidden).length} of ${rows.length} claims`;
}

function sort(header) {
  const down = header.getAttribute("aria-sort") === "ascending";
  for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = header.closest("table").tBodies[0];
  const key = row => row.cells[header.cellIndex].innerText.trim().replace(/^[^\w−–-]+/, "").replace("−", "-");
  const order = new Intl.Collator("en", {numeric: true}).compare;
  const number = text => parseFloat(text);
  const wordy = text => Number(isNaN(number(text)));  // words come after numbers
  const compare = (a, b) => wordy(a) - wordy(b) || (wordy(a) ? order(a, b) : number(a) - number(b));
  body.append(...[...body.rows].sort((a, b) => (down ? -1 : 1) * compare(key(a), key(b))));
}

for (const header of document.querySelectorAll(".verdicts thead th")) {
  const button = document.createElement("button");
  button.textContent = header.textContent;
  button.addEventListener("click", () => sort(header));
  header.replaceChildren(button);
}
form.hidden = false;
form.addEventListener("input", filter);
filter();
