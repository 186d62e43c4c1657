// Attachments of a message: forwarded messages with their files, and the older form in which apps add things.

import { renderBlocks } from "./blocks.js";
import { h } from "./dom.js";
import { renderFiles } from "./files.js";
import { mrkdwn, unescaped } from "./mrkdwn.js";
import { avatar } from "./people.js";
import { linkTo } from "./places.js";
import { clockOf, dayWords } from "./time.js";
import { isTyped } from "./words.js";

/** Give the attachments of a message as an element. */
export function attachments(store, message, inThread) {
  return h(
    "div",
    { class: "attachments" },
    message.attachments.map((one) => (one.is_share || one.is_msg_unfurl ? forwarded(store, message, one, inThread) : other(store, message, one))),
  );
}

function forwarded(store, message, attachment, inThread) {
  const { author_id: author, author_name: name = "", channel_id: channel, from_url: address, ts } = attachment;
  const source = store.messages.get(channel)?.get(ts);
  const blocks = (attachment.message_blocks ?? []).flatMap((one) => one.message?.blocks ?? []);
  // The bytes stand where the file was shared first.
  const files = (attachment.files ?? []).map((file) => ({ ...file, page_url: file.page_url ?? source?.files?.find((one) => one.id === file.id)?.page_url }));
  const where = store.channels.has(channel) ? store.channelName(channel) : attachment.footer?.replace(/^Posted in /, "");
  return h(
    "div",
    { class: "attachment" },
    h("div", { class: "attachment-author" }, avatar(store, author, name || author), h("strong", {}, h("bdi", {}, name || author))),
    words(store, message, blocks, attachment.text),
    files.length > 0 && renderFiles(store, { ...message, files }, { inThread }),
    h(
      "div",
      { class: "small quiet" },
      [where && `Posted in ${where}`, ts && `${dayWords(ts)} at ${clockOf(ts)}`].filter(Boolean).join(" · "),
      address && [" · ", linkTo(address, "View message")],
    ),
  );
}

function words(store, message, blocks, text) {
  if (blocks.length && !isTyped({ blocks })) return h("div", { class: "blocks" }, drawn(store, message, blocks));
  return text && h("div", { class: "text", dir: "auto" }, mrkdwn(store, text));
}

function drawn(store, message, blocks) {
  return renderBlocks(store, blocks, { kind: "message", channel: message.channel, ts: message.ts, isEphemeral: Boolean(message.is_ephemeral) });
}

function other(store, message, attachment) {
  const { author_name: author, color, fallback, fields = [], footer, pretext, title, title_link: address } = attachment;
  const text = attachment.text || (!attachment.blocks?.length && !title && !fields.length ? fallback : "");
  const isColour = /^#?[0-9a-f]{6}$/i.test(color ?? "");
  const named = { good: "var(--good)", warning: "var(--warn)", danger: "var(--bad)" };
  const line = isColour ? `#${color.replace("#", "")}` : named[color];
  const field = (one) => h("div", { class: "text", dir: "auto" }, h("strong", {}, unescaped(one.title)), h("br"), mrkdwn(store, one.value));
  return [
    pretext && h("div", { class: "text", dir: "auto" }, mrkdwn(store, pretext)),
    h(
      "div",
      { class: "attachment", style: line ? { "border-left-color": line } : null },
      author && h("div", { class: "small" }, h("bdi", {}, author)),
      title && h("strong", { dir: "auto" }, address ? linkTo(address, unescaped(title)) : unescaped(title)),
      text && h("div", { class: "text", dir: "auto" }, mrkdwn(store, text)),
      fields.length > 0 && h("div", { class: "attachment-fields" }, fields.map(field)),
      attachment.blocks?.length > 0 && h("div", { class: "blocks" }, drawn(store, message, attachment.blocks)),
      footer && h("div", { class: "small quiet" }, footer),
    ),
  ];
}
