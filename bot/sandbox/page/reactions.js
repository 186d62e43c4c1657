// Reactions: those under a message, and the small menu of those to add.

import { inWords } from "./acting.js";
import { h, notice } from "./dom.js";
import { emoji, QUICK } from "./emoji.js";
import { openMenu } from "./menu.js";
import { act } from "./wire.js";

/** Add my reaction `name` to a message, or take it away where it is there. */
async function toggleReaction(store, message, name) {
  const isMine = (message.reactions ?? []).some((one) => one.name === name && one.users.includes(store.me));
  try {
    await act(isMine ? "unreact" : "react", { channel: message.channel, ts: message.ts, name, user: store.me });
  } catch (error) {
    notice(inWords(error), "error");
  }
}

/** Open the menu of reactions at `button`. */
export function openReactions(store, button, message) {
  const items = QUICK.map((name) => ({ label: titled(name), character: emoji(name), run: () => toggleReaction(store, message(), name) }));
  openMenu(button, "Add a reaction", items, { isGrid: true });
}

/** Give the row of reactions under a message. `message()` gives it as it stands when something is pressed. */
export function renderReactions(store, message) {
  const { reactions } = message();
  const canReact = store.isIn(message().channel);
  const add = h(
    "button",
    { type: "button", class: "reaction is-add", "aria-label": "Add a reaction", title: "Add a reaction", "aria-haspopup": "menu", "aria-expanded": "false", dataset: { focus: "react" } },
    h("span", { dataset: { sign: "react" }, "aria-hidden": "true" }),
  );
  add.addEventListener("click", () => openReactions(store, add, message));
  return h("div", { class: "reactions", role: "group", "aria-label": "Reactions" }, reactions.map((one) => pill(store, message, one, canReact)), canReact && add);
}

function pill(store, message, { name, users, count }, canReact) {
  const isMine = users.includes(store.me);
  const who = users.map((id) => (id === store.me ? "you" : store.userName(id)));
  const names = who.length > 1 ? `${who.slice(0, -1).join(", ")} and ${who.at(-1)}` : who[0];
  const words = `${names} reacted with :${name}:`;
  return h(
    "button",
    {
      type: "button",
      class: "reaction",
      "aria-pressed": String(isMine),
      "aria-label": `${titled(name)}, ${count}: ${words}`,
      title: words,
      disabled: !canReact,
      dataset: { focus: `react ${name}` },
      on: { click: () => toggleReaction(store, message(), name) },
    },
    h("span", { "aria-hidden": "true" }, emoji(name) ?? `:${name}:`),
    h("span", { class: "count" }, count),
  );
}

function titled(name) {
  const known = { "+1": "Thumbs up", "-1": "Thumbs down" };
  const words = known[name] ?? name.replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
}
