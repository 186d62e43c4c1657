// The list of everything that passed between Slack and the app: newest at the bottom, followed like a terminal.

import { fill, h } from "./dom.js";
import { ruleWords } from "./explain.js";
import { makeDetails } from "./exchange_details.js";
import { threadOf } from "./belonging.js";
import { keepFocus } from "./focus.js";

const MOST_ROWS = 1000;
const KINDS = ["api", "download", "upload", "response_url", "event", "command", "interaction", "socket"];
const STRIPES = 6;

/** Make the panel; `look(isLooking)` says whether somebody sees it, and only then rows are made. */
export function makeTraffic(store) {
  const filter = { kind: "", text: "", isRefusedOnly: false, thread: "" };
  let waiting = [];
  let isLooking = false;
  let isPaused = false;
  let isPlanned = false;
  let unseen = 0;
  let stop; // the row that the Tab key reaches
  let isChosen = false; // by somebody, not by us
  const rows = new Map(); // number -> { element, exchange, thread }
  const stripes = new Map(); // thread -> number of its colour

  const list = h("ol", { class: "exchanges", "aria-label": "Traffic between Slack and the app, newest last" });
  const empty = h("p", { class: "quiet nothing" });
  const scroller = h("div", { class: "pane-body" }, list, empty);
  const jump = h("button", { type: "button", class: "jump primary", hidden: true, on: { click: catchUp } });
  const pause = h("button", { type: "button", "aria-pressed": "false", on: { click: () => setPaused(!isPaused) } }, "Pause");
  const text = h("input", { type: "search", placeholder: "Filter", "aria-label": "Filter by text" });
  const all = { click: () => keepFocus(only, () => set({ thread: "" }), () => text) };
  const only = h("button", { type: "button", class: "one-thread", hidden: true, on: all }, "One thread only ×");
  const element = h("div", { class: "traffic" }, makeFilters(), scroller, jump);

  function makeFilters() {
    const options = KINDS.map((kind) => h("option", { value: kind }, kind));
    const kind = h("select", { "aria-label": "Kind" }, h("option", { value: "" }, "All kinds"), options);
    kind.addEventListener("change", () => set({ kind: kind.value }));
    const read = () => set({ text: text.value.trim().toLowerCase() });
    text.addEventListener("input", read);
    text.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !text.value) return; // of an empty box it closes the curtain
      event.preventDefault();
      event.stopPropagation();
      text.value = "";
      read();
    });
    const refused = h("input", { type: "checkbox" });
    refused.addEventListener("change", () => set({ isRefusedOnly: refused.checked }));
    return h("div", { class: "filters" }, kind, text, h("label", {}, refused, "Refused only"), pause, only);
  }

  function fits({ exchange, thread }) {
    if (filter.kind && exchange.kind !== filter.kind) return false;
    if (filter.isRefusedOnly && exchange.ok) return false;
    if (filter.thread && thread !== filter.thread) return false;
    if (!filter.text) return true;
    const { kind, method, error, rule, arguments: given } = exchange;
    return `${kind} ${method} ${error} ${rule} ${JSON.stringify(given)}`.toLowerCase().includes(filter.text);
  }

  function set(wanted) {
    Object.assign(filter, wanted);
    for (const row of rows.values()) row.element.hidden = !fits(row);
    settleStop();
    only.hidden = !filter.thread;
    sayEmpty();
    toBottom();
  }

  function setPaused(wanted) {
    isPaused = wanted;
    pause.setAttribute("aria-pressed", String(isPaused));
    sayPause();
    if (!isPaused) append();
  }

  function sayPause() {
    fill(pause, isPaused && waiting.length > 0 ? `Paused (${waiting.length})` : isPaused ? "Paused" : "Pause");
  }

  function sayEmpty() {
    const isAny = [...rows.values()].some((row) => !row.element.hidden);
    fill(empty, isAny ? "" : rows.size > 0 ? "Nothing here fits the filter." : "Nothing has passed yet.");
  }

  const isAtBottom = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40;

  function toBottom() {
    scroller.scrollTop = scroller.scrollHeight;
    unseen = 0;
    jump.hidden = true;
  }

  function catchUp() {
    keepFocus(jump, toBottom, newest);
  }

  function append() {
    isPlanned = false;
    if (!isLooking || isPaused) return sayPause();
    const isFollowing = rows.size === 0 || isAtBottom();
    const fresh = document.createDocumentFragment();
    for (const exchange of waiting.splice(0)) {
      const row = makeRow(exchange);
      unseen += row.element.hidden ? 0 : 1;
      fresh.append(row.element);
    }
    list.append(fresh);
    trim();
    sayEmpty();
    if (isFollowing) return toBottom();
    jump.hidden = unseen === 0;
    fill(jump, `↓ ${unseen} new`);
  }

  function trim() {
    for (const [number, row] of rows) {
      if (rows.size <= MOST_ROWS) break;
      row.element.remove();
      rows.delete(number);
    }
    settleStop();
  }

  /** Tab reaches one row only, arrows the others: the row that somebody chose, else the newest in sight. */
  function settleStop() {
    if (isChosen && stop.isConnected && !stop.parentElement.hidden) return;
    isChosen = false;
    setStop(newest());
  }

  function newest() {
    let last = list.lastElementChild;
    while (last?.hidden) last = last.previousElementSibling;
    return last?.firstElementChild;
  }

  function setStop(button) {
    if (stop) stop.tabIndex = -1;
    stop = button;
    if (stop) stop.tabIndex = 0;
  }

  function makeRow(exchange) {
    const thread = threadOf(store, exchange);
    const button = h("button", { type: "button", class: "exchange", "aria-expanded": "false", tabindex: "-1" }, cells(exchange));
    const element = h("li", { dataset: { number: exchange.number } }, button);
    if (!exchange.ok) element.classList.add("refused");
    if (thread) {
      if (!stripes.has(thread)) stripes.set(thread, stripes.size % STRIPES);
      element.classList.add(`stripe-${stripes.get(thread)}`);
    }
    const row = { element, exchange, thread };
    element.hidden = !fits(row);
    rows.set(exchange.number, row);
    return row;
  }

  function toggle(button) {
    const { exchange, thread, element: item } = rows.get(Number(button.parentElement.dataset.number));
    const isOpening = button.getAttribute("aria-expanded") === "false";
    button.setAttribute("aria-expanded", String(isOpening));
    if (!isOpening) return item.lastElementChild.remove();
    const details = makeDetails(store, exchange, thread && (() => set({ thread })));
    item.append(details);
    item.scrollIntoView({ block: "nearest" });
  }

  function walk(event) {
    const button = event.target.closest("button.exchange");
    const all = button ? [...list.querySelectorAll("li:not([hidden]) > button.exchange")] : [];
    const at = all.indexOf(button);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined || !all[to]) return;
    event.preventDefault();
    choose(all[to]);
    all[to].focus();
  }

  function choose(button) {
    isChosen = true;
    setStop(button);
  }

  list.addEventListener("keydown", walk);
  list.addEventListener("click", (event) => {
    const button = event.target.closest("button.exchange");
    if (!button) return;
    choose(button);
    toggle(button);
  });
  scroller.addEventListener("scroll", () => {
    if (!jump.hidden && isAtBottom()) toBottom();
  });
  const begin = () => {
    waiting = [...store.traffic];
    rows.clear();
    stripes.clear();
    fill(list);
    filter.thread = "";
    only.hidden = true;
    append();
  };
  store.on("snapshot", () => keepFocus(element, begin, () => text));
  store.on("traffic", (exchange) => {
    waiting.push(exchange);
    if (waiting.length > MOST_ROWS) waiting.shift();
    if (isPlanned) return;
    isPlanned = true;
    requestAnimationFrame(append);
  });
  return {
    element,
    look(wanted) {
      isLooking = wanted;
      append();
    },
  };
}

function cells({ at, kind, method, ok, error, rule, status, arguments: given, duration }) {
  const again = Number(given?.attempt) > 0 && `delivered again (${given.attempt})`;
  const refusal = [error || (!ok && status >= 400 && `status ${status}`), ruleWords(rule)].filter(Boolean).join(": ");
  const why = [again, refusal].filter(Boolean).join("; ");
  return [
    h("span", { class: "when" }, `+${at.toFixed(1)}s`),
    h("span", { class: `kind kind-${kind}` }, kind),
    h("span", { class: "method", title: method }, kind === "download" ? `…/${method.split("/").at(-1)}` : method),
    h("span", { class: "verdict" }, verdict(kind, ok)),
    h("span", { class: "took" }, took(duration)),
    why && h("span", { class: "why" }, why),
  ];
}

function verdict(kind, ok) {
  const isDelivery = kind === "event" || kind === "command" || kind === "interaction";
  if (isDelivery) return ok ? "ack" : "no ack";
  return ok ? "ok" : "refused";
}

function took(seconds) {
  if (seconds === undefined || seconds === null) return "";
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}
