// The tray of a composer: files chosen, dropped or recorded, and their way into Slack.

import { folderLine, isReadable, MOST_FILES, refusalLine, tooManyLine, whyNotHere, whyNotShared, whyNotTogether } from "./checks.js";
import { makeChip } from "./chips.js";
import { fill, h, keyed } from "./dom.js";
import { keepFocus } from "./focus.js";
import { makeRecorder } from "./recorder.js";
import { Refused, upload } from "./wire.js";

const trays = new WeakMap(); // element -> tray
let lastNumber = 0;

/**
 * Make a tray. `place()` gives `{ channel, thread }`: each place, and each person, has its own chosen files.
 *
 * Gives `{ element, buttons, files(), isEmpty(), add(files, folders), say(lines), clear(), send(text) }`. `send` gives a
 * promise that is rejected with `Refused` where something was not shared; the tray has then said why, and kept it
 * (`isSaid` of the error says so). The element sends an event `traychange`, which bubbles, whenever what it holds changed.
 */
export function makeTray(store, place) {
  const tray = new Tray(store, place);
  trays.set(tray.element, tray);
  return tray;
}

/** Give the tray that stands in `element`, such as a pane or a composer; undefined where there is none. */
export function trayIn(element) {
  return trays.get(element?.matches?.(".tray") ? element : element?.querySelector(".tray"));
}

