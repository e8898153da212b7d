import { expect, test } from "vitest";
import { changed, cleared, isFiltered, onTab, parse, sortedBy, toPath, toSearch } from "./listState";

const at = (search: string) => parse(new URLSearchParams(search));

test("an address is read and written back without what is the default", () => {
  const full =
    "tab=recurring&q=june+%26&status=active&status=stopped&created_by=a%40b&sort=name&order=desc&limit=50&cursor=x%2F";
  expect(toSearch(at(full)).toString()).toBe(full);
  expect(toSearch(at("")).toString()).toBe("");
  expect(toSearch(at("sort=created_at&order=desc&limit=25")).toString()).toBe("");
});

test("what an address cannot ask for becomes the default", () => {
  expect(at("tab=x&sort=password&order=up&limit=100000")).toEqual(at(""));
  expect(at("sort=frequency").sort).toBe("created_at"); // only Recurring has that column
  expect(at("tab=recurring&sort=frequency").sort).toBe("frequency");
});

test("the API is always told the order and the page size", () => {
  expect(toPath(at("status=failed&q=a"))).toBe("exports?q=a&status=failed&sort=created_at&order=desc&limit=25");
  expect(toPath(at("tab=recurring&sort=name&cursor=c"))).toBe("reports?sort=name&order=asc&limit=25&cursor=c");
});

test("a cursor lives only as long as the search it belongs to", () => {
  const second = at("q=a&cursor=c");
  expect(changed(second, { q: "b" }).cursor).toBeNull();
  expect(changed(second, { limit: 50 }).cursor).toBeNull();
  expect(sortedBy(second, "name").cursor).toBeNull();
  expect(onTab(second, "recurring").cursor).toBeNull();
  expect(changed(second, { cursor: "d" }).cursor).toBe("d");
});

test("a column sorts names from A and times from the newest, then turns around", () => {
  const byName = sortedBy(at(""), "name");
  expect([byName.sort, byName.order]).toEqual(["name", "asc"]);
  expect(sortedBy(byName, "name").order).toBe("desc");
  expect(sortedBy(byName, "created_at").order).toBe("desc");
});

test("the other tab keeps the search, not statuses and creators", () => {
  const next = onTab(
    at("q=a&promotion_type=loyalty_wallet&status=failed&created_by=me&sort=status&limit=50"),
    "recurring",
  );
  expect(toSearch(next).toString()).toBe("tab=recurring&q=a&promotion_type=loyalty_wallet&limit=50");
});

test("cleared filters leave order and page size", () => {
  const state = at("q=a&status=failed&sort=name&limit=100");
  expect(isFiltered(state)).toBe(true);
  expect(isFiltered(cleared(state))).toBe(false);
  expect(toSearch(cleared(state)).toString()).toBe("sort=name&limit=100");
});

test("what another tab or another time had in its address is left out", () => {
  const stale = at(`tab=recurring&status=created&status=stopped&promotion_type=x&cursor=&q=${"a".repeat(300)}`);
  expect(stale.status).toEqual(["stopped"]);
  expect(stale.promotion_type).toEqual([]);
  expect(stale.cursor).toBeNull();
  expect(stale.q).toHaveLength(200);
});
