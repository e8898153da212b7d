import { expect, test } from "vitest";
import { dayAfterKey } from "./keys";
import { rangeProblem, withClicked } from "./range";

const LIMITS = { maxMonths: 3, today: "2026-11-23" };

test.each([
  ["2026-08-15", "2026-11-14", null],
  ["2026-11-23", "2026-11-23", null],
  ["2026-08-15", "2026-11-15", "both"],
  ["2026-11-20", "2026-11-24", "last"],
  ["2026-11-24", "2026-11-25", "first"],
  ["2026-11-20", "2026-11-19", "both"],
  ["", "2026-11-19", "first"],
  ["2026-11-01", "", "last"],
  ["2026-11-1", "2026-11-19", "first"],
])("%s to %s is wrong in: %s", (first, last, part) =>
  expect(rangeProblem({ first, last }, LIMITS)?.part ?? null).toBe(part));

test("a range that is too long is refused with the longest one", () => {
  const problem = rangeProblem({ first: "2026-08-15", last: "2026-11-15" }, LIMITS);
  expect(problem?.message).toContain("Longer than 3 months");
  expect(problem?.message).toContain("15 Aug to 14 Nov");
  expect(rangeProblem({ first: "2020-01-01", last: "2026-11-23" }, { ...LIMITS, maxMonths: null })).toBeNull();
});

test("clicks begin a range, end it, and begin anew", () => {
  const begun = withClicked({ first: "", last: "" }, "2026-11-10");
  expect(begun).toEqual({ first: "2026-11-10", last: "" });
  expect(withClicked(begun, "2026-11-12")).toEqual({ first: "2026-11-10", last: "2026-11-12" });
  expect(withClicked(begun, "2026-11-10")).toEqual({ first: "2026-11-10", last: "2026-11-10" });
  expect(withClicked(begun, "2026-11-09")).toEqual({ first: "2026-11-09", last: "" });
  expect(withClicked({ first: "2026-11-10", last: "2026-11-12" }, "2026-11-14")).toEqual({
    first: "2026-11-14",
    last: "",
  });
});

test.each([
  ["ArrowLeft", false, "2026-11-24"],
  ["ArrowDown", false, "2026-12-02"],
  ["Home", false, "2026-11-23"],
  ["End", false, "2026-11-29"],
  ["PageUp", false, "2026-10-25"],
  ["PageDown", true, "2027-11-25"],
  ["Enter", false, null],
])("%s (shift: %s) moves to %s", (key, shift, day) =>
  expect(dayAfterKey(key, shift, "2026-11-25", "monday")).toBe(day));
