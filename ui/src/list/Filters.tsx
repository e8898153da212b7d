import { Button, Flex } from "@chakra-ui/react";
import { useEffect, useState } from "react";
import { ExportStatusLabels, type FormInfo, ReportStatusLabels } from "../api/types";
import { useGet } from "../api/useGet";
import { FilterMenu, LoadedTicks, Ticks } from "./FilterMenu";
import { changed, cleared, type FilterName, isFiltered, type ListState } from "./listState";
import { SearchField } from "./SearchField";

interface Props {
  state: ListState;
  go: (next: ListState, replace?: boolean) => void;
}

export function Filters({ state, go }: Props) {
  const statuses = Object.entries(state.tab === "recurring" ? ReportStatusLabels : ExportStatusLabels);
  const filter = (name: FilterName) => ({
    chosen: state[name],
    onChange: (chosen: string[]) => go(changed(state, { [name]: chosen })),
  });
  return (
    <Flex align="center" gap={2} wrap="wrap">
      <SearchField onSearch={(q) => go(changed(state, { q }), true)} value={state.q} />
      <FilterMenu label="Status" {...filter("status")}>
        <Ticks choices={statuses.map(([value, label]) => ({ value, label }))} {...filter("status")} />
      </FilterMenu>
      <FilterMenu label="Promotion Type" {...filter("promotion_type")}>
        <PromotionTypes {...filter("promotion_type")} />
      </FilterMenu>
      <FilterMenu label="Created By" {...filter("created_by")}>
        <Creators {...filter("created_by")} of={state.tab === "recurring" ? "reports" : "exports"} />
      </FilterMenu>
      {isFiltered(state) && (
        <Button onClick={() => go(cleared(state))} size="sm" variant="ghost">
          Clear filters
        </Button>
      )}
    </Flex>
  );
}

const PAUSE_MILLISECONDS = 250;

interface ChosenProps {
  chosen: string[];
  onChange: (chosen: string[]) => void;
}

function PromotionTypes(props: ChosenProps) {
  const loaded = useGet<FormInfo>("form");
  const types = loaded.data?.promotion_types ?? [];
  return <LoadedTicks choices={types.map(({ id, label }) => ({ value: id, label }))} loaded={loaded} {...props} />;
}

function Creators({ of, ...props }: ChosenProps & { of: "reports" | "exports" }) {
  const [typed, setTyped] = useState("");
  const [q, setQ] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed.trim()), PAUSE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [typed]);
  const loaded = useGet<{ creators: string[] }>(`creators?${new URLSearchParams(q === "" ? { of } : { of, q })}`);
  const creators = loaded.data?.creators ?? [];
  return (
    <LoadedTicks
      choices={creators.map((creator) => ({ value: creator, label: creator }))}
      loaded={loaded}
      search={setTyped}
      {...props}
    />
  );
}
