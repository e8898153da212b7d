import { Button, HStack, Text } from "@chakra-ui/react";
import { useState } from "react";
import type { FilterShown } from "../../api/types";
import { useCreate } from "../context";
import { chosenOf, parentTitle, parentValue } from "../filters/values";
import { ChoiceChips } from "./ChoiceChips";
import { ChoiceCombobox } from "./ChoiceCombobox";
import { useChoices } from "./useChoices";
import { useFoundChoices } from "./useFoundChoices";

/** The control of a filter whose values are in the promo database: one of them, or several. */
export const FetchedChoices = ({ filter }: { filter: FilterShown }) => {
  const { dispatch, form, state } = useCreate();
  const { draft } = state;
  const [query, setQuery] = useState("");
  const parent = parentValue(draft, filter);
  const lookup = useChoices({ filter: filter.name, parent, query, reportType: draft.reportType });
  useFoundChoices(filter, lookup);
  const { choices } = chosenOf(draft, filter);
  const change = (changed: typeof choices) =>
    dispatch({ chosen: { all: false, choices: changed }, name: filter.name, type: "filter" });
  const many = filter.select !== "one";
  const none = lookup.searched === "" && lookup.total === 0 && !lookup.loading && lookup.failure === null;
  return (
    <>
      {many ? <ChoiceChips choices={choices} onChange={change} title={filter.title} /> : null}
      <ChoiceCombobox
        chosen={choices}
        filter={filter}
        lookup={lookup}
        many={many}
        onChange={change}
        onQuery={setQuery}
        query={query}
        waitsFor={parent === "" ? parentTitle(filter, draft, form) : null}
      />
      {lookup.failure === null ? null : (
        <HStack align="flex-start" color="red.fg" justify="space-between" role="alert" textStyle="xs" w="full">
          <Text>{`The choices could not be loaded. ${lookup.failure.message} ${lookup.failure.fix}`.trim()}</Text>
          <Button flexShrink={0} onClick={lookup.tryAgain} size="2xs" variant="outline">
            Try again
          </Button>
        </HStack>
      )}
      {none ? (
        <Text color="fg.muted" role="status" textStyle="xs">
          {`The promo database holds no ${filter.title.toLowerCase()} to choose.`}
        </Text>
      ) : null}
    </>
  );
};
