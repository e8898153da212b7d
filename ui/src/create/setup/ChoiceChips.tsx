import { Tag, Wrap } from "@chakra-ui/react";
import type { Choice } from "../filters/values";

interface Props {
  choices: readonly Choice[];
  onChange: (choices: Choice[]) => void;
  title: string;
}

/** The chosen values, each of which can be taken away again. */
export const ChoiceChips = ({ choices, onChange, title }: Props) =>
  choices.length === 0 ? null : (
    <Wrap aria-label={`${title}: chosen`} as="ul" gap={1} listStyleType="none">
      {choices.map((choice) => (
        <Tag.Root as="li" colorPalette={choice.gone ? "red" : "brand"} key={choice.value} maxW="full" size="md">
          <Tag.Label>{choice.gone ? `${choice.value} (missing)` : choice.title}</Tag.Label>
          <Tag.EndElement>
            <Tag.CloseTrigger
              aria-label={`Remove ${choice.title}`}
              onClick={() => onChange(choices.filter((each) => each.value !== choice.value))}
              type="button"
            />
          </Tag.EndElement>
        </Tag.Root>
      ))}
    </Wrap>
  );
