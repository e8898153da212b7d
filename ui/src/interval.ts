/** The intervals of recurring reports: their words, which the server tells, and what each means for the form. */

import { type Interval, IntervalLabels, type ReportRow } from "./api/types";

export const INTERVALS = Object.keys(IntervalLabels) as Interval[];
export const FREQUENCY_LABELS: Record<ReportRow["frequency"], string> = { ...IntervalLabels, one_time: "One Time" };

/** What one delivery covers, within a sentence. */
export const COVERED: Record<Interval, string> = { daily: "day", weekly: "week" };

/** Whether a delivery day is chosen for it. */
export const hasDeliveryDay = (interval: Interval): boolean => interval === "weekly";
