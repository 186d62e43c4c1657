// A chosen file before it is sent: its name, a player to hear it once more, and a button that removes it.

import { h } from "./dom.js";
import { durationWords, sizeWords } from "./measure.js";

/** Make the chip of `item` (`{ file, options, url }`). */
export function makeChip(item, onRemove) {
  const { file, options, url } = item;
  const isClip = options?.subtype === "slack_audio";
  const name = isClip ? "Audio message" : file.name;
  const kind = isClip ? "audio" : file.type.split("/")[0];
  const facts = [options?.duration_ms && durationWords(options.duration_ms / 1000), sizeWords(file.size)].filter(Boolean);
  const isPlayed = kind === "audio" || kind === "video";
  return h(
    "li",
    { class: "chip", dataset: { kind } },
    h("span", { class: "file-icon", dataset: { kind: isPlayed || kind === "text" ? kind : "file" }, "aria-hidden": "true" }),
    h("span", { class: "file-title" }, h("bdi", { class: "file-name", title: file.name }, name), h("span", { class: "small quiet" }, facts.join(" · "))),
    h("button", { type: "button", class: "plain chip-remove", "aria-label": `Remove ${name}`, on: { click: onRemove } }, "×"),
    isPlayed && preview(kind, url, name),
  );
}

function preview(kind, url, name) {
  const media = h(kind, { controls: true, preload: "metadata", src: url, playsinline: kind === "video", "aria-label": `Listen before sending: ${name}` });
  // A browser that cannot play a format can still send it.
  media.addEventListener("error", () => media.remove());
  media.addEventListener("loadedmetadata", () => media.classList.toggle("is-sound-only", kind === "video" && media.videoWidth === 0));
  return media;
}
