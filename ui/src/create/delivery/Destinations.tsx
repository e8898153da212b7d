import { CheckboxCard, SimpleGrid } from "@chakra-ui/react";
import { useId } from "react";
import { useCreate, useProblem } from "../context";
import { GroupField } from "../fields/GroupField";
import { blocked } from "./matrix";
import { Reasons } from "./Reasons";
import { textCells } from "./textCells";

/** Device Storage, Cloud Partner or both. */
export const Destinations = () => {
  const { dispatch, form, state } = useCreate();
  const { draft } = state;
  const why = blocked(draft, form);
  const reasons = useId();
  const set = (change: { cloud?: boolean; download?: boolean }) => dispatch({ change, field: "delivery", type: "set" });
  return (
    <GroupField field="delivery" label="Delivery destination">
      <SimpleGrid columns={{ base: 1, md: 2 }} gap={3}>
        <Destination
          checked={draft.download}
          describedBy={reasons}
          disabled={why.download !== null}
          help="The report is generated and made available for direct download from the Reports list page. No additional configuration is required."
          label="Device Storage"
          onChange={(download) => set({ download })}
        />
        <Destination
          checked={draft.cloud}
          describedBy={reasons}
          disabled={why.cloud !== null}
          help="The report is pushed directly to a connected cloud storage destination."
          label="Cloud Partner"
          onChange={(cloud) => set({ cloud })}
        />
      </SimpleGrid>
      <Reasons id={reasons} reasons={[why.download, why.cloud, textCells(draft)]} />
    </GroupField>
  );
};

interface Props {
  checked: boolean;
  describedBy: string;
  disabled: boolean;
  help: string;
  label: string;
  onChange: (checked: boolean) => void;
}

const Destination = ({ checked, describedBy, disabled, help, label, onChange }: Props) => {
  const invalid = useProblem("delivery") !== "";
  return (
    <CheckboxCard.Root
      checked={checked}
      colorPalette="brand"
      disabled={disabled}
      invalid={invalid}
      onCheckedChange={(details) => onChange(details.checked === true)}
      size="sm"
    >
      <CheckboxCard.HiddenInput aria-describedby={describedBy} />
      <CheckboxCard.Control>
        <CheckboxCard.Content>
          <CheckboxCard.Label>{label}</CheckboxCard.Label>
          <CheckboxCard.Description>{help}</CheckboxCard.Description>
        </CheckboxCard.Content>
        <CheckboxCard.Indicator />
      </CheckboxCard.Control>
    </CheckboxCard.Root>
  );
};
