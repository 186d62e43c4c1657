// The line at the top: that this is not Slack, where recordings go, how the bot is, and what is behind the curtain.

import { fill, h } from "./dom.js";
import { hide, isOpen, onDrawn, show } from "./drawn.js";
import { press } from "./faults.js";
import { keepFocus, messageBox } from "./focus.js";
import { areHintsShown, onHints, showHints } from "./hints.js";
import { hostOf } from "./requests.js";
import { makeReset } from "./reset.js";
import { STARTED_ANEW } from "./wire.js";

const NOT_SLACK = "This is not Slack: a workspace on your own machine, with the real bot.";
const LOST = "No connection to the sandbox: what you see may be old. This page tries again by itself.";
const ENDPOINT = {
  "stand-in": () => [
    "Endpoint: stand-in",
    h("span", { class: "long" }, "; it knows the samples and answers other sound by saying what it is"),
    ". Nothing leaves this machine.",
  ],
  real: (host) => `Endpoint: real (${host}); recordings are sent there.`,
  none: () => "",
};
const BOT = { starting: "The bot is starting…", running: "The bot is running", stopped: "The bot has stopped", unknown: "" };

/** Fill `root` and keep it so. `sayAnew()` of what it gives says that the connection is lost for ever. */
export function mountBanner(store, root) {
  const endpoint = h("span", {});
  const bot = h("span", { class: "bot", role: "status" });
  const start = { click: (event) => press(event.currentTarget, "bot", { do: "start" }) };
  const again = h("span", { hidden: true }, " ", h("button", { type: "button", class: "small", on: start }, "Start again"));
  const offline = h("span", { class: "offline", role: "status" });
  const chip = h("button", { type: "button", class: "fault-chip", hidden: true, on: { click: () => show("faults") } });
  const hints = h("button", { type: "button", "aria-pressed": "false", on: { click: () => showHints(!areHintsShown()) } }, "Hints");
  const drawn = h(
    "button",
    { type: "button", "aria-controls": "curtain", on: { click: () => (isOpen() ? hide() : show()) } },
    "Behind the curtain",
  );
  const reset = makeReset(store);
  fill(
    root,
    h("div", { class: "line" }, h("h1", {}, NOT_SLACK), " ", endpoint, " ", bot, again, " ", offline),
    h("div", { class: "tools" }, chip, hints, drawn, reset.button),
    reset.dialog,
  );

  const sayEndpoint = () => {
    const { kind, url } = store.endpoint ?? {};
    fill(endpoint, ENDPOINT[kind]?.(hostOf(url)) ?? "");
    endpoint.className = kind === "real" ? "real" : "";
  };
  const sayBot = () => {
    // Nobody knows how it is while the sandbox does not tell.
    const { state = "unknown", exit_code: code, can_restart: canRestart } = (store.isOnline && store.bot) || {};
    bot.dataset.state = state;
    const exit = state === "stopped" && code !== null && code !== undefined && ` (exit code ${code})`;
    setText(bot, [BOT[state] ?? "", exit, BOT[state] && state !== "starting" && "."].filter(Boolean).join(""));
    keepFocus(again, () => again.toggleAttribute("hidden", state !== "stopped" || !canRestart), messageBox);
  };
  const sayFaults = () => {
    const count = store.faults.length + (store.endpoint?.fault ? 1 : 0);
    keepFocus(chip, () => chip.toggleAttribute("hidden", count === 0), () => drawn);
    fill(chip, `${count} ${count === 1 ? "fault" : "faults"} on`);
  };
  let lost = LOST;
  const sayOnline = () => {
    setText(offline, store.isOnline ? "" : store.isReady ? lost : "Connecting to the sandbox…");
    root.classList.toggle("is-offline", !store.isOnline && store.isReady);
  };
  const sayDrawn = () => drawn.setAttribute("aria-pressed", String(isOpen()));
  const sayHints = () => hints.setAttribute("aria-pressed", String(areHintsShown()));
  store.on("snapshot endpoint", sayEndpoint);
  store.on("snapshot bot online", sayBot);
  store.on("snapshot faults endpoint", sayFaults);
  store.on("snapshot online", sayOnline);
  onDrawn(sayDrawn);
  onHints(sayHints);
  sayOnline();
  sayDrawn();
  sayHints();
  return {
    sayAnew() {
      lost = STARTED_ANEW;
      sayOnline();
    },
  };
}

/** Set a live region's text only where it changes, so that it is not read out again. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
