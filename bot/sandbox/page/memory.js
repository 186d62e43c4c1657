// Remembers small things for one tab of the browser, as long as that tab lives.

const PREFIX = "sandbox ";

/** Give what was kept under `name`, else `fallback`. */
export function recall(name, fallback) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + name)) ?? fallback;
  } catch {
    return fallback; // storage is forbidden here, or holds something else
  }
}

/** Keep `value` under `name`. */
export function remember(name, value) {
  try {
    sessionStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // storage is forbidden or full: then it is forgotten with the page
  }
}
