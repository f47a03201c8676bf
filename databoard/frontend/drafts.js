// <form data-draft="/url" data-draft-version="3">: what is typed is saved at /url a moment later
// (POST of the form's fields plus draft_version; answer {"version": 4}; 409 when another tab or
// team mate saved meanwhile), and in this browser until the server has it. <… data-draft-status>
// inside the form tells where things stand. Nothing typed is lost when the session has ended.

import { choose } from "./conflict.js";
import { fresh } from "./marks.js";
import { clock } from "./times.js";
import { say } from "./words.js";

const WAIT_MS = 1200;
const RETRY_MS = 10000;

const SENT = "databoard.sent";
const SUBMISSION = /^\/[0-9a-f]{40}$/;

const seen = new WeakSet();

class Draft {
  constructor(form) {
    this.form = form;
    // Who shares this browser shares no draft: another team's text is nobody else's.
    this.key = `databoard.draft:${form.dataset.draft}:${form.dataset.draftOwner ?? ""}`;
    this.status = form.querySelector("[data-draft-status]");
    this.timer = null;
    this.isConflict = false;
    this.restore();
    form.addEventListener("input", ({ target }) => {
      if (target.matches("textarea[name]")) this.change(); // a draft has no name, and no files yet
    });
    form.addEventListener("submit", () => {
      clearTimeout(this.timer);
      this.timer = null; // or leaving the page would save it a second time
      try {
        sessionStorage.setItem(SENT, this.key);
      } catch {
        // no storage: there is no copy to forget either
      }
    });
    // A check saves too, and says what version that made.
    form.addEventListener("databoard:saved", ({ detail }) => this.moveTo(detail.version));
    document.addEventListener("visibilitychange", () => {
      if (document.hidden && this.timer) this.save();
    });
  }

  get texts() {
    const areas = [...this.form.querySelectorAll("textarea[name]")];
    return Object.fromEntries(areas.map((area) => [area.name, area.value]));
  }

  say(text, kind = "muted") {
    if (!this.status) return;
    this.status.textContent = text;
    this.status.dataset.kind = kind;
  }

  keep() {
    try {
      const { draftVersion } = this.form.dataset;
      localStorage.setItem(this.key, JSON.stringify({ version: draftVersion, texts: this.texts }));
    } catch {
      // no storage: the server's copy is then the only one
    }
  }

  forget() {
    try {
      localStorage.removeItem(this.key);
    } catch {
      // nothing was kept
    }
  }

  /** Bring back what this browser has and the server does not. */
  restore() {
    let kept = null;
    try {
      kept = JSON.parse(localStorage.getItem(this.key));
    } catch {
      return;
    }
    if (!kept || JSON.stringify(kept.texts) === JSON.stringify(this.texts)) {
      this.forget();
      return;
    }
    if (kept.version !== this.form.dataset.draftVersion) {
      this.offer(kept.texts, this.texts, { version: this.form.dataset.draftVersion });
      return;
    }
    this.fill(kept.texts);
    this.say(say("Restored what you had typed in this browser."), "warning");
    this.timer = setTimeout(() => this.save(), WAIT_MS);
  }

  fill(texts) {
    for (const [name, text] of Object.entries(texts)) {
      const area = this.form.elements[name];
      if (!area) continue;
      area.value = text;
      area.dispatchEvent(new Event("databoard:filled"));
    }
  }

  /** Two versions exist: show both and let the person choose instead of guessing. */
  async offer(mine, theirs, { version, savedAt }) {
    this.isConflict = true;
    this.say(say("Somebody saved another version: choose one. Yours is kept in this browser."), "warning");
    const answer = await choose({ mine, theirs, savedAt });
    if (answer === "later") {
      this.sayAgain(() => this.offer(this.texts, theirs, { version, savedAt }));
      return;
    }
    this.isConflict = false;
    this.moveTo(version);
    this.fill(answer === "mine" ? mine : theirs);
    this.save();
  }

  sayAgain(act) {
    if (!this.status) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm btn-outline-primary";
    button.textContent = say("Show both");
    button.addEventListener("click", act);
    this.status.append(" ", button);
  }

  change() {
    this.keep();
    if (this.isConflict) return;
    this.say(say("Not saved yet …"));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), WAIT_MS);
  }

  moveTo(version) {
    this.form.dataset.draftVersion = String(version);
    const field = this.form.elements.draft_version; // what the form itself sends
    if (field) field.value = String(version);
  }

  async save() {
    clearTimeout(this.timer);
    this.timer = null;
    const sent = JSON.stringify(this.texts);
    const body = new FormData();
    for (const [name, text] of Object.entries(this.texts)) body.set(name, text);
    body.set("draft_version", this.form.dataset.draftVersion ?? "");
    const token = document.querySelector("meta[name=csrf-token]")?.content ?? "";
    try {
      const response = await fetch(this.form.dataset.draft, {
        method: "POST",
        body,
        headers: { "X-CSRFToken": token, Accept: "application/json" },
        redirect: "manual",
      });
      await this.answer(response, sent);
    } catch {
      this.later(say("No connection: kept in this browser, saved as soon as it is back."));
    }
  }

  async answer(response, sent) {
    if (response.ok) {
      const { version } = await response.json();
      this.moveTo(version);
      if (JSON.stringify(this.texts) === sent) this.forget();
      this.say(say("Saved at {time}", { time: clock(new Date()) }));
    } else if (response.status === 409) {
      const { texts, version, saved_at: savedAt } = await response.json();
      this.offer(this.texts, texts, { version, savedAt });
    } else if (response.type === "opaqueredirect" || [400, 401, 403].includes(response.status)) {
      this.sayLogIn();
    } else if ([413, 422].includes(response.status)) {
      const { error } = await response.json(); // the same again would be refused again
      this.say(error.message, "warning");
    } else {
      this.later(say("The server could not save: kept in this browser, trying again."));
    }
  }

  /** The session is over: nothing is lost, and the way back leads to this page. */
  sayLogIn() {
    this.say(`${say("You are logged out. Your text is kept in this browser:")} `, "warning");
    if (!this.status) return;
    const link = document.createElement("a");
    link.href = `/login?next=${encodeURIComponent(location.pathname)}`;
    link.textContent = say("log in, and it is here again");
    this.status.append(link);
  }

  later(words) {
    this.say(words, "warning");
    this.timer = setTimeout(() => this.save(), RETRY_MS);
  }
}

/** The page of a submission follows only once the server has what was sent: forget our copy. */
export function startDrafts() {
  try {
    const key = sessionStorage.getItem(SENT);
    sessionStorage.removeItem(SENT);
    if (key && SUBMISSION.test(location.pathname)) localStorage.removeItem(key);
  } catch {
    // no storage: nothing was kept
  }
}

export function mountDrafts(part) {
  for (const form of fresh(part, "form[data-draft]", seen)) new Draft(form);
}
