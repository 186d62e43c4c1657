// The form that switches any fault on: which, where, how often, and what else matters for it.

import { fill, h, notice } from "./dom.js";
import { AT_ONCE, endpointWords, faultWords, inOrder, isPlace, placeWords } from "./explain.js";
import { busyWhile } from "./focus.js";
import { act } from "./wire.js";

const ENDPOINT = "endpoint:";
const GROUPS = [
  ["Files", (kind) => /file|sign_in/.test(kind)],
  ["Events and the websocket", (kind) => /ack|socket/.test(kind)],
  ["Calls", () => true],
];
const OFTEN = [
  ["1", "once"],
  ["3", "3 times"],
  ["", "until switched off"],
];

/** Make the form. It is built anew only when the kinds of faults change, so nothing chosen gets lost. */
export function makeFaultForm(store) {
  const kind = h("select", { id: "fault-kind" });
  const then = h("p", { class: "small quiet then", "aria-live": "polite" });
  const rest = h("div", { class: "fields" });
  const submit = h("button", { type: "submit", class: "primary" }, "Switch on");
  const state = h("p", { class: "small bad", role: "alert" });
  const form = h("form", { class: "fault-form" }, h("label", { for: "fault-kind" }, "What goes wrong"), kind, then, rest, submit, state);

  const choose = () => {
    fill(state);
    const isEndpoint = kind.value.startsWith(ENDPOINT);
    const words = isEndpoint ? endpointWords(kind.value.slice(ENDPOINT.length)) : faultWords(kind.value).then;
    fill(then, words);
    fill(rest, isEndpoint ? [] : fieldsOf(store, kind.value));
    nameButton();
  };
  const nameButton = () => {
    const isNow = AT_ONCE.has(kind.value) && !form.elements.method?.value;
    fill(submit, isNow ? "Do it now" : "Switch on");
    form.elements.times?.closest(".field").toggleAttribute("hidden", isNow);
  };
  kind.addEventListener("change", choose);
  rest.addEventListener("change", nameButton);
  const switchOn = async () => {
    fill(state);
    try {
      const isNow = await send(kind.value, form);
      notice(isNow ? `Done: ${faultWords(kind.value).title}.` : "The fault is on.");
    } catch (refused) {
      fill(state, refused.rule || refused.message);
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busyWhile(submit, switchOn);
  });
  let built = "";
  store.on("snapshot", () => {
    const stamp = JSON.stringify([store.faultKinds, store.endpoint.faults]);
    if (stamp === built) return;
    built = stamp;
    fill(kind, kindOptions(store));
    choose();
  });
  return form;
}

function kindOptions(store) {
  const left = inOrder(store.faultKinds.map((one) => one.kind));
  const groups = GROUPS.map(([label, belongs]) => {
    const kinds = left.filter(belongs);
    for (const one of kinds) left.splice(left.indexOf(one), 1);
    return group(label, kinds.map((one) => [one, faultWords(one).title]));
  });
  const endpoint = (store.endpoint.faults ?? []).map(({ name, title }) => [ENDPOINT + name, title]);
  return [groups[2], groups[0], groups[1], endpoint.length > 0 && group("Translation endpoint", endpoint)];
}

function group(label, entries) {
  return h("optgroup", { label }, entries.map(([value, title]) => h("option", { value }, title)));
}

function fieldsOf(store, kind) {
  const places = placesOf(store, kind);
  return [
    places.length > 1 && field("method", "Where", choice("method", places)),
    field("times", "How often", choice("times", OFTEN)),
    faultWords(kind).parameters.map((one) => field(one.name, one.label, input(one))),
  ];
}

function placesOf(store, kind) {
  const known = store.faultKinds.find((one) => one.kind === kind)?.methods ?? [];
  if (AT_ONCE.has(kind)) return [["", "now"], ["event", "with the next event, before its ack"]];
  const places = known.filter(isPlace).map((one) => [one, placeWords(one)]);
  const methods = known.filter((one) => !isPlace(one)).sort();
  if (methods.length === 0) return places;
  return [["", placeWords("")], ...places, ...methods.map((one) => [one, one])];
}

function field(name, label, control) {
  control.id = `fault-${name}`;
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control);
}

function choice(name, entries) {
  return h("select", { name }, entries.map(([value, title]) => h("option", { value }, title)));
}

function input({ name, type, value, min, max, options }) {
  if (type === "select") return choice(name, options.map((one) => [one, one]));
  return h("input", { name, type, value, min, max, required: true, step: type === "number" ? "any" : null });
}

/** Ask for the chosen fault; gives whether it was one that happens at once. */
async function send(kind, form) {
  if (kind.startsWith(ENDPOINT)) {
    await act("endpoint", { fault: kind.slice(ENDPOINT.length) });
    return false;
  }
  const { method, times } = form.elements;
  const isNow = AT_ONCE.has(kind) && !method?.value;
  const fault = { kind };
  if (method?.value) fault.method = method.value;
  if (!isNow) fault.times = times.value ? Number(times.value) : null;
  for (const { name, type } of faultWords(kind).parameters) {
    const { value } = form.elements[name];
    fault[name] = type === "number" || name === "status" ? Number(value) : value;
  }
  await act("faults", fault);
  return isNow;
}
