import { expect, test } from "vitest";
import { paceOf, pauseOf } from "./polling";
import type { ExportRow, ReportRow } from "./types";

const exported = (status: ExportRow["status"], waiting: string | null = null) => ({ status, waiting }) as ExportRow;
const report = (pending: boolean) => ({ pending, status: "active" }) as ReportRow;

test("asks less often the longer nothing changes", () => {
  expect([0, 59_999, 60_000, 599_999, 600_000].map((quiet) => pauseOf("moving", quiet, 0))).toEqual([
    3_000, 3_000, 10_000, 10_000, 30_000,
  ]);
  expect([0, 60_000, 600_000].map((quiet) => pauseOf("waiting", quiet, 0))).toEqual([10_000, 10_000, 30_000]);
  expect(pauseOf("still", 0, 0)).toBe(30_000);
});

test("each error doubles the pause, up to a minute", () => {
  expect([1, 2, 4, 5, 5_000].map((failures) => pauseOf("moving", 0, failures))).toEqual([
    6_000, 12_000, 48_000, 60_000, 60_000,
  ]);
  expect(pauseOf("still", 600_000, 1)).toBe(60_000);
});

test("the liveliest row decides", () => {
  expect(paceOf([])).toBe("still");
  expect(paceOf([exported("created"), exported("failed"), report(false)])).toBe("still");
  expect(paceOf([exported("created"), exported("creating", "It is paused in Airflow.")])).toBe("waiting");
  expect(paceOf([exported("creating"), exported("creating", "It is paused in Airflow.")])).toBe("moving");
  expect(paceOf([report(true)])).toBe("moving");
});
