// The files of a message: each a card with its player, or with the reason why there is none, beside the text it became.

import { makeBecame } from "./became.js";
import { fill, h } from "./dom.js";
import { durationWords, sizeWords } from "./measure.js";
import { fileAddress } from "./wire.js";

// Cards are used again where a message is drawn anew, so that a player goes on playing.
const cards = new Map(); // where it stands -> { stamp, reference }
const MANY_CARDS = 200;

/**
 * Give the files of `message` as an element, or null where it has none.
 *
 * In a thread (`inThread`) the text that a recording became is left out: there the reply itself stands below.
 */
export function renderFiles(store, message, { inThread = false } = {}) {
  const files = message.files ?? [];
  if (!files.length) return null;
  return h("div", { class: "files" }, files.map((file, index) => card(store, message, file, index, inThread)));
}

/**
 * Give a text that changes when the cards of `message` must be drawn anew.
 *
 * The text beside a player is not part of it: that follows the thread by itself.
 */
export function stampOf(store, message) {
  return JSON.stringify((message.files ?? []).map((file) => stampOfFile(store, file)));
}

function stampOfFile(store, file) {
  const { id, title, name, mode, mimetype, size, duration_ms, subtype, page_url, file_access, preview } = file;
  // After a reset the same id can be another file.
  return JSON.stringify([store.generation, id, title, name, mode, mimetype, size, duration_ms, subtype, page_url, file_access, preview]);
}

function card(store, message, file, index, inThread) {
  const where = [inThread, message.channel, message.ts, index, file.id].join(" ");
  const stamp = stampOfFile(store, file);
  const known = cards.get(where);
  const standing = known?.stamp === stamp ? known.reference.deref() : undefined;
  if (standing) return standing;
  const made = makeCard(store, message, file, inThread);
  if (cards.size > MANY_CARDS) {
    for (const [key, { reference }] of cards) if (!reference.deref()) cards.delete(key);
  }
  cards.set(where, { stamp, reference: new WeakRef(made) });
  return made;
}

function makeCard(store, message, file, inThread) {
  const kind = kindOf(file);
  const address = fileAddress(file);
  const name = nameOf(file);
  const facts = h("span", { class: "file-facts small quiet" });
  const showFacts = (seconds) => fill(facts, factsOf(file, seconds).join(" · "));
  showFacts();
  const reason = whyNot(file, address);
  const isPlayed = !reason && (kind === "audio" || kind === "video");
  const heading = h(
    "div",
    { class: "file-head" },
    h("span", { class: "file-icon", dataset: { kind: reason ? "gone" : kind }, "aria-hidden": "true" }),
    h("span", { class: "file-title" }, h("bdi", { class: "file-name", title: file.name ?? name }, name), facts),
    !reason && downloadLink(address, file, name),
  );
  return h(
    "div",
    { class: "file", role: "group", "aria-label": `File: ${name}`, dataset: { file: file.id, kind } },
    heading,
    h(
      "div",
      { class: "file-body" },
      reason && h("p", { class: "file-reason quiet" }, reason, elsewhere(file)),
      isPlayed && player(store, kind, address, name, showFacts),
      !reason && file.mode === "snippet" && file.preview && h("pre", { class: "file-preview", dir: "auto" }, file.preview),
      !inThread && isSound(file, kind) && makeBecame(store, message, file),
    ),
  );
}

/** Say which kind of card a file has: `audio`, `video`, `text` or `file`. */
function kindOf(file) {
  if (file.subtype === "slack_audio") return "audio";
  if (file.subtype === "slack_video") return "video";
  const family = String(file.mimetype ?? "").split("/")[0];
  return ["audio", "video", "text"].includes(family) ? family : "file";
}

// Of a file that tells nothing about itself it may yet turn out that it was a recording.
function isSound(file, kind) {
  return kind === "audio" || kind === "video" || !file.mimetype;
}

function nameOf(file) {
  if (file.mode === "tombstone") return "Deleted file";
  if (file.mode === "hidden_by_limit") return "Hidden file";
  if (file.subtype === "slack_audio") return "Audio message";
  return file.title || file.name || "File without a name";
}

function factsOf(file, seconds = 0) {
  const known = file.duration_ms ? file.duration_ms / 1000 : seconds;
  return [file.pretty_type, known ? durationWords(known) : "", Number.isFinite(file.size) ? sizeWords(file.size) : ""].filter(Boolean);
}

/** Say in words why a file cannot be played or fetched here; empty where it can. */
function whyNot(file, address) {
  if (file.mode === "tombstone") return "This file was deleted.";
  if (file.mode === "hidden_by_limit") return "Slack hides this file: it is older than the free plan shows.";
  if (file.mode === "external" || file.is_external) return "This file is kept outside Slack, so Slack has no sound to play. ";
  if (file.file_access === "access_denied") return "Its owner does not let this workspace see it.";
  if (file.file_access === "file_not_found") return "Slack does not find this file any more.";
  if (file.file_access === "check_file_info") return "Shared from another organization: Slack tells more about it only when asked.";
  if (file.media_display_type === "unknown" && !file.url_private) return "Slack is still preparing this file.";
  return address ? "" : "Its bytes are gone: there is nothing to play or download.";
}

function elsewhere(file) {
  let address;
  try {
    address = new URL(file.external_url || file.url_private);
  } catch {
    return null;
  }
  if ((file.mode !== "external" && !file.is_external) || !/^https?:$/.test(address.protocol)) return null;
  return h("a", { href: address.href, target: "_blank", rel: "noopener noreferrer" }, `Open it at ${address.host}`);
}

function downloadLink(address, file, name) {
  return h("a", { class: "file-download small", href: address, download: file.name || true, "aria-label": `Download ${name}` }, h("span", {}, "Download"));
}

function player(store, kind, address, name, showFacts) {
  const trouble = h("p", { class: "file-reason quiet", role: "status", hidden: true });
  const media = h(kind, {
    class: "player",
    controls: true,
    preload: "metadata", // the length of a sound and the first frame of a picture are seen before anybody plays it
    src: address,
    playsinline: kind === "video",
    "aria-label": kind === "video" ? `Video: ${name}` : `Sound: ${name}`,
  });
  media.addEventListener("durationchange", () => Number.isFinite(media.duration) && showFacts(media.duration));
  media.addEventListener("loadedmetadata", () => {
    trouble.hidden = true;
    media.classList.toggle("is-sound-only", kind === "video" && media.videoWidth === 0);
  });
  media.addEventListener("error", () => {
    // The element does not tell a foreign format from a server that is gone.
    const text = store.isOnline ? "Your browser cannot play this file. Download it to listen." : "The sandbox does not answer, so nothing can be played now.";
    fill(trouble, text);
    trouble.hidden = false;
  });
  return h("div", { class: "file-media" }, media, trouble);
}
