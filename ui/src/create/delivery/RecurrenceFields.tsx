import { Input, SimpleGrid } from "@chakra-ui/react";
import { type Interval, IntervalLabels } from "../../api/types";
import { COVERED, hasDeliveryDay, INTERVALS } from "../../interval";
import { useCreate } from "../context";
import { type Draft, reportTypeOf, timezoneOf } from "../draft";
import { SelectField } from "../fields/SelectField";
import { SingleField } from "../fields/SingleField";

const CHOICES = INTERVALS.map((value) => ({ title: IntervalLabels[value], value }));

/** Interval, day and time of a recurring report's deliveries. */
export const RecurrenceFields = () => {
  const { dispatch, form, state } = useCreate();
  const { draft } = state;
  const set = (field: string, change: Partial<Draft>) => dispatch({ change, field, type: "set" });
  const snapshot = reportTypeOf(draft, form)?.date_range === "none";
  const covered = COVERED[draft.interval];
  const zone = timezoneOf(draft, form);
  return (
    <SimpleGrid columns={{ base: 1, md: hasDeliveryDay(draft.interval) ? 3 : 2 }} gap={5}>
      <SelectField
        choices={CHOICES}
        field="interval"
        help={
          snapshot
            ? `A snapshot as of the end of the previous ${covered}.`
            : `Covers the previous ${covered}; no date range is needed.`
        }
        label="Interval"
        onChange={(interval) => set("interval", { interval: interval as Interval })}
        value={draft.interval}
      />
      {hasDeliveryDay(draft.interval) ? (
        <SelectField
          choices={form.weekdays.map(({ id, label }) => ({ title: label, value: id }))}
          field="delivery_day"
          label="Delivery day"
          onChange={(deliveryDay) => set("delivery_day", { deliveryDay })}
          value={draft.deliveryDay}
        />
      ) : null}
      <SingleField
        field="delivery_time"
        help={`In ${zone}, ${draft.timezone === null ? "the account's timezone" : "as in the copied report"}.`}
        label="Delivery time"
      >
        <Input
          onChange={(event) => set("delivery_time", { deliveryTime: event.target.value.slice(0, 5) })}
          size="sm"
          type="time"
          value={draft.deliveryTime}
        />
      </SingleField>
    </SimpleGrid>
  );
};
