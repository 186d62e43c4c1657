// Remembers what people chose and typed in blocks, so that a message or view which changes keeps it, as in Slack.

// One string for each element (generation, person, container, block_id, action_id) -> its raw value.
const chosen = new Map();
const opened = new Set();

const FIRST = {
  static_select: (element) => element.initial_option?.value ?? null,
  radio_buttons: (element) => element.initial_option?.value ?? null,
  multi_static_select: (element) => (element.initial_options ?? []).map((option) => option.value),
  checkboxes: (element) => (element.initial_options ?? []).map((option) => option.value),
  users_select: (element) => element.initial_user ?? null,
  channels_select: (element) => element.initial_channel ?? null,
  conversations_select: (element, store) =>
    element.initial_conversation ?? (element.default_to_current_conversation ? store.place.channel : null),
  datepicker: (element) => element.initial_date ?? null,
  plain_text_input: (element) => element.initial_value ?? null,
  number_input: (element) => element.initial_value ?? null,
};

/** Name a message or view; `container` is what `renderBlocks` was given. */
function containerKey(store, container) {
  const place = container.kind === "view" ? container.view.id : `${container.channel}/${container.ts}`;
  return `${store.generation}/${store.me}/${place}`;
}

/** Name one element of a message or view. */
export function elementKey(store, container, block, element) {
  return JSON.stringify([containerKey(store, container), block.block_id ?? "", element.action_id ?? ""]);
}

/** Give what stands in an element now: what was chosen, as long as it can be, or else what the app put there. */
export function valueOf(store, container, block, element) {
  const key = elementKey(store, container, block, element);
  const first = FIRST[element.type](element, store);
  if (!chosen.has(key)) return first;
  const value = chosen.get(key);
  const known = optionsOf(element);
  if (!known) return value;
  const values = new Set(known.map((option) => option.value));
  if (Array.isArray(value)) return value.filter((one) => values.has(one));
  return value === null || values.has(value) ? value : first;
}

/** Keep what somebody chose or typed; nothing is `null`, or an empty list. */
export function setValue(store, container, block, element, value) {
  chosen.set(elementKey(store, container, block, element), value);
}

/** Give all options of an element, those in groups too; null where it has none of its own. */
export function optionsOf(element) {
  if (element.option_groups) return element.option_groups.flatMap((group) => group.options);
  return element.options ?? null;
}

/** Give `values[block_id][action_id]` of all that can be chosen or typed in these blocks. */
export function valuesOf(store, container, blocks) {
  const values = {};
  for (const block of blocks) {
    for (const element of [block.element, block.accessory, ...(block.elements ?? [])]) {
      if (!element || !Object.hasOwn(FIRST, element.type ?? "")) continue;
      const inBlock = (values[block.block_id ?? ""] ??= {});
      inBlock[element.action_id ?? ""] = valueOf(store, container, block, element);
    }
  }
  return values;
}

/** The blocks that stand in a container now; a view can have changed since one of its blocks was drawn. */
export function blocksNow(store, container, drawn) {
  if (container.kind !== "view") return drawn;
  const { id } = container.view;
  const view = store.views.get(id) ?? [...store.homes.values()].find((home) => home.id === id);
  return view?.blocks ?? drawn;
}

/** Whether a list that opens (a multi-select) stands open, also after it was drawn anew. */
export function isOpen(key) {
  return opened.has(key);
}

/** Remember whether a list stands open. */
export function setOpen(key, open) {
  if (open) opened.add(key);
  else opened.delete(key);
}

/** Remember where the focus is, and what is selected there; gives what brings it back, also to an element drawn anew. */
export function rememberFocus() {
  const active = document.activeElement;
  const key = active?.dataset?.bk;
  const pane = active?.closest("#channel, #thread, dialog");
  const selected = active?.matches("textarea, input[type=text]") ? [active.selectionStart, active.selectionEnd] : null;
  return () => {
    const again = active?.isConnected ? active : key && pane && heirOf(pane, key);
    if (!again || again === document.activeElement) return;
    again.focus({ preventScroll: true });
    if (selected) again.setSelectionRange(...selected);
  };
}

/**
 * Find the element that stands where another one stood; elements say who they are in `data-bk`.
 * A block that has no block_id of the app's gets another one at each update: then the action_id tells.
 */
function heirOf(pane, key) {
  const all = [...pane.querySelectorAll("[data-bk]")];
  const same = all.find((one) => one.dataset.bk === key);
  if (same || key.includes("]#")) return same; // one box of several says which, after a #
  const [container, , action] = JSON.parse(key);
  const alike = all.filter(({ dataset: { bk } }) => bk.startsWith(JSON.stringify([container]).slice(0, -1)) && bk.endsWith(`,${JSON.stringify(action)}]`));
  return alike.length === 1 ? alike[0] : null;
}

/** Keep the focus although its element is about to be drawn anew, or moved; to be called before that. */
export function keepFocus() {
  if (!document.activeElement?.dataset?.bk) return;
  const back = rememberFocus();
  queueMicrotask(() => {
    if (isFocusLost()) back();
  });
}

/** Whether the focus is nowhere: what had it is gone. */
export function isFocusLost() {
  const active = document.activeElement;
  return !active || active === document.body || active.matches("dialog");
}
