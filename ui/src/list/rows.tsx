import { Box, Link, Table, Text } from "@chakra-ui/react";
import type { MouseEvent, ReactNode } from "react";
import { Link as RouterLink, useNavigate } from "react-router-dom";
import { type ExportRow, FrequencyLabels, type ReportRow } from "../api/types";
import { DownloadLink } from "../DownloadLink";
import { OriginMark } from "../OriginMark";
import { ProgressText } from "../Progress";
import { usePlaces } from "../places";
import { NoRows, STOPPED_WORDS, StatusBadge } from "../StatusBadge";
import { isEmpty, isOpen } from "../status";
import { Instant, WindowDays } from "../Times";
import { MIDDLE, WIDE } from "./widths";

export function ExportTableRow({ row }: { row: ExportRow }) {
  const places = usePlaces();
  const status = (
    <>
      <StatusBadge failure={row.failure} status={row.status} /> {isEmpty(row) && <NoRows />}
      {isOpen(row.status) && row.progress !== null && <ProgressText {...row.progress} />}
      {row.waiting !== null && <Quiet>{row.waiting}</Quiet>}
      {row.earlier && <Quiet>an earlier export is still there</Quiet>}
    </>
  );
  return (
    <OpenableRow to={places.export(row.id)}>
      <NameCell row={row} status={status} to={places.export(row.id)}>
        {row.report !== null && row.window !== null && (
          <>
            <WindowDays window={row.window} />
            {" · "}
          </>
        )}
      </NameCell>
      <Table.Cell display={WIDE} whiteSpace="nowrap">
        {row.promotion_type.label}
      </Table.Cell>
      <Table.Cell display={MIDDLE}>{status}</Table.Cell>
      <CreatedCells row={row} />
      <Table.Cell px={1} textAlign="end" width={12}>
        {row.download !== null && <DownloadLink download={row.download} empty={isEmpty(row)} name={row.name} />}
      </Table.Cell>
    </OpenableRow>
  );
}

export function ReportTableRow({ row }: { row: ReportRow }) {
  const places = usePlaces();
  const word = row.stopped === null ? "" : STOPPED_WORDS[row.stopped.how];
  const status = (
    <>
      <StatusBadge status={row.status} />
      {row.pending && <Quiet>waiting for Airflow</Quiet>}
      {word !== "" && <Quiet>{word}</Quiet>}
    </>
  );
  return (
    <OpenableRow to={places.report(row.id)}>
      <NameCell row={row} status={status} to={places.report(row.id)}>
        <Box as="span" display={{ lg: "none" }}>
          {FrequencyLabels[row.frequency]}
          {" · "}
        </Box>
      </NameCell>
      <Table.Cell display={WIDE} whiteSpace="nowrap">
        {row.promotion_type.label}
      </Table.Cell>
      <Table.Cell display={WIDE}>
        <span title={row.schedule}>{FrequencyLabels[row.frequency]}</span>
      </Table.Cell>
      <Table.Cell display={MIDDLE}>{status}</Table.Cell>
      <CreatedCells row={row} />
    </OpenableRow>
  );
}

/** Opens on a click anywhere but on a link of its own. Keyboards use the link in its name. */
function OpenableRow({ to, children }: { to: string; children: ReactNode }) {
  const navigate = useNavigate();
  const open = (event: MouseEvent<HTMLTableRowElement>) => {
    const onLink = (event.target as Element).closest("a") !== null;
    const selecting = globalThis.getSelection()?.type === "Range";
    if (!onLink && !selecting) {
      navigate(to);
    }
  };
  return (
    <Table.Row cursor="pointer" onClick={open}>
      {children}
    </Table.Row>
  );
}

interface NameProps {
  row: ExportRow | ReportRow;
  status: ReactNode;
  to: string;
  children: ReactNode;
}

function NameCell({ row, status, to, children }: NameProps) {
  return (
    <Table.Cell maxW={{ lg: "28rem" }} overflowWrap="anywhere">
      <Link asChild color="fg.info" display="inline" fontWeight="medium" overflowWrap="anywhere">
        <RouterLink to={to}>{row.name}</RouterLink>
      </Link>
      <Quiet>
        {children}
        <OriginMark origin={row.origin} />
      </Quiet>
      <Box display={{ md: "none" }} my={1}>
        {status}
      </Box>
      <Box display={{ lg: "none" }}>
        <Quiet>{row.promotion_type.label}</Quiet>
        <Quiet>
          {row.created_by}, <Instant iso={row.created_at} />
        </Quiet>
      </Box>
    </Table.Cell>
  );
}

function CreatedCells({ row }: { row: ExportRow | ReportRow }) {
  return (
    <>
      <Table.Cell display={WIDE} overflowWrap="anywhere">
        {row.created_by}
      </Table.Cell>
      <Table.Cell display={WIDE}>
        <Instant iso={row.created_at} />
      </Table.Cell>
    </>
  );
}

function Quiet({ children }: { children: ReactNode }) {
  return (
    <Text as="div" color="fg.muted" fontSize="xs" mt={0.5}>
      {children}
    </Text>
  );
}
