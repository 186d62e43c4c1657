// Block Kit's elements in which something is chosen: selects of all kinds, radio buttons, checkboxes.

import { framed, send, sure } from "./acting.js";
import { freshId, plain, text } from "./block_text.js";
import { h, fill } from "./dom.js";
import { elementKey, isOpen, optionsOf, setOpen, setValue, valueOf } from "./values.js";

const ASKING = {
  static_select: "Choose an option",
  multi_static_select: "Choose options",
  users_select: "Choose a person",
  conversations_select: "Choose a conversation",
  channels_select: "Choose a channel",
};

/** Draw a select: the app's options, with their groups, or the workspace's people or conversations. */
export function select(part) {
  const { element } = part;
  const placeholder = plain(element.placeholder) || ASKING[element.type];
  const now = valueOf(part.store, part.container, part.block, element);
  // As in Slack, only an input that may stay empty can be emptied again.
  const canClear = part.isInput && part.block.optional;
  const nothing = h("option", { value: "", disabled: !canClear, hidden: !canClear }, placeholder);
  const control = h("select", { class: "bk-select", ...naming(part, placeholder) }, nothing, listed(part));
  control.value = now ?? "";
  if (control.selectedIndex < 0) control.value = "";
  const show = () => control.classList.toggle("is-empty", control.value === "");
  show();
  const frame = framed(control);
  control.addEventListener("change", async () => {
    const value = control.value || null;
    const before = valueOf(part.store, part.container, part.block, element);
    show();
    if (await changed(part, frame, value, before)) return;
    control.value = before ?? "";
    show();
  });
  return frame;
}

/** Draw a multi-select: what is chosen stands on it, and it opens to a list of checkboxes. */
export function multiSelect(part) {
  const { store, container, block, element } = part;
  const key = elementKey(store, container, block, element);
  const placeholder = plain(element.placeholder) || ASKING[element.type];
  const most = element.max_selected_items ?? Infinity;
  const names = naming(part, placeholder);
  names.id ??= freshId("multi");
  // Its name is the label and what is chosen; a <summary> cannot be "required".
  if (part.labelledBy) names["aria-labelledby"] = `${part.labelledBy} ${names.id}`;
  delete names["aria-label"];
  delete names["aria-required"];
  const summary = h("summary", { class: "bk-multi-chosen", ...names });
  const list = h("div", { class: "bk-multi-list", role: "group", "aria-label": placeholder });
  const details = h("details", { class: "bk-multi", open: isOpen(key) }, summary, list);
  const frame = framed(details, "wide");
  const draw = () => {
    const now = valueOf(store, container, block, element);
    const chosen = optionsOf(element).filter((option) => now.includes(option.value));
    const chips = chosen.map((option) => h("span", { class: "bk-chip" }, plain(option.text)));
    fill(summary, chips.length ? chips : h("span", { class: "bk-placeholder" }, placeholder));
    for (const box of list.querySelectorAll("input")) {
      box.checked = now.includes(box.value);
      box.disabled = !box.checked && now.length >= most;
    }
  };
  const entry = (option, number) => {
    const box = h("input", { type: "checkbox", value: option.value, dataset: { bk: `${key}#${option.value}` } });
    box.addEventListener("change", async () => {
      const before = valueOf(store, container, block, element);
      const after = before.filter((one) => one !== box.value).concat(box.checked ? [box.value] : []);
      const order = optionsOf(element).map((one) => one.value);
      after.sort((one, other) => order.indexOf(one) - order.indexOf(other));
      await changed(part, frame, after, before, draw);
      draw();
    });
    return h("label", { class: "bk-option", dataset: { number } }, box, worded(part, option));
  };
  const groups = element.option_groups ?? [{ options: element.options }];
  for (const group of groups) {
    const label = group.label && h("div", { class: "bk-group-label" }, plain(group.label));
    list.append(h("div", group.label ? { role: "group", "aria-label": plain(group.label) } : {}, label, group.options.map(entry)));
  }
  if (most !== Infinity) list.append(h("div", { class: "bk-hint" }, `At most ${most}`));
  details.addEventListener("toggle", () => setOpen(key, details.open));
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    event.preventDefault(); // Escape closes this list, not the modal around it
    event.stopPropagation();
    details.open = false;
    summary.focus();
  });
  draw();
  return frame;
}

