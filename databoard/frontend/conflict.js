// Two versions of what one is writing: both are shown beside each other, and the person chooses.

import { clock } from "./times.js";
import { say } from "./words.js";

const names = () => ({
  mine: say("Use mine"), theirs: say("Use the saved one"), later: say("Decide later"),
});

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Lines of a text, those marked that the other text does not have. */
function column(title, text, other) {
  const known = new Set(other.split("\n"));
  const part = element("section");
  part.setAttribute("aria-label", title);
  const lines = element("pre", "log");
  lines.tabIndex = 0;
  for (const line of text.split("\n")) {
    lines.append(element("span", known.has(line) ? "" : "is-other", `${line}\n`));
  }
  part.append(element("h3", "h6", title), lines);
  return part;
}

function content({ mine, theirs, savedAt }) {
  const told = savedAt
    ? say("Another tab or a team mate saved at {time}. Lines that differ are marked.", {
      time: clock(new Date(savedAt)),
    })
    : say("Another tab or a team mate saved. Lines that differ are marked.");
  const parts = [element("h2", "h4", say("Two versions of your sandbox"))];
  parts[0].id = "conflict-title";
  parts.push(element("p", "hint", told));
  for (const name of Object.keys(mine)) {
    if (mine[name] === (theirs[name] ?? "")) continue;
    const pair = element("div", "conflict-pair");
    pair.append(
      column(say("Yours: {file}", { file: name.replace("text-", "") }), mine[name], theirs[name] ?? ""),
      column(say("Saved meanwhile"), theirs[name] ?? "", mine[name]),
    );
    parts.push(pair);
  }
  return parts;
}

/** Resolves to "mine", "theirs" or "later". */
export function choose(versions) {
  const dialog = element("dialog", "conflict");
  dialog.setAttribute("aria-labelledby", "conflict-title");
  const form = element("form", "dialog-actions");
  form.method = "dialog";
  for (const [value, text] of Object.entries(names())) {
    const look = value === "later" ? "btn-link" : "btn-outline-primary";
    const button = element("button", `btn ${look}`, text);
    button.value = value;
    form.append(button);
  }
  dialog.append(...content(versions), form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue || "later");
    });
  });
}
