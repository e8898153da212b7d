import { useCreate } from "../context";
import { FORMAT_LABEL } from "../fields/fields";
import { SelectField } from "../fields/SelectField";

/** The format of the files, for all destinations. */
export const FormatField = () => {
  const { dispatch, form, state } = useCreate();
  return (
    <SelectField
      choices={form.formats.map(({ id, label }) => ({ title: label, value: id }))}
      field="format"
      label={FORMAT_LABEL}
      onChange={(format) => dispatch({ change: { format }, field: "format", type: "set" })}
      value={state.draft.format}
    />
  );
};
