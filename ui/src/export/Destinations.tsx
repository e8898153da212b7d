import { Badge, HStack, Stack, Text } from "@chakra-ui/react";
import type { Destination } from "../api/types";
import { Section } from "../Configuration";
import { CheckIcon, CrossIcon, DashIcon } from "../icons";

/** Where the export goes, and whether it is complete there. */
export function Destinations({ destinations }: { destinations: Destination[] }) {
  return (
    <Section title="Destinations">
      <Stack as="ul" gap={4} listStyleType="none">
        {destinations.map((destination, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: their order is the definition's, and titles may be equal
          <Stack as="li" gap={1} key={index}>
            <HStack gap={3} wrap="wrap">
              <Text fontWeight="medium">{destination.title}</Text>
              <State {...destination} />
            </HStack>
            {destination.manifest !== null && (
              <Text color="fg.muted" fontSize="sm" overflowWrap="anywhere">
                {destination.manifest}
              </Text>
            )}
            {destination.failure !== null && (
              <Text fontSize="sm" overflowWrap="anywhere">
                {destination.failure.reason} {destination.failure.fix}
              </Text>
            )}
          </Stack>
        ))}
      </Stack>
    </Section>
  );
}

function State({ delivered, failure }: Destination) {
  if (delivered) {
    return (
      <Badge colorPalette="success">
        <CheckIcon /> Delivered
      </Badge>
    );
  }
  return failure === null ? (
    <Badge colorPalette="gray">
      <DashIcon /> Not delivered yet
    </Badge>
  ) : (
    <Badge colorPalette="failed">
      <CrossIcon /> Not delivered
    </Badge>
  );
}
