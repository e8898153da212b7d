import { Box, Fieldset } from "@chakra-ui/react";
import type { ReactNode } from "react";
import { useProblem } from "../context";

interface Props {
  /** Small buttons beside the label. */
  actions?: ReactNode;
  children: ReactNode;
  field: string;
  help?: ReactNode;
  label: string;
  /** The children render the problem. */
  saysItself?: boolean;
}

/** A fieldset of several controls with label, help text and problem. */
export const GroupField = ({ actions, children, field, help, label, saysItself = false }: Props) => {
  const found = useProblem(field);
  const problem = saysItself ? "" : found;
  return (
    <Fieldset.Root minW={0} data-field={field} invalid={problem !== ""} position="relative" size="sm">
      <Fieldset.Legend>{label}</Fieldset.Legend>
      {actions === undefined ? null : (
        <Box insetEnd={0} mt="0!" position="absolute" top="-22px">
          {actions}
        </Box>
      )}
      <Fieldset.Content>{children}</Fieldset.Content>
      <Fieldset.ErrorText color="red.fg" role="alert" textStyle="xs">
        {problem}
      </Fieldset.ErrorText>
      {help === undefined || help === "" ? null : <Fieldset.HelperText textStyle="xs">{help}</Fieldset.HelperText>}
    </Fieldset.Root>
  );
};
