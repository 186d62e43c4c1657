// Talks to the sandbox: a websocket that brings what happens, and requests that act.

const HERE = new URL(".", location.href);
const FIRST_WAIT = 300;
const LONGEST_WAIT = 5000;

/** A verb that the sandbox refused, or that did not reach it. `code` is the error's name, `rule` says why, `body` is all. */
export class Refused extends Error {
  constructor(code, rule, body = {}) {
    super(rule || code);
    this.code = code;
    this.rule = rule;
    this.body = body;
  }
}

/** Keep a websocket open for ever; `onFrame` gets every frame, `onState` gets `true` or `false` as it comes and goes. */
export function connect(onFrame, onState) {
  let wait = FIRST_WAIT;
  const open = () => {
    const address = new URL("live", HERE);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    socket.addEventListener("open", () => {
      wait = FIRST_WAIT;
      onState(true);
    });
    socket.addEventListener("message", (event) => onFrame(JSON.parse(event.data)));
    socket.addEventListener("close", () => {
      onState(false);
      setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    });
  };
  open();
}

/** Do a verb of the control API; gives its answer, or throws `Refused`. */
export async function act(verb, body = {}) {
  const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return answered(() => fetch(new URL(`do/${verb}`, HERE), init));
}

/** Look something up; gives the answer, or throws `Refused`. */
export async function see(verb, query = {}) {
  return answered(() => fetch(new URL(`see/${verb}?${new URLSearchParams(query)}`, HERE)));
}

/**
 * Send files with `share`; `form` is a FormData. `onProgress` gets a number from 0 to 1.
 * Gives `{ done, abort }`: a promise of the answer (rejected with `Refused`), and a function that stops the upload.
 */
export function upload(form, onProgress = () => {}) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.open("POST", new URL("do/share", HERE));
    request.responseType = "text";
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
    request.addEventListener("load", () => {
      try {
        resolve(understood(request.status, request.responseText));
        dispatchEvent(new Event("shared")); // the hints tick their first step by it
      } catch (error) {
        reject(error);
      }
    });
    request.addEventListener("error", () => reject(unreachable()));
    request.addEventListener("abort", () => reject(new Refused("aborted", "The upload was stopped.")));
    request.send(form);
  });
  return { done, abort: () => request.abort() };
}

/** Give the address of a file's bytes from a file object of a message; empty where there are none. */
export function fileAddress(file) {
  return file.page_url ? new URL(file.page_url, HERE).href : "";
}

async function answered(ask) {
  let response;
  try {
    response = await ask();
  } catch {
    throw unreachable();
  }
  return understood(response.status, await response.text());
}

function understood(status, text) {
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Refused("unreadable", `The sandbox answered ${status} with something unexpected.`);
  }
  if (!body.ok) throw new Refused(body.error ?? String(status), body.rule ?? body.error, body);
  return body;
}

function unreachable() {
  return new Refused("unreachable", "The sandbox does not answer: is it still running in the terminal?");
}
