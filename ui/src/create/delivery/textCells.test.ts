import { expect, test } from "vitest";
import { textCells } from "./textCells";

test("a bucket makes the cells of the download raw, and it is said", () => {
  expect(textCells({ cells: null, cloud: false, download: false })).toBeNull();
  expect(textCells({ cells: null, cloud: false, download: true })).toMatch("leading apostrophe");
  expect(textCells({ cells: null, cloud: true, download: false })).toMatch("unchanged, for machines");
  expect(textCells({ cells: null, cloud: true, download: true })).toMatch("in the download too, unchanged");
  expect(textCells({ cells: "raw", cloud: false, download: true })).toMatch("csv_safety is raw");
});
