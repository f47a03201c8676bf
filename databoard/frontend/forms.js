// <form data-confirm="Delete it?"> asks first; a form that was sent cannot be sent twice;
// <button data-copy="#id"> copies text, <button data-copy-text="…"> that one; <select data-submits> sends its form when it changes.

import { announce } from "./notices.js";
import { fresh } from "./marks.js";
import { say } from "./words.js";

const LOCK_MS = 10000;

const seen = new WeakSet();

/** A modal question; resolves to whether it was answered with yes. */
function ask(question, label) {
  const dialog = document.getElementById("question");
  if (!dialog) return Promise.resolve(confirm(question));
  dialog.querySelector("[data-question]").textContent = question;
  dialog.querySelector("button[value=yes]").textContent = label;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

function guard(form) {
  let isConfirmed = false;
  let isSent = false;
  form.addEventListener("submit", async (event) => {
    if (isSent) {
      event.preventDefault();
      return;
    }
    const { submitter } = event;
    const question = submitter?.dataset.confirm ?? form.dataset.confirm;
    if (question && !isConfirmed) {
      event.preventDefault();
      event.stopImmediatePropagation();
      isConfirmed = await ask(question, submitter?.textContent.trim() || say("Yes"));
      if (isConfirmed) form.requestSubmit(submitter);
      return;
    }
    isConfirmed = false;
    const isPost = form.method === "post" && !form.matches("[hx-post]") && !event.defaultPrevented;
    if (!isPost) return;
    isSent = true; // the server's answer is a new page
    submitter?.setAttribute("aria-busy", "true");
    setTimeout(() => {
      isSent = false; // unless it was a download or nothing came back
      submitter?.removeAttribute("aria-busy");
    }, LOCK_MS);
  });
  // Back from what it led to, a browser shows this page as it was left: locked, and out of date.
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted && isSent) location.reload();
  });
}

async function toClipboard(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // On a site without https there is but the old way.
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

async function copy(button) {
  const source = button.dataset.copy && document.querySelector(button.dataset.copy);
  const text = button.dataset.copyText ?? source?.value ?? source?.textContent;
  if (!text) return;
  await toClipboard(text);
  announce(say("Copied"));
  button.classList.add("is-copied");
  setTimeout(() => button.classList.remove("is-copied"), 1500);
}

export function mountForms(part) {
  for (const form of fresh(part, "form", seen)) guard(form);
  for (const button of fresh(part, "button[data-copy], button[data-copy-text]", seen)) {
    button.addEventListener("click", () => copy(button));
  }
  for (const field of fresh(part, "[data-submits]", seen)) {
    field.addEventListener("change", () => field.form.requestSubmit());
  }
}
