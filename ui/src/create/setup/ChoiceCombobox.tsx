import { Box, Center, Input, Spinner } from "@chakra-ui/react";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import type { FilterShown } from "../../api/types";
import { ChevronIcon } from "../../icons";
import { useProblem } from "../context";
import type { Choice } from "../filters/values";
import { ChoiceList, optionId } from "./ChoiceList";
import type { Lookup } from "./useChoices";

interface Props {
  chosen: readonly Choice[];
  filter: FilterShown;
  lookup: Lookup;
  many: boolean;
  onChange: (choices: Choice[]) => void;
  onQuery: (query: string) => void;
  query: string;
  /** What must be chosen first; null where nothing must. */
  waitsFor: string | null;
}

/** Type to search: a text input with a list, as the combobox pattern of the ARIA Authoring Practices has it. */
export const ChoiceCombobox = ({ chosen, filter, lookup, many, onChange, onQuery, query, waitsFor }: Props) => {
  const listId = useId();
  const frame = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [open, setOpen] = useState(false);
  const entered = useRef(false); // Enter came before the answer
  const [typing, setTyping] = useState(false);
  const [active, setActive] = useState(-1);
  const invalid = useProblem(`filters.${filter.name}`) !== "";
  const { choices } = lookup;
  const title = filter.title.toLowerCase();

  // A new answer has other places: the first fits a search, the chosen one the whole list.
  // biome-ignore lint/correctness/useExhaustiveDependencies: choosing must not move the place
  useEffect(() => {
    const place = choices.findIndex((choice) => chosen.some((each) => each.value === choice.value));
    setActive(choices.length === 0 ? -1 : Math.max(0, lookup.searched === "" ? place : 0));
    if (entered.current && choices[0] !== undefined && lookup.searched === query) choose(choices[0]);
    entered.current = false;
  }, [choices]);

  const close = () => {
    setOpen(false);
    setTyping(false);
    onQuery("");
  };
  const show = () => {
    if (waitsFor === null) setOpen(true);
  };
  const choose = (choice: Choice) => {
    const without = chosen.filter((each) => each.value !== choice.value);
    if (!many) onChange([choice]);
    else onChange(without.length === chosen.length ? [...chosen, choice] : without);
    if (many) input.current?.select();
    else close();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { key } = event;
    const current = choices[active];
    entered.current = key === "Enter" && open && lookup.searched !== query;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (open) setActive(movedTo(key, active, choices.length));
      else show();
    } else if (key === "Enter") {
      event.preventDefault(); // it chooses here; it must not send the form
      if (!open) show();
      else if (current !== undefined && lookup.searched === query) choose(current);
    } else if (key === "Escape" && open) {
      event.stopPropagation();
      close();
    } else if (key === "Backspace" && many && query === "" && chosen.length > 0) {
      onChange(chosen.slice(0, -1));
    }
  };

  return (
    <Box
      onBlur={(event) => frame.current?.contains(event.relatedTarget as Node | null) || close()}
      position="relative"
      ref={frame}
      w="full"
    >
      <Input
        aria-activedescendant={open && active >= 0 ? optionId(listId, active) : undefined}
        aria-autocomplete="list"
        aria-controls={open ? listId : undefined}
        aria-expanded={open}
        aria-invalid={invalid}
        aria-label={filter.title}
        autoComplete="off"
        disabled={waitsFor !== null}
        onChange={(event) => {
          onQuery(event.target.value);
          setOpen(true);
          setTyping(true);
        }}
        onClick={show}
        onFocus={(event) => event.target.select()}
        onKeyDown={onKeyDown}
        pe={9}
        placeholder={waitsFor === null ? `Search ${title}…` : `Select a ${waitsFor} first`}
        ref={input}
        role="combobox"
        size="sm"
        value={typing ? query : shown(chosen, many)}
      />
      <Center color="fg.muted" insetEnd={2} insetY={0} pointerEvents="none" position="absolute">
        {lookup.loading ? <Spinner size="xs" /> : <ChevronIcon />}
      </Center>
      {open ? (
        <ChoiceList
          active={active}
          chosen={chosen}
          id={listId}
          lookup={lookup}
          many={many}
          onChoose={choose}
          query={query}
          title={title}
        />
      ) : null}
    </Box>
  );
};

/** From the end to the beginning and back. */
const movedTo = (key: string, place: number, length: number): number =>
  length === 0 ? -1 : (place + (key === "ArrowDown" ? 1 : length - 1)) % length;

const shown = (chosen: readonly Choice[], many: boolean): string => {
  const [choice] = chosen;
  if (many || choice === undefined) return "";
  if (choice.gone) return `${choice.value} (missing)`;
  return choice.title === choice.value ? choice.value : `${choice.title} (${choice.value})`;
};
