// Tells the app what somebody did in blocks: asks first where the app wants it, shows that it goes on, and what went wrong.

import { plain, text } from "./block_text.js";
import { h, notice } from "./dom.js";
import { blocksNow, valuesOf } from "./values.js";
import { act } from "./wire.js";

const DONE_FOR = 1400;
const LATE = "The app did not answer in time. You can try again.";
const BROKE = "The app answered with an error. You can try again.";

/** Say in words why a verb failed; `error` is a `Refused`, or an answer whose `acked` or `error` says so. */
export function inWords(error) {
  const code = error.code ?? error.error;
  if (code === "operation_timeout" || (error.acked === false && !code)) return LATE;
  if (code === "app_error") return BROKE;
  if (error.acked) return `The app’s answer was refused: ${code}. “Behind the curtain” says why.`;
  const words = String(error.rule || error.message || code || "").trim();
  if (!words) return "This did not work, and the sandbox did not say why.";
  return words[0].toUpperCase() + words.slice(1) + (/[.!?…]$/.test(words) ? "" : ".");
}

/** Put a control into the frame in which its progress and its errors are shown. */
export function framed(control, extra = "") {
  return h("span", { class: `bk-element ${extra}` }, control);
}

/** Send an action and show on `frame` how it goes. Gives whether the app acknowledged it. */
export async function send(part, frame, value = null) {
  const { store, container, block, element } = part;
  if (frame.dataset.state === "busy") return false;
  mark(frame, "busy");
  const where =
    container.kind === "view" ? { view_id: container.view.id } : { channel: container.channel, ts: container.ts };
  const values = valuesOf(store, container, blocksNow(store, container, part.blocks));
  const ids = { block_id: block.block_id ?? "", action_id: element.action_id ?? "" };
  try {
    const answer = await act("action", { user: store.me, ...where, ...ids, value, values });
    if (!answer.acked || answer.error) throw answer;
  } catch (error) {
    const words = inWords(error);
    // What was pressed may be gone by now, its message changed; the error is said all the same.
    if (frame.isConnected) mark(frame, "failed", words);
    else notice(words, "error");
    return false;
  }
  mark(frame, "done");
  setTimeout(() => frame.dataset.state === "done" && mark(frame, ""), DONE_FOR);
  return true;
}

function mark(frame, state, words = "") {
  frame.dataset.state = state;
  frame.setAttribute("aria-busy", String(state === "busy"));
  frame.querySelector(":scope > .bk-mark")?.remove();
  if (state === "failed") {
    frame.append(
      h("span", { class: "bk-mark", role: "alert" }, h("span", { "aria-hidden": "true" }, "⚠"), ` ${words}`),
    );
  }
}

/** Ask "are you sure?" as the app words it; without a `confirm` object the answer is yes. */
export function sure(store, confirm) {
  if (!confirm) return Promise.resolve(true);
  const title = `confirm-${crypto.randomUUID()}`;
  return new Promise((resolve) => {
    const isDanger = confirm.style === "danger";
    const yes = h(
      "button",
      { type: "button", class: `bk-button ${isDanger ? "danger" : "primary"}`, autofocus: !isDanger },
      plain(confirm.confirm),
    );
    const no = h("button", { type: "button", class: "bk-button", autofocus: isDanger }, plain(confirm.deny));
    const dialog = h(
      "dialog",
      { class: "bk-modal bk-confirm", "aria-labelledby": title, role: "alertdialog" },
      h("h2", { id: title, class: "bk-confirm-title" }, plain(confirm.title)),
      h("div", { class: "bk-confirm-text", dir: "auto" }, text(store, confirm.text)),
      h("div", { class: "bk-modal-foot" }, no, yes),
    );
    let answer = false;
    yes.addEventListener("click", () => {
      answer = true;
      dialog.close();
    });
    no.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
