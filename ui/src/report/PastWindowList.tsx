import { Box, HStack, Stack, Text } from "@chakra-ui/react";
import type { PastWindow, PastWindows } from "../api/types";
import { counted } from "../quantities";
import { StatusBadge } from "../StatusBadge";
import { WindowDays } from "../Times";

const wording = (made_now: boolean, made: PastWindow["export"]): string => {
  if (!made_now) {
    return made?.status === "creating" ? "being made" : "skipped";
  }
  return made === null ? "will be exported" : "will be exported again";
};

/** Which windows the chosen days come to, and which of them are skipped. */
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
          {data.windows.map(({ window, export: made, makes, makes_again }) => (
            <HStack as="li" gap={3} justify="space-between" key={window.start} wrap="wrap">
              <WindowDays window={window} />
              <HStack>
                <Text color="fg.muted" fontSize="sm">
                  {wording(again ? makes_again : makes, made)}
                </Text>
                {made !== null && <StatusBadge status={made.status} />}
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
