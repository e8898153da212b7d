import { expect, test } from "vitest";
import { type Draft, definitionOf, emptyDraft, offeredPresets, reportTypeOf, todayOf } from "./draft";
import { fieldsOf } from "./fields/fields";
import { FORM, GROWN, PATTERNED, WITHOUT_BUCKETS } from "./form.fixture";
import { missing } from "./missing";
import { type Action, newDraft, reducerOf, startState } from "./reducer";

const reduce = reducerOf(FORM);
const reducedTo = (actions: Action[]) => actions.reduce(reduce, startState(newDraft(FORM)));
const after = (...actions: Action[]): Draft => reducedTo(actions).draft;
const set = (change: Partial<Draft>): Action => ({ change, field: "name", type: "set" });
const pick = (name: string, ...values: string[]): Action => ({
  chosen: { all: false, choices: values.map((value) => ({ title: value, value })) },
  name,
  type: "filter",
});
const CHOSEN: Action[] = [
  set({ name: "  June  " }),
  { id: "loyalty_wallet", type: "promotion_type" },
  { id: "transactions", type: "report_type" },
  pick("wallet", "grocery"),
  pick("kind", "credit"),
];
const fields = (draft: Draft) => missing(draft, FORM).map((each) => each.field);

test("a one-time report to device storage", () => {
  const draft = after(...CHOSEN, set({ download: true, range: { kind: "preset", preset: "past_week" } }));
  expect(fields(draft)).toEqual([]);
  expect(definitionOf(draft, FORM)).toEqual({
    date_range: "past_week",
    delivery: ["download"],
    filters: { kind: ["credit"], source: "all", wallet: "grocery" },
    frequency: "one_time",
    name: "June",
    report_type: "transactions",
  });
});

test("a recurring report to both destinations has no date range", () => {
  const weekly: Partial<Draft> = { deliveryDay: "monday", interval: "weekly", recurring: true };
  const draft = after(
    ...CHOSEN,
    set({ cloud: true, download: true, range: { kind: "preset", preset: "past_week" }, ...weekly }),
  );
  expect(fields(draft)).toEqual([]);
  expect(definitionOf(draft, FORM)).toMatchObject({
    delivery: ["download", { partner_export: { bucket: "bi", partner: "amazon_s3" } }],
    frequency: { delivery_day: "monday", delivery_time: "06:00", interval: "weekly" },
  });
  expect(definitionOf(draft, FORM)).not.toHaveProperty("date_range");
  expect(definitionOf({ ...draft, interval: "daily" }, FORM).frequency).toEqual({
    delivery_time: "06:00",
    interval: "daily",
  });
});

test("everything that is missing is told, in the order of the page", () => {
  expect(fields(newDraft(FORM))).toEqual(["name", "promotion_type", "delivery"]);
  const chosen = after(...CHOSEN.slice(0, 3), pick("source"));
  expect(fields(chosen)).toEqual(["filters.wallet", "filters.source", "filters.kind", "delivery", "date_range"]);
  const recurring = after(
    ...CHOSEN,
    set({ cloud: true, deliveryTime: "", interval: "weekly", recurring: true, bucket: "" }),
  );
  expect(fields(recurring)).toEqual(["bucket", "delivery_day", "delivery_time"]);
});

test("a recurring report without a cloud partner is not complete", () => {
  expect(fields(after(...CHOSEN, set({ download: true, recurring: true })))).toEqual(["frequency"]);
});

test("names are counted in characters", () => {
  expect(fields(after(...CHOSEN, set({ download: true, name: "🎁".repeat(120), range: { kind: "none" } })))).toEqual(
    [],
  );
  expect(fields(after(...CHOSEN, set({ download: true, name: "x".repeat(121), range: { kind: "none" } })))).toEqual([
    "name",
  ]);
});

test("a custom range is checked, and sent as days", () => {
  const range = { first: "2026-08-15", kind: "custom", last: "2026-11-14" } as const;
  const draft = after(...CHOSEN, set({ download: true, range }));
  expect(definitionOf(draft, FORM).date_range).toEqual({ first: "2026-08-15", last: "2026-11-14" });
  expect(fields({ ...draft, range: { ...range, last: "2026-11-15" } })).toEqual(["date_range"]);
});

test("defaults: all of a filter, one report type, one bucket, device storage where no bucket is connected", () => {
  expect(after({ id: "partner_vouchers", type: "promotion_type" }).reportType).toBe("vouchers");
  expect(after(...CHOSEN).filters.source?.choices).toHaveLength(2);
  expect(after(...CHOSEN).filters.kind?.choices).toHaveLength(1);
  expect(emptyDraft(FORM)).toMatchObject({ bucket: "bi", cloud: false, download: false, partner: "amazon_s3" });
  expect(emptyDraft(WITHOUT_BUCKETS)).toMatchObject({ bucket: "", download: true });
});

