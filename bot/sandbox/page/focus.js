// Keeps the keyboard's focus on the page where the button that had it works, goes, or is drawn anew.

import { isTouched } from "./panes.js";

/** Do `work` for `button`, once at a time: it is busy meanwhile, but not disabled, since that would take its focus. */
export async function busyWhile(button, work) {
  if (button.getAttribute("aria-busy") === "true") return undefined;
  for (const name of ["aria-busy", "aria-disabled"]) button.setAttribute(name, "true");
  try {
    return await work();
  } finally {
    for (const name of ["aria-busy", "aria-disabled"]) button.removeAttribute(name);
  }
}

/** Do `draw`, which changes `part`; what has the focus there keeps it, or where it goes, what `successor()` gives has it. */
export function keepFocus(part, draw, successor) {
  const had = part.contains(document.activeElement) ? document.activeElement : null;
  draw();
  if (!had) return;
  const heir = had.checkVisibility() ? had : successor();
  if (heir !== document.activeElement) heir?.focus({ preventScroll: true });
}

/** Give where one goes on when nothing nearer is left: the message box, or the conversation where none can be written in. */
export function messageBox() {
  const box = document.querySelector("#channel .composer textarea:enabled");
  return box?.checkVisibility() && !isTouched() ? box : document.getElementById("channel");
}
