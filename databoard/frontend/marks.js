// Remember which elements a module has taken care of: parts of a page are mounted more than once.

/** Yield the elements of `part` that match `selector` and that `seen` does not know yet. */
export function* fresh(part, selector, seen) {
  const found = [...part.querySelectorAll(selector)];
  if (part.matches?.(selector)) found.unshift(part);
  for (const element of found) {
    if (seen.has(element)) continue;
    seen.add(element);
    yield element;
  }
}
