import { Stack } from "@chakra-ui/react";
import { useCreate } from "../context";
import { BucketFields } from "./BucketFields";
import { DateRangeField } from "./DateRangeField";
import { Destinations } from "./Destinations";
import { Frequency } from "./Frequency";
import { RecurrenceFields } from "./RecurrenceFields";

/** Step 2: how the report is delivered, and how often it runs. */
export const DeliveryStep = () => {
  const { draft } = useCreate().state;
  return (
    <Stack gap={5}>
      <Destinations />
      {draft.cloud ? <BucketFields /> : null}
      <Frequency />
      {draft.recurring ? <RecurrenceFields /> : <DateRangeField />}
    </Stack>
  );
};
