import { expect, test } from "vitest";
import { textCells } from "./textCells";

test("a bucket makes the cells of the download raw, and it is said", () => {
  expect(textCells({ cloud: false, download: false })).toBeNull();
  expect(textCells({ cloud: false, download: true })).toMatch("leading apostrophe");
  expect(textCells({ cloud: true, download: false })).toMatch("unchanged, for machines");
  expect(textCells({ cloud: true, download: true })).toMatch("in the download too, unchanged");
});
