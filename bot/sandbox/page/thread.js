// The thread: the message that began it, the replies, what the app is doing in it, and a message box.

import { makeComposer } from "./composer.js";
import { fill, h, soon } from "./dom.js";
import { makeList } from "./list.js";
import { followHere } from "./places.js";

/** Fill `root` and keep it so; it is hidden while no thread is open. */
export function mountThread(store, root) {
  const place = () => ({ channel: store.place.channel, thread: store.place.thread });
  const name = h("span", { class: "small quiet" });
  const close = () => {
    const { channel, thread } = store.place;
    store.go({ thread: "" });
    focusMessage(channel, thread);
  };
  const head = h(
    "header",
    { class: "pane-head" },
    h("button", { type: "button", class: "plain narrow-only", "aria-label": "Back to the conversation", on: { click: close } }, "←"),
    h("h2", {}, "Thread ", name),
    h("button", { type: "button", class: "plain close", "aria-label": "Close the thread", on: { click: close } }, "×"),
  );
  const list = makeList(
    store,
    () => ({
      place: [store.generation, store.me, store.place.channel, store.place.thread].join(" "),
      label: `Thread in ${store.channelName(store.place.channel)}`,
      messages: store.threadMessages(store.place.channel, store.place.thread),
      status: store.statuses[store.place.channel]?.[store.place.thread] ?? "",
    }),
    { inThread: true },
  );
  const composer = makeComposer(store, place);
  fill(root, head, list.element, composer.element);

  const draw = () => {
    const { channel, thread, tab } = store.place;
    const isOpen = store.isReady && Boolean(thread) && tab === "messages";
    root.hidden = !isOpen;
    if (!isOpen) return;
    fill(name, h("bdi", {}, store.channelName(channel)));
    list.draw();
    composer.draw();
  };
  store.on("snapshot place users channels", draw);
  const drawList = soon(() => {
    if (root.hidden) return;
    // Deleted with all its replies, or before it had any: nothing is left to look at.
    if (store.messages.get(store.place.channel)?.has(store.place.thread)) list.draw();
    else store.go({ thread: "" });
  });
  store.on("messages ephemerals status", (channel) => {
    if (!channel || channel === store.place.channel) drawList();
  });
  followHere(store, root);
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) close();
  });
}

function focusMessage(channel, ts) {
  const message = document.querySelector(`#channel article[data-key="${CSS.escape(ts)}"]`);
  (message?.querySelector('[data-focus="thread"]') ?? message?.querySelector('[data-focus="menu"]'))?.focus({ preventScroll: true });
}
