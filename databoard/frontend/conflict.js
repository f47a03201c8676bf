// Two versions of what one is writing: both are shown beside each other, and the person chooses.

const NAMES = { mine: "Use mine", theirs: "Use the saved one", later: "Decide later" };

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
  const when = savedAt ? ` at ${new Date(savedAt).toLocaleTimeString()}` : "";
  const parts = [element("h2", "h4", "Two versions of your sandbox")];
  parts[0].id = "conflict-title";
  parts.push(element("p", "hint", `Another tab or a team mate saved${when}. Lines that differ are marked.`));
  for (const name of Object.keys(mine)) {
    if (mine[name] === (theirs[name] ?? "")) continue;
    const pair = element("div", "conflict-pair");
    pair.append(
      column(`Yours: ${name.replace("text-", "")}`, mine[name], theirs[name] ?? ""),
      column("Saved meanwhile", theirs[name] ?? "", mine[name]),
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
  for (const [value, text] of Object.entries(NAMES)) {
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
