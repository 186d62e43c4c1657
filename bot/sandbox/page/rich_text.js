// Draws rich_text blocks: sections, lists, quotes, preformatted text, and all that stands in them.

import { withEmoji } from "./block_text.js";
import { h, nodes } from "./dom.js";
import { emoji } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";
import { linkTo } from "./places.js";
import { unknown } from "./unknown.js";

const PARTS = {
  rich_text_section: (store, part) => h("div", { class: "bk-rich-section", dir: "auto" }, leaves(store, part.elements)),
  rich_text_quote: (store, part) => h("blockquote", { class: "bk-quote", dir: "auto" }, leaves(store, part.elements)),
  rich_text_preformatted: (store, part) => h("pre", { class: "bk-pre", dir: "auto" }, leaves(store, part.elements)),
  rich_text_list: list,
};

const MARKERS = { bullet: ["disc", "circle", "square"], ordered: ["decimal", "lower-alpha", "lower-roman"] };

/** Draw a rich_text block. */
export function richText(store, block) {
  return h("div", { class: "bk-rich" }, block.elements.map((part) => drawn(PARTS, part, "part of rich text", store)));
}

function drawn(kinds, thing, what, store) {
  return Object.hasOwn(kinds, thing?.type ?? "") ? kinds[thing.type](store, thing) : unknown(what, thing);
}

function list(store, part) {
  const isOrdered = part.style === "ordered";
  const indent = Math.max(0, part.indent ?? 0);
  return h(
    isOrdered ? "ol" : "ul",
    {
      class: part.border ? "bk-list has-border" : "bk-list",
      start: isOrdered && part.offset ? part.offset + 1 : null,
      style: { "--indent": Math.min(indent, 8), "list-style-type": MARKERS[isOrdered ? "ordered" : "bullet"][indent % 3] },
    },
    part.elements.map((entry) => h("li", { dir: "auto" }, drawn(PARTS, entry, "part of rich text", store))),
  );
}

function leaves(store, elements) {
  return elements.map((leaf) => styled(drawn(LEAVES, leaf, "part of rich text", store), leaf.style));
}

const LEAVES = {
  text: (_, leaf) => leaf.text,
  link: (_, leaf) => linkTo(leaf.url, leaf.text || leaf.url),
  emoji: (_, leaf) => h("span", { class: "bk-emoji", title: `:${leaf.name}:` }, emoji(leaf.name) ?? drawnFrom(leaf) ?? `:${leaf.name}:`),
  user: (store, leaf) => mrkdwn(store, `<@${leaf.user_id}>`),
  channel: (store, leaf) => mrkdwn(store, `<#${leaf.channel_id}>`),
  usergroup: (store, leaf) => mrkdwn(store, `<!subteam^${leaf.usergroup_id}>`),
  broadcast: (_, leaf) => h("span", { class: "bk-broadcast" }, `@${leaf.range}`),
  date: (_, leaf) => {
    const words = dated(leaf.timestamp, leaf.format) || leaf.fallback || "";
    const time = h("time", { datetime: isoOf(leaf.timestamp), title: leaf.fallback ?? null }, words);
    return leaf.url ? linkTo(leaf.url, time) : time;
  },
  color: (_, leaf) => [
    CSS.supports("color", leaf.value) ? h("span", { class: "bk-color", "aria-hidden": "true", style: { background: leaf.value } }) : null,
    h("code", {}, leaf.value),
  ],
};

function styled(content, style = {}) {
  let inside = content;
  const wrappers = { code: "code", highlight: "mark", underline: "u", strike: "s", italic: "em", bold: "strong" };
  for (const [name, tag] of Object.entries(wrappers)) {
    if (style[name]) inside = h(tag, {}, inside);
  }
  return nodes(inside);
}

function drawnFrom({ unicode }) {
  if (!unicode || !/^[0-9a-f]{2,6}(-[0-9a-f]{2,6})*$/i.test(unicode)) return null;
  const points = unicode.split("-").map((one) => Number.parseInt(one, 16));
  return points.every((one) => one <= 0x10ffff) ? String.fromCodePoint(...points) : null;
}

function isoOf(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

const day = (date, options) => date.toLocaleDateString("en-US", options);
const FORMS = {
  date_num: (date) => `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`,
  date: (date) => day(date, { month: "long", day: "numeric", year: "numeric" }),
  date_slash: (date) => day(date, { month: "2-digit", day: "2-digit", year: "numeric" }),
  date_short: (date) => day(date, { month: "short", day: "numeric", year: "numeric" }),
  date_long: (date) => day(date, { weekday: "long", month: "long", day: "numeric", year: "numeric" }),
  day_divider_pretty: (date) => pretty(date, { weekday: "long", month: "long", day: "numeric" }),
  date_pretty: (date) => pretty(date, { month: "long", day: "numeric", year: "numeric" }),
  date_short_pretty: (date) => pretty(date, { month: "short", day: "numeric", year: "numeric" }),
  date_long_pretty: (date) => pretty(date, { weekday: "long", month: "long", day: "numeric", year: "numeric" }),
  time: (date) => date.toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit" }),
  time_secs: (date) => date.toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit", second: "2-digit" }),
  ago,
};

/** Give a moment in Slack's format, such as `{date_short} at {time}`; empty where it is no moment. */
export function dated(seconds, format) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "";
  return withEmoji(format.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(FORMS, name) ? FORMS[name](date) : whole)));
}

function twoDigits(number) {
  return String(number).padStart(2, "0");
}

function pretty(date, options) {
  const days = Math.round((startOfDay(date) - startOfDay(new Date())) / 86_400_000);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days] ?? day(date, options);
}

function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

function ago(date) {
  const seconds = Math.round((date.getTime() - Date.now()) / 1000);
  const words = new Intl.RelativeTimeFormat("en-US", { numeric: "auto" });
  for (const [unit, length] of [["year", 31_536_000], ["month", 2_592_000], ["day", 86_400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= length) return words.format(Math.trunc(seconds / length), unit);
  }
  return words.format(seconds, "second");
}
