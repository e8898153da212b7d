import { Input, InputGroup } from "@chakra-ui/react";
import { useEffect, useRef, useState } from "react";
import { SearchIcon } from "../icons";
import { LONGEST_SEARCH } from "./listState";

const PAUSE_MILLISECONDS = 250;

/** Searches when typing pauses. It follows the address where that changes without it (Back, Clear filters). */
export function SearchField({ value, onSearch }: { value: string; onSearch: (q: string) => void }) {
  const [typed, setTyped] = useState(value);
  const searched = useRef(value);
  const search = useRef(onSearch);
  search.current = onSearch;

  useEffect(() => {
    if (value !== searched.current) {
      searched.current = value;
      setTyped(value);
    }
  }, [value]);

  useEffect(() => {
    const q = typed.trim();
    if (q === searched.current) {
      return undefined;
    }
    const timer = setTimeout(() => {
      searched.current = q;
      search.current(q);
    }, PAUSE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [typed]);

  return (
    <InputGroup flex={{ base: "1 1 100%", md: "0 1 20rem" }} startElement={<SearchIcon />}>
      <Input
        aria-label="Search by name"
        maxLength={LONGEST_SEARCH}
        onChange={(event) => setTyped(event.target.value)}
        placeholder="Search by name"
        size="sm"
        type="search"
        value={typed}
      />
    </InputGroup>
  );
}
