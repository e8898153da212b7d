import type { PastWindow } from "../api/types";
import { isOpen } from "../status";

/** What a run for past windows does with one of them; `again`: it makes those again that were exported. */
export const whatHappens = ({ export: made, makes, makes_again }: PastWindow, again: boolean): string => {
  if (!(again ? makes_again : makes)) {
    return made !== null && isOpen(made.status) ? "being made" : "skipped";
  }
  switch (made?.status) {
    case undefined:
      return "will be made";
    case "failed":
      return "failed, will be made";
    case "cancelled":
      return "cancelled, will be made";
    default:
      return "will be made again";
  }
};
