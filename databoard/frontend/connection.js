// Says quietly in a corner that what a page shows can no longer be kept current, and when it is again:
// the browser is offline, the server does not answer, or the session is over.

import { clock } from "./times.js";
import { say } from "./words.js";

const BACK_MS = 5000;

let notice = null;

function show(text, kind) {
  const region = document.getElementById("notices");
  if (!region) return;
  if (!notice?.isConnected) {
    notice = document.createElement("div");
    region.append(notice);
  }
  if (notice.dataset.connection === kind) return;
  notice.className = `notice notice-${kind === "back" ? "good" : "warning"}`;
  notice.dataset.connection = kind;
  notice.textContent = text;
}

/** Nothing new can come; the first cause is the one to tell. */
export function lose() {
  if (notice?.isConnected && notice.dataset.connection !== "back") return;
  const time = clock(new Date());
  const words = navigator.onLine
    ? say("The server has not answered since {time}. This page goes on by itself when it does.", { time })
    : say("No connection since {time}. This page goes on by itself when it is back.", { time });
  show(words, "lost");
}

/** What was asked for has come. */
export function regain() {
  if (!notice?.isConnected || notice.dataset.connection === "back") return;
  show(say("The connection is back, and this page is current."), "back");
  const said = notice;
  setTimeout(() => said.dataset.connection === "back" && said.remove(), BACK_MS);
}

/** The session is over: only the visitor can mend that. */
export function sayLoggedOut() {
  if (notice?.dataset.connection === "out") return;
  show(`${say("You are logged out, so this page no longer follows what happens.")} `, "out");
  const link = document.createElement("a");
  link.href = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
  link.textContent = say("Log in again");
  notice.append(link);
}
