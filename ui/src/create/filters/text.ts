/** Filters of a kind that the page has no component for: a text, which the server reads. */

import type { FilterShown } from "../../api/types";
import type { Draft } from "../draft";
import { type Chosen, chosenOf, NOTHING } from "./values";

export const textOf = ({ choices }: Chosen): string => choices[0]?.value ?? "";

export const chosenText = (text: string): Chosen =>
  text === "" ? NOTHING : { all: false, choices: [{ title: text, value: text }] };

/** undefined, which leaves the filter out of the definition, where nothing was entered. */
const toDefinition = (_: FilterShown, chosen: Chosen): string | undefined => textOf(chosen).trim() || undefined;

/** null for a value that is no text, such as an object. */
const fromDefinition = (_: FilterShown, value: unknown): Chosen | null => {
  if (typeof value !== "string") return null;
  return chosenText(value === "all" ? "" : value);
};

const missing = (filter: FilterShown, draft: Draft): string | null =>
  filter.required && textOf(chosenOf(draft, filter)).trim() === "" ? `Enter a value for ${filter.title}.` : null;

export const TEXT = { fromDefinition, initial: () => NOTHING, missing, toDefinition };
