// Pages of an event. <table data-own-team="…">: rows of the visitor's own team are marked, in a body
// that is the same for everybody. <form data-total="100">: the sum of its shares is shown.

import { fresh } from "./marks.js";

const seen = new WeakSet();

function markOwn(part) {
  const table = part.closest("table[data-own-team]") ?? part.querySelector("table[data-own-team]");
  const team = table?.dataset.ownTeam;
  if (!team) return;
  for (const row of table.querySelectorAll("tr[data-team]")) {
    row.classList.toggle("is-own", row.dataset.team === team);
  }
}

function showSum(form) {
  const output = form.querySelector("[data-sum]");
  const update = () => {
    const shares = [...form.querySelectorAll("[data-share]")].map((field) => Number(field.value) || 0);
    output.textContent = String(shares.reduce((sum, share) => sum + share, 0));
  };
  form.addEventListener("input", update);
  update();
}

export function mountEvent(part) {
  markOwn(part);
  for (const form of fresh(part, "form[data-total]", seen)) showSum(form);
}
