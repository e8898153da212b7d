/** The statuses of exports and reports: their words, which the server tells, and what each means for the page. */

import { type ExportStatus, ExportStatusLabels, type ReportStatus, ReportStatusLabels } from "./api/types";

export const STATUS_LABELS: Record<ExportStatus | ReportStatus, string> = {
  ...ExportStatusLabels,
  ...ReportStatusLabels,
};

/** Whether an export is still being made. */
export const isOpen = (status: ExportStatus | ReportStatus): boolean => status === "creating";

/** Whether an export was made and holds nothing. */
export const isEmpty = ({ rows, status }: { rows?: number | null; status: ExportStatus | ReportStatus }): boolean =>
  status === "created" && rows === 0;
