// The first minute: three steps, each ticked by its own sign, and what stands in a channel where nobody has spoken.

import { fill, h, notice } from "./dom.js";
import { show } from "./drawn.js";
import { recall, remember } from "./memory.js";
import { makeSampleButton } from "./samples.js";
import { see } from "./wire.js";

const COMMAND = "/translate";
const STEPS = 3;
const EXAMPLE = `${COMMAND} prompt Acme Pro, Ms Núñez; polite`;
const FAREWELL = "All three done. What passed between Slack, the bot and the endpoint stands behind the curtain.";
const listeners = new Set();
const state = { world: "", done: [], isDismissed: false, ...recall("hints", {}) };

export const areHintsShown = () => !state.isDismissed;

/** Dismiss the hints, or bring them back. */
export function showHints(isShown) {
  change({ isDismissed: !isShown });
}

/** Hear of every change. */
export function onHints(listener) {
  listeners.add(listener);
}

function change(to) {
  Object.assign(state, to);
  remember("hints", state);
  for (const listener of listeners) listener();
}

function tick(step) {
  if (!state.done.includes(step)) change({ done: [...state.done, step] });
}

/** Show the hints in `element`: a slot above the messages. */
export function mountHints(store, element) {
  const steps = h("section", { class: "hints", "aria-label": "Three things to try" });
  const empty = h("div", { class: "nobody" });
  const share = () => makeSampleButton(store, () => tick("share"));
  fill(element, steps, empty);

  // Both are made anew only when what they show changes: a menu may stand open in them.
  const redraw = (part, stamp, make) => {
    if (part.dataset.stamp === stamp) return;
    part.dataset.stamp = stamp;
    fill(part, make());
  };
  const draw = () => {
    if (!store.isReady) return;
    const { channel, tab } = store.place;
    const isHome = tab === "home";
    steps.hidden = isHome || state.isDismissed;
    redraw(steps, JSON.stringify([state.done, store.samples]), () => (state.done.length < STEPS ? cards(share) : farewell()));
    empty.hidden = isHome || store.channelMessages(channel).length > 0;
    const hasButton = !steps.hidden && state.done.length < STEPS; // one above is enough
    const stamp = JSON.stringify([empty.hidden, hasButton, store.me, store.channels.get(channel), store.samples]);
    redraw(empty, stamp, () => (empty.hidden ? [] : emptyWords(store, hasButton ? null : share)));
  };
  onHints(draw);
  store.on("snapshot", () => {
    const world = `${store.beganAt} ${store.generation}`;
    if (world !== state.world) change({ world, done: [] });
    draw();
  });
  store.on("place messages ephemerals channels", draw);
  watch(store);
}

/** Hear the signs by which each step is done. */
function watch(store) {
  addEventListener("shared", () => tick("share"));
  store.on("faults", () => store.faults.length > 0 && tick("fault"));
  store.on("endpoint", () => store.endpoint.fault && tick("fault"));
  store.on("traffic", async (exchange) => {
    const isMine = exchange.kind === "command" && exchange.ok && exchange.arguments?.user === store.me;
    if (!isMine || exchange.method !== COMMAND || state.done.includes("prompt")) return;
    try {
      const answer = await see("exchange", { number: exchange.number });
      const { text = "" } = (answer.exchange ?? answer).arguments?.body ?? {};
      if (/^prompt\s+\S/i.test(text)) tick("prompt");
    } catch {
      // reset meanwhile: then there is nothing to tick either
    }
  });
}

function cards(share) {
  const type = h("button", { type: "button", on: { click: typePrompt } }, "Type it for me");
  const faults = h("button", { type: "button", on: { click: () => show("faults") } }, "Show the faults");
  const away = { "aria-label": "Dismiss the hints", on: { click: () => showHints(false) } };
  const dismiss = h("button", { type: "button", class: "plain dismiss", ...away }, "×");
  return [
    h(
      "ol",
      {},
      card("share", "Drop a recording here", "Any language; its English comes into the thread.", share()),
      card("prompt", "Change this channel’s prompt", "Names and tone that the translation should know.", type),
      card("fault", "Switch a fault on", "See what people read when something fails.", faults),
    ),
    dismiss,
  ];
}

function card(step, title, words, control) {
  const isDone = state.done.includes(step);
  return h(
    "li",
    { class: isDone ? "done" : "" },
    h("strong", {}, title, isDone && h("span", { class: "unseen" }, " (done)")),
    h("span", { class: "small quiet why" }, words),
    control,
  );
}

function farewell() {
  const close = h("button", { type: "button", on: { click: () => showHints(false) } }, "Close the hints");
  return h("p", { class: "farewell" }, FAREWELL, close);
}

function typePrompt() {
  const box = document.querySelector("#channel .composer textarea");
  if (!box || box.disabled) return notice("You can’t write in this conversation, so it can’t be typed here.");
  if (box.value.trim() && box.value !== EXAMPLE) {
    box.focus();
    return notice("There is a draft in the message box: send or clear it first.");
  }
  box.value = EXAMPLE;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
  return undefined;
}

function emptyWords(store, share) {
  const { channel } = store.place;
  const name = store.channelName(channel);
  const hasBot = store.channels.get(channel)?.members.includes(store.app.user_id);
  if (!store.isIn(channel)) return h("p", {}, `Nobody has said anything in ${name} yet.`);
  const outside = `${store.app.name} is not in this conversation, so recordings stay unanswered until somebody invites it.`;
  return [
    h("h2", {}, `Nothing has been said in ${name} yet`),
    hasBot
      ? h("p", { class: "quiet" }, "Drop a recording here, record one below, or begin with a sample. Its English comes into the thread.")
      : h("p", { class: "quiet" }, outside),
    hasBot && share?.(),
  ];
}
