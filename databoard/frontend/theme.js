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

function apply() {
  const choice = saved() ?? "auto";
  const theme = choice === "auto" ? (system.matches ? "dark" : "light") : choice;
  const root = document.documentElement;
  const isNew = root.dataset.bsTheme !== theme;
  root.dataset.bsTheme = theme;
  root.dataset.themeChoice = choice;
  if (isNew) dispatchEvent(new CustomEvent("databoard:theme", { detail: theme }));
}

document.documentElement.classList.add("has-scripts");
apply();
system.addEventListener("change", apply);
addEventListener("storage", (event) => event.key === KEY && apply());
addEventListener("databoard:choose-theme", (event) => {
  try {
    localStorage.setItem(KEY, event.detail);
  } catch {
    // the choice then lasts as long as the page
  }
  apply();
  document.documentElement.dataset.themeChoice = event.detail;
});
