// What can be done with a message: the entries of its menu.

import { inWords, sure } from "./acting.js";
import { copy } from "./copy.js";
import { notice } from "./dom.js";
import { startEditing } from "./editing.js";
import { openMenu } from "./menu.js";
import { beginToWrite } from "./panes.js";
import { addressOf } from "./places.js";
import { openReactions } from "./reactions.js";
import { act } from "./wire.js";

/** Open the menu of a message at `button`, in the thread or in the conversation; `message()` gives it as it stands then. */
export function openMessageMenu(store, button, message, inThread) {
  const isIn = store.isIn(message().channel);
  const isTombstone = message().subtype === "tombstone";
  const groups = [
    [
      isIn && !isTombstone && { label: "Add a reaction…", run: () => openReactions(store, button, message) },
      { label: isIn ? "Reply in thread" : "View thread", run: () => openThread(store, message()) },
      !isTombstone && { label: "Copy link", run: () => copyLink(message()) },
      !isTombstone && { label: "Forward to…", run: () => openForward(store, button, message()) },
    ],
    isIn && !isTombstone ? shortcuts(store, message) : [],
    isIn && !isTombstone ? changes(store, button, message(), inThread) : [],
  ];
  const items = groups
    .map((group) => group.filter(Boolean))
    .filter((group) => group.length)
    .flatMap((group, index) => (index ? [null, ...group] : group));
  openMenu(button, "Message actions", items);
}

/** Open the thread of a message and begin to type in it. */
export function openThread(store, { channel, ts, thread_ts: thread }) {
  store.go({ channel, thread: thread || ts, tab: "messages" });
  beginToWrite("thread");
}

function shortcuts(store, message) {
  return (store.shortcuts ?? [])
    .filter((one) => one.type === "message")
    .map((one) => ({ label: one.name, hint: store.app.name, run: () => useShortcut(store, one, message()) }));
}

/** Use a shortcut of the app's, on a message where it is one for messages. */
export async function useShortcut(store, shortcut, message) {
  const where = message ? { channel: message.channel, ts: message.ts } : {};
  await attempt("shortcut", { user: store.me, callback_id: shortcut.callback_id, ...where });
}

function changes(store, button, message, inThread) {
  const isMine = message.user === store.me && !message.bot_id;
  const isJoin = message.subtype === "channel_join";
  const files = (message.files ?? []).filter((file) => file.mode !== "tombstone");
  return [
    isMine && !isJoin && { label: "Edit message", run: () => startEditing(store, message, inThread, () => button.focus({ preventScroll: true })) },
    ...files.map((file) => ({ label: `Delete file “${shortened(file.title || file.name || file.id)}”…`, isDanger: true, run: () => deleteFile(store, file) })),
    { label: "Delete message…", hint: isMine ? null : "as an admin", isDanger: true, run: () => deleteMessage(store, message) },
  ];
}

function shortened(name) {
  return name.length > 28 ? `${name.slice(0, 14)}…${name.slice(-12)}` : name;
}

function copyLink(message) {
  const address = addressOf(message);
  return copy(address, "Link copied.", `Your browser does not let this page copy. The link: ${address}`);
}

function openForward(store, button, message) {
  const targets = store.conversations().filter((one) => one.members.includes(store.me) && !one.is_archived);
  const items = targets.map((one) => ({ label: store.channelName(one.id), run: () => forward(store, message, one) }));
  if (items.length) openMenu(button, "Forward to", items);
  else notice("You are in no conversation that it could be forwarded to.");
}

async function forward(store, message, { id }) {
  const isDone = await attempt("forward", { ts: message.ts, from_channel: message.channel, to_channel: id, user: store.me });
  if (isDone) notice(`Forwarded to ${store.channelName(id)}.`);
}

async function deleteMessage(store, message) {
  const words = "Are you sure you want to delete this message? This cannot be undone.";
  if (await isSure(store, "Delete message", words)) await attempt("delete", { channel: message.channel, ts: message.ts });
}

async function deleteFile(store, file) {
  const words = `Are you sure you want to delete “${file.title || file.name || file.id}”? It goes from every conversation.`;
  if (await isSure(store, "Delete file", words)) await attempt("delete", { file: file.id });
}

function isSure(store, title, words) {
  const text = (one) => ({ type: "plain_text", text: one, emoji: false });
  return sure(store, { title: text(title), text: text(words), confirm: text("Delete"), deny: text("Cancel"), style: "danger" });
}

/** Do a verb; a refusal, or an ack that did not come, is said. Gives whether it went well. */
async function attempt(verb, body) {
  try {
    const answer = await act(verb, body);
    if (answer.acked === false) throw answer;
    return true;
  } catch (error) {
    notice(inWords(error), "error");
    return false;
  }
}
