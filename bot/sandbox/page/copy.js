// Puts a text into the clipboard, and says so.

import { notice } from "./dom.js";

/** Copy `text` and say `done`; where the browser does not let the page copy, say `instead`, which stays. */
export async function copy(text, done, instead) {
  try {
    await navigator.clipboard.writeText(text);
    notice(done);
  } catch {
    notice(instead, "error");
  }
}
