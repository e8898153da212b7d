import { expect, test } from "vitest";
import { type Attempt, attemptAt, leftBy, outcomeOf, randomKey } from "./idempotency";

const keys = () => {
  let made = 0;
  return () => `key ${++made}`;
};

/** What is left of an attempt to which the server answered with a status; 0: it did not answer. */
const after = (status: number, attempt: Attempt) => leftBy(attempt, outcomeOf(status, attempt));

test("the same form keeps its key, whatever the answer", () => {
  const first = attemptAt("a", null, keys());
  expect(attemptAt("a", first).key).toBe(first.key);
  expect(attemptAt("a", { ...first, answered: true }).key).toBe(first.key);
});

test("a changed form is another report once the answer is known, and not before", () => {
  const newKey = keys();
  const first = attemptAt("a", null, newKey);
  expect(attemptAt("b", first, newKey).key).toBe("key 1");
  expect(attemptAt("b", { ...first, answered: true }, newKey).key).toBe("key 2");
});

test("a key that a lost attempt has used up is drawn anew", () => {
  const newKey = keys();
  const lost = after(0, attemptAt("a", null, newKey));
  const changed = attemptAt("b", lost, newKey);
  expect(changed.key).toBe("key 1");
  expect(outcomeOf(409, changed)).toBe("used");
  expect(attemptAt("b", after(409, changed), newKey).key).toBe("key 2");
  const failedAgain = attemptAt("b", after(503, changed), newKey);
  expect(outcomeOf(409, failedAgain)).toBe("used");
});

test("a conflict of an attempt's own key is a refusal, and a second try keeps the key", () => {
  const newKey = keys();
  const first = attemptAt("a", null, newKey);
  expect(outcomeOf(409, first)).toBe("refused");
  const second = attemptAt("a", after(409, first), newKey);
  expect(second).toMatchObject({ key: "key 1", kept: false });
});

test.each([
  [0, "unknown"],
  [408, "unknown"],
  [409, "refused"],
  [422, "refused"],
  [429, "unknown"],
  [500, "unknown"],
  [503, "unknown"],
])("status %i says: %s", (status, outcome) => expect(outcomeOf(status, attemptAt("a", null))).toBe(outcome));

test("keys differ", () => expect(new Set(Array.from({ length: 100 }, () => randomKey())).size).toBe(100));
