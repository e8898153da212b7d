/** The state of the form and its changes. Choices that no longer fit what was changed go with the change. */

import type { FormInfo, ReportTypeShown } from "../api/types";
import { type ChosenRange, type Draft, emptyDraft, offeredPresets, offeredTypes, only, reportTypeOf } from "./draft";
import type { FieldProblem, Step } from "./fields/fields";
import { initialFilters, initialOf } from "./filters/kinds";
import type { Choice, Chosen } from "./filters/values";

export interface State {
  draft: Draft;
  /** The steps whose missing fields are told beside the fields, since somebody wanted to go on. */
  told: readonly Step[];
  /** What the API said about fields of this draft that have not been changed since. */
  problems: readonly FieldProblem[];
  step: Step;
  /** Whether a person changed anything, so that leaving must be asked about. */
  touched: boolean;
}

export type Action =
  | { type: "filter"; name: string; chosen: Chosen }
  | { type: "found"; name: string; choices: Choice[] } // what the server knows of chosen values; not a person's change
  | { type: "go"; step: Step }
  | { type: "problems"; problems: readonly FieldProblem[] }
  | { type: "promotion_type"; id: string }
  | { type: "report_type"; id: string }
  | { type: "set"; field: string; change: Partial<Draft> }
  | { type: "tell"; step: Step };

export const startState = (draft: Draft): State => ({ draft, problems: [], step: 1, told: [], touched: false });

export const reducerOf =
  (form: FormInfo) =>
  (state: State, action: Action): State => {
    switch (action.type) {
      case "filter":
        return changed(state, `filters.${action.name}`, {
          filters: withFilter(state.draft, form, action.name, action.chosen),
        });
      case "found": {
        const found: Chosen = { all: false, choices: action.choices };
        return { ...state, draft: { ...state.draft, filters: { ...state.draft.filters, [action.name]: found } } };
      }
      case "go":
        return { ...state, step: action.step };
      case "problems":
        return { ...state, problems: action.problems };
      case "promotion_type": {
        const type = only(offeredTypes(form, action.id));
        return ofAnotherType(state, { promotionType: action.id, ...withType(state.draft, form, type) });
      }
      case "report_type": {
        const type = form.report_types.find((each) => each.id === action.id);
        return ofAnotherType(state, withType(state.draft, form, type));
      }
      case "set":
        return changed(state, action.field, action.change);
      case "tell":
        return { ...state, told: [...new Set([...state.told, action.step])] };
    }
  };

/** Filters of the same name are others, and so are the rules of dates: what the API said is about another draft. */
const ofAnotherType = (state: State, change: Partial<Draft>): State => ({
  ...changed(state, "report_type", change),
  problems: [],
});

const changed = (state: State, field: string, change: Partial<Draft>): State => ({
  ...state,
  draft: { ...state.draft, ...change },
  problems: state.problems.filter((problem) => problem.field !== field),
  touched: true,
});

const withFilter = (draft: Draft, form: FormInfo, name: string, chosen: Chosen): Draft["filters"] => {
  const filters = { ...draft.filters, [name]: chosen };
  for (const filter of reportTypeOf(draft, form)?.filters ?? []) {
    if (filter.depends_on === name) filters[filter.name] = initialOf(filter);
  }
  return filters;
};

const withType = (draft: Draft, form: FormInfo, type: ReportTypeShown | undefined): Partial<Draft> => ({
  filters: initialFilters(type),
  masks: {},
  range: type === undefined ? draft.range : fittingRange(draft.range, form, type),
  reportType: type?.id ?? "",
});

/** The range that a report type begins with: the one chosen before, where the type takes it. */
const fittingRange = (range: ChosenRange, form: FormInfo, type: ReportTypeShown): ChosenRange => {
  const start: ChosenRange = type.date_range === "optional" ? { kind: "none" } : { kind: "unset" };
  if (range.kind === "preset") {
    return offeredPresets(form, type).some((preset) => preset.id === range.preset) ? range : start;
  }
  return range.kind === "custom" ? range : start;
};

/** A new form: with a promotion type and a report type already where there is only one. */
export const newDraft = (form: FormInfo): Draft => {
  const draft = emptyDraft(form);
  const promotion = only(form.promotion_types.filter(({ id }) => offeredTypes(form, id).length > 0));
  if (promotion === undefined) return draft;
  return { ...draft, promotionType: promotion.id, ...withType(draft, form, only(offeredTypes(form, promotion.id))) };
};
