import { HStack, Link, SimpleGrid, Stack, Text } from "@chakra-ui/react";
import { useState } from "react";
import { Link as RouterLink } from "react-router-dom";
import { paceOf } from "../api/polling";
import type { ReportDetail } from "../api/types";
import { useGet } from "../api/useGet";
import { BackLink } from "../BackLink";
import { ConfigurationSection, Section } from "../Configuration";
import { FailureBanner, FailureView } from "../Failures";
import { LoadingLines } from "../LoadingLines";
import { OriginMark } from "../OriginMark";
import { PageHeading } from "../PageHeading";
import { airflowPlace } from "../places";
import { StatusBadge } from "../StatusBadge";
import { StatusChanges } from "../StatusChanges";
import { Instant, WindowDays } from "../Times";
import { ReportActions } from "./ReportActions";
import { ReportExports } from "./ReportExports";

const HISTORY = { stopped: "Stopped", resumed: "Resumed", deleted: "Deleted" };

/** One recurring report: its configuration, what comes next, and what it has exported. */
export function ReportView({ id }: { id: string }) {
  const path = `reports/${encodeURIComponent(id)}`;
  const { data, error, reload, put } = useGet<ReportDetail>(path, (detail) => paceOf([detail]));
  const [started, setStarted] = useState(0); // runs for past windows: their exports show at once
  if (data === undefined) {
    return error === undefined ? <LoadingLines /> : <FailureView error={error} onRetry={reload} />;
  }
  return (
    <>
      <BackLink tab="recurring" />
      <PageHeading title={data.name}>
        <ReportActions data={data} onStarted={() => setStarted((before) => before + 1)} path={path} put={put} />
      </PageHeading>
      {error !== undefined && <FailureBanner error={error} onRetry={reload} />}
      <ReportState data={data} />
      <SimpleGrid alignItems="start" columns={{ base: 1, xl: data.upcoming.length > 0 ? 2 : 1 }} gap={5}>
        <ConfigurationSection rows={data.configuration} />
        {data.upcoming.length > 0 && <NextDeliveries data={data} />}
        {data.uncovered.length > 0 && <Uncovered data={data} />}
      </SimpleGrid>
      <ReportExports id={data.id} key={started} />
      {data.history.length > 0 && (
        <Section title="Changes">
          <Stack as="ul" gap={2} listStyleType="none">
            {data.history.map(({ at, by, what }) => (
              <li key={at}>
                {HISTORY[what]} by {by}, <Instant iso={at} />
              </li>
            ))}
          </Stack>
        </Section>
      )}
      <StatusChanges rows={[data]} />
    </>
  );
}

function ReportState({ data }: { data: ReportDetail }) {
  const { stopped } = data;
  return (
    <Stack gap={2}>
      <HStack gap={3} wrap="wrap">
        <StatusBadge status={data.status} />
        <Text>{data.schedule}</Text>
        {data.airflow !== null && (
          <Link asChild variant="underline">
            <RouterLink to={airflowPlace(data.airflow.dag)}>DAG in Airflow</RouterLink>
          </Link>
        )}
      </HStack>
      {data.pending_reason !== null && <Text overflowWrap="anywhere">{data.pending_reason}</Text>}
      {stopped !== null && (
        <Text overflowWrap="anywhere">
          {stopped.reason}
          {stopped.since !== null && (
            <Text as="span" color="fg.muted">
              {" "}
              Since <Instant iso={stopped.since} />
              {stopped.by !== null && `, by ${stopped.by}`}.
            </Text>
          )}
        </Text>
      )}
      <Text as="div" color="fg.muted" fontSize="sm">
        Created by {data.created_by}, <Instant iso={data.created_at} /> · <OriginMark origin={data.origin} />
      </Text>
    </Stack>
  );
}

function NextDeliveries({ data }: { data: ReportDetail }) {
  return (
    <Section title="Next deliveries">
      <Stack as="ul" gap={2} listStyleType="none">
        {data.upcoming.map(({ due, window }) => (
          <li key={due}>
            <Instant iso={due} />{" "}
            <Text as="span" color="fg.muted">
              with <WindowDays window={window} />
            </Text>
          </li>
        ))}
      </Stack>
    </Section>
  );
}

function Uncovered({ data }: { data: ReportDetail }) {
  return (
    <Section title="Not in any delivery">
      <Text>
        Its schedule was changed, or it was stopped, between two deliveries. Export past windows of it, or duplicate it
        as a one-time report of these dates.
      </Text>
      <Stack as="ul" gap={2} listStyleType="none">
        {data.uncovered.map((window) => (
          <li key={window.start}>
            <WindowDays window={window} />
          </li>
        ))}
      </Stack>
    </Section>
  );
}
