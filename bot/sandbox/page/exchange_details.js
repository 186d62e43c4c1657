// One exchange in full: its arguments at once, the whole of it when the sandbox has handed it over.

import { copy } from "./copy.js";
import { fill, h } from "./dom.js";
import { see } from "./wire.js";

const OWN_TOKENS = { "apps.connections.open": "$SLACK_APP_TOKEN" };

/** Make the details of a row; `onlyThread` (a function, or nothing) narrows the list to the row's thread. */
export function makeDetails(store, exchange, onlyThread) {
  const json = h("pre", { class: "json", tabindex: "0", "aria-label": "The exchange as JSON" }, pretty(exchange));
  const state = h("span", { class: "quiet small", role: "status" }, "Fetching the whole…");
  let whole = exchange;
  const curl = h("button", { type: "button", on: { click: () => copied(curlOf(whole), "curl command") } }, "Copy as curl");
  const tools = h(
    "div",
    { class: "tools" },
    exchange.kind === "api" && curl,
    h("button", { type: "button", on: { click: () => copied(pretty(whole), "JSON") } }, "Copy JSON"),
    onlyThread && h("button", { type: "button", on: { click: onlyThread } }, "Only this thread"),
    state,
  );
  see("exchange", { number: exchange.number }).then(
    (answer) => {
      whole = answer.exchange ?? answer;
      fill(json, pretty(whole));
      fill(state, clock(store, exchange));
    },
    (refused) => fill(state, `Only the summary is here: ${refused.rule}`),
  );
  return h("div", { class: "details" }, tools, json);
}

function clock(store, exchange) {
  return store.beganAt ? new Date((store.beganAt + exchange.at) * 1000).toLocaleTimeString() : "";
}

function pretty(value) {
  return JSON.stringify(value, null, 2);
}

/** Write a call so that it can be pasted into a terminal, with a variable in the place of the token. */
function curlOf({ method, arguments: given }) {
  const token = OWN_TOKENS[method] ?? "$SLACK_BOT_TOKEN";
  const fields = Object.entries(given ?? {}).map(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return `  --data-urlencode ${quoted(`${name}=${text}`)}`;
  });
  const address = `${location.origin}/api/${method}`;
  return [`curl -X POST ${quoted(address)}`, `  -H "Authorization: Bearer ${token}"`, ...fields].join(" \\\n");
}

function quoted(text) {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function copied(text, what) {
  return copy(text, `The ${what} is in the clipboard.`, `Your browser does not let this page copy. Select the ${what} and copy it yourself.`);
}
