import { Alert, Badge, Button, Heading, HStack, Spinner, Stack, Text } from "@chakra-ui/react";
import type { PreviewShown } from "../../api/types";
import { counted } from "../../quantities";
import { instant, windowText } from "../../time";
import { useCreate } from "../context";
import { reportTypeOf, timezoneOf } from "../draft";
import { FirstRows } from "./FirstRows";
import { Totals } from "./Totals";
import type { PreviewState } from "./usePreview";

interface Props {
  onAgain: () => void;
  onCancel: () => void;
  state: PreviewState;
}

/** What Preview shows: the first rows, what was counted and summed, and what the file will be. */
export const PreviewPanel = ({ onAgain, onCancel, state }: Props) => {
  if (state.kind === "none") return null;
  return (
    <Stack as="section" aria-label="Preview" gap={3}>
      <Heading as="h3" size="sm">
        Preview
      </Heading>
      {state.kind === "loading" ? (
        <HStack borderWidth="1px" gap={3} p={4} role="status" rounded="l2">
          <Spinner size="sm" />
          <Text flex={1} textStyle="sm">
            Counting the rows and reading the first of them. This may take some seconds.
          </Text>
          <Button onClick={onCancel} size="xs" variant="outline">
            Cancel
          </Button>
        </HStack>
      ) : null}
      {state.kind === "failed" ? (
        <Alert.Root role="alert" status="error">
          <Alert.Indicator />
          <Alert.Content>
            <Alert.Title>No preview</Alert.Title>
            <Alert.Description>{`${state.error.message} ${state.error.fix}`.trim()}</Alert.Description>
          </Alert.Content>
          <Button colorPalette="red" onClick={onAgain} size="xs" variant="outline">
            Try again
          </Button>
        </Alert.Root>
      ) : null}
      {state.kind === "shown" ? <Shown preview={state.preview} /> : null}
    </Stack>
  );
};

const Shown = ({ preview }: { preview: PreviewShown }) => {
  const { form, state } = useCreate();
  const columns = reportTypeOf(state.draft, form)?.columns ?? [];
  const { as_of: asOf, counted: all, excluded, file, rows, window } = preview;
  const zone = timezoneOf(state.draft, form);
  const when = window === null ? asOf && `as of ${instant(asOf, zone)}` : windowText(window, zone);
  return (
    <Stack gap={3}>
      <HStack gap={2} role="status" textStyle="sm" wrap="wrap">
        <Text fontWeight="medium">{counted(all, "row")}</Text>
        {when ? <Text color="fg.muted">{when}</Text> : null}
        <Badge colorPalette="brand">{file}</Badge>
      </HStack>
      {excluded === 0 ? null : (
        <Text color="fg.muted" textStyle="xs">
          {`${counted(excluded, "row")} without a time that any window holds ${excluded === 1 ? "is" : "are"} left out.`}
        </Text>
      )}
      {all === 0 ? (
        <Text borderWidth="1px" p={4} rounded="l2" textStyle="sm">
          Nothing matches. You can export it all the same: the file then has the column names only.
        </Text>
      ) : (
        <>
          {preview.totals.length === 0 ? null : <Totals columns={columns} preview={preview} />}
          <FirstRows columns={columns} preview={preview} />
          <Text color="fg.muted" textStyle="xs">
            {rows.length < all ? `The first ${rows.length} of ${counted(all, "row")}.` : `All ${counted(all, "row")}.`}
          </Text>
        </>
      )}
    </Stack>
  );
};
