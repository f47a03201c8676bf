// <label class="drop" data-drop><input type="file" multiple>…</label>: files may be dropped on it;
// what was chosen is listed. A text file whose name is that of an editor of the same form
// (textarea data-filename) goes straight into the editor.

import { fresh } from "./marks.js";
import { announce } from "./notices.js";
import { say } from "./words.js";

const seen = new WeakSet();

function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function list(zone, files) {
  let output = zone.querySelector("[data-drop-list]");
  if (!output) {
    output = document.createElement("span");
    output.dataset.dropList = "";
    output.className = "drop-list";
    zone.append(output);
  }
  output.textContent = files.map((file) => `${file.name} (${size(file.size)})`).join(", ");
}

function decoded(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

async function fillEditors(form, files) {
  const rest = [];
  for (const file of files) {
    const name = CSS.escape(file.name);
    const area = form?.querySelector(`textarea[data-filename="${name}"]`);
    const text = area && decoded(await file.arrayBuffer());
    if (!area || text === null) {
      rest.push(file); // the server says what is wrong with it, and in which line
      continue;
    }
    area.value = text;
    area.dispatchEvent(new Event("databoard:filled"));
    area.dispatchEvent(new Event("input", { bubbles: true }));
    announce(say("{file} is in the editor.", { file: file.name }));
  }
  return rest;
}

async function take(zone, input, files) {
  const rest = await fillEditors(input.form, files);
  const transfer = new DataTransfer();
  for (const file of input.multiple ? rest : rest.slice(0, 1)) transfer.items.add(file);
  input.files = transfer.files;
  list(zone, [...files]);
}

export function mountDrops(part) {
  for (const zone of fresh(part, "[data-drop]", seen)) {
    const input = zone.querySelector("input[type=file]");
    for (const type of ["dragenter", "dragover"]) {
      zone.addEventListener(type, (event) => {
        event.preventDefault();
        zone.classList.add("is-over");
      });
    }
    zone.addEventListener("dragleave", () => zone.classList.remove("is-over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("is-over");
      take(zone, input, [...event.dataTransfer.files]);
    });
    input.addEventListener("change", () => take(zone, input, [...input.files]));
  }
}
