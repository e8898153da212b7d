import { Box, Clipboard, Code, HStack, IconButton, Stack, Text } from "@chakra-ui/react";
import type { FileShown, MemberShown } from "../api/types";
import { Section } from "../Configuration";
import { CheckIcon, CopyIcon } from "../icons";
import { counted, size } from "../quantities";
import { Instant } from "../Times";

/** The files that were made; a ZIP with the CSVs inside it. */
export function ExportFiles({ files }: { files: FileShown[] }) {
  return (
    <Section title="Files">
      <Stack gap={5}>
        {files.map((file) => (
          <Stack gap={2} key={file.name}>
            <FileLine file={file} />
            <Sha256 value={file.sha256} />
            {file.members.length > 0 && (
              <Stack as="ul" borderStartWidth="2px" gap={2} listStyleType="none" ps={4}>
                {file.members.map((member) => (
                  <li key={member.name}>
                    <FileLine file={member} />
                  </li>
                ))}
              </Stack>
            )}
          </Stack>
        ))}
      </Stack>
    </Section>
  );
}

function FileLine({ file }: { file: MemberShown }) {
  return (
    <Box minW={0}>
      <Text fontWeight="medium" overflowWrap="anywhere">
        {file.name}
      </Text>
      <Text color="fg.muted" fontSize="sm">
        {counted(file.rows, "row")}, {size(file.bytes)}
        {file.first !== null && file.last !== null && (
          <>
            , <Instant iso={file.first} /> to <Instant iso={file.last} />
          </>
        )}
      </Text>
    </Box>
  );
}

function Sha256({ value }: { value: string }) {
  return (
    <HStack gap={1} minW={0}>
      <Text color="fg.muted" flexShrink={0} fontSize="xs">
        sha256
      </Text>
      <Code fontSize="xs" minW={0} truncate>
        {value}
      </Code>
      <Clipboard.Root flexShrink={0} value={value}>
        <Clipboard.Trigger asChild>
          <IconButton aria-label="Copy sha256" size="xs" variant="ghost">
            <Clipboard.Indicator copied={<CheckIcon />}>
              <CopyIcon />
            </Clipboard.Indicator>
          </IconButton>
        </Clipboard.Trigger>
      </Clipboard.Root>
    </HStack>
  );
}
