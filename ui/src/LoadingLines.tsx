import { Skeleton, Stack } from "@chakra-ui/react";

const WIDTHS = ["30%", "100%", "90%", "80%"];

/** Placeholder of a view that is loading. */
export function LoadingLines() {
  return (
    <Stack aria-busy="true" aria-label="Loading" gap={4} role="status">
      {WIDTHS.map((width) => (
        <Skeleton height={width === "30%" ? 8 : 16} key={width} width={width} />
      ))}
    </Stack>
  );
}
