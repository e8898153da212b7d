import { Field, Flex, Input, Stack, Text } from "@chakra-ui/react";
import { useId, useState } from "react";
import { Calendar } from "../calendar/Calendar";
import { isDay } from "../calendar/days";
import { type DayRange, type RangeLimits, rangeProblem, withClicked } from "../calendar/range";
import { useProblem } from "../context";

interface Props {
  limits: RangeLimits;
  onChange: (range: DayRange) => void;
  range: DayRange;
  weekStartsOn: string;
}

/** A range of days, typed or chosen in the calendar. */
export const CustomRange = ({ limits, onChange, range, weekStartsOn }: Props) => {
  const problem = rangeProblem(range, limits);
  const said = useProblem("date_range");
  const message = useId();
  const [typing, setTyping] = useState(false);
  const worthTelling =
    problem !== null && isWorthTelling(range[problem.part === "both" ? "last" : problem.part], typing);
  const told = said === "" && worthTelling ? problem.message : said;
  const ends = [
    ["first", "First day"],
    ["last", "Last day"],
  ] as const;
  return (
    <Stack align="flex-start" gap={3}>
      <Flex gap={3} maxW="full">
        {ends.map(([part, label]) => {
          const mine = problem === null || problem.part === part || problem.part === "both";
          return (
            <Field.Root invalid={mine && told !== ""} key={part} required w={36}>
              <Field.Label>{label}</Field.Label>
              <Input
                aria-describedby={message}
                autoComplete="off"
                inputMode="numeric"
                onBlur={() => setTyping(false)}
                onChange={(event) => {
                  setTyping(true);
                  onChange({ ...range, [part]: event.target.value.trim() });
                }}
                placeholder="YYYY-MM-DD"
                size="sm"
                value={range[part]}
              />
            </Field.Root>
          );
        })}
      </Flex>
      {told !== "" ? (
        <Text color="red.fg" fontWeight="medium" id={message} role="alert" textStyle="xs">
          {told}
        </Text>
      ) : (
        <Text color="fg.muted" id={message} role="status" textStyle="xs">
          {hint(range)}
        </Text>
      )}
      <Calendar
        onChoose={(day) => onChange(withClicked(range, day))}
        range={range}
        today={limits.today}
        weekStartsOn={weekStartsOn}
      />
    </Stack>
  );
};

/** An incomplete day is not reported while it is being typed. */
const isWorthTelling = (text: string, typing: boolean) => text !== "" && (isDay(text) || !typing);

const hint = ({ first, last }: DayRange): string => {
  if (!isDay(first)) return "Type the days, or select the first day in the calendar.";
  return isDay(last) ? "Both days are included." : "Now select the last day.";
};
