/** A report definition, as an engineer writes it in YAML and the page posts it (docs/definitions.md).
 *
 * The API describes it as any object, since a report type decides which filters it has.
 */

import type { Interval } from "./types";

export type Frequency = "one_time" | { interval: Interval; delivery_day?: string; delivery_time?: string };
export type DateRange = string | { first: string; last: string } | { start: string; end: string };
export type Delivery = "download" | { partner_export: { partner: string; bucket: string; prefix?: string } };

export interface Definition {
  name: string;
  report_type: string;
  filters: Record<string, string | string[]>;
  frequency: Frequency;
  date_range?: DateRange;
  delivery: Delivery[];
  format?: string;
  timezone?: string;
  starts_on?: string;
}
