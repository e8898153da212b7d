import { Box, Heading, List, Text } from "@chakra-ui/react";
import type { ApiError } from "../api/client";
import type { DescribedDefinition } from "../api/types";
import { days, instant } from "../time";
import { useCreate } from "./context";
import { timezoneOf } from "./draft";
import { fieldsOf, placed } from "./fields/fields";
import { missing } from "./missing";
import type { Description } from "./useDescription";

/** Number of upcoming deliveries that are shown. */
const UPCOMING = 3;

/** The server's description of the report, or the fields that are still missing. */
export const Summary = ({ description }: { description: Description }) => {
  const { form, state } = useCreate();
  const gaps = missing(state.draft, form);
  const labels = fieldsOf(state.draft, form)
    .filter((field) => gaps.some((gap) => gap.field === field.name))
    .map((field) => field.label);
  return (
    <Box bg="bg.muted" borderWidth="1px" p={4} rounded="l2">
      <Heading as="h3" mb={1} size="sm">
        What will be exported
      </Heading>
      <Box aria-busy={labels.length === 0 && description.kind === "waiting"} aria-live="polite" textStyle="sm">
        {labels.length > 0 ? <Text color="fg.muted">{`Still needed: ${labels.join(", ")}.`}</Text> : null}
        {labels.length === 0 ? <Answer description={description} timezone={timezoneOf(state.draft, form)} /> : null}
      </Box>
    </Box>
  );
};

const Answer = ({ description, timezone }: { description: Description; timezone: string }) => {
  if (description.kind === "waiting") return <Text color="fg.muted">Working it out…</Text>;
  if (description.kind === "refused") return <Refused error={description.error} />;
  return (
    <>
      <Text>{description.described.sentence}</Text>
      <Upcoming described={description.described} timezone={timezone} />
    </>
  );
};

/** Problems shown beside a field are listed by the field's label. */
const Refused = ({ error }: { error: ApiError }) => {
  const { form, state } = useCreate();
  const fields = fieldsOf(state.draft, form);
  const { beside, others } = placed(error.problems, fields);
  const labels = beside.map(({ field }) => fields.find((each) => each.name === field)?.label ?? "");
  const sentences = error.problems.length > 0 ? others : [error.message, error.fix];
  return (
    <Text color="red.fg">
      {[...(labels.length > 0 ? [`Not right yet: ${[...new Set(labels)].join(", ")}.`] : []), ...sentences].join(" ")}
    </Text>
  );
};

const Upcoming = ({ described, timezone }: { described: DescribedDefinition; timezone: string }) =>
  described.upcoming.length === 0 ? null : (
    <>
      <Text color="fg.muted" mt={2}>
        Next deliveries
      </Text>
      <List.Root color="fg.muted" ps={5}>
        {described.upcoming.slice(0, UPCOMING).map(({ due, window }) => (
          <List.Item key={due}>{`${instant(due, timezone)}, covers ${days(window.first, window.last)}`}</List.Item>
        ))}
      </List.Root>
    </>
  );
