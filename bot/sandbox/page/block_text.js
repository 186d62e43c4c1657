// The small things that all blocks are written with: text objects, addresses that may be followed, fresh ids.

import { h, nodes } from "./dom.js";
import { emoji } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";

const EMOJI = /:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/gi;
const FOLLOWED = new Set(["http:", "https:", "mailto:"]);
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

/** Give an address that people may be led to, or null: an address that is a script leads nowhere. */
export function followed(address) {
  try {
    const url = new URL(address);
    return FOLLOWED.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** Make a link to elsewhere; an address that may not be followed is only written down. */
export function link(address, ...children) {
  const href = followed(address);
  const words = children.length ? children : [address];
  if (!href) return h("span", { class: "bk-no-link", title: address }, words);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, words);
}
