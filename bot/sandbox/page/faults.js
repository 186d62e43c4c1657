// The panel of the faults: the commonest at one click, those that are on, and a form for all others.

import { fill, h, notice } from "./dom.js";
import { endpointWords, faultWords, placeWords, timesWords } from "./explain.js";
import { makeFaultForm } from "./fault_form.js";
import { act } from "./wire.js";

const ABOUT = "A fault makes something fail on purpose, as Slack and the endpoint sometimes do, so that you see what people then read.";
const COMMONEST = [
  { title: "File download forbidden", fault: { kind: "sign_in_page", times: null } },
  { title: "Slack says slow down", fault: { kind: "rate_limited", method: "chat.postMessage", retry_after: 5 } },
  { title: "Endpoint is down", endpoint: "down" },
  { title: "No credit at the endpoint", endpoint: "no_credit" },
];

/** Do a verb for a button: it is busy meanwhile, and a refusal is said in words. Gives whether it went well. */
export async function press(button, verb, body = {}) {
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    await act(verb, body);
    return true;
  } catch (refused) {
    notice(refused.rule || refused.message, "error");
    return false;
  } finally {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
}

/** Make the panel. It is small, so it is drawn whether or not somebody looks. */
export function makeFaults(store) {
  const quick = h("div", { class: "quick" });
  const armed = h("div", { class: "armed" });
  const form = makeFaultForm(store);
  let hasHanging = false;

  const draw = () => {
    if (!store.isReady) return;
    hasHanging ||= store.faults.some((one) => one.kind === "hang");
    fill(quick, COMMONEST.map((one) => quickButton(store, one)));
    fill(armed, armedList(store), hasHanging && releaseButton(() => {
      hasHanging = false;
      draw();
    }));
  };
  store.on("snapshot", () => {
    hasHanging = false;
  });
  store.on("snapshot faults endpoint", draw);
  const body = h(
    "div",
    { class: "pane-body faults" },
    h("p", { class: "quiet small" }, ABOUT),
    h("h3", {}, "The commonest"),
    quick,
    h("h3", {}, "Switched on"),
    armed,
    h("h3", {}, "Another one"),
    form,
  );
  return { element: body, look: () => {} };
}

function quickButton(store, { title, fault, endpoint }) {
  const on = fault && store.faults.find((one) => isSame(one, fault));
  const isOn = endpoint ? store.endpoint.fault === endpoint : Boolean(on);
  const cannot = endpoint && !store.endpoint.faults?.some((one) => one.name === endpoint);
  const click = (event) => {
    const button = event.currentTarget;
    if (endpoint) return press(button, "endpoint", { fault: isOn ? null : endpoint });
    return isOn ? press(button, "unfault", { id: on.id }) : press(button, "faults", fault);
  };
  const state = { "aria-pressed": String(isOn), disabled: cannot, title: cannot ? "Only the stand-in endpoint has faults." : null };
  return h(
    "button",
    { type: "button", class: "quick-fault", ...state, on: { click } },
    h("strong", {}, title),
    h("span", { class: "small" }, fault ? timesText(fault) : "until switched off"),
  );
}

function isSame(one, other) {
  return one.kind === other.kind && (one.method ?? "") === (other.method ?? "");
}

function timesText(fault) {
  return fault.times === undefined ? "at the next answer" : timesWords(fault.times);
}

function armedList(store) {
  const lines = store.faults.map(armedLine);
  const { fault } = store.endpoint;
  if (fault) lines.push(endpointLine(store, fault));
  if (lines.length === 0) return h("p", { class: "quiet small" }, "None. Everything goes well.");
  const click = (event) => allOff(store, event.currentTarget);
  return [
    h("ul", { class: "armed-list" }, lines),
    lines.length > 1 && h("button", { type: "button", on: { click } }, "Switch all off"),
  ];
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

function releaseButton(done) {
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
