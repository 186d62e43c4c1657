// Records a clip with the microphone, as Slack's "Record audio clip" does: at most five minutes, and nothing stays switched on.

import { fill, h } from "./dom.js";
import { durationWords } from "./measure.js";

const LONGEST_SECONDS = 300;
const TICK_MS = 200;
// What browsers record, best first, and how Slack's clients name it.
const FORMATS = [
  ["audio/webm;codecs=opus", "webm"],
  ["audio/mp4", "m4a"],
  ["audio/ogg;codecs=opus", "ogg"],
  ["audio/webm", "webm"],
];
const IN_USE = "Another recording is running on this page. Stop it first, then press Record again.";

let running = null; // the one recorder of this page that has, or asks for, the microphone

/**
 * Make a recorder: `{ button, panel, isRecording, finish, stop, setShut }`.
 *
 * `onStart()` gives what belongs to this recording, `onClip(file, milliseconds, what)` takes the clip with it, `onLine`
 * takes what people must know, `onChange` hears that a recording began or ended. `stop()` ends one and keeps it, `finish()`
 * also waits until it is kept; `setShut(true)` lets none begin.
 */
export function makeRecorder({ onStart, onClip, onLine, onChange }) {
  const button = h("button", { type: "button", class: "tray-button", dataset: { icon: "microphone" }, title: "Record an audio clip" }, h("span", {}, "Record"));
  const panel = h("div", { class: "recorder", role: "group", "aria-label": "Recording", hidden: true });
  let session = null;
  let isShut = false;

  const end = () => {
    session?.release();
    if (running === session) running = null;
    session = null;
    panel.hidden = true;
    fill(panel);
    button.disabled = isShut;
    onChange();
  };

  const start = async () => {
    if (running) return onLine(IN_USE);
    const missing = whyNotHere();
    if (missing) return onLine(missing);
    const mine = new Session(onStart());
    session = running = mine;
    button.disabled = true;
    const cancel = h("button", { type: "button", on: { click: () => (end(), button.focus()) } }, "Cancel");
    fill(panel, h("span", { class: "recorder-ask", role: "status" }, "Allow the microphone: your browser asks for it."), cancel);
    panel.hidden = false;
    cancel.focus();
    try {
      await mine.open();
    } catch (error) {
      if (session !== mine) return; // cancelled meanwhile
      end();
      button.focus();
      return onLine(microphoneLine(error));
    }
    if (session !== mine) return mine.release(); // allowed too late
    record(mine);
  };

  const record = (mine) => {
    const clock = h("span", { class: "recorder-clock", role: "timer", "aria-label": "Recorded" }, durationWords(0));
    const level = h("span", { class: "recorder-level", "aria-hidden": "true" }, h("span"));
    const stop = h("button", { type: "button", class: "primary", on: { click: () => mine.stop() } }, "Stop");
    const cancel = h("button", { type: "button", on: { click: () => (end(), button.focus()) } }, "Cancel");
    fill(panel, h("span", { class: "recorder-dot", "aria-hidden": "true" }), clock, level, stop, cancel);
    stop.focus();
    let ended;
    mine.done = new Promise((resolve) => (ended = resolve));
    mine.run({
      onTick: (seconds) => {
        fill(clock, durationWords(seconds));
        level.firstChild.style.setProperty("transform", `scaleX(${mine.level().toFixed(3)})`);
        if (seconds >= LONGEST_SECONDS) mine.stop("A clip is at most 5 minutes long, as in Slack: this one was stopped there.");
      },
      onEnd: (file, milliseconds, line) => {
        ended();
        if (session !== mine) return; // cancelled
        end();
        if (line) onLine(line);
        if (!file) return button.focus();
        onClip(file, milliseconds, mine.what);
      },
    });
    onChange();
  };

  button.addEventListener("click", start);
  return {
    button,
    panel,
    isRecording: () => Boolean(session?.done),
    async finish() {
      const mine = session;
      if (!mine?.done) return;
      mine.stop();
      await mine.done;
    },
    stop() {
      if (session?.done) session.stop();
      else end();
    },
    setShut(wanted) {
      isShut = wanted;
      button.disabled = isShut || session !== null;
    },
  };
}

/** One use of the microphone, from the question to the clip. */
class Session {
  #stream = null;
  #recorder = null;
  #sound = null;
  #meter = null;
  #ticking = 0;
  #ended = 0;
  #line = "";

