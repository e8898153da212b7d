import { expect, test } from "vitest";
import type { Definition } from "../api/definition";
import { definitionOf } from "./draft";
import { FORM, GROWN } from "./form.fixture";
import { missing } from "./missing";
import { prefill } from "./prefill";

const DEFINITION: Definition = {
  date_range: "past_week",
  delivery: ["download", { partner_export: { bucket: "bi", partner: "amazon_s3", prefix: "finance" } }],
  filters: { kind: ["credit"], source: "all", wallet: "grocery" },
  frequency: "one_time",
  name: "June",
  report_type: "transactions",
};

test("a copy is the same definition under another name", () => {
  const { draft, notes } = prefill(DEFINITION, FORM);
  expect(notes).toEqual([]);
  expect(missing(draft, FORM)).toEqual([]);
  expect(definitionOf(draft, FORM)).toEqual({ ...DEFINITION, name: "June (copy)" });
});

test("a recurring copy keeps its schedule, its timezone and its start", () => {
  const { date_range: _, ...rest } = DEFINITION;
  const recurring: Definition = {
    ...rest,
    frequency: { delivery_day: "sunday", delivery_time: "22:00", interval: "weekly" },
    starts_on: "2027-01-01",
    timezone: "Europe/Berlin",
  };
  const { draft, notes } = prefill(recurring, FORM);
  expect(definitionOf(draft, FORM)).toEqual({ ...recurring, name: "June (copy)" });
  expect(notes).toHaveLength(2);
});

test("an absolute window becomes the local days that it touches", () => {
  const window = { end: "2026-11-01T00:00:00-04:00", start: "2026-10-01T00:00:00-04:00" };
  const { draft, notes } = prefill({ ...DEFINITION, date_range: window }, FORM);
  expect(notes).toEqual([]);
  expect(draft.range).toEqual({ first: "2026-10-01", kind: "custom", last: "2026-10-31" });
  const pinned = prefill({ ...DEFINITION, date_range: window, timezone: "Asia/Tokyo" }, FORM);
  expect(pinned.draft.range).toEqual({ first: "2026-10-01", kind: "custom", last: "2026-11-01" });
  expect(pinned.notes).toHaveLength(2);
});

test("a window that begins or ends within a day becomes its whole days, and says so", () => {
  const start = "2026-10-01T00:00:00-04:00";
  const window = { end: "2026-11-01T00:00:00-04:00", start };
  for (const date_range of [
    { ...window, start: "2026-10-01T00:00:01-04:00" },
    { ...window, end: "2026-10-31T12:00:00-04:00" },
  ]) {
    const { draft, notes } = prefill({ ...DEFINITION, date_range }, FORM);
    expect(draft.range).toEqual({ first: "2026-10-01", kind: "custom", last: "2026-10-31" });
    expect(notes).toEqual([
      "The copied report begins or ends within a day. The date range is its whole days, 1 Oct to 31 Oct.",
    ]);
  }
});

test("a day without a midnight begins at its first instant", () => {
  // In Beirut, 30 March 2025 begins at 01:00.
  const date_range = { end: "2025-03-31T00:00:00+03:00", start: "2025-03-30T01:00:00+03:00" };
  const { notes } = prefill({ ...DEFINITION, date_range, timezone: "Asia/Beirut" }, FORM);
  expect(notes).toEqual(["As in the copied report, days and weeks are those of Asia/Beirut."]);
});

test("an incomplete definition begins an incomplete form", () => {
  const { draft, notes } = prefill({ name: "June", report_type: "transactions" }, FORM);
  expect(draft).toMatchObject({ cloud: false, download: false, recurring: false, reportType: "transactions" });
  expect(draft.filters.source?.choices).toHaveLength(2);
  expect(notes).toEqual([]);
  expect(prefill({}, FORM).draft.reportType).toBe("");
});

test("values that are gone are told beside their field", () => {
  const filters = { colour: "red", kind: ["credit", "bonus"], wallet: "grocery" };
  const delivery = [{ partner_export: { bucket: "closed", partner: "amazon_s3" } }];
  const { draft, notes } = prefill({ ...DEFINITION, delivery, filters }, FORM);
  expect(missing(draft, FORM).map((each) => each.field)).toEqual(["filters.kind", "bucket"]);
  expect(notes).toEqual(["The filter colour does not exist any more and is left out."]);
  expect(draft.filters.wallet?.choices[0]?.unchecked).toBe(true);
  expect(draft.filters.source?.choices).toHaveLength(2);
});

test("a report type that may not be created begins an empty form", () => {
  for (const report_type of ["secret", "unknown"]) {
    const { draft, notes } = prefill({ ...DEFINITION, report_type }, FORM);
    expect(draft).toMatchObject({ name: "June (copy)", reportType: "" });
    expect(notes).toHaveLength(1);
  }
});

test("a long name is cut so that its copy still fits", () => {
  expect([...prefill({ ...DEFINITION, name: "🎁".repeat(120) }, FORM).draft.name]).toHaveLength(120);
});

test("a copy has the format of its report, and says so where it is not offered any more", () => {
  const copied = prefill({ ...DEFINITION, format: "tsv" }, GROWN);
  expect(copied.notes).toEqual([]);
  expect(definitionOf(copied.draft, GROWN).format).toBe("tsv");
  const gone = prefill({ ...DEFINITION, format: "tsv" }, FORM);
  expect(gone.notes).toEqual(["The format tsv of the copied report is not offered any more."]);
  expect(definitionOf(gone.draft, FORM)).not.toHaveProperty("format");
});

test("a copy keeps the cell policy that its report names, and says so", () => {
  const { draft, notes } = prefill({ ...DEFINITION, csv_safety: "raw" }, FORM);
  expect(notes).toEqual(["As in the copied report, csv_safety is raw."]);
  expect(definitionOf(draft, FORM).csv_safety).toBe("raw");
});

test("a copy keeps the masks of personal data, and says where one would be lost", () => {
  const { draft, notes } = prefill({ ...DEFINITION, personal_data: { user_id: "hashed" } }, FORM);
  expect(notes).toEqual([]);
  expect(definitionOf(draft, FORM).personal_data).toEqual({ user_id: "hashed" });
  expect(prefill({ ...DEFINITION, personal_data: { order_id: "hashed" } }, FORM).notes).toEqual([
    "The copied report has order_id hashed. It is not marked as personal data any more, and is delivered as it is.",
  ]);
});

test("a copy keeps the shapes that the deliveries of its report have of their own, and says so", () => {
  const bucket = { bucket: "bi-exports", csv_safety: "spreadsheet", partner: "amazon_s3" };
  const delivery = [{ download: { csv_safety: "raw" } }, { partner_export: bucket }];
  const { draft, notes } = prefill({ ...DEFINITION, delivery }, FORM);
  expect(notes).toEqual([
    "As in the copied report, csv_safety of Device Storage is raw.",
    "As in the copied report, csv_safety of the Cloud Partner is spreadsheet.",
  ]);
  expect(definitionOf(draft, FORM).delivery).toEqual(delivery);
});
