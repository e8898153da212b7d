import { Field } from "@chakra-ui/react";
import type { ReactNode } from "react";
import { useProblem } from "../context";

interface Props {
  children: ReactNode;
  field: string;
  help?: ReactNode;
  label: string;
  optional?: boolean;
}

/** One control with label, help text and problem. */
export const SingleField = ({ children, field, help, label, optional = false }: Props) => {
  const problem = useProblem(field);
  return (
    <Field.Root data-field={field} invalid={problem !== ""} required={!optional}>
      <Field.Label>{optional ? `${label} (optional)` : label}</Field.Label>
      {children}
      <Field.ErrorText color="red.fg" role="alert">
        {problem}
      </Field.ErrorText>
      {help === undefined || help === "" ? null : <Field.HelperText>{help}</Field.HelperText>}
    </Field.Root>
  );
};
