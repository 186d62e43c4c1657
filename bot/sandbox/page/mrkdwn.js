// Draws Slack's mrkdwn: its marks, its entities in angle brackets, bare addresses and emoji. Text nodes only.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { linkTo } from "./places.js";
import { dated } from "./rich_text.js";

const FENCE = /```\n?([\s\S]*?)```/g;
const QUOTED = /^(?:&gt;|>)(?!(?:&gt;|>)(?:&gt;|>))\s?(.*)$/;
const QUOTED_TO_THE_END = /^(?:&gt;|>){3}\s?([\s\S]*)$/;
const DEEPEST = 6;

// What stands between two marks: no mark of the same kind, unless it belongs to an entity. One way to read each text.
const inside = (mark) => `((?!\\s)(?:<[^<>\\n]*>|[^${mark}<\\n]|<(?![^<>\\n]*>))+(?<!\\s))`;
const marked = (mark) => `(?<![\\p{L}\\p{N}${mark}])${mark}${inside(mark)}${mark}(?![\\p{L}\\p{N}${mark}])`;
const TOKEN = new RegExp(
  [
    "`(?<code>[^`\\n]+)`",
    "<(?<entity>[^<>\\n]+)>",
    "(?<address>\\bhttps?:\\/\\/[^\\s<>|]*[^\\s<>|.,;:!?'\")\\]*_~`])",
    `(?<bold>${marked("\\*")})`,
    `(?<italic>${marked("_")})`,
    `(?<struck>${marked("~")})`,
    ":(?<emoji>[a-z0-9_+'-]+(?:::skin-tone-[2-6])?):",
  ].join("|"),
  "gu",
);

/** Give `text` (Slack's mrkdwn, with `&lt;`, `&gt;` and `&amp;`) as a list of nodes. */
export function mrkdwn(store, text) {
  const made = [];
  let last = 0;
  const whole = String(text ?? "");
  for (const found of whole.matchAll(FENCE)) {
    if (!found[1].trim()) continue;
    made.push(...lines(store, whole.slice(last, found.index).replace(/\n$/, "")));
    made.push(h("pre", { dir: "auto" }, plain(store, found[1].replace(/\n$/, ""))));
    last = found.index + found[0].length;
    if (whole[last] === "\n") last += 1;
  }
  return [...made, ...lines(store, whole.slice(last))];
}

/** Give Slack's three escaped signs back as they were typed. */
export function unescaped(text) {
  const signs = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
  return String(text ?? "").replace(/&(?:lt|gt|amp);/g, (sign) => signs[sign]);
}

/** Give mrkdwn as one plain text, for names, titles and screen readers. */
export function plainWords(store, text) {
  return mrkdwn(store, text)
    .map((node) => node.textContent)
    .join("");
}

// --- lines ---------------------------------------------------------------------------------------

function lines(store, text) {
  if (!text) return [];
  const made = [];
  const all = text.split("\n");
  let words = [];
  const flush = () => {
    if (words.length) made.push(...spans(store, words.join("\n")));
    words = [];
  };
  for (let at = 0; at < all.length; at += 1) {
    const toTheEnd = QUOTED_TO_THE_END.exec(all[at]);
    if (toTheEnd) {
      flush();
      return [...made, quote(store, [toTheEnd[1], ...all.slice(at + 1)])];
    }
    if (QUOTED.test(all[at])) {
      flush();
      const quoted = [];
      for (; at < all.length && QUOTED.test(all[at]); at += 1) quoted.push(QUOTED.exec(all[at])[1]);
      at -= 1;
      made.push(quote(store, quoted));
    } else {
      words.push(all[at]);
    }
  }
  flush();
  return made;
}

function quote(store, all) {
  return h("blockquote", { dir: "auto" }, spans(store, all.join("\n")));
}

// --- what stands in a line -------------------------------------------------------------------------

const DRAW = {
  code: (store, text) => h("code", {}, plain(store, text)),
  entity: (store, text) => entity(store, text),
  address: (_, text) => linkTo(unescaped(text), unescaped(text)),
  bold: (store, text, depth) => h("strong", {}, spans(store, text.slice(1, -1), depth + 1)),
  italic: (store, text, depth) => h("em", {}, spans(store, text.slice(1, -1), depth + 1)),
  struck: (store, text, depth) => h("s", {}, spans(store, text.slice(1, -1), depth + 1)),
  emoji: (_, name) => picture(name),
};

function spans(store, text, depth = 0) {
  if (depth > DEEPEST) return [document.createTextNode(unescaped(text))];
  const made = [];
  let last = 0;
  const addText = (until) => {
    if (until > last) made.push(document.createTextNode(unescaped(text.slice(last, until))));
  };
  for (const found of text.matchAll(TOKEN)) {
    const [name, value] = Object.entries(found.groups).find(([, one]) => one !== undefined);
    addText(found.index);
    made.push(DRAW[name](store, value, depth));
    last = found.index + found[0].length;
  }
  addText(text.length);
  return made;
}

/** In code nothing is bold and nothing is a picture, but Slack has already written names as entities. */
function plain(store, text) {
  const words = text.replace(/<([^<>\n]+)>/g, (whole, inner) => entity(store, inner).textContent || whole);
  return unescaped(words);
}

function picture(name) {
  const character = emoji(name);
  if (!character) return document.createTextNode(`:${name}:`);
  return h("span", { class: "emoji", title: `:${name}:` }, character);
}

// --- entities ----------------------------------------------------------------------------------------

function entity(store, inner) {
  const [target, ...labels] = inner.split("|");
  const label = labels.join("|");
  if (/^@[UW]\w+$/.test(target)) return person(store, target.slice(1), label);
  if (/^#[CDG]\w+$/.test(target)) return channel(store, target.slice(1), label);
  if (target.startsWith("!")) return special(store, target.slice(1), label);
  if (/^(?:https?:\/\/|mailto:|tel:)/i.test(target)) return linkTo(unescaped(target), unescaped(label || target));
  return document.createTextNode(unescaped(`<${inner}>`));
}

function person(store, id, label) {
  const name = store.users.has(id) ? store.userName(id) : unescaped(label) || id;
  return h("span", { class: id === store.me ? "mention me" : "mention" }, `@${name}`);
}

function channel(store, id, label) {
  const known = store.channels.get(id);
  const name = known?.name ?? unescaped(label);
  if (!known || !store.conversations().includes(known)) return h("span", { class: "mention" }, name ? `#${name}` : id);
  return h("button", { type: "button", class: "mention plain", on: { click: () => store.go({ channel: id, thread: "" }) } }, `#${name}`);
}

function special(store, target, label) {
  const [name, ...rest] = target.split("^");
  if (["channel", "here", "everyone"].includes(name)) return h("span", { class: "mention broadcast" }, `@${name}`);
  if (name === "subteam") return h("span", { class: "mention" }, unescaped(label) || `@${rest[0] ?? ""}`);
  if (name === "date") {
    const words = dated(Number(rest[0]), unescaped(rest[1] ?? "")) || unescaped(label);
    return rest[2] ? linkTo(unescaped(rest.slice(2).join("^")), words) : h("time", { title: unescaped(label) || null }, words);
  }
  return document.createTextNode(unescaped(label) || `<!${target}>`);
}
