/** The intervals of recurring reports: their words, which the server tells, and what each means for the form. */

import { type Interval, IntervalLabels } from "./api/types";

export const INTERVALS = Object.keys(IntervalLabels) as Interval[];

/** What one delivery covers, within a sentence. */
export const COVERED: Record<Interval, string> = { daily: "day", weekly: "week" };

/** Whether a delivery day is chosen for it. */
export const hasDeliveryDay = (interval: Interval): boolean => interval === "weekly";
