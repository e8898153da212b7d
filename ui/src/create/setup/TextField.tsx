import { Input } from "@chakra-ui/react";
import type { FilterShown } from "../../api/types";
import { useCreate } from "../context";
import { SingleField } from "../fields/SingleField";
import { chosenText, textOf } from "../filters/text";
import { chosenOf } from "../filters/values";

/** A filter whose value is entered as a text; the server says how it is written. */
export const TextField = ({ filter }: { filter: FilterShown }) => {
  const { dispatch, state } = useCreate();
  return (
    <SingleField
      field={`filters.${filter.name}`}
      help={filter.description}
      label={filter.title}
      optional={!filter.required}
    >
      <Input
        autoComplete="off"
        onChange={(event) => dispatch({ chosen: chosenText(event.target.value), name: filter.name, type: "filter" })}
        size="sm"
        value={textOf(chosenOf(state.draft, filter))}
      />
    </SingleField>
  );
};
