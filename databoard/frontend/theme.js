// Loaded before the page is painted, so that a dark page never flashes white.

const KEY = "databoard.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function saved() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage may be forbidden
  }
}

function show(theme) {
  const root = document.documentElement;
  if (root.dataset.bsTheme === theme) return;
  root.dataset.bsTheme = theme;
  dispatchEvent(new CustomEvent("databoard:theme", { detail: theme }));
}

function apply() {
  const choice = saved() ?? "auto";
  document.documentElement.dataset.themeChoice = choice;
  show(choice === "auto" ? (system.matches ? "dark" : "light") : choice);
}

document.documentElement.classList.add("has-scripts");
apply();
system.addEventListener("change", apply);
addEventListener("storage", (event) => event.key === KEY && apply());
addEventListener("databoard:choose-theme", (event) => {
  try {
    localStorage.setItem(KEY, event.detail);
  } catch {
    return; // without storage the system's choice stands
  }
  apply();
});
addEventListener("beforeprint", () => show("light")); // paper is white
addEventListener("afterprint", apply);
