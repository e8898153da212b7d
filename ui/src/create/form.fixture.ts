/** What `GET form` answers, for the tests: every kind of filter, and report types with every kind of date range. */

import type { FilterShown, FormInfo, ReportTypeShown } from "../api/types";

const filter = (name: string, more: Partial<FilterShown>): FilterShown => ({
  choices: null,
  default_all: false,
  depends_on: null,
  description: "",
  kind: "choice",
  name,
  required: true,
  select: "one",
  title: name.charAt(0).toUpperCase() + name.slice(1).replace("_", " "),
  ...more,
});

const type = (id: string, more: Partial<ReportTypeShown>): ReportTypeShown => ({
  columns: [],
  date_range: "required",
  description: "",
  filters: [],
  id,
  max_months: null,
  may_create: true,
  promotion_type: "loyalty_wallet",
  title: id,
  ...more,
});

const choices = (...values: string[]) => values.map((value) => ({ title: value.toUpperCase(), value }));

export const FORM: FormInfo = {
  broken: [],
  default_delivery_time: "06:00",
  partners: [
    {
      buckets: [{ address: "s3://bi", frequencies: ["one_time", "daily", "weekly"], name: "bi" }],
      id: "amazon_s3",
      label: "Amazon S3",
    },
  ],
  presets: [
    { first: "2026-11-16", id: "past_week", label: "Past week", last: "2026-11-22", months: 0 },
    { first: "2026-08-01", id: "past_3_months", label: "Past 3 months", last: "2026-10-31", months: 3 },
  ],
  promotion_types: [
    { id: "loyalty_wallet", label: "Loyalty Wallet" },
    { id: "partner_vouchers", label: "Partner Vouchers" },
  ],
  report_types: [
    type("transactions", {
      columns: [
        {
          description: "",
          masks: [
            { title: "as it is", value: "clear" },
            { title: "hashed", value: "hashed" },
          ],
          name: "user_id",
          pii: true,
          type: "text",
          unit: null,
        },
        { description: "", masks: [], name: "points", pii: false, type: "decimal", unit: null },
      ],
      filters: [
        filter("wallet", {}),
        filter("source", { choices: choices("api", "system"), default_all: true, select: "many" }),
        filter("kind", { choices: choices("credit", "debit"), select: "many" }),
      ],
      max_months: 3,
    }),
    type("balances", { date_range: "none", filters: [filter("wallets", { required: false, select: "all" })] }),
    type("monthly", { date_range: "optional", max_months: 1 }),
    type("secret", { may_create: false }),
    type("vouchers", {
      filters: [filter("partner", {}), filter("list_tag", { depends_on: "partner" })],
      promotion_type: "partner_vouchers",
    }),
  ],
  formats: [{ id: "csv", label: "CSV" }],
  rows_per_file: 1_000_000,
  timezone: "America/New_York",
  today: "2026-11-23",
  week_starts_on: "monday",
  weekdays: [{ id: "monday", label: "Monday" }],
};

export const WITHOUT_BUCKETS: FormInfo = { ...FORM, partners: [{ buckets: [], id: "amazon_s3", label: "Amazon S3" }] };

/** With a bucket whose folder tells days apart, and one whose folder tells weeks apart. */
export const PATTERNED: FormInfo = {
  ...FORM,
  partners: [
    {
      buckets: [
        { address: "s3://lake", frequencies: ["daily", "weekly"], name: "lake" },
        { address: "s3://weeks", frequencies: ["weekly"], name: "weeks" },
      ],
      id: "amazon_s3",
      label: "Amazon S3",
    },
  ],
};

/** With a second format, and a report type whose filters are of a kind that the page does not know. */
export const GROWN: FormInfo = {
  ...FORM,
  formats: [...FORM.formats, { id: "tsv", label: "Tab-separated" }],
  report_types: [
    ...FORM.report_types,
    type("spends", {
      filters: [
        filter("amount", { choices: [], kind: "number_range" }),
        filter("discount", { choices: [], default_all: true, kind: "number_range", required: false }),
      ],
    }),
  ],
};
