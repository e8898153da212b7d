/** Polling intervals of lists and details while the page is visible. */

import { isOpen } from "../status";
import type { ExportRow, ReportRow } from "./types";

/** moving: an export makes progress; waiting: all open exports wait; still: none is open. */
export type Pace = "moving" | "waiting" | "still";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export const paceOf = (rows: readonly (ExportRow | ReportRow)[]): Pace => {
  const open = rows.filter((row) => isOpen(row.status) || ("pending" in row && row.pending));
  if (open.length === 0) {
    return "still";
  }
  return open.every((row) => "waiting" in row && row.waiting !== null) ? "waiting" : "moving";
};

/**
 * Milliseconds until the next request. `quiet`: milliseconds since the response last changed or the user acted;
 * `failures`: errors since the last response, each of which doubles the interval.
 */
export const pauseOf = (pace: Pace, quiet: number, failures: number): number =>
  Math.min(MINUTE, calmPause(pace, quiet) * 2 ** failures);

const calmPause = (pace: Pace, quiet: number): number => {
  if (pace === "still" || quiet >= 10 * MINUTE) {
    return 30 * SECOND;
  }
  return pace === "waiting" || quiet >= MINUTE ? 10 * SECOND : 3 * SECOND;
};
