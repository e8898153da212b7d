import { useCreate } from "../context";
import { maskOf, personalColumns, reportTypeOf } from "../draft";
import { maskLabel } from "../fields/fields";
import { SelectField } from "../fields/SelectField";

/** What becomes of each column that identifies a person, for all destinations. */
export const PersonalDataFields = () => {
  const { dispatch, form, state } = useCreate();
  const { draft } = state;
  return personalColumns(reportTypeOf(draft, form)).map(({ masks = [], name }) => (
    <SelectField
      choices={masks}
      field={`personal_data.${name}`}
      key={name}
      label={maskLabel(name)}
      onChange={(mask) =>
        dispatch({ change: { masks: { ...draft.masks, [name]: mask } }, field: `personal_data.${name}`, type: "set" })
      }
      value={maskOf(draft, name)}
    />
  ));
};
