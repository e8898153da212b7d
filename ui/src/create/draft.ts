/** The draft: the form's values as plain data, its defaults, and the definition made of it. */

import type { Definition, OwnShape } from "../api/definition";
import type { FormInfo, Interval, Preset, RecurringForm, ReportTypeShown } from "../api/types";
import { hasDeliveryDay } from "../interval";
import { type Day, localDay } from "./calendar/days";
import type { DayRange } from "./calendar/range";
import { kindOf } from "./filters/kinds";
import { type Chosen, chosenOf } from "./filters/values";

export type ChosenRange =
  | ({ kind: "custom" } & DayRange)
  | { kind: "none" } // an optional range that is not wanted
  | { kind: "preset"; preset: Preset }
  | { kind: "unset" };

export interface Draft {
  name: string;
  promotionType: string;
  reportType: string;
  filters: Record<string, Chosen>;
  /** Of the files: the id of a format that the form offers. */
  format: string;
  download: boolean;
  cloud: boolean;
  partner: string;
  bucket: string;
  /** Below the bucket's own prefix. null: the field is not shown, since only copied reports bring one. */
  prefix: string | null;
  recurring: boolean;
  interval: Interval;
  deliveryDay: string;
  deliveryTime: string;
  range: ChosenRange;
  /** The cell policy (`csv_safety`) that a copied report names; null: that of its destinations. */
  cells: string | null;
  /** The masks of columns that identify a person, by their names; those that have none are clear. */
  masks: Record<string, string>;
  /** The shapes that the deliveries of a copied report have of their own. */
  shapes: { cloud: OwnShape; download: OwnShape };
  /** A timezone that a copied report pins; null: the account's. */
  timezone: string | null;
  startsOn: string | null;
}

export const reportTypeOf = (draft: Draft, form: FormInfo): ReportTypeShown | undefined =>
  form.report_types.find((each) => each.id === draft.reportType);

/** The report types of a promotion type that this user may create. */
export const offeredTypes = (form: FormInfo, promotionType: string): ReportTypeShown[] =>
  form.report_types.filter((each) => each.may_create && each.promotion_type === promotionType);

/** Partners that have a bucket to deliver to. */
export const connectedPartners = (form: FormInfo): FormInfo["partners"] =>
  form.partners.filter((partner) => partner.buckets.length > 0);

/** Presets that a report type takes: none longer than its `max_months`. */
export const offeredPresets = (form: FormInfo, type: ReportTypeShown): FormInfo["presets"] =>
  form.presets.filter((preset) => type.max_months === null || preset.months <= type.max_months);

/** The timezone of the draft's days. */
export const timezoneOf = (draft: Draft, form: FormInfo): string => draft.timezone ?? form.timezone;

/** Today in the draft's timezone. */
export const todayOf = (draft: Draft, form: FormInfo): Day =>
  draft.timezone === null ? form.today : localDay(Date.now(), draft.timezone);

/** The only item of a list, or undefined. */
export const only = <T>(items: readonly T[]): T | undefined => (items.length === 1 ? items[0] : undefined);

export const emptyDraft = (form: FormInfo): Draft => {
  const partners = connectedPartners(form);
  const partner = only(partners);
  return {
    bucket: only(partner?.buckets ?? [])?.name ?? "",
    cells: null,
    cloud: false,
    deliveryDay: "",
    deliveryTime: form.default_delivery_time,
    download: partners.length === 0,
    filters: {},
    format: form.formats[0]?.id ?? "",
    interval: "daily",
    masks: {},
    name: "",
    partner: partner?.id ?? "",
    prefix: null,
    promotionType: "",
    range: { kind: "unset" },
    recurring: false,
    reportType: "",
    shapes: { cloud: {}, download: {} },
    startsOn: null,
    timezone: null,
  };
};

/** The definition of a complete draft (`missing` is empty). */
export const definitionOf = (draft: Draft, form: FormInfo): Definition => {
  const type = reportTypeOf(draft, form);
  const dateRange = draft.recurring || type?.date_range === "none" ? undefined : dateRangeOf(draft.range);
  return {
    delivery: deliveryOf(draft),
    filters: filtersOf(draft, type),
    frequency: frequencyOf(draft),
    name: draft.name.trim(),
    report_type: draft.reportType,
    ...(draft.format === form.formats[0]?.id ? {} : { format: draft.format }),
    ...(draft.cells === null ? {} : { csv_safety: draft.cells }),
    ...personalDataOf(draft, type),
    ...(dateRange === undefined ? {} : { date_range: dateRange }),
    ...(draft.timezone === null ? {} : { timezone: draft.timezone }),
    ...(draft.startsOn === null || !draft.recurring ? {} : { starts_on: draft.startsOn }),
  };
};

const CLEAR = "clear";

/** The columns that identify a person. */
export const personalColumns = (type: ReportTypeShown | undefined): ReportTypeShown["columns"] =>
  (type?.columns ?? []).filter(({ masks }) => masks !== undefined && masks.length > 0);

export const maskOf = (draft: Draft, column: string): string => draft.masks[column] ?? CLEAR;

const personalDataOf = (draft: Draft, type: ReportTypeShown | undefined): Partial<Definition> => {
  const masked = personalColumns(type).flatMap(({ name }) => {
    const mask = maskOf(draft, name);
    return mask === CLEAR ? [] : [[name, mask]];
  });
  return masked.length === 0 ? {} : { personal_data: Object.fromEntries(masked) };
};

const filtersOf = (draft: Draft, type: ReportTypeShown | undefined): Definition["filters"] =>
  Object.fromEntries(
    (type?.filters ?? []).flatMap((filter) => {
      const value = kindOf(filter).toDefinition(filter, chosenOf(draft, filter));
      return value === undefined ? [] : [[filter.name, value]];
    }),
  );

const frequencyOf = (draft: Draft): Definition["frequency"] => {
  if (!draft.recurring) return "one_time";
  const weekly = hasDeliveryDay(draft.interval)
    ? { delivery_day: draft.deliveryDay as NonNullable<RecurringForm["delivery_day"]> } // one of the form's weekdays
    : {};
  return { interval: draft.interval, ...weekly, delivery_time: draft.deliveryTime };
};

const dateRangeOf = (range: ChosenRange): Definition["date_range"] => {
  if (range.kind === "preset") return range.preset;
  return range.kind === "custom" ? { first: range.first, last: range.last } : undefined;
};

const isEmpty = (shape: OwnShape): boolean => Object.keys(shape).length === 0;

const deliveryOf = (draft: Draft): Definition["delivery"] => {
  const { bucket, partner, prefix, shapes } = draft;
  const below = prefix ? { prefix } : {};
  return [
    ...(draft.download ? [isEmpty(shapes.download) ? ("download" as const) : { download: shapes.download }] : []),
    ...(draft.cloud ? [{ partner_export: { bucket, partner, ...below, ...shapes.cloud } }] : []),
  ];
};
