/** The visible fields of a draft, in the order of the page. Problems, focus and steps refer to their names. */

import type { FormInfo } from "../../api/types";
import { hasDeliveryDay } from "../../interval";
import { type Draft, personalColumns, reportTypeOf } from "../draft";

export type Step = 1 | 2;

export interface Field {
  /** `filters.wallet` for a filter, `personal_data.user_id` for a mask, otherwise the last part of the definition's key: `bucket`, `date_range`. */
  name: string;
  label: string;
  step: Step;
}

export interface FieldProblem {
  field: string;
  message: string;
}

const setup = (name: string, label: string): Field => ({ label, name, step: 1 });
const delivery = (name: string, label: string): Field => ({ label, name, step: 2 });

export const FORMAT_LABEL = "File Format";

/** The label of what becomes of a column that identifies a person. */
export const maskLabel = (column: string): string => `Personal data in ${column}`;

/** Whether the format of the files is a choice. */
export const offersFormats = (form: FormInfo): boolean => form.formats.length > 1;

export const fieldsOf = (draft: Draft, form: FormInfo): Field[] => {
  const type = reportTypeOf(draft, form);
  const ranged = type !== undefined && type.date_range !== "none" && !draft.recurring;
  return [
    setup("name", "Name"),
    setup("promotion_type", "Promotion Type"),
    ...(draft.promotionType === "" ? [] : [setup("report_type", "Report Type")]),
    ...(type?.filters ?? []).map((filter) => setup(`filters.${filter.name}`, filter.title)),
    delivery("delivery", "Delivery destination"),
    ...(draft.cloud ? [delivery("partner", "Partner"), delivery("bucket", "Bucket")] : []),
    ...(draft.cloud && draft.prefix !== null ? [delivery("prefix", "Prefix")] : []),
    ...(offersFormats(form) ? [delivery("format", FORMAT_LABEL)] : []),
    ...personalColumns(type).map(({ name }) => delivery(`personal_data.${name}`, maskLabel(name))),
    delivery("frequency", "Export Frequency"),
    ...(draft.recurring ? [delivery("interval", "Interval")] : []),
    ...(draft.recurring && hasDeliveryDay(draft.interval) ? [delivery("delivery_day", "Delivery day")] : []),
    ...(draft.recurring ? [delivery("delivery_time", "Delivery time")] : []),
    ...(ranged ? [delivery("date_range", "Date Range")] : []),
  ];
};

const LAST_KEYS = ["partner", "bucket", "prefix", "interval", "delivery_day", "delivery_time"];
/** Keys whose parts have fields of their own. */
const BY_NAME = ["filters", "personal_data"];
const FIRST_KEYS = ["name", "promotion_type", "report_type", "delivery", "format", "frequency", "date_range"];

/**
 * The field that a path of the API's problems is about, such as `delivery[0].partner_export.bucket`; null where the
 * form shows no such field.
 */
export const fieldOfPath = (path: string, shown: readonly Field[]): string | null => {
  const keys = path.split(/[.[\]]+/).filter((key) => key !== "");
  const [first = "", second = ""] = keys;
  const last = keys.findLast((key) => LAST_KEYS.includes(key));
  const candidates = [
    ...(BY_NAME.includes(first) ? [`${first}.${second}`] : []),
    ...(last === undefined || BY_NAME.includes(first) ? [] : [last]),
    ...(FIRST_KEYS.includes(first) ? [first] : []),
  ];
  return candidates.find((name) => shown.some((field) => field.name === name)) ?? null;
};

/** The API's problems: those that stand beside a field, in the order of the page, and the sentences of the others. */
export const placed = (
  problems: readonly { message: string; path: string }[],
  shown: readonly Field[],
): { beside: FieldProblem[]; others: string[] } => {
  const beside = problems.flatMap(({ message, path }) => {
    const field = fieldOfPath(path, shown);
    return field === null ? [] : [{ field, message: sentence(message) }];
  });
  const order = (problem: FieldProblem) => shown.findIndex((field) => field.name === problem.field);
  return {
    beside: beside.sort((one, other) => order(one) - order(other)),
    others: problems
      .filter(({ path }) => fieldOfPath(path, shown) === null)
      .map(({ message, path }) => (path === "" ? sentence(message) : `${path}: ${message}`)),
  };
};

/** Problems are written to follow their key ("is required: name one value."): beside a field they begin a sentence. */
const sentence = (message: string): string => {
  const begun = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
};
