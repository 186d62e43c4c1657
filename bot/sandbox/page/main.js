// Joins the parts of the page; here one sees who knows whom.

import { mountBanner } from "./banner.js";
import { mountChannel } from "./channel.js";
import { mountCurtain } from "./curtain.js";
import { mountDrop } from "./drop.js";
import { keepFocus, messageBox } from "./focus.js";
import { mountModals } from "./modal.js";
import { mountSidebar } from "./sidebar.js";
import { Store } from "./store.js";
import { mountThread } from "./thread.js";
import { connect } from "./wire.js";

const store = new Store();
const at = (id) => document.getElementById(id);

const banner = mountBanner(store, at("banner"));
mountSidebar(store, at("sidebar"));
mountChannel(store, at("channel"));
mountThread(store, at("thread"));
mountCurtain(store, at("curtain"));
mountModals(store, at("modals"));
mountDrop(store, document.body);

// Who looks where stands behind the # of the address, so that a reload, or a second tab, finds it again.
const readPlace = () => {
  const found = new URLSearchParams(location.hash.slice(1));
  if (found.get("as")) store.me = found.get("as");
  if (found.get("in")) store.place = { channel: found.get("in"), thread: found.get("thread") ?? "", tab: found.get("tab") ?? "messages" };
};
const writePlace = () => {
  const { channel, thread, tab } = store.place;
  const wanted = new URLSearchParams({ as: store.me, in: channel });
  if (thread) wanted.set("thread", thread);
  if (tab !== "messages") wanted.set("tab", tab);
  history.replaceState(null, "", `#${wanted}`);
  document.title = `${store.channelName(channel)} · Dragoman sandbox`;
};
readPlace();
store.on("place snapshot", writePlace);
// On a narrow screen one pane is seen at a time: `sidebar`, `channel` or `thread`; whoever was in another is taken along.
const choosePane = () => {
  const pane = store.place.thread ? "thread" : "channel";
  const left = ["sidebar", "channel", "thread"].filter((id) => id !== pane).map(at);
  const change = () => {
    document.body.dataset.pane = pane;
  };
  const here = left.find((one) => one.contains(document.activeElement));
  const narrow = () => at(pane).querySelector(".pane-head .narrow-only");
  if (here) keepFocus(here, change, () => (narrow().checkVisibility() ? narrow() : messageBox()));
  else change();
};
let { me } = store;
store.on("snapshot", () => {
  me = store.me;
});
store.on("place", () => {
  if (store.me === me) choosePane();
  me = store.me; // whoever chooses a person stays where they choose
});
// An address pasted into this tab leads there; the link that skips the sidebar leads nowhere else.
addEventListener("hashchange", () => {
  readPlace();
  if (!store.isReady) return;
  store.become(store.me);
  choosePane();
});

connect(
  (frame) => store.apply(frame),
  (isOnline) => store.setOnline(isOnline),
  () => banner.sayAnew(),
);
