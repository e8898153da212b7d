import { expect, test } from "vitest";
import { attemptAt, isDefinite, randomKey } from "./idempotency";

const keys = () => {
  let made = 0;
  return () => `key ${++made}`;
};

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

test.each([
  [0, false],
  [408, false],
  [409, true],
  [422, true],
  [429, false],
  [500, false],
  [503, false],
])("status %i is definite: %s", (status, definite) => expect(isDefinite(status)).toBe(definite));

test("keys differ", () => expect(new Set(Array.from({ length: 100 }, () => randomKey())).size).toBe(100));
