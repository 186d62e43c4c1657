// Finds the thread that a call or a delivery is about, so that what belongs together can be seen.

/** Give `CHANNEL/TS` of the thread that an exchange belongs to; empty where it belongs to none. */
export function threadOf(store, exchange) {
  const { channel, channel_id: channelId, thread_ts: threadTs, ts, file, file_id: fileId } = exchange.arguments ?? {};
  const where = channel ?? channelId ?? "";
  if (threadTs) return `${where}/${threadTs}`;
  if (ts && where) return `${where}/${rootOf(store, where, ts)}`;
  return fileThread(store, file ?? fileId);
}

function rootOf(store, channel, ts) {
  return store.messages.get(channel)?.get(ts)?.thread_ts ?? ts;
}

function fileThread(store, fileId) {
  if (typeof fileId !== "string") return "";
  for (const [channel, messages] of store.messages) {
    for (const message of messages.values()) {
      if (message.files?.some((one) => one.id === fileId)) return `${channel}/${message.thread_ts ?? message.ts}`;
    }
  }
  return "";
}
