// <textarea data-editor="python" data-error-line="12">: an editor around the field, which keeps the
// text for the form. Colours come from the page's own style, so both themes fit.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration, EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter,
  highlightSpecialChars, keymap, lineNumbers,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

import { fresh } from "./marks.js";
import { say } from "./words.js";

const LANGUAGES = { python };
const seen = new WeakSet();

const setErrorLine = StateEffect.define();

function marks(doc, number) {
  if (!number || number > doc.lines) return Decoration.none;
  return Decoration.set([Decoration.line({ class: "cm-error-line" }).range(doc.line(number).from)]);
}

/** Mark the line that failed; the mark moves with its line and goes with it. */
function errorMark(number) {
  return StateField.define({
    create: ({ doc }) => marks(doc, number),
    update(found, transaction) {
      const told = transaction.effects.find((effect) => effect.is(setErrorLine));
      return told ? marks(transaction.newDoc, told.value) : found.map(transaction.changes);
    },
    provide: (field) => EditorView.decorations.from(field),
  });
}

/** Go to a line of the text, or only show that it failed. */
function show(view, { line, isGoing }) {
  const number = Math.min(line || 0, view.state.doc.lines);
  const effects = [setErrorLine.of(number)];
  if (number) {
    const { from } = view.state.doc.line(number);
    effects.push(EditorView.scrollIntoView(from, { y: "center" }));
    view.dispatch(isGoing ? { effects, selection: { anchor: from } } : { effects });
  } else view.dispatch({ effects });
  if (isGoing) view.focus();
}

function label(area) {
  return area.getAttribute("aria-label") ?? area.labels[0]?.textContent.trim() ?? "code";
}

function extensions(area) {
  const language = LANGUAGES[area.dataset.editor];
  const nonce = document.querySelector("meta[name=csp-nonce]")?.content ?? "";
  return [
    EditorView.cspNonce.of(nonce),
    lineNumbers(), highlightActiveLineGutter(), highlightSpecialChars(), history(),
    drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(), autocompletion(),
    highlightActiveLine(), highlightSelectionMatches(), indentUnit.of("    "),
    EditorState.tabSize.of(4), EditorState.readOnly.of(area.readOnly),
    syntaxHighlighting(classHighlighter), language ? language() : EditorView.lineWrapping,
    errorMark(Number(area.dataset.errorLine)),
    keymap.of([
      ...closeBracketsKeymap, ...completionKeymap, ...searchKeymap, ...historyKeymap,
      ...defaultKeymap, indentWithTab,
    ]),
    EditorView.contentAttributes.of({
      "aria-label": label(area),
      tabindex: "0", // it is reached anyway; not all tools know
      "aria-description": say("The tab key indents. To leave the editor press Escape, then Tab."),
    }),
    EditorView.updateListener.of((update) => {
      if (!update.docChanged || update.transactions.some((part) => part.isUserEvent("databoard"))) return;
      area.value = update.state.doc.toString();
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }),
  ];
}

function enhance(area) {
  const view = new EditorView({ doc: area.value, extensions: extensions(area) });
  area.before(view.dom);
  view.requestMeasure(); // it was made outside of the page
  area.hidden = true;
  area.required = false; // a hidden field cannot tell what it misses; the server does
  area.addEventListener("databoard:filled", () => {
    const changes = { from: 0, to: view.state.doc.length, insert: area.value };
    view.dispatch({ changes, userEvent: "databoard" });
  });
  area.addEventListener("databoard:line", (event) => show(view, event.detail));
  for (const element of area.labels) element.addEventListener("click", () => view.focus());
}

export function mount(part) {
  for (const area of fresh(part, "textarea[data-editor]", seen)) enhance(area);
}
