// Draws the text of `markdown` blocks: headings, lists, tables, quotes, code, and what stands in a line. Text nodes only.

import { withEmoji } from "./block_text.js";
import { h } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { linkTo } from "./places.js";

const DEEPEST = 8;
const FENCE = /^ {0,3}(`{3,}|~{3,})\s*(\S*)/;
const HEADING = /^ {0,3}(#{1,6})\s+(.+?)\s*#*\s*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const TASK = /^\[([ xX])\]\s+(.*)$/;
const TABLE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/** Give markdown as nodes. */
export function markdown(store, words) {
  return paragraphs(store, words.replaceAll("\r\n", "\n").split("\n"), 0);
}

function paragraphs(store, lines, depth) {
  const made = [];
  let at = 0;
  while (at < lines.length) {
    const [element, next] = one(store, lines, at, depth);
    if (element) made.push(element);
    at = next;
  }
  return made;
}

/** Read one thing at line `at`; give its element (or null) and the line behind it. */
function one(store, lines, at, depth) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  const fence = FENCE.exec(line);
  if (fence) return fenced(lines, at, fence[1]);
  if (RULE.test(line)) return [h("hr", { class: "bk-divider" }), at + 1];
  const heading = HEADING.exec(line);
  if (heading) {
    // The page has its own h1 and h2.
    return [h(`h${Math.min(6, heading[1].length + 2)}`, { class: `bk-md-h${heading[1].length}` }, inline(store, heading[2])), at + 1];
  }
  if (QUOTE.test(line) && depth < DEEPEST) {
    const next = endOf(lines, at, (other) => QUOTE.test(other));
    const inside = lines.slice(at, next).map((other) => other.replace(QUOTE, ""));
    return [h("blockquote", { class: "bk-quote" }, paragraphs(store, inside, depth + 1)), next];
  }
  if (ITEM.test(line) && depth < DEEPEST) return list(store, lines, at, depth);
  if (line.includes("|") && TABLE.test(lines[at + 1] ?? "") && lines[at + 1].includes("-")) return table(store, lines, at);
  const next = Math.max(at + 1, endOf(lines, at, (other, number) => other.trim() && (number === at || !startsAnew(other, depth))));
  return [h("p", {}, inline(store, lines.slice(at, next).join("\n").trim())), next];
}

function startsAnew(line, depth) {
  if (FENCE.test(line) || RULE.test(line) || HEADING.test(line)) return true;
  return depth < DEEPEST && (QUOTE.test(line) || ITEM.test(line));
}

function endOf(lines, at, belongs) {
  let next = at;
  while (next < lines.length && belongs(lines[next], next)) next += 1;
  return next;
}

function fenced(lines, at, mark) {
  const isEnd = (line) => line.trim().startsWith(mark) && !line.trim().slice(mark.length).replaceAll(mark[0], "");
  const end = endOf(lines, at + 1, (line) => !isEnd(line));
  return [h("pre", { class: "bk-pre" }, lines.slice(at + 1, end).join("\n")), end + 1];
}

function list(store, lines, at, depth) {
  const [, indent, marker] = ITEM.exec(lines[at]);
  const isOrdered = /\d/.test(marker);
  const entries = [];
  let next = at;
  while (next < lines.length) {
    const found = ITEM.exec(lines[next]);
    const isOurs = found && found[1].length < indent.length + 2 && /\d/.test(found[2]) === isOrdered && !RULE.test(lines[next]);
    if (isOurs && found[1].length >= indent.length) entries.push([found[3]]);
    else if (entries.length && /^\s+\S/.test(lines[next]) && lines[next].search(/\S/) > indent.length) entries.at(-1).push(lines[next]);
    else break;
    next += 1;
  }
  const items = entries.map(([first, ...more]) => {
    const task = TASK.exec(first);
    const box = task && h("span", { role: "img", "aria-label": task[1] === " " ? "To do" : "Done" }, task[1] === " " ? "☐ " : "☑ ");
    const inside = paragraphs(store, unindented(more), depth + 1);
    return h("li", { class: task ? "bk-task" : null }, box, inline(store, task ? task[2] : first), inside);
  });
  return [h(isOrdered ? "ol" : "ul", { class: "bk-list", start: isOrdered ? Number.parseInt(marker, 10) : null }, items), next];
}

function unindented(lines) {
  const least = Math.min(...lines.map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(least));
}

function table(store, lines, at) {
  const end = endOf(lines, at + 2, (line) => line.includes("|"));
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const head = cells(lines[at]).map((cell) => h("th", { scope: "col" }, inline(store, cell)));
  const rows = lines.slice(at + 2, end).map((line) => h("tr", {}, cells(line).map((cell) => h("td", {}, inline(store, cell)))));
  const made = h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows));
  return [h("div", { class: "bk-table", tabindex: "0", role: "region", "aria-label": "Table" }, made), end];
}

// What can stand in a line; the first that fits at the earliest place wins.
const INLINE = [
  [/\\([\\`*_{}[\]()#+\-.!~|>])/, (_, found) => found[1]],
  [/(`+)(.+?)\1(?!`)/s, (_, found) => h("code", {}, found[2].trim())],
  [/!?\[([^\][]*)\]\((\S+?)(?:\s+"[^"]*")?\)/, (store, found, depth) => linkTo(found[2], inline(store, found[1] || found[2], depth + 1))],
  [/<(?:[@#!][^<>\n]+)>/, (store, found) => mrkdwn(store, found[0])],
  [/<?(https?:\/\/[^\s<>]*[^\s<>.,;:!?'")\]])>?/, (_, found) => linkTo(found[1])],
  [/\*\*(?=\S)(.+?\S?)\*\*/s, (store, found, depth) => h("strong", {}, inline(store, found[1], depth + 1))],
  [/(?<!\w)__(?=\S)(.+?)__(?!\w)/s, (store, found, depth) => h("strong", {}, inline(store, found[1], depth + 1))],
  [/~~(?=\S)(.+?)~~/s, (store, found, depth) => h("s", {}, inline(store, found[1], depth + 1))],
  [/\*(?=\S)([^*]+?)\*/s, (store, found, depth) => h("em", {}, inline(store, found[1], depth + 1))],
  [/(?<!\w)_(?=\S)([^_]+?)_(?!\w)/s, (store, found, depth) => h("em", {}, inline(store, found[1], depth + 1))],
];

function inline(store, words, depth = 0) {
  const made = [];
  let rest = words;
  while (rest && depth < DEEPEST) {
    let best = null;
    for (const [pattern, draw] of INLINE) {
      const found = pattern.exec(rest);
      if (found && (!best || found.index < best.found.index)) best = { found, draw };
    }
    if (!best) break;
    made.push(withEmoji(rest.slice(0, best.found.index)), best.draw(store, best.found, depth));
    rest = rest.slice(best.found.index + best.found[0].length);
  }
  return [...made, withEmoji(rest)];
}
