// Says in plain words what each fault is and what people then see, and what can be chosen about it.

const SECONDS = { name: "seconds", label: "Seconds", type: "number", value: 5, min: 0, max: 600 };
const BYTES = { name: "bytes", label: "Bytes that arrive", type: "number", value: 100, min: 0, max: 1e9 };

// kind: [title, what people then see, parameters that matter]
const WORDS = {
  rate_limited: [
    "Slack says slow down",
    "Slack answers 429 with Retry-After; the bot waits that long, so people read the answer later.",
    [{ name: "retry_after", label: "Retry-After, in seconds", type: "number", value: 5, min: 1, max: 600 }],
  ],
  error: [
    "Slack refuses with an error",
    "The call is refused with the error that you name; what people see depends on the call, at worst no answer.",
    [{ name: "error", label: "Error", type: "text", value: "internal_error" }],
  ],
  http_error: [
    "Slack breaks down",
    "Slack answers with an HTML page and an error status; the bot tries again, so the answer comes late or not at all.",
    [{ name: "status", label: "Status", type: "number", value: 500, min: 400, max: 599 }],
  ],
  revoked_token: [
    "The bot’s token is revoked",
    "Every call is refused with token_revoked, as if an admin had removed the app: the bot falls silent.",
    [],
  ],
  missing_scope: [
    "A scope is missing",
    "The call is refused as if the app had been installed without this scope.",
    [{ name: "scope", label: "Scope", type: "text", value: "chat:write" }],
  ],
  lost_before: [
    "The connection drops before the work",
    "Nothing was done and the bot can’t know; it tries again, and people see one answer, a little later.",
    [],
  ],
  lost_after: [
    "The connection drops after the work",
    "It was done, but the bot never hears so; it has to look first, or people would read the answer twice.",
    [],
  ],
  hang: ["Slack never answers", "The call hangs until you let it go or the bot gives up; people wait for their answer.", []],
  slow: ["Slack is slow", "The call is answered after this time; people wait that much longer.", [SECONDS]],
  sign_in_page: [
    "File download forbidden",
    "Slack shows its sign-in page with status 200 in place of the file; after a few tries the bot says so in the thread.",
    [],
  ],
  slow_file: ["A file comes slowly", "The download takes this long; the thread says meanwhile that the bot is at work.", [SECONDS]],
  cut_file: ["A download breaks off", "The connection ends in the middle of the file; the bot fetches it again.", [BYTES]],
  short_file: [
    "A file arrives too short",
    "Slack hands over only the beginning and calls it the whole; the bot sees that it is not, and asks again.",
    [BYTES],
  ],
  file_redirect_elsewhere: [
    "A file lies on another host",
    "The download leads away from Slack, where the bot does not take its token; it says so in the thread.",
    [],
  ],
  deleted_file: [
    "The file is gone",
    "The message still stands, its file does not; the bot says in the thread that it is no longer in Slack.",
    [{ name: "status", label: "Status", type: "select", value: "404", options: ["404", "410"] }],
  ],
  missed_ack: [
    "An ack gets lost",
    "Slack delivers the event again although the bot took it; people must still read one answer only.",
    [],
  ],
  socket_refresh: ["Slack asks to reconnect", "The websocket is opened anew, as Slack asks every few hours; nobody should notice.", []],
  socket_drop: ["The websocket drops", "The connection is gone without a word; the bot opens a new one, and nothing is lost.", []],
};

// The endpoint's faults have their titles from the sandbox.
const ENDPOINT_WORDS = {
  no_credit: "The service says that its credit is used up; the thread says so and whom to tell.",
  wrong_key: "The service refuses the bot’s key; the thread says so and whom to tell.",
  down: "The service answers with an error; the bot tries a few times, then says in the thread that it is out of order.",
  slow: "Each translation takes long; the thread shows meanwhile that the bot is at work.",
  hang: "The service takes the recording and never answers; the bot waits, tries again and at last says so.",
  no_speech: "The service hears nothing; the thread says that there is no speech in the recording.",
  html: "A proxy answers with a web page; the bot takes it for no translation and tries again.",
};

const PLACES = {
  "": "any Web API call",
  download: "file downloads",
  upload: "file uploads",
  response_url: "answers to commands",
  event: "events",
  command: "slash commands",
  interaction: "buttons, modals and shortcuts",
};

/** Faults that happen at the moment they are switched on, unless they wait for something. */
export const AT_ONCE = new Set(["socket_refresh", "socket_drop"]);

/** What a fault is called, what people then see, and which parameters matter for it. */
export function faultWords(kind) {
  const [title, then, parameters] = WORDS[kind] ?? [kind, "", []];
  return { title, then, parameters };
}

/** What people see when the endpoint has this fault; empty where nobody wrote it down. */
export const endpointWords = (name) => ENDPOINT_WORDS[name] ?? "";

/** Put kinds of faults into the order in which they stand here; those without words come last. */
export function inOrder(kinds) {
  const order = Object.keys(WORDS);
  const rank = (kind) => (kind in WORDS ? order.indexOf(kind) : order.length);
  return [...kinds].sort((one, other) => rank(one) - rank(other));
}

/** Whether a fault's `method` names a place that is no method of the Web API. */
export const isPlace = (method) => method !== "" && method in PLACES;

/** Say a rule in words: one that comes from a fault says which was switched on. */
export function ruleWords(rule) {
  const kind = /^fault (\w+)/.exec(rule ?? "")?.[1];
  return kind in WORDS ? `${rule} (switched on here: ${WORDS[kind][0]})` : (rule ?? "");
}

/** What a place is called where a fault can happen: a kind of transfer, a method or a pattern of methods. */
export const placeWords = (method) => PLACES[method] ?? method;

/** How often a fault will still happen. */
export function timesWords(times) {
  if (times === null || times === undefined) return "until switched off";
  return times === 1 ? "once" : `${times} times`;
}
