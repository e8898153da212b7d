/** Limits of a custom date range, and how a click in the calendar changes it. */

import { type Day, daysInWords, isDay, lastAllowed, shortDay } from "./days";

/** Both are local days and included; "" where not chosen yet, and any text while it is being typed. */
export interface DayRange {
  first: string;
  last: string;
}

export interface RangeLimits {
  today: Day;
  /** Calendar months; null where a range may have any length. */
  maxMonths: number | null;
}

export type RangePart = keyof DayRange | "both";

/** The first problem of a range and the part it is about; null for a valid range. */
export const rangeProblem = (
  { first, last }: DayRange,
  { maxMonths, today }: RangeLimits,
): { message: string; part: RangePart } | null => {
  const ends = [
    ["first", first],
    ["last", last],
  ] as const;
  for (const [part, day] of ends) {
    if (day === "") return { message: `Enter the ${part} day.`, part };
    if (!isDay(day)) return { message: `Write the ${part} day like ${today}.`, part };
    if (day > today) return { message: `The ${part} day is in the future. Today is ${shortDay(today, today)}.`, part };
  }
  if (first > last) return { message: "The first day is after the last day.", part: "both" };
  if (maxMonths !== null && last > lastAllowed(first, maxMonths)) {
    const months = `${maxMonths} month${maxMonths === 1 ? "" : "s"}`;
    const longest = daysInWords(first, lastAllowed(first, maxMonths), today);
    return {
      message: `Longer than ${months}, the most for one export. The longest range from there is ${longest}.`,
      part: "both",
    };
  }
  return null;
};

/** A click begins a range; the next one ends it, or begins anew where it is before the first day. */
export const withClicked = ({ first, last }: DayRange, day: Day): DayRange =>
  isDay(first) && last === "" && day >= first ? { first, last: day } : { first: day, last: "" };
