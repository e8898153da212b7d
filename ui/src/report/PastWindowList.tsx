import { Box, HStack, Stack, Text } from "@chakra-ui/react";
import type { PastWindows } from "../api/types";
import { counted } from "../quantities";
import { StatusBadge } from "../StatusBadge";
import { WindowDays } from "../Times";
import { whatHappens } from "./whatHappens";

/** Which windows the chosen days come to, and what happens to each. */
export function PastWindowList({ data, again }: { data: PastWindows; again: boolean }) {
  return (
    <Box aria-live="polite">
      {data.windows.length === 0 ? (
        <Text>No window ends within these days.</Text>
      ) : (
        <Stack
          as="ul"
          borderRadius="md"
          borderWidth="1px"
          gap={2}
          listStyleType="none"
          maxH="16rem"
          overflowY="auto"
          p={3}
        >
          {data.windows.map((each) => (
            <HStack as="li" gap={3} justify="space-between" key={each.window.start} wrap="wrap">
              <WindowDays window={each.window} />
              <HStack>
                <Text color="fg.muted" fontSize="sm">
                  {whatHappens(each, again)}
                </Text>
                {each.export !== null && <StatusBadge status={each.export.status} />}
              </HStack>
            </HStack>
          ))}
        </Stack>
      )}
      {data.unfinished > 0 && (
        <Text color="fg.muted" fontSize="sm" mt={2}>
          {counted(data.unfinished, "window has", "windows have")} not ended yet and{" "}
          {data.unfinished === 1 ? "is" : "are"} left out.
        </Text>
      )}
    </Box>
  );
}
