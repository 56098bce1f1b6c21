// Numbers, sizes and times with their units, as text.

const kThin = '\u202f';
const kSizes = ['KiB', 'MiB', 'GiB', 'TiB'];
const kSpans = [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];
const kDayMs = 86400000;

// "81 204": thousands apart.
export function count(number) {
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, kThin);
}

// "1 operation", "81 204 operations".
export const counted = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

// "0", "0.4", "12", "1.2 k", "3.4 M": three figures are enough for a rate.
export function rate(perSecond) {
  if (perSecond >= 999500) return `${(perSecond / 1e6).toFixed(1)}${kThin}M`;
  if (perSecond >= 9995) return `${(perSecond / 1e3).toFixed(1)}${kThin}k`;
  return perSecond > 0 && perSecond < 9.95 ? perSecond.toFixed(1) : count(perSecond);
}

// "1.5 MiB"; whole bytes below 1 KiB.
export function size(bytes) {
  if (bytes < 1024) return `${count(bytes)} B`;
  let unit = 0;
  let amount = bytes / 1024;
  for (; amount >= 1024 && unit + 1 < kSizes.length; unit += 1) amount /= 1024;
  return `${amount.toFixed(1)} ${kSizes[unit]}`;
}

// "3 d 4 h": the two greatest units of a span; "420 ms" below a second.
export function span(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  let seconds = Math.floor(ms / 1000);
  const parts = [];
  for (const [name, length] of kSpans) {
    if (parts.length === 0 && seconds < length) continue;
    if (parts.length === 2) break;
    if (seconds >= length) parts.push(`${Math.floor(seconds / length)} ${name}`);
    else break;
    seconds %= length;
  }
  return parts.join(' ');
}

// "0.42 ms", "12 ms", from microseconds.
export function millis(us) {
  const ms = us / 1000;
  return `${ms < 10 ? ms.toFixed(ms < 1 ? 2 : 1) : count(ms)} ms`;
}

const two = (number) => String(number).padStart(2, '0');

// "03:12:09", with the date in front when that is not within a day of now.
export function clock(time, now) {
  const at = new Date(time);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} `;
  const hour = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return Math.abs(now - time) < kDayMs ? hour : day + hour;
}
