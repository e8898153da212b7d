import { Button, Stack, Text } from "@chakra-ui/react";
import type { DestinationConnected } from "../api/types";
import { Facts, Section } from "../Configuration";
import { FailureBanner } from "../Failures";
import { CheckSteps } from "./CheckSteps";
import { summary } from "./summary";
import { useCheck } from "./useCheck";

/** One destination, and its last check since the page was opened. */
export function DestinationSection({ destination }: { destination: DestinationConnected }) {
  const { id, label, address, connection } = destination;
  const { checked, error, running, run } = useCheck(id);
  const title = id === "download" ? label : `${label}, ${id.slice(id.indexOf(":") + 1)}`;
  const rows = [
    { key: "address", label: "Address", value: address },
    { key: "connection", label: "Connection", value: connection ?? "none: a directory" },
  ];
  return (
    <Section
      aside={
        <Button aria-label={`Check ${title}`} loading={running} loadingText="Checking" onClick={run} variant="outline">
          Check
        </Button>
      }
      title={title}
    >
      <Stack gap={4}>
        <Facts rows={rows} />
        <Text aria-live="polite" fontWeight="medium" role="status">
          {running ? "Checking: this takes a minute at most." : checked && summary(checked)}
        </Text>
        {error !== undefined && !running && <FailureBanner error={error} onRetry={run} />}
        {checked !== undefined && !running && <CheckSteps steps={checked.steps} />}
      </Stack>
    </Section>
  );
}
