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

/** Scores besides the official one are there when asked for; the choice is remembered. */
function switchScores(box) {
  const table = document.querySelector(box.dataset.otherScores);
  const key = "databoard.other-scores";
  const show = () => table?.classList.toggle("only-official", !box.checked);
  try {
    box.checked = localStorage.getItem(key) === "yes";
  } catch {
    // no storage: the official score it is
  }
  show();
  box.addEventListener("change", () => {
    show();
    try {
      localStorage.setItem(key, box.checked ? "yes" : "no");
    } catch {
      // asked again at the next page
    }
  });
}

export function mountEvent(part) {
  for (const box of fresh(part, "[data-other-scores]", seen)) switchScores(box);
  markOwn(part);
  for (const form of fresh(part, "form[data-total]", seen)) showSum(form);
}
