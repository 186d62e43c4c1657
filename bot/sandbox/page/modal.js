// Modals: the views that the app opened for the person of this tab, as a stack of dialogs.

import { inWords } from "./acting.js";
import { freshId, plain } from "./block_text.js";
import { setError, updateBlocks } from "./blocks.js";
import { h, fill } from "./dom.js";
import { isFocusLost, rememberFocus, valuesOf } from "./values.js";
import { act } from "./wire.js";

const OFFLINE = "The sandbox does not answer. What you typed is kept while this page tries again.";

/** Show my modals in `root`, whichever tab or message opened them. */
export function mountModals(store, root) {
  const open = new Map(); // view id -> what `Modal` knows
  const left = new Set(); // closed here although the sandbox could not be told
  const sync = () => {
    const mine = [...store.views.values()].filter((view) => view.user === store.me && view.type === "modal" && !left.has(view.id));
    const wanted = new Set(mine.map((view) => view.id));
    // First what lies below is seen again: what is not seen takes no focus.
    for (const [id, modal] of open) modal.dialog.classList.toggle("is-below", id !== mine.at(-1)?.id);
    for (const [id, modal] of [...open].reverse()) {
      if (wanted.has(id)) continue;
      open.delete(id);
      modal.leave();
    }
    for (const view of mine) {
      if (!open.has(view.id)) open.set(view.id, new Modal(store, root, view, leaveAnyway));
      else open.get(view.id).update(view);
    }
  };
  const leaveAnyway = (id) => {
    left.add(id);
    sync();
  };
  store.on("snapshot", () => left.clear());
  store.on("views snapshot place users channels", sync);
  store.on("online", () => {
    for (const modal of open.values()) modal.setOnline(store.isOnline);
  });
  if (store.isReady) sync();
}

class Modal {
  #store;
  #view;
  #isGone = false;
  #bringFocusBack = rememberFocus();
  #leaveAnyway;

  constructor(store, root, view, leaveAnyway) {
    this.#store = store;
    this.#leaveAnyway = leaveAnyway;
    const title = freshId("modal");
    const tell = { click: () => this.#close() };
    this.title = h("h2", { id: title, class: "bk-modal-title", dir: "auto" });
    this.cross = h("button", { type: "button", class: "plain bk-modal-cross", "aria-label": "Close", on: { click: () => this.#close(true) } }, "×");
    this.body = h("div", { class: "bk-modal-body bk-blocks" });
    this.trouble = h("p", { class: "bk-trouble", role: "alert", hidden: true });
    this.cancel = h("button", { type: "button", class: "bk-button", on: tell });
    this.submit = h("button", { type: "submit", class: "bk-button primary" });
    const head = h("div", { class: "bk-modal-head" }, this.title, this.cross);
    const foot = h("div", { class: "bk-modal-foot" }, this.cancel, this.submit);
    // The errors are Slack's and the app's, not the browser's.
    const form = h("form", { class: "bk-modal-form", novalidate: true, on: { submit: (event) => this.#submit(event) } }, head, this.body, this.trouble, foot);
    this.dialog = h("dialog", { class: "bk-modal", "aria-labelledby": title }, form);
    this.dialog.addEventListener("cancel", (event) => {
      if (event.target !== this.dialog) return;
      event.preventDefault();
      this.#close();
    });
    // A browser lets nobody be held in a dialog: a second Escape closes it without asking.
    this.dialog.addEventListener("close", () => this.#isGone || this.#close());
    this.update(view);
    root.append(this.dialog);
    this.dialog.showModal();
    const first = this.body.querySelector("[autofocus]") ?? this.body.querySelector("input, select, textarea, summary, .bk-button");
    (first ?? this.submit).focus();
  }

  /** Show what the app made of this view; what was typed stays where its block_id and action_id stayed. */
  update(view) {
    const isChanged = this.#view?.hash !== view.hash;
    this.#view = view;
    fill(this.title, plain(view.title));
    fill(this.cancel, plain(view.close) || (view.submit ? "Cancel" : "Close"));
    this.submit.hidden = !view.submit;
    this.submit.disabled = Boolean(view.submit_disabled);
    if (view.submit) fill(this.submit, plain(view.submit));
    if (isChanged) {
      this.#say("");
      for (const block of this.body.children) setError(block, "");
    }
    updateBlocks(this.#store, this.body, view.blocks, { kind: "view", view });
  }

  /** Go away: the view is no more, or another person acts in this tab. */
  leave() {
    this.#isGone = true;
    this.dialog.close();
    this.dialog.remove();
    if (isFocusLost()) this.#bringFocusBack();
  }

  setOnline(isOnline) {
    if (!isOnline) this.#say(OFFLINE);
    else if (this.trouble.textContent === OFFLINE) this.#say("");
  }

  async #close(isAll = false) {
    const { id } = this.#view;
    try {
      await act("close", { user: this.#store.me, view_id: id, ...(isAll ? { everything: true } : {}) });
    } catch (error) {
      // Nobody is to be caught behind a dialog because the sandbox is gone.
      if (error.code === "unreachable") this.#leaveAnyway(id);
      else if (!this.#isGone) this.#say(inWords(error));
    }
    if (!this.#isGone && !this.dialog.open) this.dialog.showModal();
  }

  async #submit(event) {
    event.preventDefault();
    if (this.dialog.getAttribute("aria-busy") === "true" || !this.#view.submit) return;
    this.#say("");
    for (const block of this.body.children) setError(block, "");
    this.#setBusy(true);
    const container = { kind: "view", view: this.#view };
    const values = valuesOf(this.#store, container, this.#view.blocks);
    try {
      const answer = await act("submit", { user: this.#store.me, view_id: this.#view.id, values });
      this.#answered(answer);
    } catch (error) {
      this.#answered({ ...error.body, rule: error.rule ?? error.message, code: error.code, acked: undefined });
    } finally {
      this.#setBusy(false);
    }
  }

  #answered(answer) {
    const errors = Object.entries(answer.errors ?? {});
    if (errors.length) {
      this.#showErrors(errors);
      return;
    }
    if (answer.acked && !answer.error) return; // the frames bring what became of the view
    this.#say(inWords(answer));
  }

  #showErrors(errors) {
    const lost = [];
    for (const [blockId, words] of errors) {
      const block = [...this.body.children].find((one) => one.dataset.blockId === blockId);
      if (!block || !setError(block, words)) lost.push(`${blockId}: ${words}`);
    }
    if (lost.length) this.#say(lost.join("\n"));
    const first = this.body.querySelector(".bk-error:not([hidden])")?.closest(".bk-block");
    first?.querySelector("input, select, textarea, summary")?.focus();
    first?.scrollIntoView({ block: "nearest" });
  }

  #setBusy(isBusy) {
    this.dialog.setAttribute("aria-busy", String(isBusy));
    this.submit.setAttribute("aria-disabled", String(isBusy));
  }

  #say(words) {
    this.trouble.textContent = words;
    this.trouble.hidden = !words;
  }
}
