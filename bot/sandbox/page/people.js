// People as one sees them: their picture, and who acts in this tab.

import { fill, h } from "./dom.js";

const COLOURS = 8;

/** Make a person's picture: the initials on a colour of their own; the app has its icon. */
export function avatar(store, userId, name = store.userName(userId)) {
  if (userId && userId === store.app?.user_id) {
    return h("span", { class: "avatar is-app", "aria-hidden": "true" }, h("img", { src: "icon.svg", alt: "" }));
  }
  const colour = [...(userId || name)].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7) % COLOURS;
  return h("span", { class: "avatar", dataset: { colour }, "aria-hidden": "true" }, initials(name));
}

function initials(name) {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return letters.map((word) => [...word][0].toUpperCase()).join("");
}

/** Make the part of the sidebar that says who acts here, and that opens a second tab as somebody else. */
export function makeActing(store) {
  const picture = h("span", { class: "acting-picture" });
  const select = h("select", { id: "acting", on: { change: () => store.become(select.value) } });
  const others = h("ul", { class: "others" });
  const element = h(
    "section",
    { class: "acting", "aria-label": "Who acts in this tab" },
    h("div", { class: "acting-row" }, picture, h("div", {}, h("label", { for: "acting" }, "Acting as"), select)),
    h("details", {}, h("summary", {}, "Open a second tab as…"), others),
  );
  let shown = "";
  const draw = () => {
    const people = store.people();
    const stamp = JSON.stringify([store.me, store.place.channel, people]);
    if (stamp === shown) return;
    shown = stamp;
    fill(picture, avatar(store, store.me));
    fill(select, people.map((one) => h("option", { value: one.id, selected: one.id === store.me }, nameOf(store, one))));
    fill(others, people.filter((one) => one.id !== store.me).map((one) => h("li", {}, tabLink(store, one))));
  };
  return { element, draw };
}

function nameOf(store, user) {
  return user.is_guest && store.userName(user.id).toLowerCase() !== "guest" ? `${store.userName(user.id)} (guest)` : store.userName(user.id);
}

function tabLink(store, user) {
  const address = `#${new URLSearchParams({ as: user.id, in: store.place.channel })}`;
  return h("a", { href: address, target: "_blank", rel: "noopener" }, avatar(store, user.id), `${nameOf(store, user)}`, h("span", { class: "unseen" }, " in a new tab"));
}
