// The message box: text, files and commands on their way into Slack. What did not arrive stays in it.

import { inWords } from "./acting.js";
import { makeCompletion } from "./complete.js";
import { fill, h } from "./dom.js";
import { grow, startEditing } from "./editing.js";
import { recall, remember } from "./memory.js";
import { openMenu } from "./menu.js";
import { useShortcut } from "./message_menu.js";
import { makeTray } from "./upload.js";
import { act } from "./wire.js";

const drafts = new Map(Object.entries(recall("drafts", {})));

/** Make a message box: `{ element, draw() }`. `place()` gives `{ channel, thread }`; each place has its own draft. */
export function makeComposer(store, place) {
  return new Composer(store, place);
}

class Composer {
  #store;
  #place;
  #states = new Map(); // place and person -> { isBusy, line, isBad }
  #shown = "";
  #tray;
  #box = h("textarea", { rows: "1", dir: "auto", enterkeyhint: "send" });
  #line = h("p", { class: "composer-line", role: "alert" });
  #reason = h("p", { class: "composer-reason", hidden: true });
  #send = h("button", { type: "submit", class: "send primary", title: "Send (Enter)" }, "Send");
  #shortcuts = h("button", { type: "button", class: "plain", "aria-haspopup": "menu", "aria-expanded": "false", hidden: true }, "Shortcuts");
  #completion;
  #form;

