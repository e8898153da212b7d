/** Keys of the calendar's grid, as the date grid pattern of the ARIA Authoring Practices has them. */

import { addDays, addMonths, type Day, placeInWeek } from "./days";

/** The day that a key moves the focus to; null where the key means nothing here. */
export const dayAfterKey = (key: string, shift: boolean, day: Day, weekStartsOn: string): Day | null => {
  switch (key) {
    case "ArrowLeft":
      return addDays(day, -1);
    case "ArrowRight":
      return addDays(day, 1);
    case "ArrowUp":
      return addDays(day, -7);
    case "ArrowDown":
      return addDays(day, 7);
    case "Home":
      return addDays(day, -placeInWeek(day, weekStartsOn));
    case "End":
      return addDays(day, 6 - placeInWeek(day, weekStartsOn));
    case "PageUp":
      return addMonths(day, shift ? -12 : -1);
    case "PageDown":
      return addMonths(day, shift ? 12 : 1);
    default:
      return null;
  }
};
