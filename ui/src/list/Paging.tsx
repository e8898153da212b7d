import { Button, Flex, HStack, NativeSelect, Text } from "@chakra-ui/react";
import type { PageExportRow } from "../api/types";
import { counted } from "../quantities";
import { changed, type ListState, PAGE_SIZES } from "./listState";

/** Where one page of a list lies among the others. */
type Place = Pick<PageExportRow, "next" | "previous" | "total">;

interface Props {
  page: Place;
  state: ListState;
  go: (next: ListState) => void;
}

export function Paging({ page, state, go }: Props) {
  return (
    <Flex align="center" as="nav" aria-label="Pages" gap={3} justify="space-between" wrap="wrap">
      <HStack gap={4}>
        <Text color="fg.muted" fontSize="sm" whiteSpace="nowrap">
          {counted(page.total, "report")}
        </Text>
        <NativeSelect.Root size="sm" width="auto">
          <NativeSelect.Field
            aria-label="Reports per page"
            onChange={(event) => go(changed(state, { limit: Number(event.target.value) }))}
            value={state.limit}
          >
            {PAGE_SIZES.map((limit) => (
              <option key={limit} value={limit}>
                {limit} per page
              </option>
            ))}
          </NativeSelect.Field>
          <NativeSelect.Indicator />
        </NativeSelect.Root>
      </HStack>
      <PreviousNext go={(cursor) => go({ ...state, cursor })} page={page} />
    </Flex>
  );
}

/** Two buttons to the neighbouring pages; none where one page holds everything. */
export function PreviousNext({ page, go }: { page: Place; go: (cursor: string) => void }) {
  if (page.previous === null && page.next === null) {
    return null;
  }
  const button = (label: string, cursor: string | null) => (
    <Button disabled={cursor === null} onClick={() => cursor !== null && go(cursor)} size="sm" variant="outline">
      {label}
    </Button>
  );
  return (
    <HStack>
      {button("Previous", page.previous)}
      {button("Next", page.next)}
    </HStack>
  );
}
