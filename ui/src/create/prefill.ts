/** Duplicate: a draft from the definition of another report, and sentences about what could not be taken over. */

import type { Definition, OwnShape } from "../api/definition";
import type { FilterShown, FormInfo, ReportTypeShown } from "../api/types";
import { daysInWords, localDay } from "./calendar/days";
import { type ChosenRange, type Draft, offeredPresets, personalColumns } from "./draft";
import { initialOf, kindOf } from "./filters/kinds";
import type { Chosen } from "./filters/values";
import { MAX_NAME } from "./missing";
import { newDraft } from "./reducer";

export interface Prefilled {
  draft: Draft;
  notes: string[];
}

type Delivery = Definition["delivery"][number];

const COPY = " (copy)";

/** A definition of another time may lack what each has today. */
export const prefill = (start: Partial<Definition>, form: FormInfo): Prefilled => {
  const definition: Definition = {
    ...start,
    delivery: start.delivery ?? [],
    filters: start.filters ?? {},
    frequency: start.frequency ?? "one_time",
    name: start.name ?? "",
    report_type: start.report_type ?? "",
  };
  const type = form.report_types.find((each) => each.id === definition.report_type);
  const name = [...definition.name].slice(0, MAX_NAME - COPY.length).join("") + COPY;
  if (type === undefined || !type.may_create) {
    const why = type === undefined ? "cannot be used any more" : "is not among those that you may create";
    return {
      draft: { ...newDraft(form), name },
      notes: [`The report type of the copied report, ${type?.title ?? definition.report_type}, ${why}.`],
    };
  }
  const timezone = definition.timezone === form.timezone ? null : (definition.timezone ?? null);
  const cloud = cloudOf(definition);
  const draft: Draft = {
    ...newDraft(form),
    ...cloud,
    ...frequencyOf(definition, form),
    download: definition.delivery.some(isDownload),
    filters: filtersOf(definition, type),
    ...formatOf(definition, form),
    cells: definition.csv_safety ?? null,
    masks: definition.personal_data ?? {},
    name,
    promotionType: type.promotion_type,
    range: rangeOf(definition, form, type, timezone ?? form.timezone),
    reportType: type.id,
    shapes: shapesOf(definition),
    startsOn: definition.starts_on !== undefined && definition.starts_on > form.today ? definition.starts_on : null,
    timezone,
  };
  return { draft, notes: notesOf(definition, draft, type, form) };
};

const notesOf = (definition: Definition, draft: Draft, type: ReportTypeShown, form: FormInfo): string[] => {
  const given = definition.filters;
  const lost = Object.keys(given).filter((name) => !type.filters.some((filter) => filter.name === name));
  const range = definition.date_range;
  return [
    ...lost.map((name) => `The filter ${name} does not exist any more and is left out.`),
    ...type.filters.flatMap((filter) => notShown(filter, given[filter.name])),
    ...Object.entries(draft.masks).flatMap(([name, mask]) => notMasked(type, name, mask)),
    ...(definition.format === undefined || definition.format === draft.format
      ? []
      : [`The format ${definition.format} of the copied report is not offered any more.`]),
    ...(exportsOf(definition).length > 1 ? ["The copied report has several buckets; the first is taken over."] : []),
    ...(typeof range === "string" && draft.range.kind !== "preset"
      ? ["Its date range is not offered for this report type any more."]
      : []),
    ...partDaysNote(definition, draft, type, form),
    ...(draft.cells === null ? [] : [`As in the copied report, csv_safety is ${draft.cells}.`]),
    ...shapeNotes(draft),
    ...(draft.timezone === null ? [] : [`As in the copied report, days and weeks are those of ${draft.timezone}.`]),
    ...(draft.startsOn === null ? [] : [`As in the copied report, no delivery is due before ${draft.startsOn}.`]),
  ];
};

const shapeNotes = ({ shapes }: Draft): string[] =>
  [
    { of: shapes.download, where: "Device Storage" },
    { of: shapes.cloud, where: "the Cloud Partner" },
  ].flatMap(({ of, where }) =>
    Object.entries(of).map(([key, value]) => `As in the copied report, ${key} of ${where} is ${value}.`),
  );

