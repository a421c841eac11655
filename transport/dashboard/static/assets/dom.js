// Small ways to make elements and to write numbers and times.

// el makes an element. Its children are elements or texts; what is null or
// false is left out. Nothing is ever read as HTML.
export function el(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) e.addEventListener(key.slice(2), value);
    else if (value === true) e.setAttribute(key, '');
    else if (value !== false && value != null) e.setAttribute(key, value);
  }
  e.append(...children.flat().filter((c) => c != null && c !== false));
  return e;
}

export const byId = (id) => document.getElementById(id);

const numbers = new Intl.NumberFormat('en-GB');
export const count = (n) => numbers.format(n);

// several writes "1 memory", "2 memories".
export const several = (n, one, many) => `${count(n)} ${n === 1 ? one : many}`;

const days = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
const shortDays = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hour12: false });

export const day = (t) => days.format(t);
export const shortDay = (t) => shortDays.format(t);
export const moment = (t) => `${days.format(t)}, ${clock.format(t)}`;
export const hour = (t) => clock.format(t);

// dayName says when a day was, as people do.
export function dayName(t) {
  const today = new Date();
  const yesterday = new Date();
  yesterday.setDate(today.getDate() - 1);
  if (day(t) === day(today)) return 'Today';
  if (day(t) === day(yesterday)) return 'Yesterday';
  return day(t);
}

// span writes how long something took, in its largest unit.
export function span(seconds) {
  for (const [unit, length] of [['day', 86400], ['hour', 3600], ['minute', 60]]) {
    if (seconds >= length) return several(Math.floor(seconds / length), unit, `${unit}s`);
  }
  return several(Math.floor(seconds), 'second', 'seconds');
}

export function bytes(n) {
  for (const unit of ['bytes', 'KB', 'MB']) {
    if (n < 1024) return `${n < 10 && unit !== 'bytes' ? n.toFixed(1) : Math.round(n)} ${unit}`;
    n /= 1024;
  }
  return `${n.toFixed(1)} GB`;
}
