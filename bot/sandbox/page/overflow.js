// The overflow menu (⋯) of Block Kit.

import { framed, send, sure } from "./acting.js";
import { followed, freshId, plain } from "./block_text.js";
import { h } from "./dom.js";
import { elementKey } from "./values.js";

/** Draw an overflow menu: arrows move in it, Escape and a click elsewhere close it, the focus comes back. */
export function overflow(part) {
  const { store, container, block, element } = part;
  const id = freshId("overflow");
  const button = h(
    "button",
    {
      type: "button",
      class: "bk-button bk-more",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-label": "More options",
      popovertarget: id,
      dataset: { bk: elementKey(store, container, block, element) },
    },
    "⋯",
  );
  const menu = h("div", { id, class: "bk-menu", role: "menu", "aria-label": "More options", popover: "auto" });
  const frame = framed([button, menu]);
  for (const option of element.options) menu.append(item(part, frame, menu, option));
  button.addEventListener("click", (event) => {
    // Opened here, not by the browser, so that the focus is in the menu before the next key.
    event.preventDefault();
    if (!menu.togglePopover()) return;
    place(menu, button);
    menu.firstElementChild.focus();
  });
  menu.addEventListener("toggle", (event) => button.setAttribute("aria-expanded", String(event.newState === "open")));
  menu.addEventListener("keydown", (event) => walk(menu, event));
  return frame;
}

function item(part, frame, menu, option) {
  const href = option.url ? followed(option.url) : null;
  const properties = { role: "menuitem", tabindex: "-1", class: "bk-menu-item" };
  const words = [
    h("span", {}, plain(option.text)),
    option.description && h("span", { class: "quiet small" }, plain(option.description)),
  ];
  const entry = href
    ? h("a", { ...properties, href, target: "_blank", rel: "noopener noreferrer" }, words)
    : h("button", { ...properties, type: "button" }, words);
  const { confirm } = part.element;
  entry.addEventListener("click", async (event) => {
    if (href && confirm) event.preventDefault();
    menu.hidePopover();
    if (!(await sure(part.store, confirm))) return;
    if (href && confirm) window.open(href, "_blank", "noopener,noreferrer");
    await send(part, frame, option.value ?? null);
  });
  return entry;
}

function place(menu, button) {
  const box = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.max(8, Math.min(box.left, innerWidth - width - 8));
  const below = box.bottom + 4;
  menu.style.left = `${left}px`;
  menu.style.top = `${below + height > innerHeight - 8 ? Math.max(8, box.top - height - 4) : below}px`;
}

function walk(menu, event) {
  const items = [...menu.children];
  const now = items.indexOf(document.activeElement);
  const to = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: -1 }[event.key];
  if (event.key === "Tab") menu.hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  items.at(to % items.length).focus();
}
