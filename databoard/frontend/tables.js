// Sorting and filtering of tables that the server has rendered.
// <table data-sort>: headers become buttons; a cell sorts by data-value, else by its text.
// <input data-filter="#table">: shows the rows that contain every word typed.
// Rows with data-pinned stay on top. What was chosen survives a live update of the rows.

import { fresh } from "./marks.js";
import { say } from "./words.js";

const seen = new WeakSet();
const compareText = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" }).compare;

function value(row, index) {
  const cell = row.cells[index];
  if (!cell) return "";
  return cell.dataset.value ?? cell.textContent.trim();
}

/** Numbers before text, missing values last whichever way one sorts. */
function comparison(index, direction) {
  return (a, b) => {
    const [x, y] = [value(a, index), value(b, index)];
    if (x === "" || y === "") return (x === "") - (y === "");
    const [m, n] = [Number(x), Number(y)];
    const order = Number.isNaN(m) || Number.isNaN(n) ? compareText(x, y) : m - n;
    return order * direction;
  };
}

function sortRows(table) {
  const header = table.tHead.querySelector("th[aria-sort]");
  if (!header) return;
  const direction = header.ariaSort === "descending" ? -1 : 1;
  const compare = comparison(header.cellIndex, direction);
  for (const body of table.tBodies) {
    const rows = [...body.rows];
    const isPinned = (row) => "pinned" in row.dataset;
    const ordered = [...rows].sort((a, b) => isPinned(b) - isPinned(a) || compare(a, b));
    if (ordered.some((row, i) => row !== rows[i])) body.append(...ordered);
  }
}

function filterRows(input) {
  const table = document.querySelector(input.dataset.filter);
  if (!table) return;
  const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const body of table.tBodies) {
    for (const row of body.rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !wanted.every((word) => text.includes(word));
      shown += !row.hidden;
    }
  }
  const count = document.querySelector(`[data-filter-count="${input.dataset.filter}"]`);
  if (count) count.textContent = wanted.length ? say("{shown} shown", { shown }) : "";
}

/** Sort and filter again after the rows of a table were replaced. */
export function refreshTable(table) {
  if (!table) return;
  if (table.matches("[data-sort]")) sortRows(table);
  if (!table.id) return;
  for (const input of document.querySelectorAll(`input[data-filter="#${table.id}"]`)) {
    if (input.value) filterRows(input);
  }
}

function makeSortable(table) {
  for (const header of table.tHead?.rows[table.tHead.rows.length - 1]?.cells ?? []) {
    if ("nosort" in header.dataset || !header.textContent.trim()) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort-button";
    button.append(...header.childNodes);
    header.append(button);
  }
  table.tHead?.addEventListener("click", (event) => {
    const header = event.target.closest("th");
    if (!header?.querySelector(".sort-button")) return;
    const first = header.dataset.sortFirst ?? "ascending";
    const other = first === "ascending" ? "descending" : "ascending";
    const next = header.ariaSort === first ? other : first;
    for (const cell of header.parentNode.cells) cell.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", next);
    sortRows(table);
  });
}

export function mountTables(part) {
  for (const table of fresh(part, "table[data-sort]", seen)) makeSortable(table);
  for (const input of fresh(part, "input[data-filter]", seen)) {
    input.addEventListener("input", () => filterRows(input));
    if (input.value) filterRows(input); // kept by the browser over a reload
  }
}
