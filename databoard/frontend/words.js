// What scripts say, in the language of the page: the layout gives other languages than English in
// <script type="application/json" id="words">. say("{shown} shown", { shown: 3 }) fills in the holes.

let words = null;

function all() {
  try {
    return JSON.parse(document.getElementById("words").textContent);
  } catch {
    return {}; // the page is in English
  }
}

export function say(text, values = {}) {
  words ??= all();
  return (words[text] ?? text).replace(/\{(\w+)\}/g, (hole, name) => values[name] ?? hole);
}
