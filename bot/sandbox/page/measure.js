// Says sizes and durations as people read them.

const STEP = 1024;
const UNITS = ["kB", "MB", "GB", "TB"];

/** Say how many bytes: `812 bytes`, `58 kB`, `1.2 MB`, `2.0 GB`. */
export function sizeWords(bytes) {
  if (bytes < 1000) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  let number = bytes / STEP;
  let unit = 0;
  // Not 1024: "1000 kB" is wider and less clear than "1.0 MB".
  while (number >= 999.5 && unit < UNITS.length - 1) {
    number /= STEP;
    unit += 1;
  }
  return `${unit === 0 ? Math.max(1, Math.round(number)) : number.toFixed(1)} ${UNITS[unit]}`;
}

/** Say how long: `0:04`, `12:30`, `1:02:03`. */
export function durationWords(seconds) {
  const all = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