const notShown = (filter: FilterShown, value: unknown): string[] =>
  value === undefined || kindOf(filter).fromDefinition(filter, value) !== null
    ? []
    : [`The value of ${filter.title} is to be entered anew. The copied report has ${JSON.stringify(value)}.`];

/** A mask that the form does not show would be left out in silence. */
const notMasked = (type: ReportTypeShown, name: string, mask: string): string[] =>
  personalColumns(type).some((column) => column.name === name)
    ? []
    : [`The copied report has ${name} ${mask}. It is not marked as personal data any more, and is delivered as it is.`];

/** The form has whole days alone: a window that begins or ends within one becomes longer. */
const partDaysNote = (
  { date_range: range }: Definition,
  draft: Draft,
  type: ReportTypeShown,
  form: FormInfo,
): string[] => {
  if (typeof range !== "object" || !("start" in range)) return [];
  if (type.date_range === "none" || draft.range.kind !== "custom") return [];
  const timezone = draft.timezone ?? form.timezone;
  if (beginsDay(range.start, timezone) && beginsDay(range.end, timezone)) return [];
  const days = daysInWords(draft.range.first, draft.range.last, form.today);
  return [`The copied report begins or ends within a day. The date range is its whole days, ${days}.`];
};

/** Whether an instant is a local midnight, or the first instant of a day that has none. */
const beginsDay = (instant: string, timezone: string): boolean =>
  localDay(instant, timezone) !== localDay(Date.parse(instant) - 1, timezone);

const filtersOf = (definition: Definition, type: ReportTypeShown): Record<string, Chosen> =>
  Object.fromEntries(
    type.filters.map((filter) => {
      const value = definition.filters[filter.name];
      const chosen = value === undefined ? null : kindOf(filter).fromDefinition(filter, value);
      return [filter.name, chosen ?? initialOf(filter)];
    }),
  );

const formatOf = ({ format }: Definition, form: FormInfo): Partial<Draft> =>
  format !== undefined && form.formats.some(({ id }) => id === format) ? { format } : {};

const exportsOf = (definition: Definition) =>
  definition.delivery.flatMap((each) => (isDownload(each) ? [] : [each.partner_export]));

const isDownload = (each: Delivery): each is "download" | { download: OwnShape } =>
  each === "download" || "download" in each;

/** What the form does not ask for and a copy keeps: of the download, and of the first bucket. */
const shapesOf = (definition: Definition): Draft["shapes"] => {
  const download = definition.delivery.find(isDownload);
  const cloud = exportsOf(definition)[0] ?? {};
  return { cloud: ownOf(cloud), download: typeof download === "object" ? ownOf(download.download) : {} };
};

const ownOf = ({ csv_safety, format }: OwnShape): OwnShape => ({
  ...(csv_safety === undefined ? {} : { csv_safety }),
  ...(format === undefined ? {} : { format }),
});

const cloudOf = (definition: Definition): Partial<Draft> => {
  const first = exportsOf(definition)[0];
  return first === undefined
    ? { cloud: false }
    : { bucket: first.bucket, cloud: true, partner: first.partner, prefix: first.prefix ?? null };
};

const frequencyOf = ({ frequency }: Definition, form: FormInfo): Partial<Draft> =>
  frequency === "one_time"
    ? { recurring: false }
    : {
        deliveryDay: frequency.delivery_day ?? "",
        deliveryTime: frequency.delivery_time ?? form.default_delivery_time,
        interval: frequency.interval,
        recurring: true,
      };

/** An absolute window becomes the local days that it touches. */
const rangeOf = (
  { date_range: range }: Definition,
  form: FormInfo,
  type: ReportTypeShown,
  timezone: string,
): ChosenRange => {
  if (range === undefined) return type.date_range === "optional" ? { kind: "none" } : { kind: "unset" };
  if (typeof range === "string") {
    const offered = offeredPresets(form, type).some((preset) => preset.id === range);
    return offered ? { kind: "preset", preset: range } : { kind: "unset" };
  }
  if ("first" in range) return { first: range.first, kind: "custom", last: range.last };
  return {
    first: localDay(range.start, timezone),
    kind: "custom",
    last: localDay(Date.parse(range.end) - 1, timezone),
  };
};
