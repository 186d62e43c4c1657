// The overflow menu (⋯) of Block Kit.

import { framed, send, sure } from "./acting.js";
import { plain } from "./block_text.js";
import { h } from "./dom.js";
import { openMenu } from "./menu.js";
import { followed } from "./places.js";
import { elementKey } from "./values.js";

/** Draw an overflow menu. */
export function overflow(part) {
  const { store, container, block, element } = part;
  const opens = { "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": "More options" };
  const dataset = { bk: elementKey(store, container, block, element) };
  const button = h("button", { type: "button", class: "bk-button bk-more", ...opens, dataset }, "⋯");
  const frame = framed(button);
  button.addEventListener("click", () => openMenu(button, "More options", element.options.map((option) => item(part, frame, option))));
  return frame;
}

function item(part, frame, option) {
  const { store, element } = part;
  const href = option.url ? followed(option.url) : null;
  const run = async (event) => {
    if (href && element.confirm) event.preventDefault();
    if (!(await sure(store, element.confirm))) return;
    if (href && element.confirm) window.open(href, "_blank", "noopener,noreferrer");
    await send(part, frame, option.value ?? null);
  };
  return { label: plain(option.text), hint: option.description && plain(option.description), href, run };
}
