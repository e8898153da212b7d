import { expect, test } from "vitest";
import { addDays, addMonths, daysInWords, isDay, lastAllowed, localDay, placeInWeek, weeksOf, wholeDay } from "./days";

test.each([
  ["2026-11-23", true],
  ["2024-02-29", true],
  ["2026-02-29", false],
  ["2026-13-01", false],
  ["2026-1-1", false],
  ["0026-01-01", false],
  ["", false],
])("whether %j is a day: %j", (text, is) => expect(isDay(text)).toBe(is));

test("days and months go over the ends of months and years", () => {
  expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
  expect(addDays("2024-03-01", -1)).toBe("2024-02-29");
  expect(addMonths("2026-01-31", 1)).toBe("2026-02-28");
  expect(addMonths("2026-03-31", -13)).toBe("2025-02-28");
  expect(addMonths("2026-11-30", 3)).toBe("2027-02-28");
});

test("a week starts on the account's first day", () => {
  expect(placeInWeek("2026-11-23", "monday")).toBe(0);
  expect(placeInWeek("2026-11-23", "sunday")).toBe(1);
  expect(placeInWeek("2026-11-22", "monday")).toBe(6);
  expect(weeksOf("2026-11-23", "monday").map((week) => week.length)).toEqual([1, 7, 7, 7, 7, 1]);
  expect(weeksOf("2026-11-23", "sunday")[0]).toEqual([
    "2026-11-01",
    "2026-11-02",
    "2026-11-03",
    "2026-11-04",
    "2026-11-05",
    "2026-11-06",
    "2026-11-07",
  ]);
});

test("the longest range in calendar months is the one of the documents", () => {
  expect(lastAllowed("2026-01-15", 3)).toBe("2026-04-14");
  expect(lastAllowed("2026-11-30", 3)).toBe("2027-02-27");
});

test("an instant belongs to the day of its timezone", () => {
  expect(localDay("2026-11-01T00:00:00-04:00", "America/New_York")).toBe("2026-11-01");
  expect(localDay("2026-11-01T00:00:00-04:00", "Pacific/Honolulu")).toBe("2026-10-31");
});

test("days in words name the year only where it is another one", () => {
  expect(daysInWords("2026-11-16", "2026-11-22", "2026-11-23")).toBe("16 Nov to 22 Nov");
  expect(daysInWords("2026-11-22", "2026-11-22", "2026-11-23")).toBe("22 Nov");
  expect(daysInWords("2025-12-01", "2026-01-31", "2026-02-02")).toBe("1 Dec 2025 to 31 Jan");
  expect(wholeDay("2026-11-16")).toBe("Monday 16 November 2026");
});
