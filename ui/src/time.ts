import type { WindowShown } from "./api/types";

const LOCALE = "en-GB";

/** "23 Nov 2026, 06:00 GMT-5": an instant in the account's timezone, which is part of the text. */
export function instant(iso: string, timezone: string): string {
  const parts = partsOf(iso, timezone, {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZoneName: "shortOffset",
  });
  const zone = parts.timeZoneName?.replace(/^(UTC|GMT\+0)$/, "GMT"); // browsers differ
  return `${parts.day} ${parts.month} ${parts.year}, ${parts.hour}:${parts.minute} ${zone}`;
}

/** The same to the second, with the timezone's own name, for a title. */
export function exactInstant(iso: string, timezone: string): string {
  const text = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full", timeStyle: "medium", timeZone: timezone });
  return `${text.format(new Date(iso))} (${timezone})`;
}

/** "23 Nov 2026" for a local day `2026-11-23`, whatever the browser's timezone. */
export function day(iso: string): string {
  const { day, month, year } = dayParts(iso);
  return `${day} ${month} ${year}`;
}

/** "16–22 Nov 2026": the local days from first to last, both inside, without saying anything twice. */
export function days(first: string, last: string): string {
  const a = dayParts(first);
  const b = dayParts(last);
  if (first === last) {
    return day(last);
  }
  if (a.year !== b.year) {
    return `${day(first)} – ${day(last)}`;
  }
  return a.month === b.month ? `${a.day}–${day(last)}` : `${a.day} ${a.month} – ${day(last)}`;
}

/** A window as its days, or as its instants where it starts or ends within a day. */
export function windowText(window: WindowShown, timezone: string): string {
  const whole = [window.start, window.end].every((time) => time.slice(11, 19) === "00:00:00");
  return whole
    ? days(window.first, window.last)
    : `${instant(window.start, timezone)} – ${instant(window.end, timezone)}`;
}

/** The local day that lies `count` days before another: `2026-11-23`, 1 -> `2026-11-22`. */
export function daysBefore(iso: string, count: number): string {
  const date = new Date(`${iso}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() - count);
  return date.toISOString().slice(0, 10);
}

/** "1 h 4 min", "3 min 20 s", "12 s". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, min, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (h > 0) {
    return min > 0 ? `${h} h ${min} min` : `${h} h`;
  }
  if (min > 0) {
    return s > 0 ? `${min} min ${s} s` : `${min} min`;
  }
  return `${s} s`;
}

const dayParts = (iso: string) =>
  partsOf(`${iso}T00:00:00Z`, "UTC", { day: "numeric", month: "short", year: "numeric" });

function partsOf(iso: string, timeZone: string, format: Intl.DateTimeFormatOptions): Record<string, string> {
  const parts = new Intl.DateTimeFormat(LOCALE, { ...format, timeZone }).formatToParts(new Date(iso));
  return Object.fromEntries(parts.map(({ type, value }) => [type, value]));
}
