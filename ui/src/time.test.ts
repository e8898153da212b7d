import { expect, test } from "vitest";
import { day, days, daysBefore, duration, exactInstant, instant, windowText } from "./time";

test("an instant is shown in the account's timezone and names it, on both sides of a clock change", () => {
  expect(instant("2026-11-01T01:30:00-04:00", "America/New_York")).toBe("1 Nov 2026, 01:30 GMT-4");
  expect(instant("2026-11-01T01:30:00-05:00", "America/New_York")).toBe("1 Nov 2026, 01:30 GMT-5");
  expect(instant("2026-11-22T20:00:00Z", "Asia/Kolkata")).toBe("23 Nov 2026, 01:30 GMT+5:30");
  expect(instant("2026-11-23T00:00:00Z", "UTC")).toBe("23 Nov 2026, 00:00 GMT");
  expect(exactInstant("2026-11-23T06:00:05-05:00", "America/New_York")).toContain("(America/New_York)");
});

test("days are local days: no timezone moves them", () => {
  expect(day("2026-11-23")).toBe("23 Nov 2026");
  expect(days("2026-11-22", "2026-11-22")).toBe("22 Nov 2026");
  expect(days("2026-11-16", "2026-11-22")).toBe("16–22 Nov 2026");
  expect(days("2026-10-26", "2026-11-01")).toBe("26 Oct – 1 Nov 2026");
  expect(days("2026-12-28", "2027-01-03")).toBe("28 Dec 2026 – 3 Jan 2027");
  expect(daysBefore("2026-03-01", 1)).toBe("2026-02-28");
});

test("a window of whole days is its days, any other its instants", () => {
  const whole = { start: "2026-11-01T00:00:00-04:00", end: "2026-11-02T00:00:00-05:00" };
  const local = { first: "2026-11-01", last: "2026-11-01", open: false };
  expect(windowText({ ...whole, ...local }, "America/New_York")).toBe("1 Nov 2026");
  expect(windowText({ ...whole, ...local, end: "2026-11-01T06:00:00-05:00" }, "America/New_York")).toBe(
    "1 Nov 2026, 00:00 GMT-4 – 1 Nov 2026, 06:00 GMT-5",
  );
});

test("durations carry at most two units and never say 60 s", () => {
  expect([0.4, 59.6, 200, 3600, 3840].map(duration)).toEqual(["0 s", "1 min", "3 min 20 s", "1 h", "1 h 4 min"]);
});
