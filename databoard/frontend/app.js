// What every page carries. Each module enhances elements that already work without it, finds them
// by data attributes, and is told about every part of a page that htmx brings in.

import htmx from "htmx.org";

import { mountCheck, startChecks } from "./check.js";
import { mountDrafts, startDrafts } from "./drafts.js";
import { mountDrops } from "./drop.js";
import { mountEvent } from "./event.js";
import { mountForms } from "./forms.js";
import { startKeys } from "./keys.js";
import { mountLive, startLive } from "./live.js";
import { startMenus } from "./menus.js";
import { startNotices } from "./notices.js";
import { mountScrolling } from "./scrolling.js";
import { mountTables } from "./tables.js";
import { mountTimes, startTimes } from "./times.js";

// The heavy parts, loaded where the page asks for them.
const LAZY = {
  "textarea[data-editor]": () => import("./editor.js"),
  "[data-chart]": () => import("./chart.js"),
  "[data-math]": () => import("./math.js"),
};

function mount(part) {
  mountTimes(part);
  mountTables(part);
  mountForms(part);
  mountDrops(part);
  mountCheck(part);
  mountDrafts(part);
  mountLive(part);
  mountEvent(part);
  mountScrolling(part);
  for (const [selector, load] of Object.entries(LAZY)) {
    if (part.matches?.(selector) || part.querySelector(selector)) {
      load().then((module) => module.mount(part));
    }
  }
}

document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector("meta[name=csrf-token]")?.content;
  if (token) event.detail.headers["X-CSRFToken"] = token;
});
// The first paint waits for this script but not for htmx: nothing may change its width after it.
mountTimes(document);
mountTables(document);
mountScrolling(document);
// htmx says "load" once for the body and once for each part that it swaps in.
htmx.onLoad(mount);

startTimes();
startDrafts();
startMenus();
startNotices();
startKeys();
startChecks();
startLive();
