// Short words to the visitor: said to screen readers (announce) or shown in a corner (notify).

import { say } from "./words.js";

const SHOWN_MS = 7000;

export function announce(text) {
  const region = document.getElementById("announcer");
  if (region) region.textContent = text;
}

export function notify(text, kind = "info") {
  const region = document.getElementById("notices");
  if (!region) return;
  const notice = document.createElement("div");
  notice.className = `notice notice-${kind}`;
  notice.textContent = text;
  region.append(notice);
  setTimeout(() => notice.remove(), SHOWN_MS);
}

/** What a visitor is told when a part of the page could not be fetched. */
function reason({ status, responseText }) {
  if (status < 500 && responseText && responseText.length < 300) return responseText; // plain text
  if (status === 401 || status === 403) return say("You may no longer do this. Reload the page and log in.");
  if (status === 429) return say("Too many requests. Wait a moment, then try again.");
  return say("The server could not do this now. Try again in a moment.");
}

export function startNotices() {
  document.addEventListener("htmx:responseError", (event) => {
    if (event.target.closest?.("[data-live]")) return; // asks again by itself
    notify(reason(event.detail.xhr), "danger");
  });
  document.addEventListener("click", (event) => {
    event.target.closest("[data-dismiss]")?.closest(".alert")?.remove();
  });
}
