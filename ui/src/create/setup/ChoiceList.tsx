import { Box, Text, VisuallyHidden } from "@chakra-ui/react";
import { useEffect, useRef } from "react";
import { TickIcon } from "../../icons";
import type { Choice } from "../filters/values";
import type { Lookup } from "./useChoices";

interface Props {
  active: number;
  chosen: readonly Choice[];
  id: string;
  lookup: Lookup;
  many: boolean;
  onChoose: (choice: Choice) => void;
  query: string;
  title: string;
}

export const optionId = (list: string, place: number): string => `${list}-${place}`;

/** The open list of a combobox, or why it is empty. */
export const ChoiceList = ({ active, chosen, id, lookup, many, onChoose, query, title }: Props) => {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    frame.current?.scrollIntoView({ block: "nearest" });
  }, []);
  useEffect(() => {
    document.getElementById(optionId(id, active))?.scrollIntoView({ block: "nearest" });
  }, [active, id]);
  const { choices, total } = lookup;
  const note = noteOf(lookup, query, title);
  return (
    <Box
      bg="bg.panel"
      borderWidth="1px"
      boxShadow="md"
      insetX={0}
      maxH={72}
      mt={1}
      onMouseDown={(event) => event.preventDefault()} // the focus stays in the input
      overflowY="auto"
      p={1}
      position="absolute"
      ref={frame}
      rounded="l2"
      top="full"
      zIndex="dropdown"
    >
      <Box aria-label={title} aria-multiselectable={many} as="ul" id={id} listStyleType="none" role="listbox">
        {choices.map((choice, place) => {
          const selected = chosen.some((each) => each.value === choice.value);
          return (
            <Box
              alignItems="center"
              aria-selected={selected}
              as="li"
              bg={place === active ? "bg.emphasized" : undefined}
              cursor="pointer"
              display="flex"
              gap={2}
              id={optionId(id, place)}
              key={choice.value}
              onClick={() => onChoose(choice)}
              opacity={lookup.loading ? 0.6 : 1}
              px={2}
              py={1.5}
              role="option"
              rounded="l1"
              textStyle="sm"
              _hover={{ bg: "bg.muted" }}
            >
              <Box flex={1} minW={0}>
                <Text overflowWrap="anywhere">{choice.title}</Text>
                {choice.title === choice.value ? null : (
                  <Text color="fg.muted" fontFamily="mono" overflowWrap="anywhere" textStyle="xs">
                    {choice.value}
                  </Text>
                )}
              </Box>
              {selected ? <TickIcon /> : null}
            </Box>
          );
        })}
      </Box>
      {note === "" ? null : (
        <Text bg="bg.panel" bottom={-1} color="fg.muted" pos="sticky" px={2} py={1.5} textStyle="xs">
          {note}
        </Text>
      )}
      <VisuallyHidden role="status">{note === "" ? `${total} choices` : note}</VisuallyHidden>
    </Box>
  );
};

const noteOf = ({ choices, failure, loading, total }: Lookup, query: string, title: string): string => {
  if (failure !== null) return "The choices could not be loaded.";
  if (choices.length === 0 && loading) return "Loading…";
  if (choices.length === 0) return query === "" ? `No ${title} to choose.` : `No ${title} matches “${query}”.`;
  return choices.length < total
    ? `The first ${choices.length} of ${total.toLocaleString("en")}. Type to search all.`
    : "";
};
