// Parts of a page that keep themselves current.
// <div data-live="/rows" data-version="17">: asks GET /rows?v=17 every five seconds; 204 says that
// nothing is new, 200 brings the new inside and names its version in X-Version.
// Faster while something of the visitor's own runs (data-running inside; ="1" names the seconds),
// slower in a hidden tab or while the server does not answer; at once when the tab comes back, the
// connection, or the machine from its sleep. Inside, <pre data-follow id="log"> stays at its end.

import htmx from "htmx.org";

import { lose, regain, sayLoggedOut } from "./connection.js";
import { fresh } from "./marks.js";
import { announce } from "./notices.js";
import { refreshTable } from "./tables.js";
import { say } from "./words.js";

const EVERY_S = 5;
const FAST_S = 2;
const MOST_FAILURES = 5;
const HIDDEN_FACTOR = 10;
const LONGEST_S = 120;
const MARKED_MS = 8000;
const BEAT_MS = 5000;
const NEAR_END_PX = 40;

const seen = new WeakSet();

function positions(element) {
  const rows = [...element.querySelectorAll("[data-key]")];
  return new Map(rows.map((row) => [row.dataset.key, Number(row.dataset.rank)]));
}

/** Show for a moment which rows are new and which have moved. */
function markMoves(element, before) {
  if (before.size === 0) return;
  let count = 0;
  for (const row of element.querySelectorAll("[data-key]")) {
    const [was, is] = [before.get(row.dataset.key), Number(row.dataset.rank)];
    const mark = !before.has(row.dataset.key)
      ? "is-new"
      : is < was ? "is-up" : is > was ? "is-down" : null;
    if (!mark) continue;
    count += 1;
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
  if (count) announce(say("Lines that are new or have moved: {count}", { count }));
}

/** Where the reader is in each part that follows what is written; null is its end. */
function readingPlaces(element) {
  return new Map([...element.querySelectorAll("[data-follow]")].map((part) => {
    const rest = part.scrollHeight - part.scrollTop - part.clientHeight;
    return [part.id, rest < NEAR_END_PX ? null : part.scrollTop];
  }));
}

function follow(element, places = new Map()) {
  for (const part of element.querySelectorAll("[data-follow]")) {
    part.scrollTop = places.get(part.id) ?? part.scrollHeight;
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
    follow(element);
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
    const [before, places] = [positions(element), readingPlaces(element)];
    const versionBefore = this.version;
    await htmx.ajax("GET", url.pathname + url.search, { source: element, target: element, swap: "innerHTML" })
      .catch(() => {}); // noted below, by its answer or the want of one
    this.isAsking = false;
    if (this.version !== versionBefore) {
      refreshTable(element.closest("table") ?? element.querySelector("table"));
      markMoves(element, before);
      follow(element, places);
      if (element.dataset.liveSays) announce(element.dataset.liveSays);
    }
    this.plan();
  }

  note(xhr) {
    const isAnswer = xhr.status === 200 || xhr.status === 204;
    this.failures = isAnswer ? 0 : Math.min(this.failures + 1, MOST_FAILURES);
    if (xhr.status === 200) this.version = xhr.getResponseHeader("X-Version") ?? this.version;
    if (isAnswer) regain();
    else if (xhr.status === 401) sayLoggedOut();
    else if (this.failures > 1 && (xhr.status === 0 || xhr.status >= 500)) lose();
  }
}

const active = new Set();

export function mountLive(part) {
  for (const element of fresh(part, "[data-live]", seen)) active.add(new Live(element));
}

function catchUp() {
  if (document.hidden) return;
  for (const live of active) {
    live.failures = 0;
    live.ask();
  }
}

// A machine that slept, or a tab that was frozen, missed beats; nothing else may tell.
let beat = Date.now();

function listen() {
  const now = Date.now();
  if (now - beat > 4 * BEAT_MS) catchUp();
  beat = now;
}

export function startLive() {
  setInterval(listen, BEAT_MS);
  document.addEventListener("visibilitychange", catchUp);
  addEventListener("offline", lose);
  addEventListener("online", () => (active.size ? catchUp() : regain()));
  addEventListener("pageshow", (event) => event.persisted && catchUp());
}
