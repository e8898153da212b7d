import { useEffect } from "react";
import type { FilterShown } from "../../api/types";
import { useCreate } from "../context";
import { only } from "../draft";
import { type Choice, chosenOf, parentValue } from "../filters/values";
import { fetchChoices, type Lookup } from "./useChoices";

/**
 * What the server's answer says about a filter without anybody choosing: its only value is chosen at once, and the
 * values of a copied report get their titles, or are marked as gone.
 */
export const useFoundChoices = (filter: FilterShown, lookup: Lookup): void => {
  const { dispatch, state } = useCreate();
  const { choices } = chosenOf(state.draft, filter);
  const parent = parentValue(state.draft, filter);
  const { reportType } = state.draft;
  const whole = lookup.searched === "" && !lookup.loading && lookup.failure === null;
  const single = whole && filter.select === "one" && choices.length === 0 && lookup.total === 1;
  const unchecked = whole && choices.some((choice) => choice.unchecked);

  useEffect(() => {
    const found = single ? only(lookup.choices) : undefined;
    if (found !== undefined) dispatch({ choices: [found], name: filter.name, type: "found" });
  }, [dispatch, filter.name, lookup.choices, single]);

  useEffect(() => {
    if (!unchecked) return undefined;
    const control = new AbortController();
    const find = async (choice: Choice): Promise<Choice> => {
      if (!choice.unchecked) return choice;
      const same = (each: Choice) => each.value === choice.value;
      const listed = lookup.choices.find(same);
      if (listed !== undefined || lookup.choices.length === lookup.total) return listed ?? gone(choice);
      const wanted = { filter: filter.name, parent, query: choice.value, reportType };
      return (await fetchChoices(wanted, control.signal)).choices.find(same) ?? gone(choice);
    };
    Promise.all(choices.map(find)).then(
      (found) => control.signal.aborted || dispatch({ choices: found, name: filter.name, type: "found" }),
      () => undefined, // not known now: the API checks it again before anything is made
    );
    return () => control.abort();
  }, [unchecked, choices, dispatch, filter.name, lookup.choices, lookup.total, parent, reportType]);
};

const gone = ({ title, value }: Choice): Choice => ({ gone: true, title, value });
