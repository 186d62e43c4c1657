// Editing a message where it stands.

import { inWords } from "./acting.js";
import { fill, h } from "./dom.js";
import { unescaped } from "./mrkdwn.js";
import { act } from "./wire.js";
import { typedWords } from "./words.js";

const forms = new Map(); // pane and place of a message -> its form
const listeners = new Set();

/** Hear when an edit begins or ends. */
export function onEditing(listener) {
  listeners.add(listener);
}

/** Give the form in which `message` is being edited in this pane, the thread or the conversation; null where it is not. */
export function editorOf(store, message, inThread) {
  return forms.get(keyOf(store, message, inThread)) ?? null;
}

/** Begin to edit a message of one's own; an edit that is going on goes on. `done` is called at its end. */
export function startEditing(store, message, inThread, done = () => {}) {
  const key = keyOf(store, message, inThread);
  if (!forms.has(key)) forms.set(key, makeForm(message, () => end(key, done)));
  for (const listener of listeners) listener();
  const box = forms.get(key).querySelector("textarea");
  grow(box);
  box.focus();
}

function end(key, done) {
  forms.delete(key);
  for (const listener of listeners) listener();
  done();
}

function keyOf(store, { channel, ts }, inThread) {
  return [store.generation, store.me, inThread, channel, ts].join(" ");
}

function makeForm(message, close) {
  const before = typedWords(message.blocks) ?? unescaped(message.text);
  const box = h("textarea", { "aria-label": "Edit the message", dir: "auto", rows: "1", value: before });
  const line = h("p", { class: "composer-line is-bad", role: "alert" });
  const save = h("button", { type: "submit", class: "primary" }, "Save");
  const form = h(
    "form",
    { class: "editor", dataset: { before } },
    box,
    line,
    h("div", { class: "editor-foot" }, h("button", { type: "button", on: { click: close } }, "Cancel"), save),
  );
  box.addEventListener("input", () => grow(box));
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && !event.shiftKey) form.requestSubmit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = box.value.trim();
    if (text === before) return close();
    if (!text && !message.files?.length) return fill(line, "A message without words can’t be kept. Delete it with the message’s menu.");
    save.disabled = true;
    try {
      await act("edit", { channel: message.channel, ts: message.ts, text });
      return close();
    } catch (error) {
      return fill(line, inWords(error));
    } finally {
      save.disabled = false;
    }
  });
  return form;
}

/** Make a textarea as high as its text, up to what its style allows. */
export function grow(box) {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 2}px`;
}
