// A list of messages that follows what is said: day lines, grouped authors, and a button where news stand below.

import { h, keyed, readOut } from "./dom.js";
import { onEditing } from "./editing.js";
import { authorOf, makeMessage, statusLine } from "./message.js";
import { plainWords } from "./mrkdwn.js";
import { onJump } from "./places.js";
import { makeStop } from "./stops.js";
import { dateOf, dayOf, dayWords } from "./time.js";

const AT_ONCE = 150;
const TOGETHER_SECONDS = 300;
const NEAR = 60;
const MOST_READ_OUT = 3;

/**
 * Make a list: `{ element, draw() }`. `what()` gives `{ place, label, messages, status }`: `place` names what is
 * listed, `status` is what the app is doing there.
 */
export function makeList(store, what, { inThread = false } = {}) {
  const list = new List(store, what, inThread);
  onEditing(() => list.draw());
  onJump((jump) => jump.isInThread === inThread && list.reveal(jump.ts));
  return list;
}

class List {
  #store;
  #what;
  #inThread;
  #log = null;
  #inside = null;
  #stop = null;
  #views = new Map();
  #place = null;
  #most = AT_ONCE;
  #isAtBottom = true;
  #newest = "";
  #first = "";
  #earlier = h("button", { type: "button", class: "earlier" }, "Show earlier messages");
  #news = h("button", { type: "button", class: "news primary", hidden: true }, "New messages ↓");
  #sizes = new ResizeObserver(() => this.#isAtBottom && this.#toBottom());

