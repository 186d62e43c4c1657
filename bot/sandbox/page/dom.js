// Builds elements from data. Text only ever becomes a text node, so nothing that people say is read as HTML.

const MOST_SAID = 5;
const stamps = new WeakMap(); // an element that `keyed` placed -> its stamp

/**
 * Make an element.
 *
 * `props`: `class`, `dataset` (an object), `on` (event name to listener), `style` (CSS property to value), booleans
 * (set where true), and any attribute; `null`, `undefined` and `false` leave one out.
 * `children`: nodes, strings, numbers, nested lists; `null`, `undefined` and `false` are left out.
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "dataset") {
      Object.assign(element.dataset, value);
    } else if (name === "style") {
      for (const [property, setting] of Object.entries(value)) element.style.setProperty(property, setting);
    } else if (name === "value" || name === "checked" || name === "selected" || name === "indeterminate") {
      element[name] = value;
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...nodes(children));
  return element;
}

/** Flatten what `h` takes as children into nodes. */
export function nodes(children) {
  return [children]
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false && child !== "")
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}

/** Put `children` in the place of everything that stands in `element`. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/**
 * Bring the children of `parent` into the order of `entries` without rebuilding those that did not change.
 *
 * `entries` are `[key, stamp, make]`: an element is made anew by `make()` where its key is new or its stamp changed, so
 * that players go on playing and focus stays.
 */
export function keyed(parent, entries) {
  const wantedKeys = new Set(entries.map(([key]) => key));
  const old = new Map();
  // What goes, goes first: whoever follows then stands where it belongs and need not be moved.
  for (const child of [...parent.children]) {
    if (wantedKeys.has(child.dataset.key)) old.set(child.dataset.key, child);
    else child.remove();
  }
  let last = null;
  for (const [key, stamp, make] of entries) {
    let element = old.get(key);
    if (!element || stamps.get(element) !== stamp) {
      const made = make();
      made.dataset.key = key;
      stamps.set(made, stamp);
      if (element) element.replaceWith(made);
      element = made;
    }
    const wanted = last ? last.nextSibling : parent.firstChild;
    if (element !== wanted) parent.insertBefore(element, wanted);
    last = element;
  }
}

/** Give a function that does `work` once, soon, however often it is asked to; also where nobody looks at the page. */
export function soon(work) {
  let isWanted = false;
  const begin = () => {
    if (!isWanted) return;
    isWanted = false;
    work();
  };
  return () => {
    if (isWanted) return;
    isWanted = true;
    requestAnimationFrame(begin);
    setTimeout(begin, 60);
  };
}

/** Have `lines` read out, politely, one after the other; nobody sees them. */
export function readOut(lines) {
  const said = document.getElementById("said");
  said.append(...lines.map((line) => h("p", {}, line)));
  while (said.children.length > MOST_SAID) said.firstElementChild.remove();
}

/** Say something short to everybody, screen readers included; it goes by itself, or with its button. */
export function notice(text, kind = "info") {
  const close = h("button", { type: "button", class: "plain", "aria-label": "Dismiss", on: { click: () => line.remove() } }, "×");
  const line = h("div", { class: `notice ${kind}` }, h("span", {}, text), close);
  const notices = document.getElementById("notices");
  notices.append(line);
  while (notices.children.length > 3) notices.firstElementChild.remove();
  if (kind !== "error") setTimeout(() => line.remove(), 6000);
  return line;
}
