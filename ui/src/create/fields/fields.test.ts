import { expect, test } from "vitest";
import { type Draft, emptyDraft } from "../draft";
import { FORM } from "../form.fixture";
import { fieldOfPath, fieldsOf, placed } from "./fields";

const draft: Draft = { ...emptyDraft(FORM), cloud: true, promotionType: "loyalty_wallet", reportType: "transactions" };
const shown = fieldsOf(draft, FORM);
const recurring = fieldsOf({ ...draft, interval: "weekly", prefix: "", recurring: true }, FORM);

test.each([
  ["name", "name"],
  ["filters.wallet", "filters.wallet"],
  ["filters.kind[1]", "filters.kind"],
  ["filters.colour", null],
  ["personal_data.user_id", "personal_data.user_id"],
  ["personal_data.points", null],
  ["delivery", "delivery"],
  ["delivery[0].partner_export.bucket", "bucket"],
  ["delivery[1].partner_export.prefix", "delivery"],
  ["date_range.last", "date_range"],
  ["frequency.delivery_day", "frequency"],
  ["owner", null],
  ["", null],
])("%j is about the field %j", (path, field) => expect(fieldOfPath(path, shown)).toBe(field));

test("a path goes to the part that is shown", () => {
  expect(fieldOfPath("frequency.delivery_day", recurring)).toBe("delivery_day");
  expect(fieldOfPath("delivery[1].partner_export.prefix", recurring)).toBe("prefix");
  expect(fieldOfPath("date_range", recurring)).toBeNull();
});

test("problems stand beside fields in the order of the page, others are sentences of their own", () => {
  const problems = [
    { message: "needs a bucket", path: "delivery" },
    { message: "is taken.", path: "name" },
    { message: "unknown key", path: "owner" },
    { message: "too many requests", path: "" },
  ];
  expect(placed(problems, shown)).toEqual({
    beside: [
      { field: "name", message: "Is taken." },
      { field: "delivery", message: "Needs a bucket." },
    ],
    others: ["owner: unknown key", "Too many requests."],
  });
});
