// Block Kit's elements: buttons, the overflow menu and images here; what is chosen or typed has its own files.

import { framed, send, sure } from "./acting.js";
import { plain } from "./block_text.js";
import { checkboxes, multiSelect, radioButtons, select } from "./choices.js";
import { h } from "./dom.js";
import { datepicker, numberInput, textInput } from "./inputs.js";
import { overflow } from "./overflow.js";
import { followed } from "./places.js";
import { unknown } from "./unknown.js";
import { elementKey } from "./values.js";

const KINDS = {
  button,
  overflow,
  image: (part) => image(part.store, part.element, "bk-thumb"),
  static_select: select,
  users_select: select,
  conversations_select: select,
  channels_select: select,
  multi_static_select: multiSelect,
  radio_buttons: radioButtons,
  checkboxes,
  datepicker,
  plain_text_input: textInput,
  number_input: numberInput,
};

/**
 * Draw an element. `part` = { store, container, blocks, block, element, isInput, labelledBy, describedBy, id }:
 * `isInput` where it stands in an input block, `labelledBy` the id of the text that names it.
 */
export function renderElement(part) {
  const draw = Object.hasOwn(KINDS, part.element.type) ? KINDS[part.element.type] : null;
  return draw ? draw(part) : unknown("element", part.element);
}

function button(part) {
  const { store, container, block, element } = part;
  const href = element.url ? followed(element.url) : null;
  const properties = {
    class: `bk-button ${element.style ?? ""}`,
    "aria-label": element.accessibility_label,
    dataset: { bk: elementKey(store, container, block, element) },
  };
  const control = href
    ? h("a", { ...properties, href, target: "_blank", rel: "noopener noreferrer" }, plain(element.text))
    : h("button", { ...properties, type: "button" }, plain(element.text));
  const frame = framed(control);
  control.addEventListener("click", async (event) => {
    if (frame.dataset.state === "busy" || (href && element.confirm)) event.preventDefault();
    if (frame.dataset.state === "busy" || !(await sure(store, element.confirm))) return;
    if (href && element.confirm) window.open(href, "_blank", "noopener,noreferrer");
    await send(part, frame);
  });
  return frame;
}

/** Show a picture. The page loads nothing from elsewhere: such a picture is shown as its words and its address. */
export function image(store, { image_url: address, slack_file: file, alt_text: words }, size) {
  const source = own(store, address, file);
  const framedWords = () => {
    const href = address ? followed(address) : null;
    const inside = [h("span", { class: "bk-alt-words" }, words || "Image"), address && h("span", { class: "bk-alt-address" }, address)];
    const says = `${words || "Image"}. Not loaded: it lies at ${address ?? "another place"}`;
    if (!href) return h("span", { class: `bk-alt ${size}`, role: "img", "aria-label": says, title: says }, inside);
    const opens = { href, target: "_blank", rel: "noopener noreferrer", title: says };
    return h("a", { class: `bk-alt ${size}`, ...opens, "aria-label": `${says} (opens in a new tab)` }, inside);
  };
  if (!source) return framedWords();
  const picture = h("img", { class: `bk-image ${size}`, src: source, alt: words, title: words || null });
  picture.addEventListener("error", () => picture.replaceWith(framedWords()));
  return picture;
}

function own(store, address, file) {
  if (file) {
    const all = [...store.messages.values()].flatMap((messages) => [...messages.values()]);
    const found = all.flatMap((message) => message.files ?? []).find((one) => one.id === file.id || one.url_private === file.url);
    return found?.page_url ? new URL(found.page_url, location.href).href : null;
  }
  try {
    const url = new URL(address, location.href);
    return url.protocol === "data:" || url.protocol === "blob:" || url.origin === location.origin ? url.href : null;
  } catch {
    return null;
  }
}
