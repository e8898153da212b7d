import { RadioCard, SimpleGrid } from "@chakra-ui/react";
import { useId } from "react";
import { FrequencyLabels } from "../../api/types";
import { useCreate } from "../context";
import { GroupField } from "../fields/GroupField";
import { blocked } from "./matrix";
import { Reasons } from "./Reasons";

const FREQUENCIES = [
  {
    help: "Runs the report once and does not repeat the same export.",
    label: FrequencyLabels.one_time,
    value: "one_time",
  },
  { help: "Schedules the report to run automatically at a defined interval.", label: "Recurring", value: "recurring" },
];

export const Frequency = () => {
  const { dispatch, form, state } = useCreate();
  const why = blocked(state.draft, form).recurring;
  const reasons = useId();
  return (
    <GroupField field="frequency" label="Export Frequency">
      <RadioCard.Root
        aria-label="Export Frequency"
        colorPalette="brand"
        onValueChange={({ value }) =>
          dispatch({ change: { recurring: value === "recurring" }, field: "frequency", type: "set" })
        }
        size="sm"
        value={state.draft.recurring ? "recurring" : "one_time"}
      >
        <SimpleGrid columns={{ base: 1, md: 2 }} gap={3}>
          {FREQUENCIES.map(({ help, label, value }) => (
            <RadioCard.Item disabled={value === "recurring" && why !== null} key={value} value={value}>
              <RadioCard.ItemHiddenInput aria-describedby={reasons} />
              <RadioCard.ItemControl>
                <RadioCard.ItemContent>
                  <RadioCard.ItemText>{label}</RadioCard.ItemText>
                  <RadioCard.ItemDescription>{help}</RadioCard.ItemDescription>
                </RadioCard.ItemContent>
                <RadioCard.ItemIndicator />
              </RadioCard.ItemControl>
            </RadioCard.Item>
          ))}
        </SimpleGrid>
      </RadioCard.Root>
      <Reasons id={reasons} reasons={[why]} />
    </GroupField>
  );
};
