/** How text cells that look like formulas are written: in a download for people, in a bucket for machines. */

import type { Draft } from "../draft";

export const textCells = ({ cells, cloud, download }: Pick<Draft, "cells" | "cloud" | "download">): string | null => {
  if (cells !== null) return `Text cells are written as in the copied report: csv_safety is ${cells}.`;
  if (cloud && download)
    return "Text cells are made safe for spreadsheets in Device Storage: a cell that looks like a formula gets a leading apostrophe. For the Cloud Partner they are written unchanged, for machines.";
  if (cloud) return "Text cells are written unchanged, for machines.";
  return download
    ? "Text cells are made safe for spreadsheets: a cell that looks like a formula gets a leading apostrophe."
    : null;
};
