// The words of a message: its text or its blocks, folded where they are very long.

import { updateBlocks } from "./blocks.js";
import { fill, h } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";

const MOST_LINES = 20;
const MOST_CHARACTERS = 2000;
// So little more than that is shown at once: a button that opens two lines is of no use.
const SLACK = 1.25;
const opened = new Set();

/**
 * Show the words of `message` in `element`, which stays the same from one form of the message to the next, so that
 * what stands open in its blocks stays open.
 */
export function showWords(store, element, message) {
  const key = `${store.generation} ${message.channel} ${message.ts}`;
  const draw = () => {
    const isOpen = opened.has(key);
    const { content, isLong } = isOpen ? { content: message, isLong: true } : folded(message);
    const parts = partsOf(element);
    const edited = message.edited ? h("span", { class: "edited" }, "(edited)") : null;
    if (content.blocks?.length && !isTyped(content)) {
      fill(parts.text);
      const container = { kind: "message", channel: message.channel, ts: message.ts, isEphemeral: Boolean(message.is_ephemeral) };
      updateBlocks(store, parts.blocks, content.blocks, container);
    } else {
      updateBlocks(store, parts.blocks, [], { kind: "message" });
      fill(parts.text, mrkdwn(store, content.text), edited && [" ", edited]);
    }
    const toggle = () => {
      if (!opened.delete(key)) opened.add(key);
      draw();
      element.querySelector(".more-words button")?.focus({ preventScroll: true });
    };
    const button = () => h("button", { type: "button", class: "plain", "aria-expanded": String(isOpen), on: { click: toggle } }, isOpen ? "Show less" : "Show more");
    fill(parts.more, isLong ? button() : null);
    // Behind the words where they flow; below blocks.
    fill(parts.edited, edited?.parentNode ? null : edited);
    element.classList.toggle("is-folded", isLong && !isOpen);
  };
  draw();
}

function partsOf(element) {
  if (!element.firstChild) {
    element.append(
      h("div", { class: "text", dir: "auto" }),
      h("div", { class: "blocks" }),
      h("span", { class: "more-words" }),
      h("span", { class: "edited-line" }),
    );
  }
  const [text, blocks, more, edited] = element.children;
  return { text, blocks, more, edited };
}

/**
 * Whether a person typed this: then Slack's form of it stands in `text`, with the names that it found.
 *
 * The sandbox keeps the typed words in one plain piece of rich text.
 */
export function isTyped({ bot_id: botId, blocks }) {
  return !botId && typedWords(blocks) !== null;
}

/** Give what a person typed, letter by letter; null where the blocks are not a typed text. */
export function typedWords(blocks) {
  const [block, ...others] = blocks ?? [];
  const [section, ...sections] = block?.type === "rich_text" ? block.elements : [];
  const [leaf, ...leaves] = section?.type === "rich_text_section" ? section.elements : [];
  const isPlain = leaf?.type === "text" && !leaf.style && !leaves.length && !sections.length && !others.length;
  return isPlain ? leaf.text : null;
}

// --- folding -------------------------------------------------------------------------------------

function folded(message) {
  const room = { characters: MOST_CHARACTERS, lines: MOST_LINES };
  if (!isTyped(message) && message.blocks?.length) {
    if (!isMuch(message.blocks)) return { content: message, isLong: false };
    const blocks = message.blocks.map((block) => cutBlock(block, room)).filter(Boolean);
    return { content: { ...message, blocks }, isLong: true };
  }
  const text = message.text ?? "";
  if (!isTooLong(text)) return { content: message, isLong: false };
  return { content: { ...message, text: closed(cut(text, room)) }, isLong: true };
}

function isTooLong(text) {
  return text.length > MOST_CHARACTERS * SLACK || linesOf(text) > MOST_LINES * SLACK;
}

function isMuch(blocks) {
  const words = blocks.map((block) => (KEPT.has(block.type) ? "" : textsOf(block).join(""))).join("\n");
  return isTooLong(words);
}

function linesOf(text) {
  return text.split("\n", MOST_LINES * 2).length;
}

function textsOf(thing) {
  if (Array.isArray(thing)) return thing.flatMap(textsOf);
  if (typeof thing === "string") return [thing];
  if (!thing || typeof thing !== "object") return [];
  return [...textsOf(thing.text), ...textsOf(thing.elements), ...textsOf(thing.fields)];
}

// What can be pressed is never folded away.
const KEPT = new Set(["actions", "input", "divider", "image", "context"]);

function cutBlock(block, room) {
  if (KEPT.has(block.type)) return block;
  if (room.characters <= 0 || room.lines <= 0) return block.accessory ? { ...block, text: { type: "plain_text", text: "…" } } : null;
  return cutThing(block, room);
}

function cutThing(thing, room) {
  if (Array.isArray(thing)) return thing.map((one) => cutThing(one, room)).filter(Boolean);
  if (typeof thing !== "object" || thing === null) return thing;
  if (room.characters <= 0 || room.lines <= 0) return null;
  const kept = { ...thing };
  if (typeof thing.text === "string") {
    const text = cut(thing.text, room);
    kept.text = thing.type === "mrkdwn" || thing.type === "markdown" ? closed(text) : text;
  } else if (thing.text) kept.text = cutThing(thing.text, room);
  for (const name of ["elements", "fields"]) if (thing[name]) kept[name] = cutThing(thing[name], room);
  return kept;
}

/** Give the beginning of a text for which there is room, and take the room. */
function cut(text, room) {
  const lines = text.split("\n", room.lines);
  let kept = lines.join("\n");
  if (kept.length > room.characters) {
    kept = kept.slice(0, room.characters).replace(/[\uD800-\uDBFF]$/, "");
    const atWord = kept.replace(/\s+\S*$/, "");
    if (atWord.length > kept.length * 0.8) kept = atWord;
  }
  room.characters -= kept.length;
  room.lines -= lines.length - 1;
  if (kept.length < text.length) Object.assign(room, { characters: 0, lines: 0 });
  return kept.length < text.length ? `${kept}…` : kept;
}

/** Take away half an entity, and end a block of code that was cut in two. */
function closed(text) {
  const whole = text.replace(/<[^<>\n]{0,3000}…$/, "…").replace(/&[a-z]{0,3}…$/, "…");
  return (whole.split("```").length - 1) % 2 ? `${whole}\n\`\`\`` : whole;
}