  constructor(store, place) {
    this.#store = store;
    this.#place = place;
    this.#tray = makeTray(store, place);
    this.#completion = makeCompletion(store, this.#box, () => Boolean(place().thread));
    const keys = h("span", { class: "keys small quiet", "aria-hidden": "true" }, "Shift + Enter for a new line");
    const toolbar = h("div", { class: "toolbar" }, this.#tray.buttons, this.#shortcuts, keys, this.#send);
    this.#form = h("form", { class: "composer-box" }, this.#tray.element, this.#box, toolbar);
    this.element = h("div", { class: "composer" }, this.#completion.element, this.#line, this.#reason, this.#form);
    this.#box.addEventListener("input", () => this.#typed());
    this.#box.addEventListener("keydown", (event) => this.#key(event));
    this.#shortcuts.addEventListener("click", () => openMenu(this.#shortcuts, "Shortcuts", this.#globalShortcuts()));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    addEventListener("resize", () => grow(this.#box));
  }

  draw() {
    const { channel, thread } = this.#place();
    if (this.#where() !== this.#shown) {
      this.#shown = this.#where();
      this.#box.value = drafts.get(this.#shown) ?? "";
      this.#completion.update();
    }
    const name = this.#store.channelName(channel);
    const { isBusy, line, isBad } = this.#state();
    const reason = this.#whyNot();
    this.#box.setAttribute("aria-label", thread ? `Reply in thread in ${name}` : `Message ${name}`);
    this.#box.placeholder = thread ? "Reply…" : `Message ${name}`;
    this.#box.disabled = Boolean(reason);
    this.#box.readOnly = isBusy;
    this.#send.disabled = Boolean(reason);
    this.#send.setAttribute("aria-busy", String(isBusy));
    this.#shortcuts.hidden = Boolean(reason) || this.#globalShortcuts().length === 0;
    this.#reason.hidden = !reason;
    this.element.classList.toggle("is-shut", Boolean(reason));
    if (this.#reason.dataset.stamp !== `${reason} ${channel}`) {
      this.#reason.dataset.stamp = `${reason} ${channel}`;
      fill(this.#reason, h("span", {}, reason), reason && this.#canJoin() && this.#joinButton());
    }
    if (this.#line.textContent !== line) fill(this.#line, line);
    this.#line.classList.toggle("is-bad", isBad);
    grow(this.#box);
  }

  // --- what is typed ---------------------------------------------------------------------------

  #where() {
    const { channel, thread } = this.#place();
    return [this.#store.me, channel, thread ?? ""].join(" ");
  }

  #state(key = this.#where()) {
    if (!this.#states.has(key)) this.#states.set(key, { isBusy: false, line: "", isBad: false });
    return this.#states.get(key);
  }

  #keep(key, text) {
    if (text) drafts.set(key, text);
    else drafts.delete(key);
    remember("drafts", Object.fromEntries(drafts));
  }

  #typed() {
    this.#keep(this.#where(), this.#box.value);
    this.#say(this.#where(), "");
    this.#completion.update();
  }

  #key(event) {
    if (event.isComposing || this.#completion.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.#form.requestSubmit();
    } else if (event.key === "ArrowUp" && !this.#box.value && !event.shiftKey) {
      this.#editLast(event);
    }
  }

  /** As in Slack: the arrow up in an empty box edits the last message of one's own. */
  #editLast(event) {
    const { channel, thread } = this.#place();
    const all = thread ? this.#store.threadMessages(channel, thread) : this.#store.channelMessages(channel);
    const mine = all.findLast((one) => one.user === this.#store.me && !one.subtype && !one.is_ephemeral && one.text);
    if (!mine) return;
    event.preventDefault();
    startEditing(this.#store, mine, Boolean(thread), () => this.#box.focus());
  }

  // --- sending -----------------------------------------------------------------------------------

  async #submit() {
    const key = this.#where();
    const state = this.#state();
    const text = this.#box.value.trim();
    const hasFiles = !this.#tray.isEmpty();
    if (state.isBusy || this.#whyNot() || (!text && !hasFiles)) return;
    state.isBusy = true;
    this.#say(key, "");
    let trouble = "";
    try {
      // A space before the stroke makes it a message, as Slack advises.
      const isCommand = this.#box.value.startsWith("/") && !hasFiles;
      if (isCommand) trouble = await this.#command(text);
      else if (hasFiles) await this.#tray.send(text);
      else await act("say", { text, channel: this.#place().channel, user: this.#store.me, ...this.#thread() });
    } catch (error) {
      trouble = error.isSaid ? "" : inWords(error);
      if (error.isSaid) trouble = null; // the tray has said it
    }
    state.isBusy = false;
    if (trouble === "") {
      this.#keep(key, "");
      if (key === this.#where()) this.#box.value = "";
      this.#completion.update();
    }
    this.#say(key, trouble ?? "", Boolean(trouble));
  }

  #thread() {
    const { thread } = this.#place();
    return thread ? { thread_ts: thread } : {};
  }

  /** Do a command; gives what went wrong. Its answers come as messages that only this person sees. */
  async #command(text) {
    const [, command, rest] = /^(\/\S*)\s*([\s\S]*)$/.exec(text);
    if (this.#place().thread) return `${command} is not supported in threads. Sorry! Type it in the channel.`;
    if (!this.#store.commands.some((one) => one.command === command)) {
      return `${command} is not a valid command. To send it as a message, put a space before the “/”.`;
    }
    const answer = await act("command", { command, text: rest, channel: this.#place().channel, user: this.#store.me });
    const app = this.#store.app.name;
    if (!answer.acked) {
      if (answer.error === "operation_timeout") return `${command} failed: ${app} did not answer in time (operation_timeout).`;
      return `${command} failed with the error “${answer.error || "no answer"}”.`;
    }
    return answer.error ? `${app} answered ${command} with something that Slack does not show (${answer.error}).` : "";
  }

  #say(key, line, isBad = false) {
    Object.assign(this.#state(key), { line, isBad });
    this.draw();
  }

  #globalShortcuts() {
    const all = (this.#store.shortcuts ?? []).filter((one) => one.type === "global");
    return all.map((one) => ({ label: one.name, hint: one.description, run: () => useShortcut(this.#store, one) }));
  }

  // --- who may write -------------------------------------------------------------------------------

  #whyNot() {
    const { channel: id } = this.#place();
    const channel = this.#store.channels.get(id);
    if (!channel) return "There is no conversation here.";
    const name = this.#store.channelName(id);
    if (channel.is_archived) return `${name} is archived: nothing can be said there any more.`;
    return this.#store.isIn(id) ? "" : `You are not in ${name}.`;
  }

  #canJoin() {
    const { channel } = this.#place();
    const known = this.#store.channels.get(channel);
    return known?.kind === "channel" && !known.is_archived && !this.#place().thread && !this.#store.users.get(this.#store.me)?.is_guest;
  }

  #joinButton() {
    const join = h("button", { type: "button" }, "Join channel");
    join.addEventListener("click", async () => {
      join.disabled = true;
      try {
        await act("invite", { channel: this.#place().channel, name: this.#store.me, user: this.#store.me });
        this.#box.focus();
      } catch (error) {
        this.#say(this.#where(), inWords(error), true);
      }
      join.disabled = false;
    });
    return join;
  }
}
