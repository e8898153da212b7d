import { expect, test } from "vitest";
import { definitionOf } from "../draft";
import { GROWN } from "../form.fixture";
import { missing } from "../missing";
import { prefill } from "../prefill";
import { newDraft, reducerOf, startState } from "../reducer";
import { ChoiceField } from "../setup/ChoiceField";
import { TextField } from "../setup/TextField";
import { kindOf } from "./kinds";
import { chosenText } from "./text";

const reduce = reducerOf(GROWN);
const CHOSEN = [
  { id: "loyalty_wallet", type: "promotion_type" },
  { id: "spends", type: "report_type" },
] as const;
const begun = () => CHOSEN.reduce(reduce, startState(newDraft(GROWN)));
const enter = (name: string, text: string) => ({ chosen: chosenText(text), name, type: "filter" }) as const;
const filterProblems = (draft: Parameters<typeof missing>[0]) =>
  missing(draft, GROWN).filter(({ field }) => field.startsWith("filters."));
const copyOf = (filters: Record<string, unknown>) => prefill({ filters, report_type: "spends" } as never, GROWN);

test("each kind has its component; one that the page does not know gets a text field", () => {
  const filters = GROWN.report_types.flatMap((type) => type.filters);
  for (const filter of filters) expect(kindOf(filter).Field).toBe(filter.kind === "choice" ? ChoiceField : TextField);
  expect(new Set(filters.map(({ kind }) => kind))).toEqual(new Set(["choice", "number_range"]));
});

test("what is entered goes to the API as text; an optional filter that is empty is left out", () => {
  const draft = reduce(begun(), enter("amount", " 10..20 ")).draft;
  expect(filterProblems(draft)).toEqual([]);
  expect(definitionOf(draft, GROWN).filters).toEqual({ amount: "10..20" });
  const both = reduce(reduce(begun(), enter("amount", "10")), enter("discount", "1..2")).draft;
  expect(definitionOf(both, GROWN).filters).toEqual({ amount: "10", discount: "1..2" });
});

test("a required filter that is empty is told", () => {
  expect(filterProblems(reduce(begun(), enter("amount", "  ")).draft)).toEqual([
    { field: "filters.amount", message: "Enter a value for Amount." },
  ]);
});

test("a copied text is taken over, and every value is an empty field", () => {
  const { draft, notes } = copyOf({ amount: "10..20", discount: "all" });
  expect(notes).toEqual([]);
  expect(definitionOf(draft, GROWN).filters).toEqual({ amount: "10..20" });
});

test("a copied value that is no text is told, and has to be entered", () => {
  const { draft, notes } = copyOf({ amount: { max: "20", min: "10" } });
  expect(notes).toEqual(['The value of Amount is to be entered anew. The copied report has {"max":"20","min":"10"}.']);
  expect(filterProblems(draft)).toHaveLength(1);
});
