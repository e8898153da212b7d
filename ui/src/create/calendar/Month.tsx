import { Box, Center, chakra } from "@chakra-ui/react";
import { useId } from "react";
import { addDays, type Day, monthAndYear, weekday, weeksOf, wholeDay } from "./days";
import type { DayRange } from "./range";

interface Props {
  /** The day under the pointer, to which the range would reach. */
  aim: Day | null;
  focused: Day;
  month: Day;
  onAim: (day: Day) => void;
  onChoose: (day: Day) => void;
  range: DayRange;
  today: Day;
  weekStartsOn: string;
}

/** The grid of one month, a row for each week. */
export const Month = ({ aim, focused, month, onAim, onChoose, range, today, weekStartsOn }: Props) => {
  const title = useId();
  const weeks = weeksOf(month, weekStartsOn);
  const whole = weeks[1]?.[0] ?? month; // the second week has all its days
  return (
    <Box>
      <Center aria-live="polite" fontWeight="medium" h={8} id={title} textStyle="sm">
        {monthAndYear(month)}
      </Center>
      <Box aria-labelledby={title} as="table" borderCollapse="separate" borderSpacing="0 2px" role="grid">
        <thead>
          <tr>
            {Array.from({ length: 7 }, (_, place) => weekday(addDays(whole, place))).map((name) => (
              <Box as="th" color="fg.muted" fontWeight="normal" key={name} pb={1} textStyle="xs">
                <abbr style={{ textDecoration: "none" }} title={name}>
                  {name.slice(0, 2)}
                </abbr>
              </Box>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.map((week, row) => (
            <tr key={week[0]}>
              {row === 0 ? <Gap days={7 - week.length} /> : null}
              {week.map((day) => (
                <DayCell
                  day={day}
                  future={day > today}
                  key={day}
                  onAim={onAim}
                  onChoose={onChoose}
                  place={placeInRange(day, range, aim)}
                  tabbable={day === focused}
                  today={day === today}
                />
              ))}
              {row === 0 ? null : <Gap days={7 - week.length} />}
            </tr>
          ))}
        </tbody>
      </Box>
    </Box>
  );
};

/** Days of the week that belong to another month. */
const Gap = ({ days }: { days: number }) => (days === 0 ? null : <td colSpan={days} />);

type Place = "first" | "last" | "none" | "only" | "within";

const placeInRange = (day: Day, { first, last }: DayRange, aim: Day | null): Place => {
  const end = last === "" && aim !== null && aim > first ? aim : last;
  if (day === first) return end > first ? "first" : "only";
  if (day === last) return first < last && first !== "" ? "last" : "only";
  return first !== "" && day > first && day <= end ? "within" : "none";
};

const SAID: Record<Place, string> = {
  first: ", first day",
  last: ", last day",
  none: "",
  only: ", selected",
  within: ", within the range",
};

interface CellProps {
  day: Day;
  future: boolean;
  onAim: (day: Day) => void;
  onChoose: (day: Day) => void;
  place: Place;
  tabbable: boolean;
  today: boolean;
}

const DayCell = ({ day, future, onAim, onChoose, place, tabbable, today }: CellProps) => {
  const end = place === "first" || place === "last" || place === "only";
  return (
    <Box
      aria-selected={place !== "none"}
      as="td"
      bg={place === "none" || place === "only" ? undefined : "brand.subtle"}
      p={0}
      role="gridcell"
      roundedEnd={place === "last" ? "full" : undefined}
      roundedStart={place === "first" ? "full" : undefined}
    >
      <chakra.button
        aria-current={today ? "date" : undefined}
        aria-label={wholeDay(day) + SAID[place]}
        bg={end ? "brand.solid" : undefined}
        borderColor={today ? "brand.solid" : "transparent"}
        borderWidth="1px"
        boxSize={{ base: 8, sm: 9 }}
        color={end ? "brand.contrast" : undefined}
        cursor={future ? "not-allowed" : "pointer"}
        data-day={day}
        disabled={future}
        onClick={() => onChoose(day)}
        onMouseEnter={() => onAim(day)}
        opacity={future ? 0.4 : 1}
        rounded="full"
        tabIndex={tabbable ? 0 : -1}
        textStyle="sm"
        type="button"
        _focusVisible={{ outline: "2px solid", outlineColor: "brand.focusRing", outlineOffset: "1px" }}
        _hover={{ bg: end || future ? undefined : "brand.muted" }}
      >
        {Number(day.slice(8))}
      </chakra.button>
    </Box>
  );
};
