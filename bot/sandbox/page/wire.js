// Talks to the sandbox: a websocket that brings what happens, and requests that act.

const HERE = new URL(".", location.href);
const FIRST_WAIT = 300;
const LONGEST_WAIT = 5000;

/** What to do once the sandbox was started anew: its address has another token then. */
export const STARTED_ANEW = "The sandbox was started anew; its new address is printed in the terminal.";

/** A verb that the sandbox refused, or that did not reach it. `code` is the error's name, `rule` says why, `body` is all. */
export class Refused extends Error {
  constructor(code, rule, body = {}) {
    super(rule || code);
    this.code = code;
    this.rule = rule;
    this.body = body;
  }
}

/**
 * Keep a websocket open; `onFrame` gets every frame, `onState` gets `true` or `false` as it comes and goes.
 *
 * Once another sandbox answers here, this page's is gone for ever: then `onAnew` is called, and nothing is tried again.
 */
export function connect(onFrame, onState, onAnew) {
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
      later();
    });
  };
  const later = () => {
    setTimeout(again, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  };
  // A websocket does not tell who refused it, so the page's own address is asked first.
  const again = async () => {
    try {
      const { status } = await fetch(HERE, { method: "HEAD", cache: "no-store" });
      if (isAnew(status)) onAnew();
      else open();
    } catch {
      later();
    }
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
    if (isAnew(status)) throw new Refused("started_anew", STARTED_ANEW);
    throw new Refused("unreadable", `The sandbox answered ${status} with something unexpected.`);
  }
  if (!body.ok) throw new Refused(body.error ?? String(status), body.rule ?? body.error, body);
  return body;
}

/** Refused without a reason: whoever answers does not know the token in this page's address. */
function isAnew(status) {
  return status === 403 || status === 404;
}

function unreachable() {
  return new Refused("unreachable", "The sandbox does not answer: is it still running in the terminal?");
}
