/** What the form holds, as plain data: how it begins, and the definition that it says. */

import type { Definition } from "../api/definition";
import type { ChoiceShown, FilterShown, FormInfo, Interval, ReportTypeShown } from "../api/types";
import { hasDeliveryDay } from "../interval";
import { type Day, localDay } from "./calendar/days";
import type { DayRange } from "./calendar/range";

export interface Choice extends ChoiceShown {
  /** Of a copied report: nobody has asked yet whether the value still exists. */
  unchecked?: boolean;
  /** Of a copied report: the promo database does not know the value any more. */
  gone?: boolean;
}

/** What was chosen for a filter. `all` is the radio All of a filter that may be left out. */
export interface Chosen {
  all: boolean;
  choices: Choice[];
}

export type ChosenRange =
  | ({ kind: "custom" } & DayRange)
  | { kind: "none" } // an optional range that is not wanted
  | { kind: "preset"; preset: string }
  | { kind: "unset" };

export interface Draft {
  name: string;
  promotionType: string;
  reportType: string;
  filters: Record<string, Chosen>;
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
  /** A timezone that a copied report pins; null: the account's. */
  timezone: string | null;
  startsOn: string | null;
}

const NOTHING: Chosen = { all: false, choices: [] };

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

export const chosenOf = (draft: Draft, filter: FilterShown): Chosen => draft.filters[filter.name] ?? NOTHING;

/** The value that a filter's choices depend on: null where it depends on none, "" where none is chosen that exists. */
export const parentValue = (draft: Draft, filter: FilterShown): string | null => {
  if (filter.depends_on === null) return null;
  const parent = draft.filters[filter.depends_on]?.choices[0];
  return parent === undefined || parent.gone ? "" : parent.value;
};

/** The timezone of the draft's days. */
export const timezoneOf = (draft: Draft, form: FormInfo): string => draft.timezone ?? form.timezone;

/** Today in the draft's timezone. */
export const todayOf = (draft: Draft, form: FormInfo): Day =>
  draft.timezone === null ? form.today : localDay(Date.now(), draft.timezone);

/** What the filter that another one depends on is called within a sentence. */
export const parentTitle = (filter: FilterShown, draft: Draft, form: FormInfo): string =>
  reportTypeOf(draft, form)
    ?.filters.find((each) => each.name === filter.depends_on)
    ?.title.toLowerCase() ?? "";

/** How a filter begins: all of it where that is its default, its only choice where it has but one. */
export const startOf = (filter: FilterShown): Chosen => {
  if (filter.select === "all") return { all: true, choices: [] };
  const fixed = filter.choices ?? [];
  return { all: false, choices: filter.default_all || fixed.length === 1 ? fixed : [] };
};

export const startOfFilters = (type: ReportTypeShown | undefined): Record<string, Chosen> =>
  Object.fromEntries((type?.filters ?? []).map((filter) => [filter.name, startOf(filter)]));

/** The only item of a list, or undefined. */
export const only = <T>(items: readonly T[]): T | undefined => (items.length === 1 ? items[0] : undefined);

export const emptyDraft = (form: FormInfo): Draft => {
  const partners = connectedPartners(form);
  const partner = only(partners);
  return {
    bucket: only(partner?.buckets ?? [])?.name ?? "",
    cloud: false,
    deliveryDay: "",
    deliveryTime: form.default_delivery_time,
    download: partners.length === 0,
    filters: {},
    interval: "daily",
    name: "",
    partner: partner?.id ?? "",
    prefix: null,
    promotionType: "",
    range: { kind: "unset" },
    recurring: false,
    reportType: "",
    startsOn: null,
    timezone: null,
  };
};

/** The definition that a complete draft says (`missing` is empty). */
export const definitionOf = (draft: Draft, form: FormInfo): Definition => {
  const type = reportTypeOf(draft, form);
  const dateRange = draft.recurring || type?.date_range === "none" ? undefined : dateRangeOf(draft.range);
  return {
    delivery: deliveryOf(draft),
    filters: Object.fromEntries(
      (type?.filters ?? []).map((filter) => [filter.name, filterValue(filter, chosenOf(draft, filter))]),
    ),
    frequency: frequencyOf(draft),
    name: draft.name.trim(),
    report_type: draft.reportType,
    ...(dateRange === undefined ? {} : { date_range: dateRange }),
    ...(draft.timezone === null ? {} : { timezone: draft.timezone }),
    ...(draft.startsOn === null || !draft.recurring ? {} : { starts_on: draft.startsOn }),
  };
};

/** Every one of a fixed list is `all`: a recurring report then also covers a choice that its type gets later. */
const filterValue = (filter: FilterShown, { all, choices }: Chosen): string[] | string => {
  if (filter.select === "one") return choices[0]?.value ?? "";
  if (all && filter.select === "all") return "all";
  if (filter.choices !== null && filter.choices.length === choices.length) return "all";
  return choices.map((choice) => choice.value);
};

const frequencyOf = (draft: Draft): Definition["frequency"] => {
  if (!draft.recurring) return "one_time";
  const weekly = hasDeliveryDay(draft.interval) ? { delivery_day: draft.deliveryDay } : {};
  return { interval: draft.interval, ...weekly, delivery_time: draft.deliveryTime };
};

const dateRangeOf = (range: ChosenRange): Definition["date_range"] => {
  if (range.kind === "preset") return range.preset;
  return range.kind === "custom" ? { first: range.first, last: range.last } : undefined;
};

const deliveryOf = (draft: Draft): Definition["delivery"] => {
  const { bucket, partner, prefix } = draft;
  const below = prefix ? { prefix } : {};
  return [
    ...(draft.download ? (["download"] as const) : []),
    ...(draft.cloud ? [{ partner_export: { bucket, partner, ...below } }] : []),
  ];
};
