import { expect, test } from "vitest";
import type { ExportStatus, PastWindow } from "../api/types";
import { toExport } from "./usePastWindows";
import { whatHappens } from "./whatHappens";

const past = (status: ExportStatus | null, makes: boolean, makes_again: boolean): PastWindow => ({
  due: "2026-11-23T06:00:00-05:00",
  export: status && { id: 7, status },
  makes,
  makes_again,
  window: { end: "", first: "2026-11-22", last: "2026-11-22", open: false, start: "" },
});

const NONE = past(null, true, true);
const FAILED = past("failed", true, true);
const CANCELLED = past("cancelled", true, true);
const CREATED = past("created", false, true);
const CREATING = past("creating", false, false);
const BY_HAND = past("created", true, true); // Airflow does not count a run that somebody started by hand

test("the server says which windows are made, whatever was exported before", () => {
  const windows = [NONE, FAILED, CANCELLED, CREATED, CREATING, BY_HAND];
  expect(toExport({ unfinished: 0, windows }, false)).toEqual([NONE, FAILED, CANCELLED, BY_HAND]);
  expect(toExport({ unfinished: 0, windows }, true)).toEqual([NONE, FAILED, CANCELLED, CREATED, BY_HAND]);
});

test.each([
  [NONE, "will be made", "will be made"],
  [FAILED, "failed, will be made", "failed, will be made"],
  [CANCELLED, "cancelled, will be made", "cancelled, will be made"],
  [CREATED, "skipped", "will be made again"],
  [CREATING, "being made", "being made"],
  [BY_HAND, "will be made again", "will be made again"],
])("each window says what happens to it %#", (window, ordinary, again) => {
  expect([whatHappens(window, false), whatHappens(window, true)]).toEqual([ordinary, again]);
});
