import { HStack, Link } from "@chakra-ui/react";
import type { ReactNode } from "react";
import { Link as RouterLink } from "react-router-dom";
import type { ExportDetail, ExportTrigger } from "../api/types";
import { Facts, Section } from "../Configuration";
import { OriginMark } from "../OriginMark";
import { airflowPlace, usePlaces } from "../places";
import { counted, number, size } from "../quantities";
import { Instant, WindowDays } from "../Times";
import { duration } from "../time";

const TRIGGERS: Record<ExportTrigger, string> = {
  schedule: "Its schedule",
  backfill: "A run for past windows",
  page: "This page",
  manual: "Airflow, by hand",
};

/** Who started the export, when, and what it came to; with the way to Airflow's own run. */
export function RunSection({ data }: { data: ExportDetail }) {
  const links = data.airflow !== null && (
    <HStack gap={4}>
      {data.airflow.run !== null && (
        <Link asChild variant="underline">
          <RouterLink to={airflowPlace(data.airflow.run)}>Run in Airflow</RouterLink>
        </Link>
      )}
      <Link asChild variant="underline">
        <RouterLink to={airflowPlace(data.airflow.dag)}>DAG</RouterLink>
      </Link>
    </HStack>
  );
  return (
    <Section aside={links} title="Run">
      <Facts rows={runFacts(data)} />
    </Section>
  );
}

function ReportLink({ id }: { id: string }) {
  const places = usePlaces();
  return (
    <Link asChild variant="underline">
      <RouterLink to={places.report(id)}>{id}</RouterLink>
    </Link>
  );
}

function runFacts(data: ExportDetail): { key: string; label: string; value: ReactNode }[] {
  const facts: [string, ReactNode][] = [
    ["Created By", data.created_by],
    ["Created On", <Instant iso={data.created_at} key="created" />],
    ["Started by", TRIGGERS[data.trigger]],
    ["Comes from", <OriginMark key="origin" origin={data.origin} />],
    ["Report", data.report && <ReportLink id={data.report.id} />],
    ["Window", data.window && <WindowDays window={data.window} />],
    ["As of", data.as_of && <Instant iso={data.as_of} />],
    ["Rows", data.rows === null ? null : counted(data.rows, "row")],
    ["Size", data.bytes === null ? null : size(data.bytes)],
    ["Started", data.started_at && <Instant iso={data.started_at} />],
    ["Ended", data.ended_at && <Instant iso={data.ended_at} />],
    ["Duration", data.seconds === null ? null : duration(data.seconds)],
    ["Attempt", number(data.attempt)],
  ];
  return facts.filter(([, value]) => value !== null).map(([label, value]) => ({ key: label, label, value }));
}
