// The Reset button, the question before it, and the answer in words.

import { h, notice } from "./dom.js";
import { busyWhile } from "./focus.js";
import { act } from "./wire.js";

/** Make the button and its dialog. */
export function makeReset(store) {
  let isRunning = false;
  let generation;
  const go = h("button", { type: "submit", class: "danger", value: "reset" }, "Reset");
  const stay = h("button", { type: "submit", value: "" }, "Cancel");
  const dialog = h(
    "dialog",
    { class: "ask", "aria-labelledby": "reset-title", on: { close: () => dialog.returnValue === "reset" && busyWhile(button, run) } },
    h("h2", { id: "reset-title" }, "Reset this workspace?"),
    h("p", {}, "It begins anew, for every tab:"),
    h(
      "ul",
      {},
      h("li", {}, "all messages, files and threads go"),
      h("li", {}, "what the bot keeps goes: prompts and other settings (unless its folder was given with --data)"),
      h("li", {}, "faults are switched off, and the list of traffic is emptied"),
    ),
    h("form", { method: "dialog", class: "tools" }, stay, go),
  );
  const button = h("button", { type: "button", on: { click: open } }, "Reset");

  function open() {
    if (isRunning) return;
    dialog.returnValue = "";
    dialog.showModal();
  }

  async function run() {
    isRunning = true;
    button.textContent = "Resetting…";
    try {
      notice(resetWords(await act("reset")));
    } catch (refused) {
      notice(`The workspace was not reset: ${refused.rule || refused.message}`, "error");
    }
    isRunning = false;
    button.textContent = "Reset";
  }

  store.on("snapshot", () => {
    const isAnew = generation !== undefined && store.generation !== generation;
    generation = store.generation;
    if (isAnew && !isRunning) notice("Somebody reset the workspace in another tab; it begins anew.");
  });
  return { button, dialog };
}

/** Say what a reset did. */
function resetWords(answer) {
  return answer.note || answer.message || "The workspace begins anew.";
}
