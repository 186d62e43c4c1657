// What this tab's person has not seen yet: the dots in the sidebar.

import { recall, remember } from "./memory.js";

/** Make the memory of what was seen: `{ isUnread(channel), see(channel) }`. What stood there when the page opened counts as seen. */
export function makeUnread(store) {
  let world = "";
  let seen = {};
  let begun = {};
  const newest = (channel) => {
    let last = "";
    for (const message of store.channelMessages(channel)) if (!message.is_ephemeral && message.user !== store.me) last = message.ts;
    return last;
  };
  const keyOf = (channel) => `${store.me} ${channel}`;
  store.on("snapshot", () => {
    const now = `${store.beganAt} ${store.generation}`;
    if (now === world) return;
    const kept = recall("seen", {});
    world = now;
    seen = kept.world === world ? kept.seen : {};
    begun = kept.world === world ? kept.begun : Object.fromEntries([...store.channels.keys()].map((id) => [id, newestOfAll(store, id)]));
    remember("seen", { world, seen, begun });
  });
  return {
    isUnread: (channel) => newest(channel) > (seen[keyOf(channel)] ?? begun[channel] ?? ""),
    see(channel) {
      const last = newest(channel);
      if (!last || (seen[keyOf(channel)] ?? "") >= last) return;
      seen[keyOf(channel)] = last;
      remember("seen", { world, seen, begun });
    },
  };
}

function newestOfAll(store, channel) {
  let last = "";
  for (const ts of store.messages.get(channel)?.keys() ?? []) if (ts > last) last = ts;
  return last;
}
