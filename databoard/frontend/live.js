// Parts of a page that keep themselves current.
// <div data-live="/rows" data-version="17">: asks GET /rows?v=17 every five seconds; 204 says that
// nothing is new, 200 brings the new inside and names its version in X-Version.
// Faster while something of the visitor's own runs (data-running inside; ="1" names the seconds),
// slower in a hidden tab or while the server does not answer; at once when the tab comes back.

import htmx from "htmx.org";

import { fresh } from "./marks.js";
import { announce } from "./notices.js";
import { refreshTable } from "./tables.js";

const EVERY_S = 5;
const FAST_S = 2;
const HIDDEN_FACTOR = 10;
const LONGEST_S = 120;
const MARKED_MS = 8000;

const seen = new WeakSet();

function positions(element) {
  const rows = [...element.querySelectorAll("[data-key]")];
  return new Map(rows.map((row) => [row.dataset.key, Number(row.dataset.rank)]));
}

/** Show for a moment which rows are new and which have moved. */
function markMoves(element, before) {
  if (before.size === 0) return;
  for (const row of element.querySelectorAll("[data-key]")) {
    const [was, is] = [before.get(row.dataset.key), Number(row.dataset.rank)];
    const mark = !before.has(row.dataset.key)
      ? "is-new"
      : is < was ? "is-up" : is > was ? "is-down" : null;
    if (!mark) continue;
    row.classList.add(mark);
    const words = document.createElement("span");
    words.className = "moved";
    words.textContent = `${mark === "is-up" ? "▲" : "▼"}${Math.abs(was - is)}`;
    if (mark !== "is-new" && was && is) row.querySelector(".rank")?.append(words);
    setTimeout(() => {
      row.classList.remove(mark);
      words.remove();
    }, MARKED_MS);
  }
}

class Live {
  constructor(element) {
    this.element = element;
    this.version = element.dataset.version ?? "";
    this.failures = 0;
    this.isAsking = false;
    this.timer = null;
    element.addEventListener("htmx:afterRequest", (event) => {
      if (event.target === element) this.note(event.detail.xhr);
    });
    this.plan();
  }

  get delayS() {
    const isRunning = this.element.querySelector("[data-running]");
    const own = Number(this.element.dataset.every) || EVERY_S;
    const fast = Number(isRunning?.dataset.running) || FAST_S;
    const seconds = (isRunning ? Math.min(own, fast) : own) * 2 ** this.failures;
    return Math.min(document.hidden ? seconds * HIDDEN_FACTOR : seconds, LONGEST_S);
  }

  plan() {
    clearTimeout(this.timer);
    // A little chance keeps a hall full of browsers from asking in one breath.
    const chance = 0.9 + 0.2 * Math.random();
    this.timer = setTimeout(() => this.ask(), this.delayS * chance * 1000);
  }

  async ask() {
    if (this.isAsking) return;
    if (!this.element.isConnected) {
      clearTimeout(this.timer);
      active.delete(this);
      return;
    }
    this.isAsking = true;
    const { element } = this;
    const url = new URL(element.dataset.live, location.href);
    url.searchParams.set("v", this.version);
    const before = positions(element);
    const versionBefore = this.version;
    try {
      await htmx.ajax("GET", url.pathname + url.search, { source: element, target: element, swap: "innerHTML" });
    } catch {
      this.failures = Math.min(this.failures + 1, 5);
    } finally {
      this.isAsking = false;
    }
    if (this.version !== versionBefore) {
      refreshTable(element.closest("table") ?? element.querySelector("table"));
      markMoves(element, before);
      if (element.dataset.liveSays) announce(element.dataset.liveSays);
    }
    this.plan();
  }

  note(xhr) {
    const isAnswer = xhr.status === 200 || xhr.status === 204;
    this.failures = isAnswer ? 0 : Math.min(this.failures + 1, 5);
    this.element.toggleAttribute("data-stale", this.failures > 1);
    if (xhr.status === 200) this.version = xhr.getResponseHeader("X-Version") ?? this.version;
  }
}

const active = new Set();

export function mountLive(part) {
  for (const element of fresh(part, "[data-live]", seen)) active.add(new Live(element));
}

function catchUp() {
  if (!document.hidden) for (const live of active) live.ask();
}

document.addEventListener("visibilitychange", catchUp);
addEventListener("online", catchUp);
addEventListener("pageshow", (event) => event.persisted && catchUp());
