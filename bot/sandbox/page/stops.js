// One Tab stop for a list of articles: arrows move between them, and Tab goes on into the one that they reached.

const CONTROLS = "a[href], button, input, select, textarea, summary, audio, video, [tabindex]";
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/**
 * Make the stop of the articles in `log`: `{ settle(isNews) }`, to be called when they were drawn. It is the article that
 * somebody reached, or the newest; what can be pressed in the others is passed over by Tab, and stays there for the mouse.
 */
export function makeStop(log) {
  const passed = new WeakMap(); // a control -> its own tabindex
  let current = null;

  const articles = () => [...log.querySelectorAll("article[data-key]")];
  const pass = (article) => {
    article.tabIndex = -1;
    for (const control of article.querySelectorAll(CONTROLS)) {
      const own = control.getAttribute("tabindex");
      if (own === "-1") continue;
      passed.set(control, own);
      control.tabIndex = -1;
    }
  };
  const enter = (article) => {
    article.tabIndex = 0;
    for (const control of article.querySelectorAll('[tabindex="-1"]')) {
      const own = passed.get(control);
      if (own === null) control.removeAttribute("tabindex");
      else if (own !== undefined) control.setAttribute("tabindex", own);
      passed.delete(control);
    }
  };
  const move = (article) => {
    if (!article || article === current) return;
    if (current) pass(current);
    current = article;
    enter(article);
  };

  log.addEventListener("focusin", (event) => move(event.target.closest("article[data-key]")));
  log.addEventListener("keydown", (event) => {
    if (event.target !== current || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = articles();
    const to = event.key in STEPS ? all[all.indexOf(current) + STEPS[event.key]] : { Home: all[0], End: all.at(-1) }[event.key];
    if (!to) return;
    event.preventDefault();
    to.focus();
  });
  new MutationObserver((records) => {
    const drawn = new Set();
    for (const { target, addedNodes } of records) {
      const around = target.closest("article[data-key]");
      if (around) drawn.add(around);
      else for (const node of addedNodes) if (node.matches?.("article[data-key]")) drawn.add(node);
    }
    for (const article of drawn) (article === current ? enter : pass)(article);
  }).observe(log, { childList: true, subtree: true });

  return {
    settle(isNews) {
      const isLeft = !log.contains(document.activeElement) && isNews;
      if (!current?.isConnected || isLeft) move(articles().at(-1));
    },
  };
}
