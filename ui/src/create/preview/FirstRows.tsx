import { Table, Text, VisuallyHidden } from "@chakra-ui/react";
import type { ColumnShown, PreviewShown } from "../../api/types";
import { isNumeric } from "./numbers";

interface Props {
  columns: readonly ColumnShown[];
  preview: PreviewShown;
}

/** The beginning of the file. Cells are shown as they are in it, blanks and all. */
export const FirstRows = ({ columns, preview }: Props) => (
  <Table.ScrollArea
    aria-label="First rows"
    borderWidth="1px"
    maxH={96}
    position="relative"
    role="region"
    rounded="l2"
    tabIndex={0}
  >
    <Table.Root interactive size="sm" stickyHeader>
      <Table.Header>
        <Table.Row bg="bg.muted">
          {preview.columns.map(({ name, type }) => {
            const about = columns.find((column) => column.name === name);
            return (
              <Table.ColumnHeader
                key={name}
                textAlign={isNumeric(type) ? "end" : "start"}
                title={about?.description}
                verticalAlign="top"
                whiteSpace="nowrap"
              >
                {name}
                <Text color="fg.muted" fontWeight="normal" textStyle="xs">
                  {about?.unit ? `${type}, ${about.unit}` : type}
                </Text>
              </Table.ColumnHeader>
            );
          })}
        </Table.Row>
      </Table.Header>
      <Table.Body>
        {preview.rows.map((row, number) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the rows of one answer never move
          <Table.Row key={number}>
            {preview.columns.map(({ name, type }, place) => (
              <Table.Cell
                fontVariantNumeric="tabular-nums"
                key={name}
                textAlign={isNumeric(type) ? "end" : "start"}
                whiteSpace="pre"
              >
                <Cell text={row[place] ?? null} />
              </Table.Cell>
            ))}
          </Table.Row>
        ))}
      </Table.Body>
    </Table.Root>
  </Table.ScrollArea>
);

/** No value is not the same as an empty text, which leaves its cell blank. */
const Cell = ({ text }: { text: string | null }) =>
  text === null ? (
    <Text as="span" color="fg.subtle" title="no value">
      <span aria-hidden>–</span>
      <VisuallyHidden>no value</VisuallyHidden>
    </Text>
  ) : (
    text
  );
