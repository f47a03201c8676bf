// <time datetime="2026-03-01T12:00:00Z" data-local> shows the visitor's own zone, UTC on hover;
// <time datetime="…" data-countdown> tells in words how far away it is.

import { fresh } from "./marks.js";

const UNITS = [
  ["year", 365 * 86400],
  ["month", 30 * 86400],
  ["week", 7 * 86400],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
const TICK_MS = 1000;

const language = document.documentElement.lang || "en";
const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
// As the server writes moments, day first and with 24 hours, so that nothing gets another width.
const european = language === "en" ? "en-GB" : language;
const date = new Intl.DateTimeFormat(european, { dateStyle: "medium" });
const full = new Intl.DateTimeFormat(european, { dateStyle: "medium", timeStyle: "short" });
const hours = new Intl.DateTimeFormat(european, { timeStyle: "short" });
const seen = new WeakSet();

/** The time of day of a moment: "13:05". */
export const clock = (moment) => hours.format(moment);

/** "in 3 days", "2 minutes ago": the largest unit of which there are two, or else one. */
export function distance(seconds) {
  const size = Math.abs(seconds);
  if (size < 1) return words.format(0, "second");
  const [unit, length] =
    UNITS.find(([, unitLength]) => size >= 2 * unitLength) ?? UNITS[UNITS.length - 1];
  return words.format(Math.trunc(seconds / length), unit);
}

function utc(moment) {
  return `${moment.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

export function mountTimes(part) {
  for (const element of fresh(part, "time[data-local]", seen)) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.valueOf())) continue;
    element.textContent = (element.dataset.local === "date" ? date : full).format(moment);
    element.title = utc(moment);
  }
  countDown(part);
}

function countDown(part) {
  for (const element of part.querySelectorAll("time[data-countdown]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.valueOf())) continue;
    const text = distance((moment - Date.now()) / 1000);
    if (element.textContent !== text) element.textContent = text;
    element.title = `${full.format(moment)} (${utc(moment)})`;
  }
}

export function startTimes() {
  setInterval(() => document.hidden || countDown(document), TICK_MS);
}
