import { Box, Flex, IconButton, useBreakpointValue } from "@chakra-ui/react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { NextIcon, PreviousIcon } from "../../icons";
import { addMonths, type Day, firstOfMonth, isDay } from "./days";
import { dayAfterKey } from "./keys";
import { Month } from "./Month";
import type { DayRange } from "./range";

interface Props {
  onChoose: (day: Day) => void;
  range: DayRange;
  /** The last day that can be chosen. */
  today: Day;
  weekStartsOn: string;
}

/** Two months, or one on narrow screens. One day is in the tab order; arrow keys move it. */
export const Calendar = ({ onChoose, range, today, weekStartsOn }: Props) => {
  const frame = useRef<HTMLDivElement>(null);
  const months = useBreakpointValue({ base: 1, md: 2 }, { ssr: false }) ?? 1;
  const start = [range.last, range.first].find((day) => isDay(day) && day <= today) ?? today;
  const [focused, setFocused] = useState<Day>(start);
  const [shown, setShown] = useState<Day>(firstOfMonth(start)); // the last month that is shown
  const [moved, setMoved] = useState(0);
  const [aim, setAim] = useState<Day | null>(null);

  // What is typed is shown, too.
  useEffect(() => {
    setFocused(start);
    setShown((month) => inView(month, months, start));
  }, [start, months]);

  useEffect(() => {
    if (moved > 0) frame.current?.querySelector<HTMLElement>("[data-day][tabindex='0']")?.focus();
  }, [moved]);

  const onKeyDown = (event: KeyboardEvent) => {
    const wanted = dayAfterKey(event.key, event.shiftKey, reached, weekStartsOn);
    if (wanted === null || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const day = wanted > today ? today : wanted;
    setFocused(day);
    setShown((month) => inView(month, months, day));
    setMoved((count) => count + 1);
  };

  const visible = Array.from({ length: months }, (_, place) => addMonths(shown, place - months + 1));
  const reached = visible.includes(firstOfMonth(focused)) ? focused : (visible[0] ?? today);
  return (
    <Box
      borderWidth="1px"
      maxW="full"
      onMouseLeave={() => setAim(null)}
      p={{ base: 2, sm: 3 }}
      position="relative"
      ref={frame}
      rounded="l2"
    >
      <Flex insetX={{ base: 1, sm: 2 }} justify="space-between" position="absolute" top={{ base: 2, sm: 3 }}>
        <IconButton
          aria-label="Previous month"
          onClick={() => setShown((month) => addMonths(month, -1))}
          size="xs"
          variant="ghost"
        >
          <PreviousIcon />
        </IconButton>
        <IconButton
          aria-label="Next month"
          disabled={shown >= firstOfMonth(today)}
          onClick={() => setShown((month) => addMonths(month, 1))}
          size="xs"
          variant="ghost"
        >
          <NextIcon />
        </IconButton>
      </Flex>
      <Flex gap={6} onKeyDown={onKeyDown}>
        {visible.map((month) => (
          <Month
            aim={aim}
            focused={reached}
            key={month}
            month={month}
            onAim={setAim}
            onChoose={onChoose}
            range={range}
            today={today}
            weekStartsOn={weekStartsOn}
          />
        ))}
      </Flex>
    </Box>
  );
};

/** The last shown month, moved only as far as a day needs to be in view. */
const inView = (shown: Day, months: number, day: Day): Day => {
  const month = firstOfMonth(day);
  if (month > shown) return month;
  const first = addMonths(shown, 1 - months);
  return month < first ? addMonths(month, months - 1) : shown;
};