  constructor(store, what, inThread) {
    this.#store = store;
    this.#what = what;
    this.#inThread = inThread;
    this.element = h("div", { class: "list" }, this.#news);
    this.#news.addEventListener("click", () => {
      this.#toBottom();
      this.#log.focus({ preventScroll: true });
    });
    this.#earlier.addEventListener("click", () => this.#showEarlier());
    this.#sizes.observe(this.element);
  }

  draw() {
    const { place, label, messages, status } = this.#what();
    const isNew = place !== this.#place;
    if (isNew) this.#begin(place);
    this.#log.setAttribute("aria-label", label);
    const kept = heldFocus(this.#log);
    // While somebody reads above, nothing goes away there.
    if (!this.#isAtBottom && this.#first) this.#most = Math.max(this.#most, messages.filter((one) => one.ts >= this.#first).length);
    else if (this.#isAtBottom) this.#most = AT_ONCE;
    const shown = messages.slice(-this.#most);
    this.#first = shown[0]?.ts ?? "";
    const entries = shown.length < messages.length ? [["earlier", "", () => this.#earlier]] : [];
    const keys = new Set();
    let before = null;
    let day = this.#inThread && shown.length ? dayOf(shown[0].ts) : "";
    for (const message of shown) {
      if (dayOf(message.ts) !== day) entries.push([`day ${dayOf(message.ts)}`, dayWords(message.ts), () => dayLine(message.ts)]);
      day = dayOf(message.ts);
      // An ephemeral message has a ts of its own, but nothing promises it.
      const key = `${message.is_ephemeral ? "only me " : ""}${message.ts}`;
      keys.add(key);
      entries.push([key, "", () => this.#view(key).element]);
      this.#view(key).show(message, { isFollowUp: isTogether(before, message), around: this.#store.around });
      before = message;
      if (this.#inThread && message === messages[0]) {
        entries.push(repliesLine(messages.length - 1));
        before = null;
      }
    }
    if (status) entries.push(["status", status, () => statusLine(this.#store, status)]);
    keyed(this.#inside, entries);
    for (const key of this.#views.keys()) if (!keys.has(key)) this.#views.delete(key);
    giveFocus(this.#log, kept);
    this.#follow(messages, isNew);
  }

  /** Show the message `ts` and mark it for a moment. */
  reveal(ts) {
    if (!this.#inside) return;
    const { messages } = this.#what();
    const at = messages.findIndex((message) => message.ts === ts);
    if (at < 0) return;
    this.#isAtBottom = false;
    this.#most = Math.max(this.#most, messages.length - at + 20);
    this.draw();
    const { element } = this.#view(ts);
    element.scrollIntoView({ block: "center" });
    element.classList.add("is-marked");
    setTimeout(() => element.classList.remove("is-marked"), 2500);
  }

  /** A list of its own for each place; what stood there is no news. */
  #begin(place) {
    this.#place = place;
    this.#most = AT_ONCE;
    this.#isAtBottom = true;
    this.#newest = "";
    this.#first = "";
    this.#views.clear();
    const inside = h("div", { class: "log-inside" });
    const log = h("div", { class: "log", role: "log", "aria-live": "off", tabindex: "-1" }, inside);
    log.addEventListener("scroll", () => {
      this.#isAtBottom = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
      if (this.#isAtBottom) this.#news.hidden = true;
    });
    // Whatever opens in a message opens downwards: the list stays where it is.
    log.addEventListener("click", (event) => event.target.closest("[aria-expanded]:not([aria-haspopup]), summary") && this.#hold(), true);
    if (this.#inside) this.#sizes.unobserve(this.#inside);
    this.#sizes.observe(inside);
    if (this.#log) this.#log.replaceWith(log);
    else this.element.prepend(log);
    [this.#log, this.#inside, this.#stop] = [log, inside, makeStop(inside)];
  }

  #view(key) {
    if (!this.#views.has(key)) this.#views.set(key, makeMessage(this.#store, { inThread: this.#inThread }));
    return this.#views.get(key);
  }

  #follow(messages, isNew) {
    const last = messages.at(-1);
    const isNews = Boolean(last) && last.ts > this.#newest;
    const isMine = isNews && last.user === this.#store.me && !isNew;
    if (isNews && !isNew) this.#readOut(messages.filter((one) => one.ts > this.#newest));
    this.#stop.settle(isNews);
    this.#newest = last?.ts ?? "";
    if (isNew || this.#isAtBottom || isMine) this.#toBottom();
    else if (isNews) this.#news.hidden = false;
  }

  /** Have what others said read out, once: what stands in thread and conversation, by the conversation. */
  #readOut(news) {
    const others = news.filter((one) => one.user !== this.#store.me && !(this.#inThread && one.subtype === "thread_broadcast"));
    if (!this.element.hidden) readOut(others.slice(-MOST_READ_OUT).map((one) => spoken(this.#store, one)));
  }

  #toBottom() {
    if (!this.#log) return;
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#isAtBottom = true;
    this.#news.hidden = true;
  }

  #hold() {
    this.#isAtBottom = false;
  }

  #showEarlier() {
    const below = this.#log.scrollHeight - this.#log.scrollTop;
    this.#isAtBottom = false;
    this.#most += AT_ONCE;
    this.draw();
    this.#log.scrollTop = this.#log.scrollHeight - below;
    if (!this.#earlier.isConnected) this.#log.focus({ preventScroll: true });
  }
}

/** Say a message in one line: who, and what. */
function spoken(store, message) {
  const words = plainWords(store, (message.text ?? "").slice(0, 1000)).slice(0, 300);
  const files = (message.files ?? []).map((file) => file.title || file.name).filter(Boolean);
  return `${authorOf(store, message)}: ${[words, ...files].filter(Boolean).join(", ") || "a message"}`;
}

function isTogether(before, message) {
  if (!before || message.subtype || before.subtype || message.is_ephemeral || before.is_ephemeral) return false;
  return before.user === message.user && dateOf(message.ts) - dateOf(before.ts) < TOGETHER_SECONDS * 1000 && dayOf(before.ts) === dayOf(message.ts);
}

function dayLine(ts) {
  return h("div", { class: "day" }, h("span", {}, dayWords(ts)));
}

function repliesLine(count) {
  const words = count === 0 ? "No replies yet" : count === 1 ? "1 reply" : `${count} replies`;
  return ["replies", words, () => h("div", { class: "reply-count small quiet" }, h("span", {}, words))];
}

// A part of a message that is drawn anew gives its focus to its successor.
function heldFocus(log) {
  const active = document.activeElement;
  if (!active || active === log || !log.contains(active)) return null;
  const key = active.closest("article")?.dataset.key;
  return key ? { active, key, name: active.dataset.focus } : null;
}

function giveFocus(log, kept) {
  if (!kept || (kept.active.isConnected && document.activeElement === kept.active)) return;
  const message = log.querySelector(`article[data-key="${CSS.escape(kept.key)}"]`);
  const again = kept.active.isConnected ? kept.active : message?.querySelector(`[data-focus="${CSS.escape(kept.name ?? "")}"]`);
  (again ?? message?.querySelector('[data-focus="menu"]') ?? log).focus({ preventScroll: true });
}
