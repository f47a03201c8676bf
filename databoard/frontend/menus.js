// Menus are <details data-menu>: they open without scripts. With scripts they also close when one
// clicks elsewhere or presses Escape, and only one is open at a time.

function closeAll(except = null) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (menu !== except && !menu.contains(except)) menu.open = false;
  }
}

function showTheme() {
  const choice = document.documentElement.dataset.themeChoice ?? "auto";
  for (const button of document.querySelectorAll("[data-choose-theme]")) {
    button.setAttribute("aria-pressed", String(button.dataset.chooseTheme === choice));
  }
}

export function startMenus() {
  document.addEventListener("click", (event) => {
    closeAll(event.target.closest("details[data-menu]"));
    const button = event.target.closest("[data-choose-theme]");
    if (!button) return;
    dispatchEvent(new CustomEvent("databoard:choose-theme", { detail: button.dataset.chooseTheme }));
    showTheme();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details[data-menu][open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  showTheme();
}
