import { NativeSelect } from "@chakra-ui/react";
import type { ReactNode } from "react";
import type { ChoiceShown } from "../../api/types";
import { SingleField } from "./SingleField";

interface Props {
  choices: readonly (ChoiceShown & { disabled?: boolean })[];
  field: string;
  help?: ReactNode;
  label: string;
  onChange: (value: string) => void;
  placeholder?: string;
  value: string;
}

/** A native select. A value that is not among the choices is shown as missing. */
export const SelectField = ({ choices, field, help, label, onChange, placeholder = "Select…", value }: Props) => (
  <SingleField field={field} help={help} label={label}>
    <NativeSelect.Root size="sm">
      <NativeSelect.Field onChange={(event) => onChange(event.target.value)} value={value}>
        <option disabled hidden value="">
          {placeholder}
        </option>
        {value === "" || choices.some((choice) => choice.value === value) ? null : (
          <option disabled value={value}>{`${value} (missing)`}</option>
        )}
        {choices.map((choice) => (
          <option disabled={choice.disabled} key={choice.value} value={choice.value}>
            {choice.title}
          </option>
        ))}
      </NativeSelect.Field>
      <NativeSelect.Indicator />
    </NativeSelect.Root>
  </SingleField>
);