  constructor(what) {
    this.what = what;
  }

  /** Settled once the recording is kept or lost; null before there is one. */
  done = null;

  async open() {
    this.#stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const format = FORMATS.find(([type]) => MediaRecorder.isTypeSupported(type));
    this.#recorder = new MediaRecorder(this.#stream, format ? { mimeType: format[0] } : {});
    this.#listen();
  }

  run({ onTick, onEnd }) {
    const pieces = [];
    const began = performance.now();
    this.#recorder.addEventListener("dataavailable", (event) => event.data.size && pieces.push(event.data));
    this.#recorder.addEventListener("stop", () => {
      const type = (this.#recorder.mimeType || "audio/webm").split(";")[0];
      const clip = new File(pieces, clipName(type), { type });
      this.release();
      if (clip.size) onEnd(clip, Math.round((this.#ended || performance.now()) - began), this.#line);
      else onEnd(null, 0, "The microphone gave no sound, so there is no clip. Check the microphone and press Record again.");
    });
    this.#recorder.addEventListener("error", () => this.stop("The browser stopped the recording; what was recorded until then is here."));
    for (const track of this.#stream.getTracks()) {
      track.addEventListener("ended", () => this.stop("The microphone went away; what was recorded until then is here."));
    }
    this.#recorder.start(1000);
    this.#ticking = setInterval(() => onTick((performance.now() - began) / 1000), TICK_MS);
  }

  /** End the recording and keep it; `line` says why it ended, where nobody asked for it. */
  stop(line = "") {
    this.#line ||= line;
    this.#ended ||= performance.now();
    if (this.#recorder.state === "recording") this.#recorder.stop();
  }

  /** Give how loud it is now, from 0 to 1. */
  level() {
    if (!this.#meter) return 0;
    const samples = new Uint8Array(this.#meter.fftSize);
    this.#meter.getByteTimeDomainData(samples);
    const power = samples.reduce((sum, one) => sum + (one - 128) ** 2, 0) / samples.length;
    return Math.min(1, Math.sqrt(power) / 40);
  }

  #listen() {
    try {
      this.#sound = new AudioContext();
      this.#meter = this.#sound.createAnalyser();
      this.#sound.createMediaStreamSource(this.#stream).connect(this.#meter);
    } catch {
      this.#meter = null; // the meter is a comfort; the clip does not need it
    }
  }

  /** Give the microphone back. */
  release() {
    clearInterval(this.#ticking);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    if (this.#sound && this.#sound.state !== "closed") this.#sound.close();
    this.#sound = this.#meter = null;
  }
}

function clipName(type) {
  const ending = type === "audio/mp4" ? "m4a" : type.split("/")[1].replace(/^x-/, "");
  const now = new Date();
  const two = (number) => String(number).padStart(2, "0");
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join("-");
  return `audio_message_${day}_${[now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join("-")}.${ending}`;
}

function whyNotHere() {
  if (!window.isSecureContext || !navigator.mediaDevices?.getUserMedia) {
    return "Browsers lend the microphone only to pages at 127.0.0.1, localhost or https. Open the address printed in the terminal, or attach a file instead.";
  }
  return window.MediaRecorder ? "" : "This browser cannot record sound. Attach a file instead.";
}

/** Say in words why the microphone was not given. */
function microphoneLine(error) {
  const again = "Then press Record again, or attach a file instead.";
  switch (error.name) {
    case "NotAllowedError":
      if (/system/i.test(error.message)) return `Your computer keeps the microphone from the browser. Allow it in the system's privacy settings. ${again}`;
      if (/dismiss/i.test(error.message)) return `The question about the microphone was closed without an answer. Press Record again and choose Allow.`;
      return `The browser keeps the microphone from this page. Allow it beside the page's address. ${again}`;
    case "NotFoundError":
    case "OverconstrainedError":
      return `No microphone was found. Connect one. ${again}`;
    case "NotReadableError":
    case "AbortError":
      return `The microphone is used by another program or does not answer. Close that program. ${again}`;
    case "SecurityError":
      return "The browser lends this page no microphone (a policy forbids it). Attach a file instead.";
    default:
      return `The microphone could not be started (${error.name}). Attach a file instead, or press Record again.`;
  }
}
