// Takes files dropped anywhere on the page, and shows where they will go.

import { whyNotHere } from "./checks.js";
import { fill, h, notice } from "./dom.js";
import { focusSend, trayIn } from "./upload.js";

// Browsers tell at least every 350 ms that something is still held over the page; silence means that it is gone.
const SILENCE_MS = 1200;

/**
 * Watch the whole window for drops; the overlay stands in `root`.
 *
 * The overlay lets everything through, and goes by itself whatever the browser forgets to tell.
 */
export function mountDrop(store, root) {
  const words = h("span", { class: "drop-words" });
  const overlay = h("div", { class: "drop-overlay", hidden: true, "aria-hidden": "true" }, words);
  root.append(overlay);
  let silence = 0;

  const hide = () => {
    clearTimeout(silence);
    overlay.hidden = true;
  };
  const show = (pane) => {
    clearTimeout(silence);
    silence = setTimeout(hide, SILENCE_MS);
    const { left, top, width, height } = pane.element.getBoundingClientRect();
    for (const [property, value] of Object.entries({ left, top, width, height })) overlay.style.setProperty(property, `${value}px`);
    const refusal = whyNotHere(store, store.place.channel);
    const wanted = refusal || (pane.isThread ? "Drop to share in this thread" : `Drop to share in ${store.channelName(store.place.channel)}`);
    if (words.textContent !== wanted) fill(words, wanted);
    overlay.hidden = false;
  };

  const over = (event) => {
    if (!hasFiles(event)) {
      if (!isEditable(event.target)) event.preventDefault(); // lest a dropped link leads away from the page
      return;
    }
    event.preventDefault();
    const pane = paneAt(event.target);
    event.dataTransfer.dropEffect = "copy"; // never "none": that would swallow the drop, and the line that says why not
    if (pane) show(pane);
    else hide();
  };
  window.addEventListener("dragenter", over);
  window.addEventListener("dragover", over);
  window.addEventListener("dragleave", (event) => event.relatedTarget === null && hide());
  window.addEventListener("dragend", hide);
  window.addEventListener("blur", hide);
  document.addEventListener("visibilitychange", hide);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());

  window.addEventListener("drop", (event) => {
    hide();
    if (!hasFiles(event)) {
      if (isEditable(event.target)) return; // text into a text field: the browser's own business
      event.preventDefault();
      say(paneAt(event.target), "That is text or a link, not a file. Drop a file here, or paste the text into the message box.");
      return;
    }
    event.preventDefault();
    take(store, event.dataTransfer, paneAt(event.target));
  });
}

async function take(store, transfer, pane) {
  // Both lists are empty as soon as the event is over.
  const { files, folders } = contentsOf(transfer);
  if (!pane) {
    const general = "Files can be dropped on a conversation. Open one, close what lies over it, and drop them again.";
    return say(pane, whyNotHere(store, store.place.channel) || general);
  }
  if (!files.length && !folders.length) return say(pane, "What you dropped came without a file. Save it to your computer first, then drop it from there.");
  if (await pane.tray.add(files, folders)) focusSend(pane.tray.element);
}

function say(pane, line) {
  if (pane) pane.tray.say([line]);
  else notice(line);
}

function contentsOf(transfer) {
  const items = [...(transfer.items ?? [])].filter((item) => item.kind === "file");
  if (!items.length) return { files: [...transfer.files], folders: [] };
  const files = [];
  const folders = [];
  for (const item of items) {
    const entry = item.webkitGetAsEntry?.();
    if (entry?.isDirectory) folders.push(entry.name);
    else files.push(item.getAsFile());
  }
  return { files: files.filter(Boolean), folders };
}

/** Find where a drop on `target` would go: the thread's tray on the thread, else the conversation's. */
function paneAt(target) {
  if (document.querySelector("dialog:modal")) return null;
  const [thread, channel] = ["thread", "channel"].map((id) => document.getElementById(id));
  const order = thread?.contains(target) ? [thread, channel] : [channel, thread];
  for (const element of order) {
    const tray = trayIn(element);
    if (tray && isSeen(element) && isSeen(tray.element.parentElement)) return { element, tray, isThread: element === thread };
  }
  return null;
}

function isSeen(element) {
  return Boolean(element?.getClientRects().length);
}

function hasFiles(event) {
  return [...(event.dataTransfer?.types ?? [])].includes("Files");
}

function isEditable(target) {
  const field = target instanceof Element ? target.closest("input, textarea, [contenteditable]") : null;
  return Boolean(field) && !field.disabled && !field.readOnly;
}
