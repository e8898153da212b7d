/** Filters whose values are chosen from a list, fixed or from the promo database. */

import type { FilterShown, FormInfo } from "../../api/types";
import type { Draft } from "../draft";
import { type Choice, type Chosen, chosenOf, parentTitle, parentValue } from "./values";

/** All of it where that is its default, its only choice where it has but one. */
const initial = (filter: FilterShown): Chosen => {
  if (filter.select === "all") return { all: true, choices: [] };
  const fixed = filter.choices ?? [];
  return { all: false, choices: filter.default_all || fixed.length === 1 ? fixed : [] };
};

/** Every one of a fixed list is `all`: a recurring report then also covers a choice that its type gets later. */
const toDefinition = (filter: FilterShown, { all, choices }: Chosen): string[] | string => {
  if (filter.select === "one") return choices[0]?.value ?? "";
  if (all && filter.select === "all") return "all";
  if (filter.choices !== null && filter.choices.length === choices.length) return "all";
  return choices.map((choice) => choice.value);
};

const fromDefinition = (filter: FilterShown, value: unknown): Chosen => {
  if (value === "all") return { all: filter.select === "all", choices: filter.choices ?? [] };
  const values = Array.isArray(value) ? value.map(String) : [String(value)];
  return { all: false, choices: values.map((each) => choiceFrom(filter, each)) };
};

/** Of a fetched filter, whether the value still exists is found out when its choices are there. */
const choiceFrom = (filter: FilterShown, value: string): Choice =>
  filter.choices === null
    ? { title: value, unchecked: true, value }
    : (filter.choices.find((choice) => choice.value === value) ?? { gone: true, title: value, value });

const missing = (filter: FilterShown, draft: Draft, form: FormInfo): string | null => {
  const chosen = chosenOf(draft, filter);
  if (chosen.all && filter.select === "all") return null;
  const gone = chosen.choices.filter((choice) => choice.gone).map((choice) => `“${choice.value}”`);
  if (gone.length > 0)
    return `${gone.join(", ")} ${gone.length === 1 ? "does" : "do"} not exist any more. ${instead(filter)}`;
  return chosen.choices.length === 0 ? empty(filter, draft, form) : null;
};

const instead = (filter: FilterShown) => (filter.select === "one" ? "Select another." : "Remove it or select others.");

const empty = (filter: FilterShown, draft: Draft, form: FormInfo): string => {
  const title = filter.title.toLowerCase();
  if (parentValue(draft, filter) === "") return `Select a ${parentTitle(filter, draft, form)} first.`;
  if (filter.select === "one") return `Select a ${title}.`;
  return filter.select === "all" ? "Select at least one, or All." : `Select at least one ${title}.`;
};

export const CHOICE = { fromDefinition, initial, missing, toDefinition };
