// Completion in the message box: the app's commands, people and channels, and the usage of a command.

import { fill, h } from "./dom.js";
import { avatar } from "./people.js";

const MOST = 8;
let last = 0;

/**
 * Make the list above a textarea: `{ element, update(), key(event) }`. `key` gives whether it took the key.
 * `isThread()` says that commands are of no use there.
 */
export function makeCompletion(store, box, isThread) {
  last += 1;
  const id = `completion-${last}`;
  const list = h("ul", { id, class: "completion", role: "listbox", "aria-label": "Suggestions", hidden: true });
  const usage = h("div", { class: "usage small quiet", hidden: true });
  const element = h("div", { class: "completion-place" }, list, usage);
  let offers = [];
  let at = 0;
  let closedAt = null;

  const mark = () => {
    for (const [index, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(index === at));
    list.children[at]?.scrollIntoView({ block: "nearest" });
    if (offers.length) box.setAttribute("aria-activedescendant", `${id}-${at}`);
    else box.removeAttribute("aria-activedescendant");
  };
  const choose = (offer) => {
    const { selectionStart: caret, value } = box;
    box.value = value.slice(0, offer.from) + offer.insert + value.slice(caret).replace(/^ /, "");
    const end = offer.from + offer.insert.length;
    box.setSelectionRange(end, end);
    box.focus();
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const update = () => {
    const isHere = document.activeElement === box && closedAt !== box.value;
    offers = isHere ? offersFor(store, box, isThread()) : [];
    at = 0;
    list.hidden = offers.length === 0;
    fill(list, offers.map((offer, index) => option(offer, `${id}-${index}`, () => choose(offer))));
    const hint = usageOf(store, box.value, isThread());
    usage.hidden = !hint;
    fill(usage, hint);
    mark();
  };
  const key = (event) => {
    if (!offers.length || event.isComposing) return false;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
    if (to !== undefined) {
      at = (to + offers.length) % offers.length;
      mark();
    } else if (event.key === "Escape") {
      closedAt = box.value;
      update();
    } else if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && !offers[at].isWhole)) {
      choose(offers[at]);
    } else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", id);
  box.addEventListener("blur", update);
  box.addEventListener("click", update);
  return { element, update, key };
}

function option(offer, id, choose) {
  const entry = h("li", { id, role: "option", "aria-selected": "false" }, offer.picture, h("strong", {}, offer.label), h("span", { class: "small quiet" }, offer.hint));
  // The focus stays in the box.
  entry.addEventListener("pointerdown", (event) => event.preventDefault());
  entry.addEventListener("click", choose);
  return entry;
}

function offersFor(store, box, isThread) {
  const before = box.value.slice(0, box.selectionStart);
  const command = /^\/\S*$/.exec(before);
  if (command && !isThread) {
    return store.commands
      .filter((one) => one.command.startsWith(command[0]))
      .map((one) => ({
        label: one.command,
        hint: one.description,
        insert: `${one.command} `,
        from: 0,
        isWhole: box.value.trim() === one.command,
      }));
  }
  const name = /(?<![\w/&])([@#])([\w-]*)$/.exec(before);
  return name ? named(store, name[1], name[2].toLowerCase(), name.index) : [];
}

function named(store, sign, begun, from) {
  const isPerson = sign === "@";
  const all = isPerson ? [...store.users.values()] : store.conversations().filter((one) => one.kind === "channel" || one.kind === "group");
  const fits = (one) => [one.name, one.real_name ?? ""].some((name) => name.toLowerCase().startsWith(begun));
  return all.filter(fits).slice(0, MOST).map((one) => ({
    label: isPerson ? store.userName(one.id) : `#${one.name}`,
    hint: isPerson ? `@${one.name}` : one.kind === "group" ? "private" : "",
    picture: isPerson ? avatar(store, one.id) : null,
    insert: `${sign}${one.name} `,
    from,
    isWhole: one.name.toLowerCase() === begun,
  }));
}

function usageOf(store, text, isThread) {
  const found = /^(\/\S+)\s/.exec(text);
  const command = found && store.commands.find((one) => one.command === found[1]);
  if (!command || isThread) return null;
  return [h("strong", {}, command.command), " ", command.usage_hint ?? ""];
}
