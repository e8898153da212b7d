/** The values that a draft has for the filters of its report type. */

import type { ChoiceShown, FilterShown, FormInfo } from "../../api/types";
import type { Draft } from "../draft";

export interface Choice extends ChoiceShown {
  /** Of a copied report: nobody has asked yet whether the value still exists. */
  unchecked?: boolean;
  /** Of a copied report: the promo database does not know the value any more. */
  gone?: boolean;
}

/** What was chosen for a filter. `all` is the radio All of a filter that may be left out. */
export interface Chosen {
  all: boolean;
  choices: Choice[];
}

export const NOTHING: Chosen = { all: false, choices: [] };

export const chosenOf = (draft: Draft, filter: FilterShown): Chosen => draft.filters[filter.name] ?? NOTHING;

/** The value that a filter's choices depend on: null where it depends on none, "" where none is chosen that exists. */
export const parentValue = (draft: Draft, filter: FilterShown): string | null => {
  if (filter.depends_on === null) return null;
  const parent = draft.filters[filter.depends_on]?.choices[0];
  return parent === undefined || parent.gone ? "" : parent.value;
};

/** What the filter that another one depends on is called within a sentence. */
export const parentTitle = (filter: FilterShown, draft: Draft, form: FormInfo): string =>
  form.report_types
    .find((each) => each.id === draft.reportType)
    ?.filters.find((each) => each.name === filter.depends_on)
    ?.title.toLowerCase() ?? "";
