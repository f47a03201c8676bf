// <div data-math>: $…$ and $$…$$ (also \(…\) and \[…\]) become MathML, which browsers draw
// with no styles or fonts of ours.

import katex from "katex";

import { fresh } from "./marks.js";

const FORMULA = /\$\$([^]+?)\$\$|\\\[([^]+?)\\\]|\\\(([^]+?)\\\)|\$((?:[^$\\\n]|\\.)+?)\$(?!\d)/g;
const LEFT_ALONE = "code, pre, script, style, textarea, math, kbd, .highlight";

const seen = new WeakSet();

function render(tex, displayMode) {
  const span = document.createElement(displayMode ? "div" : "span");
  katex.render(tex, span, { displayMode, output: "mathml", throwOnError: false, trust: false });
  return span;
}

function replace(node) {
  const parts = [];
  let end = 0;
  for (const match of node.data.matchAll(FORMULA)) {
    const [, block, bracket, paren, inline] = match;
    parts.push(node.data.slice(end, match.index));
    parts.push(render(block ?? bracket ?? paren ?? inline, Boolean(block ?? bracket)));
    end = match.index + match[0].length;
  }
  if (parts.length) node.replaceWith(...parts, node.data.slice(end));
}

export function mount(part) {
  for (const element of fresh(part, "[data-math]", seen)) {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (walker.nextNode()) nodes.push(walker.currentNode);
    for (const node of nodes) if (!node.parentElement.closest(LEFT_ALONE)) replace(node);
  }
}
