/** React context of the form: the API's choices, the state and its dispatch function. */

import { createContext, type Dispatch, useContext } from "react";
import type { FormInfo } from "../api/types";
import type { FieldProblem } from "./fields/fields";
import type { Action, State } from "./reducer";

export interface Create {
  dispatch: Dispatch<Action>;
  form: FormInfo;
  /** Problems shown beside fields: missing values after an attempt to continue, and those of the API. */
  problems: readonly FieldProblem[];
  state: State;
}

export const CreateContext = createContext<Create | null>(null);

export const useCreate = (): Create => {
  const create = useContext(CreateContext);
  if (create === null) throw new Error("useCreate is for components inside CreateReport");
  return create;
};

/** The problems of a field as one text; "" if there are none. */
export const useProblem = (field: string): string =>
  useCreate()
    .problems.filter((problem) => problem.field === field)
    .map((problem) => problem.message)
    .join(" ");
