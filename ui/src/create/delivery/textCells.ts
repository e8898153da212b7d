/** How text cells that look like formulas are written: one rule for all deliveries of a report. */

import type { Draft } from "../draft";

export const textCells = ({ cells, cloud, download }: Pick<Draft, "cells" | "cloud" | "download">): string | null => {
  if (cells !== null) return `Text cells are written as in the copied report: csv_safety is ${cells}.`;
  if (cloud && download)
    return "With a Cloud Partner text cells are written, in the download too, unchanged: a spreadsheet may run a cell that looks like a formula. For people who open it in one, create a report to Device Storage alone.";
  if (cloud) return "Text cells are written unchanged, for machines.";
  return download
    ? "Text cells are made safe for spreadsheets: a cell that looks like a formula gets a leading apostrophe."
    : null;
};