class Tray {
  #store;
  #place;
  #loads = new Map(); // place and person -> what is chosen there
  #shown = null;
  #chips = h("ul", { class: "chips", "aria-label": "Files to send" });
  #bar = h("progress", { max: "1", "aria-label": "Upload" });
  #percent = h("span", { class: "small quiet" });
  #stop = h("button", { type: "button" }, "Stop");
  #progress = h("div", { class: "tray-progress", hidden: true }, this.#bar, this.#percent, this.#stop);
  #lines = h("div", { class: "tray-lines", role: "alert" });
  #input = h("input", { type: "file", multiple: true, hidden: true });
  #attach = h("button", { type: "button", class: "tray-button", dataset: { icon: "clip" }, title: "Attach a file" }, h("span", {}, "Attach a file"));
  #recorder = makeRecorder({
    onStart: () => this.#load(),
    onClip: (file, milliseconds, load) => this.#takeClip(file, milliseconds, load),
    onLine: (line) => this.say([line]),
    onChange: () => this.#tellChange(),
  });

  constructor(store, place) {
    this.#store = store;
    this.#place = place;
    this.element = h("div", { class: "tray" }, this.#lines, this.#recorder.panel, this.#chips, this.#progress, this.#input);
    this.buttons = [this.#attach, this.#recorder.button];
    this.#attach.addEventListener("click", () => this.#input.click());
    this.#input.addEventListener("change", () => {
      const chosen = [...this.#input.files];
      this.#input.value = ""; // so that the same file can be chosen again
      this.add(chosen);
    });
    this.#stop.addEventListener("click", () => this.#load().running?.abort());
    store.on("place snapshot channels", () => this.#render());
    this.#render();
  }

  /** The files that wait to be sent here. */
  files() {
    return this.#load().items.map((item) => item.file);
  }

  /** Whether there is nothing to send here; a running recording and files that are still being looked at count. */
  isEmpty() {
    const load = this.#load();
    return load.items.length === 0 && load.adding.size === 0 && !this.#recorder.isRecording();
  }

  /** Take chosen files, as many as can be shared; the others, and `folders` (names), are said. Gives how many were taken. */
  async add(files, folders = []) {
    const load = this.#load();
    const adding = this.#add(load, files, folders);
    load.adding.add(adding);
    this.#tellChange();
    try {
      return await adding;
    } finally {
      load.adding.delete(adding);
      this.#render();
    }
  }

  async #add(load, files, folders) {
    const elsewhere = whyNotHere(this.#store, this.#place().channel);
    if (elsewhere) return this.#tell(load, [elsewhere], 0);
    const most = this.#store.limits?.upload_bytes;
    const faults = await Promise.all(files.map((file) => whyNotShared(file, most)));
    const lines = [...folders.map(folderLine), ...faults.filter(Boolean)];
    const good = files.filter((_, index) => !faults[index]);
    const room = MOST_FILES - load.items.length;
    if (good.length > room) lines.push(tooManyLine(good.slice(room).map((file) => file.name)));
    const taken = good.slice(0, room);
    load.items.push(...taken.map((file) => makeItem(file)));
    return this.#tell(load, lines, taken.length);
  }

  /** Say `lines` here, in the place of earlier ones. */
  say(lines) {
    this.#tell(this.#load(), lines);
  }

  /** Throw away what was chosen here. */
  clear() {
    const load = this.#load();
    load.running?.abort();
    drop(load, load.items);
    this.#tell(load, []);
  }

  /** Share what was chosen here, with `text`. */
  async send(text = "") {
    const load = this.#load();
    if (load.running) return load.running.done;
    const { channel, thread } = this.#place();
    const running = { abort: () => {}, fraction: 0, isAllSent: false, done: null };
    load.running = running;
    running.done = this.#share(load, { channel, user: this.#store.me, thread_ts: thread ?? "" }, text).finally(() => {
      load.running = null;
      this.#render();
    });
    this.#render();
    return running.done;
  }

  async #share(load, words, text) {
    try {
      const elsewhere = whyNotHere(this.#store, words.channel);
      if (elsewhere) throw said(new Refused("not_in_channel", elsewhere), elsewhere);
      if (!load.adding.size && !this.#recorder.isRecording()) load.lines = [];
      await this.#recorder.finish();
      await Promise.all(load.adding);
      if (!load.items.length) throw said(new Refused("no_files", "Nothing could be shared."), load.lines);
      await this.#checkReadable(load.items);
      let answer = null;
      const batches = batchesOf(load.items);
      for (const batch of batches) {
        const much = whyNotTogether(batch.map((item) => item.file), this.#store.limits?.upload_bytes);
        if (much) throw said(new Refused("file_too_large", much), much);
      }
      const running = load.running;
      for (const [index, batch] of batches.entries()) {
        const isLast = index === batches.length - 1;
        answer = await this.#shareBatch(batch, { ...words, text: isLast ? text : "" }, running, index / batches.length, 1 / batches.length);
        drop(load, batch);
        this.#render();
      }
      dispatchEvent(new Event("shared")); // the hints tick their first step
      return answer;
    } catch (error) {
      this.#tell(load, [error.line ?? refusalLine(error, load.running?.isAllSent)].flat());
      throw Object.assign(error, { isSaid: true });
    }
  }

  async #shareBatch(batch, words, running, from, share) {
    const form = new FormData();
    // The words first: whoever reads the form knows where the bytes belong before they come.
    for (const [name, value] of Object.entries(words)) if (value) form.set(name, value);
    const [{ options }] = batch;
    if (options) form.set("options", JSON.stringify(options));
    for (const { file } of batch) form.append("file", file, file.name);
    const { done, abort } = upload(form, (fraction) => {
      running.fraction = from + fraction * share;
      running.isAllSent = fraction === 1;
      this.#renderProgress();
    });
    running.abort = abort;
    try {
      return await done;
    } catch (error) {
      // Browsers tell a lost connection and a file that changed on the disk in the same way.
      if (error.code === "unreachable") await this.#checkReadable(batch);
      throw error;
    }
  }

  async #checkReadable(items) {
    for (const { file } of items) {
      if (await isReadable(file)) continue;
      const line = `“${file.name}” cannot be read any more: it was moved, changed or deleted meanwhile. Remove it here and choose it again.`;
      throw said(new Refused("not_readable", line), line);
    }
  }

  #takeClip(file, milliseconds, load) {
    if (load.items.length >= MOST_FILES) return this.#tell(load, [tooManyLine(["Audio message"])]);
    load.items.push(makeItem(file, { subtype: "slack_audio", duration_ms: milliseconds }));
    this.#render();
    if (load === this.#load()) focusSend(this.element);
  }

  #remove(load, item) {
    drop(load, [item]);
    this.#render();
    this.#attach.focus();
  }

  // --- what one sees ----------------------------------------------------------------------------

  #load() {
    const { channel, thread } = this.#place();
    const key = [this.#store.me, channel, thread ?? ""].join(" ");
    if (!this.#loads.has(key)) this.#loads.set(key, { items: [], lines: [], adding: new Set(), running: null });
    return this.#loads.get(key);
  }

  #tell(load, lines, result) {
    load.lines = lines.filter(Boolean);
    this.#render();
    return result;
  }

  #render() {
    const load = this.#load();
    // A recording belongs to where it began: nobody goes on being recorded behind another conversation.
    if (this.#shown && this.#shown !== load) this.#recorder.stop();
    this.#shown = load;
    keyed(
      this.#chips,
      load.items.map((item) => [item.key, "", () => makeChip(item, () => this.#remove(load, item))]),
    );
    for (const button of this.#chips.querySelectorAll(".chip-remove")) button.disabled = Boolean(load.running);
    this.#chips.hidden = load.items.length === 0;
    fill(this.#lines, load.lines.length ? [h("div", {}, load.lines.map((line) => h("p", {}, line))), this.#dismiss(load)] : []);
    this.#lines.classList.toggle("is-empty", load.lines.length === 0);
    const isShut = Boolean(whyNotHere(this.#store, this.#place().channel));
    this.#attach.disabled = isShut;
    this.#recorder.setShut(isShut);
    this.#renderProgress();
    this.#tellChange();
  }

  #tellChange() {
    this.element.dispatchEvent(new Event("traychange", { bubbles: true }));
  }

  #renderProgress() {
    const running = this.#load().running;
    keepFocus(this.#progress, () => this.#progress.toggleAttribute("hidden", !running), () => this.#attach);
    if (!running) return;
    this.#bar.value = running.fraction;
    fill(this.#percent, running.fraction < 1 ? `${Math.floor(running.fraction * 100)} %` : "Sharing…");
  }

  #dismiss(load) {
    const click = () => keepFocus(this.#lines, () => this.#tell(load, []), () => this.#attach);
    return h("button", { type: "button", class: "plain", "aria-label": "Dismiss", on: { click } }, "×");
  }
}

function makeItem(file, options = null) {
  lastNumber += 1;
  return { key: `chosen-${lastNumber}`, file, options, url: URL.createObjectURL(file) };
}

function drop(load, items) {
  for (const item of items) URL.revokeObjectURL(item.url);
  load.items = load.items.filter((one) => !items.includes(one));
}

/** Clips are shared one by one, since what makes them clips is said for a whole message; the text comes with the last. */
function batchesOf(items) {
  const plain = items.filter((item) => !item.options);
  return [...items.filter((item) => item.options).map((item) => [item]), ...(plain.length ? [plain] : [])];
}

function said(error, line) {
  return Object.assign(error, { line });
}

/** Put the focus on the Send button beside a tray, so that Enter sends what was just added. */
export function focusSend(element) {
  const around = element.closest("form, .composer") ?? element.parentElement;
  around?.querySelector('button[type="submit"], button.send, button.primary:not(.recorder button)')?.focus();
}
