import { Stack } from "@chakra-ui/react";
import { useCreate } from "../context";
import { offersFormats } from "../fields/fields";
import { BucketFields } from "./BucketFields";
import { DateRangeField } from "./DateRangeField";
import { Destinations } from "./Destinations";
import { FormatField } from "./FormatField";
import { Frequency } from "./Frequency";
import { PersonalDataFields } from "./PersonalDataFields";
import { RecurrenceFields } from "./RecurrenceFields";

/** Step 2: how the report is delivered, and how often it runs. */
export const DeliveryStep = () => {
  const { form, state } = useCreate();
  const { draft } = state;
  return (
    <Stack gap={5}>
      <Destinations />
      {draft.cloud ? <BucketFields /> : null}
      {offersFormats(form) ? <FormatField /> : null}
      <PersonalDataFields />
      <Frequency />
      {draft.recurring ? <RecurrenceFields /> : <DateRangeField />}
    </Stack>
  );
};
