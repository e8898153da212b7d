import { SimpleGrid, Stack } from "@chakra-ui/react";
import { paceOf } from "../api/polling";
import type { ExportDetail } from "../api/types";
import { useGet } from "../api/useGet";
import { BackLink } from "../BackLink";
import { ConfigurationSection } from "../Configuration";
import { FailureBanner, FailureView } from "../Failures";
import { LoadingLines } from "../LoadingLines";
import { PageHeading } from "../PageHeading";
import { StatusChanges } from "../StatusChanges";
import { Destinations } from "./Destinations";
import { ExportActions } from "./ExportActions";
import { ExportFiles } from "./ExportFiles";
import { ExportStatusPanel } from "./ExportStatusPanel";
import { ManifestSection } from "./ManifestSection";
import { RunSection } from "./RunSection";

/** One export: how it stands, what it was asked for, and what it made. */
export function ExportView({ id }: { id: string }) {
  const path = `exports/${encodeURIComponent(id)}`;
  const { data, error, reload, put } = useGet<ExportDetail>(path, (detail) => paceOf([detail]));
  if (data === undefined) {
    return error === undefined ? <LoadingLines /> : <FailureView error={error} onRetry={reload} />;
  }
  return (
    <>
      <BackLink />
      <PageHeading title={data.name}>
        <ExportActions data={data} path={path} put={put} />
      </PageHeading>
      {error !== undefined && <FailureBanner error={error} onRetry={reload} />}
      <ExportStatusPanel data={data} />
      <SimpleGrid alignItems="start" columns={{ base: 1, xl: 2 }} gap={5}>
        <Stack gap={5} minW={0}>
          <ConfigurationSection rows={data.configuration} />
          {data.files.length > 0 && <ExportFiles files={data.files} />}
        </Stack>
        <Stack gap={5} minW={0}>
          {data.destinations.length > 0 && <Destinations data={data} />}
          <RunSection data={data} />
          {(data.facts.length > 0 || data.manifest !== null) && <ManifestSection data={data} />}
        </Stack>
      </SimpleGrid>
      <StatusChanges rows={[data]} />
    </>
  );
}
