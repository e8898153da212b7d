import { Badge, Button, Checkbox, Input, Popover, Portal, Spinner, Stack, Text } from "@chakra-ui/react";
import { type ReactNode, useState } from "react";
import type { Loaded } from "../api/useGet";
import { ChevronIcon } from "../icons";

interface Props {
  label: string;
  chosen: string[];
  onChange: (chosen: string[]) => void;
  children: ReactNode;
}

/** A button that opens a filter's checkboxes, and says how many are ticked. */
export function FilterMenu({ label, chosen, onChange, children }: Props) {
  return (
    <Popover.Root lazyMount positioning={{ placement: "bottom-start" }} unmountOnExit>
      <Popover.Trigger asChild>
        <Button fontWeight="normal" size="sm" variant="outline">
          {label}
          {chosen.length > 0 && (
            <Badge colorPalette="brand" size="xs" variant="solid">
              {chosen.length}
            </Badge>
          )}
          <ChevronIcon />
        </Button>
      </Popover.Trigger>
      <Portal>
        <Popover.Positioner>
          <Popover.Content aria-label={label} width="xs">
            <Popover.Body maxH="sm" overflowY="auto" p={4}>
              <Stack gap={3}>
                {children}
                {chosen.length > 0 && (
                  <Button alignSelf="start" onClick={() => onChange([])} size="xs" variant="ghost">
                    Clear
                  </Button>
                )}
              </Stack>
            </Popover.Body>
          </Popover.Content>
        </Popover.Positioner>
      </Portal>
    </Popover.Root>
  );
}

interface TicksProps {
  choices: { value: string; label: string }[];
  chosen: string[];
  onChange: (chosen: string[]) => void;
}

export function Ticks({ choices, chosen, onChange }: TicksProps) {
  return choices.map(({ value, label }) => (
    <Checkbox.Root
      checked={chosen.includes(value)}
      colorPalette="brand"
      key={value}
      onCheckedChange={({ checked }) =>
        onChange(checked === true ? [...chosen, value] : chosen.filter((each) => each !== value))
      }
      size="sm"
    >
      <Checkbox.HiddenInput />
      <Checkbox.Control />
      <Checkbox.Label minW={0} overflowWrap="anywhere">
        {label}
      </Checkbox.Label>
    </Checkbox.Root>
  ));
}

/** Ticks that are loaded when their menu opens; what is chosen stays on top, whatever is searched. */
export function LoadedTicks({
  loaded,
  choices,
  chosen,
  onChange,
  search,
}: TicksProps & { loaded: Pick<Loaded<unknown>, "data" | "error">; search?: (q: string) => void }) {
  const [typed, setTyped] = useState("");
  const kept = chosen
    .filter((value) => !choices.some((choice) => choice.value === value))
    .map((value) => ({ value, label: value }));
  return (
    <>
      {search !== undefined && (
        <Input
          aria-label="Search creators"
          onChange={(event) => {
            setTyped(event.target.value);
            search(event.target.value.trim());
          }}
          placeholder="Search"
          size="sm"
          type="search"
          value={typed}
        />
      )}
      {loaded.error !== undefined && <Text color="fg.error">{loaded.error.message}</Text>}
      {loaded.data === undefined && loaded.error === undefined && <Spinner aria-label="Loading" size="sm" />}
      {loaded.data !== undefined && choices.length + kept.length === 0 && <Text color="fg.muted">None found.</Text>}
      <Ticks choices={[...kept, ...choices]} chosen={chosen} onChange={onChange} />
    </>
  );
}
