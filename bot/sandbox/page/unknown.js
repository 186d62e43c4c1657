// Shows a block or element that the page does not know as what it is, loudly.

import { h } from "./dom.js";

/** Draw a box that names the unknown thing and holds its JSON; `what` is "block", "element" or the like. */
export function unknown(what, thing) {
  const kind = thing && typeof thing === "object" ? String(thing.type ?? "without a type") : typeof thing;
  return h(
    "div",
    { class: "bk-unknown", role: "note", "aria-label": `Unknown ${what}` },
    h("strong", {}, h("span", { "aria-hidden": "true" }, "⚠ "), `This page does not know the ${what} “${kind}”`),
    h("details", {}, h("summary", {}, "Its JSON"), h("pre", { class: "mono", tabindex: "0" }, JSON.stringify(thing, null, 2))),
  );
}
