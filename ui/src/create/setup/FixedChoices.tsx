import { Button, Checkbox, HStack, SimpleGrid } from "@chakra-ui/react";
import type { Choice } from "../filters/values";

interface Props {
  choices: readonly Choice[];
  chosen: readonly Choice[];
  invalid: boolean;
  onChange: (choices: Choice[]) => void;
}

/** A checkbox for each of a fixed list; values of a copied report that are gone can only be taken away. */
export const FixedChoices = ({ choices, chosen, invalid, onChange }: Props) => {
  const gone = chosen.filter((choice) => choice.gone);
  const has = (choice: Choice) => chosen.some((each) => each.value === choice.value);
  const change = (choice: Choice, on: boolean) =>
    onChange([...choices, ...gone].filter((each) => (each.value === choice.value ? on : has(each))));
  return (
    <SimpleGrid columnGap={4} columns={{ base: 2, md: 3 }} rowGap={2}>
      {[...choices, ...gone].map((choice) => (
        <Checkbox.Root
          checked={has(choice)}
          invalid={gone.length > 0 ? choice.gone === true : invalid}
          key={choice.value}
          onCheckedChange={({ checked }) => change(choice, checked === true)}
        >
          <Checkbox.HiddenInput />
          <Checkbox.Control />
          <Checkbox.Label fontWeight="normal">
            {choice.gone ? `${choice.value} (missing)` : choice.title}
          </Checkbox.Label>
        </Checkbox.Root>
      ))}
    </SimpleGrid>
  );
};

interface ActionProps {
  onAll: () => void;
  onNone: () => void;
  title: string;
}

export const SelectAllOrNone = ({ onAll, onNone, title }: ActionProps) => (
  <HStack gap={1}>
    <Button aria-label={`Select all: ${title}`} onClick={onAll} size="2xs" variant="ghost">
      Select all
    </Button>
    <Button aria-label={`Select none: ${title}`} onClick={onNone} size="2xs" variant="ghost">
      None
    </Button>
  </HStack>
);
