// What the translation endpoint was sent, and what it answered: one card for each request, newest at the bottom.

import { fill, h, keyed } from "./dom.js";
import { sizeWords } from "./measure.js";

const SHOWN_ALWAYS = ["prompt", "model", "response_format", "temperature"];
const LABELS = { prompt: "Prompt", model: "Model", response_format: "Format", temperature: "Temperature", language: "Language" };

/** Make the panel; `look(isLooking)` says whether somebody sees it. */
export function makeRequests(store) {
  const about = h("p", { class: "about quiet small" });
  const list = h("ol", { class: "requests", "aria-label": "Requests to the endpoint, newest last" });
  const empty = h("p", { class: "quiet nothing" });
  const scroller = h("div", { class: "pane-body", tabindex: "0", role: "group", "aria-label": "Requests" }, list, empty);
  let isLooking = false;

  const draw = () => {
    if (!isLooking || !store.isReady) return;
    const isFollowing = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40;
    const { kind, url } = store.endpoint;
    fill(about, ABOUT[kind]?.(hostOf(url)) ?? "");
    fill(empty, store.requests.size > 0 || kind !== "stand-in" ? "" : "Nothing was sent yet. Share a recording, then look here.");
    const requests = [...store.requests.values()];
    keyed(list, requests.map((one) => [`request-${one.number}`, JSON.stringify(one), () => card(store, one)]));
    if (isFollowing) scroller.scrollTop = scroller.scrollHeight;
  };
  store.on("snapshot requests endpoint", draw);
  return {
    element: h("div", { class: "endpoint" }, about, scroller),
    look(wanted) {
      const isNew = wanted && !isLooking;
      isLooking = wanted;
      if (isNew) draw();
    },
  };
}

const ABOUT = {
  "stand-in": () => "The stand-in on this machine. It knows the sample recordings and answers other sound by saying what it is.",
  real: (host) => `This is the real endpoint (${host}): its requests are seen only there.`,
  none: () => "No endpoint is joined to this page.",
};

/** Give the host of an address, or the address itself where it is none. */
export function hostOf(url) {
  return URL.canParse(url ?? "") ? new URL(url).host : (url ?? "");
}

function card(store, request) {
  const { number, status, answered, seconds, file_bytes: bytes, duration, file_name: name } = request;
  const isGood = status >= 200 && status < 300;
  const facts = [
    seconds > 0 && `${seconds.toFixed(1)} s of sound`,
    bytes > 0 && sizeWords(bytes),
    duration > 0 && `answered in ${Math.round(duration * 1000).toLocaleString("en")} ms`,
    name,
  ];
  return h(
    "li",
    { class: status > 0 && !isGood ? "request refused" : "request" },
    h(
      "h3",
      {},
      h("span", { class: "when" }, when(store, request.at)),
      h("span", {}, ` Request ${number + 1} `),
      h("span", { class: isGood ? "status good" : status > 0 ? "status bad" : "status" }, statusWords(status, answered)),
    ),
    h("p", { class: "facts small quiet" }, facts.filter(Boolean).join(" · ")),
    request.authorization_ok === false && h("p", { class: "small bad" }, "The key was not the right one."),
    status === 0 && Object.keys(request.fields ?? {}).length === 0 ? null : h("dl", {}, fields(request.fields ?? {})),
    request.answer ? answer(request.answer) : null,
  );
}

/** Show the words of an answer, and fold away the rest; what has no words is shown as it came. */
function answer(body) {
  const words = wordsOf(body);
  const raw = h("pre", { tabindex: "0", dir: "auto", "aria-label": "The answer as it came" }, body);
  const rest = words === null ? raw : [h("p", { dir: "auto" }, words || "(no words)"), h("details", {}, h("summary", {}, "As it came"), raw)];
  return h("div", { class: "answer" }, h("h4", {}, "Answer"), rest);
}

function wordsOf(body) {
  try {
    const { text, error } = JSON.parse(body);
    return text ?? error?.message ?? null;
  } catch {
    return null; // a page of HTML, subtitles, or cut in the middle
  }
}

function fields(sent) {
  const names = [...SHOWN_ALWAYS, ...Object.keys(sent).filter((name) => !SHOWN_ALWAYS.includes(name))];
  return names.map((name) => [h("dt", {}, LABELS[name] ?? name), h("dd", { dir: "auto" }, fieldText(name, sent[name]))]);
}

function fieldText(name, value) {
  if (value !== undefined && value !== null && value !== "") return name === "prompt" ? `“${value}”` : value;
  const words = name === "prompt" ? "no prompt was sent" : "not sent";
  return h("span", { class: "quiet" }, value === "" ? "sent empty" : words);
}

function statusWords(status, answered) {
  if (status === 0) return "waiting…";
  return answered === false ? `${status}, not handed over` : String(status);
}

function when(store, at) {
  if (typeof at === "number") return at < 1e9 ? `+${at.toFixed(1)}s` : `+${(at - store.beganAt).toFixed(1)}s`;
  return `+${(Date.parse(at) / 1000 - store.beganAt).toFixed(1)}s`;
}
