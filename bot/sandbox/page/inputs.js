// Block Kit's elements in which something is typed: text, numbers, dates.

import { framed, send, sure } from "./acting.js";
import { freshId, plain } from "./block_text.js";
import { dispatches, naming } from "./choices.js";
import { h } from "./dom.js";
import { setValue, valueOf } from "./values.js";

const MOST_TEXT = 3000;
const PAUSE = 500;

/** Draw a text input, of one line or several. */
export function textInput(part) {
  const { element } = part;
  const most = element.max_length ?? MOST_TEXT;
  const counter = h("span", { class: "bk-counter small", id: freshId("count") });
  const names = naming(part, plain(element.placeholder) || "Text");
  names["aria-describedby"] = [names["aria-describedby"], counter.id].filter(Boolean).join(" ");
  const shared = { class: "bk-input", dir: "auto", placeholder: plain(element.placeholder) || null, autocomplete: "off", ...names };
  const control = element.multiline ? h("textarea", { rows: 4, ...shared }) : h("input", { type: "text", ...shared });
  control.value = valueNow(part) ?? "";
  const count = () => {
    const length = [...control.value].length;
    const isShort = length > 0 && length < (element.min_length ?? 0);
    const isNear = element.max_length !== undefined || length > most - 100;
    counter.classList.toggle("is-over", length > most);
    counter.textContent = isShort ? `${length}, at least ${element.min_length}` : isNear ? `${length} / ${most}` : "";
  };
  count();
  const frame = framed(control, "wide");
  frame.append(counter, ...typed(part, control, frame));
  control.addEventListener("input", count);
  return frame;
}

/**
 * Draw a number input. It is a text field, since a browser's own number field hides what is no number,
 * and the sandbox says what is wrong with it; the arrow keys count all the same.
 */
export function numberInput(part) {
  const { element } = part;
  const placeholder = plain(element.placeholder) || null;
  const control = h("input", {
    type: "text",
    class: "bk-input bk-number",
    role: "spinbutton",
    "aria-valuemin": element.min_value,
    "aria-valuemax": element.max_value,
    inputmode: element.is_decimal_allowed ? "decimal" : "numeric",
    autocomplete: "off",
    placeholder,
    ...naming(part, placeholder ?? "A number"),
  });
  control.value = valueNow(part) ?? "";
  const frame = framed(control, "wide");
  const tell = () => {
    if (isNumber(control.value)) control.setAttribute("aria-valuenow", control.value.trim());
    else control.removeAttribute("aria-valuenow");
  };
  tell();
  control.addEventListener("input", tell);
  control.addEventListener("keydown", (event) => count(event, control, element));
  const { min_value: least, max_value: most } = element;
  const range = least && most ? `${least} to ${most}` : least ? `At least ${least}` : most ? `At most ${most}` : "";
  if (range) frame.append(h("span", { class: "bk-hint" }, range));
  frame.append(...typed(part, control, frame));
  return frame;
}

function count(event, control, { min_value: least = "-Infinity", max_value: most = "Infinity" }) {
  const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
  if (!step || !(isNumber(control.value) || !control.value)) return;
  event.preventDefault();
  const now = Number(control.value) + step;
  control.value = String(Math.min(Math.max(now, Number(least)), Number(most)));
  control.dispatchEvent(new Event("input", { bubbles: true }));
}

function isNumber(text) {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

/** Draw a date picker. */
export function datepicker(part) {
  const { element } = part;
  const placeholder = plain(element.placeholder) || "Choose a date";
  const control = h("input", { type: "date", class: "bk-input bk-date", title: placeholder, ...naming(part, placeholder) });
  control.value = valueNow(part) ?? "";
  const frame = framed(control);
  let told = control.value;
  const tell = async () => {
    if (!control.isConnected || control.value === told) return;
    const before = told;
    told = control.value;
    if (await sure(part.store, element.confirm)) await send(part, frame, control.value || null);
    else {
      control.value = told = before;
      keep(part, before);
    }
  };
  let waiting = 0;
  control.addEventListener("input", () => {
    keep(part, control.value);
    clearTimeout(waiting);
    // While a year is being typed, each digit is a date of its own: wait for the last one.
    if (dispatches(part)) waiting = setTimeout(tell, PAUSE);
  });
  return frame;
}

/** Keep what is typed and, where the app wants it, tell it on Enter or while typing. Gives a hint to add. */
function typed(part, control, frame) {
  const when = part.element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const tell = () => send(part, frame, control.value || null);
  let waiting = 0;
  control.addEventListener("input", () => {
    keep(part, control.value);
    if (!part.block.dispatch_action || !when.includes("on_character_entered")) return;
    clearTimeout(waiting);
    waiting = setTimeout(tell, PAUSE);
  });
  if (!part.block.dispatch_action || !when.includes("on_enter_pressed")) return [];
  control.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    clearTimeout(waiting);
    tell();
  });
  return [h("span", { class: "bk-hint" }, "Press Enter to send")];
}

function keep({ store, container, block, element }, value) {
  setValue(store, container, block, element, value || null);
}

function valueNow({ store, container, block, element }) {
  return valueOf(store, container, block, element);
}
