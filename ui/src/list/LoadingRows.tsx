import { Skeleton, Table } from "@chakra-ui/react";

const LINES = ["a", "b", "c", "d", "e", "f"];

/** The shape of a list that has not arrived yet. */
export function LoadingRows({ columns }: { columns: number }) {
  return LINES.map((line) => (
    <Table.Row key={line}>
      <Table.Cell colSpan={columns} py={3}>
        <Skeleton height={6} />
      </Table.Cell>
    </Table.Row>
  ));
}
