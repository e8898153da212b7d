import { Button, Table, VisuallyHidden } from "@chakra-ui/react";
import type { ExportRow, ReportRow } from "../api/types";
import { AscendingIcon, DescendingIcon } from "../icons";
import { LoadingRows } from "./LoadingRows";
import { type ListState, sortedBy } from "./listState";
import { ExportTableRow, ReportTableRow } from "./rows";
import { MIDDLE, WIDE } from "./widths";

type Display = typeof WIDE | typeof MIDDLE;

interface Props {
  rows: (ExportRow | ReportRow)[] | undefined;
  state: ListState;
  go: (next: ListState) => void;
}

export function ReportsTable({ rows, state, go }: Props) {
  const recurring = state.tab === "recurring";
  const header = (sort: string, label: string, display?: Display) => (
    <SortHeader display={display} go={go} label={label} sort={sort} state={state} />
  );
  return (
    <Table.ScrollArea borderRadius="md" borderWidth="1px">
      <Table.Root
        aria-label={recurring ? "Recurring reports" : "One time reports"}
        interactive
        size="sm"
        whiteSpace="normal"
      >
        <Table.Header>
          <Table.Row bg="bg.muted">
            {header("name", "Name")}
            {header("promotion_type", "Promotion Type", WIDE)}
            {recurring && header("frequency", "Frequency", WIDE)}
            {header("status", "Export Status", MIDDLE)}
            {header("created_by", "Created By", WIDE)}
            {header("created_at", "Created On", WIDE)}
            {!recurring && (
              <Table.ColumnHeader position="relative" width={12}>
                <VisuallyHidden>Download</VisuallyHidden>
              </Table.ColumnHeader>
            )}
          </Table.Row>
        </Table.Header>
        <Table.Body>
          {rows === undefined ? (
            <LoadingRows columns={6} />
          ) : (
            rows.map((row) =>
              "schedule" in row ? <ReportTableRow key={row.id} row={row} /> : <ExportTableRow key={row.id} row={row} />,
            )
          )}
        </Table.Body>
      </Table.Root>
    </Table.ScrollArea>
  );
}

interface HeaderProps {
  sort: string;
  label: string;
  display?: Display | undefined;
  state: ListState;
  go: (next: ListState) => void;
}

function SortHeader({ sort, label, display, state, go }: HeaderProps) {
  const active = state.sort === sort;
  const Arrow = state.order === "asc" ? AscendingIcon : DescendingIcon;
  return (
    <Table.ColumnHeader
      aria-sort={active ? (state.order === "asc" ? "ascending" : "descending") : "none"}
      display={display}
      px={1}
    >
      <Button fontWeight="semibold" gap={1} onClick={() => go(sortedBy(state, sort))} px={1} size="xs" variant="ghost">
        {label}
        <Arrow boxSize="1em" visibility={active ? "visible" : "hidden"} />
      </Button>
    </Table.ColumnHeader>
  );
}
