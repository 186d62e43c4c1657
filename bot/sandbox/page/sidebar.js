// The sidebar: the workspace, who acts in this tab, and the conversations by kind.

import { inWords } from "./acting.js";
import { fill, h, keyed, notice, soon } from "./dom.js";
import { beginToWrite, isTouched, showPane } from "./panes.js";
import { avatar, makeActing } from "./people.js";
import { makeUnread } from "./unread.js";
import { act } from "./wire.js";

const GROUPS = [
  { name: "Channels", holds: ({ kind }) => kind === "channel" || kind === "group" },
  { name: "Direct messages", holds: (channel, store) => isDirect(channel) && !isWithApp(store, channel) },
  { name: "Apps", holds: isApps },
];

/** Fill `root` and keep it so. */
export function mountSidebar(store, root) {
  const unread = makeUnread(store);
  const acting = makeActing(store);
  const team = h("strong", { class: "team", dir: "auto" });
  const back = h("button", { type: "button", class: "plain narrow-only", on: { click: () => showPane("channel") } }, "Close");
  const groups = GROUPS.map((group) => ({ ...group, list: h("ul", {}) }));
  fill(
    root,
    h("div", { class: "side-head" }, team, back),
    acting.element,
    groups.map(({ name, list }) => h("section", { "aria-label": name }, h("h2", {}, name), list)),
  );

  const draw = () => {
    if (!store.isReady) return;
    if (!document.hidden && store.place.tab === "messages") unread.see(store.place.channel);
    fill(team, store.team.name);
    acting.draw();
    const all = store.conversations();
    for (const { holds, list } of groups) {
      const held = all.filter((channel) => holds(channel, store));
      const entries = held.map((channel) => entry(store, channel, store.isIn(channel.id) && unread.isUnread(channel.id)));
      if (holds === isApps && !held.length && tabOf(store)) entries.push(appEntry(store));
      keyed(list, entries);
      list.parentElement.hidden = entries.length === 0;
    }
  };
  store.on("snapshot place users channels", draw);
  store.on("messages", soon(draw));
  document.addEventListener("visibilitychange", draw);
}

/** Whether a conversation is the person's own with the app. */
export function isWithApp(store, channel) {
  return channel?.kind === "im" && channel.members.includes(store.app.user_id);
}

function isApps(channel, store) {
  return isWithApp(store, channel);
}

function isDirect({ kind }) {
  return kind === "im" || kind === "mpim";
}

function entry(store, channel, isUnread) {
  const isHere = channel.id === store.place.channel;
  const name = store.channelName(channel.id);
  const isIn = store.isIn(channel.id);
  const stamp = JSON.stringify([store.me, name, channel, isUnread, isHere, store.app.user_id]);
  const make = () => {
    const notes = [channel.kind === "group" && "private", !isIn && "you are not in it", channel.is_archived && "archived", isUnread && "unread"];
    const said = notes.filter(Boolean).join(", ");
    const open = () => {
      const isNarrow = matchMedia("(width <= 760px)").matches;
      store.go({ channel: channel.id, ...(isNarrow ? { thread: "" } : {}) });
      if (isNarrow) showPane("channel");
      if (!isTouched()) beginToWrite("channel");
    };
    const button = h(
      "button",
      { type: "button", class: classOf(isUnread, isIn), "aria-current": isHere ? "page" : null, on: { click: open } },
      sign(store, channel),
      h("span", { class: "side-name" }, h("bdi", {}, name.replace(/^#/, ""))),
      said && h("span", { class: "unseen" }, `, ${said}`),
      isUnread && h("span", { class: "dot", "aria-hidden": "true" }),
    );
    return h("li", {}, button);
  };
  return [channel.id, stamp, keepingFocus(channel.id, make)];
}

/** The app for somebody who has no conversation with it yet: it begins when they open it. */
function appEntry(store) {
  const open = async () => {
    const { me } = store;
    const isBegun = () => store.me === me && store.conversations().find((channel) => isWithApp(store, channel));
    try {
      await act("home", { user: me, tab: tabOf(store) });
      // The conversation comes through the websocket, before this answer or after it.
      const go = () => {
        const begun = isBegun();
        if (begun) store.go({ channel: begun.id, thread: "" });
        return Boolean(begun);
      };
      if (!go()) store.once("channels", go);
    } catch (error) {
      notice(inWords(error), "error");
    }
  };
  const make = () =>
    h("li", {}, h("button", { type: "button", class: "conversation", on: { click: open } }, avatar(store, store.app.user_id), h("span", { class: "side-name" }, store.app.name)));
  return ["app", JSON.stringify(store.app), make];
}

/** The tab at which the app opens: its messages, or its Home where people cannot write to it. */
function tabOf(store) {
  return store.app.has_messages_tab ? "messages" : store.app.has_home ? "home" : "";
}

function classOf(isUnread, isIn) {
  return ["conversation", isUnread && "is-unread", !isIn && "is-foreign"].filter(Boolean).join(" ");
}

function sign(store, channel) {
  if (channel.kind === "channel") return h("span", { class: "sign", "aria-hidden": "true" }, "#");
  if (channel.kind === "group") return h("span", { class: "sign is-lock", "aria-hidden": "true" });
  const others = channel.members.filter((id) => id !== store.me);
  if (channel.kind === "mpim") return h("span", { class: "sign is-count", "aria-hidden": "true" }, others.length);
  return avatar(store, others[0] ?? store.me);
}

/** An entry that is drawn anew keeps the focus that it had. */
function keepingFocus(id, make) {
  const had = document.activeElement?.closest("#sidebar li")?.dataset.key === id;
  return () => {
    const made = make();
    const refocus = () => document.activeElement === document.body && made.querySelector("button").focus({ preventScroll: true });
    if (had) queueMicrotask(refocus);
    return made;
  };
}
