// What a check found, shown in the editors: a part with data-checked names the file and the line that
// failed (data-file, data-line; empty if all went well); <a data-goto-file data-goto-line> goes there.

import { fresh } from "./marks.js";

const seen = new WeakSet();

function tell(area, detail) {
  area.dispatchEvent(new CustomEvent("databoard:line", { detail }));
}

function areas() {
  return document.querySelectorAll("textarea[data-filename]");
}

function show(result) {
  for (const area of areas()) {
    const isFailing = area.dataset.filename === result.dataset.file;
    tell(area, { line: isFailing ? Number(result.dataset.line) : 0 });
  }
}

function go(link) {
  for (const area of areas()) {
    if (area.dataset.filename !== link.dataset.gotoFile) continue;
    tell(area, { line: Number(link.dataset.gotoLine), isGoing: true });
  }
}

export function mountCheck(part) {
  if (part === document.body) return; // the server has marked what it showed first
  if (part.id === "check") part.scrollIntoView({ block: "nearest" });
  for (const result of fresh(part, "[data-checked]", seen)) show(result);
}

export function startChecks() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-goto-line]");
    if (!link || !document.querySelector(".cm-editor")) return;
    event.preventDefault();
    go(link);
  });
}
