/** What keeps a draft from being a definition, field by field. The rules of values are the server's. */

import type { BucketShown, FormInfo } from "../api/types";
import { hasDeliveryDay } from "../interval";
import { rangeProblem } from "./calendar/range";
import { takes, takesOnly } from "./delivery/buckets";
import { connectedPartners, type Draft, reportTypeOf, todayOf } from "./draft";
import type { FieldProblem } from "./fields/fields";
import { kindOf } from "./filters/kinds";

export const MAX_NAME = 120;

/** Characters as the server counts them: a letter outside the basic plane is one. */
export const nameLength = (name: string): number => [...name.trim()].length;

/** In the order of the page; empty where the draft is complete. */
export const missing = (draft: Draft, form: FormInfo): FieldProblem[] => {
  const found: [string, string | null][] = [
    ["name", nameMissing(draft.name)],
    ["promotion_type", draft.promotionType === "" ? "Select a promotion type." : null],
    ["report_type", draft.promotionType !== "" && draft.reportType === "" ? "Select a report type." : null],
    ...(reportTypeOf(draft, form)?.filters ?? []).map(
      (filter) => [`filters.${filter.name}`, kindOf(filter).missing(filter, draft, form)] as [string, string | null],
    ),
    ["delivery", draft.download || draft.cloud ? null : "Select at least one delivery destination."],
    ...cloudMissing(draft, form),
    ...recurrenceMissing(draft),
    ["date_range", rangeMissing(draft, form)],
  ];
  return found.flatMap(([field, message]) => (message === null ? [] : [{ field, message }]));
};

const nameMissing = (name: string): string | null => {
  const length = nameLength(name);
  if (length === 0) return "Enter a name.";
  return length > MAX_NAME ? `The name has ${length} characters; at most ${MAX_NAME} are allowed.` : null;
};

const cloudMissing = (draft: Draft, form: FormInfo): [string, string | null][] => {
  if (!draft.cloud) return [];
  const partner = connectedPartners(form).find((each) => each.id === draft.partner);
  const bucket = partner?.buckets.find((each) => each.name === draft.bucket);
  return [
    ["partner", partner === undefined ? "Select a partner." : null],
    ["bucket", bucketMissing(draft, bucket)],
  ];
};

const bucketMissing = (draft: Draft, bucket: BucketShown | undefined): string | null => {
  if (draft.bucket === "") return "Select a bucket.";
  if (bucket === undefined) return `“${draft.bucket}” is not connected any more. Select another.`;
  if (takes(bucket, draft)) return null;
  return `“${draft.bucket}” takes ${takesOnly(bucket)}. Select another bucket or frequency.`;
};

const recurrenceMissing = (draft: Draft): [string, string | null][] => {
  if (!draft.recurring) return [];
  const noDay = hasDeliveryDay(draft.interval) && draft.deliveryDay === "";
  return [
    [
      "frequency",
      draft.cloud ? null : "A recurring report needs a Cloud Partner. Select it as the delivery destination.",
    ],
    ["delivery_day", noDay ? "Select a delivery day." : null],
    ["delivery_time", draft.deliveryTime === "" ? "Enter a delivery time." : null],
  ];
};

const rangeMissing = (draft: Draft, form: FormInfo): string | null => {
  const type = reportTypeOf(draft, form);
  if (type === undefined || type.date_range === "none" || draft.recurring) return null;
  if (draft.range.kind === "unset") return "Select a date range.";
  if (draft.range.kind !== "custom") return null;
  return rangeProblem(draft.range, { maxMonths: type.max_months, today: todayOf(draft, form) })?.message ?? null;
};
