// A menu that opens at a button: arrows and first letters move in it, Escape and a click elsewhere close it.

import { h } from "./dom.js";

let open = null;

/**
 * Open a menu at `button`.
 *
 * `items` are `{ label, run, hint, isDanger, character, href }`, or `null` for a line between groups; one with `href` is a
 * link, and `run` gets its click. `isGrid` lays them out side by side. The focus comes back to `button`, unless what was
 * chosen put it elsewhere.
 */
export function openMenu(button, label, items, { isGrid = false } = {}) {
  const wasOpenHere = open?.button === button;
  open?.close();
  if (wasOpenHere) return;
  const menu = h("div", { class: isGrid ? "menu is-grid" : "menu", role: "menu", "aria-label": label, popover: "manual" });
  const isTaken = (event) => menu.contains(event.target) || button.contains(event.target);
  const leave = (event) => isTaken(event) || close();
  const scrolled = (event) => menu.contains(event.target) || close();
  const close = () => {
    if (open?.menu !== menu) return;
    open = null;
    for (const kind of ["pointerdown", "focusin"]) document.removeEventListener(kind, leave, true);
    removeEventListener("resize", close);
    document.removeEventListener("scroll", scrolled, true);
    button.setAttribute("aria-expanded", "false");
    const hadFocus = menu.contains(document.activeElement);
    menu.remove();
    if (hadFocus) button.focus({ preventScroll: true });
  };
  const choose = (item, event) => {
    close();
    item.run(event);
  };
  menu.append(...items.map((item) => (item ? entry(item, choose) : h("div", { class: "menu-line", role: "separator" }))));
  menu.addEventListener("keydown", (event) => walk(menu, event, close));
  // Over a modal, only what stands in it can be reached.
  (button.closest("dialog") ?? document.body).append(menu);
  menu.showPopover();
  stand(menu, button);
  open = { menu, button, close };
  button.setAttribute("aria-expanded", "true");
  menu.querySelector("[role=menuitem]")?.focus({ preventScroll: true });
  for (const kind of ["pointerdown", "focusin"]) document.addEventListener(kind, leave, true);
  addEventListener("resize", close);
  document.addEventListener("scroll", scrolled, true);
}

function entry(item, choose) {
  const words = item.character
    ? [h("span", { "aria-hidden": "true" }, item.character), h("span", { class: "unseen" }, item.label)]
    : [h("span", {}, item.label), item.hint && h("span", { class: "small quiet" }, item.hint)];
  const kind = item.href ? { href: item.href, target: "_blank", rel: "noopener noreferrer" } : { type: "button" };
  const properties = { ...kind, role: "menuitem", tabindex: "-1", class: item.isDanger ? "is-danger" : null };
  const title = item.character ? item.label : null;
  return h(item.href ? "a" : "button", { ...properties, title, on: { click: (event) => choose(item, event) } }, words);
}

function stand(menu, button) {
  const box = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.max(8, Math.min(box.right - width, innerWidth - width - 8));
  const below = box.bottom + 4;
  const top = below + height > innerHeight - 8 ? Math.max(8, box.top - height - 4) : below;
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
}

function walk(menu, event, close) {
  const items = [...menu.querySelectorAll("[role=menuitem]")];
  const now = items.indexOf(document.activeElement);
  const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
  let to = null;
  if (event.key in steps) to = items.at((now + steps[event.key]) % items.length);
  else if (event.key === "Home") to = items[0];
  else if (event.key === "End") to = items.at(-1);
  else if (event.key === "Escape" || event.key === "Tab") close();
  else if (/^\S$/.test(event.key) && !event.ctrlKey && !event.metaKey) {
    const order = [...items.slice(now + 1), ...items.slice(0, now + 1)];
    to = order.find((item) => item.textContent.toLowerCase().startsWith(event.key.toLowerCase()));
  } else return;
  if (event.key !== "Tab") event.preventDefault();
  event.stopPropagation();
  to?.focus();
}
