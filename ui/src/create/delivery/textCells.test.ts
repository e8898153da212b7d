import { expect, test } from "vitest";
import { textCells } from "./textCells";

test("a download is for people and a bucket for machines, and it is said", () => {
  expect(textCells({ cells: null, cloud: false, download: false })).toBeNull();
  expect(textCells({ cells: null, cloud: false, download: true })).toMatch("leading apostrophe");
  expect(textCells({ cells: null, cloud: true, download: false })).toMatch("unchanged, for machines");
  expect(textCells({ cells: null, cloud: true, download: true })).toMatch("safe for spreadsheets in Device Storage");
  expect(textCells({ cells: "raw", cloud: false, download: true })).toMatch("csv_safety is raw");
});
