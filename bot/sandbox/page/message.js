// A message: who, when, the words, the files, the reactions and the way into its thread.

import { attachments } from "./attachments.js";
import { h, keyed } from "./dom.js";
import { editorOf } from "./editing.js";
import { renderFiles, stampOf } from "./files.js";
import { openMessageMenu, openThread } from "./message_menu.js";
import { mrkdwn, plainWords } from "./mrkdwn.js";
import { avatar } from "./people.js";
import { openReactions, renderReactions } from "./reactions.js";
import { clockOf, dateOf, dayWords, momentWords, shortClockOf } from "./time.js";
import { showWords } from "./words.js";

/**
 * Make the place of a message: `{ element, show(message, { isFollowUp, around }) }`.
 *
 * `show` redraws only the parts that changed, so that players, open inputs and the focus survive. `around` is a text that
 * changes with what messages show of the rest of the workspace (names, who I am).
 */
export function makeMessage(store, { inThread }) {
  let current = null;
  const now = () => current;
  const gutter = h("div", { class: "gutter" });
  const main = h("div", { class: "message-main" });
  const tools = makeTools(store, now, inThread);
  const element = h("article", { class: "message" }, gutter, main, tools.element);
  const words = h("div", { class: "words" });
  let wordsStamp = "";

  let shown = [];
  const show = (message, { isFollowUp = false, around = "" } = {}) => {
    const editor = editorOf(store, message, inThread);
    const status = inThread || message.is_ephemeral ? "" : (store.statuses[message.channel]?.[message.ts] ?? "");
    const wish = [message, isFollowUp, around, editor, status, message.reply_count && dayWords(message.ts)];
    const isSame = wish.every((one, index) => one === shown[index]) && message.subtype !== "thread_broadcast";
    if (isSame) return;
    shown = wish;
    current = message;
    const { is_ephemeral: isEphemeral, subtype, thread_ts: thread, ts } = message;
    const name = authorOf(store, message);
    element.className = classes({
      message: true,
      "is-follow-up": isFollowUp,
      "is-ephemeral": isEphemeral,
      "is-quiet": subtype === "tombstone" || subtype === "channel_join",
      "is-broadcast": subtype === "thread_broadcast",
    });
    element.setAttribute("aria-label", `${subtype === "tombstone" ? "Deleted message" : name}, ${clockOf(ts)}`);
    tools.show(message);
    keyed(gutter, [["gutter", stamp(around, name, subtype, isFollowUp), () => gutterOf(store, message, name, isFollowUp)]]);

    const isQuiet = subtype === "tombstone" || subtype === "channel_join";
    const parts = [
      labelPart(store, message, inThread, around),
      !isFollowUp && subtype !== "tombstone" && ["head", stamp(around, name, ts), () => headOf(store, message, name)],
      editor && ["editor", "", () => editor],
      !editor && isQuiet && ["quiet", stamp(around, message.subtype, message.inviter), () => quietWords(store, message)],
      !editor && !isQuiet && ["words", "", () => words],
      message.attachments?.length && ["attachments", stamp(around, message.attachments, message.ts), () => attachments(store, message, inThread)],
      message.files?.length && ["files", stamp(around, stampOf(store, message)), () => renderFiles(store, message, { inThread })],
      message.reactions?.length && ["reactions", stamp(around, message.reactions), () => renderReactions(store, now)],
      !inThread && thread === ts && message.reply_count && repliesPart(store, message, around),
      status && ["status", status, () => statusLine(store, status)],
    ];
    keyed(main, parts.filter(Boolean));
    const wanted = stamp(around, message.text, message.blocks, message.edited);
    if (!editor && !isQuiet && wanted !== wordsStamp) {
      wordsStamp = wanted;
      showWords(store, words, message);
    }
  };
  return { element, show };
}

function stamp(...shown) {
  return JSON.stringify(shown);
}

function classes(table) {
  return Object.keys(table)
    .filter((name) => table[name])
    .join(" ");
}

/** Give the name of who wrote a message. */
export function authorOf(store, message) {
  if (store.users.has(message.user)) return store.userName(message.user);
  if (message.user === "USLACKBOT") return "Slackbot";
  return message.bot_profile?.name || message.name || message.user || "Somebody";
}

/** Give the line that says what the app is doing in a thread. */
export function statusLine(store, words) {
  return h("div", { class: "thread-status" }, h("span", { class: "status-dots", "aria-hidden": "true" }), `${store.app.name} ${words}`);
}

