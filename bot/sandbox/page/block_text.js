// The small things that all blocks are written with: text objects, emoji in plain text, fresh ids.

import { nodes } from "./dom.js";
import { emoji } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";

const EMOJI = /:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/gi;
let last = 0;

/** Give an id that no other element has. */
export function freshId(what = "bk") {
  last += 1;
  return `${what}-${last}`;
}

/** Give plain text with `:names:` of emoji as characters; what is no known name stays as it was. */
export function withEmoji(text) {
  return String(text ?? "").replace(EMOJI, (whole, name) => emoji(name.toLowerCase()) ?? whole);
}

/** Give the words of a `plain_text` object (or of an option that has one). */
export function plain(object) {
  if (!object) return "";
  return object.emoji === false ? object.text : withEmoji(object.text);
}

/** Give a text object, `plain_text` or `mrkdwn`, as nodes. */
export function text(store, object) {
  if (!object) return [];
  return nodes(object.type === "mrkdwn" ? mrkdwn(store, object.text) : plain(object));
}
