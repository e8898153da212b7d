import { Badge, HStack, Stack, Text } from "@chakra-ui/react";
import type { DestinationShown, ExportDetail, ExportStatus, Failure } from "../api/types";
import { Section } from "../Configuration";
import { CheckIcon, CrossIcon, DashIcon } from "../icons";
import { isOpen } from "../status";

/** Where the export goes, and whether it is complete there; why not, where the status above does not say so already. */
export function Destinations({ data }: { data: ExportDetail }) {
  const { destinations, failure, waiting } = data;
  const isSaid = ({ reason }: Failure) => reason === failure?.reason || (waiting?.includes(reason) ?? false);
  return (
    <Section title="Destinations">
      <Stack as="ul" gap={4} listStyleType="none">
        {destinations.map((destination, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: their order is the definition's, and titles may be equal
          <Stack as="li" gap={1} key={index}>
            <HStack gap={3} wrap="wrap">
              <Text fontWeight="medium">{destination.title}</Text>
              <State destination={destination} status={data.status} />
            </HStack>
            {destination.manifest !== null && (
              <Text color="fg.muted" fontSize="sm" overflowWrap="anywhere">
                {destination.manifest}
              </Text>
            )}
            {destination.failure !== null && !isSaid(destination.failure) && (
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

function State({ destination, status }: { destination: DestinationShown; status: ExportStatus }) {
  if (destination.delivered) {
    return (
      <Badge colorPalette="success">
        <CheckIcon /> Delivered
      </Badge>
    );
  }
  return destination.failure === null && isOpen(status) ? (
    <Badge colorPalette="gray">
      <DashIcon /> Not delivered yet
    </Badge>
  ) : (
    <Badge colorPalette="failed">
      <CrossIcon /> Not delivered
    </Badge>
  );
}
