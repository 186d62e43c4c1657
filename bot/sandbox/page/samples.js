// A small menu of the shipped recordings: choosing one shares it as if a person had posted it.

import { h, notice } from "./dom.js";
import { act } from "./wire.js";

/** Make the button with its menu; `onShared` is called when a sample stands in the conversation. */
export function makeSampleButton(store, onShared) {
  const items = store.samples.map((sample) => item(sample, () => share(sample)));
  const menu = h("div", { role: "menu", "aria-label": "Samples", class: "sample-menu", hidden: true }, items);
  const state = { "aria-haspopup": "menu", "aria-expanded": "false" };
  const button = h("button", { type: "button", ...state, on: { click: () => open(menu.hidden) } }, "Share a sample…");
  const element = h("div", { class: "samples" }, button, menu);

  function open(isOpen) {
    menu.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) items[0]?.focus();
  }

  async function share({ name }) {
    open(false);
    button.focus();
    button.setAttribute("aria-busy", "true");
    try {
      await act("sample", { name, channel: store.place.channel, user: store.me });
      onShared();
    } catch (refused) {
      notice(refused.rule || refused.message, "error");
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  menu.addEventListener("keydown", (event) => {
    const at = items.indexOf(document.activeElement);
    const count = items.length;
    const to = { ArrowDown: (at + 1) % count, ArrowUp: (at - 1 + count) % count, Home: 0, End: count - 1 }[event.key];
    if (to !== undefined) items[to].focus();
    else if (event.key === "Escape") {
      open(false);
      button.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  element.addEventListener("focusout", (event) => {
    if (!element.contains(event.relatedTarget)) open(false);
  });
  return element;
}

function item({ name, title }, click) {
  return h("button", { type: "button", role: "menuitem", tabindex: "-1", on: { click } }, title || name);
}
