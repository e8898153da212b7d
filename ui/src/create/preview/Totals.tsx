import { Box, HStack, Stat, Table, Wrap } from "@chakra-ui/react";
import type { ColumnShown, PreviewShown } from "../../api/types";
import { grouped } from "./numbers";

interface Props {
  columns: readonly ColumnShown[];
  preview: PreviewShown;
}

/** What the database counted and summed over the whole window, not only over the rows shown. */
export const Totals = ({ columns, preview: { groups, totals } }: Props) => {
  const unitOf = (name: string) => columns.find((column) => column.name === name)?.unit ?? "";
  if (groups !== null && groups.items.length > 0) {
    return (
      <Table.ScrollArea borderWidth="1px" maxW="full" rounded="l2" w="fit-content">
        <Table.Root aria-label={`Totals by ${groups.by}`} size="sm">
          <Table.Header>
            <Table.Row bg="bg.muted">
              <Table.ColumnHeader>{groups.by}</Table.ColumnHeader>
              <Table.ColumnHeader textAlign="end">rows</Table.ColumnHeader>
              {totals.map(({ name }) => (
                <Table.ColumnHeader key={name} textAlign="end">
                  {unitOf(name) === "" || unitOf(name) === name ? name : `${name}, ${unitOf(name)}`}
                </Table.ColumnHeader>
              ))}
            </Table.Row>
          </Table.Header>
          <Table.Body fontVariantNumeric="tabular-nums">
            {groups.items.map(({ rows, sums, value }) => (
              <Line key={value} rows={rows} sums={sums} title={value} totals={totals} />
            ))}
          </Table.Body>
          <Table.Footer fontVariantNumeric="tabular-nums">
            <Line
              rows={groups.items.reduce((sum, { rows }) => sum + rows, 0)}
              sums={totals}
              title="Total"
              totals={totals}
            />
          </Table.Footer>
        </Table.Root>
      </Table.ScrollArea>
    );
  }
  return (
    <Wrap gap={6}>
      {totals.map(({ name, sum }) => (
        <Stat.Root key={name} size="sm">
          <Stat.Label>{name}</Stat.Label>
          <HStack alignItems="baseline" gap={1}>
            <Stat.ValueText textStyle="md">{grouped(sum)}</Stat.ValueText>
            <Box as="span" color="fg.muted" textStyle="xs">
              {unitOf(name)}
            </Box>
          </HStack>
        </Stat.Root>
      ))}
    </Wrap>
  );
};

interface LineProps {
  rows: number;
  sums: PreviewShown["totals"];
  title: string;
  totals: PreviewShown["totals"];
}

const Line = ({ rows, sums, title, totals }: LineProps) => (
  <Table.Row>
    <Table.Cell fontWeight={title === "Total" ? "medium" : undefined}>{title}</Table.Cell>
    <Table.Cell textAlign="end">{grouped(String(rows))}</Table.Cell>
    {totals.map(({ name }) => (
      <Table.Cell key={name} textAlign="end">
        {grouped(sums.find((each) => each.name === name)?.sum ?? "")}
      </Table.Cell>
    ))}
  </Table.Row>
);
