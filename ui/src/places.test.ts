import { expect, test } from "vitest";
import { airflowPlace, placeOf } from "./places";

test("every view has its own path, and nothing else is one", () => {
  expect(placeOf("")).toEqual({ view: "list" });
  expect(placeOf("new/")).toEqual({ view: "create" });
  expect(placeOf("destinations")).toEqual({ view: "destinations" });
  expect(placeOf("exports/7")).toEqual({ view: "export", id: "7" });
  expect(placeOf("reports/points_weekly")).toEqual({ view: "report", id: "points_weekly" });
  expect(["exports", "exports/7/x", "new/x", "destinations/x", "other"].map((path) => placeOf(path).view)).toEqual(
    Array(5).fill("unknown"),
  );
});

test("an address of Airflow's is absolute for the router, whether it starts with a slash or not", () => {
  expect([airflowPlace("dags/x"), airflowPlace("/dags/x")]).toEqual(["/dags/x", "/dags/x"]);
});
