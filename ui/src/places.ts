import { useLocation, useParams } from "react-router-dom";

/** Where a path below the page leads: `exports/7`, `reports/points_weekly`, `new`, `destinations`, or nothing for the list. */
export type Place =
  | { view: "list" }
  | { view: "create" }
  | { view: "destinations" }
  | { view: "export"; id: string }
  | { view: "report"; id: string }
  | { view: "unknown" };

export function placeOf(path: string): Place {
  const [view, id, ...more] = path.split("/").filter((part) => part !== "");
  if (view === undefined) {
    return { view: "list" };
  }
  if (view === "new" && id === undefined) {
    return { view: "create" };
  }
  if (view === "destinations" && id === undefined) {
    return { view: "destinations" };
  }
  if ((view === "exports" || view === "reports") && id !== undefined && more.length === 0) {
    return { view: view === "exports" ? "export" : "report", id };
  }
  return { view: "unknown" };
}

/** Addresses of the page's views, for the router. Airflow decides the first part: `/plugin/<route>`. */
export function usePlaces() {
  const { page = "" } = useParams();
  const root = `/plugin/${page}`;
  return {
    list: (tab: "one_time" | "recurring" = "one_time") => (tab === "recurring" ? `${root}?tab=recurring` : root),
    export: (id: number) => `${root}/exports/${id}`,
    report: (id: string) => `${root}/reports/${encodeURIComponent(id)}`,
    destinations: () => `${root}/destinations`,
    create: (from?: { export: number } | { report: string }) => {
      const search = new URLSearchParams(Object.entries(from ?? {}).map(([kind, id]) => [kind, String(id)]));
      return search.size > 0 ? `${root}/new?${search}` : `${root}/new`;
    },
  };
}

/** The place that the address names now. */
export function usePlace(): Place {
  const path = useParams()["*"] ?? "";
  return placeOf(path);
}

/** An address of Airflow's own (`dags/x/runs/y`, relative to the base) for the router, which adds the base itself. */
export const airflowPlace = (address: string): string => `/${address.replace(/^\/+/, "")}`;

/** What the view before left to say: a message to show once. */
export function useMessage(): string | null {
  const state: unknown = useLocation().state;
  const message = (state as { message?: unknown } | null)?.message;
  return typeof message === "string" ? message : null;
}
