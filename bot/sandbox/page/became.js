// The text that a recording became, beside its player; it follows the thread by itself, so that no player is rebuilt for it.

import { fill, h } from "./dom.js";
import { unescaped } from "./mrkdwn.js";

const REPLY = "dragoman_translation";
const PROGRESS = "dragoman_progress";
// So much stands in the page while folded; the rest of a long text comes when it is opened.
const FOLDED_CHARACTERS = 2000;

const followers = new WeakMap(); // store -> Set of WeakRef of elements
const updates = new WeakMap(); // element -> what brings it up to date

/** Give an element with what `file` of `message` became; it brings itself up to date for as long as it lives. */
export function makeBecame(store, message, file) {
  const element = h("div", { class: "became" });
  let shown = "";
  const update = () => {
    const outcome = outcomeOf(store, message, file);
    const stamp = JSON.stringify([outcome, store.app?.name]);
    if (stamp === shown) return;
    shown = stamp;
    element.hidden = outcome.state === "none";
    element.dataset.state = outcome.state;
    element.dataset.ending = outcome.ending ?? "";
    fill(element, outcome.state === "none" ? null : outcome.state === "busy" ? busyLine() : answer(store, message, outcome));
  };
  follow(store, element, update);
  update();
  return element;
}

function follow(store, element, update) {
  if (!followers.has(store)) {
    const all = new Set();
    followers.set(store, all);
    store.on("messages status snapshot", () => {
      for (const reference of all) {
        const one = reference.deref();
        if (one) updates.get(one)();
        else all.delete(reference);
      }
    });
  }
  followers.get(store).add(new WeakRef(element));
  updates.set(element, update);
}

/**
 * Say what `file` of `message` became: `{ state, … }` with the state `none`, `busy` or `done`; where it is done, also
 * `ending`, `parts` (each a list of runs `{ text, code }`) and `missing` (how many parts are still to come).
 */
function outcomeOf(store, message, file) {
  const thread = message.thread_ts || message.ts;
  const replies = [...(store.messages.get(message.channel)?.values() ?? [])].filter(
    (one) => one.thread_ts === thread && one.ts !== message.ts && isApps(store, one),
  );
  const answers = replies.filter((one) => isAbout(one, message, file));
  if (answers.length) {
    // Asked a second time (a reaction, a redelivered event), the last answer counts.
    const job = payloadOf(answers.at(-1)).job_id;
    const parts = answers.filter((one) => payloadOf(one).job_id === job);
    parts.sort((one, other) => (payloadOf(one).part ?? 1) - (payloadOf(other).part ?? 1));
    const { ending, parts: wanted = 1 } = payloadOf(parts[0]);
    return { state: "done", ending, parts: parts.map((one) => runsOf(one, file)), missing: Math.max(0, wanted - parts.length) };
  }
  const isBusy = replies.some((one) => one.metadata?.event_type === PROGRESS) || store.statuses?.[message.channel]?.[thread];
  return { state: isBusy ? "busy" : "none" };
}

function isApps(store, message) {
  return message.bot_id ? message.bot_id === store.app?.bot_id : message.user === store.app?.user_id;
}

function isAbout(reply, message, file) {
  const payload = payloadOf(reply);
  if (reply.metadata?.event_type !== REPLY || payload.file_id !== file.id) return false;
  return !payload.source_ts || payload.source_ts === message.ts;
}

function payloadOf(message) {
  return message.metadata?.event_payload ?? {};
}

/** Give the runs of a reply's words, without the heading (the file's name, `1/3`) that they need only in the thread. */
function runsOf(reply, file) {
  const blocks = (reply.blocks ?? []).filter((block) => block.type === "rich_text" || block.text?.text);
  if (!blocks.length) return [{ text: withoutHeading(unescaped(reply.text), payloadOf(reply), file), code: false }];
  const runs = blocks.flatMap((block, index) => [
    ...(index ? [{ text: "\n", code: false }] : []),
    ...(block.type === "rich_text" ? leaves(block) : [{ text: block.text.text, code: false, isHeading: false }]),
  ]);
  if (runs[0]?.isHeading) runs.shift();
  return runs.map(({ text, code }) => ({ text, code }));
}

function leaves(element) {
  if (!element.elements) {
    const text = element.text ?? element.url ?? element.unicode ?? "";
    return [{ text, code: Boolean(element.style?.code), isHeading: Boolean(element.style?.bold) && text.endsWith("\n") }];
  }
  return element.elements.flatMap((one, index) => [
    ...(index && one.elements ? [{ text: "\n", code: false, isHeading: false }] : []),
    ...leaves(one),
  ]);
}

function withoutHeading(text, { part, parts }, file) {
  const count = parts > 1 ? `${part}/${parts}` : "";
  const headings = [[file.name, count], [file.name], [count]].map((pieces) => pieces.filter(Boolean).join(" · "));
  const [first, ...rest] = text.split("\n");
  return rest.length && first && headings.includes(first) ? rest.join("\n") : text;
}

// --- what one sees ------------------------------------------------------------------------------

function busyLine() {
  return h("p", { class: "became-busy quiet" }, "Translating…");
}

function answer(store, message, { ending, parts, missing }) {
  const thread = message.thread_ts || message.ts;
  const source = h(
    "button",
    { type: "button", class: "plain became-source", on: { click: () => store.go({ channel: message.channel, thread }) } },
    `${store.app?.name ?? "Dragoman"}’s reply`,
    h("span", { class: "unseen" }, ", open the thread"),
  );
  const head = h(
    "p",
    { class: "became-head small quiet" },
    source,
    ending === "translated" ? " in English" : ": not translated",
    missing > 0 && ` · ${missing === 1 ? "1 more part" : `${missing} more parts`} to come`,
  );
  return [head, words(parts)];
}

/** Show the words folded to eight lines, with a button for the rest where there is a rest. */
function words(parts) {
  const runs = parts.flatMap((part, index) => (index ? [{ text: "\n", code: false }, ...part] : part));
  const folded = cut(runs, FOLDED_CHARACTERS);
  const text = h("div", { class: "became-text", dir: "auto" });
  const more = h("button", { type: "button", class: "plain became-more", "aria-expanded": "false", hidden: true });
  const set = (isOpen) => {
    text.classList.toggle("is-open", isOpen);
    more.setAttribute("aria-expanded", String(isOpen));
    fill(more, isOpen ? "Show less" : "Show all");
    fill(text, (isOpen ? runs : folded).map((run) => (run.code ? h("code", {}, run.text) : run.text)));
  };
  more.addEventListener("click", () => set(more.getAttribute("aria-expanded") !== "true"));
  set(false);
  const isCut = folded !== runs;
  new ResizeObserver(() => {
    if (text.classList.contains("is-open")) return;
    more.hidden = !isCut && text.scrollHeight <= text.clientHeight + 1;
  }).observe(text);
  return [text, more];
}

function cut(runs, most) {
  let left = most;
  const kept = [];
  for (const run of runs) {
    if (run.text.length > left) return [...kept, { ...run, text: `${run.text.slice(0, left).replace(/\s+\S*$/, "")}…` }];
    kept.push(run);
    left -= run.text.length;
  }
  return runs;
}
