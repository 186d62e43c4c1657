// Says when: a message's ts in the words of the clock and the calendar.

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en", { weekday: "long", month: "long", day: "numeric" });
const DAY_AND_YEAR = new Intl.DateTimeFormat("en", { weekday: "long", month: "long", day: "numeric", year: "numeric" });

/** Give the moment of a ts as a Date. */
export function dateOf(ts) {
  return new Date(Number(ts) * 1000);
}

/** Give the time of day: `14:05`, `2:05 PM`. */
export function clockOf(ts) {
  return CLOCK.format(dateOf(ts));
}

/** Give the time of day where there is little room, without AM or PM: `14:05`, `2:05`. */
export function shortClockOf(ts) {
  const parts = CLOCK.formatToParts(dateOf(ts)).filter(({ type }) => type !== "dayPeriod");
  return parts.map(({ value }) => value).join("").trim();
}

/** Give the day of a ts in a form that can be compared: `2026-11-21`. */
export function dayOf(ts) {
  return keyOf(dateOf(ts));
}

/** Give the day in words: `Today`, `Yesterday`, `Monday, November 16`. */
export function dayWords(ts) {
  const date = dateOf(ts);
  const today = new Date();
  if (keyOf(date) === keyOf(today)) return "Today";
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (keyOf(date) === keyOf(yesterday)) return "Yesterday";
  return (date.getFullYear() === today.getFullYear() ? DAY : DAY_AND_YEAR).format(date);
}

/** Give the whole moment in words: `Today at 14:05:09`. */
export function momentWords(ts) {
  const clock = dateOf(ts).toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit", second: "2-digit" });
  return `${dayWords(ts)} at ${clock}`;
}

function keyOf(date) {
  const twoDigits = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}
