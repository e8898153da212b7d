import { Input, Stack, Text } from "@chakra-ui/react";
import { useCreate } from "../context";
import { offeredTypes, reportTypeOf } from "../draft";
import { SelectField } from "../fields/SelectField";
import { SingleField } from "../fields/SingleField";
import { kindOf } from "../filters/kinds";
import { parentValue } from "../filters/values";
import { MAX_NAME, nameLength } from "../missing";
import { notOffered } from "./notOffered";

/** Characters of the name from which on the counter is shown. */
const NEAR_THE_LIMIT = 100;

/** Step 1: what the report includes. */
export const SetupStep = () => {
  const { dispatch, form, state } = useCreate();
  const { draft } = state;
  const type = reportTypeOf(draft, form);
  const types = offeredTypes(form, draft.promotionType);
  const length = nameLength(draft.name);
  return (
    <Stack gap={5}>
      <SingleField
        field="name"
        help={
          length >= NEAR_THE_LIMIT
            ? `${length} of ${MAX_NAME} characters`
            : "Shown in the Reports list, for example July Reward Assignments."
        }
        label="Name"
      >
        <Input
          autoComplete="off"
          onChange={(event) => dispatch({ change: { name: event.target.value }, field: "name", type: "set" })}
          size="sm"
          value={draft.name}
        />
      </SingleField>
      <SelectField
        choices={form.promotion_types
          .filter(({ id }) => offeredTypes(form, id).length > 0)
          .map(({ id, label }) => ({ title: label, value: id }))}
        field="promotion_type"
        label="Promotion Type"
        onChange={(id) => dispatch({ id, type: "promotion_type" })}
        value={draft.promotionType}
      />
      {draft.promotionType === "" ? null : (
        <SelectField
          choices={types.map(({ id, title }) => ({ title, value: id }))}
          field="report_type"
          help={type?.description}
          label="Report Type"
          onChange={(id) => dispatch({ id, type: "report_type" })}
          value={draft.reportType}
        />
      )}
      {notOffered(form).map((sentence) => (
        <Text color="fg.muted" key={sentence} textStyle="xs">
          {sentence}
        </Text>
      ))}
      {type?.filters.map((filter) => {
        const { Field } = kindOf(filter);
        return <Field filter={filter} key={[type.id, filter.name, parentValue(draft, filter)].join("/")} />;
      })}
    </Stack>
  );
};
