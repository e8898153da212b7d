import { HStack, Spinner, Stack, Text } from "@chakra-ui/react";
import type { EstimateShown } from "../../api/types";
import { windowText } from "../../time";
import { useCreate } from "../context";
import { timezoneOf } from "../draft";
import type { EstimateState } from "./useEstimate";

/** How large the export will be. It never keeps anybody from exporting, and is announced when it is known. */
export const EstimateLine = ({ state }: { state: EstimateState }) => (
  <Stack
    aria-busy={state.kind === "counting"}
    aria-label="Estimate"
    aria-live="polite"
    gap={0}
    minH={state.kind === "none" ? 0 : 10}
    role="status"
    textAlign={{ base: "start", md: "end" }}
    textStyle="sm"
  >
    {state.kind === "counting" ? (
      <HStack color="fg.muted" gap={2} justify={{ base: "start", md: "end" }}>
        <Spinner size="xs" />
        <Text>Counting the rows…</Text>
      </HStack>
    ) : null}
    {state.kind === "refused" ? (
      <Text color="fg.muted">{`No estimate: ${state.error.message} ${state.error.fix}`.trim()}</Text>
    ) : null}
    {state.kind === "estimated" ? <Estimated estimate={state.estimate} /> : null}
  </Stack>
);

const Estimated = ({ estimate: { basis, rows, sentence, window } }: { estimate: EstimateShown }) => {
  const { form, state } = useCreate();
  const last = window !== null && state.draft.recurring ? windowText(window, timezoneOf(state.draft, form)) : null;
  return (
    <>
      <Text color={rows === null ? "fg.muted" : "fg"}>
        {last === null ? sentence : `Last window, ${last}: ${sentence}`}
      </Text>
      {basis ? (
        <Text color="fg.muted" textStyle="xs">
          {basis}
        </Text>
      ) : null}
    </>
  );
};
