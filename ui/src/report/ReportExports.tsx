import { Box, Flex, Link, Table, Text } from "@chakra-ui/react";
import { useState } from "react";
import { Link as RouterLink } from "react-router-dom";
import { paceOf } from "../api/polling";
import type { ExportRow, PageExportRow } from "../api/types";
import { useGet } from "../api/useGet";
import { Section } from "../Configuration";
import { DownloadLink } from "../DownloadLink";
import { FailureBanner } from "../Failures";
import { PreviousNext } from "../list/Paging";
import { ProgressText } from "../Progress";
import { usePlaces } from "../places";
import { counted, number, size } from "../quantities";
import { NoRows, StatusBadge } from "../StatusBadge";
import { StatusChanges } from "../StatusChanges";
import { isEmpty, isOpen } from "../status";
import { Instant, WindowDays } from "../Times";
import { duration } from "../time";

const paceOfPage = ({ items }: PageExportRow) => paceOf(items);

/** What the report has exported, newest first. */
export function ReportExports({ id }: { id: string }) {
  const [cursor, setCursor] = useState<string>();
  const query = new URLSearchParams({ report: id, limit: "25", ...(cursor !== undefined && { cursor }) });
  const { data, error, reload, stale } = useGet<PageExportRow>(`exports?${query}`, paceOfPage);
  return (
    <Section
      aside={
        data !== undefined && (
          <Text color="fg.muted" fontSize="sm">
            {counted(data.total, "export")}
          </Text>
        )
      }
      title="Exports"
    >
      {error !== undefined && <FailureBanner error={error} onRetry={reload} />}
      {data !== undefined && data.items.length === 0 && <Text color="fg.muted">It has not exported anything yet.</Text>}
      {data !== undefined && data.items.length > 0 && (
        <>
          <Table.ScrollArea opacity={stale ? 0.5 : 1}>
            <Table.Root aria-label="Exports of this report" size="sm">
              <Table.Header>
                <Table.Row>
                  <Table.ColumnHeader>Window</Table.ColumnHeader>
                  <Table.ColumnHeader>Export Status</Table.ColumnHeader>
                  <Table.ColumnHeader textAlign="end">Rows</Table.ColumnHeader>
                  <Table.ColumnHeader textAlign="end">Size</Table.ColumnHeader>
                  <Table.ColumnHeader textAlign="end">Duration</Table.ColumnHeader>
                  <Table.ColumnHeader>Created On</Table.ColumnHeader>
                  <Table.ColumnHeader aria-label="Download" />
                </Table.Row>
              </Table.Header>
              <Table.Body>
                {data.items.map((row) => (
                  <HistoryRow key={row.id} row={row} />
                ))}
              </Table.Body>
            </Table.Root>
          </Table.ScrollArea>
          <Flex justify="end" mt={3}>
            <PreviousNext go={setCursor} page={data} />
          </Flex>
          <StatusChanges rows={data.items} />
        </>
      )}
    </Section>
  );
}

function HistoryRow({ row }: { row: ExportRow }) {
  const places = usePlaces();
  return (
    <Table.Row>
      <Table.Cell whiteSpace="nowrap">
        <Link asChild color="fg.info">
          <RouterLink to={places.export(row.id)}>
            {row.window === null ? `Export ${row.id}` : <WindowDays window={row.window} />}
          </RouterLink>
        </Link>
      </Table.Cell>
      <Table.Cell>
        <StatusBadge status={row.status} /> {isEmpty(row) && <NoRows />}
        {isOpen(row.status) && row.progress !== null && <ProgressText {...row.progress} />}
        {row.failure !== null && (
          <Box
            color="fg.muted"
            fontSize="xs"
            maxW="22rem"
            minW="12rem"
            mt={1}
            overflowWrap="anywhere"
            whiteSpace="normal"
          >
            {row.failure.reason}
          </Box>
        )}
      </Table.Cell>
      <Table.Cell textAlign="end">{row.rows === null ? "" : number(row.rows)}</Table.Cell>
      <Table.Cell textAlign="end" whiteSpace="nowrap">
        {row.bytes === null ? "" : size(row.bytes)}
      </Table.Cell>
      <Table.Cell textAlign="end" whiteSpace="nowrap">
        {row.seconds === null ? "" : duration(row.seconds)}
      </Table.Cell>
      <Table.Cell>
        <Instant iso={row.created_at} />
      </Table.Cell>
      <Table.Cell px={1} textAlign="end">
        {row.download !== null && <DownloadLink download={row.download} empty={isEmpty(row)} name={row.name} />}
      </Table.Cell>
    </Table.Row>
  );
}