/** Draw radio buttons. */
export function radioButtons(part) {
  return boxes(part, "radio", (box) => box.value);
}

/** Draw checkboxes. */
export function checkboxes(part) {
  return boxes(part, "checkbox", (_, group) =>
    [...group.querySelectorAll("input")].filter((one) => one.checked).map((one) => one.value),
  );
}

function boxes(part, type, read) {
  const { store, container, block, element } = part;
  const { dataset, id, ...names } = naming(part, type === "radio" ? "Choose one" : "Choose");
  const name = freshId("choice");
  // "required" belongs to a group of radio buttons, but there is no such thing for checkboxes.
  if (type === "checkbox") delete names["aria-required"];
  const group = h("div", { class: "bk-boxes", role: type === "radio" ? "radiogroup" : "group", id, ...names });
  const frame = framed(group, "wide");
  const draw = () => {
    const now = [valueOf(store, container, block, element)].flat();
    for (const box of group.querySelectorAll("input")) box.checked = now.includes(box.value);
  };
  element.options.forEach((option, number) => {
    const key = number === 0 ? dataset.bk : `${dataset.bk}#${number}`;
    const focus = number === 0 && names.autofocus;
    const box = h("input", { type, name, value: option.value, autofocus: focus, dataset: { bk: key } });
    box.addEventListener("change", async () => {
      const before = valueOf(store, container, block, element);
      await changed(part, frame, read(box, group), before, draw);
    });
    group.append(h("label", { class: "bk-option" }, box, worded(part, option)));
  });
  group.removeAttribute("autofocus");
  draw();
  return frame;
}

/** Keep a choice and tell the app where it wants to hear of it. False where the person then said no. */
async function changed(part, frame, value, before, redraw = () => {}) {
  const { store, container, block, element } = part;
  const keep = (one) => setValue(store, container, block, element, one);
  keep(value);
  if (!dispatches(part)) return true;
  if (!(await sure(store, element.confirm))) {
    keep(before);
    redraw();
    return false;
  }
  await send(part, frame, value);
  return true;
}

/** Whether the app hears at once: always outside of input blocks, in them only where it asked for it. */
export function dispatches(part) {
  return !part.isInput || Boolean(part.block.dispatch_action);
}

/** What a control says about itself: its name, its hint and errors, who it is, whether it wants the focus. */
export function naming(part, fallback) {
  const { store, container, block, element } = part;
  return {
    id: part.id,
    "aria-labelledby": part.labelledBy,
    "aria-label": part.labelledBy ? null : fallback,
    "aria-describedby": part.describedBy,
    "aria-required": part.isInput && !block.optional ? "true" : null,
    autofocus: element.focus_on_load,
    dataset: { bk: elementKey(store, container, block, element) },
  };
}

function worded(part, option) {
  return h(
    "span",
    { class: "bk-option-words", dir: "auto" },
    h("span", {}, text(part.store, option.text)),
    option.description && h("span", { class: "bk-option-more" }, text(part.store, option.description)),
  );
}

function listed(part) {
  const { store, element } = part;
  const line = ([value, words]) => h("option", { value }, words);
  const option = (one) => line([one.value, [plain(one.text), plain(one.description)].filter(Boolean).join(" — ")]);
  if (element.option_groups) {
    return element.option_groups.map((group) => h("optgroup", { label: plain(group.label) }, group.options.map(option)));
  }
  if (element.options) return element.options.map(option);
  return (element.type === "users_select" ? people(store) : conversations(store, element)).map(line);
}

function people(store) {
  return [...store.users.values()]
    .map((user) => [user.id, store.userName(user.id)])
    .sort(([, one], [, other]) => one.localeCompare(other));
}

const KINDS = { channel: "public", group: "private", im: "im", mpim: "mpim" };

function conversations(store, element) {
  const { include, exclude_bot_users: withoutBots } = element.filter ?? {};
  const isBot = (id) => store.users.get(id)?.is_bot;
  return store
    .conversations()
    .filter((one) => !one.is_archived)
    .filter((one) => (element.type === "channels_select" ? one.kind === "channel" : !include || include.includes(KINDS[one.kind])))
    .filter((one) => !(withoutBots && one.kind === "im" && one.members.some(isBot)))
    .map((one) => [one.id, store.channelName(one.id)]);
}
