// What scrolls sideways on this screen is reached by the keyboard, and only there; of tabs that do not
// fit, the one of this page is in sight.

import { fresh } from "./marks.js";

const seen = new WeakSet();

const watch = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});

export function mountScrolling(part) {
  for (const one of fresh(part, ".highlight, .prose pre", seen)) watch.observe(one);
  for (const tab of fresh(part, ".tabs [aria-current]", seen)) {
    const tabs = tab.parentElement;
    tabs.scrollLeft = tab.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
  }
}
