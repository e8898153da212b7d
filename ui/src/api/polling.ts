/** How soon a list or a detail is asked for again while somebody looks at it. */

import { isOpen } from "../status";
import type { ExportRow, ReportRow } from "./types";

/** Something goes on; something should, but waits; nothing does, although others may begin something. */
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
 * Milliseconds until the next question. `quiet`: milliseconds since an answer differed from the one before, or the
 * user did something; `failures`: errors since the last answer, each of which doubles the pause.
 */
export const pauseOf = (pace: Pace, quiet: number, failures: number): number =>
  Math.min(MINUTE, calmPause(pace, quiet) * 2 ** failures);

const calmPause = (pace: Pace, quiet: number): number => {
  if (pace === "still" || quiet >= 10 * MINUTE) {
    return 30 * SECOND;
  }
  return pace === "waiting" || quiet >= MINUTE ? 10 * SECOND : 3 * SECOND;
};
