// Keyboard shortcuts. "/" goes to the page's search field, "?" lists what there is, and any link
// or button with data-key-hint="g e" answers to its own letters typed one after the other. One with
// data-mod-key="Enter" answers to that key with Ctrl (or Cmd), in an editor too; "Shift+Enter" to more.

const SEQUENCE_MS = 1000;
const isMac = /mac|iphone|ipad/i.test(navigator.platform);

let typed = "";
let lastTime = 0;

function isTyping(target) {
  return target.isContentEditable || target.closest("input, textarea, select, .cm-editor");
}

function focusSearch() {
  const field = document.querySelector("[data-search]") ?? document.querySelector("input[type=search]");
  if (!field) return false;
  field.focus();
  field.select();
  return true;
}

/** The keys of an element, as they are printed. */
function keysOf({ keyHint, modKey }) {
  return keyHint ? keyHint.split(" ") : [`${isMac ? "⌘" : "Ctrl"}`, ...modKey.split("+")];
}

function fillList(dialog) {
  const list = dialog.querySelector("dl");
  list.querySelectorAll("[data-from-page]").forEach((row) => row.remove());
  for (const element of document.querySelectorAll("[data-key-hint], [data-mod-key]")) {
    const row = document.createElement("div");
    row.dataset.fromPage = "";
    const term = document.createElement("dt");
    for (const key of keysOf(element.dataset)) {
      const cap = document.createElement("kbd");
      cap.textContent = key;
      term.append(cap, " ");
    }
    const words = document.createElement("dd");
    words.textContent = element.ariaLabel || element.textContent.trim();
    row.append(term, words);
    list.append(row);
  }
}

function showList() {
  const dialog = document.getElementById("shortcuts");
  if (!dialog || dialog.open) return;
  fillList(dialog);
  dialog.showModal();
}

function follow(key) {
  const now = Date.now();
  typed = now - lastTime < SEQUENCE_MS ? `${typed} ${key}` : key;
  lastTime = now;
  const element = document.querySelector(`[data-key-hint="${CSS.escape(typed).replaceAll("\\ ", " ")}"]`);
  element?.click();
}

/** Answer Ctrl+Enter and its like before an editor takes them. */
function press(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.repeat) return;
  const name = `${event.shiftKey ? "Shift+" : ""}${event.key.length === 1 ? event.key.toUpperCase() : event.key}`;
  const element = document.querySelector(`[data-mod-key="${CSS.escape(name)}"]`);
  if (!element || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  event.stopPropagation();
  element.click();
}

export function startKeys() {
  document.addEventListener("keydown", press, { capture: true });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "/") {
      if (focusSearch()) event.preventDefault();
    } else if (event.key === "?") {
      showList();
    } else if (/^[a-z0-9]$/.test(event.key)) {
      follow(event.key);
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-show-shortcuts]")) showList();
  });
}
