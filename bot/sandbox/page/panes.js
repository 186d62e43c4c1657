// The panes of the page: which one a narrow screen shows, and where the keyboard goes in them.

/** On a narrow screen: show this pane. */
export function showPane(pane) {
  document.body.dataset.pane = pane;
  if (pane === "sidebar") document.getElementById("sidebar").querySelector('[aria-current="page"]')?.focus();
  else document.querySelector("#channel .open-sidebar")?.focus();
}

/** Whether one types on the screen here; then the keyboard waits until it is asked for. */
export function isTouched() {
  return matchMedia("(hover: none)").matches;
}

/** Put the focus into the message box of `channel` or `thread`; where there is none, and on touch, on the messages. */
export function beginToWrite(pane) {
  const root = document.getElementById(pane);
  const box = root.querySelector(".composer textarea");
  const to = box && !box.disabled && !isTouched() ? box : root.querySelector(".log");
  to?.focus({ preventScroll: true });
}
