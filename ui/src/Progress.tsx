import { Progress, Text } from "@chakra-ui/react";
import { number } from "./quantities";

/** Progress bar of rows written of rows counted. */
export function RowsProgress({ written, counted }: { written: number; counted: number }) {
  return (
    <Progress.Root
      aria-label="Rows written"
      colorPalette="running"
      maxW="md"
      // A report without rows has no share to show: an unknown value is drawn as movement.
      max={Math.max(1, counted)}
      value={counted === 0 ? null : Math.min(written, counted)}
    >
      <Progress.Track>
        <Progress.Range />
      </Progress.Track>
      <ProgressText counted={counted} written={written} />
    </Progress.Root>
  );
}

export function ProgressText({ written, counted }: { written: number; counted: number }) {
  return (
    <Text color="fg.muted" fontSize="xs" mt={1}>
      {number(written)} of {number(counted)} rows
    </Text>
  );
}
