/** How many values a filter takes, in a sentence: the rule that the form and the server keep. */

import type { FilterShown } from "../../api/types";

export const howMany = ({ default_all, select }: FilterShown): string => {
  if (select === "one") return "";
  if (select === "all") return "All of them, also those that come later, or the ones that you select.";
  return default_all ? "At least one; every one if all are selected." : "At least one.";
};
