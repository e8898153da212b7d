import { expect, test } from "vitest";
import { grouped } from "./numbers";

test.each([
  ["0", "0"],
  ["-1234567.80", "-1,234,567.80"],
  ["123456.123456", "123,456.123456"],
  ["12345678901234567890.50", "12,345,678,901,234,567,890.50"],
  ["1E+3", "1E+3"],
])("%s is read as %s", (number, text) => expect(grouped(number)).toBe(text));
