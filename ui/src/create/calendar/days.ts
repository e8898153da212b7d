/**
 * Calendar days as ISO text (`2026-11-23`), without a time and without a timezone, so that the browser's own timezone
 * cannot shift them. Days compare as text.
 */

export type Day = string;

const MILLISECONDS_OF_DAY = 86_400_000;
const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

const instantOf = (day: Day) => new Date(`${day}T00:00:00Z`);
const dayOf = (instant: Date): Day => instant.toISOString().slice(0, 10);

/** Whether a text is a day of the calendar: `2026-02-30` is not. */
export const isDay = (text: string): boolean => {
  if (!/^(19|2\d)\d\d-\d\d-\d\d$/.test(text)) return false;
  const instant = instantOf(text);
  return !Number.isNaN(instant.getTime()) && dayOf(instant) === text;
};

export const addDays = (day: Day, days: number): Day =>
  dayOf(new Date(instantOf(day).getTime() + days * MILLISECONDS_OF_DAY));

/** The same day of another month, or that month's last day: 31 January and one month are 28 or 29 February. */
export const addMonths = (day: Day, months: number): Day => {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  const last = new Date(Date.UTC(year, month + months, 0));
  return dayOf(new Date(Date.UTC(last.getUTCFullYear(), last.getUTCMonth(), Math.min(date, last.getUTCDate()))));
};

export const firstOfMonth = (day: Day): Day => `${day.slice(0, 7)}-01`;

/** How many days after the first day of its week a day is; `weekStartsOn` is a weekday's name, such as "monday". */
export const placeInWeek = (day: Day, weekStartsOn: string): number =>
  (instantOf(day).getUTCDay() - WEEKDAYS.indexOf(weekStartsOn) + 7) % 7;

/** The weeks of a month: seven days each, but the first and the last only as many as the month has in them. */
export const weeksOf = (month: Day, weekStartsOn: string): Day[][] => {
  const weeks: Day[][] = [];
  const first = firstOfMonth(month);
  for (let day = first; day.startsWith(first.slice(0, 7)); day = addDays(day, 1)) {
    if (day === first || placeInWeek(day, weekStartsOn) === 0) weeks.push([]);
    weeks.at(-1)?.push(day);
  }
  return weeks;
};

/** The last day that a range of so many calendar months may have: with 3, 14 April for 15 January. */
export const lastAllowed = (first: Day, months: number): Day => addDays(addMonths(first, months), -1);

/** The local day of an instant: ISO text or milliseconds since 1970. */
export const localDay = (instant: number | string, timezone: string): Day =>
  new Intl.DateTimeFormat("en-CA", { day: "2-digit", month: "2-digit", timeZone: timezone, year: "numeric" }).format(
    new Date(instant),
  );

const words = (options: Intl.DateTimeFormatOptions) => {
  const format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
  return (day: Day) => format.format(instantOf(day));
};

/** "November 2026" */
export const monthAndYear = words({ month: "long", year: "numeric" });
/** "Monday" */
export const weekday = words({ weekday: "long" });

/** "Monday 16 November 2026" */
export const wholeDay = (day: Day): string => `${weekday(day)} ${Number(day.slice(8))} ${monthAndYear(day)}`;

const dayAndMonth = words({ day: "numeric", month: "short" });
const dayMonthYear = words({ day: "numeric", month: "short", year: "numeric" });

/** "16 Nov", with its year where that is not the year of today. */
export const shortDay = (day: Day, today: Day): string =>
  (day.slice(0, 4) === today.slice(0, 4) ? dayAndMonth : dayMonthYear)(day);

/** "16 Nov to 22 Nov", or the one day. */
export const daysInWords = (first: Day, last: Day, today: Day): string =>
  first === last ? shortDay(first, today) : `${shortDay(first, today)} to ${shortDay(last, today)}`;
