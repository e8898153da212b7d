import { HStack, Stack, Text } from "@chakra-ui/react";
import { InfoIcon } from "../../icons";

/** Hints below a group of choices: why some are disabled, and their effect on the file. */
export const Reasons = ({ id, reasons }: { id: string; reasons: readonly (string | null)[] }) => (
  <Stack aria-live="polite" gap={1} id={id}>
    {reasons.map((reason) =>
      reason === null ? null : (
        <HStack align="flex-start" color="fg.muted" gap={1.5} key={reason} textStyle="xs">
          <InfoIcon boxSize={3.5} mt="1px" />
          <Text>{reason}</Text>
        </HStack>
      ),
    )}
  </Stack>
);
