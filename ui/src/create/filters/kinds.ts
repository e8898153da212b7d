/** The kinds of filters that the page has a component for, by the `kind` that the API gives; any other is a text. */

import type { ComponentType } from "react";
import type { FilterShown, FormInfo, ReportTypeShown } from "../../api/types";
import type { Draft } from "../draft";
import { ChoiceField } from "../setup/ChoiceField";
import { TextField } from "../setup/TextField";
import { CHOICE } from "./choice";
import { TEXT } from "./text";
import type { Chosen } from "./values";

export interface FilterKind {
  Field: ComponentType<{ filter: FilterShown }>;
  /** Of a value in a definition; null where the field cannot show it. */
  fromDefinition: (filter: FilterShown, value: unknown) => Chosen | null;
  /** What a new form begins with. */
  initial: (filter: FilterShown) => Chosen;
  /** A sentence about what is still needed, or null. */
  missing: (filter: FilterShown, draft: Draft, form: FormInfo) => string | null;
  /** The value in a definition; undefined leaves the filter out of it. */
  toDefinition: (filter: FilterShown, chosen: Chosen) => string[] | string | undefined;
}

const KINDS: Record<string, FilterKind> = { choice: { ...CHOICE, Field: ChoiceField } };
const UNKNOWN: FilterKind = { ...TEXT, Field: TextField };

export const kindOf = ({ kind }: FilterShown): FilterKind => KINDS[kind] ?? UNKNOWN;

export const initialOf = (filter: FilterShown): Chosen => kindOf(filter).initial(filter);

export const initialFilters = (type: ReportTypeShown | undefined): Record<string, Chosen> =>
  Object.fromEntries((type?.filters ?? []).map((filter) => [filter.name, initialOf(filter)]));
