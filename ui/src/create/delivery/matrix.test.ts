import { expect, test } from "vitest";
import { type Draft, emptyDraft } from "../draft";
import { FORM, WITHOUT_BUCKETS } from "../form.fixture";
import { blocked } from "./matrix";

const choices = (change: Partial<Draft>, form = FORM) =>
  Object.entries(blocked({ ...emptyDraft(form), ...change }, form))
    .filter(([, why]) => why !== null)
    .map(([choice]) => choice);

test.each([
  [{}, []],
  [{ download: true }, ["recurring"]],
  [{ cloud: true }, []],
  [{ cloud: true, download: true }, []],
  [{ recurring: true }, ["download"]],
  [{ cloud: true, recurring: true }, ["cloud"]],
  [{ cloud: true, download: true, recurring: true }, ["cloud"]],
])("with %o, what cannot be changed is %o", (change, expected) => expect(choices(change)).toEqual(expected));

test("without a connected bucket there is only device storage, once", () => {
  expect(choices({}, WITHOUT_BUCKETS)).toEqual(["cloud", "recurring"]);
  expect(choices({ download: false }, WITHOUT_BUCKETS)).toEqual(["cloud", "recurring"]);
});
