// What stands behind the curtain: three tabs with the traffic, the endpoint's requests and the faults.

import { fill, h } from "./dom.js";
import { TABS, hide, isOpen, narrow, onDrawn, openTab, show } from "./drawn.js";
import { makeTraffic } from "./exchanges.js";
import { makeFaults } from "./faults.js";
import { makeRequests } from "./requests.js";

const TITLES = { traffic: "Traffic", endpoint: "Endpoint", faults: "Faults" };
const COVERED = ["banner", "sidebar", "channel", "thread"];

/** Fill `root` and keep it so. Each panel is drawn only while somebody looks at it. */
export function mountCurtain(store, root) {
  const panels = { traffic: makeTraffic(store), endpoint: makeRequests(store), faults: makeFaults(store) };
  const tabs = Object.fromEntries(TABS.map((name) => [name, makeTab(name)]));
  const holders = Object.fromEntries(TABS.map((name) => [name, makeHolder(name, panels[name].element)]));
  const close = h("button", { type: "button", class: "plain", "aria-label": "Close the curtain", on: { click: hide } }, "×");
  const list = h("div", { role: "tablist", "aria-label": "Behind the curtain", class: "tabs" }, Object.values(tabs));
  list.addEventListener("keydown", (event) => walk(event, tabs));
  fill(root, h("div", { class: "pane-head" }, list, close), Object.values(holders));
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) hide();
  });

  let wasOpen = false;
  let opener = null;
  const draw = (isByPerson) => {
    const open = isOpen();
    root.hidden = !open;
    for (const name of TABS) {
      const isChosen = name === openTab();
      tabs[name].setAttribute("aria-selected", String(isChosen));
      tabs[name].tabIndex = isChosen ? 0 : -1;
      holders[name].hidden = !isChosen;
      panels[name].look(open && isChosen);
    }
    cover(open && narrow.matches);
    if (isByPerson && open && !wasOpen) {
      opener = document.activeElement;
      tabs[openTab()].focus();
    } else if (wasOpen && !open && (document.activeElement === document.body || root.contains(document.activeElement))) {
      opener?.focus();
    }
    wasOpen = open;
  };
  onDrawn(() => draw(true));
  narrow.addEventListener("change", () => cover(isOpen() && narrow.matches));
  store.on("snapshot", () => draw(false));
  const count = () => fill(tabs.faults, TITLES.faults, faultBadge(store));
  store.on("snapshot faults endpoint", count);
  draw(false);
}

function makeTab(name) {
  const click = () => show(name);
  const ties = { id: `tab-${name}`, role: "tab", "aria-controls": `panel-${name}` };
  return h("button", { type: "button", class: "tab", ...ties, on: { click } }, TITLES[name]);
}

function makeHolder(name, element) {
  const ties = { id: `panel-${name}`, role: "tabpanel", "aria-labelledby": `tab-${name}` };
  return h("div", { class: "panel", ...ties, hidden: true }, element);
}

function faultBadge(store) {
  const count = store.faults.length + (store.endpoint?.fault ? 1 : 0);
  return count > 0 && h("span", { class: "count" }, h("span", { class: "unseen" }, ", switched on: "), count);
}

function walk(event, tabs) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const edge = { Home: 0, End: TABS.length - 1 }[event.key];
  if (step === undefined && edge === undefined) return;
  event.preventDefault();
  const next = TABS[edge ?? (TABS.indexOf(openTab()) + step + TABS.length) % TABS.length];
  show(next);
  tabs[next].focus();
}

/** On a narrow screen the curtain lies over everything, so what lies under it can't be reached either. */
function cover(isCovering) {
  for (const id of COVERED) document.getElementById(id)?.toggleAttribute("inert", isCovering);
  document.body.classList.toggle("curtain-covers", isCovering);
}
