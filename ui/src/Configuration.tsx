import { Box, DataList, Heading, Stack } from "@chakra-ui/react";
import { type ReactNode, useId } from "react";
import type { Row } from "./api/types";

/** A section with a heading. */
export function Section({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <Box aria-labelledby={id} as="section" bg="bg" borderRadius="md" borderWidth="1px" minW={0} p={{ base: 4, md: 5 }}>
      <Stack align="center" direction="row" justify="space-between" mb={4} wrap="wrap">
        <Heading as="h2" id={id} size="md">
          {title}
        </Heading>
        {aside}
      </Stack>
      {children}
    </Box>
  );
}

/** Read-only labels and values. */
export function Facts({ rows }: { rows: { key: string; label: string; value: ReactNode }[] }) {
  return (
    <DataList.Root gap={3} orientation="horizontal">
      {rows.map(({ key, label, value }) => (
        <DataList.Item
          alignItems="start"
          flexDirection={{ base: "column", sm: "row" }}
          gap={{ base: 0.5, sm: 4 }}
          key={key}
        >
          <DataList.ItemLabel color="fg.muted" flexShrink={0} minW={0} width={{ sm: "11rem" }}>
            {label}
          </DataList.ItemLabel>
          <DataList.ItemValue minW={0} overflowWrap="anywhere" whiteSpace="pre-wrap" width="full">
            {value}
          </DataList.ItemValue>
        </DataList.Item>
      ))}
    </DataList.Root>
  );
}

export function ConfigurationSection({ rows, title = "Configuration" }: { rows: Row[]; title?: string }) {
  return (
    <Section title={title}>
      <Facts rows={rows} />
    </Section>
  );
}