// --- parts -----------------------------------------------------------------------------------------

function gutterOf(store, message, name, isFollowUp) {
  if (message.subtype === "tombstone") return h("span", { class: "avatar is-gone", "aria-hidden": "true" }, "✕");
  if (!isFollowUp) return avatar(store, message.user, name);
  return h("time", { class: "gutter-time", datetime: dateOf(message.ts).toISOString(), title: momentWords(message.ts) }, shortClockOf(message.ts));
}

function headOf(store, message, name) {
  const isApp = Boolean(message.bot_id);
  return h(
    "div",
    { class: "head" },
    h("strong", { class: "author" }, h("bdi", {}, name)),
    isApp && h("span", { class: "badge" }, "App"),
    h("time", { class: "message-when", datetime: dateOf(message.ts).toISOString(), title: momentWords(message.ts) }, clockOf(message.ts)),
  );
}

function labelPart(store, message, inThread, around) {
  if (message.is_ephemeral) {
    const dismiss = h("button", { type: "button", class: "plain", on: { click: () => store.dismissEphemeral(message.ts) } }, "Dismiss");
    return ["label", "ephemeral", () => h("div", { class: "label" }, "Only visible to you", " · ", dismiss)];
  }
  if (message.subtype !== "thread_broadcast") return null;
  if (inThread) return ["label", stamp(around), () => h("div", { class: "label" }, `Also sent to ${store.channelName(message.channel)}`)];
  const parent = store.messages.get(message.channel)?.get(message.thread_ts) ?? message.root;
  const words = plainWords(store, (parent?.text ?? "").slice(0, 300)).slice(0, 80) || "a message";
  const open = h("button", { type: "button", class: "plain", dataset: { focus: "thread" }, on: { click: () => openThread(store, message) } }, words);
  return ["label", stamp(around, words), () => h("div", { class: "label" }, "replied to a thread: ", open)];
}

function quietWords(store, message) {
  if (message.subtype === "tombstone") return h("div", { class: "quiet-words" }, "This message was deleted.");
  const where = store.channelName(message.channel);
  const isInvited = message.inviter && message.inviter !== message.user;
  const words = isInvited ? [`was added to ${where} by `, mrkdwn(store, `<@${message.inviter}>`), "."] : `joined ${where}.`;
  return h("div", { class: "quiet-words" }, words);
}

function repliesPart(store, message, around) {
  const { reply_count: count, reply_users: users = [], latest_reply: latest } = message;
  const make = () => {
    const words = count === 1 ? "1 reply" : `${count} replies`;
    const last = latest ? `Last reply ${dayWords(latest).toLowerCase()} at ${clockOf(latest)}` : "";
    const button = h(
      "button",
      { type: "button", class: "replies", dataset: { focus: "thread" } },
      h("span", { class: "faces" }, users.slice(0, 4).map((id) => avatar(store, id))),
      h("strong", {}, words),
      h("span", { class: "small quiet" }, last),
    );
    button.addEventListener("click", () => openThread(store, message));
    return button;
  };
  return ["replies", stamp(around, count, users, latest), make];
}

/** The tools at a message: the menu for everybody, and two short cuts into it for who has a mouse. */
function makeTools(store, message, inThread) {
  const tool = (label, sign, run, more = {}) => {
    const button = h("button", { type: "button", "aria-label": label, title: label, ...more }, h("span", { dataset: { sign }, "aria-hidden": "true" }));
    button.addEventListener("click", () => run(button));
    return button;
  };
  const opens = { "aria-haspopup": "menu", "aria-expanded": "false" };
  const pointed = { tabindex: "-1", class: "for-mouse" };
  const react = tool("Add a reaction", "react", (button) => openReactions(store, button, message), { ...opens, ...pointed });
  const reply = tool("Reply in thread", "reply", () => openThread(store, message()), pointed);
  const more = tool("More actions", "more", (button) => openMessageMenu(store, button, message, inThread), { ...opens, dataset: { focus: "menu" } });
  const element = h("div", { class: "message-tools", role: "group", "aria-label": "Actions" }, react, reply, more);
  const show = ({ channel, subtype, is_ephemeral: isEphemeral }) => {
    element.hidden = Boolean(isEphemeral);
    react.hidden = !store.isIn(channel) || subtype === "tombstone";
  };
  return { element, show };
}
