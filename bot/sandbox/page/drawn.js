// Whether the curtain is drawn back, and on which of its tabs one looks; remembered for this tab of the browser.

import { recall, remember } from "./memory.js";

export const TABS = ["traffic", "endpoint", "faults"];

/** A screen on which the curtain covers everything else. */
export const narrow = matchMedia("(width <= 760px)");

const kept = recall("curtain", {});
const listeners = new Set();
const state = {
  // On a phone it would hide the conversation, so there nobody begins behind it.
  isOpen: kept.isOpen === true && !narrow.matches,
  tab: TABS.includes(kept.tab) ? kept.tab : TABS[0],
};

export const isOpen = () => state.isOpen;
export const openTab = () => state.tab;

/** Draw the curtain back, on `tab` where one is named. */
export function show(tab = state.tab) {
  change({ isOpen: true, tab });
}

/** Close the curtain. */
export function hide() {
  change({ isOpen: false });
}

/** Hear of every change. */
export function onDrawn(listener) {
  listeners.add(listener);
}

function change(to) {
  Object.assign(state, to);
  remember("curtain", state);
  for (const listener of listeners) listener();
}
