// Draws Block Kit: every block that the sandbox takes; another one is shown as what it is.

import { freshId, plain, text } from "./block_text.js";
import { h, keyed } from "./dom.js";
import { image, renderElement } from "./elements.js";
import { markdown } from "./markdown.js";
import { richText } from "./rich_text.js";
import { unknown } from "./unknown.js";
import { keepFocus } from "./values.js";

const KINDS = {
  section,
  divider: () => h("hr", { class: "bk-divider" }),
  header: ({ block }) => h("h3", { class: "bk-header", dir: "auto" }, plain(block.text)),
  context,
  actions,
  image: picture,
  input,
  rich_text: ({ store, block }) => richText(store, block),
  markdown: ({ store, block }) => h("div", { class: "bk-markdown", dir: "auto" }, markdown(store, block.text)),
};

/**
 * Draw blocks; gives a list of elements.
 * `container` = { kind: "message", channel, ts, isEphemeral } or { kind: "view", view }.
 */
export function renderBlocks(store, blocks, container) {
  keepFocus();
  return blocks.map((block) => renderBlock({ store, container, blocks, block }));
}

/** Bring what stands in `parent` to `blocks`; a block that did not change stays, with its focus and what is open in it. */
export function updateBlocks(store, parent, blocks, container) {
  keepFocus();
  keyed(
    parent,
    blocks.map((block, position) => [
      block.block_id ?? `#${position}`,
      `${store.around} ${JSON.stringify(block)}`,
      () => renderBlock({ store, container, blocks, block }),
    ]),
  );
}

/** Put an error beside an input block (an element of `renderBlocks`), or take it away with an empty `words`. */
export function setError(blockElement, words) {
  const line = blockElement.querySelector(".bk-error");
  if (!line) return false;
  line.textContent = words;
  line.hidden = !words;
  for (const control of blockElement.querySelectorAll("input, select, textarea, [role=radiogroup]")) {
    if (words) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  }
  return true;
}

function renderBlock(part) {
  const { type } = part.block ?? {};
  const draw = Object.hasOwn(KINDS, type ?? "") ? KINDS[type] : null;
  let element;
  try {
    element = draw ? draw(part) : unknown("block", part.block);
  } catch (error) {
    // A block that the sandbox should have refused must not take the whole page with it.
    console.error(error);
    element = unknown("shape of a block", part.block);
  }
  element.classList.add("bk-block");
  element.dataset.blockId = part.block?.block_id ?? "";
  return element;
}

function section(part) {
  const { store, block } = part;
  const id = freshId("section");
  const words = block.text && h("div", { class: "bk-text", id, dir: "auto" }, text(store, block.text));
  const fields =
    block.fields &&
    h("div", { class: "bk-fields" }, block.fields.map((field) => h("div", { class: "bk-text", dir: "auto" }, text(store, field))));
  const { accessory } = block;
  if (!accessory) return h("div", { class: "bk-section" }, h("div", { class: "bk-section-words" }, words, fields));
  // What is chosen is named by the section's text; a button and a picture have words of their own.
  const labelledBy = words && !["button", "image", "overflow"].includes(accessory.type) ? id : null;
  const beside = h("div", { class: "bk-accessory" }, renderElement({ ...part, element: accessory, labelledBy }));
  return h("div", { class: `bk-section with-${accessory.type}` }, h("div", { class: "bk-section-words" }, words, fields), beside);
}

function context({ store, block }) {
  const entry = (element) => {
    if (element.type === "image") return image(store, element, "bk-icon");
    if (element.type !== "plain_text" && element.type !== "mrkdwn") return unknown("element", element);
    return h("span", { class: "bk-text", dir: "auto" }, text(store, element));
  };
  return h("div", { class: "bk-context" }, block.elements.map(entry));
}

function actions(part) {
  const drawn = part.block.elements.map((element) => renderElement({ ...part, element }));
  return h("div", { class: "bk-actions" }, drawn);
}

function picture({ store, block }) {
  const title = block.title && h("figcaption", { class: "bk-image-title small quiet", dir: "auto" }, plain(block.title));
  return h("figure", { class: "bk-figure" }, title, image(store, block, "bk-picture"));
}

const OF_SEVERAL = new Set(["radio_buttons", "checkboxes", "multi_static_select"]);

function input(part) {
  const { block } = part;
  const ids = { id: freshId("input"), label: freshId("label"), hint: freshId("hint"), error: freshId("error") };
  const words = [plain(block.label), block.optional && h("span", { class: "quiet" }, " (optional)")];
  const isGroup = OF_SEVERAL.has(block.element.type);
  const element = renderElement({
    ...part,
    element: block.element,
    isInput: true,
    id: ids.id,
    labelledBy: isGroup ? ids.label : null,
    describedBy: block.hint ? `${ids.hint} ${ids.error}` : ids.error,
  });
  for (const control of isGroup ? [] : element.querySelectorAll("[aria-label]")) control.removeAttribute("aria-label");
  const box = h(
    "div",
    { class: "bk-input-block" },
    isGroup
      ? h("div", { class: "bk-label", id: ids.label, dir: "auto" }, words)
      : h("label", { class: "bk-label", id: ids.label, for: ids.id, dir: "auto" }, words),
    element,
    h("div", { class: "bk-error", id: ids.error, hidden: true }),
    block.hint && h("div", { class: "bk-hint", id: ids.hint, dir: "auto" }, plain(block.hint)),
  );
  box.addEventListener("input", () => setError(box, ""));
  return box;
}
