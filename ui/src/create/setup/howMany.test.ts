import { expect, test } from "vitest";
import type { FilterShown } from "../../api/types";
import { FORM } from "../form.fixture";
import { howMany } from "./howMany";

const said = (change: Partial<FilterShown>) => {
  const filter = FORM.report_types[0]?.filters[0];
  return filter && howMany({ ...filter, ...change });
};

test("each kind of filter says its own rule", () => {
  expect(said({ select: "one" })).toBe("");
  expect(said({ default_all: false, select: "many" })).toBe("At least one.");
  expect(said({ default_all: true, select: "many" })).toMatch("every one if all are selected");
  expect(said({ select: "all" })).toMatch("All of them");
});
