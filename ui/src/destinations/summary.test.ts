import { expect, test } from "vitest";
import type { CheckedStep } from "../api/types";
import { stepLabel, summary } from "./summary";

const step = (name: string, state: CheckedStep["state"]): CheckedStep => ({ name, sentence: "", state });

test("a check is summed up in one line", () => {
  expect(summary({ ok: true, steps: [step("list", "ok"), step("delete", "ok")] })).toBe(
    "Exports can be delivered here.",
  );
  const steps = [step("list", "ok"), step("write", "problem"), step("read", "not checked"), step("delete", "problem")];
  expect(summary({ ok: false, steps })).toBe("There is a problem: Write, Delete.");
});

test("a step that the page does not know has its own name", () => {
  expect([stepLabel("replace"), stepLabel("newer")]).toEqual(["Replace on a condition", "newer"]);
});
