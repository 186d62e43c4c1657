// Where a message stands: its address, as Slack's "Copy link" gives it, and the way to it on this page.

import { h, notice } from "./dom.js";

const FOLLOWED = new Set(["http:", "https:", "mailto:"]);
const MESSAGE = /^\/archives\/([CDG][A-Z0-9]+)\/p(\d{10,12})(\d{6})\/?$/;
const jumps = new Set();

/** Give the address of a message, in the form in which Slack and the app know it. */
export function addressOf(message) {
  const { channel, ts, thread_ts: thread } = message;
  // The sandbox names itself by number, also where the page was opened as `localhost`.
  const origin = location.origin.replace("//localhost:", "//127.0.0.1:");
  const address = `${origin}/archives/${channel}/p${ts.replace(".", "")}`;
  return thread && thread !== ts ? `${address}?thread_ts=${thread}&cid=${channel}` : address;
}

/** Give `{ channel, ts, thread }` of a message's address in this workspace; null for any other address. */
function placeOf(address) {
  const url = parsed(address);
  const isOurs = url && ["127.0.0.1", "localhost"].includes(url.hostname) && url.port === location.port;
  const found = isOurs ? MESSAGE.exec(url.pathname) : null;
  return found && { channel: found[1], ts: `${found[2]}.${found[3]}`, thread: url.searchParams.get("thread_ts") ?? "" };
}

/** Give an address that people may be led to, or null: an address that is a script leads nowhere. */
export function followed(address) {
  const url = parsed(address);
  return url && FOLLOWED.has(url.protocol) ? url.href : null;
}

/** Make a link that may be followed, of an address and the words or nodes to show; any other address is only written down. */
export function linkTo(address, words = address) {
  const href = followed(address);
  if (!href) return h("span", {}, words, words === address ? "" : ` (${address})`);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, words);
}

/** Let every link in `root` to a message of this workspace lead to it on this page. */
export function followHere(store, root) {
  root.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    const place = link && !event.ctrlKey && !event.metaKey && !event.shiftKey ? placeOf(link.href) : null;
    if (!place) return;
    event.preventDefault();
    jumpTo(store, place);
  });
}

/** Show a message: its conversation or thread opens, and it stands in view for a moment marked. */
function jumpTo(store, { channel, ts, thread }) {
  if (!store.conversations().some((one) => one.id === channel)) return notice("You can’t see that conversation.");
  if (!store.messages.get(channel)?.has(ts)) return notice("That message is no longer there.");
  store.go({ channel, thread: thread && thread !== ts ? thread : "", tab: "messages" });
  for (const jump of jumps) jump({ channel, ts, isInThread: Boolean(thread && thread !== ts) });
  return undefined;
}

/** Hear of jumps: `listener({ channel, ts, isInThread })`. */
export function onJump(listener) {
  jumps.add(listener);
}

function parsed(address) {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}
