/** Everything that the list shows is in its query string, so that an address can be shared and Back works. */

import { ExportStatusLabels, ReportStatusLabels } from "../api/types";

export type Tab = "one_time" | "recurring";
export type Order = "asc" | "desc";
export const PAGE_SIZES = [25, 50, 100];
/** The filters, by their name in the address and in the API. */
export const FILTERS = ["status", "promotion_type", "created_by"] as const;
export type FilterName = (typeof FILTERS)[number];

export interface ListState {
  tab: Tab;
  q: string;
  status: string[];
  promotion_type: string[];
  created_by: string[];
  sort: string;
  order: Order;
  limit: number;
  cursor: string | null;
}

const SORTS: Record<Tab, string[]> = {
  one_time: ["name", "promotion_type", "status", "created_by", "created_at"],
  recurring: ["name", "promotion_type", "frequency", "status", "created_by", "created_at"],
};

const STATUSES: Record<Tab, string[]> = {
  one_time: Object.keys(ExportStatusLabels),
  recurring: Object.keys(ReportStatusLabels),
};
const PROMOTION_TYPES = ["loyalty_wallet", "partner_vouchers", "promo_campaigns"];
export const LONGEST_SEARCH = 200;

/** Reads an address; what it does not know becomes the default. */
export function parse(search: URLSearchParams): ListState {
  const tab: Tab = search.get("tab") === "recurring" ? "recurring" : "one_time";
  const sort = search.get("sort") ?? "";
  const known = SORTS[tab].includes(sort) ? sort : "created_at";
  const limit = Number(search.get("limit"));
  return {
    tab,
    q: (search.get("q") ?? "").slice(0, LONGEST_SEARCH),
    status: search.getAll("status").filter((each) => STATUSES[tab].includes(each)),
    promotion_type: search.getAll("promotion_type").filter((each) => PROMOTION_TYPES.includes(each)),
    created_by: search.getAll("created_by"),
    sort: known,
    order: orderOf(search.get("order")) ?? firstOrder(known),
    limit: PAGE_SIZES.includes(limit) ? limit : 25,
    cursor: search.get("cursor") || null,
  };
}

/** The shortest query string that `parse` reads back as the same state. */
export function toSearch(state: ListState): URLSearchParams {
  const search = new URLSearchParams();
  if (state.tab === "recurring") {
    search.set("tab", state.tab);
  }
  appendQuery(search, state);
  if (state.sort !== "created_at") {
    search.set("sort", state.sort);
  }
  if (state.order !== firstOrder(state.sort)) {
    search.set("order", state.order);
  }
  if (state.limit !== 25) {
    search.set("limit", String(state.limit));
  }
  if (state.cursor !== null) {
    search.set("cursor", state.cursor);
  }
  return search;
}

/** What the API is asked for. */
export function toPath(state: ListState): string {
  const search = new URLSearchParams();
  appendQuery(search, state);
  search.set("sort", state.sort);
  search.set("order", state.order);
  search.set("limit", String(state.limit));
  if (state.cursor !== null) {
    search.set("cursor", state.cursor);
  }
  return `${state.tab === "recurring" ? "reports" : "exports"}?${search}`;
}

/** A changed state. A cursor belongs to one search in one order, so any other change starts at the first page. */
export const changed = (state: ListState, change: Partial<ListState>): ListState => ({
  ...state,
  cursor: null,
  ...change,
});

/** The other tab. Its statuses, creators and columns are others; the search for a name stays. */
export const onTab = (state: ListState, tab: Tab): ListState => ({
  ...parse(new URLSearchParams()),
  tab,
  q: state.q,
  promotion_type: state.promotion_type,
  limit: state.limit,
});

/** Sorts by a column, or turns its order around. */
export const sortedBy = (state: ListState, sort: string): ListState =>
  changed(state, {
    sort,
    order: state.sort === sort ? (state.order === "asc" ? "desc" : "asc") : firstOrder(sort),
  });

export const isFiltered = (state: ListState): boolean =>
  state.q !== "" || FILTERS.some((filter) => state[filter].length > 0);

export const cleared = (state: ListState): ListState =>
  changed(state, { q: "", status: [], promotion_type: [], created_by: [] });

/** Names start at A, times at the newest. */
const firstOrder = (sort: string): Order => (sort === "created_at" ? "desc" : "asc");

const orderOf = (text: string | null): Order | null => (text === "asc" || text === "desc" ? text : null);

function appendQuery(search: URLSearchParams, state: ListState): void {
  if (state.q !== "") {
    search.set("q", state.q);
  }
  for (const filter of FILTERS) {
    for (const value of state[filter]) {
      search.append(filter, value);
    }
  }
}
