import { Box, HStack, RadioGroup } from "@chakra-ui/react";
import type { FilterShown } from "../../api/types";
import { useCreate, useProblem } from "../context";
import { GroupField } from "../fields/GroupField";
import { SelectField } from "../fields/SelectField";
import { SingleField } from "../fields/SingleField";
import { type Choice, chosenOf } from "../filters/values";
import { FetchedChoices } from "./FetchedChoices";
import { FixedChoices, SelectAllOrNone } from "./FixedChoices";
import { howMany } from "./howMany";

/** A filter whose values are chosen from a list, as its `select` and its `choices` say. */
export const ChoiceField = ({ filter }: { filter: FilterShown }) => {
  const { dispatch, state } = useCreate();
  const { all, choices } = chosenOf(state.draft, filter);
  const field = `filters.${filter.name}`;
  const change = (changed: Choice[], everything = false) =>
    dispatch({ chosen: { all: everything, choices: changed }, name: filter.name, type: "filter" });
  const help = [filter.description, howMany(filter)].filter((part) => part !== "").join(" ");
  const props = { field, help, label: filter.title };

  if (filter.select === "one" && filter.choices !== null) {
    const fixed = filter.choices;
    const pick = (value: string) => change(fixed.filter((choice) => choice.value === value));
    return <SelectField {...props} choices={fixed} onChange={pick} value={choices[0]?.value ?? ""} />;
  }
  if (filter.select === "all") {
    return (
      <GroupField {...props}>
        <RadioGroup.Root
          aria-label={filter.title}
          colorPalette="brand"
          onValueChange={({ value }) => change(choices, value === "all")}
          size="sm"
          value={all ? "all" : "some"}
        >
          <HStack gap={6}>
            <Radio label="All" value="all" />
            <Radio label="Specific ones" value="some" />
          </HStack>
        </RadioGroup.Root>
        {all ? null : <Box pt={1}>{<Several change={change} filter={filter} />}</Box>}
      </GroupField>
    );
  }
  if (filter.choices === null) {
    return (
      <SingleField {...props}>
        <FetchedChoices filter={filter} />
      </SingleField>
    );
  }
  const fixed = filter.choices;
  return (
    <GroupField
      {...props}
      actions={<SelectAllOrNone onAll={() => change(fixed)} onNone={() => change([])} title={filter.title} />}
    >
      <Several change={change} filter={filter} />
    </GroupField>
  );
};

const Several = ({ change, filter }: { change: (choices: Choice[]) => void; filter: FilterShown }) => {
  const { state } = useCreate();
  const invalid = useProblem(`filters.${filter.name}`) !== "";
  const { choices } = chosenOf(state.draft, filter);
  if (filter.choices === null) return <FetchedChoices filter={filter} />;
  return <FixedChoices choices={filter.choices} chosen={choices} invalid={invalid} onChange={change} />;
};

const Radio = ({ label, value }: { label: string; value: string }) => (
  <RadioGroup.Item value={value}>
    <RadioGroup.ItemHiddenInput />
    <RadioGroup.ItemIndicator />
    <RadioGroup.ItemText>{label}</RadioGroup.ItemText>
  </RadioGroup.Item>
);
