// The panel of the faults: the commonest at one click, those that are on, and a form for all others.

import { h, keyed, notice } from "./dom.js";
import { endpointWords, faultWords, placeWords, timesWords } from "./explain.js";
import { makeFaultForm } from "./fault_form.js";
import { busyWhile, keepFocus } from "./focus.js";
import { act } from "./wire.js";

const ABOUT = "A fault makes something fail on purpose, as Slack and the endpoint sometimes do, so that you see what people then read.";
const COMMONEST = [
  { title: "File download forbidden", fault: { kind: "sign_in_page", times: null } },
  { title: "Slack says slow down", fault: { kind: "rate_limited", method: "chat.postMessage", retry_after: 5 } },
  { title: "Endpoint is down", endpoint: "down" },
  { title: "No credit at the endpoint", endpoint: "no_credit" },
];

/** Do a verb for a button: it is busy meanwhile, and a refusal is said in words. Gives whether it went well. */
export function press(button, verb, body = {}) {
  return busyWhile(button, async () => {
    try {
      await act(verb, body);
      return true;
    } catch (refused) {
      notice(refused.rule || refused.message, "error");
      return false;
    }
  });
}

/** Make the panel. It is small, so it is drawn whether or not somebody looks. */
export function makeFaults(store) {
  const quick = COMMONEST.map((one) => makeQuick(store, one));
  const armed = makeArmed(store);
  const draw = () => {
    if (!store.isReady) return;
    for (const one of quick) one.draw();
    armed.draw();
  };
  store.on("snapshot", armed.forget);
  store.on("snapshot faults endpoint", draw);
  const body = h(
    "div",
    { class: "pane-body faults" },
    h("p", { class: "quiet small" }, ABOUT),
    h("h3", {}, "The commonest"),
    h("div", { class: "quick" }, quick.map((one) => one.button)),
    armed.heading,
    armed.element,
    h("h3", {}, "Another one"),
    makeFaultForm(store),
  );
  return { element: body, look: () => {} };
}

function makeQuick(store, { title, fault, endpoint }) {
  const find = () => fault && store.faults.find((one) => isSame(one, fault));
  const isOn = () => (endpoint ? store.endpoint.fault === endpoint : Boolean(find()));
  const click = () => {
    if (endpoint) return press(button, "endpoint", { fault: isOn() ? null : endpoint });
    return isOn() ? press(button, "unfault", { id: find().id }) : press(button, "faults", fault);
  };
  const button = h(
    "button",
    { type: "button", class: "quick-fault", on: { click } },
    h("strong", {}, title),
    h("span", { class: "small" }, fault ? timesText(fault) : "until switched off"),
  );
  const draw = () => {
    button.setAttribute("aria-pressed", String(isOn()));
    button.disabled = Boolean(endpoint) && !store.endpoint.faults?.some((one) => one.name === endpoint);
    button.title = button.disabled ? "Only the stand-in endpoint has faults." : "";
  };
  return { button, draw };
}

function isSame(one, other) {
  return one.kind === other.kind && (one.method ?? "") === (other.method ?? "");
}

function timesText(fault) {
  return fault.times === undefined ? "at the next answer" : timesWords(fault.times);
}

/** What is switched on. Where a line goes, the focus is on the next one, else on the heading. */
function makeArmed(store) {
  let hasHanging = false;
  const heading = h("h3", { tabindex: "-1" }, "Switched on");
  const none = h("p", { class: "quiet small" }, "None. Everything goes well.");
  const list = h("ul", { class: "armed-list" });
  const all = h("button", { type: "button", on: { click: () => allOff(store, all) } }, "Switch all off");
  const release = makeRelease(() => {
    hasHanging = false;
    draw();
  });
  const element = h("div", { class: "armed" }, none, list, all, release);

  const fillIn = () => {
    const { fault } = store.endpoint;
    hasHanging ||= store.faults.some((one) => one.kind === "hang");
    const lines = store.faults.map((one) => [`fault-${one.id}`, JSON.stringify(one), () => armedLine(one)]);
    if (fault) lines.push([`endpoint-${fault}`, "", () => endpointLine(store, fault)]);
    keyed(list, lines);
    none.hidden = lines.length > 0;
    list.hidden = lines.length === 0;
    all.hidden = lines.length < 2;
    release.hidden = !hasHanging;
  };
  const draw = () => {
    const at = [...list.children].findIndex((one) => one.contains(document.activeElement));
    const next = () => list.children[Math.min(at, list.children.length - 1)]?.querySelector("button");
    keepFocus(element, fillIn, () => next() ?? heading);
  };
  const forget = () => {
    hasHanging = false;
  };
  return { heading, element, draw, forget };
}

function armedLine(fault) {
  const { title, then } = faultWords(fault.kind);
  const where = fault.method && `at ${placeWords(fault.method)}`;
  const facts = [where, timesWords(fault.left === undefined ? fault.times : fault.left)].filter(Boolean).join(", ");
  return line(title, facts, then, (event) => press(event.currentTarget, "unfault", { id: fault.id }));
}

function endpointLine(store, name) {
  const title = store.endpoint.faults?.find((one) => one.name === name)?.title ?? name;
  const off = (event) => press(event.currentTarget, "endpoint", { fault: null });
  return line(`Endpoint: ${title}`, timesWords(null), endpointWords(name), off);
}

function line(title, facts, then, click) {
  const off = h("button", { type: "button", "aria-label": `Switch off: ${title}`, on: { click } }, "Switch off");
  const words = [h("strong", {}, title), h("div", { class: "small quiet" }, facts), then && h("p", { class: "small" }, then)];
  return h("li", {}, h("div", {}, words), off);
}

async function allOff(store, button) {
  if (store.faults.length > 0 && !(await press(button, "unfault"))) return;
  if (store.endpoint.fault) await press(button, "endpoint", { fault: null });
}

function makeRelease(done) {
  const click = async (event) => {
    if (await press(event.currentTarget, "release")) done();
  };
  return h(
    "p",
    { class: "release" },
    h("button", { type: "button", on: { click } }, "Let go what hangs"),
    h("span", { class: "small quiet" }, " Calls that hang now lose their connection; later ones hang anew."),
  );
}
