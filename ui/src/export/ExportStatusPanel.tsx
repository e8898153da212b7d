import { Alert, HStack, Stack, Text } from "@chakra-ui/react";
import type { ExportDetail, ExportStep } from "../api/types";
import { RowsProgress } from "../Progress";
import { counted, size } from "../quantities";
import { NoRows, StatusBadge } from "../StatusBadge";
import { isEmpty, isOpen } from "../status";
import { WindowDays } from "../Times";

const STEPS: Record<ExportStep, string> = {
  waiting: "Waiting to start",
  extract: "Reading rows from the database",
  deliver: "Delivering the files",
};

const CHECKING = "Checking the file against what the database counted";

/** How the export stands now, in words, and what to do if it failed. */
export function ExportStatusPanel({ data }: { data: ExportDetail }) {
  const { failure, progress, status, step, waiting } = data;
  const result = [
    data.rows === null ? null : counted(data.rows, "row"),
    data.bytes === null ? null : size(data.bytes),
  ].filter((part) => part !== null);
  const checking =
    step === "extract" && progress !== null && progress.counted > 0 && progress.written >= progress.counted;
  return (
    <Stack gap={3}>
      <HStack gap={3} wrap="wrap">
        <StatusBadge status={status} />
        {isEmpty(data) && <NoRows />}
        {isOpen(status) && <Text>{waiting ?? (checking ? CHECKING : STEPS[step ?? "waiting"])}</Text>}
        {status === "created" && result.length > 0 && <Text>{result.join(", ")}</Text>}
        {data.earlier && <Text>{`An earlier export is still there: ${result.join(", ")}`}</Text>}
        {data.window !== null && (
          <Text color="fg.muted">
            <WindowDays window={data.window} />
            {data.window.open && ". Rows of this window may still arrive."}
          </Text>
        )}
      </HStack>
      {isOpen(status) && progress !== null && <RowsProgress {...progress} />}
      {isEmpty(data) && (
        <Alert.Root status="warning">
          <Alert.Indicator />
          <Alert.Content>
            <Alert.Title>Nothing matched: the file has the column names only.</Alert.Title>
            <Alert.Description>
              If rows were expected, compare the filters{data.window === null ? "" : " and the days"} below with what
              was meant.
            </Alert.Description>
          </Alert.Content>
        </Alert.Root>
      )}
      {failure !== null && (
        <Alert.Root status={status === "cancelled" ? "neutral" : "error"}>
          <Alert.Indicator />
          <Alert.Content minW={0} overflowWrap="anywhere">
            <Alert.Title>{failure.reason}</Alert.Title>
            {failure.fix !== "" && <Alert.Description>{failure.fix}</Alert.Description>}
          </Alert.Content>
        </Alert.Root>
      )}
    </Stack>
  );
}
