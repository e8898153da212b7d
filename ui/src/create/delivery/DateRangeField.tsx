import { Box, Flex, RadioGroup, SimpleGrid, Stack, Text } from "@chakra-ui/react";
import type { Preset } from "../../api/types";
import { daysInWords } from "../calendar/days";
import { useCreate } from "../context";
import { type ChosenRange, offeredPresets, reportTypeOf, timezoneOf, todayOf } from "../draft";
import { GroupField } from "../fields/GroupField";
import { CustomRange } from "./CustomRange";

/** The data window of a one-time report: a preset with its days, or a custom range. */
export const DateRangeField = () => {
  const { dispatch, form, state } = useCreate();
  const { range } = state.draft;
  const type = reportTypeOf(state.draft, form);
  if (type === undefined) return null;
  if (type.date_range === "none") {
    return (
      <Box>
        <Text fontWeight="medium" textStyle="sm">
          Date Range
        </Text>
        <Text color="fg.muted" textStyle="xs">
          {`${type.title} has no date range: it is a snapshot as of now.`}
        </Text>
      </Box>
    );
  }
  const today = todayOf(state.draft, form);
  const set = (changed: ChosenRange) => dispatch({ change: { range: changed }, field: "date_range", type: "set" });
  const choose = (value: string) => {
    if (value === "custom") set({ first: "", kind: "custom", last: "" });
    else set(value === "none" ? { kind: "none" } : { kind: "preset", preset: value as Preset });
  };
  return (
    <GroupField
      field="date_range"
      saysItself={range.kind === "custom"}
      help={`Days of ${timezoneOf(state.draft, form)}.${type.max_months === null ? "" : ` At most ${monthsInWords(type.max_months)} per export.`}`}
      label={type.date_range === "optional" ? "Date Range (optional)" : "Date Range"}
    >
      <Stack gap={3}>
        <RadioGroup.Root
          aria-label="Date Range"
          colorPalette="brand"
          onValueChange={({ value }) => choose(value ?? "")}
          size="sm"
          value={range.kind === "preset" ? range.preset : range.kind}
        >
          <SimpleGrid columnGap={6} columns={{ base: 1, md: 2 }} rowGap={2}>
            {type.date_range === "optional" ? <Option label="No date range" value="none" /> : null}
            {offeredPresets(form, type).map(({ first, id, label, last }) => (
              // The server says what they mean in the account's timezone: where it is another day there, other days.
              <Option
                days={today === form.today ? daysInWords(first, last, today) : ""}
                key={id}
                label={label}
                value={id}
              />
            ))}
            <Option label="Custom range" value="custom" />
          </SimpleGrid>
        </RadioGroup.Root>
        {range.kind === "custom" ? (
          <CustomRange
            limits={{ maxMonths: type.max_months, today }}
            onChange={(days) => set({ kind: "custom", ...days })}
            range={range}
            weekStartsOn={form.week_starts_on}
          />
        ) : null}
      </Stack>
    </GroupField>
  );
};

const monthsInWords = (months: number) => (months === 1 ? "1 month" : `${months} months`);

const Option = ({ days = "", label, value }: { days?: string; label: string; value: string }) => (
  <RadioGroup.Item value={value}>
    <RadioGroup.ItemHiddenInput />
    <RadioGroup.ItemIndicator />
    <RadioGroup.ItemText fontWeight="normal">
      <Flex columnGap={2} wrap="wrap">
        {days === "" ? label : `${label},`}
        {days === "" ? null : (
          <Text as="span" color="fg.muted">
            {days}
          </Text>
        )}
      </Flex>
    </RadioGroup.ItemText>
  </RadioGroup.Item>
);
