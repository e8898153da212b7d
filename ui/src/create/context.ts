/** What every part of the form needs: the form's own information, its state and how to change it. */

import { createContext, type Dispatch, useContext } from "react";
import type { FormInfo } from "../api/types";
import type { FieldProblem } from "./fields/fields";
import type { Action, State } from "./reducer";

export interface Create {
  dispatch: Dispatch<Action>;
  form: FormInfo;
  /** What stands beside the fields now: missing ones once asked for, and what the API said. */
  problems: readonly FieldProblem[];
  state: State;
}

export const CreateContext = createContext<Create | null>(null);

export const useCreate = (): Create => {
  const create = useContext(CreateContext);
  if (create === null) throw new Error("useCreate is for components inside CreateReport");
  return create;
};

/** What is wrong with a field, in a sentence; "" where nothing is, or nothing has been said yet. */
export const useProblem = (field: string): string =>
  useCreate()
    .problems.filter((problem) => problem.field === field)
    .map((problem) => problem.message)
    .join(" ");
