import { expect, test } from "vitest";
import { counted, size } from "./quantities";

test("sizes use decimal units and never show 1,000 of one", () => {
  expect([1, 999, 1000, 45_678_901, 999_960_000, 2.5e12].map(size)).toEqual([
    "1 byte",
    "999 bytes",
    "1 kB",
    "45.7 MB",
    "1 GB",
    "2.5 TB",
  ]);
});

test("one is singular", () => {
  expect([counted(1, "row"), counted(0, "row"), counted(2_500_000, "row")]).toEqual([
    "1 row",
    "0 rows",
    "2,500,000 rows",
  ]);
});
