// What scrolls sideways on this screen is reached by the keyboard, and only there.

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
}
