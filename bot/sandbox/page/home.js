// The App Home of the person who acts in this tab.

import { updateBlocks } from "./blocks.js";
import { h, fill } from "./dom.js";

const shown = new WeakMap(); // store -> the element that shows its Home

/**
 * Give the element that shows my Home. It is always the same one for a store, brought up to date at each call,
 * so that what is typed or open in it stays when the app publishes anew.
 */
export function renderHome(store) {
  if (!shown.has(store)) shown.set(store, { element: h("div", { class: "bk-home" }), body: null, id: "" });
  const home = shown.get(store);
  const view = store.homes.get(store.me);
  const id = view ? `${store.generation}/${view.id}` : "";
  if (!view) {
    home.body = null;
    fill(home.element, empty(store));
  } else {
    if (!home.body || home.id !== id) {
      home.body = h("div", { class: "bk-blocks" });
      fill(home.element, home.body);
    }
    updateBlocks(store, home.body, view.blocks, { kind: "view", view });
    if (home.id !== id) queueMicrotask(() => home.body?.querySelector("[autofocus]")?.focus({ preventScroll: true }));
  }
  home.id = id;
  return home.element;
}

function empty(store) {
  const name = store.app.name;
  return h(
    "div",
    { class: "bk-home-empty" },
    h("h3", {}, `Nothing here yet`),
    h("p", { class: "quiet" }, `${name} has not put anything on its Home for ${store.userName(store.me)}. Its messages are in the Messages tab.`),
  );
}