test("snapshots have no date range, optional ones need none, and presets keep to the longest range", () => {
  const snapshot = after(...CHOSEN, { id: "balances", type: "report_type" }, set({ download: true }));
  expect(fields(snapshot)).toEqual([]);
  expect(definitionOf(snapshot, FORM)).toMatchObject({ filters: { wallets: "all" } });
  const long: Action = set({ download: true, range: { kind: "preset", preset: "past_3_months" } });
  const optional = after(...CHOSEN, long, { id: "monthly", type: "report_type" });
  expect(optional.range).toEqual({ kind: "none" });
  expect(fields(optional)).toEqual([]);
  const type = reportTypeOf(optional, FORM);
  expect(type && offeredPresets(FORM, type).map((preset) => preset.id)).toEqual(["past_week"]);
});

test("another parent resets what depends on it, another type all filters", () => {
  const vouchers = [
    { id: "partner_vouchers", type: "promotion_type" } as const,
    pick("partner", "a"),
    pick("list_tag", "b"),
  ];
  expect(after(...vouchers).filters.list_tag?.choices).toHaveLength(1);
  expect(after(...vouchers, pick("partner", "c")).filters.list_tag?.choices).toEqual([]);
  expect(Object.keys(after(...CHOSEN, { id: "balances", type: "report_type" }).filters)).toEqual(["wallets"]);
});

test("an API problem goes when its field is changed; what the server finds is not a person's change", () => {
  const problems = [
    { field: "filters.wallet", message: "no" },
    { field: "name", message: "no" },
  ];
  const state = reduce(startState(newDraft(FORM)), { problems, type: "problems" });
  expect(reduce(state, pick("wallet", "x")).problems.map((each) => each.field)).toEqual(["name"]);
  expect(reduce(state, pick("wallet", "x")).touched).toBe(true);
  expect(reduce(state, { choices: [], name: "wallet", type: "found" }).touched).toBe(false);
});

test("what the API said is about one report type", () => {
  const problems = [{ field: "filters.wallet", message: "no" }];
  const state = reduce(reducedTo(CHOSEN), { problems, type: "problems" });
  expect(reduce(state, { id: "balances", type: "report_type" }).problems).toEqual([]);
  expect(reduce(state, { id: "partner_vouchers", type: "promotion_type" }).problems).toEqual([]);
});

test("today is that of the draft's timezone", () => {
  expect(todayOf(after(), FORM)).toBe(FORM.today);
  const [west, east] = ["Pacific/Pago_Pago", "Pacific/Kiritimati"].map((timezone) =>
    todayOf({ ...after(), timezone }, FORM),
  );
  expect(west && east && west < east).toBe(true); // 25 hours apart
});

test("the format of the files is a choice only where there are several; the first one needs no key", () => {
  const draft = after(...CHOSEN, set({ download: true }));
  expect(fieldsOf(draft, FORM).map(({ name }) => name)).not.toContain("format");
  expect(fieldsOf(draft, GROWN).find(({ name }) => name === "format")).toMatchObject({ label: "File Format", step: 2 });
  expect(definitionOf(draft, GROWN)).not.toHaveProperty("format");
  expect(definitionOf({ ...draft, format: "tsv" }, GROWN).format).toBe("tsv");
});

test.each([
  [{ bucket: "lake" }, "“lake” takes daily and weekly reports only. Select another bucket or frequency."],
  [{ bucket: "lake", recurring: true }, undefined],
  [{ bucket: "weeks", recurring: true }, "“weeks” takes weekly reports only. Select another bucket or frequency."],
  [{ bucket: "weeks", interval: "weekly", recurring: true }, undefined],
] satisfies [Partial<Draft>, string | undefined][])("a bucket takes some frequencies: with %o, %s", (change, told) => {
  const draft: Draft = { ...emptyDraft(PATTERNED), cloud: true, ...change };
  expect(missing(draft, PATTERNED).find(({ field }) => field === "bucket")?.message).toBe(told);
});

test("masks of personal data are part of the definition, and go with the report type", () => {
  const masked = set({ masks: { points: "hashed", user_id: "hashed" } });
  expect(definitionOf(after(...CHOSEN), FORM)).not.toHaveProperty("personal_data");
  expect(definitionOf(after(...CHOSEN, masked), FORM).personal_data).toEqual({ user_id: "hashed" });
  expect(definitionOf(after(...CHOSEN, set({ masks: { user_id: "clear" } })), FORM)).not.toHaveProperty(
    "personal_data",
  );
  const other = after(...CHOSEN, masked, { id: "balances", type: "report_type" });
  expect(other.masks).toEqual({});
  expect(fieldsOf(after(...CHOSEN), FORM)).toContainEqual({
    label: "Personal data in user_id",
    name: "personal_data.user_id",
    step: 2,
  });
});
