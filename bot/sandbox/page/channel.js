// The conversation: its header, the hints, the messages, the message box; for the app also its Home.

import { inWords } from "./acting.js";
import { makeComposer } from "./composer.js";
import { fill, h, notice, soon } from "./dom.js";
import { mountHints } from "./hints.js";
import { renderHome } from "./home.js";
import { makeList } from "./list.js";
import { beginToWrite, showPane } from "./panes.js";
import { avatar } from "./people.js";
import { followHere } from "./places.js";
import { isWithApp } from "./sidebar.js";
import { act } from "./wire.js";

const TABS = { messages: "Messages", home: "Home" };

/** Fill `root` and keep it so. */
export function mountChannel(store, root) {
  const header = makeHeader(store);
  const tabs = makeTabs(store);
  const hints = h("div", { class: "hints-slot" });
  const home = h("div", { class: "home pane-body", id: "panel-home", role: "tabpanel", "aria-label": "Home", hidden: true });
  const place = () => ({ channel: store.place.channel, thread: "" });
  const list = makeList(store, () => ({
    place: `${store.generation} ${store.me} ${store.place.channel}`,
    label: `Messages in ${store.channelName(store.place.channel)}`,
    messages: store.channelMessages(store.place.channel),
    status: "",
  }));
  const composer = makeComposer(store, place);
  fill(root, header.element, tabs.element, hints, home, list.element, composer.element);
  mountHints(store, hints);
  followHere(store, root);
  document.querySelector(".skip.to-box").addEventListener("click", (event) => {
    event.preventDefault();
    store.go({ tab: "messages", thread: "" });
    document.body.dataset.pane = "channel";
    beginToWrite("channel");
  });

  const draw = () => {
    if (!store.isReady) return;
    const isHome = store.place.tab === "home" && tabs.isThere();
    header.draw();
    tabs.draw();
    root.setAttribute("aria-label", `Conversation ${store.channelName(store.place.channel)}`);
    home.hidden = !isHome;
    for (const element of [list.element, composer.element]) element.hidden = isHome;
    list.draw();
    composer.draw();
    drawHome(store, home, isHome);
  };
  store.on("snapshot place users channels", draw);
  store.on("homes", () => drawHome(store, home, !home.hidden));
  const drawList = soon(() => list.draw());
  store.on("messages ephemerals status", (channel) => {
    if (store.isReady && (!channel || channel === store.place.channel)) drawList();
  });
}

// --- the header ----------------------------------------------------------------------------------

function makeHeader(store) {
  const menu = h("button", { type: "button", class: "plain narrow-only open-sidebar", "aria-label": "Conversations", on: { click: () => showPane("sidebar") } }, "☰");
  const name = h("h2", { dir: "auto" });
  const facts = h("div", { class: "channel-facts" });
  const element = h("header", { class: "pane-head" }, menu, name, facts);
  let shown = "";
  const draw = () => {
    const channel = store.channels.get(store.place.channel);
    const stamp = JSON.stringify([store.me, channel, store.app, [...store.users.values()]]);
    if (stamp === shown) return;
    shown = stamp;
    fill(name, titleOf(store, channel));
    fill(facts, channel && factsOf(store, channel));
  };
  return { element, draw };
}

function titleOf(store, channel) {
  if (!channel) return "No conversation";
  const words = h("bdi", {}, store.channelName(channel.id));
  if (channel.kind === "group") return [words, h("span", { class: "sign is-lock", role: "img", "aria-label": "private" })];
  const other = channel.members.find((id) => id !== store.me);
  return channel.kind === "im" ? [avatar(store, other ?? store.me), words] : words;
}

function factsOf(store, channel) {
  const bot = store.app.user_id;
  const hasBot = channel.members.includes(bot);
  const canInvite = !hasBot && store.isIn(channel.id) && channel.kind !== "im" && !channel.is_archived;
  return [
    channel.is_archived && h("span", { class: "badge" }, "Archived"),
    channel.kind !== "im" && members(store, channel),
    canInvite && inviteButton(store, channel),
    !hasBot && !canInvite && channel.kind !== "im" && h("span", { class: "small quiet" }, `${store.app.name} is not here`),
  ];
}

function members(store, channel) {
  const { length: count } = channel.members;
  const words = count === 1 ? "1 member" : `${count} members`;
  const people = channel.members.map((id) => h("li", {}, avatar(store, id), h("bdi", {}, store.userName(id)), id === store.app.user_id && h("span", { class: "badge" }, "App")));
  const list = h("div", { id: "members", class: "members", popover: "auto" }, h("h3", {}, words), h("ul", {}, people));
  const faces = channel.members.slice(0, 3).map((id) => avatar(store, id));
  const button = h("button", { type: "button", class: "plain members-button", popovertarget: "members", "aria-label": words, title: words }, h("span", { class: "faces" }, faces), h("span", {}, count));
  list.addEventListener("toggle", (event) => {
    if (event.newState !== "open") return;
    const box = button.getBoundingClientRect();
    list.style.top = `${Math.max(8, Math.min(box.bottom + 4, innerHeight - list.offsetHeight - 8))}px`;
    list.style.left = `${Math.max(8, Math.min(box.right - list.offsetWidth, innerWidth - list.offsetWidth - 8))}px`;
  });
  return [button, list];
}

function inviteButton(store, channel) {
  const button = h("button", { type: "button", class: "invite" }, `Invite ${store.app.name}`);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await act("invite", { channel: channel.id, user: store.me });
    } catch (error) {
      notice(inWords(error), "error");
    }
    button.disabled = false;
  });
  return button;
}

// --- the app's tabs ----------------------------------------------------------------------------------

function makeTabs(store) {
  const element = h("div", { class: "app-tabs", role: "tablist", "aria-label": "Dragoman", hidden: true });
  const buttons = Object.entries(TABS).map(([tab, words]) => {
    const button = h("button", { type: "button", class: "plain", role: "tab", dataset: { tab } }, words);
    button.addEventListener("click", () => openTab(store, tab));
    return button;
  });
  fill(element, buttons);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = buttons.find((button) => button.tabIndex !== 0);
    other.focus();
    openTab(store, other.dataset.tab);
  });
  const isThere = () => store.app.has_home && isWithApp(store, store.channels.get(store.place.channel));
  const draw = () => {
    element.hidden = !isThere();
    element.setAttribute("aria-label", store.app.name);
    for (const button of buttons) {
      const isOn = button.dataset.tab === store.place.tab;
      button.setAttribute("aria-selected", String(isOn));
      button.tabIndex = isOn ? 0 : -1;
    }
  };
  return { element, draw, isThere };
}

async function openTab(store, tab) {
  store.go({ tab, thread: "" });
  try {
    await act("home", { user: store.me, tab });
  } catch (error) {
    notice(inWords(error), "error");
  }
}

/** The Home is one element that brings itself up to date when it is asked for. */
function drawHome(store, element, isShown) {
  if (!isShown) return;
  const home = renderHome(store);
  if (home.parentElement !== element) fill(element, home);
}
