// The first minute: three steps, each ticked by its own sign, and what stands in a channel where nobody has spoken.

import { fill, h, notice } from "./dom.js";
import { show } from "./drawn.js";
import { keepFocus, messageBox } from "./focus.js";
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
  const steps = makeSteps(store);
  const empty = h("div", { class: "nobody" });
  const share = makeSampleButton(store);
  fill(element, steps.element, empty);

  let drawn = "";
  const drawEmpty = (isShown, hasButton) => {
    const stamp = JSON.stringify([isShown, hasButton, store.me, store.app, store.channels.get(store.place.channel)]);
    if (stamp === drawn) return;
    drawn = stamp;
    empty.hidden = !isShown;
    fill(empty, isShown && emptyWords(store, hasButton && share));
  };
  const draw = () => {
    if (!store.isReady) return;
    const { channel, tab } = store.place;
    const isHome = tab === "home";
    const isAllDone = state.done.length >= STEPS;
    const isShown = !isHome && !state.isDismissed;
    const work = () => {
      steps.draw(isShown, isAllDone);
      drawEmpty(!isHome && store.channelMessages(channel).length === 0, !isShown || isAllDone); // one above is enough
    };
    keepFocus(element, work, () => (isShown && isAllDone ? steps.close : messageBox()));
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

/** Make the cards and what comes after them, once: a card only changes its tick. */
function makeSteps(store) {
  const type = h("button", { type: "button", on: { click: typePrompt } }, "Type it for me");
  const faults = h("button", { type: "button", on: { click: () => show("faults") } }, "Show the faults");
  const cards = [
    card("share", "Drop a recording here", "Any language; its English comes into the thread.", makeSampleButton(store)),
    card("prompt", "Change this channel’s prompt", "Names and tone that the translation should know.", type),
    card("fault", "Switch a fault on", "See what people read when something fails.", faults),
  ];
  const away = { click: () => showHints(false) };
  const list = h("ol", {}, cards.map((one) => one.element));
  const dismiss = h("button", { type: "button", class: "plain dismiss", "aria-label": "Dismiss the hints", on: away }, "×");
  const close = h("button", { type: "button", on: away }, "Close the hints");
  const farewell = h("p", { class: "farewell" }, FAREWELL, close);
  const element = h("section", { class: "hints", "aria-label": "Three things to try" }, list, dismiss, farewell);
  const draw = (isShown, isAllDone) => {
    element.hidden = !isShown;
    list.hidden = isAllDone;
    dismiss.hidden = isAllDone;
    farewell.hidden = !isAllDone;
    for (const one of cards) one.draw();
  };
  return { element, close, draw };
}

function card(step, title, words, control) {
  const ticked = h("span", { class: "unseen" }, " (done)");
  const element = h("li", {}, h("strong", {}, title, ticked), h("span", { class: "small quiet why" }, words), control);
  const draw = () => {
    const isDone = state.done.includes(step);
    element.classList.toggle("done", isDone);
    ticked.hidden = !isDone;
  };
  return { element, draw };
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
    hasBot && share,
  ];
}
