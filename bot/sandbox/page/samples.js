// The shipped recordings as a menu: choosing one shares it as if a person had posted it.

import { h, notice } from "./dom.js";
import { busyWhile } from "./focus.js";
import { openMenu } from "./menu.js";
import { act } from "./wire.js";

/** Make the button with its menu. */
export function makeSampleButton(store) {
  const share = (name) =>
    busyWhile(button, async () => {
      try {
        await act("sample", { name, channel: store.place.channel, user: store.me });
        dispatchEvent(new Event("shared")); // the hints tick their first step by it
      } catch (refused) {
        notice(refused.rule || refused.message, "error");
      }
    });
  const open = () => {
    const items = store.samples.map(({ name, title }) => ({ label: title || name, run: () => share(name) }));
    openMenu(button, "Samples", items);
  };
  const state = { "aria-haspopup": "menu", "aria-expanded": "false" };
  const button = h("button", { type: "button", ...state, on: { click: open } }, "Share a sample…");
  return button;
}
